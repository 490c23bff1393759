//! Words in letters of eight by eight dots.

use astro_coords::PixelCoord;
use font8x8::legacy::{BASIC_LEGACY, GREEK_LEGACY, LATIN_LEGACY};

use super::{Anchor, Canvas, SEAM, Style};

/// Dots of a letter along x and y.
const SIDE: usize = 8;
/// More letters than this are cut off.
const MOST: usize = 200;
/// What stands for a letter the font lacks.
const UNKNOWN: [u8; SIDE] = [0x7f, 0x41, 0x41, 0x41, 0x41, 0x41, 0x7f, 0];

/// A word at its place.
pub(super) struct Word {
    letters: Vec<[u8; SIDE]>,
    /// The lower left corner.
    corner: [f64; 2],
    dot: f64,
    style: Style,
}

impl Word {
    pub(super) fn new(
        words: &str,
        place: PixelCoord,
        anchor: Anchor,
        dot: u32,
        style: Style,
    ) -> Option<Self> {
        if !(place.x.is_finite() && place.y.is_finite()) || dot == 0 {
            return None;
        }
        let letters: Vec<_> = words.chars().take(MOST).map(glyph).collect();
        let dot = f64::from(dot);
        let (width, height) = ((letters.len() * SIDE) as f64 * dot, SIDE as f64 * dot);
        let [left, down] = match anchor {
            Anchor::Middle => [width / 2.0, height / 2.0],
            Anchor::Below => [width / 2.0, 0.0],
            Anchor::Left => [0.0, height / 2.0],
        };
        // On whole pixels, so that dots are sharp.
        let corner = [(place.x - left).round(), (place.y - down).round()];
        Some(Self { letters, corner, dot, style })
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) {
        let high = [self.letters.len(), 1].map(|n| (n * SIDE) as f64 * self.dot);
        let around = |axis: usize| [self.corner[axis] - 1.0, self.corner[axis] + high[axis]];
        let Some((xs, ys)) = canvas.clip(around(0), around(1)) else { return };
        for y in ys {
            for x in xs.clone() {
                let (dx, dy) = (x as f64 - self.corner[0], y as f64 - self.corner[1]);
                if self.is_ink(dx, dy) {
                    canvas.blend(x, y, self.style.color, 1.0);
                } else if self.style.seam && self.is_near_ink(dx, dy) {
                    canvas.blend(x, y, [0; 3], SEAM);
                }
            }
        }
    }

    /// Whether a letter covers the pixel that far from the lower left corner.
    fn is_ink(&self, dx: f64, dy: f64) -> bool {
        let (column, up) = ((dx / self.dot).floor(), (dy / self.dot).floor());
        if column < 0.0 || !(0.0..SIDE as f64).contains(&up) {
            return false;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative")]
        let (column, up) = (column as usize, up as usize);
        let letter = self.letters.get(column / SIDE);
        letter.is_some_and(|letter| letter[SIDE - 1 - up] >> (column % SIDE) & 1 == 1)
    }

    fn is_near_ink(&self, dx: f64, dy: f64) -> bool {
        (-1..=1).any(|i| (-1..=1).any(|j| self.is_ink(dx + f64::from(i), dy + f64::from(j))))
    }
}

/// The rows of a letter from the top, the leftmost dot in the lowest bit.
fn glyph(letter: char) -> [u8; SIDE] {
    let found = match u32::from(letter) {
        code @ 0x20..0x7f => BASIC_LEGACY.get(code as usize),
        code @ 0xa0..0x100 => LATIN_LEGACY.get(code as usize - 0xa0),
        code @ 0x390..0x3ca => GREEK_LEGACY.get(code as usize - 0x390),
        0x2032 => BASIC_LEGACY.get(0x27),
        0x2033 => BASIC_LEGACY.get(0x22),
        _ => None,
    };
    found.copied().unwrap_or(UNKNOWN)
}
