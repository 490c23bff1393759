use super::median;

/// Tukey's biweight location with tuning constant `c` (6 by habit); the median where the MAD is zero.
///
/// # Source
/// Beers, Flynn & Gebhardt 1990, AJ 100, 32, eq. 5; the median absolute deviation is not scaled.
pub fn biweight_location(values: &[f64], c: f64) -> f64 {
    let center = median(values);
    let (mut weights, mut moment) = (0.0, 0.0);
    let Some(scale) = deviation(values, center, c) else { return center };
    for d in values.iter().map(|v| v - center) {
        let u = d / scale;
        if u.abs() < 1.0 {
            let w = (1.0 - u * u).powi(2);
            weights += w;
            moment += d * w;
        }
    }
    center + moment / weights
}

/// Biweight scale with tuning constant `c` (9 by habit): the root of the midvariance, zero where the MAD is zero.
///
/// # Source
/// Beers, Flynn & Gebhardt 1990, AJ 100, 32, eq. 9, with the number of all values.
pub fn biweight_scale(values: &[f64], c: f64) -> f64 {
    biweight_midvariance(values, c).sqrt()
}

/// Biweight midvariance with tuning constant `c` (9 by habit); zero where the MAD is zero.
pub fn biweight_midvariance(values: &[f64], c: f64) -> f64 {
    let center = median(values);
    if center.is_nan() {
        return f64::NAN;
    }
    let Some(scale) = deviation(values, center, c) else { return 0.0 };
    let (mut over, mut under) = (0.0, 0.0);
    for d in values.iter().map(|v| v - center) {
        let u2 = (d / scale).powi(2);
        if u2 < 1.0 {
            over += d * d * (1.0 - u2).powi(4);
            under += (1.0 - u2) * (1.0 - 5.0 * u2);
        }
    }
    values.len() as f64 * over / (under * under)
}

/// `c` times the median absolute deviation, unless that is zero or unknown.
fn deviation(values: &[f64], center: f64, c: f64) -> Option<f64> {
    let distances: Vec<f64> = values.iter().map(|v| (v - center).abs()).collect();
    let mad = median(&distances);
    (mad > 0.0).then_some(c * mad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_has_no_weight() {
        let clean = [1.0, 2.0, 3.0, 4.0, 5.0];
        let dirty = [1.0, 2.0, 3.0, 4.0, 5.0, 1e6];
        assert!((biweight_location(&clean, 6.0) - 3.0).abs() < 1e-15);
        assert!((biweight_location(&dirty, 6.0) - 3.2).abs() < 0.5);
        assert!(biweight_scale(&dirty, 9.0) < 3.0);
    }

    #[test]
    fn equal_values_have_no_spread() {
        assert_eq!(biweight_location(&[2.0; 7], 6.0), 2.0);
        assert_eq!(biweight_scale(&[2.0; 7], 9.0), 0.0);
        assert!(biweight_location(&[], 6.0).is_nan());
        assert!(biweight_scale(&[], 9.0).is_nan());
    }
}
