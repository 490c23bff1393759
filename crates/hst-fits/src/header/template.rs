//! One header many times over, of which a few values change.

use std::ops::Range;
use std::sync::OnceLock;

use super::{CARD, Card, Header, Value, write};
use crate::{Error, Result};

/// A header that is written already, so that another with a few other values costs a copy of its text.
#[derive(Debug, Clone)]
pub struct HeaderTemplate {
    cards: Vec<Card>,
    text: String,
    /// Where each card stands in the text.
    places: Vec<Range<usize>>,
    place: String,
}

impl HeaderTemplate {
    /// Writes all cards of the header.
    ///
    /// # Errors
    /// When one cannot be said in FITS.
    pub fn new(header: &Header) -> Result<Self> {
        let (mut text, mut places) = (String::new(), Vec::new());
        for i in 0..header.cards().len() {
            let start = text.len();
            write::nth(header, i, &mut text)?;
            places.push(start..text.len());
        }
        Ok(Self { cards: header.cards().to_vec(), text, places, place: header.place.clone() })
    }

    /// The cards, with the values of the first header.
    pub fn cards(&self) -> &[Card] {
        &self.cards
    }

    /// The header with other values in some cards, which are counted from 0.
    ///
    /// # Errors
    /// When a value cannot be said in as many lines as that before.
    pub fn with(&self, changes: impl IntoIterator<Item = (usize, Value)>) -> Result<Header> {
        let mut bytes = self.text.as_bytes().to_vec();
        let mut line = String::with_capacity(CARD);
        for (i, value) in changes {
            let no_place = || {
                let problem = format!("{value} does not fit the place of another value");
                Error::Unwritable { problem }
            };
            let (card, place) = self.cards.get(i).zip(self.places.get(i)).ok_or_else(no_place)?;
            line.clear();
            write::valued(card, &value, &mut line)?;
            if line.len() != place.len() {
                return Err(no_place());
            }
            bytes[place.clone()].copy_from_slice(line.as_bytes());
        }
        let text = String::from_utf8(bytes).unwrap_or_default();
        Ok(Header { parsed: OnceLock::new(), text, place: self.place.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_changes_and_the_rest_stays_to_the_byte() {
        let lines = ["A       = 1.50 / odd", "HISTORY one", "LONG    = 'abc&'", "CONTINUE  'def'"];
        let text: String = lines.iter().map(|line| format!("{line:<80}")).collect();
        let mut header = Header::parse(format!("{text}{:<80}", "END").as_bytes()).unwrap();
        header.set("B", 2.0, "a number");
        let template = HeaderTemplate::new(&header).unwrap();
        assert_eq!(template.with([]).unwrap(), header);
        let changed = template.with([(3, (-7.25).into())]).unwrap();
        header.set("B", -7.25, "");
        assert_eq!(changed, header);
        let written = |header: &Header| write::cards(header, |_| true).unwrap();
        assert_eq!(written(&changed), written(&header));
        assert!(written(&changed).starts_with("A       = 1.50 / odd"));
        assert!(template.with([(3, "x".repeat(90).into())]).is_err());
        assert!(template.with([(4, 1.0.into())]).is_err());
    }
}
