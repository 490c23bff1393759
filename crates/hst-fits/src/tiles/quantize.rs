//! Floats that were stored as integers. FITS 4.0, sect. 10.2 and appendix I.

use std::sync::OnceLock;

/// How the integers were dithered, `ZQUANTIZ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dither {
    None,
    /// `SUBTRACTIVE_DITHER_1`
    Subtractive,
    /// `SUBTRACTIVE_DITHER_2`: one integer is exactly zero.
    SubtractiveWithZero,
}

/// The integer of zeros, with `SUBTRACTIVE_DITHER_2`.
const ZERO: i32 = i32::MIN + 2;

/// How one tile's integers become floats.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scaling {
    pub(super) scale: f64,
    pub(super) zero: f64,
    /// The integer of NaN.
    pub(super) blank: i32,
    pub(super) dither: Dither,
    /// `ZDITHER0` and the tile's number, from 0.
    pub(super) seed: u64,
}

impl Scaling {
    /// Gives every pixel's value in their order.
    pub(super) fn each(&self, pixels: &[i32], mut take: impl FnMut(f64)) {
        let mut random = Random::new(self.seed);
        for &pixel in pixels {
            let dither = if self.dither == Dither::None { 0.5 } else { random.next() };
            take(match pixel {
                pixel if pixel == self.blank => f64::NAN,
                ZERO if self.dither == Dither::SubtractiveWithZero => 0.0,
                pixel => (f64::from(pixel) - dither + 0.5) * self.scale + self.zero,
            });
        }
    }
}

const RANDOMS: usize = 10_000;

/// The ten thousand numbers of the standard's appendix I, from the generator of Park & Miller (1988).
fn randoms() -> &'static [f32] {
    static TABLE: OnceLock<Vec<f32>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut seed: u64 = 1;
        let mut next = || {
            seed = seed * 16_807 % 2_147_483_647;
            #[expect(clippy::cast_possible_truncation, reason = "the table holds 32-bit floats")]
            let value = (seed as f64 / 2_147_483_647.0) as f32;
            value
        };
        (0..RANDOMS).map(|_| next()).collect()
    })
}

/// A walk through the table that begins anew, elsewhere, at its end.
struct Random {
    table: &'static [f32],
    start: usize,
    at: usize,
}

impl Random {
    fn new(seed: u64) -> Self {
        let start = usize::try_from(seed.saturating_sub(1) % RANDOMS as u64).unwrap_or(0);
        let table = randoms();
        Self { table, start, at: Self::entry(table, start) }
    }

    fn entry(table: &[f32], start: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 499")]
        let entry = (table[start] * 500.0) as usize;
        entry
    }

    fn next(&mut self) -> f64 {
        let value = self.table[self.at];
        self.at += 1;
        if self.at == RANDOMS {
            self.start = (self.start + 1) % RANDOMS;
            self.at = Self::entry(self.table, self.start);
        }
        value.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_standards() {
        // Appendix I: the seed after ten thousand steps is 1043618065.
        assert_eq!(randoms()[RANDOMS - 1], (1_043_618_065.0 / 2_147_483_647.0) as f32);
    }

    #[test]
    fn blanks_and_zeros_take_a_number_too() {
        let scaling = |dither| Scaling { scale: 2.0, zero: 10.0, blank: -9, dither, seed: 1 };
        let values = |dither, pixels: &[i32]| {
            let mut values = Vec::new();
            scaling(dither).each(pixels, |value| values.push(value));
            values
        };
        assert_eq!(values(Dither::None, &[3, ZERO + 1])[0], 16.0);
        let plain = values(Dither::Subtractive, &[0, 0, 5]);
        let odd = values(Dither::SubtractiveWithZero, &[-9, ZERO, 5]);
        assert!(odd[0].is_nan());
        assert_eq!((odd[1], odd[2]), (0.0, plain[2]));
        assert!((plain[2] - 20.0).abs() <= 1.0 && plain[2] != 20.0);
    }
}
