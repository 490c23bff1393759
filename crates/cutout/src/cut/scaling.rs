//! Between stored and physical values.

use hst_fits::{Bitpix, Hdu, Keywords, StoredValue};

use crate::{Error, Result};

/// BSCALE, BZERO and BLANK of a unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scaling {
    pub(crate) bitpix: Bitpix,
    scale: f64,
    zero: f64,
    pub(crate) blank: Option<i64>,
}

/// What stands where there is no image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fill {
    pub(crate) stored: StoredValue,
    /// What `CUTFILL` says, where the pixels do not say themselves that they are none.
    pub(crate) physical: Option<f64>,
}

impl Scaling {
    pub(crate) fn of(hdu: &Hdu) -> Self {
        let number = |keyword: &str| hdu.header.float(keyword);
        let blank = hdu.header.find("BLANK").ok().flatten();
        Self {
            bitpix: hdu.bitpix,
            scale: number("BSCALE").unwrap_or(1.0),
            zero: number("BZERO").unwrap_or(0.0),
            blank: blank.filter(|_| !hdu.bitpix.is_float()),
        }
    }

    pub(crate) fn is_plain(self) -> bool {
        self.scale == 1.0 && self.zero == 0.0
    }

    /// How the physical value `fill` is stored.
    ///
    /// # Errors
    /// When the type cannot hold it.
    pub(crate) fn fill(self, fill: f64, place: &str) -> Result<Fill> {
        let bad = || Error::BadFill { fill, place: place.to_owned() };
        if self.bitpix.is_float() {
            let stored = if self.is_plain() { fill } else { (fill - self.zero) / self.scale };
            if self.bitpix == Bitpix::F32 && fill.is_finite() && !(stored as f32).is_finite() {
                return Err(bad());
            }
            let physical = (!fill.is_nan()).then_some(fill);
            return Ok(Fill { stored: StoredValue::Float(stored), physical });
        }
        if fill.is_nan() {
            let stored = match self.blank {
                Some(blank) if self.holds(blank as f64) => {
                    return Ok(Fill { stored: StoredValue::Integer(blank), physical: None });
                }
                _ => self.nearest(0.0),
            };
            return Ok(Fill {
                stored: StoredValue::Integer(stored),
                physical: Some(self.physical(stored)),
            });
        }
        let stored = (fill - self.zero) / self.scale;
        // Halfway between two steps of the scale the nearest is meant; a fraction in plain integers is a mistake.
        let whole = stored.round_ties_even();
        let exact = !self.is_plain() || stored == whole;
        if !exact || !self.holds(whole) {
            return Err(bad());
        }
        let stored = self.nearest(fill);
        Ok(Fill { stored: StoredValue::Integer(stored), physical: Some(self.physical(stored)) })
    }

    fn limits(self) -> (i64, i64) {
        match self.bitpix {
            Bitpix::U8 => (0, 255),
            Bitpix::I16 => (i16::MIN.into(), i16::MAX.into()),
            Bitpix::I32 => (i32::MIN.into(), i32::MAX.into()),
            _ => (i64::MIN, i64::MAX),
        }
    }

    fn holds(self, stored: f64) -> bool {
        let (low, high) = self.limits();
        stored >= low as f64 && stored <= high as f64
    }

    /// The stored integer nearest to a physical value.
    #[expect(clippy::cast_possible_truncation, reason = "a cast to an integer saturates")]
    fn nearest(self, physical: f64) -> i64 {
        let (low, high) = self.limits();
        let stored = ((physical - self.zero) / self.scale).round_ties_even();
        (stored as i64).clamp(low, high)
    }

    fn physical(self, stored: i64) -> f64 {
        if self.is_plain() { stored as f64 } else { self.zero + self.scale * stored as f64 }
    }

    /// Gives the physical values, blank ones as NaN.
    pub(crate) fn each_value(self, bytes: &[u8], mut take: impl FnMut(f64)) {
        let float = |stored: f64| {
            if self.is_plain() { stored } else { self.zero + self.scale * stored }
        };
        let integer = |stored: i64| {
            if self.blank == Some(stored) { f64::NAN } else { self.physical(stored) }
        };
        match self.bitpix {
            Bitpix::U8 => bytes.iter().for_each(|&b| take(integer(b.into()))),
            Bitpix::I16 => each(bytes, |b| take(integer(i16::from_be_bytes(b).into()))),
            Bitpix::I32 => each(bytes, |b| take(integer(i32::from_be_bytes(b).into()))),
            Bitpix::I64 => each(bytes, |b| take(integer(i64::from_be_bytes(b)))),
            Bitpix::F32 => each(bytes, |b| take(float(f32::from_be_bytes(b).into()))),
            Bitpix::F64 => each(bytes, |b| take(float(f64::from_be_bytes(b)))),
        }
    }

    /// Whether all pixels are zero, blank or NaN. Stops at the first that is not.
    pub(crate) fn no_data(self, bytes: &[u8]) -> bool {
        let integer = |stored: i64| self.blank == Some(stored) || self.physical(stored) == 0.0;
        let float = |stored: f64| {
            let value = if self.is_plain() { stored } else { self.zero + self.scale * stored };
            value == 0.0 || value.is_nan()
        };
        match self.bitpix {
            Bitpix::U8 => bytes.iter().all(|&b| integer(b.into())),
            Bitpix::I16 => all(bytes, |b| integer(i16::from_be_bytes(b).into())),
            Bitpix::I32 => all(bytes, |b| integer(i32::from_be_bytes(b).into())),
            Bitpix::I64 => all(bytes, |b| integer(i64::from_be_bytes(b))),
            Bitpix::F32 => all(bytes, |b| float(f32::from_be_bytes(b).into())),
            Bitpix::F64 => all(bytes, |b| float(f64::from_be_bytes(b))),
        }
    }
}

fn each<const N: usize>(bytes: &[u8], mut take: impl FnMut([u8; N])) {
    bytes.as_chunks::<N>().0.iter().for_each(|pixel| take(*pixel));
}

fn all<const N: usize>(bytes: &[u8], test: impl Fn([u8; N]) -> bool) -> bool {
    bytes.as_chunks::<N>().0.iter().all(|pixel| test(*pixel))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaling(bitpix: Bitpix, scale: f64, zero: f64, blank: Option<i64>) -> Scaling {
        Scaling { bitpix, scale, zero, blank }
    }

    fn fill(scaling: Scaling, value: f64) -> Option<(StoredValue, Option<f64>)> {
        scaling.fill(value, "SCI in a.fits").ok().map(|fill| (fill.stored, fill.physical))
    }

    #[test]
    fn nothing_is_blank_where_there_is_one_and_else_zero() {
        let integer = |v| StoredValue::Integer(v);
        let short = scaling(Bitpix::I16, 1.0, 0.0, None);
        assert_eq!(fill(short, f64::NAN), Some((integer(0), Some(0.0))));
        let blank = Scaling { blank: Some(-32768), ..short };
        assert_eq!(fill(blank, f64::NAN), Some((integer(-32768), None)));
        // The zero of unsigned integers is the least stored number; that of a scale without zero its nearest.
        let unsigned = scaling(Bitpix::I16, 1.0, 32768.0, None);
        assert_eq!(fill(unsigned, f64::NAN), Some((integer(-32768), Some(0.0))));
        let high = scaling(Bitpix::U8, 0.5, 100.0, None);
        assert_eq!(fill(high, f64::NAN), Some((integer(0), Some(100.0))));
        // A blank that the type cannot hold is none.
        let odd = scaling(Bitpix::U8, 1.0, 0.0, Some(-1));
        assert_eq!(fill(odd, f64::NAN), Some((integer(0), Some(0.0))));
    }

    #[test]
    fn a_fill_value_is_physical_and_must_fit() {
        let unsigned = scaling(Bitpix::I16, 1.0, 32768.0, None);
        assert_eq!(fill(unsigned, 40000.0), Some((StoredValue::Integer(7232), Some(40000.0))));
        let byte = scaling(Bitpix::U8, 1.0, 0.0, None);
        for value in [-1.0, 256.0, 0.5, f64::INFINITY] {
            let error = byte.fill(value, "DQ in a.fits").unwrap_err().to_string();
            let told = format!("the pixels cannot hold the fill value {value}: DQ in a.fits");
            assert_eq!(error, told);
        }
        let float = scaling(Bitpix::F32, 1.0, 0.0, None);
        assert_eq!(fill(float, -99.5), Some((StoredValue::Float(-99.5), Some(-99.5))));
        assert_eq!(fill(float, 1e300), None);
        let scaled = scaling(Bitpix::F32, 2.0, 10.0, None);
        assert_eq!(fill(scaled, 0.0), Some((StoredValue::Float(-5.0), Some(0.0))));
    }

    #[test]
    fn zeros_blanks_and_nans_are_no_data_together() {
        let float = scaling(Bitpix::F32, 1.0, 0.0, None);
        let bytes =
            |values: &[f32]| values.iter().flat_map(|v| v.to_be_bytes()).collect::<Vec<_>>();
        assert!(float.no_data(&bytes(&[0.0, -0.0, f32::NAN])));
        assert!(!float.no_data(&bytes(&[0.0, f32::INFINITY])));
        let unsigned = scaling(Bitpix::I16, 1.0, 32768.0, Some(7));
        assert!(unsigned.no_data(&[0x80, 0, 0, 7]));
        assert!(!unsigned.no_data(&[0, 0]));
    }
}
