//! `hst cutout`: pieces of images as FITS files.

use std::path::PathBuf;

use anyhow::Context;
use astro_coords::SkyCoord;
use clap::ValueEnum;
use cutout::{
    CutOptions, Empty, Extensions, Integers, LeftoverSip, MatrixStyle, Mode, Names, Primary,
    Rounding, Size, SizePolicy, Softened,
};

use crate::console::{Console, Outcome, wrong_usage};
use crate::cutting::{self, Destination, Form, Many, Template};

const EXAMPLES: &str = "\
Examples:
  hst cutout image_drc.fits --at \"13:29:52.7 +47:11:43\" --size 200
  hst cutout *_drc.fits --at \"202.47 47.195\" --size 10arcsec --ext SCI,WHT -d cutouts
  hst cutout *_drc.fits --at \"202.47 47.195\" --size 100x50 --single -o m51.fits
  hst cutout image_drc.fits --table stars.csv --size 64 --format npy -o stars.npy
  hst cutout image_flc.fits --at \"202.47 47.195\" --size 64 --ext all --mode trim";

/// Cut pieces out of images
///
/// One file an image, or one of all with --single. Pixels are bit for bit those of the image, and headers keep every
/// description of the sky true: alternates, distortions and their lookup tables, physical pixels. An image that does not
/// show the place is named and skipped.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// FITS images; also compressed as a whole (.gz) or in tiles (.fz)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Middle of the cutout, "RA DEC" in degrees or sexagesimal
    #[arg(long, value_name = "POS", allow_hyphen_values = true, required_unless_present = "table")]
    at: Option<SkyCoord>,
    /// Cut around many positions at once: a table (ECSV, CSV, FITS, text) with columns ra and dec, and id, nx, ny if
    /// they are there. What became of each stands in a table beside the cutouts
    #[arg(long, value_name = "POSITIONS", conflicts_with_all = ["at", "single"])]
    table: Option<PathBuf>,
    /// What many cutouts become [default: tar]
    #[arg(long, value_enum, requires = "table")]
    format: Option<Form>,
    /// Size of the cutout: 200, 200x300 (pixels, x first), 10arcsec, 5x4arcsec
    #[arg(long, value_name = "SIZE", required_unless_present = "table")]
    size: Option<Size>,
    /// Extensions: SCI,WHT (names), SCI,2 (a version), 1,2 (numbers), all, celestial, first [default: SCI, else the
    /// first image]
    #[arg(long, value_name = "EXT")]
    ext: Option<Extensions>,
    /// One file with the cutouts of all images
    #[arg(long)]
    single: bool,
    /// Value outside the image; nan is BLANK in integers, else 0
    #[arg(long, value_name = "VALUE", default_value_t = f64::NAN, allow_hyphen_values = true, help_heading = "Pixels")]
    fill: f64,
    /// What happens at the border of an image
    #[arg(long, value_enum, default_value_t, help_heading = "Pixels")]
    mode: Border,
    /// Integers become floats
    #[arg(long, help_heading = "Pixels")]
    promote: bool,
    /// Leave pixels that BSOFTEN and BOFFSET describe (Pan-STARRS) as they are
    #[arg(long, help_heading = "Pixels")]
    raw: bool,
    /// Write cutouts without any data too
    #[arg(long, help_heading = "Pixels")]
    keep_empty: bool,
    /// Do as astrocut 1.4.0: its rounding, names of extensions, PC matrix and short primary header, the first image
    #[arg(long, help_heading = "Headers")]
    compat: bool,
    /// What happens to sizes that are no whole pixels [default: exact]
    #[arg(long, value_enum, help_heading = "Headers")]
    size_policy: Option<Policy>,
    /// What the primary header holds [default: copy]
    #[arg(long, value_enum, help_heading = "Headers")]
    primary: Option<PrimaryHeader>,
    /// How the matrix of the coordinates is written [default: keep]
    #[arg(long, value_enum, help_heading = "Headers")]
    wcs_style: Option<WcsStyle>,
    /// Apply and keep SIP coefficients where CTYPE does not end in -SIP
    #[arg(long, help_heading = "Headers")]
    keep_sip: bool,
    /// File to write, of one image or with --single
    #[arg(short, long, value_name = "FILE", conflicts_with = "dir", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Folder to write to; it is made if need be [default: here]
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    dir: Option<PathBuf>,
    /// Names of files, of {stem}, {ra}, {dec} (decimals as in {ra:4}), {nx}, {ny}, {size} (as asked for), {ext}, and {id}
    /// of a position in a table [default: {stem}_{ra}_{dec}_{nx}x{ny}_cutout.fits; of a table {stem}_{id}_cutout.fits, in
    /// an archive {id}.fits]
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    name_template: Option<Template>,
    /// Replace existing files
    #[arg(long, help_heading = "Output")]
    overwrite: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Border {
    /// The cutout keeps its size and is filled
    #[default]
    Partial,
    /// The cutout ends with the image
    Trim,
    /// The image is skipped
    Strict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Policy {
    /// Sizes are rounded and always kept
    Exact,
    /// Both edges are rounded, as astrocut does; the size depends on the place
    Compat,
    /// Both edges are rounded up, as astrocut's ceil
    CompatCeil,
    /// Both edges are rounded down, as astrocut's floor
    CompatFloor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PrimaryHeader {
    /// What that of the image says
    Copy,
    /// Only place, day and program
    Minimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WcsStyle {
    /// As in the image
    Keep,
    /// PC with CDELT = 1 instead of CD
    Pc,
}

impl Args {
    fn options(&self) -> CutOptions {
        let preset = if self.compat { CutOptions::astrocut() } else { CutOptions::default() };
        CutOptions {
            extensions: self.ext.clone().unwrap_or(preset.extensions),
            policy: match self.size_policy {
                None => preset.policy,
                Some(Policy::Exact) => SizePolicy::Exact,
                Some(Policy::Compat) => SizePolicy::Compat(Rounding::Nearest),
                Some(Policy::CompatCeil) => SizePolicy::Compat(Rounding::Up),
                Some(Policy::CompatFloor) => SizePolicy::Compat(Rounding::Down),
            },
            mode: match self.mode {
                Border::Partial => Mode::Partial,
                Border::Trim => Mode::Trim,
                Border::Strict => Mode::Strict,
            },
            fill: self.fill,
            integers: if self.promote { Integers::Promote } else { Integers::Keep },
            empty: if self.keep_empty { Empty::Keep } else { Empty::Refuse },
            primary: match self.primary {
                // Long headers would make up most of many small cutouts.
                None if self.table.is_some() => Primary::Minimal,
                None => preset.primary,
                Some(PrimaryHeader::Copy) => Primary::Copy,
                Some(PrimaryHeader::Minimal) => Primary::Minimal,
            },
            names: if self.compat { Names::Cutout } else { Names::Keep },
            matrix: match self.wcs_style {
                None => preset.matrix,
                Some(WcsStyle::Keep) => MatrixStyle::Keep,
                Some(WcsStyle::Pc) => MatrixStyle::Pc,
            },
            leftover_sip: if self.keep_sip { LeftoverSip::Keep } else { LeftoverSip::Remove },
            softened: if self.raw { Softened::Raw } else { Softened::Linear },
        }
    }

    /// A template that would name nothing is a misunderstanding.
    fn check_names(&self) -> anyhow::Result<()> {
        if self.name_template.is_none() {
            return Ok(());
        }
        match (self.table.is_some(), self.format.unwrap_or_default()) {
            (true, Form::Npy) => wrong_usage!(
                "--name-template names FITS files, and --format npy writes arrays of all; use -o or -d"
            ),
            (false, _) if self.out.is_some() => {
                wrong_usage!("-o names the file, and so does --name-template; one of them must go")
            }
            _ => Ok(()),
        }
    }

    fn template(&self) -> Template {
        let default = match (&self.table, self.format.unwrap_or_default()) {
            (None, _) => cutting::DEFAULT_NAME,
            (Some(_), Form::Tar) => cutting::NAME_IN_ARCHIVE,
            (Some(_), Form::Fits | Form::Npy) => cutting::NAME_OF_MANY,
        };
        self.name_template.clone().unwrap_or_else(|| Template::default_of(default))
    }

    fn destination(&self) -> anyhow::Result<Destination> {
        if let Some(folder) = &self.dir {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        Ok(Destination {
            file: self.out.clone(),
            folder: self.dir.clone().unwrap_or_default(),
            template: self.template(),
            overwrite: self.overwrite,
        })
    }
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    let options = args.options();
    if args.out.is_some() && args.files.len() > 1 && !args.single {
        wrong_usage!("-o names one file for {} images; add --single, or use -d", args.files.len());
    }
    args.check_names()?;
    let destination = args.destination()?;
    if let Some(table) = &args.table {
        let (size, form) = (args.size, args.format.unwrap_or_default());
        let many = Many { files: &args.files, table, size, options: &options, form };
        return many.run(&destination, console);
    }
    let (Some(at), Some(size)) = (args.at, args.size) else {
        wrong_usage!("where? add --at and --size")
    };
    let job = cutting::Job { files: &args.files, at, size, options: &options };
    match args.single {
        true => job.to_one(&destination, console),
        false => job.to_many(&destination, console),
    }
}
