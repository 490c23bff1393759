//! Vectors of three components; places on the sky are unit vectors.

pub(crate) type Vector = [f64; 3];

#[inline]
pub(crate) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[inline]
pub(crate) fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The square of the straight distance: exact for the smallest separations, where the cosine is not.
#[inline]
pub(crate) fn chord_square(a: Vector, b: Vector) -> f64 {
    let d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    dot(d, d)
}

/// The vector of length one; `None` for one too short to have a direction.
pub(crate) fn unit(v: Vector) -> Option<Vector> {
    let length = dot(v, v).sqrt();
    (length > 1e-12).then(|| v.map(|component| component / length))
}

/// The chord of an angle in radians, 0 to 2.
pub(crate) fn chord_of(angle: f64) -> f64 {
    2.0 * (angle.clamp(0.0, std::f64::consts::PI) / 2.0).sin()
}

/// The angle in radians of a chord.
pub(crate) fn angle_of(chord: f64) -> f64 {
    2.0 * (chord / 2.0).clamp(0.0, 1.0).asin()
}

/// Two unit vectors perpendicular to the unit vector `v` and to each other.
pub(crate) fn tangents(v: Vector) -> [Vector; 2] {
    let helper = if v[2].abs() < 0.9 { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] };
    let first = unit(cross(helper, v)).unwrap_or([0.0, 1.0, 0.0]);
    [first, cross(v, first)]
}
