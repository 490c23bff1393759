//! World coordinates of an image in its file, where lookup tables are images of other units.

use astro_coords::PixelBox;

use super::read::extver;
use super::{Keywords, LookupTable, LookupTables, Wcs};
use crate::{Error, FitsFile, Hdu, Result};

impl FitsFile {
    /// The world coordinates of `hdu`, lookup tables of the file (`WCSDVARR`, `D2IMARR`) included; `alternate` is
    /// `None` for the primary description, else its letter.
    ///
    /// # Errors
    /// When the header gives none ([`Error::Wcs`], with the keyword), or a table it refers to cannot be read.
    pub fn wcs(&self, hdu: &Hdu, alternate: Option<char>) -> Result<Wcs> {
        let tables = self.lookup_tables(hdu)?;
        Wcs::from_keywords(&hdu.header, alternate, &tables)
            .map_err(|source| Error::Wcs { place: hdu.place().to_owned(), source })
    }

    /// The lookup tables of the file, of the kinds that the header of `hdu` refers to.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub fn lookup_tables(&self, hdu: &Hdu) -> Result<LookupTables> {
        Ok(LookupTables {
            wcsdvarr: self.tables("WCSDVARR", asks(hdu, "CPDIS"))?,
            d2imarr: self.tables("D2IMARR", asks(hdu, "D2IMDIS"))?,
        })
    }

    /// The units that hold the lookup tables of `hdu`, each with the keyword of the records that name it: `DP1`,
    /// `DP2`, `D2IM1`, `D2IM2`.
    ///
    /// # Errors
    /// When the header refers to a table that is not in the file.
    pub fn lookup_units(&self, hdu: &Hdu) -> Result<Vec<(String, &Hdu)>> {
        let mut found = Vec::new();
        for (kind, record, name) in [("D2IMDIS", "D2IM", "D2IMARR"), ("CPDIS", "DP", "WCSDVARR")] {
            for axis in 1..=2 {
                if hdu.header.card(&format!("{kind}{axis}")).is_none() {
                    continue;
                }
                let record = format!("{record}{axis}");
                let version = extver(&hdu.header, &record)
                    .map_err(|source| Error::Wcs { place: hdu.place().to_owned(), source })?;
                found.push((record, self.find(name, Some(version))?));
            }
        }
        Ok(found)
    }

    fn tables(&self, name: &str, wanted: bool) -> Result<Vec<(i64, LookupTable)>> {
        if !wanted {
            return Ok(Vec::new());
        }
        let found = self.hdus().iter().filter(|hdu| hdu.name == name);
        found.map(|hdu| Ok((hdu.version, self.table(hdu)?))).collect()
    }

    fn table(&self, hdu: &Hdu) -> Result<LookupTable> {
        let place = || hdu.place().to_owned();
        let shape = hdu.shape().ok_or_else(|| Error::NoImage { place: place() })?;
        let window = PixelBox::of_shape(shape);
        // Fails before what the file does not hold costs memory.
        self.read_stored(hdu, &window)?;
        let mut values = vec![0.0; shape.0 * shape.1];
        self.read_window(hdu, &window, &mut values)?;
        let pair = |stem: &str, default: f64| {
            [1, 2].map(|axis| hdu.header.float(&format!("{stem}{axis}")).unwrap_or(default))
        };
        let table = LookupTable::new(
            shape,
            values,
            pair("CRPIX", 0.0),
            pair("CRVAL", 0.0),
            pair("CDELT", 1.0),
        );
        let problem = "CRPIX, CRVAL and CDELT make no lookup table".to_owned();
        table.ok_or_else(|| Error::BadHeader { place: place(), problem })
    }
}

/// Whether a header refers to tables of that kind.
fn asks(hdu: &Hdu, keyword: &str) -> bool {
    [1, 2].iter().any(|axis| hdu.header.card(&format!("{keyword}{axis}")).is_some())
}
