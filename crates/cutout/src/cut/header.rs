//! The header of a cut extension: every description of coordinates moves along, and nothing else changes.

use std::collections::BTreeSet;

use hst_fits::{Card, FitsFile, Header, Keywords};

use super::pixels::{Made, Read};
use super::place::renumbered;
use super::{CutOptions, Located, MatrixStyle, Names, Window};

/// What the header has to follow.
#[derive(Debug)]
pub(crate) struct Changes<'a> {
    pub(crate) window: &'a Window,
    pub(crate) read: &'a Read,
    pub(crate) options: &'a CutOptions,
}

/// The header of the cutout of `located`.
pub(crate) fn cut(file: &FitsFile, located: &Located<'_>, changes: &Changes<'_>) -> Header {
    let mut header = located.header.clone();
    let low = [changes.window.wanted.x.start, changes.window.wanted.y.start];
    header.retain(|card| !is_stale(&card.keyword));
    shift(&mut header, low.map(|low| low as f64));
    if changes.options.matrix == MatrixStyle::Pc {
        pc_instead_of_cd(&mut header);
    }
    values(&mut header, changes);
    footprint(&mut header, located, changes.window);
    provenance(&mut header, file, located, changes);
    header
}

/// What the whole image said about itself: bounds and statistics of its pixels, and what an earlier cut left.
fn is_stale(keyword: &str) -> bool {
    const OF_ALL_PIXELS: [&str; 8] =
        ["DATAMIN", "DATAMAX", "NPIX1", "NPIX2", "NGOODPIX", "GOODMIN", "GOODMAX", "GOODMEAN"];
    let corner = keyword
        .strip_prefix("CORNER")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    corner || OF_ALL_PIXELS.contains(&keyword) || matches!(keyword, "EMPTY" | "CUTFILL")
}

/// Moves the reference pixels of all descriptions, the physical ones (LTV, P) included, which are added.
fn shift(header: &mut Header, low: [f64; 2]) {
    // Whole pixels as coordinates keep their reference at the first pixel, whose name changes.
    let whole = counts_pixels(header);
    header.update(|card| {
        if let Some(axis) = ["CRVAL1P", "CRVAL2P"].iter().position(|&own| card.keyword == own) {
            return if whole { renumbered(card, number(card)? + low[axis]) } else { None };
        }
        if whole && matches!(card.keyword.as_str(), "CRPIX1P" | "CRPIX2P") {
            return None;
        }
        let axis = ["CRPIX1", "CRPIX2"].iter().position(|&stem| {
            card.keyword.strip_prefix(stem).is_some_and(|rest| letter(rest).is_some())
        });
        let axis = axis.or_else(|| ["LTV1", "LTV2"].iter().position(|&own| card.keyword == own))?;
        renumbered(card, number(card)? - low[axis])
    });
    for (i, keyword) in ["LTV1", "LTV2"].into_iter().enumerate() {
        if header.card(keyword).is_none() {
            // Without negative zeros.
            header.set(keyword, 0.0 - low[i], "offset to the pixels of the whole image");
        }
    }
    for keyword in ["LTM1_1", "LTM2_2"] {
        if header.card(keyword).is_none() {
            header.set(keyword, 1.0, "scale to the pixels of the whole image");
        }
    }
    let described = descriptions(header);
    for name in &described {
        for (i, stem) in ["CRPIX1", "CRPIX2"].into_iter().enumerate() {
            let keyword = format!("{stem}{name}");
            // A missing reference pixel is 0, FITS 4.0, sect. 8.2; the primary one was asked for before.
            if header.card(&keyword).is_none() && !name.is_empty() {
                header.set(&keyword, 0.0 - low[i], "reference pixel");
            }
        }
    }
    if !described.contains("P") {
        physical(header, low);
    }
}

/// Whether P is what [`physical`] writes.
fn counts_pixels(header: &Header) -> bool {
    let one = ["CRPIX1P", "CRPIX2P", "CDELT1P", "CDELT2P"].map(|keyword| header.float(keyword));
    let turned = |card: &Card| card.keyword.ends_with('P') && card.keyword.contains('_');
    header.text("WCSNAMEP").is_some_and(|name| name == "PHYSICAL")
        && one == [Some(1.0); 4]
        && !header.cards().iter().any(turned)
}

/// The pixels of the whole image as world coordinates.
fn physical(header: &mut Header, low: [f64; 2]) {
    header.set("WCSNAMEP", "PHYSICAL", "pixels of the whole image");
    for (axis, low) in [(1, low[0]), (2, low[1])] {
        let mut set = |stem: &str, value: hst_fits::Value, comment: &str| {
            header.set(&format!("{stem}{axis}P"), value, comment);
        };
        set("CTYPE", if axis == 1 { "RAWX".into() } else { "RAWY".into() }, "");
        set("CUNIT", "PIXEL".into(), "");
        set("CRPIX", 1.0.into(), "reference pixel");
        set("CRVAL", (low + 1.0).into(), "the same pixel of the whole image");
        set("CDELT", 1.0.into(), "");
    }
}

/// The letters of the alternate descriptions, empty for the primary one.
fn descriptions(header: &Header) -> BTreeSet<String> {
    let stems = ["CTYPE1", "CTYPE2", "CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2"];
    let of = |card: &Card| {
        let rest = stems.iter().find_map(|stem| card.keyword.strip_prefix(stem))?;
        letter(rest)
    };
    header.cards().iter().filter_map(of).collect()
}

/// `rest` if it is empty or a capital letter.
fn letter(rest: &str) -> Option<String> {
    let mut chars = rest.chars();
    match (chars.next(), chars.next()) {
        (None, _) => Some(String::new()),
        (Some(c), None) if c.is_ascii_uppercase() => Some(c.into()),
        _ => None,
    }
}

pub(super) fn number(card: &Card) -> Option<f64> {
    match card.value {
        hst_fits::Value::Float(value) => Some(value),
        hst_fits::Value::Integer(value) => Some(value as f64),
        _ => None,
    }
}

/// PC with CDELT = 1 says the same as CD.
fn pc_instead_of_cd(header: &mut Header) {
    let pairs = [(1, 1), (1, 2), (2, 1), (2, 2)];
    let cd = pairs.map(|(i, j)| header.float(&format!("CD{i}_{j}")));
    if cd.iter().all(Option::is_none) {
        return;
    }
    for ((i, j), value) in pairs.into_iter().zip(cd) {
        header.remove(&format!("CD{i}_{j}"));
        header.set(&format!("PC{i}_{j}"), value.unwrap_or(0.0), "element of the matrix");
    }
    for keyword in ["CDELT1", "CDELT2"] {
        header.set(keyword, 1.0, "[deg] increment at the reference point");
    }
}

/// What the pixels are.
fn values(header: &mut Header, changes: &Changes<'_>) {
    let Changes { read, .. } = changes;
    if read.made != Made::Stored {
        ["BSCALE", "BZERO", "BLANK"].iter().for_each(|keyword| header.remove(keyword));
    }
    if let Made::Linear(_) = read.made {
        ["BSOFTEN", "BOFFSET"].iter().for_each(|keyword| header.remove(keyword));
        header.push(Card::commentary("HISTORY", "Pixels made linear by BSOFTEN and BOFFSET."));
    }
    if let Some(fill) = read.fill.filter(|fill| fill.is_finite()) {
        header.set("CUTFILL", fill, "value outside the original image");
    }
    if read.empty {
        header.set("EMPTY", true, "Indicates no data in cutout image.");
    }
}

/// The outline on the sky, where the header has one.
fn footprint(header: &mut Header, located: &Located<'_>, window: &Window) {
    if header.card("S_REGION").is_none() {
        return;
    }
    match outline(located, window) {
        None => header.remove("S_REGION"),
        Some(text) => header.set("S_REGION", text, ""),
    }
}

/// The corners of the window on the sky, as S_REGION says them; `None` where one has no place there.
pub(super) fn outline(located: &Located<'_>, window: &Window) -> Option<String> {
    let (x, y) = (window.wanted.x.start, window.wanted.y.start);
    let corners = located.wcs.shifted(x, y).footprint(window.wanted.shape())?;
    let text = corners.map(|at| format!("{:.8} {:.8}", at.ra.degrees(), at.dec.degrees()));
    Some(format!("POLYGON ICRS {}", text.join(" ")))
}

/// Where the pixels come from. A cutout of a cutout names the image that the first was cut from.
fn provenance(header: &mut Header, file: &FitsFile, located: &Located<'_>, changes: &Changes<'_>) {
    let text = |header: &Header, keyword: &str| {
        header.find::<String>(keyword).ok().flatten().filter(|text| !text.is_empty())
    };
    let name = text(header, "EXTNAME");
    if header.card("O_EXT_NM").is_none()
        && let Some(name) = &name
    {
        header.set("O_EXT_NM", name.as_str(), "Original extension name.");
    }
    if changes.options.names == Names::Cutout {
        header.set("EXTNAME", "CUTOUT", "");
    }
    if header.card("ORIG_FLE").is_none() {
        let path = || file.path().file_name().map(|name| name.to_string_lossy().into_owned());
        let printable = |name: &String| name.bytes().all(|b| (0x20..0x7f).contains(&b));
        let original = text(header, "FILENAME").or_else(|| text(file.primary(), "FILENAME"));
        if let Some(original) = original.or_else(path).filter(printable) {
            header.set("ORIG_FLE", original, "Original image filename.");
        }
    }
    header.remove("FILENAME");
    if header.card("ORIG_EXT").is_none() {
        let index = i64::try_from(located.hdu.index).unwrap_or(i64::MAX);
        header.set("ORIG_EXT", index, "Extension in original file.");
    }
}
