//! The program as a user runs it, and the demo's folder to run it on.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs `hst` in `folder`, away from the user's own cache and from the archive.
pub(crate) fn hst(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hst"))
        .current_dir(folder)
        .env("HST_CACHE", folder.join("cache"))
        .env("HST_MAST_URL", "http://127.0.0.1:1")
        .args(args)
        .output()
        .expect("hst runs")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// Makes the demo's folder anew under the name `name`.
pub(crate) fn make_demo(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    let output = hst(Path::new("."), &["demo", "-q", "-o", folder.to_str().expect("a plain path")]);
    assert!(output.status.success(), "{}", stderr(&output));
    folder
}
