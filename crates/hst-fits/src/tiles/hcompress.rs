//! `HCOMPRESS_1`. FITS 4.0, sect. 10.4.4; White, Postman & Lattanzi 1992, in Digitised Optical Sky Surveys, 167.
//!
//! Four quadrants of coefficients of the H-transform, coded bit plane by bit plane as quadtrees. Arithmetic wraps:
//! damaged bytes give wrong pixels, not a panic.

use std::num::Wrapping;

type Number = Wrapping<i64>;

const ONE: Number = Wrapping(1);
const ZERO: Number = Wrapping(0);

/// More bit planes than this have no place in 64 bits.
const MOST_PLANES: u8 = 62;

/// Decodes `n` pixels, `smooth` as `ZVALn` says; `None` where the bytes are no such tile.
pub(super) fn decode(bytes: &[u8], smooth: bool, n: usize) -> Option<Vec<i64>> {
    let (head, bits) = bytes.split_at_checked(25)?;
    let word = |at: usize| head[at..].first_chunk().map(|b| i32::from_be_bytes(*b));
    let sum = head[14..].first_chunk().map(|b| i64::from_be_bytes(*b))?;
    let (ny, nx, scale) = (word(2)?, word(6)?, word(10)?);
    let (ny, nx) = (usize::try_from(ny).ok()?, usize::try_from(nx).ok()?);
    let planes = &head[22..25];
    if head[..2] != [0xdd, 0x99] || ny.checked_mul(nx) != Some(n) || n == 0 {
        return None;
    }
    if planes.iter().any(|&planes| planes > MOST_PLANES) || n > super::MOST_PIXELS {
        return None;
    }
    let mut image = Image { pixels: vec![ZERO; n], ny, nx };
    let mut bits = Bits { bytes: bits, buffer: 0, count: 0 };
    image.read(&mut bits, planes)?;
    image.pixels[0] = Wrapping(sum);
    if scale > 1 {
        image.pixels.iter_mut().for_each(|pixel| *pixel *= i64::from(scale));
    }
    image.invert(if smooth { i64::from(scale) >> 1 } else { 0 });
    Some(image.pixels.into_iter().map(|pixel| pixel.0).collect())
}

struct Image {
    pixels: Vec<Number>,
    ny: usize,
    nx: usize,
}

impl Image {
    fn read(&mut self, bits: &mut Bits<'_>, planes: &[u8]) -> Option<()> {
        let (ny, nx) = (self.ny, self.nx);
        let (top, left) = (ny.div_ceil(2), nx.div_ceil(2));
        self.quadrant(bits, 0, (top, left), planes[0])?;
        self.quadrant(bits, left, (top, nx / 2), planes[1])?;
        self.quadrant(bits, nx * top, (ny / 2, left), planes[1])?;
        self.quadrant(bits, nx * top + left, (ny / 2, nx / 2), planes[2])?;
        if bits.nibble()? != 0 {
            return None;
        }
        // Signs of what is not zero, from a new byte on.
        bits.count = 0;
        for pixel in self.pixels.iter_mut().filter(|pixel| **pixel != ZERO) {
            if bits.take(1)? == 1 {
                *pixel = -*pixel;
            }
        }
        Some(())
    }

    /// One quadrant of `(ny, nx)` coefficients from the pixel `first` on.
    fn quadrant(
        &mut self,
        bits: &mut Bits<'_>,
        first: usize,
        (ny, nx): (usize, usize),
        planes: u8,
    ) -> Option<()> {
        if ny == 0 || nx == 0 {
            return Some(());
        }
        let mut codes = vec![0; ny.div_ceil(2) * nx.div_ceil(2)];
        for plane in (0..planes).rev() {
            match bits.nibble()? {
                0 => {
                    for code in &mut codes {
                        *code = bits.nibble()?;
                    }
                }
                0xf => quadtree(bits, &mut codes, (ny, nx))?,
                _ => return None,
            }
            self.insert(&codes, first, (ny, nx), usize::from(plane));
        }
        Some(())
    }

    /// Every code holds a bit for each pixel of a square of two by two.
    fn insert(&mut self, codes: &[u8], first: usize, (ny, nx): (usize, usize), plane: usize) {
        let bit = ONE << plane;
        let across = nx.div_ceil(2);
        for (i, &code) in codes.iter().enumerate().filter(|(_, code)| **code != 0) {
            let (y, x) = (i / across * 2, i % across * 2);
            for (mask, dy, dx) in [(8, 0, 0), (4, 0, 1), (2, 1, 0), (1, 1, 1)] {
                if code & mask != 0 && y + dy < ny && x + dx < nx {
                    self.pixels[first + (y + dy) * self.nx + x + dx] |= bit;
                }
            }
        }
    }

    /// The inverse H-transform, from the largest squares to the smallest.
    fn invert(&mut self, smoothing: i64) {
        let levels = self.ny.max(self.nx).next_power_of_two().ilog2();
        if levels == 0 {
            return;
        }
        let sizes = sizes((self.ny, self.nx), levels);
        let mut bit = ONE << (levels as usize - 1);
        self.pixels[0] = rounded(self.pixels[0], bit << 2, false);
        let mut buffer = Vec::new();
        for (level, &(ny, nx)) in sizes.iter().enumerate() {
            let last = level + 1 == sizes.len();
            for y in 0..ny {
                interleave(&mut self.pixels, y * self.nx, 1, nx, &mut buffer);
            }
            for x in 0..nx {
                interleave(&mut self.pixels, x, self.nx, ny, &mut buffer);
            }
            if smoothing > 0 {
                self.smooth((ny, nx), Wrapping(smoothing));
            }
            self.level((ny, nx), bit, last);
            bit >>= 1;
        }
    }

    /// Squares of two by two: their sum and differences become four values.
    fn level(&mut self, (ny, nx): (usize, usize), bit: Number, last: bool) {
        let shift = if last { 2 } else { 1 };
        let double = bit << 1;
        let width = self.nx;
        let carry = |h0: Number, low: Number| if h0 >= ZERO { h0 - low } else { h0 + low };
        for y in (0..ny).step_by(2) {
            for x in (0..nx).step_by(2) {
                let at = y * width + x;
                let h0 = self.pixels[at];
                match (y + 1 < ny, x + 1 < nx) {
                    (true, true) => {
                        let mut hx = rounded(self.pixels[at + width], double, false);
                        let mut hy = rounded(self.pixels[at + 1], double, false);
                        let hc = rounded(self.pixels[at + width + 1], bit, last);
                        let low = hc & bit;
                        hx = carry(hx, low);
                        hy = carry(hy, low);
                        let middle = (hc ^ hx ^ hy) & double;
                        let h0 = match (h0 >= ZERO, low == ZERO) {
                            (false, true) => h0 + middle,
                            _ => h0 + low - middle,
                        };
                        self.pixels[at + width + 1] = (h0 + hx + hy + hc) >> shift;
                        self.pixels[at + width] = (h0 + hx - hy - hc) >> shift;
                        self.pixels[at + 1] = (h0 - hx + hy - hc) >> shift;
                        self.pixels[at] = (h0 - hx - hy + hc) >> shift;
                    }
                    (false, false) => self.pixels[at] = h0 >> shift,
                    (down, _) => {
                        let other = if down { at + width } else { at + 1 };
                        let h = rounded(self.pixels[other], double, false);
                        let h0 = carry(h0, h & double);
                        self.pixels[other] = (h0 + h) >> shift;
                        self.pixels[at] = (h0 - h) >> shift;
                    }
                }
            }
        }
    }

    /// Moves differences that were quantised away towards what their neighbours say, by `most` at most.
    fn smooth(&mut self, (ny, nx): (usize, usize), most: Number) {
        for (step, along) in [(self.nx, (2, 0)), (1, (0, 2))] {
            let (top, left) = along;
            for y in (top..ny.saturating_sub(top)).step_by(2) {
                for x in (left..nx.saturating_sub(left)).step_by(2) {
                    self.smooth_difference(y * self.nx + x, step, most);
                }
            }
        }
        for y in (2..ny.saturating_sub(2)).step_by(2) {
            for x in (2..nx.saturating_sub(2)).step_by(2) {
                self.smooth_curvature(y * self.nx + x, most);
            }
        }
    }

    fn smooth_difference(&mut self, at: usize, step: usize, most: Number) {
        let [before, here, behind] = [at - 2 * step, at, at + 2 * step].map(|i| self.pixels[i]);
        let [rise, fall] = [behind - here, here - before];
        let upper = rise.min(fall).max(ZERO) << 2;
        let lower = rise.max(fall).min(ZERO) << 2;
        if lower < upper {
            let wanted = (behind - before).max(lower).min(upper);
            self.nudge(at + step, wanted, 3, most);
        }
    }

    fn smooth_curvature(&mut self, at: usize, most: Number) {
        let (nx, p) = (self.nx, &self.pixels);
        let [mm, pm] = [p[at - 2 * nx - 2], p[at + 2 * nx - 2]];
        let [mp, pp] = [p[at - 2 * nx + 2], p[at + 2 * nx + 2]];
        let (h0, hx, hy) = (p[at], p[at + nx] << 1, p[at + 1] << 1);
        let four = |limit: fn(Number) -> Number| {
            [
                limit(pp - h0) - hx - hy,
                limit(h0 - pm) + hx - hy,
                limit(h0 - mp) - hx + hy,
                limit(mm - h0) + hx + hy,
            ]
        };
        let upper = four(|v| v.max(ZERO)).into_iter().fold(Wrapping(i64::MAX), Number::min) << 4;
        let lower = four(|v| v.min(ZERO)).into_iter().fold(Wrapping(i64::MIN), Number::max) << 4;
        if lower < upper {
            let wanted = (pp + mm - mp - pm).max(lower).min(upper);
            self.nudge(at + nx + 1, wanted, 6, most);
        }
    }

    fn nudge(&mut self, at: usize, wanted: Number, shift: usize, most: Number) {
        let off = wanted - (self.pixels[at] << shift);
        let towards_zero = if off < ZERO { (ONE << shift) - ONE } else { ZERO };
        self.pixels[at] += ((off + towards_zero) >> shift).max(-most).min(most);
    }
}

/// To a multiple of `bit`, halves away from zero; with `last` there is nothing to round.
fn rounded(value: Number, bit: Number, last: bool) -> Number {
    let half = bit >> 1;
    let up = match (value >= ZERO, last) {
        (true, _) => half,
        (false, true) => ZERO,
        (false, false) => half - ONE,
    };
    (value + up) & -bit
}

/// The sizes of the image from the coarsest level on: halved and rounded up as often as levels are left.
fn sizes((ny, nx): (usize, usize), levels: u32) -> Vec<(usize, usize)> {
    let halved = |n: usize, times: u32| n.div_ceil(1 << times);
    (0..levels).rev().map(|left| (halved(ny, left), halved(nx, left))).collect()
}

/// The second half of `n` values goes between the first ones.
fn interleave(
    pixels: &mut [Number],
    first: usize,
    step: usize,
    n: usize,
    buffer: &mut Vec<Number>,
) {
    buffer.clear();
    buffer.extend((0..n).map(|i| pixels[first + i * step]));
    let (even, odd) = buffer.split_at(n.div_ceil(2));
    for (i, value) in even.iter().enumerate() {
        pixels[first + 2 * i * step] = *value;
    }
    for (i, value) in odd.iter().enumerate() {
        pixels[first + (2 * i + 1) * step] = *value;
    }
}

/// One bit plane: from the code of the whole plane down to a code for each square of two by two.
fn quadtree(bits: &mut Bits<'_>, codes: &mut [u8], (ny, nx): (usize, usize)) -> Option<()> {
    let levels = ny.max(nx).next_power_of_two().ilog2();
    codes[0] = bits.huffman()?;
    for left in (1..levels).rev() {
        let size = (ny.div_ceil(1 << left), nx.div_ceil(1 << left));
        expand(codes, size);
        for code in codes[..size.0 * size.1].iter_mut().rev().filter(|code| **code != 0) {
            *code = bits.huffman()?;
        }
    }
    Some(())
}

/// Four bits of a code each become a code of their own, in place: from the end on.
fn expand(codes: &mut [u8], (ny, nx): (usize, usize)) {
    let (half_y, half_x) = (ny.div_ceil(2), nx.div_ceil(2));
    for y in (0..half_y).rev() {
        for x in (0..half_x).rev() {
            let code = codes[y * half_x + x];
            for (shift, dy, dx) in [(0, 1, 1), (1, 1, 0), (2, 0, 1), (3, 0, 0)] {
                let (y, x) = (2 * y + dy, 2 * x + dx);
                if y < ny && x < nx {
                    codes[y * nx + x] = code >> shift & 1;
                }
            }
        }
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    buffer: u8,
    /// Bits of `buffer` that are left.
    count: u32,
}

impl Bits<'_> {
    /// Up to eight bits, the most significant first.
    fn take(&mut self, n: u32) -> Option<u8> {
        let mut bits = u16::from(self.buffer);
        if self.count < n {
            let (byte, rest) = self.bytes.split_first()?;
            bits = bits << 8 | u16::from(*byte);
            (self.buffer, self.bytes) = (*byte, rest);
            self.count += 8;
        }
        self.count -= n;
        u8::try_from(bits >> self.count & ((1 << n) - 1)).ok()
    }

    fn nibble(&mut self) -> Option<u8> {
        self.take(4)
    }

    /// The code of White's table: three to six bits for four.
    fn huffman(&mut self) -> Option<u8> {
        let mut code = self.take(3)?;
        if code < 4 {
            return Some(1 << code);
        }
        code = code << 1 | self.take(1)?;
        if let Some(&value) = [3, 5, 10, 12, 15].get(usize::from(code - 8)) {
            return Some(value);
        }
        code = code << 1 | self.take(1)?;
        if let Some(&value) = [6, 7, 9, 11, 13].get(usize::from(code - 26)) {
            return Some(value);
        }
        code = code << 1 | self.take(1)?;
        Some(if code == 62 { 0 } else { 14 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(ny: i32, nx: i32, sum: i64, planes: [u8; 3], bits: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0xdd, 0x99];
        [ny, nx, 1].iter().for_each(|n| bytes.extend(n.to_be_bytes()));
        bytes.extend(sum.to_be_bytes());
        bytes.extend(planes);
        bytes.extend(bits);
        bytes
    }

    #[test]
    fn tiles_of_one_value_are_flat() {
        // The sum of an image of 2^k pixels a side is scaled by half of that.
        let flat = tile(4, 4, 7 * 8, [0; 3], &[0]);
        assert_eq!(decode(&flat, false, 16), Some(vec![7; 16]));
        assert_eq!(decode(&tile(1, 1, -3, [0; 3], &[0]), true, 1), Some(vec![-3]));
    }

    #[test]
    fn what_is_no_tile_is_refused() {
        let flat = tile(4, 4, 0, [0; 3], &[0]);
        assert_eq!(decode(&flat, false, 15), None);
        assert_eq!(decode(&flat[..25], false, 16), None);
        assert_eq!(decode(&tile(4, 4, 0, [200; 3], &[0; 99]), false, 16), None);
        assert_eq!(decode(&tile(-4, 4, 0, [0; 3], &[0]), false, 16), None);
        assert_eq!(decode(&tile(4, 4, 0, [3; 3], &[0x11; 99]), false, 16), None);
    }

    #[test]
    fn extreme_numbers_wrap() {
        // Every bit of every coefficient of 5 x 3 pixels, whose quadrants have 2, 2, 1 and 1 codes.
        let mut nibbles = Vec::new();
        for codes in [2, 2, 1, 1] {
            for _ in 0..62 {
                nibbles.push(0);
                nibbles.extend(vec![0xf; codes]);
            }
        }
        nibbles.extend([0, 0]);
        let mut bits: Vec<u8> = nibbles.chunks(2).map(|two| two[0] << 4 | two[1]).collect();
        bits.extend([0xa5; 4]);
        for sum in [i64::MAX, i64::MIN, -1] {
            assert!(decode(&tile(5, 3, sum, [62; 3], &bits), true, 15).is_some());
        }
    }
}
