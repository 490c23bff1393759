use std::ops::{BitOr, BitOrAssign};

/// What is to be known of a measurement before it is used; the bits are those of photutils 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flags(u32);

impl Flags {
    /// The aperture's box lies off the image.
    pub const NO_OVERLAP: Self = Self(1);
    /// A part of the aperture's box lies off the image.
    pub const PARTIAL_OVERLAP: Self = Self(2);
    /// No pixel centre lies in the aperture.
    pub const NO_PIXELS: Self = Self(4);
    /// A pixel in the aperture is masked, or of rejected quality.
    pub const MASKED_PIXELS: Self = Self(8);
    /// All pixels are masked or not finite.
    pub const ALL_MASKED: Self = Self(16);
    /// A pixel in the aperture is NaN or infinite.
    pub const NON_FINITE_DATA: Self = Self(32);
    /// The noise or gain of a pixel in the aperture is NaN, infinite or negative.
    pub const NON_FINITE_ERROR: Self = Self(64);
    /// No exposure covers a pixel in the aperture: a chip gap, or the footprint's edge. Ours, not photutils'.
    pub const UNCOVERED_PIXELS: Self = Self(1 << 16);

    /// The bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Flags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
