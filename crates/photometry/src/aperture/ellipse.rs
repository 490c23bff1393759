use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord};

use super::ellipse_arcs::{Arcs, Edge};
use super::{Aperture, Run, bounds, centers_in_chord, columns};

/// An ellipse, of which a circle is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipse {
    center: PixelCoord,
    arcs: Arcs,
}

impl Ellipse {
    /// The circle around `center`; `radius` in pixels.
    pub fn circle(center: impl Into<PixelCoord>, radius: f64) -> Self {
        Self::from_map(center, [[1.0, 0.0], [0.0, 1.0]], radius)
    }

    /// The ellipse with the semi-axes `a` and `b` in pixels; `theta` is the direction of `a`, counter-clockwise from +x
    /// in radians.
    pub fn new(center: impl Into<PixelCoord>, a: f64, b: f64, theta: f64) -> Self {
        let (sin, cos) = theta.sin_cos();
        Self::from_map(center, [[cos / a, sin / a], [-sin / b, cos / b]], 1.0)
    }

    /// The pixels that `map` sends into the circle of `radius` around its origin: with the Jacobian of a coordinate
    /// system (arcsec per pixel) and a radius in arcsec, a circle on the sky.
    pub fn from_map(center: impl Into<PixelCoord>, map: [[f64; 2]; 2], radius: f64) -> Self {
        let arcs = Arcs::new(map.map(|row| row.map(|value| value / radius)));
        Self { center: center.into(), arcs }
    }

    pub(super) fn unit(&self, dx: f64, dy: f64) -> [f64; 2] {
        self.arcs.map().map(|[a, b]| a * dx + b * dy)
    }

    pub(super) fn determinant(&self) -> f64 {
        let [[a, b], [c, d]] = self.arcs.map();
        a * d - b * c
    }

    /// More than any place on the outline is off by rounding.
    fn slack(&self) -> f64 {
        let [half_x, half_y] = self.arcs.reach();
        1e-9 * (1.0 + half_x + half_y)
    }

    /// The lower side of row `y`.
    fn edge(&self, y: isize) -> Edge {
        self.arcs.edge(y as f64 - 0.5 - self.center.y)
    }

    /// The share of pixel `x` in the row between two edges.
    fn share(&self, low: &Edge, high: &Edge, x: isize) -> f64 {
        let side = |x: f64| x - 0.5 - self.center.x;
        let x = x as f64;
        self.arcs.share(low, high, side(x), side(x + 1.0))
    }

    fn row_between(&self, low: &Edge, high: &Edge, x: isize, shares: &mut [f64]) -> Run {
        let (touched, whole) = self.spans(low, high, x, shares.len());
        shares[..touched.start].fill(0.0);
        shares[touched.end..].fill(0.0);
        shares[whole.clone()].fill(1.0);
        for i in (touched.start..whole.start).chain(whole.end..touched.end) {
            shares[i] = self.share(low, high, x + i.cast_signed());
        }
        Run { touched, whole }
    }
}

impl Aperture for Ellipse {
    fn bounds(&self) -> PixelBox {
        let [half_x, half_y] = self.arcs.reach();
        bounds(self.center, half_x, half_y)
    }

    fn contains(&self, at: PixelCoord) -> bool {
        let [u, v] = self.unit(at.x - self.center.x, at.y - self.center.y);
        u * u + v * v < 1.0
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        self.share(&self.edge(y), &self.edge(y + 1), x)
    }

    fn area(&self) -> f64 {
        std::f64::consts::PI / self.determinant().abs()
    }

    fn center(&self) -> PixelCoord {
        self.center
    }

    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        self.row_between(&self.edge(y), &self.edge(y + 1), x, shares)
    }

    fn rows(&self, (y, x): (isize, isize), width: usize, shares: &mut [f64], runs: &mut [Run]) {
        let stride = shares.len() / runs.len().max(1);
        let mut low = self.edge(y);
        for ((run, row), y) in runs.iter_mut().zip(shares.chunks_mut(stride.max(1))).zip(y..) {
            let high = self.edge(y + 1);
            let (row, beyond) = row.split_at_mut(width);
            *run = self.row_between(&low, &high, x, row);
            beyond.fill(0.0);
            low = high;
        }
    }

    fn centers(&self, y: isize, columns: Range<isize>, out: &mut Vec<Range<isize>>) {
        let edge = self.arcs.edge(y as f64 - self.center.y);
        let chord = (self.center.x + edge.left, self.center.x + edge.right);
        out.extend(centers_in_chord(self, y, columns, chord, self.slack()));
    }

    fn crossings(&self, y: f64, out: &mut Vec<f64>) -> bool {
        let edge = self.arcs.edge(y - self.center.y);
        if edge.meets {
            out.extend([self.center.x + edge.left, self.center.x + edge.right]);
        }
        true
    }
}

impl Ellipse {
    /// The pixels of a row that may be touched, and those that surely lie inside: an ellipse is convex, so a row of
    /// pixels is inside between the chords of its lower and upper edge, and what it touches ends at one of those or at
    /// the ellipse's utmost left or right.
    fn spans(
        &self,
        low: &Edge,
        high: &Edge,
        x: isize,
        length: usize,
    ) -> (Range<usize>, Range<usize>) {
        let (utmost, slack) = (self.arcs.reach()[0], self.slack());
        let (cx, height) = (self.center.x, self.arcs.height());
        let between = |y: f64| low.y <= y && y <= high.y;
        let touched = if low.y < high.y {
            let from = if between(-height) { -utmost } else { low.left.min(high.left) };
            let to = if between(height) { utmost } else { low.right.max(high.right) };
            columns((cx + from - slack + 0.5).floor(), (cx + to + slack + 0.5).ceil(), x, length)
        } else {
            0..0
        };
        let whole = if low.meets && high.meets {
            columns(
                (cx + low.left.max(high.left) + slack + 0.5).ceil(),
                (cx + low.right.min(high.right) - slack + 0.5).floor(),
                x,
                length,
            )
        } else {
            0..0
        };
        if whole.start < whole.end {
            (touched, whole)
        } else {
            (touched.clone(), touched.end..touched.end)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::disc;
    use super::super::testing::{rows_are_overlaps, total};
    use super::*;

    #[test]
    fn areas_sum_to_the_circle() {
        for radius in [0.1, 0.3, 0.5, 1.0, 3.0, 7.5, 50.0, 145.34, 1000.0] {
            for center in [(0.0, 0.0), (0.5, 0.5), (10.3, -7.123), (0.0, 0.4999)] {
                let circle = Ellipse::circle(center, radius);
                let sum = total(&circle);
                assert!(
                    (sum / circle.area() - 1.0).abs() < 1e-13,
                    "{radius} {center:?}: {sum} {}",
                    circle.area()
                );
            }
        }
    }

    #[test]
    fn a_pixel_at_the_edge_has_the_share_that_the_integral_gives() {
        // r = 3 about the origin, pixel (3, 0): the integral of sqrt(9 - y²) - 2.5 over ±0.5.
        let half = 0.5 * ((9.0f64 - 0.25).sqrt() * 0.5 + 9.0 * (0.5f64 / 3.0).asin());
        let expected = 2.0 * half - 2.5;
        assert!((Ellipse::circle((0.0, 0.0), 3.0).overlap(3, 0) - expected).abs() < 1e-15);
    }

    #[test]
    fn only_the_box_may_overlap() {
        // photometry spec: c = (-2.6, -2.6), r = 3 touches pixel (0, 0) by 9.0609e-4 of its area.
        let share = Ellipse::circle((-2.6, -2.6), 3.0).overlap(0, 0);
        assert!((share - 9.0609e-4).abs() < 1e-8, "{share:e}");
    }

    #[test]
    fn the_edge_is_not_inside() {
        let circle = Ellipse::circle((20.0, 20.0), 3.0);
        let window = circle.bounds();
        let inside = |y: isize| {
            window.x.clone().filter(move |&x| circle.contains(PixelCoord::new(x as f64, y as f64)))
        };
        assert_eq!(window.y.clone().flat_map(inside).count(), 25);
    }

    proptest! {
        #[test]
        fn ellipses_of_any_shape_have_their_area(
            x in -1.0..1.0, y in -1.0..1.0, a in 0.05..60.0, q in 0.02..1.0, theta in -4.0..4.0, flip in any::<bool>()
        ) {
            let mut ellipse = Ellipse::new((x, y), a, a * q, theta);
            if flip {
                let [first, second] = *ellipse.arcs.map();
                ellipse = Ellipse::from_map((x, y), [first.map(|value| -value), second], 1.0);
            }
            rows_are_overlaps(&ellipse, 1e-15);
            let sum = total(&ellipse);
            prop_assert!((sum - ellipse.area()).abs() < 1e-12 * ellipse.area().max(1.0), "{} {}", sum, ellipse.area());
        }

        #[test]
        fn shares_are_between_nothing_and_all(x in -3.0..3.0, y in -3.0..3.0, r in 1e-3..5.0, q in 0.001..1.0) {
            let ellipse = Ellipse::new((x, y), r, r * q, 0.7);
            for py in -4..=4 {
                for px in -4..=4 {
                    let share = ellipse.overlap(px, py);
                    prop_assert!((0.0..=1.0).contains(&share));
                }
            }
        }

        /// Walked around in the plane where the ellipse is the unit circle, pixel by pixel.
        #[test]
        fn shares_are_those_of_a_parallelogram_in_the_disc(
            x in -1.0..1.0, y in -1.0..1.0, exponent in -2.0..2.5, q in 0.01..1.0, theta in -4.0..4.0
        ) {
            let a = 10.0_f64.powf(exponent);
            let ellipse = Ellipse::new((x, y), a, a * q, theta);
            let det = ellipse.determinant().abs();
            let (half_x, half_y) = (ellipse.unit(0.5, 0.0), ellipse.unit(0.0, 0.5));
            let window = ellipse.bounds();
            for py in window.y.clone() {
                for px in window.x.clone() {
                    let center = ellipse.unit(px as f64 - x, py as f64 - y);
                    let expected = disc::overlap(center, half_x, half_y) / det;
                    let share = ellipse.overlap(px, py);
                    prop_assert!((share - expected).abs() <= 1e-14 + 1e-15 * a, "{} {} {} {}", px, py, share, expected);
                }
            }
        }
    }
}
