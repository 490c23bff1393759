use super::linear::Matrix;
use super::wide::{BLOCK, Block};

/// Two polynomials of u and v, such as the shifts along x and along y.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Polynomial {
    order: usize,
    /// Coefficients of u^p v^q in rows of the same p, which falls from the order to 0; within each q falls from
    /// order − p to 0: the sequence in which Horner's rule meets them.
    terms: Vec<[f64; 2]>,
}

/// What a [`Polynomial`] is at many points, and its derivatives by u and by v.
pub(super) struct Slopes {
    pub(super) value: Block,
    pub(super) by_u: Block,
    pub(super) by_v: Block,
}

/// Calls a function with the row as an array of its length, so that the loop over its terms is unrolled, and the one
/// over the points is worked on several at a time.
macro_rules! by_length {
    (@ $length:literal, $row:expr, $function:ident($($argument:expr),*)) => {
        if let Some(row) = $row.first_chunk::<$length>() {
            $function(row, $($argument),*);
        }
    };
    (@@ $($length:literal)*, $row:expr, $function:ident $arguments:tt) => {
        match $row.len() {
            $($length => by_length!(@ $length, $row, $function $arguments),)*
            _ => {}
        }
    };
    ($row:expr, $function:ident $arguments:tt) => {
        by_length!(@@ 1 2 3 4 5 6 7 8 9 10, $row, $function $arguments)
    };
}

impl Polynomial {
    /// The highest order.
    pub(super) const MAX_ORDER: usize = 9;

    /// The polynomials whose coefficients of u^p v^q are `coefficient(p, q)`, p + q up to `order`.
    ///
    /// # Errors
    /// The first that `coefficient` gives.
    pub(super) fn new<E>(
        order: usize,
        mut coefficient: impl FnMut(usize, usize) -> Result<[f64; 2], E>,
    ) -> Result<Self, E> {
        let terms: Result<_, _> = powers(order).map(|(p, q)| coefficient(p, q)).collect();
        Ok(Self { order, terms: terms? })
    }

    pub(super) fn is_zero(&self) -> bool {
        self.terms.iter().all(|term| *term == [0.0; 2])
    }

    pub(super) fn is_finite(&self) -> bool {
        self.terms.iter().flatten().all(|term| term.is_finite())
    }

    /// The terms of the same power of u, from the highest.
    fn rows(&self) -> impl Iterator<Item = &[[f64; 2]]> {
        let mut rest = self.terms.as_slice();
        (1..=self.order + 1).map(move |length| {
            let (row, behind) = rest.split_at(length);
            rest = behind;
            row
        })
    }

    /// The values.
    pub(super) fn value(&self, [u, v]: [f64; 2]) -> [f64; 2] {
        let mut value = [0.0; 2];
        for row in self.rows() {
            let [mut a, mut b] = row[0];
            for term in &row[1..] {
                (a, b) = (a * v + term[0], b * v + term[1]);
            }
            value = [value[0] * u + a, value[1] * u + b];
        }
        value
    }

    /// The values, and their derivatives `[[df/du, df/dv], [dg/du, dg/dv]]`.
    pub(super) fn value_and_slope(&self, [u, v]: [f64; 2]) -> ([f64; 2], Matrix) {
        let (mut f, mut g) = ([0.0; 3], [0.0; 3]);
        for row in self.rows() {
            let ([a, b], [a_v, b_v]) = row_and_slope(row, v);
            f = [f[0] * u + a, f[1] * u + f[0], f[2] * u + a_v];
            g = [g[0] * u + b, g[1] * u + g[0], g[2] * u + b_v];
        }
        ([f[0], g[0]], [[f[1], f[2]], [g[1], g[2]]])
    }

    /// [`value`](Self::value) of many, to the bit.
    #[inline(always)]
    pub(super) fn value_each(&self, at: &Block) -> Block {
        let mut value = Block::ZERO;
        for row in self.rows() {
            by_length!(row, add_row(at, &mut value));
        }
        value
    }

    /// [`value_and_slope`](Self::value_and_slope) of many, to the bit.
    #[inline(always)]
    pub(super) fn value_and_slope_each(&self, at: &Block) -> Slopes {
        let mut slopes = Slopes { value: Block::ZERO, by_u: Block::ZERO, by_v: Block::ZERO };
        for row in self.rows() {
            by_length!(row, add_row_and_slope(at, &mut slopes));
        }
        slopes
    }

    /// For |u| and |v| up to `reach`: the largest sums of first and of second derivatives, at most.
    pub(super) fn bounds(&self, reach: [f64; 2]) -> [f64; 2] {
        // The derivative of u^p v^q, du and dv times.
        let derived = |(p, q): (usize, usize), (du, dv): (usize, usize)| {
            let falling = |n: usize, d: usize| (n + 1 - d..=n).map(|k| k as f64).product::<f64>();
            if p < du || q < dv {
                return 0.0;
            }
            let powers = power(reach[0], p - du) * power(reach[1], q - dv);
            falling(p, du) * falling(q, dv) * powers
        };
        let mut bounds = [[0.0; 2]; 2];
        for (powers, term) in powers(self.order).zip(&self.terms) {
            let by = |du: usize, dv: usize| derived(powers, (du, dv));
            let sums = [by(1, 0) + by(0, 1), by(2, 0) + 2.0 * by(1, 1) + by(0, 2)];
            for (bound, sum) in bounds.iter_mut().zip(sums) {
                *bound = [bound[0] + term[0].abs() * sum, bound[1] + term[1].abs() * sum];
            }
        }
        bounds.map(|[f, g]: [f64; 2]| f.max(g))
    }
}

/// The powers of u and v in the sequence of the terms.
pub(super) fn powers(order: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..=order).rev().flat_map(move |p| (0..=order - p).rev().map(move |q| (p, q)))
}

/// `x` to the power of `n`, which is small.
pub(super) fn power(x: f64, n: usize) -> f64 {
    (0..n).fold(1.0, |power, _| power * x)
}

#[inline(always)]
fn add_row<const N: usize>(row: &[[f64; 2]; N], at: &Block, value: &mut Block) {
    for i in 0..BLOCK {
        let (u, v) = (at.x[i], at.y[i]);
        let [mut a, mut b] = row[0];
        for term in &row[1..] {
            (a, b) = (a * v + term[0], b * v + term[1]);
        }
        (value.x[i], value.y[i]) = (value.x[i] * u + a, value.y[i] * u + b);
    }
}

#[inline(always)]
fn add_row_and_slope<const N: usize>(row: &[[f64; 2]; N], at: &Block, slopes: &mut Slopes) {
    let Slopes { value, by_u, by_v } = slopes;
    for i in 0..BLOCK {
        let (u, v) = (at.x[i], at.y[i]);
        let ([a, b], [a_v, b_v]) = row_and_slope(row, v);
        (by_v.x[i], by_v.y[i]) = (by_v.x[i] * u + a_v, by_v.y[i] * u + b_v);
        (by_u.x[i], by_u.y[i]) = (by_u.x[i] * u + value.x[i], by_u.y[i] * u + value.y[i]);
        (value.x[i], value.y[i]) = (value.x[i] * u + a, value.y[i] * u + b);
    }
}

/// A row's values and their derivatives by v.
#[inline(always)]
fn row_and_slope(row: &[[f64; 2]], v: f64) -> ([f64; 2], [f64; 2]) {
    let ([mut a, mut b], [mut a_v, mut b_v]) = (row[0], [0.0; 2]);
    for term in &row[1..] {
        (a_v, b_v) = (a_v * v + a, b_v * v + b);
        (a, b) = (a * v + term[0], b * v + term[1]);
    }
    ([a, b], [a_v, b_v])
}
