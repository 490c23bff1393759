//! Tables of positions: text of any kind with a line of names or without, and FITS tables.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context, bail};
use astro_coords::{Angle, SkyCoord};
use hst_fits::{FitsFile, HduKind, Values};

use super::name::harmless;

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Position {
    /// What it is called, unique in the table.
    pub(crate) id: String,
    /// Where; NaN where it cannot be read.
    pub(crate) at: SkyCoord,
    /// Pixels along x and y, where the table has them.
    pub(crate) size: Option<[f64; 2]>,
    /// Why it cannot be read.
    pub(crate) problem: Option<String>,
}

/// Reads the columns `ra` and `dec` (degrees or sexagesimal), and `id`, `nx` and `ny` where they are there. A text
/// without names has RA and Dec in its first two columns.
///
/// # Errors
/// When there is no such table; a row that cannot be read keeps its place.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Position>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut positions = if bytes.starts_with(b"SIMPLE  =") {
        of_fits(FitsFile::from_source(Box::new(bytes), path)?)?
    } else {
        let text = String::from_utf8(bytes);
        of_text(&text.with_context(|| format!("{} is no text", path.display()))?, path)?
    };
    if positions.is_empty() {
        bail!("{} has no positions", path.display());
    }
    unique(&mut positions);
    Ok(positions)
}

/// Where the columns are.
#[derive(Debug, Default)]
struct Columns {
    ra: Option<usize>,
    dec: Option<usize>,
    id: Option<usize>,
    size: [Option<usize>; 2],
}

impl Columns {
    fn of<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut columns = Self::default();
        for (i, name) in names.enumerate() {
            let slot = match name.trim().to_ascii_lowercase().as_str() {
                "ra" | "ra_deg" | "raj2000" => &mut columns.ra,
                "dec" | "dec_deg" | "dej2000" | "decj2000" => &mut columns.dec,
                "id" | "name" => &mut columns.id,
                "nx" => &mut columns.size[0],
                "ny" => &mut columns.size[1],
                _ => continue,
            };
            slot.get_or_insert(i);
        }
        (columns.ra.is_some() && columns.dec.is_some()).then_some(columns)
    }

    /// Without names.
    fn first_two() -> Self {
        Self { ra: Some(0), dec: Some(1), ..Self::default() }
    }

    /// The position in a line or row called `line`; where it cannot be read, why.
    fn position(&self, cells: &[&str], row: usize, line: &str) -> Position {
        let id = cell(cells, self.id).map_or_else(|| row.to_string(), ToOwned::to_owned);
        match self.place_and_size(cells) {
            Ok((at, size)) => Position { id, at, size, problem: None },
            Err(problem) => {
                let nan = Angle::from_degrees(f64::NAN);
                let at = SkyCoord { ra: nan, dec: nan };
                Position { id, at, size: None, problem: Some(format!("{line}: {problem}")) }
            }
        }
    }

    fn place_and_size(&self, cells: &[&str]) -> Result<(SkyCoord, Option<[f64; 2]>), String> {
        let (Some(ra), Some(dec)) = (cell(cells, self.ra), cell(cells, self.dec)) else {
            return Err("there is no RA and Dec".to_owned());
        };
        let at = match (ra.parse::<f64>(), dec.parse::<f64>()) {
            (Ok(ra), Ok(dec)) => sky(ra, dec)?,
            _ => format!("{ra} {dec}").parse::<SkyCoord>().map_err(|error| error.to_string())?,
        };
        let number = |column| match cell(cells, column) {
            None => Ok(None),
            Some(text) => text.parse::<f64>().map(Some).map_err(|_| format!("not a size: {text}")),
        };
        let size = match (number(self.size[0])?, number(self.size[1])?) {
            (Some(nx), ny) => Some([nx, ny.unwrap_or(nx)]),
            (None, Some(ny)) => Some([ny, ny]),
            (None, None) => None,
        };
        Ok((at, size))
    }
}

/// What stands in a column; quotes do not count, and nothing is nothing.
fn cell<'a>(cells: &[&'a str], column: Option<usize>) -> Option<&'a str> {
    let cell = cells.get(column?)?.trim().trim_matches('"');
    (!cell.is_empty()).then_some(cell)
}

fn sky(ra: f64, dec: f64) -> Result<SkyCoord, String> {
    if !ra.is_finite() || !(-90.0..=90.0).contains(&dec) {
        return Err(format!("not a position: {ra} {dec}"));
    }
    Ok(SkyCoord { ra: Angle::from_degrees(ra), dec: Angle::from_degrees(dec) })
}

fn of_text(text: &str, path: &Path) -> anyhow::Result<Vec<Position>> {
    let lines = text.lines().enumerate();
    let mut lines =
        lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#')).peekable();
    let Some(&(_, head)) = lines.peek() else { bail!("{} has no positions", path.display()) };
    let delimiter = [',', '\t', ';'].into_iter().find(|&c| head.contains(c));
    let columns =
        match Columns::of(cells(head, delimiter).into_iter().map(|name| name.trim_matches('"'))) {
            Some(columns) => {
                lines.next();
                columns
            }
            None if head
                .trim_start()
                .starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) =>
            {
                Columns::first_two()
            }
            None => bail!("{} has no columns ra and dec", path.display()),
        };
    let position = |(row, (line, text)): (usize, (usize, &str))| {
        columns.position(&cells(text, delimiter), row + 1, &format!("line {}", line + 1))
    };
    Ok(lines.enumerate().map(position).collect())
}

/// The cells of a line, between delimiters or blanks; quotes protect both.
fn cells(line: &str, delimiter: Option<char>) -> Vec<&str> {
    let mut cells = Vec::new();
    let (mut start, mut quoted) = (0, false);
    let ends = |c: char| delimiter.map_or(c.is_ascii_whitespace(), |d| c == d);
    for (i, c) in line.char_indices() {
        if c == '"' {
            quoted = !quoted;
        } else if ends(c) && !quoted {
            cells.push(&line[start..i]);
            start = i + c.len_utf8();
        }
    }
    cells.push(&line[start..]);
    if delimiter.is_none() {
        cells.retain(|cell| !cell.is_empty());
    }
    cells
}

fn of_fits(file: FitsFile) -> anyhow::Result<Vec<Position>> {
    let path = file.path().display().to_string();
    let Some(hdu) = file.hdus().iter().find(|hdu| hdu.kind == HduKind::Table) else {
        bail!("{path} holds no table");
    };
    let table = file.read_table(hdu)?;
    let names = table.columns.iter().map(|column| column.name.as_str());
    let Some(columns) = Columns::of(names) else { bail!("{path} has no columns ra and dec") };
    let cell = |column: Option<usize>, row: usize| -> String {
        let Some(column) = column.map(|i| &table.columns[i]) else { return String::new() };
        match &column.values {
            Values::F32(values) => values.get(row).map(ToString::to_string),
            Values::F64(values) => values.get(row).map(ToString::to_string),
            Values::I64(values) => values.get(row).map(ToString::to_string),
            Values::Text(values) => values.get(row).cloned(),
            _ => None,
        }
        .unwrap_or_default()
    };
    let position = |row: usize| {
        let texts: Vec<String> = (0..table.columns.len()).map(|i| cell(Some(i), row)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        columns.position(&texts, row + 1, &format!("row {}", row + 1))
    };
    Ok((0..table.rows).map(position).collect())
}

/// Names that come again get `_2` and so on, also those that differ only in what a file's name cannot hold.
fn unique(positions: &mut [Position]) {
    let mut seen = HashSet::new();
    // Where to go on counting, so that a name a million times over costs a million steps.
    let mut counts: HashMap<String, usize> = HashMap::new();
    for position in positions {
        let name = harmless(&position.id);
        if !seen.contains(&name) {
            seen.insert(name);
            continue;
        }
        let n = counts.entry(name.clone()).or_insert(1);
        let mut numbered = (*n + 1..).map(|n| (n, format!("{name}_{n}")));
        if let Some((count, numbered)) = numbered.find(|(_, name)| !seen.contains(name)) {
            *n = count;
            position.id = format!("{}_{count}", position.id);
            seen.insert(numbered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<Position> {
        let mut found = of_text(text, Path::new("a.csv")).unwrap();
        unique(&mut found);
        found
    }

    fn position(id: &str, ra: f64, dec: f64, size: Option<[f64; 2]>) -> Position {
        let at = SkyCoord { ra: Angle::from_degrees(ra), dec: Angle::from_degrees(dec) };
        Position { id: id.to_owned(), at, size, problem: None }
    }

    #[test]
    fn tables_of_text_are_read_by_their_names() {
        let ecsv =
            "# %ECSV 1.0\n# ---\nid ra dec nx\n\"a b\" 10.5 -20 64\nstar 11 1e1 \"\"\nstar 1 2 8\n";
        let found = text(ecsv);
        assert_eq!(found[0], position("a b", 10.5, -20.0, Some([64.0, 64.0])));
        assert_eq!(found[1], position("star", 11.0, 10.0, None));
        assert_eq!(found[2].id, "star_2");
        let csv = text("DEC,RA,mag\n+47:11:43,13:29:52.7,3\n1,2\n");
        let at = |i: usize| (csv[i].at.ra.degrees(), csv[i].at.dec.degrees());
        assert!((at(0).0 - 202.469_583).abs() < 1e-6 && (at(0).1 - 47.195_278).abs() < 1e-6);
        assert_eq!(at(1), (2.0, 1.0));
        let ids = text("id,ra,dec\na/b,1,1\na_b,1,1\na/b,1,1\na_b_2,1,1\n");
        let ids: Vec<_> = ids.iter().map(|position| position.id.as_str()).collect();
        assert_eq!(ids, ["a/b", "a_b_2", "a/b_3", "a_b_2_2"]);
        let plain = text("10 20\n\n# a comment\n11 21\n");
        assert_eq!((plain.len(), plain[1].id.as_str()), (2, "2"));
    }

    #[test]
    fn rows_that_cannot_be_read_keep_their_place() {
        let found = of_text("ra,dec\n1,2\nx,y\n3,95\n5,6\n", Path::new("a.csv")).unwrap();
        let problems: Vec<_> =
            found.iter().map(|p| p.problem.clone().unwrap_or_default()).collect();
        assert!(problems[1].starts_with("line 3: "), "{problems:?}");
        assert_eq!(problems[2], "line 4: not a position: 3 95");
        assert!(found[1].at.ra.degrees().is_nan() && found[3].at.ra.degrees() == 5.0);
        let error = |text: &str| of_text(text, Path::new("a.csv")).unwrap_err().to_string();
        assert_eq!(error("x,y\n1,2\n"), "a.csv has no columns ra and dec");
        assert_eq!(error("# nothing\n"), "a.csv has no positions");
    }
}
