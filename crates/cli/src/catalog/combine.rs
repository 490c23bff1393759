//! Measurements of one source on several images of one specification become one row.

use clap::ValueEnum;

use photometry::calibration::{Magnitude, magnitude, st_zero_point};

use super::{AB_MAG_OF_UJY, MeasuredImage, Measurement, Options, PixelUnit, Shared};

/// 3 standard deviations: fainter than this a source has a limit and no magnitude.
const DETECTION_SNR: f64 = 3.0;

/// How the images of one telescope, instrument, detector and filter become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Combine {
    /// Mean of the fluxes (f_ν, by each image's own calibration), weighted by the exposure time in the aperture; the same
    /// exposures count once
    Weighted,
    /// The notebook's way: plain means of sums, areas and zero points
    Mean,
    /// No combining: a row per image
    None,
}

/// One row of the catalog; NaN is empty. Sums in the unit of the images, areas in arcsec².
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Index of the source.
    pub(crate) source: usize,
    /// Index of the specification.
    pub(crate) spec: usize,
    /// Images that entered, by index, in the order given.
    pub(crate) images: Vec<usize>,
    pub(crate) first: Option<Measurement>,
    pub(crate) coverage: f64,
    pub(crate) sum: f64,
    pub(crate) sum_err: f64,
    pub(crate) sum_aper_area: f64,
    pub(crate) bkg_sum: f64,
    pub(crate) bkg_sum_err: f64,
    pub(crate) bkg_rms: f64,
    pub(crate) flux: f64,
    pub(crate) flux_err: f64,
    pub(crate) flux_ujy: f64,
    pub(crate) flux_ujy_err: f64,
    pub(crate) ab_zeropoint: f64,
    /// What the magnitude is made of.
    pub(crate) ab: Magnitude,
    /// Of that, and of the sum where there is no calibration.
    pub(crate) snr: f64,
    pub(crate) st_zeropoint: f64,
    /// Flux per wavelength, erg / (s cm² Å).
    pub(crate) flam: f64,
    pub(crate) photflam: f64,
    pub(crate) photplam: f64,
    pub(crate) exptime: f64,
    /// Mean over the aperture, of all images together.
    pub(crate) depth_s: f64,
    pub(crate) mjd: f64,
    /// The unit of the sums; `None` where the images differ, and then there are no sums.
    pub(crate) unit: Option<PixelUnit>,
    pub(crate) peak: f64,
    pub(crate) noise_factor: f64,
    pub(crate) n_bad: u64,
    pub(crate) n_uncovered: u64,
    pub(crate) n_masked: u64,
    pub(crate) n_non_finite: u64,
    pub(crate) quality: Option<u32>,
    pub(crate) sum_scatter: f64,
    pub(crate) flags: u32,
}

/// What became of the measurements of one source in one specification.
#[derive(Debug)]
pub(super) struct Joined {
    /// One, or one for each image with [`Combine::None`].
    pub(super) rows: Vec<Row>,
    /// Images that hold the same exposures, the second of them measured; with [`Combine::Mean`] both are.
    pub(super) same: Vec<[usize; 2]>,
    /// Images with the same sum to the last bit, though their headers tell of different exposures.
    pub(super) alike: Vec<[usize; 2]>,
}

pub(super) fn combine(
    [source, spec]: [usize; 2],
    measured: &[&Measurement],
    images: &[MeasuredImage],
    shared: &Shared,
    options: &Options,
) -> Joined {
    let measured: Vec<_> = measured.iter().copied().filter(|m| m.coverage > 0.0).collect();
    if options.combine == Combine::None && !measured.is_empty() {
        let rows = measured.iter().map(|m| row(source, spec, &[m], images, options)).collect();
        return Joined { rows, same: Vec::new(), alike: Vec::new() };
    }
    let covered = well_covered(&measured, options.min_coverage);
    let (independent, same) = independent(&covered, images, shared);
    let used = if options.combine == Combine::Mean { covered } else { independent };
    let alike = alike(&used);
    Joined { rows: vec![row(source, spec, &used, images, options)], same, alike }
}

/// Neighbours in order of their sums that are equal.
fn alike(used: &[&Measurement]) -> Vec<[usize; 2]> {
    let mut order: Vec<_> = used.iter().filter(|m| m.sum.is_finite() && m.sum != 0.0).collect();
    order.sort_by(|a, b| a.sum.total_cmp(&b.sum).then(a.image.cmp(&b.image)));
    let equal = |pair: &&[&&Measurement]| pair[0].sum.to_bits() == pair[1].sum.to_bits();
    order.windows(2).filter(equal).map(|pair| [pair[0].image, pair[1].image]).collect()
}

/// The measurements without those on exposures that another one has too: of such the longer exposed stays, then the better
/// covered, then the first. Also which went for which.
fn independent<'a>(
    measured: &[&'a Measurement],
    images: &[MeasuredImage],
    shared: &Shared,
) -> (Vec<&'a Measurement>, Vec<[usize; 2]>) {
    let mut order: Vec<_> = (0..measured.len()).collect();
    let worth = |&i: &usize| {
        let m = measured[i];
        (images[m.image].exposure_s.max(0.0), m.coverage)
    };
    order.sort_by(|a, b| {
        let (a, b) = (worth(a), worth(b));
        b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    let (mut kept, mut same) = (Vec::<usize>::new(), Vec::new());
    for i in order {
        let image = measured[i].image;
        let twin = kept.iter().map(|&k| measured[k].image).find(|&k| shared.is_shared(image, k));
        match twin {
            Some(twin) => same.push([image, twin]),
            None => kept.push(i),
        }
    }
    kept.sort_unstable();
    (kept.into_iter().map(|i| measured[i]).collect(), same)
}

/// The measurements with enough of the aperture on valid pixels. Where none has, the best covered of them:
/// their row shows its coverage and its flags, and nothing is rescaled.
fn well_covered<'a>(measured: &[&'a Measurement], min_coverage: f64) -> Vec<&'a Measurement> {
    let best = measured.iter().map(|m| m.coverage).fold(0.0, f64::max);
    let needed = if best >= min_coverage { min_coverage } else { best - (1.0 - min_coverage) };
    measured.iter().copied().filter(|m| m.coverage >= needed).collect()
}

fn row(
    source: usize,
    spec: usize,
    used: &[&Measurement],
    images: &[MeasuredImage],
    options: &Options,
) -> Row {
    let weights = weights(used, images, options.combine);
    let mean = |value: &dyn Fn(&Measurement) -> f64| weighted_mean(used, &weights, value);
    let mean_error = |value: &dyn Fn(&Measurement) -> f64| weighted_error(used, &weights, value);
    let image = |m: &Measurement| &images[m.image];
    let flux_ujy = mean(&|m| m.sum * image(m).calibration.ujy);
    let ab_zeropoint = match options.combine {
        Combine::Weighted => {
            -2.5 * mean(&|m| 10f64.powf(-0.4 * image(m).calibration.ab_zeropoint)).log10()
        }
        Combine::Mean | Combine::None => mean(&|m| image(m).calibration.ab_zeropoint),
    };
    let flux_ujy_err = mean_error(&|m| m.sum_err * image(m).calibration.ujy);
    let (rate, rate_err, zero_point) = match options.combine {
        Combine::Weighted | Combine::None => (flux_ujy, flux_ujy_err, AB_MAG_OF_UJY),
        // The notebook's users take the mean sum with the mean zero point.
        Combine::Mean => (
            mean(&|m| m.sum * image(m).calibration.per_second),
            mean_error(&|m| m.sum_err * image(m).calibration.per_second),
            ab_zeropoint,
        ),
    };
    // Sums in different units have no mean.
    let unit = used.first().and_then(|m| image(m).calibration.unit);
    let one_unit = used.iter().all(|m| image(m).calibration.unit == unit);
    let in_unit = |value: f64| if one_unit { value } else { f64::NAN };
    let (sum, sum_err) = (in_unit(mean(&|m| m.sum)), in_unit(mean_error(&|m| m.sum_err)));
    let snr = if (rate / rate_err).is_nan() { sum / sum_err } else { rate / rate_err };
    let flam = mean(&|m| m.sum * image(m).calibration.per_second * image(m).calibration.photflam);
    Row {
        source,
        spec,
        images: used.iter().map(|m| m.image).collect(),
        first: used.first().map(|&m| m.clone()),
        coverage: mean(&|m| m.coverage),
        sum,
        sum_err,
        sum_aper_area: mean(&|m| m.area_arcsec2),
        bkg_sum: in_unit(mean(&|m| m.bkg_sum)),
        bkg_sum_err: in_unit(mean_error(&|m| m.bkg_sum_err)),
        bkg_rms: in_unit(mean(&|m| m.bkg_rms)),
        flux: mean(&|m| m.sum * image(m).calibration.electrons_per_second),
        flux_err: mean_error(&|m| m.sum_err * image(m).calibration.electrons_per_second),
        flux_ujy,
        flux_ujy_err,
        ab_zeropoint,
        ab: magnitude(rate, rate_err, zero_point, DETECTION_SNR),
        snr,
        st_zeropoint: mean(&|m| st_zero_point(image(m).calibration.photflam)),
        flam,
        photflam: mean(&|m| image(m).calibration.photflam),
        photplam: mean(&|m| image(m).calibration.photplam),
        exptime: if used.is_empty() {
            f64::NAN
        } else {
            used.iter().map(|m| image(m).exposure_s).sum()
        },
        depth_s: if used.is_empty() { f64::NAN } else { used.iter().map(|m| m.depth_s).sum() },
        mjd: mean(&|m| image(m).mjd),
        unit: unit.filter(|_| one_unit),
        peak: in_unit(mean(&|m| m.peak)),
        noise_factor: mean(&|m| m.noise_factor),
        n_bad: used.iter().map(|m| m.n_bad).sum(),
        n_uncovered: used.iter().map(|m| m.n_uncovered).sum(),
        n_masked: used.iter().map(|m| m.n_masked).sum(),
        n_non_finite: used.iter().map(|m| m.n_non_finite).sum(),
        quality: used.iter().filter_map(|m| m.quality).reduce(|all, bits| all | bits),
        sum_scatter: in_unit(scatter(used.iter().map(|m| m.sum))),
        flags: used.iter().fold(0, |flags, m| flags | m.flags),
    }
}

/// Weights by the exposure in the aperture where all images tell it, else by that of the image, else equal ones.
fn weights(used: &[&Measurement], images: &[MeasuredImage], combine: Combine) -> Vec<f64> {
    let of = |seconds: fn(&Measurement, f64) -> f64| -> Vec<f64> {
        used.iter().map(|m| seconds(m, images[m.image].exposure_s)).collect()
    };
    let depths = of(|m, exposure_s| if is_depth(m.depth_s, exposure_s) { m.depth_s } else { 0.0 });
    let exposures = of(|_, exposure_s| exposure_s);
    let known = |seconds: &[f64]| seconds.iter().all(|&seconds| seconds > 0.0);
    match combine {
        Combine::Weighted if known(&depths) => depths,
        Combine::Weighted if known(&exposures) => exposures,
        _ => vec![1.0; used.len()],
    }
}

/// Whether weights may be seconds: no pixel is exposed much longer than the image, overlaps in a mosaic excepted.
fn is_depth(depth_s: f64, exposure_s: f64) -> bool {
    depth_s > 0.0 && depth_s <= MOST_EXPOSED * exposure_s
}

/// Weights of more than so many exposure times are no seconds.
const MOST_EXPOSED: f64 = 1.5;

/// Mean over the measurements whose value is a number; NaN where there is none.
fn weighted_mean(
    used: &[&Measurement],
    weights: &[f64],
    value: &dyn Fn(&Measurement) -> f64,
) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (m, weight) in used.iter().zip(weights) {
        let value = value(m);
        if !value.is_nan() {
            sum += weight * value;
            total += weight;
        }
    }
    sum / total
}

/// Error of that mean for independent errors; NaN where an error is missing.
fn weighted_error(
    used: &[&Measurement],
    weights: &[f64],
    error: &dyn Fn(&Measurement) -> f64,
) -> f64 {
    let variance: f64 =
        used.iter().zip(weights).map(|(m, weight)| (weight * error(m)).powi(2)).sum();
    variance.sqrt() / weights.iter().sum::<f64>()
}

/// Standard deviation (n - 1) of the values; NaN for fewer than two.
fn scatter(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<_> = values.filter(|value| !value.is_nan()).collect();
    let n = values.len() as f64;
    if n < 2.0 {
        return f64::NAN;
    }
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
}
