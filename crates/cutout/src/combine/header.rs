//! The headers of the result: what all images say, and a record of what they say differently.

use std::collections::{HashMap, HashSet};

use hst_fits::{Card, Column, Header, Table, Value, Values};

use super::grid::Grid;
use super::input::Input;
use super::method::Relation;
use crate::{Error, Result};

/// Cards that are not true of the result, or made anew by the writer.
const DROPPED: [&str; 5] = ["S_REGION", "CHECKSUM", "DATASUM", "FILENAME", "EXTEND"];
/// The grid is that of the first image.
const GRID: [&str; 18] = [
    "WCSAXES", "CTYPE1", "CTYPE2", "CUNIT1", "CUNIT2", "CRVAL1", "CRVAL2", "CD1_1", "CD1_2",
    "CD2_1", "CD2_2", "CDELT1", "CDELT2", "LONPOLE", "LATPOLE", "RADESYS", "LTV1", "LTV2",
];
/// A difference of these makes the sums of the result wrong.
const PHOTOMETRIC: [&str; 3] = ["PHOTFLAM", "PHOTPLAM", "PHOTZPT"];

pub(super) struct Merged {
    pub(super) primary: Header,
    pub(super) units: Vec<Header>,
    pub(super) origins: Option<Table>,
    pub(super) warnings: Vec<String>,
}

/// Merges the primary headers and those of the image and the weights.
///
/// # Source
/// The record `Fnn_Kkk`, `Fnn_Vkk`, `Fnn_Ckk` is that of astrocut's `CutoutsCombiner`.
pub(super) fn merge<'a>(inputs: &[Input<'a>], grid: &Grid, relation: Relation) -> Result<Merged> {
    let mut origins = Origins::default();
    let mut warnings = Vec::new();
    check_units(inputs)?;

    // A primary image says everything in its own header.
    let bare = Header::new();
    let primary = |input: &Input<'a>| match input.image.index {
        0 => &bare,
        _ => input.file.primary(),
    };
    let primaries: Vec<_> = inputs.iter().map(primary).collect();
    let split = Split::new(&primaries);
    let mut primary = split.header;
    exposure_time(&mut primary, &primaries, relation);
    for keyword in ["RA_OBJ", "DEC_OBJ"] {
        if let (None, Some(card)) = (primary.card(keyword), primaries[0].card(keyword)) {
            primary.push(card.clone());
        }
    }
    primary.push(Card::commentary(
        "HISTORY",
        &format!(
            "hst {} combine: {} images, {}",
            env!("CARGO_PKG_VERSION"),
            inputs.len(),
            words(relation)
        ),
    ));
    for input in inputs {
        let name = input.file.path().file_name().unwrap_or_default().to_string_lossy();
        primary.push(Card::commentary("HISTORY", &format!("of {name}")));
    }
    warn_of_photometry(&split.varying, TABLE, &mut warnings);
    origins.add("PRIMARY", inputs, &primaries, &split.varying);

    let mut units = Vec::new();
    for (unit, name) in ["SCI", "WHT"].into_iter().enumerate() {
        let hdus: Vec<_> = inputs.iter().filter_map(|input| input.unit(unit)).collect();
        if hdus.is_empty() {
            break;
        }
        let headers: Vec<_> = hdus.iter().map(|hdu| &hdu.header).collect();
        let Split { mut header, varying } = Split::new(&headers);
        exposure_time(&mut header, &headers, relation);
        place_grid(&mut header, headers[0], grid);
        header.set("EXTNAME", name, "");
        record(&mut header, &headers, &varying);
        if unit == 0 {
            warn_of_photometry(&varying, TABLE, &mut warnings);
        }
        origins.add(name, inputs, &headers, &varying);
        units.push(header);
    }
    Ok(Merged { primary, units, origins: origins.table(), warnings })
}

/// What all images say, without a word about their grids: the primary header and those of SCI and WHT.
///
/// And what a user should know: photometric keywords that they do not have in common.
pub(crate) fn plain(inputs: &[Input<'_>]) -> Result<(Header, Vec<Header>, Vec<String>)> {
    check_units(inputs)?;
    let of_grid = |keyword: &str| {
        let wcs = [
            "CTYPE", "CRVAL", "CRPIX", "CUNIT", "CDELT", "CD1_", "CD2_", "PC1_", "PC2_", "PV1_",
            "PV2_", "LTV", "LTM", "ORIENTAT", "WCSNAME", "WCSAXES", "LONPOLE", "LATPOLE",
            "EQUINOX", "CROTA",
        ];
        wcs.iter().any(|start| keyword.starts_with(start))
    };
    let mut varying = Vec::new();
    let mut common = |headers: &[&Header]| {
        let mut split = Split::new(headers);
        split.header.retain(|card| !of_grid(&card.keyword));
        varying.append(&mut split.varying);
        split.header
    };
    let primaries: Vec<_> = inputs.iter().map(|input| input.file.primary()).collect();
    let mut primary = common(&primaries);
    if inputs.iter().any(|input| input.image.index == 0) {
        primary = Header::new();
    }
    let mut units = Vec::new();
    for (unit, name) in ["SCI", "WHT"].into_iter().enumerate() {
        let hdus: Vec<_> = inputs.iter().filter_map(|input| input.unit(unit)).collect();
        if hdus.is_empty() {
            break;
        }
        let headers: Vec<_> = hdus.iter().map(|hdu| &hdu.header).collect();
        let mut header = common(&headers);
        header.set("EXTNAME", name, "");
        units.push(header);
    }
    let mut warnings = Vec::new();
    warn_of_photometry(&varying, "", &mut warnings);
    Ok((primary, units, warnings))
}

fn words(relation: Relation) -> &'static str {
    match relation {
        Relation::SameExposures => "of the same exposures",
        Relation::Independent => "independent",
        Relation::AsAstrocut => "as astrocut combines them",
    }
}

fn text(header: &Header, keyword: &str) -> Option<String> {
    header.find::<String>(keyword).ok().flatten()
}

fn check_units(inputs: &[Input<'_>]) -> Result<()> {
    let unit = |input: &Input<'_>| text(&input.image.header, "BUNIT");
    let first = unit(&inputs[0]);
    let spelt = |unit: &Option<String>| unit.as_deref().map(one_spelling);
    let differs = |input: &&Input<'_>| spelt(&unit(input)) != spelt(&first);
    let Some(other) = inputs.iter().find(differs) else { return Ok(()) };
    let named = |unit: Option<String>| unit.unwrap_or_else(|| "none".to_owned());
    Err(Error::CannotCombine {
        problem: format!(
            "the units differ: BUNIT is {} in {} and {} in {}",
            named(first),
            inputs[0].place(),
            named(unit(other)),
            other.place()
        ),
    })
}

/// `ELECTRONS/S`, `electron / s`, `electron s-1` are one unit.
fn one_spelling(unit: &str) -> String {
    let mut text = unit.to_ascii_lowercase();
    for per_second in ["s**-1", "s^-1", "s-1"] {
        text = text.replace(per_second, "/s");
    }
    text.retain(|c| !c.is_whitespace());
    let parts = text.split('/').filter(|part| !part.is_empty()).map(|part| match part {
        "electrons" | "e-" | "e" => "electron",
        "counts" | "cts" | "ct" => "count",
        "sec" | "second" | "seconds" => "s",
        other => other,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Where the values are that a combination leaves out of its headers.
const TABLE: &str = "; see the table ORIGINS";

fn warn_of_photometry(varying: &[String], more: &str, warnings: &mut Vec<String>) {
    for keyword in PHOTOMETRIC {
        if varying.iter().any(|other| other == keyword) {
            warnings.push(format!(
                "{keyword} differs between the images, so the result has none{more}"
            ));
        }
    }
}

/// What several headers have in common.
struct Split {
    /// In the order of the first.
    header: Header,
    /// Keywords in which they differ, in the order in which they first stand.
    varying: Vec<String>,
}

impl Split {
    fn new(headers: &[&Header]) -> Self {
        let mut out = headers[0].clone();
        out.retain(|card| !is_commentary(card) && !DROPPED.contains(&card.keyword.as_str()));
        let values: Vec<_> = headers.iter().map(|header| values(header)).collect();
        let mut seen = HashSet::new();
        let mut varying = Vec::new();
        for card in headers.iter().flat_map(|header| header.cards()) {
            let keyword = card.keyword.as_str();
            let dropped =
                is_commentary(card) || DROPPED.contains(&keyword) || is_structure(keyword);
            if dropped || !seen.insert(keyword) {
                continue;
            }
            let first = values[0].get(keyword);
            if values.iter().any(|other| other.get(keyword) != first) {
                varying.push(keyword.to_owned());
            }
        }
        out.retain(|card| !varying.contains(&card.keyword));
        for keyword in ["COMMENT", "HISTORY", ""] {
            commentary(&mut out, headers, keyword);
        }
        Self { header: out, varying }
    }
}

/// The values by keyword, all of a repeated one.
fn values(header: &Header) -> HashMap<&str, Vec<&Value>> {
    let mut values: HashMap<_, Vec<_>> = HashMap::new();
    for card in header.cards() {
        values.entry(card.keyword.as_str()).or_default().push(&card.value);
    }
    values
}

fn is_commentary(card: &Card) -> bool {
    matches!(card.value, Value::Commentary(_))
}

/// Cards that say how the data are stored, which the writer makes.
fn is_structure(keyword: &str) -> bool {
    let numbered =
        keyword.strip_prefix("NAXIS").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    numbered
        || matches!(
            keyword,
            "SIMPLE" | "XTENSION" | "BITPIX" | "PCOUNT" | "GCOUNT" | "EXTNAME" | "EXTVER"
        )
}

/// Lines that all have stay as they are; else those of each under the name of its place in the list.
fn commentary(out: &mut Header, headers: &[&Header], keyword: &str) {
    let lines = |header: &Header| header.all(keyword).cloned().collect::<Vec<_>>();
    let first = lines(headers[0]);
    if headers.iter().all(|header| lines(header) == first) {
        first.into_iter().for_each(|card| out.push(card));
        return;
    }
    if keyword.is_empty() {
        return;
    }
    for (i, header) in headers.iter().enumerate() {
        let lines = lines(header);
        if !lines.is_empty() {
            out.push(Card::commentary(keyword, &format!("--- of image {}", i + 1)));
            lines.into_iter().for_each(|card| out.push(card));
        }
    }
}

/// `EXPTIME` of the result where the images differ: their sum, or the longest of the same exposures.
fn exposure_time(out: &mut Header, headers: &[&Header], relation: Relation) {
    for keyword in ["EXPTIME", "TEXPTIME"] {
        let times: Option<Vec<f64>> =
            headers.iter().map(|header| header.find::<f64>(keyword).ok().flatten()).collect();
        let Some(times) = times else { continue };
        let (value, comment) = match relation {
            Relation::Independent => (times.iter().sum(), "sum of the images' exposure times"),
            _ => {
                (times.iter().copied().fold(0.0, f64::max), "longest of the images' exposure times")
            }
        };
        out.set(keyword, value, comment);
    }
}

/// The world coordinates of the first image, moved with its first pixel.
fn place_grid(out: &mut Header, first: &Header, grid: &Grid) {
    let [x, y] = grid.origin().map(|n| n as f64);
    let moved = |keyword: &str| {
        let axis = |rest: &str| match rest.as_bytes() {
            [b'1'] | [b'1', b'A'..=b'Z'] => Some(x),
            [b'2'] | [b'2', b'A'..=b'Z'] => Some(y),
            _ => None,
        };
        let offset =
            keyword.strip_prefix("CRPIX").or_else(|| keyword.strip_prefix("LTV")).and_then(axis);
        // The physical WCS counts pixels of the parent at the first pixel here.
        offset.filter(|_| keyword != "CRPIX1P" && keyword != "CRPIX2P")
    };
    let physical = |keyword: &str| match keyword {
        "CRVAL1P" => Some(-x),
        "CRVAL2P" => Some(-y),
        _ => None,
    };
    for card in first.cards() {
        let keyword = card.keyword.as_str();
        let by = moved(keyword).or_else(|| physical(keyword));
        match (by, &card.value) {
            (Some(by), Value::Float(value)) => out.set(keyword, value + by, &card.comment),
            #[expect(clippy::cast_precision_loss, reason = "a pixel")]
            (Some(by), Value::Integer(value)) => {
                out.set(keyword, *value as f64 + by, &card.comment);
            }
            _ if GRID.contains(&keyword) => out.set(keyword, card.value.clone(), &card.comment),
            _ => {}
        }
    }
}

/// The record of differences as cards, as many as keywords of eight characters can name.
fn record(out: &mut Header, headers: &[&Header], varying: &[String]) {
    for (k, keyword) in varying.iter().enumerate().take(99) {
        for (n, header) in headers.iter().enumerate().take(99) {
            let card = header.card(keyword);
            let name = |part: char| format!("F{:02}_{part}{:02}", n + 1, k + 1);
            out.set(&name('K'), keyword.as_str(), "Keyword");
            let value =
                card.map_or_else(|| Value::Text("<absent>".to_owned()), |card| card.value.clone());
            out.set(&name('V'), value, "Value");
            out.set(&name('C'), card.map_or("", |card| card.comment.as_str()), "Comment");
        }
    }
}

/// The record of differences as a table, complete.
#[derive(Default)]
struct Origins {
    columns: [Vec<String>; 5],
}

const ORIGINS: [(&str, &str); 5] = [
    ("EXT", "unit of the file"),
    ("FILE", "file the card comes from"),
    ("KEY", "keyword"),
    ("VALUE", "value"),
    ("COMMENT", "comment of the card"),
];

impl Origins {
    fn add(&mut self, unit: &str, inputs: &[Input<'_>], headers: &[&Header], varying: &[String]) {
        for keyword in varying {
            for (input, header) in inputs.iter().zip(headers) {
                for card in header.all(keyword) {
                    let file = input.file.path().file_name().unwrap_or_default().to_string_lossy();
                    let value = match &card.value {
                        Value::Text(text) => text.clone(),
                        value => value.to_string(),
                    };
                    let cells = [
                        unit.to_owned(),
                        file.into_owned(),
                        keyword.clone(),
                        value,
                        card.comment.clone(),
                    ];
                    self.columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
                }
            }
        }
    }

    fn table(self) -> Option<Table> {
        let rows = self.columns[0].len();
        let column = |((name, description), cells): (&(&str, &str), Vec<String>)| {
            let ascii = cells.into_iter().map(|cell| {
                cell.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect()
            });
            let mut column = Column::new(name, Values::Text(ascii.collect()));
            column.description = (*description).to_owned();
            column
        };
        let columns = ORIGINS.iter().zip(self.columns).map(column).collect();
        (rows > 0).then_some(Table { rows, columns })
    }
}

pub(super) fn of_origins() -> Header {
    let mut header = Header::new();
    header.set("EXTNAME", "ORIGINS", "cards in which the images differ");
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_several_spellings() {
        for unit in ["ELECTRONS/S", "electron / s", "electron s-1", "e-/sec", "ELECTRONS / SEC"] {
            assert_eq!(one_spelling(unit), "electron/s", "{unit}");
        }
        assert_ne!(one_spelling("ELECTRONS"), one_spelling("ELECTRONS/S"));
        assert_ne!(one_spelling("COUNTS/S"), one_spelling("ELECTRONS/S"));
    }
}
