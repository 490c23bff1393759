use std::marker::PhantomData;
use std::ops::Range;

use astro_coords::PixelBox;

use super::rows::Visit;
use super::{
    MeasureOptions, Measurement, Noise, Pixels, Row, Sky, in_order_of_rows, measure_above, walk,
    window,
};
use crate::aperture::Centers;
use crate::stats::{Location, Scale, SigmaClip, Workspace};
use crate::vectors::{Loop, run};
use crate::{Aperture, Flags, Pixel, PixelSource, Result};

/// The sky around a source, from the pixels whose centres lie in an annulus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalSky {
    /// The level of one pixel, above the image's background if there is one; NaN without a pixel.
    pub level: f64,
    /// Standard error of `level` for pixels that are independent: the estimator's factor · rms / √n, see
    /// [`Location::standard_error`]. Drizzled pixels are not; [`MeasureOptions::noise_factor`] makes up for it in
    /// `sum_err`.
    pub level_err: f64,
    /// The scatter of one pixel. A standard deviation is that of normal values of which clipping left these: what 3 σ
    /// take off, 1.5 %, and the degree of freedom of the level are put back.
    pub rms: f64,
    /// Pixels that entered.
    pub n: u64,
    /// Pixels that clipping left out.
    pub n_clipped: u64,
    /// Pixels that are masked, not covered or not finite.
    pub n_bad: u64,
}

/// How the sky is taken from an annulus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalSkyOptions {
    /// Rejection of the pixels of neighbours; `None` keeps all. Default 3 σ, 10 rounds.
    pub clip: Option<SigmaClip>,
    /// The level. Default the median.
    pub level: Location,
    /// The scatter. Default [`Scale::Std`].
    pub rms: Scale,
}

impl Default for LocalSkyOptions {
    fn default() -> Self {
        Self { clip: Some(SigmaClip::default()), level: Location::Median, rms: Scale::Std }
    }
}

/// Measures the sky in `annulus`, which may be any shape: pixels whose centres lie in it, less the image's background.
///
/// Off the image, or without a valid pixel, `level` is NaN.
///
/// # Errors
/// As [`measure_in`](crate::measure_in); also when a clipping bound is negative.
///
/// # Source
/// The level and its clipping are those of photutils' `LocalBackground`; DAOPHOT (Stetson 1987, PASP 99, 191) takes the
/// mode, [`Location::MMM`].
///
/// # Example
/// ```
/// use ndarray::Array2;
/// use photometry::aperture::{Annulus, Circle};
/// use photometry::{LocalSkyOptions, Pixels, local_sky};
///
/// let image = Array2::from_shape_fn((60, 60), |(y, x)| 5.0 + ((3 * x + 7 * y) % 11) as f32);
/// let ring = Annulus::new(Circle::new((30.0, 30.0), 15.0), Circle::new((30.0, 30.0), 10.0));
/// let sky = local_sky(&Pixels::new(&image), &ring, &LocalSkyOptions::default())?;
/// assert!((sky.level - 10.0).abs() < 0.5 && sky.level_err < 0.3);
/// # Ok::<(), photometry::Error>(())
/// ```
pub fn local_sky<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    annulus: &impl Aperture,
    options: &LocalSkyOptions,
) -> Result<LocalSky> {
    options.clip.as_ref().map_or(Ok(()), SigmaClip::check)?;
    // Of the noise only what it says of coverage is read, so no scatter of a local sky is needed yet.
    let noise = match pixels.noise {
        Noise::InverseVariance(_) => pixels.noise,
        _ => Noise::Unknown,
    };
    let pixels = Pixels { noise, gain: crate::Gain::Unknown, ..*pixels };
    let plain = MeasureOptions::default();
    pixels.check(&plain)?;
    let Some(window) = window(&pixels, annulus) else {
        return Ok(of_values::<f64>(&[], 0, options));
    };
    // Without a background the pixels themselves are sorted, in the size they have.
    if pixels.background.is_none() {
        let (values, n_bad) =
            run(Gather { pixels: &pixels, annulus, window: &window, of: raw, value: PhantomData })?;
        return Ok(of_values(&values, n_bad, options));
    }
    let less = |row: &Row<'_, S::Pixel>, run: Range<usize>, values: &mut Vec<f64>| {
        values.extend(run.map(|i| row.pixels[i].to_f64() - row.level(i)));
    };
    let (values, n_bad) =
        run(Gather { pixels: &pixels, annulus, window: &window, of: less, value: PhantomData })?;
    Ok(of_values(&values, n_bad, options))
}

/// Measures the sky in every one of `annuli`, in their order, on all threads of the current pool: [`local_sky`] of each.
pub fn local_sky_all<S: PixelSource, A: Aperture>(
    pixels: &Pixels<'_, S>,
    annuli: &[A],
    options: &LocalSkyOptions,
) -> Vec<Result<LocalSky>> {
    in_order_of_rows(pixels.data, annuli, |annulus| local_sky(pixels, annulus, options))
}

#[inline(always)]
fn raw<P: Pixel>(row: &Row<'_, P>, run: Range<usize>, values: &mut Vec<P>) {
    values.extend_from_slice(&row.pixels[run]);
}

/// The finite values of the valid pixels whose centres lie in the annulus, and how many are left out.
struct Gather<'a, S, A, F, P> {
    pixels: &'a Pixels<'a, S>,
    annulus: &'a A,
    window: &'a PixelBox,
    /// Appends the values of a run of pixels.
    of: F,
    value: PhantomData<P>,
}

impl<S: PixelSource, A: Aperture, P: Pixel, F: Fn(&Row<'_, S::Pixel>, Range<usize>, &mut Vec<P>)>
    Loop for Gather<'_, S, A, F, P>
{
    type Output = Result<(Vec<P>, u64)>;

    #[inline(always)]
    fn call(self) -> Self::Output {
        let plain = MeasureOptions::default();
        let values = Vec::with_capacity(self.annulus.area() as usize % CROWD + 16);
        let mut centers = Centers::with_capacity(self.window.y.len());
        self.annulus.centers_of_rows(self.window.y.clone(), &self.window.x, &mut centers);
        let mut inside = Inside { gather: &self, values, n_bad: 0, centers };
        walk(self.pixels, &plain, self.window, 0.0, &mut inside)?;
        let Inside { mut values, n_bad, .. } = inside;
        let gathered = values.len();
        if !values.iter().all(|value| value.finite()) {
            values.retain(|value| value.finite());
        }
        let not_finite = gathered - values.len();
        Ok((values, n_bad + not_finite as u64))
    }
}

/// More values than this are not made room for beforehand.
const CROWD: usize = 1 << 20;

struct Inside<'a, 'b, S, A, F, P> {
    gather: &'b Gather<'a, S, A, F, P>,
    values: Vec<P>,
    n_bad: u64,
    centers: Centers,
}

impl<S: PixelSource, A: Aperture, P: Pixel, F: Fn(&Row<'_, S::Pixel>, Range<usize>, &mut Vec<P>)>
    Visit<S::Pixel> for &mut Inside<'_, '_, S, A, F, P>
{
    #[inline(always)]
    fn visit(&mut self, y: isize, row: &Row<'_, S::Pixel>) {
        let x0 = self.gather.window.x.start;
        for run in self.centers.row((y - self.gather.window.y.start).unsigned_abs()) {
            let run = (run.start - x0).unsigned_abs()..(run.end - x0).unsigned_abs();
            if row.planes.is_none() {
                (self.gather.of)(row, run, &mut self.values);
                continue;
            }
            for i in run {
                if row.is_used(i) {
                    (self.gather.of)(row, i..i + 1, &mut self.values);
                } else {
                    self.n_bad += 1;
                }
            }
        }
    }
}

fn of_values<P: Pixel>(values: &[P], n_bad: u64, options: &LocalSkyOptions) -> LocalSky {
    let kept = Workspace::default().clip_few(values, options.clip.as_ref());
    let (level, rms) = match (options.level.known_from(&kept), options.rms.known_from(&kept)) {
        (Some(level), Some(rms)) => (level, rms),
        (level, rms) => {
            let values = values.iter().map(|v| v.to_f64());
            let left: Vec<f64> = values.filter(|v| kept.contains(*v)).collect();
            (
                level.unwrap_or_else(|| options.level.of(&left)),
                rms.unwrap_or_else(|| options.rms.of(&left)),
            )
        }
    };
    let rms = if options.rms == Scale::Std { unbiased(rms, kept.n, options) } else { rms };
    LocalSky {
        level,
        level_err: options.level.standard_error(rms, kept.n),
        rms,
        n: kept.n as u64,
        n_clipped: (values.len() - kept.n) as u64,
        n_bad,
    }
}

/// The standard deviation of the values before clipping, if they were normal; NaN of one value.
fn unbiased(std: f64, n: usize, options: &LocalSkyOptions) -> f64 {
    let left = options.clip.as_ref().map_or(1.0, SigmaClip::normal_std);
    std / left * (n as f64 / (n as f64 - 1.0)).sqrt()
}

/// Measures `pixels` in `aperture` above the sky in `annulus`: every pixel less the sky's level, and the error of the
/// level in `sum_err`.
///
/// The light lost to the sky is level times the *usable* area of the aperture, and so is its error: `A² σ_s²`, with σ_s of
/// the usable pixels of the annulus; [`Noise::LocalSky`] makes `sum_err` DAOPHOT's `F/g + A s² + A² s²/n`, with Σ f² for A
/// in the second term. Where the annulus has no valid pixel the sums are NaN, flagged [`Flags::NO_LOCAL_SKY`].
///
/// # Errors
/// As [`measure_in`](crate::measure_in); also when a clipping bound is negative.
///
/// # Example
/// ```
/// use ndarray::Array2;
/// use photometry::aperture::{Annulus, Circle};
/// use photometry::{LocalSkyOptions, MeasureOptions, Noise, Pixels, measure_with_sky};
///
/// let image = Array2::from_shape_fn((60, 60), |(y, x)| 5.0 + ((3 * x + 7 * y) % 11) as f32);
/// let circle = |radius| Circle::new((30.0, 30.0), radius);
/// let ring = Annulus::new(circle(15.0), circle(10.0));
/// let pixels = Pixels { noise: Noise::LocalSky, ..Pixels::new(&image) };
/// let (star, sky) =
///     measure_with_sky(&pixels, &circle(5.0), &ring, &MeasureOptions::default(), &LocalSkyOptions::default())?;
/// assert!(star.snr.abs() < 3.0 && (star.background_sum / star.area - sky.level).abs() < 1e-12);
/// # Ok::<(), photometry::Error>(())
/// ```
pub fn measure_with_sky<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    aperture: &impl Aperture,
    annulus: &impl Aperture,
    options: &MeasureOptions,
    sky_options: &LocalSkyOptions,
) -> Result<(Measurement, LocalSky)> {
    let found = local_sky(pixels, annulus, sky_options)?;
    let noise = match pixels.noise {
        Noise::LocalSky if found.rms.is_finite() => Noise::Uniform(found.rms),
        Noise::LocalSky => Noise::Unknown,
        other => other,
    };
    let pixels = Pixels { noise, ..*pixels };
    pixels.check(options)?;
    let sky = Sky { level: found.level, level_err: found.level_err, ..Sky::default() };
    if found.level.is_nan() {
        // Counts and areas stay those of the aperture.
        let bare = measure_above(&pixels, aperture, options, &Sky::default())?;
        return Ok((bare.without_sums(Flags::NO_LOCAL_SKY), found));
    }
    Ok((measure_above(&pixels, aperture, options, &sky)?, found))
}
