//! The catalog in every format, as other programs read it; needs a Python with astropy in `HST_PEERS` (and pyarrow, where
//! Parquet is built in).

mod common;

use std::path::Path;
use std::process::Command;

use common::{hst, make_demo, stderr, stdout};

#[test]
fn every_format_says_the_same() {
    let Some(python) = std::env::var_os("HST_PEERS") else {
        eprintln!("skipped: HST_PEERS names no Python with astropy");
        return;
    };
    let demo = make_demo("formats");
    let images: Vec<String> = std::fs::read_dir(&demo)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with("drc.fits"))
        .collect();
    // A circle that no image covers has empty cells, and a text that every format must quote in its way.
    let regions = std::fs::read_to_string(demo.join("demo.reg")).unwrap();
    let more =
        format!("{regions}\nicrs; circle(10.5,-41.25,2\") # text={{off, \"and\" an é <b>&}}\n");
    std::fs::write(demo.join("more.reg"), more).unwrap();
    let mut tables = vec!["all.ecsv", "all.fits", "all.vot", "all.csv", "all.json"];
    if cfg!(feature = "parquet") {
        tables.push("all.parquet");
    }
    for out in &tables {
        let mut args = vec!["catalog", "more.reg", "-q", "--columns", "all", "-o", out, "--images"];
        args.extend(images.iter().map(String::as_str));
        let output = hst(&demo, &args);
        // 3: the circle that no image covers is named.
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats_agree.py");
    let output =
        Command::new(python).current_dir(&demo).arg(script).args(&tables).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    eprintln!("{}", stdout(&output));
    assert!(stdout(&output).contains("24 rows"), "{}", stdout(&output));
}
