use std::io::{self, Write};

/// Aligned columns for people: names in the first row, numbers already formatted, text to the left.
pub(crate) fn write_text(out: &mut dyn Write, rows: &[Vec<String>]) -> io::Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |i: usize| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let numeric = |i: usize| {
        rows.iter().skip(1).all(|row| {
            row[i].trim_start_matches(['<', '+', '-']).starts_with(|c: char| c.is_ascii_digit())
                || row[i].is_empty()
                || row[i] == "-"
        })
    };
    let right: Vec<_> = (0..columns).map(numeric).collect();
    for row in rows {
        let cells = row.iter().enumerate().map(|(i, cell)| {
            let width = widths[i];
            if right[i] { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_stand_right_and_words_left() {
        let rows = [["id", "mag"], ["A", "21.5"], ["long", "-"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|r| r.iter().map(|&c| c.to_owned()).collect()).collect();
        let mut out = Vec::new();
        super::write_text(&mut out, &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "id     mag\nA     21.5\nlong     -\n");
    }
}
