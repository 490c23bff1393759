//! Archives as a user meets them: a folder, and the same folder behind a server.

mod common;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use common::{hst, make_demo, stderr, stdout};

/// The demo's folder, made once for all tests; they add an index to it and nothing else.
fn demo() -> &'static str {
    static DEMO: OnceLock<PathBuf> = OnceLock::new();
    DEMO.get_or_init(|| make_demo("archive-demo")).to_str().expect("a plain path")
}

fn regions() -> String {
    format!("{}/demo.reg", demo())
}

fn images() -> Vec<String> {
    let entries = std::fs::read_dir(demo()).expect("the demo's folder");
    let names = entries.map(|entry| entry.expect("an entry").path().display().to_string());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".fits")).collect();
    names.sort();
    names
}

/// `hst archive serve` on the demo; ends with the test.
struct Server(Child, String);

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hst"))
            .args(["archive", "serve", demo(), "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("hst runs");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let url = line.trim().split("at ").last().expect("an address").to_owned();
        Self(child, url)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The rows of a catalog, sorted: filters stand in the order of the images, and an archive has its own.
fn rows(output: &Output) -> Vec<String> {
    let mut rows: Vec<_> = stdout(output).lines().map(str::to_owned).collect();
    rows.sort();
    rows
}

#[test]
fn a_folder_or_a_server_gives_the_catalog_of_its_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let regions = regions();
    let given = images();
    let mut args = vec!["catalog", &regions, "--format", "csv", "--images"];
    args.extend(given.iter().map(String::as_str));
    let by_hand = hst(folder.path(), &args);
    assert!(by_hand.status.success(), "{}", stderr(&by_hand));
    let from_folder =
        hst(folder.path(), &["catalog", &regions, "--format", "csv", "--archive", demo()]);
    assert!(from_folder.status.success(), "{}", stderr(&from_folder));
    assert_eq!(rows(&from_folder), rows(&by_hand));
    let server = Server::start();
    let args = ["catalog", &regions, "--format", "csv", "--archive", &server.1];
    let from_server = hst(folder.path(), &args);
    assert!(from_server.status.success(), "{}", stderr(&from_server));
    assert_eq!(rows(&from_server), rows(&by_hand));
    assert!(stderr(&from_server).contains("9 images, "), "{}", stderr(&from_server));
}

#[test]
fn what_is_found_is_fetched_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start();
    let regions = regions();
    let search = ["search", &regions, "--archive", &server.1, "-o", "found.ecsv"];
    let found = hst(folder.path(), &search);
    assert!(found.status.success(), "{}", stderr(&found));
    let fetch = ["fetch", "found.ecsv", "--archive", &server.1, "-d", "images", "--format", "csv"];
    for status in ["COMPLETE", "CACHED"] {
        let fetched = hst(folder.path(), &fetch);
        assert!(fetched.status.success(), "{}", stderr(&fetched));
        let manifest = stdout(&fetched);
        assert!(manifest.starts_with("path,status,bytes,attempts,source,error,"), "{manifest}");
        assert_eq!(manifest.matches(&format!(",{status},")).count(), 9, "{manifest}");
    }
    for original in images() {
        let name = Path::new(&original).file_name().expect("a name");
        let copy = std::fs::read(folder.path().join("images").join(name)).expect("a copy");
        assert!(copy == std::fs::read(&original).expect("the original"), "{original}");
    }
    drop(server);
    let again = hst(folder.path(), &["fetch", "found.ecsv", "-d", "images", "-q"]);
    assert!(again.status.success(), "a warm folder needs no server: {}", stderr(&again));
}

#[test]
fn nothing_is_fetched_beyond_what_was_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start();
    let regions = regions();
    let catalog = ["catalog", &regions, "--archive", &server.1];
    let dry = hst(folder.path(), &[&catalog[..], &["--dry-run"]].concat());
    assert!(dry.status.success() && dry.stdout.is_empty(), "{}", stderr(&dry));
    let refused = hst(folder.path(), &[&catalog[..], &["--max-bytes", "1kB"]].concat());
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("more than 1000"), "{}", stderr(&refused));
    let unreachable = hst(folder.path(), &["search", "--at", "10 20", "--archive", "mast"]);
    assert_eq!(unreachable.status.code(), Some(1));
    assert!(stderr(&unreachable).contains("127.0.0.1:1"), "{}", stderr(&unreachable));
}
