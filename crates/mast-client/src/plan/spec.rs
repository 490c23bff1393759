use std::fmt;
use std::str::FromStr;

use crate::{Error, Observation};

/// A kind of image, written `HST-ACS-WFC-F814W`: telescope, instrument, detector and filter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Spec {
    /// The telescope, which is the archive's collection.
    pub telescope: String,
    /// The instrument.
    pub instrument: String,
    /// The detector.
    pub detector: String,
    /// The filter.
    pub filter: String,
}

impl Spec {
    /// The archive's name for instrument and detector.
    pub fn instrument_name(&self) -> String {
        format!("{}/{}", self.instrument, self.detector)
    }

    /// The spec of an observation through a single filter; `None` for others, such as detection images.
    pub fn of(observation: &Observation) -> Option<Self> {
        let (instrument, detector) = observation.instrument_name.text().trim().split_once('/')?;
        let clear = |filter: &&str| !filter.is_empty() && !filter.starts_with("CLEAR");
        let upper = observation.filters.text().to_uppercase();
        let mut filters = upper.split(';').map(str::trim).filter(clear);
        let (filter, None) = (filters.next()?, filters.next()) else { return None };
        if ["DETECTION", "TOTAL"].contains(&filter) {
            return None;
        }
        Some(Self {
            telescope: observation.obs_collection.text().trim().to_uppercase(),
            instrument: instrument.trim().to_uppercase(),
            detector: detector.trim().to_uppercase(),
            filter: filter.to_owned(),
        })
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}-{}", self.telescope, self.instrument, self.detector, self.filter)
    }
}

impl FromStr for Spec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let upper = text.trim().to_uppercase();
        let parts: Vec<_> = upper.split('-').collect();
        match parts[..] {
            [telescope, instrument, detector, filter] if parts.iter().all(|p| !p.is_empty()) => {
                let [telescope, instrument, detector, filter] =
                    [telescope, instrument, detector, filter].map(str::to_owned);
                Ok(Self { telescope, instrument, detector, filter })
            }
            _ => Err(Error::BadSpec { text: text.chars().take(60).collect() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_read_as_they_are_written() {
        let spec: Spec = "hst-acs-wfc-f814w".parse().unwrap();
        assert_eq!(spec.to_string(), "HST-ACS-WFC-F814W");
        assert_eq!(spec.instrument_name(), "ACS/WFC");
        for text in ["", "HST-ACS-F814W", "HST--WFC-F814W", "a-b-c-d-e"] {
            let error = text.parse::<Spec>().unwrap_err().to_string();
            assert_eq!(error, format!("not TELESCOPE-INSTRUMENT-DETECTOR-FILTER: \"{text}\""));
        }
    }

    #[test]
    fn an_observation_has_one_spec_or_none() {
        let spec = |filters: &str| {
            let observation = Observation {
                obs_collection: "HST".into(),
                instrument_name: "ACS/WFC".into(),
                filters: filters.into(),
                ..Observation::default()
            };
            Spec::of(&observation).map(|spec| spec.to_string())
        };
        assert_eq!(spec("F814W").as_deref(), Some("HST-ACS-WFC-F814W"));
        assert_eq!(spec("CLEAR1L;F814W").as_deref(), Some("HST-ACS-WFC-F814W"));
        assert_eq!(spec("detection"), None);
        assert_eq!(spec("F606W;F814W"), None);
        assert_eq!(spec(""), None);
    }
}
