//! Apache Parquet, as polars, pandas and DuckDB read it.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use super::{Column, Table, Values};

/// One row group; empty cells are null. What travels with the table are keys of the file, its values JSON where they are
/// no text; `columns` has units and descriptions.
pub(super) fn write(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    // The library wants to own what it writes to; a catalog is small.
    let bytes = bytes(table).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

fn bytes(table: &Table) -> Result<Vec<u8>, ParquetError> {
    let fields = table.columns.iter().map(field).collect::<Result<_, _>>()?;
    let schema = Type::group_type_builder("table").with_fields(fields).build()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("hst ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(metadata(table)))
        .build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for column in &table.columns {
        write_column(&mut group, column)?;
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
}

fn field(column: &Column) -> Result<TypePtr, ParquetError> {
    let (physical, logical) = match column.values {
        Values::Int(_) => (Physical::INT64, None),
        Values::Float(_) => (Physical::DOUBLE, None),
        Values::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let field = Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    Ok(Arc::new(field.build()?))
}

fn metadata(table: &Table) -> Vec<KeyValue> {
    let text =
        |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let columns: serde_json::Map<_, _> = table
        .columns
        .iter()
        .map(|column| {
            let about = serde_json::json!({"unit": column.unit, "description": column.description});
            (column.name.to_string(), about)
        })
        .collect();
    let columns = ("columns".to_owned(), serde_json::Value::Object(columns).to_string());
    let meta = table.meta.iter().map(|(key, value)| (key.clone(), text(value)));
    meta.chain([columns]).map(|(key, value)| KeyValue::new(key, value)).collect()
}

fn write_column<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    column: &Column,
) -> Result<(), ParquetError> {
    match &column.values {
        Values::Int(values) => write_cells::<Int64Type, _>(group, values.iter().copied()),
        Values::Float(values) => {
            let cells = values.iter().map(|value| Some(*value).filter(|value| !value.is_nan()));
            write_cells::<DoubleType, _>(group, cells)
        }
        Values::Text(values) => {
            let cells = values.iter().map(|text| Some(ByteArray::from(text.as_str())));
            write_cells::<ByteArrayType, _>(group, cells)
        }
    }
}

fn write_cells<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    cells: impl Iterator<Item = Option<T::T>> + Clone,
) -> Result<(), ParquetError> {
    let present: Vec<i16> = cells.clone().map(|cell| i16::from(cell.is_some())).collect();
    let values: Vec<T::T> = cells.flatten().collect();
    let none = || ParquetError::General("a column too many".to_owned());
    let mut column = group.next_column()?.ok_or_else(none)?;
    column.typed::<T>().write_batch(&values, Some(&present), None)?;
    column.close()
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    #[test]
    fn tables_read_back() {
        let table = crate::table::sample();
        let mut out = Vec::new();
        super::write(&table, &mut out).unwrap();
        let file = SerializedFileReader::new(bytes::Bytes::from(out)).unwrap();
        let rows: Vec<_> = file.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), table.rows());
        assert_eq!(
            (rows[0].get_long(0).unwrap(), rows[0].get_string(1).unwrap().as_str()),
            (1, "007")
        );
        assert_eq!(rows[0].get_double(2).unwrap().to_bits(), (0.1_f64 + 0.2).to_bits());
        assert!(rows[1].get_long(0).is_err() && rows[1].get_double(2).is_err(), "null");
        let meta = file.metadata().file_metadata().key_value_metadata().unwrap();
        let value = |key: &str| meta.iter().find(|pair| pair.key == key).unwrap().value.clone();
        assert_eq!(value("hst_version").unwrap(), "0.1.0");
        let columns: serde_json::Value = serde_json::from_str(&value("columns").unwrap()).unwrap();
        assert_eq!(columns["sum"]["unit"], "electron / s");
    }
}
