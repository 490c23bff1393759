//! Regions in the pixels of one image.

use astro_coords::{Angle, PixelCoord};

/// A shape in the pixels of an image: places and lengths in pixels, the centre of the first one at (0, 0);
/// angles counter-clockwise from the x axis.
///
/// Rings go from the inside out and `n=` rings are spelled out, whatever the file says; the length of a vector
/// is positive.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are those of `Shape`")]
pub enum PixelShape {
    Circle {
        center: PixelCoord,
        radius: f64,
    },
    /// `angle` is the direction of the first semi-axis.
    Ellipse {
        center: PixelCoord,
        semi_axes: [f64; 2],
        angle: Angle,
    },
    /// Full width and height; `angle` is the direction of the width.
    Box {
        center: PixelCoord,
        size: [f64; 2],
        angle: Angle,
    },
    /// Closed by itself.
    Polygon(Vec<PixelCoord>),
    /// Two or more radii.
    Annulus {
        center: PixelCoord,
        radii: Vec<f64>,
    },
    EllipseAnnulus {
        center: PixelCoord,
        semi_axes: Vec<[f64; 2]>,
        angle: Angle,
    },
    BoxAnnulus {
        center: PixelCoord,
        sizes: Vec<[f64; 2]>,
        angle: Angle,
    },
    /// Edges of the cells in angle, each larger than the one before, and in radius.
    Panda {
        center: PixelCoord,
        angles: Vec<Angle>,
        radii: Vec<f64>,
    },
    /// As [`PixelShape::Panda`]; the edges in angle count from the first axis, whose direction is `angle`.
    Epanda {
        center: PixelCoord,
        angles: Vec<Angle>,
        semi_axes: Vec<[f64; 2]>,
        angle: Angle,
    },
    Bpanda {
        center: PixelCoord,
        angles: Vec<Angle>,
        sizes: Vec<[f64; 2]>,
        angle: Angle,
    },
    Point(PixelCoord),
    Text(PixelCoord),
    Line {
        start: PixelCoord,
        end: PixelCoord,
    },
    Vector {
        start: PixelCoord,
        length: f64,
        angle: Angle,
    },
    Ruler {
        start: PixelCoord,
        end: PixelCoord,
    },
    /// `arms` are the directions of north and east.
    Compass {
        center: PixelCoord,
        length: f64,
        arms: [Angle; 2],
    },
    Projection {
        start: PixelCoord,
        end: PixelCoord,
        width: f64,
    },
    /// An open line.
    Segment(Vec<PixelCoord>),
    /// The point a composite turns about; its members are regions of their own.
    Composite {
        center: PixelCoord,
        angle: Angle,
    },
}

impl PixelShape {
    /// Whether the shape covers an area.
    pub fn has_area(&self) -> bool {
        matches!(
            self,
            Self::Circle { .. }
                | Self::Ellipse { .. }
                | Self::Box { .. }
                | Self::Polygon(_)
                | Self::Annulus { .. }
                | Self::EllipseAnnulus { .. }
                | Self::BoxAnnulus { .. }
                | Self::Panda { .. }
                | Self::Epanda { .. }
                | Self::Bpanda { .. }
        )
    }

    /// The centre, the first end of a line, the first vertex.
    pub fn center(&self) -> Option<PixelCoord> {
        match self {
            Self::Circle { center, .. }
            | Self::Ellipse { center, .. }
            | Self::Box { center, .. }
            | Self::Annulus { center, .. }
            | Self::EllipseAnnulus { center, .. }
            | Self::BoxAnnulus { center, .. }
            | Self::Panda { center, .. }
            | Self::Epanda { center, .. }
            | Self::Bpanda { center, .. }
            | Self::Point(center)
            | Self::Text(center)
            | Self::Compass { center, .. }
            | Self::Composite { center, .. } => Some(*center),
            Self::Line { start, .. }
            | Self::Vector { start, .. }
            | Self::Ruler { start, .. }
            | Self::Projection { start, .. } => Some(*start),
            Self::Polygon(vertices) | Self::Segment(vertices) => vertices.first().copied(),
        }
    }
}

/// The place at `along` the direction `angle` and `across` to its left, seen from `center`.
pub(super) fn placed(center: PixelCoord, angle: Angle, [along, across]: [f64; 2]) -> PixelCoord {
    let (sin, cos) = angle.radians().sin_cos();
    PixelCoord::new(center.x + along * cos - across * sin, center.y + along * sin + across * cos)
}
