//! What part of a polygonal region a polygon covers.
//!
//! In the gnomonic plane around the region's middle the edges of both are straight, and a convex region is the
//! meeting of half planes.

use crate::polygon::SkyPolygon;
use crate::vector::{self, Vector, dot};

type Point = [f64; 2];

/// A region wider than this (radians from its middle) is not drawn in a plane.
const WIDEST: f64 = 0.05;

/// Region and polygon in one plane; lengths are those of the sky near its middle.
pub(crate) struct Plane {
    region: Vec<Point>,
    polygon: Vec<Point>,
}

/// A half plane: what lies inside has `normal · point <= reach`, and the difference is the distance to its edge.
struct Half {
    normal: Point,
    reach: f64,
}

impl Plane {
    /// `None` where the region is too wide, or the polygon reaches beyond the horizon.
    pub(crate) fn of(region: &SkyPolygon, polygon: &SkyPolygon) -> Option<Self> {
        let bounds = region.bounding_circle();
        if bounds.radius().radians() > WIDEST {
            return None;
        }
        let axes = vector::tangents(bounds.vector);
        let project = |v: Vector| {
            let depth = dot(v, bounds.vector);
            (depth > 0.01).then(|| axes.map(|axis| dot(v, axis) / depth))
        };
        let all = |polygon: &SkyPolygon| {
            counter_clockwise(polygon.edges().map(|[a, _]| project(a)).collect::<Option<_>>()?)
        };
        Some(Self { region: all(region)?, polygon: all(polygon)? })
    }

    /// Whether the outside of the polygon reaches more than `slack` deep into the region; `None` for a region that
    /// is not convex.
    pub(crate) fn is_cut_deep(&self, slack: f64) -> Option<bool> {
        let halves = halves(&self.region)?;
        let deep = |point: Point| halves.iter().all(|half| half.depth(point) > slack);
        let middle = mean(&self.region);
        if deep(middle) && !holds(&self.polygon, middle) {
            return Some(true);
        }
        Some(edges(&self.polygon).any(|[a, b]| {
            let (mut from, mut to) = (0.0, 1.0);
            for half in &halves {
                let (start, end) = (half.depth(a) - slack, half.depth(b) - slack);
                match (start > 0.0, end > 0.0) {
                    (true, true) => {}
                    (false, false) => return false,
                    (true, false) => to = f64::min(to, start / (start - end)),
                    (false, true) => from = f64::max(from, start / (start - end)),
                }
            }
            from < to
        }))
    }

    /// The part of the region's area inside the polygon, 0 to 1; `None` where neither is convex.
    pub(crate) fn fraction(&self) -> Option<f64> {
        let whole = area(&self.region);
        let (cut, halves) = match (halves(&self.region), halves(&self.polygon)) {
            (Some(halves), _) => (&self.polygon, halves),
            (None, Some(halves)) => (&self.region, halves),
            (None, None) => return None,
        };
        let common = halves.iter().fold(cut.clone(), |cut, half| clip(&cut, half));
        (whole > 0.0).then(|| (area(&common).abs() / whole).min(1.0))
    }
}

impl Half {
    fn depth(&self, point: Point) -> f64 {
        self.reach - (self.normal[0] * point[0] + self.normal[1] * point[1])
    }
}

/// The half planes of a convex polygon with its corners in the positive sense; `None` of another.
fn halves(corners: &[Point]) -> Option<Vec<Half>> {
    let half = |[a, b]: [Point; 2]| {
        let along = [b[0] - a[0], b[1] - a[1]];
        let length = along[0].hypot(along[1]);
        let normal = [along[1] / length, -along[0] / length];
        Half { normal, reach: normal[0] * a[0] + normal[1] * a[1] }
    };
    let halves: Vec<_> = edges(corners).map(half).collect();
    let holds = |half: &Half| corners.iter().all(|corner| half.depth(*corner) > -1e-13);
    halves.iter().all(holds).then_some(halves)
}

/// Sutherland & Hodgman 1974, CACM 17, 32: exact in area for any polygon.
fn clip(corners: &[Point], half: &Half) -> Vec<Point> {
    let mut kept = Vec::with_capacity(corners.len() + 2);
    for [a, b] in edges(corners) {
        let (start, end) = (half.depth(a), half.depth(b));
        if start >= 0.0 {
            kept.push(a);
        }
        if (start >= 0.0) != (end >= 0.0) {
            let t = start / (start - end);
            kept.push([a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]);
        }
    }
    kept
}

fn holds(corners: &[Point], [x, y]: Point) -> bool {
    let crossed = edges(corners).filter(|[a, b]| {
        (a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
    });
    crossed.count() % 2 == 1
}

fn edges(corners: &[Point]) -> impl Iterator<Item = [Point; 2]> {
    corners.iter().zip(corners.iter().cycle().skip(1)).map(|(a, b)| [*a, *b])
}

fn area(corners: &[Point]) -> f64 {
    edges(corners).map(|[a, b]| a[0] * b[1] - a[1] * b[0]).sum::<f64>() / 2.0
}

fn mean(corners: &[Point]) -> Point {
    let sum = corners.iter().fold([0.0; 2], |sum, p| [sum[0] + p[0], sum[1] + p[1]]);
    sum.map(|s| s / corners.len() as f64)
}

/// The same corners in the positive sense; `None` without an area.
fn counter_clockwise(mut corners: Vec<Point>) -> Option<Vec<Point>> {
    let area = area(&corners);
    if area < 0.0 {
        corners.reverse();
    }
    (area != 0.0).then_some(corners)
}
