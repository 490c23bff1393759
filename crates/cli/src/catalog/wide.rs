//! The wide layout: one row a source, the filters side by side, and their colours.

use std::borrow::Cow;

use super::Catalog;
use crate::table::{Column, Table, Values};

/// Columns that are the same in every filter.
const OF_THE_SOURCE: [&str; 5] = ["region", "id", "ra", "dec", "r_arcsec"];

/// Columns that name the filter, which is in the names here.
const OF_THE_SPEC: [&str; 3] = ["instrument", "detector", "filter"];

/// The long table with the rows of a source side by side: `F475W_mag_ab`, and colours of neighbouring filters,
/// shorter wavelength first, as `F475W-F814W`.
///
/// `long` has one row for each source and specification, in that order, as [`Catalog`] keeps them.
pub(crate) fn wide(catalog: &Catalog, long: &Table) -> Table {
    let n = catalog.specs.len();
    let labels = labels(catalog);
    let sources = 0..catalog.sources.len();
    let of =
        |column: &Column, spec: usize| pick(&column.values, sources.clone().map(|s| s * n + spec));
    let shared = long.columns.iter().filter(|column| OF_THE_SOURCE.contains(&&*column.name));
    let mut columns: Vec<_> =
        shared.map(|column| Column { values: of(column, 0), ..column.clone() }).collect();
    let repeated = |column: &&Column| {
        !OF_THE_SOURCE.contains(&&*column.name) && !OF_THE_SPEC.contains(&&*column.name)
    };
    for (spec, label) in labels.iter().enumerate() {
        for column in long.columns.iter().filter(repeated) {
            let name = format!("{label}_{}", column.name);
            columns.push(Column { name: name.into(), values: of(column, spec), ..column.clone() });
        }
    }
    columns.extend(colours(catalog, long, &labels));
    Table { columns, meta: long.meta.clone() }
}

/// The filter's name, or the whole specification where two have the same filter.
fn labels(catalog: &Catalog) -> Vec<String> {
    let filters: Vec<_> = catalog.specs.iter().map(|spec| spec.filter.as_str()).collect();
    let unique = |filter: &str| filters.iter().filter(|other| **other == filter).count() == 1;
    let label = |spec: &hst_fits::Spec| {
        if unique(&spec.filter) { spec.filter.clone() } else { spec.to_string() }
    };
    catalog.specs.iter().map(label).collect()
}

fn pick(values: &Values, rows: impl Iterator<Item = usize>) -> Values {
    match values {
        Values::Int(values) => Values::Int(rows.map(|row| values[row]).collect()),
        Values::Float(values) => Values::Float(rows.map(|row| values[row]).collect()),
        Values::Text(values) => Values::Text(rows.map(|row| values[row].clone()).collect()),
    }
}

/// Differences of the magnitudes of neighbouring filters by wavelength, with their errors.
fn colours(catalog: &Catalog, long: &Table, labels: &[String]) -> Vec<Column> {
    let magnitudes = |name: &str, spec: usize| -> Vec<f64> {
        let Some(Values::Float(values)) = long.column(name).map(|column| &column.values) else {
            return vec![f64::NAN; catalog.sources.len()];
        };
        values.iter().skip(spec).step_by(labels.len()).copied().collect()
    };
    let column = |name: String, description, values| Column {
        name: Cow::Owned(name),
        unit: Some("mag"),
        description,
        values: Values::Float(values),
    };
    let pairs = |spec: usize, other: usize, name: &str, joined: fn(f64, f64) -> f64| {
        let (blue, red) = (magnitudes(name, spec), magnitudes(name, other));
        blue.into_iter().zip(red).map(|(blue, red)| joined(blue, red)).collect::<Vec<_>>()
    };
    catalog
        .by_wavelength()
        .windows(2)
        .flat_map(|pair| {
            let (blue, red) = (pair[0], pair[1]);
            let name = format!("{}-{}", labels[blue], labels[red]);
            [
                column(name.clone(), "colour, AB", pairs(blue, red, "mag_ab", |b, r| b - r)),
                column(
                    format!("{name}_err"),
                    "standard error of the colour",
                    pairs(blue, red, "mag_ab_err", f64::hypot),
                ),
            ]
        })
        .collect()
}
