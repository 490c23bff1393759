use std::f64::consts::{PI, TAU};

use astro_coords::{PixelBox, PixelCoord};

use super::{Aperture, Circle, Ellipse, Run, disc};

/// The part of an ellipse between two directions from its centre; without an inner one of it, a cell of DS9's panda and
/// epanda.
///
/// Exact: each pixel is cut to the wedge, and the rest of it meets the ellipse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sector {
    ellipse: Ellipse,
    /// Direction of the first ray in pixels, counter-clockwise from +x in radians.
    start: f64,
    /// From the first ray to the second, 0 to 2π.
    turn: f64,
    rays: [[f64; 2]; 2],
}

impl Sector {
    /// The part of `ellipse` from the direction `start` counter-clockwise to `stop`, in radians from +x. A whole turn is
    /// the whole ellipse; equal directions are nothing.
    pub fn new(ellipse: Ellipse, start: f64, stop: f64) -> Self {
        let turn = (stop - start).rem_euclid(TAU);
        let turn = if turn == 0.0 && stop != start { TAU } else { turn };
        let ray = |angle: f64| [angle.cos(), angle.sin()];
        Self { ellipse, start, turn, rays: [ray(start), ray(stop)] }
    }

    /// The part of a circle.
    pub fn circle(circle: Circle, start: f64, stop: f64) -> Self {
        Self::new(Ellipse::circle(circle.center(), circle.radius()), start, stop)
    }

    /// Whether an offset from the centre lies between the rays.
    fn between(&self, dx: f64, dy: f64) -> bool {
        let [p, q] = self.rays;
        let (left_of_start, right_of_stop) =
            (p[0] * dy - p[1] * dx > 0.0, q[0] * dy - q[1] * dx < 0.0);
        match self.turn {
            t if t >= TAU => true,
            t if t > PI => left_of_start || right_of_stop,
            _ => left_of_start && right_of_stop,
        }
    }

    /// Area of the pixel inside the ellipse and the wedge of at most half a turn from ray `p` to ray `q`.
    fn wedge(&self, x: isize, y: isize, p: [f64; 2], q: [f64; 2]) -> f64 {
        let center = self.ellipse.center();
        let (dx, dy) = (x as f64 - center.x, y as f64 - center.y);
        let square = vec![[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]];
        let cut = cut(&square, [dx, dy], [-p[1], p[0]]);
        let mut cut = cut_again(cut, [dx, dy], [q[1], -q[0]]);
        if cut.len() < 3 {
            return 0.0;
        }
        let det = self.ellipse.determinant();
        if det < 0.0 {
            cut.reverse();
        }
        let corners: Vec<[f64; 2]> = cut.iter().map(|[x, y]| self.ellipse.unit(*x, *y)).collect();
        (disc::overlap_polygon(self.ellipse.unit(dx, dy), &corners) / det.abs()).clamp(0.0, 1.0)
    }

    /// Whether the wedge's rays pass by the pixel's circumcircle.
    fn rays_miss(&self, dx: f64, dy: f64) -> bool {
        const HALF_DIAGONAL: f64 = 0.708;
        self.rays.iter().all(|ray| {
            let along = (ray[0] * dx + ray[1] * dy).max(0.0);
            (dx - along * ray[0]).hypot(dy - along * ray[1]) > HALF_DIAGONAL
        })
    }
}

/// The part of a polygon, given relative to `at`, where `normal` · place ≥ 0.
fn cut(corners: &[[f64; 2]], at: [f64; 2], normal: [f64; 2]) -> Vec<[f64; 2]> {
    let height = |p: &[f64; 2]| normal[0] * (at[0] + p[0]) + normal[1] * (at[1] + p[1]);
    let mut out = Vec::with_capacity(corners.len() + 2);
    for (i, p) in corners.iter().enumerate() {
        let q = &corners[(i + 1) % corners.len()];
        let (a, b) = (height(p), height(q));
        if a >= 0.0 {
            out.push(*p);
        }
        if (a < 0.0) != (b < 0.0) && a != b {
            let t = a / (a - b);
            out.push([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]);
        }
    }
    out
}

fn cut_again(corners: Vec<[f64; 2]>, at: [f64; 2], normal: [f64; 2]) -> Vec<[f64; 2]> {
    if corners.len() < 3 { Vec::new() } else { cut(&corners, at, normal) }
}

impl Aperture for Sector {
    fn bounds(&self) -> PixelBox {
        self.ellipse.bounds()
    }

    fn contains(&self, at: PixelCoord) -> bool {
        let center = self.ellipse.center();
        self.turn > 0.0
            && self.between(at.x - center.x, at.y - center.y)
            && self.ellipse.contains(at)
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        if self.turn == 0.0 {
            return 0.0;
        }
        let center = self.ellipse.center();
        let (dx, dy) = (x as f64 - center.x, y as f64 - center.y);
        if self.turn >= TAU || self.rays_miss(dx, dy) {
            return if self.between(dx, dy) { self.ellipse.overlap(x, y) } else { 0.0 };
        }
        let [p, q] = self.rays;
        if self.turn <= PI {
            return self.wedge(x, y, p, q);
        }
        let middle = [(self.start + PI).cos(), (self.start + PI).sin()];
        (self.wedge(x, y, p, middle) + self.wedge(x, y, middle, q)).min(1.0)
    }

    fn area(&self) -> f64 {
        if self.turn == 0.0 || self.turn >= TAU {
            return self.turn.min(1.0) * self.ellipse.area();
        }
        // On the plane where the ellipse is the unit circle, a sector's area is half its angle.
        let [p, q] = self.rays.map(|[x, y]| self.ellipse.unit(x, y));
        let angle = (p[0] * q[1] - p[1] * q[0]).atan2(p[0] * q[0] + p[1] * q[1]);
        let det = self.ellipse.determinant();
        let angle = (angle * det.signum()).rem_euclid(TAU);
        0.5 * angle / det.abs()
    }

    fn center(&self) -> PixelCoord {
        self.ellipse.center()
    }

    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        let run = self.ellipse.row(y, x, shares);
        for i in run.touched.clone() {
            shares[i] = self.overlap(x + i.cast_signed(), y);
        }
        Run { whole: run.touched.end..run.touched.end, touched: run.touched }
    }

    fn crossings(&self, y: f64, out: &mut Vec<f64>) -> bool {
        let center = self.ellipse.center();
        let mut edges = Vec::new();
        self.ellipse.crossings(y, &mut edges);
        let [Some(&from), Some(&to)] = [edges.first(), edges.get(1)] else { return true };
        // The chord, cut at the rays; a part is in if its middle is.
        let dy = y - center.y;
        let mut cuts = vec![from, to];
        for ray in self.rays {
            let x = center.x + dy * ray[0] / ray[1];
            if dy * ray[1] > 0.0 && from < x && x < to {
                cuts.push(x);
            }
        }
        cuts.sort_unstable_by(f64::total_cmp);
        for pair in cuts.windows(2) {
            if self.turn > 0.0 && self.between(0.5 * (pair[0] + pair[1]) - center.x, dy) {
                if out.last() == Some(&pair[0]) {
                    out.pop();
                    out.push(pair[1]);
                } else {
                    out.extend(pair);
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{rows_are_overlaps, total};
    use super::super::{Annulus, Subpixel};
    use super::*;

    #[test]
    fn sectors_have_their_area() {
        let mirrored = Ellipse::from_map((11.2, 9.9), [[-0.1, 0.03], [0.02, 0.2]], 0.9);
        for ellipse in [
            Ellipse::circle((10.0, 10.0), 5.0),
            Ellipse::new((10.3, 10.6), 8.0, 3.0, 0.5),
            mirrored,
        ] {
            for (start, stop) in [
                (0.0, PI / 2.0),
                (0.3, 1.1),
                (1.0, 5.5),
                (-0.5, 0.5),
                (2.0, 2.0 + PI),
                (0.0, TAU),
                (4.0, 1.0),
            ] {
                let sector = Sector::new(ellipse, start, stop);
                assert!(
                    (total(&sector) - sector.area()).abs() < 1e-12,
                    "{start} {stop} {} {}",
                    total(&sector),
                    sector.area()
                );
                rows_are_overlaps(&sector, 4e-16);
            }
        }
        assert!(
            (Sector::new(Ellipse::circle((0.0, 0.0), 2.0), 0.0, PI / 2.0).area() - PI).abs()
                < 1e-15
        );
        assert_eq!(Sector::new(Ellipse::circle((0.0, 0.0), 2.0), 1.0, 1.0).area(), 0.0);
    }

    #[test]
    fn a_panda_is_a_ring_in_parts() {
        let (outer, inner) = (Circle::new((20.1, 19.7), 9.0), Circle::new((20.1, 19.7), 4.0));
        let cell = |start: f64, stop: f64| {
            Annulus::new(Sector::circle(outer, start, stop), Sector::circle(inner, start, stop))
        };
        let sum: f64 = [0.0, 1.0, 2.2, 4.0, TAU].windows(2).map(|p| total(&cell(p[0], p[1]))).sum();
        assert!((sum - 65.0 * PI).abs() < 1e-11);
    }

    #[test]
    fn shares_agree_with_sampling() {
        let sector = Sector::new(Ellipse::new((5.2, 5.6), 4.5, 2.5, 0.5), 5.9, 3.3);
        let sampled = Subpixel::new(sector, 64);
        for y in 0..12 {
            for x in 0..12 {
                assert!((sector.overlap(x, y) - sampled.overlap(x, y)).abs() < 0.02, "{x} {y}");
            }
        }
    }
}
