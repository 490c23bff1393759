use std::fmt;

/// What stands in a card; `Display` is how it is written in a header.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `T` or `F`.
    Logical(bool),
    /// A number without a decimal point.
    Integer(i64),
    /// A number with a decimal point or an exponent (`E` or `D`).
    Float(f64),
    /// Text without its quotes and trailing blanks.
    Text(String),
    /// A keyword with `=` and nothing behind it.
    Undefined,
    /// `COMMENT`, `HISTORY`, blank, and any other card without `=`: the text as it stands.
    Commentary(String),
    /// Behind `=` and none of these: complex numbers, or something illegal, as it stands.
    Other(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Logical(value) => f.write_str(if *value { "T" } else { "F" }),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => f.write_str(&float(*value)),
            Self::Text(text) => write!(f, "'{:<8}'", text.replace('\'', "''")),
            Self::Undefined => Ok(()),
            Self::Commentary(text) | Self::Other(text) => f.write_str(text),
        }
    }
}

/// The shortest text that reads back as the same number, with a point and a capital exponent.
fn float(value: f64) -> String {
    let text = if value == 0.0 || (1e-4..1e15).contains(&value.abs()) {
        format!("{value:?}")
    } else {
        format!("{value:E}")
    };
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Logical(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// One card: a keyword, its value and its comment. A long text continued over several cards is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// The keyword; the words of a `HIERARCH` keyword without `HIERARCH`.
    pub keyword: String,
    /// Its value.
    pub value: Value,
    /// What stands behind the slash.
    pub comment: String,
}

impl Card {
    /// A card with a value.
    pub fn new(keyword: &str, value: impl Into<Value>, comment: &str) -> Self {
        Self { keyword: keyword.to_owned(), value: value.into(), comment: comment.to_owned() }
    }

    /// A card of text without a value: `HISTORY`, `COMMENT`, or a blank keyword. A long text takes several lines.
    pub fn commentary(keyword: &str, text: &str) -> Self {
        Self::new(keyword, Value::Commentary(text.to_owned()), "")
    }

    /// Reads a card of 80 ASCII characters. FITS 4.0, sect. 4.1 and 4.2.
    pub(super) fn parse(text: &str) -> Self {
        let keyword = text[..8].trim_end();
        if let Some((words, value)) =
            text.strip_prefix("HIERARCH ").and_then(|rest| rest.split_once('='))
        {
            return Self::with_value(words.trim(), value);
        }
        match text[8..].strip_prefix("= ") {
            Some(value) if !matches!(keyword, "COMMENT" | "HISTORY" | "") => {
                Self::with_value(keyword, value)
            }
            // Older writers leave no blank behind the sign.
            None if text[8..].starts_with('=')
                && !matches!(keyword, "COMMENT" | "HISTORY" | "") =>
            {
                Self::with_value(keyword, &text[9..])
            }
            _ => Self {
                keyword: keyword.to_owned(),
                value: Value::Commentary(text[8..].trim_end().to_owned()),
                comment: String::new(),
            },
        }
    }

    fn with_value(keyword: &str, rest: &str) -> Self {
        let rest = rest.trim_start();
        let (value, comment) = match rest.strip_prefix('\'') {
            Some(quoted) => {
                let (text, rest) = unquote(quoted);
                (Value::Text(text), rest.split_once('/').map_or("", |(_, comment)| comment))
            }
            None => {
                let (value, comment) = rest.split_once('/').unwrap_or((rest, ""));
                (plain(value.trim()), comment)
            }
        };
        Self { keyword: keyword.to_owned(), value, comment: comment.trim().to_owned() }
    }

    /// Whether the text says with `&` that it goes on.
    pub(super) fn continues(&self) -> bool {
        matches!(&self.value, Value::Text(text) if text.ends_with('&'))
    }

    /// Joins what stands in a `CONTINUE` card.
    pub(super) fn append(&mut self, rest: &str) {
        let more = Self::with_value("", rest);
        if let (Value::Text(text), Value::Text(next)) = (&mut self.value, more.value) {
            text.pop();
            text.push_str(&next);
        }
        if !more.comment.is_empty() {
            self.comment = more.comment;
        }
    }
}

/// The text up to the closing quote, `''` read as one, without trailing blanks; and what follows.
fn unquote(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut rest = quoted;
    while let Some((before, after)) = rest.split_once('\'') {
        text.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                rest = more;
            }
            None => return (text.trim_end().to_owned(), after),
        }
    }
    text.push_str(rest);
    (text.trim_end().to_owned(), "")
}

fn plain(text: &str) -> Value {
    match text {
        "" => return Value::Undefined,
        "T" => return Value::Logical(true),
        "F" => return Value::Logical(false),
        _ => {}
    }
    if let Ok(value) = text.parse() {
        return Value::Integer(value);
    }
    let decimal = text
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E' | b'd' | b'D'));
    let number = if decimal { text.replace(['d', 'D'], "E").parse().ok() } else { None };
    number.map_or_else(|| Value::Other(text.to_owned()), Value::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_fits_reads_them() {
        for (value, text) in [
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-19, "1.0E-19"),
            (-1.5e20, "-1.5E20"),
            (0.0, "0.0"),
            (195.1, "195.1"),
        ] {
            assert_eq!(Value::Float(value).to_string(), text);
            assert_eq!(plain(text), Value::Float(value));
        }
    }

    #[test]
    fn an_unclosed_text_ends_with_the_card() {
        let card = Card::parse(&format!("{:<80}", "OBJECT  = 'no end / x"));
        assert_eq!(card.value, Value::Text("no end / x".into()));
    }
}
