//! What is measured of a region, on the sky or in the pixels of one image, and its aperture in an image.

use astro_coords::{Angle, PixelCoord, SkyCoord};
use ds9_regions::PixelShape;
use photometry::Aperture;
use photometry::aperture::{Annulus, Composite, Ellipse, Polygon, Rectangle, Sector};

use super::SkyShape;

/// Where a figure is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Place {
    Sky(SkyCoord),
    /// In the image that the regions are given for.
    Pixel(PixelCoord),
}

/// A figure in the plane that touches the sky at the figure's own place: lengths in arcsec, angles from west through
/// north, as DS9 counts them. Or in pixels, angles from x through y.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Figure {
    Ellipse {
        center: Place,
        semi_axes: [f64; 2],
        angle: Angle,
    },
    /// Full sides.
    Box {
        center: Place,
        size: [f64; 2],
        angle: Angle,
    },
    /// Corners, joined by straight lines in the image, as DS9 draws them.
    Polygon(Vec<Place>),
    /// `outer` without `inner`, which lies in it.
    Ring {
        outer: Box<Self>,
        inner: Box<Self>,
    },
    /// What lies between two directions from the centre of an ellipse or box.
    Sector {
        whole: Box<Self>,
        edges: [Angle; 2],
    },
    /// What lies in one of `include` and in none of `exclude`.
    Joined {
        center: Place,
        include: Vec<Self>,
        exclude: Vec<Self>,
    },
}

/// How an image shows a place: its pixel, and arcsec west and north (rows) per pixel in x and y (columns) there.
pub(crate) trait Grid {
    fn local(&self, place: Place) -> Option<(PixelCoord, [[f64; 2]; 2])>;
}

impl Figure {
    pub(crate) fn circle(center: Place, radius: f64) -> Self {
        Self::Ellipse { center, semi_axes: [radius; 2], angle: Angle::ZERO }
    }

    /// The figures of a region: one for each ring of an annulus and each cell of a panda, from the inside out.
    ///
    /// `shape` is around `center`; `corners` are those of a polygon.
    pub(crate) fn of_shape(shape: &PixelShape, center: Place, corners: Vec<Place>) -> Vec<Self> {
        let ellipse =
            |semi_axes: &[f64; 2], angle| Self::Ellipse { center, semi_axes: *semi_axes, angle };
        let rectangle = |size: &[f64; 2], angle| Self::Box { center, size: *size, angle };
        let circle = |radius: &f64| Self::circle(center, *radius);
        let none = Angle::ZERO;
        match shape {
            PixelShape::Circle { radius, .. } => vec![circle(radius)],
            PixelShape::Ellipse { semi_axes, angle, .. } => vec![ellipse(semi_axes, *angle)],
            PixelShape::Box { size, angle, .. } => vec![rectangle(size, *angle)],
            PixelShape::Polygon(_) => vec![Self::Polygon(corners)],
            PixelShape::Annulus { radii, .. } => rings(radii, circle),
            PixelShape::EllipseAnnulus { semi_axes, angle, .. } => {
                rings(semi_axes, |axes| ellipse(axes, *angle))
            }
            PixelShape::BoxAnnulus { sizes, angle, .. } => {
                rings(sizes, |size| rectangle(size, *angle))
            }
            PixelShape::Panda { angles, radii, .. } => cells(angles, none, radii, circle),
            PixelShape::Epanda { angles, semi_axes, angle, .. } => {
                cells(angles, *angle, semi_axes, |axes| ellipse(axes, *angle))
            }
            PixelShape::Bpanda { angles, sizes, angle, .. } => {
                cells(angles, *angle, sizes, |size| rectangle(size, *angle))
            }
            _ => Vec::new(),
        }
    }

    /// The aperture in the pixels of `grid`; `None` where the figure is not on its projection or has no size.
    pub(crate) fn aperture(&self, grid: &dyn Grid, shape: SkyShape) -> Option<Box<dyn Aperture>> {
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

    fn ellipse(&self, grid: &dyn Grid, shape: SkyShape) -> Option<Ellipse> {
        let Self::Ellipse { center, semi_axes: [a, b], angle } = self else { return None };
        let (at, map) = grid.local(*center)?;
        if !(*a > 0.0 && *b > 0.0) {
            return None;
        }
        if a == b {
            let map = match shape {
                SkyShape::Affine => map,
                SkyShape::Photutils => {
                    let scale = determinant(map).abs().sqrt();
                    [[scale, 0.0], [0.0, scale]]
                }
            };
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
        let (at, map) = grid.local(*center)?;
        if !(*width > 0.0 && *height > 0.0) {
            return None;
        }
        let exact = Rectangle::from_map(at, map, *width, *height, angle.radians());
        Some(match shape {
            SkyShape::Affine => exact,
            SkyShape::Photutils => upright(at, exact.halves()),
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
        let (_, map) = grid.local(self.center())?;
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

    /// The middle; of a polygon the centre of its area.
    pub(crate) fn center(&self) -> Place {
        match self {
            Self::Ellipse { center, .. }
            | Self::Box { center, .. }
            | Self::Joined { center, .. } => *center,
            Self::Ring { outer, .. } => outer.center(),
            Self::Sector { whole, .. } => whole.center(),
            Self::Polygon(corners) => polygon_center(corners),
        }
    }

    /// Area in arcsec², or in pixels.
    pub(crate) fn area(&self) -> f64 {
        let plane = Tangent::at(self.center());
        self.aperture(&plane, SkyShape::Affine).map_or(0.0, |aperture| aperture.area())
    }

    /// Radius of a circle around the middle that holds the figure.
    pub(crate) fn reach(&self) -> f64 {
        match self {
            Self::Ellipse { semi_axes: [a, b], .. } => a.max(*b),
            Self::Box { size: [width, height], .. } => 0.5 * width.hypot(*height),
            Self::Ring { outer, .. } => outer.reach(),
            Self::Sector { whole, .. } => whole.reach(),
            Self::Polygon(corners) => {
                let center = self.center();
                corners.iter().map(|corner| distance(center, *corner)).fold(0.0, f64::max)
            }
            Self::Joined { center, include, .. } => {
                let far = |figure: &Self| distance(*center, figure.center()) + figure.reach();
                include.iter().map(far).fold(0.0, f64::max)
            }
        }
    }

    /// The figure `factor` times as large, without its holes.
    pub(crate) fn grown(&self, factor: f64) -> Self {
        match self {
            Self::Ellipse { center, semi_axes, angle } => Self::Ellipse {
                center: *center,
                semi_axes: semi_axes.map(|axis| axis * factor),
                angle: *angle,
            },
            Self::Box { center, size, angle } => {
                Self::Box { center: *center, size: size.map(|side| side * factor), angle: *angle }
            }
            Self::Polygon(corners) => {
                let center = self.center();
                Self::Polygon(corners.iter().map(|p| farther(center, *p, factor)).collect())
            }
            Self::Ring { outer, .. } => outer.grown(factor),
            Self::Sector { whole, edges } => {
                Self::Sector { whole: Box::new(whole.grown(factor)), edges: *edges }
            }
            Self::Joined { center, include, .. } => Self::Joined {
                center: *center,
                include: include.iter().map(|figure| figure.grown(factor)).collect(),
                exclude: Vec::new(),
            },
        }
    }
}

fn rings<E>(edges: &[E], figure: impl Fn(&E) -> Figure) -> Vec<Figure> {
    let ring = |pair: &[E]| Figure::Ring {
        outer: Box::new(figure(&pair[1])),
        inner: Box::new(figure(&pair[0])),
    };
    edges.windows(2).map(ring).collect()
}

/// The edges in angle count from the direction `first`.
fn cells<E>(
    angles: &[Angle],
    first: Angle,
    edges: &[E],
    figure: impl Fn(&E) -> Figure,
) -> Vec<Figure> {
    let cell = |pair: &[Angle]| {
        let between = [first + pair[0], first + pair[1]];
        let sector = |edge: &E| Figure::Sector { whole: Box::new(figure(edge)), edges: between };
        rings(edges, sector)
    };
    angles.windows(2).flat_map(cell).collect()
}

fn determinant([[a, b], [c, d]]: [[f64; 2]; 2]) -> f64 {
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

fn distance(from: Place, to: Place) -> f64 {
    match (from, to) {
        (Place::Sky(from), Place::Sky(to)) => from.separation(to).arcsec(),
        (Place::Pixel(from), Place::Pixel(to)) => from.distance(to),
        _ => f64::NAN,
    }
}

/// The place in the same direction, `factor` times as far.
fn farther(from: Place, to: Place, factor: f64) -> Place {
    match (from, to) {
        (Place::Sky(from), Place::Sky(to)) => {
            let far = Angle::from_degrees(factor * from.separation(to).degrees());
            Place::Sky(from.offset(from.position_angle(to), far))
        }
        (Place::Pixel(from), Place::Pixel(to)) => Place::Pixel(PixelCoord::new(
            from.x + factor * (to.x - from.x),
            from.y + factor * (to.y - from.y),
        )),
        _ => to,
    }
}

/// The centre of a polygon's area; without one, the mean of its corners.
fn polygon_center(corners: &[Place]) -> Place {
    let plane =
        Tangent::at(corners.first().copied().unwrap_or(Place::Pixel(PixelCoord::default())));
    let points: Option<Vec<_>> = corners.iter().map(|p| Some(plane.local(*p)?.0)).collect();
    let Some(points) = points.filter(|points| !points.is_empty()) else { return plane.center };
    let (mut twice, mut x, mut y) = (0.0, 0.0, 0.0);
    for (i, p) in points.iter().enumerate() {
        let q = points[(i + 1) % points.len()];
        let cross = p.x * q.y - q.x * p.y;
        twice += cross;
        x += cross * (p.x + q.x);
        y += cross * (p.y + q.y);
    }
    let n = points.len() as f64;
    let mean = PixelCoord::new(
        points.iter().map(|p| p.x).sum::<f64>() / n,
        points.iter().map(|p| p.y).sum::<f64>() / n,
    );
    let center = PixelCoord::new(x / (3.0 * twice), y / (3.0 * twice));
    plane.place(if center.is_finite() { center } else { mean })
}

/// The plane that touches the sky at a place, whose pixels are arcsec to the west and north; or the image itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tangent {
    center: Place,
}

impl Tangent {
    pub(crate) fn at(center: Place) -> Self {
        Self { center }
    }

    /// Unit vectors to the west and the north, and to the centre.
    fn axes(center: SkyCoord) -> [[f64; 3]; 3] {
        let (sin_ra, cos_ra) = center.ra.radians().sin_cos();
        let (sin_dec, cos_dec) = center.dec.radians().sin_cos();
        [
            [sin_ra, -cos_ra, 0.0],
            [-sin_dec * cos_ra, -sin_dec * sin_ra, cos_dec],
            [cos_dec * cos_ra, cos_dec * sin_ra, sin_dec],
        ]
    }

    fn place(&self, point: PixelCoord) -> Place {
        match self.center {
            Place::Pixel(center) => {
                Place::Pixel(PixelCoord::new(center.x + point.x, center.y + point.y))
            }
            Place::Sky(center) => {
                let [west, north, up] = Self::axes(center);
                let [u, v] = [point.x, point.y].map(|arcsec| Angle::from_arcsec(arcsec).radians());
                let vector = [0, 1, 2].map(|i| up[i] + u * west[i] + v * north[i]);
                Place::Sky(SkyCoord::from_vector(vector))
            }
        }
    }
}

impl Grid for Tangent {
    fn local(&self, place: Place) -> Option<(PixelCoord, [[f64; 2]; 2])> {
        let point = match (self.center, place) {
            (Place::Pixel(center), Place::Pixel(p)) => {
                PixelCoord::new(p.x - center.x, p.y - center.y)
            }
            (Place::Sky(center), Place::Sky(p)) => {
                let vector = p.to_vector();
                let [x, y, z] = Self::axes(center)
                    .map(|axis| axis.iter().zip(vector).map(|(a, b)| a * b).sum::<f64>());
                if z <= 0.0 {
                    return None;
                }
                PixelCoord::new(
                    Angle::from_radians(x / z).arcsec(),
                    Angle::from_radians(y / z).arcsec(),
                )
            }
            _ => return None,
        };
        Some((point, [[1.0, 0.0], [0.0, 1.0]]))
    }
}

/// The same plane as an image, for [`ds9_regions::ImageFrame`]: a region in it has its lengths in arcsec and its angles
/// from west.
impl ds9_regions::Wcs for Tangent {
    fn to_pixel(&self, place: SkyCoord) -> Option<PixelCoord> {
        if self.center == Place::Sky(place) {
            return Some(PixelCoord::new(0.0, 0.0));
        }
        Some(self.local(Place::Sky(place))?.0)
    }

    fn to_sky(&self, pixel: PixelCoord) -> Option<SkyCoord> {
        match self.place(pixel) {
            Place::Sky(place) => Some(place),
            Place::Pixel(_) => None,
        }
    }

    fn jacobian(&self, _: PixelCoord) -> Option<[[f64; 2]; 2]> {
        let step = Angle::from_arcsec(1.0).degrees();
        Some([[-step, 0.0], [0.0, step]])
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    const HERE: Place = Place::Sky(SkyCoord::from_degrees(359.9999, -67.0));

    /// Pixels of an image whose columns go `map⁻¹`.
    struct Image([[f64; 2]; 2]);

    impl Grid for Image {
        fn local(&self, place: Place) -> Option<(PixelCoord, [[f64; 2]; 2])> {
            let (point, _) = Tangent::at(HERE).local(place)?;
            let [[a, b], [c, d]] = self.0;
            let det = determinant(self.0);
            let at = [(d * point.x - b * point.y) / det, (a * point.y - c * point.x) / det];
            Some((PixelCoord::new(50.0 + at[0], 50.0 + at[1]), self.0))
        }
    }

    /// Rotated, mirrored or not, with pixels that are neither square nor upright.
    const MAPS: [[[f64; 2]; 2]; 2] =
        [[[0.09, 0.031], [-0.02, 0.11]], [[-0.09, 0.031], [-0.02, 0.11]]];

    fn at(west: f64, north: f64) -> Place {
        Tangent::at(HERE).place(PixelCoord::new(west, north))
    }

    fn figures() -> Vec<(Figure, f64)> {
        let degrees = Angle::from_degrees;
        let ellipse = |a, b| {
            Box::new(Figure::Ellipse {
                center: at(0.1, 0.2),
                semi_axes: [a, b],
                angle: degrees(30.0),
            })
        };
        let rectangle = |w, h| {
            Box::new(Figure::Box { center: at(-0.2, 0.1), size: [w, h], angle: degrees(75.0) })
        };
        let quarter = |whole| Figure::Sector { whole, edges: [degrees(30.0), degrees(120.0)] };
        let rest = |whole| Figure::Sector { whole, edges: [degrees(75.0), degrees(345.0)] };
        vec![
            (*ellipse(2.0, 2.0), 4.0 * PI),
            (*ellipse(2.5, 1.0), 2.5 * PI),
            (*rectangle(2.0, 3.0), 6.0),
            (Figure::Polygon(vec![at(0.0, 0.0), at(3.0, 0.5), at(1.0, 2.0)]), 2.75),
            (Figure::Ring { outer: ellipse(2.0, 2.0), inner: ellipse(1.0, 1.0) }, 3.0 * PI),
            (Figure::Ring { outer: rectangle(2.0, 3.0), inner: rectangle(0.0, 0.0) }, 6.0),
            (quarter(ellipse(2.0, 1.0)), 0.5 * PI),
            (rest(rectangle(2.0, 2.0)), 3.0),
            (
                Figure::Joined {
                    center: HERE,
                    include: vec![*ellipse(2.0, 2.0), Figure::circle(at(1.0, 3.5), 0.5)],
                    exclude: vec![Figure::circle(at(0.1, 0.2), 1.0)],
                },
                3.25 * PI,
            ),
        ]
    }

    #[test]
    fn areas_are_those_of_the_figures_on_the_sky() {
        for (figure, area) in figures() {
            assert!((figure.area() - area).abs() < 1e-8 * area, "{figure:?}: {}", figure.area());
            for map in MAPS {
                let aperture = figure.aperture(&Image(map), SkyShape::Affine).unwrap();
                let found = aperture.area() * determinant(map).abs();
                // A joined figure is summed pixel by pixel.
                assert!((found - area).abs() < 1e-7 * area, "{figure:?}: {found} {area}");
            }
        }
    }

    #[test]
    fn a_place_is_inside_in_every_image_or_in_none() {
        for (figure, _) in figures() {
            let images = MAPS.map(|map| figure.aperture(&Image(map), SkyShape::Affine).unwrap());
            let plane = figure.aperture(&Tangent::at(HERE), SkyShape::Affine).unwrap();
            let mut inside = 0;
            for i in 0..1600 {
                let place = at(f64::from(i % 40) * 0.173 - 3.4, f64::from(i / 40) * 0.171 - 3.3);
                let expected = plane.contains(Tangent::at(HERE).local(place).unwrap().0);
                inside += usize::from(expected);
                for (aperture, map) in images.iter().zip(MAPS) {
                    let pixel = Image(map).local(place).unwrap().0;
                    assert_eq!(aperture.contains(pixel), expected, "{figure:?} {place:?}");
                }
            }
            assert!(inside > 20, "{figure:?}");
        }
    }

    #[test]
    fn a_figure_lies_within_its_reach_and_grows_around_its_middle() {
        for (figure, _) in figures() {
            let plane = Tangent::at(figure.center());
            let inside = |figure: &Figure, x: f64, y: f64| {
                let aperture = figure.aperture(&plane, SkyShape::Affine).unwrap();
                aperture.contains(PixelCoord::new(x, y))
            };
            for i in 0..900 {
                let (x, y) = (f64::from(i % 30) * 0.31 - 4.4, f64::from(i / 30) * 0.29 - 4.1);
                if inside(&figure, x, y) {
                    assert!(x.hypot(y) <= figure.reach() * (1.0 + 1e-9), "{figure:?}");
                    if !matches!(figure, Figure::Joined { .. }) {
                        assert!(inside(&figure.grown(1.5), 1.4 * x, 1.4 * y), "{figure:?}");
                    }
                }
            }
        }
    }

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
