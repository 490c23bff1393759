//! What stands out of the background, as a mask: stars and galaxies that nobody drew a region around.

use astro_coords::PixelBox;
use photometry::background::Background;
use photometry::stats::{mad_std, median};
use photometry::{MaskSource, PixelSource, SourceError};
use rayon::prelude::*;

use super::exposed::Exposed;
use super::image::Image;
use super::mask::RegionMask;

/// Pixels on each side that a pixel is summed with: what is fainter than a pixel's noise shows in 7 × 7 of them.
const SUMMED: isize = 3;
/// Pixels by which what was found is grown on each side, for the wings that the sums do not show.
const GROWN: isize = 6;
/// How far around a window pixels are looked at to say what is detected in it.
pub(super) const AROUND: isize = SUMMED + GROWN;
/// Rows that the noise of the sums is taken from.
const SAMPLED: usize = 48;

/// Places where the sum of 7 × 7 pixels lies above the background by some times the noise of such sums, and their
/// surroundings. Found anew in every window that is asked for: no map of the image is held.
#[derive(Debug)]
pub(super) struct Detected<'a> {
    image: Exposed<'a, Image>,
    background: &'a Background,
    /// In units of the noise of independent pixels.
    threshold: f64,
}

impl<'a> Detected<'a> {
    /// `sigma` times the noise of the sums, as it is on the image: drizzled pixels are not independent. It is sampled in
    /// `windows`.
    pub(super) fn new(
        image: Exposed<'a, Image>,
        background: &'a Background,
        sigma: f64,
        windows: &[PixelBox],
    ) -> Result<Self, SourceError> {
        let rows = sampled_rows(image.shape(), windows);
        let mut found = Self { image, background, threshold: f64::INFINITY };
        let sums: Result<Vec<_>, _> = rows.par_iter().map(|row| found.sums(row)).collect();
        let sums: Vec<_> = sums?.into_iter().flatten().filter(|sum| sum.is_finite()).collect();
        // Correlated pixels scatter more than independent ones, never less; so do those of a noiseless simulation.
        let noise = mad_std(&sums).max(1.0);
        let middle = median(&sums);
        if middle.is_finite() {
            found.threshold = middle.max(0.0) + sigma * noise;
        }
        Ok(found)
    }

    /// The sums around the pixels of `window`, above the background, over the noise of as many independent pixels; NaN
    /// where fewer than half of them are valid.
    fn sums(&self, window: &PixelBox) -> Result<Vec<f64>, SourceError> {
        let around = grown(window, SUMMED).intersect(&PixelBox::of_shape(self.image.shape()));
        let Some(around) = around else { return Ok(Vec::new()) };
        let (excess, valid) = self.excess(&around)?;
        let mut sums = squares(&excess, &around, window);
        let counts = squares(&valid, &around, window);
        for (sum, n) in sums.iter_mut().zip(counts) {
            *sum = if 2.0 * n < SQUARE { f64::NAN } else { *sum / n.sqrt() };
        }
        Ok(sums)
    }

    /// Each pixel above the background in units of its noise, and 1; of those that do not count, 0 twice.
    fn excess(&self, window: &PixelBox) -> Result<(Vec<f64>, Vec<f64>), SourceError> {
        let (rows, width) = window.shape();
        let mut pixels = vec![0.0_f32; rows * width];
        self.image.read(window, &mut pixels)?;
        let mut uncovered = vec![false; rows * width];
        if let Some(mask) = self.image.uncovered() {
            mask.mask(window, &mut uncovered)?;
        }
        let (mut level, mut rms) = (vec![0.0; width], vec![0.0; width]);
        let (mut excess, mut valid) = (vec![0.0; rows * width], vec![0.0; rows * width]);
        for (r, y) in window.y.clone().enumerate() {
            self.background.level.row(y, window.x.start, &mut level);
            self.background.rms.row(y, window.x.start, &mut rms);
            let row = r * width..(r + 1) * width;
            let sky = level.iter().zip(&rms);
            for (at, (level, rms)) in row.zip(sky) {
                let value = (f64::from(pixels[at]) - level) / rms;
                if value.is_finite() && !uncovered[at] {
                    (excess[at], valid[at]) = (value, 1.0);
                }
            }
        }
        Ok((excess, valid))
    }
}

impl MaskSource for Detected<'_> {
    fn mask(&self, window: &PixelBox, out: &mut [bool]) -> Result<(), SourceError> {
        let image = PixelBox::of_shape(self.image.shape());
        let Some(around) = grown(window, GROWN).intersect(&image) else { return Ok(()) };
        let sums = self.sums(&around)?;
        let (rows, width) = window.shape();
        let across = around.shape().1;
        for (found, y) in sums.chunks(across.max(1)).zip(around.y.clone()) {
            for (sum, x) in found.iter().zip(around.x.clone()) {
                if *sum > self.threshold {
                    let near = |at: isize, from: isize, n: usize| {
                        let low = (at - GROWN - from).clamp(0, n.cast_signed());
                        let high = (at + GROWN + 1 - from).clamp(0, n.cast_signed());
                        low.unsigned_abs()..high.unsigned_abs()
                    };
                    for row in near(y, window.y.start, rows) {
                        let columns = near(x, window.x.start, width);
                        out[row * width..][columns].fill(true);
                    }
                }
            }
        }
        Ok(())
    }

    fn shape(&self) -> Option<(usize, usize)> {
        Some(self.image.shape())
    }
}

/// Regions, and what was detected besides.
#[derive(Debug)]
pub(super) struct RegionsAnd<'a> {
    pub(super) regions: Option<&'a RegionMask>,
    pub(super) detected: Option<&'a Detected<'a>>,
}

impl MaskSource for RegionsAnd<'_> {
    fn mask(&self, window: &PixelBox, out: &mut [bool]) -> Result<(), SourceError> {
        self.regions.map_or(Ok(()), |mask| mask.mask(window, out))?;
        self.detected.map_or(Ok(()), |mask| mask.mask(window, out))
    }
}

pub(super) fn grown(window: &PixelBox, by: isize) -> PixelBox {
    let PixelBox { x, y } = window;
    PixelBox::new(x.start - by..x.end + by, y.start - by..y.end + by)
}

/// Pieces of rows, evenly from top to bottom of the windows.
fn sampled_rows(shape: (usize, usize), windows: &[PixelBox]) -> Vec<PixelBox> {
    let image = PixelBox::of_shape(shape);
    let inside: Vec<_> = windows.iter().filter_map(|window| window.intersect(&image)).collect();
    let each = SAMPLED.div_ceil(inside.len().max(1)).cast_signed();
    let every = (inside.len() / SAMPLED).max(1);
    let rows = |window: &PixelBox| {
        let (start, height) = (window.y.start, window.y.end - window.y.start);
        let x = window.x.clone();
        let row = move |k: isize| start + (2 * k + 1) * height / (2 * each);
        (0..each).map(move |k| PixelBox::new(x.clone(), row(k)..row(k) + 1))
    };
    inside.iter().step_by(every).flat_map(rows).collect()
}

/// Pixels in a square.
const SQUARE: f64 = ((2 * SUMMED + 1) * (2 * SUMMED + 1)) as f64;

/// Sums of the `values` of `around` over squares about the pixels of `window`, as far as they reach.
fn squares(values: &[f64], around: &PixelBox, window: &PixelBox) -> Vec<f64> {
    let across = around.shape().1;
    let width = window.shape().1;
    let first = window.x.start - around.x.start;
    let mut rows = Vec::with_capacity(around.shape().0 * width);
    for row in values.chunks(across.max(1)) {
        let at = rows.len();
        rows.resize(at + width, 0.0);
        let out = &mut rows[at..];
        for shift in -SUMMED..=SUMMED {
            add_shifted(out, row, first + shift);
        }
    }
    let mut out = vec![0.0; window.shape().0 * width];
    for (out, y) in out.chunks_mut(width.max(1)).zip(window.y.clone()) {
        let from = (y - SUMMED).max(around.y.start) - around.y.start;
        let to = (y + SUMMED + 1).min(around.y.end) - around.y.start;
        for row in rows[from.unsigned_abs() * width..to.unsigned_abs() * width].chunks(width) {
            add_shifted(out, row, 0);
        }
    }
    out
}

/// Adds to each of `out` the value `shift` places on, where there is one.
fn add_shifted(out: &mut [f64], values: &[f64], shift: isize) {
    let skipped = (-shift).max(0).unsigned_abs().min(out.len());
    let from = shift.max(0).unsigned_abs().min(values.len());
    out[skipped..].iter_mut().zip(&values[from..]).for_each(|(sum, value)| *sum += value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_summed_as_far_as_they_reach() {
        let (ny, nx) = (23, 19);
        let value = |y: isize, x: isize| ((7 * x + 3 * y + x * y) % 11) as f64;
        let image = PixelBox::of_shape((ny, nx));
        let values: Vec<f64> =
            image.y.clone().flat_map(|y| image.x.clone().map(move |x| value(y, x))).collect();
        for window in [image.clone(), PixelBox::new(2..9, 5..6), PixelBox::new(15..19, 20..23)] {
            let found = squares(&values, &image, &window);
            let places = window.y.clone().flat_map(|y| window.x.clone().map(move |x| (y, x)));
            for (found, (y, x)) in found.iter().zip(places) {
                let inside = |at: isize, n: usize| (0..n.cast_signed()).contains(&at);
                let near = (-SUMMED..=SUMMED)
                    .flat_map(|dy| (-SUMMED..=SUMMED).map(move |dx| (y + dy, x + dx)));
                let near = near.filter(|(y, x)| inside(*y, ny) && inside(*x, nx));
                assert_eq!(*found, near.map(|(y, x)| value(y, x)).sum::<f64>(), "{y} {x}");
            }
        }
    }
}
