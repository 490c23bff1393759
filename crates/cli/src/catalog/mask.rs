//! Regions as a mask: the sources themselves, kept out of the background.

use astro_coords::{PixelBox, PixelCoord};
use photometry::{Aperture, MaskSource, SourceError};

use super::by_row::ByRow;

/// Shapes as a mask of the pixels whose centres they hold.
#[derive(Debug, Default)]
pub(super) struct RegionMask {
    shapes: ByRow<Box<dyn Aperture>>,
}

impl RegionMask {
    /// The shapes that reach into an image of `shape`.
    pub(super) fn new(
        shapes: impl IntoIterator<Item = Box<dyn Aperture>>,
        shape: (usize, usize),
    ) -> Self {
        let image = PixelBox::of_shape(shape);
        let inside = |shape: Box<dyn Aperture>| Some((shape.bounds().intersect(&image)?, shape));
        Self { shapes: shapes.into_iter().filter_map(inside).collect() }
    }
}

impl MaskSource for RegionMask {
    fn mask(&self, window: &PixelBox, out: &mut [bool]) -> Result<(), SourceError> {
        let width = window.shape().1;
        let mut places = Vec::new();
        for (both, shape) in self.shapes.near(window) {
            for y in both.y {
                let row = y.abs_diff(window.y.start) * width;
                let mut set = |x: isize| out[row + x.abs_diff(window.x.start)] = true;
                places.clear();
                if shape.crossings(y as f64, &mut places) {
                    for [from, to] in places.as_chunks::<2>().0 {
                        (first_after(*from, &both.x)..=last_before(*to, &both.x))
                            .for_each(&mut set);
                    }
                } else {
                    let inside = |x: &isize| shape.contains(PixelCoord::new(*x as f64, y as f64));
                    both.x.clone().filter(inside).for_each(&mut set);
                }
            }
        }
        Ok(())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the image")]
fn first_after(edge: f64, columns: &std::ops::Range<isize>) -> isize {
    edge.ceil().clamp(columns.start as f64, columns.end as f64) as isize
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the image")]
fn last_before(edge: f64, columns: &std::ops::Range<isize>) -> isize {
    edge.floor().clamp(columns.start as f64 - 1.0, columns.end as f64 - 1.0) as isize
}

#[cfg(test)]
mod tests {
    use photometry::aperture::{Annulus, Ellipse, Polygon};

    use super::*;

    fn masked(mask: &RegionMask, window: &PixelBox) -> Vec<bool> {
        let (ny, nx) = window.shape();
        let mut out = vec![false; ny * nx];
        mask.mask(window, &mut out).unwrap();
        out
    }

    fn boxed(shape: impl Aperture + 'static) -> Box<dyn Aperture> {
        Box::new(shape)
    }

    #[test]
    fn a_window_sees_what_the_whole_image_sees() {
        // 0.05 arcsec a pixel, rotated and sheared.
        let map = [[-0.04, 0.03], [0.028, 0.041]];
        let places =
            [(10.3, 7.1, 0.31), (-2.0, 39.0, 0.4), (31.0, 20.5, 0.05), (500.0, 500.0, 1.0)];
        let shapes = || {
            let ellipse = |(x, y, radius)| boxed(Ellipse::from_map((x, y), map, radius));
            let mut shapes: Vec<_> = places.map(ellipse).into();
            let ring = Annulus::new(
                Ellipse::circle((20.2, 30.1), 6.0),
                Ellipse::circle((20.2, 30.1), 3.0),
            );
            shapes.push(boxed(ring));
            shapes.push(boxed(Polygon::new(&[(1.2, 1.1), (9.7, 3.3), (2.1, 8.9)])));
            shapes
        };
        let inside = |x: usize, y: usize| {
            shapes().iter().any(|shape| shape.contains(PixelCoord::new(x as f64, y as f64)))
        };
        let mask = RegionMask::new(shapes(), (40, 36));
        let whole = masked(&mask, &PixelBox::of_shape((40, 36)));
        for (i, &masked) in whole.iter().enumerate() {
            assert_eq!(masked, inside(i % 36, i / 36), "{} {}", i % 36, i / 36);
        }
        assert!(whole.iter().filter(|&&masked| masked).count() > 100);
        let band = masked(&mask, &PixelBox::new(5..30, 12..37));
        for (i, &masked) in band.iter().enumerate() {
            assert_eq!(masked, inside(5 + i % 25, 12 + i / 25));
        }
    }

    #[test]
    fn ellipses_without_a_place_mask_nothing() {
        let nowhere = Ellipse::from_map((f64::NAN, 3.0), [[0.0; 2]; 2], 1.0);
        assert!(
            !masked(&RegionMask::new([boxed(nowhere)], (4, 4)), &PixelBox::of_shape((4, 4)))
                .contains(&true)
        );
    }
}
