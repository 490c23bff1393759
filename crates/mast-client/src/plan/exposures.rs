//! Which products are made of the same exposures.
//!
//! The archive lists one exposure many times: alone, in its association, in the mosaic of its visit, in the
//! mosaics of the sky cells. Measured as independent images they would count it as often.

use astro_coords::Footprint;

use crate::{Observation, Spec};

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

/// For every image, the place in `images` of another one that holds its exposures, so that only that one may be
/// measured; of equals the first.
///
/// Decided by `obs_id`, which may be a file's name without ending, and by the times where they are known. An image of
/// all filters (`total`) is dropped where one of its visit is there, a mosaic where another image meets it on the sky.
/// Names that are not the mission's tell nothing, and nothing is dropped for them.
pub fn same_exposures(images: &[Observation]) -> Vec<Option<usize>> {
    let footprints: Vec<_> = images.iter().map(|image| image.footprint().ok()).collect();
    owners(images, |one, other| may_meet(footprints[one].as_ref(), footprints[other].as_ref()))
}

/// The same, where the caller knows which images see one place.
pub(super) fn owners<'a>(
    images: impl IntoIterator<Item = &'a Observation>,
    meet: impl Fn(usize, usize) -> bool,
) -> Vec<Option<usize>> {
    let facts: Vec<_> = images.into_iter().map(Fact::of).collect();
    let owner = |at: usize| {
        let is_in = |other: &usize| {
            *other != at && facts[at].is_in(&facts[*other], at > *other, || meet(at, *other))
        };
        // The one with most exposures, and of several the first.
        let holders = (0..facts.len()).filter(is_in);
        holders.min_by_key(|other| std::cmp::Reverse(facts[*other].origin.level))
    };
    (0..facts.len()).map(owner).collect()
}

/// Whether two images may see one place; where a footprint is not known, they may.
fn may_meet(one: Option<&Footprint>, other: Option<&Footprint>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return true };
    one.intersects(other.bounding_circle()) && other.intersects(one.bounding_circle())
}

struct Fact {
    name: String,
    origin: Origin,
    spec: Option<Spec>,
    is_total: bool,
    is_known: bool,
}

impl Fact {
    fn of(image: &Observation) -> Self {
        let name = image.obs_id.text().to_lowercase();
        let origin = Origin::of(image);
        let is_known =
            origin.root.is_some() || origin.visit.is_some() || origin.level == Level::Mosaic;
        let is_total = is_known && name.contains("_total_");
        Self { name, origin, spec: Spec::of(image), is_total, is_known }
    }

    /// Whether `other` makes this one superfluous; `later` tells which of equals stays.
    fn is_in(&self, other: &Self, later: bool, meet: impl FnOnce() -> bool) -> bool {
        if !self.is_known || !other.is_known {
            return false;
        }
        if self.is_total || other.is_total {
            let same_visit = self.origin.visit.is_some() && self.origin.visit == other.origin.visit;
            return self.is_total && same_visit && (!other.is_total || later);
        }
        if self.spec != other.spec || self.spec.is_none() {
            return false;
        }
        // A mosaic of all visits holds the exposures of every image of its filter in the same place.
        let is_mosaic = self.origin.level == Level::Mosaic && other.origin.level != Level::Mosaic;
        (self.name == other.name && later)
            || (self.origin.shares_with(&other.origin) && self.origin.level < other.origin.level)
            || (is_mosaic && meet())
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
    fn one_image_of_the_same_exposures_stays() {
        let image = |name: &str, filter: &str, time: (f64, f64)| Observation {
            obs_id: name.into(),
            obs_collection: "HST".into(),
            instrument_name: "ACS/WFC".into(),
            filters: filter.into(),
            t_min: time.0.into(),
            t_max: time.1.into(),
            ..Observation::default()
        };
        let images = [
            image("hst_14182_16_acs_wfc_f475w_jcwr16lf", "F475W", (10.0, 10.1)),
            image("hst_14182_16_acs_wfc_f475w_jcwr16", "F475W", (10.0, 11.0)),
            image("hst_14182_16_acs_wfc_f814w_jcwr16", "F814W", (10.0, 11.0)),
            image("hst_14182_16_acs_wfc_total_jcwr16", "detection", (10.0, 11.0)),
            image("hst_14182_16_acs_wfc_f475w_jcwr16", "F475W", (10.0, 11.0)),
            image("hst_skycell-p2081x08y05_acs_wfc_f475w_all", "F475W", (1.0, 20.0)),
            image("hst_14182_17_acs_wfc_f475w_jcwr17", "F475W", (12.0, 13.0)),
            image("mine", "F475W", (10.0, 11.0)),
            image("mine", "F475W", (10.0, 11.0)),
        ];
        let owners = same_exposures(&images);
        let visit = Some(1);
        assert_eq!(owners, [visit, None, None, visit, visit, visit, None, None, None]);
        assert_eq!(same_exposures(&images[3..4]), [None]);
    }

    #[test]
    fn a_mosaic_of_another_place_stays() {
        let image = |name: &str, ra: f64| Observation {
            obs_id: name.into(),
            obs_collection: "HST".into(),
            instrument_name: "ACS/WFC".into(),
            filters: "F475W".into(),
            s_region: format!("CIRCLE ICRS {ra} 20 0.05").as_str().into(),
            ..Observation::default()
        };
        let mosaic = image("hst_skycell-p2081x08y05_acs_wfc_f475w_all", 150.0);
        let visit = |ra| image("hst_14182_16_acs_wfc_f475w_jcwr16", ra);
        assert_eq!(same_exposures(&[mosaic.clone(), visit(150.05)]), [Some(1), None]);
        assert_eq!(same_exposures(&[mosaic, visit(151.0)]), [None, None]);
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
