//! The planes beside the pixels of an image: weights and noise.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use astro_coords::PixelBox;
use clap::ValueEnum;
use cutout::Extension;
use hst_fits::{FitsFile, Hdu};
use photometry::background::Surface;
use photometry::{MaskSource, PixelSource, Plane, QualitySource, SourceError};

use super::Options;
use crate::open;

/// What the numbers of a weight map are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WeightType {
    /// Seconds of exposure (final_wht_type=EXP, of all archive products)
    Exp,
    /// Inverse variances without the source (IVM)
    Ivm,
    /// Inverse variances with the source (ERR)
    Err,
}

/// The EXTNAME of the noise that `hst background` writes.
pub(crate) const BKG_RMS: &str = "BKG_RMS";

/// A plane of a FITS file.
#[derive(Debug)]
pub(crate) struct FilePlane {
    file: Arc<FitsFile>,
    hdu: usize,
    shape: (usize, usize),
}

/// Weights and noise of an image, as far as they are wanted and there.
#[derive(Debug, Default)]
pub(super) struct Planes {
    pub(super) weights: Option<FilePlane>,
    pub(super) rms: Option<FilePlane>,
    /// Quality bits, where they are wanted.
    pub(super) quality: Option<FilePlane>,
    /// What the numbers of `rms` are.
    pub(super) rms_kind: RmsKind,
}

/// What a map of noise holds, by its EXTNAME.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum RmsKind {
    /// Of independent pixels, without the source.
    #[default]
    Independent,
    /// With the source: ERR.
    WithSource,
    /// How the pixels scatter, clipped as it is: BKG_RMS of `hst background`. Drizzled pixels scatter by less than their
    /// noise.
    Scatter,
}

impl Planes {
    /// Those that the options name; else WHT, where the image has one that fits.
    pub(super) fn open(
        file: &Arc<FitsFile>,
        shape: (usize, usize),
        options: &Options,
    ) -> anyhow::Result<Self> {
        let named = |name: &Option<String>, what: &[&str]| {
            name.as_ref().map(|name| FilePlane::named(file, name, what, shape)).transpose()
        };
        let usual =
            |name, wanted: bool| wanted.then(|| FilePlane::beside(file, name, shape)).flatten();
        let weights = named(&options.wht, &["WHT"])?.or_else(|| usual("WHT", options.find_weights));
        let wanted = options.quality || options.dq_bad != 0;
        let quality = named(&options.dq, &["DQ"])?.or_else(|| usual("DQ", wanted));
        let rms = named(&options.rms, &["ERR", "RMS", BKG_RMS])?;
        let rms_kind = rms.as_ref().map(FilePlane::rms_kind).unwrap_or_default();
        Ok(Self { weights, rms, quality, rms_kind })
    }
}

impl FilePlane {
    fn new(file: &Arc<FitsFile>, hdu: &Hdu, shape: (usize, usize)) -> Self {
        Self { file: Arc::clone(file), hdu: hdu.index, shape }
    }

    /// The extension `name` of the image's file, where there is one of its shape.
    pub(crate) fn beside(file: &Arc<FitsFile>, name: &str, shape: (usize, usize)) -> Option<Self> {
        let hdu = file.find(name, None).ok().filter(|hdu| hdu.shape() == Some(shape))?;
        Some(Self::new(file, hdu, shape))
    }

    /// Whether it is that unit of its file.
    pub(crate) fn is(&self, hdu: &Hdu) -> bool {
        self.hdu == hdu.index
    }

    /// `name` is a file, of which the first extension of the names `what` or else the only image is taken, or an extension
    /// of the image.
    fn named(
        image: &Arc<FitsFile>,
        name: &str,
        what: &[&str],
        shape: (usize, usize),
    ) -> anyhow::Result<Self> {
        let path = Path::new(name);
        let is_file = path.is_file() || open::is_remote(path);
        let file = if is_file { Arc::new(open::fits(path)?) } else { Arc::clone(image) };
        let hdu = if is_file {
            match what.iter().find_map(|what| file.find(what, None).ok()) {
                Some(found) => found,
                None => only_image(&file, what)?,
            }
        } else {
            let extension = name.parse::<Extension>().and_then(|wanted| wanted.find(&file));
            extension.with_context(|| format!("{name} is neither a file nor an extension"))?
        };
        match hdu.shape() {
            Some(found) if found == shape => Ok(Self::new(&file, hdu, shape)),
            found => {
                let (place, found) = (hdu.place(), found.unwrap_or_default());
                bail!("{place} has the shape {found:?} and the image {shape:?} (ny, nx)")
            }
        }
    }

    fn rms_kind(&self) -> RmsKind {
        let name = self.file.hdus()[self.hdu].header.find::<String>("EXTNAME").ok().flatten();
        match name.unwrap_or_default().trim().to_ascii_uppercase().as_str() {
            "ERR" => RmsKind::WithSource,
            BKG_RMS => RmsKind::Scatter,
            _ => RmsKind::Independent,
        }
    }

    /// Brings the pixels of `windows` at once, where the file is on a server.
    pub(super) fn prepare(&self, windows: &[PixelBox]) -> hst_fits::Result<()> {
        self.file.prepare(&self.file.hdus()[self.hdu], windows)
    }

    pub(super) fn place(&self) -> &str {
        self.file.hdus()[self.hdu].place()
    }
}

/// The image of a file that has one.
fn only_image<'a>(file: &'a FitsFile, names: &[&str]) -> anyhow::Result<&'a Hdu> {
    let first = file.first_image()?;
    let images = file.hdus().iter().filter(|hdu| hdu.shape().is_some()).count();
    if images > 1 {
        let names = names.join(", ");
        bail!("{} is one of {images} images, and none is called {names}", first.place());
    }
    Ok(first)
}

impl PixelSource for FilePlane {
    type Pixel = f32;

    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn read(&self, window: &PixelBox, out: &mut [f32]) -> Result<(), SourceError> {
        Ok(self.file.read_window(&self.file.hdus()[self.hdu], window, out)?)
    }
}

impl QualitySource for FilePlane {
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn bits(&self, window: &PixelBox, out: &mut [u32]) -> Result<(), SourceError> {
        // Doubles hold all bits of the integers that DQ planes are stored in.
        let mut stored = vec![0.0_f64; out.len()];
        self.file.read_window(&self.file.hdus()[self.hdu], window, &mut stored)?;
        for (to, from) in out.iter_mut().zip(stored) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bits")]
            let bits = from as i64 as u32;
            *to = bits;
        }
        Ok(())
    }
}

/// Where the weight is zero, or none: chip gaps, and outside the footprint.
#[derive(Debug)]
pub(super) struct Uncovered<'a>(pub(super) &'a FilePlane);

impl MaskSource for Uncovered<'_> {
    fn mask(&self, window: &PixelBox, out: &mut [bool]) -> Result<(), SourceError> {
        let mut weights = vec![0.0; out.len()];
        self.0.read(window, &mut weights)?;
        for (out, weight) in out.iter_mut().zip(weights) {
            let covered = weight > 0.0;
            *out |= !covered;
        }
        Ok(())
    }

    fn shape(&self) -> Option<(usize, usize)> {
        Some(self.0.shape)
    }
}

/// Weights times a factor: electrons per unit of the image, from seconds of exposure; or what one over the variance of a
/// sum is, from that of input pixels.
#[derive(Debug)]
pub(super) struct Scaled<'a> {
    pub(super) plane: &'a FilePlane,
    pub(super) factor: f64,
}

impl Plane for Scaled<'_> {
    fn shape(&self) -> (usize, usize) {
        self.plane.shape
    }

    fn values(&self, window: &PixelBox, out: &mut [f64]) -> Result<(), SourceError> {
        self.plane.values(window, out)?;
        // No weight, no noise of the source: the pixel does not count anyway.
        out.iter_mut()
            .for_each(|value| *value = if *value > 0.0 { *value * self.factor } else { 0.0 });
        Ok(())
    }
}

/// How pixels scatter, from what is left of that after clipping.
#[derive(Debug)]
pub(super) struct Unclipped<'a>(pub(super) &'a FilePlane);

impl Plane for Unclipped<'_> {
    fn shape(&self) -> (usize, usize) {
        self.0.shape
    }

    fn values(&self, window: &PixelBox, out: &mut [f64]) -> Result<(), SourceError> {
        self.0.values(window, out)?;
        out.iter_mut().for_each(|sigma| *sigma /= CLIPPED);
        Ok(())
    }
}

/// One over the weights; NaN where there is no exposure.
#[derive(Debug)]
pub(super) struct Inverse<'a>(pub(super) &'a FilePlane);

impl PixelSource for Inverse<'_> {
    type Pixel = f32;

    fn shape(&self) -> (usize, usize) {
        self.0.shape
    }

    fn read(&self, window: &PixelBox, out: &mut [f32]) -> Result<(), SourceError> {
        self.0.read(window, out)?;
        out.iter_mut().for_each(|w| *w = if *w > 0.0 { w.recip() } else { f32::NAN });
        Ok(())
    }
}

/// Standard deviation of normal values of which those beyond three of it are clipped, again and again.
const CLIPPED: f64 = 0.984_846;

/// The scatter of the background; where weights are known, carried from the depth of its boxes to that of each pixel:
/// variances go as one over the exposure.
#[derive(Debug)]
pub(super) struct Scatter<'a> {
    pub(super) rms: &'a Surface,
    /// The weights, and the mean of one over them in the boxes.
    pub(super) depth: Option<(&'a FilePlane, &'a Surface)>,
}

impl Plane for Scatter<'_> {
    fn shape(&self) -> (usize, usize) {
        self.rms.shape()
    }

    fn values(&self, window: &PixelBox, out: &mut [f64]) -> Result<(), SourceError> {
        let width = window.shape().1.max(1);
        for (row, y) in out.chunks_mut(width).zip(window.y.clone()) {
            self.rms.row(y, window.x.start, row);
            row.iter_mut().for_each(|sigma| *sigma /= CLIPPED);
        }
        let Some((weights, mean)) = self.depth else { return Ok(()) };
        let mut weight = vec![0.0; out.len()];
        weights.read(window, &mut weight)?;
        let mut inverse = vec![0.0; width];
        for ((row, weight), y) in
            out.chunks_mut(width).zip(weight.chunks(width)).zip(window.y.clone())
        {
            mean.row(y, window.x.start, &mut inverse);
            for ((sigma, weight), mean) in row.iter_mut().zip(weight).zip(&inverse) {
                let ratio = 1.0 / (f64::from(*weight) * mean);
                if *weight > 0.0 && ratio.is_finite() && ratio > 0.0 {
                    *sigma *= ratio.sqrt();
                }
            }
        }
        Ok(())
    }
}
