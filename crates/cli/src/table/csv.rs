use std::io::{self, Write};

use super::{Table, Values};

/// Comma-separated values as RFC 4180 has them; empty cells are empty.
pub(super) fn write(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<_> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    writeln!(out, "{}", names.join(","))?;
    for row in 0..table.rows() {
        for (i, column) in table.columns.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let cell = column.values.cell(row).unwrap_or_default();
            let text = matches!(column.values, Values::Text(_));
            write!(out, "{comma}{}", if text { quoted(&cell) } else { cell })?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Quotes are needed around commas, quotes and line ends, and around text that a reader would take for a
/// number (`007`) or for nothing.
fn quoted(cell: &str) -> String {
    let special = cell.contains([',', '"', '\n', '\r', ' ']);
    if special || cell.is_empty() || cell.parse::<f64>().is_ok() {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn cells_are_quoted_where_needed() {
        let mut out = Vec::new();
        super::write(&sample(), &mut out).unwrap();
        let expected = "region,id,sum\n1,\"007\",0.30000000000000004\n,\"a \"\"b\"\", c\",\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
