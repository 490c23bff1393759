/// Ratio of total to selective extinction of diffuse dust in the Galaxy.
pub const R_V: f64 = 3.1;

/// Extinction in magnitudes at `wavelength_angstrom` by dust of the colour excess `ebv`, E(B − V), and `r_v`
/// ([`R_V`] by habit); NaN outside 0.1 to 3.3 µm.
///
/// At one wavelength, such as the pivot of a filter: a broad filter on a very red or blue source differs by some percent.
/// The colour excess is taken as it is; that of Schlegel, Finkbeiner & Davis 1998 is 0.86 times as large on the scale of
/// Schlafly & Finkbeiner 2011, ApJ 737, 103.
///
/// ```
/// use photometry::calibration::{R_V, extinction};
/// // A(V) = R E(B - V), and blue light suffers more.
/// assert!((extinction(0.1, 5494.5, R_V) - 0.31).abs() < 1e-4);
/// assert!(extinction(0.1, 4747.0, R_V) > extinction(0.1, 8045.0, R_V));
/// ```
///
/// # Source
/// Cardelli, Clayton & Mathis 1989, ApJ 345, 245, eq. 2 to 5; O'Donnell 1994, ApJ 422, 158, in the optical.
pub fn extinction(ebv: f64, wavelength_angstrom: f64, r_v: f64) -> f64 {
    let x = 1e4 / wavelength_angstrom;
    let (a, b) = match x {
        x if (0.3..1.1).contains(&x) => (0.574 * x.powf(1.61), -0.527 * x.powf(1.61)),
        x if (1.1..3.3).contains(&x) => optical(x - 1.82),
        x if (3.3..8.0).contains(&x) => ultraviolet(x),
        x if (8.0..=10.0).contains(&x) => {
            let y = x - 8.0;
            (
                polynomial(y, &[-1.073, -0.628, 0.137, -0.070]),
                polynomial(y, &[13.670, 4.257, -0.420, 0.374]),
            )
        }
        _ => return f64::NAN,
    };
    ebv * (r_v * a + b)
}

fn polynomial(y: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * y + c)
}

fn optical(y: f64) -> (f64, f64) {
    const A: [f64; 9] = [1.0, 0.104, -0.609, 0.701, 1.137, -1.718, -0.827, 1.647, -0.505];
    const B: [f64; 9] = [0.0, 1.952, 2.908, -3.989, -7.985, 11.102, 5.491, -10.805, 3.347];
    (polynomial(y, &A), polynomial(y, &B))
}

fn ultraviolet(x: f64) -> (f64, f64) {
    let y = (x - 5.9).max(0.0);
    let (fa, fb) = (-0.04473 * y * y - 0.009_779 * y.powi(3), 0.2130 * y * y + 0.1207 * y.powi(3));
    (
        1.752 - 0.316 * x - 0.104 / ((x - 4.67).powi(2) + 0.341) + fa,
        -3.090 + 1.825 * x + 1.206 / ((x - 4.62).powi(2) + 0.263) + fb,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bands_of_the_paper_have_their_extinction() {
        // Cardelli et al. 1989, Table 3: A(λ) / A(V) for R = 3.1. The optical ones are O'Donnell's here, which differ.
        for (x, expected, tolerance) in [
            (2.78, 1.569, 0.04),
            (2.27, 1.337, 0.02),
            (1.82, 1.0, 1e-12),
            (1.43, 0.751, 0.04),
            (1.11, 0.479, 0.02),
            (0.80, 0.282, 0.003),
            (0.63, 0.190, 0.003),
            (0.46, 0.114, 0.003),
        ] {
            let found = extinction(1.0, 1e4 / x, R_V) / R_V;
            assert!((found - expected).abs() < tolerance, "{x}: {found}");
        }
    }

    #[test]
    fn pieces_meet_and_the_bump_stands_out() {
        for (edge, tolerance) in [(1.1, 0.02), (3.3, 0.02), (5.9, 1e-9), (8.0, 0.02)] {
            let side = |x: f64| extinction(1.0, 1e4 / x, R_V);
            let (below, above) = (side(edge - 1e-9), side(edge + 1e-9));
            assert!((below / above - 1.0).abs() < tolerance, "{edge}: {below} {above}");
        }
        let at = |angstrom: f64| extinction(0.1, angstrom, R_V);
        assert!(at(2175.0) > at(2500.0) && at(2175.0) > at(1900.0));
        assert!(at(900.0).is_nan() && at(40_000.0).is_nan() && at(f64::NAN).is_nan());
        assert_eq!(extinction(0.0, 5000.0, R_V), 0.0);
    }
}
