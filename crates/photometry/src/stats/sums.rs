use crate::Pixel;

/// Number, sum and sum of squares of the differences of some values from a fixed one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) n: usize,
    pub(crate) first: f64,
    pub(crate) second: f64,
}

impl Sums {
    /// Mean of the values; `from` is what the differences were taken from.
    pub(crate) fn mean(&self, from: f64) -> f64 {
        from + self.first / self.n as f64
    }

    /// Population standard deviation.
    pub(crate) fn std(&self) -> f64 {
        let n = self.n as f64;
        let offset = self.first / n;
        ((self.second / n) - offset * offset).max(0.0).sqrt()
    }
}

/// Independent sums, so that the compiler may use vectors of any width and the answer is the same on each.
const LANES: usize = 8;
/// Values whose count surely fits the 32 bits of a lane.
const BLOCK: usize = 1 << 24;

/// Sums of `value - from` over the values in `lower..=upper`.
///
/// The order of addition depends on the places of the values alone, so equal sets give equal bits.
#[inline(always)]
pub(crate) fn sums<P: Pixel>(values: &[P], lower: P, upper: P, from: f64) -> Sums {
    let mut n = 0;
    let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
    for block in values.chunks(BLOCK) {
        let mut count = [0_u32; LANES];
        let (chunks, rest) = block.as_chunks::<LANES>();
        for chunk in chunks {
            for lane in 0..LANES {
                let keep = chunk[lane] >= lower && chunk[lane] <= upper;
                let d = if keep { chunk[lane].to_f64() - from } else { 0.0 };
                first[lane] += d;
                second[lane] += d * d;
                count[lane] += u32::from(keep);
            }
        }
        for (lane, value) in rest.iter().enumerate() {
            if *value >= lower && *value <= upper {
                let d = value.to_f64() - from;
                first[lane] += d;
                second[lane] += d * d;
                count[lane] += 1;
            }
        }
        n += count.iter().map(|&c| c as usize).sum::<usize>();
    }
    Sums { n, first: total(first), second: total(second) }
}

#[inline(always)]
fn total(lanes: [f64; LANES]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_count_what_is_inside_the_bounds() {
        let values: Vec<f32> = (0..21).map(|i| i as f32).collect();
        let s = sums(&values, 3.0, 19.0, 11.0);
        assert_eq!((s.n, s.first), (17, 0.0));
        assert_eq!(s.mean(11.0), 11.0);
        assert!((s.std() - 24.0_f64.sqrt()).abs() < 1e-14);
    }
}
