//! Lookup tables of a distortion, carried along with the pixels they describe.

use hst_fits::{Card, FitsFile, Hdu, Header, Keywords, StoredPixels};

use super::Window;
use super::place::renumbered;
use crate::Result;

/// A table as a unit of its own, moved so that it describes the cutout.
#[derive(Debug, Clone)]
pub(crate) struct Carried {
    /// Keyword of the records that name it: `DP1`, `D2IM2`.
    pub(crate) record: String,
    /// EXTNAME, `WCSDVARR` or `D2IMARR`.
    pub(crate) name: String,
    pub(crate) header: Header,
    pub(crate) pixels: StoredPixels,
}

/// The tables that the header of `hdu` refers to. An entry CRPIX lies at the pixel CRVAL, so that CRVAL moves.
pub(crate) fn carried(file: &FitsFile, hdu: &Hdu, window: &Window) -> Result<Vec<Carried>> {
    let low = [window.wanted.x.start, window.wanted.y.start].map(|low| low as f64);
    let carry = |(record, table): (String, &Hdu)| {
        let no_image = || hst_fits::Error::NoImage { place: table.place().to_owned() };
        let shape = table.shape().ok_or_else(no_image)?;
        let pixels = file.read_stored(table, &astro_coords::PixelBox::of_shape(shape))?;
        let mut header = table.header.clone();
        for (keyword, low) in ["CRVAL1", "CRVAL2"].into_iter().zip(low) {
            let value = header.float(keyword).unwrap_or(0.0) - low;
            match header.card(keyword).map(|card| renumbered(card, value)) {
                Some(Some(_)) => header.set(keyword, value, ""),
                Some(None) => {}
                None => header.set(keyword, value, "pixel of the entry CRPIX"),
            }
        }
        let name = table.name.clone();
        Ok(Carried { record, name, header, pixels })
    };
    file.lookup_units(hdu)?.into_iter().map(carry).collect()
}

/// Makes `header` refer to the table of the version `number` through the records called `record`.
pub(crate) fn refer(header: &mut Header, record: &str, number: i64) {
    let mut found = false;
    let dotted = format!("{record}.EXTVER");
    header.update(|card| {
        if card.keyword == dotted {
            found = true;
            return renumbered(card, number as f64);
        }
        if card.keyword != record {
            return None;
        }
        let hst_fits::Value::Text(text) = &card.value else { return None };
        let old = text.trim().strip_prefix("EXTVER:")?.trim().parse::<f64>().ok();
        found = true;
        let changed = || Card { value: format!("EXTVER: {number}").into(), ..card.clone() };
        (old != Some(number as f64)).then(changed)
    });
    if !found && number != 1 {
        header.push(Card::new(record, format!("EXTVER: {number}"), "version of the table"));
    }
}
