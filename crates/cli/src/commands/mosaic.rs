use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::bail;
use astro_coords::{Angle, SkyCoord};
use clap::ValueEnum;
use cutout::Size;
use cutout::mosaic::{Mosaic, MosaicGrid, MosaicOptions};
use hst_fits::{Checksums, WriteOptions};
use serde_json::json;

use super::combine::{Method, Relation, relation_of};
use crate::angles;
use crate::console::{Console, Outcome};

/// Put images on different grids onto one
///
/// The grid is gnomonic (TAN): that of the first image, whose pixels are copied; or, with --scale, pixels of that size
/// with north up. Flux is conserved: pixels hold flux, whatever their size. Weights (WHT) are carried along.
///
/// Of the same exposures (skycells) the first image that covers a pixel counts and fades into the next at its border;
/// independent images are combined.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Images, the most important first
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Middle of the mosaic, "RA DEC" in degrees or sexagesimal [default: all that the images cover]
    #[arg(long, value_name = "POS", requires = "size", allow_hyphen_values = true)]
    at: Option<SkyCoord>,
    /// Size of the mosaic: 200, 200x300 (pixels, x first), 10arcsec, 5x4arcsec
    #[arg(long, value_name = "SIZE", requires = "at")]
    size: Option<Size>,
    /// Side of a pixel, north up: 0.04arcsec, bare = arcsec [default: the grid of the first image]
    #[arg(long, value_name = "ANGLE", value_parser = angles::positive)]
    scale: Option<Angle>,
    /// How images get onto another grid
    #[arg(long, value_enum, default_value_t)]
    resampling: Resampling,
    /// What becomes of the values that several images have for a pixel
    #[arg(long, value_enum, default_value_t = Method::Weighted)]
    method: Method,
    /// What the images have to do with each other [default: same-exposures for skycells of one layer, else
    /// independent]
    #[arg(long, value_enum)]
    relation: Option<Relation>,
    /// Write an extension ORIGIN too: for every pixel the number of the image it is from, or mostly from
    #[arg(long)]
    origin: bool,
    /// File to write
    #[arg(short, long, value_name = "FILE", default_value = "mosaic.fits")]
    out: PathBuf,
    /// Replace an existing file
    #[arg(long)]
    overwrite: bool,
}

const EXAMPLES: &str = "\
Examples:
  hst mosaic hst_skycell-*_acs_wfc_f814w_all_drc.fits --at \"84.92 -69.147\" --size 60arcsec
  hst mosaic visit1_drc.fits visit2_drc.fits --scale 0.06arcsec -o both.fits";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Resampling {
    /// Overlap of pixels as polygons: flux is conserved exactly
    #[default]
    Exact,
    /// The nearest pixel: noise stays, positions move by up to half a pixel
    Nearest,
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
    let weighted = files.iter().all(|file| file.find("WHT", None).is_ok());
    let method = match args.method {
        Method::Weighted if !weighted => {
            console.warning("there are images without WHT: all count the same");
            Method::Mean
        }
        method => method,
    };
    let options = MosaicOptions {
        grid: MosaicGrid { around: args.at.zip(args.size), scale: args.scale },
        resampling: match args.resampling {
            Resampling::Exact => cutout::mosaic::Resampling::Exact,
            Resampling::Nearest => cutout::mosaic::Resampling::Nearest,
        },
        method: method.into(),
        relation: relation.into(),
        origin: args.origin,
    };
    let mut mosaic = Mosaic::new(&files, options)?;
    mosaic.warnings().iter().for_each(|text| console.warning(text));
    let name = args.out.file_name().unwrap_or_default().to_string_lossy().into_owned();
    mosaic.primary_mut().set("FILENAME", name, "name of the file");
    mosaic.write(&args.out, WriteOptions { checksums: Checksums::Write })?;
    let (ny, nx) = mosaic.shape();
    let scale = mosaic.wcs().pixel_scale().arcsec();
    console.note(&format!(
        "{}: {nx} x {ny} pixels of {scale:.4} arcsec from {} images",
        args.out.display(),
        files.len()
    ));
    if console.json {
        let summary = json!({"file": args.out.display().to_string(), "nx": nx, "ny": ny,
            "pixel_scale_arcsec": scale, "images": files.len()});
        writeln!(io::stdout().lock(), "{summary}")?;
    }
    Ok(if files.len() == args.files.len() { Outcome::Complete } else { Outcome::Partial })
}
