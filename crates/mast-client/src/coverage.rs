//! What of many regions many observations show.

use std::thread;

use astro_coords::{
    Coverage, Footprint, ParseFootprintError, SkyCircle, SkyCoord, SkyPolygon, SkyShape,
};

use crate::Observation;

impl Observation {
    /// The footprint on the sky, from the text of `s_region`.
    ///
    /// # Errors
    /// When there is none, or its text cannot be used.
    pub fn footprint(&self) -> Result<Footprint, ParseFootprintError> {
        self.s_region.text().parse()
    }
}

/// The text of a footprint with these corners, as the archive writes it.
pub fn polygon_text(corners: &[SkyCoord]) -> String {
    let corner = |place: &SkyCoord| format!(" {} {}", place.ra.degrees(), place.dec.degrees());
    format!("POLYGON ICRS{}", corners.iter().map(corner).collect::<String>())
}

/// Whether a footprint holds a region; how much of it, [`Footprint::coverage_of`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// No point of it.
    No,
    /// A part of it.
    Maybe,
    /// All of it.
    Yes,
}

impl From<Coverage> for Held {
    fn from(coverage: Coverage) -> Self {
        match coverage {
            Coverage::No => Self::No,
            Coverage::Maybe(_) => Self::Maybe,
            Coverage::Yes => Self::Yes,
        }
    }
}

/// What every footprint holds of every region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageMatrix {
    cells: Vec<Held>,
    regions: usize,
}

impl CoverageMatrix {
    /// Whether footprint `footprint` holds region `region`, both counted from 0.
    ///
    /// # Panics
    /// When there is no such footprint or region.
    pub fn cell(&self, footprint: usize, region: usize) -> Held {
        self.of_footprint(footprint)[region]
    }

    /// Whether a footprint holds each region.
    ///
    /// # Panics
    /// When there is no such footprint.
    pub fn of_footprint(&self, footprint: usize) -> &[Held] {
        &self.cells[footprint * self.regions..][..self.regions]
    }
}

/// Tests every footprint against every region; the work is shared by threads where it is long.
pub fn covering<R: Clone + Into<SkyShape>>(
    footprints: &[Footprint],
    regions: &[R],
) -> CoverageMatrix {
    let regions: Vec<SkyShape> = regions.iter().cloned().map(Into::into).collect();
    covering_shapes(footprints, &regions)
}

fn covering_shapes(footprints: &[Footprint], regions: &[SkyShape]) -> CoverageMatrix {
    // Below this a thread costs more than it brings.
    const PAIRS_A_THREAD: usize = 100_000;
    let prepared: Vec<_> = regions.iter().map(Region::from).collect();
    let mut cells = vec![Held::No; footprints.len() * prepared.len()];
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(cells.len() / PAIRS_A_THREAD + 1);
    let share = footprints.len().div_ceil(threads).max(1);
    if threads == 1 || prepared.is_empty() {
        fill(footprints, &prepared, &mut cells);
    } else {
        thread::scope(|scope| {
            let parts = footprints.chunks(share).zip(cells.chunks_mut(share * prepared.len()));
            for (footprints, cells) in parts {
                let prepared = &prepared;
                scope.spawn(move || fill(footprints, prepared, cells));
            }
        });
    }
    CoverageMatrix { cells, regions: regions.len() }
}

fn fill(footprints: &[Footprint], regions: &[Region<'_>], cells: &mut [Held]) {
    for (footprint, row) in footprints.iter().zip(cells.chunks_mut(regions.len().max(1))) {
        let quick = Quick::new(footprint);
        for (region, cell) in regions.iter().zip(row) {
            *cell = quick.held(region);
        }
    }
}

type Vector = [f64; 3];

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// A region with what every test of it needs, of a polygon by the circle around it.
struct Region<'a> {
    shape: &'a SkyShape,
    center: Vector,
    radius: f64,
    sin_radius: f64,
}

impl<'a> From<&'a SkyShape> for Region<'a> {
    fn from(shape: &'a SkyShape) -> Self {
        let bounds: &SkyCircle = shape.bounding_circle();
        let radius = bounds.radius().radians();
        // Beyond a quarter of the sky no sine decides.
        let sin_radius = if radius < 1.5 { radius.sin() } else { f64::INFINITY };
        Self { shape, center: bounds.center().to_vector(), radius, sin_radius }
    }
}

/// A footprint with what decides most tests in a few products: its bounds, and its edges where all its
/// shapes are convex.
struct Quick<'a> {
    footprint: &'a Footprint,
    center: Vector,
    radius: f64,
    slack: f64,
    convex: Option<Vec<Vec<Edge>>>,
}

impl<'a> Quick<'a> {
    fn new(footprint: &'a Footprint) -> Self {
        let bounds = footprint.bounding_circle();
        let slack = footprint.tolerance().radians();
        let edges = |shape: &SkyShape| match shape {
            SkyShape::Polygon(polygon) => convex_edges(polygon),
            SkyShape::Circle(_) => None,
        };
        Self {
            footprint,
            center: bounds.center().to_vector(),
            radius: bounds.radius().radians() + slack,
            slack,
            convex: footprint.shapes().iter().map(edges).collect(),
        }
    }

    fn held(&self, region: &Region<'_>) -> Held {
        // The chord is shorter than the arc, so that nothing near is lost.
        let reach = self.radius + region.radius;
        if 2.0 - 2.0 * dot(self.center, region.center) > reach * reach {
            return Held::No;
        }
        let quick = self.quickly(region).filter(|held| match region.shape {
            SkyShape::Circle(_) => true,
            // What cuts the circle around a polygon need not cut the polygon.
            SkyShape::Polygon(_) => *held != Held::Maybe,
        });
        quick.unwrap_or_else(|| self.footprint.coverage_of(region.shape).into())
    }

    /// What the footprint would say of the circle, except in the narrow bands where it must say it.
    fn quickly(&self, region: &Region<'_>) -> Option<Held> {
        let (band, size) = (2.0 * self.slack, region.sin_radius);
        let mut held = Held::No;
        for edges in self.convex.as_ref()? {
            let (nearest, depth) = deepest_outside(edges, region.center);
            let inside = depth >= 0.0 && depth < size - band;
            let across = depth < -band && depth > band - size && nearest.is_beside(region.center);
            if depth >= size {
                return Some(Held::Yes);
            } else if inside || across {
                held = Held::Maybe;
            } else if depth >= -size - band {
                return None;
            }
        }
        Some(held)
    }
}

/// The edge whose inside holds `place` least, and the sine of the distance to it, negative outside.
fn deepest_outside(edges: &[Edge], place: Vector) -> (&Edge, f64) {
    let mut least = (&edges[0], f64::INFINITY);
    for edge in edges {
        let depth = dot(edge.pole, place);
        if depth < least.1 {
            least = (edge, depth);
        }
    }
    least
}

/// An edge of a convex polygon.
struct Edge {
    /// The pole of its great circle, towards the inside.
    pole: Vector,
    /// Poles of the circles through its ends and across it, towards each other.
    across: [Vector; 2],
}

impl Edge {
    /// Whether the nearest point of the edge's circle is on the edge.
    fn is_beside(&self, place: Vector) -> bool {
        self.across.iter().all(|pole| dot(*pole, place) > 0.0)
    }
}

/// The edges of a polygon; `None` unless every corner lies inside of every edge.
fn convex_edges(polygon: &SkyPolygon) -> Option<Vec<Edge>> {
    const MOST: usize = 32;
    let mut corners: Vec<Vector> = polygon.vertices().map(SkyCoord::to_vector).collect();
    if corners.len() > MOST {
        return None;
    }
    let edge = |corners: &[Vector], at: usize| {
        let (a, b) = (corners[at], corners[(at + 1) % corners.len()]);
        let pole = cross(a, b);
        let length = dot(pole, pole).sqrt();
        let pole = (length > 0.0).then(|| pole.map(|x| x / length))?;
        Some(Edge { pole, across: [cross(pole, a), cross(b, pole)] })
    };
    // Once in either sense of rotation.
    for _ in 0..2 {
        let edges: Vec<_> =
            (0..corners.len()).map(|at| edge(&corners, at)).collect::<Option<_>>()?;
        let holds = |edge: &Edge| corners.iter().all(|corner| dot(edge.pole, *corner) > -1e-13);
        if edges.iter().all(holds) {
            return Some(edges);
        }
        corners.reverse();
    }
    None
}
