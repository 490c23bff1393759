//! One image: which extension holds the pixels, where they are on the sky, what they are worth.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use astro_coords::PixelBox;
use cutout::Extension;
use hst_fits::{FitsFile, Hdu, ImageSpec, Wcs};
use photometry::{PixelSource, SourceError};

use super::calibration::{Calibration, PixelUnit};
use super::exposed::{SAMPLED, fill, samples, tells};
use super::exposures::Exposures;
use super::planes::{FilePlane, Planes};
use super::{MeasuredImage, Options, vintage};
use crate::geometry::RegionImage;
use crate::open;

/// An open image, ready to be measured.
#[derive(Debug)]
pub(crate) struct Image {
    pub(super) path: PathBuf,
    file: Arc<FitsFile>,
    hdu: usize,
    /// `(ny, nx)`
    pub(crate) shape: (usize, usize),
    pub(crate) wcs: Wcs,
    pub(crate) about: MeasuredImage,
    pub(super) planes: Planes,
    /// The value of pixels that no exposure covers, besides NaN, where it should tell them from all others.
    pub(super) fill: Option<f64>,
    /// Output pixel over input pixel, and drop over input pixel, of a drizzled image.
    pub(super) drizzle: Option<(f64, f64)>,
    /// What a user should know about the header.
    pub(crate) warnings: Vec<String>,
}

impl Image {
    /// Opens the file and reads its headers; no pixel is read yet.
    pub(crate) fn open(path: &Path, options: &Options) -> anyhow::Result<Self> {
        let file = open::fits_until(path, |hdus| is_enough(hdus, options))?;
        let mut warnings = Vec::new();
        let hdu = pixels(&file, options.extension.as_ref(), &mut warnings)?;
        let shape =
            hdu.shape().with_context(|| format!("there is no 2-D image in {}", hdu.place()))?;
        let wcs = file.wcs(hdu, None)?;
        let spec = ImageSpec::of(&file, hdu);
        let drizzle = drizzle(&file, &spec);
        let fill = fill(&file, hdu, &spec);
        let mut about = about(path, &file, hdu, spec, options, &mut warnings);
        let hdu = hdu.index;
        let file = Arc::new(file);
        let planes = Planes::open(&file, shape, options)?;
        let place = |plane: &Option<FilePlane>| plane.as_ref().map(|p| p.place().to_owned());
        about.provenance["weights"] = place(&planes.weights).into();
        about.footprint = wcs.footprint(shape);
        about.provenance["noise"] = place(&planes.rms).into();
        if planes.quality.is_some() {
            about.provenance["quality"] = place(&planes.quality).into();
        }
        let path = path.to_owned();
        // Weights of a user's own may leave out more than was not exposed.
        let fill = fill.filter(|_| options.find_weights && options.wht.is_none());
        if let (Some(fill), None) = (fill, &planes.weights) {
            warnings.push(format!("there is no WHT: pixels of {fill} count as not exposed"));
        }
        Ok(Self { path, hdu, shape, wcs, about, planes, fill, drizzle, warnings, file })
    }

    /// Brings the pixels of `windows`, and what lies beside those of `beside`, at once where the file is on a server.
    pub(super) fn prepare(
        &self,
        windows: &[PixelBox],
        beside: &[PixelBox],
    ) -> hst_fits::Result<()> {
        self.file.prepare(&self.file.hdus()[self.hdu], windows)?;
        let planes = [&self.planes.weights, &self.planes.rms, &self.planes.quality];
        planes.into_iter().flatten().try_for_each(|plane| plane.prepare(beside))
    }

    /// The value that tells what no exposure covers, if it does so in some rows of the image and its weights; without
    /// weights there is nothing else to tell.
    pub(super) fn told_fill(&self) -> anyhow::Result<Option<f64>> {
        let (Some(fill), Some(weights)) = (self.fill, &self.planes.weights) else {
            return Ok(self.fill);
        };
        let rows: Vec<_> = samples(self.shape, SAMPLED).collect();
        self.file.prepare(&self.file.hdus()[self.hdu], &rows)?;
        weights.prepare(&rows)?;
        let told = tells(self, weights, fill).map_err(|error| anyhow::anyhow!(error))?;
        Ok(told.then_some(fill))
    }

    /// All coordinate systems that a region may name.
    pub(super) fn axes(&self) -> RegionImage {
        let hdu = &self.file.hdus()[self.hdu];
        // They were read when the image was opened, or it would not be open.
        let tables = self.file.lookup_tables(hdu).unwrap_or_default();
        RegionImage::new(self.wcs.clone(), &hdu.header, &tables, self.shape)
    }
}

/// Whether the image is among the units, and its weights where they are wanted.
fn is_enough(hdus: &[Hdu], options: &Options) -> bool {
    let there = |name: &str| hdus.iter().any(|hdu| hdu.name.eq_ignore_ascii_case(name));
    let weights = options.wht.is_none() && (!options.find_weights || there("WHT"));
    options.rms.is_none() && weights && holds(hdus, options.extension.as_ref())
}

/// Whether [`pixels`] finds its unit among these as among all.
pub(crate) fn holds(hdus: &[Hdu], wanted: Option<&Extension>) -> bool {
    match wanted {
        Some(Extension::Number(number)) => hdus.len() > *number,
        Some(name) => hdus.iter().any(|hdu| name.is(hdu)),
        None => hdus.iter().any(|hdu| hdu.name.eq_ignore_ascii_case("SCI")),
    }
}

/// Scale and pixfrac of drizzle; an input scale that the header lacks counts as that of the output.
fn drizzle(file: &FitsFile, spec: &ImageSpec) -> Option<(f64, f64)> {
    let input = file.primary().find::<f64>("D001ISCL").ok().flatten();
    let scale = spec.drizzle_scale.zip(input).map_or(1.0, |(output, input)| output / input);
    let valid = |value: &f64| *value > 0.0 && value.is_finite();
    Some((Some(scale).filter(valid)?, spec.pixfrac.filter(valid)?))
}

/// The extension asked for; else SCI; else the first 2-D image, with a warning.
pub(crate) fn pixels<'a>(
    file: &'a FitsFile,
    wanted: Option<&Extension>,
    warnings: &mut Vec<String>,
) -> cutout::Result<&'a Hdu> {
    match wanted {
        Some(wanted) => wanted.find(file),
        None => file.find("SCI", None).or_else(|_| {
            let found = file.first_image()?;
            if file.hdus().len() > 1 {
                warnings.push(format!("there is no SCI extension; taking {}", found.index));
            }
            Ok(found)
        }),
    }
}

fn about(
    path: &Path,
    file: &FitsFile,
    hdu: &Hdu,
    spec: ImageSpec,
    options: &Options,
    warnings: &mut Vec<String>,
) -> MeasuredImage {
    if !spec.missing.is_empty() {
        warnings.push(format!("{} missing from the headers", spec.missing.join(", ")));
    }
    warnings.extend(vintage::warnings(file, &open::name(path), &spec.spec));
    let bunit = options.bunit.clone().or_else(|| spec.bunit.clone());
    let unit = bunit.as_deref().and_then(PixelUnit::of_bunit);
    if unit.is_none() {
        let found = bunit.as_deref().unwrap_or("missing");
        warnings.push(format!("BUNIT is {found}: no fluxes and magnitudes without --bunit"));
    }
    let calibration = Calibration::of_spec(&spec, unit, options.zero_point);
    if unit.is_some() && calibration.ujy.is_nan() {
        warnings.push("no magnitudes: PHOTFLAM, PHOTPLAM or EXPTIME is missing or zero".to_owned());
    }
    MeasuredImage {
        name: open::name(path),
        exposures: Exposures::of(file, &spec),
        spec: spec.spec,
        exposure_s: spec.exposure_s.unwrap_or(f64::NAN),
        mjd: spec.expstart_mjd.unwrap_or(f64::NAN),
        calibration,
        footprint: None,
        provenance: serde_json::json!({
            "file": path.display().to_string(),
            "bytes": file.bytes(),
            "extension": hdu.index,
            "bunit": bunit,
        }),
    }
}

/// The pixels, read where they are asked for: the image is never held as a whole.
impl PixelSource for Image {
    type Pixel = f32;

    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn read(&self, window: &PixelBox, out: &mut [f32]) -> Result<(), SourceError> {
        Ok(self.file.read_window(&self.file.hdus()[self.hdu], window, out)?)
    }
}
