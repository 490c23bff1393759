//! How large a shape is.

use std::f64::consts::PI;

use astro_coords::{Angle, PixelCoord};

use super::shape::{PixelShape, placed};

/// The smallest and the largest x and y of a shape, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Lower left.
    pub min: PixelCoord,
    /// Upper right.
    pub max: PixelCoord,
}

impl Bounds {
    /// Around all `places`; `None` without any.
    pub fn of(places: impl IntoIterator<Item = PixelCoord>) -> Option<Self> {
        let mut places = places.into_iter();
        let first = places.next()?;
        Some(places.fold(Self { min: first, max: first }, |all, place| Self {
            min: PixelCoord::new(all.min.x.min(place.x), all.min.y.min(place.y)),
            max: PixelCoord::new(all.max.x.max(place.x), all.max.y.max(place.y)),
        }))
    }

    fn around(center: PixelCoord, [x, y]: [f64; 2]) -> Self {
        Self {
            min: PixelCoord::new(center.x - x, center.y - y),
            max: PixelCoord::new(center.x + x, center.y + y),
        }
    }

    /// Whether the place lies inside or on the edge.
    pub fn contains(&self, place: PixelCoord) -> bool {
        self.min.x <= place.x
            && place.x <= self.max.x
            && self.min.y <= place.y
            && place.y <= self.max.y
    }
}

impl PixelShape {
    /// The bounds of everything the shape covers or draws; of pandas, those of the whole outer edge. `None` for a
    /// polygon or segment without vertices.
    pub fn bounding_box(&self) -> Option<Bounds> {
        let ring = |center: &PixelCoord, size: Option<&[f64; 2]>, angle: &Angle, is_box| {
            let size = *size?;
            let half = if is_box { box_reach(size, *angle) } else { ellipse_reach(size, *angle) };
            Some(Bounds::around(*center, half))
        };
        match self {
            Self::Circle { center, radius } => Some(Bounds::around(*center, [radius.abs(); 2])),
            Self::Annulus { center, radii } | Self::Panda { center, radii, .. } => {
                Some(Bounds::around(*center, [radii.last()?.abs(); 2]))
            }
            Self::Ellipse { center, semi_axes, angle } => {
                ring(center, Some(semi_axes), angle, false)
            }
            Self::EllipseAnnulus { center, semi_axes, angle }
            | Self::Epanda { center, semi_axes, angle, .. } => {
                ring(center, semi_axes.last(), angle, false)
            }
            Self::Box { center, size, angle } => ring(center, Some(size), angle, true),
            Self::BoxAnnulus { center, sizes, angle }
            | Self::Bpanda { center, sizes, angle, .. } => ring(center, sizes.last(), angle, true),
            Self::Polygon(vertices) | Self::Segment(vertices) => {
                Bounds::of(vertices.iter().copied())
            }
            _ => Bounds::of(self.outline(1.0).into_iter().flatten()),
        }
    }

    /// Area in square pixels; 0 for lines, points and shapes of zero or negative size.
    ///
    /// Of a polygon that crosses itself, the sum of its turns with their signs.
    pub fn area(&self) -> f64 {
        let two = |radius: f64| [radius, radius];
        match self {
            Self::Circle { radius, .. } => ellipse(two(*radius)),
            Self::Ellipse { semi_axes, .. } => ellipse(*semi_axes),
            Self::Box { size, .. } => rectangle(*size),
            Self::Polygon(vertices) => polygon(vertices).abs(),
            Self::Annulus { radii, .. } => rings(radii, |radius| ellipse(two(*radius))),
            Self::EllipseAnnulus { semi_axes, .. } => rings(semi_axes, |axes| ellipse(*axes)),
            Self::BoxAnnulus { sizes, .. } => rings(sizes, |size| rectangle(*size)),
            Self::Panda { angles, radii, .. } => {
                rings(radii, |radius| ellipse_sector(two(*radius), angles))
            }
            Self::Epanda { angles, semi_axes, .. } => {
                rings(semi_axes, |axes| ellipse_sector(*axes, angles))
            }
            Self::Bpanda { angles, sizes, .. } => rings(sizes, |size| box_sector(*size, angles)),
            _ => 0.0,
        }
    }
}

fn ellipse_reach([a, b]: [f64; 2], angle: Angle) -> [f64; 2] {
    let (sin, cos) = angle.radians().sin_cos();
    [(a * cos).hypot(b * sin), (a * sin).hypot(b * cos)]
}

fn box_reach([width, height]: [f64; 2], angle: Angle) -> [f64; 2] {
    let (sin, cos) = angle.radians().sin_cos();
    let (w, h) = (width.abs() / 2.0, height.abs() / 2.0);
    [w * cos.abs() + h * sin.abs(), w * sin.abs() + h * cos.abs()]
}

fn ellipse([a, b]: [f64; 2]) -> f64 {
    if a > 0.0 && b > 0.0 { PI * a * b } else { 0.0 }
}

fn rectangle([width, height]: [f64; 2]) -> f64 {
    if width > 0.0 && height > 0.0 { width * height } else { 0.0 }
}

fn rings<E>(edges: &[E], area: impl Fn(&E) -> f64) -> f64 {
    match edges {
        [inner, .., outer] => (area(outer) - area(inner)).max(0.0),
        _ => 0.0,
    }
}

/// The part of an ellipse between two directions.
fn ellipse_sector([a, b]: [f64; 2], edges: &[Angle]) -> f64 {
    let ([first, .., last], true) = (edges, a > 0.0 && b > 0.0) else { return 0.0 };
    if (*last - *first).degrees() >= 360.0 {
        return ellipse([a, b]);
    }
    // Swept area grows with the angle of the circle the ellipse is a squeezed picture of.
    let swept = |angle: Angle| {
        let turns = (angle.degrees() / 360.0).round();
        let (sin, cos) = (angle.radians() - turns * 2.0 * PI).sin_cos();
        (a * sin).atan2(b * cos) + turns * 2.0 * PI
    };
    a * b / 2.0 * (swept(*last) - swept(*first))
}

/// The part of a box between two directions from its centre.
fn box_sector(size: [f64; 2], edges: &[Angle]) -> f64 {
    let ([first, .., last], true) = (edges, rectangle(size) > 0.0) else { return 0.0 };
    if (*last - *first).degrees() >= 360.0 {
        return rectangle(size);
    }
    let center = PixelCoord::new(0.0, 0.0);
    let mut vertices = vec![center];
    vertices.extend(box_arc(center, size, Angle::ZERO, *first, *last));
    polygon(&vertices).abs()
}

/// The edge of a box from the direction `first` to `last`, both counted from its width.
pub(super) fn box_arc(
    center: PixelCoord,
    [width, height]: [f64; 2],
    angle: Angle,
    first: Angle,
    last: Angle,
) -> Vec<PixelCoord> {
    let (w, h) = (width / 2.0, height / 2.0);
    let hit = |direction: Angle| {
        let (sin, cos) = direction.radians().sin_cos();
        let far = (w / cos.abs()).min(h / sin.abs());
        placed(center, angle, [far * cos, far * sin])
    };
    let corner = h.atan2(w).to_degrees();
    let corners = [corner, 180.0 - corner, 180.0 + corner, 360.0 - corner];
    let from = first.degrees();
    let mut between: Vec<f64> = corners
        .into_iter()
        .map(|at| from + (at - from).rem_euclid(360.0))
        .filter(|at| *at > from && *at < last.degrees())
        .collect();
    between.sort_by(f64::total_cmp);
    let corners = between.into_iter().map(|at| hit(Angle::from_degrees(at)));
    [hit(first)].into_iter().chain(corners).chain([hit(last)]).collect()
}

/// Signed, counter-clockwise positive; counted from the first vertex, so that a place far off loses no digits.
fn polygon(vertices: &[PixelCoord]) -> f64 {
    let Some(origin) = vertices.first() else { return 0.0 };
    let twice: f64 = vertices
        .windows(2)
        .map(|pair| {
            let (a, b) = (pair[0], pair[1]);
            (a.x - origin.x) * (b.y - origin.y) - (b.x - origin.x) * (a.y - origin.y)
        })
        .sum();
    twice / 2.0
}
