//! Circles of less than 2.5 pixels, whose arcs in a pixel may be long: pixel by pixel.

use super::circle_arcs::Arcs;
use super::disc::segment_of_chord;

/// Everything is told by `g = dx² + dy² - r²` at the corners of pixels.
pub(super) struct Small<'a> {
    arcs: &'a Arcs,
}

impl<'a> Small<'a> {
    pub(super) fn new(arcs: &'a Arcs) -> Self {
        Self { arcs }
    }

    /// `g` at whole pixels plus `m`, `n`.
    fn g(&self, m: f64, n: f64) -> f64 {
        let ([x, y], radius) = (self.arcs.rest, self.arcs.radius);
        if radius < 2.0 {
            let (dx, dy) = (m - x, n - y);
            return (dx - radius) * (dx + radius) + dy * dy;
        }
        let ((square_x, less_x), (square_y, less_y)) = (axis(m, x), axis(n, y));
        (square_x + square_y - self.arcs.square) + (less_x + less_y - self.arcs.lost)
    }

    /// Overlap of the pixel at `m`, `n` from the whole pixel of the centre.
    #[inline(never)]
    pub(super) fn pixel(&self, m: f64, n: f64) -> f64 {
        let [x, y] = self.arcs.rest;
        // Across an axis: the pixel in two or four parts, each in one quadrant.
        let mut area = 0.0;
        for (near_x, far_x) in parts(m, x) {
            for (near_y, far_y) in parts(n, y) {
                area += self.quarter(near_x, far_x, near_y, far_y);
            }
        }
        area.clamp(0.0, 1.0)
    }

    /// Area inside of the box between the corners, which lie in one quadrant; `near` is nearer to the axes.
    fn quarter(&self, near_x: f64, far_x: f64, near_y: f64, far_y: f64) -> f64 {
        let (rest, square) = (self.arcs.rest, self.arcs.square);
        let (width, height) = ((far_x - near_x).abs(), (far_y - near_y).abs());
        let near = self.g(near_x, near_y);
        if near >= 0.0 {
            return 0.0;
        }
        if self.g(far_x, far_y) <= 0.0 {
            return width * height;
        }
        let (dx, dy) = ((near_x - rest[0]).abs(), (near_y - rest[1]).abs());
        // Where the arc enters, on the far side in y or on the near one in x, and where it leaves.
        let (top, right) = (self.g(near_x, far_y), self.g(far_x, near_y));
        let (x0, y0) =
            if top < 0.0 { (way_out(dx, top), height) } else { (0.0, way_out(dy, near)) };
        let (x1, y1) =
            if right < 0.0 { (width, way_out(dy, right)) } else { (way_out(dx, near), 0.0) };
        let (run, fall) = (x1 - x0, y0 - y1);
        let chord2 = run * run + fall * fall;
        let area = x0 * y0 + 0.5 * run * (y0 + y1);
        (area + square * segment_of_chord(0.25 * chord2 / square)).min(width * height)
    }
}

/// The square of `m - rest` in two parts, the first of them exact where `m` is a half integer.
fn axis(m: f64, rest: f64) -> (f64, f64) {
    if m == rest { (0.0, 0.0) } else { (m * m, rest * (rest - 2.0 * m)) }
}

/// The way along an axis from a place at `d` from the centre, where `g` is negative, to the circle.
fn way_out(d: f64, g: f64) -> f64 {
    -g / (d + (d * d - g).sqrt())
}

/// The parts of the pixel at `m` on either side of the centre, each from its side nearer to that to the other.
fn parts(m: f64, rest: f64) -> impl Iterator<Item = (f64, f64)> {
    let (low, high) = (m - 0.5, m + 0.5);
    let across = low < rest && rest < high;
    let (near, far) = if m >= rest { (low, high) } else { (high, low) };
    let first = if across { (rest, far) } else { (near, far) };
    std::iter::once(first).chain(across.then_some((rest, near)))
}
