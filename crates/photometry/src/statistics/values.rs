use crate::source::kernel::Ordered;
use crate::stats::{MAD_TO_STD, sorted_mad, sorted_median};
use crate::vectors::{Loop, run};

/// Statistics of the values of pixels, each counted once; NaN without any.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Values {
    /// Pixels; photutils' `center_aper_area`, which is NaN for none.
    pub n: usize,
    /// Lowest value.
    pub min: f64,
    /// Highest value.
    pub max: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard error of the mean, √(var / (n − 1)); NaN for one pixel.
    pub mean_err: f64,
    /// Median.
    pub median: f64,
    /// Standard error of the median of normal values, √(π/2) times that of the mean.
    pub median_err: f64,
    /// 3 median − 2 mean.
    pub mode: f64,
    /// Population variance.
    pub var: f64,
    /// Population standard deviation.
    pub std: f64,
    /// Standard deviation from the median absolute deviation.
    pub mad_std: f64,
    /// Tukey's biweight location, c = 6.
    pub biweight_location: f64,
    /// Biweight midvariance, c = 9.
    pub biweight_midvariance: f64,
    /// Gini's coefficient of the absolute values: 0 where all are equal, 1 where one pixel has all the light.
    ///
    /// # Source
    /// Lotz, Primack & Madau 2004, AJ 128, 163, eq. 6.
    pub gini: f64,
}

impl Values {
    /// Of finite values, which are sorted.
    pub(super) fn of(values: &mut [f64]) -> Self {
        f64::sort(values);
        let sorted = &*values;
        let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else { return Self::NONE };
        let n = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / n;
        let var = sorted.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
        let median = sorted_median(sorted);
        let mad = sorted_mad(sorted, median);
        let mean_err = (var / (n - 1.0)).sqrt();
        let (biweight_location, biweight_midvariance) = biweight(sorted, median, mad);
        Self {
            n: sorted.len(),
            min,
            max,
            mean,
            mean_err,
            median,
            median_err: std::f64::consts::FRAC_PI_2.sqrt() * mean_err,
            mode: 3.0 * median - 2.0 * mean,
            var,
            std: var.sqrt(),
            mad_std: MAD_TO_STD * mad,
            biweight_location,
            biweight_midvariance,
            gini: gini(sorted),
        }
    }

    const NONE: Self = Self {
        n: 0,
        min: f64::NAN,
        max: f64::NAN,
        mean: f64::NAN,
        mean_err: f64::NAN,
        median: f64::NAN,
        median_err: f64::NAN,
        mode: f64::NAN,
        var: f64::NAN,
        std: f64::NAN,
        mad_std: f64::NAN,
        biweight_location: f64::NAN,
        biweight_midvariance: f64::NAN,
        gini: f64::NAN,
    };
}

/// Tukey's biweight location and midvariance, with the distances of the values that count.
struct Biweight<'a> {
    values: &'a [f64],
    median: f64,
    location: f64,
    midvariance: f64,
}

/// Values side by side.
const LANES: usize = 4;

impl Loop for Biweight<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn call(self) -> (f64, f64) {
        let (mut weights, mut moment) = ([0.0; LANES], [0.0; LANES]);
        let (mut over, mut under) = ([0.0; LANES], [0.0; LANES]);
        let mut add = |k: usize, value: f64| {
            let d = value - self.median;
            let near = |reach: f64| {
                let u2 = (d / reach) * (d / reach);
                (u2, if u2 < 1.0 { 1.0 - u2 } else { 0.0 })
            };
            let (_, near_six) = near(self.location);
            weights[k] += near_six * near_six;
            moment[k] += d * near_six * near_six;
            let (u2, near_nine) = near(self.midvariance);
            over[k] += d * d * (near_nine * near_nine) * (near_nine * near_nine);
            under[k] += near_nine * (1.0 - 5.0 * u2);
        };
        let (packs, rest) = self.values.as_chunks::<LANES>();
        for pack in packs {
            for (k, value) in pack.iter().enumerate() {
                add(k, *value);
            }
        }
        for (k, value) in rest.iter().enumerate() {
            add(k, *value);
        }
        let [weights, moment, over, under] = [weights, moment, over, under].map(total);
        (self.median + moment / weights, self.values.len() as f64 * over / (under * under))
    }
}

fn total([a, b, c, d]: [f64; LANES]) -> f64 {
    (a + c) + (b + d)
}

/// Location with c = 6 and midvariance with c = 9.
fn biweight(values: &[f64], median: f64, mad: f64) -> (f64, f64) {
    if mad <= 0.0 {
        return (median, 0.0);
    }
    run(Biweight { values, median, location: 6.0 * mad, midvariance: 9.0 * mad })
}

/// Σ (2i − n − 1)|x|ᵢ / (Σ |x| · (n − 1)), i from 1 over ascending |x|: merged from both ends of the sorted values.
fn gini(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    let total: f64 = sorted.iter().map(|v| v.abs()).sum();
    if n == 1 || total == 0.0 {
        return 0.0;
    }
    let positive = sorted.partition_point(|v| *v < 0.0);
    let (mut below, mut above) = (positive, positive);
    let mut sum = 0.0;
    for i in 1..=n {
        let take_above = below == 0 || above < n && sorted[above] <= -sorted[below - 1];
        let value = if take_above {
            above += 1;
            sorted[above - 1]
        } else {
            below -= 1;
            -sorted[below]
        };
        sum += (2.0 * i as f64 - n as f64 - 1.0) * value;
    }
    sum / (total * (n as f64 - 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats;

    #[test]
    fn ginis_of_known_lists() {
        let of = |mut values: Vec<f64>| Values::of(&mut values).gini;
        assert_eq!(of(vec![2.0; 6]), 0.0);
        assert_eq!(of(vec![0.0, 0.0, 0.0, 5.0]), 1.0);
        assert_eq!(of(vec![0.0, 0.0, 0.0, -5.0]), 1.0);
        assert_eq!(of(vec![3.0]), 0.0);
        assert_eq!(of(vec![0.0, 0.0]), 0.0);
    }

    #[test]
    fn no_values_no_statistics() {
        let none = Values::of(&mut []);
        assert!(none.n == 0 && none.mean.is_nan() && none.gini.is_nan());
        let one = Values::of(&mut [4.0]);
        assert!(one.mean == 4.0 && one.mean_err.is_nan() && one.std == 0.0);
    }

    proptest! {
        #[test]
        fn statistics_are_those_of_the_lists(mut values in prop::collection::vec(-9.0..100.0_f64, 1..60)) {
            let found = Values::of(&mut values);
            let same = |a: f64, b: f64| (a - b).abs() <= 1e-10 * (1.0 + b.abs());
            prop_assert!(same(found.mean, stats::mean(&values)));
            prop_assert_eq!(found.median, stats::median(&values));
            prop_assert!(same(found.std, stats::std(&values)));
            prop_assert_eq!(found.mad_std, stats::mad_std(&values));
            prop_assert!(same(found.biweight_location, stats::biweight_location(&values, 6.0)));
            let scale = stats::biweight_midvariance(&values, 9.0);
            prop_assert!(same(found.biweight_midvariance, scale));
            prop_assert!(found.gini >= -1e-15 && found.gini <= 1.0 + 1e-15);
        }
    }
}
