use super::error::{Result, WcsError};
use super::keywords::{Keywords, Version};
use super::linear::{self, Matrix};

/// The polynomial of the TPV convention, between the linear step and the tangent plane; degrees.
///
/// # Source
/// The TPV entry of the FITS registry of world coordinate conventions.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tpv {
    /// For each world axis its coefficients with their powers of (own, other, radius).
    terms: [Vec<(f64, [i32; 3])>; 2],
    /// The plane's turn by LONPOLE, which comes after the polynomial.
    turn: Matrix,
}

/// Powers of (x, y, r) for the first axis, x and y exchanged for the second; index m of PVi_m.
const POWERS: [[i32; 3]; 40] = [
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [2, 0, 0],
    [1, 1, 0],
    [0, 2, 0],
    [3, 0, 0],
    [2, 1, 0],
    [1, 2, 0],
    [0, 3, 0],
    [0, 0, 3],
    [4, 0, 0],
    [3, 1, 0],
    [2, 2, 0],
    [1, 3, 0],
    [0, 4, 0],
    [5, 0, 0],
    [4, 1, 0],
    [3, 2, 0],
    [2, 3, 0],
    [1, 4, 0],
    [0, 5, 0],
    [0, 0, 5],
    [6, 0, 0],
    [5, 1, 0],
    [4, 2, 0],
    [3, 3, 0],
    [2, 4, 0],
    [1, 5, 0],
    [0, 6, 0],
    [7, 0, 0],
    [6, 1, 0],
    [5, 2, 0],
    [4, 3, 0],
    [3, 4, 0],
    [2, 5, 0],
    [1, 6, 0],
    [0, 7, 0],
    [0, 0, 7],
];

impl Tpv {
    /// Reads PVi_0 to PVi_39 of the longitude's and the latitude's axis; a missing PVi_1 is 1.
    pub(super) fn read<K: Keywords + ?Sized>(
        header: &Version<'_, K>,
        axes: [usize; 2],
        turn: Matrix,
    ) -> Result<Self> {
        let mut terms = [Vec::new(), Vec::new()];
        for (world, axis) in axes.into_iter().enumerate() {
            for (m, &powers) in POWERS.iter().enumerate() {
                let default = if m == 1 { 1.0 } else { 0.0 };
                let value = header.float_or(&format!("PV{axis}_{m}"), default)?;
                if value != 0.0 {
                    terms[world].push((value, powers));
                }
            }
        }
        Ok(Self { terms, turn })
    }

    /// The tangent plane's point of the intermediate one, and the derivatives.
    pub(super) fn apply(&self, [x, y]: [f64; 2]) -> ([f64; 2], Matrix) {
        let (first, [fx, fy]) = polynomial(&self.terms[0], x, y);
        let (second, [gy, gx]) = polynomial(&self.terms[1], y, x);
        let value = linear::apply(&self.turn, [first, second]);
        (value, linear::multiply(&self.turn, &[[fx, fy], [gx, gy]]))
    }

    /// The intermediate point that the polynomial moves to `plane`, by Newton's method.
    pub(super) fn invert(&self, plane: [f64; 2]) -> Option<[f64; 2]> {
        let mut at = plane;
        for _ in 0..30 {
            let (value, slope) = self.apply(at);
            let miss = [value[0] - plane[0], value[1] - plane[1]];
            let step = linear::apply(&linear::invert(&slope)?, miss);
            at = [at[0] - step[0], at[1] - step[1]];
            let moved = step[0].abs() + step[1].abs();
            if moved <= 1e-15 * (at[0].abs() + at[1].abs()).max(1e-3) {
                return Some(at);
            }
            if !moved.is_finite() {
                return None;
            }
        }
        None
    }
}

/// The polynomial of (own, other) and its derivatives by them.
fn polynomial(terms: &[(f64, [i32; 3])], own: f64, other: f64) -> (f64, [f64; 2]) {
    let radius = own.hypot(other);
    let powers = |i: i32, j: i32, k: i32| own.powi(i) * other.powi(j) * radius.powi(k);
    let (mut value, mut slope) = (0.0, [0.0; 2]);
    for &(coefficient, [i, j, k]) in terms {
        value += coefficient * powers(i, j, k);
        if i > 0 {
            slope[0] += coefficient * f64::from(i) * powers(i - 1, j, k);
        }
        if j > 0 {
            slope[1] += coefficient * f64::from(j) * powers(i, j - 1, k);
        }
        // dr/dx = x/r; the powers of r are odd, and r itself has no slope at the centre.
        if k > 0 && radius > 0.0 {
            let by_radius = coefficient * f64::from(k) * radius.powi(k - 2);
            slope[0] += by_radius * own;
            slope[1] += by_radius * other;
        }
    }
    (value, slope)
}

/// Whether the PV cards of a `TAN` header are SCAMP's polynomial rather than parameters of the projection.
pub(super) fn is_scamp<K: Keywords + ?Sized>(header: &Version<'_, K>, axes: [usize; 2]) -> bool {
    axes.iter().any(|axis| {
        (5..POWERS.len()).any(|m| matches!(header.float(&format!("PV{axis}_{m}")), Ok(Some(_))))
    })
}

/// Refuses PV parameters that a projection without parameters would silently ignore.
pub(super) fn refuse<K: Keywords + ?Sized>(
    header: &Version<'_, K>,
    code: &str,
    keywords: &[String],
) -> Result<()> {
    for keyword in keywords {
        if header.float(keyword)?.is_some_and(|value| value != 0.0) {
            let name = header.name(keyword);
            return Err(WcsError::UnsupportedProjection(format!("{code} with {name}")));
        }
    }
    Ok(())
}
