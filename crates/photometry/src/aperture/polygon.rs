use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord};

use super::{Aperture, Run, columns, index};

/// A polygon of one or more rings: with holes, in pieces, concave, also crossing itself.
///
/// Exact by signed areas, row by row, as outlines of letters are filled: an edge adds its trapezoid to the pixels that it
/// crosses and its height to all on its right. So a row costs its edges and its pixels, whatever the shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    /// Whole pixel that the edges are relative to.
    origin: [f64; 2],
    /// By their lower ends.
    edges: Vec<Edge>,
    /// `reach[i]`: the highest end of the edges up to `i`.
    reach: Vec<f64>,
    /// Heights at which edges cross each other; then the rule decides between them.
    crossings: Vec<f64>,
    rule: FillRule,
    bounds: PixelBox,
    area: f64,
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

/// An edge from its lower to its upper end, relative to the origin.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Edge {
    low: [f64; 2],
    high: [f64; 2],
    /// +1 where the inside lies to the right of the edge, as seen from its left; -1 where it ends.
    sign: f64,
    /// Columns a row.
    slope: f64,
}

impl Edge {
    fn new(low: [f64; 2], high: [f64; 2], sign: f64) -> Self {
        Self { low, high, sign, slope: (high[0] - low[0]) / (high[1] - low[1]) }
    }

    #[inline(always)]
    fn at(&self, y: f64) -> f64 {
        let [x0, y0] = self.low;
        let [x1, y1] = self.high;
        if y <= y0 {
            x0
        } else if y >= y1 {
            x1
        } else if y - y0 < y1 - y {
            x0 + self.slope * (y - y0)
        } else {
            x1 - self.slope * (y1 - y)
        }
    }
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
        let origin = [center.x.round(), center.y.round()];
        let rest = [center.x - origin[0], center.y - origin[1]];
        let mut edges = Vec::with_capacity(rings.iter().map(Vec::len).sum());
        let mut area = 0.0;
        for ring in rings.iter().filter(|ring| ring.len() > 2) {
            let corner = |i: usize| {
                let [x, y] = ring[i % ring.len()];
                [x + rest[0], y + rest[1]]
            };
            area += signed_area(ring).abs();
            edges.extend((0..ring.len()).filter_map(|i| edge(corner(i), corner(i + 1))));
        }
        if !edges.iter().all(|e| e.low.iter().chain(&e.high).all(|v| v.is_finite())) {
            edges.clear();
        }
        edges.sort_unstable_by(|a, b| a.low[1].total_cmp(&b.low[1]));
        let reach = reach(&edges);
        let crossings = crossings(&edges);
        let simple = crossings.is_empty() && rings.len() == 1;
        let bounds = bounds(origin, &edges);
        let mut polygon = Self { origin, edges, reach, crossings, rule, bounds, area };
        if simple {
            let clockwise = rings.iter().all(|ring| signed_area(ring) < 0.0);
            if clockwise {
                polygon.edges.iter_mut().for_each(|edge| edge.sign = -edge.sign);
            }
        } else {
            if polygon.crossings.is_empty() {
                polygon.orient();
            }
            polygon.area = polygon.exact_area();
        }
        polygon
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
        let mut moved = self.clone();
        let whole = [x.round(), y.round()];
        let rest = [x - whole[0], y - whole[1]];
        for (origin, by) in moved.origin.iter_mut().zip(whole) {
            *origin += by;
        }
        for edge in &mut moved.edges {
            for end in [&mut edge.low, &mut edge.high] {
                *end = [end[0] + rest[0], end[1] + rest[1]];
            }
        }
        // Rounding may close an edge that was nearly level.
        moved.edges.retain(|edge| edge.low[1] < edge.high[1]);
        if moved.edges.len() < self.edges.len() {
            moved.reach = reach(&moved.edges);
        } else {
            moved.reach.iter_mut().for_each(|height| *height += rest[1]);
        }
        moved.crossings.iter_mut().for_each(|height| *height += rest[1]);
        moved.bounds = bounds(moved.origin, &moved.edges);
        moved
    }

    /// Gives the edges of rings that do not cross the sign of what lies to their right.
    fn orient(&mut self) {
        let signs: Vec<f64> = self.edges.iter().map(|edge| self.side(edge)).collect();
        self.edges.iter_mut().zip(signs).for_each(|(edge, sign)| edge.sign = sign);
        self.edges.retain(|edge| edge.sign != 0.0);
        self.reach = reach(&self.edges);
    }

    /// +1 where crossing `edge` to the right enters the inside, -1 where it leaves it, 0 where neither.
    fn side(&self, edge: &Edge) -> f64 {
        let y = 0.5 * (edge.low[1] + edge.high[1]);
        let x = edge.at(y);
        let (mut winding, mut count) = (0.0, 0_usize);
        for other in self.between(y, y).filter(|other| other.low[1] <= y && y < other.high[1]) {
            if other != edge && other.at(y) < x {
                winding += other.sign;
                count += 1;
            }
        }
        self.step(winding, count, edge.sign)
    }

    fn step(&self, winding: f64, count: usize, sign: f64) -> f64 {
        let inside = |winding: f64, count: usize| match self.rule {
            FillRule::EvenOdd => count % 2 == 1,
            FillRule::NonZero => winding != 0.0,
        };
        f64::from(inside(winding + sign, count + 1)) - f64::from(inside(winding, count))
    }

    /// The edges that may have a part between two heights.
    #[inline(always)]
    fn between(&self, low: f64, high: f64) -> impl Iterator<Item = &Edge> {
        let start = self.reach.partition_point(|reach| *reach < low);
        self.edges[start..]
            .iter()
            .take_while(move |edge| edge.low[1] <= high)
            .filter(move |edge| edge.high[1] >= low)
    }

    /// Adds a strip of the shape to a row of deltas; heights are within one row of pixels.
    #[inline(always)]
    fn strip(&self, low: f64, high: f64, row: &mut Row<'_>) {
        if self.crossings.is_empty() {
            for edge in self.between(low, high) {
                row.add(edge, low.max(edge.low[1]), high.min(edge.high[1]), edge.sign);
            }
            return;
        }
        self.crossed_strip(low, high, row);
    }

    /// As [`strip`](Self::strip), where edges cross.
    fn crossed_strip(&self, low: f64, high: f64, row: &mut Row<'_>) {
        // Between the heights where edges end or cross, their order is the same, and the rule tells which count.
        let mut active: Vec<&Edge> = self.between(low, high).collect();
        let mut heights: Vec<f64> = active
            .iter()
            .flat_map(|edge| [edge.low[1], edge.high[1]])
            .chain(self.crossings.iter().copied())
            .filter(|y| low < *y && *y < high)
            .chain([low, high])
            .collect();
        heights.sort_unstable_by(f64::total_cmp);
        heights.dedup();
        for (from, to) in heights.iter().zip(&heights[1..]) {
            let middle = 0.5 * (from + to);
            active.sort_by(|a, b| a.at(middle).total_cmp(&b.at(middle)));
            let (mut winding, mut count) = (0.0, 0);
            for edge in active.iter().filter(|e| e.low[1] < middle && middle < e.high[1]) {
                let sign = self.step(winding, count, edge.sign);
                (winding, count) = (winding + edge.sign, count + 1);
                if sign != 0.0 {
                    row.add(edge, *from, *to, sign);
                }
            }
        }
    }

    /// Area by the rule, for rings that overlap: a strip a height, as one wide pixel.
    fn exact_area(&self) -> f64 {
        let mut heights: Vec<f64> = self
            .edges
            .iter()
            .flat_map(|edge| [edge.low[1], edge.high[1]])
            .chain(self.crossings.clone())
            .collect();
        heights.sort_unstable_by(f64::total_cmp);
        heights.dedup();
        let mut area = 0.0;
        for (from, to) in heights.iter().zip(heights.iter().skip(1)) {
            let middle = 0.5 * (from + to);
            let mut places = Vec::new();
            self.places(middle, &mut places);
            area += (to - from) * super::rings::length(&places, f64::NEG_INFINITY, f64::INFINITY);
        }
        area
    }

    /// Where a line enters and leaves, relative to the origin.
    fn places(&self, y: f64, out: &mut Vec<f64>) {
        let mut met: Vec<(f64, f64)> = self
            .between(y, y)
            .filter(|edge| edge.low[1] <= y && y < edge.high[1])
            .map(|edge| (edge.at(y), edge.sign))
            .collect();
        met.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (mut winding, mut count) = (0.0, 0);
        for (x, sign) in met {
            let step =
                if self.crossings.is_empty() { sign } else { self.step(winding, count, sign) };
            (winding, count) = (winding + sign, count + 1);
            if step != 0.0 {
                out.push(x);
            }
        }
    }
}

/// Offsets of the corners of `rings` from `center`.
fn rings_from(rings: &[Vec<PixelCoord>], center: PixelCoord) -> Vec<Vec<[f64; 2]>> {
    let offset = |p: &PixelCoord| [p.x - center.x, p.y - center.y];
    rings.iter().map(|ring| ring.iter().map(offset).collect()).collect()
}

/// The highest end of the edges up to each.
fn reach(edges: &[Edge]) -> Vec<f64> {
    let mut highest = f64::NEG_INFINITY;
    let mut up_to = |edge: &Edge| {
        highest = highest.max(edge.high[1]);
        highest
    };
    edges.iter().map(&mut up_to).collect()
}

/// An edge of a counter-clockwise ring has its inside on the left: it enters when it runs down.
fn edge(from: [f64; 2], to: [f64; 2]) -> Option<Edge> {
    match from[1].partial_cmp(&to[1]) {
        Some(std::cmp::Ordering::Equal) => None,
        Some(std::cmp::Ordering::Less) => Some(Edge::new(from, to, -1.0)),
        _ => Some(Edge::new(to, from, 1.0)),
    }
}

fn signed_area(ring: &[[f64; 2]]) -> f64 {
    let Some([x0, y0]) = ring.first() else { return 0.0 };
    let cross = |i: usize| {
        let ([ax, ay], [bx, by]) = (ring[i], ring[(i + 1) % ring.len()]);
        (ax - x0) * (by - y0) - (bx - x0) * (ay - y0)
    };
    0.5 * (0..ring.len()).map(cross).sum::<f64>()
}

/// Heights where two of `edges`, which are sorted by their lower ends, cross or lie on each other.
fn crossings(edges: &[Edge]) -> Vec<f64> {
    let mut heights = Vec::new();
    for (i, a) in edges.iter().enumerate() {
        for b in edges[i + 1..].iter().take_while(|b| b.low[1] < a.high[1]) {
            let (low, high) = (b.low[1], a.high[1].min(b.high[1]));
            let (start, end) = (a.at(low) - b.at(low), a.at(high) - b.at(high));
            if start * end < 0.0 {
                heights.push(low + (high - low) * (start / (start - end)));
            } else if start == 0.0 && end == 0.0 {
                heights.extend([low, high]);
            }
        }
    }
    heights.sort_unstable_by(f64::total_cmp);
    heights
}

fn bounds(origin: [f64; 2], edges: &[Edge]) -> PixelBox {
    if edges.is_empty() {
        return PixelBox::default();
    }
    let range = |axis: usize| {
        let ends = || edges.iter().flat_map(|edge| [edge.low[axis], edge.high[axis]]);
        let low = ends().fold(f64::INFINITY, f64::min);
        let high = ends().fold(f64::NEG_INFINITY, f64::max);
        index(origin[axis] + (low + 0.5).floor())..index(origin[axis] + (high + 0.5).ceil())
    };
    PixelBox::new(range(0), range(1))
}

/// A row of pixels that collects what each edge changes: the sum from the left is the share.
struct Row<'a> {
    deltas: &'a mut [f64],
    /// Left end of the first pixel, relative to the origin.
    left: f64,
}

impl Row<'_> {
    /// Adds the part of `edge` between two heights.
    #[inline(always)]
    fn add(&mut self, edge: &Edge, low: f64, high: f64, sign: f64) {
        let height = high - low;
        if height <= 0.0 {
            return;
        }
        let (start, end) = (edge.at(low) - self.left, edge.at(high) - self.left);
        let (start, end) = if start <= end { (start, end) } else { (end, start) };
        let length = self.deltas.len() as f64;
        if start >= length {
            return;
        }
        let (first, last) = (start.floor(), (end.ceil() - 1.0).max(start.floor()));
        if first == last && first >= 0.0 {
            self.cell(index(first), sign * height, 0.5 * (start + end) - first);
            return;
        }
        let mut rest = height;
        let slope = height / (end - start);
        let mut from = start;
        if from < 0.0 {
            let part = if end <= 0.0 { rest } else { -from * slope };
            self.deltas[0] += sign * part;
            rest -= part;
            from = 0.0;
        }
        let mut cell = from.floor();
        while from < end && cell < length {
            let to = (cell + 1.0).min(end);
            let part = if to == end { rest } else { (to - from) * slope };
            self.cell(index(cell), sign * part, 0.5 * (from + to) - cell);
            rest -= part;
            (from, cell) = (to, cell + 1.0);
        }
    }

    /// A part of an edge in one pixel: `place` of its width lies to the left of the part.
    #[inline(always)]
    fn cell(&mut self, i: isize, height: f64, place: f64) {
        let Ok(i) = usize::try_from(i) else { return };
        if let Some(delta) = self.deltas.get_mut(i) {
            *delta += height * (1.0 - place);
        }
        if let Some(delta) = self.deltas.get_mut(i + 1) {
            *delta += height * place;
        }
    }

    #[inline(always)]
    fn finish(self) {
        let mut sum = 0.0;
        for delta in &mut *self.deltas {
            sum += *delta;
            *delta = share(sum);
        }
    }
}

/// A sum of parts is some 1e-16 off: nothing and all are made exact.
#[inline(always)]
fn share(sum: f64) -> f64 {
    const ROUNDING: f64 = 4e-16;
    if sum < ROUNDING {
        0.0
    } else if sum > 1.0 - ROUNDING {
        1.0
    } else {
        sum
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
        // On a horizontal edge, or on the upper end of one: inside only if also just below.
        let on_height = self.between(y, y).any(|edge| edge.low[1] == y || edge.high[1] == y);
        let inside = places.partition_point(|place| *place < x) % 2 == 1;
        if !on_height {
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
        self.area
    }

    #[inline(always)]
    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        shares.fill(0.0);
        let Range { start, end } = self.bounds.x;
        let touched = columns(start as f64, end as f64, x, shares.len());
        if touched.is_empty() {
            return Run::default();
        }
        let middle = y as f64 - self.origin[1];
        let left = (x + touched.start.cast_signed()) as f64 - self.origin[0] - 0.5;
        let mut row = Row { deltas: &mut shares[touched.clone()], left };
        self.strip(middle - 0.5, middle + 0.5, &mut row);
        row.finish();
        Run { whole: touched.end..touched.end, touched }
    }

    #[inline(always)]
    fn centers(&self, y: isize, columns: Range<isize>, out: &mut Vec<Range<isize>>) {
        let height = y as f64 - self.origin[1];
        let mut near = self.between(height, height);
        if near.any(|edge| edge.low[1] == height || edge.high[1] == height) {
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
