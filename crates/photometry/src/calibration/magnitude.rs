/// 2.5 / ln 10, which turns a relative error into one in magnitudes.
const POGSON: f64 = 2.5 / std::f64::consts::LN_10;

/// A magnitude, its error, and the limit where there is none.
///
/// A source below the required signal to noise has a limit and no magnitude; one whose error is unknown has a magnitude,
/// if its flux is positive, and neither error nor limit. Decided in flux, where errors are symmetric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Magnitude {
    /// `zp − 2.5 lg rate`; NaN below the required signal to noise.
    pub value: f64,
    /// `2.5 / ln 10 · error / rate`, 1.0857 over the signal to noise; never negative. NaN without a magnitude.
    pub error: f64,
    /// How much fainter one standard deviation is, `−2.5 lg(1 − error / rate)`; infinite below a signal to noise of one.
    pub fainter: f64,
    /// How much brighter one standard deviation is, `2.5 lg(1 + error / rate)`.
    pub brighter: f64,
    /// Magnitude of the required signal to noise times the error, for every source: what would just have been detected.
    /// NaN where the error is unknown.
    pub limit: f64,
}

/// The magnitude of `rate ± error` by the zero point of its unit, from a signal to noise of `required` on (3 by habit).
///
/// ```
/// use photometry::calibration::magnitude;
/// let bright = magnitude(100.0, 2.0, 25.0, 3.0);
/// assert_eq!((bright.value, (bright.error * 1e4).round()), (20.0, 217.0));
/// let faint = magnitude(-1.0, 2.0, 25.0, 3.0);
/// assert!(faint.value.is_nan() && (faint.limit - (25.0 - 2.5 * 6.0_f64.log10())).abs() < 1e-14);
/// ```
pub fn magnitude(rate: f64, error: f64, zero_point: f64, required: f64) -> Magnitude {
    let error = if error >= 0.0 { error } else { f64::NAN };
    let below = rate < required * error;
    let detected = rate > 0.0 && !below;
    let of = |rate: f64| zero_point - 2.5 * rate.log10();
    let ratio = if detected { error / rate } else { f64::NAN };
    let limit = required * error;
    Magnitude {
        value: if detected { of(rate) } else { f64::NAN },
        error: POGSON * ratio,
        fainter: if ratio >= 1.0 { f64::INFINITY } else { -POGSON * (-ratio).ln_1p() },
        brighter: POGSON * ratio.ln_1p(),
        limit: if limit > 0.0 { of(limit) } else { f64::NAN },
    }
}

/// Magnitude and error that also a rate of zero or less has: `zp − 2.5 lg b − 2.5 / ln 10 · asinh(rate / 2b)`.
///
/// With softening `b`, in the unit of `rate`, about the error of a faint source; far above it these are the usual
/// magnitudes.
///
/// # Source
/// Lupton, Gunn & Szalay 1999, AJ 118, 1406, eq. 3 and 8.
pub fn asinh_magnitude(rate: f64, error: f64, zero_point: f64, softening: f64) -> (f64, f64) {
    let twice = 2.0 * super::positive(softening);
    let value = zero_point - 2.5 * softening.log10() - POGSON * (rate / twice).asinh();
    (value, POGSON * error.abs() / rate.hypot(twice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_derivative_and_lies_between_its_sides() {
        let m = magnitude(50.0, 5.0, 26.0, 3.0);
        assert!((m.value - (26.0 - 2.5 * 50.0_f64.log10())).abs() < 1e-14);
        assert!((m.error - 0.108_573_620_475_812_94).abs() < 1e-15);
        assert!(m.brighter < m.error && m.error < m.fainter);
        let by_hand = 26.0 - 2.5 * 45.0_f64.log10() - m.value;
        assert!((m.fainter - by_hand).abs() < 1e-13);
    }

    #[test]
    fn no_magnitude_without_a_detection_but_always_a_limit() {
        for rate in [-3.0, 0.0, 2.9] {
            let m = magnitude(rate, 1.0, 25.0, 3.0);
            assert!(m.value.is_nan() && m.error.is_nan() && m.fainter.is_nan(), "{rate}");
            assert!((m.limit - (25.0 - 2.5 * 3.0_f64.log10())).abs() < 1e-14);
        }
        assert!(magnitude(3.0, 1.0, 25.0, 3.0).value.is_finite());
        assert_eq!(magnitude(0.5, 1.0, 25.0, 0.0).fainter, f64::INFINITY);
    }

    #[test]
    fn an_unknown_error_leaves_the_magnitude() {
        for error in [f64::NAN, -1.0] {
            let m = magnitude(10.0, error, 25.0, 3.0);
            assert!(m.value == 22.5 && m.error.is_nan() && m.limit.is_nan());
        }
        assert!(magnitude(f64::NAN, 1.0, 25.0, 3.0).value.is_nan());
    }

    #[test]
    fn asinh_magnitudes_meet_the_usual_ones_and_pass_zero() {
        let (value, error) = asinh_magnitude(1e4, 1.0, 25.0, 1.0);
        let usual = magnitude(1e4, 1.0, 25.0, 3.0);
        assert!((value - usual.value).abs() < 1e-7 && (error - usual.error).abs() < 1e-11);
        let (zero, _) = asinh_magnitude(0.0, 1.0, 25.0, 0.5);
        assert!((zero - (25.0 - 2.5 * 0.5_f64.log10())).abs() < 1e-14);
        assert!(asinh_magnitude(-2.0, 1.0, 25.0, 0.5).0 > zero);
        assert!(asinh_magnitude(1.0, 1.0, 25.0, 0.0).0.is_nan());
    }
}
