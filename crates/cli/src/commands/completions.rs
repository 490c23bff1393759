//! `hst completions`: what the shell needs to complete the commands.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::console::Outcome;

const EXAMPLES: &str = "\
Examples:
  hst completions bash > ~/.local/share/bash-completion/completions/hst
  hst completions fish > ~/.config/fish/completions/hst.fish
  hst completions zsh > ~/.zfunc/_hst                (where fpath has ~/.zfunc)";

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
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
