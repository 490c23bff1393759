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
    /// The least pixel of each brightness from 1 on; NaN, which no pixel reaches, behind the last.
    first: [T; 256],
    /// A brightness that no pixel of the place is below.
    floor: Box<[u8; PLACES]>,
    /// How many brightnesses begin in one place at most.
    steps: usize,
    low: T,
    scale: T,
    /// What turns light into dark, or nothing.
    flip: u8,
}

/// Pixels that are looked up together.
const TOGETHER: usize = 64;

impl<T: Sample> Levels<T> {
    pub(crate) fn new(limits: &Limits, stretch: Stretch, tone: Tone) -> Self {
        let mut first = [T::rounded(f64::NAN); 256];
        let levels = (1..=255_u8).map_while(|level| least(level, limits, stretch));
        first.iter_mut().zip(levels).for_each(|(first, level)| *first = level);
        let width = if limits.width == 0.0 { 1.0 } else { limits.width };
        let mut levels = Self {
            first,
            floor: Box::new([0; PLACES]),
            steps: 0,
            low: T::rounded(limits.low),
            scale: T::rounded(PLACES as f64 / width),
            flip: if tone == Tone::Negative { u8::MAX } else { 0 },
        };
        levels.fill_floor();
        levels
    }

    fn fill_floor(&mut self) {
        let reached = self.first.iter().take_while(|value| value.finite());
        let places: Vec<usize> = reached.map(|value| self.place(*value).into()).collect();
        let same = places.chunk_by(|a, b| a == b);
        self.steps = same.map(<[usize]>::len).max().unwrap_or(0);
        let mut below = 0;
        for (place, floor) in self.floor.iter_mut().enumerate() {
            while below < places.len() && places[below] < place {
                below += 1;
            }
            *floor = u8::try_from(below).unwrap_or(u8::MAX);
        }
    }

    /// It rises with the value; that of NaN is 0.
    #[inline]
    fn place(&self, value: T) -> u16 {
        T::nearest_place((value - self.low) * self.scale, PLACES)
    }

    /// The brightness; NaN counts as black before any inversion.
    #[inline]
    fn of(&self, value: T, place: u16) -> u8 {
        let mut level = self.floor[usize::from(place) % PLACES];
        while value >= self.first[usize::from(level)] {
            level += 1;
        }
        level ^ self.flip
    }

    /// The same where no place has two steps: without a branch, which noise makes a guess.
    #[inline]
    fn near(&self, value: T, place: u16) -> u8 {
        let floor = self.floor[usize::from(place) % PLACES];
        (floor + u8::from(value >= self.first[usize::from(floor)])) ^ self.flip
    }

    pub(crate) fn apply(&self, pixels: &[T], out: &mut [u8]) {
        if self.steps <= 1 {
            self.each(pixels, out, |value, place| self.near(value, place));
        } else {
            self.each(pixels, out, |value, place| self.of(value, place));
        }
    }

    fn each(&self, pixels: &[T], out: &mut [u8], level: impl Fn(T, u16) -> u8) {
        let mut places = [0; TOGETHER];
        for (pixels, out) in pixels.chunks(TOGETHER).zip(out.chunks_mut(TOGETHER)) {
            // A loop without lookups, which the processor does for several pixels at once.
            let each = places.iter_mut().zip(pixels);
            each.for_each(|(place, pixel)| *place = self.place(*pixel));
            for ((out, pixel), place) in out.iter_mut().zip(pixels).zip(places) {
                *out = level(*pixel, place);
            }
        }
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

    fn one<T: Sample>(levels: &Levels<T>, value: T) -> u8 {
        let mut out = [0];
        levels.apply(&[value], &mut out);
        out[0]
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
                prop_assert_eq!(one(&narrow, value as f32), plainly(value as f32, &limits, stretch), "{}", value);
                prop_assert_eq!(one(&wide, value), 255 - plainly(value, &limits, stretch), "{}", value);
            }
        }
    }

    #[test]
    fn limits_on_one_value_leave_the_scale_alone() {
        // The reference does not divide then: what is one above the limit is white.
        let limits = Limits::wide(5.0, 5.0);
        let levels = Levels::<f32>::new(&limits, Stretch::Linear, Tone::Positive);
        assert_eq!([4.0, 5.0, 5.5, 6.0, 7.0].map(|v| one(&levels, v)), [0, 0, 127, 255, 255]);
    }
}
