//! Pixels to sky and back, as the header's world coordinate keywords say.

mod allsky;
mod distortion;
mod error;
mod file;
mod keywords;
mod linear;
mod lookup;
mod many;
mod polynomial;
mod read;
mod sip;
mod sphere;
mod start;
mod tpv;
mod trig;
mod wide;
pub(crate) mod zenithal;

use astro_coords::{Angle, FrameTransform, PixelCoord, SkyCoord};

use allsky::AllSky;
use distortion::Distortion;
use linear::{Linear, Matrix};
use sphere::Sphere;
use tpv::Tpv;
use zenithal::Zenithal;

pub use error::WcsError;
pub use keywords::Keywords;
pub use lookup::{LookupTable, LookupTables};

/// How the pixels of an image lie on the sky.
///
/// Steps from pixel to sky: D2IM table, then SIP and CPDIS table together, then CRPIX and the matrix (CD, PC
/// with CDELT, or CROTA with CDELT), the projection, and the frame of RADESYS and EQUINOX to ICRS. Distorted
/// images are inverted by Newton's method on the whole of it: AP and BP are not used.
///
/// Projections: TAN, TPV, SIN (without slant), ARC, STG, ZEA, CAR, CEA, MER, SFL, AIT, MOL. Any other is
/// refused by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Wcs {
    name: Option<String>,
    frame: FrameTransform,
    distortion: Option<Box<Distortion>>,
    linear: Linear,
    tpv: Option<Box<Tpv>>,
    projection: Projection,
}

#[derive(Debug, Clone, PartialEq)]
enum Projection {
    Zenithal(Zenithal),
    AllSky(AllSky, Sphere),
}

impl Wcs {
    /// Reads the header's description, `None` for the primary one, else its letter `A` to `Z`.
    ///
    /// SIP coefficients are used also where CTYPE does not end in `-SIP`, as astropy does. They belong to
    /// every description of a header, and so do the lookup tables.
    ///
    /// # Errors
    /// [`WcsError`], with the keyword: one of CTYPE, CRVAL, CRPIX or the matrix is missing, a value makes no
    /// sense, the projection is not supported, the matrix is singular, a lookup table is not in `tables`.
    pub fn from_keywords(
        header: &(impl Keywords + ?Sized),
        alternate: Option<char>,
        tables: &LookupTables,
    ) -> Result<Self, WcsError> {
        read::read(header, alternate, tables)
    }

    /// A gnomonic (TAN) image without distortion: `reference` lies at the pixel `origin`, and `cd` gives
    /// degrees to the east (row 0) and to the north (row 1) for a pixel along x and along y.
    ///
    /// # Errors
    /// [`WcsError::SingularMatrix`] where `cd` is singular or not finite.
    pub fn tangent(
        reference: SkyCoord,
        origin: PixelCoord,
        cd: [[f64; 2]; 2],
    ) -> Result<Self, WcsError> {
        let linear = Linear::new([origin.x, origin.y], cd)?;
        let reference = [reference.ra.degrees(), reference.dec.degrees()];
        Ok(Self::gnomonic(reference, origin, cd, linear.inverse))
    }

    /// The same with the inverse of `cd` known.
    pub(crate) fn gnomonic(
        reference: [f64; 2],
        origin: PixelCoord,
        matrix: [[f64; 2]; 2],
        inverse: [[f64; 2]; 2],
    ) -> Self {
        Self {
            name: None,
            frame: astro_coords::Frame::Icrs.transform(),
            distortion: None,
            linear: Linear { origin: [origin.x, origin.y], matrix, inverse },
            tpv: None,
            projection: Projection::Zenithal(Zenithal::new(zenithal::Kind::Tan, reference)),
        }
    }

    /// WCSNAME.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The frame of the header's own longitudes and latitudes.
    pub fn frame(&self) -> astro_coords::Frame {
        self.frame.frame()
    }

    /// Whether the image is bent by more than its projection: SIP, TPV or lookup tables.
    pub fn is_distorted(&self) -> bool {
        self.distortion.is_some() || self.tpv.is_some()
    }

    /// The place of the pixel on the sky; `None` where the projection has none.
    pub fn to_sky(&self, pixel: PixelCoord) -> Option<SkyCoord> {
        let [lon, lat] = self.to_world([pixel.x, pixel.y])?;
        Some(self.frame.to_icrs(Angle::from_degrees(lon), Angle::from_degrees(lat)))
    }

    /// The pixel, in the image or outside, that shows the place; `None` where the projection has none or the
    /// distortion cannot be inverted.
    pub fn to_pixel(&self, place: SkyCoord) -> Option<PixelCoord> {
        let (lon, lat) = self.frame.from_icrs(place);
        let [x, y] = self.to_image([lon.degrees(), lat.degrees()])?;
        Some(PixelCoord::new(x, y))
    }

    /// Longitude (0 to 360) and latitude in degrees in the header's own frame.
    fn to_world(&self, pixel: [f64; 2]) -> Option<[f64; 2]> {
        let distortion = self.distortion.as_ref();
        self.undistorted_to_world(distortion.map_or(pixel, |distortion| distortion.apply(pixel)))
    }

    /// The same of a pixel freed of its distortion.
    fn undistorted_to_world(&self, pixel: [f64; 2]) -> Option<[f64; 2]> {
        let plane = self.linear.to_plane(pixel);
        let plane = self.tpv.as_ref().map_or(plane, |tpv| tpv.apply(plane).0).map(f64::to_radians);
        match &self.projection {
            Projection::Zenithal(zenithal) => zenithal.to_sky(plane),
            Projection::AllSky(projection, sphere) => {
                let [lon, lat] = sphere.to_sky(projection.to_native(plane)?.0);
                Some([Angle::from_degrees(lon).wrapped().degrees(), lat])
            }
        }
    }

    fn to_image(&self, world: [f64; 2]) -> Option<[f64; 2]> {
        let pixel = self.to_undistorted(world)?;
        match &self.distortion {
            Some(distortion) => distortion.invert(pixel),
            None => Some(pixel),
        }
    }

    /// The pixel, still to be distorted.
    fn to_undistorted(&self, world: [f64; 2]) -> Option<[f64; 2]> {
        let plane = match &self.projection {
            Projection::Zenithal(zenithal) => zenithal.to_plane(world)?,
            Projection::AllSky(projection, sphere) => {
                projection.to_plane(sphere.to_native(world))?
            }
        };
        let mut plane = plane.map(f64::to_degrees);
        if let Some(tpv) = &self.tpv {
            plane = tpv.invert(plane)?;
        }
        Some(self.linear.to_pixel(plane))
    }

    /// How the place moves with the pixel, degrees a pixel, in ICRS: `[[east by x, east by y], [north by x,
    /// north by y]]`, east counted along the parallel (cos δ included). All steps are differentiated
    /// analytically.
    pub fn jacobian(&self, pixel: PixelCoord) -> Option<[[f64; 2]; 2]> {
        let at = [pixel.x, pixel.y];
        let (pixel, bend) = match &self.distortion {
            Some(distortion) => distortion.apply_with_slope(at),
            None => (at, [[1.0, 0.0], [0.0, 1.0]]),
        };
        let mut slope = linear::multiply(&self.linear.matrix, &bend);
        let offset = [pixel[0] - self.linear.origin[0], pixel[1] - self.linear.origin[1]];
        let mut plane = linear::apply(&self.linear.matrix, offset);
        if let Some(tpv) = &self.tpv {
            let (moved, by_plane) = tpv.apply(plane);
            slope = linear::multiply(&by_plane, &slope);
            plane = moved;
        }
        let plane = plane.map(f64::to_radians);
        let (world, on_sky) = self.tangent_at(plane)?;
        let jacobian = linear::multiply(&on_sky, &slope);
        Some(linear::multiply(&self.turn_to_icrs(world), &jacobian))
    }

    /// World position in degrees and its derivatives, east and north, by the plane's point.
    fn tangent_at(&self, plane: [f64; 2]) -> Option<([f64; 2], Matrix)> {
        match &self.projection {
            Projection::Zenithal(zenithal) => {
                Some((zenithal.to_sky(plane)?, zenithal.tangent(plane)?))
            }
            Projection::AllSky(projection, sphere) => {
                let (native, slope) = projection.to_native(plane)?;
                let on_sky = linear::multiply(&sphere.tangent(native), &slope);
                Some((sphere.to_sky(native), on_sky))
            }
        }
    }

    /// The turn from the frame's own east and north to those of ICRS.
    fn turn_to_icrs(&self, [lon, lat]: [f64; 2]) -> Matrix {
        let north = self.frame.north(Angle::from_degrees(lon), Angle::from_degrees(lat));
        let (sin, cos) = north.radians().sin_cos();
        [[cos, sin], [-sin, cos]]
    }

    /// Sizes of a pixel along x and y at the reference point, distortion left out: the lengths of the columns
    /// of the matrix, as astropy's `proj_plane_pixel_scales`.
    pub fn pixel_scales(&self) -> [Angle; 2] {
        let m = &self.linear.matrix;
        [0, 1].map(|j| Angle::from_degrees(m[0][j].hypot(m[1][j])))
    }

    /// The side of a square as large as a pixel at the reference point, distortion left out.
    pub fn pixel_scale(&self) -> Angle {
        Angle::from_degrees(linear::determinant(&self.linear.matrix).abs().sqrt())
    }

    /// Sizes of the pixel along x and y at a place of the image, distortion and projection included.
    pub fn pixel_scales_at(&self, pixel: PixelCoord) -> Option<[Angle; 2]> {
        let jacobian = self.jacobian(pixel)?;
        Some([0, 1].map(|j| Angle::from_degrees(jacobian[0][j].hypot(jacobian[1][j]))))
    }

    /// The side of a square as large as the pixel at a place of the image.
    pub fn pixel_scale_at(&self, pixel: PixelCoord) -> Option<Angle> {
        let area = linear::determinant(&self.jacobian(pixel)?).abs();
        Some(Angle::from_degrees(area.sqrt()))
    }

    /// Position angle of the y axis (up the rows) at a place of the image, north through east.
    pub fn y_position_angle(&self, pixel: PixelCoord) -> Option<Angle> {
        let jacobian = self.jacobian(pixel)?;
        Some(Angle::from_radians(jacobian[0][1].atan2(jacobian[1][1])).wrapped())
    }

    /// The outer corners of an image of `shape` `(ny, nx)`, counterclockwise in pixels from the lower left
    /// corner of the first pixel; `None` where a corner is not on the sky.
    pub fn footprint(&self, shape: (usize, usize)) -> Option<[SkyCoord; 4]> {
        let (right, top) = (shape.1 as f64 - 0.5, shape.0 as f64 - 0.5);
        let corner = |x, y| self.to_sky(PixelCoord::new(x, y));
        Some([corner(-0.5, -0.5)?, corner(right, -0.5)?, corner(right, top)?, corner(-0.5, top)?])
    }

    /// Whether a pixel of an image of `shape` `(ny, nx)` shows the place.
    pub fn contains(&self, place: SkyCoord, shape: (usize, usize)) -> bool {
        let inside = |at: f64, size: usize| at >= -0.5 && at < size as f64 - 0.5;
        self.to_pixel(place).is_some_and(|at| inside(at.x, shape.1) && inside(at.y, shape.0))
    }

    /// The same sky seen by an image whose first pixel is the pixel `(x, y)` of this one, as of a cutout.
    ///
    /// The lookup tables move along.
    pub fn shifted(&self, x: isize, y: isize) -> Self {
        let mut shifted = self.clone();
        let by = [x as f64, y as f64];
        shifted.linear.origin = [self.linear.origin[0] - by[0], self.linear.origin[1] - by[1]];
        if let Some(distortion) = &mut shifted.distortion {
            distortion.shift(by);
        }
        shifted
    }
}
