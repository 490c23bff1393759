//! The noise of a sum from apertures like it where there is nothing.

use photometry::noise::{EmptyApertures, empty_aperture_noise};
use photometry::{Aperture, Pixels};

use super::image::Image;
use super::local::Moved;

/// Apertures wanted, and the fewest that tell anything.
const COUNT: usize = 300;
const FEW: usize = 10;
/// Share of such an aperture that must be free of sources: large ones never are wholly.
const CLEAR: f64 = 0.6;

/// The error of a sum with the noise of empty apertures like it; NaN where there are fewer than ten. `own` is that of the
/// source's electrons.
pub(super) fn with_empty(
    own: f64,
    pixels: &Pixels<'_, Image>,
    aperture: &dyn Aperture,
) -> photometry::Result<f64> {
    let places = EmptyApertures {
        count: COUNT,
        attempts: 4 * COUNT,
        clear: CLEAR,
        ..EmptyApertures::default()
    };
    match empty_aperture_noise(pixels, |at| Moved::to(aperture, at), &places) {
        Ok(found) if found.n >= FEW => Ok(found.noise.hypot(if own.is_nan() { 0.0 } else { own })),
        Ok(_) | Err(photometry::Error::NoEmptyPlace { .. }) => Ok(f64::NAN),
        Err(error) => Err(error),
    }
}
