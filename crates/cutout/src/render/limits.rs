//! Which pixel values become black and white.

use super::select::{extremes, ranked};
use super::source::Rows;
use super::zscale::zscale;
use super::{RenderError, RenderResult, Sample};

/// How the limits of the brightness are found. NaN and infinite pixels never count.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Interval {
    /// Two percentiles of all pixels, linear between neighbours as NumPy's default.
    Percent(f64, f64),
    /// These values.
    Range(f64, f64),
    /// The faintest and the brightest pixel.
    MinMax,
    /// IRAF's zscale of a thousand evenly spaced pixels, contrast 0.25, as astropy 8.0.2.
    ZScale,
}

/// astrocut's: 0.5 and 99.5 per cent.
impl Default for Interval {
    fn default() -> Self {
        Self::Percent(0.5, 99.5)
    }
}

impl Interval {
    /// Whether it can be used at all.
    ///
    /// # Errors
    /// When a number is not finite, no percentile, or the first is above the second.
    pub fn check(self) -> RenderResult<()> {
        let (what, low, high) = match self {
            Self::Percent(low, high) => ("percentage", low, high),
            Self::Range(low, high) => ("range", low, high),
            Self::MinMax | Self::ZScale => return Ok(()),
        };
        if !(low.is_finite() && high.is_finite()) {
            Err(RenderError::NotFinite { low, high })
        } else if low > high {
            Err(RenderError::Reversed { what, low, high })
        } else if matches!(self, Self::Percent(..)) && (low < 0.0 || high > 100.0) {
            Err(RenderError::NotPercent { low, high })
        } else {
            Ok(())
        }
    }

    /// The limits of `image`. Reads it once to five times, and keeps some megabytes for each thread.
    ///
    /// # Errors
    /// As [`check`](Self::check); when no pixel is finite; when the image cannot be read.
    pub fn limits<T: Sample>(self, image: &dyn Rows<T>) -> RenderResult<Limits> {
        self.check()?;
        match self {
            Self::Percent(low, high) => percentiles(image, [low, high]),
            Self::Range(low, high) => {
                Ok(Limits { low, high, width: high - low, division: Division::Pixel })
            }
            Self::MinMax => {
                let (low, high) = extremes(image)?;
                let width = high.difference(low);
                let (low, high) = (low.to_f64(), high.to_f64());
                Ok(Limits { low, high, width, division: Division::Pixel })
            }
            Self::ZScale => zscale(image).map(|(low, high)| Limits::wide(low, high)),
        }
    }
}

/// The pixel values that become black and white.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Black.
    pub low: f64,
    /// White.
    pub high: f64,
    pub(crate) width: f64,
    pub(crate) division: Division,
}

impl Limits {
    /// Limits in double precision.
    pub(crate) fn wide(low: f64, high: f64) -> Self {
        Self { low, high, width: high - low, division: Division::Double }
    }

    /// Whether every pixel within the limits has one value, so that there is nothing to see.
    pub fn is_flat(&self) -> bool {
        self.width == 0.0
    }
}

/// In which type the reference divides by the width: it depends on where its limits come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Division {
    Double,
    Pixel,
}

fn percentiles<T: Sample>(image: &dyn Rows<T>, percent: [f64; 2]) -> RenderResult<Limits> {
    let place = |percent: f64, n: u64| (n - 1) as f64 * (percent / 100.0);
    let ranks = |n: u64| {
        let [low, high] = percent.map(|percent| whole(place(percent, n)));
        [low, (low + 1).min(n - 1), high, (high + 1).min(n - 1)]
    };
    // The number of finite pixels is only known when ranks are asked for.
    let count = std::cell::Cell::new(0);
    let found = ranked(image, |n| {
        count.set(n);
        ranks(n)
    })?;
    let share = |percent| {
        let at = place(percent, count.get());
        at - at.floor()
    };
    let low = between(found[0], found[1], share(percent[0]));
    let high = between(found[2], found[3], share(percent[1]));
    Ok(Limits::wide(low, high))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
fn whole(place: f64) -> u64 {
    place.floor() as u64
}

/// NumPy's linear interpolation, from the nearer end.
fn between<T: Sample>(a: T, b: T, t: f64) -> f64 {
    let step = b.difference(a);
    if t >= 0.5 { b.to_f64() - step * (1.0 - t) } else { a.to_f64() + step * t }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn percentiles_lie_between_pixels() {
        let image = Array2::from_shape_fn((5, 5), |(y, x)| (y * 5 + x) as f32);
        let limits = Interval::Percent(10.0, 90.0).limits(&image.view()).unwrap();
        assert!((limits.low - 2.4).abs() < 1e-12 && (limits.high - 21.6).abs() < 1e-12);
        let all = Interval::Percent(0.0, 100.0).limits(&image.view()).unwrap();
        assert_eq!((all.low, all.high), (0.0, 24.0));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let image = array![[f32::NAN, f32::INFINITY]];
        let message = |interval: Interval| interval.limits(&image.view()).unwrap_err().to_string();
        assert_eq!(
            message(Interval::Percent(99.0, 1.0)),
            "the percentage 99 to 1 runs downwards; to turn light into dark, invert"
        );
        assert_eq!(
            message(Interval::Range(2.0, 1.0)),
            "the range 2 to 1 runs downwards; to turn light into dark, invert"
        );
        for bad in [(-1.0, 50.0), (1.0, 101.0)] {
            let text = format!("percentiles lie within 0 and 100, not {} to {}", bad.0, bad.1);
            assert_eq!(message(Interval::Percent(bad.0, bad.1)), text);
        }
        assert_eq!(
            message(Interval::Range(f64::NAN, 1.0)),
            "limits are finite numbers, not NaN to 1"
        );
        for interval in [Interval::default(), Interval::MinMax, Interval::ZScale] {
            let text = "no pixel has a value, all are NaN or infinite: the image";
            assert_eq!(message(interval), text);
        }
    }
}
