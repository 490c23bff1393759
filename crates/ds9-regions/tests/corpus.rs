//! The corpus of region files with what DS9 8.4.1 made of them.

use std::fs;
use std::path::Path;

use ds9_regions::{Mode, RegionFile};
use serde_json::Value;

struct Case {
    name: String,
    bytes: Vec<u8>,
    count: usize,
    error: String,
}

fn cases() -> Vec<Case> {
    let Some(root) = testkit::shared("data/regions") else { return Vec::new() };
    let oracle: Value =
        serde_json::from_slice(&fs::read(root.join("oracle.json")).unwrap()).unwrap();
    let mut all = Vec::new();
    for folder in ["real", "synthetic"] {
        for (name, answer) in oracle[folder].as_object().unwrap() {
            let bytes = fs::read(Path::new(&root).join(folder).join(name)).unwrap();
            let count = usize::try_from(answer["n"].as_u64().unwrap()).unwrap();
            let error = answer["err"].as_str().unwrap().to_owned();
            all.push(Case { name: format!("{folder}/{name}"), bytes, count, error });
        }
    }
    all
}

#[test]
fn default_gives_the_number_of_regions_of_ds9() {
    let mut differ = Vec::new();
    for case in cases().iter().filter(|case| case.error.is_empty()) {
        let file = RegionFile::parse(&case.bytes, Mode::Default);
        if file.regions().len() != case.count || !file.errors().is_empty() {
            let first =
                file.errors().first().map(|error| error.render(&case.bytes)).unwrap_or_default();
            differ.push(format!(
                "{}: {} for {}\n{first}",
                case.name,
                file.regions().len(),
                case.count
            ));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn strict_fails_where_ds9_fails() {
    let mut differ = Vec::new();
    for case in cases().iter().filter(|case| case.error != "Bad Coordinate mapping") {
        let file = RegionFile::parse(&case.bytes, Mode::Strict);
        if file.errors().is_empty() != case.error.is_empty() {
            let first =
                file.errors().first().map(|error| error.render(&case.bytes)).unwrap_or_default();
            differ.push(format!("{}: DS9 says {:?}\n{first}", case.name, case.error));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn items_tile_every_file() {
    for case in cases() {
        for mode in [Mode::Strict, Mode::Default, Mode::Recover] {
            let file = RegionFile::parse(&case.bytes, mode);
            let mut at = 0;
            for item in file.items() {
                assert_eq!(item.span().start, at, "{} {mode:?}", case.name);
                at = item.span().end;
            }
            assert_eq!(at, case.bytes.len() as u64, "{} {mode:?}", case.name);
        }
    }
}

#[test]
fn one_problem_is_told_once() {
    for (line, code) in [
        ("circle(12:61:00,2:00:00,3\")", "E104"),
        ("circle(12:00:00,2:00:61,3\")", "E104"),
        ("circle(1,91,3)", "E206"),
        ("circle(nan,2,3)", "E103"),
        ("circle(1,2,3) # text={a", "E102"),
        ("annulus(1,2,3,4,n=0)", "E205"),
        ("circle(1,2,3,4)", "E202"),
    ] {
        let file = RegionFile::parse(format!("fk5\n{line}\n").as_bytes(), Mode::Recover);
        let codes: Vec<_> = file.errors().iter().map(|error| error.code.as_str()).collect();
        assert_eq!((codes, file.warning_count()), (vec![code], 0), "{line}");
    }
}
