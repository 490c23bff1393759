use super::error::{Result, WcsError};
use super::keywords::Keywords;

/// The Simple Imaging Polynomial: shifts of the pixel, as a polynomial of its offset from CRPIX.
///
/// # Source
/// Shupe et al. 2005, ASPC 347, 491.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sip {
    order: usize,
    /// Coefficients `[A_p_q, B_p_q]` of u^p v^q, p falling from the order to 0, and within each p q
    /// falling from order − p to 0: the sequence in which Horner's rule meets them.
    terms: Vec<[f64; 2]>,
}

/// The highest order the convention knows.
const MAX_ORDER: usize = 9;

impl Sip {
    /// Reads A and B; `None` where the header has neither order.
    pub(super) fn read<K: Keywords + ?Sized>(header: &K) -> Result<Option<Self>> {
        let (Some(a), Some(b)) = (order(header, "A_ORDER")?, order(header, "B_ORDER")?) else {
            return match (header.float("A_ORDER"), header.float("B_ORDER")) {
                (None, None) => Ok(None),
                (None, _) => Err(WcsError::MissingKeyword("A_ORDER".to_owned())),
                _ => Err(WcsError::MissingKeyword("B_ORDER".to_owned())),
            };
        };
        let order = a.max(b);
        let mut terms = Vec::with_capacity((order + 1) * (order + 2) / 2);
        for p in (0..=order).rev() {
            for q in (0..=order - p).rev() {
                terms
                    .push([coefficient(header, 'A', p, q, a)?, coefficient(header, 'B', p, q, b)?]);
            }
        }
        Ok(terms.iter().any(|term| *term != [0.0; 2]).then_some(Self { order, terms }))
    }

    /// The shift of a pixel at `[u, v]` from CRPIX.
    #[inline]
    pub(super) fn shift(&self, [u, v]: [f64; 2]) -> [f64; 2] {
        let (mut f, mut g) = (0.0, 0.0);
        let mut terms = self.terms.as_slice();
        for length in 1..=self.order + 1 {
            let (row, rest) = terms.split_at(length.min(terms.len()));
            terms = rest;
            let (mut a, mut b) = (0.0, 0.0);
            for &[ca, cb] in row {
                a = a * v + ca;
                b = b * v + cb;
            }
            f = f * u + a;
            g = g * u + b;
        }
        [f, g]
    }

    /// The shift and its derivatives `[[df/du, df/dv], [dg/du, dg/dv]]`.
    #[inline]
    pub(super) fn shift_and_slope(&self, [u, v]: [f64; 2]) -> ([f64; 2], [[f64; 2]; 2]) {
        let mut value = [0.0; 2];
        let mut slope = [[0.0; 2]; 2];
        let mut terms = self.terms.as_slice();
        for length in 1..=self.order + 1 {
            let (row, rest) = terms.split_at(length.min(terms.len()));
            terms = rest;
            let (mut of_v, mut by_v) = ([0.0; 2], [0.0; 2]);
            for term in row {
                for axis in 0..2 {
                    by_v[axis] = by_v[axis] * v + of_v[axis];
                    of_v[axis] = of_v[axis] * v + term[axis];
                }
            }
            for axis in 0..2 {
                slope[axis][0] = slope[axis][0] * u + value[axis];
                slope[axis][1] = slope[axis][1] * u + by_v[axis];
                value[axis] = value[axis] * u + of_v[axis];
            }
        }
        (value, slope)
    }
}

fn order<K: Keywords + ?Sized>(header: &K, keyword: &str) -> Result<Option<usize>> {
    let Some(value) = header.float(keyword) else { return Ok(None) };
    let order = (0..=MAX_ORDER).find(|&n| n as f64 == value);
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
    match header.float(&keyword) {
        None => Ok(0.0),
        Some(value) if value.is_finite() => Ok(value),
        Some(value) => Err(WcsError::bad(&keyword, value, "not a finite number")),
    }
}
