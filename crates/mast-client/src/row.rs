use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use crate::cell::{Cell, Field, FromCell, Kind};

/// A column of a row type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The archive's name of it.
    pub name: &'static str,
    /// What it is read as.
    pub kind: Kind,
}

/// A row of an answer, read column by column, whatever columns there are.
pub trait Row: Default {
    /// The columns this type knows; others are kept beside them.
    const COLUMNS: &'static [Column];

    /// Keeps one value; the error gives back one that does not fit its column.
    ///
    /// # Errors
    /// When the column holds something else than it should.
    fn keep<'a>(&mut self, column: &str, cell: Cell<'a>) -> Result<(), Cell<'a>>;

    /// The value of a column; `None` where the row has no such column.
    fn cell(&self, column: &str) -> Option<Cell<'_>>;
}

/// A value that did not fit its column and was taken for null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The row, from 0.
    pub row: usize,
    /// The column's name.
    pub column: String,
    /// What was there.
    pub found: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: cannot read {} from \"{}\"", self.row, self.column, self.found)
    }
}

/// More would only repeat themselves.
pub(crate) const WARNINGS: usize = 1000;

pub(crate) fn keep_field<'a, T: FromCell>(
    field: &mut Field<T>,
    cell: Cell<'a>,
) -> Result<(), Cell<'a>> {
    let read = T::from_cell(&cell);
    let fits = read.is_ok();
    *field = read.ok().flatten().map_or(Field::Null, Field::Value);
    if fits { Ok(()) } else { Err(cell) }
}

pub(crate) fn field_cell<T: FromCell>(field: &Field<T>) -> Option<Cell<'_>> {
    match field {
        Field::Missing => None,
        Field::Null => Some(Cell::Null),
        Field::Value(value) => Some(value.cell()),
    }
}

/// Reads one JSON object into a row and notes what did not fit.
pub(crate) struct RowSeed<'w, R> {
    pub row: usize,
    pub warnings: &'w mut Vec<Warning>,
    pub kind: std::marker::PhantomData<R>,
}

impl<'de, R: Row> DeserializeSeed<'de> for RowSeed<'_, R> {
    type Value = R;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, R: Row> Visitor<'de> for RowSeed<'_, R> {
    type Value = R;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<R, A::Error> {
        let mut row = R::default();
        // Column names are texts too: `Cell` borrows them where they hold no escapes.
        while let Some((column, cell)) = fields.next_entry::<Cell<'de>, Cell<'de>>()? {
            let Cell::Text(column) = column else { continue };
            if column == "_selected_" {
                continue;
            }
            if let Err(cell) = row.keep(&column, cell)
                && self.warnings.len() < WARNINGS
            {
                let found = cell.to_string().chars().take(60).collect();
                self.warnings.push(Warning { row: self.row, column: column.into_owned(), found });
            }
        }
        Ok(row)
    }
}

/// Declares a row type: one line a column gives the field, its type and the archive's name for it.
macro_rules! row {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$doc:meta])* $field:ident: $kind:ty = $column:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name {
            $($(#[$doc])* pub $field: $crate::Field<$kind>,)*
            /// Columns this type does not know, in the order they came.
            pub other: Vec<(String, $crate::Cell<'static>)>,
        }

        impl $crate::Row for $name {
            const COLUMNS: &'static [$crate::Column] = &[$($crate::Column {
                name: $column,
                kind: <$kind as $crate::cell::FromCell>::KIND,
            },)*];

            fn keep<'a>(
                &mut self,
                column: &str,
                cell: $crate::Cell<'a>,
            ) -> Result<(), $crate::Cell<'a>> {
                match column {
                    $($column => $crate::row::keep_field(&mut self.$field, cell),)*
                    _ => {
                        if self.other.iter().all(|(name, _)| name != column) {
                            self.other.push((column.to_owned(), cell.into_owned()));
                        }
                        Ok(())
                    }
                }
            }

            fn cell(&self, column: &str) -> Option<$crate::Cell<'_>> {
                match column {
                    $($column => $crate::row::field_cell(&self.$field),)*
                    _ => {
                        let known = self.other.iter().find(|(name, _)| name == column);
                        known.map(|(_, cell)| cell.clone())
                    }
                }
            }
        }

        impl $name {
            /// The row with the archive's column names, as JSON; missing columns are left out.
            pub fn to_json(&self) -> serde_json::Value {
                serde_json::to_value(self).unwrap_or_default()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                $(if let Some(cell) = $crate::row::field_cell(&self.$field) {
                    map.serialize_entry($column, &cell)?;
                })*
                for (name, cell) in &self.other {
                    map.serialize_entry(name, cell)?;
                }
                map.end()
            }
        }

        /// Reads a row as an answer holds it; what does not fit its column is null.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let mut warnings = Vec::new();
                let kind = std::marker::PhantomData;
                let seed = $crate::row::RowSeed { row: 0, warnings: &mut warnings, kind };
                serde::de::DeserializeSeed::deserialize(seed, deserializer)
            }
        }
    };
}
pub(crate) use row;
