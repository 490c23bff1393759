//! Pixels as they are stored: any BITPIX, bit for bit, unscaled.

use crate::{Bitpix, Error, Result};

/// An array of pixels in the type and bytes of the file: what BSCALE, BZERO and BLANK of a header apply to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPixels {
    bitpix: Bitpix,
    shape: (usize, usize),
    bytes: Vec<u8>,
}

impl StoredPixels {
    /// Pixels given by their big-endian bytes, row by row; the shape is `(ny, nx)`.
    ///
    /// # Errors
    /// When the number of bytes is another than `shape` and `bitpix` say.
    pub fn new(bitpix: Bitpix, shape: (usize, usize), bytes: Vec<u8>) -> Result<Self> {
        let expected = shape.0.checked_mul(shape.1).and_then(|n| n.checked_mul(bitpix.bytes()));
        if expected != Some(bytes.len()) {
            let problem = format!(
                "an image of (ny, nx) = {shape:?} with BITPIX = {} does not have {} bytes",
                bitpix.code(),
                bytes.len()
            );
            return Err(Error::Unwritable { problem });
        }
        Ok(Self { bitpix, shape, bytes })
    }

    /// An array of one value.
    ///
    /// # Errors
    /// When `bitpix` cannot hold the value.
    pub fn filled(bitpix: Bitpix, shape: (usize, usize), value: StoredValue) -> Result<Self> {
        let pixel = value.bytes(bitpix)?;
        Self::new(bitpix, shape, pixel.repeat(shape.0 * shape.1))
    }

    /// Pixels given as numbers, row by row; the shape is `(ny, nx)`.
    ///
    /// # Errors
    /// When the number of pixels is another than `shape` says.
    pub fn from_slice<T: StoredType>(shape: (usize, usize), pixels: &[T]) -> Result<Self> {
        let mut bytes = Vec::with_capacity(size_of_val(pixels));
        pixels.iter().for_each(|pixel| pixel.push(&mut bytes));
        Self::new(T::BITPIX, shape, bytes)
    }

    /// The stored type.
    pub fn bitpix(&self) -> Bitpix {
        self.bitpix
    }

    /// `(ny, nx)`
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// The big-endian bytes, row by row.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The big-endian bytes, row by row, for good.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The pixels as numbers, row by row; `None` when they are of another type than `T`.
    pub fn to_vec<T: StoredType>(&self) -> Option<Vec<T>> {
        let pixels = self.bytes.chunks_exact(self.bitpix.bytes());
        (T::BITPIX == self.bitpix).then(|| pixels.map(T::read).collect())
    }

    /// One pixel; `None` outside the array.
    pub fn at(&self, y: usize, x: usize) -> Option<StoredValue> {
        let n = self.bitpix.bytes();
        let first = if x < self.shape.1 { (y * self.shape.1 + x) * n } else { return None };
        self.bytes.get(first..first + n).map(|bytes| StoredValue::read(self.bitpix, bytes))
    }

    /// Room for a row at a time, for whoever fills it.
    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.bytes.chunks_exact_mut((self.shape.1 * self.bitpix.bytes()).max(1))
    }
}

/// A stored number, before any scaling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StoredValue {
    /// For BITPIX 8, 16, 32 and 64.
    Integer(i64),
    /// For BITPIX -32 and -64.
    Float(f64),
}

impl StoredValue {
    /// NaN for floats; for integers 0, the fill value of weights, contexts and flags.
    pub fn nothing(bitpix: Bitpix) -> Self {
        if bitpix.is_float() { Self::Float(f64::NAN) } else { Self::Integer(0) }
    }

    /// The big-endian bytes in that type.
    ///
    /// # Errors
    /// When the type cannot hold the value: a float for integers, an integer out of range. NaN, infinities and
    /// integers become floats.
    pub(crate) fn bytes(self, bitpix: Bitpix) -> Result<Vec<u8>> {
        let refused = || Error::Unwritable {
            problem: format!("BITPIX = {} cannot hold {self:?}", bitpix.code()),
        };
        #[expect(clippy::cast_possible_truncation, reason = "32-bit floats round")]
        let bytes = match (bitpix, self) {
            (Bitpix::F32, Self::Float(value)) => (value as f32).to_be_bytes().to_vec(),
            (Bitpix::F64, Self::Float(value)) => value.to_be_bytes().to_vec(),
            (Bitpix::F32, Self::Integer(value)) => (value as f32).to_be_bytes().to_vec(),
            (Bitpix::F64, Self::Integer(value)) => (value as f64).to_be_bytes().to_vec(),
            (Bitpix::U8, Self::Integer(value)) => {
                u8::try_from(value).ok().map(|v| vec![v]).ok_or_else(refused)?
            }
            (Bitpix::I16, Self::Integer(value)) => {
                i16::try_from(value).map_err(|_| refused())?.to_be_bytes().to_vec()
            }
            (Bitpix::I32, Self::Integer(value)) => {
                i32::try_from(value).map_err(|_| refused())?.to_be_bytes().to_vec()
            }
            (Bitpix::I64, Self::Integer(value)) => value.to_be_bytes().to_vec(),
            (_, Self::Float(_)) => return Err(refused()),
        };
        Ok(bytes)
    }

    fn read(bitpix: Bitpix, bytes: &[u8]) -> Self {
        match bitpix {
            Bitpix::U8 => Self::Integer(u8::read(bytes).into()),
            Bitpix::I16 => Self::Integer(i16::read(bytes).into()),
            Bitpix::I32 => Self::Integer(i32::read(bytes).into()),
            Bitpix::I64 => Self::Integer(i64::read(bytes)),
            Bitpix::F32 => Self::Float(f32::read(bytes).into()),
            Bitpix::F64 => Self::Float(f64::read(bytes)),
        }
    }
}

/// The types that FITS stores pixels in: `u8`, `i16`, `i32`, `i64`, `f32`, `f64`.
pub trait StoredType: Copy + Send + Sync + sealed::BigEndian {
    /// The type's number in a header.
    const BITPIX: Bitpix;
}

mod sealed {
    pub trait BigEndian: Sized {
        fn read(bytes: &[u8]) -> Self;
        fn push(self, out: &mut Vec<u8>);
    }
}
pub(crate) use sealed::BigEndian;

macro_rules! stored {
    ($($number:ty = $bitpix:ident),*) => {$(
        impl StoredType for $number {
            const BITPIX: Bitpix = Bitpix::$bitpix;
        }
        impl BigEndian for $number {
            /// The bytes past the first ones do not count, and missing ones are zero.
            fn read(bytes: &[u8]) -> Self {
                bytes.first_chunk().map_or_else(Self::default, |bytes| Self::from_be_bytes(*bytes))
            }
            fn push(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
        }
    )*};
}
stored!(u8 = U8, i16 = I16, i32 = I32, i64 = I64, f32 = F32, f64 = F64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_bit_for_bit() {
        let odd = [f32::from_bits(0x7fc0_1234), -0.0, f32::MIN_POSITIVE / 2.0, f32::INFINITY];
        let stored = StoredPixels::from_slice((2, 2), &odd).unwrap();
        let back: Vec<f32> = stored.to_vec().unwrap();
        assert_eq!(back.map_bits(), odd.to_vec().map_bits());
        assert_eq!(stored.to_vec::<i32>(), None);
        assert_eq!(stored.at(1, 1), Some(StoredValue::Float(f64::INFINITY)));
        assert_eq!((stored.at(0, 2), stored.at(2, 0)), (None, None));
    }

    trait MapBits {
        fn map_bits(&self) -> Vec<u32>;
    }
    impl MapBits for Vec<f32> {
        fn map_bits(&self) -> Vec<u32> {
            self.iter().map(|value| value.to_bits()).collect()
        }
    }

    #[test]
    fn a_fill_value_must_fit_its_type() {
        let filled = StoredPixels::filled(Bitpix::I16, (1, 2), StoredValue::Integer(-2)).unwrap();
        assert_eq!(filled.bytes(), [0xff, 0xfe, 0xff, 0xfe]);
        let error = StoredPixels::filled(Bitpix::U8, (1, 1), StoredValue::Integer(-1)).unwrap_err();
        assert_eq!(error.to_string(), "BITPIX = 8 cannot hold Integer(-1)");
        assert!(StoredPixels::filled(Bitpix::I32, (1, 1), StoredValue::Float(0.0)).is_err());
        assert!(StoredPixels::new(Bitpix::I32, (2, 2), vec![0; 15]).is_err());
    }
}
