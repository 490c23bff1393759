use super::error::{Result, WcsError};
use super::keywords::{Keywords, Version};
use super::trig::sin_cos;

/// A 2 × 2 matrix by rows.
pub(super) type Matrix = [[f64; 2]; 2];

pub(super) const UNITY: Matrix = [[1.0, 0.0], [0.0, 1.0]];

/// The linear step: pixel offsets from CRPIX to the plane of projection, in degrees.
///
/// Row 0 gives the plane's x (along longitude), row 1 its y, whichever image axis they come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Linear {
    /// CRPIX as FITS counts, minus one: the reference in zero-based pixels.
    pub(super) origin: [f64; 2],
    pub(super) matrix: Matrix,
    pub(super) inverse: Matrix,
}

impl Linear {
    pub(super) fn new(origin: [f64; 2], matrix: Matrix) -> Result<Self> {
        let inverse = invert(&matrix).ok_or(WcsError::SingularMatrix("CD or PC and CDELT"))?;
        Ok(Self { origin, matrix, inverse })
    }

    /// The plane's point, in degrees, of a pixel.
    #[inline(always)]
    pub(super) fn to_plane(self, [x, y]: [f64; 2]) -> [f64; 2] {
        apply(&self.matrix, [x - self.origin[0], y - self.origin[1]])
    }

    /// The pixel of the plane's point.
    #[inline(always)]
    pub(super) fn to_pixel(self, plane: [f64; 2]) -> [f64; 2] {
        let [dx, dy] = apply(&self.inverse, plane);
        [dx + self.origin[0], dy + self.origin[1]]
    }

    /// Turns the plane: `rotation` is applied after the matrix.
    pub(super) fn rotated(&self, rotation: &Matrix) -> Self {
        let transposed = [[rotation[0][0], rotation[1][0]], [rotation[0][1], rotation[1][1]]];
        Self {
            origin: self.origin,
            matrix: multiply(rotation, &self.matrix),
            inverse: multiply(&self.inverse, &transposed),
        }
    }
}

/// Reads CD, or PC and CDELT, or CROTA and CDELT, in degrees; rows are the world axes 1 and 2.
pub(super) fn read<K: Keywords + ?Sized>(
    header: &Version<'_, K>,
    latitude_axis: usize,
) -> Result<Matrix> {
    let cd = elements(header, "CD", [[0.0, 0.0], [0.0, 0.0]])?;
    let pc = elements(header, "PC", [[1.0, 0.0], [0.0, 1.0]])?;
    match (cd, pc) {
        (Some(cd), None) => Ok(cd),
        (Some(cd), Some(pc)) => {
            // Other readers take one or the other, so one of two is wrong for somebody.
            let differs = || {
                let problem = "a header has one of CD and PC, or both of the same matrix";
                WcsError::bad(&header.name("PC1_1"), pc[0][0], problem)
            };
            let scaled = scaled(&pc, steps(header, true)?);
            let largest = cd.iter().flatten().fold(0.0f64, |largest, e| largest.max(e.abs()));
            let same = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-6 * largest;
            let equal = cd.iter().flatten().zip(scaled.iter().flatten()).all(same);
            if equal { Ok(cd) } else { Err(differs()) }
        }
        (None, pc) => {
            let steps = steps(header, pc.is_some())?;
            let turn = match pc {
                Some(pc) => pc,
                None => rotation(header.float(&format!("CROTA{latitude_axis}"))?, steps),
            };
            Ok(scaled(&turn, steps))
        }
    }
}

/// CDELT of both axes; 1 where `optional` and there is none.
fn steps<K: Keywords + ?Sized>(header: &Version<'_, K>, optional: bool) -> Result<[f64; 2]> {
    let steps = match (header.float("CDELT1")?, header.float("CDELT2")?) {
        (None, None) if optional => [1.0, 1.0],
        (None, _) => return Err(WcsError::MissingKeyword(header.name("CDELT1"))),
        (_, None) => return Err(WcsError::MissingKeyword(header.name("CDELT2"))),
        (Some(first), Some(second)) => [first, second],
    };
    match steps.iter().position(|step| *step == 0.0) {
        Some(axis) => {
            let keyword = header.name(&format!("CDELT{}", axis + 1));
            Err(WcsError::bad(&keyword, 0.0, "a step of zero shows nothing"))
        }
        None => Ok(steps),
    }
}

fn scaled(turn: &Matrix, steps: [f64; 2]) -> Matrix {
    [0, 1].map(|i| turn[i].map(|element| steps[i] * element))
}

/// The matrix whose elements are written one by one; `None` where the header has none of them.
fn elements<K: Keywords + ?Sized>(
    header: &Version<'_, K>,
    name: &str,
    mut matrix: Matrix,
) -> Result<Option<Matrix>> {
    let mut found = false;
    for (i, row) in matrix.iter_mut().enumerate() {
        for (j, element) in row.iter_mut().enumerate() {
            if let Some(value) = header.float(&format!("{name}{}_{}", i + 1, j + 1))? {
                *element = value;
                found = true;
            }
        }
    }
    Ok(found.then_some(matrix))
}

/// The PC matrix of the old CROTA (Calabretta & Greisen 2002, A&A 395, 1077, eq. 189).
fn rotation(crota: Option<f64>, cdelt: [f64; 2]) -> Matrix {
    let (sin, cos) = sin_cos(crota.unwrap_or(0.0) % 360.0);
    let ratio = cdelt[1] / cdelt[0];
    [[cos, -sin * ratio], [sin / ratio, cos]]
}

#[inline(always)]
pub(super) fn apply(m: &Matrix, [x, y]: [f64; 2]) -> [f64; 2] {
    [m[0][0] * x + m[0][1] * y, m[1][0] * x + m[1][1] * y]
}

pub(super) fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    let column = |j: usize| apply(a, [b[0][j], b[1][j]]);
    let (first, second) = (column(0), column(1));
    [[first[0], second[0]], [first[1], second[1]]]
}

pub(super) fn determinant(m: &Matrix) -> f64 {
    m[0][0] * m[1][1] - m[0][1] * m[1][0]
}

/// The inverse; `None` for a singular matrix or one that is not finite.
#[inline]
pub(super) fn invert(m: &Matrix) -> Option<Matrix> {
    let scale = 1.0 / determinant(m);
    (scale.is_finite() && scale != 0.0)
        .then(|| [[m[1][1] * scale, -m[0][1] * scale], [-m[1][0] * scale, m[0][0] * scale]])
}
