//! `hst regions`: check and convert DS9 region files.

use std::path::PathBuf;

use clap::Subcommand;
use ds9_regions::{Format, Frame};

use crate::console::{Console, Outcome};
use crate::regions::{self, Place, Target};

/// Check region files, of DS9 and other programs, and convert them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show every problem of region files, with its line and a caret
    ///
    /// An error is a statement that cannot be read; a warning is one that is read, but that DS9 itself would
    /// refuse or read differently. Exit code 3 if a file has errors.
    #[command(
        after_long_help = "Examples:\n  hst regions check *.reg\n  hst regions check --strict m51.reg\n  hst regions check --json *.reg | jq .loads_in_ds9"
    )]
    Check {
        /// Region files
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// Their format: ds9, ciao, saoimage, pros, saotng, xy, crtf or carta [default: what the first lines show]
        #[arg(long, value_name = "FORMAT")]
        from: Option<Format>,
        /// Ask whether DS9 itself would load them: what it refuses is an error
        #[arg(long)]
        strict: bool,
    },
    /// Write the regions of a file as DS9 would save them, in another frame, or as a table
    ///
    /// Between pixels and the sky an image says the way. To `ds9` and `line` regions are carried as DS9 does, with
    /// north and the size of a pixel at the centre of the image; to the others with those where each region is.
    #[command(
        after_long_help = "Examples:\n  hst regions convert m51.reg --to csv -o m51.csv\n  hst regions convert m51.reg --frame galactic\n  hst regions convert m51.reg --frame image --wcs m51_drc.fits\n  hst regions convert old.reg --to canonical -o new.reg\n  hst regions convert casa.crtf -o casa.reg\n  hst regions convert stars.txt --from xy --frame icrs --wcs m51_drc.fits"
    )]
    Convert {
        /// Region file
        file: PathBuf,
        /// Its format: ds9, ciao, saoimage, pros, saotng, xy, crtf or carta [default: what the first lines show]
        #[arg(long, value_name = "FORMAT")]
        from: Option<Format>,
        /// What to write; --json on standard output is json
        #[arg(long, value_enum, default_value = "ds9")]
        to: Target,
        /// Frame to write them in: image, physical, icrs, fk5, galactic, ... [default: each its own]
        #[arg(long, value_name = "FRAME")]
        frame: Option<Frame>,
        /// The image: a FITS file (its SCI extension or first image), or a header as text, one card a line
        #[arg(long, value_name = "IMAGE")]
        wcs: Option<PathBuf>,
        /// File to write [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Replace an existing file
        #[arg(long)]
        overwrite: bool,
    },
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    match &args.action {
        Action::Check { files, from, strict } => regions::check(files, *from, *strict, console),
        Action::Convert { file, from, to, frame, wcs, out, overwrite } => {
            let place = Place { frame: *frame, image: wcs.as_deref() };
            regions::convert(file, *from, *to, &place, out.as_deref(), *overwrite, console)
        }
    }
}
