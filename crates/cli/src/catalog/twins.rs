//! Files that hold the same image under any name.

use std::path::{Path, PathBuf};

use hst_fits::{ImageSpec, Spec};

/// For every file, the place of an earlier one that is the same, or whose headers tell of the same visit, start, end,
/// exposure and filter. Names that are the mission's tell more, see [`mast_client::same_exposures`].
pub(super) fn twins(files: &[PathBuf]) -> Vec<Option<usize>> {
    let known: Vec<_> = files.iter().map(|path| Identity::of(path)).collect();
    let earlier = |at: usize| (0..at).find(|&other| known[at].is_same(&known[other]));
    (0..files.len()).map(earlier).collect()
}

struct Identity {
    path: Option<PathBuf>,
    exposure: Option<(String, Spec, [f64; 3])>,
}

impl Identity {
    fn of(path: &Path) -> Self {
        Self { path: path.canonicalize().ok(), exposure: exposure(path) }
    }

    fn is_same(&self, other: &Self) -> bool {
        let same_path = self.path.is_some() && self.path == other.path;
        same_path || (self.exposure.is_some() && self.exposure == other.exposure)
    }
}

fn exposure(path: &Path) -> Option<(String, Spec, [f64; 3])> {
    let file = crate::open::fits(path).ok()?;
    let hdu = file.find("SCI", None).or_else(|_| file.first_image()).ok()?;
    let root = file.primary().find::<String>("ROOTNAME").ok().flatten()?;
    let spec = ImageSpec::of(&file, hdu);
    let times = [spec.expstart_mjd?, spec.expend_mjd?, spec.exposure_s?];
    Some((root, spec.spec, times))
}
