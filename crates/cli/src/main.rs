//! `hst`: from a DS9 region file to a catalog of Hubble sources.
//!
//! The command line: arguments, then one `run`. Everything a command does is a call of a library crate;
//! only this one prints.

mod angles;
mod archive;
mod catalog;
mod commands;
mod console;
mod cutting;
mod demo;
#[cfg(test)]
mod documents;
mod geometry;
mod mvm;
mod open;
mod output;
mod picture;
mod regions;
mod report;
mod table;

use std::process::ExitCode;

use clap::Parser;

use commands::Command;
use console::{Console, Global, WrongUsage};

const START: &str = "\
Start with:
  hst demo                                     a simulated archive, measured, beside the truth
  hst catalog regions.reg --images *_drc.fits  measure your regions on your images
  hst info image_drc.fits                      what is in an image";

/// From a DS9 region file to a catalog of Hubble sources
///
/// hst reads a DS9 region file and Hubble images, subtracts the background, measures each region with exact
/// apertures and writes one table.
#[derive(Debug, Parser)]
#[command(name = "hst", version, max_term_width = 100, after_help = START)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(&cli.global);
    let outcome = cli.command.run(&console);
    console.tell_traffic();
    match outcome {
        Ok(outcome) => outcome.into(),
        // A reader that has seen enough (`| head`) is no failure.
        Err(error) if console::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if console::is_cancelled(&error) => console.interrupted().into(),
        Err(error) => {
            console.error(&error);
            ExitCode::from(if error.is::<WrongUsage>() { 2 } else { 1 })
        }
    }
}
