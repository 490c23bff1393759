//! What of many regions many observations show.

use std::thread;

use astro_coords::{Coverage, Footprint, ParseFootprintError, SkyCircle, SkyCoord};

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

/// What every footprint holds of every region.
#[derive(Debug, Clone, PartialEq)]
pub struct CoverageMatrix {
    cells: Vec<Coverage>,
    regions: usize,
}

impl CoverageMatrix {
    /// What footprint `footprint` holds of region `region`, both counted from 0.
    ///
    /// # Panics
    /// When there is no such footprint or region.
    pub fn cell(&self, footprint: usize, region: usize) -> Coverage {
        self.of_footprint(footprint)[region]
    }

    /// What a footprint holds of each region.
    ///
    /// # Panics
    /// When there is no such footprint.
    pub fn of_footprint(&self, footprint: usize) -> &[Coverage] {
        &self.cells[footprint * self.regions..][..self.regions]
    }
}

/// Tests every footprint against every region; the work is shared by threads where it is long.
pub fn covering(footprints: &[Footprint], regions: &[Cone]) -> CoverageMatrix {
    // Below this a thread costs more than it brings.
    const PAIRS_A_THREAD: usize = 100_000;
    let circles: Vec<_> = regions.iter().map(|cone| SkyCircle::from(*cone)).collect();
    let mut cells = vec![Coverage::No; footprints.len() * circles.len()];
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(cells.len() / PAIRS_A_THREAD + 1);
    let share = footprints.len().div_ceil(threads).max(1);
    if threads == 1 {
        fill(footprints, &circles, &mut cells);
    } else {
        thread::scope(|scope| {
            let parts = footprints.chunks(share).zip(cells.chunks_mut(share * circles.len()));
            for (footprints, cells) in parts {
                let circles = &circles;
                scope.spawn(move || fill(footprints, circles, cells));
            }
        });
    }
    CoverageMatrix { cells, regions: regions.len() }
}

fn fill(footprints: &[Footprint], circles: &[SkyCircle], cells: &mut [Coverage]) {
    if circles.is_empty() {
        return;
    }
    for (footprint, row) in footprints.iter().zip(cells.chunks_mut(circles.len())) {
        for (circle, cell) in circles.iter().zip(row) {
            *cell = footprint.coverage(circle);
        }
    }
}
