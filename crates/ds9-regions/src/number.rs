//! Decimal numbers as DS9 spells them: no nan, no inf, no hexadecimal.

/// A decimal number found at the start of some bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decimal {
    /// Bytes used.
    pub(crate) length: usize,
    /// The value, correctly rounded; infinite when the text overflows.
    pub(crate) value: f64,
    /// Digits only, with no point and no exponent.
    pub(crate) integer: bool,
    /// An exponent was written.
    pub(crate) exponent: bool,
}

/// Powers of ten that are exact in an `f64`.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The longest number at the start of `bytes`: `[+-]?D+.?(E)?` or `[+-]?D*.D+(E)?`.
pub(crate) fn decimal(bytes: &[u8]) -> Option<Decimal> {
    let mut at = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let negative = bytes.first() == Some(&b'-');
    let mut mantissa = 0u64;
    let whole = digits(bytes, &mut at, &mut mantissa);
    let mut fraction = 0;
    let mut point = false;
    if bytes.get(at) == Some(&b'.') {
        let mut after = at + 1;
        fraction = digits(bytes, &mut after, &mut mantissa);
        if whole + fraction == 0 {
            return None;
        }
        at = after;
        point = true;
    } else if whole == 0 {
        return None;
    }
    let written = exponent(&bytes[at..]);
    let (used, power) = written.unwrap_or((0, 0));
    at += used;
    let scale = power - i64::try_from(fraction).unwrap_or(i64::MAX);
    let value = if whole + fraction <= 19 { exact(mantissa, scale) } else { None };
    let value = match value {
        Some(size) if negative => -size,
        Some(size) => size,
        None => std::str::from_utf8(&bytes[..at]).ok()?.parse().ok()?,
    };
    Some(Decimal {
        length: at,
        value,
        integer: !point && written.is_none(),
        exponent: written.is_some(),
    })
}

fn digits(bytes: &[u8], at: &mut usize, mantissa: &mut u64) -> usize {
    let start = *at;
    while let Some(digit) = bytes.get(*at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        *at += 1;
    }
    *at - start
}

/// `[Ee][+-]?D+`: bytes used and the power, which saturates.
fn exponent(bytes: &[u8]) -> Option<(usize, i64)> {
    if !matches!(bytes.first(), Some(b'e' | b'E')) {
        return None;
    }
    let mut at = 1 + usize::from(matches!(bytes.get(1), Some(b'+' | b'-')));
    let negative = bytes.get(1) == Some(&b'-');
    let start = at;
    let mut power = 0i64;
    while let Some(digit) = bytes.get(at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        power = power.saturating_mul(10).saturating_add(i64::from(digit)).min(1 << 40);
        at += 1;
    }
    (at > start).then_some((at, if negative { -power } else { power }))
}

/// `mantissa * 10^scale` where both are exact, so that one rounding gives the nearest `f64`.
///
/// Clinger 1990, PLDI 92: a mantissa below 2^53 and a power of ten up to 22.
#[expect(clippy::cast_precision_loss, reason = "the mantissa is below 2^53")]
fn exact(mantissa: u64, scale: i64) -> Option<f64> {
    if mantissa >= 1 << 53 {
        return None;
    }
    let power = POWERS.get(usize::try_from(scale.unsigned_abs()).ok()?)?;
    Some(if scale < 0 { mantissa as f64 / power } else { mantissa as f64 * power })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_ds9() {
        for (text, length, value) in [
            ("5.", 2, 5.0),
            (".5", 2, 0.5),
            ("1.e2", 4, 100.0),
            ("+.5e2,", 5, 50.0),
            ("5e", 1, 5.0),
            ("5e+", 1, 5.0),
            ("-12abc", 3, -12.0),
            ("1e400", 5, f64::INFINITY),
            ("123456789012345678901234567890", 30, 123_456_789_012_345_678_901_234_567_890.0),
        ] {
            let found = decimal(text.as_bytes()).unwrap();
            assert_eq!((found.length, found.value), (length, value), "{text}");
        }
        for text in ["", ".", "+", "-.", "e5", "nan", "inf", ".e5"] {
            assert_eq!(decimal(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn values_equal_the_standard_library(text in "[+-]?[0-9]{0,25}\\.?[0-9]{0,25}([eE][+-]?[0-9]{1,4})?") {
            if let Some(found) = decimal(text.as_bytes()) {
                prop_assert_eq!(found.value, text[..found.length].parse::<f64>().unwrap());
            }
        }
    }
}
