//! What we write, opened by astropy; needs a Python with astropy in `HST_PEERS`.

mod written;

use std::path::Path;
use std::process::Command;

use hst_fits::{Card, Column, Header, Table, Value, Values};
use serde_json::{Value as Json, json};
use written::{Data, Unit};

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// A card as the script prints it; floats by their bits.
fn printed(card: &Card) -> [String; 4] {
    let (kind, text) = match &card.value {
        Value::Logical(value) => ("bool", if *value { "True".into() } else { "False".into() }),
        Value::Integer(value) => ("int", value.to_string()),
        Value::Float(value) => ("float", value.to_bits().to_string()),
        Value::Text(text) | Value::Commentary(text) => ("str", text.clone()),
        Value::Undefined => ("none", String::new()),
        Value::Other(text) => ("other", text.clone()),
    };
    [card.keyword.clone(), kind.to_owned(), text, card.comment.clone()]
}

fn found(card: &Json) -> [String; 4] {
    let [keyword, kind, text, comment] =
        [0, 1, 2, 3].map(|i| card[i].as_str().unwrap().trim_end().to_owned());
    let bits = |text: &str| text.parse::<f64>().unwrap().to_bits().to_string();
    let text = if kind == "float" { bits(&text) } else { text };
    [keyword, kind, text, comment]
}

fn check_cards(cards: &Json, header: &Header, place: &str) {
    // Of the names of columns and the like only those of the unit's own table are checked, elsewhere.
    let names: Vec<_> = written::given(header).iter().map(printed).collect();
    let ours = |card: &[String; 4]| names.iter().any(|given| given[0] == card[0]);
    let found: Vec<_> = cards.as_array().unwrap().iter().map(found).filter(ours).collect();
    for (found, given) in found.iter().zip(&names) {
        assert_eq!(found, given, "{place}");
    }
    assert_eq!(found.len(), names.len(), "{place}");
}

/// A column as the script prints it.
fn expected(column: &Column) -> Json {
    let shape = &column.shape;
    let mut entry = json!({"name": column.name, "shape": shape});
    if let Some(unit) = &column.unit {
        entry["unit"] = match unit.as_str() {
            "Jy/arcsec**2" => "Jy arcsec-2".into(),
            unit => unit.into(),
        };
    }
    let numbers = match &column.values {
        Values::Logical(values) => {
            Some(values.iter().map(|v| f64::from(u8::from(*v == Some(true)))).collect())
        }
        _ => column.numbers(),
    };
    match numbers {
        Some(numbers) => {
            let canonical = numbers.iter().map(|v| if v.is_nan() { f64::NAN } else { *v });
            let bytes: Vec<u8> = canonical.flat_map(f64::to_be_bytes).collect();
            entry["crc32"] = crc(&bytes).into();
        }
        None => entry["texts"] = json!(column.texts().unwrap()),
    }
    entry
}

fn check_table(unit: &Json, table: &Table, place: &str) {
    let columns = unit["columns"].as_array().unwrap();
    assert_eq!(columns.len(), table.columns.len(), "{place}");
    for (found, column) in columns.iter().zip(&table.columns) {
        assert!(
            *found == expected(column),
            "{place} {}: {found} {}",
            column.name,
            expected(column)
        );
    }
}

#[test]
fn astropy_reads_what_we_write_bit_for_bit_and_without_a_complaint() {
    let Some(python) = std::env::var_os("HST_PEERS") else {
        eprintln!("skipped: HST_PEERS names no Python with astropy");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = written::all(folder.path()) else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/astropy_opens.py");
    let paths = files.iter().map(|(path, _)| path);
    let output = Command::new(python).arg(script).args(paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut found = text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let mut pixels = 0;
    for (path, units) in &files {
        for (i, Unit { header, data }) in units.iter().enumerate() {
            let place = format!("{} {i}", path.display());
            let unit = found.next().expect("a line a unit");
            check_cards(&unit["cards"], header, &place);
            match data {
                Data::None => assert_eq!(unit["crc32"], Json::Null, "{place}"),
                Data::Pixels(given) => {
                    let (ny, nx) = given.shape();
                    assert_eq!(unit["shape"], json!([ny, nx]), "{place}");
                    assert_eq!(unit["crc32"], crc(given.bytes()), "{place}");
                    pixels += ny * nx;
                }
                Data::Table(table) => check_table(&unit, table, &place),
            }
        }
    }
    assert_eq!(found.next(), None);
    eprintln!("{} files, {pixels} pixels", files.len());
}
