//! Every file of the corpus of odd but legal files, against what astropy reads of it.

use std::path::Path;

use astro_coords::PixelBox;
use hst_fits::{FitsFile, Hdu, HduKind};
use serde_json::{Value, json};

fn expected() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The CRC-32 of big-endian numbers, every NaN alike.
fn crc(values: &[f64]) -> u32 {
    let mut crc = flate2::Crc::new();
    for value in values {
        crc.update(&if value.is_nan() { f64::NAN } else { *value }.to_be_bytes());
    }
    crc.sum()
}

fn image(file: &FitsFile, hdu: &Hdu) -> u32 {
    let (ny, nx) = hdu.plane_shape().unwrap();
    let mut pixels = vec![0.0; ny * nx];
    let whole = PixelBox::of_shape((ny, nx));
    let mut all = Vec::new();
    for plane in 0..hdu.planes() {
        file.read_plane(hdu, plane, &whole, &mut pixels).unwrap();
        all.extend_from_slice(&pixels);
    }
    crc(&all)
}

fn columns(file: &FitsFile, hdu: &Hdu) -> Value {
    let table = file.read_table(hdu).unwrap();
    let column = |column: &hst_fits::Column| {
        let mut entry = json!({"name": column.name, "unit": column.unit});
        match column.numbers() {
            Some(values) => {
                entry["values"] = values.len().into();
                entry["crc32"] = crc(&values).into();
            }
            None => entry["texts"] = json!(column.texts().unwrap()),
        }
        entry
    };
    table.columns.iter().map(column).collect()
}

fn unit(file: &FitsFile, hdu: &Hdu) -> Value {
    let name = if hdu.index == 0 { "PRIMARY" } else { &hdu.name };
    let mut entry = json!({"name": name, "version": hdu.version, "axes": hdu.axes});
    let kind = match hdu.kind {
        HduKind::Image if hdu.plane_shape().is_some() => "image",
        HduKind::Table => "table",
        HduKind::Other => "groups",
        HduKind::Image | HduKind::Empty => "nothing",
    };
    entry["kind"] = kind.into();
    match kind {
        "image" => entry["crc32"] = image(file, hdu).into(),
        "table" => entry["columns"] = columns(file, hdu),
        _ => {
            let window = PixelBox::new(0..1, 0..1);
            let error = file.read_stored_plane(hdu, 0, &window).unwrap_err().to_string();
            assert!(error.starts_with("there is no 2-D image in"), "{error}");
            assert!(error.contains(hdu.place()), "{error}");
        }
    }
    entry
}

#[test]
fn every_file_of_the_corpus_is_read_as_astropy_reads_it() {
    let Some(folder) = testkit::shared("data/fits_corpus") else { return };
    let expected = expected();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let file = FitsFile::open(&path).unwrap();
        assert!(file.damage().is_none(), "{name}");
        let expected = expected[name].as_array().unwrap_or_else(|| panic!("{name} is new"));
        assert_eq!(file.hdus().len(), expected.len(), "{name}");
        for (hdu, expected) in file.hdus().iter().zip(expected) {
            assert_eq!(&unit(&file, hdu), expected, "{name} {}", hdu.index);
        }
        seen += 1;
    }
    assert_eq!(seen, expected.as_object().unwrap().len());
}
