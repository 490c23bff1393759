use astro_coords::PixelBox;

use crate::Aperture;

/// Whether a pixel outside `window` has a share in the aperture; `window` is what its box and the image have in common.
///
/// The box alone does not tell: a circle's corner, or a sampled shape's last column, may hold nothing.
pub(crate) fn reaches_outside(aperture: &impl Aperture, window: &PixelBox) -> bool {
    let bounds = aperture.bounds();
    if bounds == *window {
        return false;
    }
    let mut shares = Vec::new();
    let mut any = |x: std::ops::Range<isize>, y: isize| {
        x.clone().step_by(PIECE).any(|start| {
            let end = x.end.min(start.saturating_add(PIECE.cast_signed()));
            shares.resize((end - start).unsigned_abs(), 0.0);
            let run = aperture.row(y, start, &mut shares);
            shares[run.touched].iter().any(|share| *share > 0.0)
        })
    };
    let beside = |y: isize, any: &mut dyn FnMut(std::ops::Range<isize>, isize) -> bool| {
        any(bounds.x.start..window.x.start, y) || any(window.x.end..bounds.x.end, y)
    };
    // From the image outwards: a shape that reaches out does so at the edge.
    (bounds.y.start..window.y.start).rev().any(|y| any(bounds.x.clone(), y))
        || (window.y.end..bounds.y.end).any(|y| any(bounds.x.clone(), y))
        || window.y.clone().any(|y| beside(y, &mut any))
}

/// Pixels looked at together.
const PIECE: usize = 1 << 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aperture::{Annulus, Center, Circle};

    fn outside(aperture: &impl Aperture, shape: (usize, usize)) -> bool {
        let window = aperture.bounds().intersect(&PixelBox::of_shape(shape)).unwrap();
        reaches_outside(aperture, &window)
    }

    #[test]
    fn shares_decide_and_not_the_box() {
        assert!(outside(&Circle::new((2.0, 5.0), 2.6), (20, 20)));
        assert!(!outside(&Circle::new((2.0, 5.0), 2.5), (20, 20)));
        // No centre beyond the edge lies inside.
        assert!(!outside(&Center(Circle::new((2.0, 5.0), 2.9)), (20, 20)));
        assert!(outside(&Center(Circle::new((2.0, 5.0), 3.1)), (20, 20)));
        assert!(outside(&Circle::new((10.0, 17.5), 2.5), (20, 20)));
        let ring = Annulus::new(Circle::new((5e5, 5.0), 5e5), Circle::new((5e5, 5.0), 4e5));
        assert!(outside(&ring, (10, 10)));
    }
}
