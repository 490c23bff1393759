//! From the unit of the pixels to electrons per second, microjansky and AB magnitudes.

use std::str::FromStr;

use hst_fits::ImageSpec;

/// Speed of light, Å / s.
const LIGHT: f64 = 2.997_924_58e18;

/// Which constant the AB zero point is made with, or the zero point itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ZeroPoint {
    /// 2.5 lg c - 48.60 = -2.407948..., c in Å / s.
    Exact,
    /// -2.408, as the notebook has it.
    Notebook,
    /// The AB magnitude of one image unit per second.
    Magnitude(f64),
}

impl ZeroPoint {
    /// AB magnitude of one image unit per second; NaN where the header lacks what it needs.
    ///
    /// # Source
    /// STScI, ACS Data Handbook, sect. 5.1: STMAG zero point less `5 lg PHOTPLAM`, plus `2.5 lg c - 48.60`.
    fn ab(self, photflam: Option<f64>, photplam: Option<f64>) -> f64 {
        let constant = match self {
            Self::Exact => 2.5 * LIGHT.log10() - 48.6,
            Self::Notebook => -2.408,
            Self::Magnitude(magnitude) => return magnitude,
        };
        match (photflam, photplam) {
            (Some(flam), Some(plam)) if flam > 0.0 && plam > 0.0 => {
                -2.5 * flam.log10() - 5.0 * plam.log10() + constant
            }
            _ => f64::NAN,
        }
    }
}

impl FromStr for ZeroPoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "exact" => Ok(Self::Exact),
            "notebook" => Ok(Self::Notebook),
            _ => match text.parse::<f64>() {
                Ok(magnitude) if magnitude.is_finite() => Ok(Self::Magnitude(magnitude)),
                _ => Err("expected exact, notebook or a magnitude".to_owned()),
            },
        }
    }
}

/// The units of HST images that can be calibrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PixelUnit {
    ElectronsPerSecond,
    Electrons,
    CountsPerSecond,
    Counts,
}

impl PixelUnit {
    /// Reads a BUNIT; `None` for what is not one of HST's.
    pub(crate) fn of_bunit(bunit: &str) -> Option<Self> {
        let text: String = bunit.to_ascii_uppercase().split_whitespace().collect();
        let (quantity, per_second) =
            match text.strip_suffix("/S").or_else(|| text.strip_suffix("S-1")) {
                Some(quantity) => (quantity, true),
                None => (text.as_str(), false),
            };
        match (quantity, per_second) {
            ("ELECTRONS" | "ELECTRON" | "E-" | "E", true) => Some(Self::ElectronsPerSecond),
            ("ELECTRONS" | "ELECTRON" | "E-" | "E", false) => Some(Self::Electrons),
            ("COUNTS" | "COUNT" | "DN" | "ADU", true) => Some(Self::CountsPerSecond),
            ("COUNTS" | "COUNT" | "DN" | "ADU", false) => Some(Self::Counts),
            _ => None,
        }
    }

    /// The unit as astropy spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ElectronsPerSecond => "electron / s",
            Self::Electrons => "electron",
            Self::CountsPerSecond => "ct / s",
            Self::Counts => "ct",
        }
    }

    /// Its square.
    pub(crate) fn squared(self) -> &'static str {
        match self {
            Self::ElectronsPerSecond => "electron2 / s2",
            Self::Electrons => "electron2",
            Self::CountsPerSecond => "ct2 / s2",
            Self::Counts => "ct2",
        }
    }

    fn per_second(self) -> bool {
        matches!(self, Self::ElectronsPerSecond | Self::CountsPerSecond)
    }

    fn counts(self) -> bool {
        matches!(self, Self::CountsPerSecond | Self::Counts)
    }
}

/// Factors from a sum in image units; NaN where the header does not tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calibration {
    pub(crate) unit: Option<PixelUnit>,
    /// To image units per second, which is what PHOTFLAM refers to.
    pub(crate) per_second: f64,
    /// To electrons per second; counts need the gain.
    pub(crate) electrons_per_second: f64,
    /// Electrons of one image unit over the whole exposure, for the noise of the source.
    pub(crate) electrons: f64,
    /// To microjansky.
    pub(crate) ujy: f64,
    pub(crate) ab_zeropoint: f64,
    pub(crate) photflam: f64,
    pub(crate) photplam: f64,
}

impl Calibration {
    /// What the header says, with `unit` for its BUNIT. PHOTFLAM refers to the image's own unit per second:
    /// electrons for ACS and WFC3, counts for WFPC2.
    pub(crate) fn of_spec(
        spec: &ImageSpec,
        unit: Option<PixelUnit>,
        zero_point: ZeroPoint,
    ) -> Self {
        let seconds = spec.exposure_s.filter(|&seconds| seconds > 0.0).unwrap_or(f64::NAN);
        let per_second = match unit {
            Some(unit) if unit.per_second() => 1.0,
            Some(_) => 1.0 / seconds,
            None => f64::NAN,
        };
        let electrons = match unit {
            Some(unit) if unit.counts() => spec.gain.filter(|&gain| gain > 0.0).unwrap_or(f64::NAN),
            Some(_) => 1.0,
            None => f64::NAN,
        };
        let ab_zeropoint = zero_point.ab(spec.photflam, spec.photplam);
        Self {
            unit,
            per_second,
            electrons_per_second: per_second * electrons,
            electrons: match unit {
                Some(unit) if unit.per_second() => electrons * seconds,
                _ => electrons,
            },
            ujy: per_second * 10f64.powf(-0.4 * (ab_zeropoint - super::AB_MAG_OF_UJY)),
            ab_zeropoint,
            photflam: spec.photflam.unwrap_or(f64::NAN),
            photplam: spec.photplam.unwrap_or(f64::NAN),
        }
    }
}

#[cfg(test)]
mod tests {
    use hst_fits::Header;

    use super::*;

    fn calibration(spec: &ImageSpec, unit: Option<PixelUnit>) -> Calibration {
        Calibration::of_spec(spec, unit, ZeroPoint::Exact)
    }

    fn acs() -> ImageSpec {
        let mut header = Header::new();
        header.set("EXPTIME", 500.0, "");
        header.set("PHOTFLAM", 7.0486e-20, "");
        header.set("PHOTPLAM", 8045.45, "");
        ImageSpec::of_headers(&header, &Header::new())
    }

    const RATE: Option<PixelUnit> = Some(PixelUnit::ElectronsPerSecond);

    #[test]
    fn the_exact_constant_is_that_of_the_definition() {
        // f_nu = f_lambda lambda^2 / c, AB = -2.5 lg f_nu - 48.60.
        let exact = calibration(&acs(), RATE);
        let f_nu = 7.0486e-20 * 8045.45 * 8045.45 / LIGHT;
        assert!((exact.ab_zeropoint - (-2.5 * f_nu.log10() - 48.6)).abs() < 1e-12);
        assert!((exact.ujy / (f_nu * 1e29) - 1.0).abs() < 1e-12);
        let notebook = Calibration::of_spec(&acs(), RATE, ZeroPoint::Notebook);
        assert!((exact.ab_zeropoint - notebook.ab_zeropoint - 5.2e-5).abs() < 1e-6);
    }

    #[test]
    fn every_unit_gives_the_same_source_the_same_brightness() {
        let rate = calibration(&acs(), RATE);
        let total = calibration(&acs(), Some(PixelUnit::Electrons));
        assert!((12.0 * rate.ujy / (12.0 * 500.0 * total.ujy) - 1.0).abs() < 1e-12);
        assert!(
            (12.0 * rate.electrons_per_second / (6000.0 * total.electrons_per_second) - 1.0).abs()
                < 1e-12
        );
        let counts = calibration(&ImageSpec { gain: Some(7.0), ..acs() }, Some(PixelUnit::Counts));
        assert!((counts.electrons_per_second - 7.0 / 500.0).abs() < 1e-15);
    }

    #[test]
    fn what_the_header_lacks_stays_empty() {
        let unknown = calibration(&acs(), None);
        assert!(unknown.ujy.is_nan() && unknown.electrons_per_second.is_nan());
        assert!(unknown.ab_zeropoint.is_finite());
        let no_gain =
            Calibration::of_spec(&acs(), Some(PixelUnit::Counts), ZeroPoint::Magnitude(25.0));
        assert!(no_gain.electrons_per_second.is_nan());
        assert!((no_gain.ab_zeropoint, no_gain.ujy.is_finite()) == (25.0, true));
        assert!(
            calibration(&ImageSpec { photflam: Some(0.0), ..acs() }, RATE).ab_zeropoint.is_nan()
        );
    }

    #[test]
    fn bunits_are_read_as_hst_writes_them() {
        for (bunit, unit) in [
            ("ELECTRONS/S", Some(PixelUnit::ElectronsPerSecond)),
            ("electrons /s ", Some(PixelUnit::ElectronsPerSecond)),
            ("ELECTRONS", Some(PixelUnit::Electrons)),
            ("COUNTS", Some(PixelUnit::Counts)),
            ("COUNTS/S", Some(PixelUnit::CountsPerSecond)),
            ("DN", Some(PixelUnit::Counts)),
            ("MJy/sr", None),
            ("", None),
        ] {
            assert_eq!(PixelUnit::of_bunit(bunit), unit, "{bunit}");
        }
    }
}
