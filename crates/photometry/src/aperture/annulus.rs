use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord};

use super::{Aperture, Run};

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

    #[inline(always)]
    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        let outer = self.outer.row(y, x, shares);
        let hole = self.inner.bounds();
        let Some(start) = usize::try_from(hole.x.start.saturating_sub(x).max(0)).ok() else {
            return outer;
        };
        let end = usize::try_from(hole.x.end.saturating_sub(x).max(0)).unwrap_or(0);
        let (start, end) = (start.max(outer.touched.start), end.min(outer.touched.end));
        if !hole.y.contains(&y) || start >= end {
            return outer;
        }
        // Most holes fit on the stack; a wide one is taken in pieces.
        let mut taken = [0.0; 64];
        for from in (start..end).step_by(taken.len()) {
            let part = &mut shares[from..end.min(from + taken.len())];
            let taken = &mut taken[..part.len()];
            let run = self.inner.row(y, x + from.cast_signed(), taken);
            for i in run.touched {
                part[i] = (part[i] - taken[i]).max(0.0);
            }
        }
        Run { whole: outer.touched.end..outer.touched.end, touched: outer.touched }
    }

    #[inline(always)]
    fn centers(&self, y: isize, columns: Range<isize>, out: &mut Vec<Range<isize>>) {
        let first = out.len();
        self.outer.centers(y, columns.clone(), out);
        let hole = self.inner.bounds();
        if !hole.y.contains(&y) {
            return;
        }
        let outer = out.len();
        self.inner.centers(y, columns, out);
        if outer - first == 1 && out.len() - outer == 1 {
            // One run and one hole, as circles have.
            let (run, hole) = (out[first].clone(), out[outer].clone());
            out.truncate(first);
            let parts = [run.start..hole.start.min(run.end), hole.end.max(run.start)..run.end];
            out.extend(parts.into_iter().filter(|part| part.start < part.end));
            return;
        }
        let holes = out.split_off(outer);
        let runs = out.split_off(first);
        for mut run in runs {
            let whole = run.clone();
            let meets = |hole: &&Range<isize>| hole.start < whole.end && hole.end > whole.start;
            for hole in holes.iter().filter(meets) {
                if run.start < hole.start {
                    out.push(run.start..hole.start);
                }
                run.start = hole.end.min(run.end);
            }
            if run.start < run.end {
                out.push(run);
            }
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
