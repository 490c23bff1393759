use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord};

use super::disc::{segment_of_chord, series};
use super::{Aperture, Run, bounds, columns};

/// A circle, by a way that is exact for any radius and several times faster than the [`Ellipse`](super::Ellipse)'s.
///
/// Everything is told by `g = dx² + dy² - r²` at the corners of pixels. The centre is split into whole pixels and a rest,
/// so `dx` is a half integer less a number below one, and `g` comes without cancellation: a pixel's share is right to
/// some 1e-16 also for a radius of 1e5 pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    center: PixelCoord,
    radius: f64,
    /// The nearest whole pixel to the centre, and the rest.
    whole: [f64; 2],
    rest: [f64; 2],
    /// r² rounded, and what the rounding lost.
    square: f64,
    lost: f64,
    /// 1 / 4r².
    of_chords: f64,
}

impl Circle {
    /// The circle around `center`; `radius` in pixels.
    pub fn new(center: impl Into<PixelCoord>, radius: f64) -> Self {
        let center = center.into();
        let whole = [center.x.round(), center.y.round()];
        let rest = [center.x - whole[0], center.y - whole[1]];
        let square = radius * radius;
        let lost = rounding_of_square(radius, square);
        Self { center, radius, whole, rest, square, lost, of_chords: 0.25 / square }
    }

    /// The radius, in pixels.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// `g` at whole pixels plus `m`, `n`.
    fn g(&self, m: f64, n: f64) -> f64 {
        let [x, y] = self.rest;
        if self.radius < 2.0 {
            let (dx, dy) = (m - x, n - y);
            return (dx - self.radius) * (dx + self.radius) + dy * dy;
        }
        let ((square_x, less_x), (square_y, less_y)) = (axis(m, x), axis(n, y));
        (square_x + square_y - self.square) + (less_x + less_y - self.lost)
    }

    /// Overlap of the pixel at `m`, `n` from the whole pixel of the centre.
    #[inline(never)]
    fn pixel(&self, m: f64, n: f64) -> f64 {
        let side_x = Side::new(m, self.rest[0]);
        let side_y = Side::new(n, self.rest[1]);
        if side_x.one_sign() && side_y.one_sign() {
            if self.radius >= SMALL {
                return self.beside(&Line::new(self, &side_y), &[m])[0];
            }
            return self.quarter(side_x.near, side_x.far, side_y.near, side_y.far);
        }
        // Across an axis: the pixel in two or four parts, each in one quadrant.
        let mut area = 0.0;
        for (near_x, far_x) in side_x.parts(self.rest[0]) {
            for (near_y, far_y) in side_y.parts(self.rest[1]) {
                area += self.quarter(near_x, far_x, near_y, far_y);
            }
        }
        area.clamp(0.0, 1.0)
    }

    /// Area inside of the box between the corners, which lie in one quadrant; `near` is nearer to the axes.
    fn quarter(&self, near_x: f64, far_x: f64, near_y: f64, far_y: f64) -> f64 {
        let (width, height) = ((far_x - near_x).abs(), (far_y - near_y).abs());
        let near = self.g(near_x, near_y);
        if near >= 0.0 {
            return 0.0;
        }
        if self.g(far_x, far_y) <= 0.0 {
            return width * height;
        }
        let (dx, dy) = ((near_x - self.rest[0]).abs(), (near_y - self.rest[1]).abs());
        // Where the arc enters, on the far side in y or on the near one in x, and where it leaves.
        let (top, right) = (self.g(near_x, far_y), self.g(far_x, near_y));
        let (x0, y0) =
            if top < 0.0 { (way_out(dx, top), height) } else { (0.0, way_out(dy, near)) };
        let (x1, y1) =
            if right < 0.0 { (width, way_out(dy, right)) } else { (way_out(dx, near), 0.0) };
        let (run, fall) = (x1 - x0, y0 - y1);
        let chord2 = run * run + fall * fall;
        let area = x0 * y0 + 0.5 * run * (y0 + y1);
        (area + self.square * segment_of_chord(0.25 * chord2 / self.square)).min(width * height)
    }
}

/// Radius below which arcs in a pixel may be long.
const SMALL: f64 = 2.5;

/// The sides of a row of pixels that lie in one half of the circle: heights from the whole pixel of the centre.
struct Line {
    /// The distance of the nearer side from the centre.
    distance: f64,
    /// Squares of the distances in two parts, of the nearer and of the farther side.
    near: (f64, f64),
    far: (f64, f64),
    /// Half widths of the circle there, 0 outside it.
    near_half: f64,
    far_half: f64,
}

impl Line {
    #[inline(always)]
    fn new(circle: &Circle, side: &Side) -> Self {
        let rest = circle.rest[1];
        let (near, far) = (axis(side.near, rest), axis(side.far, rest));
        let distance = (side.near - rest).abs();
        let half = |square| circle.half(square);
        Self { distance, near, far, near_half: half(near), far_half: half(far) }
    }
}

impl Circle {
    /// Half the chord at a distance whose square is given in two parts; 0 outside.
    #[inline(always)]
    fn half(&self, (square, less): (f64, f64)) -> f64 {
        let left = (self.square - square) + (self.lost - less);
        if left > 0.0 { left.sqrt() } else { 0.0 }
    }

    /// Overlaps of pixels that lie in one quadrant each, of the row `line` and the columns `m`, without a branch.
    #[inline(always)]
    fn beside<const N: usize>(&self, line: &Line, m: &[f64; N]) -> [f64; N] {
        // Arcs in a pixel are at most its diagonal long, so that the series needs fewer terms for larger circles.
        match self.radius {
            r if r < 4.5 => self.shares::<14, N>(line, m),
            r if r < 23.0 => self.shares::<10, N>(line, m),
            _ => self.shares::<6, N>(line, m),
        }
    }

    /// As [`quarter`](Self::quarter), for whole pixels: the same four ways from a corner to the circle, kept to 0 to 1.
    #[inline(always)]
    fn shares<const TERMS: usize, const N: usize>(&self, line: &Line, m: &[f64; N]) -> [f64; N] {
        let rest = self.rest[0];
        let g = |x: (f64, f64), y: (f64, f64)| (x.0 + y.0 - self.square) + (x.1 + y.1 - self.lost);
        let within = |way: f64| {
            let way = if way > 0.0 { way } else { 0.0 };
            if way < 1.0 { way } else { 1.0 }
        };
        let mut shares = [0.0; N];
        for k in 0..N {
            let outwards = if m[k] >= rest { 0.5 } else { -0.5 };
            let (near_x, far_x) = (m[k] - outwards, m[k] + outwards);
            let (near, far) = (axis(near_x, rest), axis(far_x, rest));
            let dx = (near_x - rest).abs();
            let corner = g(near, line.near);
            let x0 = within(-g(near, line.far) / (dx + line.far_half));
            let x1 = within(-corner / (dx + line.near_half));
            let y0 = within(-corner / (line.distance + self.half(near)));
            let y1 = within(-g(far, line.near) / (line.distance + self.half(far)));
            let (run, fall) = (x1 - x0, y0 - y1);
            let w = self.of_chords * (run * run + fall * fall);
            let segment = self.square * (w * w.sqrt() * series::<TERMS>(w));
            let area = x0 * y0 + 0.5 * run * (y0 + y1) + segment;
            shares[k] = if area < 1.0 { area } else { 1.0 };
        }
        shares
    }

    /// Overlaps of the pixels `which` of a row at `n` that begins at `m0`.
    #[inline(always)]
    fn some_of_row(
        &self,
        (m0, n): (f64, f64),
        (side, line): (&Side, &Line),
        which: impl Iterator<Item = usize>,
        shares: &mut [f64],
    ) {
        const LANES: usize = 4;
        if self.radius < SMALL || !side.one_sign() {
            which.for_each(|i| shares[i] = self.pixel(m0 + i as f64, n));
            return;
        }
        let mut which = which;
        loop {
            let (mut waiting, mut count, mut m) = ([0; LANES], 0, [0.0; LANES]);
            for i in which.by_ref() {
                let column = m0 + i as f64;
                if (column - self.rest[0]).abs() < 0.5 {
                    shares[i] = self.pixel(column, n);
                    continue;
                }
                (waiting[count], m[count]) = (i, column);
                count += 1;
                if count == LANES {
                    break;
                }
            }
            let found = self.beside(line, &m);
            waiting[..count].iter().zip(found).for_each(|(i, share)| shares[*i] = share);
            if count < LANES {
                return;
            }
        }
    }
}

/// The square of `m - rest` in two parts, the first of them exact where `m` is a half integer.
#[inline(always)]
fn axis(m: f64, rest: f64) -> (f64, f64) {
    if m == rest { (0.0, 0.0) } else { (m * m, rest * (rest - 2.0 * m)) }
}

/// What `square`, which is `x * x` rounded, lacks of it (Dekker 1971, Numer. Math. 18, 224).
fn rounding_of_square(x: f64, square: f64) -> f64 {
    let big = 134_217_729.0 * x;
    let high = big - (big - x);
    let low = x - high;
    ((high * high - square) + 2.0 * high * low) + low * low
}

/// The way along an axis from a place at `d` from the centre, where `g` is negative, to the circle.
fn way_out(d: f64, g: f64) -> f64 {
    -g / (d + (d * d - g).sqrt())
}

/// The two sides of a pixel along one axis, the one nearer to the centre first.
struct Side {
    near: f64,
    far: f64,
    /// The distances from the centre have different signs.
    across: bool,
}

impl Side {
    #[inline(always)]
    fn new(m: f64, rest: f64) -> Self {
        let (low, high) = (m - 0.5, m + 0.5);
        let across = low < rest && rest < high;
        if m >= rest {
            Self { near: low, far: high, across }
        } else {
            Self { near: high, far: low, across }
        }
    }

    fn one_sign(&self) -> bool {
        !self.across
    }

    /// The parts on either side of the centre.
    fn parts(&self, rest: f64) -> impl Iterator<Item = (f64, f64)> + use<> {
        let (near, far) = (self.near, self.far);
        let first = if self.across { (rest, far) } else { (near, far) };
        std::iter::once(first).chain(self.across.then_some((rest, near)))
    }
}

impl Aperture for Circle {
    #[inline(always)]
    fn bounds(&self) -> PixelBox {
        bounds(self.center, self.radius, self.radius)
    }

    #[inline(always)]
    fn contains(&self, at: PixelCoord) -> bool {
        let (dx, dy) = (at.x - self.center.x, at.y - self.center.y);
        dx * dx + dy * dy < self.square
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        self.pixel(x as f64 - self.whole[0], y as f64 - self.whole[1])
    }

    fn area(&self) -> f64 {
        std::f64::consts::PI * self.square
    }

    fn center(&self) -> PixelCoord {
        self.center
    }

    #[inline(always)]
    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        let n = y as f64 - self.whole[1];
        let side = Side::new(n, self.rest[1]);
        let line = Line::new(self, &side);
        let outer = if side.across { self.radius } else { line.near_half };
        let inner = line.far_half;
        let slack = 1e-9 * (1.0 + self.radius);
        let (from, to) = (self.center.x - outer - slack, self.center.x + outer + slack);
        let touched = if outer > 0.0 {
            columns((from + 0.5).floor(), (to + 0.5).ceil(), x, shares.len())
        } else {
            0..0
        };
        let (from, to) = (self.center.x - inner + slack, self.center.x + inner - slack);
        let whole = columns((from + 0.5).ceil(), (to + 0.5).floor(), x, shares.len());
        let whole =
            if inner > 0.0 && whole.start < whole.end { whole } else { touched.end..touched.end };
        shares[..touched.start].fill(0.0);
        shares[touched.end..].fill(0.0);
        shares[whole.clone()].fill(1.0);
        let m0 = x as f64 - self.whole[0];
        let edges = (touched.start..whole.start).chain(whole.end..touched.end);
        self.some_of_row((m0, n), (&side, &line), edges, shares);
        Run { touched, whole }
    }

    #[inline(always)]
    fn centers(&self, y: isize, columns: Range<isize>, out: &mut Vec<Range<isize>>) {
        let dy = y as f64 - self.center.y;
        let left = self.square - dy * dy;
        let half = if left > 0.0 { left.sqrt() } else { 0.0 };
        let slack = 1e-9 * (1.0 + self.radius);
        // What is surely inside, and then one by one what may be.
        let sure = |x: f64| super::index(x).clamp(columns.start, columns.end);
        let (start, end) = (
            sure((self.center.x - half + slack).ceil()),
            sure((self.center.x + half - slack).floor() + 1.0),
        );
        let (mut start, mut end) = if left > 0.0 && start < end {
            (start, end)
        } else {
            let middle = sure(self.center.x.round());
            (middle, middle)
        };
        let inside = |x: isize| self.contains(PixelCoord::new(x as f64, y as f64));
        while start > columns.start && inside(start - 1) {
            start -= 1;
        }
        while end < columns.end && inside(end) {
            end += 1;
        }
        if start < end {
            out.push(start..end);
        }
    }

    fn crossings(&self, y: f64, out: &mut Vec<f64>) -> bool {
        let dy = (y - self.center.y).abs();
        if dy < self.radius {
            let half = ((self.radius - dy) * (self.radius + dy)).sqrt();
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
