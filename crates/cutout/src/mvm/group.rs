//! Which cutouts become one image, and that image.

use std::collections::BTreeMap;
use std::path::Path;

use hst_fits::{Checksums, FitsFile, WriteOptions};

use super::{CombinedName, Layer, NameDigits, Named};
use crate::combine::{Combination, CombineOptions, Method, Relation};
use crate::mosaic::{Mosaic, MosaicOptions};
use crate::{Error, Result};

/// Cutouts of one layer.
#[derive(Debug)]
pub struct Group {
    /// What they have in common.
    pub layer: Layer,
    /// The name of what they become.
    pub name: CombinedName,
    /// The cutouts, by skycell.
    pub files: Vec<FitsFile>,
    /// Whether they lie on different projection cells, whose pixels do not fit on each other.
    pub is_mosaic: bool,
}

/// Sorts cutouts by layer: layers of all exposures first, then those of single ones. Of several cutouts, the first gives
/// the place in the name.
pub fn groups(cutouts: Vec<Named>, digits: NameDigits) -> Vec<Group> {
    let mut by_layer: BTreeMap<(bool, Layer), Vec<Named>> = BTreeMap::new();
    for cutout in cutouts {
        let layer = cutout.name.layer.clone();
        by_layer.entry((layer.exposure.is_some(), layer)).or_default().push(cutout);
    }
    let group = |((_, layer), mut cutouts): ((bool, Layer), Vec<Named>)| {
        let cell = |cutout: &Named| {
            let cell = cutout.name.cell;
            (cell.projection.id(), cell.x, cell.y)
        };
        let name = cutouts[0].name.combined(digits);
        cutouts.sort_by_key(cell);
        let first = cutouts[0].name.cell.projection;
        let is_mosaic = cutouts.iter().any(|cutout| cutout.name.cell.projection != first);
        let files = cutouts.into_iter().map(|cutout| cutout.file).collect();
        Group { layer, name, files, is_mosaic }
    };
    by_layer.into_iter().map(group).collect()
}

impl Group {
    /// Combines the cutouts, or puts them onto one grid, and writes the result with its name in it. Returns what a user
    /// should know.
    ///
    /// Skycells of one layer share exposures: unless said otherwise weights do not add up where they overlap.
    ///
    /// # Errors
    /// With fewer than two cutouts, where they do not fit, or the file cannot be written.
    pub fn write(
        &self,
        path: &Path,
        method: Method<'_>,
        relation: Relation,
    ) -> Result<Vec<String>> {
        if self.files.len() < 2 {
            let problem =
                "there is only one file for this combination, so there is nothing to combine";
            return Err(Error::CannotCombine { problem: problem.to_owned() });
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let checked = WriteOptions { checksums: Checksums::Write };
        if self.is_mosaic {
            let options = MosaicOptions { method, relation, ..MosaicOptions::default() };
            let mut mosaic = Mosaic::new(&self.files, options)?;
            mosaic.primary_mut().set("FILENAME", name, "name of the file");
            mosaic.write(path, checked)?;
            return Ok(Vec::new());
        }
        let mut combination = Combination::new(&self.files, CombineOptions { method, relation })?;
        combination.primary_mut().set("FILENAME", name, "name of the file");
        combination.write(path, checked)?;
        Ok(combination.warnings().to_vec())
    }
}
