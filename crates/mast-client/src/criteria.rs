use serde_json::{Value, json};

use crate::cell::Kind;
use crate::filter::{Glob, nearest};
use crate::{Error, Observation, Result, Row};

/// Columns that hold several values; the service wants to know what separates them.
const SETS: [&str; 5] =
    ["obs_collection", "project", "filters", "wavelength_region", "target_classification"];

pub(crate) fn is_set(column: &str) -> bool {
    SETS.contains(&column)
}

/// What the service itself shall filter by: every column must have one of its values.
///
/// Text takes `*` and `%` as wildcards. The service understands one wildcard a column, so a column with
/// several becomes several requests, whose rows are joined.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Criteria {
    columns: Vec<Criterion>,
}

#[derive(Debug, Clone, PartialEq)]
enum Criterion {
    AnyOf { column: String, values: Vec<String> },
    Between { column: String, low: f64, high: f64 },
}

impl Criteria {
    /// Criteria that everything fulfils.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// A column of text or whole numbers must have one of `values`.
    #[must_use]
    pub fn any_of<V: Into<String>>(
        mut self,
        column: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.columns.push(Criterion::AnyOf { column: column.into(), values });
        self
    }

    /// A column of real numbers must lie between `low` and `high`.
    #[must_use]
    pub fn between(mut self, column: impl Into<String>, low: f64, high: f64) -> Self {
        self.columns.push(Criterion::Between { column: column.into(), low, high });
        self
    }

    /// Whether a row fulfils the criteria, as the service would decide: without case, each of several values
    /// that are joined by `;` for itself.
    pub fn matches(&self, row: &Observation) -> bool {
        self.columns.iter().all(|criterion| criterion.matches(row))
    }

    /// Reads the `filters` of a request.
    pub(crate) fn from_json(filters: &Value) -> Result<Self> {
        let mut criteria = Self::new();
        for filter in filters.as_array().map(Vec::as_slice).unwrap_or_default() {
            criteria.columns.extend(Criterion::from_json(filter)?);
        }
        Ok(criteria)
    }

    /// The `filters` of the requests to send, one list a request.
    pub(crate) fn requests(&self) -> Result<Vec<Value>> {
        let mut requests = vec![Vec::new()];
        for criterion in &self.columns {
            let alternatives = criterion.encode()?;
            let joined = |request: &Vec<Value>| {
                let with = |one: &Value| [request.clone(), vec![one.clone()]].concat();
                alternatives.iter().map(with).collect::<Vec<_>>()
            };
            requests = requests.iter().flat_map(joined).collect();
        }
        Ok(requests.into_iter().map(Value::Array).collect())
    }
}

impl Criterion {
    fn matches(&self, row: &Observation) -> bool {
        match self {
            Self::Between { column, low, high } => {
                let number = row.cell(column).and_then(|cell| cell.number());
                number.is_some_and(|number| (*low..=*high).contains(&number))
            }
            Self::AnyOf { column, values } => {
                let text = row.cell(column).map(|cell| cell.to_string()).unwrap_or_default();
                values.iter().any(|value| {
                    let glob = Glob::new(value);
                    let in_set = || text.split(';').any(|part| glob.matches(part.trim()));
                    glob.matches(&text) || (is_set(column) && in_set())
                })
            }
        }
    }

    /// One filter of a request; a range is one of several alternatives only when it is the only one.
    fn from_json(filter: &Value) -> Result<Option<Self>> {
        let Some(column) = filter["paramName"].as_str() else { return Ok(None) };
        let column = column.to_owned();
        let values = filter["values"].as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(range) = values.first().filter(|value| value.is_object()) {
            let end = |key: &str, open: f64| match &range[key] {
                Value::String(text) => text.trim().parse().unwrap_or(open),
                value => value.as_f64().unwrap_or(open),
            };
            let (low, high) = (end("min", f64::NEG_INFINITY), end("max", f64::INFINITY));
            return Ok(Some(Self::Between { column, low, high }));
        }
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut values: Vec<_> = values.iter().map(text).collect();
        let free = filter["freeText"].as_str().filter(|text| !text.is_empty());
        values.extend(free.map(str::to_owned));
        kind(&column)?;
        Ok(Some(Self::AnyOf { column, values }))
    }

    fn encode(&self) -> Result<Vec<Value>> {
        match self {
            Self::Between { column, low, high } => {
                if kind(column)? != Kind::Number {
                    return Err(bad(column, format!("{low}..{high}"), "a range does not fit"));
                }
                if !(low <= high && low.is_finite() && high.is_finite()) {
                    return Err(bad(column, format!("{low}..{high}"), "an empty range"));
                }
                Ok(vec![json!({ "paramName": column, "values": [{ "min": low, "max": high }] })])
            }
            Self::AnyOf { column, values } => {
                if kind(column)? == Kind::Number {
                    let value = values.join(", ");
                    return Err(bad(column, value, "single values cannot be asked"));
                }
                if values.is_empty() {
                    return Err(bad(column, String::new(), "no value"));
                }
                Ok(encode_values(column, values))
            }
        }
    }
}

/// Literal values go together; each wildcard beyond the first needs a request of its own.
fn encode_values(column: &str, values: &[String]) -> Vec<Value> {
    let is_glob = |value: &&String| value.contains(['*', '%']);
    let globs: Vec<_> = values.iter().filter(is_glob).collect();
    let literals: Vec<_> = values.iter().filter(|value| !is_glob(value)).collect();
    let one = |literals: &[&String], glob: Option<&&String>| {
        let mut encoded = json!({ "paramName": column, "values": literals });
        if is_set(column) {
            encoded["separator"] = ";".into();
        }
        if let Some(glob) = glob {
            encoded["freeText"] = glob.replace('*', "%").into();
        }
        encoded
    };
    let mut all = vec![one(&literals, globs.first())];
    all.extend(globs.iter().skip(1).map(|glob| one(&[], Some(glob))));
    all
}

fn kind(column: &str) -> Result<Kind> {
    let known = Observation::COLUMNS.iter().find(|known| known.name == column);
    known.map(|known| known.kind).ok_or_else(|| Error::UnknownColumn {
        column: column.to_owned(),
        nearest: nearest(column, Observation::COLUMNS.iter().map(|known| known.name)),
    })
}

fn bad(column: &str, value: String, problem: &'static str) -> Error {
    Error::BadFilter { column: column.to_owned(), value, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(criteria: Criteria) -> String {
        let requests = criteria.requests().unwrap();
        assert_eq!(requests.len(), 1);
        requests[0].to_string()
    }

    /// As captured from the reference client.
    #[test]
    fn criteria_are_written_as_the_service_reads_them() {
        for (criteria, expected) in [
            (
                Criteria::new().any_of("calib_level", ["3"]),
                json!([{ "paramName": "calib_level", "values": ["3"] }]),
            ),
            (
                Criteria::new().any_of("filters", ["F814W", "F606W"]),
                json!([{ "paramName": "filters", "values": ["F814W", "F606W"], "separator": ";" }]),
            ),
            (
                Criteria::new().any_of("instrument_name", ["ACS*"]),
                json!([{ "paramName": "instrument_name", "values": [], "freeText": "ACS%" }]),
            ),
            (
                Criteria::new().between("t_max", 52264.4586, 54452.8914),
                json!([{ "paramName": "t_max", "values": [{ "min": 52264.4586, "max": 54452.8914 }] }]),
            ),
        ] {
            assert_eq!(only(criteria), expected.to_string());
        }
    }

    #[test]
    fn every_wildcard_is_asked_for() {
        let criteria = Criteria::new()
            .any_of("filters", ["F814W", "F6*", "F4%"])
            .any_of("obs_collection", ["HST"]);
        let requests = criteria.requests().unwrap();
        assert_eq!(requests.len(), 2);
        assert_eq!(
            requests[0][0],
            json!({ "paramName": "filters", "values": ["F814W"], "separator": ";", "freeText": "F6%" })
        );
        assert_eq!(
            requests[1][0],
            json!({ "paramName": "filters", "values": [], "separator": ";", "freeText": "F4%" })
        );
        assert_eq!(requests[0][1], requests[1][1]);
    }

    #[test]
    fn what_the_service_would_skip_in_silence_is_an_error() {
        let error = |criteria: Criteria| criteria.requests().unwrap_err().to_string();
        assert_eq!(
            error(Criteria::new().any_of("t_min", ["5"])),
            "single values cannot be asked for column t_min: \"5\""
        );
        assert_eq!(
            error(Criteria::new().between("filters", 1.0, 2.0)),
            "a range does not fit for column filters: \"1..2\""
        );
        assert_eq!(
            error(Criteria::new().between("t_min", 2.0, 1.0)),
            "an empty range for column t_min: \"2..1\""
        );
        assert_eq!(
            error(Criteria::new().any_of("calib_levl", ["3"])),
            "no column is called calib_levl; the nearest is calib_level"
        );
        assert_eq!(
            error(Criteria::new().any_of("project", [""; 0])),
            "no value for column project: \"\""
        );
    }
}
