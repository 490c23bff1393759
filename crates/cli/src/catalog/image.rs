//! One image: which extension holds the pixels, where they are on the sky, what they are worth.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;
use astro_coords::PixelBox;
use hst_fits::{FitsFile, Hdu, ImageSpec, LookupTables, Wcs};
use photometry::{PixelSource, SourceError};

use super::calibration::{Calibration, PixelUnit};
use super::{MeasuredImage, Options};
use crate::geometry::RegionImage;

/// An extension as the command line names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Extension {
    Name(String),
    Number(usize),
}

impl FromStr for Extension {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.parse().map_or_else(|_| Self::Name(text.to_owned()), Self::Number))
    }
}

/// An open image, ready to be measured.
#[derive(Debug)]
pub(crate) struct Image {
    pub(super) path: PathBuf,
    file: FitsFile,
    hdu: usize,
    /// `(ny, nx)`
    pub(crate) shape: (usize, usize),
    pub(crate) wcs: Wcs,
    pub(crate) about: MeasuredImage,
    /// What a user should know about the header.
    pub(crate) warnings: Vec<String>,
}

impl Image {
    /// Opens the file and reads its headers; no pixel is read yet.
    pub(crate) fn open(path: &Path, options: &Options) -> anyhow::Result<Self> {
        let file = FitsFile::open(path)?;
        let mut warnings = Vec::new();
        let hdu = pixels(&file, options.extension.as_ref(), &mut warnings)?;
        let shape =
            hdu.shape().with_context(|| format!("there is no 2-D image in {}", hdu.place()))?;
        let wcs = file.wcs(hdu, None)?;
        let spec = ImageSpec::of(&file, hdu);
        let about = about(path, &file, hdu, spec, options, &mut warnings);
        let path = path.to_owned();
        Ok(Self { path, hdu: hdu.index, shape, wcs, about, warnings, file })
    }

    /// All coordinate systems that a region may name.
    pub(super) fn axes(&self) -> RegionImage {
        let header = &self.file.hdus()[self.hdu].header;
        RegionImage::new(self.wcs.clone(), header, &LookupTables::default(), self.shape)
    }
}

/// The extension asked for; else SCI; else the first 2-D image, with a warning.
pub(crate) fn pixels<'a>(
    file: &'a FitsFile,
    wanted: Option<&Extension>,
    warnings: &mut Vec<String>,
) -> hst_fits::Result<&'a Hdu> {
    match wanted {
        Some(Extension::Name(name)) => file.find(name, None),
        Some(Extension::Number(number)) => file.hdu(*number),
        None => file.find("SCI", None).or_else(|_| {
            let found = file.first_image()?;
            if file.hdus().len() > 1 {
                warnings.push(format!("there is no SCI extension; measuring {}", found.index));
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
        name: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        spec: spec.spec,
        exposure_s: spec.exposure_s.unwrap_or(f64::NAN),
        mjd: spec.expstart_mjd.unwrap_or(f64::NAN),
        calibration,
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
