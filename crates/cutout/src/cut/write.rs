//! Cutouts become a file.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

use hst_fits::{
    Checksums, Header, Pixels, StoredPixels, WriteOptions, images_to_bytes, write_images_with,
};

use super::{CutUnit, Cutout, tables};
use crate::Result;

const OPTIONS: WriteOptions = WriteOptions { checksums: Checksums::Write };

/// Writes cutouts to one file, with checksums; the primary header is that of the first.
///
/// Extensions of one name get versions of their own, and lookup tables too, so that each is referred to by its own
/// image only.
///
/// # Errors
/// When the file cannot be written; an old one is still there then.
pub fn write_cutouts(cutouts: &[&Cutout], path: &Path) -> Result<()> {
    let mut units = units(cutouts);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if let Some(first) = units.first_mut() {
        first.header.to_mut().set("FILENAME", name, "name of the file");
    }
    Ok(write_images_with(path, &borrowed(&units), OPTIONS)?)
}

/// The bytes of the file that [`write_cutouts`] writes, without its name in them.
///
/// # Errors
/// When a header cannot be said in FITS.
pub fn cutouts_to_bytes(cutouts: &[&Cutout]) -> Result<Vec<u8>> {
    Ok(images_to_bytes(&borrowed(&units(cutouts)), OPTIONS)?)
}

/// A unit as it is written.
struct Unit<'a> {
    header: Cow<'a, Header>,
    /// Pixels and the axes behind the second.
    pixels: Option<(&'a StoredPixels, &'a [usize])>,
}

fn borrowed<'a>(units: &'a [Unit<'_>]) -> Vec<(&'a Header, Pixels<'a>)> {
    let pixels = |unit: &'a Unit<'_>| match unit.pixels {
        None => Pixels::None,
        Some((pixels, [])) => Pixels::Stored(pixels),
        Some((pixels, more)) => Pixels::StoredCube(more, pixels),
    };
    units.iter().map(|unit| (&*unit.header, pixels(unit))).collect()
}

fn units<'a>(cutouts: &[&'a Cutout]) -> Vec<Unit<'a>> {
    let mut versions = Versions::default();
    let mut units = Vec::new();
    units.extend(
        cutouts.first().map(|first| Unit { header: Cow::Borrowed(&first.primary), pixels: None }),
    );
    let mut tables = Vec::new();
    for unit in cutouts.iter().flat_map(|cutout| &cutout.units) {
        units.push(Unit {
            header: numbered(unit, &mut versions, &mut tables),
            pixels: Some((&unit.pixels, &unit.more_axes)),
        });
    }
    units.extend(tables);
    units
}

/// The header with versions that are unique in the file; the tables it refers to are put to `tables`.
fn numbered<'a>(
    unit: &'a CutUnit,
    versions: &mut Versions,
    tables: &mut Vec<Unit<'a>>,
) -> Cow<'a, Header> {
    let mut header = Cow::Borrowed(&unit.header);
    let name = unit.header.find::<String>("EXTNAME").ok().flatten().unwrap_or_default();
    let old = unit.header.find::<i64>("EXTVER").ok().flatten().unwrap_or(1);
    let version = versions.take(&name, old);
    if version != old {
        header.to_mut().set("EXTVER", version, "version of the extension");
    }
    for table in &unit.tables {
        let number = versions.next(&table.name);
        tables::refer(header.to_mut(), &table.record, number);
        let mut own = table.header.clone();
        own.set("EXTVER", number, "");
        tables.push(Unit { header: Cow::Owned(own), pixels: Some((&table.pixels, &[])) });
    }
    header
}

/// The versions that names have already.
#[derive(Default)]
struct Versions(HashSet<(String, i64)>);

impl Versions {
    /// `wanted`, or the first free one; extensions without a name need none.
    fn take(&mut self, name: &str, wanted: i64) -> i64 {
        if name.is_empty() || self.0.insert((name.to_owned(), wanted)) {
            return wanted;
        }
        self.next(name)
    }

    fn next(&mut self, name: &str) -> i64 {
        let free = (1..).find(|&version| self.0.insert((name.to_owned(), version)));
        free.unwrap_or(i64::MAX)
    }
}
