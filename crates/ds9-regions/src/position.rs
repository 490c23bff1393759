use astro_coords::{Angle, PixelCoord, SkyCoord};

use crate::frames;
use crate::{Frame, System};

/// A place: two numbers and the frame they are in.
///
/// Celestial coordinates are in degrees, pixel coordinates as the file gives them (the first pixel at 1).
/// The frame is the one the spelling of the numbers selects, `10p` is physical under `image` too.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Position {
    /// Right ascension, longitude or x.
    pub x: f64,
    /// Declination, latitude or y.
    pub y: f64,
    /// What the numbers mean.
    pub frame: Frame,
}

impl Position {
    /// A place at `x`, `y` in `frame`.
    pub const fn new(x: f64, y: f64, frame: Frame) -> Self {
        Self { x, y, frame }
    }

    /// The place on the sky, ICRS; `None` where only an image can tell, as for pixels.
    pub fn to_icrs(&self) -> Option<SkyCoord> {
        let sky = self.frame.sky_frame()?;
        if !self.x.is_finite() || self.y.is_nan() || self.y.abs() > 90.0 {
            return None;
        }
        frames::to_icrs(sky, self.x, self.y)
    }

    /// The place in an image, where it is given in image pixels.
    pub fn to_image(&self) -> Option<PixelCoord> {
        (self.frame.system == System::Image).then(|| PixelCoord::from_fits(self.x, self.y))
    }
}

/// A length with the unit it was written in.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Length {
    /// The number as written.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

/// The unit of a [`Length`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Unit {
    /// Degrees, also of a bare number under a sky frame of the primary WCS.
    Degree,
    /// Minutes of arc.
    Arcmin,
    /// Seconds of arc.
    Arcsec,
    /// Radians, which DS9 documents and refuses.
    Radian,
    /// Image pixels.
    Image,
    /// Physical pixels.
    Physical,
    /// The unit of the frame's own axes: a pixel of the detector, the unit of a linear WCS.
    Axis,
}

impl Length {
    /// A length of `value` in `unit`.
    pub const fn new(value: f64, unit: Unit) -> Self {
        Self { value, unit }
    }

    /// The unit a bare number has in `frame`.
    pub fn native_unit(frame: Frame) -> Unit {
        match frame.system {
            System::Image => Unit::Image,
            System::PhysicalDefault | System::Physical => Unit::Physical,
            System::Wcs if frame.sky_frame().is_some() => Unit::Degree,
            _ => Unit::Axis,
        }
    }

    /// The length as an angle; `None` where it is in pixels or in the unit of an axis.
    pub fn angle(self) -> Option<Angle> {
        match self.unit {
            Unit::Degree => Some(Angle::from_degrees(self.value)),
            Unit::Arcmin => Some(Angle::from_arcmin(self.value)),
            Unit::Arcsec => Some(Angle::from_arcsec(self.value)),
            Unit::Radian => Some(Angle::from_radians(self.value)),
            Unit::Image | Unit::Physical | Unit::Axis => None,
        }
    }

    /// The length in image pixels, where that is how it is written.
    pub fn image_pixels(self) -> Option<f64> {
        (self.unit == Unit::Image).then_some(self.value)
    }
}

impl From<Angle> for Length {
    fn from(angle: Angle) -> Self {
        Self::new(angle.degrees(), Unit::Degree)
    }
}
