//! Picking out the values around the median and those of the tails, and ranking the former.

use super::guess::{Guess, Reach};
use crate::Pixel;

/// Where the tails and the bracket of the median begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<P> {
    pub(super) low: P,
    pub(super) first: P,
    pub(super) last: P,
    pub(super) high: P,
}

impl<P: Pixel> Limits<P> {
    #[inline(always)]
    pub(super) fn new(guess: &Guess, reach: &Reach) -> Option<Self> {
        let at = |spreads: f64| P::from_f64(guess.level + spreads * guess.spread);
        let limits = Self {
            low: at(-reach.core),
            first: at(-reach.below),
            last: at(reach.above),
            high: at(reach.core),
        };
        let ordered =
            limits.low < limits.first && limits.first < limits.last && limits.last < limits.high;
        ordered.then_some(limits)
    }
}

/// Values picked out of many: the bracket of the median and the tails.
#[derive(Debug)]
pub(super) struct Picked<P> {
    /// The bracket in the order of the values; only the first `n_bracket` count.
    bracket: Vec<P>,
    n_bracket: usize,
    /// The tails; only the first `n_tails` count.
    pub(super) tails: Vec<P>,
    pub(super) n_tails: usize,
    /// The bracket, sorted into buckets; within a bucket in any order.
    middle: Vec<P>,
    buckets: Buckets,
}

/// Narrow classes of the values in the bracket.
#[derive(Debug, Default)]
struct Buckets {
    first: f64,
    scale: f64,
    /// Where each bucket ends.
    ends: Vec<u32>,
    /// The bucket of each value.
    of: Vec<u32>,
}

impl<P> Default for Picked<P> {
    fn default() -> Self {
        Self {
            bracket: vec![],
            n_bracket: 0,
            tails: vec![],
            n_tails: 0,
            middle: vec![],
            buckets: Buckets::default(),
        }
    }
}

/// Values looked at together; one bit each.
const BLOCK: usize = 64;
/// Picked values that are copied at once, whether there are as many or not: cheaper than to ask for each.
const BATCH: usize = 8;

impl<P: Pixel> Picked<P> {
    /// Picks the values of the bracket and the tails; returns the number of values below the bracket.
    #[inline(always)]
    pub(super) fn pick(&mut self, values: &[P], limits: &Limits<P>) -> usize {
        let Limits { low, first, last, high } = *limits;
        let room = values.len() + BLOCK;
        if self.tails.len() < room {
            self.bracket.resize(room, P::default());
            self.tails.resize(room, P::default());
        }
        let (mut middle, mut tails, mut below) = (0, 0, 0);
        let (blocks, rest) = values.as_chunks::<BLOCK>();
        for block in blocks {
            let (mut inner, mut outer) = ([0_u8; BLOCK], [0_u8; BLOCK]);
            let mut lower = 0_u32;
            for k in 0..BLOCK {
                inner[k] = u8::from((block[k] >= first) & (block[k] <= last));
            }
            for k in 0..BLOCK {
                outer[k] = u8::from((block[k] < low) | (block[k] > high));
            }
            for v in block {
                lower += u32::from(*v < first);
            }
            below += lower as usize;
            middle = compress(block, bits(&inner), &mut self.bracket, middle);
            tails = compress(block, bits(&outer), &mut self.tails, tails);
        }
        for &v in rest {
            below += usize::from(v < first);
            if v >= first && v <= last {
                self.bracket[middle] = v;
                middle += 1;
            } else if v < low || v > high {
                self.tails[tails] = v;
                tails += 1;
            }
        }
        (self.n_bracket, self.n_tails) = (middle, tails);
        below
    }

    /// Sorts the bracket into its buckets.
    #[inline(always)]
    pub(super) fn sort_into_buckets(&mut self, limits: &Limits<P>) {
        let bracket = &self.bracket[..self.n_bracket];
        let count = bracket.len().clamp(16, 1 << 16);
        let first = limits.first.to_f64();
        let scale = (count as f64 - 0.5) / (limits.last.to_f64() - first);
        let Buckets { ends, of, .. } = &mut self.buckets;
        of.clear();
        of.extend(bracket.iter().map(|v| bucket(*v, first, scale)));
        ends.clear();
        ends.resize(count, 0);
        for k in of.iter() {
            ends[*k as usize] += 1;
        }
        let mut sum = 0;
        for end in ends.iter_mut() {
            sum += std::mem::replace(end, sum);
        }
        self.middle.resize(bracket.len(), P::default());
        for (k, v) in of.iter().zip(bracket) {
            let at = &mut ends[*k as usize];
            self.middle[*at as usize] = *v;
            *at += 1;
        }
        (self.buckets.first, self.buckets.scale) = (first, scale);
    }

    /// The value of `rank` among those of the bracket: its bucket holds a handful, which are sorted now.
    #[inline(always)]
    pub(super) fn ranked(&mut self, rank: usize) -> Option<f64> {
        let Buckets { first, scale, ends, .. } = &self.buckets;
        let k = bucket(*self.middle.get(rank)?, *first, *scale) as usize;
        let start = k.checked_sub(1).map_or(0, |before| ends[before] as usize);
        let inside = self.middle.get_mut(start..ends[k] as usize)?;
        if inside.len() > FEW_IN_BUCKET {
            inside.sort_unstable_by(P::order);
        } else {
            insertion_sort(inside);
        }
        Some(self.middle[rank].to_f64())
    }
}

/// Values in a bucket that are sorted by insertion.
const FEW_IN_BUCKET: usize = 32;

#[inline(always)]
fn bucket<P: Pixel>(value: P, first: f64, scale: f64) -> u32 {
    ((value.to_f64() - first) * scale) as u32
}

/// Copies the values of `block` whose bit is set to `out` from `at` on; returns where they end.
#[inline(always)]
fn compress<P: Pixel>(block: &[P; BLOCK], mut bits: u64, out: &mut [P], at: usize) -> usize {
    let end = at + bits.count_ones() as usize;
    let mut start = at;
    while start < end {
        for to in &mut out[start..start + BATCH] {
            *to = block[bits.trailing_zeros() as usize % BLOCK];
            bits &= bits.wrapping_sub(1);
        }
        start += BATCH;
    }
    end
}

/// The lowest bits of 64 bytes.
#[inline(always)]
fn bits(flags: &[u8; BLOCK]) -> u64 {
    let mut bits = 0;
    for (k, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (8 * k);
    }
    bits
}

#[inline(always)]
fn insertion_sort<P: Pixel>(values: &mut [P]) {
    for i in 1..values.len() {
        let v = values[i];
        let mut k = i;
        while k > 0 && values[k - 1] > v {
            values[k] = values[k - 1];
            k -= 1;
        }
        values[k] = v;
    }
}
