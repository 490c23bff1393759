//! Where the median and the spread of some values probably lie.

use super::super::clip::Clipped;
use super::super::sums::sums;
use crate::Pixel;

/// A level and a spread near those to be found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guess {
    pub(super) level: f64,
    pub(super) spread: f64,
}

impl Guess {
    /// From what was found in the box before.
    pub(super) fn after(found: &Clipped) -> Option<Self> {
        (found.std > 0.0 && found.std.is_finite())
            .then_some(Self { level: found.median, spread: found.std })
    }

    /// From every so many-th value.
    pub(super) fn from_sample<P: Pixel>(values: &[P], scratch: &mut Vec<P>) -> Option<Self> {
        scratch.clear();
        scratch.extend(values.iter().step_by((values.len() / SAMPLE).max(1)));
        scratch.sort_unstable_by(P::order);
        let at = |share: f64| scratch[((scratch.len() - 1) as f64 * share) as usize].to_f64();
        let (level, spread) = (at(0.5), 0.5 * (at(0.84) - at(0.16)));
        (spread > 0.0 && spread.is_finite()).then_some(Self { level, spread })
    }

    /// From the mean and the standard deviation of what lies near them, a few times over.
    #[inline(always)]
    pub(super) fn from_moments<P: Pixel>(values: &[P]) -> Option<Self> {
        let from = values.first()?.to_f64();
        let mut found = sums(values, P::LOWEST, P::HIGHEST, from);
        let mut guess = Self { level: found.mean(from), spread: found.std() };
        for _ in 0..TRIMS {
            let Self { level, spread } = guess;
            let (low, high) = (level - TRIM * spread, level + TRIM * spread);
            let now = sums(values, P::at_least(low), P::at_most(high), level);
            if now.n == found.n || now.n < 2 {
                break;
            }
            guess = Self { level: now.mean(level), spread: now.std() };
            found = now;
            if guess.spread > SETTLED * spread {
                break;
            }
        }
        (guess.spread > 0.0 && guess.spread.is_finite()).then_some(guess)
    }
}

/// Times that values far from the mean are left out, and how far that is: bright ones are many spreads away at first.
const TRIMS: usize = 6;
const TRIM: f64 = 2.5;
/// A spread that shrinks no more than this is near enough.
const SETTLED: f64 = 0.8;

/// Values that a fresh guess is made from.
const SAMPLE: usize = 256;
/// How far the bracket of the median and the core between the tails reach, in spreads from the guessed level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    pub(super) below: f64,
    pub(super) above: f64,
    pub(super) core: f64,
}

/// For a guess from the box before. Sources push the median up.
pub(super) const CLOSE: Reach = Reach { below: 0.1, above: 0.15, core: 2.5 };
/// For a guess from a sample.
pub(super) const WIDE: Reach = Reach { below: 0.4, above: 0.6, core: 1.8 };
/// For a guess from the moments of a few values.
pub(super) const NEAR_THE_MEAN: Reach = Reach { below: 0.5, above: 0.4, core: 1.8 };
