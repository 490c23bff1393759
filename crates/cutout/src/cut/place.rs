//! Where an extension is cut.

use astro_coords::{PixelBox, SkyCoord};
use hst_fits::{Card, FitsFile, Hdu, Header, Keywords, Value, Wcs};

use super::{CutOptions, LeftoverSip, Mode, Window};
use crate::{Error, Result, Size, window};

/// An extension with the coordinates that count for it.
#[derive(Debug)]
pub(crate) struct Located<'a> {
    pub(crate) hdu: &'a Hdu,
    pub(crate) wcs: Wcs,
    /// Its header, modern in what the coordinates need.
    pub(crate) header: Header,
    /// `(ny, nx)`
    shape: (usize, usize),
    pub(crate) warning: Option<String>,
}

impl<'a> Located<'a> {
    pub(crate) fn new(file: &'a FitsFile, hdu: &'a Hdu, options: &CutOptions) -> Result<Self> {
        let no_image = || hst_fits::Error::NoImage { place: hdu.place().to_owned() };
        let shape = hdu.plane_shape().filter(|_| hdu.axes.len() > 1).ok_or_else(no_image)?;
        let (header, mut warning) = prepared(hdu, options);
        let described_by = science_of(file, hdu).unwrap_or(hdu);
        let tables = file.lookup_tables(described_by)?;
        let place = || described_by.place().to_owned();
        let wrong = |source| Error::Wcs { place: place(), source };
        let wcs = if std::ptr::eq(described_by, hdu) {
            Wcs::from_keywords(&header, None, &tables).map_err(wrong)?
        } else {
            // What is said of its coordinates is said where it is cut itself.
            warning = None;
            let (header, _) = prepared(described_by, options);
            Wcs::from_keywords(&header, None, &tables).map_err(wrong)?
        };
        Ok(Self { hdu, wcs, header, shape, warning })
    }

    /// The window around `at`, some of it in the image.
    pub(crate) fn window(&self, at: SkyCoord, size: Size, options: &CutOptions) -> Result<Window> {
        let place = || self.hdu.place().to_owned();
        let center = self.wcs.to_pixel(at).ok_or_else(|| Error::NotOnImage { place: place() })?;
        let size = size.in_pixels(self.wcs.pixel_scales());
        let wanted = window(center, size, options.policy).map_err(|error| match error {
            Error::NotOnImage { .. } => Error::NotOnImage { place: place() },
            error => error,
        })?;
        let image = PixelBox::of_shape(self.shape);
        let inside = image.intersect(&wanted).ok_or_else(|| Error::NoOverlap { place: place() })?;
        match options.mode {
            Mode::Strict if inside != wanted => Err(Error::Partial { place: place() }),
            Mode::Trim => Ok(Window { wanted: inside.clone(), inside }),
            _ => Ok(Window { wanted, inside }),
        }
    }
}

/// The science extension that a companion of the same version and shape shares its pixels with.
///
/// `ERR` and `DQ` of an exposure have at most the linear part of the coordinates, from before the last alignment even,
/// and would be cut elsewhere.
fn science_of<'a>(file: &'a FitsFile, hdu: &Hdu) -> Option<&'a Hdu> {
    let companion = matches!(hdu.name.as_str(), "ERR" | "DQ" | "WHT" | "CTX" | "SAMP" | "TIME");
    let beside = |other: &&Hdu| {
        other.name == "SCI"
            && other.version == hdu.version
            && other.plane_shape() == hdu.plane_shape()
    };
    file.hdus().iter().find(beside).filter(|_| companion)
}

/// The header with PC and CD in their modern spelling, one of them, and without SIP that does not count.
fn prepared(hdu: &Hdu, options: &CutOptions) -> (Header, Option<String>) {
    let mut header = hdu.header.clone();
    modernize(&mut header);
    one_matrix(&mut header);
    let leftover = has_leftover_sip(&header);
    if !leftover || options.leftover_sip == LeftoverSip::Keep {
        return (header, None);
    }
    header.retain(|card| !is_sip(&card.keyword));
    let warning = format!(
        "SIP coefficients do not count, for CTYPE does not end in -SIP: they are left out of {}",
        hdu.place()
    );
    (header, Some(warning))
}

fn has_leftover_sip(header: &Header) -> bool {
    let sip = ["A_ORDER", "B_ORDER"].iter().any(|keyword| header.card(keyword).is_some());
    let ctype = header.text("CTYPE1").unwrap_or_default();
    sip && !ctype.trim_end().ends_with("-SIP")
}

fn is_sip(keyword: &str) -> bool {
    let rest = ["AP_", "BP_", "A_", "B_"].iter().find_map(|stem| keyword.strip_prefix(stem));
    let power = |text: &str| text.parse::<u8>().is_ok();
    rest.is_some_and(|rest| {
        matches!(rest, "ORDER" | "DMAX")
            || rest.split_once('_').is_some_and(|(p, q)| power(p) && power(q))
    })
}

/// `PC001002` becomes `PC1_2`, `CD001002` `CD1_2`; what is there in the modern spelling stays.
fn modernize(header: &mut Header) {
    let old = |card: &Card| card.keyword.starts_with("PC00") || card.keyword.starts_with("CD00");
    if !header.cards().iter().any(old) {
        return;
    }
    for stem in ["PC", "CD"] {
        for (i, j) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            let (old, new) = (format!("{stem}{i:03}{j:03}"), format!("{stem}{i}_{j}"));
            if header.card(&old).is_none() {
                continue;
            }
            match header.card(&new) {
                Some(_) => header.remove(&old),
                None => header.rename(&old, &new),
            }
        }
    }
}

/// Of CD and PC side by side, as astrocut writes them, CD counts here and stays.
fn one_matrix(header: &mut Header) {
    // And not PCOUNT, which every extension has.
    let is_pc = |card: &Card| {
        let rest = card.keyword.strip_prefix("PC");
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    if !header.cards().iter().any(is_pc) {
        return;
    }
    for letter in std::iter::once(String::new()).chain(('A'..='Z').map(String::from)) {
        let name = |stem: &str, i: u8, j: u8| format!("{stem}{i}_{j}{letter}");
        let pairs = [(1, 1), (1, 2), (2, 1), (2, 2)];
        if pairs.iter().any(|&(i, j)| header.card(&name("CD", i, j)).is_some()) {
            let pcs = pairs.map(|(i, j)| name("PC", i, j));
            header.retain(|card| !pcs.contains(&card.keyword));
        }
    }
}

/// A card with another number, `None` where that is the one it has.
pub(super) fn renumbered(card: &Card, value: f64) -> Option<Card> {
    let old = match card.value {
        Value::Float(old) => old,
        Value::Integer(old) => old as f64,
        _ => return None,
    };
    (old != value).then(|| Card { value: value.into(), ..card.clone() })
}
