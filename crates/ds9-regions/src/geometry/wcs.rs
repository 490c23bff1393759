use astro_coords::{Angle, PixelCoord, SkyCoord};

/// How the pixels of an image lie on the sky. This crate reads no image: whoever has one says it through this.
pub trait Wcs {
    /// The pixel that shows the place, in the image or outside; `None` where the projection has none.
    fn to_pixel(&self, place: SkyCoord) -> Option<PixelCoord>;

    /// The place a pixel shows.
    fn to_sky(&self, pixel: PixelCoord) -> Option<SkyCoord>;

    /// Size of the image `(ny, nx)`, which the policies of DS9 need to find its centre.
    fn shape(&self) -> Option<(usize, usize)> {
        None
    }

    /// Degrees east and north (rows) for a pixel along x and y (columns), in ICRS, `cos δ` included.
    ///
    /// By default from the places half a pixel around.
    fn jacobian(&self, pixel: PixelCoord) -> Option<[[f64; 2]; 2]> {
        let here = self.to_sky(pixel)?;
        let step = |x: f64, y: f64| {
            let place = |s: f64| self.to_sky(PixelCoord::new(pixel.x + s * x, pixel.y + s * y));
            Some(east_and_north(here, place(-0.5)?, place(0.5)?))
        };
        let ([east_x, north_x], [east_y, north_y]) = (step(1.0, 0.0)?, step(0.0, 1.0)?);
        Some([[east_x, east_y], [north_x, north_y]])
    }

    /// How other pixel axes map to those of the image, both counted as FITS does; `None` where the header does
    /// not say, and then they are the same.
    fn pixel_axes(&self, _axes: PixelAxes) -> Option<Affine> {
        None
    }

    /// Another WCS of the same image, by its letter; `None` where there is none.
    fn alternate(&self, _letter: char) -> Option<Alternate<'_>> {
        None
    }

    /// The primary WCS read as plain numbers, for `linear`: world coordinates to image pixels as FITS counts.
    fn linear(&self) -> Option<Affine> {
        None
    }
}

/// Axes of pixels that are not those of the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PixelAxes {
    /// The parent image: LTM and LTV.
    Physical,
    /// DTM and DTV.
    Detector,
    /// ATM and ATV.
    Amplifier,
}

/// Another WCS of an image.
#[derive(Clone, Copy)]
pub enum Alternate<'a> {
    /// It is celestial.
    Sky(&'a dyn Wcs),
    /// Its axes are plain numbers.
    Plain(Affine),
}

impl std::fmt::Debug for Alternate<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sky(_) => f.write_str("Sky(..)"),
            Self::Plain(map) => f.debug_tuple("Plain").field(map).finish(),
        }
    }
}

/// `image = matrix · other + offset`, pixels counted as FITS does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine {
    /// Row by row.
    pub matrix: [[f64; 2]; 2],
    /// In image pixels.
    pub offset: [f64; 2],
}

impl Affine {
    /// Both axes are the same.
    pub const IDENTITY: Self = Self { matrix: [[1.0, 0.0], [0.0, 1.0]], offset: [0.0, 0.0] };

    /// The image coordinates of `p`.
    pub fn apply(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [[a, b], [c, d]] = self.matrix;
        [a * x + b * y + self.offset[0], c * x + d * y + self.offset[1]]
    }

    /// The way back; `None` where the matrix is singular.
    pub fn inverse(&self) -> Option<Self> {
        let [[a, b], [c, d]] = self.matrix;
        let determinant = a * d - b * c;
        if determinant == 0.0 || !determinant.is_finite() {
            return None;
        }
        let matrix = [[d / determinant, -b / determinant], [-c / determinant, a / determinant]];
        let [x, y] = Self { matrix, offset: [0.0, 0.0] }.apply(self.offset);
        Some(Self { matrix, offset: [-x, -y] })
    }

    pub(super) fn determinant(&self) -> f64 {
        let [[a, b], [c, d]] = self.matrix;
        a * d - b * c
    }

    /// Image pixels for a unit of the other axes; of unequal axes the geometric mean.
    pub fn scale(&self) -> f64 {
        let [[a, b], [c, d]] = self.matrix;
        if b == 0.0 && c == 0.0 && a == d {
            return a.abs();
        }
        (a * d - b * c).abs().sqrt()
    }

    /// The direction in the image of a direction on the other axes.
    pub(crate) fn turn(&self, angle: Angle) -> Angle {
        let [[a, b], [c, d]] = self.matrix;
        if b == 0.0 && c == 0.0 && a == d && a > 0.0 {
            return angle;
        }
        let (sin, cos) = angle.radians().sin_cos();
        Angle::from_radians((c * cos + d * sin).atan2(a * cos + b * sin))
    }
}

/// The step from one place to another, degrees along the east and north of `here`.
fn east_and_north(here: SkyCoord, from: SkyCoord, to: SkyCoord) -> [f64; 2] {
    let (sin_ra, cos_ra) = here.ra.radians().sin_cos();
    let (sin_dec, cos_dec) = here.dec.radians().sin_cos();
    let (a, b) = (from.to_vector(), to.to_vector());
    let [dx, dy, dz] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    let east = cos_ra * dy - sin_ra * dx;
    let north = cos_dec * dz - sin_dec * (cos_ra * dx + sin_ra * dy);
    [east.to_degrees(), north.to_degrees()]
}
