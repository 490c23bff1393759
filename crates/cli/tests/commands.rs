//! Whole commands as a user types them, in a throw-away folder, offline.

mod common;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use common::{hst, make_demo, stderr, stdout};

/// The demo's folder, made once for all tests; they only read it.
fn demo() -> &'static Path {
    static DEMO: OnceLock<PathBuf> = OnceLock::new();
    DEMO.get_or_init(|| make_demo("demo"))
}

fn image(number: &str) -> String {
    let name =
        |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
    let names = std::fs::read_dir(demo()).expect("the demo's folder").filter_map(name);
    let mut found: Vec<_> = names
        .filter(|name| name.contains(&format!("_{number}_")) && name.ends_with(".fits"))
        .collect();
    found.sort();
    found.remove(0)
}

#[test]
fn the_demo_is_the_same_every_time() {
    const PROVENANCE: &[u8] = b"<section id=\"provenance\"";
    let again = tempfile::tempdir().expect("a folder");
    let output = hst(again.path(), &["demo", "-q"]);
    assert!(output.status.success(), "{}", stderr(&output));
    for entry in std::fs::read_dir(again.path().join("hst-demo")).expect("the demo's folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        // What names the folder and the command differs; the report ends with that.
        let own = |path: &Path| {
            let text = std::fs::read(path).ok()?;
            let end = text.windows(PROVENANCE.len()).position(|part| part == PROVENANCE);
            Some(text[..end.unwrap_or(text.len())].to_vec())
        };
        if name != "catalog.ecsv" {
            assert!(own(&path) == own(&demo().join(name)), "{name:?} differs");
        }
    }
}

#[test]
fn the_demo_finds_the_truth() {
    let report = std::fs::read_to_string(demo().join("comparison.csv")).expect("a comparison");
    let mut lines = report.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().expect("names");
    let at = |name| names.iter().position(|found| *found == name).expect("a column");
    let (truth, flux) = (at("true_flux"), at("flux"));
    let mut rows = 0;
    for cells in lines {
        let number = |at: usize| cells[at].parse::<f64>().expect("a number");
        let ratio = number(flux) / number(truth);
        assert!((ratio - 1.0).abs() < 0.04, "{ratio}: {cells:?}");
        rows += 1;
    }
    assert_eq!(rows, 7 * 3, "{report}");
}

#[test]
fn one_bad_line_never_loses_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = std::fs::read_to_string(demo().join("demo.reg")).expect("regions");
    let mut lines: Vec<_> = good.lines().collect();
    lines.insert(4, "circle(194.95,27.98");
    std::fs::write(folder.path().join("bad.reg"), lines.join("\n")).expect("written");
    let image = demo().join(image("11"));
    let output = hst(
        folder.path(),
        &[
            "catalog",
            "bad.reg",
            "--images",
            image.to_str().expect("a plain path"),
            "--format",
            "csv",
        ],
    );
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(stdout(&output).lines().count(), 1 + 7);
    let message = stderr(&output);
    assert!(message.contains("bad.reg:5:"), "{message}");
    assert!(message.contains("circle(194.95,27.98") && message.contains('^'), "{message}");
}

#[test]
fn bad_input_is_named_and_nothing_panics() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    };
    let whole = std::fs::read(demo().join(image("11"))).expect("an image");
    write("truncated.fits", &whole[..whole.len() / 5]);
    write("page.fits", b"<html>503 Service Unavailable</html>");
    write("empty.fits", b"");
    write("empty.reg", b"");
    write("comments.reg", b"# nothing here\n");
    let regions = demo().join("demo.reg");
    let regions = regions.to_str().expect("a plain path");
    for (args, code, expected) in [
        (vec!["catalog", "nowhere.reg", "--images", "a.fits"], 1, "nowhere.reg"),
        (vec!["catalog", "empty.reg", "--images", "a.fits"], 1, "empty.reg: no region to measure"),
        (
            vec!["catalog", "comments.reg", "--images", "a.fits"],
            1,
            "comments.reg: no region to measure",
        ),
        (vec!["catalog", regions, "--images", "nowhere.fits"], 1, "nowhere.fits"),
        (vec!["catalog", regions, "--images", "page.fits"], 1, "page.fits"),
        (vec!["catalog", regions, "--images", "empty.fits"], 1, "empty.fits"),
        (vec!["catalog", regions, "--images", "truncated.fits"], 1, "truncated.fits"),
        (vec!["catalog", regions, "--images", "a.fits", "--archive", "."], 2, "--images"),
        (vec!["catalog", regions, "--archive", "nowhere"], 1, "nowhere is no folder"),
        (vec!["catalog", regions, "--images", "a.fits", "--box", "0"], 2, "--box"),
        (vec!["catalog", regions, "--images", "a.fits", "-o", "table.xyz"], 2, "table.xyz"),
        (
            vec!["catalog", regions, "--images", "a.fits", "--columns", "id,colour"],
            2,
            "there is no column colour",
        ),
        (vec!["info", "page.fits"], 1, "page.fits"),
    ] {
        let output = hst(folder.path(), &args);
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {message}");
        assert!(message.contains(expected), "{args:?}: {message}");
        assert!(!message.contains("panicked"), "{args:?}: {message}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn who_asks_for_parquet_is_told_where_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let output =
        hst(folder.path(), &["catalog", "a.reg", "--images", "a.fits", "-o", "table.parquet"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("--features parquet"), "{}", stderr(&output));
}

#[test]
fn manual_pages_are_counted_in_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = hst(folder.path(), &["man", "pages", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let files = std::fs::read_dir(folder.path().join("pages")).expect("the folder").count();
    assert_eq!((&said["folder"], &said["pages"]), (&"pages".into(), &files.into()));
    let page = std::fs::read_to_string(folder.path().join("pages/hst-mvm-get.1")).expect("a page");
    assert!(page.contains("hst mvm get 30dor.ecsv"), "{page}");
}

#[test]
fn a_bad_image_never_loses_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let image = demo().join(image("11"));
    let regions = demo().join("demo.reg");
    let paths = [&regions, &image].map(|path| path.to_str().expect("a plain path"));
    let output = hst(
        folder.path(),
        &["catalog", paths[0], "--images", "nowhere.fits", paths[1], "--format", "csv"],
    );
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(stdout(&output).lines().count(), 1 + 7);
    assert!(stderr(&output).contains("nowhere.fits"));
}

#[test]
fn a_region_off_every_image_keeps_an_empty_row() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("two.reg"),
        "icrs\ncircle(194.95,27.98,1\") # text={here}\ncircle(10,-20,1\") # text={there}\n",
    )
    .expect("written");
    let image = demo().join(image("11"));
    let output = hst(
        folder.path(),
        &[
            "catalog",
            "two.reg",
            "--images",
            image.to_str().expect("a plain path"),
            "--columns",
            "id,n_images,sum",
            "--format",
            "csv",
        ],
    );
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let table = stdout(&output);
    let rows: Vec<_> = table.lines().collect();
    assert_eq!(rows[0], "id,n_images,sum");
    assert!(rows[1].starts_with("here,1,"), "{table}");
    assert_eq!(rows[2], "there,0,");
    assert!(stderr(&output).contains("there"), "{}", stderr(&output));
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let image = demo().join(image("12"));
    let regions = demo().join("demo.reg");
    let paths = [&regions, &image].map(|path| path.to_str().expect("a plain path"));
    let table = |threads| {
        let output = hst(
            Path::new("."),
            &["catalog", paths[0], "--images", paths[1], "--format", "csv", "--threads", threads],
        );
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let one = table("1");
    assert_eq!(table("2"), one);
    assert_eq!(table("7"), one);
}

#[test]
fn an_existing_table_is_only_replaced_when_told() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("t.csv"), "mine").expect("written");
    let image = demo().join(image("11"));
    let regions = demo().join("demo.reg");
    let paths = [&regions, &image].map(|path| path.to_str().expect("a plain path"));
    let args = ["catalog", paths[0], "--images", paths[1], "-o", "t.csv"];
    let refused = hst(folder.path(), &args);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(folder.path().join("t.csv")).expect("the file"), "mine");
    let replaced = hst(folder.path(), &[&args[..], &["--overwrite"]].concat());
    assert!(replaced.status.success(), "{}", stderr(&replaced));
    assert!(
        std::fs::read_to_string(folder.path().join("t.csv"))
            .expect("the file")
            .starts_with("region,id")
    );
}
