//! The words, lists and keys of one line.

use super::super::reader::Result;
use crate::Text;
use crate::diagnostic::Code;
use crate::parse::Fail;

/// `key=value`; the value without its quotes.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) value: Text,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Something between brackets and commas.
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    /// What a list holds; a word has none.
    pub(super) list: Option<Vec<Self>>,
}

/// The rest of one line, read from left to right.
pub(super) struct Line<'a> {
    pub(super) source: &'a [u8],
    pub(super) at: usize,
    pub(super) end: usize,
}

impl Line<'_> {
    pub(super) fn peek(&mut self) -> Option<u8> {
        while self.at < self.end && matches!(self.source[self.at], b' ' | b'\t') {
            self.at += 1;
        }
        (self.at < self.end).then(|| self.source[self.at])
    }

    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn word(&mut self) -> std::ops::Range<usize> {
        self.peek();
        let start = self.at;
        while self.at < self.end && is_name(self.source[self.at]) {
            self.at += 1;
        }
        start..self.at
    }

    pub(super) fn is(&self, word: &std::ops::Range<usize>, name: &[u8]) -> bool {
        self.source[word.clone()].eq_ignore_ascii_case(name)
    }

    pub(super) fn missing(&mut self, expected: &'static str) -> Fail {
        self.peek();
        let end = (self.at + 1).min(self.end).max(self.at);
        let fail = Fail::new(Code::MissingArgument, self.at, end, expected);
        Fail { found: true, ..fail }
    }

    /// `[...]` with lists in it, however deep; read without recursion.
    pub(super) fn list(&mut self) -> Result<Value> {
        if self.peek() != Some(b'[') {
            return Err(self.missing("`[` and the coordinates of the shape"));
        }
        let mut open: Vec<Value> = Vec::new();
        loop {
            match self.peek() {
                Some(b'[') if open.len() < 3 => {
                    open.push(Value { start: self.at, end: self.at, list: Some(Vec::new()) });
                    self.at += 1;
                }
                Some(b']') => {
                    self.at += 1;
                    let Some(mut done) = open.pop() else { return Err(self.missing("a shape")) };
                    done.end = self.at;
                    let Some(outer) = open.last_mut() else { return Ok(done) };
                    outer.list.get_or_insert_default().push(done);
                }
                Some(b',') => self.at += 1,
                Some(b'[') | None => return Err(self.missing("`]` behind the coordinates")),
                Some(first) => {
                    let value = self.element(first)?;
                    if let Some(outer) = open.last_mut() {
                        outer.list.get_or_insert_default().push(value);
                    }
                }
            }
        }
    }

    /// A word or string in a list.
    pub(super) fn element(&mut self, first: u8) -> Result<Value> {
        let start = self.at;
        if matches!(first, b'\'' | b'"') {
            self.string(first)?;
        } else {
            while self.at < self.end && !matches!(self.source[self.at], b',' | b'[' | b']') {
                self.at += 1;
            }
        }
        let text = self.source[start..self.at].trim_ascii_end();
        Ok(Value { start, end: start + text.len(), list: None })
    }

    pub(super) fn string(&mut self, quote: u8) -> Result<()> {
        let start = self.at;
        let inside = &self.source[start + 1..self.end];
        let Some(length) = memchr::memchr(quote, inside) else {
            let message = "the quote is not closed on this line";
            return Err(Fail::new(Code::UnclosedString, start, start + 1, message));
        };
        self.at = start + length + 2;
        Ok(())
    }

    /// `key=value, key=[a, b], key='c'` to the end of the line; commas may be missing.
    pub(super) fn keys(&mut self) -> Result<Vec<Key>> {
        let mut keys = Vec::new();
        loop {
            while self.take(b',') {}
            if matches!(self.peek(), None | Some(b'#')) {
                return Ok(keys);
            }
            let name = self.word();
            if name.is_empty() || !self.take(b'=') {
                self.at = name.start;
                let end = name.end.max((name.start + 1).min(self.end));
                let fail = Fail::new(Code::StrayToken, name.start, end, "`key=value`");
                return Err(Fail { found: true, ..fail });
            }
            keys.push(self.value(name)?);
        }
    }

    pub(super) fn value(&mut self, name: std::ops::Range<usize>) -> Result<Key> {
        let (first, mut start) = (self.peek(), self.at);
        let mut end = None;
        match first {
            Some(quote @ (b'\'' | b'"')) => {
                self.string(quote)?;
                start += 1;
                end = Some(self.at - 1);
            }
            Some(b'[') => {
                let inside = &self.source[self.at..self.end];
                let Some(length) = memchr::memchr(b']', inside) else {
                    return Err(self.missing("`]` behind the list"));
                };
                self.at += length + 1;
            }
            _ => {
                while self.at < self.end && !matches!(self.source[self.at], b',' | b' ' | b'\t') {
                    self.at += 1;
                }
            }
        }
        let end = end.unwrap_or(self.at);
        let (value, _) = Text::decode(&self.source[start..end]);
        let word = String::from_utf8_lossy(&self.source[name.clone()]);
        Ok(Key { name: word.to_ascii_lowercase(), value, start: name.start, end: self.at })
    }
}

pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
