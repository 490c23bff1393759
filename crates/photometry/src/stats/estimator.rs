use super::{Clipped, biweight_location, biweight_scale, mad_std, mean, median, std};

/// An estimator of the level of a list of values.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Location {
    /// Arithmetic mean.
    Mean,
    /// Median.
    Median,
    /// `median_factor` · median − `mean_factor` · mean, an estimate of the mode.
    Mode {
        /// Weight of the median.
        median_factor: f64,
        /// Weight of the mean.
        mean_factor: f64,
    },
    /// SExtractor's mode, 2.5 median − 1.5 mean; the median where the two differ by 0.3 standard deviations or more,
    /// the mean where the standard deviation is zero (Bertin & Arnouts 1996, A&AS 117, 393, sect. 4.1).
    SExtractor,
    /// Tukey's biweight with tuning constant `c`.
    Biweight {
        /// Median absolute deviations at which a value's weight reaches zero.
        c: f64,
    },
}

impl Location {
    /// The mode of DAOPHOT's MMM, 3 median − 2 mean.
    pub const MMM: Self = Self::Mode { median_factor: 3.0, mean_factor: 2.0 };
    /// The biweight with the usual constant, 6.
    pub const BIWEIGHT: Self = Self::Biweight { c: 6.0 };

    /// The level of finite `values`; NaN for none.
    pub fn of(self, values: &[f64]) -> f64 {
        match self {
            Self::Mean => mean(values),
            Self::Median => median(values),
            Self::Biweight { c } => biweight_location(values, c),
            Self::Mode { .. } | Self::SExtractor => {
                self.of_moments(mean(values), median(values), std(values)).unwrap_or(f64::NAN)
            }
        }
    }

    /// Standard error of the level of `n` independent normal values that scatter by `std`.
    ///
    /// The mean: `std / √n`. The median: `√(π/2)` times that. The modes `a · median − b · mean`:
    /// `√(a² π/2 − 2ab + b²)`, as the mean is efficient and so its covariance with the median is its own variance; for
    /// SExtractor's 2.14, for DAOPHOT's 2.48. The biweight: `√(E ψ² / (E ψ')²)`, 1.046 for `c` 6. Asymptotic; clipping at
    /// 3 σ changes it by a percent.
    ///
    /// # Source
    /// Kendall & Stuart 1977, The Advanced Theory of Statistics 1, sect. 10.12 (median); Huber 1981, Robust Statistics,
    /// sect. 3.2 (biweight).
    pub fn standard_error(self, std: f64, n: usize) -> f64 {
        let half_pi = std::f64::consts::FRAC_PI_2;
        let mode = |a: f64, b: f64| (a * a * half_pi - 2.0 * a * b + b * b).sqrt();
        let factor = match self {
            Self::Mean => 1.0,
            Self::Median => half_pi.sqrt(),
            Self::Mode { median_factor, mean_factor } => mode(median_factor, mean_factor),
            Self::SExtractor => mode(2.5, 1.5),
            Self::Biweight { c } => biweight_factor(c / super::MAD_TO_STD),
        };
        factor * std / (n as f64).sqrt()
    }

    /// The level from statistics that are known already, if they are enough.
    pub(crate) fn known_from(self, known: &Clipped) -> Option<f64> {
        self.of_moments(known.mean, known.median, known.std)
    }

    fn of_moments(self, mean: f64, median: f64, std: f64) -> Option<f64> {
        match self {
            Self::Mean => Some(mean),
            Self::Median => Some(median),
            Self::Mode { median_factor, mean_factor } => {
                Some(median_factor * median - mean_factor * mean)
            }
            Self::SExtractor if std == 0.0 => Some(mean),
            Self::SExtractor if (mean - median).abs() / std >= 0.3 => Some(median),
            Self::SExtractor => Some(2.5 * median - 1.5 * mean),
            Self::Biweight { .. } => None,
        }
    }
}

/// Standard error of Tukey's biweight of normal values in units of the mean's, by Simpson's rule; `c` in standard
/// deviations.
fn biweight_factor(c: f64) -> f64 {
    const STEPS: usize = 400;
    let (mut square, mut slope) = (0.0, 0.0);
    for k in 0..=STEPS {
        let simpson = if k == 0 || k == STEPS { 1.0 } else { 2.0 + 2.0 * (k % 2) as f64 };
        let u = k as f64 / STEPS as f64;
        let density = simpson * (-0.5 * (u * c).powi(2)).exp();
        square += density * (u * c * (1.0 - u * u).powi(2)).powi(2);
        slope += density * (1.0 - u * u) * (1.0 - 5.0 * u * u);
    }
    // Both integrals are over one half; the density's own constant is left out so far.
    let weight = 2.0 * c / (3.0 * STEPS as f64) / std::f64::consts::TAU.sqrt();
    (square / weight).sqrt() / slope
}

/// An estimator of the spread of a list of values.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Scale {
    /// Population standard deviation.
    Std,
    /// Standard deviation from the median absolute deviation.
    MadStd,
    /// Biweight scale with tuning constant `c`.
    Biweight {
        /// Median absolute deviations at which a value's weight reaches zero.
        c: f64,
    },
}

impl Scale {
    /// The biweight with the usual constant, 9.
    pub const BIWEIGHT: Self = Self::Biweight { c: 9.0 };

    /// The spread of finite `values`; NaN for none.
    pub fn of(self, values: &[f64]) -> f64 {
        match self {
            Self::Std => std(values),
            Self::MadStd => mad_std(values),
            Self::Biweight { c } => biweight_scale(values, c),
        }
    }

    /// The spread from statistics that are known already, if they are enough.
    pub(crate) fn known_from(self, known: &Clipped) -> Option<f64> {
        (self == Self::Std).then_some(known.std)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sextractor_takes_the_median_of_skewed_values() {
        let skewed = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
        assert_eq!(Location::SExtractor.of(&skewed), 1.0);
        let even = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(Location::SExtractor.of(&even), 2.5);
        assert_eq!(Location::SExtractor.of(&[7.0; 4]), 7.0);
    }

    #[test]
    fn mmm_is_three_medians_less_two_means() {
        let values = [1.0, 2.0, 6.0];
        assert_eq!(Location::MMM.of(&values), 0.0);
    }

    #[test]
    fn standard_errors_have_the_known_factors() {
        let factor = |location: Location| location.standard_error(1.0, 1);
        assert_eq!(factor(Location::Mean), 1.0);
        assert!((factor(Location::Median) - 1.2533).abs() < 1e-4);
        assert!((factor(Location::MMM) - 2.4773).abs() < 1e-4);
        assert!((factor(Location::SExtractor) - 2.1371).abs() < 1e-4);
        // 95 % efficiency at 4.685 standard deviations.
        let tukey = Location::Biweight { c: 4.685 * crate::stats::MAD_TO_STD };
        assert!((factor(tukey).powi(-2) - 0.95).abs() < 1e-3);
        assert!((factor(Location::BIWEIGHT) - 1.046_139_269).abs() < 1e-7);
        assert_eq!(Location::Mean.standard_error(6.0, 9), 2.0);
    }
}
