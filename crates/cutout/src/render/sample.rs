//! The two kinds of pixels, and their order as integers.

use hst_fits::PixelType;

use super::limits::{Division, Limits};
use super::stretch::Stretch;

/// A pixel as the arithmetic of the picture sees it: `f32` where the image stores 32-bit floats, else `f64`.
///
/// Which of the two matters: the reference computes in the image's own type, and its 255 steps move by a rounding
/// error of that type.
pub trait Sample:
    PixelType
    + PartialOrd
    + std::fmt::Debug
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + sealed::Sealed
    + 'static
{
}

impl Sample for f32 {}
impl Sample for f64 {}

pub(crate) mod sealed {
    use super::{Limits, Stretch};

    pub trait Sealed: Copy {
        /// Bits of [`to_key`](Self::to_key).
        const BITS: u32;
        /// Infinities as keys.
        const INFINITE: [u64; 2];
        /// An integer that has the order of the numbers. NaN lies outside the infinities.
        fn to_key(self) -> u64;
        fn from_key(key: u64) -> Self;
        fn finite(self) -> bool;
        fn to_f64(self) -> f64;
        /// The value rounded to the type.
        fn rounded(value: f64) -> Self;
        fn difference(self, other: Self) -> f64;
        /// The whole number nearest to `at`, not below 0 and below `places`, which is a power of two; 0 for NaN.
        fn nearest_place(at: Self, places: usize) -> u16;
        /// From pixel to 0..=255, not truncated; NaN stays.
        fn brightness(self, limits: &Limits, stretch: Stretch) -> f64;
    }
}

macro_rules! sample {
    ($type:ty, $bits:ty, $n:literal, $unit:literal) => {
        impl sealed::Sealed for $type {
            const BITS: u32 = $n;
            const INFINITE: [u64; 2] = [
                !<$type>::NEG_INFINITY.to_bits() as u64,
                (<$type>::INFINITY.to_bits() | 1 << ($n - 1)) as u64,
            ];

            #[inline]
            fn to_key(self) -> u64 {
                let bits = self.to_bits();
                // Negative numbers count backwards.
                let flip = (((bits as $bits as i64) << (64 - $n)) >> 63) as $bits | 1 << ($n - 1);
                (bits ^ flip).into()
            }

            #[allow(clippy::cast_possible_truncation, reason = "a key of this type has its bits")]
            fn from_key(key: u64) -> Self {
                let key = key as $bits;
                let positive = key >> ($n - 1) == 1;
                Self::from_bits(if positive { key ^ 1 << ($n - 1) } else { !key })
            }

            #[inline]
            fn finite(self) -> bool {
                self.is_finite()
            }

            #[inline]
            fn to_f64(self) -> f64 {
                self.into()
            }

            #[allow(clippy::cast_possible_truncation, reason = "rounding is what is asked for")]
            fn rounded(value: f64) -> Self {
                value as Self
            }

            fn difference(self, other: Self) -> f64 {
                (self - other).into()
            }

            #[inline]
            #[allow(clippy::cast_possible_truncation, reason = "the last bits are what is meant")]
            fn nearest_place(at: Self, places: usize) -> u16 {
                // Comparisons that are false for NaN.
                let at = if at > 0.0 { at } else { 0.0 };
                let last = (places - 1) as Self;
                let at = if at < last { at } else { last };
                // At this size numbers are one apart, so that the sum is rounded to a whole one, in its last bits.
                (at + $unit).to_bits() as u16 & (places - 1) as u16
            }

            // Every intermediate result is rounded to the pixel's type, as arrays of that type do.
            fn brightness(self, limits: &Limits, stretch: Stretch) -> f64 {
                let shifted = self - Self::rounded(limits.low);
                let width = limits.width;
                let unit = match limits.division {
                    _ if width == 0.0 => shifted,
                    Division::Double => Self::rounded(f64::from(shifted) / width),
                    Division::Pixel => shifted / Self::rounded(width),
                };
                let unit = unit.clamp(0.0, 1.0);
                let round = |value: f64| f64::from(Self::rounded(value));
                f64::from(255.0 * Self::rounded(stretch.apply(unit.into(), round)))
            }
        }
    };
}

sample!(f32, u32, 32, 8_388_608.0);
sample!(f64, u64, 64, 4_503_599_627_370_496.0);

#[cfg(test)]
mod tests {
    use super::sealed::Sealed;

    #[test]
    fn keys_have_the_order_of_the_numbers() {
        let numbers =
            [f32::NEG_INFINITY, -3e38, -1.0, -1e-45, -0.0, 0.0, 1e-45, 0.5, f32::INFINITY];
        for pair in numbers.windows(2) {
            assert!(pair[0].to_key() < pair[1].to_key(), "{pair:?}");
            assert!(f64::from(pair[0]).to_key() < f64::from(pair[1]).to_key(), "{pair:?}");
        }
        for number in numbers {
            assert_eq!(f32::from_key(number.to_key()).to_bits(), number.to_bits());
            let wide = f64::from(number);
            assert_eq!(f64::from_key(wide.to_key()).to_bits(), wide.to_bits());
        }
        assert_eq!([f32::NEG_INFINITY, f32::INFINITY].map(f32::to_key), f32::INFINITE);
        assert_eq!([f64::NEG_INFINITY, f64::INFINITY].map(f64::to_key), f64::INFINITE);
    }
}
