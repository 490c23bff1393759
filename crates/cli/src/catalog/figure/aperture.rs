//! A figure becomes an aperture in the pixels of an image.

use astro_coords::{Angle, PixelCoord};
use photometry::Aperture;
use photometry::aperture::{Annulus, Composite, Ellipse, Polygon, Rectangle, Sector};

use super::{Figure, Grid, Place};
use crate::catalog::SkyShape;

impl Figure {
    /// The aperture in the pixels of `grid`; `None` where the figure is not on its projection or has no size.
    pub(crate) fn aperture(&self, grid: &dyn Grid, shape: SkyShape) -> Option<Box<dyn Aperture>> {
        if let (SkyShape::Geodesic, Place::Sky(_)) = (shape, self.center())
            && let Self::Ellipse { .. } | Self::Box { .. } | Self::Polygon(_) | Self::Sector { .. } =
                self
        {
            return self.has_size().then(|| self.geodesic(grid)).flatten().map(boxed);
        }
        Some(match self {
            Self::Ellipse { .. } => Box::new(self.ellipse(grid, shape)?),
            Self::Box { .. } => Box::new(self.rectangle(grid, shape)?),
            Self::Polygon(corners) => {
                let corner = |place: &Place| Some(grid.local(*place)?.0);
                let corners: Vec<_> = corners.iter().map(corner).collect::<Option<_>>()?;
                Box::new(Polygon::new(&corners))
            }
            Self::Ring { outer, inner } => {
                let outer = outer.aperture(grid, shape)?;
                match inner.aperture(grid, shape) {
                    Some(inner) => Box::new(Annulus::new(outer, inner)),
                    None => outer,
                }
            }
            Self::Sector { whole, edges } => whole.sector(grid, shape, *edges)?,
            Self::Joined { include, exclude, .. } => {
                let all = |figures: &[Self]| -> Vec<_> {
                    figures.iter().filter_map(|figure| figure.aperture(grid, shape)).collect()
                };
                Box::new(Composite::new(all(include), all(exclude)))
            }
        })
    }

    /// Whether both axes or sides are longer than nothing; of other figures, true.
    fn has_size(&self) -> bool {
        match self {
            Self::Ellipse { semi_axes: sizes, .. } | Self::Box { size: sizes, .. } => {
                sizes.iter().all(|size| *size > 0.0)
            }
            Self::Sector { whole, .. } => whole.has_size(),
            Self::Polygon(_) | Self::Ring { .. } | Self::Joined { .. } => true,
        }
    }

    fn ellipse(&self, grid: &dyn Grid, shape: SkyShape) -> Option<Ellipse> {
        let Self::Ellipse { center, semi_axes: [a, b], angle } = self else { return None };
        let (at, map) = self.frame(grid, shape, *center)?;
        if !self.has_size() {
            return None;
        }
        if a == b {
            return Some(Ellipse::from_map(at, map, *a));
        }
        let (sin, cos) = angle.radians().sin_cos();
        let along = |[x, y]: [f64; 2], length: f64| {
            [0, 1].map(|i| (x * map[0][i] + y * map[1][i]) / length)
        };
        Some(Ellipse::from_map(at, [along([cos, sin], *a), along([-sin, cos], *b)], 1.0))
    }

    fn rectangle(&self, grid: &dyn Grid, shape: SkyShape) -> Option<Rectangle> {
        let Self::Box { center, size: [width, height], angle } = self else { return None };
        let (at, map) = self.frame(grid, shape, *center)?;
        if !self.has_size() {
            return None;
        }
        let exact = Rectangle::from_map(at, map, *width, *height, angle.radians());
        Some(match shape {
            SkyShape::Photutils | SkyShape::Photutils30 => upright(at, exact.halves()),
            _ => exact,
        })
    }

    fn sector(
        &self,
        grid: &dyn Grid,
        shape: SkyShape,
        edges: [Angle; 2],
    ) -> Option<Box<dyn Aperture>> {
        if (edges[1] - edges[0]).degrees() >= 360.0 {
            return self.aperture(grid, shape);
        }
        let (_, map) = self.frame(grid, shape, self.center())?;
        let [mut start, mut stop] = edges.map(|edge| direction(map, edge));
        if determinant(map) < 0.0 {
            (start, stop) = (stop, start);
        }
        match self {
            Self::Ellipse { .. } => {
                Some(Box::new(Sector::new(self.ellipse(grid, shape)?, start, stop)))
            }
            _ => Some(Box::new(self.rectangle(grid, shape)?.sector(start, stop))),
        }
    }
}

fn boxed(polygon: Polygon) -> Box<dyn Aperture> {
    Box::new(polygon)
}

pub(super) fn determinant([[a, b], [c, d]]: [[f64; 2]; 2]) -> f64 {
    a * d - b * c
}

/// The direction in pixels, in radians from x through y, of a direction on the sky.
fn direction(map: [[f64; 2]; 2], angle: Angle) -> f64 {
    let [[a, b], [c, d]] = map;
    let (v, u) = angle.radians().sin_cos();
    let sign = determinant(map).signum();
    (sign * (a * v - c * u)).atan2(sign * (d * u - b * v))
}

/// The rectangle that photutils makes of a parallelogram: its sides are the singular values of the two half sides, its
/// width the singular vector nearest to the first of them.
fn upright(center: PixelCoord, [a, b]: [[f64; 2]; 2]) -> Rectangle {
    let (xx, xy, yy) =
        (a[0] * a[0] + b[0] * b[0], a[0] * a[1] + b[0] * b[1], a[1] * a[1] + b[1] * b[1]);
    let (mean, half) = (0.5 * (xx + yy), (0.5 * (xx - yy)).hypot(xy));
    let (long, short) = ((mean + half).sqrt(), (mean - half).max(0.0).sqrt());
    // A square keeps the direction of its width.
    let theta =
        if half <= 1e-12 * mean { a[1].atan2(a[0]) } else { 0.5 * (2.0 * xy).atan2(xx - yy) };
    let along = [theta.cos(), theta.sin()];
    let nearness = |direction: [f64; 2]| (a[0] * direction[0] + a[1] * direction[1]).abs();
    let (width, height) = if nearness(along) >= nearness([-along[1], along[0]]) {
        (long, short)
    } else {
        (short, long)
    };
    let theta = if width == long { theta } else { theta + std::f64::consts::FRAC_PI_2 };
    Rectangle::new(center, 2.0 * width, 2.0 * height, theta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::figure::tests::{HERE, Image, MAPS};

    #[test]
    fn photutils_makes_rectangles_of_boxes() {
        let size = Figure::Box { center: HERE, size: [3.0, 1.0], angle: Angle::from_degrees(20.0) };
        let square = Image([[0.1, 0.0], [0.0, 0.1]]);
        let (exact, theirs) = (
            size.rectangle(&square, SkyShape::Affine).unwrap().halves(),
            size.rectangle(&square, SkyShape::Photutils).unwrap().halves(),
        );
        for (a, b) in exact.iter().flatten().zip(theirs.iter().flatten()) {
            assert!((a.abs() - b.abs()).abs() < 1e-9, "{exact:?} {theirs:?}");
        }
        let [a, b] = size.rectangle(&Image(MAPS[0]), SkyShape::Photutils).unwrap().halves();
        assert!((a[0] * b[0] + a[1] * b[1]).abs() < 1e-9);
        let area = 4.0 * (a[0] * b[1] - a[1] * b[0]).abs() * determinant(MAPS[0]).abs();
        assert!((area - 3.0).abs() < 1e-9);
    }
}
