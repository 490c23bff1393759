use std::borrow::Cow;
use std::io::{self, Write};

use hst_fits::{Checksums, Header, Pixels, WriteOptions, images_to_bytes};

use super::{Column, Table, Values};

/// A FITS binary table, the first extension of the file. Descriptions stand in `TCOMMn` (as TOPCAT has them), what
/// travels with the table in one keyword a key: its first eight letters, the value as JSON, the key as comment. Empty
/// cells are NaN, the least integer (`TNULLn`), or no text. Letters that FITS does not have are written as `\u03b1`.
pub(super) fn write(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let columns = table.columns.iter().map(column).collect();
    let data = hst_fits::Table { rows: table.rows(), columns };
    let header = header(table);
    let units = [(&Header::new(), Pixels::None), (&header, Pixels::Table(&data))];
    let options = WriteOptions { checksums: Checksums::Write };
    let bytes = images_to_bytes(&units, options).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

fn column(column: &Column) -> hst_fits::Column {
    const NOTHING: i64 = i64::MIN;
    let (values, null) = match &column.values {
        Values::Int(values) => {
            let null = values.contains(&None).then_some(NOTHING);
            let values = values.iter().map(|value| value.unwrap_or(NOTHING)).collect();
            (hst_fits::Values::I64(values), null)
        }
        Values::Float(values) => (hst_fits::Values::F64(values.clone()), None),
        Values::Text(texts) => {
            let texts = texts.iter().map(|text| ascii(text).into_owned()).collect();
            (hst_fits::Values::Text(texts), None)
        }
    };
    let unit = column.unit.map(fits_unit).unwrap_or_default();
    hst_fits::Column { null, ..hst_fits::Column::new(&column.name, values).with_unit(&unit) }
}

fn header(table: &Table) -> Header {
    let mut header = Header::new();
    header.set("EXTNAME", "TABLE", "");
    for (i, column) in table.columns.iter().enumerate() {
        header.set(&format!("TCOMM{}", i + 1), ascii(column.description).as_ref(), "");
    }
    for (key, value) in &table.meta {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        header.set(&keyword(key, &header), ascii(&text).as_ref(), &ascii(key));
    }
    header
}

/// The key as a keyword that is not taken.
fn keyword(key: &str, header: &Header) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let whole: String = key.chars().map(legal).take(8).collect();
    let mut name = whole.clone();
    let mut n = 1;
    while name.is_empty() || header.card(&name).is_some() {
        n += 1;
        let digits = n.to_string();
        name = whole.chars().take(8 - digits.len()).collect::<String>() + &digits;
    }
    name
}

/// The unit as FITS 4.0, sect. 4.3 spells it: `erg / (Angstrom cm2)` is `erg/(Angstrom cm**2)`.
fn fits_unit(unit: &str) -> String {
    let mut text = String::new();
    let mut before = ' ';
    for c in unit.replace(" / ", "/").chars() {
        if c.is_ascii_digit() && before.is_ascii_alphabetic() {
            text.push_str("**");
        }
        text.push(c);
        before = c;
    }
    text
}

/// Printable ASCII, the rest escaped as JSON does.
fn ascii(text: &str) -> Cow<'_, str> {
    let printable = |c: char| c == ' ' || c.is_ascii_graphic();
    if text.chars().all(printable) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if printable(c) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use hst_fits::FitsFile;

    use super::super::sample;
    use super::*;

    fn written(table: &Table) -> FitsFile {
        let mut bytes = Vec::new();
        write(table, &mut bytes).unwrap();
        FitsFile::from_source(Box::new(bytes), Path::new("t.fits")).unwrap()
    }

    #[test]
    fn cells_units_and_metadata_come_back() {
        let mut table = sample();
        table.meta.insert("not_corrected".into(), "α".into());
        table.meta.insert("not_correct".into(), "x".repeat(500).into());
        let Values::Text(texts) = &mut table.columns[1].values else { unreachable!() };
        texts[0] = "é\n".into();
        let file = written(&table);
        let hdu = file.find("TABLE", None).unwrap();
        let back = file.read_table(hdu).unwrap();
        let numbers = |name: &str| back.column(name).unwrap().numbers().unwrap();
        assert_eq!(numbers("sum")[0], 0.1 + 0.2);
        assert!(numbers("sum")[1].is_nan() && numbers("region")[1].is_nan());
        assert_eq!(back.column("id").unwrap().texts().unwrap(), ["\\u00e9\\u000a", "a \"b\", c"]);
        assert_eq!(back.column("sum").unwrap().unit.as_deref(), Some("electron/s"));
        let get = |keyword: &str| hdu.header.get::<String>(keyword).unwrap();
        assert_eq!(get("TCOMM3"), "sum: in the aperture");
        assert_eq!(get("INPUTS"), r#"[{"file":"a.fits","bytes":2880}]"#);
        assert_eq!((get("NOT_CORR"), get("NOT_COR2").len()), ("\\u03b1".into(), 500));
        assert_eq!(hdu.header.card("NOT_CORR").unwrap().comment, "not_corrected");
    }

    #[test]
    fn a_table_without_rows_is_one() {
        let mut table = sample();
        table.columns[0].values = Values::Int(vec![]);
        table.columns[1].values = Values::Text(vec![]);
        table.columns[2].values = Values::Float(vec![]);
        let file = written(&table);
        assert_eq!(file.read_table(&file.hdus()[1]).unwrap().rows, 0);
    }

    #[test]
    fn units_are_spelt_as_the_standard_does() {
        assert_eq!(fits_unit("erg / (Angstrom cm2 electron)"), "erg/(Angstrom cm**2 electron)");
        assert_eq!(fits_unit("arcsec2"), "arcsec**2");
    }
}
