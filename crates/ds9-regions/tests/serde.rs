//! Regions through another format and back.
#![cfg(feature = "serde")]

use std::fs;

use ds9_regions::{Mode, Region, RegionFile};

#[test]
fn corpus_regions_come_back() {
    let Some(root) = testkit::shared("data/regions") else { return };
    let mut count = 0;
    for folder in ["real", "synthetic"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            let file = RegionFile::parse(&bytes, Mode::Recover);
            // A `Value` holds each number as it is.
            let value = serde_json::to_value(&file).unwrap();
            let again: RegionFile = serde_json::from_value(value).unwrap();
            assert_eq!(file.regions(), again.regions());
            count += again.regions().len();
        }
    }
    assert!(count > 4_000, "{count}");
}

#[test]
fn a_region_is_plain_json() {
    let text = "galactic\n-circle(1,2,3\") # text={007} tag={a}\n";
    let file: RegionFile = text.parse().unwrap();
    let json = serde_json::to_string(&file).unwrap();
    assert!(json.contains("\"sky\":\"Galactic\""), "{json}");
    assert!(json.contains("{\"Text\":\"007\"}"), "{json}");
    let again: Vec<Region> = serde_json::from_str(&json).unwrap();
    assert_eq!(again, file.regions());
    assert_eq!(again[0].line(), 2);
    let again: RegionFile = again.into_iter().collect();
    assert_eq!(again.to_string(), file.to_string());
}
