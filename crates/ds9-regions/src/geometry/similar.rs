//! Shapes moved, turned and scaled in the plane of the pixels.

use astro_coords::{Angle, PixelCoord};

use super::shape::PixelShape;

impl PixelShape {
    /// The shape moved by so many pixels.
    #[must_use]
    pub fn translated(&self, x: f64, y: f64) -> Self {
        let to = |place: PixelCoord| PixelCoord::new(place.x + x, place.y + y);
        self.similar(&to, Angle::ZERO, 1.0)
    }

    /// The shape turned counter-clockwise about `pivot`.
    #[must_use]
    pub fn rotated(&self, pivot: PixelCoord, angle: Angle) -> Self {
        let (sin, cos) = angle.radians().sin_cos();
        let to = |place: PixelCoord| {
            let (x, y) = (place.x - pivot.x, place.y - pivot.y);
            PixelCoord::new(pivot.x + x * cos - y * sin, pivot.y + x * sin + y * cos)
        };
        self.similar(&to, angle, 1.0)
    }

    /// The shape `factor` times as large, seen from `pivot`, which stays where it is.
    #[must_use]
    pub fn scaled(&self, pivot: PixelCoord, factor: f64) -> Self {
        let to = |place: PixelCoord| {
            let (x, y) = (place.x - pivot.x, place.y - pivot.y);
            PixelCoord::new(pivot.x + x * factor, pivot.y + y * factor)
        };
        self.similar(&to, Angle::ZERO, factor)
    }

    /// Places through `to`, directions turned, sizes scaled.
    fn similar(&self, to: &dyn Fn(PixelCoord) -> PixelCoord, turn: Angle, scale: f64) -> Self {
        let mut shape = self.clone();
        let turned = |angle: &mut Angle| *angle = *angle + turn;
        let sized = |pair: &mut [f64; 2]| *pair = pair.map(|size| size * scale);
        match &mut shape {
            Self::Circle { center, radius } => {
                (*center, *radius) = (to(*center), *radius * scale);
            }
            Self::Ellipse { center, semi_axes: pair, angle }
            | Self::Box { center, size: pair, angle } => {
                *center = to(*center);
                sized(pair);
                turned(angle);
            }
            Self::Polygon(vertices) | Self::Segment(vertices) => {
                vertices.iter_mut().for_each(|vertex| *vertex = to(*vertex));
            }
            Self::Annulus { center, radii } => {
                *center = to(*center);
                radii.iter_mut().for_each(|radius| *radius *= scale);
            }
            Self::Panda { center, angles, radii } => {
                *center = to(*center);
                angles.iter_mut().for_each(turned);
                radii.iter_mut().for_each(|radius| *radius *= scale);
            }
            // Their edges in angle count from the first axis, which is turned.
            Self::EllipseAnnulus { center, semi_axes: pairs, angle }
            | Self::BoxAnnulus { center, sizes: pairs, angle }
            | Self::Epanda { center, semi_axes: pairs, angle, .. }
            | Self::Bpanda { center, sizes: pairs, angle, .. } => {
                *center = to(*center);
                pairs.iter_mut().for_each(sized);
                turned(angle);
            }
            Self::Point(place) | Self::Text(place) => *place = to(*place),
            Self::Line { start, end } | Self::Ruler { start, end } => {
                (*start, *end) = (to(*start), to(*end));
            }
            Self::Vector { start, length, angle } => {
                (*start, *length) = (to(*start), *length * scale);
                turned(angle);
            }
            Self::Compass { center, length, arms } => {
                (*center, *length) = (to(*center), *length * scale);
                arms.iter_mut().for_each(turned);
            }
            Self::Projection { start, end, width } => {
                (*start, *end, *width) = (to(*start), to(*end), *width * scale);
            }
            Self::Composite { center, angle } => {
                *center = to(*center);
                turned(angle);
            }
        }
        shape
    }
}
