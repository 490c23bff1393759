//! Archives as a user meets them: a folder, and the same folder behind a server.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/field.rs"]
mod field;
#[path = "common/server.rs"]
#[expect(dead_code, reason = "nothing is counted here")]
mod server;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use common::{hst, stderr, stdout};
use server::Server;

/// The notebook's field, made once for all tests; they add an index to it and nothing else.
fn archive() -> &'static Path {
    static ARCHIVE: OnceLock<PathBuf> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("archive-field");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        field::write(&folder);
        folder
    })
}

fn folder_name() -> &'static str {
    archive().to_str().expect("a plain path")
}

fn regions() -> String {
    archive().join("coma.reg").display().to_string()
}

/// The images that hold regions whole.
fn images() -> Vec<String> {
    field::USED.iter().map(|name| archive().join(name).display().to_string()).collect()
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
        hst(folder.path(), &["catalog", &regions, "--format", "csv", "--archive", folder_name()]);
    assert!(from_folder.status.success(), "{}", stderr(&from_folder));
    assert_eq!(rows(&from_folder), rows(&by_hand));
    let server = Server::start(archive());
    let args = ["catalog", &regions, "--format", "csv", "--archive", &server.1];
    let from_server = hst(folder.path(), &args);
    assert!(from_server.status.success(), "{}", stderr(&from_server));
    assert_eq!(rows(&from_server), rows(&by_hand));
    assert!(stderr(&from_server).contains("3 images, "), "{}", stderr(&from_server));
}

#[test]
fn what_is_found_is_fetched_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(archive());
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
        // What holds a part of a region is listed too.
        assert_eq!(manifest.matches(&format!(",{status},")).count(), 4, "{manifest}");
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
    let server = Server::start(archive());
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
