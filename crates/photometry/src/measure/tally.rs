use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord};

use super::lanes::LANES;
use super::loops::{Line, Sums};
use super::rows::{Left, Row};
use super::space::Space;
use super::{
    ErrorWeight, Find, Gain, MeasureOptions, Measurement, Noise, NonFinite, Pixels, SourceNoise,
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
    /// Whether neither a level nor bounds were found.
    pub(super) fn is_none(&self) -> bool {
        self.level == 0.0 && !self.clips()
    }

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

/// Rows that are added at once.
const AT_ONCE: usize = 16;

impl Tally {
    /// Adds all rows of `window`, of pixels that lie in memory and of which nothing else is known; `None` where a row does
    /// not. Without `moments` only what sums and flags need.
    pub(super) fn in_memory<S: PixelSource>(
        &mut self,
        source: &S,
        aperture: &impl Aperture,
        window: &PixelBox,
        space: &mut Space,
        moments: bool,
    ) -> Option<()> {
        let x0 = window.x.start;
        let columns = x0.unsigned_abs()..window.x.end.unsigned_abs() + LANES;
        let mut y = window.y.start;
        while y < window.y.end {
            let rows = space.find(aperture, (y, x0));
            for first in (0..rows).step_by(AT_ONCE) {
                let count = AT_ONCE.min(rows - first);
                let mut pixels: [&[S::Pixel]; AT_ONCE] = [&[]; AT_ONCE];
                let mut inside = [const { ([0..0, 0..0], 0) }; AT_ONCE];
                for k in 0..count {
                    let y = y + (first + k).cast_signed();
                    let row = source.row(y.unsigned_abs())?;
                    pixels[k] = row.get(columns.start..columns.end.min(row.len()))?;
                    if moments || self.centers == 0 {
                        inside[k] = space.centers(aperture, (y, x0), first + k);
                        let place = (x0, (y - window.y.start).unsigned_abs());
                        self.further(&space.runs, place, |i| pixels[k][i].to_f64());
                        self.centers += inside[k].1 as u64;
                    }
                }
                let lines: [Line<'_, S::Pixel>; AT_ONCE] = std::array::from_fn(|k| {
                    let k = k.min(count - 1);
                    let (run, shares) = space.shares(first + k);
                    let y = (y - window.y.start).unsigned_abs() + first + k;
                    let inside = inside[k].0.clone();
                    Line { pixels: pixels[k], sky: None, shares, run: run.clone(), inside, y }
                });
                self.sums.add(&lines[..count], moments);
            }
            y += rows.cast_signed();
        }
        Some(())
    }

    /// Adds row `y` of the window that starts at column `x0`.
    pub(super) fn row<P: Pixel>(
        &mut self,
        aperture: &impl Aperture,
        (y, x0): (isize, isize),
        space: &mut Space,
        row: &Row<'_, P>,
        how: How<'_>,
    ) {
        let j = space.row(aperture, (y, x0));
        let (inside, centers) = space.centers(aperture, (y, x0), j);
        let (run, shares) = space.shares(j);
        // No planes, no clipping: whole runs at once.
        if row.planes.is_none() && !how.1.clips() {
            let (run, y) = (run.clone(), self.rows);
            let line = Line { pixels: row.pixels, sky: row.sky, shares, run, inside, y };
            self.sums.add(&[line], true);
            self.centers += centers as u64;
            self.further(&space.runs, (x0, y), |i| row.pixels[i].to_f64() - row.level(i));
        } else {
            for i in run.touched.clone() {
                let share = if run.whole.contains(&i) { 1.0 } else { shares[i] };
                if share > 0.0 {
                    let inside = space.runs.iter().any(|run| run.contains(&(x0 + i.cast_signed())));
                    self.pixel(row, i, share, inside, how);
                }
            }
        }
        self.rows += 1;
    }

    /// Adds the light of the third and further runs of a row, as a star has them, pixel by pixel.
    fn further(
        &mut self,
        runs: &[Range<isize>],
        (x0, y): (isize, usize),
        value: impl Fn(usize) -> f64,
    ) {
        for i in runs.iter().skip(2).flat_map(Clone::clone).map(|x| (x - x0).unsigned_abs()) {
            let value = value(i);
            if value.is_finite() {
                self.light(value, (i, y));
            }
        }
    }

    /// Adds the light of a pixel whose centre lies inside.
    #[inline(always)]
    fn light(&mut self, value: f64, (x, y): (usize, usize)) {
        self.centers += 1;
        self.light += value;
        self.light_x += x as f64 * value;
        self.light_y += y as f64 * value;
        if self.peak.is_none_or(|(highest, ..)| value > highest) {
            self.peak = Some((value, x, y));
        }
    }

    /// Whether a pixel in lanes was not finite.
    pub(super) fn has_bad_pixels(&self) -> bool {
        self.sums.has_bad_pixels()
    }

    /// All that was added in lanes, to the rest.
    pub(super) fn gather(&mut self) {
        let sums = self.sums.totals();
        self.sum += sums.sum;
        self.squared_sum += sums.squared_sum;
        self.area += sums.area;
        self.squared_area += sums.squared_area;
        self.left_area += sums.left_area;
        self.background_sum += sums.background;
        self.rms_sum += sums.rms;
        self.light += sums.light;
        self.light_x += sums.light_x;
        self.light_y += sums.light_y;
        self.centers -= sums.dark;
        self.n_non_finite += sums.n_non_finite;
        let first = |a: (f64, usize, usize), b: (f64, usize, usize)| {
            if b.0 > a.0 || b.0 == a.0 && (b.2, b.1) < (a.2, a.1) { b } else { a }
        };
        self.peak = self.peak.into_iter().chain(sums.peak).reduce(first);
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
            self.light(value, (i, self.rows));
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
        let (centroid, peak) = match options.find {
            Find::All => (centroid, self.peak),
            Find::Sums => (nowhere, None),
        };
        Measurement {
            sum,
            sum_err,
            snr: sum / sum_err,
            area: self.area,
            geometric_area,
            centroid: if centroid.is_finite() { centroid } else { nowhere },
            peak: peak.map_or(f64::NAN, |(value, ..)| value),
            peak_at: peak.map_or(nowhere, |(_, x, y)| place(x as f64, y as f64)),
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
