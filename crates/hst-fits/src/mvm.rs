use std::fmt;
use std::str::FromStr;

use crate::skycell::{CellScale, SkyCell};

/// The file name of a multi-visit mosaic, taken apart:
/// `hst_skycell-p2381x06y10_acs_wfc_f814w_all_drc.fits`.
///
/// A single exposure's layer has its name after `all`; the pixel size of 0.12″ is called `coarse`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MvmName {
    /// The skycell.
    pub cell: SkyCell,
    /// `acs`, `wfc3`, `wfpc2`.
    pub instrument: String,
    /// `wfc`, `uvis`, `ir` ...
    pub detector: String,
    /// `f814w`, or two filters joined, `f606w-pol0v`.
    pub filter: String,
    /// The pixel size.
    pub scale: CellScale,
    /// The exposure, eight letters and digits, of an exposure-level product.
    pub exposure: Option<String>,
    /// `drz` or `drc`.
    pub suffix: String,
    /// What follows `.fits`: nothing, `.fz` or `.gz`.
    pub compression: String,
}

/// A text that is not the file name of a multi-visit mosaic; `Display` ends with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a multi-visit mosaic: \"{0}\"")]
pub struct ParseMvmNameError(String);

/// Reads a base name in any case, today's form and that of the first release, `..._f814w-all-all_drc.fits`.
impl FromStr for MvmName {
    type Err = ParseMvmNameError;

    fn from_str(text: &str) -> Result<Self, ParseMvmNameError> {
        parse(&text.trim().to_ascii_lowercase())
            .ok_or_else(|| ParseMvmNameError(text.chars().take(120).collect()))
    }
}

fn parse(name: &str) -> Option<MvmName> {
    let (stem, compression) = name.rsplit_once(".fits")?;
    if !matches!(compression, "" | ".fz" | ".gz") {
        return None;
    }
    let fields: Vec<&str> = stem.strip_prefix("hst_skycell-")?.split('_').collect();
    let (cell, instrument, detector, filter, label, suffix) = match *fields.as_slice() {
        [cell, instrument, detector, filter, label, suffix] => {
            (cell, instrument, detector, filter.to_owned(), label.to_owned(), suffix)
        }
        [cell, instrument, detector, joined, suffix] => {
            let (joined, last) = joined.rsplit_once('-')?;
            let (filter, label) = joined.rsplit_once('-')?;
            let label = match (label, last) {
                ("all", "all") => "all",
                ("coarse", "all") => "coarse-all",
                _ => return None,
            };
            (cell, instrument, detector, filter.to_owned(), label.to_owned(), suffix)
        }
        _ => return None,
    };
    let (scale, exposure) = label_parts(&label)?;
    let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let filter_sound = filter.split([';', '.', '-']).all(word);
    let sound =
        word(instrument) && word(detector) && filter_sound && matches!(suffix, "drz" | "drc");
    sound.then_some(())?;
    Some(MvmName {
        cell: cell.parse().ok()?,
        instrument: instrument.to_owned(),
        detector: detector.to_owned(),
        filter,
        scale,
        exposure,
        suffix: suffix.to_owned(),
        compression: compression.to_owned(),
    })
}

/// `coarse-all-j8bt06ny` → coarse, exposure j8bt06ny.
fn label_parts(label: &str) -> Option<(CellScale, Option<String>)> {
    let (scale, rest) = match label.strip_prefix("coarse-") {
        Some(rest) => (CellScale::Coarse, rest),
        None => (CellScale::Fine, label),
    };
    match rest.strip_prefix("all")? {
        "" => Some((scale, None)),
        exposure => {
            let name = exposure.strip_prefix('-')?;
            let sound = name.len() == 8 && name.bytes().all(|b| b.is_ascii_alphanumeric());
            sound.then(|| (scale, Some(name.to_owned())))
        }
    }
}

/// The name as the archive has it today.
impl fmt::Display for MvmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cell, instrument, detector, filter, suffix, compression, .. } = self;
        let coarse = if self.scale == CellScale::Coarse { "coarse-" } else { "" };
        write!(f, "hst_skycell-{cell}_{instrument}_{detector}_{filter}_{coarse}all")?;
        if let Some(exposure) = &self.exposure {
            write!(f, "-{exposure}")?;
        }
        write!(f, "_{suffix}.fits{compression}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for name in [
            "hst_skycell-p2381x06y10_acs_wfc_f814w_all_drc.fits",
            "hst_skycell-p0081x14y14_wfc3_ir_f160w_coarse-all_drz.fits",
            "hst_skycell-p0081x14y14_acs_wfc_f606w-pol0v_all-j8bt06ny_drc.fits.fz",
            "hst_skycell-p0081x14y14_wfc3_ir_f160w_coarse-all-ib4606c6_drz.fits",
        ] {
            assert_eq!(name.parse::<MvmName>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn the_first_release_and_capitals_are_read() {
        let name: MvmName =
            "HST_skycell-p2381x05y09_acs_wfc_f435w-all-all_drc.fits".parse().unwrap();
        assert_eq!((name.filter.as_str(), name.scale), ("f435w", CellScale::Fine));
        assert_eq!(name.exposure, None);
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "hst_skycell-p2381x06y10_acs_wfc_f814w_all_flc.fits",
            "hst_skycell-p2381x06y10_acs_wfc_f814w_all-short_drc.fits",
            "hst_skycell-p9999x06y10_acs_wfc_f814w_all_drc.fits",
            "hst_10886_02_acs_wfc_f814w_j9op02_drc.fits",
            "hst_skycell-p2381x06y10_acs_wfc__all_drc.fits",
        ] {
            assert!(name.parse::<MvmName>().is_err(), "{name}");
        }
        let error = "é.fits".parse::<MvmName>().unwrap_err();
        assert_eq!(error.to_string(), "not the name of a multi-visit mosaic: \"é.fits\"");
    }
}
