use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::str::FromStr;

use crate::sexagesimal::{self, ParseCoordError, Sexagesimal};

/// An angle, held in degrees; every unit has its own way in and out.
///
/// Degrees are what FITS headers and region files write, so a value that is read and written again is the
/// same number. Angles are not wrapped: 361° stays 361° until [`Angle::wrapped`] is asked.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Angle(f64);

impl Angle {
    /// No angle at all.
    pub const ZERO: Self = Self(0.0);

    /// An angle of `degrees`.
    pub const fn from_degrees(degrees: f64) -> Self {
        Self(degrees)
    }

    /// An angle of `arcmin` minutes of arc.
    pub fn from_arcmin(arcmin: f64) -> Self {
        Self(arcmin / 60.0)
    }

    /// An angle of `arcsec` seconds of arc.
    pub fn from_arcsec(arcsec: f64) -> Self {
        Self(arcsec / 3600.0)
    }

    /// An angle of `hours` of right ascension, 15° each.
    pub fn from_hours(hours: f64) -> Self {
        Self(hours * 15.0)
    }

    /// An angle of `radians`.
    pub fn from_radians(radians: f64) -> Self {
        Self(radians.to_degrees())
    }

    /// The angle in degrees.
    pub const fn degrees(self) -> f64 {
        self.0
    }

    /// The angle in minutes of arc.
    pub fn arcmin(self) -> f64 {
        self.0 * 60.0
    }

    /// The angle in seconds of arc.
    pub fn arcsec(self) -> f64 {
        self.0 * 3600.0
    }

    /// The angle in hours of right ascension.
    pub fn hours(self) -> f64 {
        self.0 / 15.0
    }

    /// The angle in radians.
    pub fn radians(self) -> f64 {
        self.0.to_radians()
    }

    /// The same direction in `0° .. 360°`.
    pub fn wrapped(self) -> Self {
        let turn = self.0.rem_euclid(360.0);
        // A tiny negative angle rounds up to the full turn, which is outside the range.
        Self(if turn >= 360.0 { 0.0 } else { turn })
    }

    /// The same direction in `-180° .. 180°`.
    pub fn wrapped_signed(self) -> Self {
        let turn = self.wrapped().0;
        Self(if turn >= 180.0 { turn - 360.0 } else { turn })
    }

    /// The size of the angle, without its sign.
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }
}

impl Add for Angle {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Angle {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Angle {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<f64> for Angle {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self(self.0 * factor)
    }
}

impl Div<f64> for Angle {
    type Output = Self;
    fn div(self, divisor: f64) -> Self {
        Self(self.0 / divisor)
    }
}

impl Div for Angle {
    type Output = f64;
    fn div(self, other: Self) -> f64 {
        self.0 / other.0
    }
}

/// Decimal degrees, with as many digits as it takes to read the same angle back.
impl fmt::Display for Angle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Reads an angle with its unit: `30arcsec`, `30"`, `0.5arcmin`, `0.5'`, `0.01deg`, `12mas`, `0.1rad`, `1.5h`, or
/// sexagesimal, `1h30m`, `-0d30m`; colons and a bare number mean degrees.
impl FromStr for Angle {
    type Err = ParseCoordError;

    fn from_str(text: &str) -> Result<Self, ParseCoordError> {
        for (name, of) in UNITS {
            let number = sexagesimal::strip_unit(text.trim(), name).and_then(sexagesimal::number);
            if let Some(number) = number {
                return Ok(of(number));
            }
        }
        Ok(match sexagesimal::parse(text)? {
            Sexagesimal::Degrees(degrees) | Sexagesimal::Colons(degrees) => Self(degrees),
            Sexagesimal::Hours(hours) => Self::from_hours(hours),
        })
    }
}

/// What makes an angle of a number in some unit.
type FromNumber = fn(f64) -> Angle;

/// Units beside degrees and hours, which [`sexagesimal::parse`] knows.
const UNITS: [(&str, FromNumber); 8] = [
    ("arcsec", Angle::from_arcsec),
    ("\"", Angle::from_arcsec),
    ("″", Angle::from_arcsec),
    ("arcmin", Angle::from_arcmin),
    ("'", Angle::from_arcmin),
    ("′", Angle::from_arcmin),
    ("mas", |mas| Angle::from_arcsec(mas / 1000.0)),
    ("rad", Angle::from_radians),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_agree() {
        let angle = Angle::from_degrees(1.5);
        assert_eq!(angle.arcmin(), 90.0);
        assert_eq!(angle.arcsec(), 5400.0);
        assert_eq!(angle.hours(), 0.1);
        assert_eq!(Angle::from_arcsec(5400.0), angle);
        assert_eq!(Angle::from_arcmin(90.0), angle);
        assert_eq!(Angle::from_hours(0.1), angle);
        assert!((Angle::from_radians(angle.radians()) - angle).abs() < Angle::from_degrees(1e-15));
    }

    #[test]
    fn an_angle_is_read_with_its_unit() {
        for (text, expected) in [
            ("30arcsec", Angle::from_arcsec(30.0)),
            (" 30 ARCSEC", Angle::from_arcsec(30.0)),
            ("30\"", Angle::from_arcsec(30.0)),
            ("0.5arcmin", Angle::from_arcmin(0.5)),
            ("-5'", Angle::from_arcmin(-5.0)),
            ("0.01deg", Angle::from_degrees(0.01)),
            ("250mas", Angle::from_arcsec(0.25)),
            ("1rad", Angle::from_radians(1.0)),
            ("12.5", Angle::from_degrees(12.5)),
            ("1h30m", Angle::from_hours(1.5)),
            ("-0:30:00", Angle::from_degrees(-0.5)),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in ["", "arcsec", "1arcsecs", "1 2 arcsec", "nan", "infarcsec", "1km", "′"] {
            assert!(text.parse::<Angle>().is_err(), "{text}");
        }
        let error = "1km".parse::<Angle>().unwrap_err();
        assert_eq!(error.to_string(), "not a number: \"1km\"");
    }

    #[test]
    fn wrapping_stays_in_range() {
        assert_eq!(Angle::from_degrees(-90.0).wrapped().degrees(), 270.0);
        assert_eq!(Angle::from_degrees(720.5).wrapped().degrees(), 0.5);
        assert_eq!(Angle::from_degrees(-1e-300).wrapped().degrees(), 0.0);
        assert_eq!(Angle::from_degrees(180.0).wrapped_signed().degrees(), -180.0);
        assert_eq!(Angle::from_degrees(359.0).wrapped_signed().degrees(), -1.0);
        assert!(Angle::from_degrees(f64::NAN).wrapped().degrees().is_nan());
    }
}
