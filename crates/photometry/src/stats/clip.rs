use super::sums::{Sums, sums};
use super::{Location, Scale, median_in_place, sorted_median};
use crate::{Error, Pixel, Result};

/// Iterated rejection of values far from the centre, measured in standard deviations.
///
/// As astropy's `SigmaClip`: the centre and the spread of the surviving values give the bounds of the next round,
/// until no value falls or the rounds are used up; then the *last bounds* decide over all values, so that one
/// rejected early may return. A value on a bound stays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SigmaClip {
    /// Spreads below the centre that still count as good. Default 3.
    pub lower: f64,
    /// Spreads above the centre that still count as good. Default 3.
    pub upper: f64,
    /// Rounds at most; `None` until nothing falls. Default 10.
    pub max_iterations: Option<usize>,
    /// The centre. Default the median.
    pub center: Location,
    /// The spread. Default the population standard deviation.
    pub spread: Scale,
}

impl Default for SigmaClip {
    fn default() -> Self {
        Self {
            lower: 3.0,
            upper: 3.0,
            max_iterations: Some(10),
            center: Location::Median,
            spread: Scale::Std,
        }
    }
}

impl SigmaClip {
    /// Clipping at `sigma` on both sides, else the default.
    pub fn sigma(sigma: f64) -> Self {
        Self { lower: sigma, upper: sigma, ..Self::default() }
    }

    /// # Errors
    /// When a bound is negative or NaN.
    pub(crate) fn check(&self) -> Result<()> {
        for (name, value) in [("lower sigma", self.lower), ("upper sigma", self.upper)] {
            if value.is_nan() || value < 0.0 {
                return Err(Error::OutOfRange { name, allowed: "zero or more", value });
            }
        }
        Ok(())
    }

    /// Standard deviation of normal values, in units of what it was, when rounds of clipping have come to rest: the fixed
    /// point of s = std of what lies within `lower` s and `upper` s of the centre. 0.9848 for 3 σ.
    pub fn normal_std(&self) -> f64 {
        if (self.lower, self.upper) == (3.0, 3.0) {
            return 0.984_847;
        }
        // Below 1.8 σ nothing comes to rest before all is gone.
        (0..self.rounds().min(50)).fold(1.0, |s, _| truncated_std(-self.lower * s, self.upper * s))
    }

    /// Whether centre and spread are the usual median and standard deviation.
    pub(crate) fn is_plain(&self) -> bool {
        self.center == Location::Median && self.spread == Scale::Std
    }

    /// The bounds for a centre and a spread; infinite where they cannot be computed, so that nothing falls.
    pub(crate) fn bounds(&self, center: f64, spread: f64) -> (f64, f64) {
        let (lower, upper) = (center - self.lower * spread, center + self.upper * spread);
        (
            if lower.is_nan() { f64::NEG_INFINITY } else { lower },
            if upper.is_nan() { f64::INFINITY } else { upper },
        )
    }

    pub(crate) fn rounds(&self) -> usize {
        self.max_iterations.unwrap_or(usize::MAX)
    }
}

/// Standard deviation of normal deviates between two bounds, by the midpoint rule.
fn truncated_std(lower: f64, upper: f64) -> f64 {
    const STEPS: usize = 500;
    let (low, high) = (lower.max(-9.0), upper.min(9.0));
    let (mut weight, mut first, mut second) = (0.0, 0.0, 0.0);
    for k in 0..STEPS {
        let x = low + (high - low) * (k as f64 + 0.5) / STEPS as f64;
        let density = (-0.5 * x * x).exp();
        weight += density;
        first += density * x;
        second += density * x * x;
    }
    (second / weight - (first / weight).powi(2)).sqrt()
}

/// The values that survived sigma clipping, and their usual statistics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clipped {
    /// Lowest value that counts as good.
    pub lower: f64,
    /// Highest value that counts as good.
    pub upper: f64,
    /// Good values.
    pub n: usize,
    /// Mean of the good values; NaN where there are none.
    pub mean: f64,
    /// Median of the good values; NaN where there are none.
    pub median: f64,
    /// Population standard deviation of the good values; NaN where there are none.
    pub std: f64,
}

impl Clipped {
    pub(crate) const NONE: Self = Self {
        lower: f64::NEG_INFINITY,
        upper: f64::INFINITY,
        n: 0,
        mean: f64::NAN,
        median: f64::NAN,
        std: f64::NAN,
    };

    /// Whether `value` counts as good.
    pub fn contains(&self, value: f64) -> bool {
        value >= self.lower && value <= self.upper
    }
}

/// Clips `values` and measures what is left; values that are not finite count as bad from the start.
///
/// `None` measures all finite values.
pub fn sigma_clip(values: &[f64], clip: Option<&SigmaClip>) -> Clipped {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    clip_finite(&finite, clip, &mut Vec::new())
}

/// As [`sigma_clip`], for finite values; `scratch` is overwritten.
pub(crate) fn clip_finite<P: Pixel>(
    values: &[P],
    clip: Option<&SigmaClip>,
    scratch: &mut Vec<P>,
) -> Clipped {
    if values.is_empty() {
        return Clipped::NONE;
    }
    scratch.clear();
    scratch.extend_from_slice(values);
    let (lower, upper) = match clip {
        None => (f64::NEG_INFINITY, f64::INFINITY),
        Some(clip) if clip.is_plain() => plain_bounds(values, clip, scratch),
        Some(clip) => general_bounds(values, clip),
    };
    measure(values, (lower, upper), scratch)
}

/// Statistics of the values inside `bounds`; `sorted_or_not` holds the same values in any order.
fn measure<P: Pixel>(values: &[P], bounds: (f64, f64), scratch: &mut Vec<P>) -> Clipped {
    let (low, high) = (P::at_least(bounds.0), P::at_most(bounds.1));
    scratch.retain(|v| *v >= low && *v <= high);
    if scratch.is_empty() {
        return Clipped { lower: bounds.0, upper: bounds.1, ..Clipped::NONE };
    }
    let median = median_in_place(scratch);
    finish(bounds, median, &sums(values, low, high, median))
}

/// The statistics from the sums around the median.
pub(super) fn finish(bounds: (f64, f64), median: f64, sums: &Sums) -> Clipped {
    Clipped {
        lower: bounds.0,
        upper: bounds.1,
        n: sums.n,
        mean: sums.mean(median),
        median,
        std: sums.std(),
    }
}

/// Bounds of the last round with median and standard deviation; sorts `sorted`, which holds the same values.
fn plain_bounds<P: Pixel>(values: &[P], clip: &SigmaClip, sorted: &mut [P]) -> (f64, f64) {
    sorted.sort_unstable_by(P::order);
    rounds(sorted, clip, |left, median| sums(values, left[0], left[left.len() - 1], median).std())
}

/// Rounds of clipping ascending values; `spread` is of what is left, about its median.
fn rounds<P: Pixel>(
    sorted: &[P],
    clip: &SigmaClip,
    spread: impl Fn(&[P], f64) -> f64,
) -> (f64, f64) {
    let (mut start, mut end) = (0, sorted.len());
    let mut bounds = (f64::NEG_INFINITY, f64::INFINITY);
    for _ in 0..clip.rounds() {
        if start == end {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        let left = &sorted[start..end];
        let median = sorted_median(left);
        bounds = clip.bounds(median, spread(left, median));
        let low = start + left.partition_point(|v| v.to_f64() < bounds.0);
        let high = start + left.partition_point(|v| v.to_f64() <= bounds.1);
        let unchanged = (low, high) == (start, end);
        (start, end) = (low, high.max(low));
        if unchanged {
            break;
        }
    }
    bounds
}

/// Bounds of the last round with any centre and spread.
fn general_bounds<P: Pixel>(values: &[P], clip: &SigmaClip) -> (f64, f64) {
    let mut left: Vec<f64> = values.iter().map(|v| v.to_f64()).collect();
    let mut bounds = (f64::NEG_INFINITY, f64::INFINITY);
    let mut reached = bounds;
    for _ in 0..clip.rounds() {
        if left.is_empty() {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        bounds = clip.bounds(clip.center.of(&left), clip.spread.of(&left));
        reached = (reached.0.max(bounds.0), reached.1.min(bounds.1));
        let before = left.len();
        left.retain(|v| *v >= bounds.0 && *v <= bounds.1);
        if left.len() == before {
            break;
        }
    }
    if clip.accumulates() { reached } else { bounds }
}

impl SigmaClip {
    /// With a biweight, astropy clips for good: what fell once never returns.
    fn accumulates(&self) -> bool {
        matches!(self.center, Location::Biweight { .. })
            || matches!(self.spread, Scale::Biweight { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 6 falls in the first round, and lies inside the last bounds, 0 to 6.25. So in astropy with an axis given.
    #[test]
    fn the_last_bounds_decide_over_all_values() {
        let values = [-12.0, -4.0, -4.0, 0.0, 0.0, 5.0, 5.0, 6.0];
        let clip = SigmaClip { lower: 1.0, upper: 1.5, ..SigmaClip::default() };
        let kept = sigma_clip(&values, Some(&clip));
        assert_eq!((kept.lower, kept.upper), (0.0, 6.25));
        assert_eq!((kept.n, kept.mean, kept.median), (5, 3.2, 5.0));
    }

    #[test]
    fn a_value_on_the_bound_stays() {
        let clip =
            SigmaClip { lower: 1.0, upper: 1.0, max_iterations: Some(1), ..SigmaClip::default() };
        assert_eq!(sigma_clip(&[-1.0, -1.0, 1.0, 1.0], Some(&clip)).n, 4);
    }

    #[test]
    fn nothing_is_clipped_when_nothing_would_be_left() {
        let clip = SigmaClip { lower: 0.0, upper: 0.0, ..SigmaClip::default() };
        let all = sigma_clip(&[1.0, 2.0], Some(&clip));
        assert_eq!((all.n, all.mean), (2, 1.5));
    }

    #[test]
    fn values_that_are_not_numbers_are_left_out() {
        let some = sigma_clip(&[f64::NAN, 1.0, f64::INFINITY, 3.0], None);
        assert_eq!((some.n, some.median, some.std), (2, 2.0, 1.0));
        assert_eq!(sigma_clip(&[f64::NAN], Some(&SigmaClip::default())).n, 0);
    }

    #[test]
    fn clipping_takes_what_it_says_from_normal_values() {
        let three = SigmaClip { lower: 3.0, upper: 3.000_000_1, ..SigmaClip::default() };
        assert!(
            (three.normal_std() - SigmaClip::default().normal_std()).abs() < 1e-4,
            "{}",
            three.normal_std()
        );
        let wide = SigmaClip { lower: f64::INFINITY, upper: f64::INFINITY, ..SigmaClip::default() };
        assert!((wide.normal_std() - 1.0).abs() < 1e-6);
        // One round at 3 sigma: 1 - 6 phi(3) / (2 Phi(3) - 1).
        let once =
            SigmaClip { max_iterations: Some(1), lower: 3.000_000_1, ..SigmaClip::default() };
        assert!((once.normal_std() - 0.986_578).abs() < 1e-4, "{}", once.normal_std());
    }
}
