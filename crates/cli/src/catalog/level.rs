//! How well a mesh knows the level of the sky under an aperture.

use std::collections::BTreeMap;
use std::f64::consts::FRAC_PI_2;

use astro_coords::PixelBox;
use photometry::Aperture;
use photometry::background::{Background, BackgroundOptions};
use photometry::stats::{mad_std, median};

/// Boxes from which on their own scatter tells their error better than theory.
const MANY: usize = 24;
/// Boxes that fill an excluded one.
const NEIGHBOURS: usize = 10;
/// So far they are looked for, in boxes.
const FAR: isize = 12;

/// The errors of a mesh's boxes, and how they come together under an aperture.
///
/// The sky in an aperture is a weighted mean of the levels of boxes: of those around it, by the spline and the median
/// filter, and in place of an excluded box of those that fill it. The error of a box is the standard error of its level.
#[derive(Debug)]
pub(super) struct LevelNoise {
    shape: (usize, usize),
    box_size: (usize, usize),
    boxes: (usize, usize),
    filter: (usize, usize),
    /// Squared standard error of each box's level; NaN of those excluded.
    variances: Vec<f64>,
}

type Cell = (usize, usize);

impl LevelNoise {
    /// `factor` is by how much the noise of a box's sum exceeds that of independent pixels; it counts where there are too
    /// few boxes to see how they scatter.
    pub(super) fn new(
        sky: &Background,
        options: &BackgroundOptions,
        shape: (usize, usize),
        factor: f64,
    ) -> Self {
        let boxes = sky.boxes.dim();
        let unit: Vec<f64> = sky
            .boxes
            .iter()
            .map(|b| if b.excluded { f64::NAN } else { b.rms / (b.good as f64).sqrt() })
            .collect();
        let level: Vec<f64> = sky.boxes.iter().map(|b| b.level).collect();
        let independent = options.level.standard_error(1.0, 1);
        let seen = deviations(&level, &unit, boxes);
        let error =
            if seen.len() < MANY { factor * independent } else { mad_std(&seen).max(independent) };
        Self {
            shape,
            box_size: (options.box_size.0.min(shape.0), options.box_size.1.min(shape.1)),
            boxes,
            filter: options.filter_size,
            variances: unit.iter().map(|unit| (error * unit).powi(2)).collect(),
        }
    }

    /// Standard error of the sum of the level over `area` pixels of an aperture.
    pub(super) fn under(&self, aperture: &dyn Aperture, area: f64) -> f64 {
        let mut weights = BTreeMap::new();
        let quarters = self.quarters(aperture);
        let total: f64 = quarters.values().sum();
        for ((qj, qi), share) in quarters {
            for (j, wj) in between(qj, self.boxes.0) {
                for (i, wi) in between(qi, self.boxes.1) {
                    self.add((j, i), area * share / total * wj * wi, &mut weights);
                }
            }
        }
        let variance = |(cell, weight): (&Cell, &f64)| weight * weight * self.variance(*cell);
        weights.iter().map(variance).sum::<f64>().sqrt()
    }

    fn variance(&self, (j, i): Cell) -> f64 {
        self.variances[j * self.boxes.1 + i]
    }

    /// Pixels of the aperture by quarters of boxes.
    fn quarters(&self, aperture: &dyn Aperture) -> BTreeMap<Cell, f64> {
        let mut found = BTreeMap::new();
        let half = (self.box_size.0.div_ceil(2), self.box_size.1.div_ceil(2));
        let last = (2 * self.boxes.0 - 1, 2 * self.boxes.1 - 1);
        let mut add = |y: usize, x: usize, n: usize| {
            *found.entry(((y / half.0).min(last.0), (x / half.1).min(last.1))).or_insert(0.0) +=
                n as f64;
        };
        let Some(window) = aperture.bounds().intersect(&PixelBox::of_shape(self.shape)) else {
            return found;
        };
        let mut runs = Vec::new();
        for y in window.y.clone() {
            runs.clear();
            aperture.centers(y, window.x.clone(), &mut runs);
            for run in &runs {
                let (mut x, end) = (run.start.unsigned_abs(), run.end.unsigned_abs());
                while x < end {
                    let next = end.min((x / half.1 + 1) * half.1);
                    add(y.unsigned_abs(), x, next - x);
                    x = next;
                }
            }
        }
        if found.is_empty() {
            // Smaller than a pixel.
            let middle =
                |range: std::ops::Range<isize>| ((range.start + range.end) / 2).unsigned_abs();
            let (j, i) = (middle(window.y) / half.0, middle(window.x) / half.1);
            found.insert((j.min(last.0), i.min(last.1)), 1.0);
        }
        found
    }

    /// Gives the weight of a filtered box to those that its median is of, and these to the boxes that fill them.
    fn add(&self, (j, i): Cell, weight: f64, weights: &mut BTreeMap<Cell, f64>) {
        let window =
            |k: usize, size: usize, n: usize| k.saturating_sub(size / 2)..(k + size / 2 + 1).min(n);
        let (rows, columns) =
            (window(j, self.filter.0, self.boxes.0), window(i, self.filter.1, self.boxes.1));
        let n = (rows.len() * columns.len()) as f64;
        let each = weight * median_variance(n).sqrt() / n;
        for cell in rows.flat_map(|j| columns.clone().map(move |i| (j, i))) {
            if self.variance(cell).is_nan() {
                self.fill(cell, each, weights);
            } else {
                *weights.entry(cell).or_insert(0.0) += each;
            }
        }
    }

    fn fill(&self, (j, i): Cell, weight: f64, weights: &mut BTreeMap<Cell, f64>) {
        let (j, i) = (j.cast_signed(), i.cast_signed());
        let mut near: Vec<(isize, Cell)> = Vec::new();
        for reach in [2, 4, FAR] {
            near.clear();
            for y in j - reach..=j + reach {
                for x in i - reach..=i + reach {
                    let inside = usize::try_from(y).ok().zip(usize::try_from(x).ok());
                    let good = inside.filter(|(y, x)| {
                        *y < self.boxes.0 && *x < self.boxes.1 && !self.variance((*y, *x)).is_nan()
                    });
                    near.extend(good.map(|cell| ((y - j).pow(2) + (x - i).pow(2), cell)));
                }
            }
            // Those farther than the square reaches are not all known.
            near.retain(|(squared, _)| *squared <= reach * reach);
            if near.len() >= NEIGHBOURS {
                break;
            }
        }
        near.sort_unstable();
        near.truncate(NEIGHBOURS);
        let total: f64 = near.iter().map(|(squared, _)| 1.0 / (*squared as f64).sqrt()).sum();
        for (squared, cell) in near {
            *weights.entry(cell).or_insert(0.0) += weight / (squared as f64).sqrt() / total;
        }
    }
}

/// Deviations of the levels from the medians of 3 × 3 boxes, in units of the levels' own deviations.
fn deviations(level: &[f64], unit: &[f64], (rows, columns): (usize, usize)) -> Vec<f64> {
    let mut found = Vec::new();
    for j in 0..rows {
        for i in 0..columns {
            let at = |j: usize, i: usize| j * columns + i;
            let window = (j.saturating_sub(1)..(j + 2).min(rows))
                .flat_map(|j| (i.saturating_sub(1)..(i + 2).min(columns)).map(move |i| at(j, i)));
            let good: Vec<f64> = window.filter(|k| !unit[*k].is_nan()).map(|k| level[k]).collect();
            let own = unit[at(j, i)];
            if own > 0.0 && good.len() >= 5 {
                let n = good.len() as f64;
                // A level is part of its own median: their covariance is the variance of the mean.
                let spread = (1.0 + (median_variance(n) - 2.0) / n).sqrt();
                found.push((level[at(j, i)] - median(&good)) / own / spread);
            }
        }
    }
    found
}

/// Variance of the median of `n` normal values over that of their mean: 1 of one, π/2 of many; within 2 % of the exact
/// 1.346 for 3 and 1.495 for 9.
fn median_variance(n: f64) -> f64 {
    1.0 + (FRAC_PI_2 - 1.0) * (1.0 - 1.0 / n)
}

/// The boxes that a quarter of one lies between, and their weights there.
fn between(quarter: usize, boxes: usize) -> [(usize, f64); 2] {
    let own = (quarter / 2).min(boxes - 1);
    let other =
        if quarter.is_multiple_of(2) { own.saturating_sub(1) } else { (own + 1).min(boxes - 1) };
    [(own, 0.75), (other, 0.25)]
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use photometry::aperture::Circle;
    use photometry::background::{Masks, background};

    use super::*;

    fn normal(state: &mut u64) -> f64 {
        let mut uniform = || {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((*state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
    }

    /// Level sums under circles on many images of noise, which are masked or not, over their errors.
    fn width(radius: f64, hole: f64) -> f64 {
        let options = BackgroundOptions { box_size: (16, 16), ..BackgroundOptions::default() };
        let mut state = 5;
        let mut squares = Vec::new();
        for _ in 0..60 {
            let image = Array2::from_shape_fn((160, 160), |_| normal(&mut state));
            for at in [(79.3, 81.2), (40.2, 43.1), (118.7, 120.0)] {
                let mask = Array2::from_shape_fn((160, 160), |(y, x)| {
                    (x as f64 - at.0).hypot(y as f64 - at.1) < hole
                });
                let sky = background(&image, Masks::ignoring(&mask), &options).unwrap();
                let circle = Circle::new(at, radius);
                let map = sky.level.map();
                let inside = map
                    .indexed_iter()
                    .filter(|((y, x), _)| (*x as f64 - at.0).hypot(*y as f64 - at.1) < radius);
                let (n, sum) = inside.fold((0.0, 0.0), |(n, sum), (_, v)| (n + 1.0, sum + v));
                let noise = LevelNoise::new(&sky, &options, (160, 160), 1.0);
                squares.push((sum / noise.under(&circle, n)).powi(2));
            }
        }
        (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
    }

    /// Of 180 levels the width is known to 5 %.
    #[test]
    fn the_error_of_the_level_is_what_levels_scatter_by() {
        for (radius, hole) in [(3.0, 0.0), (3.0, 6.0), (12.0, 18.0), (24.0, 36.0)] {
            let width = width(radius, hole);
            assert!((width - 1.0).abs() < 0.25, "{radius} {hole}: {width}");
        }
    }
}
