use std::borrow::Cow;
use std::io::{self, Write};

use super::{Column, Table, Values};

/// IVOA VOTable 1.4 with its data in the text (TABLEDATA). Empty cells are empty elements (sect. 5.5); what
/// travels with the table is one INFO a key, its value as JSON.
pub(super) fn write(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(HEAD.as_bytes())?;
    for (key, value) in &table.meta {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        writeln!(out, "  <INFO name=\"{}\" value=\"{}\"/>", escaped(key), escaped(&text))?;
    }
    writeln!(out, "  <TABLE nrows=\"{}\">", table.rows())?;
    for column in &table.columns {
        field(column, out)?;
    }
    out.write_all(b"   <DATA><TABLEDATA>\n")?;
    for row in 0..table.rows() {
        out.write_all(b"    <TR>")?;
        for column in &table.columns {
            let cell = column.values.cell(row).unwrap_or_default();
            write!(out, "<TD>{}</TD>", escaped(&cell))?;
        }
        out.write_all(b"</TR>\n")?;
    }
    out.write_all(TAIL.as_bytes())
}

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
 <RESOURCE type="results">
"#;

const TAIL: &str = "   </TABLEDATA></DATA>\n  </TABLE>\n </RESOURCE>\n</VOTABLE>\n";

fn field(column: &Column, out: &mut dyn Write) -> io::Result<()> {
    let datatype = match column.values {
        Values::Int(_) => "datatype=\"long\"",
        Values::Float(_) => "datatype=\"double\"",
        Values::Text(_) => "datatype=\"unicodeChar\" arraysize=\"*\"",
    };
    let unit = column.unit.filter(|unit| !unit.is_empty());
    let unit = unit.map(|unit| format!(" unit=\"{}\"", vo_unit(unit))).unwrap_or_default();
    writeln!(
        out,
        "   <FIELD name=\"{}\" {datatype}{unit}><DESCRIPTION>{}</DESCRIPTION></FIELD>",
        escaped(&column.name),
        escaped(column.description)
    )
}

/// The unit in the spelling of IVOA VOUnits 1.1: `erg / (Angstrom cm2)` is `erg/(Angstrom.cm**2)`; a unit that the
/// standard does not know stands in quotes (sect. 2.9).
fn vo_unit(unit: &str) -> String {
    let mut text = String::new();
    let mut before = ' ';
    for c in unit.replace(" / ", "/").replace("electron", "'electron'").chars() {
        match c {
            ' ' => text.push('.'),
            '0'..='9' if before.is_ascii_alphabetic() || before == '\'' => {
                text.push_str("**");
                text.push(c);
            }
            _ => text.push(c),
        }
        before = c;
    }
    text
}

/// XML knows neither bare `<`, `&`, quotes nor control characters.
fn escaped(text: &str) -> Cow<'_, str> {
    let special = |c: char| matches!(c, '<' | '>' | '&' | '"') || c.is_control();
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && !matches!(c, '\t' | '\n') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_table_is_one_resource() {
        let mut out = Vec::new();
        write(&sample(), &mut out).unwrap();
        let expected = r#"  <INFO name="hst_version" value="0.1.0"/>
  <INFO name="inputs" value="[{&quot;file&quot;:&quot;a.fits&quot;,&quot;bytes&quot;:2880}]"/>
  <TABLE nrows="2">
   <FIELD name="region" datatype="long"><DESCRIPTION>order</DESCRIPTION></FIELD>
   <FIELD name="id" datatype="unicodeChar" arraysize="*"><DESCRIPTION>text of the region</DESCRIPTION></FIELD>
   <FIELD name="sum" datatype="double" unit="'electron'/s"><DESCRIPTION>sum: in the aperture</DESCRIPTION></FIELD>
   <DATA><TABLEDATA>
    <TR><TD>1</TD><TD>007</TD><TD>0.30000000000000004</TD></TR>
    <TR><TD></TD><TD>a &quot;b&quot;, c</TD><TD></TD></TR>
"#;
        assert_eq!(String::from_utf8(out).unwrap(), format!("{HEAD}{expected}{TAIL}"));
    }

    #[test]
    fn units_are_spelt_as_the_ivoa_does() {
        assert_eq!(vo_unit("erg / (Angstrom cm2 electron)"), "erg/(Angstrom.cm**2.'electron')");
        assert_eq!(vo_unit("arcsec2"), "arcsec**2");
        assert_eq!(vo_unit("electron / s"), "'electron'/s");
        assert_eq!(vo_unit("electron2 / s2"), "'electron'**2/s**2");
        assert_eq!(vo_unit("pix-2"), "pix-2");
    }

    #[test]
    fn nothing_breaks_the_markup() {
        assert_eq!(escaped("a<b>&\u{1}\"é"), "a&lt;b&gt;&amp;\u{fffd}&quot;é");
    }
}
