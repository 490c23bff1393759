//! Sigma clipping without sorting: what may fall, and what may be the median, is a small part of the values.
//!
//! The values of a mesh box look like those of the box before. From its level and spread follow a bracket around the
//! median and two tails, and one pass picks the values inside them. The rounds of clipping then touch those only. Every
//! decision is exact: where a value lies so near a bound that rounding could decide, or the guess was bad, the answer
//! is `None` and the values are sorted after all.

use super::clip::{Clipped, SigmaClip, clip_finite, finish};
use super::sums::{Sums, sums};
use crate::Pixel;
use crate::vectors::{Loop, run};

/// A level and a spread near those to be found.
#[derive(Debug, Clone, Copy)]
struct Guess {
    level: f64,
    spread: f64,
}

impl Guess {
    /// From what was found in the box before.
    fn after(found: &Clipped) -> Option<Self> {
        (found.std > 0.0 && found.std.is_finite())
            .then_some(Self { level: found.median, spread: found.std })
    }

    /// From every so many-th value.
    fn from_sample<P: Pixel>(values: &[P], scratch: &mut Vec<P>) -> Option<Self> {
        scratch.clear();
        scratch.extend(values.iter().step_by((values.len() / SAMPLE).max(1)));
        scratch.sort_unstable_by(P::order);
        let at = |share: f64| scratch[((scratch.len() - 1) as f64 * share) as usize].to_f64();
        let (level, spread) = (at(0.5), 0.5 * (at(0.84) - at(0.16)));
        (spread > 0.0 && spread.is_finite()).then_some(Self { level, spread })
    }
}

/// Values that a fresh guess is made from.
const SAMPLE: usize = 256;
/// Values below which sorting is as fast.
const FEW: usize = 512;
/// How far the bracket of the median and the core between the tails reach, in spreads from the guessed level.
#[derive(Debug, Clone, Copy)]
struct Reach {
    below: f64,
    above: f64,
    core: f64,
}

/// For a guess from the box before. Sources push the median up.
const CLOSE: Reach = Reach { below: 0.1, above: 0.15, core: 2.5 };
/// For a guess from a sample.
const WIDE: Reach = Reach { below: 0.4, above: 0.6, core: 1.8 };
/// A bound and a value closer than this share of the spread are left to the sorted path.
const UNSURE: f64 = 1e-9;

/// Values picked out of many: the bracket of the median and the tails.
#[derive(Debug)]
struct Picked<P> {
    /// The bracket in the order of the values; only the first `n_bracket` count.
    bracket: Vec<P>,
    n_bracket: usize,
    /// The tails; only the first `n_tails` count.
    tails: Vec<P>,
    n_tails: usize,
    /// The bracket, sorted into buckets; within a bucket in any order.
    middle: Vec<P>,
    buckets: Buckets,
}

/// Narrow classes of the values in the bracket.
#[derive(Debug, Default)]
struct Buckets {
    first: f64,
    scale: f64,
    /// Where each bucket ends.
    ends: Vec<u32>,
    /// The bucket of each value.
    of: Vec<u32>,
}

impl<P> Default for Picked<P> {
    fn default() -> Self {
        Self {
            bracket: vec![],
            n_bracket: 0,
            tails: vec![],
            n_tails: 0,
            middle: vec![],
            buckets: Buckets::default(),
        }
    }
}

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
        run(Near { values, clip, guess, reach, picked: &mut self.picked })
    }
}

/// A call of [`clip_near`], compiled for the vectors of the machine it runs on.
struct Near<'a, P> {
    values: &'a [P],
    clip: &'a SigmaClip,
    guess: &'a Guess,
    reach: &'a Reach,
    picked: &'a mut Picked<P>,
}

impl<P: Pixel> Loop for Near<'_, P> {
    type Output = Option<Clipped>;

    #[inline(always)]
    fn call(self) -> Option<Clipped> {
        clip_near(self.values, self.clip, self.guess, self.reach, self.picked)
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

/// Where the tails and the bracket of the median begin.
#[derive(Debug, Clone, Copy)]
struct Limits<P> {
    low: P,
    first: P,
    last: P,
    high: P,
}

impl<P: Pixel> Limits<P> {
    #[inline(always)]
    fn new(guess: &Guess, reach: &Reach) -> Option<Self> {
        let at = |spreads: f64| P::from_f64(guess.level + spreads * guess.spread);
        let limits = Self {
            low: at(-reach.core),
            first: at(-reach.below),
            last: at(reach.above),
            high: at(reach.core),
        };
        let ordered =
            limits.low < limits.first && limits.first < limits.last && limits.last < limits.high;
        ordered.then_some(limits)
    }
}

/// Independent sums over the tails.
const LANES: usize = 4;
/// Values looked at together; one bit each.
const BLOCK: usize = 64;
/// Picked values that are copied at once, whether there are as many or not: cheaper than to ask for each.
const BATCH: usize = 8;

impl<P: Pixel> Picked<P> {
    /// Picks the values of the bracket and the tails; returns the number of values below the bracket.
    #[inline(always)]
    fn pick(&mut self, values: &[P], limits: &Limits<P>) -> usize {
        let Limits { low, first, last, high } = *limits;
        let room = values.len() + BLOCK;
        if self.tails.len() < room {
            self.bracket.resize(room, P::default());
            self.tails.resize(room, P::default());
        }
        let (mut middle, mut tails, mut below) = (0, 0, 0);
        let (blocks, rest) = values.as_chunks::<BLOCK>();
        for block in blocks {
            let (mut inner, mut outer) = ([0_u8; BLOCK], [0_u8; BLOCK]);
            let mut lower = 0_u32;
            for k in 0..BLOCK {
                inner[k] = u8::from((block[k] >= first) & (block[k] <= last));
            }
            for k in 0..BLOCK {
                outer[k] = u8::from((block[k] < low) | (block[k] > high));
            }
            for v in block {
                lower += u32::from(*v < first);
            }
            below += lower as usize;
            middle = compress(block, bits(&inner), &mut self.bracket, middle);
            tails = compress(block, bits(&outer), &mut self.tails, tails);
        }
        for &v in rest {
            below += usize::from(v < first);
            if v >= first && v <= last {
                self.bracket[middle] = v;
                middle += 1;
            } else if v < low || v > high {
                self.tails[tails] = v;
                tails += 1;
            }
        }
        (self.n_bracket, self.n_tails) = (middle, tails);
        below
    }

    /// Sorts the bracket into its buckets.
    #[inline(always)]
    fn sort_into_buckets(&mut self, limits: &Limits<P>) {
        let bracket = &self.bracket[..self.n_bracket];
        let count = bracket.len().clamp(16, 1 << 16);
        let first = limits.first.to_f64();
        let scale = (count as f64 - 0.5) / (limits.last.to_f64() - first);
        let Buckets { ends, of, .. } = &mut self.buckets;
        of.clear();
        of.extend(bracket.iter().map(|v| bucket(*v, first, scale)));
        ends.clear();
        ends.resize(count, 0);
        for k in of.iter() {
            ends[*k as usize] += 1;
        }
        let mut sum = 0;
        for end in ends.iter_mut() {
            sum += std::mem::replace(end, sum);
        }
        self.middle.resize(bracket.len(), P::default());
        for (k, v) in of.iter().zip(bracket) {
            let at = &mut ends[*k as usize];
            self.middle[*at as usize] = *v;
            *at += 1;
        }
        (self.buckets.first, self.buckets.scale) = (first, scale);
    }

    /// The value of `rank` among those of the bracket: its bucket holds a handful, which are sorted now.
    #[inline(always)]
    fn ranked(&mut self, rank: usize) -> Option<f64> {
        let Buckets { first, scale, ends, .. } = &self.buckets;
        let k = bucket(*self.middle.get(rank)?, *first, *scale) as usize;
        let start = k.checked_sub(1).map_or(0, |before| ends[before] as usize);
        let inside = self.middle.get_mut(start..ends[k] as usize)?;
        if inside.len() > FEW_IN_BUCKET {
            inside.sort_unstable_by(P::order);
        } else {
            insertion_sort(inside);
        }
        Some(self.middle[rank].to_f64())
    }
}

/// Values in a bucket that are sorted by insertion.
const FEW_IN_BUCKET: usize = 32;

#[inline(always)]
fn bucket<P: Pixel>(value: P, first: f64, scale: f64) -> u32 {
    ((value.to_f64() - first) * scale) as u32
}

/// Copies the values of `block` whose bit is set to `out` from `at` on; returns where they end.
#[inline(always)]
fn compress<P: Pixel>(block: &[P; BLOCK], mut bits: u64, out: &mut [P], at: usize) -> usize {
    let end = at + bits.count_ones() as usize;
    let mut start = at;
    while start < end {
        for to in &mut out[start..start + BATCH] {
            *to = block[bits.trailing_zeros() as usize % BLOCK];
            bits &= bits.wrapping_sub(1);
        }
        start += BATCH;
    }
    end
}

/// The lowest bits of 64 bytes.
#[inline(always)]
fn bits(flags: &[u8; BLOCK]) -> u64 {
    let mut bits = 0;
    for (k, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (8 * k);
    }
    bits
}

#[inline(always)]
fn insertion_sort<P: Pixel>(values: &mut [P]) {
    for i in 1..values.len() {
        let v = values[i];
        let mut k = i;
        while k > 0 && values[k - 1] > v {
            values[k] = values[k - 1];
            k -= 1;
        }
        values[k] = v;
    }
}

#[inline(always)]
fn least(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

struct Search<'a, P> {
    values: &'a [P],
    picked: &'a mut Picked<P>,
    below: usize,
    limits: Limits<P>,
    guess: &'a Guess,
    core: Sums,
}

/// How many values some bounds leave outside, and the sums of the tails inside.
#[derive(Debug, Clone, Copy, Default)]
struct Cut {
    low: usize,
    high: usize,
    first: f64,
    second: f64,
}

impl<P: Pixel> Search<'_, P> {
    /// Bounds of the last round, and how far rounding may have moved them.
    #[inline(always)]
    fn last_bounds(&mut self, clip: &SigmaClip) -> Option<((f64, f64), f64)> {
        let (mut lower, mut upper) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut cut = self.cut(lower, upper, 0.0)?;
        let (mut bounds, mut unsure) = ((lower, upper), 0.0);
        for _ in 0..clip.rounds() {
            let median = self.median(&cut)?;
            let spread = self.spread(&cut)?;
            bounds = clip.bounds(median, spread);
            lower = lower.max(bounds.0);
            upper = upper.min(bounds.1);
            unsure = UNSURE * spread;
            let now = self.cut(lower, upper, unsure)?;
            let unchanged = (now.low, now.high) == (cut.low, cut.high);
            cut = now;
            if unchanged {
                break;
            }
        }
        Some((bounds, unsure))
    }

    #[inline(always)]
    fn measure(&mut self, bounds: (f64, f64), unsure: f64) -> Option<Clipped> {
        let cut = self.cut(bounds.0, bounds.1, unsure)?;
        let median = self.median(&cut)?;
        let found = sums(self.values, P::at_least(bounds.0), P::at_most(bounds.1), median);
        Some(finish(bounds, median, &found))
    }

    /// Median of what is inside.
    #[inline(always)]
    fn median(&mut self, cut: &Cut) -> Option<f64> {
        let left = self.values.len() - cut.low - cut.high;
        if left == 0 {
            return None;
        }
        let upper = (cut.low + left / 2).checked_sub(self.below)?;
        let high = self.picked.ranked(upper)?;
        if left % 2 == 1 {
            return Some(high);
        }
        let low = self.picked.ranked(upper.checked_sub(1)?)?;
        Some(0.5 * (low + high))
    }

    /// Standard deviation of what is inside.
    #[inline(always)]
    fn spread(&self, cut: &Cut) -> Option<f64> {
        let inside = Sums {
            n: self.values.len() - cut.low - cut.high,
            first: self.core.first + cut.first,
            second: self.core.second + cut.second,
        };
        let spread = inside.std();
        (spread > 0.0 && spread.is_finite()).then_some(spread)
    }

    /// What the bounds cut from the tails, if they cut nothing else and no value lies within `unsure` of a bound.
    #[inline(always)]
    fn cut(&self, lower: f64, upper: f64, unsure: f64) -> Option<Cut> {
        if lower > self.limits.low.to_f64() || upper < self.limits.high.to_f64() {
            return None;
        }
        let slack = |bound: f64| if bound.is_finite() { unsure + 1e-15 * bound.abs() } else { 0.0 };
        let level = self.guess.level;
        let tails = &self.picked.tails[..self.picked.n_tails];
        let (mut to_lower, mut to_upper) = ([f64::INFINITY; LANES], [f64::INFINITY; LANES]);
        let (mut low, mut high) = ([0.0; LANES], [0.0; LANES]);
        let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
        let mut look = |lane: usize, v: f64| {
            to_lower[lane] = least((v - lower).abs(), to_lower[lane]);
            to_upper[lane] = least((v - upper).abs(), to_upper[lane]);
            low[lane] += if v < lower { 1.0 } else { 0.0 };
            high[lane] += if v > upper { 1.0 } else { 0.0 };
            let d = if (v < lower) | (v > upper) { 0.0 } else { v - level };
            first[lane] += d;
            second[lane] += d * d;
        };
        let (chunks, rest) = tails.as_chunks::<LANES>();
        for chunk in chunks {
            for (lane, v) in chunk.iter().enumerate() {
                look(lane, v.to_f64());
            }
        }
        for (lane, v) in rest.iter().enumerate() {
            look(lane, v.to_f64());
        }
        let near = |distances: [f64; LANES], slack: f64| distances.iter().any(|d| *d <= slack);
        let near = near(to_lower, slack(lower)) || near(to_upper, slack(upper));
        let count = |lanes: [f64; LANES]| lanes.iter().sum::<f64>() as usize;
        let cut = Cut {
            low: count(low),
            high: count(high),
            first: first.iter().sum(),
            second: second.iter().sum(),
        };
        (!near).then_some(cut)
    }
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
        let mut scratch = Vec::new();
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
    fn equal_values_and_coarse_steps_are_left_to_sorting() {
        let mut workspace = Workspace::<f32>::default();
        let flat = workspace.clip(&[3.5; 4096], Some(&SigmaClip::default()));
        assert_eq!((flat.n, flat.mean, flat.std), (4096, 3.5, 0.0));
        let steps: Vec<f32> = (0..4096).map(|k| (k % 3) as f32).collect();
        let sorted = clip_finite(&steps, Some(&SigmaClip::default()), &mut Vec::new());
        same(&workspace.clip(&steps, Some(&SigmaClip::default())), &sorted, "steps");
    }
}
