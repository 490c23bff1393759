use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::cell::Cell;
use crate::error::beginning;
use crate::row::{Row, RowSeed, Warning};
use crate::{Error, Result};

/// Rows of an answer, and what could not be read of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<R> {
    /// The rows, in the order they came.
    pub rows: Vec<R>,
    /// Values that did not fit their columns, the first thousand.
    pub warnings: Vec<Warning>,
    /// Names of the columns the service declared, without doubles.
    pub columns: Vec<String>,
}

impl<R> Default for Answer<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), warnings: Vec::new(), columns: Vec::new() }
    }
}

impl<R> Answer<R> {
    pub(crate) fn append(&mut self, mut other: Self) {
        let before = self.rows.len();
        other.warnings.iter_mut().for_each(|warning| warning.row += before);
        let room = crate::row::WARNINGS.saturating_sub(self.warnings.len());
        self.warnings.extend(other.warnings.into_iter().take(room));
        for column in other.columns {
            if !self.columns.contains(&column) {
                self.columns.push(column);
            }
        }
        self.rows.append(&mut other.rows);
    }
}

impl<R> IntoIterator for Answer<R> {
    type Item = R;
    type IntoIter = std::vec::IntoIter<R>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

/// Where a page stands in its result, as the service counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Paging {
    pub page: i64,
    pub pages_filtered: i64,
    pub rows: i64,
    pub rows_filtered: i64,
    pub rows_total: i64,
}

/// One reply of a Mashup service.
pub(crate) enum Reply<R> {
    /// Ask the same again later.
    Executing,
    /// A page of rows.
    Page { answer: Answer<R>, paging: Option<Paging> },
}

/// Reads one reply of `service` at `url`.
pub(crate) fn read_reply<R: Row>(body: &[u8], service: &str, url: &str) -> Result<Reply<R>> {
    let trimmed = body.trim_ascii();
    if trimmed.is_empty() || trimmed == b"{}" {
        let message = "an empty answer".to_owned();
        return Err(Error::Service { service: service.to_owned(), message });
    }
    let unexpected = |problem: String| Error::UnexpectedContent {
        url: url.to_owned(),
        problem,
        start: beginning(body, 512),
    };
    if trimmed[0] != b'{' {
        return Err(unexpected("no JSON object".to_owned()));
    }
    let mut reader = serde_json::Deserializer::from_slice(trimmed);
    let envelope = EnvelopeSeed(PhantomData)
        .deserialize(&mut reader)
        .and_then(|envelope| reader.end().map(|()| envelope))
        .map_err(|error| unexpected(error.to_string()))?;
    match envelope.status.as_deref() {
        Some("EXECUTING" | "PENDING") => Ok(Reply::Executing),
        Some("COMPLETE") => Ok(Reply::Page { answer: envelope.answer, paging: envelope.paging }),
        Some("ERROR") => {
            let message = envelope.message.filter(|text| !text.is_empty());
            let message = message.unwrap_or_else(|| "no reason given".to_owned());
            Err(Error::Service { service: service.to_owned(), message })
        }
        Some(status) => {
            Err(unexpected(format!("unknown status {:?}", beginning(status.as_bytes(), 60))))
        }
        None => Err(unexpected("no status".to_owned())),
    }
}

struct Envelope<R> {
    status: Option<String>,
    message: Option<String>,
    answer: Answer<R>,
    paging: Option<Paging>,
}

struct EnvelopeSeed<R>(PhantomData<R>);

impl<'de, R: Row> DeserializeSeed<'de> for EnvelopeSeed<R> {
    type Value = Envelope<R>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, R: Row> Visitor<'de> for EnvelopeSeed<R> {
    type Value = Envelope<R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut envelope =
            Envelope { status: None, message: None, answer: Answer::default(), paging: None };
        // The order of the keys varies, so the rows may come before the status.
        while let Some(key) = fields.next_key::<Cell<'de>>()? {
            match &*key.to_string() {
                "status" => envelope.status = text(&fields.next_value()?),
                "msg" => envelope.message = text(&fields.next_value()?),
                "paging" => envelope.paging = fields.next_value()?,
                "fields" => envelope.answer.columns = fields.next_value_seed(ColumnNames)?,
                "data" => {
                    let (rows, warnings) = fields.next_value_seed(Rows(PhantomData))?;
                    envelope.answer.rows = rows;
                    envelope.answer.warnings = warnings;
                }
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(envelope)
    }
}

fn text(cell: &Cell<'_>) -> Option<String> {
    if let Cell::Text(text) = cell { Some(text.to_string()) } else { None }
}

/// `data`: a list of objects; anything else (null, the object of the `extjs` form) gives no rows.
struct Rows<R>(PhantomData<R>);

impl<'de, R: Row> DeserializeSeed<'de> for Rows<R> {
    type Value = (Vec<R>, Vec<Warning>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, R: Row> Visitor<'de> for Rows<R> {
    type Value = (Vec<R>, Vec<Warning>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_unit<E>(self) -> std::result::Result<Self::Value, E> {
        Ok((Vec::new(), Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok((Vec::new(), Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (mut rows, mut warnings) = (Vec::new(), Vec::new());
        loop {
            let seed = RowSeed { row: rows.len(), warnings: &mut warnings, kind: PhantomData };
            match items.next_element_seed(seed)? {
                Some(row) => rows.push(row),
                None => return Ok((rows, warnings)),
            }
        }
    }
}

/// `fields`: the names of the columns; of equal names the first counts.
struct ColumnNames;

impl<'de> DeserializeSeed<'de> for ColumnNames {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        #[derive(Deserialize)]
        struct Declared {
            name: String,
        }
        let declared: Option<Vec<Declared>> = Deserialize::deserialize(deserializer)?;
        let mut names = Vec::new();
        for column in declared.unwrap_or_default() {
            if column.name != "_selected_" && !names.contains(&column.name) {
                names.push(column.name);
            }
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnyRow, Field, Observation};

    fn page(body: &str) -> Answer<Observation> {
        match read_reply(body.as_bytes(), "S", "http://x/").unwrap() {
            Reply::Page { answer, .. } => answer,
            Reply::Executing => panic!("executing"),
        }
    }

    fn problem(body: &str) -> String {
        read_reply::<AnyRow>(body.as_bytes(), "S", "http://x/").err().unwrap().to_string()
    }

    #[test]
    fn rows_may_come_before_the_status_and_in_any_shape() {
        let answer = page(
            r#"{"data":[{"obsid":18013987996,"s_ra":"12.5","_selected_":null,"new":[1]},
                {"obsid":"7","s_ra":null,"calib_level":3.0,"filters":"F814W","filters2":1}],
                "fields":[{"name":"obsid","type":"string"},{"name":"obsid","type":"int"}],
                "status":"COMPLETE"}"#,
        );
        assert_eq!(answer.columns, ["obsid"]);
        assert_eq!(answer.warnings, []);
        let [first, second] = &answer.rows[..] else { panic!("{answer:?}") };
        assert_eq!(first.obsid.copied().unwrap().0, 18_013_987_996);
        assert_eq!(first.s_ra, Field::Value(12.5));
        assert_eq!(first.other, [("new".to_owned(), Cell::Nested)]);
        assert_eq!(first.calib_level, Field::Missing);
        assert_eq!(second.s_ra, Field::Null);
        assert_eq!(second.calib_level, Field::Value(3));
        assert_eq!(second.other, [("filters2".to_owned(), Cell::Integer(1))]);
    }

    #[test]
    fn what_does_not_fit_is_null_with_a_warning() {
        let answer = page(r#"{"status":"COMPLETE","data":[{},{"s_ra":"north"}]}"#);
        assert_eq!(answer.rows[1].s_ra, Field::Null);
        assert_eq!(answer.warnings[0].to_string(), "row 1: cannot read s_ra from \"north\"");
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        assert_eq!(problem(""), "S failed: an empty answer");
        assert_eq!(problem(" {} "), "S failed: an empty answer");
        assert_eq!(
            problem(r#"{"status":"ERROR","msg":"no such service"}"#),
            "S failed: no such service"
        );
        assert_eq!(
            problem("<html>\n<body>down for maintenance"),
            "no JSON object in the answer of http://x/, which starts with \
             \"<html> <body>down for maintenance\""
        );
        assert!(problem(r#"{"data":[]}"#).starts_with("no status in"));
        assert!(problem(r#"{"status":"WHAT"}"#).starts_with("unknown status \"WHAT\" in"));
        assert!(
            problem(r#"{"status":"COMPLETE","data":[{"a":1}"#).starts_with("EOF while parsing")
        );
        assert!(problem(r#"{"status":"COMPLETE"} x"#).starts_with("trailing characters"));
    }
}
