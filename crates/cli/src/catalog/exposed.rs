//! An image as its background sees it: what no exposure covers does not count.

use astro_coords::PixelBox;
use hst_fits::{FitsFile, Hdu, ImageSpec};
use photometry::{MaskSource, Pixel, PixelSource, SourceError};

use super::planes::{FilePlane, Uncovered};

/// Detectors that count photons: a pixel of no counts is as good as another.
const COUNTERS: [&str; 3] = ["SBC", "FUV-MAMA", "NUV-MAMA"];

/// The pixels, those that were never exposed as NaN where their values tell them.
///
/// Drizzle writes NaN or one number where no input has weight, so that the weights, as many bytes again, need not be read
/// for a mesh over the whole image. The weights are asked where that is not so: images that were not drizzled or were
/// changed since, weights that a user names, and detectors whose exposed pixels are often zero too.
#[derive(Debug)]
pub(crate) struct Exposed<'a, S: PixelSource> {
    image: &'a S,
    fill: Option<S::Pixel>,
    uncovered: Option<Uncovered<'a>>,
}

impl<'a, S: PixelSource> Exposed<'a, S> {
    /// `fill` is what [`fill`] found and [`tells`] confirmed; without it `weights` tell.
    pub(crate) fn new(image: &'a S, fill: Option<f64>, weights: Option<&'a FilePlane>) -> Self {
        let uncovered = weights.filter(|_| fill.is_none()).map(Uncovered);
        Self { image, fill: fill.map(S::Pixel::from_f64), uncovered }
    }

    /// The pixels of no weight, where the weights are needed to tell.
    pub(crate) fn uncovered(&self) -> Option<&dyn MaskSource> {
        self.uncovered.as_ref().map(|uncovered| uncovered as _)
    }
}

impl<S: PixelSource> PixelSource for Exposed<'_, S> {
    type Pixel = S::Pixel;

    fn shape(&self) -> (usize, usize) {
        self.image.shape()
    }

    fn read(&self, window: &PixelBox, out: &mut [S::Pixel]) -> Result<(), SourceError> {
        self.image.read(window, out)?;
        if let Some(fill) = self.fill {
            let nan = S::Pixel::from_f64(f64::NAN);
            out.iter_mut().for_each(|pixel| *pixel = if *pixel == fill { nan } else { *pixel });
        }
        Ok(())
    }
}

/// Where an image without weights is NaN or `fill`.
#[derive(Debug)]
pub(super) struct Filled<'a, S> {
    pub(super) image: &'a S,
    pub(super) fill: f64,
}

impl<S: PixelSource> MaskSource for Filled<'_, S> {
    fn mask(&self, window: &PixelBox, out: &mut [bool]) -> Result<(), SourceError> {
        let (fill, mut pixels) =
            (S::Pixel::from_f64(self.fill), vec![S::Pixel::default(); out.len()]);
        self.image.read(window, &mut pixels)?;
        for (out, pixel) in out.iter_mut().zip(pixels) {
            *out |= pixel == fill || pixel.to_f64().is_nan();
        }
        Ok(())
    }

    fn shape(&self) -> Option<(usize, usize)> {
        Some(self.image.shape())
    }
}

/// What drizzle wrote where nothing was exposed, beside NaN: D001FVAL, 0 where that names no number. `None` where values do
/// not tell.
pub(crate) fn fill(file: &FitsFile, hdu: &Hdu, spec: &ImageSpec) -> Option<f64> {
    let counts = COUNTERS.contains(&spec.spec.detector.as_str());
    // Dithered tiles do not keep a number exactly.
    let exact = hdu.bitpix.is_float() && !hdu.is_compressed();
    if spec.pixfrac.is_none() || counts || !exact {
        return None;
    }
    let written = file.primary().find::<f64>("D001FVAL").ok().flatten();
    Some(written.filter(|fill| fill.is_finite()).unwrap_or(0.0))
}

/// The middle rows of so many parts of an image.
pub(super) fn samples((ny, nx): (usize, usize), parts: usize) -> impl Iterator<Item = PixelBox> {
    let row = move |k: usize| ((2 * k + 1) * ny / (2 * parts)).cast_signed();
    (0..parts.min(ny)).map(move |k| PixelBox::new(0..nx.cast_signed(), row(k)..row(k) + 1))
}

/// Rows in which [`tells`] looks.
pub(super) const SAMPLED: usize = 9;

/// Whether the pixels of no weight, and only they, are NaN or `fill` in some rows: not so where something was subtracted
/// since the image was drizzled.
pub(crate) fn tells<S: PixelSource>(
    image: &S,
    weights: &FilePlane,
    fill: f64,
) -> Result<bool, SourceError> {
    let (shape, fill) = (image.shape(), S::Pixel::from_f64(fill));
    let (mut pixels, mut covered) = (vec![S::Pixel::default(); shape.1], vec![0.0; shape.1]);
    for row in samples(shape, SAMPLED) {
        image.read(&row, &mut pixels)?;
        weights.read(&row, &mut covered)?;
        // An exposed pixel may have no number either.
        let agree = |(pixel, weight): (&S::Pixel, &f32)| {
            let is_fill = *pixel == fill;
            if *weight > 0.0 { !is_fill } else { is_fill || pixel.to_f64().is_nan() }
        };
        if !pixels.iter().zip(&covered).all(agree) {
            return Ok(false);
        }
    }
    Ok(true)
}
