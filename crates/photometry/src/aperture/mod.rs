//! Shapes in the image: which pixels they touch, and the share of each pixel that lies inside.
//!
//! [`Circle`], [`Ellipse`] (also sheared: any linear image of a circle), [`Rectangle`] (any parallelogram), [`Polygon`]
//! (any rings, holes and crossings), [`Sector`] of an ellipse, and what is made of them: [`Annulus`] of any two shapes,
//! [`Composite`] of included and excluded ones. Shares are exact; [`Center`] and [`Subpixel`] wrap a shape and sample it
//! instead.

mod annulus;
mod circle;
mod circle_arcs;
mod circle_small;
mod composite;
mod disc;
mod ellipse;
mod ellipse_arcs;
#[cfg(test)]
#[allow(
    clippy::approx_constant,
    clippy::type_complexity,
    reason = "a table of numbers computed elsewhere"
)]
mod oracle;
mod polygon;
mod rectangle;
mod rings;
mod sampled;
mod sector;

use std::fmt::Debug;
use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord};

pub use annulus::Annulus;
pub use circle::Circle;
pub use composite::Composite;
pub use ellipse::Ellipse;
pub use polygon::{FillRule, Polygon};
pub use rectangle::Rectangle;
pub use sampled::{Center, Subpixel};
pub use sector::Sector;

/// A shape in the image; gives each pixel its weight.
///
/// Positions are zero-based, pixel `(x, y)` covers `x ± 0.5`, `y ± 0.5`. A new shape is one file with the four required
/// functions; the others have defaults, which a shape replaces to be faster or to compose exactly.
pub trait Aperture: Debug + Send + Sync {
    /// The pixels that the shape touches; it may reach outside an image.
    fn bounds(&self) -> PixelBox;

    /// Whether the place is inside; the edge is not (photutils' `center` method).
    fn contains(&self, at: PixelCoord) -> bool;

    /// Area of pixel `(x, y)` inside the shape, 0 to 1, exact up to rounding.
    fn overlap(&self, x: isize, y: isize) -> f64;

    /// Area of the whole shape, in pixels.
    fn area(&self) -> f64;

    /// The middle of the shape.
    fn center(&self) -> PixelCoord {
        let PixelBox { x, y } = self.bounds();
        let middle = |range: Range<isize>| 0.5 * (range.start as f64 + (range.end - 1) as f64);
        PixelCoord::new(middle(x), middle(y))
    }

    /// Writes the overlaps of the pixels `x .. x + shares.len()` of row `y`, and tells which of them need no look.
    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        for (share, x) in shares.iter_mut().zip(x..) {
            *share = self.overlap(x, y);
        }
        Run { touched: 0..shares.len(), whole: 0..0 }
    }

    /// Writes the overlaps of as many rows as there are `runs`, from row `y` and column `x` on, each to the first `width`
    /// places of its equal part of `shares`, which is [`PACK`] places longer: the same numbers as [`row`](Self::row)
    /// writes. Of those that the run tells, though, only `PACK` places are sure to be written: at either end of `whole`,
    /// and, as zeros, after `touched`.
    ///
    /// For shapes of which neighbouring rows share some work.
    fn rows(&self, (y, x): (isize, isize), width: usize, shares: &mut [f64], runs: &mut [Run]) {
        rows_one_by_one(self, (y, x), width, shares, runs);
    }

    /// Appends the runs of pixels of row `y` in `columns` whose centres lie inside.
    fn centers(&self, y: isize, columns: Range<isize>, out: &mut Vec<Range<isize>>) {
        centers(self, y, columns, out);
    }

    /// Appends the runs of every one of `rows`, one row after the other, as [`centers`](Self::centers) finds them.
    fn centers_of_rows(&self, rows: Range<isize>, columns: &Range<isize>, out: &mut Centers) {
        for y in rows {
            self.centers(y, columns.clone(), &mut out.runs);
            out.end_row();
        }
    }

    /// Appends the places where the line of height `y` enters and leaves the shape, in pairs and ascending.
    ///
    /// `false` where the shape cannot tell: the pixels where it meets another are then sampled.
    fn crossings(&self, y: f64, out: &mut Vec<f64>) -> bool {
        let _ = (y, out);
        false
    }
}

/// Pixels that are worked out together.
pub const PACK: usize = 4;

/// What is known of a row of shares: outside `touched` all are 0, in `whole` all are 1. Indices into the row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// The pixels that may have a share.
    pub touched: Range<usize>,
    /// Pixels that lie wholly inside; part of `touched`, or empty.
    pub whole: Range<usize>,
}

/// Runs of pixels whose centres lie inside, row by row.
#[derive(Debug, Clone, Default)]
pub struct Centers {
    runs: Vec<Range<isize>>,
    /// Where the runs of each row end.
    ends: Vec<usize>,
}

impl Centers {
    /// Room for some rows of two runs.
    pub fn with_capacity(rows: usize) -> Self {
        Self { runs: Vec::with_capacity(2 * rows), ends: Vec::with_capacity(rows) }
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.runs.clear();
        self.ends.clear();
    }

    /// Appends a run to the row that is worked on.
    pub fn push(&mut self, run: Range<isize>) {
        self.runs.push(run);
    }

    /// Ends the row that is worked on.
    pub fn end_row(&mut self) {
        self.ends.push(self.runs.len());
    }

    /// The runs of row `j`.
    pub fn row(&self, j: usize) -> &[Range<isize>] {
        let start = j.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.runs[start..self.ends[j]]
    }
}

/// What points to a shape is one.
macro_rules! points_to_a_shape {
    ($pointer:ty) => {
        impl<A: Aperture + ?Sized> Aperture for $pointer {
            fn bounds(&self) -> PixelBox {
                (**self).bounds()
            }
            fn contains(&self, at: PixelCoord) -> bool {
                (**self).contains(at)
            }
            fn overlap(&self, x: isize, y: isize) -> f64 {
                (**self).overlap(x, y)
            }
            fn area(&self) -> f64 {
                (**self).area()
            }
            fn center(&self) -> PixelCoord {
                (**self).center()
            }
            fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
                (**self).row(y, x, shares)
            }
            fn rows(
                &self,
                corner: (isize, isize),
                width: usize,
                shares: &mut [f64],
                runs: &mut [Run],
            ) {
                (**self).rows(corner, width, shares, runs);
            }
            fn centers(&self, y: isize, columns: Range<isize>, out: &mut Vec<Range<isize>>) {
                (**self).centers(y, columns, out);
            }
            fn centers_of_rows(
                &self,
                rows: Range<isize>,
                columns: &Range<isize>,
                out: &mut Centers,
            ) {
                (**self).centers_of_rows(rows, columns, out);
            }
            fn crossings(&self, y: f64, out: &mut Vec<f64>) -> bool {
                (**self).crossings(y, out)
            }
        }
    };
}

points_to_a_shape!(&A);
points_to_a_shape!(Box<A>);

/// Shares of rows, one after the other.
fn rows_one_by_one<A: Aperture + ?Sized>(
    aperture: &A,
    (y, x): (isize, isize),
    width: usize,
    shares: &mut [f64],
    runs: &mut [Run],
) {
    let stride = shares.len() / runs.len().max(1);
    for ((run, row), y) in runs.iter_mut().zip(shares.chunks_mut(stride.max(1))).zip(y..) {
        let (row, beyond) = row.split_at_mut(width);
        *run = aperture.row(y, x, row);
        beyond.fill(0.0);
    }
}

/// A row of shares by [`Aperture::rows`].
fn row_by_rows<A: Aperture + ?Sized>(
    aperture: &A,
    corner: (isize, isize),
    shares: &mut [f64],
) -> Run {
    let width = shares.len();
    let mut row = vec![0.0; width + PACK];
    let mut run = Run::default();
    aperture.rows(corner, width, &mut row, std::slice::from_mut(&mut run));
    row[..run.touched.start].fill(0.0);
    row[run.whole.clone()].fill(1.0);
    row[run.touched.end..].fill(0.0);
    shares.copy_from_slice(&row[..width]);
    run
}

/// Runs of pixels whose centres lie inside, one by one.
fn centers<A: Aperture + ?Sized>(
    aperture: &A,
    y: isize,
    columns: Range<isize>,
    out: &mut Vec<Range<isize>>,
) {
    let first = out.len();
    for x in columns {
        if aperture.contains(PixelCoord::new(x as f64, y as f64)) {
            match out[first..].last_mut() {
                Some(run) if run.end == x => run.end = x + 1,
                _ => out.push(x..x + 1),
            }
        }
    }
}

/// The pixels of row `y` whose centres lie inside a shape without dents, which crosses the row from about `from` to `to`.
fn centers_in_chord<A: Aperture>(
    aperture: &A,
    y: isize,
    columns: Range<isize>,
    (from, to): (f64, f64),
    slack: f64,
) -> Option<Range<isize>> {
    // What is surely inside, and then one by one what may be.
    let sure = |x: isize| x.clamp(columns.start, columns.end);
    let (mut start, mut end) = (sure(-floor(-(from + slack))), sure(floor(to - slack) + 1));
    if start >= end {
        start = sure(floor(0.5 * (from + to) + 0.5));
        end = start;
    }
    let inside = |x: isize| aperture.contains(PixelCoord::new(x as f64, y as f64));
    while start > columns.start && inside(start - 1) {
        start -= 1;
    }
    while end < columns.end && inside(end) {
        end += 1;
    }
    (start < end).then_some(start..end)
}

/// The box of pixels that covers `center ± half`; far outside any image it stops.
pub(crate) fn bounds(center: PixelCoord, half_x: f64, half_y: f64) -> PixelBox {
    let range = |center: f64, half: f64| {
        let (start, last) = (floor(center - half + 0.5), floor(-(center + half + 0.5)));
        start..-last
    };
    PixelBox::new(range(center.x, half_x), range(center.y, half_y))
}

/// The whole number at or below a value, without a call where there is no instruction for it.
#[inline(always)]
fn floor(value: f64) -> isize {
    let whole = index(value);
    whole - isize::from((whole as f64) > value)
}

#[inline(always)]
fn index(value: f64) -> isize {
    /// No image reaches so far, and sums of two of these still fit.
    const FAR: f64 = 1e15;
    #[expect(clippy::cast_possible_truncation, reason = "clamped, and NaN becomes 0")]
    let index = value.clamp(-FAR, FAR) as isize;
    index
}

/// The part of a row of `length` pixels from column `x` on that lies in columns `from..to`.
#[inline(always)]
fn columns(from: f64, to: f64, x: isize, length: usize) -> Range<usize> {
    let place = |value: f64| {
        let offset = index(value).saturating_sub(x);
        usize::try_from(offset).unwrap_or(0).min(length)
    };
    let (start, end) = (place(from), place(to));
    start..end.max(start)
}

#[cfg(test)]
mod testing {
    use std::ops::Range;

    use super::{Aperture, Centers, PACK, Run};

    /// Sum of all overlaps.
    pub(super) fn total(aperture: &impl Aperture) -> f64 {
        let window = aperture.bounds();
        let rows =
            window.y.clone().map(|y| window.x.clone().map(|x| aperture.overlap(x, y)).sum::<f64>());
        rows.sum()
    }

    /// The runs of centres are those that the shape contains, ascending and apart.
    fn centers_are_contained(aperture: &impl Aperture, y: isize, columns: Range<isize>) {
        let (mut found, mut expected) = (Vec::new(), Vec::new());
        aperture.centers(y, columns.clone(), &mut found);
        super::centers(aperture, y, columns, &mut expected);
        let pixels = |runs: &[Range<isize>]| runs.iter().flat_map(Clone::clone).collect::<Vec<_>>();
        assert_eq!(pixels(&found), pixels(&expected), "row {y} of {aperture:?}");
    }

    fn centers_of_rows_are_those_of_each(aperture: &impl Aperture) {
        let window = aperture.bounds();
        let (columns, rows) =
            (window.x.start + 1..window.x.end, window.y.start - 1..window.y.end + 1);
        let (mut all, mut row) = (Centers::default(), Vec::new());
        aperture.centers_of_rows(rows.clone(), &columns, &mut all);
        for (j, y) in rows.enumerate() {
            row.clear();
            aperture.centers(y, columns.clone(), &mut row);
            assert_eq!(all.row(j), row, "row {y} of {aperture:?}");
        }
    }

    /// Rows that are found together are those found one by one, to the last bit, where they must be written.
    fn rows_are_each_row(aperture: &impl Aperture, x0: isize, length: usize) {
        let height = aperture.bounds().y.len().cast_signed();
        // From before the shape on, and blocks that begin in it, whose rows may all hold pixels wholly.
        for (from, count) in [(-1, 62), (height / 4, 40), (height / 4 + 1, 7), (height / 2, 1)] {
            let first = aperture.bounds().y.start + from;
            let count = (height + 1 - from).min(count).max(1).unsigned_abs();
            block_is_each_row(aperture, (first, x0), length, count);
        }
    }

    fn block_is_each_row(
        aperture: &impl Aperture,
        (first, x0): (isize, isize),
        length: usize,
        count: usize,
    ) {
        let stride = length + PACK;
        let mut all = vec![f64::NAN; count * stride];
        let mut runs = vec![Run::default(); count];
        aperture.rows((first, x0), length, &mut all, &mut runs);
        let mut row = vec![0.0; stride];
        for ((y, run), shares) in (first..).zip(runs).zip(all.chunks(stride)) {
            assert_eq!(aperture.row(y, x0, &mut row[..length]), run, "row {y} of {aperture:?}");
            let Run { touched, whole } = run;
            let deep = whole.start + PACK..whole.end.saturating_sub(PACK);
            let written = (touched.start..touched.end + PACK).filter(|i| !deep.contains(i));
            for i in written {
                let same = row[i].to_bits() == shares[i].to_bits();
                assert!(same, "row {y} {i} {} {} of {aperture:?}", row[i], shares[i]);
            }
        }
    }

    /// The rows are the overlaps one by one, and `whole` and `touched` hold.
    pub(super) fn rows_are_overlaps(aperture: &impl Aperture, tolerance: f64) {
        let window = aperture.bounds();
        centers_of_rows_are_those_of_each(aperture);
        for (cut_left, cut_right) in [(-2, -2), (2, 1)] {
            let x0 = window.x.start + cut_left;
            let length = (window.x.end - cut_right - x0).max(0).unsigned_abs();
            let mut shares = vec![f64::NAN; length];
            rows_are_each_row(aperture, x0, length);
            for y in window.y.start - 1..window.y.end + 1 {
                centers_are_contained(aperture, y, x0..x0 + length.cast_signed());
                let run = aperture.row(y, x0, &mut shares);
                for (i, share) in shares.iter().enumerate() {
                    let expected = aperture.overlap(x0 + i.cast_signed(), y);
                    assert!(
                        (share - expected).abs() <= tolerance,
                        "({}, {y}): {share} {expected}",
                        x0 + i.cast_signed()
                    );
                    assert!(run.touched.contains(&i) || *share == 0.0, "{i} {y} {run:?}");
                    assert!(!run.whole.contains(&i) || *share == 1.0, "{i} {y} {run:?}");
                }
            }
        }
    }
}
