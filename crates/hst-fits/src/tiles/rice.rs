//! `RICE_1`. FITS 4.0, sect. 10.4.1; Pence et al. 2009, PASP 121, 414.

/// Width of a decoded pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    U8,
    I16,
    I32,
}

impl Word {
    /// Bits that say how a block is coded, the code of blocks that are not, and bits of a pixel.
    fn sizes(self) -> (u32, u32, u32) {
        match self {
            Self::U8 => (3, 6, 8),
            Self::I16 => (4, 14, 16),
            Self::I32 => (5, 25, 32),
        }
    }
}

/// Decodes `n` pixels of blocks of `block`; `None` when the bytes end before.
pub(super) fn decode(bytes: &[u8], word: Word, block: usize, n: usize) -> Option<Vec<i32>> {
    let (code_bits, verbatim, pixel_bits) = word.sizes();
    // A block costs its code at least: a promise of more pixels is not worth their memory.
    let most = (bytes.len().saturating_mul(8) / code_bits as usize).saturating_mul(block.max(1));
    if n == 0 || block == 0 || n > most {
        return (n == 0).then(Vec::new);
    }
    let narrow = |value: i32| match word {
        Word::U8 => value & 0xff,
        #[expect(clippy::cast_possible_truncation, reason = "the arithmetic of the code wraps")]
        Word::I16 => i32::from(value as i16),
        Word::I32 => value,
    };
    let mut bits = Bits { bytes, buffer: 0, count: 0 };
    let mut pixels = Vec::with_capacity(n);
    let mut last = narrow(bits.take(pixel_bits)?.cast_signed());
    while pixels.len() < n {
        let length = block.min(n - pixels.len());
        match bits.take(code_bits)? {
            0 => pixels.resize(pixels.len() + length, last),
            code => {
                let low_bits = code - 1;
                for _ in 0..length {
                    let folded = if low_bits == verbatim {
                        bits.take(pixel_bits)?
                    } else {
                        (bits.zeros()? << low_bits) | bits.take(low_bits)?
                    };
                    // Folded: 0, -1, 1, -2, 2, ...
                    let difference = (folded >> 1).cast_signed() ^ -((folded & 1).cast_signed());
                    last = narrow(last.wrapping_add(difference));
                    pixels.push(last);
                }
            }
        }
    }
    Some(pixels)
}

/// Bits from the most significant one on.
struct Bits<'a> {
    bytes: &'a [u8],
    /// The next `count` bits at its upper end, zeros behind.
    buffer: u64,
    count: u32,
}

impl Bits<'_> {
    fn fill(&mut self) {
        while self.count <= 56 {
            let Some((byte, rest)) = self.bytes.split_first() else { return };
            self.buffer |= u64::from(*byte) << (56 - self.count);
            self.count += 8;
            self.bytes = rest;
        }
    }

    /// Up to 32 bits.
    fn take(&mut self, n: u32) -> Option<u32> {
        if n == 0 {
            return Some(0);
        }
        if self.count < n {
            self.fill();
        }
        self.count = self.count.checked_sub(n)?;
        let taken = self.buffer >> (64 - n);
        self.buffer <<= n;
        u32::try_from(taken).ok()
    }

    /// Zeros before the next one, which is taken too.
    fn zeros(&mut self) -> Option<u32> {
        let mut zeros = 0;
        loop {
            if self.count == 0 {
                self.fill();
            }
            if self.count == 0 {
                return None;
            }
            let leading = self.buffer.leading_zeros().min(self.count);
            zeros += leading;
            if leading < self.count {
                self.count -= leading + 1;
                // Two shifts: 64 at once are not allowed.
                self.buffer = self.buffer << leading << 1;
                return Some(zeros);
            }
            (self.buffer, self.count) = (0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits as text, blanks for the eye.
    fn bytes(bits: &str) -> Vec<u8> {
        let bits: Vec<_> = bits.bytes().filter(|b| *b != b' ').collect();
        let byte = |bits: &[u8]| {
            bits.iter().enumerate().fold(0, |sum, (i, b)| sum | ((b - b'0') << (7 - i)))
        };
        bits.chunks(8).map(byte).collect()
    }

    #[test]
    fn blocks_of_every_kind_are_read() {
        // 7, then a coded block (one low bit): +0, -1, +2; a constant one; one of whole words.
        let code = bytes("00000111 010 1 0 1 1 001 0 000 111 00000001 00000100");
        let pixels = decode(&code, Word::U8, 3, 8);
        assert_eq!(pixels, Some(vec![7, 6, 8, 8, 8, 8, 7, 9]));
        assert_eq!(decode(&code[..3], Word::U8, 3, 8), None);
        assert_eq!(decode(&[0; 5], Word::I32, 32, 1 << 40), None);
        assert_eq!(decode(&[], Word::I32, 32, 0), Some(vec![]));
    }

    #[test]
    fn arithmetic_wraps_in_the_width_of_a_pixel() {
        let code = bytes("1111111111111111 1111 1000000000000000");
        assert_eq!(decode(&code, Word::I16, 32, 1), Some(vec![16383]));
        let code = bytes("00000000 111 00000001");
        assert_eq!(decode(&code, Word::U8, 32, 1), Some(vec![255]));
    }
}
