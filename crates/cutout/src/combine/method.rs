//! What becomes of the values that several images have for one pixel.

use std::ops::Range;

use hst_fits::{PixelType, vectors};

/// What images of the same place have to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Relation {
    /// They were made of the same exposures, as overlapping skycells of one layer are: the weight of a pixel is the
    /// largest, for adding them up would count the same photons twice.
    SameExposures,
    /// They were made of different exposures: weights, which are inverse variances, add up.
    #[default]
    Independent,
    /// As the default combiner of astrocut 1.4.0, for the old numbers: whatever the method, the mean of the images where
    /// the first extension is not NaN, of weights too.
    AsAstrocut,
}

/// What becomes of the values of one pixel.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub enum Method<'a> {
    /// Their mean.
    #[default]
    Mean,
    /// Their mean, each with its weight.
    Weighted,
    /// Their median; of an even number the mean of the two in the middle.
    Median,
    /// What this function makes of them.
    Custom(&'a Combiner),
}

/// A way to combine: from the values of one pixel, at least one, in the order of the images, to one value.
pub type Combiner = dyn Fn(&[Sample]) -> f64 + Sync;

/// What one image has for a pixel: finite, with a weight above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The value.
    pub value: f64,
    /// Its weight, 1 for images without.
    pub weight: f64,
    /// Which image it is, from 0.
    pub input: usize,
}

impl std::fmt::Debug for Method<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Method<'_> {
    /// In words.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Weighted => "weighted mean",
            Self::Median => "median",
            Self::Custom(_) => "own function",
        }
    }
}

/// Rows of one image within the result, all of one width; as doubles, or as the floats they are stored as.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a, T = f64> {
    pub(crate) values: &'a [T],
    /// Empty where there are no weights.
    pub(crate) weights: &'a [T],
    pub(crate) input: usize,
}

/// A pixel of an image.
pub(crate) trait Stored: PixelType + Into<f64> + 'static {
    /// Weights of images without.
    const ONES: &'static [Self; BLOCK];
    /// What stands where an image does not reach, in values and in weights.
    const NOTHING_AND_ZERO: [Self; 2];
    /// Whether the value is finite and has a weight.
    fn counts(self, weight: Self) -> bool;
}

impl Stored for f32 {
    const ONES: &'static [Self; BLOCK] = &[1.0; BLOCK];
    const NOTHING_AND_ZERO: [Self; 2] = [Self::NAN, 0.0];
    #[inline(always)]
    fn counts(self, weight: Self) -> bool {
        self.is_finite() & (weight > 0.0) & weight.is_finite()
    }
}
impl Stored for f64 {
    const ONES: &'static [Self; BLOCK] = &[1.0; BLOCK];
    const NOTHING_AND_ZERO: [Self; 2] = [Self::NAN, 0.0];
    #[inline(always)]
    fn counts(self, weight: Self) -> bool {
        self.is_finite() & (weight > 0.0) & weight.is_finite()
    }
}

impl<'a, T: Stored> Part<'a, T> {
    /// Some of the pixels; with weights, be it that they are all 1.
    #[inline(always)]
    fn slice(&self, pixels: Range<usize>) -> Self {
        let weights = match self.weights {
            [] => &T::ONES[..pixels.len()],
            weights => &weights[pixels.clone()],
        };
        Self { values: &self.values[pixels], weights, input: self.input }
    }

    /// Whether every pixel is finite and has a weight.
    #[inline(always)]
    fn counts_everywhere(&self) -> bool {
        // Without a branch for each pixel.
        let pixels = self.values.iter().zip(self.weights);
        pixels.fold(true, |all, (value, weight)| all & value.counts(*weight))
    }

    #[inline(always)]
    fn pixels(&self) -> impl Iterator<Item = (f64, f64)> + use<'a, T> {
        let values = self.values.iter().map(|&value| value.into());
        values.zip(self.weights.iter().map(|&weight| weight.into()))
    }
}

/// The weight, 0 where the pixel does not count.
#[inline(always)]
fn counting((value, weight): (f64, f64)) -> f64 {
    only_if(value.is_finite() & (weight > 0.0) & weight.is_finite(), weight)
}

/// Pixels that stay in the fastest cache while one image after the other is added to them.
const BLOCK: usize = 512;

/// Combines rows of the same pixels. `weights` may be empty.
pub(crate) fn combine(
    parts: &[Part<'_>],
    method: Method<'_>,
    relation: Relation,
    image: &mut [f64],
    weights: &mut [f64],
) {
    combine_as(parts, method, relation, image, weights, |value| value);
}

/// As [`combine`], of pixels of any type to what `finish` makes of each.
pub(crate) fn combine_as<T: Stored, Out>(
    parts: &[Part<'_, T>],
    method: Method<'_>,
    relation: Relation,
    image: &mut [Out],
    weights: &mut [Out],
    finish: impl Fn(f64) -> Out,
) {
    vectors::run(Blocks { parts, method, relation, image, weights, finish });
}

/// All pixels, block by block.
struct Blocks<'a, T, Out, F> {
    parts: &'a [Part<'a, T>],
    method: Method<'a>,
    relation: Relation,
    image: &'a mut [Out],
    weights: &'a mut [Out],
    finish: F,
}

impl<T: Stored, Out, F: Fn(f64) -> Out> vectors::Work for Blocks<'_, T, Out, F> {
    #[inline(always)]
    fn run(self) {
        let Self { parts, method, relation, image, weights, finish } = self;
        let mut block = Vec::with_capacity(parts.len());
        let (mut values, mut sums) = ([0.0; BLOCK], [0.0; BLOCK]);
        let mut weights = weights.chunks_mut(BLOCK);
        for (i, image) in image.chunks_mut(BLOCK).enumerate() {
            let pixels = i * BLOCK..i * BLOCK + image.len();
            let weights = weights.next().unwrap_or_default();
            let (values, sums) = (&mut values[..image.len()], &mut sums[..weights.len()]);
            block.clear();
            block.extend(parts.iter().map(|part| part.slice(pixels.clone())));
            combine_block(&block, method, relation, values, sums);
            image.iter_mut().zip(values).for_each(|(out, value)| *out = finish(*value));
            weights.iter_mut().zip(sums).for_each(|(out, weight)| *out = finish(*weight));
        }
    }
}

#[inline(always)]
fn combine_block<T: Stored>(
    parts: &[Part<'_, T>],
    method: Method<'_>,
    relation: Relation,
    image: &mut [f64],
    weights: &mut [f64],
) {
    let all = !parts.is_empty() && parts.iter().all(Part::counts_everywhere);
    if relation == Relation::AsAstrocut {
        return if all {
            plain_mean(parts, image, weights);
        } else {
            as_astrocut(parts, image, weights);
        };
    }
    match method {
        Method::Mean if all => mean(parts, image),
        Method::Mean => linear(parts, image, |_| 1.0),
        Method::Weighted => linear(parts, image, |weight| weight),
        Method::Median => each(parts, image, &|samples| median(samples)),
        Method::Custom(function) => each(parts, image, function),
    }
    if !weights.is_empty() {
        match (relation, method) {
            (Relation::SameExposures, _) => fold(parts, weights, f64::max),
            (_, Method::Weighted) => fold(parts, weights, |sum, weight| sum + weight),
            _ => weights_of_mean(parts, weights),
        }
    }
}

/// `Σ term` over the images, in their order.
#[inline(always)]
fn sums<T: Stored>(parts: &[Part<'_, T>], out: &mut [f64], term: impl Fn((f64, f64)) -> f64) {
    let rest = if let [one, other, rest @ ..] = parts {
        // Two at once, which is all there are mostly: no sum is put down and fetched again.
        for ((out, one), other) in out.iter_mut().zip(one.pixels()).zip(other.pixels()) {
            *out = 0.0 + term(one) + term(other);
        }
        rest
    } else {
        out.fill(0.0);
        parts
    };
    for part in rest {
        out.iter_mut().zip(part.pixels()).for_each(|(out, pixel)| *out += term(pixel));
    }
}

/// The mean where every pixel of every image counts: to the bit what [`linear`] gives.
#[inline(always)]
fn mean<T: Stored>(parts: &[Part<'_, T>], image: &mut [f64]) {
    let n = parts.len() as f64;
    sums(parts, image, |(value, _)| value);
    image.iter_mut().for_each(|sum| *sum /= n);
}

/// What [`as_astrocut`] gives there.
#[inline(always)]
fn plain_mean<T: Stored>(parts: &[Part<'_, T>], image: &mut [f64], weights: &mut [f64]) {
    let share = 1.0 / parts.len() as f64;
    sums(parts, image, |(value, _)| share * value);
    if !weights.is_empty() {
        sums(parts, weights, |(_, weight)| share * weight);
    }
}

/// `Σ f S / Σ f`, NaN where nothing counts.
#[inline(always)]
fn linear<T: Stored>(parts: &[Part<'_, T>], image: &mut [f64], factor: impl Fn(f64) -> f64) {
    image.fill(0.0);
    let mut sums = [0.0; BLOCK];
    for part in parts {
        for ((out, sum), pixel) in image.iter_mut().zip(&mut sums).zip(part.pixels()) {
            let weight = counting(pixel);
            let counts = weight > 0.0;
            let f = only_if(counts, factor(weight));
            *out += f * only_if(counts, pixel.0);
            *sum += f;
        }
    }
    // Nothing by nothing is NaN, as it should be.
    image.iter_mut().zip(&sums).for_each(|(out, sum)| *out /= sum);
}

#[inline(always)]
fn fold<T: Stored>(parts: &[Part<'_, T>], out: &mut [f64], step: impl Fn(f64, f64) -> f64) {
    out.fill(0.0);
    for part in parts {
        out.iter_mut()
            .zip(part.pixels())
            .for_each(|(out, pixel)| *out = step(*out, counting(pixel)));
    }
}

/// The inverse variance of a plain mean, `n² / Σ 1/w`. That of a median is smaller, by up to π/2 for many images.
#[inline(always)]
fn weights_of_mean<T: Stored>(parts: &[Part<'_, T>], out: &mut [f64]) {
    out.fill(0.0);
    let mut counts = [0.0; BLOCK];
    for part in parts {
        for ((out, count), pixel) in out.iter_mut().zip(&mut counts).zip(part.pixels()) {
            let weight = counting(pixel);
            let counts = weight > 0.0;
            *out += only_if(counts, 1.0 / weight);
            *count += f64::from(u8::from(counts));
        }
    }
    for (out, count) in out.iter_mut().zip(counts) {
        *out = if count > 0.0 { count * count / *out } else { 0.0 };
    }
}

fn each<T: Stored>(parts: &[Part<'_, T>], image: &mut [f64], function: &Combiner) {
    let mut samples = Vec::with_capacity(parts.len());
    for (i, out) in image.iter_mut().enumerate() {
        samples.clear();
        samples.extend(parts.iter().filter_map(|part| {
            let value = part.values[i].into();
            let weight = counting((value, part.weights[i].into()));
            let sample = Sample { value, weight, input: part.input };
            (weight > 0.0).then_some(sample)
        }));
        *out = if samples.is_empty() { f64::NAN } else { function(&samples) };
    }
}

fn median(samples: &[Sample]) -> f64 {
    // A handful of values: a sorted copy is as fast as anything.
    let mut values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { values[middle - 1].midpoint(values[middle]) }
}

#[inline(always)]
fn as_astrocut<T: Stored>(parts: &[Part<'_, T>], image: &mut [f64], weights: &mut [f64]) {
    // What an image that counts is multiplied by: one over their number.
    let mut shares = [0.0; BLOCK];
    for part in parts {
        let count = |value: f64| if value.is_nan() { 0.0 } else { 1.0 };
        let values = part.values.iter().map(|&value| value.into());
        shares.iter_mut().zip(values).for_each(|(share, value)| *share += count(value));
    }
    shares.iter_mut().for_each(|share| *share = 1.0 / *share);
    astrocut_mean(parts, |part| part.values, &shares, image);
    if !weights.is_empty() {
        astrocut_mean(parts, |part| part.weights, &shares, weights);
    }
}

/// The mean of `plane` over the images whose values are not NaN, its own NaN as 0; NaN where it has nothing else.
#[inline(always)]
fn astrocut_mean<'a, T: Stored>(
    parts: &[Part<'a, T>],
    plane: impl Fn(&Part<'a, T>) -> &'a [T],
    shares: &[f64; BLOCK],
    out: &mut [f64],
) {
    out.fill(0.0);
    // Becomes 0 where the plane has a number.
    let mut nothing = [f64::NAN; BLOCK];
    for part in parts {
        let pixels = part.values.iter().zip(plane(part)).zip(shares);
        for ((out, nothing), ((&value, &own), share)) in
            out.iter_mut().zip(&mut nothing).zip(pixels)
        {
            let (value, own): (f64, f64) = (value.into(), own.into());
            let has = !own.is_nan();
            *out += only_if(has & !value.is_nan(), share * own);
            *nothing = only_if(!has, *nothing);
        }
    }
    out.iter_mut().zip(&nothing).for_each(|(out, nothing)| *out += nothing);
}

/// The value or 0, without a branch, so that pixels are treated several at a time.
#[inline(always)]
fn only_if(keep: bool, value: f64) -> f64 {
    f64::from_bits(value.to_bits() & u64::from(keep).wrapping_neg())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    fn combined(
        values: &[&[f64]],
        weights: &[&[f64]],
        method: Method<'_>,
        relation: Relation,
    ) -> (Vec<f64>, Vec<f64>) {
        let parts: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(input, values)| Part {
                values,
                weights: weights.get(input).copied().unwrap_or_default(),
                input,
            })
            .collect();
        let mut image = vec![-1.0; values[0].len()];
        let mut out = vec![-1.0; if weights.is_empty() { 0 } else { image.len() }];
        combine(&parts, method, relation, &mut image, &mut out);
        (image, out)
    }

    fn same(a: &[f64], b: &[f64]) {
        let equal = a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
        assert!(equal && a.len() == b.len(), "{a:?} {b:?}");
    }

    #[test]
    fn weights_follow_from_the_relation() {
        let values: [&[f64]; 2] =
            [&[1.0, 1.0, NAN, NAN, 7.0], &[4.0, NAN, 4.0, NAN, f64::INFINITY]];
        let weights: [&[f64]; 2] = [&[2.0, 2.0, 2.0, 2.0, 0.0], &[4.0, 4.0, 4.0, 4.0, 1.0]];
        let (image, out) = combined(&values, &weights, Method::Weighted, Relation::Independent);
        same(&image, &[3.0, 1.0, 4.0, NAN, NAN]);
        same(&out, &[6.0, 2.0, 4.0, 0.0, 0.0]);
        let (image, out) = combined(&values, &weights, Method::Mean, Relation::Independent);
        same(&image, &[2.5, 1.0, 4.0, NAN, NAN]);
        same(&out, &[4.0 / 0.75, 2.0, 4.0, 0.0, 0.0]);
        let (image, out) = combined(&values, &weights, Method::Mean, Relation::SameExposures);
        same(&image, &[2.5, 1.0, 4.0, NAN, NAN]);
        same(&out, &[4.0, 2.0, 4.0, 0.0, 0.0]);
    }

    #[test]
    fn astrocut_takes_the_mask_of_the_image_for_the_weights() {
        let values: [&[f64]; 2] = [&[1.0, 1.0, NAN], &[4.0, NAN, NAN]];
        let weights: [&[f64]; 2] = [&[2.0, 2.0, 2.0], &[4.0, 4.0, NAN]];
        let (image, out) = combined(&values, &weights, Method::Median, Relation::AsAstrocut);
        same(&image, &[2.5, 1.0, NAN]);
        same(&out, &[3.0, 2.0, 0.0]);
    }

    /// Where all pixels count the loops are shorter ones.
    #[test]
    fn shorter_loops_give_the_same_bits() {
        let number = |i: usize, k: usize| (((i * 7919 + k * 104_729) % 1009) as f64 - 500.0) * 0.37;
        for images in 1..=5 {
            let values: Vec<Vec<f64>> =
                (0..images).map(|k| (0..2 * BLOCK + 9).map(|i| number(i, k)).collect()).collect();
            let weights: Vec<Vec<f64>> = (0..images)
                .map(|k| (0..2 * BLOCK + 9).map(|i| number(i, k + 9).abs() + 0.1).collect())
                .collect();
            // One pixel in the middle does not count in the first image: its block takes the other way.
            let mut holes = values.clone();
            holes[0][BLOCK + 3] = NAN;
            for (method, relation) in [
                (Method::Mean, Relation::Independent),
                (Method::Mean, Relation::AsAstrocut),
                (Method::Weighted, Relation::SameExposures),
            ] {
                let of = |values: &[Vec<f64>]| {
                    let values: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
                    let weights: Vec<&[f64]> = weights.iter().map(Vec::as_slice).collect();
                    combined(&values, &weights, method, relation)
                };
                let ((image, sums), (other, others)) = (of(&values), of(&holes));
                for i in (0..image.len()).filter(|&i| i != BLOCK + 3) {
                    assert_eq!(image[i].to_bits(), other[i].to_bits(), "{i} of {images}");
                    assert_eq!(sums[i].to_bits(), others[i].to_bits(), "{i} of {images}");
                }
            }
        }
    }

    #[test]
    fn medians_and_own_functions_see_what_counts() {
        let values: [&[f64]; 4] = [&[5.0, 9.0], &[1.0, NAN], &[NAN, NAN], &[3.0, 1.0]];
        let (image, _) = combined(&values, &[], Method::Median, Relation::Independent);
        same(&image, &[3.0, 5.0]);
        let last =
            |samples: &[Sample]| samples.iter().map(|s| 10.0 * s.input as f64 + s.value).sum();
        let (image, _) = combined(&values, &[], Method::Custom(&last), Relation::Independent);
        same(&image, &[5.0 + 11.0 + 33.0, 9.0 + 31.0]);
    }
}
