//! Text as HTML.

use std::fmt::Write;

/// Text that is no markup, in elements and in attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A number as a person reads it: five digits that mean something.
pub(super) fn number(value: f64) -> String {
    if value.is_nan() {
        return "\u{2013}".to_owned();
    }
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    let text = if !(1e-3..1e7).contains(&size) {
        format!("{value:.3e}")
    } else {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "-3 to 7")]
        let digits = (4.0 - size.log10().floor()).max(0.0) as usize;
        let text = format!("{value:.digits$}");
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    };
    text.replacen('-', "\u{2212}", 1)
}

/// A value and its error with the digits that the error leaves: two of its own.
pub(super) fn with_error(value: f64, error: f64) -> String {
    let plain = (1e-6..1e6).contains(&error) && value.abs() < 1e9;
    if !plain {
        let error =
            if error.is_nan() { String::new() } else { format!(" \u{b1} {}", number(error)) };
        return number(value) + &error;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "-6 to 6")]
    let digits = (1.0 - error.log10().floor()).max(0.0) as usize;
    format!("{value:.digits$} \u{b1} {error:.digits$}").replacen('-', "\u{2212}", 1)
}

/// A signal over its noise, of which nobody wants more than three digits.
pub(super) fn ratio(value: f64) -> String {
    let digits = usize::from(value.abs() < 99.95);
    if value.is_nan() {
        number(value)
    } else {
        format!("{value:.digits$}").replacen('-', "\u{2212}", 1)
    }
}

/// The command as a shell reads it.
pub(super) fn shell(words: impl Iterator<Item = String>) -> String {
    let mut out = String::new();
    for (i, word) in words.enumerate() {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
        let gap = if i > 0 { " " } else { "" };
        if !word.is_empty() && word.chars().all(plain) {
            let _ = write!(out, "{gap}{word}");
        } else {
            let _ = write!(out, "{gap}'{}'", word.replace('\'', "'\\''"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_stays_text() {
        assert_eq!(escape("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (f64::NAN, "\u{2013}"),
            (1234.567891, "1234.6"),
            (-0.0123456, "\u{2212}0.012346"),
            (2.5, "2.5"),
            (1e-5, "1.000e\u{2212}5"),
            (123_456_789.0, "1.235e8"),
            (100.0, "100"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn errors_tell_how_many_digits_there_are() {
        assert_eq!(with_error(22.016_800_4, 0.008_748_6), "22.0168 \u{b1} 0.0087");
        assert_eq!(with_error(-1234.5, 120.0), "\u{2212}1234 \u{b1} 120");
        assert_eq!(with_error(5.666, f64::NAN), "5.666");
        assert_eq!(with_error(f64::NAN, 1e-9), "\u{2013} \u{b1} 1.000e\u{2212}9");
    }

    #[test]
    fn ratios_have_one_digit_behind_the_point_at_most() {
        for (value, text) in
            [(306.51, "307"), (99.96, "100"), (-1.33, "\u{2212}1.3"), (f64::NAN, "\u{2013}")]
        {
            assert_eq!(ratio(value), text);
        }
    }

    #[test]
    fn commands_can_be_pasted() {
        let words = ["hst", "catalog", "a b.reg", "it's"].map(str::to_owned);
        assert_eq!(shell(words.into_iter()), "hst catalog 'a b.reg' 'it'\\''s'");
    }
}
