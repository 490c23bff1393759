//! Sets of intervals on a line: ascending places where one is entered and left, in turn.

/// The intervals in `a` and not in `b`.
pub(super) fn subtract(a: &[f64], b: &[f64], out: &mut Vec<f64>) {
    combine(a, b, out, |in_a, in_b| in_a && !in_b);
}

/// The intervals in `a` or in `b`.
pub(super) fn unite(a: &[f64], b: &[f64], out: &mut Vec<f64>) {
    combine(a, b, out, |in_a, in_b| in_a || in_b);
}

fn combine(a: &[f64], b: &[f64], out: &mut Vec<f64>, keep: impl Fn(bool, bool) -> bool) {
    let (mut i, mut j, mut inside) = (0, 0, false);
    loop {
        let next = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.min(*y),
            (Some(x), None) | (None, Some(x)) => *x,
            (None, None) => return,
        };
        while a.get(i).is_some_and(|x| *x <= next) {
            i += 1;
        }
        while b.get(j).is_some_and(|x| *x <= next) {
            j += 1;
        }
        let now = keep(i % 2 == 1, j % 2 == 1);
        if now != inside {
            out.push(next);
            inside = now;
        }
    }
}

/// Length of the intervals inside `from..to`.
pub(super) fn length(edges: &[f64], from: f64, to: f64) -> f64 {
    let inside = |edge: f64| edge.clamp(from, to);
    edges.as_chunks::<2>().0.iter().map(|[start, end]| inside(*end) - inside(*start)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_combine() {
        let mut out = Vec::new();
        subtract(&[0.0, 4.0], &[1.0, 2.0, 3.0, 9.0], &mut out);
        assert_eq!(out, [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(length(&out, 0.5, 2.25), 0.75);
    }
}
