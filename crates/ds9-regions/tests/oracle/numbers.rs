//! Shapes as numbers that can be compared.

use astro_coords::{Angle, PixelCoord};
use ds9_regions::PixelShape;

/// The numbers of a shape: places, lengths in pixels, and angles apart.
#[derive(Default)]
pub(crate) struct Numbers {
    pub(crate) pixels: Vec<f64>,
    angles: Vec<f64>,
}

impl Numbers {
    pub(crate) fn of(shape: &PixelShape) -> Self {
        let mut all = Self::default();
        match shape {
            PixelShape::Circle { center, radius } => all.place(*center).lengths([*radius]),
            PixelShape::Ellipse { center, semi_axes: pair, angle }
            | PixelShape::Box { center, size: pair, angle } => {
                all.place(*center).lengths(*pair).turn(*angle)
            }
            PixelShape::Polygon(places) | PixelShape::Segment(places) => {
                places.iter().fold(&mut all, |all, place| all.place(*place))
            }
            PixelShape::Annulus { center, radii } => {
                all.place(*center).lengths(radii.iter().copied())
            }
            PixelShape::EllipseAnnulus { center, semi_axes: pairs, angle }
            | PixelShape::BoxAnnulus { center, sizes: pairs, angle } => {
                all.place(*center).lengths(pairs.iter().flatten().copied()).turn(*angle)
            }
            PixelShape::Panda { center, angles, radii } => {
                all.place(*center).lengths(radii.iter().copied()).turns(angles)
            }
            PixelShape::Epanda { center, angles, semi_axes: pairs, angle }
            | PixelShape::Bpanda { center, angles, sizes: pairs, angle } => all
                .place(*center)
                .lengths(pairs.iter().flatten().copied())
                .turns(angles)
                .turn(*angle),
            PixelShape::Point(place) | PixelShape::Text(place) => all.place(*place),
            PixelShape::Line { start, end } | PixelShape::Ruler { start, end } => {
                all.place(*start).place(*end)
            }
            PixelShape::Vector { start, length, angle } => {
                all.place(*start).lengths([*length]).turn(*angle)
            }
            PixelShape::Compass { center, length, .. } => all.place(*center).lengths([*length]),
            PixelShape::Projection { start, end, width } => {
                all.place(*start).place(*end).lengths([*width])
            }
            PixelShape::Composite { center, angle } => all.place(*center).turn(*angle),
            other => panic!("{other:?}"),
        };
        all
    }

    fn place(&mut self, place: PixelCoord) -> &mut Self {
        let (x, y) = place.to_fits();
        self.lengths([x, y])
    }

    fn lengths(&mut self, lengths: impl IntoIterator<Item = f64>) -> &mut Self {
        self.pixels.extend(lengths);
        self
    }

    fn turn(&mut self, angle: Angle) -> &mut Self {
        self.angles.push(angle.degrees());
        self
    }

    fn turns(&mut self, angles: &[Angle]) -> &mut Self {
        self.angles.extend(angles.iter().map(|angle| angle.degrees()));
        self
    }

    /// What differs by more than 1e-6 pixel or the eight digits DS9 prints, and `pixels` or `degrees` more.
    pub(crate) fn differs(&self, theirs: &Self, [pixels, degrees]: [f64; 2]) -> Option<String> {
        if self.pixels.len() != theirs.pixels.len() || self.angles.len() != theirs.angles.len() {
            return Some(format!("{:?} for {:?}", self.pixels, theirs.pixels));
        }
        let far = |a: f64, b: f64| (a - b).abs() > 1e-6_f64.max(digits(b)) + pixels;
        let pixel = self.pixels.iter().zip(&theirs.pixels).find(|(a, b)| far(**a, **b));
        let turned = |a: f64, b: f64| Angle::from_degrees(a - b).wrapped_signed().degrees().abs();
        let angles = self.angles.iter().zip(&theirs.angles);
        let mut angles = angles.filter(|(a, b)| turned(**a, **b) > digits(360.0) + degrees);
        let pixel = pixel.map(|(a, b)| format!("{a} for {b}"));
        pixel.or_else(|| angles.next().map(|(a, b)| format!("{a} degrees for {b}")))
    }
}

/// Half a unit of the eighth digit, and what is left of rounding.
fn digits(value: f64) -> f64 {
    0.501 * 10f64.powf(value.abs().log10().floor() - 7.0)
}

/// DS9 drops a vertex that only closes a polygon.
pub(crate) fn unclosed(shape: PixelShape) -> PixelShape {
    match shape {
        PixelShape::Polygon(mut places) if places.len() > 1 && places.first() == places.last() => {
            places.pop();
            PixelShape::Polygon(places)
        }
        other => other,
    }
}
