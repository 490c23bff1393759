use ndarray::Array2;

use super::options::Ties;
use crate::stats::median_in_place;

/// Good boxes that fill an excluded one, as in photutils.
const NEIGHBOURS: usize = 10;

/// Replaces the NaN of a mesh by the inverse-distance weighted mean of the nearest ten good boxes (Shepard 1968).
///
/// Distances are in boxes. Needs at least one good box. Boxes outside `wanted` take the median instead.
pub(crate) fn fill(mesh: &mut Array2<f64>, ties: Ties, wanted: Option<&Array2<bool>>) {
    let good: Vec<Place> = places(mesh, |v| !v.is_nan());
    let mut bad: Vec<Place> = places(mesh, |v| v.is_nan());
    if let Some(wanted) = wanted {
        bad.retain(|at| wanted[*at]);
    }
    fill_from(mesh, &good, &bad, ties);
    let median = median_in_place(&mut good.iter().map(|at| mesh[*at]).collect::<Vec<_>>());
    mesh.mapv_inplace(|v| if v.is_nan() { median } else { v });
}

fn fill_from(mesh: &mut Array2<f64>, good: &[Place], bad: &[Place], ties: Ties) {
    if bad.is_empty() || good.is_empty() {
        return;
    }
    let search = Search::new(mesh, good);
    let found: Vec<f64> = bad.iter().map(|at| search.value(*at, ties)).collect();
    for (at, value) in bad.iter().zip(found) {
        mesh[*at] = value;
    }
}

type Place = (usize, usize);

fn places(mesh: &Array2<f64>, wanted: impl Fn(f64) -> bool) -> Vec<Place> {
    mesh.indexed_iter().filter(|(_, v)| wanted(**v)).map(|(at, _)| at).collect()
}

/// Steps to other boxes with their squared length, nearest first, for as far as they are worth walking.
struct Search<'a> {
    mesh: &'a Array2<f64>,
    good: &'a [Place],
    steps: Vec<(usize, isize, isize)>,
}

/// Boxes around an excluded one that are looked at before all good boxes are sorted by distance.
const NEAR: isize = 12;

impl<'a> Search<'a> {
    fn new(mesh: &'a Array2<f64>, good: &'a [Place]) -> Self {
        let steps = (-NEAR..=NEAR).flat_map(|dj| (-NEAR..=NEAR).map(move |di| (dj, di)));
        let mut steps: Vec<_> = steps
            .map(|(dj, di)| (dj.unsigned_abs().pow(2) + di.unsigned_abs().pow(2), dj, di))
            .filter(|(squared, ..)| (1..=NEAR.unsigned_abs().pow(2)).contains(squared))
            .collect();
        steps.sort_unstable();
        Self { mesh, good, steps }
    }

    fn value(&self, at: Place, ties: Ties) -> f64 {
        let mut nearest = self.near(at);
        if nearest.len() < NEIGHBOURS {
            nearest = self.all(at);
        }
        match ties {
            Ties::Shared => shared(&nearest),
            Ties::RowMajor => weighted(nearest.iter().take(NEIGHBOURS).map(|n| (*n, 1.0))),
        }
    }

    /// Good boxes in the circle of [`NEAR`] up to the distance of the tenth, `(squared distance, value)`.
    fn near(&self, (j, i): Place) -> Vec<(usize, f64)> {
        let mut found: Vec<(usize, f64)> = Vec::with_capacity(2 * NEIGHBOURS);
        for &(squared, dj, di) in &self.steps {
            if found.len() >= NEIGHBOURS && found[NEIGHBOURS - 1].0 < squared {
                break;
            }
            let there = j.checked_add_signed(dj).zip(i.checked_add_signed(di));
            if let Some(value) = there.and_then(|at| self.mesh.get(at)).filter(|v| !v.is_nan()) {
                found.push((squared, *value));
            }
        }
        found
    }

    fn all(&self, (j, i): Place) -> Vec<(usize, f64)> {
        let distance = |p: &Place| p.0.abs_diff(j).pow(2) + p.1.abs_diff(i).pow(2);
        let mut found: Vec<_> = self.good.iter().map(|p| (distance(p), *p)).collect();
        if found.len() > NEIGHBOURS {
            let reach = found.select_nth_unstable(NEIGHBOURS - 1).1.0;
            found.retain(|(squared, _)| *squared <= reach);
        }
        found.sort_unstable();
        found.into_iter().map(|(squared, at)| (squared, self.mesh[at])).collect()
    }
}

/// The weight of those beyond the tenth is shared among all at the tenth's distance.
fn shared(nearest: &[(usize, f64)]) -> f64 {
    let Some(reach) = nearest.get(NEIGHBOURS - 1).map(|n| n.0) else {
        return weighted(nearest.iter().map(|n| (*n, 1.0)));
    };
    let closer = nearest.iter().filter(|n| n.0 < reach).count();
    let tied = nearest.iter().filter(|n| n.0 == reach).count();
    let share = (NEIGHBOURS - closer) as f64 / tied as f64;
    weighted(
        nearest
            .iter()
            .filter(|n| n.0 <= reach)
            .map(|n| (*n, if n.0 < reach { 1.0 } else { share })),
    )
}

fn weighted(nearest: impl Iterator<Item = ((usize, f64), f64)>) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for ((squared, value), share) in nearest {
        let weight = share / (squared as f64).sqrt();
        sum += weight * value;
        weights += weight;
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    const N: f64 = f64::NAN;

    #[test]
    fn a_hole_takes_the_weighted_mean_of_all_when_they_are_few() {
        let mut mesh = array![[1.0, N, 3.0], [N, N, 10.0]];
        fill(&mut mesh, Ties::Shared, None);
        let root2 = 0.5_f64.sqrt();
        let expected = (1.0 + 3.0 + 10.0 * root2) / (2.0 + root2);
        assert!((mesh[(0, 1)] - expected).abs() < 1e-15);
        assert_eq!(mesh[(0, 0)], 1.0);
    }

    #[test]
    fn shared_ties_keep_the_symmetry_of_the_grid() {
        let mut mesh =
            Array2::from_shape_fn((7, 7), |(j, i)| ((j * j) as f64).sin() + ((i * i) as f64).sin());
        mesh[(3, 3)] = N;
        let mut turned = mesh.t().to_owned();
        fill(&mut mesh, Ties::Shared, None);
        fill(&mut turned, Ties::Shared, None);
        assert!((mesh[(3, 3)] - turned[(3, 3)]).abs() < 1e-15);
    }

    #[test]
    fn far_boxes_are_found_when_the_near_ones_are_bad() {
        let mut mesh = Array2::from_elem((1, 60), N);
        for i in 40..60 {
            mesh[(0, i)] = 2.5;
        }
        fill(&mut mesh, Ties::RowMajor, None);
        assert!(mesh.iter().all(|v| (v - 2.5).abs() < 1e-15));
    }

    #[test]
    fn the_near_walk_equals_the_sort_of_all() {
        let mut mesh = Array2::from_shape_fn((15, 11), |(j, i)| (j * 11 + i) as f64);
        for k in 0..60 {
            mesh[((k * 7) % 15, (k * 5) % 11)] = N;
        }
        let good = places(&mesh, |v| !v.is_nan());
        let search = Search::new(&mesh, &good);
        for at in places(&mesh, |v| v.is_nan()) {
            let (near, all) = (shared(&search.near(at)), shared(&search.all(at)));
            assert!((near - all).abs() < 1e-12, "{at:?}");
        }
    }
}
