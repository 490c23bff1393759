use std::io::{self, Write};

use serde_json::Value;

use super::{Column, Table, Values};

/// Enhanced character-separated values (astropy APE 6, version 1.0): a YAML header in comment lines, then
/// a line of names, then the rows, separated by blanks. An empty cell is `""`, which astropy reads as masked.
pub(super) fn write(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# %ECSV 1.0\n# ---\n# datatype:")?;
    for column in &table.columns {
        writeln!(out, "# - {}", describe(column))?;
    }
    if !table.meta.is_empty() {
        // YAML holds JSON, so every value is written as JSON and no quoting rule of YAML can bite.
        writeln!(out, "# meta: !!omap")?;
        for (key, value) in &table.meta {
            writeln!(out, "# - {key}: {}", ascii(value))?;
        }
    }
    writeln!(out, "# schema: astropy-2.0")?;
    let names: Vec<_> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    writeln!(out, "{}", names.join(" "))?;
    for row in 0..table.rows() {
        for (i, column) in table.columns.iter().enumerate() {
            let blank = if i == 0 { "" } else { " " };
            write!(out, "{blank}{}", cell(column, row))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn describe(column: &Column) -> String {
    let datatype = match column.values {
        Values::Int(_) => "int64",
        Values::Float(_) => "float64",
        Values::Text(_) => "string",
    };
    let unit = column.unit.map(|unit| format!("unit: {unit}, ")).unwrap_or_default();
    let description = Value::from(column.description);
    format!("{{name: {}, {unit}datatype: {datatype}, description: {description}}}", column.name)
}

/// JSON in ASCII, because readers decode a header as they like.
fn ascii(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

fn cell(column: &Column, row: usize) -> String {
    let Some(cell) = column.values.cell(row) else { return "\"\"".to_owned() };
    let text = matches!(column.values, Values::Text(_));
    if text
        && (cell.is_empty() || cell.contains(|c: char| c.is_whitespace() || c == '"' || c == '#'))
    {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn header_and_rows_are_what_astropy_reads() {
        let mut out = Vec::new();
        super::write(&sample(), &mut out).unwrap();
        let expected = r#"# %ECSV 1.0
# ---
# datatype:
# - {name: region, datatype: int64, description: "order"}
# - {name: id, datatype: string, description: "text of the region"}
# - {name: sum, unit: electron / s, datatype: float64, description: "sum: in the aperture"}
# meta: !!omap
# - hst_version: "0.1.0"
# - inputs: [{"file":"a.fits","bytes":2880}]
# schema: astropy-2.0
region id sum
1 007 0.30000000000000004
"" "a ""b"", c" ""
"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
