//! A zlib stream of Huffman codes and runs, for the bytes of pictures. RFC 1950 and 1951.
//!
//! The noise of a sky has few repetitions but the runs of one value, and looking for others takes most of the time of
//! other encoders; codes that follow the counts of each block take fewer bytes than fixed ones.

use simd_adler32::Adler32;

/// Literals, the end of a block, and 29 classes of lengths.
const SYMBOLS: usize = 286;
const END: usize = 256;
/// The longest code: four of them and what waits fit 64 bits.
const LONGEST: u8 = 14;
/// The longest repetition.
const REPEAT: usize = 258;
/// Shorter ones are not looked for.
const SHORTEST: usize = 8;

/// Grows by [`block`](Self::block), and ends with [`finish`](Self::finish).
pub(super) struct Deflater {
    bits: Bits,
    sum: Adler32,
    /// Literals, then how often the last of them comes again.
    tokens: Vec<(usize, usize)>,
}

impl Deflater {
    pub(super) fn new() -> Self {
        let bits = Bits { out: vec![0x78, 0x01], waiting: 0, count: 0 };
        Self { bits, sum: Adler32::new(), tokens: Vec::new() }
    }

    /// Adds a block with codes of its own, best some hundred thousand bytes; gives to `write` what is ready.
    pub(super) fn block<E>(
        &mut self,
        bytes: &[u8],
        write: impl FnOnce(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.sum.write(bytes);
        let counts = self.tokenize(bytes);
        let codes = Codes::of(&counts, LONGEST);
        self.bits.put(0b100, 3);
        write_lengths(&codes, &mut self.bits);
        let mut rest = bytes;
        for &(literals, run) in &self.tokens {
            let (plain, later) = rest.split_at(literals);
            self.bits.literals(plain, &codes);
            let (repeated, later) = later.split_at(run);
            rest = later;
            runs(repeated.len()).for_each(|length| self.bits.repeat(length, &codes));
        }
        self.bits.code(&codes, END);
        let written = write(&self.bits.out);
        self.bits.out.clear();
        written
    }

    /// The last bytes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        // An empty block of fixed codes is the last one.
        self.bits.put(0b011, 3);
        self.bits.put(0, 7);
        self.bits.fill_byte();
        self.bits.out.extend(self.sum.finish().to_be_bytes());
        self.bits.out
    }

    /// Finds the runs; about how often each symbol is used.
    fn tokenize(&mut self, bytes: &[u8]) -> [u32; SYMBOLS] {
        self.tokens.clear();
        // Of literals every fourth word is counted. What is not among them may be elsewhere, so that all have a code.
        let mut counts = [1; SYMBOLS];
        let (mut at, mut start) = (0, 0);
        while let Some(word) = bytes[at..].first_chunk::<SHORTEST>() {
            let before = bytes[at.saturating_sub(1)];
            if at > 0 && u64::from_le_bytes(*word) == u64::from(before) * (u64::MAX / 255) {
                let run = run_of(before, &bytes[at..]);
                self.tokens.push((at - start, run));
                runs(run).for_each(|length| counts[Length::of(length).symbol] += 1);
                at += run;
                start = at;
            } else {
                if (at / SHORTEST).is_multiple_of(4) {
                    word.iter().for_each(|byte| counts[usize::from(*byte)] += 4);
                }
                at += SHORTEST;
            }
        }
        self.tokens.push((bytes.len() - start, 0));
        counts
    }
}

/// How many bytes are `value` from the first on.
fn run_of(value: u8, bytes: &[u8]) -> usize {
    let same = bytes.as_chunks::<16>().0.iter().take_while(|chunk| **chunk == [value; 16]).count();
    let rest = &bytes[16 * same..];
    16 * same + rest.iter().take_while(|byte| **byte == value).count()
}

/// A long run in repetitions of at least three bytes.
fn runs(mut left: usize) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let take = match left {
            0 => return None,
            // What is left then is neither one nor two.
            n if n > REPEAT && n < REPEAT + 3 => REPEAT - 3,
            n => n.min(REPEAT),
        };
        left -= take;
        Some(take)
    })
}

/// How a length is said. RFC 1951, sect. 3.2.5.
struct Length {
    symbol: usize,
    extra: u64,
    extra_bits: u32,
}

impl Length {
    fn of(length: usize) -> Self {
        if length == REPEAT {
            return Self { symbol: 285, extra: 0, extra_bits: 0 };
        }
        let n = length - 3;
        if n < 8 {
            return Self { symbol: 257 + n, extra: 0, extra_bits: 0 };
        }
        // Four classes for each power of two.
        let extra_bits = n.ilog2() - 2;
        let symbol = 257 + 4 * extra_bits as usize + (n >> extra_bits);
        Self { symbol, extra: (n & ((1 << extra_bits) - 1)) as u64, extra_bits }
    }
}

/// A prefix code.
struct Codes {
    lengths: Vec<u8>,
    /// The bits in the order in which they are written, and their number above 16.
    words: Vec<u32>,
}

impl Codes {
    fn of(counts: &[u32], longest: u8) -> Self {
        let lengths = lengths(counts, longest);
        let mut used = [0u32; 16];
        lengths.iter().filter(|&&n| n > 0).for_each(|&n| used[usize::from(n)] += 1);
        let mut next = [0u32; 16];
        for n in 1..16 {
            next[n] = (next[n - 1] + used[n - 1]) << 1;
        }
        let word = |&n: &u8| {
            if n == 0 {
                return 0;
            }
            let code = &mut next[usize::from(n)];
            *code += 1;
            (*code - 1).reverse_bits() >> (32 - u32::from(n)) | u32::from(n) << 16
        };
        let words = lengths.iter().map(word).collect();
        Self { lengths, words }
    }
}

/// Lengths of Huffman's codes, none above `longest`; a single symbol has one bit.
fn lengths(counts: &[u32], longest: u8) -> Vec<u8> {
    let mut order: Vec<usize> = (0..counts.len()).filter(|&i| counts[i] > 0).collect();
    order.sort_by_key(|&i| counts[i]);
    let mut lengths = vec![0; counts.len()];
    let n = order.len();
    if n < 2 {
        order.iter().for_each(|&i| lengths[i] = 1);
        return lengths;
    }
    // Two queues, the symbols and the pairs, both in rising order; of each node its parent.
    let mut weights: Vec<u64> = order.iter().map(|&i| counts[i].into()).collect();
    let mut parents = vec![0; 2 * n - 1];
    let (mut symbol, mut pair) = (0, n);
    for node in n..2 * n - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            let least = if symbol < n && (pair >= node || weights[symbol] <= weights[pair]) {
                &mut symbol
            } else {
                &mut pair
            };
            sum += weights[*least];
            parents[*least] = node;
            *least += 1;
        }
        weights.push(sum);
    }
    let mut depths = vec![0u32; 2 * n - 1];
    for node in (0..2 * n - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    let limit = u32::from(longest);
    let mut used = vec![0u32; limit as usize + 1];
    depths[..n].iter().for_each(|&depth| used[depth.min(limit) as usize] += 1);
    // Codes that were cut off take more room than there is: a shorter one makes room for itself and one of them.
    let room = |used: &[u32]| -> u32 {
        (1..=limit).map(|length| used[length as usize] << (limit - length)).sum()
    };
    for _ in 1 << limit..room(&used) {
        let shorter = (1..limit as usize).rev().find(|&length| used[length] > 0).unwrap_or(1);
        used[shorter] -= 1;
        used[shorter + 1] += 2;
        used[limit as usize] -= 1;
    }
    let mut seldom = order.into_iter();
    for length in (1..=longest).rev() {
        for symbol in seldom.by_ref().take(used[usize::from(length)] as usize) {
            lengths[symbol] = length;
        }
    }
    lengths
}

/// The lengths of all codes, said in codes again. RFC 1951, sect. 3.2.7.
fn write_lengths(codes: &Codes, bits: &mut Bits) {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    // One distance, 1, of one bit.
    let all = || codes.lengths.iter().copied().chain([1]);
    let mut counts = [0; 19];
    all().for_each(|length| counts[usize::from(length)] += 1);
    let own = Codes::of(&counts, 7);
    bits.put((SYMBOLS - 257) as u64, 5);
    bits.put(0, 5);
    bits.put(15, 4);
    ORDER.iter().for_each(|&i| bits.put(own.lengths[i].into(), 3));
    all().for_each(|length| bits.code(&own, length.into()));
}

/// Bits on their way to bytes, the lowest first.
struct Bits {
    out: Vec<u8>,
    /// Fewer than eight between two calls.
    waiting: u64,
    count: u32,
}

impl Bits {
    /// At most 56 of them.
    fn put(&mut self, value: u64, count: u32) {
        self.waiting |= value << self.count;
        self.count += count;
        let whole = self.count / 8;
        self.out.extend_from_slice(&self.waiting.to_le_bytes()[..whole as usize]);
        self.waiting = self.waiting.checked_shr(8 * whole).unwrap_or(0);
        self.count %= 8;
    }

    fn code(&mut self, codes: &Codes, symbol: usize) {
        let word = codes.words[symbol];
        self.put((word & 0xffff).into(), word >> 16);
    }

    fn repeat(&mut self, length: usize, codes: &Codes) {
        let Length { symbol, extra, extra_bits } = Length::of(length);
        self.code(codes, symbol);
        // And the only distance, whose bit is 0.
        self.put(extra, extra_bits + 1);
    }

    fn literals(&mut self, bytes: &[u8], codes: &Codes) {
        let Some(words) = codes.words.first_chunk::<256>() else { return };
        let longest = codes.lengths[..256].iter().max().map_or(0, |&n| usize::from(n));
        let mut at = self.out.len();
        // And eight at the end, which are written whether they count or not.
        self.out.resize(at + (bytes.len() * longest).div_ceil(8) + 8, 0);
        let (mut waiting, mut count) = (self.waiting, self.count);
        let (fours, rest) = bytes.as_chunks::<4>();
        let mut flush = |waiting: &mut u64, count: &mut u32| {
            self.out[at..at + 8].copy_from_slice(&waiting.to_le_bytes());
            let whole = *count / 8;
            at += whole as usize;
            // All 64 are never there: four codes have 56, and seven were left.
            *waiting >>= 8 * whole;
            *count %= 8;
        };
        for four in fours {
            for byte in four {
                let word = words[usize::from(*byte)];
                waiting |= u64::from(word & 0xffff) << count;
                count += word >> 16;
            }
            flush(&mut waiting, &mut count);
        }
        for byte in rest {
            let word = words[usize::from(*byte)];
            waiting |= u64::from(word & 0xffff) << count;
            count += word >> 16;
        }
        flush(&mut waiting, &mut count);
        self.out.truncate(at);
        (self.waiting, self.count) = (waiting, count);
    }

    /// Zeros up to the next byte.
    fn fill_byte(&mut self) {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn inflated(stream: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::ZlibDecoder::new(stream).read_to_end(&mut out).unwrap();
        out
    }

    fn packed(deflater: &mut Deflater, block: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let write = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            Ok::<_, ()>(())
        };
        deflater.block(block, write).unwrap();
        out
    }

    fn there_and_back(blocks: &[Vec<u8>]) {
        let mut deflater = Deflater::new();
        let mut stream = Vec::new();
        for block in blocks {
            stream.extend(packed(&mut deflater, block));
        }
        stream.extend(deflater.finish());
        assert_eq!(inflated(&stream), blocks.concat());
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(
            pieces in prop::collection::vec((any::<u8>(), 0_usize..700, any::<bool>(), any::<u32>()), 0..40), cut in 0_usize..20
        ) {
            let mut bytes = Vec::new();
            for (value, n, run, seed) in pieces {
                let noise = |i: usize| (seed as usize).wrapping_mul(i + 1).to_le_bytes()[2] % value.max(1);
                bytes.extend((0..n).map(|i| if run { value } else { noise(i) }));
            }
            let cut = cut * bytes.len() / 20;
            there_and_back(&[bytes[..cut].to_vec(), Vec::new(), bytes[cut..].to_vec()]);
        }
    }

    #[test]
    fn runs_of_every_length_come_back() {
        for n in 1..800 {
            there_and_back(&[[vec![7; n], vec![9]].concat()]);
        }
        there_and_back(&[]);
        there_and_back(&[(0..=255).collect()]);
    }

    /// Counts that grow like Fibonacci's numbers make the longest codes there are.
    #[test]
    fn codes_are_no_longer_than_they_may_be() {
        let mut counts = [0u32; 40];
        let (mut a, mut b) = (1, 1);
        for count in &mut counts {
            *count = a;
            (a, b) = (b, a + b);
        }
        for longest in [7, 14] {
            let lengths = lengths(&counts, longest);
            let room: f64 = lengths.iter().map(|&n| 0.5f64.powi(n.into())).sum();
            assert!(room <= 1.0 && lengths.iter().all(|&n| 0 < n && n <= longest), "{lengths:?}");
            assert!(lengths.is_sorted_by(|a, b| a >= b));
        }
        assert_eq!(lengths(&[0, 5, 0], 7), [0, 1, 0]);
        assert_eq!(lengths(&[1, 1, 2, 4], 7), [3, 3, 2, 1]);
    }

    #[test]
    fn noise_takes_what_it_must_and_flat_rows_next_to_nothing() {
        let mut noise = super::super::testing::noise();
        let mut deflater = Deflater::new();
        let bytes: Vec<u8> = (0..100_000).map(|_| noise()).collect();
        let length = packed(&mut deflater, &bytes).len();
        // Four bits each, but for the one that shares its code with all that do not occur.
        assert!((50_000..51_000).contains(&length), "{length}");
        let length = packed(&mut deflater, &vec![3; 100_000]).len();
        assert!(length < 300, "{length}");
    }
}
