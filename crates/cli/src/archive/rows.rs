//! Tables of what was found and of what was fetched; and back, from a table to what it lists.

use std::path::Path;

use anyhow::{Context, bail};
use astro_coords::Coverage;
use mast_client::{Field, Manifest, Plan, PlannedImage, Product, Status};
use serde_json::Value;

use crate::table::{Column, Table, Values};

fn column(
    name: &'static str,
    unit: Option<&'static str>,
    description: &'static str,
    values: Values,
) -> Column {
    Column { name: name.into(), unit, description, values }
}

/// One row a file; names of columns as the archive has them where it has them.
pub(crate) fn products_table(plan: &Plan) -> Table {
    let text =
        |get: fn(&PlannedImage) -> String| Values::Text(plan.images.iter().map(get).collect());
    let float = |get: fn(&PlannedImage) -> Option<f64>| {
        Values::Float(plan.images.iter().map(|image| get(image).unwrap_or(f64::NAN)).collect())
    };
    let int =
        |get: fn(&PlannedImage) -> Option<i64>| Values::Int(plan.images.iter().map(get).collect());
    let columns = vec![
        column(
            "obs_id",
            None,
            "the mission's name of the observation",
            text(|i| i.observation.obs_id.text().to_owned()),
        ),
        column(
            "provenance",
            None,
            "pipeline",
            text(|i| i.observation.provenance_name.text().to_owned()),
        ),
        column("instrument", None, "instrument", text(|i| i.spec.instrument.clone())),
        column("detector", None, "detector", text(|i| i.spec.detector.clone())),
        column("filter", None, "filter", text(|i| i.spec.filter.clone())),
        column(
            "mjd",
            Some("d"),
            "start of the exposures, MJD",
            float(|i| i.observation.t_min.copied()),
        ),
        column("exptime", Some("s"), "exposure", float(|i| i.observation.t_exptime.copied())),
        column(
            "regions",
            None,
            "regions held at least in part, by their order from 1",
            text(regions),
        ),
        column(
            "coverage",
            None,
            "share of those regions within the footprint, their mean",
            float(|i| Some(coverage(i))),
        ),
        column("size", Some("byte"), "size of the file", int(|i| i.product.size.copied())),
        column(
            "productFilename",
            None,
            "name of the file",
            text(|i| i.product.product_filename.text().to_owned()),
        ),
        column(
            "dataURI",
            None,
            "by which the archive gives the file",
            text(|i| i.product.data_uri.text().to_owned()),
        ),
    ];
    Table { columns, ..Table::default() }
}

fn regions(image: &PlannedImage) -> String {
    let numbers: Vec<_> = image.regions.iter().map(|(at, _)| (at + 1).to_string()).collect();
    numbers.join(",")
}

fn coverage(image: &PlannedImage) -> f64 {
    let share = |(_, coverage): &(usize, Coverage)| match coverage {
        Coverage::Yes => 1.0,
        Coverage::Maybe(share) => *share,
        Coverage::No => 0.0,
    };
    image.regions.iter().map(share).sum::<f64>() / image.regions.len() as f64
}

/// What became of each product; `name` and `uri` let a later run try again.
pub(crate) fn manifest_table(manifest: &Manifest, products: &[Product]) -> Table {
    let rows = &manifest.rows;
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let path = |path: &Option<std::path::PathBuf>| {
        path.as_ref().map(|path| path.display().to_string()).unwrap_or_default()
    };
    let text = |values: Vec<String>| Values::Text(values);
    let number = |value: u64| i64::try_from(value).ok();
    let columns = vec![
        column(
            "path",
            None,
            "the local file",
            text(rows.iter().map(|row| path(&row.path)).collect()),
        ),
        column(
            "status",
            None,
            "COMPLETE, CACHED, SKIPPED or FAILED",
            text(rows.iter().map(|row| word(serde_json::json!(row.status))).collect()),
        ),
        column(
            "bytes",
            Some("byte"),
            "bytes on this machine",
            Values::Int(rows.iter().map(|row| number(row.bytes)).collect()),
        ),
        column(
            "attempts",
            None,
            "requests made",
            Values::Int(rows.iter().map(|row| Some(row.attempts.into())).collect()),
        ),
        column(
            "source",
            None,
            "where the file came from",
            text(rows.iter().map(|row| word(serde_json::json!(row.source))).collect()),
        ),
        column(
            "error",
            None,
            "what went wrong, and its causes",
            text(rows.iter().map(|row| row.error.join(": ")).collect()),
        ),
        column(
            "size",
            Some("byte"),
            "size in the archive's list",
            Values::Int(products.iter().map(|product| product.size.copied()).collect()),
        ),
        column(
            "productFilename",
            None,
            "name of the file",
            text(
                products.iter().map(|product| product.product_filename.text().to_owned()).collect(),
            ),
        ),
        column(
            "dataURI",
            None,
            "by which the archive gives the file",
            text(rows.iter().map(|row| row.uri.clone()).collect()),
        ),
    ];
    Table { columns, ..Table::default() }
}

/// The products that a table of ours lists; with `status`, those that are not there yet.
pub(crate) fn products_of(path: &Path) -> anyhow::Result<Vec<Product>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let no_table = || format!("{} is no table", path.display());
    let (names, rows) = if bytes.starts_with(b"SIMPLE") {
        fits(bytes, path)?
    } else {
        let text = String::from_utf8(bytes).with_context(no_table)?;
        let table = if text.trim_start().starts_with('{') { json(&text) } else { lines(&text) };
        table.with_context(no_table)?
    };
    let at = |name: &str| names.iter().position(|known| known == name);
    let (Some(uri), Some(file)) = (at("dataURI"), at("productFilename")) else {
        bail!("{} has no columns dataURI and productFilename", path.display());
    };
    let (size, status) = (at("size"), at("status"));
    let done = [Status::Complete, Status::Cached].map(|status| serde_json::json!(status));
    let cell = |row: &[String], at: Option<usize>| at.and_then(|at| row.get(at)).cloned();
    let missing =
        |row: &&Vec<String>| !done.iter().any(|done| done.as_str() == cell(row, status).as_deref());
    let product = |row: &Vec<String>| Product {
        data_uri: cell(row, Some(uri)).unwrap_or_default().as_str().into(),
        product_filename: cell(row, Some(file)).unwrap_or_default().as_str().into(),
        size: cell(row, size)
            .and_then(|size| size.parse::<i64>().ok())
            .map_or(Field::Null, Field::Value),
        ..Product::default()
    };
    Ok(rows.iter().filter(missing).map(product).collect())
}

type Rows = (Vec<String>, Vec<Vec<String>>);

fn json(text: &str) -> Option<Rows> {
    let value: Value = serde_json::from_str(text).ok()?;
    let rows = value.get("rows")?.as_array()?;
    let names: Vec<String> = rows.first()?.as_object()?.keys().cloned().collect();
    let cell = |row: &Value, name: &String| match &row[name] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let rows = rows.iter().map(|row| names.iter().map(|name| cell(row, name)).collect()).collect();
    Some((names, rows))
}

/// The first table of a FITS file; what is neither text nor a whole number is left out.
fn fits(bytes: Vec<u8>, path: &Path) -> anyhow::Result<Rows> {
    let file = hst_fits::FitsFile::from_source(Box::new(bytes), path)?;
    let found = file.hdus().iter().find(|hdu| hdu.kind == hst_fits::HduKind::Table);
    let table = file.read_table(found.unwrap_or(&file.hdus()[0]))?;
    let cell = |column: &hst_fits::Column, row: usize| match &column.values {
        hst_fits::Values::Text(texts) => texts.get(row).cloned(),
        hst_fits::Values::I64(values) => {
            values.get(row).filter(|v| column.null != Some(**v)).map(ToString::to_string)
        }
        _ => None,
    };
    let names = table.columns.iter().map(|column| column.name.clone()).collect();
    let row = |row| table.columns.iter().map(|c| cell(c, row).unwrap_or_default()).collect();
    Ok((names, (0..table.rows).map(row).collect()))
}

/// ECSV, separated by blanks or commas, and CSV.
fn lines(text: &str) -> Option<Rows> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let head = lines.next()?;
    let delimiter = if head.contains(',') { ',' } else { ' ' };
    let rows = lines.map(|line| fields(line, delimiter)).collect();
    Some((fields(head, delimiter), rows))
}

/// The cells of a line; quotes protect the delimiter, doubled ones are themselves.
fn fields(line: &str, delimiter: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let last = cells.len() - 1;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cells[last].extend(chars.next()),
            '"' => quoted = !quoted,
            c if c == delimiter && !quoted => cells.push(String::new()),
            c => cells[last].push(c),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Format;

    #[test]
    fn a_table_lists_what_it_was_made_of() {
        let product = |name: &str| Product {
            data_uri: format!("mast:HST/a b,\"{name}").as_str().into(),
            product_filename: name.into(),
            size: 2880.into(),
            ..Product::default()
        };
        let products = [product("a.fits"), product("b.fits")];
        let row = |product: &Product, status| mast_client::ManifestRow {
            uri: product.data_uri.text().to_owned(),
            path: None,
            status,
            bytes: 0,
            attempts: 1,
            source: mast_client::Source::Mast,
            url: String::new(),
            sha256: None,
            error: vec!["a \"quoted\" thing".into(), "the cause, too".into()],
            warnings: Vec::new(),
        };
        let rows = vec![row(&products[0], Status::Complete), row(&products[1], Status::Failed)];
        let table = manifest_table(&Manifest { rows }, &products);
        let folder = tempfile::tempdir().unwrap();
        for format in [Format::Ecsv, Format::Csv, Format::Json, Format::Fits] {
            let path = folder.path().join("manifest");
            let mut bytes = Vec::new();
            table.write(format, &mut bytes).unwrap();
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(products_of(&path).unwrap(), products[1..], "{format:?}");
        }
    }
}
