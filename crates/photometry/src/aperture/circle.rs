use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord};

use super::circle_arcs::{Arcs, Line, NONE, Table};
use super::circle_small::Small;
use super::{Aperture, Centers, PACK, Run, bounds, centers_in_chord, columns, floor};
use super::{row_by_rows, rows_one_by_one};
use crate::vectors::{Loop, run};

/// A circle, by a way that is exact for any radius and faster than the [`Ellipse`](super::Ellipse)'s.
///
/// The centre is split into whole pixels and a rest, so that the sides of pixels are half integers, and half chords are
/// kept in two parts: what is left between a corner and the circle comes without cancellation, and a pixel's share is
/// right to some 1e-16 also for a radius of 1e5 pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    center: PixelCoord,
    /// The nearest whole pixel to the centre.
    whole: [f64; 2],
    arcs: Arcs,
}

/// Radius below which arcs in a pixel may be long.
const SMALL: f64 = 2.5;

impl Circle {
    /// The circle around `center`; `radius` in pixels.
    pub fn new(center: impl Into<PixelCoord>, radius: f64) -> Self {
        let center = center.into();
        let whole = [center.x.round(), center.y.round()];
        let rest = [center.x - whole[0], center.y - whole[1]];
        Self { center, whole, arcs: Arcs::new(radius, rest) }
    }

    /// The radius, in pixels.
    pub fn radius(&self) -> f64 {
        self.arcs.radius
    }

    /// What row `line` of pixels from column `x` on touches, and what it holds wholly.
    #[inline(always)]
    fn spans(&self, line: &Line, x: isize, length: usize) -> Run {
        let slack = 1e-9 * (1.0 + self.arcs.radius);
        let (outer, inner) = (line.outer, line.inner);
        let touched = if outer > NONE {
            let (from, to) = (self.center.x - outer - slack, self.center.x + outer + slack);
            columns((from + 0.5).floor(), (to + 0.5).ceil(), x, length)
        } else {
            0..0
        };
        let (from, to) = (self.center.x - inner + slack, self.center.x + inner - slack);
        let whole = columns((from + 0.5).ceil(), (to + 0.5).floor(), x, length);
        let some = inner > 0.0 && whole.start < whole.end;
        Run { whole: if some { whole } else { touched.end..touched.end }, touched }
    }

    /// The shares beside what a row holds wholly, in packs, and what [`Aperture::rows`] asks for beyond.
    #[inline(always)]
    fn shares<const TERMS: usize>(
        &self,
        line: &Line,
        x: isize,
        Run { touched, whole }: &Run,
        table: &Table<'_>,
        shares: &mut [f64],
    ) {
        let m0 = x as f64 - self.whole[0];
        let left = touched.start..whole.start;
        let right = whole.end..touched.end;
        if !whole.is_empty() && left.len() <= 2 && right.len() <= 2 && line.is_beside() {
            let places = (left.start, right.start);
            let [a, b, c, d] = self.arcs.two_and_two::<TERMS>(line, m0, places, table);
            shares[left.start..left.start + 2].copy_from_slice(&[a, b]);
            // Where fewer than two are left of what lies inside wholly, the table may not have the second one's side.
            ends(shares, whole);
            shares[right.start..right.start + 2].copy_from_slice(&[c, d]);
            shares[touched.end..touched.end + PACK].fill(0.0);
            return;
        }
        self.arcs.beside::<TERMS>(line, m0, left, table, shares);
        if !whole.is_empty() {
            ends(shares, whole);
            self.arcs.beside::<TERMS>(line, m0, right, table, shares);
        }
        shares[touched.end..touched.end + PACK].fill(0.0);
    }

    /// A row of a circle of which a pixel may hold a long arc.
    fn small_row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        let line = self.arcs.line(y as f64 - self.whole[1]);
        let run = self.spans(&line, x, shares.len());
        let Run { touched, whole } = &run;
        let (small, m0) = (Small::new(&self.arcs), x as f64 - self.whole[0]);
        shares[..touched.start].fill(0.0);
        shares[touched.end..].fill(0.0);
        shares[whole.clone()].fill(1.0);
        for i in (touched.start..whole.start).chain(whole.end..touched.end) {
            shares[i] = small.pixel(m0 + i as f64, line.n);
        }
        run
    }
}

/// Ones at both ends of what lies inside wholly; the right part may have to be written after.
#[inline(always)]
fn ends(shares: &mut [f64], whole: &Range<usize>) {
    shares[whole.start..whole.start + PACK].fill(1.0);
    if whole.len() > PACK {
        shares[whole.end - PACK..whole.end].fill(1.0);
    }
}

/// Rows of a circle, compiled for wide vectors.
struct Rows<'a> {
    circle: &'a Circle,
    corner: (isize, isize),
    width: usize,
    shares: &'a mut [f64],
    runs: &'a mut [Run],
}

impl Loop for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        // Arcs in a pixel are at most its diagonal long, so that the series needs fewer terms for larger circles.
        match self.circle.arcs.radius {
            r if r < 4.5 => self.of::<14, { 2 * Table::room(11) }>(),
            r if r < 23.0 => self.of::<8, { 2 * Table::room(47) }>(),
            _ => self.of::<5, { 2 * Table::room(111) }>(),
        }
    }
}

impl Rows<'_> {
    /// `TERMS` of the series; `ROOM` that the tables of most circles fit in.
    #[inline(always)]
    fn of<const TERMS: usize, const ROOM: usize>(self) {
        let Self { circle, corner: (y, x), width, shares, runs } = self;
        let (arcs, whole) = (&circle.arcs, circle.whole);
        let (of_columns, of_rows) = (Table::room(width), Table::room(runs.len()));
        let (mut few, mut many) = ([0.0; ROOM], Vec::new());
        let space = match few.get_mut(..of_columns + of_rows) {
            Some(few) => few,
            None => {
                many.resize(of_columns + of_rows, 0.0);
                &mut many[..]
            }
        };
        let (of_columns, of_rows) = space.split_at_mut(of_columns);
        let mut columns = Table::new(x as f64 - whole[0], of_columns);
        let mut rows = Table::new(y as f64 - whole[1], of_rows);
        rows.fill(arcs, 1, 0..runs.len());
        let lines = (0..runs.len()).map(|j| rows.line(arcs, j));
        for (run, line) in runs.iter_mut().zip(lines) {
            *run = circle.spans(&line, x, width);
        }
        // The sides that border pixels have: none in what all rows hold wholly.
        let start = runs.iter().map(|run| run.whole.start).max().unwrap_or(0);
        let end = runs.iter().map(|run| run.whole.end).min().unwrap_or(0);
        if runs.iter().any(|run| run.whole.is_empty()) || end < start + 2 * PACK {
            columns.fill(arcs, 0, 0..width);
        } else {
            columns.fill(arcs, 0, 0..start);
            columns.fill(arcs, 0, end..width);
        }
        let stride = shares.len() / runs.len().max(1);
        for (j, (run, shares)) in runs.iter().zip(shares.chunks_mut(stride)).enumerate() {
            circle.shares::<TERMS>(&rows.line(arcs, j), x, run, &columns, shares);
        }
    }
}

/// Places between which the centres of the pixels of some rows lie inside, compiled for wide vectors.
struct Chords<'a> {
    circle: &'a Circle,
    /// The first row.
    y: isize,
}

impl Loop for Chords<'_> {
    /// The first pixel and the one after the last, less than one too high; `None` where a centre lies so near the circle
    /// that rounding could decide, or a row is not crossed.
    type Output = [Option<(f64, f64)>; 2 * PACK];

    #[inline(always)]
    fn call(self) -> Self::Output {
        let Self { circle, y } = self;
        let slack = 1e-9 * (1.0 + circle.arcs.radius);
        let first = y as f64 - circle.center.y;
        let (mut from, mut to) = ([0.0; 2 * PACK], [0.0; 2 * PACK]);
        let mut clear = [0.0; 2 * PACK];
        for k in 0..2 * PACK {
            let dy = first + k as f64;
            let left = circle.arcs.square - dy * dy;
            let half = left.max(0.0).sqrt();
            (from[k], to[k]) = (circle.center.x - half, circle.center.x + half);
            let near = |x: f64| (x - x.round_ties_even()).abs();
            let (a, b) = (near(from[k]), near(to[k]));
            clear[k] = (if a < b { a } else { b }).min(left);
        }
        // The first centre is the next whole number above, the last the one below.
        std::array::from_fn(|k| (clear[k] > slack).then(|| (from[k] + 1.0, to[k] + 1.0)))
    }
}

impl Aperture for Circle {
    fn bounds(&self) -> PixelBox {
        bounds(self.center, self.arcs.radius, self.arcs.radius)
    }

    #[inline]
    fn contains(&self, at: PixelCoord) -> bool {
        let (dx, dy) = (at.x - self.center.x, at.y - self.center.y);
        dx * dx + dy * dy < self.arcs.square
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        let mut share = [0.0];
        self.row(y, x, &mut share);
        share[0]
    }

    fn area(&self) -> f64 {
        std::f64::consts::PI * self.arcs.square
    }

    fn center(&self) -> PixelCoord {
        self.center
    }

    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        if self.arcs.radius < SMALL {
            return self.small_row(y, x, shares);
        }
        row_by_rows(self, (y, x), shares)
    }

    fn rows(&self, corner: (isize, isize), width: usize, shares: &mut [f64], runs: &mut [Run]) {
        if self.arcs.radius >= SMALL {
            run(Rows { circle: self, corner, width, shares, runs });
        } else {
            rows_one_by_one(self, corner, width, shares, runs);
        }
    }

    fn centers(&self, y: isize, columns: Range<isize>, out: &mut Vec<Range<isize>>) {
        let dy = y as f64 - self.center.y;
        let left = self.arcs.square - dy * dy;
        let half = if left > 0.0 { left.sqrt() } else { 0.0 };
        let slack = 1e-9 * (1.0 + self.arcs.radius);
        let chord = (self.center.x - half, self.center.x + half);
        out.extend(centers_in_chord(self, y, columns, chord, slack));
    }

    fn centers_of_rows(&self, rows: Range<isize>, columns: &Range<isize>, out: &mut Centers) {
        let mut y = rows.start;
        while y < rows.end {
            let chords = run(Chords { circle: self, y });
            for chord in chords.into_iter().take((rows.end - y).unsigned_abs()) {
                match chord {
                    // The pixels between are told by rounding, where no centre lies near the circle.
                    Some((first, last)) => {
                        let start = floor(first).max(columns.start);
                        let end = floor(last).min(columns.end);
                        if start < end {
                            out.push(start..end);
                        }
                    }
                    None => self.centers(y, columns.clone(), &mut out.runs),
                }
                out.end_row();
                y += 1;
            }
        }
    }

    fn crossings(&self, y: f64, out: &mut Vec<f64>) -> bool {
        let dy = (y - self.center.y).abs();
        if dy < self.arcs.radius {
            let half = ((self.arcs.radius - dy) * (self.arcs.radius + dy)).sqrt();
            out.extend([self.center.x - half, self.center.x + half]);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Ellipse;
    use super::super::testing::{rows_are_overlaps, total};
    use super::*;

    #[test]
    fn areas_sum_to_the_circle() {
        for radius in [1e-3, 0.1, 0.3, 0.5, 0.707, 1.0, 3.0, 7.5, 50.0, 145.34, 1000.0] {
            for center in [(0.0, 0.0), (0.5, 0.5), (10.3, -7.123), (0.0, 0.4999), (-0.5, 7e-17)] {
                let circle = Circle::new(center, radius);
                let error = total(&circle) / circle.area() - 1.0;
                assert!(error.abs() < 4e-15, "{radius} {center:?}: {error:e}");
                rows_are_overlaps(&circle, 4e-16);
            }
        }
    }

    /// Shares by 50-digit arithmetic (mpmath): the integral of the circle's chord over the pixel.
    #[test]
    fn shares_are_right_to_1e_14_up_to_radius_1e5() {
        for (center, radius, pixel, expected) in super::super::oracle::SHARES {
            let share = Circle::new(*center, *radius).overlap(pixel.0, pixel.1);
            assert!(
                (share - expected).abs() <= 1e-14,
                "{center:?} {radius} {pixel:?}: {share} {expected}"
            );
        }
    }

    #[test]
    fn tangents_and_points() {
        assert_eq!(Circle::new((0.0, 0.0), 0.5).overlap(1, 0), 0.0);
        assert_eq!(Circle::new((0.0, 0.0), 2.5).overlap(3, 0), 0.0);
        assert!(
            (Circle::new((10.5, 10.5), 0.3).overlap(10, 10) - 0.0225 * std::f64::consts::PI).abs()
                < 1e-17
        );
        assert_eq!(Circle::new((3.2, 4.1), 0.0).overlap(3, 4), 0.0);
        assert!(!Circle::new((3.0, 4.0), 0.0).contains((3.0, 4.0).into()));
        let nowhere = Circle::new((f64::NAN, 1.0), 2.0);
        assert!(
            nowhere.bounds().is_empty()
                || nowhere.overlap(0, 1).is_nan()
                || nowhere.overlap(0, 1) == 0.0
        );
    }

    proptest! {
        #[test]
        fn equals_the_ellipse(x in -1.0..1.0, y in -1.0..1.0, r in 0.01..40.0) {
            let (circle, ellipse) = (Circle::new((x, y), r), Ellipse::circle((x, y), r));
            prop_assert_eq!(circle.bounds(), ellipse.bounds());
            let window = circle.bounds();
            for py in window.y.clone() {
                for px in window.x.clone() {
                    prop_assert!((circle.overlap(px, py) - ellipse.overlap(px, py)).abs() < 3e-14);
                }
            }
            rows_are_overlaps(&circle, 4e-16);
        }
    }
}
