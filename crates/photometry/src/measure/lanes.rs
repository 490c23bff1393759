//! Four numbers side by side. Each operation is a loop of its own, which the compiler turns into a vector's.

use crate::Pixel;

pub(super) const LANES: usize = crate::aperture::PACK;

/// Values side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lanes([f64; LANES]);

impl Default for Lanes {
    fn default() -> Self {
        Self::all(0.0)
    }
}

impl Lanes {
    #[inline(always)]
    pub(super) fn all(value: f64) -> Self {
        Self([value; LANES])
    }

    /// Pixels from `at` on; zero beyond the last.
    #[inline(always)]
    pub(super) fn of<P: Pixel>(pixels: &[P], at: usize) -> Self {
        match pixels[at..].first_chunk() {
            Some(pack) => Self::of_pack(pack),
            None => Self::of_rest(&pixels[at..]),
        }
    }

    #[inline(always)]
    pub(super) fn of_pack<P: Pixel>(pack: &[P; LANES]) -> Self {
        let mut values = [0.0; LANES];
        for (value, pixel) in values.iter_mut().zip(pack) {
            *value = pixel.to_f64();
        }
        Self(values)
    }

    #[cold]
    fn of_rest<P: Pixel>(rest: &[P]) -> Self {
        Self(std::array::from_fn(|k| rest.get(k).map_or(0.0, |pixel| pixel.to_f64())))
    }

    /// `first`, `first + 1`, ...
    #[inline(always)]
    pub(super) fn from(first: f64) -> Self {
        Self([first, first + 1.0, first + 2.0, first + 3.0])
    }

    #[inline(always)]
    pub(super) fn zip(self, other: Self, with: impl Fn(f64, f64) -> f64) -> Self {
        let mut values = [0.0; LANES];
        for (value, (a, b)) in values.iter_mut().zip(self.0.iter().zip(&other.0)) {
            *value = with(*a, *b);
        }
        Self(values)
    }

    #[inline(always)]
    pub(super) fn map(self, with: impl Fn(f64) -> f64) -> Self {
        self.zip(self, |value, _| with(value))
    }

    #[inline(always)]
    pub(super) fn add(&mut self, other: Self) {
        *self = self.zip(other, |a, b| a + b);
    }

    #[inline(always)]
    pub(super) fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    pub(super) fn times(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    pub(super) fn minus(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    /// The higher of both; of a NaN the other.
    #[inline(always)]
    pub(super) fn higher(self, than: Self) -> Self {
        self.zip(than, |a, b| if a > b { a } else { b })
    }

    pub(super) fn total(&self) -> f64 {
        let v = self.0;
        (v[0] + v[2]) + (v[1] + v[3])
    }

    #[inline(always)]
    pub(super) fn highest(&self) -> f64 {
        let v = self.0;
        let higher = |a: f64, b: f64| if a > b { a } else { b };
        higher(higher(v[0], v[2]), higher(v[1], v[3]))
    }
}
