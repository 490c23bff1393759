//! The rounds of clipping, over the picked values alone.

use super::super::clip::{Clipped, SigmaClip, finish};
use super::super::sums::{Sums, sums};
use super::guess::Guess;
use super::pick::{Limits, Picked};
use crate::Pixel;

/// A bound and a value closer than this share of the spread are left to the sorted path.
const UNSURE: f64 = 1e-9;

/// Independent sums over the tails.
const LANES: usize = 4;

pub(super) struct Search<'a, P> {
    pub(super) values: &'a [P],
    pub(super) picked: &'a mut Picked<P>,
    /// Values below the bracket.
    pub(super) below: usize,
    pub(super) limits: Limits<P>,
    pub(super) guess: &'a Guess,
    /// Of what lies between the tails.
    pub(super) core: Sums,
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
    pub(super) fn last_bounds(&mut self, clip: &SigmaClip) -> Option<((f64, f64), f64)> {
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
    pub(super) fn measure(&mut self, bounds: (f64, f64), unsure: f64) -> Option<Clipped> {
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

#[inline(always)]
fn least(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}
