use super::error::{Result, WcsError};
use super::keywords::Keywords;
use super::polynomial::Polynomial;

/// Reads A and B of the Simple Imaging Polynomial, shifts of the pixel as polynomials of its offset from CRPIX; `None`
/// where the header has neither order, or no term.
///
/// # Source
/// Shupe et al. 2005, ASPC 347, 491.
pub(super) fn read<K: Keywords + ?Sized>(header: &K) -> Result<Option<Polynomial>> {
    let (Some(a), Some(b)) = (order(header, "A_ORDER")?, order(header, "B_ORDER")?) else {
        return match (header.float("A_ORDER"), header.float("B_ORDER")) {
            (None, None) => Ok(None),
            (None, _) => Err(WcsError::MissingKeyword("A_ORDER".to_owned())),
            _ => Err(WcsError::MissingKeyword("B_ORDER".to_owned())),
        };
    };
    let polynomial = Polynomial::new(a.max(b), |p, q| {
        Ok([coefficient(header, 'A', p, q, a)?, coefficient(header, 'B', p, q, b)?])
    })?;
    Ok((!polynomial.is_zero()).then_some(polynomial))
}

fn order<K: Keywords + ?Sized>(header: &K, keyword: &str) -> Result<Option<usize>> {
    let Some(value) = number(header, keyword)? else { return Ok(None) };
    let order = (0..=Polynomial::MAX_ORDER).find(|&n| n as f64 == value);
    order
        .map(Some)
        .ok_or_else(|| WcsError::bad(keyword, value, "an order of a SIP polynomial is 0 to 9"))
}

fn coefficient<K: Keywords + ?Sized>(
    header: &K,
    name: char,
    p: usize,
    q: usize,
    order: usize,
) -> Result<f64> {
    if p + q > order {
        return Ok(0.0);
    }
    let keyword = format!("{name}_{p}_{q}");
    number(header, &keyword).map(|value| value.unwrap_or(0.0))
}

fn number<K: Keywords + ?Sized>(header: &K, keyword: &str) -> Result<Option<f64>> {
    match header.float(keyword) {
        Some(value) if !value.is_finite() => {
            Err(WcsError::bad(keyword, value, "not a finite number"))
        }
        None => header
            .text(keyword)
            .map_or(Ok(None), |text| Err(WcsError::bad(keyword, text, "not a number"))),
        value => Ok(value),
    }
}
