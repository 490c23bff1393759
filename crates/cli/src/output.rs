//! Where a table goes and in which format.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use hst_fits::Aside;

use crate::console::{Console, wrong_usage};
use crate::table::{Format, Table};

/// Options of every command that writes a table.
#[derive(Debug, clap::Args)]
pub(crate) struct Output {
    /// File to write; its ending names the format [default: standard output, ecsv]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    /// Format of the table, whatever the file is called
    #[arg(long, value_enum, help_heading = "Output")]
    format: Option<Format>,
    /// Replace an existing file
    #[arg(long, help_heading = "Output")]
    overwrite: bool,
}

impl Output {
    /// Fails before any work is done if the result could not be written at the end.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let Some(path) = &self.out else {
            if self.format.is_some_and(Format::is_binary) && io::stdout().is_terminal() {
                wrong_usage!("a binary table is nothing to look at; name a file with --out");
            }
            return Ok(());
        };
        if self.format.is_none() && Format::of_path(path).is_none() {
            if path.extension().is_some_and(|ending| ending == "parquet") {
                wrong_usage!(
                    "{}: this hst was built without Parquet; cargo install hst --features parquet has it",
                    path.display()
                );
            }
            wrong_usage!(
                "{}: the ending names no table format; add --format ecsv, csv, json, fits or votable",
                path.display()
            );
        }
        self.check_file(path)
    }

    /// Fails if the file may not be written.
    pub(crate) fn check_file(&self, path: &Path) -> anyhow::Result<()> {
        if path.exists() && !self.overwrite {
            bail!("{} exists; add --overwrite to replace it", path.display());
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            bail!("the folder {} does not exist", folder.display());
        }
        Ok(())
    }

    /// Writes the table to the file, or to standard output; with `--json` as JSON there.
    pub(crate) fn write(&self, table: &Table, console: &Console) -> anyhow::Result<()> {
        let named = self.out.as_deref().and_then(Format::of_path);
        if let Some(path) = &self.out {
            let format = self.format.or(named).unwrap_or(Format::Ecsv);
            write_aside(path, |out| table.write(format, out))?;
            if !console.json {
                return Ok(());
            }
        }
        let format = if console.json { Format::Json } else { self.format.unwrap_or(Format::Ecsv) };
        let mut out = io::BufWriter::new(io::stdout().lock());
        table.write(format, &mut out)?;
        out.flush()?;
        Ok(())
    }
}

/// Writes a file under a temporary name beside it and renames it when it is whole.
pub(crate) fn write_aside(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> anyhow::Result<()> {
    Aside::write(path, |out| write(out)).with_context(|| format!("cannot write {}", path.display()))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.csv");
        fs::write(&path, "old").unwrap();
        let failed = write_aside(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert_eq!(
            format!("{:#}", failed.unwrap_err()),
            format!("cannot write {}: disk full", path.display())
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
