//! `hst mvm`: from a place to cutouts of the multi-visit mosaics and their combinations.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use astro_coords::{Angle, SkyCoord};
use clap::{Subcommand, ValueEnum};
use cutout::mvm::{NameDigits, Named, cut_skycell, groups, query_name};
use cutout::{CutOptions, Size};
use mast_client::Product;
use serde_json::json;

use super::combine::{Method, Relation};
use crate::angles;
use crate::archive::{
    Place, Session, Transfer, bring, bytes, chained, manifest_table, products_of,
};
use crate::console::{Console, Outcome, WrongUsage};
use crate::mvm::{Found, Wanted, search};
use crate::output::write_aside;
use crate::table::Format;

const EXAMPLES: &str = "\
Examples:
  hst mvm run --at \"84.9208 -69.1467\" --size 256arcsec -d 30dor
  hst mvm query --at \"84.9208 -69.1467\" --size 256arcsec       (writes mvm_query-....ecsv; edit it)
  hst mvm get mvm_query-ra84d9208-decs69d1467_182_cutout.ecsv
  hst mvm cut hst_skycell-*.fits --at \"84.9208 -69.1467\" --size 256arcsec
  hst mvm combine hst_cutout_skycell-*.fits";

/// Cut and combine the archive's multi-visit mosaics around a place
///
/// The mosaics come as skycells, which overlap; a place near a border lies in several. The four steps are those of
/// hapcut_utils, with its names: query, get, cut, combine; `run` does all of them.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    /// Find the layers of skycells that hold a part of the place, and write them as a table
    #[command(
        after_long_help = "Examples:\n  hst mvm query --at \"84.9208 -69.1467\" --size 256arcsec\n  hst mvm query --at \"84.9208 -69.1467\" --size 256arcsec --instruments ACS -o 30dor.ecsv"
    )]
    Query(Query),
    /// Download the files of such a table; what is there already is not fetched again
    #[command(after_long_help = "Example:\n  hst mvm get 30dor.ecsv -d 30dor")]
    Get(Get),
    /// Cut SCI and WHT of each skycell around the place
    #[command(
        after_long_help = "Example:\n  hst mvm cut hst_skycell-*.fits --at \"84.9208 -69.1467\" --size 256arcsec -d cuts"
    )]
    Cut(Cut),
    /// Combine the cutouts of each instrument, detector, filter, pixel size and exposure
    #[command(
        after_long_help = "Example:\n  hst mvm combine cuts/hst_cutout_skycell-*.fits -d combined"
    )]
    Combine(Combine),
    /// All four
    #[command(
        after_long_help = "Examples:\n  hst mvm run --at \"84.9208 -69.1467\" --size 256arcsec -d 30dor\n  hst mvm run --at \"84.9208 -69.1467\" --size 256arcsec --dry-run\n  hst mvm run --at \"84.9208 -69.1467\" --size 256arcsec --remote --stats"
    )]
    Run(Run),
}

/// A place and a size on the sky.
#[derive(Debug, Clone, clap::Args)]
struct Around {
    /// The middle, "RA DEC" in degrees or sexagesimal
    #[arg(long, value_name = "POS", allow_hyphen_values = true)]
    at: SkyCoord,
    /// Width and height, as 256arcsec or 5x4arcmin
    #[arg(long, value_name = "SIZE")]
    size: Size,
}

/// Which skycells.
#[derive(Debug, Clone, clap::Args)]
struct Choice {
    /// mast, the address of a server that speaks its protocol, or a folder of FITS files
    #[arg(long, value_name = "mast|URL|DIR", default_value = "mast")]
    archive: Place,
    /// Instruments, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "ACS,WFC3")]
    instruments: Vec<String>,
    /// Choose skycells by their middle as hapcut_utils does, which misses large ones
    #[arg(long)]
    compat_filter: bool,
}

/// How names are written.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Naming {
    /// Positions in names: fixed, four rounded decimals; compat, cut off as hapcut_utils does
    #[arg(long, value_enum, default_value_t = Digits::Fixed)]
    name_digits: Digits,
    /// Replace existing files
    #[arg(long)]
    overwrite: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Digits {
    Fixed,
    Compat,
}

impl From<Digits> for NameDigits {
    fn from(digits: Digits) -> Self {
        match digits {
            Digits::Fixed => Self::Fixed,
            Digits::Compat => Self::Compat,
        }
    }
}

#[derive(Debug, clap::Args)]
struct Query {
    #[command(flatten)]
    around: Around,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    naming: Naming,
    /// Table to write [default: mvm_query-PLACE_RADIUS_cutout.ecsv]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Get {
    /// A table with dataURI and productFilename, as query writes it
    table: PathBuf,
    /// mast, the address of a server that speaks its protocol, or a folder of FITS files
    #[arg(long, value_name = "mast|URL|DIR", default_value = "mast")]
    archive: Place,
    /// Folder for the files
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    #[command(flatten)]
    transfer: Transfer,
}

#[derive(Debug, clap::Args)]
struct Cut {
    /// Skycells (hst_skycell-*.fits), or their addresses, of which only what is cut is read
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    around: Around,
    /// Folder for the cutouts
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    #[command(flatten)]
    naming: Naming,
}

#[derive(Debug, clap::Args)]
struct Combine {
    /// Cutouts (hst_cutout_skycell-*.fits)
    #[arg(required = true, value_name = "CUTOUT")]
    files: Vec<PathBuf>,
    /// Folder for the combined images
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    naming: Naming,
}

/// How cutouts are combined.
#[derive(Debug, Clone, Copy, clap::Args)]
struct How {
    /// What becomes of the values of a pixel
    #[arg(long, value_enum, default_value_t)]
    method: Method,
    /// What the cutouts have to do with each other: skycells of one layer hold the same exposures
    #[arg(long, value_enum, default_value_t = Relation::SameExposures)]
    relation: Relation,
}

#[derive(Debug, clap::Args)]
struct Run {
    #[command(flatten)]
    around: Around,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    transfer: Transfer,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    naming: Naming,
    /// Folder for everything
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Fetch no file: read only what is cut, where the files are
    #[arg(long)]
    remote: bool,
    /// Tell what would be fetched, and stop
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    match &args.step {
        Step::Query(args) => query(args, console),
        Step::Get(args) => get(args, console),
        Step::Cut(args) => {
            let made = cut(&args.files, &args.around, &args.dir, args.naming, console)?;
            Ok(made.outcome(args.files.len()))
        }
        Step::Combine(args) => combine(&args.files, &args.dir, args.how, args.naming, console),
        Step::Run(args) => all(args, console),
    }
}

impl Around {
    fn wanted(&self, choice: &Choice) -> anyhow::Result<Wanted> {
        Ok(Wanted {
            at: self.at,
            size: angles::on_the_sky(&self.size).map_err(WrongUsage)?,
            instruments: choice.instruments.clone(),
            by_center: choice.compat_filter,
        })
    }
}

fn found(
    around: &Around,
    choice: &Choice,
    console: &Console,
) -> anyhow::Result<(Wanted, Vec<Found>)> {
    let wanted = around.wanted(choice)?;
    let found = search(&wanted, &choice.archive, console)?;
    let products: Vec<_> = found.iter().map(|found| found.product.clone()).collect();
    let (known, _) = mast_client::total_size(&products);
    console.note(&format!("{} files of skycells, {}", found.len(), bytes(known)));
    Ok((wanted, found))
}

fn table_name(wanted: &Wanted, naming: Naming) -> String {
    let half = wanted.size.0.arcsec().hypot(wanted.size.1.arcsec()) / 2.0;
    query_name(wanted.at, Angle::from_arcsec(half), naming.name_digits.into())
}

fn query(args: &Query, console: &Console) -> anyhow::Result<Outcome> {
    let wanted = args.around.wanted(&args.choice)?;
    let out = args.out.clone().unwrap_or_else(|| table_name(&wanted, args.naming).into());
    args.naming.free(&out)?;
    let (_, found) = found(&args.around, &args.choice, console)?;
    if found.is_empty() {
        console.problem("no skycell of the archive holds a part of the place");
        return Ok(Outcome::Nothing);
    }
    let table = Found::table(&found)?;
    let format = Format::of_path(&out).unwrap_or(Format::Ecsv);
    write_aside(&out, |file| table.write(format, file))?;
    console.note(&format!("{}: {} rows", out.display(), found.len()));
    if console.json {
        table.write(Format::Json, &mut io::stdout().lock())?;
    }
    Ok(Outcome::Complete)
}

fn get(args: &Get, console: &Console) -> anyhow::Result<Outcome> {
    let products = products_of(&args.table)?;
    if products.is_empty() {
        bail!("{}: nothing to fetch", args.table.display());
    }
    let (paths, outcome) = fetch(&products, &args.archive, &args.dir, &args.transfer, console)?;
    if !console.json {
        let mut out = io::stdout().lock();
        for path in paths {
            writeln!(out, "{}", path.display())?;
        }
    }
    Ok(outcome)
}

/// The addresses of the products, to be read in parts.
fn where_they_are(products: &[Product], archive: &Place, transfer: &Transfer) -> Vec<PathBuf> {
    crate::open::configure(|remote| {
        remote.archive_url = archive.url();
        remote.max_bytes = transfer.max_bytes();
    });
    let uris: Vec<_> = products.iter().map(|product| product.data_uri.text().to_owned()).collect();
    crate::open::announce(&uris);
    crate::open::files_have(mast_client::total_size(products).0);
    uris.into_iter().map(PathBuf::from).collect()
}

/// The files in the order of the products, and whether all are there.
fn fetch(
    products: &[Product],
    archive: &Place,
    dir: &Path,
    transfer: &Transfer,
    console: &Console,
) -> anyhow::Result<(Vec<PathBuf>, Outcome)> {
    let manifest = bring((archive, &Session::default()), products, dir, transfer, console)?;
    if console.is_interrupted() {
        return Err(chained(mast_client::Error::Cancelled));
    }
    for row in manifest.failures() {
        console.problem(&format!("{}: {}", row.uri, row.error.join(": ")));
    }
    if console.json {
        manifest_table(&manifest, products).write(Format::Json, &mut io::stdout().lock())?;
    }
    let paths: Vec<_> = manifest.rows.iter().filter_map(|row| row.path.clone()).collect();
    let outcome = match manifest.failures().count() {
        0 => Outcome::Complete,
        n if n == manifest.rows.len() => Outcome::Nothing,
        _ => Outcome::Partial,
    };
    Ok((paths, outcome))
}

/// Files that were made, and how many could not be.
struct Made {
    paths: Vec<PathBuf>,
    failed: usize,
}

impl Made {
    fn outcome(&self, wanted: usize) -> Outcome {
        match (self.paths.len(), self.failed) {
            (0, _) if wanted > 0 => Outcome::Nothing,
            (_, 0) => Outcome::Complete,
            _ => Outcome::Partial,
        }
    }
}

fn cut(
    files: &[PathBuf],
    around: &Around,
    dir: &Path,
    naming: Naming,
    console: &Console,
) -> anyhow::Result<Made> {
    make_folder(dir)?;
    let mut made = Made { paths: Vec::new(), failed: 0 };
    for path in files {
        match cut_one(path, around, dir, naming, console) {
            Ok(path) => made.paths.push(path),
            Err(error) => {
                console.problem_of(path, &error);
                made.failed += 1;
            }
        }
    }
    Ok(made)
}

fn cut_one(
    path: &Path,
    around: &Around,
    dir: &Path,
    naming: Naming,
    console: &Console,
) -> anyhow::Result<PathBuf> {
    let file = crate::open::fits(path)?;
    let digits = naming.name_digits.into();
    let (name, cutout) =
        cut_skycell(&file, around.at, around.size, digits, &CutOptions::default())?;
    let out = dir.join(name.to_string());
    naming.free(&out)?;
    for text in
        cutout.warnings.iter().cloned().chain(cutout.problems.iter().map(ToString::to_string))
    {
        console.warning(&format!("{}: {text}", path.display()));
    }
    cutout.write(&out)?;
    let (ny, nx) = cutout.units[0].shape();
    console.note(&format!("{}: {nx} x {ny} pixels", out.display()));
    if console.json {
        let line = json!({"file": out.display().to_string(), "from": path.display().to_string(),
            "nx": nx, "ny": ny, "coverage": cutout.units[0].coverage});
        writeln!(io::stdout().lock(), "{line}")?;
    }
    Ok(out)
}

fn combine(
    files: &[PathBuf],
    dir: &Path,
    how: How,
    naming: Naming,
    console: &Console,
) -> anyhow::Result<Outcome> {
    make_folder(dir)?;
    let (mut cutouts, mut failed, mut made) = (Vec::new(), 0, 0);
    for path in files {
        match crate::open::fits(path)
            .map_err(anyhow::Error::from)
            .and_then(|file| Ok(Named::new(file)?))
        {
            Ok(cutout) => cutouts.push(cutout),
            Err(error) => {
                console.problem_of(path, &error);
                failed += 1;
            }
        }
    }
    for group in groups(cutouts, naming.name_digits.into()) {
        let out = dir.join(group.name.to_string());
        if group.files.len() < 2 {
            // A place in the middle of a skycell has nothing to be combined: no failure.
            console.note(&format!(
                "{}: one cutout, nothing to combine",
                group.files[0].path().display()
            ));
            continue;
        }
        let written = naming
            .free(&out)
            .and_then(|()| Ok(group.write(&out, how.method.into(), how.relation.into())?));
        match written {
            Ok(warnings) => {
                warnings
                    .iter()
                    .for_each(|text| console.warning(&format!("{}: {text}", out.display())));
                let how = if group.is_mosaic { "put onto one grid" } else { "combined" };
                console.note(&format!("{}: {} cutouts {how}", out.display(), group.files.len()));
                if console.json {
                    let line = json!({"file": out.display().to_string(), "cutouts": group.files.len(),
                        "resampled": group.is_mosaic});
                    writeln!(io::stdout().lock(), "{line}")?;
                }
                made += 1;
            }
            Err(error) => {
                console.problem_of(&out, &error);
                failed += 1;
            }
        }
    }
    Ok(match (made, failed) {
        (0, 1..) => Outcome::Nothing,
        (_, 0) => Outcome::Complete,
        _ => Outcome::Partial,
    })
}

fn all(args: &Run, console: &Console) -> anyhow::Result<Outcome> {
    let (wanted, found) = found(&args.around, &args.choice, console)?;
    if found.is_empty() {
        console.problem("no skycell of the archive holds a part of the place");
        return Ok(Outcome::Nothing);
    }
    if args.dry_run {
        return Ok(Outcome::Complete);
    }
    make_folder(&args.dir)?;
    let table = args.dir.join(table_name(&wanted, args.naming));
    args.naming.free(&table)?;
    let rows = Found::table(&found)?;
    write_aside(&table, |file| rows.write(Format::Ecsv, file))?;
    let products: Vec<_> = found.into_iter().map(|found| found.product).collect();
    // The files of a folder are read by position anyway.
    let remote = args.remote && !matches!(args.choice.archive, Place::Folder(_));
    let (paths, fetched) = if remote {
        (where_they_are(&products, &args.choice.archive, &args.transfer), Outcome::Complete)
    } else {
        fetch(&products, &args.choice.archive, &args.dir, &args.transfer, console)?
    };
    let made = cut(&paths, &args.around, &args.dir, args.naming, console)?;
    let cut = made.outcome(paths.len());
    if made.paths.is_empty() {
        return Ok(Outcome::Nothing);
    }
    let combined = combine(&made.paths, &args.dir, args.how, args.naming, console)?;
    let complete = [fetched, cut, combined].iter().all(|outcome| *outcome == Outcome::Complete);
    Ok(if complete { Outcome::Complete } else { Outcome::Partial })
}

impl Naming {
    fn free(self, path: &Path) -> anyhow::Result<()> {
        if path.exists() && !self.overwrite {
            bail!("{} exists; add --overwrite to replace it", path.display());
        }
        Ok(())
    }
}

fn make_folder(dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)
        .with_context(|| format!("cannot make the folder {}", dir.display()))
}
