mod deltas;
mod edge;
mod outline;

use std::ops::Range;
use std::sync::Arc;

use astro_coords::{PixelBox, PixelCoord};

use super::{Aperture, Run, columns, index};
use crate::vectors::{Loop, run};
use outline::Outline;

/// A polygon of one or more rings: with holes, in pieces, concave, also crossing itself.
///
/// Exact by signed areas, row by row, as outlines of letters are filled: an edge adds its trapezoid to the pixels that it
/// crosses and its height to all on its right. So a row costs its edges and its pixels, whatever the shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    /// Whole pixel, and what is left to the place, that the outline is relative to.
    origin: [f64; 2],
    rest: [f64; 2],
    /// Shared with the polygons that this was moved to.
    outline: Arc<Outline>,
    bounds: PixelBox,
}

/// What is inside where rings overlap or one crosses itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FillRule {
    /// Places that an odd number of edges separates from the outside: a ring in another is a hole. DS9's way.
    #[default]
    EvenOdd,
    /// Places that the rings wind around, whichever way.
    NonZero,
}

impl Polygon {
    /// The polygon with these corners, in either direction; the last is joined to the first. Even-odd where it crosses
    /// itself. Fewer than three corners, or any that is not finite, make an empty shape.
    pub fn new<P: Into<PixelCoord> + Copy>(corners: &[P]) -> Self {
        Self::from_rings(&[corners], FillRule::EvenOdd)
    }

    /// The polygon with these rings.
    pub fn from_rings<P: Into<PixelCoord> + Copy, R: AsRef<[P]>>(
        rings: &[R],
        rule: FillRule,
    ) -> Self {
        let rings: Vec<Vec<PixelCoord>> =
            rings.iter().map(|ring| ring.as_ref().iter().map(|p| (*p).into()).collect()).collect();
        let first = rings.iter().flatten().find(|p| p.is_finite()).copied().unwrap_or_default();
        Self::around(first, &rings_from(&rings, first), rule)
    }

    /// Rings of offsets from `center`, which keep their precision far from the image's first pixel.
    pub fn around(center: PixelCoord, rings: &[Vec<[f64; 2]>], rule: FillRule) -> Self {
        Self::placed(Arc::new(Outline::new(rings, rule)), [0.0; 2], [center.x, center.y])
    }

    /// The same shape elsewhere: moved by `x` and `y` pixels, without finding again what lies inside.
    ///
    /// ```
    /// use photometry::aperture::{Aperture, Polygon};
    /// let triangle = Polygon::new(&[(0.0, 0.0), (3.0, 0.0), (0.0, 3.0)]);
    /// assert!(triangle.moved(10.25, -2.5).contains((11.0, -2.0).into()));
    /// ```
    #[must_use]
    pub fn moved(&self, x: f64, y: f64) -> Self {
        let mut moved = Self::placed(Arc::clone(&self.outline), self.rest, [x, y]);
        for (origin, from) in moved.origin.iter_mut().zip(self.origin) {
            *origin += from;
        }
        moved.bounds = moved.box_around();
        moved
    }

    /// The outline `by` from where it was placed with `rest`.
    fn placed(outline: Arc<Outline>, rest: [f64; 2], by: [f64; 2]) -> Self {
        let whole = by.map(f64::round);
        let left = [rest[0] + (by[0] - whole[0]), rest[1] + (by[1] - whole[1])];
        let more = left.map(f64::round);
        let origin = [whole[0] + more[0], whole[1] + more[1]];
        let rest = [left[0] - more[0], left[1] - more[1]];
        let mut polygon = Self { origin, rest, outline, bounds: PixelBox::default() };
        polygon.bounds = polygon.box_around();
        polygon
    }

    fn box_around(&self) -> PixelBox {
        let range = |axis: usize, [low, high]: [f64; 2]| {
            let (origin, rest) = (self.origin[axis], self.rest[axis]);
            index(origin + (low + rest + 0.5).floor())..index(origin + (high + rest + 0.5).ceil())
        };
        let of = |[x, y]: [[f64; 2]; 2]| PixelBox::new(range(0, x), range(1, y));
        self.outline.extent.map(of).unwrap_or_default()
    }

    /// Where the line of a height from the origin enters and leaves.
    fn places(&self, y: f64, out: &mut Vec<f64>) {
        self.outline.places(self.rest, y, out);
    }

    /// Whether an edge ends on the height.
    fn ends_on(&self, y: f64) -> bool {
        let mut near = self.outline.between(self.rest, y, y);
        near.any(|edge| edge.low[1] == y || edge.high[1] == y)
    }

    /// The columns of the box that lie in a row from `x` on.
    #[inline(always)]
    fn touched(&self, x: isize, length: usize) -> Range<usize> {
        let Range { start, end } = self.bounds.x;
        columns(start as f64, end as f64, x, length)
    }

    /// The left side of a column, from the origin.
    #[inline(always)]
    fn left_of(&self, column: isize) -> f64 {
        column as f64 - self.origin[0] - 0.5
    }
}

/// Offsets of the corners of `rings` from `center`.
fn rings_from(rings: &[Vec<PixelCoord>], center: PixelCoord) -> Vec<Vec<[f64; 2]>> {
    let offset = |p: &PixelCoord| [p.x - center.x, p.y - center.y];
    rings.iter().map(|ring| ring.iter().map(offset).collect()).collect()
}

/// Rows of a polygon, compiled for wide vectors: the lower side of the first and the left side of what they touch.
struct Rows<'a> {
    polygon: &'a Polygon,
    first: f64,
    left: f64,
    touched: Range<usize>,
    shares: &'a mut [f64],
    runs: &'a mut [Run],
}

impl Loop for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { polygon, first, left, touched, shares, runs } = self;
        shares.fill(0.0);
        let stride = shares.len() / runs.len().max(1);
        let last = first + runs.len() as f64;
        for edge in polygon.outline.between(polygon.rest, first, last) {
            // Up the edge, row by row.
            let (mut from, high) = (first.max(edge.low[1]), last.min(edge.high[1]));
            let mut at = edge.at(from) - left;
            let mut j = (from - first).floor();
            if first + j > from {
                j -= 1.0;
            }
            while from < high {
                let to = high.min(first + (j + 1.0));
                let next = edge.at(to) - left;
                let start = j as usize * stride;
                let row = &mut shares[start + touched.start..start + touched.end];
                deltas::add(row, to - from, (at, next), edge.sign);
                (from, at, j) = (to, next, j + 1.0);
            }
        }
        deltas::finish(&mut shares[touched.start..], stride, touched.len());
        runs.fill(Run { whole: touched.end..touched.end, touched });
    }
}

impl Aperture for Polygon {
    fn bounds(&self) -> PixelBox {
        self.bounds.clone()
    }

    fn contains(&self, at: PixelCoord) -> bool {
        let (x, y) = (at.x - self.origin[0], at.y - self.origin[1]);
        let mut places = Vec::new();
        self.places(y, &mut places);
        if places.contains(&x) {
            return false;
        }
        let inside = places.partition_point(|place| *place < x) % 2 == 1;
        // On a horizontal edge, or on the upper end of one: inside only if also just below.
        if !self.ends_on(y) {
            return inside;
        }
        let below = |y: f64| {
            let mut places = Vec::new();
            self.places(y, &mut places);
            places.partition_point(|place| *place < x) % 2 == 1
        };
        inside && below(y.next_down())
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        let mut share = [0.0];
        self.row(y, x, &mut share);
        share[0]
    }

    fn area(&self) -> f64 {
        self.outline.area
    }

    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        shares.fill(0.0);
        let touched = self.touched(x, shares.len());
        if touched.is_empty() {
            return Run::default();
        }
        let middle = y as f64 - self.origin[1];
        let left = self.left_of(x + touched.start.cast_signed());
        let row = &mut shares[touched.clone()];
        self.outline.strip(self.rest, (middle - 0.5, middle + 0.5), left, row);
        deltas::finish(row, row.len(), row.len());
        Run { whole: touched.end..touched.end, touched }
    }

    fn rows(&self, (y, x): (isize, isize), width: usize, shares: &mut [f64], runs: &mut [Run]) {
        let touched = self.touched(x, width);
        if touched.is_empty() || self.outline.crosses() {
            super::rows_one_by_one(self, (y, x), width, shares, runs);
            return;
        }
        let left = self.left_of(x + touched.start.cast_signed());
        let first = y as f64 - self.origin[1] - 0.5;
        run(Rows { polygon: self, first, left, touched, shares, runs });
    }

    fn centers(&self, y: isize, columns: Range<isize>, out: &mut Vec<Range<isize>>) {
        let height = y as f64 - self.origin[1];
        if self.ends_on(height) {
            super::centers(self, y, columns, out);
            return;
        }
        let mut places = Vec::new();
        self.places(height, &mut places);
        let column = |x: f64| index(x + self.origin[0]).clamp(columns.start, columns.end);
        for [enter, leave] in places.as_chunks::<2>().0 {
            let (start, end) = (column(enter.floor() + 1.0), column(leave.ceil()));
            if start < end {
                out.push(start..end);
            }
        }
    }

    fn crossings(&self, y: f64, out: &mut Vec<f64>) -> bool {
        let start = out.len();
        self.places(y - self.origin[1], out);
        out[start..].iter_mut().for_each(|x| *x += self.origin[0]);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{rows_are_overlaps, total};
    use super::super::{Center, Subpixel};
    use super::*;

    #[test]
    fn a_triangle_cuts_its_pixels_in_half() {
        let triangle = Polygon::new(&[(-0.5, -0.5), (2.5, -0.5), (-0.5, 2.5)]);
        let shares: Vec<f64> = (0..3)
            .flat_map(|y| (0..3).map(move |x| (x, y)))
            .map(|(x, y)| triangle.overlap(x, y))
            .collect();
        assert_eq!(shares, [1.0, 1.0, 0.5, 1.0, 0.5, 0.0, 0.5, 0.0, 0.0]);
        assert_eq!((triangle.area(), triangle.bounds()), (4.5, PixelBox::new(0..3, 0..3)));
    }

    #[test]
    fn a_moved_polygon_is_the_polygon_there() {
        let outer = vec![(0.2, 0.1), (9.7, 0.3), (9.9, 8.8), (0.4, 9.1), (5.0, 4.5)];
        let hole = vec![(6.0, 3.0), (6.0, 6.5), (8.2, 6.1)];
        let pentagram = vec![(0.0, 3.0), (8.0, 3.2), (1.5, 8.0), (4.0, 0.2), (6.5, 8.1)];
        for rings in [vec![outer.clone(), hole], vec![outer], vec![pentagram]] {
            let shape = Polygon::from_rings(&rings, FillRule::EvenOdd);
            for (dx, dy) in [(0.0, 0.0), (100.37, -41.83), (0.5, 0.25), (-3.0, 7.0)] {
                let there: Vec<Vec<(f64, f64)>> = rings
                    .iter()
                    .map(|ring| ring.iter().map(|(x, y)| (x + dx, y + dy)).collect())
                    .collect();
                let expected = Polygon::from_rings(&there, FillRule::EvenOdd);
                let moved = shape.moved(dx, dy);
                assert_eq!(moved.bounds(), expected.bounds());
                let window = moved.bounds();
                for (x, y) in window.y.clone().flat_map(|y| window.x.clone().map(move |x| (x, y))) {
                    let difference = moved.overlap(x, y) - expected.overlap(x, y);
                    assert!(difference.abs() < 1e-13, "{dx} {dy} {x} {y}: {difference}");
                }
                rows_are_overlaps(&moved, 1e-14);
            }
        }
    }

    #[test]
    fn holes_pieces_and_directions() {
        let outer = vec![(0.2, 0.1), (9.7, 0.3), (9.9, 8.8), (0.4, 9.1)];
        let hole = vec![(3.0, 3.0), (3.0, 6.5), (6.2, 6.1), (5.8, 3.3)];
        let island = vec![(4.0, 4.0), (5.0, 4.1), (4.6, 5.3)];
        let area = |ring: &Vec<(f64, f64)>| Polygon::new(ring).area();
        let expected = area(&outer) - area(&hole) + area(&island);
        for turn in 0..8 {
            let mut rings = [outer.clone(), hole.clone(), island.clone()];
            for (k, ring) in rings.iter_mut().enumerate() {
                if turn & (1 << k) != 0 {
                    ring.reverse();
                }
            }
            let shape = Polygon::from_rings(&rings, FillRule::EvenOdd);
            assert!((shape.area() - expected).abs() < 1e-13);
            assert!((total(&shape) - expected).abs() < 1e-13);
            rows_are_overlaps(&shape, 1e-14);
            assert!(shape.contains((4.5, 4.5).into()) && !shape.contains((3.4, 4.0).into()));
        }
    }

    #[test]
    fn a_pentagram_is_filled_by_the_rule() {
        let tip = |k: usize| {
            let (sin, cos) = (0.3 + 0.8 * std::f64::consts::PI * k as f64).sin_cos();
            (20.0 + 9.0 * cos, 20.0 + 9.0 * sin)
        };
        let star = [tip(0), tip(1), tip(2), tip(3), tip(4)];
        // A pentagram with its tips on the unit circle, and the pentagon in its middle.
        let tan = (std::f64::consts::PI / 10.0).tan();
        let whole = 10.0 * tan / (3.0 - tan * tan);
        let inner = 0.5 * (3.0 - 5.0f64.sqrt());
        let middle = 2.5 * inner * inner * (0.4 * std::f64::consts::PI).sin();
        let filled = Polygon::from_rings(&[star], FillRule::NonZero);
        assert!((total(&filled) / 81.0 - whole).abs() < 1e-9, "{}", total(&filled) / 81.0);
        let hollow = Polygon::new(&star);
        assert!(
            (total(&hollow) / 81.0 - (whole - middle)).abs() < 1e-9,
            "{}",
            total(&hollow) / 81.0
        );
        for shape in [filled, hollow] {
            assert!((total(&shape) - shape.area()).abs() < 1e-12);
            assert!((total(&Subpixel::new(&shape, 60)) - shape.area()).abs() < 0.1);
            rows_are_overlaps(&shape, 1e-14);
        }
    }

    #[test]
    fn edges_and_corners_are_outside() {
        let square = Polygon::new(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)]);
        assert_eq!(total(&Center(&square)), 9.0);
        assert_eq!((total(&square), square.area()), (16.0, 16.0));
        let diamond = Polygon::new(&[(0.0, 2.0), (2.0, 0.0), (4.0, 2.0), (2.0, 4.0)]);
        assert!(diamond.contains((2.0, 2.0).into()) && !diamond.contains((1.0, 1.0).into()));
        assert!(!diamond.contains((-1.0, 2.0).into()) && !diamond.contains((5.0, 2.0).into()));
    }

    #[test]
    fn what_has_no_area_is_empty() {
        for corners in [
            vec![],
            vec![(1.0, 1.0)],
            vec![(1.0, 1.0), (5.0, 5.0)],
            vec![(f64::NAN, 0.0), (1.0, 1.0), (0.0, 1.0)],
        ] {
            let shape = Polygon::new(&corners);
            assert!(
                shape.bounds().is_empty() && shape.area().abs() < 1e-300 || corners.len() > 2,
                "{corners:?}"
            );
            assert_eq!(total(&shape), 0.0);
        }
        let line = Polygon::new(&[(1.0, 1.0), (3.0, 2.0), (5.0, 3.0)]);
        assert!(total(&line).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn stars_of_any_form_have_their_area(
            radii in prop::collection::vec(0.3..12.0, 3..40), x in -1.0..1.0, y in -1.0..1.0, turn in 0.0..6.3
        ) {
            let n = radii.len() as f64;
            let corners: Vec<(f64, f64)> = radii.iter().enumerate().map(|(k, r)| {
                let (sin, cos) = f64::sin_cos(turn + std::f64::consts::TAU * k as f64 / n);
                (x + r * cos, y + r * sin)
            }).collect();
            let shape = Polygon::new(&corners);
            prop_assert!((total(&shape) - shape.area()).abs() < 1e-12 * shape.area().max(1.0));
            rows_are_overlaps(&shape, 1e-14);
            let backwards: Vec<_> = corners.iter().rev().copied().collect();
            prop_assert!((total(&Polygon::new(&backwards)) - shape.area()).abs() < 1e-12 * shape.area().max(1.0));
        }

        #[test]
        fn any_corners_agree_with_sampling(corners in prop::collection::vec((0.0..6.0, 0.0..6.0), 3..9), winding in any::<bool>()) {
            let rule = if winding { FillRule::NonZero } else { FillRule::EvenOdd };
            let shape = Polygon::from_rings(&[corners], rule);
            prop_assert!((total(&shape) - shape.area()).abs() < 1e-11);
            let sampled = Subpixel::new(&shape, 40);
            for py in 0..7 {
                for px in 0..7 {
                    prop_assert!((shape.overlap(px, py) - sampled.overlap(px, py)).abs() < 0.06);
                }
            }
        }
    }
}
