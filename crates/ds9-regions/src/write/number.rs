//! Numbers: the shortest that reads back the same, and those of C's `printf`.

use std::fmt::Write;

use super::{Result, Unwritable};

/// The shortest text that reads back as `value`, with an exponent where that is much shorter.
pub(super) fn shortest(out: &mut String, value: f64) -> Result {
    let size = value.abs();
    if size != 0.0 && !(1e-5..1e17).contains(&size) && value.is_finite() {
        let _ = write!(out, "{value:e}");
        return Ok(());
    }
    plain(out, value)
}

/// The same without an exponent, which numbers with a unit of one letter cannot have.
pub(super) fn plain(out: &mut String, value: f64) -> Result {
    if !value.is_finite() {
        return Err(Unwritable::NotFinite);
    }
    let _ = write!(out, "{value}");
    Ok(())
}

/// `%.7f` and the like.
pub(super) fn fixed(out: &mut String, value: f64, decimals: usize) -> Result {
    if !value.is_finite() {
        return Err(Unwritable::NotFinite);
    }
    let _ = write!(out, "{value:.decimals$}");
    Ok(())
}

/// `%.8g`: eight significant digits, no zeros at the end, an exponent below 1e-4 and from 1e8.
pub(super) fn general(out: &mut String, value: f64) -> Result {
    const DIGITS: i32 = 8;
    if !value.is_finite() {
        return Err(Unwritable::NotFinite);
    }
    let scientific = format!("{value:.7e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return Err(Unwritable::NotFinite);
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..DIGITS).contains(&exponent) {
        let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
        let text = format!("{value:.decimals$}");
        out.push_str(without_zeros(&text));
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "{}e{sign}{:02}", without_zeros(mantissa), exponent.abs());
    }
    Ok(())
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_c_prints_them() {
        for (value, text) in [
            (0.0, "0"),
            (100.0, "100"),
            (60.123_456_789, "60.123457"),
            (123_456_789.0, "1.2345679e+08"),
            (99_999_999.9, "1e+08"),
            (3.023_365_5e-5, "3.0233655e-05"),
            (0.000_1, "0.0001"),
            (-1.5, "-1.5"),
        ] {
            let mut out = String::new();
            general(&mut out, value).unwrap();
            assert_eq!(out, text);
        }
        assert_eq!(general(&mut String::new(), f64::NAN), Err(Unwritable::NotFinite));
    }
}
