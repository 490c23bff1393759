//! Every cutout of the reference table of astrocut 1.4.0, pixels and headers.

use std::path::Path;

use astro_coords::{Angle, PixelCoord, SkyCoord};
use cutout::{CutOptions, Cutout, Empty, Error, Extensions, Rounding, Size, SizePolicy, cut};
use hst_fits::{Card, FitsFile, Header};
use serde_json::Value;

/// What astrocut says and we do not, or otherwise: CD beside PC, the archive's name and its own version, the day.
const REPAIRED: [&str; 7] = ["CD1_1", "CD1_2", "CD2_1", "CD2_2", "ORIGIN", "DATE", "PROCVER"];

/// Defaults that astrocut spells out.
const SPELLED_OUT: [(&str, f64); 2] = [("LONPOLE", 180.0), ("MJDREF", 0.0)];

fn options(case: &Value) -> CutOptions {
    let keywords = &case["kw"];
    let mut options = CutOptions::astrocut();
    let rounding = match keywords["limit_rounding_method"].as_str() {
        Some("ceil") => Rounding::Up,
        Some("floor") => Rounding::Down,
        _ => Rounding::Nearest,
    };
    options.policy = SizePolicy::Compat(rounding);
    if let Some(list) = keywords["extension"].as_str() {
        options.extensions = list.replace(' ', "").parse().unwrap();
    }
    if let Some(fill) = keywords["fill_value"].as_str() {
        options.fill = fill.parse().unwrap();
    }
    if keywords["allow_empty"] == "True" {
        options.empty = Empty::Keep;
    }
    options
}

/// `50`, `[20 60]`, `[20. 60.] pix`, `[1. 3.] arcsec`, `0.001 arcsec`.
fn size(text: &str) -> Size {
    let (numbers, unit) = match text.rsplit_once([' ', ']']) {
        Some((numbers, unit)) if unit.parse::<f64>().is_err() => (numbers, unit),
        _ => (text, ""),
    };
    let list = numbers.replace(['[', ']'], " ");
    let sides: Vec<_> = list.split_whitespace().map(|n| n.trim_end_matches('.')).collect();
    format!("{}{unit}", sides.join("x")).parse().unwrap()
}

fn place(case: &Value) -> SkyCoord {
    let degrees = |key: &str| Angle::from_degrees(case[key].as_f64().unwrap());
    SkyCoord { ra: degrees("ra"), dec: degrees("dec") }
}

fn header(text: &str) -> Header {
    let lines: String = text.lines().map(|line| format!("{line:<80}")).collect();
    Header::parse(format!("{lines}{:<80}", "END").as_bytes()).unwrap()
}

fn check_header(case: &str, wanted: &Header, found: &Header) {
    let counts = |card: &&Card| {
        let empty = matches!(card.value, hst_fits::Value::Undefined);
        !REPAIRED.contains(&card.keyword.as_str()) && !empty
    };
    for card in wanted.cards().iter().filter(counts) {
        let default = SPELLED_OUT.iter().find(|(keyword, _)| *keyword == card.keyword);
        if found.card(&card.keyword).is_none() && card.keyword == "LATPOLE" {
            continue;
        }
        if let (Some((_, value)), None) = (default, found.card(&card.keyword)) {
            assert_eq!(wanted.get::<f64>(&card.keyword).unwrap(), *value, "{case}");
            continue;
        }
        let ours = found.card(&card.keyword).unwrap_or_else(|| panic!("{case}: {card:?}"));
        let number = |card: &Card| match card.value {
            hst_fits::Value::Float(value) => Some(value),
            hst_fits::Value::Integer(value) => Some(value as f64),
            _ => None,
        };
        match number(card) {
            // The numbers of astropy's headers have 14 digits, ours all of the image's.
            Some(value) => {
                let ours = number(ours).unwrap();
                assert!((ours - value).abs() <= 1e-13 * value.abs(), "{case}: {}", card.keyword);
            }
            None => assert_eq!(ours.value, card.value, "{case}"),
        }
    }
}

fn check_pixels(case: &str, wanted: &Value, found: &FitsFile, unit: usize) {
    let hdu = &found.hdus()[unit];
    let (ny, nx) = hdu.shape().unwrap();
    assert_eq!(wanted["shape"], serde_json::json!([ny, nx]), "{case}");
    let window = astro_coords::PixelBox::of_shape((ny, nx));
    let mut pixels = vec![0.0f64; ny * nx];
    found.read_window(hdu, &window, &mut pixels).unwrap();
    let finite = pixels.iter().filter(|value| value.is_finite()).count();
    assert_eq!(wanted["nfinite"], serde_json::json!(finite), "{case}");
    let at = |key: &str, i: usize| usize::try_from(wanted[key][i].as_u64().unwrap()).unwrap();
    for (i, value) in wanted["v"].as_array().unwrap().iter().enumerate() {
        let found = pixels[at("y", i) * nx + at("x", i)];
        match value.as_f64() {
            Some(value) => assert_eq!(found, value, "{case}"),
            None => assert!(found.is_nan(), "{case}: {value}"),
        }
    }
}

fn reopened(cutout: &Cutout) -> FitsFile {
    let bytes = cutout.to_bytes().unwrap();
    FitsFile::from_source(Box::new(bytes), Path::new("cutout.fits")).unwrap()
}

/// The places of a case. Where edges lie halfway between pixels the last bit of the computed centre decides on which
/// side they fall, in astrocut as here: then all places a hair beside it count.
fn places(case: &Value, file: &FitsFile, size: Size) -> Vec<SkyCoord> {
    let hdu = file.first_image().unwrap();
    let wcs = file.wcs(hdu, None).unwrap();
    let center = wcs.to_pixel(place(case)).unwrap();
    let sides = size.in_pixels(wcs.pixel_scales());
    let tie = |at: f64, side: f64| ((at - side / 2.0).rem_euclid(1.0) - 0.5).abs() < 1e-6;
    let whole = |at: f64| (at - at.round()).abs() < 1e-6;
    let rounded = case["kw"]["limit_rounding_method"].as_str().is_some_and(|text| text != "round");
    let undecided = |at: f64, side: f64| {
        tie(at, side) || rounded && whole(at - side / 2.0) || side < 1.0 && whole(at)
    };
    let near = |at: f64, side: f64| match undecided(at, side) {
        true => vec![at - 1e-5, at + 1e-5],
        false => vec![at],
    };
    let mut places = Vec::new();
    for x in near(center.x, sides[0]) {
        for y in near(center.y, sides[1]) {
            places.push(wcs.to_sky(PixelCoord::new(x, y)).unwrap());
        }
    }
    if places.len() == 1 { vec![place(case)] } else { places }
}

/// The cutout at the place whose window astrocut chose.
fn cut_as_recorded(case: &Value, file: &FitsFile, size: Size) -> cutout::Result<Cutout> {
    let wanted = &case["hdus"][1]["header"];
    let crpix = wanted
        .as_str()
        .map(|text| ["CRPIX1", "CRPIX2"].map(|keyword| header(text).get::<f64>(keyword).unwrap()));
    let mut last = None;
    for at in places(case, file, size) {
        let cutout = cut(file, at, size, &options(case));
        let same = cutout.as_ref().is_ok_and(|cutout| {
            let header = &cutout.units[0].header;
            let ours = ["CRPIX1", "CRPIX2"].map(|keyword| header.get::<f64>(keyword).unwrap());
            crpix.is_none_or(|crpix| (0..2).all(|i| (crpix[i] - ours[i]).abs() < 1e-6))
        });
        if same {
            return cutout;
        }
        last = Some(cutout);
    }
    last.unwrap()
}

#[test]
fn every_cutout_of_astrocut_is_reproduced() {
    let Some(path) = testkit::shared("reference/cutout.json") else { return };
    let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = json["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 31);
    for case in cases {
        let name = case["case"].as_str().unwrap();
        let input = format!("reference/inputs/{}", case["file"].as_str().unwrap());
        let file = FitsFile::open(&testkit::shared(&input).unwrap()).unwrap();
        let size = size(case["size"].as_str().unwrap());
        let cutout = cut_as_recorded(case, &file, size);
        match case["error"].as_str() {
            Some(text) if text.starts_with("InvalidQueryError") => {
                let error = cutout.unwrap_err();
                let expected = matches!(error, Error::NoOverlap { .. } | Error::NoData { .. });
                assert!(expected, "{name}: {error}");
            }
            // Integers at the edge, which astrocut cannot fill.
            Some(_) => {
                let cutout = cutout.unwrap();
                assert_eq!(cutout.units[0].header.get::<f64>("CUTFILL").unwrap(), 0.0);
                assert!(cutout.units[0].coverage < 1.0);
            }
            None => check(case, &reopened(&cutout.unwrap())),
        }
    }
}

fn check(case: &Value, found: &FitsFile) {
    let name = case["case"].as_str().unwrap();
    let wanted = case["hdus"].as_array().unwrap();
    assert_eq!(found.hdus().len(), wanted.len(), "{name}");
    for (i, unit) in wanted.iter().enumerate() {
        let mut wanted = header(unit["header"].as_str().unwrap());
        if i == 0 {
            // The place may be a hair beside.
            for keyword in ["RA_OBJ", "DEC_OBJ"] {
                let ours = found.primary().get::<f64>(keyword).unwrap();
                assert!((ours - wanted.get::<f64>(keyword).unwrap()).abs() < 1e-9, "{name}");
                wanted.remove(keyword);
            }
        }
        if i > 1 {
            // Both are called CUTOUT, and a version makes the name unique.
            wanted.remove("EXTVER");
        }
        check_header(name, &wanted, &found.hdus()[i].header);
        if i > 0 {
            check_pixels(name, &unit["data"], found, i);
        }
    }
}

#[test]
fn cut_and_combined_files_of_skycells_share_one_grid() {
    let Some(path) = testkit::shared("reference/hapcut.json") else { return };
    let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let at = place(&json);
    let mut cutouts = Vec::new();
    for cell in ["p1253x05y09", "p1253x06y09"] {
        let name = format!("reference/inputs/hst_skycell-{cell}_acs_wfc_f814w_all_drc.fits");
        let file = FitsFile::open(&testkit::shared(&name).unwrap()).unwrap();
        let options = CutOptions { extensions: Extensions::All, ..CutOptions::default() };
        let cutout = cut(&file, at, Size::square(40.0), &options).unwrap();
        assert_eq!(cutout.units.len(), 2);
        cutouts.push(reopened(&cutout));
    }
    let crpix = |file: &FitsFile| {
        let header = &file.find("SCI", None).unwrap().header;
        [header.get::<f64>("CRPIX1").unwrap(), header.get::<f64>("CRPIX2").unwrap()]
    };
    assert_eq!(crpix(&cutouts[0]), crpix(&cutouts[1]));
}
