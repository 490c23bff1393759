//! `hst info`: what is in an image.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use astro_coords::PixelBox;
use hst_fits::{FitsFile, Hdu, HduKind, ImageSpec, LookupTables, Wcs};
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
            Ok(info) if console.json => writeln!(out, "{info}")?,
            Ok(info) => out.write_all(as_text(&info).as_bytes())?,
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
    let file = FitsFile::open(path)?;
    let hdus: Vec<_> = file.hdus().iter().map(hdu).collect();
    let mut info = json!({"file": path.display().to_string(), "bytes": file.bytes(), "hdus": hdus});
    let image = file.find("SCI", None).ok().filter(|hdu| hdu.shape().is_some());
    if let Some(image) = image.or_else(|| file.first_image().ok()) {
        info["image"] = image_info(&file, image)?;
    }
    Ok(info)
}

fn hdu(hdu: &Hdu) -> Value {
    let kind = match hdu.kind {
        HduKind::Empty => "empty",
        HduKind::Image => "image",
        HduKind::Table => "table",
        HduKind::Other => "other",
    };
    json!({"index": hdu.index, "name": hdu.name, "version": hdu.version, "kind": kind,
           "bitpix": hdu.bitpix.code(), "axes": hdu.axes, "cards": hdu.header.cards().len()})
}

/// What the image that `hst catalog` would measure is.
fn image_info(file: &FitsFile, hdu: &Hdu) -> anyhow::Result<Value> {
    let spec = ImageSpec::of(file, hdu);
    let unit = spec.bunit.as_deref().and_then(PixelUnit::of_bunit);
    let calibration = Calibration::of_spec(&spec, unit, ZeroPoint::Exact);
    let finite = |value: f64| value.is_finite().then_some(value);
    let st = spec.photflam.filter(|flam| *flam > 0.0).map(|flam| -2.5 * flam.log10() - 21.1);
    let weight = file.find("WHT", Some(hdu.version)).ok();
    Ok(json!({
        "extension": hdu.index,
        "spec": spec.spec.to_string(),
        "missing": spec.missing,
        "exposure_s": spec.exposure_s,
        "expstart_mjd": spec.expstart_mjd,
        "bunit": spec.bunit,
        "unit_known": unit.is_some(),
        "gain": spec.gain,
        "photflam": spec.photflam,
        "photplam": spec.photplam,
        "ab_zeropoint": finite(calibration.ab_zeropoint),
        "st_zeropoint": st,
        "pixfrac": spec.pixfrac,
        "drizzle_scale_arcsec": spec.drizzle_scale,
        "wcs": wcs_info(hdu),
        "weight_rms_over_median": weight.map(|weight| rms_over_median(file, weight)).transpose()?.flatten(),
    }))
}

fn wcs_info(hdu: &Hdu) -> Value {
    let shape = hdu.shape().unwrap_or_default();
    let wcs = match Wcs::from_keywords(&hdu.header, None, &LookupTables::default()) {
        Ok(wcs) => wcs,
        Err(error) => return json!({"error": error.to_string()}),
    };
    let middle =
        astro_coords::PixelCoord::new((shape.1 as f64 - 1.0) / 2.0, (shape.0 as f64 - 1.0) / 2.0);
    let corners =
        wcs.footprint(shape).map(|corners| corners.map(|c| [c.ra.degrees(), c.dec.degrees()]));
    json!({
        "name": wcs.name(),
        "frame": hdu.header.find::<String>("RADESYS").ok().flatten(),
        "projection": hdu.header.find::<String>("CTYPE1").ok().flatten(),
        "pixel_scale_arcsec": wcs.pixel_scales().map(|scale| scale.arcsec()),
        "y_position_angle_deg": wcs.y_position_angle(middle).map(|angle| angle.degrees()),
        "footprint_deg": corners,
    })
}

/// Rows of a weight map read at once.
const ROWS: isize = 64;

/// RMS about the mean over median of the exposed pixels of a weight map.
fn rms_over_median(file: &FitsFile, hdu: &Hdu) -> anyhow::Result<Option<f64>> {
    let Some((ny, nx)) = hdu.shape() else { return Ok(None) };
    let whole = PixelBox::of_shape((ny, nx));
    let mut exposed: Vec<f32> = Vec::new();
    let mut y = 0;
    while let Some(band) = whole.intersect(&PixelBox::new(whole.x.clone(), y..y + ROWS)) {
        let mut pixels = vec![0.0_f32; band.shape().0 * nx];
        file.read_window(hdu, &band, &mut pixels)?;
        exposed.extend(pixels.iter().filter(|weight| **weight > 0.0 && weight.is_finite()));
        y += ROWS;
    }
    if exposed.is_empty() {
        return Ok(None);
    }
    let n = exposed.len();
    let mean = exposed.iter().map(|&weight| f64::from(weight)).sum::<f64>() / n as f64;
    let variance =
        exposed.iter().map(|&weight| (f64::from(weight) - mean).powi(2)).sum::<f64>() / n as f64;
    let (_, median, _) = exposed.select_nth_unstable_by(n / 2, f32::total_cmp);
    Ok(Some(variance.sqrt() / f64::from(*median)))
}

/// The same for people.
fn as_text(info: &Value) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}  {} bytes", plain(&info["file"]), info["bytes"]);
    for hdu in info["hdus"].as_array().into_iter().flatten() {
        let axes: Vec<_> =
            hdu["axes"].as_array().into_iter().flatten().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "  {:>2}  {:<10} {:>2}  {:<6} {:>4}  {:<14} {} cards",
            hdu["index"],
            plain(&hdu["name"]),
            hdu["version"],
            plain(&hdu["kind"]),
            hdu["bitpix"],
            axes.join(" x "),
            hdu["cards"]
        );
    }
    let image = &info["image"];
    if image.is_null() {
        text.push_str("  no 2-D image\n");
        return text;
    }
    let mut line = |label: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "  {label:<18} {value}");
        }
    };
    line("specification", plain(&image["spec"]));
    line("missing", list(&image["missing"], ", "));
    line("exposure", with_unit(&image["exposure_s"], "s"));
    line("unit", plain(&image["bunit"]));
    line("AB zero point", with_unit(&image["ab_zeropoint"], "mag"));
    line("ST zero point", with_unit(&image["st_zeropoint"], "mag"));
    line("PHOTFLAM", plain(&image["photflam"]));
    line("PHOTPLAM", with_unit(&image["photplam"], "Angstrom"));
    line("pixfrac", plain(&image["pixfrac"]));
    let wcs = &image["wcs"];
    line("no coordinates", plain(&wcs["error"]));
    line(
        "projection",
        format!("{} {}", plain(&wcs["projection"]), plain(&wcs["frame"])).trim().to_owned(),
    );
    line(
        "pixel scale",
        list(&wcs["pixel_scale_arcsec"], " x ")
            + if wcs["error"].is_null() { " arcsec" } else { "" },
    );
    line("position angle of y", with_unit(&wcs["y_position_angle_deg"], "deg"));
    for corner in wcs["footprint_deg"].as_array().into_iter().flatten() {
        line("corner", list(corner, " "));
    }
    line("weight RMS/median", plain(&image["weight_rms_over_median"]));
    text
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            number.as_f64().filter(|_| number.is_f64()).map_or_else(|| number.to_string(), rounded)
        }
        other => other.to_string(),
    }
}

/// Eight significant digits are enough to look at.
fn rounded(value: f64) -> String {
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        let decimals = (7.0 - value.abs().max(1e-3).log10().floor()).clamp(0.0, 10.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10")]
        let text = format!("{value:.*}", decimals as usize);
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    } else {
        format!("{value:e}")
    }
}

fn list(values: &Value, separator: &str) -> String {
    values.as_array().into_iter().flatten().map(plain).collect::<Vec<_>>().join(separator)
}

fn with_unit(value: &Value, unit: &str) -> String {
    if value.is_null() { String::new() } else { format!("{} {unit}", plain(value)) }
}
