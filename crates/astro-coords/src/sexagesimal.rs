use std::fmt;

/// Why a text is not a position or an angle; `Display` says what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseCoordError {
    text: String,
    problem: &'static str,
}

impl ParseCoordError {
    pub(crate) fn new(text: &str, problem: &'static str) -> Self {
        // A hostile input must not turn into a hostile error message.
        Self { text: text.chars().take(60).collect(), problem }
    }
}

impl fmt::Display for ParseCoordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: \"{}\"", self.problem, self.text)
    }
}

impl std::error::Error for ParseCoordError {}

/// A number in base 60 or plain, with the unit its letters name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Sexagesimal {
    /// `202.47` or `202.47d`: degrees.
    Degrees(f64),
    /// `13h29m52.7s`: hours.
    Hours(f64),
    /// `13:29:52.7`: hours for a right ascension, degrees otherwise.
    Colons(f64),
}

/// Reads a plain number, perhaps with `d`, `deg`, `°` or `h`, or one in base 60 of two or three fields:
/// `12:34:56.7`, `12 34 56.7`, `12h34m56.7s`, `-12d 34m 56.7s`, `12°34′56.7″`. The last field may have a fraction.
pub(crate) fn parse(text: &str) -> Result<Sexagesimal, ParseCoordError> {
    let error = |problem| ParseCoordError::new(text, problem);
    // The typographic minus comes with text copied from papers.
    let text = &text.trim().replace('−', "-");
    for unit in ["", "deg", "d", "°", "h"] {
        if let Some(plain) = strip_unit(text, unit).and_then(number) {
            let hours = unit == "h";
            return Ok(if hours { Sexagesimal::Hours(plain) } else { Sexagesimal::Degrees(plain) });
        }
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let Some((fields, first_unit)) = fields(unsigned) else {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        return Err(error(if digits < 2 { "not a number" } else { "not a sexagesimal number" }));
    };
    if fields[1] >= 60.0 || fields[2] >= 60.0 {
        return Err(error("minutes and seconds must be below 60"));
    }
    let size = fields[0] + (fields[1] + fields[2] / 60.0) / 60.0;
    let value = if negative { -size } else { size };
    Ok(match first_unit {
        'h' => Sexagesimal::Hours(value),
        'd' => Sexagesimal::Degrees(value),
        _ => Sexagesimal::Colons(value),
    })
}

/// `text` without `unit` at its end, in any case.
pub(crate) fn strip_unit<'a>(text: &'a str, unit: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(unit.len())?;
    text.get(at..)?.eq_ignore_ascii_case(unit).then(|| text[..at].trim_end())
}

/// What may follow each of the three fields; letters by the word they stand for.
const UNITS: [&[(char, char)]; 3] = [
    &[('h', 'h'), ('H', 'h'), ('d', 'd'), ('D', 'd'), ('°', 'd')],
    &[('m', 'm'), ('M', 'm'), ('\'', 'm'), ('′', 'm')],
    &[('s', 's'), ('S', 's'), ('"', 's'), ('″', 's')],
];

/// The fields of a number in base 60, a missing one as zero, and what separates them: `h` or `d`, `:` or a blank.
fn fields(mut text: &str) -> Option<([f64; 3], char)> {
    let mut fields = [0.0; 3];
    let mut separator = None;
    let mut count = 0;
    while !text.is_empty() {
        let (field, rest) =
            text.split_at(text.find(|c: char| !matches!(c, '0'..='9' | '.')).unwrap_or(text.len()));
        *fields.get_mut(count)? = number(field)?;
        let whole = !field.contains('.');
        let unit = rest.chars().next();
        let named = |unit| UNITS[count].iter().find(|(letter, _)| *letter == unit);
        let (found, rest) = match unit {
            Some(letter) if named(letter).is_some() => {
                (named(letter)?.1, rest[letter.len_utf8()..].trim_start())
            }
            Some(':') if count < 2 => (':', &rest[1..]),
            Some(blank) if blank.is_whitespace() && count < 2 => (' ', rest.trim_start()),
            // The last field needs no unit.
            None if count > 0 => (separator?, rest),
            _ => return None,
        };
        let letters = found.is_ascii_alphabetic();
        match separator {
            None => separator = Some(found),
            Some(first) if first == found => {}
            Some(first) if first.is_ascii_alphabetic() && letters => {}
            Some(_) => return None,
        }
        let last = rest.is_empty();
        if last && (!letters && unit.is_some()) || !last && !whole {
            return None;
        }
        text = rest;
        count += 1;
    }
    (count > 1).then_some((fields, separator?))
}

/// A decimal number; the `nan`, `inf` and `infinity` of the standard library are not numbers here.
pub(crate) fn number(text: &str) -> Option<f64> {
    let decimal = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    decimal.then(|| text.parse().ok())?.filter(|value: &f64| value.is_finite())
}

/// `size` in base 60 with `decimals` places of the seconds, rounded once so that `60` never appears.
///
/// Returns `(whole, minutes, seconds)` of the absolute value, `seconds` as text with two leading digits.
pub(crate) fn format(size: f64, decimals: usize) -> (u64, u64, String) {
    let digits = i32::try_from(decimals.min(12)).unwrap_or(12);
    let unit = 10f64.powi(digits);
    let ticks = (size.abs() * 3600.0 * unit).round();
    let per_minute = 60.0 * unit;
    let minutes = (ticks / per_minute).floor();
    let seconds = (ticks - minutes * per_minute) / unit;
    let decimals = decimals.min(12);
    let width = if decimals == 0 { 2 } else { decimals + 3 };
    let whole = (minutes / 60.0).floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "both are small and positive"
    )]
    let (whole, minutes) = (whole as u64, (minutes - whole * 60.0) as u64);
    (whole, minutes, format!("{seconds:0width$.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_read() {
        for (text, expected) in [
            ("202.47", Sexagesimal::Degrees(202.47)),
            ("202.47d", Sexagesimal::Degrees(202.47)),
            ("202.47 deg", Sexagesimal::Degrees(202.47)),
            ("202.47°", Sexagesimal::Degrees(202.47)),
            ("13.51h", Sexagesimal::Hours(13.51)),
            ("-0.5", Sexagesimal::Degrees(-0.5)),
            ("1e-3", Sexagesimal::Degrees(1e-3)),
            ("13:30:36", Sexagesimal::Colons(13.51)),
            ("13 30 36.", Sexagesimal::Colons(13.51)),
            ("-00:30:00", Sexagesimal::Colons(-0.5)),
            ("−0:30", Sexagesimal::Colons(-0.5)),
            ("+47:12", Sexagesimal::Colons(47.2)),
            ("47:12.0", Sexagesimal::Colons(47.2)),
            ("13h30m36s", Sexagesimal::Hours(13.51)),
            ("13H 30M 36.0S", Sexagesimal::Hours(13.51)),
            ("13h30.6m", Sexagesimal::Hours(13.51)),
            ("13h30m36", Sexagesimal::Hours(13.51)),
            ("-47d12m00.0s", Sexagesimal::Degrees(-47.2)),
            ("-0d30m0s", Sexagesimal::Degrees(-0.5)),
            ("47°12′0″", Sexagesimal::Degrees(47.2)),
            ("47d12'0\"", Sexagesimal::Degrees(47.2)),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in [
            "", "-", "nan", "inf", "12:", ":12", "12::3", "12:60:00", "12:00:60", "1:2:3:4",
            "12:-3:4", "12:3:4s", "12m", "12s", "1h2h3", "1d2:3", "1:2d", "1 2:3", "1.5:2:3",
            "1:2.5:3", "5e", "--1", "1:2e1", "1..2", "é", "1°é",
        ] {
            let parsed = parse(text);
            assert!(parsed.is_err(), "{text}: {parsed:?}");
        }
    }

    #[test]
    fn rounding_carries_over() {
        assert_eq!(format(12.999_999_999, 2), (13, 0, "00.00".to_owned()));
        assert_eq!(format(0.51, 1), (0, 30, "36.0".to_owned()));
        assert_eq!(format(1.0 / 3600.0, 0), (0, 0, "01".to_owned()));
    }
}
