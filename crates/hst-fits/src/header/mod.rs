//! Headers: ordered cards, read without loss and asked by keyword.

mod card;
mod edit;
mod template;
mod write;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

pub use card::{Card, Value};
pub use template::HeaderTemplate;
pub(crate) use write::{card as write_card, cards as write_cards, decided as write_decided};

use crate::{Error, Keywords, Result};

/// Bytes of a header block and of a card; FITS 4.0, sect. 3.1 and 4.1.
pub(crate) const BLOCK: usize = 2880;
pub(crate) const CARD: usize = 80;

/// The cards of one header in their order, repeated and commentary ones included.
///
/// `END` is not among them. Two headers are equal when their cards are. A card that nobody changes is written as it
/// stood in its file, to the byte.
///
/// Cards are parsed when the first of them is looked at: who opens a file for a few pixels reads a few keywords.
#[derive(Debug, Clone, Default)]
pub struct Header {
    parsed: OnceLock<Cards>,
    /// The header as it was read.
    text: String,
    /// What the header belongs to, for messages: `SCI in a_drc.fits`.
    place: String,
}

#[derive(Debug, Clone, Default)]
struct Cards {
    cards: Vec<Card>,
    /// Where each card stands in the text; nowhere if it was made or changed here.
    places: Vec<Range<usize>>,
}

impl Cards {
    fn parse(text: &str) -> Self {
        let mut all = Self::default();
        for start in (0..text.len()).step_by(CARD) {
            let end = start + CARD;
            let line = &text[start..end];
            match continuation(line).zip(all.cards.last_mut()).zip(all.places.last_mut()) {
                Some(((rest, last), place)) if last.continues() => {
                    last.append(rest);
                    place.end = end;
                }
                _ => {
                    all.cards.push(Card::parse(line));
                    all.places.push(start..end);
                }
            }
        }
        all
    }
}

fn continuation(line: &str) -> Option<&str> {
    line.strip_prefix("CONTINUE  ")
}

impl PartialEq for Header {
    fn eq(&self, other: &Self) -> bool {
        self.cards() == other.cards()
    }
}

impl Header {
    /// A header without cards.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the cards of `bytes` up to `END`; `None` where there is no `END` yet.
    ///
    /// What follows a keyword without a value is kept as text. Bytes that are not ASCII are replaced.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let images = bytes.chunks_exact(CARD);
        let length = images.clone().position(|image| image.starts_with(b"END     "))? * CARD;
        let printable = |b: &u8| (0x20..0x7f).contains(b);
        let replaced = |b: &u8| if printable(b) { *b as char } else { '?' };
        let bytes = &bytes[..length];
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if bytes.iter().all(printable) => text.to_owned(),
            _ => bytes.iter().map(replaced).collect(),
        };
        Some(Self { text, ..Self::default() })
    }

    fn parsed(&self) -> &Cards {
        self.parsed.get_or_init(|| Cards::parse(&self.text))
    }

    fn parsed_mut(&mut self) -> &mut Cards {
        self.parsed();
        self.parsed.get_mut().expect("it was parsed in the line above")
    }

    /// The cards in their order.
    pub fn cards(&self) -> &[Card] {
        &self.parsed().cards
    }

    /// The first card called `keyword` (upper case; `HIERARCH` keywords by their words, `ESO DET ID`).
    pub fn card(&self, keyword: &str) -> Option<&Card> {
        self.cards().iter().find(|card| card.keyword == keyword)
    }

    /// The value of `keyword`.
    ///
    /// # Errors
    /// When the keyword is missing, or its value is of another kind.
    pub fn get<T: FromValue>(&self, keyword: &str) -> Result<T> {
        self.find(keyword)?.ok_or_else(|| Error::MissingKeyword {
            keyword: keyword.to_owned(),
            place: self.place().to_owned(),
        })
    }

    /// The value of `keyword`, `None` where it is missing or undefined.
    ///
    /// # Errors
    /// When the value is of another kind.
    pub fn find<T: FromValue>(&self, keyword: &str) -> Result<Option<T>> {
        let card = match self.parsed.get() {
            Some(_) => self.card(keyword).map(Cow::Borrowed),
            None => self.unparsed(keyword).map(Cow::Owned),
        };
        let Some(value) = card.as_ref().map(|card| &card.value) else { return Ok(None) };
        if matches!(value, Value::Undefined | Value::Commentary(_)) {
            return Ok(None);
        }
        let wrong = || Error::WrongKind {
            keyword: keyword.to_owned(),
            expected: T::KIND,
            found: match value {
                Value::Text(text) => format!("'{text}'"),
                other => other.to_string(),
            },
            place: self.place().to_owned(),
        };
        T::from_value(value).ok_or_else(wrong).map(Some)
    }

    /// The first card called `keyword`, by its line alone.
    fn unparsed(&self, keyword: &str) -> Option<Card> {
        let lines = (0..self.text.len()).step_by(CARD).map(|at| &self.text[at..at + CARD]);
        // These may be more than their lines say.
        if keyword == "CONTINUE" || keyword.len() > 8 || keyword.is_empty() {
            return self.card(keyword).cloned();
        }
        let named = |line: &str| {
            line.strip_prefix(keyword)
                .is_some_and(|rest| rest[..8 - keyword.len()].trim_end().is_empty())
        };
        let (mut found, mut at) = (None, 0);
        for (i, line) in lines.clone().enumerate() {
            if named(line) || line.starts_with("HIERARCH ") {
                let card = Card::parse(line);
                if card.keyword == keyword {
                    (found, at) = (Some(card), i);
                    break;
                }
            }
        }
        let mut card = found?;
        for line in lines.skip(at + 1) {
            match continuation(line) {
                Some(rest) if card.continues() => card.append(rest),
                _ => break,
            }
        }
        Some(card)
    }

    /// All cards called `keyword`: `HISTORY`, or a record-valued keyword as `DP1`.
    pub fn all(&self, keyword: &str) -> impl Iterator<Item = &Card> {
        self.cards().iter().filter(move |card| card.keyword == keyword)
    }

    /// What the header belongs to, for messages.
    pub fn place(&self) -> &str {
        if self.place.is_empty() { "the header" } else { &self.place }
    }

    pub(crate) fn at(mut self, place: String) -> Self {
        self.place = place;
        self
    }
}

impl Keywords for Header {
    fn float(&self, keyword: &str) -> Option<f64> {
        self.card(keyword).and_then(|card| f64::from_value(&card.value))
    }

    /// Also what is no value at all, such as `NaN`, so that it is not taken for missing.
    fn text(&self, keyword: &str) -> Option<String> {
        self.card(keyword).and_then(|card| match &card.value {
            Value::Other(text) => Some(text.clone()),
            value => String::from_value(value),
        })
    }

    fn texts(&self, keyword: &str) -> Vec<String> {
        let all = self.cards().iter().filter(|card| card.keyword == keyword);
        all.filter_map(|card| String::from_value(&card.value)).collect()
    }
}

/// What a card's value can be read as.
pub trait FromValue: Sized {
    /// The kind in words, for messages.
    const KIND: &'static str;

    /// The value, if it is of this kind.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for f64 {
    const KIND: &'static str = "a number";
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Float(value) => Some(*value),
            Value::Integer(value) => Some(*value as Self),
            _ => None,
        }
    }
}

impl FromValue for i64 {
    const KIND: &'static str = "an integer";
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Integer(value) = value { Some(*value) } else { None }
    }
}

impl FromValue for bool {
    const KIND: &'static str = "a logical T or F";
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Logical(value) = value { Some(*value) } else { None }
    }
}

impl FromValue for String {
    const KIND: &'static str = "a text";
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(value) = value { Some(value.clone()) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(cards: &[&str]) -> Header {
        let text: String = cards.iter().map(|card| format!("{card:<80}")).collect();
        Header::parse(format!("{text}{:<80}", "END").as_bytes()).unwrap().at("SCI in a.fits".into())
    }

    #[test]
    fn every_kind_of_value_is_read() {
        let header = header(&[
            "SIMPLE  =                    T / conforms",
            "NAXIS   =                    2",
            "CRVAL1  =        1.0150000D+02 / [deg]",
            "TARGNAME= 'O''Neill / x  '     / a name",
            "EMPTY   =",
            "COMMENT = not a value",
            "HIERARCH ESO DET ID = 'CCD 1' / chip",
            "LONG    = 'abc&' / first",
            "CONTINUE  'def&'",
            "CONTINUE  'ghi' / last",
        ]);
        assert!(header.get::<bool>("SIMPLE").unwrap());
        assert_eq!(header.get::<i64>("NAXIS").unwrap(), 2);
        assert_eq!(header.get::<f64>("NAXIS").unwrap(), 2.0);
        assert_eq!(header.get::<f64>("CRVAL1").unwrap(), 101.5);
        assert_eq!(header.get::<String>("TARGNAME").unwrap(), "O'Neill / x");
        assert_eq!(header.card("TARGNAME").unwrap().comment, "a name");
        assert_eq!(header.find::<f64>("EMPTY").unwrap(), None);
        assert_eq!(header.get::<String>("ESO DET ID").unwrap(), "CCD 1");
        assert_eq!(header.get::<String>("LONG").unwrap(), "abcdefghi");
        assert_eq!(header.cards().len(), 8);
    }

    #[test]
    fn a_line_alone_says_what_all_cards_say() {
        let lines = [
            "A       = 1",
            "HIERARCH B = 2",
            "B       = 3",
            "AB      = 4",
            "LONG    = 'a&'",
            "CONTINUE  'b&'",
            "CONTINUE  'c'",
            "SHORT   = 'no more'",
            "CONTINUE  'nobody asked'",
            "A",
            "C",
            "C       = 5",
        ];
        for keyword in ["A", "B", "AB", "LONG", "SHORT", "C", "CONTINUE", "D", "", "HIERARCH"] {
            let whole = header(&lines);
            whole.cards();
            assert_eq!(header(&lines).unparsed(keyword).as_ref(), whole.card(keyword), "{keyword}");
        }
    }

    #[test]
    fn errors_name_keyword_and_place() {
        let header = header(&["EXPTIME = 'long'"]);
        let missing = header.get::<f64>("CRPIX1").unwrap_err().to_string();
        assert_eq!(missing, "CRPIX1 is missing from the header of SCI in a.fits");
        let wrong = header.get::<f64>("EXPTIME").unwrap_err().to_string();
        assert_eq!(wrong, "EXPTIME = 'long' is not a number in the header of SCI in a.fits");
    }

    #[test]
    fn a_header_without_end_is_not_complete() {
        assert!(Header::parse(format!("{:<80}", "SIMPLE  = T").as_bytes()).is_none());
    }
}
