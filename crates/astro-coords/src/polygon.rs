use crate::circle::SkyCircle;
use crate::vector::{self, Vector, chord_square, cross, dot};
use crate::{Angle, SkyCoord};

/// A polygon on the sky whose edges are great circles, each shorter than half a turn.
///
/// The inside is the smaller side, whichever way round the vertices are given. Where edges cross, a point is
/// inside that an odd number of edges separates from the outside. Right ascension 0° and the poles are places
/// like any other.
#[derive(Debug, Clone, PartialEq)]
pub struct SkyPolygon {
    bounds: SkyCircle,
    /// A circle that lies inside, for a quick yes; of radius zero where none is known.
    core: SkyCircle,
    interior: Interior,
    vertices: Vec<Vector>,
}

/// How it is decided what is inside.
#[derive(Debug, Clone, PartialEq)]
enum Interior {
    /// In the gnomonic plane around the middle of the bounds, where edges are straight: the plane's axes and
    /// the vertices there.
    Plane { axes: [Vector; 2], corners: Vec<[f64; 2]> },
    /// By the edges between a point and this one, which is inside; for polygons wider than the plane.
    From(Vector),
}

/// Vertices nearer than this (of the radius 1) are one, 20 µas.
const SAME: f64 = 1e-10;
/// Chord of the widest bounds that are drawn in the plane, about 70°.
const WIDEST: f64 = 1.15;

impl SkyPolygon {
    /// The polygon with these corners in either sense of rotation; a corner repeated counts once.
    ///
    /// `None` with fewer than three different corners, or one that is not finite.
    pub fn new(corners: &[SkyCoord]) -> Option<Self> {
        let mut vertices: Vec<Vector> = Vec::with_capacity(corners.len());
        for corner in corners {
            let v = corner.to_vector();
            if !v.iter().all(|component| component.is_finite()) {
                return None;
            }
            if vertices.last().is_none_or(|&last| !same(last, v)) {
                vertices.push(v);
            }
        }
        while vertices.len() > 1 && same(vertices[0], vertices[vertices.len() - 1]) {
            vertices.pop();
        }
        if vertices.len() < 3 {
            return None;
        }
        let bounds = bounding_circle(&vertices);
        let interior = Interior::new(&vertices, &bounds);
        let core = SkyCircle::around(bounds.vector, 0.0);
        let mut polygon = Self { bounds, core, interior, vertices };
        if polygon.holds(bounds.vector) {
            let room = polygon.boundary_distance(bounds.vector);
            // A little less than the distance, so that rounding never says yes too early.
            polygon.core = SkyCircle::around(bounds.vector, room * (1.0 - 1e-9));
        }
        Some(polygon)
    }

    /// The corners, each once.
    pub fn vertices(&self) -> impl ExactSizeIterator<Item = SkyCoord> + '_ {
        self.vertices.iter().map(|&v| SkyCoord::from_vector(v))
    }

    /// A circle that holds the polygon; the whole sky where the corners do not fit into half of it.
    pub fn bounding_circle(&self) -> &SkyCircle {
        &self.bounds
    }

    /// Whether the place is inside.
    pub fn contains(&self, place: SkyCoord) -> bool {
        self.holds(place.to_vector())
    }

    /// Distance of the place to the polygon, zero inside.
    pub fn distance(&self, place: SkyCoord) -> Angle {
        let v = place.to_vector();
        if self.holds(v) { Angle::ZERO } else { self.distance_to_boundary(place) }
    }

    /// Distance of the place to the nearest edge, from either side.
    pub fn distance_to_boundary(&self, place: SkyCoord) -> Angle {
        Angle::from_radians(vector::angle_of(self.boundary_distance(place.to_vector())))
    }

    /// Whether the circle has a point in common with the polygon.
    pub fn intersects_circle(&self, circle: &SkyCircle) -> bool {
        !self.bounds.is_apart(circle)
            && (self.holds(circle.vector) || self.boundary_distance(circle.vector) <= circle.chord)
    }

    /// Whether the two polygons have a point in common.
    pub fn intersects(&self, other: &Self) -> bool {
        if self.bounds.is_apart(&other.bounds) {
            return false;
        }
        self.holds(other.vertices[0]) || other.holds(self.vertices[0]) || self.edges_meet(other)
    }

    /// Whether an edge of one crosses an edge of the other.
    pub(crate) fn edges_meet(&self, other: &Self) -> bool {
        self.edges().any(|edge| other.edges().any(|there| cross_each_other(edge, there)))
    }

    /// Area in square degrees, of the smaller side.
    ///
    /// # Source
    /// Van Oosterom & Strackee 1983, IEEE Trans. Biomed. Eng. 30, 125, for the triangles around the middle.
    pub fn area(&self) -> f64 {
        let steradians = signed_area(&self.vertices, self.bounds.vector).abs();
        let sphere = 4.0 * std::f64::consts::PI;
        let inside = steradians.min((sphere - steradians).abs());
        inside * 1f64.to_degrees().powi(2)
    }

    pub(crate) fn edges(&self) -> impl Iterator<Item = [Vector; 2]> + Clone + '_ {
        let next = self.vertices.iter().cycle().skip(1);
        self.vertices.iter().zip(next).map(|(&a, &b)| [a, b])
    }

    /// The circle that is inside for certain.
    pub(crate) fn core(&self) -> &SkyCircle {
        &self.core
    }

    pub(crate) fn holds(&self, place: Vector) -> bool {
        match &self.interior {
            Interior::Plane { axes, corners } => {
                let depth = dot(place, self.bounds.vector);
                depth > 0.0
                    && self.bounds.holds(place)
                    && odd_crossings(corners, axes.map(|axis| dot(place, axis) / depth))
            }
            Interior::From(inside) => {
                let path = [place, *inside];
                let crossings = self.edges().filter(|&edge| cross_each_other(path, edge)).count();
                crossings.is_multiple_of(2)
            }
        }
    }

    /// Chord to the nearest point of the edges.
    pub(crate) fn boundary_distance(&self, place: Vector) -> f64 {
        let nearest = self.edges().map(|edge| edge_distance_square(edge, place));
        nearest.fold(f64::INFINITY, f64::min).sqrt()
    }
}

impl Interior {
    fn new(vertices: &[Vector], bounds: &SkyCircle) -> Self {
        if bounds.chord > WIDEST {
            return Self::From(point_inside(vertices, bounds.vector));
        }
        let axes = vector::tangents(bounds.vector);
        let project = |&v: &Vector| {
            let depth = dot(v, bounds.vector);
            axes.map(|axis| dot(v, axis) / depth)
        };
        Self::Plane { axes, corners: vertices.iter().map(project).collect() }
    }
}

fn same(a: Vector, b: Vector) -> bool {
    chord_square(a, b) < SAME * SAME
}

/// The circle around the mean of the corners; around everything where they lie on more than half the sky.
fn bounding_circle(vertices: &[Vector]) -> SkyCircle {
    let sum = vertices.iter().fold([0.0; 3], |sum, v| [0, 1, 2].map(|i| sum[i] + v[i]));
    let whole = |center| SkyCircle::around(center, 2.0);
    let Some(center) = vector::unit(sum) else { return whole(vertices[0]) };
    let farthest = vertices.iter().map(|&v| chord_square(center, v)).fold(0.0, f64::max);
    // Up to a quarter turn, a circle holds the edge between two of its points.
    if farthest < 1.99 {
        SkyCircle::around(center, farthest.sqrt() * (1.0 + 1e-12))
    } else {
        whole(center)
    }
}

/// Counts the edges above the point, as Franklin's test for polygons in the plane.
fn odd_crossings(corners: &[[f64; 2]], [x, y]: [f64; 2]) -> bool {
    let mut inside = false;
    let mut from = corners[corners.len() - 1];
    for &to in corners {
        if (from[1] > y) != (to[1] > y) {
            let at = from[0] + (y - from[1]) / (to[1] - from[1]) * (to[0] - from[0]);
            inside ^= x < at;
        }
        from = to;
    }
    inside
}

/// The square of the chord from the place to the nearest point of the edge.
fn edge_distance_square([a, b]: [Vector; 2], place: Vector) -> f64 {
    let normal = cross(a, b);
    let beside = dot(cross(normal, a), place) >= 0.0 && dot(cross(b, normal), place) >= 0.0;
    match vector::unit(normal) {
        Some(normal) if beside => {
            let sine = dot(normal, place);
            // 4 sin²(d/2) of sin d
            2.0 * sine * sine / (1.0 + (1.0 - sine * sine).max(0.0).sqrt())
        }
        _ => chord_square(a, place).min(chord_square(b, place)),
    }
}

/// Whether two arcs shorter than half a turn cross.
fn cross_each_other([a, b]: [Vector; 2], [c, d]: [Vector; 2]) -> bool {
    let (first, second) = (cross(a, b), cross(c, d));
    let (c_side, d_side) = (dot(first, c), dot(first, d));
    let (a_side, b_side) = (dot(second, a), dot(second, b));
    // Their circles meet at two opposite points; both arcs must go through the same one.
    (c_side > 0.0) != (d_side > 0.0)
        && (a_side > 0.0) != (b_side > 0.0)
        && (c_side > 0.0) == (b_side > 0.0)
}

/// The area left of the edges, in steradians, a whole sphere more or less.
fn signed_area(vertices: &[Vector], apex: Vector) -> f64 {
    let next = vertices.iter().cycle().skip(1);
    let triangles = vertices.iter().zip(next).map(|(&b, &c)| {
        let volume = dot(apex, cross(b, c));
        2.0 * volume.atan2(1.0 + dot(apex, b) + dot(b, c) + dot(c, apex))
    });
    triangles.sum()
}

/// A point just inside the middle of the longest edge.
fn point_inside(vertices: &[Vector], apex: Vector) -> Vector {
    let sphere = 4.0 * std::f64::consts::PI;
    let left = signed_area(vertices, apex).rem_euclid(sphere);
    let toward = if left <= sphere / 2.0 { 1e-6 } else { -1e-6 };
    let next = vertices.iter().cycle().skip(1);
    let longest = vertices
        .iter()
        .zip(next)
        .max_by(|(a, b), (c, d)| chord_square(**a, **b).total_cmp(&chord_square(**c, **d)));
    let Some((&a, &b)) = longest else { return apex };
    let normal = vector::unit(cross(a, b)).unwrap_or(apex);
    let middle = vector::unit([0, 1, 2].map(|i| a[i] + b[i])).unwrap_or(a);
    vector::unit([0, 1, 2].map(|i| middle[i] + toward * normal[i])).unwrap_or(middle)
}
