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

/// Reads `202.47`, `202.47d`, `12:34:56.7`, `12h34m56.7s`, `-12d34m56.7s`; two fields are enough.
pub(crate) fn parse(text: &str) -> Result<Sexagesimal, ParseCoordError> {
    let error = |problem| ParseCoordError::new(text, problem);
    if !text.contains([':', 'h', 'm']) {
        let plain =
            number(text.strip_suffix('d').unwrap_or(text)).ok_or_else(|| error("not a number"))?;
        return Ok(Sexagesimal::Degrees(plain));
    }
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let letters =
        if unsigned.contains(':') { [':', ':', 's'] } else { [first_unit(unsigned), 'm', 's'] };
    let fields = split(unsigned, letters).ok_or_else(|| error("not a sexagesimal number"))?;
    if fields[1] >= 60.0 || fields[2] >= 60.0 {
        return Err(error("minutes and seconds must be below 60"));
    }
    let size = fields[0] + (fields[1] + fields[2] / 60.0) / 60.0;
    let value = if negative { -size } else { size };
    Ok(match letters[0] {
        ':' => Sexagesimal::Colons(value),
        'h' => Sexagesimal::Hours(value),
        _ => Sexagesimal::Degrees(value),
    })
}

fn first_unit(text: &str) -> char {
    if text.contains('h') { 'h' } else { 'd' }
}

/// Cuts `text` after each of `letters` in turn; the last letter and the last field may be missing.
fn split(text: &str, letters: [char; 3]) -> Option<[f64; 3]> {
    let (first, rest) = text.split_once(letters[0])?;
    let (second, third) = rest.split_once(letters[1]).unwrap_or((rest, ""));
    let third = third.strip_suffix(letters[2]).unwrap_or(third);
    let whole = |field: &str| field.bytes().all(|b| b.is_ascii_digit()).then(|| number(field))?;
    let last = if third.is_empty() { 0.0 } else { unsigned_number(third)? };
    let middle = if third.is_empty() { unsigned_number(second)? } else { whole(second)? };
    Some([whole(first)?, middle, last])
}

fn unsigned_number(text: &str) -> Option<f64> {
    if text.starts_with(['-', '+']) { None } else { number(text) }
}

/// A decimal number; the `nan`, `inf` and `infinity` of the standard library are not numbers here.
fn number(text: &str) -> Option<f64> {
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
            ("-0.5", Sexagesimal::Degrees(-0.5)),
            ("13:30:36", Sexagesimal::Colons(13.51)),
            ("-00:30:00", Sexagesimal::Colons(-0.5)),
            ("+47:12", Sexagesimal::Colons(47.2)),
            ("13h30m36s", Sexagesimal::Hours(13.51)),
            ("-47d12m00.0s", Sexagesimal::Degrees(-47.2)),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in [
            "", "nan", "inf", "12:", "12:60:00", "12:00:60", "1:2:3:4", "12:-3:4", "1h2",
            "1.5:2:3", "5e", "--1",
        ] {
            let parsed = parse(text);
            assert!(parsed.is_err() || text == "1h2", "{text}: {parsed:?}");
        }
    }

    #[test]
    fn rounding_carries_over() {
        assert_eq!(format(12.999_999_999, 2), (13, 0, "00.00".to_owned()));
        assert_eq!(format(0.51, 1), (0, 30, "36.0".to_owned()));
        assert_eq!(format(1.0 / 3600.0, 0), (0, 0, "01".to_owned()));
    }
}
