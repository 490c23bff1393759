//! What every command shares: global options, messages on standard error, exit codes.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::open::{self, Prefer};
use clap::Args;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use mast_client::Cancel;

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Every command")]
pub(crate) struct Global {
    /// Results and summary as JSON on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No messages but errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// More messages
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// No progress bars (they are only drawn on a terminal)
    #[arg(long, global = true)]
    no_progress: bool,
    /// Threads to compute with [default: all cores]; the results are the same for any number
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Tell how many requests and bytes reading files on servers took, also where that were none or --quiet
    #[arg(long, global = true)]
    stats: bool,
    /// What to spare when files on servers are read
    #[arg(long, global = true, value_enum, default_value_t)]
    prefer: Prefer,
}

/// How a command ended, when it ended well enough to say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything done.
    Complete,
    /// Nothing could be produced.
    Nothing,
    /// Some items were skipped or failed; each was named.
    Partial,
    /// Ended by Ctrl-C, in order.
    Interrupted,
}

/// Options that do not go together or say nothing, which only a look at all of them shows. The exit code is that of
/// an option that does not exist.
#[derive(Debug)]
pub(crate) struct WrongUsage(pub(crate) String);

impl std::fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// Returns [`WrongUsage`] with a formatted text.
macro_rules! wrong_usage {
    ($($text:tt)*) => { return Err(anyhow::Error::from($crate::console::WrongUsage(format!($($text)*)))) };
}
pub(crate) use wrong_usage;

/// As shells tell a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Complete => 0,
            Outcome::Nothing => 1,
            Outcome::Partial => 3,
            Outcome::Interrupted => INTERRUPTED,
        })
    }
}

/// What Ctrl-C does: it sets `cancel` where the command looks at it, and else, or the second time, ends the program. No
/// file stays half-written.
fn end_in_order(cancel: Cancel, orderly: Arc<AtomicBool>) {
    let handler = move || {
        if !orderly.load(Ordering::Relaxed) || cancel.is_cancelled() {
            hst_fits::abandon_unfinished();
            std::process::exit(INTERRUPTED.into());
        }
        cancel.cancel();
    };
    // Fails where a parent wants Ctrl-C to be ignored.
    let _ = ctrlc::try_set_handler(handler);
}

/// Standard error as the commands use it.
#[derive(Debug)]
pub(crate) struct Console {
    pub(crate) json: bool,
    quiet: bool,
    verbose: bool,
    progress: bool,
    stats: bool,
    /// All bars that are drawn, so that messages go above them.
    bars: MultiProgress,
    warnings: AtomicUsize,
    /// Warnings and problems, for the report.
    said: Mutex<Vec<String>>,
    cancel: Cancel,
    /// Whether the command itself ends when `cancel` is set.
    orderly: Arc<AtomicBool>,
}

impl Console {
    pub(crate) fn new(global: &Global) -> Self {
        if let Some(threads) = global.threads {
            // Fails only if the pool exists already, and nothing has used it yet.
            let _ = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
        }
        let (cancel, orderly) = (Cancel::new(), Arc::new(AtomicBool::new(false)));
        open::configure(|remote| (remote.prefer, remote.cancel) = (global.prefer, cancel.clone()));
        end_in_order(cancel.clone(), orderly.clone());
        let progress = !global.no_progress && !global.quiet && io::stderr().is_terminal();
        Self {
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            progress,
            stats: global.stats,
            bars: MultiProgress::new(),
            warnings: AtomicUsize::new(0),
            said: Mutex::default(),
            cancel,
            orderly,
        }
    }

    /// What reading files on servers took, if it did or that was asked for.
    pub(crate) fn tell_traffic(&self) {
        let found = open::traffic();
        let wanted = self.stats || found.is_some() && !self.quiet;
        let traffic = found.unwrap_or_default();
        match (wanted, self.json) {
            (false, _) => {}
            (_, false) => self.say(&open::told(&traffic)),
            (_, true) => {
                self.say(&serde_json::json!({"remote": open::summary(&traffic)}).to_string());
            }
        }
    }

    /// From now on Ctrl-C sets a flag instead of ending the program, so that downloads end in order; a second one
    /// ends it at once.
    pub(crate) fn interruptible(&self) -> Cancel {
        self.orderly.store(true, Ordering::Relaxed);
        self.cancel.clone()
    }

    /// Whether Ctrl-C was pressed since.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Ctrl-C ended the command before its end.
    pub(crate) fn interrupted(&self) -> Outcome {
        self.say("interrupted: nothing is half-written, and the same command goes on where this one stopped");
        Outcome::Interrupted
    }

    /// The command failed: the error and its causes.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        self.say(&format!("error: {error:#}"));
    }

    /// One item failed or was skipped; the others go on.
    pub(crate) fn problem(&self, text: &str) {
        self.remember(text);
        self.say(&format!("error: {text}"));
    }

    /// As [`problem`](Self::problem), with the file that it is about, unless the error names it.
    pub(crate) fn problem_of(&self, path: &Path, error: &anyhow::Error) {
        let (text, place) = (format!("{error:#}"), path.display().to_string());
        if text.contains(&place) {
            self.problem(&text);
        } else {
            self.problem(&format!("{place}: {text}"));
        }
    }

    /// Something the user should know that changes no exit code.
    pub(crate) fn warning(&self, text: &str) {
        self.warnings.fetch_add(1, Ordering::Relaxed);
        self.remember(text);
        if !self.quiet {
            self.say(&format!("warning: {text}"));
        }
    }

    /// What was done.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// What only a curious user wants to know.
    pub(crate) fn detail(&self, text: &str) {
        if self.verbose {
            self.say(text);
        }
    }

    fn remember(&self, text: &str) {
        if let Ok(mut said) = self.said.lock() {
            said.push(text.to_owned());
        }
    }

    /// The warnings and problems so far.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().map(|said| said.clone()).unwrap_or_default()
    }

    fn say(&self, text: &str) {
        // Nothing is left to do when standard error is closed.
        let write = || {
            let _ = writeln!(io::stderr(), "{text}");
        };
        if self.progress { self.bars.suspend(write) } else { write() }
    }

    /// A bar of `steps`, drawn on a terminal only.
    pub(crate) fn bar(&self, steps: usize, title: &'static str) -> ProgressBar {
        self.bar_like(
            ProgressBar::new(steps as u64),
            title,
            "{prefix} {bar:30} {pos}/{len} {wide_msg}",
        )
    }

    /// A bar of `bytes`, with rate and time left.
    pub(crate) fn byte_bar(&self, bytes: u64, title: &'static str) -> ProgressBar {
        let template = "{prefix} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} {wide_msg}";
        self.bar_like(ProgressBar::new(bytes), title, template)
    }

    /// A count of what nobody knows the number of.
    pub(crate) fn spinner(&self, title: &'static str) -> ProgressBar {
        self.bar_like(ProgressBar::no_length(), title, "{prefix} {pos} {wide_msg}")
    }

    fn bar_like(&self, bar: ProgressBar, title: &'static str, template: &str) -> ProgressBar {
        if !self.progress {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(title);
        self.bars.add(bar)
    }
}

/// Whether the error is that Ctrl-C was pressed.
pub(crate) fn is_cancelled(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        matches!(cause.downcast_ref::<mast_client::Error>(), Some(mast_client::Error::Cancelled))
    })
}

/// Whether the error is a closed pipe on standard output.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let json =
            cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        json.or(io) == Some(io::ErrorKind::BrokenPipe)
    })
}
