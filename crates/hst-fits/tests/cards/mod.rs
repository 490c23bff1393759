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

/// The HDUs of a FITS file of images and tables: cards, and where the data begins.
pub(crate) fn hdus(bytes: &[u8]) -> Vec<(Cards, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let lines: Vec<String> = bytes[at..]
            .chunks_exact(80)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .take_while(|line| line.trim_end() != "END")
            .collect();
        at += ((lines.len() + 1) * 80).next_multiple_of(2880);
        let cards = Cards(lines.iter().filter_map(|line| card(line)).collect());
        let size = |keyword: &str| cards.float(keyword).unwrap_or(0.0) as usize;
        let axes = (1..=size("NAXIS")).map(|axis| size(&format!("NAXIS{axis}")));
        let values = if size("NAXIS") == 0 { 0 } else { axes.product::<usize>() + size("PCOUNT") };
        let bits = cards.float("BITPIX").unwrap_or(8.0).abs() as usize;
        found.push((cards, at));
        at += (values * bits / 8).next_multiple_of(2880);
    }
    found
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
