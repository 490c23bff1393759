use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI, SQRT_2};

use super::linear::Matrix;

/// A projection of the whole sky around its equator; native longitude and latitude, all in radians.
///
/// # Source
/// Calabretta & Greisen 2002, A&A 395, 1077, sect. 5.2 and 5.3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum AllSky {
    /// Plate carrée.
    Car,
    /// Cylindrical equal area, with its parameter λ.
    Cea(f64),
    /// Mercator.
    Mer,
    /// Sanson-Flamsteed.
    Sfl,
    /// Hammer-Aitoff.
    Ait,
    /// Mollweide.
    Mol,
}

/// Rounding may put a point of the sky's very edge this far outside (of 1).
const EDGE: f64 = 1e-13;

impl AllSky {
    /// Native longitude and latitude of the plane's point, and their derivatives by x and y.
    ///
    /// `None` outside the sky.
    pub(super) fn to_native(self, [x, y]: [f64; 2]) -> Option<([f64; 2], Matrix)> {
        let (native, slope) = match self {
            Self::Car => ([x, y], [[1.0, 0.0], [0.0, 1.0]]),
            Self::Cea(lambda) => {
                let lat = arcsine(lambda * y)?;
                ([x, lat], [[1.0, 0.0], [0.0, lambda / lat.cos()]])
            }
            Self::Mer => ([x, y.sinh().atan()], [[1.0, 0.0], [0.0, 1.0 / y.cosh()]]),
            Self::Sfl => sanson(x, y)?,
            Self::Ait => aitoff(x, y)?,
            Self::Mol => mollweide(x, y)?,
        };
        let shown =
            native[0].abs() <= PI * (1.0 + EDGE) && native[1].abs() <= FRAC_PI_2 * (1.0 + EDGE);
        shown.then_some((native, slope))
    }

    /// The plane's point of a native longitude (−π to π) and latitude; `None` where it has none.
    pub(super) fn to_plane(self, [lon, lat]: [f64; 2]) -> Option<[f64; 2]> {
        let plane = match self {
            Self::Car => [lon, lat],
            Self::Cea(lambda) => [lon, lat.sin() / lambda],
            Self::Mer => [lon, lat.tan().asinh()],
            Self::Sfl => [lon * lat.cos(), lat],
            Self::Ait => {
                let (sin_half, cos_half) = (lon / 2.0).sin_cos();
                let (sin_lat, cos_lat) = lat.sin_cos();
                let scale = (2.0 / (1.0 + cos_lat * cos_half)).sqrt();
                [2.0 * scale * cos_lat * sin_half, scale * sin_lat]
            }
            Self::Mol => {
                let (sin, cos) = mollweide_colatitude(lat.abs()).sin_cos();
                [2.0 * SQRT_2 / PI * lon * sin, (SQRT_2 * cos).copysign(lat)]
            }
        };
        // Mercator's poles are infinitely far.
        (plane[0].is_finite() && plane[1].abs() < 30.0).then_some(plane)
    }
}

/// The arcsine that takes a value of 1 + rounding for 1.
fn arcsine(sine: f64) -> Option<f64> {
    (sine.abs() <= 1.0 + EDGE).then(|| sine.clamp(-1.0, 1.0).asin())
}

fn sanson(x: f64, y: f64) -> Option<([f64; 2], Matrix)> {
    let (sin, cos) = y.sin_cos();
    if y.abs() > FRAC_PI_2 * (1.0 + EDGE) {
        return None;
    }
    let lon = if x == 0.0 { 0.0 } else { x / cos };
    Some(([lon, y], [[1.0 / cos, lon * sin / cos], [0.0, 1.0]]))
}

fn aitoff(x: f64, y: f64) -> Option<([f64; 2], Matrix)> {
    let z_square = 1.0 - x * x / 16.0 - y * y / 4.0;
    if z_square < 0.5 - EDGE {
        return None;
    }
    let z = z_square.sqrt();
    let (dz_dx, dz_dy) = (-x / (16.0 * z), -y / (4.0 * z));
    // cos θ cos φ/2, cos θ sin φ/2 and sin θ
    let (a, b, c) = (2.0 * z_square - 1.0, z * x / 2.0, y * z);
    let cos_lat = a.hypot(b);
    let lon_slope = |da: f64, db: f64| 2.0 * (a * db - b * da) / (cos_lat * cos_lat);
    let by_x = lon_slope(4.0 * z * dz_dx, (dz_dx * x + z) / 2.0);
    let by_y = lon_slope(4.0 * z * dz_dy, dz_dy * x / 2.0);
    Some((
        [2.0 * b.atan2(a), c.atan2(cos_lat)],
        [[by_x, by_y], [y * dz_dx / cos_lat, (y * dz_dy + z) / cos_lat]],
    ))
}

fn mollweide(x: f64, y: f64) -> Option<([f64; 2], Matrix)> {
    let sin = y / SQRT_2;
    let gamma = arcsine(sin)?;
    let cos = ((1.0 - sin) * (1.0 + sin)).max(0.0).sqrt();
    let lat = arcsine((2.0 * gamma + 2.0 * sin * cos) / PI)?;
    let scale = PI / (2.0 * SQRT_2 * cos);
    let lon = if x == 0.0 { 0.0 } else { x * scale };
    let lat_slope = 2.0 * SQRT_2 * cos / (PI * lat.cos());
    Some(([lon, lat], [[scale, lon * sin / (SQRT_2 * cos * cos)], [0.0, lat_slope]]))
}

/// β = π/2 − γ of 2γ + sin 2γ = π sin θ for 0 ≤ θ ≤ π/2, that is of 2β − sin 2β = π (1 − sin θ).
///
/// The left side is convex and below 4β³/3, so one step from the cube root lands right of the solution and
/// Newton's steps then fall towards it.
fn mollweide_colatitude(lat: f64) -> f64 {
    let half = (FRAC_PI_4 - lat / 2.0).max(0.0).sin();
    let target = 2.0 * PI * half * half;
    let mut beta = (0.75 * target).cbrt();
    for _ in 0..20 {
        let slope = 2.0 * beta.sin().powi(2);
        let step = (excess(2.0 * beta) - target) / (2.0 * slope);
        if step.is_nan() || step.abs() <= 1e-16 * beta {
            break;
        }
        beta -= step;
    }
    beta.min(FRAC_PI_2)
}

/// t − sin t.
fn excess(t: f64) -> f64 {
    if t > 0.5 {
        return t - t.sin();
    }
    let square = t * t;
    let series = [1.0 / 110.0, 1.0 / 72.0, 1.0 / 42.0, 1.0 / 20.0];
    // t³/6 (1 − t²/20 (1 − t²/42 (1 − t²/72 (1 − t²/110 (1 − t²/156)))))
    let tail = series.iter().fold(1.0 - square / 156.0, |sum, term| 1.0 - square * term * sum);
    t * square / 6.0 * tail
}
