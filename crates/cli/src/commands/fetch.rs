//! `hst fetch`: bring files of an archive to this machine.

use std::path::{Path, PathBuf};

use anyhow::bail;
use mast_client::Product;
use serde_json::json;

use crate::archive::{Selectors, Transfer, bring, manifest_table, products_of};
use crate::console::{Console, Outcome, wrong_usage};
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  hst fetch m51.reg --spec HST-ACS-WFC-F814W -d images
  hst search --at \"M 51\" -o m51.ecsv      (edit the table)
  hst fetch m51.ecsv -d images -o manifest.ecsv
  hst fetch --retry-from manifest.ecsv -d images
  hst fetch m51.reg --record lesson         (once, with network)
  hst fetch m51.reg --replay lesson         (in the classroom, without)";

/// Download the images that cover regions or a place, or those a table of `hst search` lists
///
/// Files come several at a time, continue after cuts and in later runs, and get their names when they are
/// complete and checked; what is there already is not fetched again. The manifest has a row for every file,
/// and one failure stops no other. Ctrl-C ends in order, and the same command goes on from there.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// DS9 region file, or a table with dataURI and productFilename as hst search writes it
    #[arg(value_name = "REGIONS|TABLE")]
    what: Option<PathBuf>,
    #[command(flatten)]
    selectors: Selectors,
    /// Folder for the files [default: the archive's own below HST_CACHE]
    #[arg(short, long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Only what this manifest of an earlier run says is missing
    #[arg(long, value_name = "MANIFEST", conflicts_with_all = ["what", "at"])]
    retry_from: Option<PathBuf>,
    #[command(flatten)]
    transfer: Transfer,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    args.output.check()?;
    let (products, left_out) = args.products(console)?;
    if products.is_empty() {
        if args.retry_from.is_some() {
            console.note("nothing is missing");
            return Ok(Outcome::Complete);
        }
        bail!("nothing to fetch");
    }
    let folder = match &args.dir {
        Some(folder) => folder.clone(),
        None => args.selectors.archive.cache()?,
    };
    let from = (&args.selectors.archive, &args.selectors.session);
    let manifest = bring(from, &products, &folder, &args.transfer, console)?;
    for row in &manifest.rows {
        row.warnings.iter().for_each(|text| console.warning(&format!("{}: {text}", row.uri)));
    }
    let cancelled = mast_client::Error::Cancelled.to_string();
    for row in manifest.failures().filter(|row| row.error != [cancelled.as_str()]) {
        console.problem(&format!("{}: {}", row.uri, row.error.join(": ")));
    }
    let mut table = manifest_table(&manifest, &products);
    table.meta.insert("software".into(), json!(concat!("hst ", env!("CARGO_PKG_VERSION"))));
    table.meta.insert("command".into(), json!(std::env::args().collect::<Vec<_>>()));
    args.output.write(&table, console)?;
    let failed = manifest.failures().count();
    if failed > 0 && console.is_interrupted() {
        console.note(&format!("{} of {} files are there", products.len() - failed, products.len()));
        return Ok(console.interrupted());
    }
    Ok(match failed {
        0 if left_out == 0 => Outcome::Complete,
        n if n == manifest.rows.len() => Outcome::Nothing,
        _ => Outcome::Partial,
    })
}

impl Args {
    fn products(&self, console: &Console) -> anyhow::Result<(Vec<Product>, usize)> {
        let table = self.what.as_ref().filter(|path| is_table(path)).or(self.retry_from.as_ref());
        if let Some(path) = table {
            if self.selectors.at.is_some() {
                wrong_usage!("give a table or --at, not both");
            }
            return Ok((products_of(path)?, 0));
        }
        let (shapes, left_out) = self.selectors.shapes(self.what.as_ref(), console)?;
        Ok((self.selectors.plan(&shapes, console)?.products(), left_out))
    }
}

fn is_table(path: &Path) -> bool {
    crate::table::Format::of_path(path).is_some()
}
