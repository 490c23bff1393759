//! `hst demo`: the main job on a simulated archive.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::catalog::write_report;
use crate::catalog::{self, Options, columns};
use crate::console::{Console, Outcome};
use crate::demo;

use crate::output::write_aside;
use crate::report::MOST_SECTIONS;
use crate::table::{Format, Table, Values, write_text};

const EXAMPLES: &str = "\
Examples:
  hst demo
  hst demo -o try
  hst catalog try/demo.reg --images try/*_drc.fits -o try.ecsv --report try.html";

/// Make a small simulated archive, measure it, and print the catalog beside the injected truth
///
/// The folder gets nine drizzled images as Hubble's archive names them (three filters, three visits each),
/// demo.reg with seven circles, catalog.ecsv and report.html as `hst catalog` writes them, and comparison.csv. The images are
/// made by code with fixed seeds: the bytes are the same every time, and no network is used.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Folder to make; one that an earlier demo made is renewed
    #[arg(short, long, value_name = "DIR", default_value = "hst-demo")]
    out: PathBuf,
}

/// A folder with this file in it was made by an earlier demo.
const MARK: &str = "demo.reg";

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    let folder = &args.out;
    prepare(folder)?;
    let bar = console.bar(demo::image_count(), "simulating");
    let archive = demo::make(folder, || bar.inc(1))?;
    bar.finish_and_clear();

    let options = Options { portraits: MOST_SECTIONS, ..Options::default() };
    let regions = catalog::read_sources(&archive.regions, None, &archive.images, &options)?;
    let (catalog, failed) = catalog::measure(
        &regions.targets,
        archive.images.len(),
        archive.images.clone(),
        &options,
        console,
    );
    let mut table = columns::usual(columns::table(&catalog, &options));
    table.meta = catalog::provenance(&archive.regions, &options, &catalog);
    let comparison = demo::compare(&catalog);
    write_aside(&folder.join("catalog.ecsv"), |out| table.write(Format::Ecsv, out))?;
    write_aside(&folder.join("comparison.csv"), |out| comparison.write(Format::Csv, out))?;
    print(&comparison, console)?;
    let uncovered = catalog::summarize(&catalog, console);
    write_report(&folder.join("report.html"), &archive.regions, &catalog, &table, console)?;
    console.note(&format!(
        "{}: demo.reg, {} images, catalog.ecsv, comparison.csv, report.html",
        folder.display(),
        archive.images.len()
    ));
    Ok(if failed == 0 && uncovered == 0 { Outcome::Complete } else { Outcome::Partial })
}

/// Makes the folder; one with other people's files in it is left alone.
fn prepare(folder: &Path) -> anyhow::Result<()> {
    let foreign = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some() && !folder.join(MARK).is_file(),
        Err(_) => false,
    };
    if foreign {
        bail!(
            "{} is not empty and was not made by hst demo; name another folder with -o",
            folder.display()
        );
    }
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))
}

fn print(comparison: &Table, console: &Console) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    if console.json {
        comparison.write(Format::Json, &mut out)?;
    } else {
        write_text(&mut out, &people_read(comparison))?;
    }
    out.flush()?;
    Ok(())
}

/// The table with as many digits as its errors justify.
fn people_read(table: &Table) -> Vec<Vec<String>> {
    let digits = |name: &str| match name {
        "true_mag" | "mag_ab" => 3,
        "pull" => 1,
        _ => 2,
    };
    let names = table.columns.iter().map(|column| column.name.to_string()).collect();
    let cell = |row: usize, column: &crate::table::Column| match &column.values {
        Values::Float(values) if values[row].is_nan() => "-".to_owned(),
        Values::Float(values) => format!("{:.*}", digits(&column.name), values[row]),
        Values::Int(values) => {
            values[row].map_or_else(|| "-".to_owned(), |value| value.to_string())
        }
        Values::Text(values) => values[row].clone(),
    };
    let row = |row| table.columns.iter().map(|column| cell(row, column)).collect();
    std::iter::once(names).chain((0..table.rows()).map(row)).collect()
}
