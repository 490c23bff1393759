use std::fmt;

use astro_coords::PixelBox;
use ndarray::{ArrayBase, Data, Ix2, s};

use crate::{Background, Error, MaskSource, PixelSource, Result, SourceError};

/// A plane of numbers beside the pixels, read window by window: errors, weights, gains. Every [`PixelSource`] is one.
pub trait Plane: Sync {
    /// Shape of the plane, `(ny, nx)`: the image's.
    fn shape(&self) -> (usize, usize);

    /// Writes the numbers of `window`, row by row, to `out`, which has just that length.
    ///
    /// # Errors
    /// When the window is not wholly in the plane, or cannot be read.
    fn values(&self, window: &PixelBox, out: &mut [f64]) -> Result<(), SourceError>;
}

impl<S: PixelSource> Plane for S {
    fn shape(&self) -> (usize, usize) {
        PixelSource::shape(self)
    }

    fn values(&self, window: &PixelBox, out: &mut [f64]) -> Result<(), SourceError> {
        let mut pixels = vec![S::Pixel::default(); out.len()];
        self.read(window, &mut pixels)?;
        for (to, from) in out.iter_mut().zip(&pixels) {
            *to = crate::Pixel::to_f64(*from);
        }
        Ok(())
    }
}

/// A plane of bits that say what is wrong with a pixel (DQ), read window by window.
pub trait QualitySource: Sync {
    /// Shape of the plane, `(ny, nx)`: the image's.
    fn shape(&self) -> (usize, usize);

    /// Writes the bits of `window`, row by row, to `out`, which has just that length.
    ///
    /// # Errors
    /// When the window is not wholly in the plane, or cannot be read.
    fn bits(&self, window: &PixelBox, out: &mut [u32]) -> Result<(), SourceError>;
}

impl<T: Copy + Into<i64> + Sync, S: Data<Elem = T> + Sync> QualitySource for ArrayBase<S, Ix2> {
    fn shape(&self) -> (usize, usize) {
        self.dim()
    }

    fn bits(&self, window: &PixelBox, out: &mut [u32]) -> Result<(), SourceError> {
        if !PixelBox::of_shape(self.dim()).contains_box(window) {
            return Err("the window reaches outside the quality array".into());
        }
        for (to, from) in out.iter_mut().zip(&self.slice(s![window.y.clone(), window.x.clone()])) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bits")]
            let bits = (*from).into() as u32;
            *to = bits;
        }
        Ok(())
    }
}

/// Noise of one pixel without the light of the source itself, in the image's unit.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub enum Noise<'a> {
    /// Not known: `sum_err` holds the source's own noise, if a gain is given, and else is NaN.
    #[default]
    Unknown,
    /// The same standard deviation everywhere.
    Uniform(f64),
    /// The standard deviation of each pixel (an ERR plane).
    Error(&'a dyn Plane),
    /// 1/σ² of each pixel (a WHT plane of inverse variances); a pixel of weight zero or less is not covered.
    InverseVariance(&'a dyn Plane),
    /// The background's own scatter, evaluated under the aperture.
    Background,
    /// The scatter of the pixels in the annulus, for [`crate::measure_with_sky`].
    LocalSky,
}

/// Electrons per unit of the image, for the source's own noise.
#[derive(Clone, Copy, Default)]
pub enum Gain<'a> {
    /// No noise of the source.
    #[default]
    Unknown,
    /// The same everywhere: the exposure time in seconds, for electrons per second.
    Uniform(f64),
    /// Of each pixel: effective exposure seconds (WHT of type EXP); zero means no noise of the source there.
    Plane(&'a dyn Plane),
}

/// Quality bits, and which of them make a pixel unusable.
#[derive(Clone, Copy)]
pub struct Quality<'a> {
    /// The bits.
    pub source: &'a dyn QualitySource,
    /// A pixel with one of these bits is left out, and counted as masked.
    pub reject: u32,
}

/// An image and what is known of its pixels. All planes have the image's shape.
#[derive(Clone, Copy)]
pub struct Pixels<'a, S> {
    /// The image.
    pub data: &'a S,
    /// Subtracted from every pixel.
    pub background: Option<&'a Background>,
    /// Noise of a pixel without the source.
    pub noise: Noise<'a>,
    /// Electrons per unit.
    pub gain: Gain<'a>,
    /// Pixels to leave out.
    pub mask: Option<&'a dyn MaskSource>,
    /// Pixels that no exposure covers (chip gaps, outside the footprint): left out, counted apart.
    pub uncovered: Option<&'a dyn MaskSource>,
    /// Quality bits.
    pub quality: Option<Quality<'a>>,
}

impl<'a, S: PixelSource> Pixels<'a, S> {
    /// An image of which nothing else is known.
    pub fn new(data: &'a S) -> Self {
        Self {
            data,
            background: None,
            noise: Noise::Unknown,
            gain: Gain::Unknown,
            mask: None,
            uncovered: None,
            quality: None,
        }
    }

    /// # Errors
    /// When a plane has another shape than the image, or a number makes no sense.
    pub(crate) fn check(&self, options: &MeasureOptions) -> Result<()> {
        let image = self.data.shape();
        let same = |what, found: Option<(usize, usize)>| match found {
            Some(found) if found != image => Err(Error::Shape { what, image, found }),
            _ => Ok(()),
        };
        let noise = match self.noise {
            Noise::Error(plane) | Noise::InverseVariance(plane) => Some(plane.shape()),
            _ => None,
        };
        same("the noise", noise)?;
        if let Gain::Plane(plane) = self.gain {
            same("the gain", Some(plane.shape()))?;
        }
        same("the mask", self.mask.and_then(MaskSource::shape))?;
        same("the coverage", self.uncovered.and_then(MaskSource::shape))?;
        same("the quality", self.quality.map(|q| q.source.shape()))?;
        let positive = |name, value: f64| {
            let fits = value >= 0.0 && value.is_finite();
            if fits {
                Ok(())
            } else {
                Err(Error::OutOfRange { name, allowed: "zero or more", value })
            }
        };
        if matches!(self.noise, Noise::Background) && self.background.is_none() {
            return Err(Error::NoBackground);
        }
        if matches!(self.noise, Noise::LocalSky) {
            return Err(Error::NoLocalSky);
        }
        if let Noise::Uniform(sigma) = self.noise {
            positive("the noise", sigma)?;
        }
        if let Gain::Uniform(gain) = self.gain {
            positive("the gain", gain)?;
        }
        positive("the noise factor", options.noise_factor)
    }

    /// Whether something is known of the noise.
    pub(super) fn has_errors(&self) -> bool {
        !matches!((self.noise, self.gain), (Noise::Unknown, Gain::Unknown))
    }

    /// Whether no plane beside the image and its background is read.
    pub(super) fn is_plain(&self, options: &MeasureOptions) -> bool {
        let alone = self.mask.is_none() && self.uncovered.is_none() && self.quality.is_none();
        let noise = matches!(self.noise, Noise::Unknown | Noise::Uniform(_));
        let gain = match self.gain {
            Gain::Unknown => true,
            Gain::Uniform(_) => options.source_noise == SourceNoise::OfTheSum,
            Gain::Plane(_) => false,
        };
        alone && noise && gain
    }
}

/// What becomes of pixels that are NaN or infinite; they are counted in any case. Masked and uncovered pixels are
/// always left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NonFinite {
    /// Left out of sum and area (photutils' `ApertureStats`); the sum lacks their light.
    #[default]
    LeaveOut,
    /// Left out with the masked ones, and sum and error scaled to the area on the image: as if the pixels left out were
    /// like the others (SEP's rule for masked pixels).
    Rescale,
    /// One makes the sum NaN (photutils' `aperture_photometry`).
    Propagate,
}

/// How the share f of a pixel enters the variance of the sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorWeight {
    /// Σ f²σ², the variance of Σ f·d for independent pixels; photutils from 3.1 on.
    #[default]
    Squared,
    /// Σ f σ², which is too large: photutils to 3.0, and SEP.
    Linear,
}

/// Where negative light is set to zero before it becomes the source's noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SourceNoise {
    /// In the sum: max(Σ f² v/g, 0). Noise of the sky cancels, as it should.
    #[default]
    OfTheSum,
    /// In each pixel: Σ f² max(v, 0)/g, as photutils' `calc_total_error`. Sky noise alone gives σ/√(2π) per pixel.
    OfEachPixel,
}

/// What is found of an aperture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Find {
    /// Everything.
    #[default]
    All,
    /// Sums, errors, areas, counts and flags; centroid and peak are NaN. The same numbers, in less time.
    Sums,
}

/// How to measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasureOptions {
    /// What is found.
    pub find: Find,
    /// What becomes of pixels that are not finite.
    pub non_finite: NonFinite,
    /// How shares enter the error.
    pub error_weight: ErrorWeight,
    /// How the source's own noise is taken.
    pub source_noise: SourceNoise,
    /// Multiplies the noise of the sky in the sum, not that of the source: see [`crate::noise::drizzle_factor`].
    /// Default 1.
    pub noise_factor: f64,
}

impl Default for MeasureOptions {
    fn default() -> Self {
        Self {
            find: Find::default(),
            non_finite: NonFinite::default(),
            error_weight: ErrorWeight::default(),
            source_noise: SourceNoise::default(),
            noise_factor: 1.0,
        }
    }
}

impl fmt::Debug for Noise<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("Unknown"),
            Self::Uniform(sigma) => f.debug_tuple("Uniform").field(sigma).finish(),
            Self::Error(plane) => f.debug_tuple("Error").field(&plane.shape()).finish(),
            Self::InverseVariance(plane) => {
                f.debug_tuple("InverseVariance").field(&plane.shape()).finish()
            }
            Self::Background => f.write_str("Background"),
            Self::LocalSky => f.write_str("LocalSky"),
        }
    }
}

impl fmt::Debug for Gain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("Unknown"),
            Self::Uniform(gain) => f.debug_tuple("Uniform").field(gain).finish(),
            Self::Plane(plane) => f.debug_tuple("Plane").field(&plane.shape()).finish(),
        }
    }
}

impl fmt::Debug for Quality<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = self.source.shape();
        f.debug_struct("Quality").field("shape", &shape).field("reject", &self.reject).finish()
    }
}

impl<S: PixelSource> fmt::Debug for Pixels<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pixels")
            .field("shape", &self.data.shape())
            .field("noise", &self.noise)
            .field("gain", &self.gain)
            .field("quality", &self.quality)
            .finish_non_exhaustive()
    }
}
