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
    /// All pixels are masked or not finite.
    pub const ALL_MASKED: Self = Self(16);
    /// A pixel in the aperture is NaN or infinite.
    pub const NON_FINITE_DATA: Self = Self(32);

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
