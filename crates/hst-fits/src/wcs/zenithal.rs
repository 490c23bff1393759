use astro_coords::Angle;

use super::linear::Matrix;
use super::trig::{atan2, sin_cos, whole};
use super::wide::{Block, each};

/// Which azimuthal projection: how far from the reference point a distance on the sky is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Gnomonic.
    Tan,
    /// Orthographic, without slant.
    Sin,
    /// Equidistant.
    Arc,
    /// Stereographic.
    Stg,
    /// Equal area.
    Zea,
}

/// An azimuthal projection around the reference position, its plane turned so that y points north there.
///
/// Everything is computed from the small offset to the reference position, so that a position keeps its
/// last digit: 1e-9 of a 0.04″ pixel is less than the rounding of a right ascension in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Zenithal {
    kind: Kind,
    /// Longitude and latitude of the reference position, degrees.
    reference: [f64; 2],
    sin_reference: f64,
    cos_reference: f64,
}

/// A direction by its components to the east, to the north and along the reference direction.
type Direction = [f64; 3];

impl Zenithal {
    pub(crate) fn new(kind: Kind, reference: [f64; 2]) -> Self {
        let (sin_reference, cos_reference) = sin_cos(reference[1]);
        let reference = [Angle::from_degrees(reference[0]).wrapped().degrees(), reference[1]];
        Self { kind, reference, sin_reference, cos_reference }
    }

    /// Longitude (0 to 360) and latitude in degrees of the plane's point, in radians.
    pub(crate) fn to_sky(self, plane: [f64; 2]) -> Option<[f64; 2]> {
        let place = self.place(self.kind.direction(plane)?);
        (!place[0].is_nan()).then_some(place)
    }

    /// The same of many, NaN where there is none.
    #[inline(always)]
    pub(super) fn to_sky_each(self, points: &mut Block) {
        match self.kind {
            Kind::Tan => each!(points, |[x, y]| self.place([x, y, 1.0])),
            _ => each!(points, |plane| self.to_sky(plane).unwrap_or([f64::NAN; 2])),
        }
    }

    /// Longitude (0 to 360) and latitude in degrees; NaN for what is not finite.
    #[inline(always)]
    fn place(self, [east, north, along]: Direction) -> [f64; 2] {
        let (s0, c0) = (self.sin_reference, self.cos_reference);
        let toward_equator = along * c0 - north * s0;
        let toward_pole = along * s0 + north * c0;
        let across = (east * east + toward_equator * toward_equator).sqrt();
        let lon = self.reference[0] + atan2(east, toward_equator).to_degrees();
        let lon = if lon < 0.0 { lon + 360.0 } else { lon };
        let lon = if lon >= 360.0 { lon - 360.0 } else { lon };
        // tan(δ − δ0) without the difference of two large numbers, on this side of the pole.
        let rise = north - s0 * (east * east / (across + toward_equator));
        let near = toward_equator > 0.0;
        let (from, rise, run) = if near {
            (self.reference[1], rise, across * c0 + toward_pole * s0)
        } else {
            (0.0, toward_pole, across)
        };
        let lat = from + atan2(rise, run).to_degrees();
        // A square of the plane that overflows has no place, be its roots finite.
        let square = east * east + north * north;
        let shown = square.is_finite() & across.is_finite() & lat.is_finite();
        if shown { [lon, lat] } else { [f64::NAN; 2] }
    }

    /// The plane's point, in radians, of a longitude and a latitude in degrees.
    pub(crate) fn to_plane(self, place: [f64; 2]) -> Option<[f64; 2]> {
        self.kind.plane(self.toward(place))
    }

    /// The same of many, NaN where there is none.
    #[inline(always)]
    pub(super) fn to_plane_each(self, places: &mut Block) {
        match self.kind {
            Kind::Tan => each!(places, |place| gnomonic(self.toward(place))),
            _ => each!(places, |place| self.to_plane(place).unwrap_or([f64::NAN; 2])),
        }
    }

    /// The unit direction to a longitude and a latitude in degrees.
    #[inline(always)]
    fn toward(self, [lon, lat]: [f64; 2]) -> Direction {
        let (s0, c0) = (self.sin_reference, self.cos_reference);
        let (sin_half, cos_half) = sin_cos(wrapped(lon - self.reference[0]) * 0.5);
        let (sin_rise, cos_rise) = sin_cos(lat - self.reference[1]);
        let cos_lat = c0 * cos_rise - s0 * sin_rise;
        let cos_lat = if cos_lat > 0.0 { cos_lat } else { 0.0 };
        let bulge = 2.0 * cos_lat * sin_half * sin_half;
        [2.0 * cos_lat * sin_half * cos_half, sin_rise + s0 * bulge, cos_rise - c0 * bulge]
    }

    /// How the position moves (to the east and to the north) with the plane's point; all in radians.
    pub(super) fn tangent(&self, plane: [f64; 2]) -> Option<Matrix> {
        let [east, north, along] = self.kind.direction(plane)?;
        let slopes = self.kind.slopes(plane);
        let (s0, c0) = (self.sin_reference, self.cos_reference);
        // In the frame turned to the reference longitude: x to its equator, y east, z to the pole.
        let turned = |[e, n, a]: Direction| [a * c0 - n * s0, e, a * s0 + n * c0];
        let [x, y, z] = turned([east, north, along]);
        let (across, length) = (x.hypot(y), x.hypot(y).hypot(z));
        // At the pole itself every direction is south; the meridian of the reference is taken.
        let [cos, sin] = if across > 0.0 { [x / across, y / across] } else { [1.0, 0.0] };
        let column = |slope: Direction| {
            let [dx, dy, dz] = turned(slope);
            let outward = dx * cos + dy * sin;
            [(dy * cos - dx * sin) / length, (dz * across - outward * z) / (length * length)]
        };
        let (by_x, by_y) = (column(slopes[0]), column(slopes[1]));
        Some([[by_x[0], by_y[0]], [by_x[1], by_y[1]]])
    }
}

/// `angle` in degrees less the whole turns, −180 to 180; exact where it is already there.
#[inline(always)]
fn wrapped(angle: f64) -> f64 {
    if angle.abs() <= 180.0 { angle } else { angle - 360.0 * whole(angle * (1.0 / 360.0)) }
}

/// Where a unit direction is drawn on the tangent plane; NaN where it is not.
#[inline(always)]
fn gnomonic([east, north, along]: Direction) -> [f64; 2] {
    let scale = 1.0 / along;
    let plane = [east * scale, north * scale];
    let shown = (along > 0.0) & plane[0].is_finite() & plane[1].is_finite();
    if shown { plane } else { [f64::NAN; 2] }
}

impl Kind {
    /// The direction (of any positive length) that is drawn at the plane's point.
    #[inline]
    fn direction(self, [x, y]: [f64; 2]) -> Option<Direction> {
        let square = x * x + y * y;
        let direction = match self {
            Self::Tan => [x, y, 1.0],
            Self::Sin => [x, y, (1.0 - square).sqrt()],
            Self::Stg => [x, y, 1.0 - square / 4.0],
            Self::Zea => {
                let scale = (1.0 - square / 4.0).sqrt();
                [x * scale, y * scale, 1.0 - square / 2.0]
            }
            Self::Arc => {
                let radius = square.sqrt();
                let scale = sinc(radius);
                let along = if radius <= std::f64::consts::PI { radius.cos() } else { f64::NAN };
                [x * scale, y * scale, along]
            }
        };
        (square.is_finite() && !direction[2].is_nan()).then_some(direction)
    }

    /// The derivatives of [`Self::direction`] by x and by y.
    fn slopes(self, [x, y]: [f64; 2]) -> [Direction; 2] {
        let square = x * x + y * y;
        // The direction is (x s, y s, a); `ds` and `da` are the derivatives by half the square.
        let (scale, ds, da) = match self {
            Self::Tan => (1.0, 0.0, 0.0),
            Self::Sin => (1.0, 0.0, -1.0 / (1.0 - square).sqrt()),
            Self::Stg => (1.0, 0.0, -0.5),
            Self::Zea => {
                let scale = (1.0 - square / 4.0).sqrt();
                (scale, -0.25 / scale, -1.0)
            }
            Self::Arc => {
                let radius = square.sqrt();
                let scale = sinc(radius);
                let ds = if radius < 1e-3 {
                    -1.0 / 3.0 + square / 30.0
                } else {
                    (radius.cos() - scale) / square
                };
                (scale, ds, -scale)
            }
        };
        [[scale + x * x * ds, x * y * ds, x * da], [x * y * ds, scale + y * y * ds, y * da]]
    }

    /// Where a unit direction is drawn; `None` where the projection does not show it.
    fn plane(self, direction: Direction) -> Option<[f64; 2]> {
        let [east, north, along] = direction;
        let scale = match self {
            Self::Tan => {
                let plane = gnomonic(direction);
                return (!plane[0].is_nan()).then_some(plane);
            }
            Self::Sin if along >= 0.0 => 1.0,
            Self::Stg if along > -1.0 => 2.0 / (1.0 + along),
            Self::Zea if along > -1.0 => (2.0 / (1.0 + along)).sqrt(),
            Self::Arc => {
                let sine = east.hypot(north);
                let radius = sine.atan2(along);
                if sine > 0.0 { radius / sine } else { 1.0 }
            }
            _ => return None,
        };
        let plane = [east * scale, north * scale];
        (plane[0].is_finite() && plane[1].is_finite()).then_some(plane)
    }
}

/// sin r / r.
#[inline]
fn sinc(r: f64) -> f64 {
    if r > 1e-8 { r.sin() / r } else { 1.0 }
}
