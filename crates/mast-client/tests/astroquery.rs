//! The real `astroquery` does the notebook's chain against our server and gets our client's rows and files.
//!
//! Runs where `HST_PEERS` names a Python that has astroquery; `.ci/full` sets it.

#[path = "common/coma.rs"]
mod coma;
mod common;

use std::fs;
use std::process::Command;
use std::thread;

use common::hasty;
use mast_client::{Cancel, Cone, Https, LocalArchive, MastClient, Server};
use serde_json::Value;

#[test]
fn astroquery_gets_the_same_rows_and_files() {
    let Some(python) = std::env::var_os("HST_PEERS") else {
        eprintln!("skipped: HST_PEERS names no Python with astroquery");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    coma::write(folder.path());
    let archive = coma::index(folder.path()).0;
    let server = Server::bind(LocalArchive::open(folder.path()).unwrap(), "127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.address().unwrap());
    let cancel = Cancel::new();
    let stop = cancel.clone();
    let running = thread::spawn(move || server.run(&stop));
    let target = folder.path().join("target");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/notebook_chain.py");
    let output = Command::new(python).arg(script).arg(&url).arg(&target).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let theirs: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();

    let client = MastClient::new(Https::default(), hasty(&url));
    let place = "195.127 28.0676".parse().unwrap();
    let cone = Cone { center: place, radius: astro_coords::Angle::from_arcmin(12.0) };
    let ours = client.observations(cone).unwrap().rows;
    let found = theirs["found"].as_array().unwrap();
    assert_eq!((found.len(), ours.len()), (12, 12));
    for (theirs, ours) in found.iter().zip(&ours) {
        for (column, ours) in ours.to_json().as_object().unwrap() {
            assert!(same(&theirs[column], ours), "{column}: {} {ours}", theirs[column]);
        }
    }
    assert_eq!(theirs["chosen"].as_array().unwrap().len(), 12);
    let ids: Vec<_> = ours.iter().filter_map(|row| row.obsid.copied()).collect();
    let products = client.products(&ids).unwrap().rows;
    let listed = theirs["products"].as_array().unwrap();
    assert_eq!(listed.len(), products.len());
    for product in &products {
        let uri = product.data_uri.text();
        let theirs = listed.iter().find(|row| row["dataURI"] == uri).unwrap();
        for (column, ours) in product.to_json().as_object().unwrap() {
            assert!(same(&theirs[column], ours), "{column}: {} {ours}", theirs[column]);
        }
        let got = fs::read(target.join(product.product_filename.text())).unwrap();
        assert!(got == fs::read(archive.path(uri).unwrap()).unwrap(), "{uri}");
    }
    assert!(theirs["status"].as_array().unwrap().iter().all(|status| status == "COMPLETE"));
    assert_eq!(theirs["criteria"].as_array().unwrap().len(), 2);
    assert_eq!((&theirs["count"], &theirs["region_count"]), (&12.into(), &12.into()));
    cancel.cancel();
    running.join().unwrap().unwrap();
}

/// Equal up to the reference's ways: numbers of rows are text, and empty text is null.
fn same(theirs: &Value, ours: &Value) -> bool {
    let empty = |value: &Value| value.is_null() || *value == "" || *value == -999;
    theirs == ours
        || (empty(theirs) && empty(ours))
        || theirs.as_f64().zip(ours.as_f64()).is_some_and(|(a, b)| a == b)
        || (theirs.is_string() && ours.is_number() && theirs.as_str() == Some(&ours.to_string()))
}
