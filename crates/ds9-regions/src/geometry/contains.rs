//! Whether a place lies in a shape, by the rules of DS9.

use astro_coords::{Angle, PixelCoord};

use super::polygon::{self, EdgesByHeight};
use super::shape::PixelShape;

impl PixelShape {
    /// Whether the place lies inside.
    ///
    /// Circles and ellipses have their edge; a box has its left and its upper one; a polygon has all of them and
    /// is filled by the even-odd rule; an annulus has its outer edge; a cell of a panda has the edge it starts at.
    /// What has no area, a zero or negative size among them, holds nothing, and no shape holds a place that is
    /// not a number.
    pub fn contains(&self, place: PixelCoord) -> bool {
        self.ask(place)
    }

    /// [`Self::contains`] of every place, faster: what the places have in common is worked out once, and of a
    /// polygon only the edges at the height of a place are looked at.
    pub fn contains_many(&self, places: &[PixelCoord]) -> Vec<bool> {
        self.ask(places)
    }

    fn ask<P: Places>(&self, places: P) -> P::Answer {
        let circle = Angle::ZERO;
        match self {
            Self::Circle { center, radius } => {
                let seen = View::new(*center, circle);
                places.each(|place| in_ellipse(seen.at(place), [*radius, *radius]))
            }
            Self::Ellipse { center, semi_axes, angle } => {
                let seen = View::new(*center, *angle);
                places.each(|place| in_ellipse(seen.at(place), *semi_axes))
            }
            Self::Box { center, size, angle } => {
                let seen = View::new(*center, *angle);
                places.each(|place| in_box(seen.at(place), *size))
            }
            Self::Polygon(vertices) => places.in_polygon(vertices),
            Self::Annulus { center, radii } => {
                let seen = View::new(*center, circle);
                places.each(|place| {
                    let at = seen.at(place);
                    in_rings(radii, |radius| in_ellipse(at, [*radius, *radius]))
                })
            }
            Self::EllipseAnnulus { center, semi_axes, angle } => {
                let seen = View::new(*center, *angle);
                places.each(|place| {
                    let at = seen.at(place);
                    in_rings(semi_axes, |axes| in_ellipse(at, *axes))
                })
            }
            Self::BoxAnnulus { center, sizes, angle } => {
                let seen = View::new(*center, *angle);
                places.each(|place| {
                    let at = seen.at(place);
                    in_rings(sizes, |size| in_box(at, *size))
                })
            }
            Self::Panda { center, angles, radii } => {
                let seen = View::new(*center, circle);
                places.each(|place| {
                    let at = seen.at(place);
                    in_rings(radii, |radius| in_ellipse(at, [*radius, *radius]))
                        && in_sector(at, angles)
                })
            }
            Self::Epanda { center, angles, semi_axes, angle } => {
                let seen = View::new(*center, *angle);
                places.each(|place| {
                    let at = seen.at(place);
                    in_rings(semi_axes, |axes| in_ellipse(at, *axes)) && in_sector(at, angles)
                })
            }
            Self::Bpanda { center, angles, sizes, angle } => {
                let seen = View::new(*center, *angle);
                places.each(|place| {
                    let at = seen.at(place);
                    in_rings(sizes, |size| in_box(at, *size)) && in_sector(at, angles)
                })
            }
            _ => places.each(|_| false),
        }
    }
}

/// One place or many.
trait Places {
    type Answer;
    fn each(self, inside: impl Fn(PixelCoord) -> bool) -> Self::Answer;
    fn in_polygon(self, vertices: &[PixelCoord]) -> Self::Answer;
}

impl Places for PixelCoord {
    type Answer = bool;

    fn each(self, inside: impl Fn(Self) -> bool) -> bool {
        inside(self)
    }

    fn in_polygon(self, vertices: &[PixelCoord]) -> bool {
        polygon::contains(self, vertices)
    }
}

impl Places for &[PixelCoord] {
    type Answer = Vec<bool>;

    fn each(self, inside: impl Fn(PixelCoord) -> bool) -> Vec<bool> {
        self.iter().map(|place| inside(*place)).collect()
    }

    fn in_polygon(self, vertices: &[PixelCoord]) -> Vec<bool> {
        // Sorting the edges costs about as much as a few places do.
        match EdgesByHeight::new(vertices).filter(|_| self.len() > 8) {
            Some(edges) => self.each(|place| edges.contain(place)),
            None => self.each(|place| place.in_polygon(vertices)),
        }
    }
}

/// Places along and across a direction, seen from a centre.
struct View {
    center: PixelCoord,
    /// Sine and cosine; `None` along the pixels themselves, where nothing is rounded.
    turn: Option<(f64, f64)>,
}

impl View {
    fn new(center: PixelCoord, angle: Angle) -> Self {
        let turn = (angle.degrees() != 0.0).then(|| angle.radians().sin_cos());
        Self { center, turn }
    }

    fn at(&self, place: PixelCoord) -> [f64; 2] {
        let (x, y) = (place.x - self.center.x, place.y - self.center.y);
        match self.turn {
            None => [x, y],
            Some((sin, cos)) => [x * cos + y * sin, y * cos - x * sin],
        }
    }
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
