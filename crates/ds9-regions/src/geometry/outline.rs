//! What is drawn of a shape.

use std::f64::consts::TAU;

use astro_coords::{Angle, PixelCoord};

use super::measure::box_arc;
use super::shape::{PixelShape, placed};

impl PixelShape {
    /// The lines to draw, none further than `tolerance` pixels from the true curve; a closed one ends where it
    /// starts. Points and texts give one line of one place.
    ///
    /// Arrow heads, symbols and words are left to who draws.
    pub fn outline(&self, tolerance: f64) -> Vec<Vec<PixelCoord>> {
        let turn = |center: &PixelCoord, axes: [f64; 2], angle: &Angle| {
            arc(*center, axes, *angle, [0.0, 360.0], tolerance)
        };
        match self {
            Self::Circle { center, radius } => vec![turn(center, [*radius; 2], &Angle::ZERO)],
            Self::Ellipse { center, semi_axes, angle } => vec![turn(center, *semi_axes, angle)],
            Self::Box { center, size, angle } => vec![rectangle(*center, *size, *angle)],
            Self::Polygon(vertices) => vec![closed(vertices.clone())],
            Self::Annulus { center, radii } => {
                radii.iter().map(|radius| turn(center, [*radius; 2], &Angle::ZERO)).collect()
            }
            Self::EllipseAnnulus { center, semi_axes, angle } => {
                semi_axes.iter().map(|axes| turn(center, *axes, angle)).collect()
            }
            Self::BoxAnnulus { center, sizes, angle } => {
                sizes.iter().map(|size| rectangle(*center, *size, *angle)).collect()
            }
            Self::Panda { center, angles, radii } => {
                let axes: Vec<_> = radii.iter().map(|radius| [*radius; 2]).collect();
                ellipse_cells(*center, angles, &axes, Angle::ZERO, tolerance)
            }
            Self::Epanda { center, angles, semi_axes, angle } => {
                ellipse_cells(*center, angles, semi_axes, *angle, tolerance)
            }
            Self::Bpanda { center, angles, sizes, angle } => {
                cells(angles, sizes, |size, from, to| box_arc(*center, size, *angle, from, to))
            }
            Self::Point(place) | Self::Text(place) => vec![vec![*place]],
            Self::Line { start, end } | Self::Ruler { start, end } => vec![vec![*start, *end]],
            Self::Vector { start, length, angle } => {
                vec![vec![*start, placed(*start, *angle, [*length, 0.0])]]
            }
            Self::Compass { center, length, arms } => arms
                .iter()
                .map(|arm| vec![*center, placed(*center, *arm, [*length, 0.0])])
                .collect(),
            Self::Projection { start, end, width } => vec![strip(*start, *end, *width)],
            Self::Segment(vertices) => vec![vertices.clone()],
            Self::Composite { .. } => Vec::new(),
        }
    }
}

/// How many chords keep an arc of `degrees` within `tolerance` of a circle of `radius`.
fn chords(radius: f64, degrees: f64, tolerance: f64) -> u32 {
    let sag = (tolerance.max(1e-9) / radius.abs()).min(0.5);
    let step = 2.0 * (1.0 - sag).acos();
    let chords = (degrees.to_radians() / step).ceil().clamp(1.0, 65_536.0);
    // A full turn is never less than a dozen.
    (chords as u32).max((12.0 * degrees.to_radians() / TAU).ceil() as u32)
}

/// From one direction to another, both counted from the first axis.
fn arc(
    center: PixelCoord,
    [a, b]: [f64; 2],
    angle: Angle,
    [from, to]: [f64; 2],
    tolerance: f64,
) -> Vec<PixelCoord> {
    let count = chords(a.abs().max(b.abs()), to - from, tolerance);
    let [from, to] = [from, to].map(|direction| parameter([a, b], direction));
    let mut places: Vec<_> = (0..=count)
        .map(|i| {
            let (sin, cos) = (from + (to - from) * f64::from(i) / f64::from(count)).sin_cos();
            placed(center, angle, [a * cos, b * sin])
        })
        .collect();
    if to - from >= TAU {
        places.pop();
        places = closed(places);
    }
    places
}

/// The parameter, radians, of the point of an ellipse in a direction, degrees.
fn parameter([a, b]: [f64; 2], degrees: f64) -> f64 {
    let turns = (degrees / 360.0).round();
    if a == b || a <= 0.0 || b <= 0.0 {
        return degrees.to_radians();
    }
    let (sin, cos) = (degrees - turns * 360.0).to_radians().sin_cos();
    (a * sin).atan2(b * cos) + turns * TAU
}

fn ellipse_cells(
    center: PixelCoord,
    angles: &[Angle],
    axes: &[[f64; 2]],
    angle: Angle,
    tolerance: f64,
) -> Vec<Vec<PixelCoord>> {
    cells(angles, axes, |axes, from, to| {
        arc(center, axes, angle, [from.degrees(), to.degrees()], tolerance)
    })
}

/// The arcs along the rings, then the spokes across them.
fn cells(
    angles: &[Angle],
    sizes: &[[f64; 2]],
    arc: impl Fn([f64; 2], Angle, Angle) -> Vec<PixelCoord>,
) -> Vec<Vec<PixelCoord>> {
    let ([first, .., last], [inner, .., outer]) = (angles, sizes) else { return Vec::new() };
    let mut lines: Vec<_> = sizes.iter().map(|size| arc(*size, *first, *last)).collect();
    let end = |size, angle: Angle| arc(size, angle, angle).first().copied();
    for angle in angles {
        lines.push([end(*inner, *angle), end(*outer, *angle)].into_iter().flatten().collect());
    }
    lines
}

fn rectangle(center: PixelCoord, [width, height]: [f64; 2], angle: Angle) -> Vec<PixelCoord> {
    let (w, h) = (width / 2.0, height / 2.0);
    closed([[-w, -h], [w, -h], [w, h], [-w, h]].map(|at| placed(center, angle, at)).to_vec())
}

/// A line and the width beside it.
fn strip(start: PixelCoord, end: PixelCoord, width: f64) -> Vec<PixelCoord> {
    let (dx, dy) = (end.x - start.x, end.y - start.y);
    let length = dx.hypot(dy);
    if width == 0.0 || length == 0.0 {
        return vec![start, end];
    }
    let (x, y) = (-dy / length * width, dx / length * width);
    let beside = |place: PixelCoord| PixelCoord::new(place.x + x, place.y + y);
    closed(vec![start, end, beside(end), beside(start)])
}

fn closed(mut places: Vec<PixelCoord>) -> Vec<PixelCoord> {
    places.extend(places.first().copied());
    places
}
