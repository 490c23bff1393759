//! Tables of results: typed columns with units and descriptions, and the formats they are written in.

mod csv;
mod ecsv;
mod fits;
mod json;
#[cfg(feature = "parquet")]
mod parquet;
mod text;
mod votable;

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use serde_json::Value;

pub(crate) use text::write_text;

/// One column: a name, what it means, and a value (or none) for every row.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: Cow<'static, str>,
    pub(crate) unit: Option<&'static str>,
    pub(crate) description: &'static str,
    pub(crate) values: Values,
}

/// The values of a column; `None` is an empty cell.
#[derive(Debug, Clone)]
pub(crate) enum Values {
    Int(Vec<Option<i64>>),
    /// NaN counts as empty.
    Float(Vec<f64>),
    Text(Vec<String>),
}

/// Columns of one length, and the provenance that travels with them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) meta: serde_json::Map<String, Value>,
}

/// The formats of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text that astropy reads with units, descriptions and metadata
    Ecsv,
    /// Comma-separated values, one line of names
    Csv,
    /// One object: `rows`, `columns`, `meta`
    Json,
    /// FITS binary table, with units, descriptions and metadata
    Fits,
    /// IVOA VOTable 1.4, as TOPCAT and Aladin read it
    #[value(alias = "vot", alias = "xml")]
    Votable,
    /// Apache Parquet, as polars, pandas and DuckDB read it
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Format {
    /// Whether it is nothing for a terminal.
    pub(crate) fn is_binary(self) -> bool {
        match self {
            Self::Fits => true,
            #[cfg(feature = "parquet")]
            Self::Parquet => true,
            _ => false,
        }
    }

    /// The format that the ending of `path` names.
    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        Self::from_str(path.extension()?.to_str()?, true).ok()
    }
}

impl Table {
    pub(crate) fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The same table with the named columns only, in the order of the names; an unknown name is an error.
    pub(crate) fn select(&self, names: &[String]) -> Result<Self, String> {
        let find = |name: &String| self.column(name).cloned().ok_or_else(|| name.clone());
        Ok(Self {
            columns: names.iter().map(find).collect::<Result<_, _>>()?,
            meta: self.meta.clone(),
        })
    }

    pub(crate) fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Ecsv => ecsv::write(self, out),
            Format::Csv => csv::write(self, out),
            Format::Json => json::write(self, out),
            Format::Fits => fits::write(self, out),
            Format::Votable => votable::write(self, out),
            #[cfg(feature = "parquet")]
            Format::Parquet => parquet::write(self, out),
        }
    }
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Int(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    /// The cell as plain text, `None` where it is empty. Floats have as many digits as read back exactly.
    pub(crate) fn cell(&self, row: usize) -> Option<String> {
        match self {
            Self::Int(values) => values[row].map(|value| value.to_string()),
            Self::Float(values) => (!values[row].is_nan()).then(|| float(values[row])),
            Self::Text(values) => Some(values[row].clone()),
        }
    }
}

/// The shortest decimal text that reads back as `value`, in the spelling Python and Rust both read.
fn float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && size.is_finite() && !(1e-4..1e16).contains(&size) {
        format!("{value:e}")
    } else if value.is_finite() {
        format!("{value:?}")
    } else {
        format!("{value}")
    }
}

#[cfg(test)]
pub(crate) fn sample() -> Table {
    let mut meta = serde_json::Map::new();
    meta.insert("hst_version".into(), "0.1.0".into());
    meta.insert("inputs".into(), serde_json::json!([{"file": "a.fits", "bytes": 2880}]));
    Table {
        columns: vec![
            Column {
                name: "region".into(),
                unit: None,
                description: "order",
                values: Values::Int(vec![Some(1), None]),
            },
            Column {
                name: "id".into(),
                unit: None,
                description: "text of the region",
                values: Values::Text(vec!["007".into(), "a \"b\", c".into()]),
            },
            Column {
                name: "sum".into(),
                unit: Some("electron / s"),
                description: "sum: in the aperture",
                values: Values::Float(vec![0.1 + 0.2, f64::NAN]),
            },
        ],
        meta,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_back_exactly() {
        for value in [0.1 + 0.2, 1e-300, 6.02e23, -1.5e-7, 1e15, 0.0, 123456.789, f64::MIN_POSITIVE]
        {
            assert_eq!(float(value).parse::<f64>(), Ok(value));
        }
    }

    #[test]
    fn columns_are_selected_by_name() {
        let table = sample().select(&["sum".into(), "region".into()]).unwrap();
        assert_eq!(
            table.columns.iter().map(|c| c.name.as_ref()).collect::<Vec<_>>(),
            ["sum", "region"]
        );
        assert_eq!(sample().select(&["nope".into()]).unwrap_err(), "nope");
    }

    #[test]
    fn formats_are_known_by_their_ending() {
        assert_eq!(Format::of_path(Path::new("a.b/c.ECSV")), Some(Format::Ecsv));
        assert_eq!(Format::of_path(Path::new("c.vot")), Some(Format::Votable));
        assert_eq!(Format::of_path(Path::new("c.fits")), Some(Format::Fits));
        assert_eq!(Format::of_path(Path::new("catalog")), None);
    }
}
