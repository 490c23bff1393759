//! Everything photutils' `ApertureStats` tells of the pixels in an aperture: values, moments, and the shape of the light.
//!
//! Two footprints, as there: the *sums* take each pixel times its share in the aperture; all other statistics take, whole
//! and equally, the pixels whose centre lies inside.

mod moments;
mod shape;
mod values;

use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord};

pub use moments::Moments;
pub use shape::Shape;
pub use values::Values;

use crate::aperture::Centers;
use crate::measure::{Row, Sky, in_order_of_rows, measure_above, walk, window};
use crate::stats::{SigmaClip, sigma_clip};
use crate::{
    Aperture, Error, Find, Flags, MeasureOptions, Measurement, PixelSource, Pixels, Result,
};

/// What [`aperture_statistics`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ApertureStatistics {
    /// Sum, error, area and counts over the shares; the aperture's method is that of the shape, which
    /// [`Center`](crate::aperture::Center) and [`Subpixel`](crate::aperture::Subpixel) change. `flags` are of both
    /// footprints, as in photutils; [`Flags::SIGMA_CLIPPED`] is of the pixels whose centre lies inside.
    pub sums: Measurement,
    /// Statistics of the values.
    pub values: Values,
    /// Moments of the light, and its centre.
    pub moments: Moments,
    /// The shape of the light.
    pub shape: Shape,
}

/// How the statistics are made.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StatisticsOptions {
    /// How sums and their errors are made.
    pub measure: MeasureOptions,
    /// Rejection of outliers, of each footprint's values apart. Default `None`.
    pub clip: Option<SigmaClip>,
    /// Subtracted from every pixel, above the image's background: finite. Default 0.
    pub local_sky: f64,
}

/// Statistics of `pixels` in `aperture`: every column of photutils' `ApertureStats`.
///
/// Only the rows under the aperture are read. Without a valid pixel all numbers are NaN.
///
/// # Errors
/// As [`measure_in`](crate::measure_in); also when a clipping bound is negative, or the local sky is not finite.
///
/// # Example
/// ```
/// use ndarray::Array2;
/// use photometry::aperture::Circle;
/// use photometry::statistics::{StatisticsOptions, aperture_statistics};
/// use photometry::Pixels;
///
/// let star = |x: f64, y: f64| 50.0 * (-(x - 20.3).powi(2) / 8.0 - (y - 19.8).powi(2) / 18.0).exp();
/// let image = Array2::from_shape_fn((40, 40), |(y, x)| star(x as f64, y as f64));
/// let found =
///     aperture_statistics(&Pixels::new(&image), &Circle::new((20.0, 20.0), 15.0), &StatisticsOptions::default())?;
/// assert!((found.shape.semimajor - 3.0).abs() < 0.01 && (found.shape.orientation.abs() - 90.0).abs() < 0.1);
/// # Ok::<(), photometry::Error>(())
/// ```
pub fn aperture_statistics<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    aperture: &impl Aperture,
    options: &StatisticsOptions,
) -> Result<ApertureStatistics> {
    check(pixels, options)?;
    let mut sky = Sky { level: options.local_sky, ..Sky::default() };
    let Some(window) = window(pixels, aperture) else {
        return Ok(ApertureStatistics {
            sums: measure_above(pixels, aperture, &options.measure, &sky)?,
            values: Values::of(&mut []),
            moments: Moments::NONE,
            shape: Shape::NONE,
        });
    };
    let clip = options.clip.as_ref();
    let inside = gather(pixels, aperture, options, &window)?;
    if clip.is_some() {
        sky.keep = bounds(&shared_values(pixels, aperture, options, &window)?, clip);
    }
    // Unclipped, the centre of light and the highest pixel are those of the values that are here already.
    let find = if clip.is_none() { Find::Sums } else { Find::All };
    let measure = MeasureOptions { find, ..options.measure };
    let sums = measure_above(pixels, aperture, &measure, &sky)?;
    Ok(inside.statistics(sums, aperture, &window, clip))
}

/// As [`aperture_statistics`], of every one of `apertures`, in their order, on all threads of the current pool.
pub fn aperture_statistics_all<S: PixelSource, A: Aperture>(
    pixels: &Pixels<'_, S>,
    apertures: &[A],
    options: &StatisticsOptions,
) -> Vec<Result<ApertureStatistics>> {
    in_order_of_rows(pixels.data, apertures, |aperture| {
        aperture_statistics(pixels, aperture, options)
    })
}

fn check<S: PixelSource>(pixels: &Pixels<'_, S>, options: &StatisticsOptions) -> Result<()> {
    pixels.check(&options.measure)?;
    options.clip.as_ref().map_or(Ok(()), SigmaClip::check)?;
    if options.local_sky.is_finite() {
        return Ok(());
    }
    let (name, allowed) = ("the local sky", "finite");
    Err(Error::OutOfRange { name, allowed, value: options.local_sky })
}

/// The pixels whose centres lie inside, row by row; those left out are NaN.
struct Inside {
    values: Vec<f64>,
    runs: Vec<Run>,
    n_bad: u64,
}

/// A run of them: its row and first column, from the window's first pixel, and its values.
struct Run {
    y: f64,
    x: f64,
    values: Range<usize>,
}

fn gather<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    aperture: &impl Aperture,
    options: &StatisticsOptions,
    window: &PixelBox,
) -> Result<Inside> {
    let (mut found, mut centers) =
        (Inside::with_room_for(aperture, window), Centers::with_capacity(window.y.len()));
    let start = window.x.start;
    aperture.centers_of_rows(window.y.clone(), &window.x, &mut centers);
    each_row(pixels, options, window, |y, row| {
        for run in centers.row((y - window.y.start).unsigned_abs()) {
            let from = found.values.len();
            for x in run.clone() {
                let value = row.value((x - start).unsigned_abs());
                found.n_bad += u64::from(value.is_none());
                found.values.push(value.unwrap_or(f64::NAN));
            }
            let (y, x) = ((y - window.y.start) as f64, (run.start - start) as f64);
            found.runs.push(Run { y, x, values: from..found.values.len() });
        }
    })?;
    Ok(found)
}

/// The valid values of the pixels that have a share.
fn shared_values<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    aperture: &impl Aperture,
    options: &StatisticsOptions,
    window: &PixelBox,
) -> Result<Vec<f64>> {
    let (mut values, mut shares) = (Vec::new(), vec![0.0; window.shape().1]);
    each_row(pixels, options, window, |y, row| {
        let touched = aperture.row(y, window.x.start, &mut shares).touched;
        let shared = touched.filter(|&i| shares[i] > 0.0);
        values.extend(shared.filter_map(|i| row.value(i)));
    })?;
    Ok(values)
}

/// The rows of the window above the background and the local sky.
#[inline(always)]
fn each_row<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    options: &StatisticsOptions,
    window: &PixelBox,
    visit: impl FnMut(isize, &Row<'_, S::Pixel>),
) -> Result<()> {
    walk(pixels, &options.measure, window, options.local_sky, visit)
}

fn bounds(values: &[f64], clip: Option<&SigmaClip>) -> (f64, f64) {
    let kept = sigma_clip(values, clip);
    if kept.n == 0 {
        return (f64::NEG_INFINITY, f64::INFINITY);
    }
    (kept.lower, kept.upper)
}

impl Inside {
    fn with_room_for(aperture: &impl Aperture, window: &PixelBox) -> Self {
        let (rows, width) = window.shape();
        let pixels = (1.1 * aperture.area()) as usize + 16;
        let (values, runs) =
            (Vec::with_capacity(pixels.min(rows * width)), Vec::with_capacity(rows));
        Self { values, runs, n_bad: 0 }
    }

    fn statistics(
        mut self,
        sums: Measurement,
        aperture: &impl Aperture,
        window: &PixelBox,
        clip: Option<&SigmaClip>,
    ) -> ApertureStatistics {
        let mut good: Vec<f64> = self.values.iter().copied().filter(|v| !v.is_nan()).collect();
        let n_valid = good.len();
        if clip.is_some() {
            let (lower, upper) = bounds(&good, clip);
            good.retain(|v| *v >= lower && *v <= upper);
            for value in &mut self.values {
                *value = if *value >= lower && *value <= upper { *value } else { f64::NAN };
            }
        }
        let values = Values::of(&mut good);
        let moments = Moments::of(&self.runs, &self.values, window);
        let sums =
            if clip.is_none() { self.with_light(sums, &moments, values.max, window) } else { sums };
        let shape = Shape::of(&moments.central);
        let flags = self.flags(n_valid, good.len());
        let outside = Flags::CENTROID_OUTSIDE.when(moments.is_outside(&aperture.bounds()));
        let undefined = if n_valid == 0 { self.n_bad > 0 } else { moments.raw[0][0] <= 0.0 };
        let sums = Measurement {
            flags: sums.flags.without(Flags::SIGMA_CLIPPED)
                | flags
                | outside
                | shape.flags
                | Flags::UNDEFINED_SHAPE.when(undefined),
            ..sums
        };
        ApertureStatistics { sums, values, moments, shape }
    }

    /// `sums` with the centre of light and the highest pixel.
    fn with_light(
        &self,
        sums: Measurement,
        moments: &Moments,
        peak: f64,
        window: &PixelBox,
    ) -> Measurement {
        let place = |run: &Run| {
            let i = self.values[run.values.clone()].iter().position(|v| *v == peak)?;
            let (x, y) = (window.x.start as f64 + run.x, window.y.start as f64 + run.y);
            Some(PixelCoord::new(x + i as f64, y))
        };
        let nowhere = PixelCoord::new(f64::NAN, f64::NAN);
        let centroid = if moments.centroid.is_finite() { moments.centroid } else { nowhere };
        let peak_at = self.runs.iter().find_map(place).unwrap_or(nowhere);
        Measurement { centroid, peak, peak_at, ..sums }
    }

    /// Flags of the pixels whose centres lie inside.
    fn flags(&self, n_valid: usize, n_good: usize) -> Flags {
        let any = !self.values.is_empty();
        Flags::NO_PIXELS.when(!any)
            | Flags::ALL_MASKED.when(any && n_valid == 0)
            | Flags::SIGMA_CLIPPED.when(n_good < n_valid)
            | Flags::ALL_CLIPPED.when(n_valid > 0 && n_good == 0)
            | Flags::TOO_FEW_PIXELS.when(n_good == 1)
    }
}
