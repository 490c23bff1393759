use ndarray::{Array2, ArrayViewMut1, Axis};

/// Pole of the cubic B-spline's prefilter, √3 − 2.
const POLE: f64 = -0.267_949_192_431_122_7;

/// B-spline coefficients of a mesh, mirrored half a sample beyond its edges (d c b a | a b c d | d c b a).
///
/// # Source
/// Unser, Aldroubi & Eden 1993, IEEE Trans. Signal Process. 41, 821; the exact start for this mirror.
pub(crate) fn coefficients(mesh: &Array2<f64>) -> Array2<f64> {
    let mut c = mesh.clone();
    for axis in [Axis(0), Axis(1)] {
        if c.len_of(axis) > 1 {
            c.lanes_mut(axis).into_iter().for_each(prefilter);
        }
    }
    c
}

fn prefilter(mut c: ArrayViewMut1<'_, f64>) {
    let n = c.len();
    let gain = (1.0 - POLE) * (1.0 - 1.0 / POLE);
    c.mapv_inplace(|v| v * gain);
    let end = POLE.powi(i32::try_from(n).unwrap_or(i32::MAX));
    let mut power = 1.0;
    let mut start = 0.0;
    for i in 0..n {
        start += power * (c[i] + end * c[n - 1 - i]);
        power *= POLE;
        if power == 0.0 {
            break;
        }
    }
    c[0] += start * POLE / (1.0 - end * end);
    for i in 1..n {
        c[i] += POLE * c[i - 1];
    }
    c[n - 1] *= POLE / (POLE - 1.0);
    for i in (0..n - 1).rev() {
        c[i] = POLE * (c[i + 1] - c[i]);
    }
}

/// Weights of the four coefficients around a place `t` past the second of them, 0 ≤ t < 1.
pub(crate) fn weights(t: f64) -> [f64; 4] {
    let u = 1.0 - t;
    [
        u.powi(3) / 6.0,
        (4.0 - 6.0 * t * t + 3.0 * t.powi(3)) / 6.0,
        (4.0 - 6.0 * u * u + 3.0 * u.powi(3)) / 6.0,
        t.powi(3) / 6.0,
    ]
}

/// Index of the coefficient that stands for `i` in a mirrored row of `n`.
#[inline(always)]
pub(crate) fn reflect(i: isize, n: usize) -> usize {
    let period = 2 * n.cast_signed();
    let i = i.rem_euclid(period);
    (if i < n.cast_signed() { i } else { period - 1 - i }).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_spline_passes_through_the_mesh() {
        let mesh = array![[1.0, 5.0, 2.0, 8.0], [0.0, 1.0, 7.0, 3.0], [2.0, 2.0, 9.0, 4.0]];
        let c = coefficients(&mesh);
        let w = weights(0.0);
        for ((j, i), expected) in mesh.indexed_iter() {
            let mut value = 0.0;
            for (a, wa) in w.iter().enumerate() {
                for (b, wb) in w.iter().enumerate() {
                    let row = reflect(j as isize + a as isize - 1, 3);
                    let column = reflect(i as isize + b as isize - 1, 4);
                    value += wa * wb * c[(row, column)];
                }
            }
            assert!((value - expected).abs() < 1e-13, "{j} {i}: {value}");
        }
    }

    #[test]
    fn weights_sum_to_one() {
        for k in 0..=10 {
            assert!((weights(f64::from(k) / 10.0).iter().sum::<f64>() - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn indices_are_mirrored_half_a_sample_beyond_the_edge() {
        let seen: Vec<_> = (-4..8).map(|i| reflect(i, 4)).collect();
        assert_eq!(seen, [3, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 0]);
        assert_eq!(reflect(-7, 1), 0);
    }
}
