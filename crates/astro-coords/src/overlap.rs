//! What part of a small circle lies inside.

use crate::circle::SkyCircle;
use crate::polygon::SkyPolygon;
use crate::vector::{self, Vector, dot};

/// The part of the circle's area inside the polygon, exact but for the curvature of the sky within the
/// circle; `None` for circles above 3° or polygons that reach beyond the horizon of their centre.
///
/// In the gnomonic plane around the circle's centre the polygon's edges are straight and the circle is a
/// circle.
pub(crate) fn circle_fraction(polygon: &SkyPolygon, circle: &SkyCircle) -> Option<f64> {
    let radius = circle.radius().radians();
    if radius > 0.05 || radius == 0.0 {
        return None;
    }
    let axes = vector::tangents(circle.vector);
    let scale = 1.0 / radius.tan();
    let project = |v: Vector| {
        let depth = dot(v, circle.vector);
        (depth > 0.01).then(|| axes.map(|axis| dot(v, axis) / depth * scale))
    };
    let mut area = 0.0;
    for [a, b] in polygon.edges() {
        area += sector(project(a)?, project(b)?);
    }
    Some((area.abs() / std::f64::consts::PI).min(1.0))
}

/// Signed area of the triangle (0, a, b) inside the unit circle around 0.
fn sector(a: [f64; 2], b: [f64; 2]) -> f64 {
    let d = [b[0] - a[0], b[1] - a[1]];
    let length = d[0] * d[0] + d[1] * d[1];
    if length == 0.0 {
        return 0.0;
    }
    // Where the line enters and leaves the circle, in units of the way from a to b.
    let middle = -(a[0] * d[0] + a[1] * d[1]) / length;
    let cross = a[0] * b[1] - a[1] * b[0];
    let half = length - cross * cross;
    if half <= 0.0 {
        return 0.5 * angle(a, b);
    }
    let half = half.sqrt() / length;
    let (enter, leave) = ((middle - half).clamp(0.0, 1.0), (middle + half).clamp(0.0, 1.0));
    if enter >= leave {
        return 0.5 * angle(a, b);
    }
    let at = |t: f64| [a[0] + t * d[0], a[1] + t * d[1]];
    let (p, q) = (at(enter), at(leave));
    0.5 * (angle(a, p) + (p[0] * q[1] - p[1] * q[0]) + angle(q, b))
}

/// The angle from a to b as seen from 0.
fn angle(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] * b[1] - a[1] * b[0]).atan2(a[0] * b[0] + a[1] * b[1])
}

const SAMPLES: u32 = 512;

/// The part of evenly spread points of the circle that are inside.
pub(crate) fn sampled_fraction(circle: &SkyCircle, inside: impl Fn(Vector) -> bool) -> f64 {
    spread(circle, SAMPLES).filter(|v| inside(*v)).count() as f64 / f64::from(SAMPLES)
}

/// The part of evenly spread points of the region that are inside; of its corners where it is too thin for them.
pub(crate) fn sampled_share(region: &SkyPolygon, inside: impl Fn(Vector) -> bool) -> f64 {
    let mut points: Vec<_> =
        spread(region.bounding_circle(), 16 * SAMPLES).filter(|v| region.holds(*v)).collect();
    if points.is_empty() {
        points = region.edges().map(|[corner, _]| corner).collect();
    }
    points.iter().filter(|v| inside(**v)).count() as f64 / points.len() as f64
}

/// Points evenly spread over the circle, on a spiral by the golden angle.
fn spread(circle: &SkyCircle, count: u32) -> impl Iterator<Item = Vector> {
    let [east, north] = vector::tangents(circle.vector);
    let golden = std::f64::consts::PI * (3.0 - 5f64.sqrt());
    (0..count).map(move |i| {
        // Equal areas of the sphere are equal steps of the chord's square.
        let square = circle.chord * circle.chord * (f64::from(i) + 0.5) / f64::from(count);
        let along = 1.0 - square / 2.0;
        let across = (square * (1.0 - square / 4.0)).sqrt();
        let (sin, cos) = (golden * f64::from(i)).sin_cos();
        [0, 1, 2].map(|k| along * circle.vector[k] + across * (cos * east[k] + sin * north[k]))
    })
}
