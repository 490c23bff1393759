use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, bail};
use clap::ValueEnum;
use ds9_regions::{Mode, Region, RegionFile, Style};

use super::rows::table;
use crate::console::{Console, Outcome};
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

/// Reads `path` and writes its regions in another form; bad statements are named and left out.
pub(crate) fn convert(
    path: &Path,
    target: Target,
    out: Option<&Path>,
    overwrite: bool,
    console: &Console,
) -> anyhow::Result<Outcome> {
    if let Some(out) = out.filter(|out| out.exists() && !overwrite) {
        bail!("{} exists; add --overwrite to replace it", out.display());
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.display().to_string();
    let file = RegionFile::parse(&bytes, Mode::Recover);
    for error in file.errors() {
        console.problem(error.render_named(&bytes, &name).trim_start_matches("error").trim_end());
    }
    let (text, unwritten) = match target {
        Target::Csv => (as_table(&file, Format::Csv)?, 0),
        Target::Json => (as_table(&file, Format::Json)?, 0),
        Target::Ds9 => as_regions(&file, Style::Ds9, &name, console)?,
        Target::Canonical => as_regions(&file, Style::Canonical, &name, console)?,
        Target::Line => as_regions(&file, Style::OneLine, &name, console)?,
    };
    match out {
        Some(out) => write_aside(out, |file| file.write_all(&text))?,
        None => io::stdout().lock().write_all(&text)?,
    }
    let lost = file.error_count() + unwritten;
    Ok(match (file.regions().len() - unwritten, lost) {
        (0, 1..) => Outcome::Nothing,
        (_, 0) => Outcome::Complete,
        _ => Outcome::Partial,
    })
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
            Err(error) => console.problem(&format!(
                "{name}:{}: {} not written: {}; `--to canonical` keeps it as it is",
                region.line(),
                region.shape.name(),
                error.problem
            )),
        }
    }
    let lost = file.regions().len() - kept.len();
    Ok((RegionFile::from_iter(kept).to_text(style)?.into_bytes(), lost))
}
