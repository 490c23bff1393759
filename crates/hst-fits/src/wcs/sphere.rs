use super::error::{Result, WcsError};

/// The turn from a projection's native sphere to the sky, for projections around their equator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sphere {
    /// Columns are the native axes in the sky's frame.
    matrix: [[f64; 3]; 3],
}

impl Sphere {
    /// The sphere whose native (0, 0) lies at `[lon, lat]`, its pole set by LONPOLE and LATPOLE; degrees.
    ///
    /// # Errors
    /// Where no pole satisfies the three.
    ///
    /// # Source
    /// Calabretta & Greisen 2002, A&A 395, 1077, sect. 2.4, eq. 8 to 10.
    pub(super) fn new(reference: [f64; 2], lon_pole: f64, lat_pole: f64) -> Result<Self> {
        let (sin_pole, cos_pole) = sin_cos(lon_pole);
        let [lon, lat] = reference;
        let pole_lat = pole_latitude(lat, cos_pole, lat_pole)
            .ok_or_else(|| WcsError::bad("LONPOLE", lon_pole, "no native pole for this CRVAL"))?;
        let pole_lon = if pole_lat >= 90.0 {
            lon + lon_pole - 180.0
        } else if pole_lat <= -90.0 {
            lon - lon_pole
        } else if lat.abs() >= 90.0 {
            lon
        } else {
            let (sin_p, cos_p) = sin_cos(pole_lat);
            let (sin_lat, cos_lat) = sin_cos(lat);
            lon - (sin_pole / cos_lat).atan2(-sin_p * sin_lat / (cos_p * cos_lat)).to_degrees()
        };
        Ok(Self { matrix: euler(pole_lon, pole_lat, lon_pole) })
    }

    /// Longitude and latitude in degrees of the native ones in radians.
    pub(super) fn to_sky(self, native: [f64; 2]) -> [f64; 2] {
        let [x, y, z] = self.turn(vector(native));
        [y.atan2(x).to_degrees(), z.atan2(x.hypot(y)).to_degrees()]
    }

    /// Native longitude (−π to π) and latitude in radians of the sky's in degrees.
    pub(super) fn to_native(self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        let v = vector([lon.to_radians(), lat.to_radians()]);
        let m = &self.matrix;
        let back = |j: usize| m[0][j] * v[0] + m[1][j] * v[1] + m[2][j] * v[2];
        let [x, y, z] = [back(0), back(1), back(2)];
        [y.atan2(x), z.atan2(x.hypot(y))]
    }

    /// How the position moves, to the east and to the north, with the native longitude and latitude.
    pub(super) fn tangent(self, [lon, lat]: [f64; 2]) -> [[f64; 2]; 2] {
        let (sin_lon, cos_lon) = lon.sin_cos();
        let (sin_lat, cos_lat) = lat.sin_cos();
        let [x, y, z] = self.turn(vector([lon, lat]));
        let across = x.hypot(y);
        let [cos, sin] = if across > 0.0 { [x / across, y / across] } else { [1.0, 0.0] };
        let column = |step: [f64; 3]| {
            let [dx, dy, dz] = self.turn(step);
            [dy * cos - dx * sin, dz * across - (dx * cos + dy * sin) * z]
        };
        let by_lon = column([-cos_lat * sin_lon, cos_lat * cos_lon, 0.0]);
        let by_lat = column([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat]);
        [[by_lon[0], by_lat[0]], [by_lon[1], by_lat[1]]]
    }

    fn turn(self, v: [f64; 3]) -> [f64; 3] {
        self.matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    }
}

/// Latitude of the native pole: the solution next to LATPOLE.
fn pole_latitude(lat: f64, cos_pole: f64, lat_pole: f64) -> Option<f64> {
    let (sin_lat, _) = sin_cos(lat);
    // With the native pole on the meridian at right angles, only the equator fits, and LATPOLE decides.
    if cos_pole.abs() < 1e-10 {
        return (sin_lat.abs() < 1e-10).then_some(lat_pole.clamp(-90.0, 90.0));
    }
    let cosine = sin_lat / cos_pole.abs();
    if cosine.abs() > 1.0 + 1e-10 {
        return None;
    }
    let swing = cosine.clamp(-1.0, 1.0).acos().to_degrees();
    let base = if cos_pole < 0.0 { 180.0 } else { 0.0 };
    [base + swing, base - swing]
        .map(|pole: f64| if pole > 180.0 { pole - 360.0 } else { pole })
        .into_iter()
        .filter(|pole| pole.abs() <= 90.0 + 1e-10)
        .min_by(|a, b| (a - lat_pole).abs().total_cmp(&(b - lat_pole).abs()))
        .map(|pole| pole.clamp(-90.0, 90.0))
}

/// The matrix from native axes to the sky's, of the pole's place and LONPOLE in degrees.
fn euler(pole_lon: f64, pole_lat: f64, lon_pole: f64) -> [[f64; 3]; 3] {
    let (sin_a, cos_a) = sin_cos(pole_lon);
    let (sin_d, cos_d) = sin_cos(pole_lat);
    let (sin_f, cos_f) = sin_cos(lon_pole);
    // First by −LONPOLE around the native pole, then the pole into its place.
    let tilted = [
        [-sin_d * cos_f, -sin_d * sin_f, cos_d],
        [sin_f, -cos_f, 0.0],
        [cos_d * cos_f, cos_d * sin_f, sin_d],
    ];
    let mix = |j: usize| {
        let (x, y) = (tilted[0][j], tilted[1][j]);
        [cos_a * x - sin_a * y, sin_a * x + cos_a * y, tilted[2][j]]
    };
    let columns = [mix(0), mix(1), mix(2)];
    [0, 1, 2].map(|i| [columns[0][i], columns[1][i], columns[2][i]])
}

fn vector([lon, lat]: [f64; 2]) -> [f64; 3] {
    let (sin_lon, cos_lon) = lon.sin_cos();
    let (sin_lat, cos_lat) = lat.sin_cos();
    [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]
}

/// Sine and cosine of degrees, exact at the quarter turns.
fn sin_cos(degrees: f64) -> (f64, f64) {
    let quarter = (degrees / 90.0).round();
    if quarter * 90.0 != degrees {
        return degrees.to_radians().sin_cos();
    }
    match quarter.rem_euclid(4.0) as u8 {
        0 => (0.0, 1.0),
        1 => (1.0, 0.0),
        2 => (0.0, -1.0),
        _ => (-1.0, 0.0),
    }
}
