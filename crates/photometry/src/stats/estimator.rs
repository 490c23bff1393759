use super::{Clipped, biweight_location, biweight_scale, mad_std, mean, median, std};

/// An estimator of the level of a list of values.
#[derive(Debug, Clone, Copy, PartialEq)]
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

/// An estimator of the spread of a list of values.
#[derive(Debug, Clone, Copy, PartialEq)]
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
}
