//! Whether a place lies in a shape, by the rules of DS9.

use astro_coords::{Angle, PixelCoord};

use super::shape::PixelShape;

impl PixelShape {
    /// Whether the place lies inside.
    ///
    /// Circles and ellipses have their edge; a box has its left and its upper one; a polygon has all of them and
    /// is filled by the even-odd rule; an annulus has its outer edge; a cell of a panda has the edge it starts at.
    /// What has no area, a zero or negative size among them, holds nothing, and no shape holds a place that is
    /// not a number.
    pub fn contains(&self, place: PixelCoord) -> bool {
        let circle = Angle::ZERO;
        match self {
            Self::Circle { center, radius } => {
                in_ellipse(seen(place, *center, circle), [*radius, *radius])
            }
            Self::Ellipse { center, semi_axes, angle } => {
                in_ellipse(seen(place, *center, *angle), *semi_axes)
            }
            Self::Box { center, size, angle } => in_box(seen(place, *center, *angle), *size),
            Self::Polygon(vertices) => in_polygon(place, vertices),
            Self::Annulus { center, radii } => {
                let at = seen(place, *center, circle);
                in_rings(radii, |radius| in_ellipse(at, [*radius, *radius]))
            }
            Self::EllipseAnnulus { center, semi_axes, angle } => {
                let at = seen(place, *center, *angle);
                in_rings(semi_axes, |axes| in_ellipse(at, *axes))
            }
            Self::BoxAnnulus { center, sizes, angle } => {
                let at = seen(place, *center, *angle);
                in_rings(sizes, |size| in_box(at, *size))
            }
            Self::Panda { center, angles, radii } => {
                let at = seen(place, *center, circle);
                in_rings(radii, |radius| in_ellipse(at, [*radius, *radius]))
                    && in_sector(at, angles)
            }
            Self::Epanda { center, angles, semi_axes, angle } => {
                let at = seen(place, *center, *angle);
                in_rings(semi_axes, |axes| in_ellipse(at, *axes)) && in_sector(at, angles)
            }
            Self::Bpanda { center, angles, sizes, angle } => {
                let at = seen(place, *center, *angle);
                in_rings(sizes, |size| in_box(at, *size)) && in_sector(at, angles)
            }
            _ => false,
        }
    }
}

/// `place` along and across the direction `angle`, seen from `center`.
fn seen(place: PixelCoord, center: PixelCoord, angle: Angle) -> [f64; 2] {
    let (x, y) = (place.x - center.x, place.y - center.y);
    if angle.degrees() == 0.0 {
        return [x, y];
    }
    let (sin, cos) = angle.radians().sin_cos();
    [x * cos + y * sin, y * cos - x * sin]
}

fn in_ellipse([x, y]: [f64; 2], [a, b]: [f64; 2]) -> bool {
    let (u, v) = (x / a, y / b);
    a > 0.0 && b > 0.0 && u * u + v * v <= 1.0
}

fn in_box([x, y]: [f64; 2], [width, height]: [f64; 2]) -> bool {
    let (w, h) = (width / 2.0, height / 2.0);
    -w <= x && x < w && -h < y && y <= h
}

/// Inside the outermost edge and not the innermost.
fn in_rings<E>(edges: &[E], inside: impl Fn(&E) -> bool) -> bool {
    match edges {
        [inner, .., outer] => inside(outer) && !inside(inner),
        _ => false,
    }
}

fn in_sector([x, y]: [f64; 2], edges: &[Angle]) -> bool {
    let [first, .., last] = edges else { return false };
    let span = (*last - *first).degrees();
    span >= 360.0 || (Angle::from_radians(y.atan2(x)) - *first).wrapped().degrees() < span
}

/// Even-odd; every edge is looked at once.
fn in_polygon(place: PixelCoord, vertices: &[PixelCoord]) -> bool {
    let Some(mut from) = vertices.last().copied() else { return false };
    let mut inside = false;
    for &to in vertices {
        if (from.y > place.y) == (to.y > place.y) {
            if from.y == place.y && to.y == place.y && between(place.x, from.x, to.x) {
                return true;
            }
            if to == place {
                return true;
            }
        } else {
            // On which side of the edge, seen upwards; exact zero is on it.
            let side = (to.x - from.x) * (place.y - from.y) - (place.x - from.x) * (to.y - from.y);
            if side == 0.0 {
                return true;
            }
            inside ^= (side > 0.0) == (to.y > from.y);
        }
        from = to;
    }
    inside
}

fn between(x: f64, a: f64, b: f64) -> bool {
    a.min(b) <= x && x <= a.max(b)
}
