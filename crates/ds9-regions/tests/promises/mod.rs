//! What reading and writing promise for any bytes; the fuzz targets use the same file.

use ds9_regions::{ItemKind, Mode, RegionFile, Style};

/// Everything that holds of any bytes.
pub(crate) fn check(bytes: &[u8]) -> Result<(), String> {
    for mode in [Mode::Strict, Mode::Default, Mode::Recover] {
        let file = RegionFile::parse(bytes, mode);
        if file.verbatim(bytes, |_| true) != bytes {
            return Err(format!("{mode:?}: verbatim differs"));
        }
        // Not all can be written so: DS9 saves all in one frame.
        let _ = (file.to_text(Style::Ds9), file.to_text(Style::OneLine));
        if mode == Mode::Strict {
            continue;
        }
        let text = file.to_text(Style::Canonical).map_err(|error| error.to_string())?;
        let again = RegionFile::parse(text.as_bytes(), Mode::Default);
        if let Some(error) = again.errors().first() {
            return Err(format!("{mode:?}: {text}\n{}", error.render(text.as_bytes())));
        }
        for (a, b) in file.regions().iter().zip(again.regions()) {
            if !a.same_as(b) {
                return Err(format!("{mode:?}: {a:#?}\n{b:#?}\n{text}"));
            }
        }
        if file.regions().len() != again.regions().len() {
            return Err(format!("{mode:?}: another number of regions\n{text}"));
        }
        let twice = again.to_string();
        if twice != text {
            return Err(format!("{mode:?}: no fixed point\n{text}\n{twice}"));
        }
    }
    bad_statements_stand_alone(bytes)
}

/// Without the statements that cannot be read, the rest is what it was.
fn bad_statements_stand_alone(bytes: &[u8]) -> Result<(), String> {
    let file = RegionFile::parse(bytes, Mode::Recover);
    if file.errors().is_empty() {
        return Ok(());
    }
    let good = file.verbatim(bytes, |item| item.kind != ItemKind::Error);
    let again = RegionFile::parse(&good, Mode::Recover);
    let same = file.regions().len() == again.regions().len()
        && file.regions().iter().zip(again.regions()).all(|(a, b)| a.same_as(b));
    if same && again.errors().is_empty() {
        return Ok(());
    }
    Err(format!("without its errors another file: {}", good.escape_ascii()))
}
