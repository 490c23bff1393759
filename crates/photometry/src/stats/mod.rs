//! Robust statistics of lists of numbers: medians, clipping, and the estimators of level and spread.
//!
//! The functions take finite values (only [`sigma_clip`] drops the others itself), compute in `f64`, and answer
//! NaN for an empty list.

mod biweight;
mod bracket;
mod clip;
mod estimator;
mod sums;

pub use biweight::{biweight_location, biweight_midvariance, biweight_scale};
pub use clip::{Clipped, SigmaClip, sigma_clip};
pub use estimator::{Location, Scale};

pub(crate) use bracket::Workspace;
use sums::sums;

use crate::Pixel;

/// Standard deviation of a normal distribution in units of its median absolute deviation, 1 / Φ⁻¹(3/4).
pub const MAD_TO_STD: f64 = 1.482_602_218_505_602;

/// Mean of `values`.
pub fn mean(values: &[f64]) -> f64 {
    let Some(&from) = values.first() else { return f64::NAN };
    sums(values, f64::NEG_INFINITY, f64::INFINITY, from).mean(from)
}

/// Population standard deviation of `values`.
pub fn std(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    sums(values, f64::NEG_INFINITY, f64::INFINITY, mean(values)).std()
}

/// Median of `values`: the middle one, or the mean of the middle two.
pub fn median(values: &[f64]) -> f64 {
    median_in_place(&mut values.to_vec())
}

/// Standard deviation from the median absolute deviation about the median.
pub fn mad_std(values: &[f64]) -> f64 {
    let center = median(values);
    let mut distances: Vec<f64> = values.iter().map(|v| (v - center).abs()).collect();
    MAD_TO_STD * median_in_place(&mut distances)
}

/// Median of `values`, which are put into another order; NaN for none.
pub(crate) fn median_in_place<P: Pixel>(values: &mut [P]) -> f64 {
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    let (below, middle, _) = values.select_nth_unstable_by(n / 2, P::order);
    let upper = middle.to_f64();
    if n % 2 == 1 {
        return upper;
    }
    let lower = below.iter().copied().max_by(P::order).map_or(upper, P::to_f64);
    0.5 * (lower + upper)
}

/// Median of ascending values, at least one.
pub(crate) fn sorted_median<P: Pixel>(sorted: &[P]) -> f64 {
    let n = sorted.len();
    let upper = sorted[n / 2].to_f64();
    if n % 2 == 1 { upper } else { 0.5 * (sorted[n / 2 - 1].to_f64() + upper) }
}

/// Median absolute deviation of ascending values, at least one, from their median: the distances ascend on both sides.
pub(crate) fn sorted_mad(sorted: &[f64], median: f64) -> f64 {
    let n = sorted.len();
    let (mut below, mut above) = (n.div_ceil(2), n.div_ceil(2));
    let mut next = || {
        let take_above = below == 0
            || above < n && (sorted[above] - median).abs() < (sorted[below - 1] - median).abs();
        if take_above {
            above += 1;
            (sorted[above - 1] - median).abs()
        } else {
            below -= 1;
            (sorted[below] - median).abs()
        }
    };
    let lower = (0..n.div_ceil(2)).fold(0.0, |_, _| next());
    if n % 2 == 1 { lower } else { 0.5 * (lower + next()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_the_mean_of_the_middle_two() {
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&[4.0, 1.0, 3.0]), 3.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn spreads_of_a_known_list() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert!((std(&values) - 2.0_f64.sqrt()).abs() < 1e-15);
        assert_eq!(mad_std(&values), MAD_TO_STD);
        assert!(std(&[]).is_nan() && mad_std(&[]).is_nan() && mean(&[]).is_nan());
    }
}
