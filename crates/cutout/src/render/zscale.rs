use rayon::prelude::*;

use super::select::each_band;
use super::source::{Rows, bands};
use super::{RenderError, RenderResult, Sample};

const SAMPLES: usize = 1000;
const CONTRAST: f64 = 0.25;
const MAX_REJECTED: f64 = 0.5;
const MIN_PIXELS: usize = 5;
const REJECTION: f64 = 2.5;
const ITERATIONS: usize = 5;

/// The limits of IRAF's zscale: a line through the sorted sample, its slope made steeper by the contrast.
///
/// # Source
/// `ZScaleInterval` of astropy 8.0.2, of which the sample, the growth of rejected pixels and the ends are taken over; the
/// line is fitted in closed form.
pub(crate) fn zscale<T: Sample>(image: &dyn Rows<T>) -> RenderResult<(f64, f64)> {
    let mut sample = evenly_spaced(image)?;
    sample.sort_by(f64::total_cmp);
    let (lowest, highest) = (sample[0], sample[sample.len() - 1]);
    let Some(slope) = slope(&sample) else { return Ok((lowest, highest)) };
    let slope = slope / CONTRAST;
    let n = sample.len();
    let center = ((n - 1) / 2) as f64;
    let median = median::<T>(&sample);
    let low = lowest.max(median - (center - 1.0) * slope);
    let high = highest.min(median + (n as f64 - center) * slope);
    Ok((low, high))
}

/// The median of sorted numbers, its mean of two rounded to the pixel's type.
fn median<T: Sample>(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    if n % 2 == 1 {
        return sorted[n / 2];
    }
    T::rounded((sorted[n / 2 - 1] + sorted[n / 2]) / 2.0).to_f64()
}

/// Every so many-th of the finite pixels, row by row from the bottom; at most a thousand.
fn evenly_spaced<T: Sample>(image: &dyn Rows<T>) -> RenderResult<Vec<f64>> {
    let count = |pixels: &[T]| pixels.iter().filter(|pixel| pixel.finite()).count();
    let counts = each_band(image, count)?;
    let total: usize = counts.iter().sum();
    if total == 0 {
        return Err(RenderError::NoValues { place: image.place() });
    }
    let stride = (total / SAMPLES).max(1);
    let starts = counts.iter().scan(0, |sum, n| Some(std::mem::replace(sum, *sum + n)));
    let starts: Vec<usize> = starts.collect();
    let nx = image.shape().1;
    let parts: Vec<Vec<f64>> = bands(image.shape())
        .into_par_iter()
        .zip(starts)
        .map(|(rows, start)| {
            let mut pixels = vec![T::rounded(0.0); rows.len() * nx];
            image.read(rows, &mut pixels)?;
            let skip = start.next_multiple_of(stride) - start;
            let finite = pixels.into_iter().filter(|pixel| pixel.finite());
            Ok(finite.skip(skip).step_by(stride).map(|pixel| pixel.to_f64()).collect())
        })
        .collect::<RenderResult<_>>()?;
    let mut sample = parts.concat();
    sample.truncate(SAMPLES);
    Ok(sample)
}

/// The slope a step of the line through the sorted sample, outliers rejected; `None` where too few are left.
fn slope(sample: &[f64]) -> Option<f64> {
    let n = sample.len();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 1000")]
    let share = |share: f64| (n as f64 * share) as usize;
    let enough = MIN_PIXELS.max(share(MAX_REJECTED));
    let grow = share(0.01).max(1);
    let mut bad = vec![false; n];
    let (mut good, mut before) = (n, n + 1);
    let mut slope = None;
    for _ in 0..ITERATIONS {
        if good >= before || good < enough {
            break;
        }
        let (a, b) = line(sample, &bad)?;
        slope = Some(b);
        let flat: Vec<f64> =
            sample.iter().zip(0..).map(|(y, x)| y - (a + b * f64::from(x))).collect();
        let threshold = REJECTION * deviation(&flat, &bad);
        let rejected = flat.iter().map(|d| *d < -threshold || *d > threshold);
        bad.iter_mut().zip(rejected).for_each(|(bad, rejected)| *bad |= rejected);
        bad = grown(&bad, grow);
        before = good;
        good = bad.iter().filter(|bad| !**bad).count();
    }
    slope.filter(|_| good >= enough)
}

/// Least squares: value at the first, and step.
fn line(values: &[f64], bad: &[bool]) -> Option<(f64, f64)> {
    let good = || {
        values
            .iter()
            .zip(bad)
            .zip(0..)
            .filter(|((_, bad), _)| !**bad)
            .map(|((y, _), x)| (f64::from(x), *y))
    };
    let n = good().count() as f64;
    let (sx, sy) = good().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x, sy + y));
    let (mx, my) = (sx / n, sy / n);
    let (xx, xy) = good()
        .fold((0.0, 0.0), |(xx, xy), (x, y)| (xx + (x - mx) * (x - mx), xy + (x - mx) * (y - my)));
    (xx > 0.0).then(|| (my - xy / xx * mx, xy / xx))
}

fn deviation(values: &[f64], bad: &[bool]) -> f64 {
    let good = || values.iter().zip(bad).filter(|(_, bad)| !**bad).map(|(value, _)| *value);
    let n = good().count() as f64;
    let mean = good().sum::<f64>() / n;
    (good().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt()
}

/// Each one that has a rejected one within a window of `width`, which lies as NumPy's convolution puts it.
fn grown(bad: &[bool], width: usize) -> Vec<bool> {
    let ahead = (width - 1) / 2;
    let window = |i: usize| (i + ahead + 1).saturating_sub(width)..(i + ahead + 1).min(bad.len());
    (0..bad.len()).map(|i| bad[window(i)].contains(&true)).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_ramp_is_shown_whole() {
        let image = Array2::from_shape_fn((20, 30), |(y, x)| (y * 30 + x) as f64);
        assert_eq!(zscale(&image.view()).unwrap(), (0.0, 599.0));
    }

    #[test]
    fn few_pixels_give_their_extremes() {
        let image = Array2::from_shape_vec((1, 4), vec![3.0, 1.0, f64::NAN, 2.0]).unwrap();
        assert_eq!(zscale(&image.view()).unwrap(), (1.0, 3.0));
    }

    #[test]
    fn rejected_ones_grow_as_in_numpy() {
        let mut bad = vec![false; 9];
        bad[4] = true;
        let at = |width| (0..9).filter(|i| grown(&bad, width)[*i]).collect::<Vec<_>>();
        // numpy.convolve(bad, numpy.ones(width, bool), mode="same")
        assert_eq!(
            (at(1), at(2), at(3), at(4)),
            (vec![4], vec![4, 5], vec![3, 4, 5], vec![3, 4, 5, 6])
        );
    }
}
