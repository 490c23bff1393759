//! One file a command: its arguments, and a `run` that reads like its help.

mod archive;
mod background;
mod catalog;
mod combine;
mod completions;
mod cutout;
mod demo;
mod fetch;
mod info;
mod man;
mod mosaic;
mod mvm;
mod points;
mod regions;
mod render;
mod search;
mod skycell;

use clap::Subcommand;

use crate::console::{Console, Outcome};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Catalog(Box<catalog::Args>),
    Background(background::Args),
    Cutout(Box<cutout::Args>),
    Combine(combine::Args),
    Mosaic(Box<mosaic::Args>),
    Render(Box<render::Args>),
    Mvm(Box<mvm::Args>),
    Demo(demo::Args),
    Search(Box<search::Args>),
    Fetch(Box<fetch::Args>),
    Archive(archive::Args),
    Info(info::Args),
    Regions(regions::Args),
    Skycell(skycell::Args),
    #[command(name = "sky2pix")]
    Sky2Pix(points::Sky2Pix),
    #[command(name = "pix2sky")]
    Pix2Sky(points::Pix2Sky),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    pub(crate) fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        match self {
            Self::Catalog(args) => catalog::run(&args, console),
            Self::Background(args) => background::run(&args, console),
            Self::Cutout(args) => cutout::run(&args, console),
            Self::Combine(args) => combine::run(&args, console),
            Self::Mosaic(args) => mosaic::run(&args, console),
            Self::Render(args) => render::run(&args, console),
            Self::Mvm(args) => mvm::run(&args, console),
            Self::Demo(args) => demo::run(&args, console),
            Self::Search(args) => search::run(&args, console),
            Self::Fetch(args) => fetch::run(&args, console),
            Self::Archive(args) => archive::run(&args, console),
            Self::Info(args) => info::run(&args, console),
            Self::Regions(args) => regions::run(&args, console),
            Self::Skycell(args) => skycell::run(&args, console),
            Self::Sky2Pix(args) => args.run(console),
            Self::Pix2Sky(args) => args.run(console),
            Self::Completions(args) => completions::run(&args),
            Self::Man(args) => man::run(&args, console),
        }
    }
}
