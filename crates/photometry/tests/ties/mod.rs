//! Where a mesh of photutils may lie, whatever order its k-d tree meets equals in.
//!
//! An excluded box takes the ten nearest good ones, and on a grid the tenth nearly always has equals: photutils takes
//! some of them, we share among all. Every choice lies between the lowest equals and the highest ones, and a median is
//! never lower for higher values, so that the bounds pass through the filter. Without a choice both bounds are the value.

use ndarray::{Array2, s};

const NEIGHBOURS: usize = 10;

/// The lowest and the highest value of each box.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) low: Array2<f64>,
    pub(crate) high: Array2<f64>,
}

impl Bounds {
    /// Of a mesh whose excluded boxes, NaN, are filled.
    pub(crate) fn filled(mesh: &Array2<f64>) -> Self {
        let (mut low, mut high) = (mesh.clone(), mesh.clone());
        for (at, _) in mesh.indexed_iter().filter(|(_, v)| v.is_nan()) {
            (low[at], high[at]) = nearest_ten(mesh, at);
        }
        Self { low, high }
    }

    /// After the median filter, where `above` says so; without an answer, filtered or not.
    pub(crate) fn filtered(
        &self,
        size: (usize, usize),
        above: impl Fn((usize, usize)) -> Option<bool>,
    ) -> Self {
        let (mut low, mut high) = (self.low.clone(), self.high.clone());
        for (at, _) in self.low.indexed_iter() {
            let filtered = (median(&self.low, at, size), median(&self.high, at, size));
            match above(at) {
                Some(false) => {}
                Some(true) => (low[at], high[at]) = filtered,
                None => {
                    low[at] = low[at].min(filtered.0);
                    high[at] = high[at].max(filtered.1);
                }
            }
        }
        Self { low, high }
    }

    /// How far a mesh lies outside.
    pub(crate) fn outside(&self, mesh: &Array2<f64>) -> f64 {
        let beyond = |(at, v): ((usize, usize), &f64)| (self.low[at] - v).max(v - self.high[at]);
        mesh.indexed_iter()
            .map(beyond)
            .fold(0.0, |worst, d| if d.is_nan() { d } else { d.max(worst) })
    }

    /// The widest choice.
    pub(crate) fn widest(&self) -> f64 {
        (&self.high - &self.low).into_iter().fold(0.0, f64::max)
    }
}

/// The inverse-distance mean of the nearest ten with the lowest of the equals, and with the highest.
fn nearest_ten(mesh: &Array2<f64>, (j, i): (usize, usize)) -> (f64, f64) {
    let squared = |(y, x): (usize, usize)| y.abs_diff(j).pow(2) + x.abs_diff(i).pow(2);
    let good = mesh.indexed_iter().filter(|(_, v)| !v.is_nan());
    let mut all: Vec<(usize, f64)> = good.map(|(at, v)| (squared(at), *v)).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let count = NEIGHBOURS.min(all.len());
    let reach = all[count - 1].0;
    let closer = all.iter().filter(|n| n.0 < reach).count();
    let within = all.iter().filter(|n| n.0 <= reach).count();
    let taken = count - closer;
    let of = |tied: &[(usize, f64)]| {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (squared, value) in all[..closer].iter().chain(tied) {
            let weight = (*squared as f64).sqrt().recip();
            sum += weight * value;
            weights += weight;
        }
        sum / weights
    };
    (of(&all[closer..closer + taken]), of(&all[within - taken..within]))
}

fn median(mesh: &Array2<f64>, (j, i): (usize, usize), (fy, fx): (usize, usize)) -> f64 {
    let around = |k: usize, size: usize, count: usize| {
        k.saturating_sub(size / 2)..(k + size / 2 + 1).min(count)
    };
    let window = mesh.slice(s![around(j, fy, mesh.nrows()), around(i, fx, mesh.ncols())]);
    let mut values: Vec<f64> = window.iter().copied().collect();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { 0.5 * (values[half - 1] + values[half]) }
}
