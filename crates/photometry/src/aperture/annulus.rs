use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord};

use super::{Aperture, Centers, PACK, Run, row_by_rows};

/// What lies in the outer shape and not in the inner one, which should lie in the outer.
///
/// ```
/// use photometry::aperture::{Annulus, Aperture, Circle};
///
/// let ring = Annulus::new(Circle::new((20.0, 20.0), 8.0), Circle::new((20.0, 20.0), 5.0));
/// assert!((ring.area() - 39.0 * std::f64::consts::PI).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Annulus<O, I = O> {
    /// The outer shape.
    pub outer: O,
    /// The hole.
    pub inner: I,
}

impl<O, I> Annulus<O, I> {
    /// `outer` without `inner`.
    pub fn new(outer: O, inner: I) -> Self {
        Self { outer, inner }
    }
}

impl<O: Aperture, I: Aperture> Aperture for Annulus<O, I> {
    fn bounds(&self) -> PixelBox {
        self.outer.bounds()
    }

    fn contains(&self, at: PixelCoord) -> bool {
        self.outer.contains(at) && !self.inner.contains(at)
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        (self.outer.overlap(x, y) - self.inner.overlap(x, y)).max(0.0)
    }

    fn area(&self) -> f64 {
        (self.outer.area() - self.inner.area()).max(0.0)
    }

    fn center(&self) -> PixelCoord {
        self.outer.center()
    }

    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        row_by_rows(self, (y, x), shares)
    }

    fn rows(&self, (y, x): (isize, isize), width: usize, shares: &mut [f64], runs: &mut [Run]) {
        self.outer.rows((y, x), width, shares, runs);
        let stride = shares.len() / runs.len().max(1);
        let hole = self.inner.bounds();
        let part = |hole: &Range<isize>, from: isize, length: usize| {
            let place =
                |at: isize| usize::try_from(at.saturating_sub(from)).unwrap_or(0).min(length);
            place(hole.start)..place(hole.end)
        };
        let (columns, rows) = (part(&hole.x, x, width), part(&hole.y, y, runs.len()));
        if columns.is_empty() || rows.is_empty() {
            return;
        }
        let room = columns.len() + PACK;
        let mut taken = vec![0.0; rows.len() * room];
        let mut holes = vec![Run::default(); rows.len()];
        let corner = (y + rows.start.cast_signed(), x + columns.start.cast_signed());
        self.inner.rows(corner, columns.len(), &mut taken, &mut holes);
        for ((j, hole), taken) in rows.zip(holes).zip(taken.chunks_mut(room)) {
            if hole.touched.is_empty() {
                continue;
            }
            let row = &mut shares[j * stride..][..width];
            row[runs[j].whole.clone()].fill(1.0);
            runs[j].whole = runs[j].touched.end..runs[j].touched.end;
            taken[hole.whole].fill(1.0);
            let row = &mut row[columns.clone()];
            let part = row[hole.touched.clone()].iter_mut().zip(&taken[hole.touched]);
            part.for_each(|(share, taken)| *share = (*share - taken).max(0.0));
        }
    }

    fn centers(&self, y: isize, columns: Range<isize>, out: &mut Vec<Range<isize>>) {
        let (mut outer, mut inner) = (Vec::new(), Vec::new());
        self.outer.centers(y, columns.clone(), &mut outer);
        self.inner.centers(y, columns, &mut inner);
        without(&outer, &inner, |run| out.push(run));
    }

    fn centers_of_rows(&self, rows: Range<isize>, columns: &Range<isize>, out: &mut Centers) {
        let room = || Centers::with_capacity(rows.len());
        let (mut outer, mut inner) = (room(), room());
        self.outer.centers_of_rows(rows.clone(), columns, &mut outer);
        let hole = self.inner.bounds().y;
        let hole = hole.start.clamp(rows.start, rows.end)..hole.end.clamp(rows.start, rows.end);
        self.inner.centers_of_rows(hole.clone(), columns, &mut inner);
        for (j, y) in rows.enumerate() {
            let inner =
                if hole.contains(&y) { inner.row((y - hole.start).unsigned_abs()) } else { &[] };
            without(outer.row(j), inner, |run| out.push(run));
            out.end_row();
        }
    }

    fn crossings(&self, y: f64, out: &mut Vec<f64>) -> bool {
        let (mut outer, mut inner) = (Vec::new(), Vec::new());
        if !self.outer.crossings(y, &mut outer) || !self.inner.crossings(y, &mut inner) {
            return false;
        }
        super::rings::subtract(&outer, &inner, out);
        true
    }
}

/// Gives what is left of `runs` without `holes`, both ascending.
fn without(runs: &[Range<isize>], holes: &[Range<isize>], mut left: impl FnMut(Range<isize>)) {
    for run in runs {
        let mut start = run.start;
        for hole in holes.iter().filter(|hole| hole.start < run.end && hole.end > run.start) {
            if start < hole.start {
                left(start..hole.start);
            }
            start = hole.end.min(run.end);
        }
        if start < run.end {
            left(start..run.end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{rows_are_overlaps, total};
    use super::super::{Circle, Ellipse, Rectangle};
    use super::*;

    #[test]
    fn a_ring_has_the_area_between() {
        for (outer, inner) in [(5.0, 3.0), (80.0, 79.9), (3.0, 1e-9), (70.3, 68.0), (1e3, 10.0)] {
            let ring =
                Annulus::new(Circle::new((10.3, 9.8), outer), Circle::new((10.3, 9.8), inner));
            assert!((total(&ring) / ring.area() - 1.0).abs() < 1e-12, "{outer} {inner}");
            rows_are_overlaps(&ring, 4e-16);
        }
    }

    #[test]
    fn any_shapes_make_one() {
        let frame = Annulus::new(
            Rectangle::new((20.2, 20.0), 14.0, 9.0, 0.4),
            Ellipse::new((20.2, 20.0), 3.0, 2.0, 0.4),
        );
        assert!((total(&frame) - (126.0 - 6.0 * std::f64::consts::PI)).abs() < 1e-11);
        rows_are_overlaps(&frame, 1e-14);
    }
}
