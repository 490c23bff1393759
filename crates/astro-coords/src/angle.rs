use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// An angle, held in degrees; every unit has its own way in and out.
///
/// Degrees are what FITS headers and region files write, so a value that is read and written again is the
/// same number. Angles are not wrapped: 361° stays 361° until [`Angle::wrapped`] is asked.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
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
    fn wrapping_stays_in_range() {
        assert_eq!(Angle::from_degrees(-90.0).wrapped().degrees(), 270.0);
        assert_eq!(Angle::from_degrees(720.5).wrapped().degrees(), 0.5);
        assert_eq!(Angle::from_degrees(-1e-300).wrapped().degrees(), 0.0);
        assert_eq!(Angle::from_degrees(180.0).wrapped_signed().degrees(), -180.0);
        assert_eq!(Angle::from_degrees(359.0).wrapped_signed().degrees(), -1.0);
        assert!(Angle::from_degrees(f64::NAN).wrapped().degrees().is_nan());
    }
}
