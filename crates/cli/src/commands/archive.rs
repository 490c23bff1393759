//! `hst archive`: a folder of FITS files as an archive.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use mast_client::{Cancel, Server};
use serde_json::json;

use crate::archive::index;
use crate::console::{Console, Outcome};

/// Make a folder of FITS files an archive, and serve it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Build or refresh the index of a folder: real headers, footprints; only what changed is read
    #[command(
        after_long_help = "Examples:\n  hst archive index images\n  hst catalog regions.reg --archive images"
    )]
    Index {
        /// The folder, with all folders below it
        dir: PathBuf,
    },
    /// Serve a folder with the archive's own protocol, for astroquery or hst on another machine
    ///
    /// There is no encryption and no access control: it is meant for the own machine or a trusted network.
    /// It ends with Ctrl-C.
    #[command(
        after_long_help = "Examples:\n  hst archive serve images\n  hst archive serve images --listen 127.0.0.1:9000\n  hst catalog regions.reg --archive http://127.0.0.1:9000     (elsewhere)"
    )]
    Serve {
        /// The folder, with all folders below it
        dir: PathBuf,
        /// Address to listen at; port 0 lets the system choose one
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8765")]
        listen: String,
    },
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    match &args.action {
        Action::Index { dir } => {
            let archive = index(dir, console)?;
            let mut out = io::stdout().lock();
            let folder = dir.display().to_string();
            if console.json {
                writeln!(out, "{}", json!({"folder": folder, "images": archive.len()}))?;
            } else {
                writeln!(out, "{folder}: {} images", archive.len())?;
            }
            Ok(if archive.is_empty() { Outcome::Nothing } else { Outcome::Complete })
        }
        Action::Serve { dir, listen } => {
            let archive = index(dir, console)?;
            let images = archive.len();
            let server = Server::bind(archive, listen.as_str())
                .with_context(|| format!("cannot listen at {listen}"))?;
            let url = format!("http://{}", server.address()?);
            let mut out = io::stdout().lock();
            if console.json {
                writeln!(out, "{}", json!({"url": url, "images": images}))?;
            } else {
                writeln!(out, "{images} images at {url}")?;
            }
            out.flush()?;
            drop(out);
            server.run(&Cancel::new())?;
            Ok(Outcome::Complete)
        }
    }
}
