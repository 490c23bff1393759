use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::bail;
use clap::ValueEnum;
use cutout::combine::{Combination, CombineOptions};
use hst_fits::{Checksums, FitsFile, MvmName, WriteOptions};
use serde_json::json;

use crate::console::{Console, Outcome};

/// Combine cutouts on one grid of pixels into one
///
/// The images may be shifted by whole pixels; the result is the box around all of them. Images on other grids (another
/// pixel size, another projection cell) are refused with the reason: `hst mosaic` takes those.
///
/// The result has SCI, WHT, and a table ORIGINS with the keywords in which the images differ.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Images to combine, two or more
    #[arg(required = true, value_name = "CUTOUT")]
    files: Vec<PathBuf>,
    /// What becomes of the values of a pixel
    #[arg(long, value_enum, default_value_t)]
    method: Method,
    /// What the images have to do with each other [default: same-exposures for skycells of one layer, else
    /// independent]
    #[arg(long, value_enum)]
    relation: Option<Relation>,
    /// File to write
    #[arg(short, long, value_name = "FILE", default_value = "combined.fits")]
    out: PathBuf,
    /// Replace an existing file
    #[arg(long)]
    overwrite: bool,
}

const EXAMPLES: &str = "\
Examples:
  hst combine a_cutout.fits b_cutout.fits -o both.fits
  hst combine hst_cutout_*_acs_wfc_f814w.fits --method median
  hst combine visit1.fits visit2.fits --method weighted --relation independent";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Method {
    /// Every image counts the same
    #[default]
    Mean,
    /// Weighted by WHT
    Weighted,
    /// The middle value
    Median,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Relation {
    /// Made of the same exposures, as overlapping skycells are: the weight of a pixel is the largest
    SameExposures,
    /// Made of different exposures: weights add up
    Independent,
    /// As astrocut combines: weights are averaged (for old numbers)
    Astrocut,
}

impl From<Method> for cutout::combine::Method<'_> {
    fn from(method: Method) -> Self {
        match method {
            Method::Mean => Self::Mean,
            Method::Weighted => Self::Weighted,
            Method::Median => Self::Median,
        }
    }
}

impl From<Relation> for cutout::combine::Relation {
    fn from(relation: Relation) -> Self {
        match relation {
            Relation::SameExposures => Self::SameExposures,
            Relation::Independent => Self::Independent,
            Relation::Astrocut => Self::AsAstrocut,
        }
    }
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    if args.out.exists() && !args.overwrite {
        bail!("{} exists; add --overwrite to replace it", args.out.display());
    }
    let mut files = Vec::new();
    for path in &args.files {
        match crate::open::fits(path) {
            Ok(file) => files.push(file),
            Err(error) => console.problem(&format!("{:#}", anyhow::Error::from(error))),
        }
    }
    let relation = args.relation.unwrap_or_else(|| relation_of(&files));
    let options = CombineOptions { method: args.method.into(), relation: relation.into() };
    let mut combination = Combination::new(&files, options)?;
    combination.warnings().iter().for_each(|text| console.warning(text));
    let name = args.out.file_name().unwrap_or_default().to_string_lossy().into_owned();
    combination.primary_mut().set("FILENAME", name, "name of the file");
    combination.write(&args.out, WriteOptions { checksums: Checksums::Write })?;
    let (ny, nx) = combination.shape();
    console.note(&format!(
        "{}: {nx} x {ny} pixels, {} of {} images, {}",
        args.out.display(),
        options.method.name(),
        combination.len(),
        words(relation)
    ));
    if console.json {
        let summary = json!({"file": args.out.display().to_string(), "nx": nx, "ny": ny,
            "images": combination.len(), "method": options.method.name(), "relation": words(relation)});
        writeln!(io::stdout().lock(), "{summary}")?;
    }
    Ok(if files.len() == args.files.len() { Outcome::Complete } else { Outcome::Partial })
}

/// Skycells of one layer overlap with the same exposures; of anything else nothing is known.
pub(crate) fn relation_of(files: &[FitsFile]) -> Relation {
    let layer = |file: &FitsFile| {
        let header = |keyword: &str| file.primary().find::<String>(keyword).ok().flatten();
        let own = || file.path().file_name().map(|name| name.to_string_lossy().into_owned());
        [header("ORIG_FLE"), header("FILENAME"), own()].into_iter().flatten().find_map(|name| {
            let MvmName { instrument, detector, filter, scale, exposure, .. } =
                name.parse().ok()?;
            Some((instrument, detector, filter, scale, exposure))
        })
    };
    let layers: Option<Vec<_>> = files.iter().map(layer).collect();
    match layers {
        Some(layers) if layers.windows(2).all(|pair| pair[0] == pair[1]) => Relation::SameExposures,
        _ => Relation::Independent,
    }
}

fn words(relation: Relation) -> &'static str {
    match relation {
        Relation::SameExposures => "same exposures",
        Relation::Independent => "independent",
        Relation::Astrocut => "as astrocut",
    }
}
