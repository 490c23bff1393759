//! A header as text, one card a line: enough of one to read world coordinates from.

#![allow(dead_code, reason = "each test file uses what it needs")]

use hst_fits::Keywords;

pub(crate) struct Cards(Vec<(String, Value)>);

#[derive(Clone)]
enum Value {
    Number(f64),
    Text(String),
}

impl Cards {
    pub(crate) fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(card).collect())
    }

    /// The same with one card set, at the end where it is new.
    pub(crate) fn with(mut self, keyword: &str, value: f64) -> Self {
        self = self.without(keyword);
        self.0.push((keyword.to_owned(), Value::Number(value)));
        self
    }

    pub(crate) fn with_text(mut self, keyword: &str, value: &str) -> Self {
        self = self.without(keyword);
        self.0.push((keyword.to_owned(), Value::Text(value.to_owned())));
        self
    }

    pub(crate) fn without(mut self, keyword: &str) -> Self {
        self.0.retain(|(name, _)| name != keyword);
        self
    }
}

fn card(line: &str) -> Option<(String, Value)> {
    let (keyword, value) = line.split_once('=')?;
    let value = value.trim();
    let value = match value.strip_prefix('\'') {
        Some(text) => Value::Text(text.split('\'').next()?.trim_end().to_owned()),
        None => Value::Number(value.split('/').next()?.trim().replace('D', "E").parse().ok()?),
    };
    Some((keyword.trim().to_owned(), value))
}

impl Keywords for Cards {
    fn float(&self, keyword: &str) -> Option<f64> {
        self.0.iter().find(|(name, _)| name == keyword).and_then(|(_, value)| match value {
            Value::Number(number) => Some(*number),
            Value::Text(_) => None,
        })
    }

    fn text(&self, keyword: &str) -> Option<String> {
        self.texts(keyword).into_iter().next()
    }

    fn texts(&self, keyword: &str) -> Vec<String> {
        let named = self.0.iter().filter(|(name, _)| name == keyword);
        named
            .filter_map(|(_, value)| match value {
                Value::Text(text) => Some(text.clone()),
                Value::Number(_) => None,
            })
            .collect()
    }
}
