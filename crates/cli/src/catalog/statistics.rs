//! The statistics of photutils' `ApertureStats` as columns that are there when they are asked for.

use astro_coords::PixelBox;
use photometry::statistics::ApertureStatistics;

use super::PixelUnit;

/// What is known of the pixels of one source on one image beside its sums.
#[derive(Debug, Clone)]
pub(crate) struct Statistics {
    pub(super) found: ApertureStatistics,
    /// arcsec² per pixel
    pub(super) pixel_area: f64,
    /// From north through east.
    pub(super) position_angle_deg: f64,
    /// Of the aperture, whether on the image or not.
    pub(super) bounds: PixelBox,
}

/// The unit of a statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    /// Of the image.
    Pixel,
    /// Of the image, squared.
    PixelSquared,
    Length,
    LengthSquared,
    PerLengthSquared,
    Area,
    Degrees,
    Number,
}

impl In {
    pub(super) fn name(self, pixel: Option<PixelUnit>) -> Option<&'static str> {
        match self {
            Self::Pixel => pixel.map(PixelUnit::name),
            Self::PixelSquared => pixel.map(PixelUnit::squared),
            Self::Length => Some("pix"),
            Self::LengthSquared => Some("pix2"),
            Self::PerLengthSquared => Some("pix-2"),
            Self::Area => Some("arcsec2"),
            Self::Degrees => Some("deg"),
            Self::Number => None,
        }
    }
}

/// A statistic: its name, which is photutils' where photutils has it, unit, meaning, and value.
pub(super) struct Statistic {
    pub(super) name: &'static str,
    pub(super) unit: In,
    pub(super) description: &'static str,
    pub(super) value: fn(&Statistics) -> f64,
}

macro_rules! statistics {
    ($($name:literal $unit:ident $value:expr, $description:literal;)*) => {
        /// In the order of photutils' table, and what it has besides.
        pub(super) const ALL: &[Statistic] =
            &[$(Statistic { name: $name, unit: In::$unit, description: $description, value: $value }),*];
    };
}

statistics! {
    "center_aper_area" Area |s| s.found.values.n as f64 * s.pixel_area, "area of the valid pixels whose centres lie inside";
    "min" Pixel |s| s.found.values.min, "lowest pixel";
    "max" Pixel |s| s.found.values.max, "highest pixel";
    "mean" Pixel |s| s.found.values.mean, "mean of the pixels";
    "mean_err" Pixel |s| s.found.values.mean_err, "sqrt(var / (n - 1))";
    "median" Pixel |s| s.found.values.median, "median of the pixels";
    "median_err" Pixel |s| s.found.values.median_err, "sqrt(pi / 2) mean_err";
    "mode" Pixel |s| s.found.values.mode, "3 median - 2 mean";
    "std" Pixel |s| s.found.values.std, "population standard deviation of the pixels";
    "mad_std" Pixel |s| s.found.values.mad_std, "1.4826 times their median absolute deviation";
    "var" PixelSquared |s| s.found.values.var, "population variance of the pixels";
    "biweight_location" Pixel |s| s.found.values.biweight_location, "Tukey's biweight of the pixels, c = 6";
    "biweight_midvariance" PixelSquared |s| s.found.values.biweight_midvariance, "biweight midvariance, c = 9";
    "fwhm" Length |s| s.found.shape.fwhm, "2 sqrt(ln 2 (a^2 + b^2)): full width of a round Gaussian as wide";
    "semimajor_axis" Length |s| s.found.shape.semimajor, "a: standard deviation of the light along its longer axis";
    "semiminor_axis" Length |s| s.found.shape.semiminor, "b: standard deviation of the light along its shorter axis";
    "orientation" Degrees |s| s.found.shape.orientation, "the longer axis from x towards y";
    "position_angle" Degrees |s| s.position_angle_deg, "the longer axis from north through east";
    "eccentricity" Number |s| s.found.shape.eccentricity, "sqrt(1 - b^2 / a^2)";
    "elongation" Number |s| s.found.shape.elongation, "a / b";
    "ellipticity" Number |s| s.found.shape.ellipticity, "1 - b / a";
    "gini" Number |s| s.found.values.gini, "Gini's coefficient of the absolute values of the pixels";
    "covariance_xx" LengthSquared |s| s.found.shape.covariance[0][0], "second moment of the light in x";
    "covariance_xy" LengthSquared |s| s.found.shape.covariance[0][1], "mixed second moment of the light";
    "covariance_yy" LengthSquared |s| s.found.shape.covariance[1][1], "second moment of the light in y";
    "ellipse_cxx" PerLengthSquared |s| s.found.shape.cxx, "coefficient of x^2 in SExtractor's ellipse";
    "ellipse_cxy" PerLengthSquared |s| s.found.shape.cxy, "coefficient of xy in SExtractor's ellipse";
    "ellipse_cyy" PerLengthSquared |s| s.found.shape.cyy, "coefficient of y^2 in SExtractor's ellipse";
    "bbox_xmin" Length |s| s.bounds.x.start as f64, "first column of the aperture, from 0";
    "bbox_xmax" Length |s| (s.bounds.x.end - 1) as f64, "last column of the aperture, from 0";
    "bbox_ymin" Length |s| s.bounds.y.start as f64, "first row of the aperture, from 0";
    "bbox_ymax" Length |s| (s.bounds.y.end - 1) as f64, "last row of the aperture, from 0";
}

/// Whether a column of that name is a statistic, also behind the name of a filter as in the wide layout.
pub(crate) fn is_statistic(column: &str) -> bool {
    let is = |known: &Statistic| {
        let before = column.strip_suffix(known.name);
        before.is_some_and(|before| before.is_empty() || before.ends_with('_'))
    };
    ALL.iter().any(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_with_and_without_a_filter() {
        for name in ["std", "mad_std", "F814W_fwhm", "mean"] {
            assert!(is_statistic(name), "{name}");
        }
        for name in ["sum", "all", "F814W_sum_err", "standard"] {
            assert!(!is_statistic(name), "{name}");
        }
    }
}
