use super::error::{Result, WcsError};

/// What the world coordinates need of a header: numbers and texts by keyword.
pub trait Keywords {
    /// The value of `keyword` as a number; `None` where it is missing or no number.
    fn float(&self, keyword: &str) -> Option<f64>;

    /// The value of `keyword` as text without trailing blanks; `None` where it is missing or no text.
    fn text(&self, keyword: &str) -> Option<String>;

    /// The texts of all cards of that name, for the record-valued `DP1 = 'EXTVER: 1'`.
    fn texts(&self, keyword: &str) -> Vec<String>;
}

/// One of the descriptions a header may hold: the primary one (blank) or an alternate, `A` to `Z`.
#[derive(Clone, Copy)]
pub(super) struct Version<'a, K: ?Sized> {
    header: &'a K,
    suffix: Option<char>,
}

impl<'a, K: Keywords + ?Sized> Version<'a, K> {
    pub(super) fn new(header: &'a K, suffix: Option<char>) -> Result<Self> {
        match suffix {
            Some(letter) if !letter.is_ascii_uppercase() => {
                Err(WcsError::bad("alternate", letter, "alternates are called A to Z"))
            }
            _ => Ok(Self { header, suffix }),
        }
    }

    pub(super) fn header(&self) -> &'a K {
        self.header
    }

    /// The keyword as this description spells it, `CRVAL1A`.
    pub(super) fn name(&self, keyword: &str) -> String {
        self.suffix.map_or_else(|| keyword.to_owned(), |letter| format!("{keyword}{letter}"))
    }

    pub(super) fn float(&self, keyword: &str) -> Result<Option<f64>> {
        let keyword = self.name(keyword);
        match self.header.float(&keyword) {
            Some(value) if !value.is_finite() => {
                Err(WcsError::bad(&keyword, value, "not a finite number"))
            }
            None if self.header.text(&keyword).is_some() => {
                let value = self.header.text(&keyword).unwrap_or_default();
                Err(WcsError::bad(&keyword, value, "not a number"))
            }
            value => Ok(value),
        }
    }

    pub(super) fn float_or(&self, keyword: &str, default: f64) -> Result<f64> {
        Ok(self.float(keyword)?.unwrap_or(default))
    }

    pub(super) fn needed(&self, keyword: &str) -> Result<f64> {
        self.float(keyword)?.ok_or_else(|| WcsError::MissingKeyword(self.name(keyword)))
    }

    pub(super) fn text(&self, keyword: &str) -> Option<String> {
        self.header.text(&self.name(keyword))
    }
}
