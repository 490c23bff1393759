//! Images to cutouts on disk: what is written where, and what is said of it.

mod many;
mod name;
mod positions;

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use astro_coords::SkyCoord;
use cutout::{CutOptions, Cutout, Size, cut, write_cutouts};
use serde_json::{Value, json};

use crate::console::{Console, Outcome};

pub(crate) use many::{Form, Many};
pub(crate) use name::{DEFAULT_NAME, Fields, NAME_IN_ARCHIVE, NAME_OF_MANY, Template, harmless};

/// Where cutouts go.
#[derive(Debug)]
pub(crate) struct Destination {
    /// This file, when there is one.
    pub(crate) file: Option<PathBuf>,
    pub(crate) folder: PathBuf,
    pub(crate) template: Template,
    pub(crate) overwrite: bool,
}

impl Destination {
    /// The path for a cutout with these properties that is none of `taken`.
    fn path(&self, fields: &Fields<'_>, taken: &mut HashSet<PathBuf>) -> PathBuf {
        let path = match &self.file {
            Some(file) => file.clone(),
            None => {
                let paths = (1..).map(|n| self.folder.join(self.template.name(fields, n)));
                paths.into_iter().find(|path| !taken.contains(path)).unwrap_or_default()
            }
        };
        taken.insert(path.clone());
        path
    }

    /// Fails where something would be lost: an old file, or an image that is being cut.
    fn check(&self, path: &Path, sources: &[PathBuf]) -> anyhow::Result<()> {
        if !path.exists() {
            return Ok(());
        }
        if !self.overwrite {
            bail!("{} exists; add --overwrite to replace it", path.display());
        }
        let real = |path: &Path| path.canonicalize().ok();
        if sources.iter().any(|source| real(source) == real(path)) {
            bail!("{} is one of the images", path.display());
        }
        Ok(())
    }
}

/// What is cut.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) files: &'a [PathBuf],
    pub(crate) at: SkyCoord,
    pub(crate) size: Size,
    pub(crate) options: &'a CutOptions,
}

/// What was done so far.
#[derive(Default)]
struct Summary {
    written: Vec<Value>,
    skipped: Vec<Value>,
    /// Extensions that are missing in a cutout.
    incomplete: bool,
}

impl Job<'_> {
    /// A file an image.
    pub(crate) fn to_many(&self, to: &Destination, console: &Console) -> anyhow::Result<Outcome> {
        let mut summary = Summary::default();
        let mut taken = HashSet::new();
        if let Some(file) = &to.file {
            to.check(file, self.files)?;
        }
        for source in self.files {
            let written = self.cut(source).and_then(|cutout| {
                let path = self.path(source, &cutout, to, &mut taken);
                to.check(&path, self.files)?;
                cutout.write(&path)?;
                Ok((path, cutout))
            });
            match written {
                Ok((path, cutout)) => summary.add(&path, &[&cutout], console),
                Err(error) => summary.skip(source, &error, console),
            }
        }
        summary.finish(console)
    }

    /// One file of all images.
    pub(crate) fn to_one(&self, to: &Destination, console: &Console) -> anyhow::Result<Outcome> {
        let mut summary = Summary::default();
        if let Some(file) = &to.file {
            to.check(file, self.files)?;
        }
        let mut cutouts = Vec::new();
        for source in self.files {
            match self.cut(source) {
                Ok(cutout) => cutouts.push(cutout),
                Err(error) => summary.skip(source, &error, console),
            }
        }
        let cutouts: Vec<&Cutout> = cutouts.iter().collect();
        if let Some(first) = cutouts.first() {
            let stem = Path::new("cutout");
            let path = self.path(stem, first, to, &mut HashSet::new());
            to.check(&path, self.files)?;
            write_cutouts(&cutouts, &path)?;
            summary.add(&path, &cutouts, console);
        }
        summary.finish(console)
    }

    fn cut(&self, source: &Path) -> anyhow::Result<Cutout> {
        let file = crate::open::fits(source)?;
        Ok(cut(&file, self.at, self.size, self.options)?)
    }

    fn path(
        &self,
        source: &Path,
        cutout: &Cutout,
        to: &Destination,
        taken: &mut HashSet<PathBuf>,
    ) -> PathBuf {
        let shape = cutout.units.first().map_or((0, 0), |unit| unit.shape());
        let names: Vec<_> = cutout.units.iter().map(|unit| unit.name.as_str()).collect();
        let (at, size) = (self.at, self.size);
        to.path(&Fields { source, at, shape, size, extensions: &names, id: "" }, taken)
    }
}

impl Summary {
    fn add(&mut self, path: &Path, cutouts: &[&Cutout], console: &Console) {
        for cutout in cutouts {
            cutout.warnings.iter().for_each(|text| console.warning(text));
            for error in &cutout.problems {
                self.incomplete = true;
                console.problem(&chained(error));
            }
        }
        let units = || cutouts.iter().flat_map(|cutout| &cutout.units);
        let names: Vec<_> = units().map(|unit| unit.name.as_str()).collect();
        let (ny, nx) = units().next().map_or((0, 0), |unit| unit.shape());
        let partial = units().map(|unit| unit.coverage).fold(1.0, f64::min);
        let share = match partial < 1.0 {
            true => format!(", {:.1} % in the image", 100.0 * partial),
            false => String::new(),
        };
        let path = path.display().to_string();
        console.note(&format!("{path}: {nx} x {ny} pixels, {}{share}", names.join(", ")));
        let sources: Vec<_> = cutouts.iter().map(|cutout| json_of(cutout)).collect();
        self.written.push(json!({"file": path, "cutouts": sources}));
    }

    fn skip(&mut self, source: &Path, error: &anyhow::Error, console: &Console) {
        // The errors of images name their file themselves, and so does a file that exists.
        let (text, source) = (format!("{error:#}"), source.display().to_string());
        let named = text.contains(&source);
        console.problem(&if named { text.clone() } else { format!("{source}: {text}") });
        self.skipped.push(json!({"source": source, "reason": text}));
    }

    fn finish(self, console: &Console) -> anyhow::Result<Outcome> {
        let outcome = match (self.written.is_empty(), self.skipped.is_empty() && !self.incomplete) {
            (true, _) => Outcome::Nothing,
            (false, true) => Outcome::Complete,
            (false, false) => Outcome::Partial,
        };
        if console.json {
            let mut summary = json!({"written": self.written, "skipped": self.skipped});
            if let Some(traffic) = crate::open::traffic() {
                summary["remote"] = crate::open::summary(&traffic);
            }
            writeln!(io::stdout().lock(), "{summary}").context("cannot write the summary")?;
        }
        Ok(outcome)
    }
}

fn json_of(cutout: &Cutout) -> Value {
    let unit = |unit: &cutout::CutUnit| {
        let (ny, nx) = unit.shape();
        json!({"name": unit.name, "index": unit.index, "x0": unit.window.x.start, "y0": unit.window.y.start,
            "nx": nx, "ny": ny, "coverage": unit.coverage, "empty": unit.empty})
    };
    let problems: Vec<_> = cutout.problems.iter().map(chained).collect();
    json!({"source": cutout.source.display().to_string(),
        "extensions": cutout.units.iter().map(unit).collect::<Vec<_>>(),
        "problems": problems, "warnings": cutout.warnings})
}

/// An error and its causes in a line.
fn chained(error: &cutout::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}
