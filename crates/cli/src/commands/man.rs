//! `hst man`: the manual pages.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Command, CommandFactory};
use serde_json::json;

use crate::console::{Console, Outcome};
use crate::output::write_aside;

/// Write the manual pages, one file a command
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  hst man ~/.local/share/man/man1")]
pub(crate) struct Args {
    /// Folder for the pages, made where it is missing; pages of the same name are replaced
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    std::fs::create_dir_all(&args.folder)
        .with_context(|| format!("cannot make the folder {}", args.folder.display()))?;
    let mut command = crate::Cli::command().disable_help_subcommand(true);
    command.build();
    let pages = write_pages(&command, "hst", &args.folder)?;
    let folder = args.folder.display().to_string();
    console.note(&format!("{folder}: {pages} pages"));
    if console.json {
        writeln!(io::stdout().lock(), "{}", json!({"folder": folder, "pages": pages}))?;
    }
    Ok(Outcome::Complete)
}

/// Writes the page of `command`, called `name`, and those of its commands; returns how many.
fn write_pages(command: &Command, name: &str, folder: &Path) -> anyhow::Result<usize> {
    let page = clap_mangen::Man::new(command.clone()).title(name);
    write_aside(&folder.join(format!("{name}.1")), |out| {
        let mut text = Vec::new();
        page.render(&mut text)?;
        out.write_all(&text)
    })?;
    let mut pages = 1;
    for inner in command.get_subcommands() {
        pages += write_pages(inner, &format!("{name}-{}", inner.get_name()), folder)?;
    }
    Ok(pages)
}
