//! Filters on rows that are already here, with the meaning of `filter_products` of the reference client.

mod glob;
mod parse;

pub(crate) use glob::Glob;
pub use parse::Syntax;

use crate::cell::{Cell, Kind};
use crate::{Error, Result, Row};

/// What rows must fulfil: all columns' conditions together.
///
/// Within a column, values are alternatives, and values that start with `!` are excluded whatever the others
/// say. Text is compared whole and without case; numbers take `5`, `1..10` (both ends included), `>=5`, `<=5`,
/// `>5`, `<5`. A null never equals a number, and equals no text but the empty one.
///
/// With [`Syntax::Extended`], text takes wildcards (`*` and `%`), and a value finds itself among several that
/// are joined by `;`, so that `F814W` finds `F814W;CLEAR2L`.
///
/// # Source
/// `astroquery.mast.Observations.filter_products`, 0.4.11 and the development version of August 2026; where
/// they differ (case), the latter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    columns: Vec<ColumnFilter>,
    extensions: Vec<String>,
    recommended_only: bool,
    syntax: Syntax,
}

/// The values of one column.
#[derive(Debug, Clone, PartialEq)]
struct ColumnFilter {
    column: String,
    values: Vec<String>,
}

/// One value, read for its column.
#[derive(Debug, Clone, PartialEq)]
struct Test {
    negated: bool,
    wanted: Wanted,
}

/// What one value asks for.
#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    Text(String),
    Glob(Glob),
    /// One of several that are joined by `;`, each as a glob.
    Member(Glob),
    Number(f64),
    Range(f64, f64),
    AtLeast(f64),
    AtMost(f64),
    Above(f64),
    Below(f64),
}

impl Filter {
    /// A filter that every row passes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads values as `syntax` says.
    #[must_use]
    pub fn syntax(self, syntax: Syntax) -> Self {
        Self { syntax, ..self }
    }

    /// Adds the values that a column may have.
    #[must_use]
    pub fn column<V: Into<String>>(
        mut self,
        column: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.columns.push(ColumnFilter { column: column.into(), values });
        self
    }

    /// Only files whose names end so, whatever their case: `c.fits` also finds `_drc.fits`.
    #[must_use]
    pub fn extension(mut self, ending: impl Into<String>) -> Self {
        self.extensions.push(ending.into());
        self
    }

    /// Only the archive's minimum recommended products.
    #[must_use]
    pub fn recommended_only(self) -> Self {
        Self { recommended_only: true, ..self }
    }

    /// Keeps the rows that pass, in their order.
    ///
    /// # Errors
    /// When no row has a column of the filter, or a value does not fit its column.
    pub fn apply<R: Row>(&self, rows: Vec<R>) -> Result<Vec<R>> {
        let tests = self.tests(&rows)?;
        let passes = |row: &R| {
            self.passes_fixed(row)
                && tests.iter().all(|(column, tests)| passes(row.cell(column).as_ref(), tests))
        };
        Ok(rows.into_iter().filter(passes).collect())
    }

    fn passes_fixed<R: Row>(&self, row: &R) -> bool {
        let text = |column| row.cell(column).map(|cell| cell.to_string()).unwrap_or_default();
        let recommended = || text("productGroupDescription") == "Minimum Recommended Products";
        let name = || text("productFilename").to_lowercase();
        (!self.recommended_only || recommended())
            && (self.extensions.is_empty()
                || self.extensions.iter().any(|end| name().ends_with(&end.to_lowercase())))
    }

    fn tests<R: Row>(&self, rows: &[R]) -> Result<Vec<(&str, Vec<Test>)>> {
        let read = |filter: &ColumnFilter| -> Result<Vec<Test>> {
            let kind = kind_of(&filter.column, rows)?;
            filter
                .values
                .iter()
                .map(|v| parse::test(&filter.column, v, kind, self.syntax))
                .collect()
        };
        self.columns.iter().map(|filter| Ok((filter.column.as_str(), read(filter)?))).collect()
    }
}

/// What a column holds: by its type, or for columns no type knows by their values.
fn kind_of<R: Row>(column: &str, rows: &[R]) -> Result<Kind> {
    if let Some(known) = R::COLUMNS.iter().find(|known| known.name == column) {
        return Ok(known.kind);
    }
    let mut cells = rows.iter().filter_map(|row| row.cell(column)).peekable();
    if cells.peek().is_none() && !(rows.is_empty() && R::COLUMNS.is_empty()) {
        let nearest = nearest(column, R::COLUMNS.iter().map(|known| known.name));
        return Err(Error::UnknownColumn { column: column.to_owned(), nearest });
    }
    let mut cells = cells.filter(|cell| *cell != Cell::Null).peekable();
    let numeric = cells.peek().is_some()
        && cells.all(|cell| matches!(cell, Cell::Integer(_) | Cell::Number(_)));
    Ok(if numeric { Kind::Number } else { Kind::Text })
}

/// The known name that shares most with `name`, where it shares half.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let shared = |other: &str| {
        let pairs = |text: &str| -> Vec<String> {
            let text: Vec<char> = text.to_lowercase().chars().take(100).collect();
            text.windows(2).map(|pair| pair.iter().collect()).collect()
        };
        let (a, b) = (pairs(name), pairs(other));
        let common = a.iter().filter(|pair| b.contains(pair)).count();
        2 * common * 1000 / (a.len() + b.len()).max(1)
    };
    let best = known.map(|other| (shared(other), other)).max_by_key(|(score, _)| *score)?;
    (best.0 >= 500).then(|| best.1.to_owned())
}

/// (any positive value, or none is given) and no negative value.
fn passes(cell: Option<&Cell<'_>>, tests: &[Test]) -> bool {
    let null = Cell::Null;
    let cell = cell.unwrap_or(&null);
    let mut positives = tests.iter().filter(|test| !test.negated).peekable();
    let wanted = positives.peek().is_none() || positives.any(|test| test.wanted.is_met(cell));
    wanted && !tests.iter().any(|test| test.negated && test.wanted.is_met(cell))
}

impl Wanted {
    fn is_met(&self, cell: &Cell<'_>) -> bool {
        let number = |holds: &dyn Fn(f64) -> bool| cell.number().is_some_and(holds);
        match self {
            Self::Text(text) => cell.to_string().to_lowercase() == *text,
            Self::Glob(glob) => glob.matches(&cell.to_string()),
            Self::Member(glob) => {
                let text = cell.to_string();
                glob.matches(&text) || text.split(';').any(|part| glob.matches(part.trim()))
            }
            Self::Number(wanted) => number(&|value| value == *wanted),
            Self::Range(low, high) => number(&|value| (*low..=*high).contains(&value)),
            Self::AtLeast(limit) => number(&|value| value >= *limit),
            Self::AtMost(limit) => number(&|value| value <= *limit),
            Self::Above(limit) => number(&|value| value > *limit),
            Self::Below(limit) => number(&|value| value < *limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, Observation, Product};

    fn product(name: &str, size: Field<i64>, filters: Field<String>) -> Product {
        Product { product_filename: name.into(), size, filters, ..Product::default() }
    }

    fn names(filter: &Filter) -> Result<Vec<String>> {
        let rows = vec![
            product("a_drc.fits", Field::Value(100), "F814W".into()),
            product("b_drz.fits", Field::Value(2000), "F814W;CLEAR2L".into()),
            product("c_RAW.FITS", Field::Value(500), "F606W".into()),
            product("d.jpg", Field::Null, Field::Null),
        ];
        let kept = filter.apply(rows)?;
        Ok(kept.iter().map(|row| row.product_filename.text()[..1].to_owned()).collect())
    }

    fn by(column: &str, values: &[&str]) -> String {
        names(&Filter::new().column(column, values.iter().copied())).unwrap().concat()
    }

    #[test]
    fn numbers_are_compared_and_negated() {
        for (values, expected) in [
            (&["100"][..], "a"),
            (&["100..500"], "ac"),
            (&[">=500"], "bc"),
            (&["<=500"], "ac"),
            (&[">500"], "b"),
            (&["<500"], "a"),
            (&["100", ">1000"], "ab"),
            (&["!100", "<1000"], "c"),
            (&["!100..500"], "bd"),
            (&["!2000"], "acd"),
            (&[" 1e2 "], "a"),
            (&["-5..+100.5"], "a"),
        ] {
            assert_eq!(by("size", values), expected, "{values:?}");
        }
    }

    #[test]
    fn texts_are_compared_whole_and_without_case() {
        for (values, expected) in [
            (&["f814w"][..], "a"),
            (&["F814W", "F606W"], "ac"),
            (&["!F814W"], "bcd"),
            (&["F814W", "F606W", "!f606w"], "a"),
            (&["F8*"], ""),
            (&[""], "d"),
            (&["F814W;CLEAR2L"], "b"),
        ] {
            assert_eq!(by("filters", values), expected, "{values:?}");
        }
    }

    #[test]
    fn the_extended_syntax_knows_wildcards_and_sets() {
        let extended = |values: &[&str]| {
            let filter = Filter::new().syntax(Syntax::Extended);
            names(&filter.column("filters", values.iter().copied())).unwrap().concat()
        };
        assert_eq!(extended(&["F814W"]), "ab");
        assert_eq!(extended(&["F8*"]), "ab");
        assert_eq!(extended(&["f%w", "!clear*"]), "ac");
        assert_eq!(extended(&["F???W"]), "");
    }

    #[test]
    fn extensions_are_endings_of_the_name() {
        assert_eq!(names(&Filter::new().extension("c.fits")).unwrap().concat(), "a");
        assert_eq!(names(&Filter::new().extension("fits")).unwrap().concat(), "abc");
        assert_eq!(
            names(&Filter::new().extension("jpg").extension("raw.fits")).unwrap(),
            ["c", "d"]
        );
        assert!(names(&Filter::new().recommended_only()).unwrap().is_empty());
    }

    #[test]
    fn columns_and_values_that_cannot_be_are_errors() {
        let error = |column: &str, value: &str| {
            names(&Filter::new().column(column, [value])).unwrap_err().to_string()
        };
        assert_eq!(error("filter", "F814W"), "no column is called filter; the nearest is filters");
        assert_eq!(error("xyz", "F814W"), "no column is called xyz");
        assert_eq!(error("size", "big"), "not a number for column size: \"big\"");
        assert_eq!(error("size", "1..x"), "not a number for column size: \"1..x\"");
        assert_eq!(error("size", ">="), "not a number for column size: \">=\"");
    }

    #[test]
    fn columns_no_type_knows_can_be_filtered() {
        let observation = |value| Observation {
            other: vec![("extra".to_owned(), value)],
            ..Observation::default()
        };
        let rows = vec![observation(Cell::Integer(1)), observation(Cell::Integer(7))];
        let kept = Filter::new().column("extra", [">5"]).apply(rows).unwrap();
        assert_eq!(kept, [observation(Cell::Integer(7))]);
    }
}
