//! Order statistics of all pixels without sorting or holding them.

use std::ops::{ControlFlow, Range};

use rayon::prelude::*;

use super::bracket::bracketed;
use super::source::{Rows, bands};
use super::{RenderError, RenderResult, Sample};

/// Bits of a pixel's key that one pass over the image tells.
const DIGIT: u32 = 16;
const BINS: usize = 1 << DIGIT;
/// An image of so many pixels is worth a look at some of its rows first.
const LARGE: usize = 1 << 20;

/// Smallest and largest finite pixel, and how many there are; `None` where there is none.
pub(crate) fn extremes<T: Sample>(image: &dyn Rows<T>) -> RenderResult<(T, T)> {
    let of_band = |values: &[T]| {
        let finite = values.iter().copied().filter(|value| value.finite());
        finite.fold(None, |found, value| {
            let (low, high) = found.unwrap_or((value, value));
            Some((if value < low { value } else { low }, if value > high { value } else { high }))
        })
    };
    let found = each_band(image, of_band)?;
    let all = found.into_iter().flatten().reduce(|(low, high), (a, b)| {
        (if a < low { a } else { low }, if b > high { b } else { high })
    });
    all.ok_or_else(|| RenderError::NoValues { place: image.place() })
}

/// Applies `work` to the pixels of every band; the answers come in the order of the bands.
pub(crate) fn each_band<T: Sample, A: Send>(
    image: &dyn Rows<T>,
    work: impl Fn(&[T]) -> A + Sync,
) -> RenderResult<Vec<A>> {
    let nx = image.shape().1;
    let zero = T::rounded(0.0);
    let read = |pixels: &mut Vec<T>, rows: Range<usize>| {
        pixels.resize(rows.len() * nx, zero);
        image.read(rows, pixels)?;
        Ok(work(pixels))
    };
    bands(image.shape()).into_par_iter().map_init(Vec::new, read).collect()
}

/// What few long runs of bands have come to, each begun with `none` and given band after band to `add`, until one of them
/// breaks off; then there is nothing. What is made of them must not depend on where the runs are cut.
pub(super) fn fold_bands<T: Sample, A: Send>(
    image: &dyn Rows<T>,
    none: impl Fn() -> A + Sync,
    add: impl Fn(&mut A, &[T]) -> ControlFlow<()> + Sync,
) -> RenderResult<Option<Vec<A>>> {
    let nx = image.shape().1;
    let bands = bands(image.shape());
    let each = bands.len().div_ceil(rayon::current_num_threads().max(1) * 2).max(1);
    let run = |bands: &[Range<usize>]| {
        let (mut found, mut pixels) = (none(), Vec::new());
        for rows in bands {
            pixels.resize(rows.len() * nx, T::rounded(0.0));
            image.read(rows.clone(), &mut pixels)?;
            if add(&mut found, &pixels).is_break() {
                return Ok(None);
            }
        }
        Ok(Some(found))
    };
    bands.par_chunks(each).map(run).collect()
}

/// The pixels of the ranks that `ranks` names for the number of finite ones, counted from 0 in rising order.
///
/// The answer is exact. Of a large image it mostly takes one pass; else the first pass counts the leading 16 bits of all
/// pixels, each further one the next 16 bits of those that are still candidates: two passes for `f32`, four for `f64`, half
/// a megabyte a thread.
pub(crate) fn ranked<T: Sample, const N: usize>(
    image: &dyn Rows<T>,
    ranks: impl Fn(u64) -> [u64; N],
) -> RenderResult<[T; N]> {
    let (ny, nx) = image.shape();
    if ny * nx >= LARGE
        && let Some(found) = bracketed(image, &ranks)?
    {
        return Ok(found);
    }
    let mut shift = T::BITS - DIGIT;
    let counts = count(image, shift, &[0])?;
    let total = counts[0].iter().sum();
    if total == 0 {
        return Err(RenderError::NoValues { place: image.place() });
    }
    let mut found: [Search; N] = ranks(total).map(|rank| Search { prefix: 0, rank });
    found.iter_mut().for_each(|search| search.descend(&counts[0]));
    while shift > 0 {
        shift -= DIGIT;
        let mut prefixes = found.map(|search| search.prefix).to_vec();
        prefixes.dedup();
        let counts = count(image, shift, &prefixes)?;
        for search in &mut found {
            let i = prefixes.iter().position(|prefix| *prefix == search.prefix);
            search.descend(&counts[i.unwrap_or_default()]);
        }
    }
    Ok(found.map(|search| T::from_key(search.prefix)))
}

/// The leading bits of a pixel, and its rank among those that have them.
#[derive(Debug, Clone, Copy)]
struct Search {
    prefix: u64,
    rank: u64,
}

impl Search {
    fn descend(&mut self, counts: &[u64]) {
        let digit = counts.iter().position(|n| match self.rank.checked_sub(*n) {
            Some(rest) => {
                self.rank = rest;
                false
            }
            None => true,
        });
        self.prefix = self.prefix << DIGIT | digit.unwrap_or(BINS - 1) as u64;
    }
}

/// How many finite pixels have each digit at `shift` behind each of the prefixes (none at the first digit).
fn count<T: Sample>(
    image: &dyn Rows<T>,
    shift: u32,
    prefixes: &[u64],
) -> RenderResult<Vec<Vec<u64>>> {
    let first = shift + DIGIT == T::BITS;
    let none = || vec![vec![0_u64; BINS]; prefixes.len()];
    let add = |counts: &mut Vec<Vec<u64>>, pixels: &[T]| {
        for value in pixels.iter().filter(|value| value.finite()) {
            let key = value.to_key() >> shift;
            let digit = (key & (BINS as u64 - 1)) as usize;
            if first {
                counts[0][digit] += 1;
            } else if let Some(i) = prefixes.iter().position(|prefix| *prefix == key >> DIGIT) {
                counts[i][digit] += 1;
            }
        }
        ControlFlow::Continue(())
    };
    let mut all = none();
    for part in fold_bands(image, none, add)?.into_iter().flatten() {
        for (sum, part) in all.iter_mut().zip(part) {
            sum.iter_mut().zip(part).for_each(|(sum, n)| *sum += n);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranks_are_those_of_the_sorted_pixels(values in prop::collection::vec(any::<f64>(), 1..200), at in 0.0..1.0) {
            let mut finite: Vec<_> = values.iter().copied().filter(|v| v.is_finite()).collect();
            finite.sort_by(f64::total_cmp);
            let image = Array2::from_shape_vec((1, values.len()), values).unwrap();
            let rank = (at * finite.len() as f64) as usize;
            match ranked(&image.view(), |n| [0, rank as u64, n - 1]) {
                Ok(found) => prop_assert_eq!(found.map(f64::to_bits), [finite[0], finite[rank], finite[finite.len() - 1]].map(f64::to_bits)),
                Err(_) => prop_assert!(finite.is_empty()),
            }
            let narrow = image.mapv(|v| v as f32);
            let mut finite: Vec<_> = narrow.iter().copied().filter(|v| v.is_finite()).collect();
            finite.sort_by(f32::total_cmp);
            if let Ok(found) = ranked(&narrow.view(), |n| [n / 2, n - 1]) {
                prop_assert_eq!(found.map(f32::to_bits), [finite[finite.len() / 2], finite[finite.len() - 1]].map(f32::to_bits));
                prop_assert_eq!(extremes(&narrow.view()).unwrap(), (finite[0], finite[finite.len() - 1]));
            }
        }
    }
}
