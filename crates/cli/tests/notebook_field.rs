//! The notebook's field through the archive: few questions, few bytes, and the same catalog.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/field.rs"]
mod field;
#[path = "common/server.rs"]
mod server;

use std::fs;

use common::{hst, stderr, stdout};
use server::{Counter, Server};

#[test]
fn few_questions_and_few_bytes_give_the_catalog_of_all_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("archive");
    fs::create_dir(&archive).expect("a folder");
    let files = field::write(&archive);
    let regions = archive.join("coma.reg").display().to_string();
    let paths: Vec<_> = files.iter().map(|path| path.display().to_string()).collect();
    let mut all = vec!["catalog", &regions, "--format", "csv", "--images"];
    all.extend(paths.iter().map(String::as_str));
    let all = hst(folder.path(), &all);
    assert!(all.status.success(), "{}", stderr(&all));

    let server = Server::start(&archive);
    let counter = Counter::before(&server);
    let args = ["catalog", &regions, "--archive", &counter.url, "--format", "csv"];
    let ours = hst(folder.path(), &args);
    assert!(ours.status.success(), "{}", stderr(&ours));
    assert_eq!(stdout(&ours).lines().count(), 1 + 7 * 3);
    assert_eq!(sorted(&stdout(&ours)), sorted(&stdout(&all)));

    let metadata = counter.requests("POST /api/v0/invoke");
    assert!((1..=3).contains(&metadata), "{metadata} requests for metadata");
    assert_eq!(counter.requests("GET /api/v0.1/Download/file"), 3);
    assert_eq!(counter.requests(" HTTP/1.1\r\n"), metadata + 3, "and nothing else");
    let length = |path: &std::path::PathBuf| fs::metadata(path).expect("a file").len();
    let (fetched, cone) = (counter.bytes(), files.iter().map(length).sum::<u64>());
    assert!(fetched * 10 <= cone * 3, "{fetched} of {cone} bytes");
    eprintln!("{metadata} requests for metadata, {fetched} of {cone} bytes");

    // Once more, with all files there: the same questions, and no file.
    let again = hst(folder.path(), &args);
    assert_eq!(stdout(&again), stdout(&ours));
    assert_eq!(counter.requests("GET /api/v0.1/Download/file"), 3);
}

/// A cone of the regions' extent finds all twelve; the notebook fetched them all.
#[test]
fn the_cone_of_the_notebook_finds_all_twelve() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = field::write(folder.path());
    let archive = folder.path().display().to_string();
    let args = ["search", "--at", "195.127 28.0676", "--radius", "8arcmin", "--archive", &archive];
    let found = hst(folder.path(), &[&args[..], &["--format", "csv"]].concat());
    assert!(found.status.success(), "{}", stderr(&found));
    assert_eq!(stdout(&found).lines().count(), 1 + files.len());
}

#[test]
fn the_areas_are_those_the_notebook_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    field::write(folder.path());
    let columns = "id,sum_aper_area,n_images";
    let args = ["--preset", "notebook", "--columns", columns, "--format", "csv", "--images"];
    let args = [&["catalog", "coma.reg"], &args[..], &field::USED].concat();
    let found = hst(folder.path(), &args);
    assert!(found.status.success(), "{}", stderr(&found));
    let mut compared = 0;
    for line in stdout(&found).lines().skip(1) {
        let cells: Vec<_> = line.split(',').collect();
        let known = field::REGIONS.iter().find(|region| region.3 == cells[0]).expect("a region");
        let area: f64 = cells[1].parse().expect("a number");
        // By every convention of photutils: the place of CRVAL, which the scale follows, is known from a fit only.
        assert!((area / known.4 - 1.0).abs() < 1.3e-7, "{line}: the notebook has {}", known.4);
        assert_eq!(cells[2], "1", "{line}");
        compared += 1;
    }
    assert_eq!(compared, 21);
}

/// Filters stand in the order of the images, and an archive has its own.
fn sorted(table: &str) -> Vec<&str> {
    let mut lines: Vec<_> = table.lines().collect();
    lines.sort_unstable();
    lines
}
