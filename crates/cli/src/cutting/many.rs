//! A table of positions, cut out of every image.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use astro_coords::SkyCoord;
use clap::ValueEnum;
use cutout::{Batch, CutOptions, Size, Status, batch_to_files, batch_to_npy, batch_to_tar};
use serde_json::{Value, json};

use super::name::stem;
use super::positions::{self, Position};
use super::{Destination, Fields};
use crate::console::{Console, Outcome, wrong_usage};
use crate::output::write_aside;
use crate::table::{Column, Format, Table, Values};

/// Places that are named one by one; of more only their number, for the status table has them all.
const NAMED: usize = 20;

/// What many cutouts become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Form {
    /// A FITS file each
    Fits,
    /// One array (positions, y, x) for every extension, as NumPy reads it
    Npy,
    /// FITS files in one archive
    #[default]
    Tar,
}

/// What is cut.
#[derive(Debug)]
pub(crate) struct Many<'a> {
    pub(crate) files: &'a [PathBuf],
    pub(crate) table: &'a Path,
    pub(crate) size: Option<Size>,
    pub(crate) options: &'a CutOptions,
    pub(crate) form: Form,
}

/// The cutouts of one image.
struct Written {
    statuses: Vec<Status>,
    files: Vec<PathBuf>,
    table: PathBuf,
}

impl Many<'_> {
    pub(crate) fn run(&self, to: &Destination, console: &Console) -> anyhow::Result<Outcome> {
        let positions = positions::read(self.table)?;
        if self.size.is_none() && positions.iter().any(|p| p.size.is_none() && p.problem.is_none())
        {
            wrong_usage!("how large? add --size, or columns nx and ny to {}", self.table.display());
        }
        let places: Vec<SkyCoord> = positions.iter().map(|position| position.at).collect();
        let (mut written, mut skipped) = (Vec::new(), Vec::new());
        let (mut cut, mut incomplete) = (0, false);
        let mut taken = HashSet::new();
        for source in self.files {
            match self.image(source, &positions, &places, to, &mut taken) {
                Ok(done) => {
                    let found = self.tell(source, &positions, &done, console);
                    cut += found;
                    incomplete |= found < positions.len();
                    written.push(summary(source, &done));
                }
                Err(error) => {
                    let text = format!("{error:#}");
                    let source = source.display().to_string();
                    let named = text.contains(&source);
                    console.problem(&if named {
                        text.clone()
                    } else {
                        format!("{source}: {text}")
                    });
                    skipped.push(json!({"source": source, "reason": text}));
                }
            }
        }
        incomplete |= !skipped.is_empty();
        if console.json {
            let summary = json!({"written": written, "skipped": skipped});
            writeln!(io::stdout().lock(), "{summary}").context("cannot write the summary")?;
        }
        Ok(match (cut, incomplete) {
            (0, _) => Outcome::Nothing,
            (_, true) => Outcome::Partial,
            (_, false) => Outcome::Complete,
        })
    }

    fn image(
        &self,
        source: &Path,
        positions: &[Position],
        places: &[SkyCoord],
        to: &Destination,
        taken: &mut HashSet<PathBuf>,
    ) -> anyhow::Result<Written> {
        let file = crate::open::fits(source)?;
        let batch = Batch::new(&file, places, |i| self.size(&positions[i]), self.options)?;
        let main = self.main_path(source, to, taken);
        let table = main.with_extension("ecsv");
        to.check(&table, self.files)?;
        let (mut statuses, files) = match self.form {
            Form::Tar => {
                to.check(&main, self.files)?;
                let names = self.names(source, &batch, positions, to)?;
                (batch_to_tar(&batch, &main, |i| names[i].clone())?, vec![main])
            }
            Form::Npy => {
                let paths = arrays(&main, &batch);
                paths.iter().try_for_each(|path| to.check(path, self.files))?;
                (batch_to_npy(&batch, &paths)?, paths)
            }
            Form::Fits => {
                let names = self.names(source, &batch, positions, to)?;
                let path = |i: usize| to.folder.join(&names[i]);
                for i in (0..names.len()).filter(|i| !names[*i].is_empty()) {
                    let path = path(i);
                    to.check(&path, self.files)?;
                    // Of one image alone the names were compared already.
                    if self.files.len() > 1 && !taken.insert(path.clone()) {
                        bail!(
                            "{} holds the cutout of another image; {{stem}} in --name-template, or a \
                             folder for each, tells them apart",
                            path.display()
                        );
                    }
                }
                (batch_to_files(&batch, path)?, Vec::new())
            }
        };
        for (status, position) in statuses.iter_mut().zip(positions) {
            if let Some(problem) = &position.problem {
                *status = Status::Failed(problem.clone());
            }
        }
        let rows = self.rows(&batch, positions, &statuses);
        write_aside(&table, |out| rows.write(Format::Ecsv, out))?;
        Ok(Written { statuses, files, table })
    }

    /// The archive, or what the names of arrays and of the status table are made of.
    fn main_path(&self, source: &Path, to: &Destination, taken: &mut HashSet<PathBuf>) -> PathBuf {
        let ending = match self.form {
            Form::Tar => "tar",
            Form::Npy => "npy",
            Form::Fits => "fits",
        };
        let numbered = |n: usize| {
            let number = if n > 1 { format!("_{n}") } else { String::new() };
            to.folder.join(format!("{}_cutouts{number}.{ending}", stem(source)))
        };
        let path = to.file.clone().unwrap_or_else(|| {
            (1..).map(numbered).find(|path| !taken.contains(path)).unwrap_or_default()
        });
        taken.insert(path.clone());
        path
    }

    fn size(&self, position: &Position) -> Size {
        match position.size {
            Some([nx, ny]) => Size::pixels(nx, ny),
            None => self.size.unwrap_or(Size::square(1.0)),
        }
    }

    /// What the cutouts are called, by position; nothing where there will be none.
    fn names(
        &self,
        source: &Path,
        batch: &Batch<'_>,
        positions: &[Position],
        to: &Destination,
    ) -> anyhow::Result<Vec<String>> {
        let extensions: Vec<_> = batch.names().collect();
        let name = |(i, position): (usize, &Position)| {
            let Some(window) = batch.window_of(i) else { return String::new() };
            let fields = Fields {
                source,
                at: position.at,
                shape: window.shape(),
                size: self.size(position),
                extensions: &extensions,
                id: &position.id,
            };
            to.template.name(&fields, 1)
        };
        let names: Vec<_> = positions.iter().enumerate().map(name).collect();
        let mut seen = HashSet::with_capacity(names.len());
        let twice = names.iter().find(|name| !name.is_empty() && !seen.insert(name.as_str()));
        if let Some(name) = twice {
            bail!(
                "two positions would both be written to {name}; {{id}} in --name-template tells them apart"
            );
        }
        Ok(names)
    }

    /// The status table.
    fn rows(&self, batch: &Batch<'_>, positions: &[Position], statuses: &[Status]) -> Table {
        let column = |name: &'static str, unit, description, values| Column {
            name: name.into(),
            unit,
            description,
            values,
        };
        let float =
            |get: &dyn Fn(usize) -> f64| Values::Float((0..positions.len()).map(get).collect());
        let text =
            |get: &dyn Fn(usize) -> String| Values::Text((0..positions.len()).map(get).collect());
        let int = |get: &dyn Fn(&astro_coords::PixelBox) -> isize| {
            let value = |i| batch.window_of(i).map(|window| get(window) as i64);
            Values::Int((0..positions.len()).map(value).collect())
        };
        let reason = |i: usize| match &statuses[i] {
            Status::Failed(text) => text.clone(),
            _ => String::new(),
        };
        let length =
            |range: &std::ops::Range<isize>| isize::try_from(range.len()).unwrap_or(isize::MAX);
        let columns = vec![
            column(
                "id",
                None,
                "of the position; its number where the table has none",
                text(&|i| positions[i].id.clone()),
            ),
            column(
                "ra",
                Some("deg"),
                "right ascension asked for, ICRS",
                float(&|i| positions[i].at.ra.degrees()),
            ),
            column(
                "dec",
                Some("deg"),
                "declination asked for, ICRS",
                float(&|i| positions[i].at.dec.degrees()),
            ),
            column("x0", None, "first column of the image, from 0", int(&|w| w.x.start)),
            column("y0", None, "first row of the image, from 0", int(&|w| w.y.start)),
            column("nx", None, "columns", int(&|w| length(&w.x))),
            column("ny", None, "rows", int(&|w| length(&w.y))),
            column(
                "status",
                None,
                "ok, partial, empty, off, error",
                text(&|i| statuses[i].name().to_owned()),
            ),
            column(
                "coverage",
                None,
                "share of the cutout in the image",
                float(&|i| statuses[i].coverage().unwrap_or(f64::NAN)),
            ),
            column("reason", None, "of an error", text(&reason)),
        ];
        let mut meta = serde_json::Map::new();
        meta.insert("hst_version".into(), env!("CARGO_PKG_VERSION").into());
        Table { columns, meta }
    }

    /// Says what was done; the number of positions that were cut.
    fn tell(
        &self,
        source: &Path,
        positions: &[Position],
        done: &Written,
        console: &Console,
    ) -> usize {
        let cut = |status: &Status| matches!(status, Status::Whole | Status::Partial(_));
        let count = |name: &str| done.statuses.iter().filter(|s| s.name() == name).count();
        let source = source.display();
        let left = done.statuses.iter().zip(positions).filter(|(status, _)| !cut(status));
        if left.clone().count() <= NAMED {
            for (status, position) in left {
                let reason = match status {
                    Status::Failed(text) => text.clone(),
                    Status::Empty => "no data".to_owned(),
                    _ => "not on the image".to_owned(),
                };
                console.problem(&format!("{} in {source}: {reason}", position.id));
            }
        }
        console.note(&format!(
            "{source}: {} cut ({} partial), {} off the image, {} without data, {} failed; {}",
            count("ok") + count("partial"),
            count("partial"),
            count("off"),
            count("empty"),
            count("error"),
            done.table.display()
        ));
        count("ok") + count("partial")
    }
}

/// A file for every extension; the only one has the name itself.
fn arrays(main: &Path, batch: &Batch<'_>) -> Vec<PathBuf> {
    let names: Vec<_> = batch.names().map(super::name::harmless).collect();
    if names.len() == 1 {
        return vec![main.to_owned()];
    }
    let stem = main.file_stem().unwrap_or_default().to_string_lossy();
    let unique = |(i, name): (usize, &String)| {
        let again = names[..i].iter().filter(|other| *other == name).count();
        let number = if again > 0 { format!("_{}", again + 1) } else { String::new() };
        main.with_file_name(format!("{stem}_{name}{number}.npy"))
    };
    names.iter().enumerate().map(unique).collect()
}

fn summary(source: &Path, done: &Written) -> Value {
    let count = |name: &str| done.statuses.iter().filter(|status| status.name() == name).count();
    let files: Vec<_> = done.files.iter().map(|path| path.display().to_string()).collect();
    json!({"source": source.display().to_string(), "files": files,
        "table": done.table.display().to_string(), "ok": count("ok"), "partial": count("partial"),
        "empty": count("empty"), "off": count("off"), "error": count("error")})
}
