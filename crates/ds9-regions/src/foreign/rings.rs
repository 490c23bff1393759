//! `outer & !inner`: how SAOimage and PROS write rings.

use crate::{Position, Rings, RotatedRings, Shape};

/// The ring between two shapes of one kind around one centre; `None` where they are not that.
pub(super) fn ring(outer: &Shape, inner: &Shape) -> Option<Shape> {
    let same = |a: &Position, b: &Position| a.x == b.x && a.y == b.y && a.frame == b.frame;
    let rotated = |center, edges: [_; 2], angle| {
        let rings = Rings { edges: Box::new(edges), count: None };
        Box::new(RotatedRings { center, rings, angle })
    };
    match (outer, inner) {
        (Shape::Circle { center, radius }, Shape::Circle { center: at, radius: hole })
            if same(center, at) =>
        {
            let rings = Rings { edges: Box::new([*hole, *radius]), count: None };
            Some(Shape::Annulus { center: *center, rings })
        }
        (
            Shape::Ellipse { center, semi_axes, angle },
            Shape::Ellipse { center: at, semi_axes: hole, .. },
        ) if same(center, at) => {
            Some(Shape::EllipseAnnulus(rotated(*center, [*hole, *semi_axes], *angle)))
        }
        (Shape::Box { center, size, angle }, Shape::Box { center: at, size: hole, .. })
            if same(center, at) =>
        {
            Some(Shape::BoxAnnulus(rotated(*center, [*hole, *size], *angle)))
        }
        _ => None,
    }
}
