use ndarray::{Array2, s};

use crate::stats::median_in_place;

/// Median of the window of `size` boxes around each box; the window is cut at the edges of the mesh.
pub(crate) fn median_filter(mesh: &Array2<f64>, size: (usize, usize)) -> Array2<f64> {
    if size == (1, 1) {
        return mesh.clone();
    }
    Array2::from_shape_fn(mesh.dim(), |at| median_around(mesh, at, size))
}

/// As [`median_filter`], only where `above` is true.
pub(crate) fn median_filter_where(
    mesh: &Array2<f64>,
    size: (usize, usize),
    above: &Array2<bool>,
) -> Array2<f64> {
    let filtered = |at| if above[at] { median_around(mesh, at, size) } else { mesh[at] };
    Array2::from_shape_fn(mesh.dim(), filtered)
}

fn median_around(mesh: &Array2<f64>, (j, i): (usize, usize), size: (usize, usize)) -> f64 {
    let (ny, nx) = mesh.dim();
    let (ry, rx) = (size.0 / 2, size.1 / 2);
    let rows = j.saturating_sub(ry)..j.saturating_add(ry + 1).min(ny);
    let columns = i.saturating_sub(rx)..i.saturating_add(rx + 1).min(nx);
    let mut values: Vec<f64> = mesh.slice(s![rows, columns]).iter().copied().collect();
    median_in_place(&mut values)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_window_shrinks_at_the_edges() {
        let mesh = array![[1.0, 2.0, 3.0], [4.0, 50.0, 6.0], [7.0, 8.0, 9.0]];
        let filtered = median_filter(&mesh, (3, 3));
        assert_eq!(filtered[(1, 1)], 6.0);
        assert_eq!(filtered[(0, 0)], 3.0);
        assert_eq!(filtered[(0, 1)], 3.5);
        assert_eq!(median_filter(&mesh, (1, 1)), mesh);
    }
}
