//! A region file becomes the sources to be measured.

use std::path::Path;

use anyhow::Context;
use astro_coords::{Angle, SkyCoord};
use ds9_regions::{Mode, Region, RegionFile, Shape};

use super::Source;
use crate::console::Console;

/// The sources of a region file, and what was wrong with the rest of it.
#[derive(Debug, Default)]
pub(crate) struct Regions {
    pub(crate) sources: Vec<Source>,
    /// One text for each statement that is not a region DS9 would load, with its line and a caret.
    errors: Vec<String>,
    /// One text for each region that cannot be measured.
    skipped: Vec<String>,
    warnings: Vec<String>,
}

impl Regions {
    /// Whether everything in the file is measured.
    pub(crate) fn is_complete(&self) -> bool {
        self.errors.is_empty() && self.skipped.is_empty()
    }

    /// Tells the user what is left out and why.
    pub(crate) fn report(&self, console: &Console) {
        for text in self.errors.iter().chain(&self.skipped) {
            console.problem(text);
        }
        for text in &self.warnings {
            console.warning(text);
        }
    }
}

/// Reads a region file; a bad line is reported and the others are kept.
pub(crate) fn read_sources(path: &Path) -> anyhow::Result<Regions> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file = RegionFile::parse(&bytes, Mode::Recover);
    let name = path.display();
    let mut regions = Regions {
        errors: file.errors().iter().map(|e| located(path, e, &bytes)).collect(),
        warnings: file.warnings().iter().map(|w| format!("{name}:{w}")).collect(),
        ..Regions::default()
    };
    for (i, region) in file.regions().iter().enumerate() {
        match source(i + 1, region) {
            Ok(source) => regions.sources.push(source),
            Err(problem) => {
                let shape = region.shape.name();
                regions
                    .skipped
                    .push(format!("{name}:{}: {shape} not measured: {problem}", region.line()));
            }
        }
    }
    Ok(regions)
}

/// `FILE:LINE:COLUMN`, then the message with its source line and caret.
fn located(path: &Path, error: &ds9_regions::Diagnostic, bytes: &[u8]) -> String {
    let rendered = error.render(bytes);
    format!("{}:{}:{}\n{}", path.display(), error.line, error.column, rendered.trim_end())
}

fn source(number: usize, region: &Region) -> Result<Source, &'static str> {
    let Shape::Circle { center, radius } = &region.shape else {
        return Err("only circles are measured so far");
    };
    if !region.include() {
        return Err("an excluded region is no source");
    }
    let on_sky = "its position is in pixels; save the file in icrs or fk5";
    let center: SkyCoord = center.to_icrs().ok_or(on_sky)?;
    let radius = radius.angle().ok_or("its radius is in pixels; save it in arcsec")?;
    if radius <= Angle::ZERO {
        return Err("its radius is zero");
    }
    Ok(Source {
        region: i64::try_from(number).unwrap_or(i64::MAX),
        id: region
            .text()
            .filter(|text| !text.is_empty())
            .map_or_else(|| number.to_string(), str::to_owned),
        center,
        radius,
    })
}
