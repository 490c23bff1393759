//! An image as its background sees it: what no exposure covers does not count.

use astro_coords::PixelBox;
use hst_fits::{FitsFile, Hdu, ImageSpec};
use photometry::{MaskSource, Pixel, PixelSource, SourceError};

use super::image::Image;
use super::planes::{FilePlane, Uncovered};

/// Detectors that count photons: a pixel of no counts is as good as another.
const COUNTERS: [&str; 3] = ["SBC", "FUV-MAMA", "NUV-MAMA"];

/// The pixels, those that were never exposed as NaN where their values tell them.
///
/// Drizzle writes NaN or one number where no input has weight, so that the weights, as many bytes again, need not be read
/// for a mesh over the whole image. The weights are asked where that is not so: images that were not drizzled, weights
/// that a user names, and detectors whose exposed pixels are often zero too.
#[derive(Debug)]
pub(crate) struct Exposed<'a, S: PixelSource> {
    image: &'a S,
    fill: Option<S::Pixel>,
    uncovered: Option<Uncovered<'a>>,
}

impl<'a, S: PixelSource> Exposed<'a, S> {
    /// `fill` is what [`fill`] found; without it `weights` tell.
    pub(crate) fn new(image: &'a S, fill: Option<f32>, weights: Option<&'a FilePlane>) -> Self {
        let uncovered = weights.filter(|_| fill.is_none()).map(Uncovered);
        Self { image, fill: fill.map(|fill| S::Pixel::from_f64(fill.into())), uncovered }
    }

    /// The pixels of no weight, where the weights are needed to tell.
    pub(crate) fn uncovered(&self) -> Option<&dyn MaskSource> {
        self.uncovered.as_ref().map(|uncovered| uncovered as _)
    }
}

impl Image {
    pub(super) fn exposed(&self) -> Exposed<'_, Self> {
        Exposed::new(self, self.fill, self.planes.weights.as_ref())
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

/// What drizzle wrote where nothing was exposed, beside NaN: D001FVAL, 0 where that names no number. `None` where values do
/// not tell.
pub(crate) fn fill(file: &FitsFile, hdu: &Hdu, spec: &ImageSpec) -> Option<f32> {
    let counts = COUNTERS.contains(&spec.spec.detector.as_str());
    // Dithered tiles do not keep a number exactly.
    let exact = hdu.bitpix.is_float() && !hdu.is_compressed();
    if spec.pixfrac.is_none() || counts || !exact {
        return None;
    }
    let written = file.primary().find::<f64>("D001FVAL").ok().flatten();
    #[expect(clippy::cast_possible_truncation, reason = "as it is stored")]
    let fill = written.filter(|fill| fill.is_finite()).unwrap_or(0.0) as f32;
    Some(fill)
}
