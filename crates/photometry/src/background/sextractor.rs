//! The background of SExtractor and SEP: a clipped histogram a box, a shrinking median filter, a bicubic spline.

use ndarray::{Array2, s};

use super::mesh::{Gathered, measure};
use super::{Background, BoxStatistics, Masks, Surface, check_usable};
use crate::stats::median_in_place;
use crate::{Error, Pixel, PixelSource, Result};

/// How [`sextractor_background`] measures.
#[derive(Debug, Clone, PartialEq)]
pub struct SExtractorOptions {
    /// Size of a mesh box in pixels, `(ny, nx)`: `BACK_SIZE`, SEP's `bh`, `bw`. Default 64 × 64.
    pub box_size: (usize, usize),
    /// Window of the median filter in boxes, `(ny, nx)`: `BACK_FILTERSIZE`, SEP's `fh`, `fw`. Default 3 × 3.
    pub filter_size: (usize, usize),
    /// A box is filtered only if that changes it by at least this: `BACK_FILTTHRESH`, SEP's `fthresh`. Default 0.
    pub filter_threshold: f64,
}

impl Default for SExtractorOptions {
    fn default() -> Self {
        Self { box_size: (64, 64), filter_size: (3, 3), filter_threshold: 0.0 }
    }
}

/// Measures the background as SEP 1.4 does, in `f64` and without its trouble with NaN or a pedestal.
///
/// Each box is cut at two standard deviations about the mean; a histogram of the rest gives a median and a mean,
/// clipped at three until they stand. Boxes with less than half of their pixels take the mean of the nearest others.
/// Between boxes runs a bicubic spline, not kept within the mesh.
///
/// # Errors
/// As [`background`](super::background).
///
/// # Source
/// Bertin & Arnouts 1996, A&AS 117, 393, sect. 4.1; Barbary 2016, JOSS 1, 58 (SEP). As in SEP the surface is shifted
/// by half a pixel along y.
///
/// # Validation
/// `tests/against_sep_background.rs`: within 2e-5 RMS of ten backgrounds of SEP 1.4.1.
pub fn sextractor_background<S: PixelSource>(
    source: &S,
    masks: Masks<'_>,
    options: &SExtractorOptions,
) -> Result<Background> {
    let (by, bx) = options.box_size;
    if by == 0 || bx == 0 {
        return Err(Error::BoxSize { size: options.box_size });
    }
    let grid = masks.grid(source, options.box_size)?;
    let boxes = measure(source, &masks, &grid, None, |pixels: &_, _: &mut _| judge(pixels))?;
    check_usable(&boxes, grid.shape, &"at least half of the pixels")?;
    let level = fill(&boxes, |b| b.level);
    let rms = fill(&boxes, |b| b.rms);
    let (level, rms) = filter(&level, &rms, options);
    Ok(Background {
        level: Surface::sextractor(level, grid),
        rms: Surface::sextractor(rms, grid),
        boxes,
    })
}

/// Standard deviations that the first cut leaves on each side of the mean.
const CUT: f64 = 2.0;
/// Standard deviations that the histogram spans on each side.
const SPAN: f64 = 5.0;
/// Bins for every pixel: √(2/π) · 5 / 4, so that a bin holds four pixels at the mode.
const BINS_A_PIXEL: f64 = 0.797_884_560_802_865_4 * SPAN / 4.0;
const MOST_BINS: usize = 4096;
/// Bins from zero to the level below which they are counted in single precision, as in SEP: the edges of the bins
/// must be the same for the answers to agree. On a higher pedestal single precision would merge bins.
const SINGLE: f32 = 131_072.0;

fn judge<P: Pixel>(gathered: &Gathered<P>) -> BoxStatistics {
    let values = &gathered.values;
    let available = gathered.available();
    let none = BoxStatistics {
        level: f64::NAN,
        rms: f64::NAN,
        good: values.len(),
        available,
        excluded: true,
        measured: true,
    };
    if values.is_empty() || 2 * values.len() < gathered.area {
        return none;
    }
    let (_, mean, sigma) = moments(values, f64::NEG_INFINITY, f64::INFINITY);
    let (n, mean, sigma) = moments(values, mean - CUT * sigma, mean + CUT * sigma);
    if n == 0 || !mean.is_finite() || !sigma.is_finite() {
        return none;
    }
    let (level, rms) = Histogram::new(values, n, mean, sigma).clipped();
    BoxStatistics { level, rms, excluded: !(level.is_finite() && rms.is_finite()), ..none }
}

/// Number, mean and standard deviation of the values in `lower..=upper`.
fn moments<P: Pixel>(values: &[P], lower: f64, upper: f64) -> (usize, f64, f64) {
    let from = values[0].to_f64();
    let (mut n, mut sum, mut squares) = (0, 0.0, 0.0);
    for d in
        values.iter().map(|v| v.to_f64()).filter(|v| (lower..=upper).contains(v)).map(|v| v - from)
    {
        n += 1;
        sum += d;
        squares += d * d;
    }
    let mean = sum / n as f64;
    (n, from + mean, (squares / n as f64 - mean * mean).max(0.0).sqrt())
}

struct Histogram {
    counts: Vec<u32>,
    zero: f64,
    scale: f64,
    mean: f64,
}

impl Histogram {
    fn new<P: Pixel>(values: &[P], n: usize, mean: f64, sigma: f64) -> Self {
        let bins = ((BINS_A_PIXEL * n as f64 + 1.0) as usize).min(MOST_BINS);
        let scale = if sigma > 0.0 { 2.0 * SPAN * sigma / bins as f64 } else { 1.0 };
        let zero = mean - SPAN * sigma;
        let mut counts = vec![0_u32; bins];
        let (single, shift) = (scale as f32, 0.499_999 - zero as f32 / scale as f32);
        let bin_of = |v: f64| {
            if shift.abs() < SINGLE {
                f64::from(v as f32 / single + shift)
            } else {
                (v - zero) / scale + 0.499_999
            }
        };
        for bin in values.iter().map(|v| bin_of(v.to_f64())).filter(|bin| *bin > -1.0) {
            if let Some(count) = counts.get_mut(bin as usize) {
                *count += 1;
            }
        }
        Self { counts, zero, scale, mean }
    }

    /// Level and spread after clipping at three standard deviations about the median, over and over.
    fn clipped(&self) -> (f64, f64) {
        let top = self.counts.len() - 1;
        let (mut low, mut high) = (0, top);
        let (mut mean, mut median) = (self.mean, self.mean);
        let (mut sigma, mut before) = (10.0 * top as f64, 1.0);
        let mut rounds = 100;
        while rounds > 0 && sigma >= 0.1 && (sigma / before - 1.0_f64).abs() > 1e-4 {
            rounds -= 1;
            before = sigma;
            median = self.median(low, high);
            (mean, sigma) = self.moments(low, high);
            low = ((median - 3.0 * sigma).round().max(0.0) as usize).min(top);
            high = ((median + 3.0 * sigma).round().max(0.0) as usize).min(top);
        }
        let value = if sigma == 0.0 {
            mean
        } else if ((mean - median) / sigma).abs() < 0.3 {
            2.5 * median - 1.5 * mean
        } else {
            median
        };
        (self.zero + value * self.scale, sigma * self.scale)
    }

    fn moments(&self, low: usize, high: usize) -> (f64, f64) {
        let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
        for (i, count) in (low..).zip(self.counts.get(low..=high).unwrap_or_default()) {
            let (i, count) = (i as f64, f64::from(*count));
            sum += count;
            first += count * i;
            second += count * i * i;
        }
        if sum == 0.0 {
            return (0.0, 0.0);
        }
        let mean = first / sum;
        (mean, (second / sum - mean * mean).max(0.0).sqrt())
    }

    /// Median of the bins: counted from both ends, with the place in the bin where the two meet.
    fn median(&self, low: usize, high: usize) -> f64 {
        let (mut from_low, mut from_high) = (low, high.cast_signed());
        let (mut below, mut above) = (0.0, 0.0);
        let count = |i: isize| {
            usize::try_from(i).ok().and_then(|i| self.counts.get(i)).map_or(0.0, |c| f64::from(*c))
        };
        for _ in low..=high {
            if below < above {
                below += count(from_low.cast_signed());
                from_low += 1;
            } else {
                above += count(from_high);
                from_high -= 1;
            }
        }
        if from_high < 0 {
            return 0.0;
        }
        let most = count(from_low.cast_signed()).max(count(from_high));
        let inside = if most > 0.0 { (above - below) / (2.0 * most) } else { 0.0 };
        from_high as f64 + 0.5 + inside
    }
}

/// The mesh, with the mean of all good boxes at the least distance in place of the excluded ones.
fn fill(boxes: &Array2<BoxStatistics>, value: impl Fn(&BoxStatistics) -> f64) -> Array2<f64> {
    let good: Vec<_> =
        boxes.indexed_iter().filter(|(_, b)| !b.excluded).map(|(at, b)| (at, value(b))).collect();
    let nearest = |(j, i): (usize, usize)| {
        let (mut least, mut sum, mut n) = (usize::MAX, 0.0, 0.0);
        for ((y, x), v) in &good {
            let distance = y.abs_diff(j).pow(2) + x.abs_diff(i).pow(2);
            if distance < least {
                (least, sum, n) = (distance, 0.0, 0.0);
            }
            if distance == least {
                sum += v;
                n += 1.0;
            }
        }
        sum / n
    };
    Array2::from_shape_fn(boxes.dim(), |at| {
        if boxes[at].excluded { nearest(at) } else { value(&boxes[at]) }
    })
}

/// Median of a window that shrinks towards the edges so as to stay centred, where it changes the level enough.
fn filter(
    level: &Array2<f64>,
    rms: &Array2<f64>,
    options: &SExtractorOptions,
) -> (Array2<f64>, Array2<f64>) {
    let (ny, nx) = level.dim();
    let median = |mesh: &Array2<f64>, (j, i): (usize, usize)| {
        let ry = (options.filter_size.0 / 2).min(j).min(ny - 1 - j);
        let rx = (options.filter_size.1 / 2).min(i).min(nx - 1 - i);
        let around = mesh.slice(s![j - ry..=j + ry, i - rx..=i + rx]);
        median_in_place(&mut around.iter().copied().collect::<Vec<_>>())
    };
    let changed = Array2::from_shape_fn((ny, nx), |at| {
        let m = median(level, at);
        ((m - level[at]).abs() >= options.filter_threshold).then_some(m)
    });
    let rms = Array2::from_shape_fn((ny, nx), |at| {
        if changed[at].is_some() { median(rms, at) } else { rms[at] }
    });
    (Array2::from_shape_fn((ny, nx), |at| changed[at].unwrap_or(level[at])), rms)
}
