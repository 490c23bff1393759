//! The tokens of DS9's own format: the longest match wins, and of equals the earlier rule.

use nom::bytes::complete::take_while1;
use nom::{IResult, Parser};

use crate::diagnostic::Code;
use crate::keyword::{Keyword, keyword};
use crate::number::{Decimal, decimal};

/// What a token is. Its bytes are `start..end` of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Real,
    Degrees,
    Radians,
    Physical,
    Image,
    Arcmin,
    Arcsec,
    /// `12:34:56.7`, value in units of the first field.
    Sexagesimal,
    /// `12h34m56.7s`, value in hours.
    Hms,
    /// `12d34m56.7s`, value in degrees.
    Dms,
    /// A string in quotes or braces; the token includes them.
    Quoted,
    /// `#` and 3, 6 or 12 hexadecimal digits.
    Color,
    Word(Keyword),
    /// Any other byte.
    Byte(u8),
    /// `;`
    Semicolon,
    Newline,
    /// Backslash and `n`, which end a statement but not a line.
    FakeNewline,
    End,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) value: f64,
    /// Set where only the wider language has this token.
    pub(crate) note: Option<Code>,
}

impl Token {
    pub(crate) fn ends_statement(&self) -> bool {
        matches!(self.kind, Kind::Semicolon | Kind::Newline | Kind::FakeNewline | Kind::End)
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Integer | Kind::Real)
    }
}

/// The token at or after `from`; blanks before it are skipped.
pub(crate) fn next(source: &[u8], from: usize, lenient: bool) -> Token {
    let (start, note) = skip_blanks(source, from, lenient);
    let mut token = token_at(source, start, lenient);
    token.note = note.or(token.note);
    token
}

fn skip_blanks(source: &[u8], mut at: usize, lenient: bool) -> (usize, Option<Code>) {
    let mut note = None;
    loop {
        match source.get(at) {
            Some(b' ' | b'\t') => at += 1,
            Some(0x0b | 0x0c | 0xa0) if lenient => {
                note = Some(Code::OddBlank);
                at += 1;
            }
            Some(0xc2) if lenient && source.get(at + 1) == Some(&0xa0) => {
                note = Some(Code::OddBlank);
                at += 2;
            }
            _ => return (at, note),
        }
    }
}

fn token_at(source: &[u8], start: usize, lenient: bool) -> Token {
    let rest = &source[start.min(source.len())..];
    let simple = |kind, length| Token { kind, start, end: start + length, value: 0.0, note: None };
    let Some(&first) = rest.first() else {
        return simple(Kind::End, 0);
    };
    match first {
        b'0'..=b'9' | b'.' | b'+' | b'-' => {
            numeric(rest, start, lenient).unwrap_or_else(|| simple(Kind::Byte(first), 1))
        }
        b'a'..=b'z' | b'A'..=b'Z' => {
            let length = word_length(rest);
            simple(Kind::Word(keyword(&rest[..length])), length)
        }
        b'\n' => simple(Kind::Newline, 1),
        b';' => simple(Kind::Semicolon, 1),
        b'\r' if rest.get(1) == Some(&b'\n') => simple(Kind::Newline, 2),
        b'\r' if lenient => {
            Token { note: Some(Code::LoneCarriageReturn), ..simple(Kind::Newline, 1) }
        }
        b'\\' if matches!(rest.get(1), Some(b'n' | b'N')) => simple(Kind::FakeNewline, 2),
        b'"' | b'\'' => {
            quoted(rest, first).map_or(simple(Kind::Byte(first), 1), |n| simple(Kind::Quoted, n))
        }
        b'{' => {
            quoted(rest, b'}').map_or(simple(Kind::Byte(first), 1), |n| simple(Kind::Quoted, n))
        }
        b'#' => color(rest).map_or(simple(Kind::Byte(first), 1), |n| simple(Kind::Color, n)),
        _ => simple(Kind::Byte(first), 1),
    }
}

fn word_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_alphanumeric()).count()
}

/// Length of a string that starts here, with both its quotes, if it is closed on this line.
///
/// Looking for the closer stops at the line's end. One line with many unclosed quotes would be searched over and
/// over; the parser skips the whole line after the first of them.
fn quoted(bytes: &[u8], closer: u8) -> Option<usize> {
    let end = memchr::memchr2(closer, b'\n', &bytes[1..])? + 1;
    (bytes[end] == closer).then_some(end + 1)
}

fn color(bytes: &[u8]) -> Option<usize> {
    let digits = bytes[1..].iter().take(12).take_while(|b| b.is_ascii_hexdigit()).count();
    match digits {
        12 => Some(13),
        6..12 => Some(7),
        3..6 => Some(4),
        _ => None,
    }
}

/// A number with whatever belongs to it, unless a bare word that starts here is longer.
fn numeric(bytes: &[u8], start: usize, lenient: bool) -> Option<Token> {
    let number = decimal(bytes)?;
    let (kind, length, value, note) = with_suffix(bytes, number, lenient);
    // Only a number can reach beyond the letters and digits of a word.
    if bytes[0].is_ascii_digit() && bytes.get(length).is_some_and(u8::is_ascii_alphanumeric) {
        let word = word_length(bytes);
        if word > length {
            let kind = Kind::Word(keyword(&bytes[..word]));
            return Some(Token { kind, start, end: start + word, value: 0.0, note: None });
        }
    }
    Some(Token { kind, start, end: start + length, value, note })
}

fn with_suffix(bytes: &[u8], number: Decimal, lenient: bool) -> (Kind, usize, f64, Option<Code>) {
    let at = number.length;
    let plain = if number.integer { Kind::Integer } else { Kind::Real };
    let suffixed = |kind| (kind, at + 1, number.value, None);
    let bare = (plain, at, number.value, None);
    match bytes.get(at) {
        Some(b',' | b')' | b' ' | b'\n') | None => bare,
        Some(b'"') => suffixed(Kind::Arcsec),
        Some(b'\'') if lenient && bytes.get(at + 1) == Some(&b'\'') => {
            (Kind::Arcsec, at + 2, number.value, Some(Code::OddQuote))
        }
        Some(b'\'') => suffixed(Kind::Arcmin),
        Some(b':') if number.integer => colons(bytes, lenient).unwrap_or(bare),
        Some(b'h' | b'H') if number.integer => letters(bytes, Kind::Hms).unwrap_or(bare),
        Some(b'd' | b'D') if number.exponent => bare,
        Some(b'd' | b'D') if number.integer => {
            letters(bytes, Kind::Dms).unwrap_or(suffixed(Kind::Degrees))
        }
        Some(b'd' | b'D') => suffixed(Kind::Degrees),
        Some(b'r' | b'R') if !number.exponent => suffixed(Kind::Radians),
        Some(b'p' | b'P') if !number.exponent => suffixed(Kind::Physical),
        Some(b'i' | b'I') if !number.exponent => suffixed(Kind::Image),
        Some(0xe2) if lenient => match bytes.get(at + 1..at + 3) {
            Some([0x80, 0x9c | 0x9d]) | Some([0x80, 0xb3]) => {
                (Kind::Arcsec, at + 3, number.value, Some(Code::OddQuote))
            }
            Some([0x80, 0x98 | 0x99 | 0xb2]) => {
                (Kind::Arcmin, at + 3, number.value, Some(Code::OddQuote))
            }
            _ => bare,
        },
        _ => bare,
    }
}

/// `D+:D+:D+.?` or with a fraction; two fields in the wider language, `12:34.5`.
fn colons(bytes: &[u8], lenient: bool) -> Option<(Kind, usize, f64, Option<Code>)> {
    let (rest, (negative, first, _, second)) =
        (sign, whole, byte(b':'), whole).parse(bytes).ok()?;
    if let Ok((rest, (_, third))) = (byte(b':'), unsigned).parse(rest) {
        let value = base_60(negative, first, second, third);
        return Some((
            Kind::Sexagesimal,
            bytes.len() - rest.len(),
            value,
            odd_sixty(second, third),
        ));
    }
    if !lenient {
        return None;
    }
    let (rest, (_, _, _, second)) = (sign, whole, byte(b':'), unsigned).parse(bytes).ok()?;
    let value = base_60(negative, first, second, 0.0);
    Some((Kind::Sexagesimal, bytes.len() - rest.len(), value, Some(Code::TwoFields)))
}

/// `D+hD+mD+s` or `D+dD+mD+s`, the last field with a fraction if it likes.
fn letters(bytes: &[u8], kind: Kind) -> Option<(Kind, usize, f64, Option<Code>)> {
    let opener = if kind == Kind::Hms { b'h' } else { b'd' };
    let (rest, (negative, first, _, second, _, third, _)) =
        (sign, whole, byte(opener), whole, byte(b'm'), unsigned, byte(b's')).parse(bytes).ok()?;
    Some((
        kind,
        bytes.len() - rest.len(),
        base_60(negative, first, second, third),
        odd_sixty(second, third),
    ))
}

fn base_60(negative: bool, first: f64, second: f64, third: f64) -> f64 {
    // One division, so that short spellings round once.
    let size = (first * 3600.0 + second * 60.0 + third) / 3600.0;
    if negative { -size } else { size }
}

fn odd_sixty(minutes: f64, seconds: f64) -> Option<Code> {
    if minutes > 60.0 || seconds > 60.0 {
        Some(Code::SixtyOrMore)
    } else if minutes == 60.0 || seconds == 60.0 {
        Some(Code::ExactlySixty)
    } else {
        None
    }
}

fn sign(bytes: &[u8]) -> IResult<&[u8], bool> {
    match bytes.first() {
        Some(b'-') => Ok((&bytes[1..], true)),
        Some(b'+') => Ok((&bytes[1..], false)),
        _ => Ok((bytes, false)),
    }
}

fn byte<'a>(
    expected: u8,
) -> impl Parser<&'a [u8], Output = u8, Error = nom::error::Error<&'a [u8]>> {
    nom::combinator::map(
        nom::combinator::verify(nom::bytes::complete::take(1usize), move |b: &[u8]| {
            b[0].eq_ignore_ascii_case(&expected)
        }),
        |b: &[u8]| b[0],
    )
}

fn whole(bytes: &[u8]) -> IResult<&[u8], f64> {
    let (rest, digits) = take_while1(|b: u8| b.is_ascii_digit()).parse(bytes)?;
    Ok((rest, decimal(digits).map_or(0.0, |d| d.value)))
}

/// `D+.?` or `D*.D+`, with no sign and no exponent.
fn unsigned(bytes: &[u8]) -> IResult<&[u8], f64> {
    let length = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let length = match bytes.get(length) {
        Some(b'.') => {
            length + 1 + bytes[length + 1..].iter().take_while(|b| b.is_ascii_digit()).count()
        }
        _ => length,
    };
    match decimal(&bytes[..length]) {
        Some(number) => Ok((&bytes[length..], number.value)),
        None => Err(nom::Err::Error(nom::error::Error::new(bytes, nom::error::ErrorKind::Float))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Kind::*;

    fn kinds(text: &str, lenient: bool) -> Vec<(Kind, &str)> {
        let mut at = 0;
        let mut found = Vec::new();
        loop {
            let token = next(text.as_bytes(), at, lenient);
            if token.kind == End {
                return found;
            }
            found.push((token.kind, &text[token.start..token.end]));
            at = token.end;
        }
    }

    const WORD: Kind = Word(Keyword::None);

    #[test]
    fn the_longest_match_wins() {
        for (text, expected) in [
            ("5e", vec![(WORD, "5e")]),
            ("5.e", vec![(Real, "5."), (WORD, "e")]),
            ("1e5d", vec![(WORD, "1e5d")]),
            ("1.5e5d", vec![(Real, "1.5e5"), (WORD, "d")]),
            ("1.5e5\"", vec![(Arcsec, "1.5e5\"")]),
            ("1'30\"", vec![(Arcmin, "1'"), (Arcsec, "30\"")]),
            ("12:34", vec![(Integer, "12"), (Byte(b':'), ":"), (Integer, "34")]),
            ("-12:34:56.", vec![(Sexagesimal, "-12:34:56.")]),
            ("1d2m3s", vec![(Dms, "1d2m3s")]),
            ("1d2m", vec![(WORD, "1d2m")]),
            ("+1d2m", vec![(Degrees, "+1d"), (WORD, "2m")]),
            ("13h00m24.5S", vec![(Hms, "13h00m24.5S")]),
            ("10p 10i 1r", vec![(Physical, "10p"), (Image, "10i"), (Radians, "1r")]),
            ("#add", vec![(Color, "#add")]),
            (
                "#Face-on",
                vec![(Color, "#Fac"), (WORD, "e"), (Byte(b'-'), "-"), (WORD, "on")]
                    .into_iter()
                    .map(|(k, s)| if s == "on" { (Word(Keyword::Switch(true)), s) } else { (k, s) })
                    .collect(),
            ),
            ("{a{b}c}", vec![(Quoted, "{a{b}"), (WORD, "c"), (Byte(b'}'), "}")]),
            ("'a\n'", vec![(Byte(b'\''), "'"), (WORD, "a"), (Newline, "\n"), (Byte(b'\''), "'")]),
            ("a\\nb", vec![(WORD, "a"), (FakeNewline, "\\n"), (WORD, "b")]),
        ] {
            assert_eq!(kinds(text, false), expected, "{text}");
        }
    }

    #[test]
    fn the_wider_language_knows_more_tokens() {
        assert_eq!(kinds("10''", true), [(Arcsec, "10''")]);
        assert_eq!(kinds("10\u{201d}", true), [(Arcsec, "10\u{201d}")]);
        assert_eq!(kinds("13:00.4", true), [(Sexagesimal, "13:00.4")]);
        assert_eq!(kinds("\u{a0}a\rb", true), [(WORD, "a"), (Newline, "\r"), (WORD, "b")]);
    }

    #[test]
    fn sexagesimal_values() {
        assert_eq!(next(b"-00:30:00", 0, false).value, -0.5);
        assert_eq!(next(b"12h30m36s", 0, false).value, 12.51);
    }
}
