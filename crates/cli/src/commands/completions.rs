//! `hst completions`: what the shell needs to complete the commands.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::console::Outcome;

/// Print completions for a shell
///
/// For bash: hst completions bash > ~/.local/share/bash-completion/completions/hst
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Outcome> {
    // The generator panics when it cannot write, so it writes to memory.
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut crate::Cli::command(), "hst", &mut text);
    io::stdout().lock().write_all(&text)?;
    Ok(Outcome::Complete)
}
