//! Binary tables: what is written comes back, and odd ones are read.

use std::path::Path;

use hst_fits::{
    Checksums, Column, FitsFile, Header, Pixels, Table, Values, WriteOptions, images_to_bytes,
};

fn every_kind() -> Table {
    let column = |name: &str, values: Values| Column::new(name, values);
    let vector = |name: &str, shape: &[usize], values: Values| Column {
        shape: shape.to_vec(),
        ..Column::new(name, values)
    };
    Table {
        rows: 2,
        columns: vec![
            Column {
                description: "right ascension".into(),
                ..column("RA", Values::F64(vec![0.1 + 0.2, f64::NAN])).with_unit("deg")
            },
            column("ID", Values::Text(vec!["M51".into(), String::new()])),
            Column { null: Some(-1), ..column("N", Values::I64(vec![-1, i64::MAX])) },
            vector("FLUX", &[3], Values::F32(vec![1.0, 2.0, 3.0, -0.0, f32::NAN, 6.0])),
            vector("CUBE", &[2, 3], Values::I16((0..12).collect())),
            vector("NAMES", &[2], Values::Text(["a", "bcd", "", "e"].map(String::from).to_vec())),
            column("FLAG", Values::Logical(vec![Some(true), None])),
            vector("BITS", &[11], Values::Bit((0..22).map(|i| i % 3 == 0).collect())),
            column("BYTE", Values::U8(vec![0, 255])),
            Column {
                scale: 1.0,
                zero: 2_147_483_648.0,
                ..column("UNSIGNED", Values::I32(vec![i32::MIN, i32::MAX]))
            },
            column("C", Values::Complex32(vec![[1.0, -1.0], [0.5, 0.25]])),
            column("M", Values::Complex64(vec![[1.0, -1.0], [0.5, 1e-300]])),
        ],
    }
}

fn written(table: &Table, header: &Header) -> FitsFile {
    let units = [(&Header::new(), Pixels::None), (header, Pixels::Table(table))];
    let bytes = images_to_bytes(&units, WriteOptions { checksums: Checksums::Write }).unwrap();
    FitsFile::from_source(Box::new(bytes), Path::new("t.fits")).unwrap()
}

#[test]
fn every_kind_of_column_comes_back() {
    let mut header = Header::new();
    header.set("EXTNAME", "CATALOG", "");
    header.set("TTYPE1", "stale", "");
    header.set("TFORM9", "9Z", "");
    header.set("ORIGIN", "here", "");
    let table = every_kind();
    let file = written(&table, &header);
    let hdu = file.find("catalog", None).unwrap();
    assert_eq!(hdu.header.get::<String>("ORIGIN").unwrap(), "here");
    assert_eq!(hdu.header.get::<String>("TDIM5").unwrap(), "(3,2)");
    assert_eq!(hdu.header.get::<String>("TDIM6").unwrap(), "(3,2)");
    let back = file.read_table(hdu).unwrap();
    // NaN is not equal to itself.
    assert_eq!(format!("{back:?}"), format!("{table:?}"));
    let numbers = |name: &str| back.column(name).unwrap().numbers().unwrap();
    assert_eq!(numbers("unsigned"), [0.0, 4_294_967_295.0]);
    assert!(numbers("n")[0].is_nan());
    assert_eq!(back.column("ID").unwrap().numbers(), None);
}

#[test]
fn some_columns_of_some_rows_are_read() {
    let n = 100_000;
    let table = Table {
        rows: n,
        columns: vec![
            Column::new("I", Values::I32((0..n as i32).collect())),
            Column::new("X", Values::F64((0..n).map(|i| i as f64 / 7.0).collect())),
        ],
    };
    let file = written(&table, &Header::new());
    let part = file.read_columns(&file.hdus()[1], &["x"], 70_000..70_003).unwrap();
    let x = [70_000.0 / 7.0, 70_001.0 / 7.0, 70_002.0 / 7.0];
    assert_eq!((part.rows, part.column("X").unwrap().numbers().unwrap()), (3, x.to_vec()));
    assert_eq!(file.read_table(&file.hdus()[1]).unwrap(), table);
    let error = |names: &[&str], rows| {
        file.read_columns(&file.hdus()[1], names, rows).unwrap_err().to_string()
    };
    assert_eq!(error(&["Y"], 0..1), "there is no extension column Y in extension 1 in t.fits");
    assert_eq!(
        error(&["X"], 99_999..100_001),
        "there is no extension rows 99999..100001 of 100000 in extension 1 in t.fits"
    );
    let none = file.read_table(&file.hdus()[0]).unwrap_err().to_string();
    assert_eq!(none, "there is no binary table in PRIMARY in t.fits");
}

#[test]
fn what_is_no_table_is_refused() {
    let refuse = |table: &Table, primary: bool| {
        let header = Header::new();
        let mut units = vec![(&header, Pixels::Table(table))];
        if !primary {
            units.insert(0, (&header, Pixels::None));
        }
        images_to_bytes(&units, WriteOptions::default()).unwrap_err().to_string()
    };
    let mut table = every_kind();
    assert_eq!(refuse(&table, true), "a table cannot be the primary unit");
    table.columns[0].values = Values::F64(vec![1.0]);
    assert_eq!(refuse(&table, false), "column RA has 1 values, not 2 times 1");
    table.columns[0].values = Values::Text(vec!["\u{e9}".into(), String::new()]);
    assert_eq!(refuse(&table, false), "column RA has a text that is not ASCII");
}

#[test]
fn the_archives_own_table_of_cells_is_read() {
    let Some(path) = testkit::shared("data/hst/allsky_cells.fits") else { return };
    let file = FitsFile::open(&path).unwrap();
    let hdu = file.hdus().iter().find(|hdu| hdu.header.card("TFIELDS").is_some()).unwrap();
    let table = file.read_table(hdu).unwrap();
    assert_eq!(table.rows, 46);
    let dec = table.column("DEC").unwrap().numbers().unwrap();
    assert_eq!((dec[0], dec[45]), (-89.999_999_999_997, 89.999_999_999_997));
}
