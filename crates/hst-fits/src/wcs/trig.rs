//! Sine, cosine and arctangent without branches, so that a loop over many points works on several at a time.
//!
//! Products and sums are rounded one by one (no fused multiply-add), in the same order whatever the registers are:
//! every machine, a single point and a million give the same bits.

use std::f64::consts::PI;

/// What is added and taken away again to round to a whole number: its last bit is worth one.
const TO_WHOLE: f64 = 6_755_399_441_055_744.0;

/// The nearest whole number, for ±1e15.
#[inline(always)]
pub(super) fn whole(number: f64) -> f64 {
    (number + TO_WHOLE) - TO_WHOLE
}

/// Sine and cosine of an angle in degrees, exact at quarter turns; for ±1e15 degrees.
///
/// # Validation
/// `agrees_with_the_c_library`: within 2.5e-16 of the result, relatively near the quarter turns too.
#[inline(always)]
pub(super) fn sin_cos(degrees: f64) -> (f64, f64) {
    let shifted = degrees * (1.0 / 90.0) + TO_WHOLE;
    let quarter = shifted.to_bits();
    // Exact, and within ±45 and a rounding.
    let rest = degrees - (shifted - TO_WHOLE) * 90.0;
    let r = rest * (PI / 180.0);
    let z = r * r;
    // Taylor's series; the first terms left out are 3e-20 and 2e-18.
    let sin = polynomial(z, &SIN);
    let cos = polynomial(z, &COS);
    let sin = r + r * (z * sin);
    let cos = 1.0 - (0.5 * z - z * z * cos);
    let (first, second) = if quarter & 1 == 0 { (sin, cos) } else { (cos, sin) };
    (flip(first, quarter), flip(second, quarter.wrapping_add(1)))
}

/// The other sign where the second bit of `quarter` says so.
#[inline(always)]
fn flip(value: f64, quarter: u64) -> f64 {
    f64::from_bits(value.to_bits() ^ ((quarter << 62) & (1 << 63)))
}

const SIN: [f64; 8] = [
    -1.0 / 6.0,
    1.0 / 120.0,
    -1.0 / 5040.0,
    1.0 / 362_880.0,
    -1.0 / 39_916_800.0,
    1.0 / 6_227_020_800.0,
    -1.0 / 1_307_674_368_000.0,
    1.0 / 355_687_428_096_000.0,
];

const COS: [f64; 7] = [
    1.0 / 24.0,
    -1.0 / 720.0,
    1.0 / 40_320.0,
    -1.0 / 3_628_800.0,
    1.0 / 479_001_600.0,
    -1.0 / 87_178_291_200.0,
    1.0 / 20_922_789_888_000.0,
];

/// The angle of `(x, y)` in radians, −π to π; 0 at the origin.
///
/// # Validation
/// `agrees_with_the_c_library`: within 4e-16 of the result.
#[inline(always)]
pub(super) fn atan2(y: f64, x: f64) -> f64 {
    let steep = y.abs() > x.abs();
    let (low, high) = if steep { (x.abs(), y.abs()) } else { (y.abs(), x.abs()) };
    // From π/8 on the angle less π/4 is taken: the quotient stays below tan π/8.
    let far = low > TAN_PI_8 * high;
    let below = if far { low - high } else { low };
    let above = if far { low + high } else { high };
    let t = below / if above == 0.0 { 1.0 } else { above };
    let z = t * t;
    let angle = t + t * (z * polynomial(z, &ATAN));
    // A quarter turn less that where the point is steep, half a turn less that where it is behind.
    let eighths = if far { 1.0 } else { 0.0 };
    let eighths = if steep { 2.0 - eighths } else { eighths };
    let eighths = if x < 0.0 { 4.0 - eighths } else { eighths };
    let angle = if steep != (x < 0.0) { -angle } else { angle };
    (eighths * EIGHTH + (angle + eighths * EIGHTH_REST)).copysign(y)
}

const TAN_PI_8: f64 = 0.414_213_562_373_095_03;

/// π/4 to 49 bits, so that four times it is exact, and what is left of it.
const EIGHTH: f64 = 0.785_398_163_397_447_4;
const EIGHTH_REST: f64 = 9.187_945_896_788_09e-16;

/// (atan t / t − 1) / t² by powers of t², for |t| ≤ tan π/8: the interpolation in twelve Chebyshev points, made with 50
/// digits. The angle is off by no more than 3e-18 of itself.
const ATAN: [f64; 12] = [
    -0.333_333_333_333_333_3,
    0.199_999_999_999_998_04,
    -0.142_857_142_856_598_28,
    0.111_111_111_051_554_47,
    -0.090_909_087_535_008_77,
    0.076_922_963_750_321_43,
    -0.066_664_248_857_382_55,
    0.058_789_289_978_347_75,
    -0.052_304_542_706_502_46,
    0.045_515_932_206_265_49,
    -0.034_570_561_981_427_744,
    0.016_285_756_855_221_028,
];

#[inline(always)]
fn polynomial<const N: usize>(z: f64, coefficients: &[f64; N]) -> f64 {
    let mut sum = coefficients[N - 1];
    for i in (0..N - 1).rev() {
        sum = sum * z + coefficients[i];
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The difference in parts of the larger of the two.
    fn off(ours: f64, theirs: f64) -> f64 {
        if ours == theirs { 0.0 } else { (ours - theirs).abs() / ours.abs().max(theirs.abs()) }
    }

    /// Numbers of all sizes, from 1e-12 to 1.
    fn sizes() -> impl Iterator<Item = f64> {
        (0..4000).map(|i| 10f64.powf(f64::from(i) * 0.003 - 12.0))
    }

    #[test]
    fn agrees_with_the_c_library() {
        let (mut sine, mut angle) = (0.0f64, 0.0f64);
        for small in sizes() {
            for turn in [-720.0, -180.0, -90.0, -45.0, 0.0, 45.0, 90.0, 180.0, 270.0, 3600.0] {
                // What is left of whole quarters is exact, and so are radians to a rounding.
                let degrees: f64 = turn + small * 45.0;
                let quarters = (degrees / 90.0).round();
                let (s, c) = (degrees - quarters * 90.0).to_radians().sin_cos();
                let expected = match quarters.rem_euclid(4.0) as u8 {
                    0 => (s, c),
                    1 => (c, -s),
                    2 => (-s, -c),
                    _ => (-c, s),
                };
                let (sin, cos) = sin_cos(degrees);
                sine = sine.max(off(sin, expected.0)).max(off(cos, expected.1));
            }
            for big in [1.0, 1e-300, 1e300, 0.37, 7.0] {
                for (y, x) in [(small, 1.0), (1.0, small), (small, 0.7), (1.0 - small, 1.0)] {
                    for (sy, sx) in [(1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)] {
                        let (y, x) = (y * sy * big, x * sx * big);
                        angle = angle.max(off(atan2(y, x), y.atan2(x)));
                    }
                }
            }
        }
        eprintln!("sine and cosine {sine:.1e}, arctangent {angle:.1e}");
        assert!(sine < 2.5e-16, "{sine:e}");
        assert!(angle < 4e-16, "{angle:e}");
    }

    #[test]
    fn quarter_turns_are_exact() {
        for (degrees, expected) in [
            (0.0, (0.0, 1.0)),
            (90.0, (1.0, 0.0)),
            (180.0, (0.0, -1.0)),
            (-90.0, (-1.0, 0.0)),
            (270.0, (-1.0, 0.0)),
            (360_000.0, (0.0, 1.0)),
        ] {
            assert_eq!(sin_cos(degrees), expected, "{degrees}");
        }
        for (y, x) in [(0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0), (1.0, 1.0), (1.0, -1.0)] {
            assert_eq!(atan2(y, x), f64::atan2(y, x), "{y} {x}");
        }
        assert_eq!(atan2(0.0, 0.0), 0.0);
    }

    #[test]
    fn what_is_no_number_stays_none() {
        assert!(atan2(f64::NAN, 1.0).is_nan() && atan2(1.0, f64::NAN).is_nan());
        assert!(sin_cos(f64::NAN).0.is_nan() && sin_cos(f64::INFINITY).1.is_nan());
    }
}
