//! Order statistics in one pass: a few rows tell where the answer lies, one pass makes it exact.

use std::ops::ControlFlow;

use super::select::fold_bands;
use super::source::Rows;
use super::{RenderResult, Sample};

/// Rows that are looked at first.
const ROWS: usize = 40;
/// How far from a rank in the sample the answer may lie, as a share of all pixels.
const MARGIN: f64 = 0.003;
/// Pixels between the brackets that one thread keeps; where there are more, as in an image that is mostly zero, the
/// answer is found by counting.
const KEPT: usize = 1 << 19;
/// Pixels that are looked at together.
const TOGETHER: usize = 16;

/// Least and largest of the pixels among which an answer lies.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bracket<T> {
    low: T,
    high: T,
}

/// What one pass has seen.
#[derive(Debug, Clone)]
struct Seen<T> {
    finite: u64,
    /// By bracket: how many lie below.
    below: Vec<u64>,
    /// By bracket: those in it.
    inside: Vec<Vec<T>>,
}

/// The finite pixels of the ranks that `ranks` names for their number; `None` where few rows do not tell enough.
pub(super) fn bracketed<T: Sample, const N: usize>(
    image: &dyn Rows<T>,
    ranks: &impl Fn(u64) -> [u64; N],
) -> RenderResult<Option<[T; N]>> {
    bracketed_by(image, ranks, ROWS, MARGIN)
}

fn bracketed_by<T: Sample, const N: usize>(
    image: &dyn Rows<T>,
    ranks: &impl Fn(u64) -> [u64; N],
    rows: usize,
    margin: f64,
) -> RenderResult<Option<[T; N]>> {
    let mut sample = sample(image, rows)?;
    if sample.is_empty() {
        return Ok(None);
    }
    let brackets = brackets(&mut sample, ranks, margin);
    let Some(mut seen) = pass(image, &brackets)? else { return Ok(None) };
    if seen.finite == 0 {
        return Ok(None);
    }
    let mut found = [T::rounded(0.0); N];
    for (found, rank) in found.iter_mut().zip(ranks(seen.finite)) {
        let at = |(below, inside): (&u64, &mut Vec<T>)| {
            let place = usize::try_from(rank.checked_sub(*below)?).ok()?;
            (place < inside.len())
                .then(|| *inside.select_nth_unstable_by_key(place, |value| value.to_key()).1)
        };
        match seen.below.iter().zip(&mut seen.inside).find_map(at) {
            Some(value) => *found = value,
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// The finite pixels of some rows, evenly spread.
fn sample<T: Sample>(image: &dyn Rows<T>, rows: usize) -> RenderResult<Vec<T>> {
    let (ny, nx) = image.shape();
    let mut sample = Vec::new();
    let mut pixels = vec![T::rounded(0.0); nx];
    for i in 0..rows.min(ny) {
        let y = (2 * i + 1) * ny / (2 * rows.min(ny));
        image.read(y..y + 1, &mut pixels)?;
        sample.extend(pixels.iter().filter(|value| value.finite()));
    }
    Ok(sample)
}

/// Where the answers lie if all rows are like those of the sample, apart from each other and in rising order.
fn brackets<T: Sample, const N: usize>(
    sample: &mut [T],
    ranks: &impl Fn(u64) -> [u64; N],
    margin: f64,
) -> Vec<Bracket<T>> {
    let n = sample.len();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in it")]
    let margin = (n as f64 * margin).ceil() as usize;
    let mut at = |place: usize| *sample.select_nth_unstable_by_key(place, |value| value.to_key()).1;
    let bracket = |rank: u64| {
        let place = usize::try_from(rank).unwrap_or(usize::MAX).min(n - 1);
        let low = if place < margin { T::from_key(T::INFINITE[0]) } else { at(place - margin) };
        let last = place + margin >= n;
        let high = if last { T::from_key(T::INFINITE[1]) } else { at(place + margin) };
        Bracket { low, high }
    };
    let mut all: Vec<_> = ranks(n as u64).map(bracket).to_vec();
    all.sort_unstable_by_key(|bracket| bracket.low.to_key());
    all.dedup_by(|next, before| {
        let meet = next.low <= before.high;
        if meet && next.high > before.high {
            before.high = next.high;
        }
        meet
    });
    all
}

/// `None` where more pixels lie in the brackets than are worth keeping.
fn pass<T: Sample>(image: &dyn Rows<T>, brackets: &[Bracket<T>]) -> RenderResult<Option<Seen<T>>> {
    let none =
        || Seen { finite: 0, below: vec![0; brackets.len()], inside: vec![vec![]; brackets.len()] };
    let add = |seen: &mut Seen<T>, pixels: &[T]| {
        seen.add(pixels, brackets);
        match seen.inside.iter().any(|inside| inside.len() > KEPT) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let Some(parts) = fold_bands(image, none, add)? else { return Ok(None) };
    let mut all = none();
    for part in parts {
        all.finite += part.finite;
        all.below.iter_mut().zip(part.below).for_each(|(sum, n)| *sum += n);
        all.inside.iter_mut().zip(part.inside).for_each(|(all, more)| all.extend(more));
    }
    Ok(Some(all))
}

impl<T: Sample> Seen<T> {
    fn add(&mut self, pixels: &[T], brackets: &[Bracket<T>]) {
        let lowest = T::from_key(T::INFINITE[0]);
        let (mut finite, mut infinite) = (0_u64, 0_u64);
        for pixels in pixels.chunks(TOGETHER) {
            let (mut these, mut faint) = (0_u32, 0_u32);
            for value in pixels {
                these += u32::from(value.finite());
                faint += u32::from(*value <= lowest);
            }
            finite += u64::from(these);
            infinite += u64::from(faint);
        }
        self.finite += finite;
        for ((bracket, below), inside) in brackets.iter().zip(&mut self.below).zip(&mut self.inside)
        {
            *below += bracket.add(pixels, inside);
            // What is infinitely faint is below, but does not count.
            *below -= if bracket.low > lowest { infinite } else { 0 };
        }
    }
}

impl<T: Sample> Bracket<T> {
    /// How many pixels lie below, infinite ones too; the finite ones within are put to `inside`.
    fn add(&self, pixels: &[T], inside: &mut Vec<T>) -> u64 {
        let mut below = 0;
        for pixels in pixels.chunks(TOGETHER) {
            let (mut under, mut up_to) = (0_u32, 0_u32);
            for value in pixels {
                under += u32::from(*value < self.low);
                up_to += u32::from(*value <= self.high);
            }
            below += u64::from(under);
            if up_to == under {
                continue;
            }
            // Seldom, so that this is foreseen; which of them it is cannot be, and must not be asked with a branch.
            let (mut found, mut n) = ([self.low; TOGETHER], 0);
            for value in pixels {
                found[n % TOGETHER] = *value;
                let within = (*value >= self.low) & (*value <= self.high);
                n += usize::from(value.finite() & within);
            }
            inside.extend_from_slice(&found[..n]);
        }
        below
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use proptest::prelude::*;

    use super::*;

    fn sorted<T: Sample>(image: &Array2<T>) -> Vec<T> {
        let mut finite: Vec<_> = image.iter().copied().filter(|v| v.finite()).collect();
        finite.sort_unstable_by_key(|value| value.to_key());
        finite
    }

    proptest! {
        /// What it finds is what sorting finds, however few rows it saw; where it finds nothing it says so.
        #[test]
        fn what_is_found_is_right(
            ny in 1_usize..60, nx in 1_usize..40, seed in any::<u64>(), low in 0.0..1.0, rows in 1_usize..20, margin in 0.0..0.2
        ) {
            let mut state = seed;
            let value = |(y, _): (usize, usize)| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let value = (state >> 40) as f32 / 1e5 - 50.0 + y as f32;
                // Some equal ones, both zeros, and some that do not count.
                match state >> 58 {
                    0 => f32::NAN,
                    1 => f32::INFINITY,
                    2 => f32::NEG_INFINITY,
                    3..6 => 0.0,
                    6 => -0.0,
                    _ => value,
                }
            };
            let image = Array2::from_shape_fn((ny, nx), value);
            let all = sorted(&image);
            let ranks = |n: u64| {
                let rank = (low * (n - 1) as f64) as u64;
                [rank, (rank + 1).min(n - 1), n - 1]
            };
            let found = bracketed_by(&image.view(), &ranks, rows, margin).unwrap();
            if let Some(found) = found {
                let wanted = ranks(all.len() as u64).map(|rank| all[rank as usize].to_bits());
                prop_assert_eq!(found.map(f32::to_bits), wanted);
            }
            // With every row in the sample nothing is missed.
            let found = bracketed_by(&image.view(), &ranks, ny, margin).unwrap();
            prop_assert_eq!(found.is_some(), !all.is_empty());
        }
    }

    #[test]
    fn rows_unlike_the_others_are_noticed() {
        // The sample sees rows 5, 15, ... of 100; the brightest pixels are elsewhere, and so are most of the faintest.
        let image = Array2::from_shape_fn((100, 50), |(y, x)| match y % 10 {
            5 => (x % 7) as f32,
            _ => (y * 50 + x) as f32 * if y % 2 == 0 { 1.0 } else { -1.0 },
        });
        let all = sorted(&image);
        let middle = |n: u64| [n / 2];
        let found = bracketed_by(&image.view(), &middle, 10, 0.001).unwrap();
        assert!(found.is_none_or(|[value]| value == all[2500]));
        let ends = |n: u64| [n / 200, n - 1 - n / 200];
        assert_eq!(bracketed_by(&image.view(), &ends, 10, 0.001).unwrap(), None);
        let exact = super::super::select::ranked(&image.view(), ends).unwrap();
        assert_eq!(exact, ends(5000).map(|rank| all[rank as usize]));
    }
}
