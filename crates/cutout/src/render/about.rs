use astro_coords::{Angle, SkyCoord};

/// What is written into a picture's file: where it comes from and what it shows.
///
/// # Source
/// The keys of astrocut 1.4.0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct About {
    /// The images' names; those of a colour picture red, green, blue.
    pub inputs: Vec<String>,
    /// The middle of the picture.
    pub center: Option<SkyCoord>,
    /// The size of a pixel.
    pub scale: Option<Angle>,
}

impl About {
    /// Keys and values for a picture of `shape`.
    pub(crate) fn entries(&self, (ny, nx): (usize, usize)) -> Vec<(&'static str, String)> {
        let mut entries = Vec::new();
        match self.inputs.as_slice() {
            [] => (),
            [one] => entries.push(("input_file", one.clone())),
            several => entries.push(("input_files", several.join(", "))),
        }
        entries.push(("cutout_size_x_pix", nx.to_string()));
        entries.push(("cutout_size_y_pix", ny.to_string()));
        if let Some(scale) = self.scale {
            entries.push(("pixel_scale_arcsec_per_pix", (scale.degrees() * 3600.0).to_string()));
        }
        if let Some(center) = self.center {
            entries.push(("center_ra_deg", center.ra.degrees().to_string()));
            entries.push(("center_dec_deg", center.dec.degrees().to_string()));
        }
        entries.push(("origin", "hst".to_owned()));
        entries.push(("version", env!("CARGO_PKG_VERSION").to_owned()));
        entries
    }

    /// The same as one JSON object, ASCII only.
    pub(crate) fn json(&self, shape: (usize, usize)) -> String {
        let entries = self.entries(shape);
        let pairs =
            entries.iter().map(|(key, value)| format!("{}: {}", quoted(key), quoted(value)));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for unit in text.encode_utf16() {
        match char::from_u32(unit.into()) {
            Some(c @ ('"' | '\\')) => out.extend(['\\', c]),
            Some(c @ ' '..='~') => out.push(c),
            _ => out.push_str(&format!("\\u{unit:04x}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_holds_any_name() {
        let name = "a\"b\\c\n\u{e9}\u{1f52d}.fits";
        let about = About { inputs: vec![name.to_owned()], ..About::default() };
        let json: serde_json::Value = serde_json::from_str(&about.json((2, 3))).unwrap();
        assert_eq!(json["input_file"], name);
        assert_eq!(
            (&json["cutout_size_x_pix"], &json["cutout_size_y_pix"]),
            (&"3".into(), &"2".into())
        );
        let about = About { inputs: ["r", "g", "b"].map(str::to_owned).to_vec(), ..about };
        assert!(about.json((2, 3)).starts_with(r#"{"input_files": "r, g, b""#));
    }
}
