//! What drizzling does to noise, and what an aperture's noise costs.

use crate::{Error, Result};

/// The factor R by which the noise of a large area exceeds what the scatter of single pixels tells.
///
/// Drizzling spreads each input pixel over its neighbours, so pixels share noise and scatter less. With `scale` s, the
/// output pixel over the input pixel, and `pixfrac` p: 1/R = (s/p)(1 − s/(3p)) for s < p, else 1 − p/(3s) (Fruchter &
/// Hook 2002, PASP 114, 144, eq. 9 and 10; Casertano et al. 2000, AJ 120, 2747, eq. A19, A20). HST pipelines drizzle at
/// s = 1 with p = 1 or 0.8: R = 1.5 or 1.3636. It holds for the kernel `square`, apertures of many pixels, and noise
/// that is white before drizzling. Pass it as [`crate::MeasureOptions::noise_factor`], for noise measured from pixels
/// (background, annulus); the source's own electrons are conserved and get no factor.
///
/// # Errors
/// When `scale` is not positive and finite, or `pixfrac` is negative or not finite.
///
/// ```
/// use photometry::noise::drizzle_factor;
/// assert_eq!(drizzle_factor(1.0, 1.0)?, 1.5);
/// assert!((drizzle_factor(1.0, 0.8)? - 1.0 / (1.0 - 0.8 / 3.0)).abs() < 1e-15);
/// # Ok::<(), photometry::Error>(())
/// ```
pub fn drizzle_factor(scale: f64, pixfrac: f64) -> Result<f64> {
    if !(scale > 0.0 && scale.is_finite()) {
        let (name, allowed) = ("the drizzled scale over the native one", "positive");
        return Err(Error::OutOfRange { name, allowed, value: scale });
    }
    if !(pixfrac >= 0.0 && pixfrac.is_finite()) {
        return Err(Error::OutOfRange { name: "pixfrac", allowed: "zero or more", value: pixfrac });
    }
    // Written as fractions of whole numbers, so that s = p = 1 gives 1.5 to the last bit.
    if scale < pixfrac {
        let ratio = scale / pixfrac;
        return Ok(3.0 / (ratio * (3.0 - ratio)));
    }
    Ok(3.0 * scale / (3.0 * scale - pixfrac))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_branches_meet_and_known_values_hold() {
        assert_eq!(drizzle_factor(1.0, 1.0).unwrap(), 1.5);
        assert!((drizzle_factor(1.0, 0.8).unwrap() - 1.363_636_363_636_363_6).abs() < 1e-15);
        assert_eq!(drizzle_factor(1.0, 0.0).unwrap(), 1.0);
        let (below, above) = (drizzle_factor(1.0 - 1e-9, 1.0), drizzle_factor(1.0 + 1e-9, 1.0));
        assert!((below.unwrap() - above.unwrap()).abs() < 1e-8);
        // Fine pixels under wide drops: 1/R = (1/2)(1 - 1/6).
        assert!((drizzle_factor(0.5, 1.0).unwrap() - 2.4).abs() < 1e-15);
    }

    #[test]
    fn scales_that_make_no_sense_are_errors() {
        for (scale, pixfrac) in
            [(0.0, 1.0), (-1.0, 1.0), (f64::NAN, 1.0), (1.0, -0.1), (1.0, f64::NAN)]
        {
            assert!(drizzle_factor(scale, pixfrac).is_err(), "{scale} {pixfrac}");
        }
    }
}
