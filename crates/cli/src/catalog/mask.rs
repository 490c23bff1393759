//! The sources themselves, kept out of the background.

use astro_coords::{PixelBox, PixelCoord};
use photometry::aperture::Ellipse;
use photometry::{Aperture, MaskSource, SourceError};

/// The sources as a mask: rows are asked for band by band, so the discs are ordered by their lowest row.
#[derive(Debug)]
pub(super) struct SourceMask {
    discs: Vec<(PixelBox, Ellipse)>,
    /// Rows of the tallest disc.
    tallest: isize,
}

impl SourceMask {
    /// The discs that reach into an image of `shape`.
    pub(super) fn new(discs: Vec<Ellipse>, shape: (usize, usize)) -> Self {
        let image = PixelBox::of_shape(shape);
        let mut discs: Vec<_> = discs
            .into_iter()
            .filter_map(|disc| Some((disc.bounds().intersect(&image)?, disc)))
            .collect();
        discs.sort_by_key(|(pixels, _)| pixels.y.start);
        let tallest =
            discs.iter().map(|(pixels, _)| pixels.y.end - pixels.y.start).max().unwrap_or(0);
        Self { discs, tallest }
    }
}

impl MaskSource for SourceMask {
    fn mask(&self, window: &PixelBox, out: &mut [bool]) -> Result<(), SourceError> {
        let first = self
            .discs
            .partition_point(|(pixels, _)| pixels.y.start + self.tallest <= window.y.start);
        let width = window.shape().1;
        for (pixels, disc) in &self.discs[first..] {
            if pixels.y.start >= window.y.end {
                break;
            }
            let Some(both) = pixels.intersect(window) else { continue };
            for y in both.y {
                let row = y.abs_diff(window.y.start) * width;
                for x in both.x.clone() {
                    out[row + x.abs_diff(window.x.start)] |=
                        disc.contains(PixelCoord::new(x as f64, y as f64));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(mask: &SourceMask, window: &PixelBox) -> Vec<bool> {
        let (ny, nx) = window.shape();
        let mut out = vec![false; ny * nx];
        mask.mask(window, &mut out).unwrap();
        out
    }

    #[test]
    fn a_window_sees_what_the_whole_image_sees() {
        // 0.05 arcsec a pixel, rotated and sheared.
        let map = [[-0.04, 0.03], [0.028, 0.041]];
        let places =
            [(10.3, 7.1, 0.31), (-2.0, 39.0, 0.4), (31.0, 20.5, 0.05), (500.0, 500.0, 1.0)];
        let ellipses = places.map(|(x, y, radius)| Ellipse::from_map((x, y), map, radius)).to_vec();
        let inside = |x: usize, y: usize| {
            ellipses.iter().any(|ellipse| ellipse.contains(PixelCoord::new(x as f64, y as f64)))
        };
        let mask = SourceMask::new(ellipses.clone(), (40, 36));
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
            !masked(&SourceMask::new(vec![nowhere], (4, 4)), &PixelBox::of_shape((4, 4)))
                .contains(&true)
        );
    }
}
