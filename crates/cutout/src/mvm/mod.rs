//! The multi-visit workflow: cutouts of skycells, with the names and groups of `hapcut_utils`.
//!
//! A cutout gets its name from what its skycell is called in its own header, so a renamed file keeps its identity.
//! Cutouts of one layer (instrument, detector, filter, pixel size, exposure) become one image: on one projection cell
//! their pixels are the same and are combined; of several they are put onto the grid of the first.

mod group;
mod names;

use std::path::PathBuf;

use astro_coords::SkyCoord;
use hst_fits::{FitsFile, Header, MvmName};

use crate::cut::{CutOptions, Cutout, Empty, cut};
use crate::{Error, Extension, Extensions, Result, Size};

pub use group::{Group, groups};
pub use names::{CombinedName, CutoutName, Layer, NameDigits, ParseCutoutNameError, query_name};

/// Of the names a file may have, the first that is a skycell's: `FILENAME`, `ORIG_FLE`, that on disk.
///
/// # Errors
/// When none is.
pub fn skycell_name(file: &FitsFile) -> Result<MvmName> {
    let on_disk = file.path().file_name().map(|name| name.to_string_lossy().into_owned());
    let names = [named(file.primary(), "FILENAME"), on_disk, named(file.primary(), "ORIG_FLE")];
    let found = names.iter().flatten().find_map(|name| name.parse().ok());
    found.ok_or_else(|| Error::NotASkycell {
        place: file.path().display().to_string(),
        name: names.into_iter().flatten().next().unwrap_or_default(),
    })
}

fn named(header: &Header, keyword: &str) -> Option<String> {
    header.find::<String>(keyword).ok().flatten()
}

/// Cuts `SCI` and `WHT` of a skycell's layer around a place, named as `hapcut_utils` names it.
///
/// The primary header is that of the skycell with `RA_OBJ`, `DEC_OBJ`, `FILENAME` and `ORIG_FLE`.
///
/// # Errors
/// When the file is no skycell, has no `SCI`, or nothing of it lies there.
pub fn cut_skycell(
    file: &FitsFile,
    at: SkyCoord,
    size: Size,
    digits: NameDigits,
    options: &CutOptions,
) -> Result<(CutoutName, Cutout)> {
    let skycell = skycell_name(file)?;
    let unit = |name: &str| Extension::Name(name.to_owned(), None);
    let options = CutOptions {
        extensions: Extensions::List(vec![unit("SCI"), unit("WHT")]),
        empty: Empty::Refuse,
        ..options.clone()
    };
    let mut cutout = cut(file, at, size, &options)?;
    let name = CutoutName::new(&skycell, at, digits);
    cutout.primary.set("FILENAME", name.to_string(), "name of the file");
    let original = named(file.primary(), "FILENAME").unwrap_or_else(|| skycell.to_string());
    cutout.primary.set("ORIG_FLE", original, "name of the file it was cut from");
    Ok((name, cutout))
}

/// A cutout on disk and what it is.
#[derive(Debug)]
pub struct Named {
    /// The file.
    pub file: FitsFile,
    /// Its name, from the header, else from the disk.
    pub name: CutoutName,
}

impl Named {
    /// Finds the name of an open cutout.
    ///
    /// # Errors
    /// When neither its header nor its path has one.
    pub fn new(file: FitsFile) -> Result<Self> {
        let on_disk = file.path().file_name().map(|name| name.to_string_lossy().into_owned());
        let names = [named(file.primary(), "FILENAME"), on_disk];
        let found = names.iter().flatten().find_map(|name| name.parse::<CutoutName>().ok());
        // What the skycell was called decides where a filter's name and an exposure's look alike.
        let layer = named(file.primary(), "ORIG_FLE")
            .and_then(|name| name.parse::<MvmName>().ok())
            .map(|name| Layer::of(&name));
        match found {
            Some(name) => {
                Ok(Self { name: layer.map_or(name.clone(), |l| name.with_layer(l)), file })
            }
            None => Err(Error::NotASkycell {
                place: file.path().display().to_string(),
                name: names.into_iter().flatten().next().unwrap_or_default(),
            }),
        }
    }

    /// The path it was opened at.
    pub fn path(&self) -> PathBuf {
        self.file.path().to_owned()
    }
}
