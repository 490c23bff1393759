//! The multi-visit workflow against what `hapcut_utils` of drizzlepac made of the same skycells.

use astro_coords::{PixelBox, SkyCoord};
use cutout::combine::{Method, Relation};
use cutout::mvm::{NameDigits, Named, cut_skycell, groups};
use cutout::{CutOptions, Rounding, Size, SizePolicy};
use hst_fits::{Bitpix, FitsFile, Header};
use serde_json::Value;

/// Cards that name who cut, and those that our headers spell otherwise on purpose.
const OWN: [&str; 4] = ["ORIGIN", "DATE", "PROCVER", "CREATOR"];
/// What astrocut adds beside CD, which together is not legal.
const ADDED: [&str; 16] = [
    "PC1_1", "PC1_2", "PC2_1", "PC2_2", "CDELT1", "CDELT2", "LONPOLE", "LATPOLE", "MJDREF",
    "O_EXT_NM", "ORIG_EXT", "ORIG_FLE", "CHECKSUM", "DATASUM", "PCOUNT", "GCOUNT",
];

fn cards(text: &str) -> Header {
    let lines: String =
        text.lines().chain(["END"]).map(|line| format!("{:<80}", line.trim_end())).collect();
    Header::parse(lines.as_bytes()).unwrap()
}

/// Every card of the reference is in ours with its value.
fn check_cards(place: &str, wanted: &Header, found: &Header) {
    for card in wanted.cards() {
        let keyword = card.keyword.as_str();
        let left = OWN.contains(&keyword)
            || ADDED.contains(&keyword)
            || keyword.starts_with('F') && keyword.contains('_');
        if left
            || keyword.is_empty()
            || matches!(keyword, "COMMENT" | "HISTORY" | "CONTINUE" | "BITPIX")
        {
            continue;
        }
        let ours = found.card(keyword).unwrap_or_else(|| panic!("{place}: no {keyword}"));
        let (a, b) = (card.value.clone(), ours.value.clone());
        let number = |header: &Header| header.find::<f64>(keyword).ok().flatten();
        match (number(wanted), number(found)) {
            (Some(x), Some(y)) => {
                assert!((x - y).abs() <= 1e-12 * x.abs(), "{place} {keyword}: {x} {y}");
            }
            _ => assert_eq!(a, b, "{place} {keyword}"),
        }
    }
}

fn sums(file: &FitsFile, name: &str) -> (usize, f64, f64) {
    let hdu = file.find(name, None).unwrap();
    let shape = hdu.shape().unwrap();
    let mut image = vec![0.0_f64; shape.0 * shape.1];
    file.read_window(hdu, &PixelBox::of_shape(shape), &mut image).unwrap();
    let finite = image.iter().filter(|value| value.is_finite());
    (finite.clone().count(), finite.clone().sum(), finite.map(|v| v * v).sum())
}

fn check_sums(place: &str, wanted: &Value, found: (usize, f64, f64)) {
    let close = |key: &str, value: f64| {
        let wanted = wanted[key].as_f64().unwrap();
        assert!((value - wanted).abs() <= 1e-12 * wanted.abs(), "{place} {key}: {value} {wanted}");
    };
    assert_eq!(wanted["nfinite"].as_u64().unwrap(), found.0 as u64, "{place}");
    close("sum", found.1);
    close("sumsq", found.2);
}

#[test]
fn names_pixels_and_headers_are_those_of_hapcut_utils() {
    let Some(path) = testkit::shared("reference/hapcut.json") else { return };
    let reference: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let degrees = |key: &str| reference[key].as_f64().unwrap();
    let at = SkyCoord::from_degrees(degrees("ra"), degrees("dec"));
    let folder = tempfile::tempdir().unwrap();
    let policy = SizePolicy::Compat(Rounding::Nearest);
    let options = CutOptions { policy, ..CutOptions::default() };

    let mut cutouts = Vec::new();
    for wanted in reference["cut_names"].as_array().unwrap() {
        let wanted = wanted.as_str().unwrap();
        let cell = &wanted["hst_cutout_skycell-".len()..][..11];
        let input = format!("reference/inputs/hst_skycell-{cell}_acs_wfc_f814w_all_drc.fits");
        let file = FitsFile::open(&testkit::shared(&input).unwrap()).unwrap();
        let shape = &reference["files"][wanted][1]["shape"];
        let size = Size::pixels(shape[1].as_f64().unwrap(), shape[0].as_f64().unwrap());
        let (name, cutout) = cut_skycell(&file, at, size, NameDigits::Compat, &options).unwrap();
        assert_eq!(name.to_string(), wanted);
        let out = folder.path().join(name.to_string());
        cutout.write(&out).unwrap();
        cutouts.push(out);
    }
    // The order in which files are given does not matter.
    cutouts.reverse();
    let open = |path| Named::new(FitsFile::open(path).unwrap()).unwrap();
    let found = groups(cutouts.iter().map(|path| open(path)).collect(), NameDigits::Compat);
    let [group] = &found[..] else { panic!("{found:?}") };
    assert!(!group.is_mosaic);
    let combined = folder.path().join(group.name.to_string());
    group.write(&combined, Method::Mean, Relation::AsAstrocut).unwrap();

    for (name, units) in reference["files"].as_object().unwrap() {
        let file = FitsFile::open(&folder.path().join(name)).unwrap();
        check_cards(name, &cards(units[0]["header"].as_str().unwrap()), file.primary());
        for (i, ext) in ["SCI", "WHT"].into_iter().enumerate() {
            let wanted = &units[i + 1];
            let place = format!("{name} {ext}");
            let hdu = file.find(ext, None).unwrap();
            let shape = hdu.shape().unwrap();
            assert_eq!(serde_json::json!([shape.0, shape.1]), wanted["shape"], "{place}");
            check_cards(&place, &cards(wanted["header"].as_str().unwrap()), &hdu.header);
            if name.contains("combined") {
                // The reference goes to double precision; ours stays single, as the images are.
                assert_eq!(hdu.bitpix, Bitpix::F32, "{place}");
                let (count, sum, _) = sums(&file, ext);
                assert_eq!(wanted["data"]["nfinite"], count, "{place}");
                let exact = wanted["data"]["sum"].as_f64().unwrap();
                assert!((sum / exact - 1.0).abs() < 1e-7, "{place}: {sum} {exact}");
            } else {
                check_sums(&place, &wanted["data"], sums(&file, ext));
            }
        }
    }
}
