use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{Table, Values};

/// One object: `columns` (name, unit, description), `rows` (an object each) and `meta`.
fn to_json(table: &Table) -> Value {
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|column| json!({"name": column.name, "unit": column.unit, "description": column.description}))
        .collect();
    let row = |row| {
        let cells =
            table.columns.iter().map(|column| (column.name.to_string(), cell(&column.values, row)));
        Value::Object(cells.collect::<Map<_, _>>())
    };
    json!({"columns": columns, "rows": (0..table.rows()).map(row).collect::<Vec<_>>(), "meta": table.meta})
}

pub(super) fn write(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &to_json(table))?;
    writeln!(out)
}

fn cell(values: &Values, row: usize) -> Value {
    match values {
        Values::Int(values) => json!(values[row]),
        Values::Float(values) => json!(values[row]), // JSON has no NaN: it becomes null
        Values::Text(values) => json!(values[row]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn empty_cells_are_null() {
        let object = super::to_json(&sample());
        assert_eq!(object["rows"][0]["sum"], 0.1 + 0.2);
        assert!(object["rows"][1]["sum"].is_null());
        assert!(object["rows"][1]["region"].is_null());
        assert_eq!(object["rows"][0]["id"], "007");
        assert_eq!(object["columns"][2]["unit"], "electron / s");
    }
}
