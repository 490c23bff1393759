//! Which images are made of the same exposures, whatever their files are called.

use std::collections::{BTreeMap, BTreeSet};

use hst_fits::{FitsFile, ImageSpec};

use super::MeasuredImage;

/// What an image was made of, as far as its headers tell.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Exposures {
    inputs: BTreeSet<String>,
    /// Start and end, modified Julian dates.
    times: Option<[f64; 2]>,
}

/// A second in days.
const SECOND: f64 = 1.0 / 86_400.0;

/// As many inputs as keywords of eight characters can number.
const INPUTS: usize = 999;

impl Exposures {
    /// Of a drizzled image the inputs that it lists, of any other its own name if that is the mission's; and its times.
    pub(super) fn of(file: &FitsFile, spec: &ImageSpec) -> Self {
        let text = |keyword: &str| file.primary().find::<String>(keyword).ok().flatten();
        let listed = (1..=INPUTS).map_while(|n| text(&format!("D{n:03}DATA")));
        let mut inputs: BTreeSet<_> = listed.map(|name| exposure(&name)).collect();
        if inputs.is_empty() && spec.pixfrac.is_none() {
            inputs
                .extend(text("ROOTNAME").filter(|name| is_root(name)).map(|name| exposure(&name)));
        }
        let times = spec.expstart_mjd.zip(spec.expend_mjd).map(|(start, end)| [start, end]);
        Self { inputs, times }
    }

    /// Whether an exposure is in both; where an image does not tell its inputs, whether both begin and end together.
    fn meet(&self, other: &Self) -> bool {
        if !self.inputs.is_disjoint(&other.inputs) {
            return true;
        }
        let told = !self.inputs.is_empty() && !other.inputs.is_empty();
        let together =
            |(a, b): (&[f64; 2], &[f64; 2])| a.iter().zip(b).all(|(a, b)| (a - b).abs() < SECOND);
        !told && self.times.as_ref().zip(other.times.as_ref()).is_some_and(together)
    }
}

/// The name of an exposure in that of a file: `ipppssoo`, without the letter behind it that the mission's newer names lack.
fn exposure(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let name = name.rsplit('/').next().unwrap_or_default();
    let stem = name.split(['[', '.']).next().unwrap_or_default();
    let stem = match stem.rsplit_once('_') {
        Some((stem, suffix)) if suffix.len() <= 4 => stem,
        _ => stem,
    };
    let last = stem.rsplit('_').next().unwrap_or_default();
    if is_root(last) { last[..8].to_owned() } else { stem.to_owned() }
}

fn is_root(name: &str) -> bool {
    matches!(name.len(), 8 | 9) && name.bytes().all(|c| c.is_ascii_alphanumeric())
}

/// Of each image, those of its specification that hold exposures of it too.
#[derive(Debug, Default)]
pub(super) struct Shared(BTreeMap<usize, BTreeSet<usize>>);

impl Shared {
    pub(super) fn new(images: &[MeasuredImage]) -> Self {
        let mut shared = BTreeMap::<_, BTreeSet<_>>::new();
        for (i, one) in images.iter().enumerate() {
            for (j, other) in images[..i].iter().enumerate() {
                if one.spec == other.spec && one.exposures.meet(&other.exposures) {
                    shared.entry(i).or_default().insert(j);
                    shared.entry(j).or_default().insert(i);
                }
            }
        }
        Self(shared)
    }

    pub(super) fn is_shared(&self, one: usize, other: usize) -> bool {
        self.0.get(&one).is_some_and(|others| others.contains(&other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_exposure_has_many_file_names() {
        for name in [
            "j92c01b9q_flc.fits[sci,1]",
            "J92C01B9Q_FLT.FITS",
            "hst_10265_01_acs_wfc_f606w_j92c01b9_flc.fits[sci,2]",
            "abell_acs_f606w_10265_aa_01_j92c01b9q_flt.fits[sci,1]",
            "/data/j92c01b9q_flc.fits",
            "j92c01b9q",
        ] {
            assert_eq!(exposure(name), "j92c01b9", "{name}");
        }
        assert_eq!(exposure("mine_drz.fits"), "mine");
        assert_eq!(exposure(""), "");
    }

    #[test]
    fn inputs_tell_more_than_times() {
        let of = |inputs: &[&str], times| Exposures {
            inputs: inputs.iter().map(|name| exposure(name)).collect(),
            times,
        };
        let times = Some([58000.0, 58000.1]);
        let later = Some([58000.0, 58000.2]);
        assert!(of(&["a", "b"], times).meet(&of(&["b", "c"], later)));
        // Every other exposure of one series.
        assert!(!of(&["a", "c"], times).meet(&of(&["b", "d"], times)));
        assert!(of(&[], times).meet(&of(&["b"], times)));
        assert!(!of(&[], times).meet(&of(&[], later)));
        assert!(!of(&[], None).meet(&of(&[], None)));
    }
}
