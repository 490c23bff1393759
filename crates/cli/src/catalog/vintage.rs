//! What old or plain pipelines left in the pixels and the calibration.

use hst_fits::{FitsFile, Spec};

/// Warnings for detectors that lose charge, and for calibrations older than the loss of sensitivity in them.
pub(super) fn warnings(file: &FitsFile, name: &str, spec: &Spec) -> Vec<String> {
    let text = |keyword: &str| file.primary().find::<String>(keyword).ok().flatten();
    let detector = (&*spec.instrument, &*spec.detector);
    let loses_charge = matches!(detector, ("ACS", "WFC") | ("WFC3", "UVIS"));
    let transfer = text("PCTECORR").filter(|_| loses_charge);
    let corrected = match &transfer {
        Some(done) => done.trim() == "COMPLETE",
        None => !(loses_charge && is_uncorrected(name)),
    };
    let mut warnings = Vec::new();
    if !corrected {
        let found = transfer.map_or_else(String::new, |done| format!(" (PCTECORR is {done})"));
        warnings.push(format!(
            "charge transfer is not corrected{found}: faint sources far from the readout lose light"
        ));
    }
    if let Some(version) = text("CAL_VER").filter(|version| is_old(&spec.instrument, version)) {
        warnings.push(format!(
            "calibrated by {version}: PHOTFLAM may lack the detector's loss of sensitivity with time"
        ));
    }
    warnings
}

/// By the mission's endings: `flt` and `drz` are what `flc` and `drc` are without the correction.
fn is_uncorrected(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    stem.ends_with("_flt") || stem.ends_with("_drz")
}

/// `CAL_VER` as `3.6.2(May-27-2021)` or `10.3.5 (03-Jun-2022)`: PHOTFLAM follows the time from calwf3 3.3 (UVIS 2.0) on, and
/// in what ACS had reprocessed since 2020.
fn is_old(instrument: &str, version: &str) -> bool {
    let words: Vec<u32> =
        version.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    match (instrument, &*words) {
        ("WFC3", [major, minor, ..]) => (*major, *minor) < (3, 3),
        ("ACS", words) => words.iter().any(|word| (1990..2020).contains(word)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_dates() {
        for (instrument, version, old) in [
            ("WFC3", "3.6.2(May-27-2021)", false),
            ("WFC3", "3.1.2(Aug-23-2013)", true),
            ("ACS", "10.3.5 (03-Jun-2022)", false),
            ("ACS", "8.3.5 (18-Sep-2015)", true),
            ("ACS", "", false),
            ("WFC3", "unknown", false),
            ("WFPC2", "2.5.5 (Apr 17, 2009)", false),
        ] {
            assert_eq!(is_old(instrument, version), old, "{instrument} {version}");
        }
        assert!(is_uncorrected("a_FLT.fits.gz") && !is_uncorrected("a_drc.fits"));
    }
}
