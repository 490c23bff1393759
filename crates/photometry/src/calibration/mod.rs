//! From count rates to physical fluxes, magnitudes, and the light beyond an aperture: pure functions of numbers.
//!
//! A *rate* is in the unit per second that PHOTFLAM refers to: electrons per second for ACS and WFC3, counts (DN) per
//! second for WFPC2. An image in electrons or counts is divided by its exposure time first; nothing here guesses.
//!
//! Nothing here corrects by itself for dust between us and the source ([`extinction`] takes its colour excess), or for
//! charge left behind in the detector: both need numbers that no image holds.

mod encircled;
mod extinction;
mod magnitude;

pub use encircled::{EncircledEnergy, EncircledTable, TableError};
pub use extinction::{R_V, extinction};
pub use magnitude::{Magnitude, asinh_magnitude, magnitude};

/// Speed of light in Å / s.
pub const LIGHT: f64 = 2.997_924_58e18;
/// Zero point of STMAG: −2.5 lg of 1 erg / (s cm² Å) is magnitude −21.10.
///
/// # Source
/// Koornneef et al. 1986, Highlights of Astronomy 7, 833; PHOTZPT in the headers of HST.
pub const ST_ZERO: f64 = -21.1;
/// Zero point of AB: −2.5 lg of 1 erg / (s cm² Hz) is magnitude −48.60.
///
/// # Source
/// Oke & Gunn 1983, ApJ 266, 713.
pub const AB_ZERO: f64 = -48.6;
/// AB magnitude of 1 µJy, 10⁻²⁹ erg / (s cm² Hz): 23.9 by [`AB_ZERO`].
pub const AB_OF_MICROJANSKY: f64 = 72.5 + AB_ZERO;

/// STMAG of a rate of one: `−2.5 lg PHOTFLAM − 21.10`; NaN unless PHOTFLAM is positive.
///
/// # Source
/// STScI, ACS Data Handbook, sect. 5.1; WFC3 Data Handbook, sect. 9.1.
pub fn st_zero_point(photflam: f64) -> f64 {
    -2.5 * positive(photflam).log10() + ST_ZERO
}

/// AB magnitude of a rate of one: `−2.5 lg PHOTFLAM − 5 lg PHOTPLAM + 2.5 lg c − 48.60`, c in Å / s; NaN unless both are
/// positive.
///
/// The last two terms are −2.407948…; −2.408, 18.6921 − 21.10 and ztfimg's −2.406 are roundings of them.
///
/// # Source
/// fν = fλ λ² / c at the pivot wavelength, which makes that exact for any spectrum (Koornneef et al. 1986; Bessell &
/// Murphy 2012, PASP 124, 140, eq. A11).
///
/// ```
/// use photometry::calibration::ab_zero_point;
/// // WFC3/UVIS F336W, whose published zero point is 24.691.
/// assert!((ab_zero_point(1.2860e-18, 3354.49) - 24.691).abs() < 2e-3);
/// ```
pub fn ab_zero_point(photflam: f64, photplam: f64) -> f64 {
    -2.5 * positive(photflam).log10() - 5.0 * positive(photplam).log10()
        + (2.5 * LIGHT.log10() + AB_ZERO)
}

/// The flux in µJy of `rate`, by the AB zero point of its unit: `rate · 10^(−0.4 (zp − 23.9))`. Also of an error.
pub fn microjansky(rate: f64, ab_zero_point: f64) -> f64 {
    rate * 10f64.powf(-0.4 * (ab_zero_point - AB_OF_MICROJANSKY))
}

/// Flux per wavelength, `rate · PHOTFLAM`, in erg / (s cm² Å). Also of an error.
pub fn flux_per_wavelength(rate: f64, photflam: f64) -> f64 {
    rate * positive(photflam)
}

/// Magnitudes per arcsec² of a rate spread evenly over `area_arcsec2`: `zp − 2.5 lg(rate / area)`; NaN unless positive.
pub fn surface_brightness(rate: f64, area_arcsec2: f64, zero_point: f64) -> f64 {
    zero_point - 2.5 * positive(rate / positive(area_arcsec2)).log10()
}

fn positive(value: f64) -> f64 {
    if value > 0.0 { value } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_points_are_those_published() {
        // STScI 2020, F814W of WFC3/UVIS: ST 25.961, AB 25.127.
        assert!((st_zero_point(1.4980e-19) - 25.961).abs() < 2e-3);
        assert!((ab_zero_point(1.4980e-19, 8039.06) - 25.127).abs() < 2e-3);
        // STMAG to AB is the handbooks' -5 lg PHOTPLAM + 18.6921.
        let (flam, plam) = (7.0486e-20, 8045.45_f64);
        let handbook = st_zero_point(flam) - 5.0 * plam.log10() + 18.6921;
        assert!((ab_zero_point(flam, plam) - handbook).abs() < 6e-5);
    }

    #[test]
    fn fluxes_agree_with_the_definition_of_ab() {
        let (flam, plam, rate) = (7.0486e-20, 8045.45, 12.0);
        let f_nu = flux_per_wavelength(rate, flam) * plam * plam / LIGHT;
        assert!((microjansky(rate, ab_zero_point(flam, plam)) / (f_nu * 1e29) - 1.0).abs() < 1e-12);
        assert_eq!(AB_OF_MICROJANSKY, 23.9);
        let spread = surface_brightness(rate, 4.0, 25.0);
        assert!((spread - (25.0 - 2.5 * 3.0_f64.log10())).abs() < 1e-14);
    }

    #[test]
    fn what_a_header_lacks_gives_no_number() {
        for (flam, plam) in [(0.0, 8000.0), (-1.0, 8000.0), (1e-19, 0.0), (f64::NAN, 1.0)] {
            assert!(ab_zero_point(flam, plam).is_nan(), "{flam} {plam}");
        }
        assert!(surface_brightness(-1.0, 1.0, 25.0).is_nan());
        assert!(surface_brightness(-1.0, -1.0, 25.0).is_nan());
    }
}
