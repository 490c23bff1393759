use std::thread;

use super::{Coverage, Footprint, Region, dot};
use crate::Cone;

/// What every footprint holds of every region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageMatrix {
    cells: Vec<Coverage>,
    regions: usize,
}

impl CoverageMatrix {
    /// Whether footprint `footprint` holds region `region`, both counted from 0.
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

    /// The best that any footprint does for each region.
    pub fn best(&self) -> Vec<Coverage> {
        let mut best = vec![Coverage::No; self.regions];
        for row in self.cells.chunks(self.regions.max(1)) {
            best.iter_mut().zip(row).for_each(|(best, cell)| *best = (*best).max(*cell));
        }
        best
    }
}

/// Tests every footprint against every region; a missing footprint holds nothing.
pub fn covering(footprints: &[Option<Footprint>], regions: &[Cone]) -> CoverageMatrix {
    let prepared: Vec<_> = regions.iter().map(Region::from).collect();
    let mut cells = vec![Coverage::No; footprints.len() * regions.len()];
    // Below this the threads cost more than they bring.
    const PAIRS_A_THREAD: usize = 100_000;
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(cells.len() / PAIRS_A_THREAD + 1);
    let share = footprints.len().div_ceil(threads).max(1);
    if !regions.is_empty() {
        thread::scope(|scope| {
            let parts = footprints.chunks(share).zip(cells.chunks_mut(share * regions.len()));
            for (footprints, cells) in parts {
                let prepared = &prepared;
                scope.spawn(move || fill(footprints, prepared, cells));
            }
        });
    }
    CoverageMatrix { cells, regions: regions.len() }
}

fn fill(footprints: &[Option<Footprint>], regions: &[Region], cells: &mut [Coverage]) {
    for (footprint, row) in footprints.iter().zip(cells.chunks_mut(regions.len())) {
        let Some(footprint) = footprint else { continue };
        for (region, cell) in regions.iter().zip(row) {
            // Chord instead of angle: most pairs end here, and it needs no arc sine.
            let reach = footprint.radius + region.radius;
            let far = 2.0 - 2.0 * dot(footprint.center, region.center) > reach * reach;
            if !(far && reach < 3.0) {
                *cell = footprint.covers_region(region);
            }
        }
    }
}
