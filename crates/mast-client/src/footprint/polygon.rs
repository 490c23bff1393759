//! Polygons of great circles, prepared for many questions.

use astro_coords::{Angle, SkyCoord};

pub(super) type Vector = [f64; 3];

pub(super) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn minus(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn unit(a: Vector) -> Option<Vector> {
    let length = dot(a, a).sqrt();
    (length > 1e-12).then(|| a.map(|x| x / length))
}

/// The angle between two unit vectors, exact also where it is tiny.
pub(super) fn angle(a: Vector, b: Vector) -> f64 {
    let half = dot(minus(a, b), minus(a, b)).sqrt() / 2.0;
    2.0 * half.min(1.0).asin()
}

/// Vertices nearer than this are one; 1e-10 rad are 20 µas.
const SAME: f64 = 1e-10;

/// A polygon whose edges are great circles and which lies within half the sky.
///
/// Its inside is the smaller side, whatever the order of the vertices; where edges cross, the even-odd rule
/// decides.
#[derive(Debug, Clone)]
pub(super) struct Polygon {
    vertices: Vec<Vector>,
    /// Poles of the edges, inwards; edge `i` runs from vertex `i` to the next.
    poles: Vec<Vector>,
    is_convex: bool,
    /// The tangent plane at the vertices' mean, in which the edges are straight.
    pub center: Vector,
    axes: [Vector; 2],
    flat: Vec<[f64; 2]>,
    /// Radius of the cap around the centre that holds all vertices.
    pub radius: f64,
}

impl Polygon {
    /// The polygon through `vertices`; `None` when it has no area or does not fit into half the sky.
    pub(super) fn new(vertices: &[SkyCoord]) -> Option<Self> {
        let mut vertices: Vec<_> = vertices.iter().map(|vertex| vertex.to_vector()).collect();
        vertices.dedup_by(|a, b| angle(*a, *b) < SAME);
        while vertices.len() > 1 && angle(vertices[0], vertices[vertices.len() - 1]) < SAME {
            vertices.pop();
        }
        let sum = vertices.iter().fold([0.0; 3], |s, v| [s[0] + v[0], s[1] + v[1], s[2] + v[2]]);
        let center = unit(sum)?;
        let farthest = vertices.iter().map(|vertex| angle(*vertex, center)).fold(0.0, f64::max);
        if vertices.len() < 3 || farthest > 1.55 {
            return None;
        }
        let axes = axes(center);
        let mut flat: Vec<_> = vertices.iter().map(|v| project(*v, center, axes)).collect();
        let area = signed_area(&flat);
        if area.abs() < SAME * SAME {
            return None;
        }
        if area < 0.0 {
            vertices.reverse();
            flat.reverse();
        }
        let is_convex = is_convex(&flat);
        let count = vertices.len();
        let pole = |at: usize| unit(cross(vertices[at], vertices[(at + 1) % count]));
        let poles = (0..count).map(pole).collect::<Option<_>>()?;
        Some(Self { vertices, poles, is_convex, center, axes, flat, radius: farthest })
    }

    /// Whether `place` is inside; on the edge is decided either way.
    pub(super) fn contains(&self, place: Vector) -> bool {
        if dot(place, self.center) <= 0.0 {
            return false;
        }
        if self.is_convex {
            return self.poles.iter().all(|pole| dot(*pole, place) >= 0.0);
        }
        let [x, y] = project(place, self.center, self.axes);
        let mut inside = false;
        let mut before = self.flat[self.flat.len() - 1];
        for &after in &self.flat {
            if (after[1] > y) != (before[1] > y) {
                let crossing =
                    before[0] + (y - before[1]) / (after[1] - before[1]) * (after[0] - before[0]);
                inside ^= x < crossing;
            }
            before = after;
        }
        inside
    }

    /// Distance from `place` to the nearest edge, in radians.
    pub(super) fn edge_distance(&self, place: Vector) -> f64 {
        let count = self.vertices.len();
        let edge = |at: usize| {
            let (a, b) = (self.vertices[at], self.vertices[(at + 1) % count]);
            arc_distance(place, a, b, self.poles[at])
        };
        (0..count).map(edge).fold(f64::INFINITY, f64::min)
    }

    /// Decides with one product an edge whether a small circle is certainly inside or outside; most are.
    pub(super) fn quick(&self, center: Vector, sin_radius: f64, tolerance: f64) -> Option<bool> {
        if !self.is_convex {
            return None;
        }
        let least = self.poles.iter().map(|pole| dot(*pole, center)).fold(f64::INFINITY, f64::min);
        if least >= sin_radius && dot(self.center, center) > 0.0 {
            Some(true)
        } else if least < -sin_radius - tolerance {
            Some(false)
        } else {
            None
        }
    }
}

/// Distance to the arc from `a` to `b`: to its circle where the foot lies on the arc, else to an end.
fn arc_distance(place: Vector, a: Vector, b: Vector, pole: Vector) -> f64 {
    let beyond_a = dot(cross(pole, a), place) >= 0.0;
    let before_b = dot(cross(b, pole), place) >= 0.0;
    if beyond_a && before_b {
        dot(pole, place).abs().min(1.0).asin()
    } else {
        angle(place, a).min(angle(place, b))
    }
}

/// Two directions across `center`.
pub(super) fn axes(center: Vector) -> [Vector; 2] {
    let away = if center[2].abs() < 0.9 { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] };
    let x = unit(cross(away, center)).unwrap_or([1.0, 0.0, 0.0]);
    [x, cross(center, x)]
}

fn project(place: Vector, center: Vector, axes: [Vector; 2]) -> [f64; 2] {
    let depth = dot(place, center);
    [dot(place, axes[0]) / depth, dot(place, axes[1]) / depth]
}

fn turns(flat: &[[f64; 2]]) -> impl Iterator<Item = f64> {
    (0..flat.len()).map(|at| {
        let [a, b, c] = [0, 1, 2].map(|step| flat[(at + step) % flat.len()]);
        (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
    })
}

fn signed_area(flat: &[[f64; 2]]) -> f64 {
    let count = flat.len();
    let term = |at: usize| {
        let (a, b) = (flat[at], flat[(at + 1) % count]);
        a[0] * b[1] - a[1] * b[0]
    };
    (0..count).map(term).sum::<f64>() / 2.0
}

/// All turns go left, and all of them together once around: a star turns left too, but more often.
fn is_convex(flat: &[[f64; 2]]) -> bool {
    let count = flat.len();
    let heading = |at: usize| {
        let (a, b) = (flat[at], flat[(at + 1) % count]);
        (b[1] - a[1]).atan2(b[0] - a[0])
    };
    let turn = |at: usize| Angle::from_radians(heading((at + 1) % count) - heading(at));
    let around: f64 = (0..count).map(|at| turn(at).wrapped_signed().degrees()).sum();
    turns(flat).all(|turn| turn >= 0.0) && (around - 360.0).abs() < 1.0
}
