//! From pixel to one of 256 brightnesses.

use super::limits::Limits;
use super::stretch::Stretch;
use super::{Sample, Tone};

/// Places of the table that leads to the brightness.
const PLACES: usize = 1 << 14;

/// Where each brightness begins.
///
/// Scaling and stretching never turn the order of pixels around, so 255 pixel values say everything. They are found by
/// bisection on the arithmetic of the reference; no pixel pays for a logarithm, and every pixel gets just what it would
/// have got.
#[derive(Debug)]
pub(crate) struct Levels<T> {
    /// The least pixel of each brightness from 1 on.
    first: Vec<T>,
    /// A brightness that no pixel of the place is below.
    floor: Vec<u8>,
    low: T,
    scale: T,
    tone: Tone,
}

impl<T: Sample> Levels<T> {
    pub(crate) fn new(limits: &Limits, stretch: Stretch, tone: Tone) -> Self {
        let first: Vec<T> = (1..=255_u8).map_while(|level| least(level, limits, stretch)).collect();
        let width = if limits.width == 0.0 { 1.0 } else { limits.width };
        let mut levels = Self {
            first,
            floor: Vec::new(),
            low: T::rounded(limits.low),
            scale: T::rounded(PLACES as f64 / width),
            tone,
        };
        levels.floor = levels.floors();
        levels
    }

    fn floors(&self) -> Vec<u8> {
        let places: Vec<usize> = self.first.iter().map(|value| self.place(*value)).collect();
        let mut below = 0;
        let floor = |place| {
            while below < places.len() && places[below] < place {
                below += 1;
            }
            u8::try_from(below).unwrap_or(u8::MAX)
        };
        (0..PLACES).map(floor).collect()
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it saturates; NaN gives 0"
    )]
    #[inline]
    fn place(&self, value: T) -> usize {
        let place = ((value - self.low) * self.scale).to_f64() as i32;
        place.clamp(0, PLACES as i32 - 1) as usize
    }

    /// The brightness; NaN counts as black before any inversion.
    #[inline]
    fn of(&self, value: T) -> u8 {
        let mut level = self.floor[self.place(value)];
        while let Some(next) = self.first.get(usize::from(level))
            && value >= *next
        {
            level += 1;
        }
        match self.tone {
            Tone::Positive => level,
            Tone::Negative => 255 - level,
        }
    }

    pub(crate) fn apply(&self, pixels: &[T], out: &mut [u8]) {
        out.iter_mut().zip(pixels).for_each(|(out, pixel)| *out = self.of(*pixel));
    }
}

/// The least pixel that is at least so bright; `None` where no pixel is.
fn least<T: Sample>(level: u8, limits: &Limits, stretch: Stretch) -> Option<T> {
    let reaches = |key| T::from_key(key).brightness(limits, stretch) >= f64::from(level);
    let [mut low, mut high] = T::INFINITE;
    if !reaches(high) {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if reaches(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(T::from_key(low))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::limits::Division;
    use super::*;

    fn plainly<T: Sample>(value: T, limits: &Limits, stretch: Stretch) -> u8 {
        let brightness = value.brightness(limits, stretch);
        // A float that becomes a u8 loses its fraction, and NaN becomes 0.
        brightness as u8
    }

    proptest! {
        #[test]
        fn the_table_gives_what_the_arithmetic_gives(
            low in -1e3..1e3, width in 0.0..1e3, stretch in 0_usize..5, pixel in any::<bool>(), inside in prop::collection::vec(-0.1..1.1, 300)
        ) {
            let division = if pixel { Division::Pixel } else { Division::Double };
            let limits = Limits { low, high: low + width, width, division };
            let stretch = Stretch::ALL[stretch].1;
            let narrow = Levels::<f32>::new(&limits, stretch, Tone::Positive);
            let wide = Levels::<f64>::new(&limits, stretch, Tone::Negative);
            let ends = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, low, low + width];
            for value in inside.iter().map(|t| low + t * width).chain(ends) {
                prop_assert_eq!(narrow.of(value as f32), plainly(value as f32, &limits, stretch), "{}", value);
                prop_assert_eq!(wide.of(value), 255 - plainly(value, &limits, stretch), "{}", value);
            }
        }
    }

    #[test]
    fn limits_on_one_value_leave_the_scale_alone() {
        // The reference does not divide then: what is one above the limit is white.
        let limits = Limits::wide(5.0, 5.0);
        let levels = Levels::<f32>::new(&limits, Stretch::Linear, Tone::Positive);
        assert_eq!([4.0, 5.0, 5.5, 6.0, 7.0].map(|v| levels.of(v)), [0, 0, 127, 255, 255]);
    }
}
