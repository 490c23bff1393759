//! Files of everything that can be written, for other readers to open.

#![allow(dead_code, reason = "each test file uses what it needs")]

use std::io;
use std::ops::Range;
use std::path::Path;

use astro_coords::PixelBox;
use hst_fits::{
    Bitpix, Card, Checksums, Column, FitsFile, Header, Pixels, RowSource, StoredPixels,
    StoredValue, Table, Value, Values, WriteOptions, write_images_with,
};

const OPTIONS: WriteOptions = WriteOptions { checksums: Checksums::Write };

/// What a unit was given: its cards (of those that are ours) and its data.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) header: Header,
    pub(crate) data: Data,
}

#[derive(Debug)]
pub(crate) enum Data {
    None,
    Pixels(StoredPixels),
    Table(Table),
}

fn header(name: &str) -> Header {
    let mut header = Header::new();
    if !name.is_empty() {
        header.set("EXTNAME", name, "");
        header.set("EXTVER", 3, "the third");
    }
    header.set("OBJECT", "O'Neill", "with a quote");
    header.set("LONG", "0123456789'".repeat(30), "continued");
    header.set("ESO DET ID", "chip", "hierarch");
    header.set("TINY", 1.234_567_890_123_456_7e-300, "");
    header.set("THIRD", 0.1 + 0.2, "shortest that comes back");
    header.set("BIG", i64::MAX, "");
    header.set("YES", true, "");
    header.push(Card::new("DP1", "EXTVER: 1", "record"));
    header.push(Card::new("DP1", "NAXES: 2", "another of that name"));
    header.push(Card::commentary("HISTORY", &"long ".repeat(50)));
    header.push(Card::commentary("COMMENT", "short"));
    header.push(Card::new("NOTHING", Value::Undefined, "undefined"));
    header
}

/// Every bit pattern a type has, more or less: NaN with payloads, infinities, negative zero among them.
fn pixels(bitpix: Bitpix, shape: (usize, usize)) -> StoredPixels {
    let bytes = (0..shape.0 * shape.1 * bitpix.bytes()).map(|i| (i * 37 % 251) as u8).collect();
    StoredPixels::new(bitpix, shape, bytes).unwrap()
}

/// One unit of every type, alone and scaled: unsigned 16 and 32 bits, signed bytes, and a blank value.
pub(crate) fn every_type(path: &Path) -> Vec<Unit> {
    let mut units = vec![Unit { header: header(""), data: Data::None }];
    for bitpix in [Bitpix::U8, Bitpix::I16, Bitpix::I32, Bitpix::I64, Bitpix::F32, Bitpix::F64] {
        let name = format!("TYPE{}", bitpix.code());
        units.push(Unit { header: header(&name), data: Data::Pixels(pixels(bitpix, (5, 7))) });
    }
    let unsigned = [(Bitpix::I16, 32_768.0), (Bitpix::I32, 2_147_483_648.0), (Bitpix::U8, -128.0)];
    for (bitpix, zero) in unsigned {
        let mut header = header("UNSIGNED");
        header.set("BZERO", zero, "");
        header.set("BSCALE", 1.0, "");
        units.push(Unit { header, data: Data::Pixels(pixels(bitpix, (3, 4))) });
    }
    let mut blank = header("BLANK");
    blank.set("BLANK", 37, "");
    blank.set("BSCALE", 0.25, "");
    units.push(Unit { header: blank, data: Data::Pixels(pixels(Bitpix::U8, (40, 50))) });
    write(path, &units);
    units
}

/// A primary image with pixels, of more than one write buffer.
pub(crate) fn primary(path: &Path) -> Vec<Unit> {
    let units =
        [Unit { header: header(""), data: Data::Pixels(pixels(Bitpix::F32, (1200, 1001))) }];
    write(path, &units);
    units.into()
}

#[derive(Debug)]
struct Ramp;

impl RowSource for Ramp {
    fn rows(&self, rows: Range<usize>, out: &mut [f64]) -> io::Result<()> {
        let first = rows.start * 1000;
        out.iter_mut().enumerate().for_each(|(i, out)| *out = (first + i) as f64 / 3.0);
        Ok(())
    }
}

/// Rows that are made while they are written.
pub(crate) fn streamed(path: &Path) -> Vec<Unit> {
    let ramp: Vec<f64> = (0..2_100_000).map(|i| f64::from(i) / 3.0).collect();
    let single: Vec<f32> = ramp.iter().map(|v| *v as f32).collect();
    let shape = (2100, 1000);
    let (first, second) = (header(""), header("SINGLE"));
    let units = [(&first, Pixels::RowsF64(shape, &Ramp)), (&second, Pixels::RowsF32(shape, &Ramp))];
    write_images_with(path, &units, OPTIONS).unwrap();
    let stored = [
        StoredPixels::from_slice(shape, &ramp).unwrap(),
        StoredPixels::from_slice(shape, &single).unwrap(),
    ];
    let units = [first, second].into_iter().zip(stored);
    units.map(|(header, pixels)| Unit { header, data: Data::Pixels(pixels) }).collect()
}

/// Columns of every kind, vectors and units among them; and a table without rows.
pub(crate) fn tables(path: &Path) -> Vec<Unit> {
    const ROWS: usize = 3000;
    let vector = |name: &str, shape: &[usize], values: Values| Column {
        shape: shape.to_vec(),
        ..Column::new(name, values)
    };
    let n = |count: usize| 0..count * ROWS;
    let columns = vec![
        Column {
            description: "right ascension".into(),
            ..Column::new("RA", Values::F64(n(1).map(|i| i as f64 / 7.0).collect()))
                .with_unit("deg")
        },
        Column::new("NAME", Values::Text(n(1).map(|i| format!("M{i}")).collect())),
        Column {
            null: Some(-1),
            ..Column::new("N", Values::I64(n(1).map(|i| i as i64 - 1).collect()))
        },
        vector("FLUX", &[3], Values::F32(n(3).map(|i| (i as f32).sqrt()).collect()))
            .with_unit("Jy/arcsec**2"),
        vector("CUBE", &[2, 3], Values::I16(n(6).map(|i| (i % 30_000) as i16).collect())),
        vector("WORDS", &[2], Values::Text(n(2).map(|i| "x".repeat(i % 5)).collect())),
        Column::new("GOOD", Values::Logical(n(1).map(|i| Some(i % 3 == 0)).collect())),
        Column::new("BYTE", Values::U8(n(1).map(|i| (i % 256) as u8).collect())),
        Column {
            scale: 0.5,
            zero: 10.0,
            ..Column::new("SCALED", Values::I32(n(1).map(|i| i as i32 * 1000).collect()))
        },
    ];
    let empty = Table {
        rows: 0,
        columns: vec![
            Column::new("X", Values::F64(vec![])),
            Column::new("T", Values::Text(vec![])),
        ],
    };
    let units = [
        Unit { header: header(""), data: Data::None },
        Unit { header: header("CATALOG"), data: Data::Table(Table { rows: ROWS, columns }) },
        Unit { header: header("EMPTY"), data: Data::Table(empty) },
    ];
    write(path, &units);
    units.into()
}

/// A window of every image of a real file, larger than it, its headers edited.
pub(crate) fn copies(from: &Path, to: &Path) -> Vec<Unit> {
    let file = FitsFile::open(from).unwrap();
    let mut units = vec![Unit { header: file.primary().clone(), data: Data::None }];
    for hdu in file.hdus().iter().filter(|hdu| hdu.shape().is_some()) {
        let window = PixelBox::new(-2..5, 1..20);
        let fill = StoredValue::nothing(hdu.bitpix);
        let mut header = hdu.header.clone();
        header.set("CRPIX1", 1.5, "");
        header.insert_after("CRPIX2", Card::new("LTV1", 2.0, "offset of the window"));
        header.push(Card::commentary("HISTORY", "a window"));
        let pixels = file.read_stored_padded(hdu, &window, fill).unwrap();
        units.push(Unit { header, data: Data::Pixels(pixels) });
    }
    write(to, &units);
    units
}

fn write(path: &Path, units: &[Unit]) {
    let units: Vec<_> = units
        .iter()
        .map(|unit| {
            let pixels = match &unit.data {
                Data::None => Pixels::None,
                Data::Pixels(pixels) => Pixels::Stored(pixels),
                Data::Table(table) => Pixels::Table(table),
            };
            (&unit.header, pixels)
        })
        .collect();
    write_images_with(path, &units, OPTIONS).unwrap();
}

/// All files, written to `folder`: their names, and what was given to each unit.
pub(crate) fn all(folder: &Path) -> Option<Vec<(std::path::PathBuf, Vec<Unit>)>> {
    let at = |name: &str| folder.join(format!("{name}.fits"));
    let mut files = Vec::new();
    type Maker = fn(&Path) -> Vec<Unit>;
    let makers: [(&str, Maker); 4] =
        [("types", every_type), ("primary", primary), ("streamed", streamed), ("tables", tables)];
    for (name, make) in makers {
        files.push((at(name), make(&at(name))));
    }
    for name in ["sample_svm_flc", "ngc104_acs_hrc_f606w_drz_600", "a478_wfpc2_f814w_drz"] {
        let original = testkit::shared(&format!("data/hst/{name}.fits"))?;
        files.push((at(name), copies(&original, &at(name))));
    }
    Some(files)
}

/// The cards that somebody gave: not those that describe the data, and no checksums.
pub(crate) fn given(header: &Header) -> Vec<Card> {
    const MADE: [&str; 16] = [
        "SIMPLE", "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "EXTEND", "PCOUNT", "GCOUNT",
        "TFIELDS", "CHECKSUM", "DATASUM", "TNULL3", "TSCAL9", "TZERO9", "LONGSTRN",
    ];
    let of_columns = |keyword: &str| {
        ["TTYPE", "TFORM", "TUNIT", "TDIM"].iter().any(|stem| keyword.starts_with(stem))
    };
    let kept = |card: &&Card| !MADE.contains(&card.keyword.as_str()) && !of_columns(&card.keyword);
    // A long commentary takes several cards.
    let mut cards = Vec::new();
    for card in header.cards().iter().filter(kept) {
        match &card.value {
            Value::Commentary(text) if text.len() > 72 => {
                let pieces = text.as_bytes().chunks(72).map(String::from_utf8_lossy);
                cards.extend(pieces.map(|p| Card::commentary(&card.keyword, p.trim_end())));
            }
            Value::Commentary(text) => {
                cards.push(Card::commentary(&card.keyword, text.trim_end()));
            }
            _ => cards.push(card.clone()),
        }
    }
    cards
}
