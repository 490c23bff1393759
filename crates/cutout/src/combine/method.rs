//! What becomes of the values that several images have for one pixel.

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

/// Rows of one image within the result, all of one width.
pub(crate) struct Part<'a> {
    pub(crate) values: &'a [f64],
    /// Empty where there are no weights.
    pub(crate) weights: &'a [f64],
    pub(crate) input: usize,
}

impl Part<'_> {
    fn weight(&self, i: usize) -> f64 {
        self.weights.get(i).copied().unwrap_or(1.0)
    }

    /// The weight, 0 where the pixel does not count.
    fn counting(&self, i: usize) -> f64 {
        let weight = self.weight(i);
        if self.values[i].is_finite() && weight > 0.0 && weight.is_finite() { weight } else { 0.0 }
    }
}

/// Combines rows of the same pixels. `weights` may be empty.
pub(crate) fn combine(
    parts: &[Part<'_>],
    method: Method<'_>,
    relation: Relation,
    image: &mut [f64],
    weights: &mut [f64],
) {
    if relation == Relation::AsAstrocut {
        return as_astrocut(parts, image, weights);
    }
    match method {
        Method::Mean => linear(parts, image, |_| 1.0),
        Method::Weighted => linear(parts, image, |weight| weight),
        Method::Median => each(parts, image, &|samples| median(samples)),
        Method::Custom(function) => each(parts, image, function),
    }
    if !weights.is_empty() {
        match (relation, method) {
            (Relation::SameExposures, _) => {
                fold(parts, weights, 0.0, f64::max);
            }
            (_, Method::Weighted) => fold(parts, weights, 0.0, |sum, weight| sum + weight),
            _ => weights_of_mean(parts, weights),
        }
    }
}

/// `Σ f S / Σ f`, NaN where nothing counts.
fn linear(parts: &[Part<'_>], image: &mut [f64], factor: impl Fn(f64) -> f64) {
    image.fill(0.0);
    let mut sums = vec![0.0; image.len()];
    for part in parts {
        for (i, (out, sum)) in image.iter_mut().zip(&mut sums).enumerate() {
            let weight = part.counting(i);
            let counts = weight > 0.0;
            let f = if counts { factor(weight) } else { 0.0 };
            *out += f * if counts { part.values[i] } else { 0.0 };
            *sum += f;
        }
    }
    // Nothing by nothing is NaN, as it should be.
    image.iter_mut().zip(&sums).for_each(|(out, sum)| *out /= sum);
}

fn fold(parts: &[Part<'_>], out: &mut [f64], start: f64, step: impl Fn(f64, f64) -> f64) {
    out.fill(start);
    for part in parts {
        for (i, out) in out.iter_mut().enumerate() {
            *out = step(*out, part.counting(i));
        }
    }
}

/// The inverse variance of a plain mean, `n² / Σ 1/w`. That of a median is smaller, by up to π/2 for many images.
fn weights_of_mean(parts: &[Part<'_>], out: &mut [f64]) {
    out.fill(0.0);
    let mut counts = vec![0.0; out.len()];
    for part in parts {
        for (i, (out, count)) in out.iter_mut().zip(&mut counts).enumerate() {
            let weight = part.counting(i);
            if weight > 0.0 {
                *out += 1.0 / weight;
                *count += 1.0;
            }
        }
    }
    for (out, count) in out.iter_mut().zip(counts) {
        *out = if count > 0.0 { count * count / *out } else { 0.0 };
    }
}

fn each(parts: &[Part<'_>], image: &mut [f64], function: &Combiner) {
    let mut samples = Vec::with_capacity(parts.len());
    for (i, out) in image.iter_mut().enumerate() {
        samples.clear();
        samples.extend(parts.iter().filter_map(|part| {
            let weight = part.counting(i);
            let sample = Sample { value: part.values[i], weight, input: part.input };
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

fn as_astrocut(parts: &[Part<'_>], image: &mut [f64], weights: &mut [f64]) {
    let zero = |value: f64| if value.is_nan() { 0.0 } else { value };
    let mean = |i: usize, plane: &dyn Fn(&Part<'_>) -> f64| {
        if parts.iter().all(|part| plane(part).is_nan()) {
            return f64::NAN;
        }
        let valid = |part: &&Part<'_>| !part.values[i].is_nan();
        let count = parts.iter().filter(valid).count();
        let share = 1.0 / count as f64;
        parts.iter().filter(valid).fold(0.0, |sum, part| sum + share * zero(plane(part)))
    };
    for (i, out) in image.iter_mut().enumerate() {
        *out = mean(i, &|part| part.values[i]);
    }
    for (i, out) in weights.iter_mut().enumerate() {
        *out = mean(i, &|part| part.weight(i));
    }
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
