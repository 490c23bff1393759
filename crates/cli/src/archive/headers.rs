//! What a file's own headers say, in the archive's words.

use std::path::Path;

use hst_fits::{FitsFile, Hdu, ImageSpec};
use mast_client::{Cause, FileCheck, Observation, polygon_text};

/// Endings of names of drizzled products that are planes of their own: no images to measure.
const PLANES: [&str; 6] = ["wht", "ctx", "exp", "rms", "seg", "msk"];
/// Endings of names that tell the kind of product.
const KINDS: [&str; 8] = ["drc", "drz", "flc", "flt", "crj", "crc", "raw", "sci"];

/// The observation a file is; `None` where it has no image with a place on the sky.
pub(crate) fn read_image(path: &Path) -> Result<Option<Observation>, Cause> {
    if PLANES.contains(&kind(path).as_str()) {
        return Ok(None);
    }
    let file = FitsFile::open(path)?;
    let Some(hdu) = image(&file) else { return Ok(None) };
    Ok(observation(path, &file, hdu))
}

/// The same without a footprint, for images that were named by hand: whatever cannot be read is empty.
pub(crate) fn described(path: &Path) -> Observation {
    let file = crate::open::fits(path).ok();
    let found = file.as_ref().and_then(|file| Some((file, image(file)?)));
    let mut row = found.map(|(file, hdu)| from_spec(file, hdu)).unwrap_or_default();
    row.obs_id = obs_id(path).as_str().into();
    row
}

fn image(file: &FitsFile) -> Option<&Hdu> {
    let science = file.find("SCI", None).ok().filter(|hdu| hdu.shape().is_some());
    science.or_else(|| file.first_image().ok())
}

fn observation(path: &Path, file: &FitsFile, hdu: &Hdu) -> Option<Observation> {
    let shape = hdu.shape()?;
    let wcs = file.wcs(hdu, None).ok()?;
    let corners = wcs.footprint(shape)?;
    let middle =
        astro_coords::PixelCoord::new((shape.1 as f64 - 1.0) / 2.0, (shape.0 as f64 - 1.0) / 2.0);
    let center = wcs.to_sky(middle)?;
    let written = text(file, hdu, "S_REGION").filter(|text| {
        let parsed = text.parse::<astro_coords::Footprint>();
        parsed.is_ok_and(|outline| outline.distance(center) <= wcs.pixel_scale() * diagonal(shape))
    });
    let mut row = from_spec(file, hdu);
    row.obs_id = obs_id(path).as_str().into();
    row.s_ra = center.ra.wrapped().degrees().into();
    row.s_dec = center.dec.degrees().into();
    row.s_region = written.unwrap_or_else(|| polygon_text(&corners)).as_str().into();
    Some(row)
}

/// An outline that lies farther from the image than the image is wide belongs to another one.
fn diagonal(shape: (usize, usize)) -> f64 {
    (shape.0 as f64).hypot(shape.1 as f64)
}

fn from_spec(file: &FitsFile, hdu: &Hdu) -> Observation {
    let found = ImageSpec::of(file, hdu);
    let mut row = Observation::default();
    let words = &found.spec;
    if !words.telescope.is_empty() {
        row.obs_collection = words.telescope.as_str().into();
    }
    row.instrument_name = format!("{}/{}", words.instrument, words.detector).as_str().into();
    row.filters = words.filter.as_str().into();
    let number = |value: Option<f64>| value.filter(|value| value.is_finite());
    if let Some(exposure) = number(found.exposure_s) {
        row.t_exptime = exposure.into();
    }
    if let Some(start) = number(found.expstart_mjd) {
        row.t_min = start.into();
        row.t_max = number(found.expend_mjd).unwrap_or(start).into();
    }
    for (field, keyword) in [
        (&mut row.target_name, "TARGNAME"),
        (&mut row.proposal_id, "PROPOSID"),
        (&mut row.proposal_pi, "PR_INV_L"),
    ] {
        if let Some(value) = text(file, hdu, keyword) {
            *field = value.as_str().into();
        }
    }
    row
}

/// A value as text, from the extension or else the primary header; numbers too.
fn text(file: &FitsFile, hdu: &Hdu, keyword: &str) -> Option<String> {
    [&hdu.header, file.primary()].into_iter().find_map(|header| {
        let text = header.find::<String>(keyword).ok().flatten();
        let number = || header.find::<i64>(keyword).ok().flatten().map(|n| n.to_string());
        text.or_else(number).filter(|value| !value.trim().is_empty())
    })
}

fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.split_once('.').map_or(name.clone(), |(stem, _)| stem.to_owned())
}

/// The last word of the name, as `drc`.
pub(super) fn kind(path: &Path) -> String {
    stem(path).rsplit('_').next().unwrap_or_default().to_ascii_lowercase()
}

/// The name of the observation: the file's without its ending and without the word for the kind of product.
fn obs_id(path: &Path) -> String {
    let stem = stem(path);
    if !KINDS.contains(&kind(path).as_str()) {
        return stem;
    }
    stem.rsplit_once('_').map_or(stem.clone(), |(name, _)| name.to_owned())
}

/// Refuses a download whose FITS structure does not end where the file does.
pub(super) fn check() -> FileCheck {
    FileCheck::new(|path: &Path| if is_fits(path) { whole(path).map(drop) } else { Ok(()) })
}

/// Vouches for a file that another program left: its structure is whole, and its data have the sums it carries.
pub(super) fn vouch() -> FileCheck {
    FileCheck::new(|path: &Path| if is_fits(path) { sums_are_right(&whole(path)?) } else { Ok(()) })
}

fn is_fits(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.split(".part-").next().unwrap_or_default();
    name.ends_with(".fits") || name.ends_with(".fit")
}

fn whole(path: &Path) -> Result<FitsFile, Cause> {
    let file = FitsFile::open(path)?;
    let (end, bytes) = (file.structure_bytes(), file.bytes());
    if end > bytes {
        return Err(format!("its headers announce {end} bytes, there are {bytes}").into());
    }
    match file.damage() {
        Some(damage) => Err(damage.to_string().into()),
        None => Ok(file),
    }
}

fn sums_are_right(file: &FitsFile) -> Result<(), Cause> {
    for hdu in file.hdus() {
        if file.datasum_is_right(hdu)? == Some(false) {
            return Err(format!("the data of {} do not sum to DATASUM", hdu.place()).into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hst_fits::{Checksums, Header, Pixels, WriteOptions, write_images_with};

    /// Runs a check as the download does: its result under a name that tells what the file will be.
    fn refused(path: &Path, check: fn(&FitsFile) -> Result<(), Cause>) -> Option<String> {
        let looked = whole(path).and_then(|file| check(&file));
        looked.err().map(|cause| cause.to_string())
    }

    #[test]
    fn what_is_cut_or_damaged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a_drc.fits");
        let pixels = vec![1.5_f32; 3000];
        let mut science = Header::new();
        science.set("EXTNAME", "SCI", "");
        let units = [
            (&Header::new(), Pixels::None),
            (&science, Pixels::F32((50, 60), &pixels[..])),
            (&science, Pixels::F32((50, 60), &pixels[..])),
        ];
        write_images_with(&path, &units, WriteOptions { checksums: Checksums::Write }).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(refused(&path, sums_are_right), None);
        let write = |bytes: &[u8]| std::fs::write(&path, bytes).unwrap();
        write(&bytes[..bytes.len() - 2880]);
        let announced = format!("its headers announce {} bytes", bytes.len());
        assert!(refused(&path, |_| Ok(())).unwrap().starts_with(&announced));
        // A pixel: only the sum tells.
        let mut other = bytes.clone();
        other[bytes.len() - 5760] ^= 1;
        write(&other);
        assert_eq!(refused(&path, |_| Ok(())), None);
        assert!(refused(&path, sums_are_right).unwrap().ends_with("do not sum to DATASUM"));
        // The header of the last extension.
        let mut other = bytes.clone();
        let header = bytes.len() - 2880 * 6;
        assert!(other[header..].starts_with(b"XTENSION"));
        other[header + 80..header + 88].copy_from_slice(b"BITPIXXX");
        write(&other);
        assert!(refused(&path, |_| Ok(())).is_some());
        write(b"SIMPLE  = nothing");
        assert!(refused(&path, |_| Ok(())).is_some());
    }
}
