use serde_json::Value;

use crate::cell::Cell;
use crate::row::{Column, Row};
use crate::{Error, Result};

/// A row of any service: every column as it came.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AnyRow {
    /// Column names and values, in the order they came; of equal names the first.
    pub cells: Vec<(String, Cell<'static>)>,
}

impl Row for AnyRow {
    const COLUMNS: &'static [Column] = &[];

    fn keep<'a>(&mut self, column: &str, cell: Cell<'a>) -> Result<(), Cell<'a>> {
        if self.cells.iter().all(|(name, _)| name != column) {
            self.cells.push((column.to_owned(), cell.into_owned()));
        }
        Ok(())
    }

    fn cell(&self, column: &str) -> Option<Cell<'_>> {
        self.cells.iter().find(|(name, _)| name == column).map(|(_, cell)| cell.clone())
    }
}

/// Reads the rows of any answer of the archive's services, whatever envelope they come in.
///
/// Known are the portal's (`data`, also as the `extjs` form's `Tables`), the mission search's (`results`,
/// `products`), the catalogs' (`data` as lists below `info`), lists of objects, and objects of objects, whose
/// key becomes the column `key`.
///
/// # Errors
/// When the text is no JSON or holds no rows in any of these forms.
pub fn read_table(body: &[u8]) -> Result<Vec<AnyRow>> {
    let unexpected = |problem: String| Error::UnexpectedContent {
        url: "the table".to_owned(),
        problem,
        start: crate::error::beginning(body, 512),
    };
    let answer: Value = serde_json::from_slice(body).map_err(|e| unexpected(e.to_string()))?;
    rows_of(&answer).ok_or_else(|| unexpected("no rows".to_owned()))
}

fn rows_of(answer: &Value) -> Option<Vec<AnyRow>> {
    const LISTS: [&str; 6] =
        ["data", "results", "products", "resolvedCoordinate", "surveys", "Rows"];
    if let Some(list) = answer.as_array() {
        return list.iter().map(|row| record(row, None, &[])).collect();
    }
    let object = answer.as_object()?;
    if let Some(tables) = answer.pointer("/data/Tables").and_then(Value::as_array) {
        return Some(tables.iter().filter_map(extjs_table).flatten().collect());
    }
    if let Some(list) = LISTS.iter().find_map(|key| object.get(*key)?.as_array()) {
        let names = names(object.get("info").or_else(|| object.get("fields")));
        return list.iter().map(|row| record(row, None, &names)).collect();
    }
    if object.values().all(Value::is_object) {
        return object.iter().map(|(key, row)| record(row, Some(key), &[])).collect();
    }
    Some(vec![record(answer, None, &[])?])
}

/// A table of the `extjs` form; one without rows describes its columns, and those are the rows.
fn extjs_table(table: &Value) -> Option<Vec<AnyRow>> {
    let rows = table.get("Rows").and_then(Value::as_array).filter(|rows| !rows.is_empty());
    let (rows, names) = match rows {
        Some(rows) => (rows, names(table.get("Fields"))),
        None => (table.get("Columns")?.as_array()?, Vec::new()),
    };
    rows.iter().map(|row| record(row, None, &names)).collect()
}

fn names(declared: Option<&Value>) -> Vec<String> {
    let name = |column: &Value| {
        let named = ["name", "dataIndex"].iter().find_map(|key| column.get(*key)?.as_str());
        named.unwrap_or_default().to_owned()
    };
    let list = declared.and_then(Value::as_array);
    list.map(|columns| columns.iter().map(name).collect()).unwrap_or_default()
}

fn record(row: &Value, key: Option<&str>, names: &[String]) -> Option<AnyRow> {
    let mut cells: Vec<(String, Cell<'static>)> = Vec::new();
    cells.extend(key.map(|key| ("key".to_owned(), Cell::Text(key.to_owned().into()))));
    match row {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(name, _)| *name != "_selected_");
            cells.extend(fields.map(|(name, value)| (name.clone(), cell(value))));
        }
        Value::Array(values) if !names.is_empty() => {
            cells.extend(names.iter().zip(values).map(|(name, value)| (name.clone(), cell(value))));
        }
        Value::Array(_) => return None,
        value => cells.push(("value".to_owned(), cell(value))),
    }
    Some(AnyRow { cells })
}

fn cell(value: &Value) -> Cell<'static> {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(truth) => Cell::Truth(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Cell::Integer(integer),
            None => Cell::Number(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Cell::Text(text.clone().into()),
        Value::Array(_) | Value::Object(_) => Cell::Nested,
    }
}
