//! The notebook's field on a server, measured from copies and by ranges of bytes.

use std::process::Command;

use crate::common::{stderr, stdout};
use crate::field;
use crate::server::{Counter, Server};

/// The three images of the notebook behind a line that counts.
pub(crate) struct Afar {
    folder: tempfile::TempDir,
    regions: String,
    /// Side of a box of the background.
    side: String,
    counter: Counter,
    /// Bytes of the files.
    pub(crate) whole: u64,
    _server: Server,
}

/// Bytes that came for the same table.
pub(crate) struct Came {
    #[allow(dead_code, reason = "each test file uses its part")]
    pub(crate) by_copies: u64,
    pub(crate) by_ranges: u64,
}

impl Afar {
    /// With pixels `coarser` times as wide as the true ones, and boxes of the background as much smaller.
    pub(crate) fn new(coarser: f64, line: impl FnOnce(&Server) -> Counter) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("archive");
        std::fs::create_dir(&archive).expect("a folder");
        let used = |image: &&(&str, u64, (f64, f64))| {
            field::USED.contains(&format!("{}_drc.fits", image.0).as_str())
        };
        let images: Vec<_> = field::IMAGES.iter().filter(used).copied().collect();
        let files = field::write_with(&archive, coarser, &images);
        let length = |file: &std::path::PathBuf| std::fs::metadata(file).expect("a file").len();
        let server = Server::start(&archive);
        Self {
            regions: archive.join("coma.reg").display().to_string(),
            side: (64.0 / coarser).round().to_string(),
            counter: line(&server),
            whole: files.iter().map(length).sum(),
            _server: server,
            folder,
        }
    }

    /// Measures with `options` from copies, and with `remote` besides by ranges: every digit of every number is the same.
    pub(crate) fn compare(&self, name: &str, options: &[&str], remote: &[&str]) -> Came {
        let near = self.run(&format!("near {name}"), options);
        let far = self.run(&format!("far {name}"), &[options, remote, &["--remote"]].concat());
        assert_eq!(far.0, near.0, "{name}");
        assert_eq!(far.0.lines().count(), 1 + 21);
        assert!(far.2.contains("read by ranges: "), "{}", far.2);
        let share = far.1 as f64 / self.whole as f64;
        eprintln!("{name}: {share:.4} of {} bytes; {}", self.whole, far.2);
        Came { by_copies: near.1, by_ranges: far.1 }
    }

    /// The table, the bytes that came for it, and what was said; `cache` must be new.
    fn run(&self, cache: &str, more: &[&str]) -> (String, u64, String) {
        let before = self.counter.bytes();
        let args = ["catalog", &self.regions, "--archive", &self.counter.url, "--format", "csv"];
        let args = [&args[..], &["--box", &self.side], more].concat();
        let done = Command::new(env!("CARGO_BIN_EXE_hst"))
            .current_dir(self.folder.path())
            .env("HST_CACHE", self.folder.path().join(cache))
            .args(args)
            .output()
            .expect("hst runs");
        assert!(done.status.success(), "{}", stderr(&done));
        (stdout(&done), self.counter.bytes() - before, stderr(&done))
    }
}
