//! Texts in what can hold them.

use super::{Result, Unwritable};
use crate::keyword::{Keyword, keyword};

/// `text` in braces, or in quotes where it holds a closing brace.
pub(super) fn braced(out: &mut String, text: &str) -> Result {
    quoted(out, text, [('{', '}'), ('"', '"'), ('\'', '\'')])
}

/// `text` in double quotes if they can hold it, as DS9 writes fonts.
pub(super) fn double_quoted(out: &mut String, text: &str) -> Result {
    quoted(out, text, [('"', '"'), ('{', '}'), ('\'', '\'')])
}

/// A word as it is, anything else in braces.
pub(super) fn word(out: &mut String, text: &str) -> Result {
    if is_word(text) || is_color(text) {
        out.push_str(text);
        return Ok(());
    }
    braced(out, text)
}

fn quoted(out: &mut String, text: &str, pairs: [(char, char); 3]) -> Result {
    if text.contains('\n') {
        return Err(Unwritable::NewLine);
    }
    let free = pairs.into_iter().find(|(_, closer)| !text.contains(*closer));
    let (open, close) = free.ok_or(Unwritable::Quotes)?;
    out.push(open);
    out.push_str(text);
    out.push(close);
    Ok(())
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && keyword(text.as_bytes()) == Keyword::None
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| {
        matches!(digits.len(), 3 | 6 | 12) && digits.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_with_what_it_does_not_hold() {
        let quote = |text| {
            let mut out = String::new();
            braced(&mut out, text).map(|()| out)
        };
        assert_eq!(quote("007").unwrap(), "{007}");
        assert_eq!(quote("a}b").unwrap(), "\"a}b\"");
        assert_eq!(quote("a}\"b").unwrap(), "'a}\"b'");
        assert_eq!(quote("a}\"'b"), Err(Unwritable::Quotes));
        assert_eq!(quote("a\nb"), Err(Unwritable::NewLine));
    }
}
