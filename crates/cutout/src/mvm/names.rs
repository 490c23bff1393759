//! Names of cutouts, of combined cutouts and of query tables.

use std::fmt;
use std::str::FromStr;

use astro_coords::{Angle, SkyCoord};
use hst_fits::{CellScale, MvmName, SkyCell};

/// How positions are written into names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameDigits {
    /// Rounded to four decimals, all of them written: `ra84d9208-decs69d1467`.
    #[default]
    Fixed,
    /// As `hapcut_utils`: up to four decimals of the shortest number that reads back, cut off and not filled up.
    Compat,
}

impl NameDigits {
    /// `ra84d9208-decs69d1467`.
    fn place(self, at: SkyCoord) -> String {
        let (ra, dec) = (at.ra.wrapped().degrees(), at.dec.degrees());
        let sign = if dec < 0.0 { 's' } else { 'n' };
        let ra = match self {
            // What is rounded up to a full turn is none.
            Self::Fixed if format!("{ra:.4}").starts_with("360") => "0d0000".to_owned(),
            _ => self.number(ra),
        };
        format!("ra{ra}-dec{sign}{}", self.number(dec.abs()))
    }

    fn number(self, degrees: f64) -> String {
        let text = match self {
            Self::Fixed => format!("{degrees:.4}"),
            Self::Compat => format!("{degrees}"),
        };
        let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
        format!("{whole}d{}", &part[..part.len().min(4)])
    }
}

/// The name of the table of a query: place and radius in whole arcsec, rounded up.
pub fn query_name(at: SkyCoord, radius: Angle, digits: NameDigits) -> String {
    // What rounding adds to a whole number is no arcsecond more.
    let radius = (radius.arcsec() - 1e-6).ceil().max(0.0);
    format!("mvm_query-{}_{radius}_cutout.ecsv", digits.place(at))
}

/// What of the archive's mosaics has the same pixels and exposures.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Layer {
    /// `acs`, `wfc3`, `wfpc2`.
    pub instrument: String,
    /// `wfc`, `uvis`, `ir` ...
    pub detector: String,
    /// `f814w`, or two joined, `f606w-pol0v`.
    pub filter: String,
    /// Whether its pixels are those of 0.12″.
    pub coarse: bool,
    /// The exposure, of an exposure-level product.
    pub exposure: Option<String>,
}

impl Layer {
    /// That of a mosaic.
    pub fn of(name: &MvmName) -> Self {
        Self {
            instrument: name.instrument.clone(),
            detector: name.detector.clone(),
            filter: name.filter.clone(),
            coarse: name.scale == CellScale::Coarse,
            exposure: name.exposure.clone(),
        }
    }

    /// `acs_wfc_f814w_coarse`; the exposure stands behind, after `before`.
    fn write(&self, f: &mut fmt::Formatter<'_>, before: char) -> fmt::Result {
        let Self { instrument, detector, filter, .. } = self;
        write!(f, "{instrument}_{detector}_{filter}")?;
        if self.coarse {
            f.write_str("_coarse")?;
        }
        match &self.exposure {
            Some(exposure) => write!(f, "{before}{exposure}"),
            None => Ok(()),
        }
    }

    /// Takes `acs_wfc_f814w[_coarse][-|_exposure]` apart.
    fn parse(text: &str) -> Option<Self> {
        let mut fields: Vec<&str> = text.split('_').collect();
        let mut exposure = None;
        if fields.len() > 3 && fields.last().is_some_and(|last| is_exposure(last)) {
            exposure = fields.pop();
        } else if let Some((rest, last)) = fields.last()?.rsplit_once('-')
            && is_exposure(last)
        {
            fields.pop();
            fields.push(rest);
            exposure = Some(last);
        }
        let coarse = fields.len() == 4 && fields[3] == "coarse";
        if coarse {
            fields.pop();
        }
        let [instrument, detector, filter] = fields[..] else { return None };
        let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let sound = word(instrument) && word(detector) && filter.split([';', '.', '-']).all(word);
        sound.then(|| Self {
            instrument: instrument.to_owned(),
            detector: detector.to_owned(),
            filter: filter.to_owned(),
            coarse,
            exposure: exposure.map(str::to_owned),
        })
    }
}

/// Whether a word is the name of an exposure (`ipppssoo`) and no second filter.
fn is_exposure(word: &str) -> bool {
    word.len() == 8
        && word.bytes().all(|b| b.is_ascii_alphanumeric())
        && word.starts_with(['i', 'j', 'l', 'n', 'o', 'u'])
}

/// The name of a cutout of a skycell: `hst_cutout_skycell-p0081x14y14-ra84d9208-decs69d1467_acs_wfc_f814w.fits`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutoutName {
    /// The skycell.
    pub cell: SkyCell,
    /// The layer.
    pub layer: Layer,
    /// The place as the name has it.
    place: String,
}

impl CutoutName {
    /// The name of the cutout of `skycell` at a place.
    pub fn new(skycell: &MvmName, at: SkyCoord, digits: NameDigits) -> Self {
        Self { cell: skycell.cell, layer: Layer::of(skycell), place: digits.place(at) }
    }

    /// The name of what it is combined to; `by` tells how old names are repeated.
    pub fn combined(&self, by: NameDigits) -> CombinedName {
        let mut layer = self.layer.clone();
        // hapcut_utils does not tell coarse pixels from fine ones.
        layer.coarse &= by == NameDigits::Fixed;
        CombinedName { layer, place: self.place.clone() }
    }

    pub(super) fn with_layer(self, layer: Layer) -> Self {
        Self { layer, ..self }
    }
}

impl fmt::Display for CutoutName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hst_cutout_skycell-{}-{}_", self.cell, self.place)?;
        self.layer.write(f, '-')?;
        f.write_str(".fits")
    }
}

/// A text that is not the name of a cutout of a skycell; `Display` ends with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a cutout of a skycell: \"{0}\"")]
pub struct ParseCutoutNameError(String);

/// Reads a base name in any case, with one to four decimals.
impl FromStr for CutoutName {
    type Err = ParseCutoutNameError;

    fn from_str(text: &str) -> Result<Self, ParseCutoutNameError> {
        let lower = text.trim().to_ascii_lowercase();
        let parse = || {
            let rest = lower.strip_prefix("hst_cutout_skycell-")?.strip_suffix(".fits")?;
            let (cell, rest) = rest.split_once('-')?;
            let (place, layer) = split_place(rest)?;
            Some(Self { cell: cell.parse().ok()?, layer: Layer::parse(layer)?, place })
        };
        parse().ok_or_else(|| ParseCutoutNameError(text.chars().take(120).collect()))
    }
}

/// The name of combined cutouts: `hst_combined_skycells-ra84d9208-decs69d1467_acs_wfc_f814w.fits`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombinedName {
    /// The layer.
    pub layer: Layer,
    place: String,
}

impl fmt::Display for CombinedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hst_combined_skycells-{}_", self.place)?;
        self.layer.write(f, '_')?;
        f.write_str(".fits")
    }
}

/// Reads a base name in any case; the prefix may lack its `s`, as the documents of `hapcut_utils` have it.
impl FromStr for CombinedName {
    type Err = ParseCutoutNameError;

    fn from_str(text: &str) -> Result<Self, ParseCutoutNameError> {
        let lower = text.trim().to_ascii_lowercase();
        let parse = || {
            let rest = lower.strip_prefix("hst_combined_skycell")?.strip_suffix(".fits")?;
            let rest = rest.strip_prefix('s').unwrap_or(rest).strip_prefix('-')?;
            let (place, layer) = split_place(rest)?;
            Some(Self { layer: Layer::parse(layer)?, place })
        };
        parse().ok_or_else(|| ParseCutoutNameError(text.chars().take(120).collect()))
    }
}

/// `ra84d9208-decs69d1467_rest` → the place and the rest.
fn split_place(text: &str) -> Option<(String, &str)> {
    let (place, rest) = text.split_once('_')?;
    let (ra, dec) = place.strip_prefix("ra")?.split_once("-dec")?;
    let dec = dec.strip_prefix('n').or_else(|| dec.strip_prefix('s'))?;
    let is_number = |text: &str| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        text.split_once('d').is_some_and(|(whole, part)| {
            digits(whole) && whole.len() <= 3 && digits(part) && part.len() <= 4
        })
    };
    (is_number(ra) && is_number(dec)).then(|| (place.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(ra: f64, dec: f64, digits: NameDigits) -> String {
        digits.place(SkyCoord::from_degrees(ra, dec))
    }

    #[test]
    fn digits_of_places() {
        use NameDigits::{Compat, Fixed};
        assert_eq!(place(84.9208, -69.1467, Fixed), "ra84d9208-decs69d1467");
        assert_eq!(place(84.920_79, -69.1467, Fixed), "ra84d9208-decs69d1467");
        assert_eq!(place(359.999_96, 0.0, Fixed), "ra0d0000-decn0d0000");
        assert_eq!(place(-0.5, 5.0, Fixed), "ra359d5000-decn5d0000");
        assert_eq!(place(84.9208, -69.1467, Compat), "ra84d9208-decs69d1467");
        assert_eq!(place(84.920_79, 2.5, Compat), "ra84d9207-decn2d5");
        assert_eq!(place(84.0, -0.0, Compat), "ra84d0-decn0d0");
        assert_eq!(place(1e-5, -1e-5, Compat), "ra0d0000-decs0d0000");
    }

    #[test]
    fn names_read_back() {
        for name in [
            "hst_cutout_skycell-p1253x05y09-ra150d1164-decn2d2009_acs_wfc_f814w.fits",
            "hst_cutout_skycell-p0081x14y14-ra84d9-decs69d1467_wfc3_ir_f160w_coarse.fits",
            "hst_cutout_skycell-p0081x14y14-ra84d9-decs69d1467_wfc3_ir_f160w_coarse-ib4606c6.fits",
            "hst_cutout_skycell-p0081x14y14-ra84d9-decs69d1467_acs_wfc_f606w-pol0v.fits",
            "hst_cutout_skycell-p0081x14y14-ra84d9-decs69d1467_acs_wfc_f606w-pol0v-j8bt06ny.fits",
        ] {
            assert_eq!(name.parse::<CutoutName>().unwrap().to_string(), name);
        }
        for (name, again) in [
            ("hst_combined_skycells-ra84d9402-decs69d8514_acs_wfc_f814w.fits", None),
            (
                "hst_combined_skycells-ra84d9402-decs69d8514_wfc3_ir_f160w_coarse_ib4606c6.fits",
                None,
            ),
            (
                "hst_combined_skycell-ra84d9402-decs69d8514_acs_wfc_f606w-pol0v.fits",
                Some("hst_combined_skycells-ra84d9402-decs69d8514_acs_wfc_f606w-pol0v.fits"),
            ),
        ] {
            let read = name.parse::<CombinedName>().unwrap();
            assert_eq!(read.to_string(), again.unwrap_or(name));
        }
        for name in [
            "hst_cutout_skycell-p1253x05y09-ra150d1164_acs_wfc_f814w.fits",
            "hst_cutout_skycell-p1253x05y09-ra150d11645-decn2d2_acs_wfc_f814w.fits",
            "hst_cutout_skycell-p9999x05y09-ra150d1-decn2d2_acs_wfc_f814w.fits",
            "hst_cutout_skycell-p1253x05y09-ra150d1-decn2d2_acs_wfc.fits",
            "hst_combined_skycells-ra84d9402-decs69d8514.fits",
        ] {
            assert!(name.parse::<CutoutName>().is_err(), "{name}");
        }
    }

    #[test]
    fn layers_tell_pixels_and_exposures() {
        let of = |name: &str| Layer::of(&name.parse::<MvmName>().unwrap());
        let coarse = of("hst_skycell-p0081x14y14_wfc3_ir_f160w_coarse-all-ib4606c6_drz.fits");
        let fine = of("hst_skycell-p0081x14y14_wfc3_ir_f160w_all-ib4606c6_drz.fits");
        assert_ne!(coarse, fine);
        let name = CutoutName {
            cell: "p0081x14y14".parse().unwrap(),
            layer: coarse,
            place: "ra1d0-decn1d0".to_owned(),
        };
        let combined = |by| name.combined(by).to_string();
        let base = "hst_combined_skycells-ra1d0-decn1d0_wfc3_ir_f160w";
        assert_eq!(combined(NameDigits::Fixed), format!("{base}_coarse_ib4606c6.fits"));
        assert_eq!(combined(NameDigits::Compat), format!("{base}_ib4606c6.fits"));
    }

    #[test]
    fn tables_of_queries() {
        let at = SkyCoord::from_degrees(84.9208, -69.1467);
        let half_diagonal = Angle::from_arcsec(256f64.hypot(256.0) / 2.0);
        assert_eq!(
            query_name(at, half_diagonal, NameDigits::Fixed),
            "mvm_query-ra84d9208-decs69d1467_182_cutout.ecsv"
        );
        let name = query_name(at, Angle::from_arcsec(5.0), NameDigits::Fixed);
        assert!(name.ends_with("_5_cutout.ecsv"), "{name}");
    }
}
