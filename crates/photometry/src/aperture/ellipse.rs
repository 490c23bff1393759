use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord};

use super::{Aperture, Run, bounds, columns, disc};

/// An ellipse, of which a circle is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipse {
    center: PixelCoord,
    /// Maps an offset in pixels to the plane where the ellipse is the unit circle.
    to_unit: [[f64; 2]; 2],
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
        Self { center: center.into(), to_unit: map.map(|row| row.map(|value| value / radius)) }
    }

    /// The columns where the line of height `y` enters and leaves, from the centre.
    fn chord(&self, dy: f64) -> Option<(f64, f64)> {
        let [[a, b], [c, d]] = self.to_unit;
        let square = a * a + c * c;
        let middle = -dy * (a * b + c * d) / square;
        // The distance of the line from the centre, in units of the ellipse's own height.
        let t = dy * self.determinant() / square.sqrt();
        let half = ((1.0 - t) * (1.0 + t) / square).sqrt();
        half.is_finite().then_some((middle - half, middle + half))
    }

    pub(super) fn unit(&self, dx: f64, dy: f64) -> [f64; 2] {
        self.to_unit.map(|[a, b]| a * dx + b * dy)
    }

    pub(super) fn determinant(&self) -> f64 {
        let [[a, b], [c, d]] = self.to_unit;
        a * d - b * c
    }
}

impl Aperture for Ellipse {
    fn bounds(&self) -> PixelBox {
        let (half_x, half_y) = self.extent();
        bounds(self.center, half_x, half_y)
    }

    fn contains(&self, at: PixelCoord) -> bool {
        let [u, v] = self.unit(at.x - self.center.x, at.y - self.center.y);
        u * u + v * v < 1.0
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        let center = self.unit(x as f64 - self.center.x, y as f64 - self.center.y);
        let [mut a, mut b] = [self.unit(0.5, 0.0), self.unit(0.0, 0.5)];
        let square = |x: f64, y: f64| x * x + y * y;
        let half_diagonal =
            square(a[0] + b[0], a[1] + b[1]).max(square(a[0] - b[0], a[1] - b[1])).sqrt();
        let distance2 = center[0] * center[0] + center[1] * center[1];
        let (inside, outside) = (1.0 - half_diagonal, 1.0 + half_diagonal);
        if inside > 0.0 && distance2 <= inside * inside {
            return 1.0;
        }
        if distance2 >= outside * outside {
            return 0.0;
        }
        let det = self.determinant();
        if det < 0.0 {
            std::mem::swap(&mut a, &mut b);
        }
        (disc::overlap(center, a, b) / det.abs()).clamp(0.0, 1.0)
    }

    fn area(&self) -> f64 {
        std::f64::consts::PI / self.determinant().abs()
    }

    fn center(&self) -> PixelCoord {
        self.center
    }

    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        let (touched, whole) = self.spans(y, x, shares.len());
        shares[..touched.start].fill(0.0);
        shares[touched.end..].fill(0.0);
        shares[whole.clone()].fill(1.0);
        for i in (touched.start..whole.start).chain(whole.end..touched.end) {
            shares[i] = self.overlap(x + i.cast_signed(), y);
        }
        Run { touched, whole }
    }

    fn crossings(&self, y: f64, out: &mut Vec<f64>) -> bool {
        if let Some((from, to)) = self.chord(y - self.center.y) {
            out.extend([self.center.x + from, self.center.x + to]);
        }
        true
    }
}

impl Ellipse {
    /// The pixels of a row that may be touched, and those that surely lie inside: an ellipse is convex, so a row of
    /// pixels is inside between the chords of its lower and upper edge, and what it touches ends at one of those or at
    /// the ellipse's utmost left or right.
    fn spans(&self, y: isize, x: isize, length: usize) -> (Range<usize>, Range<usize>) {
        let dy = y as f64 - self.center.y;
        let (low, high) = (dy - 0.5, dy + 0.5);
        let slack = 1e-9 * (1.0 + self.extent().0 + self.extent().1);
        let chords = (self.chord(low), self.chord(high));
        let (mut from, mut to) = (f64::INFINITY, f64::NEG_INFINITY);
        for (start, end) in [chords.0, chords.1].into_iter().flatten() {
            (from, to) = (from.min(start), to.max(end));
        }
        let [[a, b], [c, d]] = self.to_unit;
        let utmost = self.extent().0;
        // The height at which the ellipse is widest to the right; to the left it is the negative.
        let height = -utmost * (a * b + c * d) / (b * b + d * d);
        if low <= height && height <= high {
            to = to.max(utmost);
        }
        if low <= -height && -height <= high {
            from = from.min(-utmost);
        }
        // A tip between the edges of the row, with neither edge inside.
        let tip = self.extent().1;
        if from > to && (low.abs().min(high.abs()) <= tip || low * high <= 0.0) {
            (from, to) = (-utmost, utmost);
        }
        let cx = self.center.x;
        let touched = if from <= to {
            columns((cx + from - slack + 0.5).floor(), (cx + to + slack + 0.5).ceil(), x, length)
        } else {
            0..0
        };
        let whole = match chords {
            (Some(one), Some(other)) => columns(
                (cx + one.0.max(other.0) + slack + 0.5).ceil(),
                (cx + one.1.min(other.1) - slack + 0.5).floor(),
                x,
                length,
            ),
            _ => 0..0,
        };
        if whole.start < whole.end {
            (touched, whole)
        } else {
            (touched.clone(), touched.end..touched.end)
        }
    }

    /// Half width and half height of the box around the ellipse.
    fn extent(&self) -> (f64, f64) {
        let [[a, b], [c, d]] = self.to_unit;
        let det = self.determinant().abs();
        (d.hypot(b) / det, c.hypot(a) / det)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
                ellipse.to_unit[0] = ellipse.to_unit[0].map(|value| -value);
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
    }
}
