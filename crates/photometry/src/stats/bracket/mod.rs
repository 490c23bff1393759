//! Sigma clipping without sorting: what may fall, and what may be the median, is a small part of the values.
//!
//! The values of a mesh box look like those of the box before. From its level and spread follow a bracket around the
//! median and two tails, and one pass picks the values inside them. The rounds of clipping then touch those only. Every
//! decision is exact: where a value lies so near a bound that rounding could decide, or the guess was bad, the answer
//! is `None` and the values are sorted after all.

mod guess;
mod pick;
mod search;

use super::clip::{Clipped, SigmaClip, clip_finite};
use super::sums::sums;
use crate::Pixel;
use crate::vectors::{Loop, run};
use guess::{CLOSE, Guess, NEAR_THE_MEAN, Reach, WIDE};
use pick::{Limits, Picked};
use search::Search;

/// Values below which sorting is as fast as a guess from a sample, and as one from moments.
const FEW: usize = 512;
const FEW_AT_ONCE: usize = 64;

/// What clipping one list after the other keeps: the memory, and what was found last.
#[derive(Debug)]
pub(crate) struct Workspace<P> {
    picked: Picked<P>,
    scratch: Vec<P>,
    guess: Option<Guess>,
    failed: bool,
}

impl<P: Pixel> Default for Workspace<P> {
    fn default() -> Self {
        Self { picked: Picked::default(), scratch: vec![], guess: None, failed: false }
    }
}

impl<P: Pixel> Workspace<P> {
    /// Makes the next answer independent of earlier ones in what it costs, too.
    pub(crate) fn forget(&mut self) {
        self.guess = None;
        self.failed = false;
    }

    /// As [`clip_finite`], faster where the values look like those of the call before.
    pub(crate) fn clip(&mut self, values: &[P], clip: Option<&SigmaClip>) -> Clipped {
        let fast = clip.filter(|clip| clip.is_plain() && values.len() >= FEW);
        let found = fast.and_then(|clip| self.guided(values, clip));
        found.unwrap_or_else(|| clip_finite(values, clip, &mut self.scratch))
    }

    /// As [`clip_finite`], faster for a few hundred values; nothing of earlier calls counts.
    pub(crate) fn clip_few(&mut self, values: &[P], clip: Option<&SigmaClip>) -> Clipped {
        let fast = clip.filter(|clip| clip.is_plain() && values.len() >= FEW_AT_ONCE);
        let picked = &mut self.picked;
        let reach = &NEAR_THE_MEAN;
        let found = fast.and_then(|clip| run(Near { values, clip, guess: None, reach, picked }));
        found.unwrap_or_else(|| clip_finite(values, clip, &mut self.scratch))
    }

    /// A guess that fails once is kept: the next box is more often like the one before than like the odd one.
    fn guided(&mut self, values: &[P], clip: &SigmaClip) -> Option<Clipped> {
        let last = self.guess.and_then(|guess| self.near(values, clip, &guess, &CLOSE));
        if let Some(found) = last {
            self.guess = Guess::after(&found);
            self.failed = false;
            return last;
        }
        let guess = Guess::from_sample(values, &mut self.scratch)?;
        let found = self.near(values, clip, &guess, &WIDE);
        if self.guess.is_none() || self.failed {
            self.guess = found.as_ref().and_then(Guess::after);
        }
        self.failed = true;
        found
    }

    fn near(
        &mut self,
        values: &[P],
        clip: &SigmaClip,
        guess: &Guess,
        reach: &Reach,
    ) -> Option<Clipped> {
        run(Near { values, clip, guess: Some(guess), reach, picked: &mut self.picked })
    }
}

/// A call of [`clip_near`], compiled for the vectors of the machine it runs on.
struct Near<'a, P> {
    values: &'a [P],
    clip: &'a SigmaClip,
    /// `None` for one from the values' moments.
    guess: Option<&'a Guess>,
    reach: &'a Reach,
    picked: &'a mut Picked<P>,
}

impl<P: Pixel> Loop for Near<'_, P> {
    type Output = Option<Clipped>;

    #[inline(always)]
    fn call(self) -> Option<Clipped> {
        let guess = match self.guess {
            Some(guess) => *guess,
            None => Guess::from_moments(self.values)?,
        };
        clip_near(self.values, self.clip, &guess, self.reach, self.picked)
    }
}

/// Clips `values` and measures what is left, exactly as the sorted path does; `None` where the guess does not serve.
#[inline(always)]
fn clip_near<P: Pixel>(
    values: &[P],
    clip: &SigmaClip,
    guess: &Guess,
    reach: &Reach,
    picked: &mut Picked<P>,
) -> Option<Clipped> {
    let limits = Limits::new(guess, reach)?;
    let core = sums(values, limits.low, limits.high, guess.level);
    let below = picked.pick(values, &limits);
    picked.sort_into_buckets(&limits);
    let mut search = Search { values, picked, below, limits, guess, core };
    let (bounds, unsure) = search.last_bounds(clip)?;
    search.measure(bounds, unsure)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator of normal deviates by the sum of twelve.
    struct Noise(u64);

    impl Noise {
        fn uniform(&mut self) -> f64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }

        fn normal(&mut self) -> f64 {
            (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
        }
    }

    /// Noise on a level with a share of sources, some of them bright.
    fn field(noise: &mut Noise, n: usize, level: f64, share: f64, bright: f64) -> Vec<f64> {
        let pixel = |noise: &mut Noise| {
            let source =
                if noise.uniform() < share { bright * noise.uniform().powi(8) } else { 0.0 };
            level + 0.01 * noise.normal() + source
        };
        (0..n).map(|_| pixel(noise)).collect()
    }

    fn same(a: &Clipped, b: &Clipped, label: &str) {
        assert_eq!((a.n, a.median, a.mean, a.std), (b.n, b.median, b.mean, b.std), "{label}");
    }

    #[test]
    fn the_fast_path_is_the_sorted_path_bit_for_bit() {
        let mut noise = Noise(1);
        let (mut single, mut double) = (Workspace::<f32>::default(), Workspace::<f64>::default());
        let (mut scratch, mut scratch_of_few) = (Vec::new(), Vec::new());
        for k in 0..300 {
            let share = [0.0, 0.02, 0.1, 0.4][k % 4];
            let n = 500 + (k * 37) % 4000;
            let values =
                field(&mut noise, n, 0.12 + 1e-4 * k as f64, share, [0.1, 10.0, 1e6][k % 3]);
            let clip = SigmaClip {
                lower: [3.0, 2.0, 4.0][k % 3],
                max_iterations: [Some(10), None, Some(1), Some(0)][(k / 3) % 4],
                ..SigmaClip::default()
            };
            let label = format!("case {k}");
            same(
                &double.clip(&values, Some(&clip)),
                &clip_finite(&values, Some(&clip), &mut scratch),
                &label,
            );
            let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
            let sorted = clip_finite(&values, Some(&clip), &mut Vec::new());
            same(&single.clip(&values, Some(&clip)), &sorted, &label);
            for few in values.chunks(70 + k) {
                let sorted = clip_finite(few, Some(&clip), &mut scratch_of_few);
                same(&single.clip_few(few, Some(&clip)), &sorted, &label);
            }
        }
    }

    #[test]
    fn the_fast_path_is_taken() {
        let mut noise = Noise(2);
        let mut workspace = Workspace::<f32>::default();
        for k in 0..20 {
            let values = field(&mut noise, 4096, 0.1 + 1e-5 * f64::from(k), 0.02, 1.0);
            let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
            assert!(workspace.guided(&values, &SigmaClip::default()).is_some(), "{k}");
        }
    }

    #[test]
    fn the_fast_path_of_a_few_is_taken() {
        let mut noise = Noise(3);
        let clip = &SigmaClip::default();
        let mut taken = 0;
        for k in 0..100 {
            let bright = [0.0, 1.0, 1e3, 1e6][k % 4];
            let values = field(&mut noise, 250, 0.1, 0.04, bright);
            let near = Near {
                values: &values,
                clip,
                guess: None,
                reach: &NEAR_THE_MEAN,
                picked: &mut Picked::default(),
            };
            taken += usize::from(run(near).is_some());
        }
        assert!(taken >= 95, "{taken} of 100");
    }

    #[test]
    fn equal_values_and_coarse_steps_are_left_to_sorting() {
        let mut workspace = Workspace::<f32>::default();
        let flat = workspace.clip(&[3.5; 4096], Some(&SigmaClip::default()));
        assert_eq!((flat.n, flat.mean, flat.std), (4096, 3.5, 0.0));
        let steps: Vec<f32> = (0..4096).map(|k| (k % 3) as f32).collect();
        let sorted = clip_finite(&steps, Some(&SigmaClip::default()), &mut Vec::new());
        same(&workspace.clip(&steps, Some(&SigmaClip::default())), &sorted, "steps");
    }
}
