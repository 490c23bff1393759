//! `hst search`: what an archive has of a place.

use std::path::PathBuf;

use serde_json::json;

use crate::archive::{Selectors, products_table};
use crate::console::{Console, Outcome};
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  hst search m51.reg --spec HST-ACS-WFC-F814W -o m51.ecsv
  hst search --at \"13:29:52.7 +47:11:43\" --radius 30arcsec --project any
  hst search --at \"M 51\" --size 5x4arcmin --archive ~/images";

/// Find the drizzled images that cover regions or a place: one row a file, with the covered share
///
/// Every footprint is tested against every region (circles, boxes and polygons exactly, another shape by the circle
/// around it).
/// Of products made of the same exposures one is listed, and of a file's versions DRC before DRZ.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// DS9 region file, any shapes
    regions: Option<PathBuf>,
    #[command(flatten)]
    selectors: Selectors,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    args.output.check()?;
    let (shapes, left_out) = args.selectors.shapes(args.regions.as_ref(), console)?;
    let plan = args.selectors.plan(&shapes, console)?;
    let mut table = products_table(&plan);
    table.meta.insert("software".into(), json!(concat!("hst ", env!("CARGO_PKG_VERSION"))));
    table.meta.insert("command".into(), json!(std::env::args().collect::<Vec<_>>()));
    args.output.write(&table, console)?;
    Ok(match (plan.images.len(), left_out) {
        (0, _) => Outcome::Nothing,
        (_, 0) => Outcome::Complete,
        _ => Outcome::Partial,
    })
}
