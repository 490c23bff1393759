//! What of many regions many observations show.

use std::thread;

use astro_coords::{
    Coverage, Footprint, ParseFootprintError, SkyCircle, SkyCoord, SkyPolygon, SkyShape,
};

use crate::{Cone, Observation};

impl From<Cone> for SkyCircle {
    fn from(cone: Cone) -> Self {
        Self::new(cone.center, cone.radius)
    }
}

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

/// Whether a footprint holds a region; how much of it, [`Footprint::coverage`] tells.
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
pub fn covering(footprints: &[Footprint], regions: &[Cone]) -> CoverageMatrix {
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

fn fill(footprints: &[Footprint], regions: &[Region], cells: &mut [Held]) {
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

/// A region with what every test of it needs.
struct Region {
    circle: SkyCircle,
    center: Vector,
    radius: f64,
    sin_radius: f64,
}

impl From<&Cone> for Region {
    fn from(cone: &Cone) -> Self {
        let circle = SkyCircle::from(*cone);
        let radius = circle.radius().radians();
        // Beyond a quarter of the sky no sine decides.
        let sin_radius = if radius < 1.5 { radius.sin() } else { f64::INFINITY };
        Self { circle, center: circle.center().to_vector(), radius, sin_radius }
    }
}

/// A footprint with what decides most tests in a few products: its bounds, and the poles of its edges where
/// all its shapes are convex.
struct Quick<'a> {
    footprint: &'a Footprint,
    center: Vector,
    radius: f64,
    slack: f64,
    convex: Option<Vec<Vec<Vector>>>,
}

impl<'a> Quick<'a> {
    fn new(footprint: &'a Footprint) -> Self {
        let bounds = footprint.bounding_circle();
        let slack = footprint.tolerance().radians();
        let poles = |shape: &SkyShape| match shape {
            SkyShape::Polygon(polygon) => inward_poles(polygon),
            SkyShape::Circle(_) => None,
        };
        Self {
            footprint,
            center: bounds.center().to_vector(),
            radius: bounds.radius().radians() + slack,
            slack,
            convex: footprint.shapes().iter().map(poles).collect(),
        }
    }

    fn held(&self, region: &Region) -> Held {
        // The chord is shorter than the arc, so that nothing near is lost.
        let reach = self.radius + region.radius;
        if 2.0 - 2.0 * dot(self.center, region.center) > reach * reach {
            return Held::No;
        }
        self.quickly(region).unwrap_or_else(|| self.footprint.coverage(&region.circle).into())
    }

    /// The same as the footprint would say, except in the narrow bands where it must say it.
    fn quickly(&self, region: &Region) -> Option<Held> {
        let mut held = Held::No;
        for poles in self.convex.as_ref()? {
            let depths = poles.iter().map(|pole| dot(*pole, region.center));
            let depth = depths.fold(f64::INFINITY, f64::min);
            if depth >= region.sin_radius {
                return Some(Held::Yes);
            } else if depth >= 0.0 && depth < region.sin_radius - 2.0 * self.slack {
                held = Held::Maybe;
            } else if depth >= -region.sin_radius - 2.0 * self.slack {
                return None;
            }
        }
        Some(held)
    }
}

/// Poles of the edges, towards the inside; `None` unless every corner lies inside of every edge.
fn inward_poles(polygon: &SkyPolygon) -> Option<Vec<Vector>> {
    const MOST: usize = 32;
    let corners: Vec<Vector> = polygon.vertices().map(SkyCoord::to_vector).collect();
    if corners.len() > MOST {
        return None;
    }
    let pole = |at: usize| {
        let pole = cross(corners[at], corners[(at + 1) % corners.len()]);
        let length = dot(pole, pole).sqrt();
        (length > 0.0).then(|| pole.map(|x| x / length))
    };
    let poles: Vec<Vector> = (0..corners.len()).map(pole).collect::<Option<_>>()?;
    let side = |sign: f64| {
        poles.iter().all(|pole| corners.iter().all(|corner| sign * dot(*pole, *corner) > -1e-13))
    };
    match (side(1.0), side(-1.0)) {
        (true, false) => Some(poles),
        (false, true) => Some(poles.into_iter().map(|pole| pole.map(|x| -x)).collect()),
        _ => None,
    }
}
