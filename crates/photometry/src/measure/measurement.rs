use astro_coords::PixelCoord;

use crate::Flags;

/// What one aperture holds, the background subtracted.
///
/// Sums and areas take each pixel times its exact share in the aperture; centroid and peak take the pixels whose centre
/// lies inside, as photutils' `ApertureStats` does. Pixels that are left out are counted by reason, each under one only:
/// not covered, then masked (or of rejected quality), then not finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurement {
    /// Sum of the pixels less the background; NaN where no pixel is valid.
    pub sum: f64,
    /// Standard error of `sum`, √(R² (Σ f²σ² + A² σ_s²) + Σ f² v/g): R the noise factor, f the share, σ the noise of the
    /// pixel, A the area, σ_s the error of a local sky, v the light of the pixel and g the electrons per unit. NaN where no
    /// noise was given.
    pub sum_err: f64,
    /// `sum / sum_err`.
    pub snr: f64,
    /// Area of the valid pixels in the aperture, in pixels.
    pub area: f64,
    /// Area of the aperture itself, in pixels, on the image or not.
    pub geometric_area: f64,
    /// Centre of light; NaN without light.
    pub centroid: PixelCoord,
    /// Highest pixel less the background; NaN without a valid pixel's centre inside.
    pub peak: f64,
    /// Where the highest pixel lies, the first in the order of the rows.
    pub peak_at: PixelCoord,
    /// Sum of the background under the valid pixels.
    pub background_sum: f64,
    /// Mean over the aperture of the background's scatter of one pixel; NaN without a background.
    pub background_rms: f64,
    /// Pixels of the image that the aperture touches and that are left out.
    pub n_bad: u64,
    /// Those of them that are NaN or infinite.
    pub n_non_finite: u64,
    /// Those of them that the mask or their quality bits exclude.
    pub n_masked: u64,
    /// Those of them that no exposure covers.
    pub n_uncovered: u64,
    /// Area of the pixels left out over the aperture's area on the image.
    pub bad_fraction: f64,
    /// The quality bits of all pixels that the aperture touches, together.
    pub quality: u32,
    /// What is to be known before use.
    pub flags: Flags,
}

impl Measurement {
    pub(super) fn off_the_image(geometric_area: f64) -> Self {
        let nowhere = PixelCoord::new(f64::NAN, f64::NAN);
        Self {
            sum: f64::NAN,
            sum_err: f64::NAN,
            snr: f64::NAN,
            area: f64::NAN,
            geometric_area,
            centroid: nowhere,
            peak: f64::NAN,
            peak_at: nowhere,
            background_sum: f64::NAN,
            background_rms: f64::NAN,
            n_bad: 0,
            n_non_finite: 0,
            n_masked: 0,
            n_uncovered: 0,
            bad_fraction: f64::NAN,
            quality: 0,
            flags: Flags::NO_OVERLAP | Flags::NO_PIXELS,
        }
    }

    /// The counts and areas alone.
    pub(super) fn without_sums(self, why: Flags) -> Self {
        let Self {
            area, n_bad, n_non_finite, n_masked, n_uncovered, bad_fraction, quality, ..
        } = self;
        let flags = self.flags | why;
        let off = Self::off_the_image(self.geometric_area);
        Self {
            area,
            n_bad,
            n_non_finite,
            n_masked,
            n_uncovered,
            bad_fraction,
            quality,
            flags,
            ..off
        }
    }
}
