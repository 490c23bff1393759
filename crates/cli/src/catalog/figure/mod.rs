//! What is measured of a region, on the sky or in the pixels of one image.

mod aperture;
mod convention;
mod geodesic;
mod plane;

use astro_coords::{Angle, PixelCoord, SkyCoord};
use ds9_regions::PixelShape;
use hst_fits::Wcs;

use super::SkyShape;
pub(crate) use plane::Tangent;
use plane::polygon_center;

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

    /// The pixel of a place.
    fn pixel(&self, place: SkyCoord) -> Option<PixelCoord> {
        Some(self.local(Place::Sky(place))?.0)
    }

    /// The place of a pixel.
    fn sky(&self, pixel: PixelCoord) -> Option<SkyCoord>;

    /// Whether more than the projection bends the sky.
    fn is_distorted(&self) -> bool {
        false
    }
}

impl Grid for Wcs {
    fn local(&self, place: Place) -> Option<(PixelCoord, [[f64; 2]; 2])> {
        match place {
            Place::Pixel(pixel) => Some((pixel, [[1.0, 0.0], [0.0, 1.0]])),
            Place::Sky(place) => {
                let pixel = self.to_pixel(place)?;
                let [east, north] = self.jacobian(pixel)?;
                let arcsec = |degrees: f64| Angle::from_degrees(degrees).arcsec();
                Some((pixel, [east.map(|d| -arcsec(d)), north.map(arcsec)]))
            }
        }
    }

    fn pixel(&self, place: SkyCoord) -> Option<PixelCoord> {
        self.to_pixel(place)
    }

    fn sky(&self, pixel: PixelCoord) -> Option<SkyCoord> {
        self.to_sky(pixel)
    }

    fn is_distorted(&self) -> bool {
        self.is_distorted()
    }
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

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::aperture::determinant;
    use super::*;

    pub(super) const HERE: Place = Place::Sky(SkyCoord::from_degrees(359.9999, -67.0));

    /// Pixels of an image whose columns go `map⁻¹`.
    pub(super) struct Image(pub(super) [[f64; 2]; 2]);

    impl Grid for Image {
        fn local(&self, place: Place) -> Option<(PixelCoord, [[f64; 2]; 2])> {
            let (point, _) = Tangent::at(HERE).local(place)?;
            let [[a, b], [c, d]] = self.0;
            let det = determinant(self.0);
            let at = [(d * point.x - b * point.y) / det, (a * point.y - c * point.x) / det];
            Some((PixelCoord::new(50.0 + at[0], 50.0 + at[1]), self.0))
        }

        fn sky(&self, pixel: PixelCoord) -> Option<SkyCoord> {
            let [x, y] = [pixel.x - 50.0, pixel.y - 50.0];
            let [west, north] = self.0.map(|[a, b]| a * x + b * y);
            Tangent::at(HERE).sky(PixelCoord::new(west, north))
        }
    }

    /// Rotated, mirrored or not, with pixels that are neither square nor upright.
    pub(super) const MAPS: [[[f64; 2]; 2]; 2] =
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
}
