mod pixels;
mod tally;

use astro_coords::{PixelBox, PixelCoord};
use rayon::prelude::*;

use crate::aperture::Aperture;
use crate::source::{read, read_mask};
use crate::{Background, Error, Flags, PixelSource, Result};

pub use pixels::{
    ErrorWeight, Gain, MeasureOptions, Noise, NonFinite, Pixels, Plane, Quality, QualitySource,
    SourceNoise,
};
use tally::{Left, Planes, Row, Tally};

/// What one aperture holds, the background subtracted.
///
/// Sums and areas take each pixel times its exact share in the aperture; centroid and peak take the pixels whose centre
/// lies inside, as photutils' `ApertureStats` does. Pixels that are left out are counted by reason, each under one only:
/// not covered, then masked (or of rejected quality), then not finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurement {
    /// Sum of the pixels less the background; NaN where no pixel is valid.
    pub sum: f64,
    /// Standard error of `sum`, √(R² Σ f²σ² + Σ f² v/g): R the noise factor, f the share, σ the noise of the pixel, v its
    /// light and g the electrons per unit. NaN where no noise was given.
    pub sum_err: f64,
    /// `sum / sum_err`.
    pub snr: f64,
    /// Area of the valid pixels in the aperture, in pixels.
    pub area: f64,
    /// Area of the aperture itself, in pixels, on the image or not.
    pub geometric_area: f64,
    /// Centre of light; NaN without light.
    pub centroid: PixelCoord,
    /// Highest pixel less the background; NaN without a valid pixel's centre inside.
    pub peak: f64,
    /// Where the highest pixel lies, the first in the order of the rows.
    pub peak_at: PixelCoord,
    /// Sum of the background under the valid pixels.
    pub background_sum: f64,
    /// Mean over the aperture of the background's scatter of one pixel; NaN without a background.
    pub background_rms: f64,
    /// Pixels of the image that the aperture touches and that are left out.
    pub n_bad: u64,
    /// Those of them that are NaN or infinite.
    pub n_non_finite: u64,
    /// Those of them that the mask or their quality bits exclude.
    pub n_masked: u64,
    /// Those of them that no exposure covers.
    pub n_uncovered: u64,
    /// Area of the pixels left out over the aperture's area on the image.
    pub bad_fraction: f64,
    /// The quality bits of all pixels that the aperture touches, together.
    pub quality: u32,
    /// What is to be known before use.
    pub flags: Flags,
}

impl Measurement {
    fn off_the_image(geometric_area: f64) -> Self {
        let nowhere = PixelCoord::new(f64::NAN, f64::NAN);
        Self {
            sum: f64::NAN,
            sum_err: f64::NAN,
            snr: f64::NAN,
            area: f64::NAN,
            geometric_area,
            centroid: nowhere,
            peak: f64::NAN,
            peak_at: nowhere,
            background_sum: f64::NAN,
            background_rms: f64::NAN,
            n_bad: 0,
            n_non_finite: 0,
            n_masked: 0,
            n_uncovered: 0,
            bad_fraction: f64::NAN,
            quality: 0,
            flags: Flags::NO_OVERLAP,
        }
    }
}

/// Measures `source` less `background` in `aperture`, without errors and masks: [`measure_in`] has those.
///
/// Off the image all numbers are NaN.
///
/// # Errors
/// When the pixels cannot be read.
///
/// # Example
/// ```
/// use ndarray::Array2;
/// use photometry::aperture::Ellipse;
/// use photometry::measure;
///
/// let image = Array2::from_elem((40, 40), 2.0_f32);
/// let star = measure(&image, None, &Ellipse::circle((20.0, 20.0), 3.0))?;
/// assert!((star.sum - 2.0 * 9.0 * std::f64::consts::PI).abs() < 1e-12);
/// # Ok::<(), photometry::Error>(())
/// ```
pub fn measure<S: PixelSource>(
    source: &S,
    background: Option<&Background>,
    aperture: &impl Aperture,
) -> Result<Measurement> {
    let pixels = Pixels { background, ..Pixels::new(source) };
    measure_in(&pixels, aperture, &MeasureOptions::default())
}

/// Measures `pixels` in every one of `apertures`, in their order, on all threads of the current pool.
///
/// Each aperture has its own answer, the same for any number of threads.
pub fn measure_all<S: PixelSource, A: Aperture>(
    pixels: &Pixels<'_, S>,
    apertures: &[A],
    options: &MeasureOptions,
) -> Vec<Result<Measurement>> {
    apertures.par_iter().map(|aperture| measure_in(pixels, aperture, options)).collect()
}

/// Measures `pixels` in `aperture`, with errors, masks and quality.
///
/// Only the rows under the aperture are read, a band of them at a time, and the background is evaluated there only;
/// everything is computed in `f64`. Off the image all numbers are NaN.
///
/// # Errors
/// When pixels or planes cannot be read, a plane has another shape than the image, [`Noise::Background`] is asked for
/// without a background, or a noise or gain is negative.
///
/// # Example
/// ```
/// use ndarray::Array2;
/// use photometry::aperture::Circle;
/// use photometry::{Gain, MeasureOptions, Noise, Pixels, measure_in};
///
/// let image = Array2::from_elem((40, 40), 2.0_f32);
/// let pixels = Pixels { noise: Noise::Uniform(0.5), gain: Gain::Uniform(100.0), ..Pixels::new(&image) };
/// let found = measure_in(&pixels, &Circle::new((20.0, 20.0), 3.0), &MeasureOptions::default())?;
/// assert!(found.snr > 20.0 && found.n_bad == 0);
/// # Ok::<(), photometry::Error>(())
/// ```
pub fn measure_in<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    aperture: &impl Aperture,
    options: &MeasureOptions,
) -> Result<Measurement> {
    pixels.check(options)?;
    let bounds = aperture.bounds();
    let image = PixelBox::of_shape(pixels.data.shape());
    let Some(window) = bounds.intersect(&image) else {
        return Ok(Measurement::off_the_image(aperture.area()));
    };
    let mut tally = Tally::default();
    let (rows, width) = window.shape();
    let band = (BAND / width.max(1)).clamp(1, rows.max(1));
    let mut buffers = Buffers::new(pixels, options, width, band);
    for start in window.y.clone().step_by(band) {
        let end = window.y.end.min(start + band.cast_signed());
        let part = PixelBox::new(window.x.clone(), start..end);
        buffers.fill(pixels, &part)?;
        buffers.tally(pixels, aperture, &part, &mut tally, options);
    }
    let kind = (pixels.noise, pixels.gain);
    let has_background = pixels.background.is_some();
    let mut found = tally.finish(&window, aperture.area(), has_background, kind, options);
    if window != bounds {
        found.flags |= Flags::PARTIAL_OVERLAP;
    }
    Ok(found)
}

/// Pixels read at once, if a row is not longer.
const BAND: usize = 1 << 16;

/// What a band of rows is read to.
struct Buffers<P> {
    width: usize,
    pixels: Vec<P>,
    shares: Vec<f64>,
    level: Vec<f64>,
    rms: Vec<f64>,
    planes: Option<PlaneBuffers>,
}

#[derive(Default)]
struct PlaneBuffers {
    flags: Vec<bool>,
    left: Vec<Left>,
    bits: Vec<u32>,
    variance: Vec<f64>,
    gain: Vec<f64>,
}

impl<P: crate::Pixel> Buffers<P> {
    fn new<S: PixelSource>(
        pixels: &Pixels<'_, S>,
        options: &MeasureOptions,
        width: usize,
        band: usize,
    ) -> Self {
        let in_memory = pixels.data.row(0).is_some();
        let planes = (!pixels.is_plain(options)).then(|| PlaneBuffers::new(band * width));
        Self {
            width,
            pixels: vec![P::default(); if in_memory { 0 } else { band * width }],
            shares: vec![0.0; width],
            level: vec![0.0; width],
            rms: vec![0.0; width],
            planes,
        }
    }

    fn fill<S: PixelSource<Pixel = P>>(
        &mut self,
        pixels: &Pixels<'_, S>,
        part: &PixelBox,
    ) -> Result<()> {
        let (rows, width) = part.shape();
        if !self.pixels.is_empty() {
            read(pixels.data, part, &mut self.pixels[..rows * width])?;
        }
        match &mut self.planes {
            Some(planes) => planes.fill(pixels, part),
            None => Ok(()),
        }
    }

    fn tally<S: PixelSource<Pixel = P>>(
        &mut self,
        pixels: &Pixels<'_, S>,
        aperture: &impl Aperture,
        part: &PixelBox,
        tally: &mut Tally,
        options: &MeasureOptions,
    ) {
        let x0 = part.x.start;
        for (j, y) in part.y.clone().enumerate() {
            if let Some(background) = pixels.background {
                background.level.row(y, x0, &mut self.level);
                background.rms.row(y, x0, &mut self.rms);
            }
            let range = j * self.width..(j + 1) * self.width;
            let columns = x0.unsigned_abs()..part.x.end.unsigned_abs();
            let whole_row =
                if self.pixels.is_empty() { pixels.data.row(y.unsigned_abs()) } else { None };
            let values = match whole_row {
                Some(row) => &row[columns],
                None => &self.pixels[range.clone()],
            };
            if let (Some(planes), Noise::Background) = (&mut self.planes, pixels.noise) {
                for (variance, rms) in planes.variance[range.clone()].iter_mut().zip(&self.rms) {
                    *variance = rms * rms;
                }
            }
            let planes = self.planes.as_ref().map(|planes| planes.row(range));
            let row = Row { pixels: values, level: &self.level, rms: &self.rms, planes };
            tally.row(aperture, (y, x0), &mut self.shares, &row, options);
        }
    }
}

impl PlaneBuffers {
    fn new(length: usize) -> Self {
        Self {
            flags: vec![false; length],
            left: vec![Left::Used; length],
            bits: vec![0; length],
            variance: vec![0.0; length],
            gain: vec![0.0; length],
        }
    }

    fn row(&self, range: std::ops::Range<usize>) -> Planes<'_> {
        Planes {
            left: &self.left[range.clone()],
            bits: &self.bits[range.clone()],
            variance: &self.variance[range.clone()],
            gain: &self.gain[range],
        }
    }

    /// Reads all planes under `part`. Not covered is stronger than masked.
    fn fill<S: PixelSource>(&mut self, pixels: &Pixels<'_, S>, part: &PixelBox) -> Result<()> {
        let (rows, width) = part.shape();
        let n = rows * width;
        let unread = |source| Error::Read { window: part.clone(), source };
        self.left.fill(Left::Used);
        if let Some(quality) = pixels.quality {
            quality.source.bits(part, &mut self.bits[..n]).map_err(unread)?;
            mark(&mut self.left, self.bits.iter().map(|b| b & quality.reject != 0), Left::Masked);
        }
        for (mask, reason) in [(pixels.mask, Left::Masked), (pixels.uncovered, Left::Uncovered)] {
            if let Some(mask) = mask {
                read_mask(mask, part, &mut self.flags[..n])?;
                mark(&mut self.left, self.flags[..n].iter().copied(), reason);
            }
        }
        match pixels.noise {
            Noise::Unknown | Noise::Background => {}
            Noise::Uniform(sigma) => self.variance.fill(sigma * sigma),
            Noise::Error(plane) => {
                plane.values(part, &mut self.variance[..n]).map_err(unread)?;
                self.variance
                    .iter_mut()
                    .for_each(|v| *v = if *v < 0.0 { f64::NAN } else { *v * *v });
            }
            Noise::InverseVariance(plane) => {
                plane.values(part, &mut self.variance[..n]).map_err(unread)?;
                mark(&mut self.left, self.variance[..n].iter().map(|w| *w <= 0.0), Left::Uncovered);
                self.variance.iter_mut().for_each(|w| *w = 1.0 / *w);
            }
        }
        match pixels.gain {
            Gain::Unknown => {}
            Gain::Uniform(gain) => self.gain.fill(gain),
            Gain::Plane(plane) => plane.values(part, &mut self.gain[..n]).map_err(unread)?,
        }
        Ok(())
    }
}

fn mark(left: &mut [Left], which: impl Iterator<Item = bool>, reason: Left) {
    for (left, marked) in left.iter_mut().zip(which) {
        if marked {
            *left = reason;
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::aperture::Ellipse;

    #[test]
    fn a_star_over_the_left_edge_keeps_its_centroid() {
        // photutils 3.1 adds the unclipped box's origin here and reports x = -3.07.
        let star = |x: f64, y: f64| (-((x - 1.3).powi(2) + (y - 20.2).powi(2)) / 8.0).exp();
        let image = Array2::from_shape_fn((40, 40), |(y, x)| star(x as f64, y as f64));
        let found = measure(&image, None, &Ellipse::circle((1.3, 20.2), 6.0)).unwrap();
        assert!(
            (found.centroid.x - 1.3).abs() < 0.8 && (found.centroid.y - 20.2).abs() < 0.01,
            "{found:?}"
        );
        assert!(found.flags.contains(Flags::PARTIAL_OVERLAP));
        assert!(found.area < 0.8 * found.geometric_area);
    }

    #[test]
    fn the_error_of_a_circle_takes_squared_shares() {
        // photutils 3.1, and 3.0 with linear shares: r = 3.3 about a pixel's centre, unit noise.
        let image = Array2::from_elem((41, 41), 0.0_f64);
        let circle = crate::aperture::Circle::new((20.0, 20.0), 3.3);
        let ones = Array2::from_elem((41, 41), 1.0_f32);
        for noise in [Noise::Uniform(1.0), Noise::Error(&ones), Noise::InverseVariance(&ones)] {
            let pixels = Pixels { noise, ..Pixels::new(&image) };
            let error = |error_weight, noise_factor| {
                let options = MeasureOptions { error_weight, noise_factor, ..Default::default() };
                measure_in(&pixels, &circle, &options).unwrap().sum_err
            };
            assert!((error(ErrorWeight::Squared, 1.0) - 5.514_462_218_903_408).abs() < 1e-12);
            assert!((error(ErrorWeight::Linear, 1.0) - 5.849_097_707_988_203).abs() < 1e-12);
            assert!((error(ErrorWeight::Squared, 1.5) - 8.271_693_328_355_112).abs() < 1e-12);
        }
    }

    #[test]
    fn the_source_adds_its_own_noise_once() {
        let image = Array2::from_elem((41, 41), 4.0_f32);
        let square = crate::aperture::Rectangle::new((20.0, 20.0), 5.0, 5.0, 0.0);
        let times = Array2::from_elem((41, 41), 10.0_f32);
        for gain in [Gain::Uniform(10.0), Gain::Plane(&times)] {
            let pixels = Pixels { gain, noise: Noise::Uniform(0.2), ..Pixels::new(&image) };
            let options = MeasureOptions { noise_factor: 1.5, ..Default::default() };
            let found = measure_in(&pixels, &square, &options).unwrap();
            let expected = (2.25 * 25.0 * 0.04 + 100.0 / 10.0_f64).sqrt();
            assert!((found.sum_err - expected).abs() < 1e-13, "{found:?}");
            assert!((found.snr - 100.0 / expected).abs() < 1e-12);
        }
    }

    #[test]
    fn pixels_left_out_are_counted_by_reason() {
        let mut image = Array2::from_elem((20, 20), 3.0_f32);
        image[(10, 10)] = f32::INFINITY;
        image[(8, 11)] = 7.0;
        let mut mask = Array2::from_elem((20, 20), false);
        (mask[(9, 10)], mask[(9, 11)]) = (true, true);
        let mut weight = Array2::from_elem((20, 20), 4.0_f32);
        (weight[(9, 11)], weight[(11, 9)]) = (0.0, 0.0);
        let mut quality = Array2::from_elem((20, 20), 0_i16);
        (quality[(11, 11)], quality[(10, 9)]) = (16, 64);
        let pixels = Pixels {
            mask: Some(&mask),
            noise: Noise::InverseVariance(&weight),
            quality: Some(Quality { source: &quality, reject: 16 }),
            ..Pixels::new(&image)
        };
        let square = crate::aperture::Rectangle::new((10.0, 10.0), 5.0, 5.0, 0.0);
        let found = measure_in(&pixels, &square, &MeasureOptions::default()).unwrap();
        assert_eq!((found.n_bad, found.n_non_finite), (5, 1));
        assert_eq!((found.n_masked, found.n_uncovered), (2, 2));
        assert_eq!((found.area, found.sum, found.quality), (20.0, 64.0, 80));
        assert_eq!((found.peak, found.peak_at), (7.0, PixelCoord::new(11.0, 8.0)));
        assert!((found.bad_fraction - 0.2).abs() < 1e-15);
        assert!((found.sum_err - 5.0_f64.sqrt()).abs() < 1e-14);
        let expected = Flags::NON_FINITE_DATA | Flags::MASKED_PIXELS | Flags::UNCOVERED_PIXELS;
        assert_eq!(found.flags, expected);
        let policy = |non_finite| {
            let options = MeasureOptions { non_finite, ..Default::default() };
            measure_in(&pixels, &square, &options).unwrap().sum
        };
        assert!((policy(NonFinite::Rescale) - 80.0).abs() < 1e-13);
        assert!(policy(NonFinite::Propagate).is_nan());
    }

    #[test]
    fn planes_that_make_no_sense_are_named() {
        let image = Array2::from_elem((20, 20), 3.0_f32);
        let small = Array2::from_elem((20, 19), 1.0_f32);
        let circle = crate::aperture::Circle::new((9.0, 9.0), 3.0);
        let error = |noise| {
            let pixels = Pixels { noise, ..Pixels::new(&image) };
            measure_in(&pixels, &circle, &MeasureOptions::default()).unwrap_err().to_string()
        };
        assert!(error(Noise::Error(&small)).contains("the noise must have the image's shape"));
        assert!(error(Noise::Uniform(-1.0)).contains("the noise must be zero or more"));
        assert!(error(Noise::Background).contains("needs a background"));
        let mut bad = Array2::from_elem((20, 20), 1.0_f32);
        bad[(9, 9)] = f32::NAN;
        let pixels = Pixels { noise: Noise::Error(&bad), ..Pixels::new(&image) };
        let found = measure_in(&pixels, &circle, &MeasureOptions::default()).unwrap();
        assert!(found.sum_err.is_nan() && found.sum.is_finite());
        assert_eq!(found.flags, Flags::NON_FINITE_ERROR);
    }

    #[test]
    fn rows_read_in_bands_and_by_threads_give_the_same_bits() {
        let image = Array2::from_shape_fn((900, 900), |(y, x)| ((37 * x + 91 * y) % 101) as f32);
        let double = image.mapv(f64::from);
        let columns = image.t();
        let apertures: Vec<_> = (0..40)
            .map(|i| {
                let place = 20.3 * f64::from(i);
                crate::aperture::Circle::new((place, 500.0), 3.0 + 9.0 * f64::from(i))
            })
            .collect();
        let pixels = Pixels::new(&double);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let all = pool.install(|| measure_all(&pixels, &apertures, &MeasureOptions::default()));
            all.into_iter().map(|m| m.unwrap().sum.to_bits()).collect::<Vec<_>>()
        };
        let serial = run(1);
        assert_eq!(serial, run(2));
        assert_eq!(serial, run(7));
        let turned = columns.to_owned().reversed_axes();
        for (aperture, bits) in apertures.iter().zip(serial) {
            assert_eq!(measure(&image, None, aperture).unwrap().sum.to_bits(), bits);
            assert_eq!(measure(&turned, None, aperture).unwrap().sum.to_bits(), bits);
        }
    }

    #[test]
    fn nan_pixels_leave_sum_and_area_and_are_counted() {
        let mut image = Array2::from_elem((20, 20), 3.0_f32);
        image[(10, 10)] = f32::NAN;
        let circle = Ellipse::circle((10.0, 10.0), 4.0);
        let found = measure(&image, None, &circle).unwrap();
        assert!((found.area - (circle.area() - 1.0)).abs() < 1e-13);
        assert!((found.sum - 3.0 * found.area).abs() < 1e-12);
        assert_eq!((found.n_bad, found.flags), (1, Flags::NON_FINITE_DATA));
    }

    #[test]
    fn nothing_to_measure_is_flagged_and_nan() {
        let image = Array2::from_elem((20, 20), f32::NAN);
        let off = measure(&image, None, &Ellipse::circle((100.0, 5.0), 3.0)).unwrap();
        assert!(off.sum.is_nan() && off.flags == Flags::NO_OVERLAP);
        let blank = measure(&image, None, &Ellipse::circle((5.0, 5.0), 3.0)).unwrap();
        assert!(blank.sum.is_nan() && blank.flags.contains(Flags::ALL_MASKED));
        let image = Array2::from_elem((20, 20), 1.0_f64);
        let tiny = measure(&image, None, &Ellipse::circle((5.4, 5.4), 0.1)).unwrap();
        assert!((tiny.sum - 0.01 * std::f64::consts::PI).abs() < 1e-15);
        assert!(tiny.flags.contains(Flags::NO_PIXELS) && tiny.centroid.x.is_nan());
    }

    #[test]
    fn the_background_is_taken_off_under_the_aperture() {
        use crate::background::{BackgroundOptions, Masks, background};
        let image = Array2::from_shape_fn((200, 200), |(y, x)| {
            5.0 + 0.02 * x as f64 + ((3 * x + 7 * y) % 11) as f64
        });
        let sky = background(&image, Masks::default(), &BackgroundOptions::default()).unwrap();
        let residual = &image - &sky.level.map();
        let circle = Ellipse::circle((93.2, 121.7), 9.0);
        let direct = measure(&image, Some(&sky), &circle).unwrap();
        let subtracted = measure(&residual, None, &circle).unwrap();
        assert!((direct.sum - subtracted.sum).abs() < 1e-9);
        assert!(
            (direct.background_sum - (measure(&image, None, &circle).unwrap().sum - direct.sum))
                .abs()
                < 1e-9
        );
        assert!(direct.background_rms > 1.0);
    }
}
