//! What drizzling does to noise, and the noise that empty apertures show.

mod empty;

pub use empty::{EmpiricalNoise, EmptyApertures, empty_aperture_noise};

use crate::{Error, Result};

/// The factor R by which the noise of a large area exceeds what the scatter of single pixels tells.
///
/// Drizzling spreads each input pixel over its neighbours, so pixels share noise and scatter less. With `scale` s, the
/// output pixel over the input pixel, and `pixfrac` p: 1/R = (s/p)(1 − s/(3p)) for s < p, else 1 − p/(3s). HST pipelines
/// drizzle at s = 1 with p = 1 or 0.8: R = 1.5 or 1.3636. It holds for the kernel `square`, apertures of many pixels (see
/// [`drizzle_factor_of_area`]), and noise that is white before drizzling. Pass it as
/// [`crate::MeasureOptions::noise_factor`], for noise measured from pixels (background, annulus); the source's own
/// electrons are conserved and get no factor.
///
/// # Source
/// Fruchter & Hook 2002, PASP 114, 144, on noise in drizzled images, whose r is p/s; Casertano et al. 2000, AJ 120, 2747,
/// appendix, whose √F_A is 1/R; DrizzlePac Handbook, sect. 3.3. Both branches are tested on noise that is drizzled here.
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

/// As [`drizzle_factor`], for an aperture of `area` output pixels, whose edge shares its noise with the outside.
///
/// An N × N block of pixels is as one pixel drizzled N times as large, so its noise lacks the factor of that pixel:
/// R(s) / R(N s) with N = √area. For one pixel that is 1, for 80 pixels at s = p = 1 it is 1.44 and not 1.5. Circles with
/// exact shares have a little more: 4 % at a radius of one pixel, 3 % at two, 1.3 % at five.
///
/// # Errors
/// As [`drizzle_factor`]; also when `area` is not positive and finite.
///
/// # Source
/// Fruchter & Hook 2002, PASP 114, 144, on sums of blocks of pixels.
///
/// ```
/// use photometry::noise::drizzle_factor_of_area;
/// assert_eq!(drizzle_factor_of_area(1.0, 1.0, 1.0)?, 1.0);
/// assert!((drizzle_factor_of_area(1.0, 1.0, 81.0)? - 1.5 * (1.0 - 1.0 / 27.0)).abs() < 1e-15);
/// # Ok::<(), photometry::Error>(())
/// ```
pub fn drizzle_factor_of_area(scale: f64, pixfrac: f64, area: f64) -> Result<f64> {
    if !(area > 0.0 && area.is_finite()) {
        return Err(Error::OutOfRange { name: "the area", allowed: "positive", value: area });
    }
    Ok(drizzle_factor(scale, pixfrac)? / drizzle_factor(area.sqrt() * scale, pixfrac)?)
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

    /// Averaged over all dithers, the weights of an input pixel along an axis are the drop convolved with the output
    /// pixel; R is the sum over all lags of their autocorrelation over its value at none, once for each axis.
    #[test]
    fn the_factor_is_the_sum_of_the_autocorrelation() {
        for (scale, pixfrac) in [(1.0, 1.0), (1.0, 0.8), (0.6, 1.0), (0.5, 0.9), (2.0, 0.7)] {
            let drop = pixfrac / scale;
            let steps = 2000;
            let middles = || (0..steps).map(|k| (f64::from(k) + 0.5) / f64::from(steps));
            let share = |pixel: f64, at: f64| {
                let (low, high) = (at - 0.5 * drop, at + 0.5 * drop);
                (high.min(pixel + 1.0) - low.max(pixel)).max(0.0)
            };
            let product = |u: f64, lag: f64| -> f64 {
                let shares = (-4..=4).map(f64::from).map(|o| share(o, u) * share(o + lag, u));
                shares.sum()
            };
            let lag = |lag: f64| middles().map(|u| product(u, lag)).sum::<f64>();
            let all: f64 = (-4..=4).map(f64::from).map(lag).sum();
            let expected = all / lag(0.0);
            let found = drizzle_factor(scale, pixfrac).unwrap();
            assert!((found - expected).abs() < 1e-5, "{scale} {pixfrac}: {found} {expected}");
        }
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
