//! The description of a file for people.

use std::fmt::Write as _;

use serde_json::Value;

/// What `describe` found, a line a fact; what a header does not say has no line.
pub(super) fn of(info: &Value) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}  {} bytes", plain(&info["file"]), info["bytes"]);
    for hdu in info["hdus"].as_array().into_iter().flatten() {
        let axes: Vec<_> =
            hdu["axes"].as_array().into_iter().flatten().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "  {:>2}  {:<10} {:>2}  {:<6} {:>4}  {:<14} {} cards{}",
            hdu["index"],
            plain(&hdu["name"]),
            hdu["version"],
            plain(&hdu["kind"]),
            hdu["bitpix"],
            axes.join(" x "),
            hdu["cards"],
            hdu["compressed"].as_str().map(|method| format!(", {method}")).unwrap_or_default()
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
    line("start", with_unit(&image["expstart_mjd"], "MJD"));
    line("unit", plain(&image["bunit"]));
    line("gain", plain(&image["gain"]));
    line("AB zero point", with_unit(&image["ab_zeropoint"], "mag"));
    line("ST zero point", with_unit(&image["st_zeropoint"], "mag"));
    line("PHOTFLAM", plain(&image["photflam"]));
    line("PHOTPLAM", with_unit(&image["photplam"], "Angstrom"));
    line("pixfrac", plain(&image["pixfrac"]));
    line("drizzled to", with_unit(&image["drizzle_scale_arcsec"], "arcsec"));
    let wcs = &image["wcs"];
    line("no coordinates", plain(&wcs["error"]));
    line(
        "projection",
        format!("{} {}", plain(&wcs["projection"]), plain(&wcs["frame"])).trim().to_owned(),
    );
    line("coordinates", plain(&wcs["name"]));
    line("distortion", list(&wcs["distortion"], ", "));
    line("alternates", list(&wcs["alternates"], ", "));
    line(
        "pixel scale",
        list(&wcs["pixel_scale_arcsec"], " x ")
            + if wcs["error"].is_null() { " arcsec" } else { "" },
    );
    line("position angle of y", with_unit(&wcs["y_position_angle_deg"], "deg"));
    line("centre", list(&wcs["center_deg"], " "));
    for corner in wcs["footprint_deg"].as_array().into_iter().flatten() {
        line("corner", list(corner, " "));
    }
    line("weight RMS/median", plain(&image["weight_rms_over_median"]));
    line("no weights", plain(&image["weight_error"]));
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
