//! How even a weight map is.

use astro_coords::PixelBox;
use hst_fits::{FitsFile, Hdu};

/// Pixels read at once.
const PIXELS: usize = 1 << 20;

/// RMS about the mean over the (upper) median of the exposed pixels of a weight map; `None` where there are none.
///
/// The map is read twice, a band of rows at a time: weights are positive, so that their bits order them, and the first
/// pass counts their upper halves, the second the lower halves where the median lies.
pub(super) fn rms_over_median(file: &FitsFile, hdu: &Hdu) -> hst_fits::Result<Option<f64>> {
    let (mut n, mut sum) = (0_u64, 0.0);
    let mut upper = vec![0_u64; 1 << 16];
    each(file, hdu, |weight| {
        n += 1;
        sum += f64::from(weight);
        upper[(weight.to_bits() >> 16) as usize] += 1;
    })?;
    if n == 0 {
        return Ok(None);
    }
    let mean = sum / n as f64;
    let (high, rank) = place(&upper, n / 2);
    let mut squares = 0.0;
    let mut lower = vec![0_u64; 1 << 16];
    each(file, hdu, |weight| {
        squares += (f64::from(weight) - mean).powi(2);
        if weight.to_bits() >> 16 == high {
            lower[(weight.to_bits() & 0xffff) as usize] += 1;
        }
    })?;
    let (low, _) = place(&lower, rank);
    let median = f32::from_bits(high << 16 | low);
    Ok(Some((squares / n as f64).sqrt() / f64::from(median)))
}

/// In which count the number `rank` (from 0) lies, and how many of that count are before it.
fn place(counts: &[u64], mut rank: u64) -> (u32, u64) {
    for (i, &count) in (0..).zip(counts) {
        if rank < count {
            return (i, rank);
        }
        rank -= count;
    }
    (0, 0)
}

fn each(file: &FitsFile, hdu: &Hdu, mut take: impl FnMut(f32)) -> hst_fits::Result<()> {
    let Some((ny, nx)) = hdu.shape() else { return Ok(()) };
    let whole = PixelBox::of_shape((ny, nx));
    let rows = isize::try_from((PIXELS / nx).max(1)).unwrap_or(isize::MAX);
    let mut pixels = Vec::new();
    let mut y = 0;
    while let Some(band) = whole.intersect(&PixelBox::new(whole.x.clone(), y..y + rows)) {
        pixels.resize(band.shape().0 * nx, 0.0_f32);
        file.read_window(hdu, &band, &mut pixels)?;
        let exposed = pixels.iter().filter(|weight| **weight > 0.0 && weight.is_finite());
        exposed.for_each(|weight| take(*weight));
        y += rows;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use hst_fits::{Header, Pixels, WriteOptions, images_to_bytes};

    use super::*;

    fn of(shape: (usize, usize), weights: &[f32]) -> Option<f64> {
        let units = [(&Header::new(), Pixels::F32(shape, weights))];
        let bytes = images_to_bytes(&units, WriteOptions::default()).unwrap();
        let file = FitsFile::from_source(Box::new(bytes), Path::new("w.fits")).unwrap();
        rms_over_median(&file, &file.hdus()[0]).unwrap()
    }

    #[test]
    fn it_is_that_of_the_sorted_weights() {
        let weights: Vec<f32> = (0..3001).map(|i| (i * i % 997) as f32 * 1.37e-3).collect();
        let mut exposed: Vec<f32> = weights.iter().copied().filter(|w| *w > 0.0).collect();
        exposed.sort_by(f32::total_cmp);
        let n = exposed.len() as f64;
        let mean = exposed.iter().map(|w| f64::from(*w)).sum::<f64>() / n;
        let variance = exposed.iter().map(|w| (f64::from(*w) - mean).powi(2)).sum::<f64>() / n;
        let expected = variance.sqrt() / f64::from(exposed[exposed.len() / 2]);
        let found = of((1, 3001), &weights).unwrap();
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn what_was_not_exposed_does_not_count() {
        assert_eq!(of((2, 2), &[0.0, f32::NAN, -1.0, f32::INFINITY]), None);
        assert_eq!(of((2, 2), &[0.0, 3.0, f32::NAN, 1.0]), Some(1.0 / 3.0));
    }
}
