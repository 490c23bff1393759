//! Which products are made of the same exposures.
//!
//! The archive lists one exposure many times: alone, in its association, in the mosaic of its visit, in the
//! mosaics of the sky cells. Measured as independent images they would count it as often.

use crate::Observation;

/// What a product is made of, from the single exposure to the mosaic of all visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Mosaic,
    Exposure,
    Association,
    Visit,
}

/// Where the exposures of a product come from, by the mission's naming of files.
///
/// # Source
/// HST names: `ippp ss oo t` of instrument, proposal, visit, observation (HST Introduction, sect. "File
/// names"); HAP names `hst_PROPOSAL_VISIT_INSTRUMENT_DETECTOR_FILTER_IPPPSS[OO]`, `hst_skycell-…`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Origin {
    pub level: Level,
    /// `ippp` and visit `ss`.
    root: Option<String>,
    /// Proposal and visit as numbers.
    visit: Option<(String, String)>,
    time: Option<(f64, f64)>,
}

/// Half a minute in days: start and end of the same exposures are written by different pipelines.
const CLOCKS: f64 = 30.0 / 86_400.0;

impl Origin {
    pub(super) fn of(observation: &Observation) -> Self {
        let time = observation.t_min.copied().zip(observation.t_max.copied());
        let name = observation.obs_id.text().to_lowercase();
        let (level, root, visit) = by_name(&name);
        Self { level, root, visit, time }
    }

    /// Whether `other` holds exposures of this one, so that only one of the two may be measured.
    pub(super) fn shares_with(&self, other: &Self) -> bool {
        let same_root = self.root.is_some() && self.root == other.root;
        let same_visit = self.visit.is_some() && self.visit == other.visit;
        let same_level = self.level == other.level;
        (same_root || same_visit) && !same_level && self.meets_in_time(other)
    }

    fn meets_in_time(&self, other: &Self) -> bool {
        match (self.time, other.time) {
            (Some(a), Some(b)) => a.0 <= b.1 + CLOCKS && b.0 <= a.1 + CLOCKS,
            _ => true,
        }
    }
}

fn by_name(name: &str) -> (Level, Option<String>, Option<(String, String)>) {
    if name.starts_with("hst_skycell") {
        return (Level::Mosaic, None, None);
    }
    let parts: Vec<_> = name.split('_').collect();
    if let ["hst", proposal, visit, .., last] = parts[..]
        && proposal.bytes().all(|byte| byte.is_ascii_digit())
    {
        let visit = Some((proposal.trim_start_matches('0').to_owned(), visit.to_owned()));
        let is_root = (6..=9).contains(&last.len()) && last.is_ascii();
        let level = if is_root && last.len() > 6 { Level::Exposure } else { Level::Visit };
        return (level, is_root.then(|| last[..6].to_owned()), visit);
    }
    // `jcwr16010` is an association, `jcwr16lfq` an exposure.
    let is_root = name.len() == 9 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_association = is_root && name.ends_with(|last: char| last.is_ascii_digit());
    let level = if is_association { Level::Association } else { Level::Exposure };
    (level, is_root.then(|| name[..6].to_owned()), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(name: &str, time: (f64, f64)) -> Origin {
        Origin::of(&Observation {
            obs_id: name.into(),
            t_min: time.0.into(),
            t_max: time.1.into(),
            ..Observation::default()
        })
    }

    #[test]
    fn names_tell_what_a_product_is_made_of() {
        for (name, level, root) in [
            ("hst_14182_16_acs_wfc_f475w_jcwr16", Level::Visit, Some("jcwr16")),
            ("hst_14182_16_acs_wfc_f475w_jcwr16lf", Level::Exposure, Some("jcwr16")),
            ("hst_9026_01_acs_wfc_f502n_01", Level::Visit, None),
            ("jcwr16010", Level::Association, Some("jcwr16")),
            ("JCWR16LFQ", Level::Exposure, Some("jcwr16")),
            ("hst_skycell-p2081x08y05_acs_wfc_f814w_all", Level::Mosaic, None),
            ("my image", Level::Exposure, None),
        ] {
            let origin = origin(name, (1.0, 2.0));
            assert_eq!((origin.level, origin.root.as_deref()), (level, root), "{name}");
        }
    }

    #[test]
    fn the_same_exposures_are_found_under_other_names() {
        let visit = origin("hst_14182_16_acs_wfc_f475w_jcwr16", (10.0, 11.0));
        assert!(visit.shares_with(&origin("jcwr16010", (10.0, 10.5))));
        assert!(visit.shares_with(&origin("jcwr16lfq", (10.2, 10.3))));
        assert!(!visit.shares_with(&origin("jcwr17010", (10.0, 10.5))));
        assert!(!visit.shares_with(&origin("jcwr16020", (12.0, 12.5))));
        let second = origin("hst_14182_16_acs_wfc_f475w_16", (10.0, 11.0));
        assert!(second.shares_with(&origin("hst_14182_16_acs_wfc_f475w_jcwr16lf", (10.0, 10.1))));
        let association = origin("jcwr16010", (10.0, 10.5));
        assert!(!association.shares_with(&origin("jcwr16020", (10.4, 10.8))));
        assert!(!origin("a", (1.0, 2.0)).shares_with(&origin("b", (1.0, 2.0))));
    }
}
