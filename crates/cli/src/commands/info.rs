//! `hst info`: what is in an image.

mod text;
mod weight;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hst_fits::{FitsFile, Hdu, HduKind, Header, ImageSpec};
use serde_json::{Value, json};

use crate::catalog::{Calibration, PixelUnit, ZeroPoint};
use crate::console::{Console, Outcome};

/// Show what is in FITS images: extensions, specification, coordinates, units and zero points
///
/// Only headers are read, and the weight map once for RMS/median: STScI wants it below about 0.2 for an
/// evenly exposed drizzled image.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  hst info image_drc.fits\n  hst info *_drc.fits --json")]
pub(crate) struct Args {
    /// FITS files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut shown = 0;
    for path in &args.files {
        match describe(path) {
            Ok(info) => {
                if let Some(damage) = info["damage"].as_str() {
                    console.warning(damage);
                }
                if console.json {
                    writeln!(out, "{info}")?;
                } else {
                    out.write_all(text::of(&info).as_bytes())?;
                }
            }
            Err(error) => {
                console.problem(&format!("{error:#}"));
                continue;
            }
        }
        shown += 1;
    }
    out.flush()?;
    Ok(match shown {
        0 => Outcome::Nothing,
        n if n < args.files.len() => Outcome::Partial,
        _ => Outcome::Complete,
    })
}

/// Everything about one file, as one object.
fn describe(path: &Path) -> anyhow::Result<Value> {
    let file = crate::open::fits(path)?;
    let hdus: Vec<_> = file.hdus().iter().map(hdu).collect();
    let mut info = json!({"file": path.display().to_string(), "bytes": file.bytes(), "hdus": hdus});
    info["damage"] = damage(&file).into();
    let image = file.find("SCI", None).ok().filter(|hdu| hdu.shape().is_some());
    if let Some(image) = image.or_else(|| file.first_image().ok()) {
        info["image"] = image_info(&file, image);
    }
    Ok(info)
}

/// What keeps the file from being whole.
fn damage(file: &FitsFile) -> Option<String> {
    let place = || file.path().display().to_string();
    let found = file.damage().map(ToString::to_string);
    let (expected, bytes) = (file.structure_bytes(), file.bytes());
    let cut = (bytes < expected)
        .then(|| format!("cut short, {bytes} of {expected} bytes are there: {}", place()));
    found.or(cut)
}

fn hdu(hdu: &Hdu) -> Value {
    let kind = match hdu.kind {
        HduKind::Empty => "empty",
        HduKind::Image => "image",
        HduKind::Table => "table",
        HduKind::Other => "other",
    };
    json!({"index": hdu.index, "name": hdu.name, "version": hdu.version, "kind": kind,
           "bitpix": hdu.bitpix.code(), "axes": hdu.axes, "compressed": compression(hdu),
           "cards": hdu.header.cards().len()})
}

fn compression(hdu: &Hdu) -> Option<String> {
    hdu.is_compressed().then(|| hdu.stored_header().find("ZCMPTYPE").ok().flatten()).flatten()
}

/// What the image that `hst catalog` would measure is.
fn image_info(file: &FitsFile, hdu: &Hdu) -> Value {
    let spec = ImageSpec::of(file, hdu);
    let unit = spec.bunit.as_deref().and_then(PixelUnit::of_bunit);
    let calibration = Calibration::of_spec(&spec, unit, ZeroPoint::Exact);
    let finite = |value: f64| value.is_finite().then_some(value);
    let st = spec.photflam.filter(|flam| *flam > 0.0).map(|flam| -2.5 * flam.log10() - 21.1);
    let weight = file.find("WHT", Some(hdu.version)).ok();
    let evenness = weight.map_or(Ok(None), |map| weight::rms_over_median(file, map));
    json!({
        "extension": hdu.index,
        "spec": spec.spec.to_string(),
        "missing": spec.missing,
        "exposure_s": spec.exposure_s,
        "expstart_mjd": spec.expstart_mjd,
        "expend_mjd": spec.expend_mjd,
        "bunit": spec.bunit,
        "unit_known": unit.is_some(),
        "gain": spec.gain,
        "photflam": spec.photflam,
        "photplam": spec.photplam,
        "ab_zeropoint": finite(calibration.ab_zeropoint),
        "st_zeropoint": st,
        "pixfrac": spec.pixfrac,
        "drizzle_scale_arcsec": spec.drizzle_scale,
        "wcs": wcs_info(file, hdu),
        "weight_rms_over_median": evenness.as_ref().ok().copied().flatten(),
        "weight_error": evenness.as_ref().err().map(ToString::to_string),
    })
}

fn wcs_info(file: &FitsFile, hdu: &Hdu) -> Value {
    let shape = hdu.shape().unwrap_or_default();
    let wcs = match file.wcs(hdu, None) {
        Ok(wcs) => wcs,
        Err(error) => return json!({"error": format!("{:#}", anyhow::Error::from(error))}),
    };
    let middle =
        astro_coords::PixelCoord::new((shape.1 as f64 - 1.0) / 2.0, (shape.0 as f64 - 1.0) / 2.0);
    let degrees = |place: astro_coords::SkyCoord| [place.ra.degrees(), place.dec.degrees()];
    json!({
        "name": wcs.name(),
        "frame": frame(&hdu.header),
        "projection": hdu.header.find::<String>("CTYPE1").ok().flatten(),
        "distortion": distortion(&hdu.header),
        "alternates": alternates(&hdu.header),
        "pixel_scale_arcsec": wcs.pixel_scales().map(|scale| scale.arcsec()),
        "y_position_angle_deg": wcs.y_position_angle(middle).map(|angle| angle.degrees()),
        "center_deg": wcs.to_sky(middle).map(degrees),
        "footprint_deg": wcs.footprint(shape).map(|corners| corners.map(degrees)),
    })
}

/// The header's own words for its frame.
fn frame(header: &Header) -> Option<String> {
    let word = header.find::<String>("RADESYS").ok().flatten();
    let equinox = header.find::<f64>("EQUINOX").ok().flatten();
    match (word, equinox) {
        (Some(word), Some(equinox)) if word.trim() != "ICRS" => Some(format!("{word} {equinox}")),
        (Some(word), _) => Some(word),
        (None, equinox) => equinox.map(|equinox| format!("equinox {equinox}")),
    }
}

fn distortion(header: &Header) -> Vec<&'static str> {
    const KINDS: [(&str, [&str; 2]); 3] = [
        ("SIP", ["A_ORDER", "B_ORDER"]),
        ("D2IM", ["D2IMDIS1", "D2IMDIS2"]),
        ("CPDIS", ["CPDIS1", "CPDIS2"]),
    ];
    let has = |keywords: &[&str; 2]| keywords.iter().any(|keyword| header.card(keyword).is_some());
    KINDS.iter().filter(|(_, keywords)| has(keywords)).map(|(kind, _)| *kind).collect()
}

/// The letters of further descriptions, each with its name.
fn alternates(header: &Header) -> Vec<String> {
    let named = |letter: char| {
        header.card(&format!("CTYPE1{letter}"))?;
        let name = header.find::<String>(&format!("WCSNAME{letter}")).ok().flatten();
        Some(name.map_or_else(|| letter.to_string(), |name| format!("{letter} {name}")))
    };
    ('A'..='Z').filter_map(named).collect()
}
