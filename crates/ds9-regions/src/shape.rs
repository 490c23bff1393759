use astro_coords::Angle;

use crate::{Length, PointSymbol, Position};

/// What a region looks like; one variant a shape of DS9.
///
/// Angles turn counter-clockwise from the x axis in pixels. On the sky they turn from west through north, so an
/// angle of 90° points north.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Shape {
    /// `circle(x, y, radius)`.
    Circle {
        /// Centre.
        center: Position,
        /// Radius.
        radius: Length,
    },
    /// `ellipse(x, y, a, b, angle)`: semi-axes.
    Ellipse {
        /// Centre.
        center: Position,
        /// Semi-axes along and across the angle.
        semi_axes: [Length; 2],
        /// Direction of the first axis; `None` where the file gives none, which means 0.
        angle: Option<Angle>,
    },
    /// `box(x, y, width, height, angle)`: full sides.
    Box {
        /// Centre.
        center: Position,
        /// Full width and height.
        size: [Length; 2],
        /// Direction of the width.
        angle: Option<Angle>,
    },
    /// `polygon(x1, y1, x2, y2, ...)`, closed by itself.
    Polygon(Box<[Position]>),
    /// `line(x1, y1, x2, y2)`.
    Line {
        /// One end.
        start: Position,
        /// The other end.
        end: Position,
    },
    /// `vector(x, y, length, angle)`.
    Vector {
        /// The tail.
        start: Position,
        /// Length.
        length: Length,
        /// Direction.
        angle: Angle,
    },
    /// `text(x, y)`; the words are a property.
    Text(Position),
    /// `point(x, y)`; the symbol is a property, except in the old spelling `diamond point x y`.
    Point {
        /// The place.
        center: Position,
        /// The symbol of the old spelling.
        symbol: Option<PointSymbol>,
    },
    /// `ruler(x1, y1, x2, y2)`.
    Ruler {
        /// One end.
        start: Position,
        /// The other end.
        end: Position,
    },
    /// `compass(x, y, length)`.
    Compass {
        /// Where the arms meet.
        center: Position,
        /// Length of the arms.
        length: Length,
    },
    /// `projection(x1, y1, x2, y2, width)`.
    Projection {
        /// One end.
        start: Position,
        /// The other end.
        end: Position,
        /// Width of the strip.
        width: Length,
    },
    /// `segment(x1, y1, x2, y2, ...)`: an open line.
    Segment(Box<[Position]>),
    /// `annulus(x, y, r1, r2, ...)` or `annulus(x, y, r1, r2, n=3)`.
    Annulus {
        /// Centre.
        center: Position,
        /// The rings.
        rings: Rings<Length>,
    },
    /// `ellipse(x, y, a1, b1, a2, b2, ..., angle)`.
    EllipseAnnulus(Box<RotatedRings>),
    /// `box(x, y, w1, h1, w2, h2, ..., angle)`.
    BoxAnnulus(Box<RotatedRings>),
    /// `panda(x, y, start, stop, angles, inner, outer, rings)`.
    Panda(Box<Panda<Length>>),
    /// `epanda(...)`: cells of an ellipse annulus.
    Epanda(Box<Panda<[Length; 2]>>),
    /// `bpanda(...)`: cells of a box annulus.
    Bpanda(Box<Panda<[Length; 2]>>),
    /// `composite(x, y, angle)`: the regions that follow belong to it, as long as each ends in `||`.
    Composite {
        /// The point it turns about.
        center: Position,
        /// Its angle.
        angle: Option<Angle>,
    },
}

/// The edges of the rings of an annulus.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rings<L> {
    /// The edges as written; with a count, the innermost and the outermost.
    pub edges: Box<[L]>,
    /// `n=3`: this many rings of equal width.
    pub count: Option<u32>,
}

/// An ellipse or box annulus.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RotatedRings {
    /// Centre.
    pub center: Position,
    /// The rings; semi-axes of an ellipse, full sides of a box.
    pub rings: Rings<[Length; 2]>,
    /// Direction of the first axis.
    pub angle: Option<Angle>,
}

/// A pie and annulus: cells in angle and radius.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Panda<L> {
    /// Centre.
    pub center: Position,
    /// Where the first cell starts.
    pub start: Angle,
    /// Where the last cell ends.
    pub stop: Angle,
    /// Cells in angle.
    pub angles: u32,
    /// Inner edge.
    pub inner: L,
    /// Outer edge.
    pub outer: L,
    /// Cells in radius.
    pub rings: u32,
    /// Direction of the first axis, of ellipses and boxes.
    pub angle: Option<Angle>,
}

impl Shape {
    /// The word of the format.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Circle { .. } => "circle",
            Self::Ellipse { .. } | Self::EllipseAnnulus(_) => "ellipse",
            Self::Box { .. } | Self::BoxAnnulus(_) => "box",
            Self::Polygon(_) => "polygon",
            Self::Line { .. } => "line",
            Self::Vector { .. } => "vector",
            Self::Text(_) => "text",
            Self::Point { .. } => "point",
            Self::Ruler { .. } => "ruler",
            Self::Compass { .. } => "compass",
            Self::Projection { .. } => "projection",
            Self::Segment(_) => "segment",
            Self::Annulus { .. } => "annulus",
            Self::Panda(_) => "panda",
            Self::Epanda(_) => "epanda",
            Self::Bpanda(_) => "bpanda",
            Self::Composite { .. } => "composite",
        }
    }

    /// The place the shape is written around: its centre, the first end of a line, the first vertex.
    pub fn center(&self) -> Option<Position> {
        match self {
            Self::Circle { center, .. }
            | Self::Ellipse { center, .. }
            | Self::Box { center, .. }
            | Self::Text(center)
            | Self::Point { center, .. }
            | Self::Compass { center, .. }
            | Self::Annulus { center, .. }
            | Self::Composite { center, .. } => Some(*center),
            Self::Line { start, .. }
            | Self::Vector { start, .. }
            | Self::Ruler { start, .. }
            | Self::Projection { start, .. } => Some(*start),
            Self::Polygon(vertices) | Self::Segment(vertices) => vertices.first().copied(),
            Self::EllipseAnnulus(rings) | Self::BoxAnnulus(rings) => Some(rings.center),
            Self::Panda(panda) => Some(panda.center),
            Self::Epanda(panda) | Self::Bpanda(panda) => Some(panda.center),
        }
    }

    /// Whether the shape covers an area, so that pixels can lie inside.
    pub fn has_area(&self) -> bool {
        matches!(
            self,
            Self::Circle { .. }
                | Self::Ellipse { .. }
                | Self::Box { .. }
                | Self::Polygon(_)
                | Self::Annulus { .. }
                | Self::EllipseAnnulus(_)
                | Self::BoxAnnulus(_)
                | Self::Panda(_)
                | Self::Epanda(_)
                | Self::Bpanda(_)
        )
    }
}
