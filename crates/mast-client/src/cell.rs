use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// What a column is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A real number.
    Number,
    /// A whole number.
    Integer,
    /// True or false.
    Truth,
}

/// One value of an answer as it came, whatever its column claims to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Truth(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A list or an object, which no column should hold.
    Nested,
}

impl Cell<'_> {
    /// The same value, owned.
    pub fn into_owned(self) -> Cell<'static> {
        match self {
            Self::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
            Self::Null => Cell::Null,
            Self::Truth(truth) => Cell::Truth(truth),
            Self::Integer(integer) => Cell::Integer(integer),
            Self::Number(number) => Cell::Number(number),
            Self::Nested => Cell::Nested,
        }
    }

    /// The value as a number, where it is one.
    pub fn number(&self) -> Option<f64> {
        f64::from_cell(self).ok().flatten()
    }
}

/// The text a reader would see; nothing for `null`.
impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Truth(truth) => truth.fmt(f),
            Self::Integer(integer) => integer.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Nested => f.write_str("{}"),
        }
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null | Self::Nested => serializer.serialize_none(),
            Self::Truth(truth) => serializer.serialize_bool(*truth),
            Self::Integer(integer) => serializer.serialize_i64(*integer),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Cell<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cell::Null)
    }
    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Cell::Truth(truth))
    }
    fn visit_i64<E>(self, integer: i64) -> Result<Self::Value, E> {
        Ok(Cell::Integer(integer))
    }
    fn visit_u64<E>(self, integer: u64) -> Result<Self::Value, E> {
        // Ids beyond i64 would lose digits as numbers.
        let text = || Cell::Text(Cow::Owned(integer.to_string()));
        Ok(i64::try_from(integer).map_or_else(|_| text(), Cell::Integer))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Cell::Number(number))
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Owned(text)))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Cell::Nested)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell::Nested)
    }
}

/// One column of one row: a value, null, or not in the answer at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// The answer has no such column.
    #[default]
    Missing,
    /// The answer says that there is no value.
    Null,
    /// The value.
    Value(T),
}

impl<T> Field<T> {
    /// The value, where there is one.
    pub fn value(&self) -> Option<&T> {
        if let Self::Value(value) = self { Some(value) } else { None }
    }

    /// Whether the answer has no such column, which is not the same as null.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

impl<T: Copy> Field<T> {
    /// A copy of the value, where there is one.
    pub fn copied(&self) -> Option<T> {
        self.value().copied()
    }
}

impl Field<String> {
    /// The text, empty where there is none.
    pub fn text(&self) -> &str {
        self.value().map_or("", String::as_str)
    }
}

impl<T> From<T> for Field<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl From<&str> for Field<String> {
    fn from(text: &str) -> Self {
        Self::Value(text.to_owned())
    }
}

/// A type a cell can be read as; `Ok(None)` is null, an error a value that does not fit.
pub(crate) trait FromCell: Sized {
    const KIND: Kind;
    fn from_cell(cell: &Cell<'_>) -> Result<Option<Self>, ()>;
    fn cell(&self) -> Cell<'_>;
}

impl FromCell for String {
    const KIND: Kind = Kind::Text;

    fn from_cell(cell: &Cell<'_>) -> Result<Option<Self>, ()> {
        match cell {
            Cell::Null => Ok(None),
            Cell::Nested => Err(()),
            Cell::Text(text) => Ok(Some(text.to_string())),
            other => Ok(Some(other.to_string())),
        }
    }

    fn cell(&self) -> Cell<'_> {
        Cell::Text(Cow::Borrowed(self))
    }
}

impl FromCell for f64 {
    const KIND: Kind = Kind::Number;

    fn from_cell(cell: &Cell<'_>) -> Result<Option<Self>, ()> {
        match cell {
            Cell::Null => Ok(None),
            Cell::Number(number) => Ok(Some(*number)),
            #[expect(clippy::cast_precision_loss, reason = "the value is compared after the cast")]
            Cell::Integer(integer) => {
                let number = *integer as Self;
                #[expect(clippy::cast_possible_truncation, reason = "a loss is what is looked for")]
                let back = number as i64;
                if back == *integer { Ok(Some(number)) } else { Err(()) }
            }
            Cell::Text(text) if text.trim().is_empty() => Ok(None),
            Cell::Text(text) => text.trim().parse().map(Some).map_err(|_| ()),
            Cell::Truth(_) | Cell::Nested => Err(()),
        }
    }

    fn cell(&self) -> Cell<'_> {
        Cell::Number(*self)
    }
}

impl FromCell for i64 {
    const KIND: Kind = Kind::Integer;

    fn from_cell(cell: &Cell<'_>) -> Result<Option<Self>, ()> {
        const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
        match cell {
            Cell::Null => Ok(None),
            Cell::Integer(integer) => Ok(Some(*integer)),
            #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
            Cell::Number(number) if number.fract() == 0.0 && number.abs() <= EXACT => {
                Ok(Some(*number as Self))
            }
            Cell::Text(text) if text.trim().is_empty() => Ok(None),
            Cell::Text(text) => text.trim().parse().map(Some).map_err(|_| ()),
            Cell::Number(_) | Cell::Truth(_) | Cell::Nested => Err(()),
        }
    }

    fn cell(&self) -> Cell<'_> {
        Cell::Integer(*self)
    }
}

impl FromCell for bool {
    const KIND: Kind = Kind::Truth;

    fn from_cell(cell: &Cell<'_>) -> Result<Option<Self>, ()> {
        match cell {
            Cell::Null => Ok(None),
            Cell::Truth(truth) => Ok(Some(*truth)),
            Cell::Integer(0) => Ok(Some(false)),
            Cell::Integer(1) => Ok(Some(true)),
            Cell::Text(text) => match text.trim() {
                "" => Ok(None),
                text if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
                text if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
                _ => Err(()),
            },
            _ => Err(()),
        }
    }

    fn cell(&self) -> Cell<'_> {
        Cell::Truth(*self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: FromCell>(json: &str) -> Result<Option<T>, ()> {
        T::from_cell(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn values_are_read_as_their_column_wants_them() {
        assert_eq!(read::<String>("18013987996"), Ok(Some("18013987996".to_owned())));
        assert_eq!(read::<i64>("\" 18013987996 \""), Ok(Some(18_013_987_996)));
        assert_eq!(read::<i64>("3.0"), Ok(Some(3)));
        assert_eq!(read::<f64>("3"), Ok(Some(3.0)));
        assert_eq!(read::<f64>("\"1e-3\""), Ok(Some(1e-3)));
        assert_eq!(read::<bool>("\"False\""), Ok(Some(false)));
        assert_eq!(read::<bool>("1"), Ok(Some(true)));
        for json in ["null", "\"\"", "\"  \""] {
            assert_eq!(read::<f64>(json), Ok(None), "{json}");
        }
    }

    #[test]
    fn what_does_not_fit_is_not_bent() {
        assert_eq!(read::<i64>("3.5"), Err(()));
        assert_eq!(read::<i64>("1e300"), Err(()));
        assert_eq!(read::<f64>("\"north\""), Err(()));
        assert_eq!(read::<f64>("9007199254740993"), Err(()));
        assert_eq!(read::<bool>("2"), Err(()));
        assert_eq!(read::<String>("[1]"), Err(()));
        assert_eq!(read::<String>("{\"a\":[1,2]}"), Err(()));
    }

    #[test]
    fn ids_beyond_64_bits_stay_text() {
        let cell: Cell<'_> = serde_json::from_str("18446744073709551615").unwrap();
        assert_eq!(cell, Cell::Text("18446744073709551615".into()));
    }
}
