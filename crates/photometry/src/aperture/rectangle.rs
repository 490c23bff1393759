use astro_coords::{PixelBox, PixelCoord};

use super::{Aperture, FillRule, Polygon, Run};

/// A rectangle, or its image under a linear map: a parallelogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Rectangle {
    center: PixelCoord,
    /// From the centre to the middle of two neighbouring sides.
    half: [[f64; 2]; 2],
    outline: Polygon,
}

impl Rectangle {
    /// The rectangle of `width` × `height` pixels; `theta` is the direction of the width, counter-clockwise from +x in
    /// radians.
    pub fn new(center: impl Into<PixelCoord>, width: f64, height: f64, theta: f64) -> Self {
        let (sin, cos) = theta.sin_cos();
        let (w, h) = (0.5 * width, 0.5 * height);
        Self::from_halves(center, [w * cos, w * sin], [-h * sin, h * cos])
    }

    /// The parallelogram whose sides have their middles at `center ± a` and `center ± b`.
    pub fn from_halves(center: impl Into<PixelCoord>, a: [f64; 2], b: [f64; 2]) -> Self {
        let center = center.into();
        let corner = |s: f64, t: f64| [s * a[0] + t * b[0], s * a[1] + t * b[1]];
        let ring = vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
        let outline = Polygon::around(center, &[ring], FillRule::EvenOdd);
        Self { center, half: [a, b], outline }
    }

    /// The pixels that `map` sends into the box of `width` × `height` around its origin, turned by `theta` radians from
    /// the map's first axis to its second: with the Jacobian of a coordinate system a box on the sky.
    ///
    /// A map that flattens the plane gives an empty shape.
    pub fn from_map(
        center: impl Into<PixelCoord>,
        map: [[f64; 2]; 2],
        width: f64,
        height: f64,
        theta: f64,
    ) -> Self {
        let [[a, b], [c, d]] = map;
        let det = a * d - b * c;
        let back = |u: f64, v: f64| [(d * u - b * v) / det, (a * v - c * u) / det];
        let (sin, cos) = theta.sin_cos();
        let (w, h) = (0.5 * width, 0.5 * height);
        Self::from_halves(center, back(w * cos, w * sin), back(-h * sin, h * cos))
    }

    /// From the centre to the middles of two neighbouring sides.
    pub fn halves(&self) -> [[f64; 2]; 2] {
        self.half
    }

    /// The part between two directions, counter-clockwise from +x in radians, from `start` on to `stop`: DS9's bpanda.
    pub fn sector(&self, start: f64, stop: f64) -> Polygon {
        let [a, b] = self.half;
        let det = a[0] * b[1] - a[1] * b[0];
        // Where the ray in a direction leaves the box.
        let hit = |angle: f64| {
            let (sin, cos) = angle.sin_cos();
            let (u, v) = ((cos * b[1] - sin * b[0]) / det, (sin * a[0] - cos * a[1]) / det);
            let far = u.abs().max(v.abs());
            [cos / far, sin / far]
        };
        let turn = (stop - start).rem_euclid(std::f64::consts::TAU);
        let turn = if turn == 0.0 && stop != start { std::f64::consts::TAU } else { turn };
        let corner = |s: f64, t: f64| [s * a[0] + t * b[0], s * a[1] + t * b[1]];
        let mut between: Vec<(f64, [f64; 2])> =
            [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]
                .into_iter()
                .map(|(s, t)| corner(s, t))
                .map(|[x, y]| ((y.atan2(x) - start).rem_euclid(std::f64::consts::TAU), [x, y]))
                .filter(|(angle, _)| 0.0 < *angle && *angle < turn)
                .collect();
        between.sort_by(|p, q| p.0.total_cmp(&q.0));
        let mut ring = vec![[0.0, 0.0], hit(start)];
        ring.extend(between.into_iter().map(|(_, corner)| corner));
        ring.push(hit(stop));
        Polygon::around(self.center, &[ring], FillRule::NonZero)
    }
}

impl Aperture for Rectangle {
    fn bounds(&self) -> PixelBox {
        self.outline.bounds()
    }

    fn contains(&self, at: PixelCoord) -> bool {
        let [a, b] = self.half;
        let det = a[0] * b[1] - a[1] * b[0];
        let (dx, dy) = (at.x - self.center.x, at.y - self.center.y);
        ((dx * b[1] - dy * b[0]) / det).abs() < 1.0 && ((dy * a[0] - dx * a[1]) / det).abs() < 1.0
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        self.outline.overlap(x, y)
    }

    fn area(&self) -> f64 {
        let [a, b] = self.half;
        4.0 * (a[0] * b[1] - a[1] * b[0]).abs()
    }

    fn center(&self) -> PixelCoord {
        self.center
    }

    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        self.outline.row(y, x, shares)
    }

    fn rows(&self, corner: (isize, isize), width: usize, shares: &mut [f64], runs: &mut [Run]) {
        self.outline.rows(corner, width, shares, runs);
    }

    fn crossings(&self, y: f64, out: &mut Vec<f64>) -> bool {
        self.outline.crossings(y, out)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_PI_2, PI, TAU};

    use super::super::testing::{rows_are_overlaps, total};
    use super::*;

    #[test]
    fn a_box_of_three_by_two_has_six_pixels() {
        for theta in [0.0, FRAC_PI_2, PI, -FRAC_PI_2, 0.3, 2.0] {
            let shape = Rectangle::new((10.25, 7.5), 3.0, 2.0, theta);
            assert!((total(&shape) - 6.0).abs() < 2e-15 * 6.0, "{theta}");
            assert!((shape.area() - 6.0).abs() < 1e-14);
            rows_are_overlaps(&shape, 1e-15);
        }
        assert_eq!(Rectangle::new((10.0, 7.0), 2.0, 2.0, 0.0).overlap(11, 8), 0.25);
    }

    #[test]
    fn a_box_on_the_sky_is_a_parallelogram() {
        let map = [[-0.04, 0.03], [0.028, 0.041]];
        let shape = Rectangle::from_map((50.0, 40.0), map, 0.6, 0.4, 0.7);
        let det: f64 = 0.04 * 0.041 + 0.03 * 0.028;
        assert!((total(&shape) - 0.24 / det).abs() < 1e-10);
        // The end of the width lies 0.3 along theta.
        let [a, _] = shape.halves();
        let (u, v) = (map[0][0] * a[0] + map[0][1] * a[1], map[1][0] * a[0] + map[1][1] * a[1]);
        assert!((u - 0.3 * 0.7f64.cos()).abs() < 1e-15 && (v - 0.3 * 0.7f64.sin()).abs() < 1e-15);
    }

    #[test]
    fn sectors_divide_the_box() {
        let shape = Rectangle::new((20.3, 19.8), 12.0, 7.0, 0.4);
        for cuts in [
            vec![0.0, 1.0, 2.5, 6.0, TAU],
            vec![0.3, 0.3 + PI, 0.3 + TAU],
            vec![-1.0, 3.5, 3.6, TAU - 1.0],
        ] {
            let areas: f64 =
                cuts.windows(2).map(|pair| total(&shape.sector(pair[0], pair[1]))).sum();
            assert!((areas - 84.0).abs() < 1e-12, "{cuts:?} {areas}");
        }
        assert!((total(&shape.sector(0.4, 0.4 + PI)) - 42.0).abs() < 1e-12);
        assert!((total(&shape.sector(1.0, 1.0 + TAU)) - 84.0).abs() < 1e-12);
    }
}
