//! Positions, lengths and angles of a file in the pixels of one image.

use astro_coords::{Angle, PixelCoord, SkyCoord};

use super::convert::ConvertError;
use super::wcs::{Affine, Alternate, PixelAxes, Wcs};
use crate::frames;
use crate::{Frame, Length, Position, SkyFrame, System, Unit, WcsName};

/// Which north the angles of regions count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AnglePolicy {
    /// North where the region is.
    #[default]
    LocalNorth,
    /// North at the centre of the image, as DS9 and pyregion take it. 0.14° away at declination 28° the two
    /// differ by 0.05°.
    ImageCentre,
}

/// Which pixel size lengths on the sky are divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LengthPolicy {
    /// The side of a square as large as the pixel where the region is.
    #[default]
    Local,
    /// The distance from the centre of the image to the pixel above it, as DS9 takes it.
    Ds9Centre,
}

/// An image as regions see it: its WCS, and how angles and lengths are carried.
#[derive(Clone, Copy)]
pub struct ImageFrame<'a> {
    wcs: &'a dyn Wcs,
    angles: AnglePolicy,
    lengths: LengthPolicy,
    /// The centre and the size of its pixel in degrees, where a policy needs them.
    center: Option<(PixelCoord, f64)>,
}

impl std::fmt::Debug for ImageFrame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImageFrame")
            .field("angles", &self.angles)
            .field("lengths", &self.lengths)
            .finish_non_exhaustive()
    }
}

impl<'a> ImageFrame<'a> {
    /// Angles and lengths are taken where each region is.
    pub fn new(wcs: &'a dyn Wcs) -> Self {
        Self::with_policies(wcs, AnglePolicy::default(), LengthPolicy::default())
    }

    /// As DS9: angles and lengths are taken at the centre of the image.
    pub fn as_ds9(wcs: &'a dyn Wcs) -> Self {
        Self::with_policies(wcs, AnglePolicy::ImageCentre, LengthPolicy::Ds9Centre)
    }

    /// With both policies given. Those of the centre need [`Wcs::shape`]; without it they give errors.
    pub fn with_policies(wcs: &'a dyn Wcs, angles: AnglePolicy, lengths: LengthPolicy) -> Self {
        let center = wcs.shape().and_then(|(ny, nx)| {
            // Half a pixel below the true centre: so DS9 has it.
            let center = PixelCoord::from_fits(nx as f64 / 2.0, ny as f64 / 2.0);
            let above = wcs.to_sky(PixelCoord::new(center.x, center.y + 1.0))?;
            Some((center, wcs.to_sky(center)?.separation(above).degrees()))
        });
        Self { wcs, angles, lengths, center }
    }

    /// The WCS.
    pub fn wcs(&self) -> &'a dyn Wcs {
        self.wcs
    }

    /// The pixel of a position in any frame.
    ///
    /// # Errors
    /// The projection has no such pixel, or the image has no such axes.
    pub fn pixel(&self, position: Position) -> Result<PixelCoord, ConvertError> {
        let given = [position.x, position.y];
        let plain = |map: Affine| {
            let [x, y] = map.apply(given);
            PixelCoord::from_fits(x, y)
        };
        let pixel = match self.axes(position.frame)? {
            Axes::Pixels(map) | Axes::Plain(map) => plain(map),
            Axes::Sky(wcs, sky) => {
                let place = sky_of(sky, position)?;
                wcs.to_pixel(place).ok_or(ConvertError::OffProjection)?
            }
        };
        if pixel.is_finite() { Ok(pixel) } else { Err(ConvertError::OffProjection) }
    }

    /// The place on the sky of a position in any frame.
    ///
    /// # Errors
    /// As [`Self::pixel`].
    pub fn sky(&self, position: Position) -> Result<SkyCoord, ConvertError> {
        match position.frame.sky_frame() {
            Some(sky) => sky_of(sky, position),
            None => self.wcs.to_sky(self.pixel(position)?).ok_or(ConvertError::OffProjection),
        }
    }

    /// The position of a pixel in `frame`.
    ///
    /// # Errors
    /// As [`Self::pixel`].
    pub fn position(&self, pixel: PixelCoord, frame: Frame) -> Result<Position, ConvertError> {
        match self.axes(frame)? {
            Axes::Pixels(map) | Axes::Plain(map) => {
                let (x, y) = pixel.to_fits();
                let back = map.inverse().ok_or(ConvertError::NoSuchAxes(frame))?;
                let [x, y] = back.apply([x, y]);
                Ok(Position::new(x, y, frame))
            }
            Axes::Sky(wcs, sky) => {
                let place = wcs.to_sky(pixel).ok_or(ConvertError::OffProjection)?;
                let transform = frames::transform(sky).ok_or(ConvertError::NoSuchAxes(frame))?;
                let (lon, lat) = transform.from_icrs(place);
                Ok(Position::new(lon.degrees(), lat.degrees(), frame))
            }
        }
    }

    /// A length, at a pixel, in pixels; `frame` is that of the region.
    pub(super) fn pixels(
        &self,
        length: Length,
        frame: Frame,
        at: PixelCoord,
    ) -> Result<f64, ConvertError> {
        if let Some(angle) = length.angle() {
            return Ok(angle.degrees() / self.degrees_per_pixel(at)?);
        }
        let scale = match length.unit {
            Unit::Image => 1.0,
            Unit::Physical => self.axes(Frame::PHYSICAL)?.plain_scale(Frame::PHYSICAL)?,
            _ => self.axes(frame)?.plain_scale(frame)?,
        };
        Ok(length.value * scale)
    }

    pub(super) fn degrees_per_pixel(&self, at: PixelCoord) -> Result<f64, ConvertError> {
        let size = match self.lengths {
            LengthPolicy::Ds9Centre => self.center.ok_or(ConvertError::NoShape)?.1,
            LengthPolicy::Local => {
                let [[a, b], [c, d]] = self.wcs.jacobian(at).ok_or(ConvertError::OffProjection)?;
                (a * d - b * c).abs().sqrt()
            }
        };
        if size > 0.0 && size.is_finite() { Ok(size) } else { Err(ConvertError::OffProjection) }
    }

    /// The direction in the image of a direction of `frame`, at a pixel.
    pub(super) fn angle_to_pixels(
        &self,
        angle: Angle,
        frame: Frame,
        at: PixelCoord,
    ) -> Result<Angle, ConvertError> {
        let sky = match self.axes(frame)? {
            Axes::Pixels(_) => return Ok(angle),
            Axes::Plain(map) => return Ok(map.turn(angle)),
            Axes::Sky(_, sky) => sky,
        };
        let north = self.north(sky, at)?;
        Ok(match north {
            North::Local([[a, b], [c, d]], turn) => {
                let (east, up) = (angle - Angle::from_degrees(90.0) + turn).radians().sin_cos();
                let determinant = a * d - b * c;
                let x = (d * east - b * up) / determinant;
                let y = (a * up - c * east) / determinant;
                Angle::from_radians(y.atan2(x))
            }
            North::Centre { up, mirrored } => {
                let from_north = angle - Angle::from_degrees(90.0);
                if mirrored { up - from_north } else { up + from_north }
            }
        })
    }

    /// The direction in `frame` of a direction in the image, at a pixel.
    pub(super) fn angle_from_pixels(
        &self,
        angle: Angle,
        frame: Frame,
        at: PixelCoord,
    ) -> Result<Angle, ConvertError> {
        let sky = match self.axes(frame)? {
            Axes::Pixels(_) => return Ok(angle),
            Axes::Plain(map) => {
                return Ok(map.inverse().ok_or(ConvertError::NoSuchAxes(frame))?.turn(angle));
            }
            Axes::Sky(_, sky) => sky,
        };
        let quarter = Angle::from_degrees(90.0);
        Ok(match self.north(sky, at)? {
            North::Local([[a, b], [c, d]], turn) => {
                let (y, x) = angle.radians().sin_cos();
                let position_angle = Angle::from_radians((a * x + b * y).atan2(c * x + d * y));
                (position_angle - turn + quarter).wrapped()
            }
            North::Centre { up, mirrored: false } => (angle - up + quarter).wrapped(),
            North::Centre { up, mirrored: true } => (up - angle + quarter).wrapped(),
        })
    }

    /// Whether angles of `frame` turn the other way than those of the image.
    pub(super) fn mirrors(&self, frame: Frame, at: PixelCoord) -> Result<bool, ConvertError> {
        let [[a, b], [c, d]] = match self.axes(frame)? {
            Axes::Pixels(_) => return Ok(false),
            Axes::Plain(map) => return Ok(map.determinant() < 0.0),
            Axes::Sky(wcs, _) => wcs.jacobian(at).ok_or(ConvertError::OffProjection)?,
        };
        Ok(a * d - b * c > 0.0)
    }

    fn north(&self, sky: SkyFrame, at: PixelCoord) -> Result<North, ConvertError> {
        let local = self.angles == AnglePolicy::LocalNorth;
        let at = if local { at } else { self.center.ok_or(ConvertError::NoShape)?.0 };
        let off = ConvertError::OffProjection;
        let jacobian = self.wcs.jacobian(at).ok_or(off.clone())?;
        let turn = match sky {
            SkyFrame::Icrs => Angle::ZERO,
            _ => {
                let transform = frames::transform(sky)
                    .ok_or(ConvertError::NoSuchAxes(Frame::celestial(sky)))?;
                let (lon, lat) = transform.from_icrs(self.wcs.to_sky(at).ok_or(off)?);
                transform.north(lon, lat)
            }
        };
        if local {
            return Ok(North::Local(jacobian, turn));
        }
        let [[a, b], [c, d]] = jacobian;
        let determinant = a * d - b * c;
        let (east, up) = turn.radians().sin_cos();
        let (x, y) = ((d * east - b * up) / determinant, (a * up - c * east) / determinant);
        Ok(North::Centre { up: Angle::from_radians(y.atan2(x)), mirrored: determinant > 0.0 })
    }

    fn axes(&self, frame: Frame) -> Result<Axes<'a>, ConvertError> {
        let pixels = |axes| Axes::Pixels(self.wcs.pixel_axes(axes).unwrap_or(Affine::IDENTITY));
        Ok(match frame.system {
            System::Image => Axes::Pixels(Affine::IDENTITY),
            System::PhysicalDefault | System::Physical => pixels(PixelAxes::Physical),
            System::Detector => self.pixel_axes_or_physical(PixelAxes::Detector),
            System::Amplifier => self.pixel_axes_or_physical(PixelAxes::Amplifier),
            System::Wcs => match (frame.wcs, frame.sky) {
                (WcsName::Primary, SkyFrame::Linear) => {
                    Axes::Plain(self.wcs.linear().ok_or(ConvertError::NoSuchAxes(frame))?)
                }
                (WcsName::Primary, sky) => Axes::Sky(self.wcs, named(sky)),
                (WcsName::Letter(letter), sky) => match self.wcs.alternate(letter) {
                    Some(Alternate::Plain(map)) => Axes::Plain(map),
                    Some(Alternate::Sky(wcs)) => Axes::Sky(wcs, named(sky)),
                    None => return Err(ConvertError::NoSuchAxes(frame)),
                },
                (WcsName::Offset, _) => return Err(ConvertError::NoSuchAxes(frame)),
            },
        })
    }

    /// Detector and amplifier pixels are the physical ones where the header does not say.
    fn pixel_axes_or_physical(&self, axes: PixelAxes) -> Axes<'a> {
        let map = self.wcs.pixel_axes(axes).or_else(|| self.wcs.pixel_axes(PixelAxes::Physical));
        Axes::Pixels(map.unwrap_or(Affine::IDENTITY))
    }
}

enum Axes<'a> {
    Pixels(Affine),
    Plain(Affine),
    Sky(&'a dyn Wcs, SkyFrame),
}

impl Axes<'_> {
    fn plain_scale(&self, frame: Frame) -> Result<f64, ConvertError> {
        match self {
            Self::Pixels(map) | Self::Plain(map) => Ok(map.scale()),
            Self::Sky(..) => Err(ConvertError::NoSuchAxes(frame)),
        }
    }
}

enum North {
    Local([[f64; 2]; 2], Angle),
    /// Direction of north in the image, and whether east lies clockwise of it.
    Centre {
        up: Angle,
        mirrored: bool,
    },
}

fn named(sky: SkyFrame) -> SkyFrame {
    if sky == SkyFrame::Unnamed { SkyFrame::Fk5 } else { sky }
}

fn sky_of(sky: SkyFrame, position: Position) -> Result<SkyCoord, ConvertError> {
    let fits = position.x.is_finite() && position.y.abs() <= 90.0;
    fits.then(|| frames::to_icrs(sky, position.x, position.y))
        .flatten()
        .ok_or(ConvertError::OffProjection)
}
