//! Recorded answers of the archive parse completely, whatever their types claim to be.

mod common;

use std::fs;

use common::{Canned, client};
use mast_client::{
    Cone, Criteria, Error, Field, Filter, Observation, Product, ProductGroupId, Row as _,
    read_table, unique_files,
};

fn recorded(name: &str) -> Option<Vec<u8>> {
    testkit::shared(&format!("data/mast/{name}")).map(|path| fs::read(path).unwrap())
}

fn anywhere() -> Cone {
    Cone {
        center: "23.34086 60.658".parse().unwrap(),
        radius: astro_coords::Angle::from_arcmin(12.0),
    }
}

fn observations(name: &str) -> Option<Vec<Observation>> {
    let answer = client(Canned::always(recorded(name)?)).observations(anywhere()).unwrap();
    assert_eq!(answer.warnings, [], "{name}");
    Some(answer.rows)
}

fn products(name: &str) -> Option<Vec<Product>> {
    let client = client(Canned::always(recorded(name)?));
    let answer = client.products(&[ProductGroupId(1)]).unwrap();
    assert_eq!(answer.warnings, [], "{name}");
    Some(answer.rows)
}

#[test]
fn every_observation_of_every_year_is_read() {
    for (name, rows) in [
        ("caom.json", 19),
        ("advSearch.json", 3),
        ("caom_filtered_hst_2026.json", 4),
        ("SYNTHETIC_caom_cone_hap_seed.json", 11),
    ] {
        let Some(observations) = observations(name) else { continue };
        assert_eq!(observations.len(), rows, "{name}");
        for observation in &observations {
            assert_eq!(observation.other, [], "{name}: every column has its field");
            assert!(observation.obsid.value().is_some(), "{name}");
            assert!(observation.s_ra.value().is_some(), "{name}");
        }
    }
}

#[test]
fn old_answers_miss_columns_and_that_is_not_null() {
    let Some(rows) = observations("caom.json") else { return };
    let first = &rows[0];
    assert!(first.intent_type.is_missing());
    assert_eq!(first.data_url, Field::Null);
    assert_eq!(first.obsid, Field::Value(ProductGroupId(2_003_585_980)));
    assert_eq!(first.obs_id.text(), "U27XCS01T");
    assert_eq!(first.t_exptime, Field::Value(1500.0));
    assert_eq!(first.distance, Field::Value(293.097_343_930_444_4));
}

#[test]
fn every_product_is_read_once() {
    let Some(rows) = products("products.json") else { return };
    assert_eq!(rows.len(), 22);
    assert!(rows.iter().all(|row| row.obsid.value().is_some() && !row.data_uri.text().is_empty()));
    assert!(products("caom_products_hst_2026.json").is_some_and(|rows| rows.len() == 11));
    let seed = products("SYNTHETIC_caom_products_hap_seed.json").unwrap();
    let drizzled = Filter::new()
        .column("productSubGroupDescription", ["DRC"])
        .column("project", ["HAP-SVM"])
        .column("calib_level", ["3"]);
    let drizzled = drizzled.apply(seed).unwrap();
    assert!(drizzled.iter().all(|row| row.bytes().is_some_and(|bytes| bytes > 280_000_000)));
    assert_eq!(unique_files([drizzled.clone(), drizzled.clone()].concat()), drizzled);
}

#[test]
fn counts_are_read_from_a_text_column_of_numbers() {
    let Some(body) = recorded("countsResp.json") else { return };
    let criteria = Criteria::new().any_of("obs_collection", ["HST"]);
    assert_eq!(client(Canned::always(body)).count(criteria).unwrap(), 599);
}

#[test]
fn errors_and_running_jobs_are_told_apart() {
    let (Some(error), Some(running), Some(rows)) = (
        recorded("SYNTHETIC_error.json"),
        recorded("SYNTHETIC_executing.json"),
        recorded("caom.json"),
    ) else {
        return;
    };
    let failed = client(Canned::always(error)).observations(anywhere());
    assert_eq!(
        failed.unwrap_err().to_string(),
        "Mast.Caom.Cone failed: Error message text (synthetic)"
    );
    let canned = Canned::in_turn([running.clone(), running, rows]);
    let client = client(canned);
    assert_eq!(client.observations(anywhere()).unwrap().rows.len(), 19);
}

/// Every table of every service, also of those this crate has no types for.
#[test]
fn tables_of_all_services_are_read() {
    for (name, rows) in [
        ("advSearch.json", 3),
        ("advSearchPos.json", 12),
        ("caom.json", 19),
        ("columnsconfig.json", 51),
        ("countsResp.json", 1),
        ("dd.json", 7),
        ("ddcolumns.json", 39),
        ("ddcolumns_filtered.json", 120),
        ("hsc.json", 28),
        ("mast_relative_path.json", 2),
        ("matchid.json", 9),
        ("mission_columns.json", 57),
        ("mission_products.json", 5),
        ("mission_results.json", 3),
        ("missions.extjs", 26),
        ("panstarrs.json", 35),
        ("panstarrs_columns.json", 124),
        ("products.json", 22),
        ("resolver.json", 15),
        ("spectra.json", 26),
        ("tess_sector.json", 1),
        ("tic.json", 7),
        ("ticcolumns.json", 95),
        ("ticcolumns_filtered.json", 89),
        ("zcut_survey.json", 3),
        ("bundleResponse.json", 1),
    ] {
        let Some(body) = recorded(name) else { return };
        let table = read_table(&body).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(table.len(), rows, "{name}");
    }
}

#[test]
fn unknown_services_keep_every_column() {
    let Some(body) = recorded("hsc.json") else { return };
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let answer =
        client(Canned::always(body)).ask("Mast.Hsc.Db.v3", json["nothing"].clone()).unwrap();
    let expected = json["data"].as_array().unwrap();
    assert_eq!(answer.rows.len(), expected.len());
    for (row, expected) in answer.rows.iter().zip(expected) {
        for (column, value) in expected.as_object().unwrap() {
            if column != "_selected_" {
                let cell = row.cell(column).unwrap();
                assert_eq!(&serde_json::to_value(cell).unwrap(), value, "{column}");
            }
        }
    }
}

#[test]
fn what_is_no_table_is_an_error() {
    for body in ["", "<html>", "5x", "[[1]]", "\"text\""] {
        let error = read_table(body.as_bytes());
        assert!(matches!(error, Err(Error::UnexpectedContent { .. })), "{body}");
    }
}
