use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord};

use super::loops::{LANES, Sums};
use super::rows::{Left, Row};
use super::{
    ErrorWeight, Gain, MeasureOptions, Measurement, Noise, NonFinite, Pixels, SourceNoise,
};
use crate::{Aperture, Flags, Pixel, PixelSource};

/// What is measured apart from the pixels: a level for all of them and its error, and what counts as an outlier.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sky {
    pub(crate) level: f64,
    pub(crate) level_err: f64,
    /// Values less background and level that count, and the others are clipped.
    pub(crate) keep: (f64, f64),
}

impl Default for Sky {
    fn default() -> Self {
        Self { level: 0.0, level_err: 0.0, keep: (f64::NEG_INFINITY, f64::INFINITY) }
    }
}

impl Sky {
    fn clips(&self) -> bool {
        self.keep != (f64::NEG_INFINITY, f64::INFINITY)
    }
}

/// How to measure.
type How<'a> = (&'a MeasureOptions, &'a Sky);

/// Sums over the pixels in the order of the rows. Moments are about the window's first pixel, where they are small.
#[derive(Default)]
pub(super) struct Tally {
    sums: Sums,
    sum: f64,
    squared_sum: f64,
    area: f64,
    squared_area: f64,
    left_area: f64,
    background_sum: f64,
    rms_sum: f64,
    variance: f64,
    source_variance: f64,
    light: f64,
    light_x: f64,
    light_y: f64,
    peak: Option<(f64, usize, usize)>,
    centers: u64,
    n_non_finite: u64,
    n_masked: u64,
    n_uncovered: u64,
    n_clipped: u64,
    quality: u32,
    rows: usize,
}

/// What a row is worked out in.
pub(crate) struct Space {
    shares: Vec<f64>,
    runs: Vec<Range<isize>>,
}

impl Space {
    /// For rows of at most `width` pixels.
    pub(crate) fn new(width: usize) -> Self {
        Self { shares: vec![0.0; width], runs: Vec::new() }
    }
}

impl Tally {
    /// Adds row `y` of the window that starts at column `x0`.
    #[inline(always)]
    pub(super) fn row<P: Pixel>(
        &mut self,
        aperture: &impl Aperture,
        (y, x0): (isize, isize),
        space: &mut Space,
        row: &Row<'_, P>,
        how: How<'_>,
    ) {
        let shares = &mut space.shares[..row.pixels.len()];
        let run = aperture.row(y, x0, shares);
        let column = |i: usize| x0 + i.cast_signed();
        space.runs.clear();
        if !run.touched.is_empty() {
            let columns = column(run.touched.start)..column(run.touched.end);
            aperture.centers(y, columns, &mut space.runs);
        }
        // No planes, no clipping: whole runs at once, as long as all pixels are finite.
        let plain = row.planes.is_none() && !how.1.clips();
        let [left, whole, right] = split(run);
        let done = whole.is_empty() || plain && self.whole(row, whole.clone());
        if !done {
            whole.clone().for_each(|i| self.pixel(row, i, 1.0, true, how));
        }
        for part in [left, right].into_iter().filter(|part| !part.is_empty()) {
            if !(plain && self.shared(row, shares, &part, &space.runs, x0)) {
                for i in part.filter(|&i| shares[i] > 0.0) {
                    let inside = space.runs.iter().any(|run| run.contains(&column(i)));
                    self.pixel(row, i, shares[i], inside, how);
                }
            }
        }
        self.rows += 1;
    }

    /// Adds pixels with their shares, if all are finite; else does nothing and says so.
    #[inline(always)]
    fn shared<P: Pixel>(
        &mut self,
        row: &Row<'_, P>,
        shares: &[f64],
        part: &Range<usize>,
        runs: &[Range<isize>],
        x0: isize,
    ) -> bool {
        let inside = |run: &Range<isize>| {
            let place = |x: isize| (x - x0).unsigned_abs().clamp(part.start, part.end);
            place(run.start)..place(run.end)
        };
        let (first, others) = match runs {
            [] => (part.start..part.start, runs),
            [first, others @ ..] => (inside(first), others),
        };
        let y = self.rows as f64;
        let Some(peak) = self.sums.shared(row, shares, part, &first, y) else { return false };
        self.lit(row, &first, peak);
        for run in others.iter().map(inside) {
            // A further run, as in a ring: one by one.
            for i in run.clone() {
                self.light(row.pixels[i].to_f64() - row.level(i), i);
            }
        }
        true
    }

    /// Adds pixels that lie inside wholly, if all are finite; else does nothing and says so.
    #[inline(always)]
    fn whole<P: Pixel>(&mut self, row: &Row<'_, P>, part: Range<usize>) -> bool {
        let y = self.rows as f64;
        let Some(peak) = self.sums.whole(row, &part, y) else { return false };
        self.lit(row, &part, peak);
        true
    }

    /// Counts a run of pixels whose centres lie inside and whose highest is `peak`.
    #[inline(always)]
    fn lit<P: Pixel>(&mut self, row: &Row<'_, P>, run: &Range<usize>, peak: f64) {
        self.centers += run.len() as u64;
        if self.peak.is_none_or(|(highest, ..)| peak > highest) {
            let value = |i: usize| row.pixels[i].to_f64() - row.level(i);
            let place = run.clone().find(|&i| value(i) == peak);
            self.peak = place.map(|i| (peak, i, self.rows)).or(self.peak);
        }
    }

    /// Adds the light of a pixel whose centre lies inside.
    #[inline(always)]
    fn light(&mut self, value: f64, i: usize) {
        self.centers += 1;
        self.light += value;
        self.light_x += i as f64 * value;
        self.light_y += self.rows as f64 * value;
        if self.peak.is_none_or(|(highest, ..)| value > highest) {
            self.peak = Some((value, i, self.rows));
        }
    }

    /// All that was added in lanes, to the rest.
    pub(super) fn gathered(mut self) -> Self {
        let sums = std::mem::take(&mut self.sums);
        self.sum += sums.sum.total();
        self.squared_sum += sums.squared_sum.total();
        self.area += sums.area.total();
        self.squared_area += sums.squared_area.total();
        self.background_sum += sums.background.total();
        self.rms_sum += sums.rms.total();
        self.light += sums.light.total();
        self.light_x += sums.light_x.total();
        self.light_y += sums.light_y.total();
        self
    }

    /// Adds the share of one pixel.
    fn pixel<P: Pixel>(
        &mut self,
        row: &Row<'_, P>,
        i: usize,
        share: f64,
        inside: bool,
        (options, sky): How<'_>,
    ) {
        let value = row.pixels[i].to_f64() - row.level(i);
        if !self.is_used(row, i, value) {
            self.left_area += share;
            return;
        }
        if value < sky.keep.0 || value > sky.keep.1 {
            self.n_clipped += 1;
            return;
        }
        let squared = share * share;
        self.sum += share * value;
        self.squared_sum += squared * value;
        self.area += share;
        self.squared_area += squared;
        self.background_sum += share * row.level(i);
        self.rms_sum += share * row.rms(i);
        if let Some(planes) = row.planes {
            let weight = match options.error_weight {
                ErrorWeight::Squared => squared,
                ErrorWeight::Linear => share,
            };
            self.variance += weight * planes.variance[i];
            self.source_variance += weight * source_variance(value, planes.gain[i], options);
        }
        if inside {
            self.light(value, i);
        }
    }

    /// Whether the pixel counts; if not, the reason is counted.
    fn is_used<P>(&mut self, row: &Row<'_, P>, i: usize, value: f64) -> bool {
        let left = row.planes.map_or(Left::Used, |planes| planes.left[i]);
        self.quality |= row.planes.map_or(0, |planes| planes.bits[i]);
        match left {
            Left::Masked => self.n_masked += 1,
            Left::Uncovered => self.n_uncovered += 1,
            Left::Used if value.is_finite() => return true,
            Left::Used => self.n_non_finite += 1,
        }
        false
    }

    fn flags(&self, outside: bool) -> Flags {
        let n_bad = self.n_non_finite + self.n_masked + self.n_uncovered;
        let valid = self.area > 0.0;
        let any = valid || n_bad > 0 || self.n_clipped > 0;
        Flags::NON_FINITE_DATA.when(self.n_non_finite > 0)
            | Flags::MASKED_PIXELS.when(self.n_masked > 0)
            | Flags::UNCOVERED_PIXELS.when(self.n_uncovered > 0)
            | Flags::ALL_MASKED.when(!valid && n_bad > 0 && self.n_clipped == 0)
            | Flags::SIGMA_CLIPPED.when(self.n_clipped > 0)
            | Flags::NO_PIXELS.when(!any || valid && self.centers == 0)
            | Flags::NO_OVERLAP.when(!any && outside)
            | Flags::PARTIAL_OVERLAP.when(any && outside)
    }

    /// Variance of the sum; `None` where nothing is known of the noise.
    fn sum_variance(
        &self,
        noise: Noise<'_>,
        gain: Gain<'_>,
        (options, local): How<'_>,
    ) -> Option<f64> {
        let (weights, light) = match options.error_weight {
            ErrorWeight::Squared => (self.squared_area, self.squared_sum),
            ErrorWeight::Linear => (self.area, self.sum),
        };
        let sky = match noise {
            Noise::Unknown | Noise::LocalSky => None,
            Noise::Uniform(sigma) => Some(sigma * sigma * weights),
            _ => Some(self.variance),
        };
        let source = match gain {
            Gain::Unknown => None,
            Gain::Uniform(g) if options.source_noise == SourceNoise::OfTheSum => {
                Some(if g > 0.0 { (light / g).max(0.0) } else { 0.0 })
            }
            // Not `max`, which would hide a NaN.
            _ => Some(if self.source_variance < 0.0 { 0.0 } else { self.source_variance }),
        };
        let factor = options.noise_factor * options.noise_factor;
        let level = (self.area * local.level_err).powi(2);
        (sky.is_some() || source.is_some())
            .then(|| factor * (sky.unwrap_or(0.0) + level) + source.unwrap_or(0.0))
    }

    pub(super) fn finish<S: PixelSource>(
        &self,
        window: &PixelBox,
        (geometric_area, outside): (f64, bool),
        pixels: &Pixels<'_, S>,
        options: &MeasureOptions,
        sky: &Sky,
    ) -> Measurement {
        let mut flags = self.flags(outside);
        let valid = self.area > 0.0;
        let variance = self.sum_variance(pixels.noise, pixels.gain, (options, sky));
        flags |= Flags::NON_FINITE_ERROR.when(valid && variance.is_some_and(|v| !v.is_finite()));
        let scale = match options.non_finite {
            _ if !valid => f64::NAN,
            NonFinite::LeaveOut => 1.0,
            NonFinite::Rescale => (self.area + self.left_area) / self.area,
            NonFinite::Propagate if self.n_non_finite > 0 => f64::NAN,
            NonFinite::Propagate => 1.0,
        };
        let place =
            |x: f64, y: f64| PixelCoord::new(window.x.start as f64 + x, window.y.start as f64 + y);
        let nowhere = PixelCoord::new(f64::NAN, f64::NAN);
        let centroid = place(self.light_x / self.light, self.light_y / self.light);
        let (sum, sum_err) = (scale * self.sum, scale * variance.unwrap_or(f64::NAN).sqrt());
        Measurement {
            sum,
            sum_err,
            snr: sum / sum_err,
            area: self.area,
            geometric_area,
            centroid: if centroid.is_finite() { centroid } else { nowhere },
            peak: self.peak.map_or(f64::NAN, |(value, ..)| value),
            peak_at: self.peak.map_or(nowhere, |(_, x, y)| place(x as f64, y as f64)),
            background_sum: if valid { self.background_sum } else { f64::NAN },
            background_rms: if pixels.background.is_some() {
                self.rms_sum / self.area
            } else {
                f64::NAN
            },
            n_bad: self.n_non_finite + self.n_masked + self.n_uncovered,
            n_non_finite: self.n_non_finite,
            n_masked: self.n_masked,
            n_uncovered: self.n_uncovered,
            bad_fraction: self.left_area / (self.area + self.left_area),
            quality: self.quality,
            flags,
        }
    }
}

/// The parts of a run: before what lies inside wholly, that, and after it. The middle is in whole packs; a short run is
/// one part.
#[inline(always)]
fn split(run: crate::aperture::Run) -> [Range<usize>; 3] {
    let (touched, whole) = (run.touched, run.whole);
    let packs = |length: usize| length.div_ceil(LANES) * LANES;
    if whole.len() < 3 * LANES {
        return [touched.clone(), touched.end..touched.end, touched.end..touched.end];
    }
    let left = touched.start + packs(whole.start - touched.start);
    let length = (touched.end - packs(touched.end - whole.end) - left) / LANES * LANES;
    [touched.start..left, left..left + length, left + length..touched.end]
}

/// Variance of a pixel's own light, in the image's unit squared; NaN for a gain that makes no sense.
fn source_variance(value: f64, gain: f64, options: &MeasureOptions) -> f64 {
    if gain == 0.0 {
        return 0.0;
    }
    if gain.is_nan() || gain < 0.0 {
        return f64::NAN;
    }
    match options.source_noise {
        SourceNoise::OfTheSum => value / gain,
        SourceNoise::OfEachPixel => value.max(0.0) / gain,
    }
}
