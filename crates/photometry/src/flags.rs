use std::ops::{BitOr, BitOrAssign};

/// What is to be known of a measurement before it is used; the bits are those of photutils 3.1.1.
///
/// Bits 64 and 128 are kept free: photutils' neighbours in a segmentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flags(u32);

impl Flags {
    pub(crate) const NONE: Self = Self(0);
    /// No pixel of the image has a share in the aperture, and pixels beyond its edge have.
    pub const NO_OVERLAP: Self = Self(1);
    /// The aperture reaches over the edge of the image.
    pub const PARTIAL_OVERLAP: Self = Self(2);
    /// No pixel of the image has a share in the aperture, or no pixel's centre lies inside.
    pub const NO_PIXELS: Self = Self(4);
    /// A pixel in the aperture is masked, or of rejected quality.
    pub const MASKED_PIXELS: Self = Self(8);
    /// A pixel in the aperture is NaN or infinite.
    pub const NON_FINITE_DATA: Self = Self(16);
    /// The noise or gain of a pixel in the aperture is NaN, infinite or negative.
    pub const NON_FINITE_ERROR: Self = Self(32);
    /// All pixels are masked, not covered or not finite.
    pub const ALL_MASKED: Self = Self(256);
    /// Clipping left a pixel out.
    pub const SIGMA_CLIPPED: Self = Self(512);
    /// Clipping left no pixel.
    pub const ALL_CLIPPED: Self = Self(1024);
    /// A single pixel's centre counts, so that the errors of mean and median are not defined.
    pub const TOO_FEW_PIXELS: Self = Self(2048);
    /// The light in the aperture is zero or negative, or its second moments are no shape's.
    pub const UNDEFINED_SHAPE: Self = Self(4096);
    /// The light is narrower than a pixel along an axis, which was widened to one.
    pub const SINGULAR_COVARIANCE: Self = Self(8192);
    /// The centre of light lies outside the aperture's box, as pixels below zero may bring about.
    pub const CENTROID_OUTSIDE: Self = Self(16384);
    /// No exposure covers a pixel in the aperture: a chip gap, or the footprint's edge. Ours, not photutils'.
    pub const UNCOVERED_PIXELS: Self = Self(1 << 16);
    /// The annulus of the local sky has no valid pixel. Ours.
    pub const NO_LOCAL_SKY: Self = Self(1 << 17);

    /// The bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The flag if `when` holds, else none.
    pub(crate) const fn when(self, when: bool) -> Self {
        if when { self } else { Self(0) }
    }

    /// Without the bits of `other`.
    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
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
