//! Where the shares of a block of rows are worked out.

use std::cell::Cell;
use std::ops::Range;

use astro_coords::PixelBox;

use super::lanes::LANES;
use super::loops::Runs;
use crate::Aperture;
use crate::aperture::Run;

/// The shares of a block of rows of an aperture, and which of them count.
#[derive(Debug, Default)]
pub(crate) struct Space {
    width: usize,
    /// Places of a row: its pixels, and what the last pack reaches over.
    stride: usize,
    shares: Vec<f64>,
    touched: Vec<Run>,
    /// Rows that `shares` holds.
    rows: Range<isize>,
    /// The window's last row.
    end: isize,
    pub(super) runs: Vec<Range<isize>>,
}

/// Places of a block of rows, which the cache holds.
const BLOCK: usize = 1 << 15;

thread_local! {
    static SPARE: Cell<Space> = const { Cell::new(Space::EMPTY) };
}

impl Space {
    const EMPTY: Self = Self {
        width: 0,
        stride: 0,
        shares: Vec::new(),
        touched: Vec::new(),
        rows: 0..0,
        end: 0,
        runs: Vec::new(),
    };

    /// For the rows of `window`, which come one after the other; in memory that this thread used before.
    pub(super) fn of_window(window: &PixelBox) -> Self {
        let mut space = SPARE.take();
        space.set(window);
        space
    }

    /// In memory of its own.
    pub(super) fn own(window: &PixelBox) -> Self {
        let mut space = Self::EMPTY;
        space.set(window);
        space
    }

    /// Leaves the memory to the next.
    pub(super) fn spare(self) {
        SPARE.set(self);
    }

    fn set(&mut self, window: &PixelBox) {
        let (height, width) = window.shape();
        let stride = width + LANES;
        let rows = (BLOCK / stride).clamp(1, height.max(1));
        let room = rows * stride;
        if self.shares.len() < room {
            self.shares.resize(room, 0.0);
        }
        self.touched.resize(rows, Run::default());
        (self.width, self.stride, self.rows, self.end) = (width, stride, 0..0, window.y.end);
    }

    /// Finds the shares of the rows from `y` on, in columns from `x0` on; how many rows.
    pub(super) fn find(&mut self, aperture: &impl Aperture, (y, x0): (isize, isize)) -> usize {
        let count = self.touched.len().min((self.end - y).unsigned_abs()).max(1);
        self.rows = y..y + count.cast_signed();
        let shares = &mut self.shares[..count * self.stride];
        aperture.rows((y, x0), self.width, shares, &mut self.touched[..count]);
        count
    }

    /// The shares of row `y`, found now if they are not there.
    pub(super) fn row(&mut self, aperture: &impl Aperture, (y, x0): (isize, isize)) -> usize {
        if !self.rows.contains(&y) {
            self.find(aperture, (y, x0));
        }
        (y - self.rows.start).unsigned_abs()
    }

    /// What is known of row `j` of those there are, and its shares.
    pub(super) fn shares(&self, j: usize) -> (&Run, &[f64]) {
        (&self.touched[j], &self.shares[j * self.stride..(j + 1) * self.stride])
    }

    /// The first two runs of row `y` whose centres lie inside, and the number of pixels in them; all in `runs`.
    pub(super) fn centers(
        &mut self,
        aperture: &impl Aperture,
        (y, x0): (isize, isize),
        j: usize,
    ) -> (Runs, usize) {
        self.runs.clear();
        let touched = self.touched[j].touched.clone();
        if !touched.is_empty() {
            let columns = x0 + touched.start.cast_signed()..x0 + touched.end.cast_signed();
            aperture.centers(y, columns, &mut self.runs);
        }
        let mut inside: Runs = [0..0, 0..0];
        for (place, run) in inside.iter_mut().zip(&self.runs) {
            *place = (run.start - x0).unsigned_abs()..(run.end - x0).unsigned_abs();
        }
        let count = inside.iter().map(Range::len).sum();
        (inside, count)
    }
}
