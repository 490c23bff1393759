//! What flags say, in words.

use photometry::Flags;

/// The flags that a row may have, and what they say of it, in the order of their bits.
pub(super) const WORDS: [(Flags, &str); 14] = [
    (Flags::NO_OVERLAP, "outside the image"),
    (Flags::PARTIAL_OVERLAP, "reaches over the edge of the image"),
    (Flags::NO_PIXELS, "holds no pixel"),
    (Flags::MASKED_PIXELS, "masked pixels inside"),
    (Flags::NON_FINITE_DATA, "pixels without a value inside"),
    (Flags::NON_FINITE_ERROR, "pixels without an error inside"),
    (Flags::ALL_MASKED, "no usable pixel"),
    (Flags::SIGMA_CLIPPED, "pixels left out by clipping"),
    (Flags::TOO_FEW_PIXELS, "a single pixel inside"),
    (Flags::UNDEFINED_SHAPE, "light without a shape"),
    (Flags::SINGULAR_COVARIANCE, "light narrower than a pixel"),
    (Flags::CENTROID_OUTSIDE, "centre of light outside"),
    (Flags::UNCOVERED_PIXELS, "a chip gap or the edge of the exposures inside"),
    (Flags::NO_LOCAL_SKY, "no pixel in the ring of the sky"),
];

/// What flags say, in words.
pub(crate) fn flag_words(flags: u32) -> Vec<&'static str> {
    WORDS.iter().filter(|(flag, _)| flags & flag.bits() != 0).map(|(_, words)| *words).collect()
}
