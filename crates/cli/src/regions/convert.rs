use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, bail};
use clap::ValueEnum;
use ds9_regions::{
    ConvertError, Format as RegionFormat, Frame, ImageFrame, Region, RegionFile, Style,
};

use super::rows::table;
use crate::console::{Console, Outcome};
use crate::geometry::RegionImage;
use crate::output::write_aside;
use crate::table::Format;

/// What a region file is converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// As DS9 saves it, rounded as DS9 rounds
    Ds9,
    /// A region file with every number exact and one statement a line
    Canonical,
    /// Shapes only, in one line, for `xpaset` and friends
    Line,
    /// A table, one region a row
    Csv,
    /// The same table as JSON
    Json,
}

/// Where the regions shall be.
#[derive(Debug, Default)]
pub(crate) struct Place<'a> {
    /// Their frame; each its own where none is given.
    pub(crate) frame: Option<Frame>,
    /// The image that knows the way between pixels and sky.
    pub(crate) image: Option<&'a Path>,
}

/// Reads `path` and writes its regions in another form; bad statements are named and left out.
pub(crate) fn convert(
    path: &Path,
    from: Option<RegionFormat>,
    target: Target,
    place: &Place<'_>,
    out: Option<&Path>,
    overwrite: bool,
    console: &Console,
) -> anyhow::Result<Outcome> {
    if let Some(out) = out.filter(|out| out.exists() && !overwrite) {
        bail!("{} exists; add --overwrite to replace it", out.display());
    }
    let target = if console.json && out.is_none() { Target::Json } else { target };
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.display().to_string();
    let file = super::parse(&bytes, from);
    for error in file.errors() {
        console.problem(error.render_named(&bytes, &name).trim_start_matches("error").trim_end());
    }
    let errors = file.error_count();
    let (file, off) = moved(file, target, place, &name, console)?;
    let (text, unwritten) = match target {
        Target::Csv => (as_table(&file, Format::Csv)?, 0),
        Target::Json => (as_table(&file, Format::Json)?, 0),
        Target::Ds9 => as_regions(&file, Style::Ds9, &name, console)?,
        Target::Canonical => as_regions(&file, Style::Canonical, &name, console)?,
        Target::Line => as_regions(&file, Style::OneLine, &name, console)?,
    };
    let lost = errors + off + unwritten;
    let kept = file.regions().len() - unwritten;
    if kept == 0 && lost > 0 {
        return Ok(Outcome::Nothing);
    }
    match out {
        Some(out) => {
            write_aside(out, |file| file.write_all(&text))?;
            if console.json {
                io::stdout().lock().write_all(&as_table(&file, Format::Json)?)?;
            }
        }
        None => io::stdout().lock().write_all(&text)?,
    }
    Ok(if lost == 0 { Outcome::Complete } else { Outcome::Partial })
}

/// The file with its regions in the frame asked for, and how many cannot be there.
///
/// What is written as DS9 does is carried as DS9 does, with north and the size of a pixel at the centre of the
/// image; the rest with those where each region is.
fn moved(
    file: RegionFile,
    target: Target,
    place: &Place<'_>,
    name: &str,
    console: &Console,
) -> anyhow::Result<(RegionFile, usize)> {
    if place.frame.is_none() && place.image.is_none() {
        return Ok((file, 0));
    }
    let image = place.image.map(RegionImage::read).transpose()?;
    let image = image.as_ref().map(|image| match target {
        Target::Ds9 | Target::Line => ImageFrame::as_ds9(image),
        Target::Canonical | Target::Csv | Target::Json => ImageFrame::new(image),
    });
    let (mut kept, mut off) = (Vec::with_capacity(file.regions().len()), 0);
    for region in file.regions() {
        match region.in_frame(place.frame.unwrap_or(region.frame), image.as_ref()) {
            Ok(region) => kept.push(region),
            Err(error) => {
                off += 1;
                let hint = match error {
                    ConvertError::NeedsImage { .. } => "; give one with `--wcs IMAGE`",
                    _ => "",
                };
                let (line, shape) = (region.line(), region.shape.name());
                console.problem(&format!("{name}:{line}: {shape} not converted: {error}{hint}"));
            }
        }
    }
    Ok((RegionFile::from_iter(kept), off))
}

fn as_table(file: &RegionFile, format: Format) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    table(file).write(format, &mut text)?;
    Ok(text)
}

/// The text of all regions that have one in `style`, and how many have none.
fn as_regions(
    file: &RegionFile,
    style: Style,
    name: &str,
    console: &Console,
) -> anyhow::Result<(Vec<u8>, usize)> {
    if let Ok(text) = file.to_text(style) {
        return Ok((text.into_bytes(), 0));
    }
    let mut kept: Vec<Region> = Vec::new();
    for region in file.regions() {
        match RegionFile::from_iter([region.clone()]).to_text(style) {
            Ok(_) => kept.push(region.clone()),
            Err(error) => {
                let exact = RegionFile::from_iter([region.clone()]).to_text(Style::Canonical);
                let hint = if exact.is_ok() { "; `--to canonical` keeps it as it is" } else { "" };
                console.problem(&format!(
                    "{name}:{}: {} not written: {}{hint}",
                    region.line(),
                    region.shape.name(),
                    error.problem
                ));
            }
        }
    }
    let lost = file.regions().len() - kept.len();
    Ok((RegionFile::from_iter(kept).to_text(style)?.into_bytes(), lost))
}
