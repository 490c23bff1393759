//! Stored bytes become physical values.

use crate::{Bitpix, Hdu, Result, vectors};

/// A number that pixels are read as: `f32` or `f64`.
pub trait PixelType: Copy + Send + Sync + sealed::FromStored {}

impl PixelType for f32 {}
impl PixelType for f64 {}

mod sealed {
    pub trait FromStored {
        fn from_f64(value: f64) -> Self;
        fn from_f32(value: f32) -> Self;
        /// NaN, and the code of the type in cfitsio.
        #[cfg(feature = "cfitsio")]
        const NOTHING: Self;
        #[cfg(feature = "cfitsio")]
        const CFITSIO: std::ffi::c_int;
    }

    impl FromStored for f32 {
        #[cfg(feature = "cfitsio")]
        const NOTHING: Self = Self::NAN;
        #[cfg(feature = "cfitsio")]
        const CFITSIO: std::ffi::c_int = 42;
        fn from_f64(value: f64) -> Self {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the caller asked for 32-bit floats"
            )]
            let value = value as Self;
            value
        }
        fn from_f32(value: f32) -> Self {
            value
        }
    }

    impl FromStored for f64 {
        #[cfg(feature = "cfitsio")]
        const NOTHING: Self = Self::NAN;
        #[cfg(feature = "cfitsio")]
        const CFITSIO: std::ffi::c_int = 82;
        fn from_f64(value: f64) -> Self {
            value
        }
        fn from_f32(value: f32) -> Self {
            value.into()
        }
    }
}

/// How the pixels of one unit become physical values: `BZERO + BSCALE * stored`, BLANK as NaN.
/// FITS 4.0, sect. 4.4.2.5 and 5.3.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoder {
    bitpix: Bitpix,
    scale: f64,
    zero: f64,
    blank: Option<i64>,
}

impl Decoder {
    pub(crate) fn new(hdu: &Hdu) -> Result<Self> {
        let header = &hdu.header;
        let blank = if hdu.bitpix.is_float() { None } else { header.find("BLANK")? };
        Ok(Self {
            bitpix: hdu.bitpix,
            scale: header.find("BSCALE")?.unwrap_or(1.0),
            zero: header.find("BZERO")?.unwrap_or(0.0),
            blank,
        })
    }

    fn plain(&self) -> bool {
        self.scale == 1.0 && self.zero == 0.0
    }

    /// Decodes every `step`-th pixel of rows of `width` pixels.
    pub(crate) fn decode<T: PixelType>(
        &self,
        bytes: &[u8],
        width: usize,
        step: usize,
        out: &mut [T],
    ) {
        if step == 1 {
            return self.decode_all(bytes, out);
        }
        let n = self.bitpix.bytes();
        let out_rows = out.chunks_exact_mut(width.div_ceil(step).max(1));
        let mut picked = Vec::new();
        for (row, out) in bytes.chunks_exact((width * n).max(1)).zip(out_rows) {
            picked.clear();
            row.chunks_exact(n).step_by(step).for_each(|pixel| picked.extend_from_slice(pixel));
            self.decode_all(&picked, out);
        }
    }

    fn decode_all<T: PixelType>(&self, bytes: &[u8], out: &mut [T]) {
        match self.bitpix {
            Bitpix::F32 if self.plain() => each(bytes, out, |b| T::from_f32(f32::from_be_bytes(b))),
            Bitpix::F32 => each(bytes, out, |b| self.scaled(f64::from(f32::from_be_bytes(b)))),
            Bitpix::F64 => each(bytes, out, |b| self.scaled(f64::from_be_bytes(b))),
            Bitpix::U8 => each(bytes, out, |b: [u8; 1]| self.integer(b[0].into())),
            Bitpix::I16 => each(bytes, out, |b| self.integer(i16::from_be_bytes(b).into())),
            Bitpix::I32 => each(bytes, out, |b| self.integer(i32::from_be_bytes(b).into())),
            Bitpix::I64 => each(bytes, out, |b| self.integer(i64::from_be_bytes(b))),
        }
    }

    fn scaled<T: PixelType>(&self, stored: f64) -> T {
        T::from_f64(if self.plain() { stored } else { self.zero + self.scale * stored })
    }

    fn integer<T: PixelType>(&self, stored: i64) -> T {
        if self.blank == Some(stored) { T::from_f64(f64::NAN) } else { self.scaled(stored as f64) }
    }
}

fn each<const N: usize, T>(bytes: &[u8], out: &mut [T], decode: impl Fn([u8; N]) -> T) {
    vectors::run(Each { bytes, out, decode });
}

/// Every pixel for itself.
struct Each<'a, const N: usize, T, F: Fn([u8; N]) -> T> {
    bytes: &'a [u8],
    out: &'a mut [T],
    decode: F,
}

impl<const N: usize, T, F: Fn([u8; N]) -> T> vectors::Work for Each<'_, N, T, F> {
    #[inline(always)]
    fn run(self) {
        let (pixels, _) = self.bytes.as_chunks::<N>();
        for (out, pixel) in self.out.iter_mut().zip(pixels) {
            *out = (self.decode)(*pixel);
        }
    }
}
