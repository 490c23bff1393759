use std::fmt;
use std::str::FromStr;

use crate::{FitsFile, FromValue, Hdu, Header, Result};

/// Which telescope, instrument, detector and filter an image was taken with; `HST-ACS-WFC-F814W`.
///
/// Words that a header lacks are empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Spec {
    /// `TELESCOP`
    pub telescope: String,
    /// `INSTRUME`
    pub instrument: String,
    /// `DETECTOR`
    pub detector: String,
    /// The filter, two of them joined by `;` as the archive does.
    pub filter: String,
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [&self.telescope, &self.instrument, &self.detector, &self.filter];
        let words = words.map(|word| if word.is_empty() { "?" } else { word });
        f.write_str(&words.join("-"))
    }
}

/// Four words joined by `-`; any case.
impl FromStr for Spec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<_> =
            text.splitn(4, '-').map(|word| word.trim().to_ascii_uppercase()).collect();
        match <[String; 4]>::try_from(words) {
            Ok([telescope, instrument, detector, filter]) if !filter.is_empty() => {
                Ok(Self { telescope, instrument, detector, filter })
            }
            _ => Err(format!(
                "expected telescope-instrument-detector-filter, as HST-ACS-WFC-F814W: {text}"
            )),
        }
    }
}

/// What the headers of an image say of how it was taken and calibrated: a reading of the header, which stays the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageSpec {
    /// Telescope, instrument, detector, filter.
    pub spec: Spec,
    /// Keywords of the specification that are missing.
    pub missing: Vec<&'static str>,
    /// Exposure time, `EXPTIME`.
    pub exposure_s: Option<f64>,
    /// `BUNIT` as it stands.
    pub bunit: Option<String>,
    /// `PHOTFLAM`, erg / (s cm² Å) per image unit and second.
    pub photflam: Option<f64>,
    /// `PHOTPLAM`, Å.
    pub photplam: Option<f64>,
    /// Electrons per count: `CCDGAIN`, `ATODGAIN`, `GAIN`.
    pub gain: Option<f64>,
    /// Start and end of the exposure, modified Julian dates.
    pub expstart_mjd: Option<f64>,
    /// As `expstart_mjd`.
    pub expend_mjd: Option<f64>,
    /// Size of a drizzled drop in input pixels, `D001PIXF`.
    pub pixfrac: Option<f64>,
    /// Output pixel of drizzle in arcsec, `D001SCAL`.
    pub drizzle_scale: Option<f64>,
}

impl ImageSpec {
    /// Reads the header of `hdu`, and the primary header for what that lacks.
    pub fn of(file: &FitsFile, hdu: &Hdu) -> Self {
        Self::of_headers(&hdu.header, file.primary())
    }

    /// Reads `header`, and `primary` for what it lacks. A value of the wrong kind counts as missing.
    pub fn of_headers(header: &Header, primary: &Header) -> Self {
        let read = Keywords { header, primary };
        let telescope = read.text("TELESCOP");
        let instrument = read.text("INSTRUME");
        let detector = read.detector(instrument.as_deref());
        let filter = read.filter();
        let mut missing = Vec::new();
        for (keyword, value) in [
            ("TELESCOP", &telescope),
            ("INSTRUME", &instrument),
            ("DETECTOR", &detector),
            ("FILTER", &filter),
        ] {
            if value.is_none() {
                missing.push(keyword);
            }
        }
        let word = |value: Option<String>| value.unwrap_or_default().to_ascii_uppercase();
        Self {
            spec: Spec {
                telescope: word(telescope),
                instrument: word(instrument),
                detector: word(detector),
                filter: word(filter),
            },
            missing,
            exposure_s: read.value("EXPTIME"),
            bunit: read.text("BUNIT"),
            photflam: read.value("PHOTFLAM"),
            photplam: read.value("PHOTPLAM"),
            gain: ["CCDGAIN", "ATODGAIN", "GAIN"]
                .into_iter()
                .find_map(|keyword| read.value(keyword)),
            expstart_mjd: read.value("EXPSTART"),
            expend_mjd: read.value("EXPEND"),
            pixfrac: read.value("D001PIXF"),
            drizzle_scale: read.value("D001SCAL"),
        }
    }
}

struct Keywords<'a> {
    header: &'a Header,
    primary: &'a Header,
}

impl Keywords<'_> {
    fn value<T: FromValue>(&self, keyword: &str) -> Option<T> {
        let found = |header: &Header| header.find(keyword).ok().flatten();
        found(self.header).or_else(|| found(self.primary))
    }

    fn text(&self, keyword: &str) -> Option<String> {
        self.value::<String>(keyword).filter(|text| !text.is_empty())
    }

    /// WFPC2 numbers its chips, and chip 1 is the planetary camera.
    fn detector(&self, instrument: Option<&str>) -> Option<String> {
        let chip = || self.value::<i64>("DETECTOR");
        match instrument {
            Some("WFPC2") => {
                chip().map(|n| if n == 1 { "PC".to_owned() } else { format!("WF{n}") })
            }
            _ => self.text("DETECTOR"),
        }
    }

    /// `FILTER`, else the two wheels of ACS, else the names of WFPC2, whose `FILTER1` is a number. A wheel without a
    /// filter (`CLEAR1L`) does not count unless both are.
    fn filter(&self) -> Option<String> {
        let pair = |names: [&str; 2]| {
            let wheels: Vec<_> = names.iter().filter_map(|name| self.text(name)).collect();
            let clear = |name: &&String| name.to_ascii_uppercase().starts_with("CLEAR");
            let filters: Vec<_> = wheels.iter().filter(|name| !clear(name)).cloned().collect();
            match (filters.is_empty(), wheels.is_empty()) {
                (false, _) => Some(filters.join(";")),
                (true, false) => Some("CLEAR".to_owned()),
                (true, true) => None,
            }
        };
        self.text("FILTER")
            .or_else(|| pair(["FILTER1", "FILTER2"]))
            .or_else(|| pair(["FILTNAM1", "FILTNAM2"]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(cards: &[(&str, crate::Value)]) -> ImageSpec {
        let mut header = Header::new();
        for (keyword, value) in cards {
            header.set(keyword, value.clone(), "");
        }
        ImageSpec::of_headers(&Header::new(), &header)
    }

    #[test]
    fn the_wheels_of_acs_give_one_filter() {
        let acs = |one: &str, two: &str| {
            spec(&[
                ("TELESCOP", "HST".into()),
                ("INSTRUME", "ACS".into()),
                ("DETECTOR", "WFC".into()),
                ("FILTER1", one.into()),
                ("FILTER2", two.into()),
            ])
            .spec
            .to_string()
        };
        assert_eq!(acs("CLEAR1L", "F814W"), "HST-ACS-WFC-F814W");
        assert_eq!(acs("F606W", "CLEAR2S"), "HST-ACS-WFC-F606W");
        assert_eq!(acs("F606W", "POL0V"), "HST-ACS-WFC-F606W;POL0V");
        assert_eq!(acs("CLEAR1S", "CLEAR2S"), "HST-ACS-WFC-CLEAR");
    }

    #[test]
    fn wfpc2_names_its_filters_elsewhere() {
        let wfpc2 = spec(&[
            ("TELESCOP", "HST".into()),
            ("INSTRUME", "WFPC2".into()),
            ("DETECTOR", 1.into()),
            ("FILTER1", 38.into()),
            ("FILTNAM1", "F814W".into()),
            ("FILTNAM2", "".into()),
            ("ATODGAIN", 7.0.into()),
        ]);
        assert_eq!(wfpc2.spec.to_string(), "HST-WFPC2-PC-F814W");
        assert_eq!((wfpc2.gain, wfpc2.missing), (Some(7.0), vec![]));
    }

    #[test]
    fn what_is_missing_is_named() {
        let none = spec(&[("INSTRUME", "ACS".into())]);
        assert_eq!(none.missing, ["TELESCOP", "DETECTOR", "FILTER"]);
        assert_eq!(none.spec.to_string(), "?-ACS-?-?");
    }

    #[test]
    fn specifications_are_read_from_text() {
        let spec: Spec = "hst-acs-wfc-f814w".parse().unwrap();
        assert_eq!(spec.to_string(), "HST-ACS-WFC-F814W");
        assert!("F814W".parse::<Spec>().is_err());
    }
}
