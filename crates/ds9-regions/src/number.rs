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

/// Powers of ten that a fraction of up to 7 digits moves the whole part by.
const WHOLE_POWERS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// The longest number at the start of `bytes`: `[+-]?D+.?(E)?` or `[+-]?D*.D+(E)?`.
#[inline]
pub(crate) fn decimal(bytes: &[u8]) -> Option<Decimal> {
    short(bytes).or_else(|| long(bytes))
}

/// A number of up to 15 digits and no exponent, which is nearly every number there is.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "the mantissa is below 2^53")]
fn short(bytes: &[u8]) -> Option<Decimal> {
    let found = bytes.first_chunk().and_then(at_once).or_else(|| one_by_one(bytes))?;
    let Digits { length, mantissa, fraction, integer } = found;
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        return None;
    }
    let size = mantissa as f64 / POWERS[fraction];
    let value = if bytes[0] == b'-' { -size } else { size };
    Some(Decimal { length, value, integer, exponent: false })
}

/// The digits of a number without exponent, 15 at most.
struct Digits {
    length: usize,
    mantissa: u64,
    fraction: usize,
    integer: bool,
}

/// A number with up to 7 digits before its point and up to 7 behind it, by eight bytes at a time.
#[inline]
fn at_once(bytes: &[u8; 24]) -> Option<Digits> {
    let signed = usize::from(matches!(bytes[0], b'+' | b'-'));
    let (whole, value) = first_digits(bytes, signed);
    let length = signed + whole;
    if bytes[length] != b'.' {
        return (1..8).contains(&whole).then_some(Digits {
            length,
            mantissa: value,
            fraction: 0,
            integer: true,
        });
    }
    let (fraction, digits) = first_digits(bytes, length + 1);
    let fits = whole < 8 && fraction < 8 && whole + fraction > 0;
    fits.then(|| Digits {
        length: length + 1 + fraction,
        mantissa: value * WHOLE_POWERS[fraction] + digits,
        fraction,
        integer: false,
    })
}

/// How many digits, up to 8, and the number they make.
#[inline]
fn first_digits(bytes: &[u8; 24], at: usize) -> (usize, u64) {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let eight = bytes[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
    let digits = eight ^ 0x3030_3030_3030_3030;
    // The high bit of each byte that is no digit.
    let others = ((digits & !HIGH).wrapping_add(0x7676_7676_7676_7676) | digits) & HIGH;
    let bits = others.trailing_zeros() & !7;
    // The last digit goes to the last byte, with zeros before the first.
    let digits = digits.checked_shl(64 - bits).unwrap_or(0);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    let value = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
    (bits as usize / 8, value)
}

fn one_by_one(bytes: &[u8]) -> Option<Digits> {
    let signed = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let (mut mantissa, mut at, mut fraction) = (0, signed, 0);
    let whole = digits(bytes, &mut at, &mut mantissa);
    let integer = bytes.get(at) != Some(&b'.');
    if !integer {
        at += 1;
        fraction = digits(bytes, &mut at, &mut mantissa);
    }
    let fits = (1..=15).contains(&(whole + fraction));
    fits.then_some(Digits { length: at, mantissa, fraction, integer })
}

#[inline]
fn digit(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10).map(u64::from)
}

#[cold]
fn long(bytes: &[u8]) -> Option<Decimal> {
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
    while let Some(digit) = digit(bytes, *at) {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(digit);
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
    while let Some(digit) = digit(bytes, at) {
        power = power.saturating_mul(10).saturating_add_unsigned(digit).min(1 << 40);
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
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn values_equal_the_standard_library(text in "[+-]?[0-9]{0,25}\\.?[0-9]{0,25}([eE][+-]?[0-9]{1,4})?") {
            if let Some(found) = decimal(text.as_bytes()) {
                prop_assert_eq!(found.value, text[..found.length].parse::<f64>().unwrap());
            }
        }

        #[test]
        fn the_short_way_is_the_long_way(
            number in "[+-]?[0-9]{0,17}\\.?[0-9]{0,17}",
            rest in proptest::collection::vec(any::<u8>(), 0..30),
        ) {
            let bytes = [number.as_bytes(), &rest].concat();
            if let Some(found) = short(&bytes) {
                prop_assert_eq!(Some(found), long(&bytes));
            }
        }
    }
}
