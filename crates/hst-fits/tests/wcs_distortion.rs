//! Distorted images against astropy's `all_pix2world`, lookup tables included.

mod cards;

use std::fs;
use std::path::Path;

use astro_coords::{PixelCoord, SkyCoord};
use cards::Cards;
use hst_fits::{FitsFile, Keywords, LookupTable, LookupTables, Wcs, WcsError};
use serde_json::Value;

fn golden(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn numbers(value: &Value, key: &str) -> Vec<f64> {
    value[key].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// Compares with the recorded positions, in pixels of the image, both ways; and the way there and back.
fn check(name: &str, wcs: &Wcs, expected: &Value) {
    let (forward, back) = worst(wcs, expected, ["ra", "dec"]);
    let (exact_forward, exact_back) = worst(wcs, expected, ["exact_ra", "exact_dec"]);
    eprintln!(
        "{name}: astropy {forward:.1e} {back:.1e}, exact {exact_forward:.1e} {exact_back:.1e} px"
    );
    // Forward the exact positions come out, to the bit; their rounding (a right ascension in f64 is a grid of 2.8e-14°
    // above 128°, 2.5e-9 of a pixel of 0.04″ on the equator) is what is left on the way back. The rest of the
    // difference to astropy is astropy's rounding, as 80-bit arithmetic shows.
    assert!(exact_forward < 1e-9, "{name}: {exact_forward}");
    assert!(exact_back < 1e-9, "{name}: {exact_back}");
    assert!(forward < 1e-8, "{name}: {forward}");
    assert!(back < 1e-8, "{name}: {back}");
}

/// The largest distances from the recorded positions and, back, from the pixels.
fn worst(wcs: &Wcs, expected: &Value, [ra, dec]: [&str; 2]) -> (f64, f64) {
    let [x, y, ra, dec] = ["x", "y", ra, dec].map(|key| numbers(expected, key));
    let (mut forward, mut back) = (0.0f64, 0.0f64);
    for i in 0..x.len() {
        let pixel = PixelCoord::new(x[i], y[i]);
        let place = SkyCoord::from_degrees(ra[i], dec[i]);
        let scale = wcs.pixel_scale_at(pixel).unwrap().degrees();
        forward = forward.max(wcs.to_sky(pixel).unwrap().separation(place).degrees() / scale);
        back = back.max(wcs.to_pixel(place).unwrap().distance(pixel));
    }
    (forward, back)
}

/// Every pixel of a grid over the whole chip comes back.
fn check_chip(name: &str, wcs: &Wcs, (ny, nx): (i32, i32)) {
    let mut worst = 0.0f64;
    let ulp = |angle: f64| angle.abs().next_up() - angle.abs();
    for y in (0..ny).step_by(16).chain([ny - 1]) {
        for x in (0..nx).step_by(16).chain([nx - 1]) {
            let pixel = PixelCoord::new(f64::from(x) + 0.25, f64::from(y) - 0.5);
            let place = wcs.to_sky(pixel).unwrap();
            let off = wcs.to_pixel(place).unwrap().distance(pixel);
            worst = worst.max(off);
            // A position in f64 degrees is held to half a step of their grid: 7.1e-15 at 64 to 128 degrees, which of
            // the smallest pixels (HRC, 0.025 arcsec) is 1.03e-9. Nothing but that may exceed 1e-9.
            let (ra, dec) = (place.ra.degrees(), place.dec.degrees());
            let grid = (ulp(ra) * dec.to_radians().cos()).hypot(ulp(dec)) / 2.0;
            let [sx, sy] = wcs.pixel_scales_at(pixel).unwrap().map(|scale| scale.degrees());
            let step = grid / sx.min(sy);
            assert!(off < 2e-10 + step, "{name} {pixel:?}: {off}");
            assert!(off < step.max(1e-9), "{name} {pixel:?}: {off}, half a step is {step}");
        }
    }
    let pixels: Vec<_> = (0..ny * nx)
        .step_by(997)
        .map(|i| PixelCoord::new((i % nx).into(), (i / nx).into()))
        .collect();
    let mut places = vec![SkyCoord::default(); pixels.len()];
    wcs.to_sky_many(&pixels, &mut places);
    let mut backs = pixels.clone();
    wcs.to_pixel_many(&places, &mut backs);
    for ((pixel, place), back) in pixels.iter().zip(&places).zip(&backs) {
        assert_eq!((wcs.to_sky(*pixel), wcs.to_pixel(*place)), (Some(*place), Some(*back)));
    }
    eprintln!("{name}: whole chip {worst:.1e} px");
}

/// The tables `make_wcs_golden.py` makes.
fn made_tables() -> LookupTables {
    let entries = |k: i64, nx: i64, ny: i64| -> Vec<f32> {
        let entry = |i, j| (((i * 37 + j * 91 + k * 53) % 101 - 50) as f64 / 1000.0) as f32;
        (0..ny).flat_map(|j| (0..nx).map(move |i| entry(i, j))).collect()
    };
    let residual = |k| {
        (k, LookupTable::new((33, 65), entries(k, 65, 33), [1.0; 2], [1.0; 2], [64.0; 2]).unwrap())
    };
    let detector = |k| {
        let values = entries(k, 512, 2);
        (k, LookupTable::new((2, 512), values, [1.0; 2], [10.5, 1.0], [8.0, 2048.0]).unwrap())
    };
    LookupTables {
        wcsdvarr: vec![residual(1), residual(2)],
        d2imarr: vec![detector(1), detector(2)],
    }
}

fn made_header(expected: &Value) -> Cards {
    let mut header = Cards::parse(expected["header"].as_str().unwrap());
    for axis in ["1", "2"] {
        for (kind, record) in [("CPDIS", "DP"), ("D2IMDIS", "D2IM")] {
            header = header.with_text(&format!("{kind}{axis}"), "LOOKUP");
            header = header.with_text(&format!("{record}{axis}"), &format!("EXTVER: {axis}"));
        }
    }
    header
}

#[test]
fn made_tables_bend_as_astropys() {
    let expected = golden("tables.json");
    let wcs = Wcs::from_keywords(&made_header(&expected), None, &made_tables()).unwrap();
    check("made tables", &wcs, &expected);
    check_chip("made tables", &wcs, (2048, 4096));
}

#[test]
fn a_missing_table_is_an_error() {
    let header = made_header(&golden("tables.json"));
    let error = Wcs::from_keywords(&header, None, &LookupTables::default()).unwrap_err();
    assert_eq!(error, WcsError::MissingTable { keyword: "D2IMDIS1".to_owned(), version: 1 });
    let message = "D2IMDIS1 refers to a lookup table that is not there: EXTVER 1";
    assert_eq!(error.to_string(), message);
}

#[test]
fn what_is_wrong_with_a_table_in_a_file_is_named() {
    let Some(path) = testkit::shared("data/hst/sample_svm_flc.fits") else { return };
    let bytes = fs::read(path).unwrap();
    let error = |old: &str, new: &str| {
        let mut bytes = bytes.clone();
        let found: Vec<_> = (0..bytes.len() / 80)
            .map(|card| card * 80)
            .filter(|&at| bytes[at..].starts_with(old.as_bytes()))
            .collect();
        found.iter().for_each(|&at| bytes[at..at + new.len()].copy_from_slice(new.as_bytes()));
        let file = FitsFile::from_source(Box::new(bytes), Path::new("a.fits")).unwrap();
        let error = file.wcs(file.find("SCI", Some(1)).unwrap(), None).unwrap_err();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}", source.unwrap_or_default())
    };
    assert_eq!(
        error("EXTNAME = 'D2IMARR ", "EXTNAME = 'D2IMARX "),
        "no world coordinates in the header of SCI in a.fits: D2IMDIS1 refers to a lookup table \
         that is not there: EXTVER 1"
    );
    let problem = error("CRPIX1  =", "CRPIXX  =");
    let expected = "no world coordinates in the header of SCI in a.fits: the header has no CRPIX1";
    assert_eq!(problem, expected);
}

#[test]
fn a_cutout_sees_the_same_sky() {
    let wcs =
        Wcs::from_keywords(&made_header(&golden("tables.json")), None, &made_tables()).unwrap();
    let cutout = wcs.shifted(1000, -30);
    for (x, y) in [(0.0, 0.0), (1234.5, 777.25), (3000.0, 2000.0)] {
        let place = wcs.to_sky(PixelCoord::new(x, y)).unwrap();
        let there = cutout.to_sky(PixelCoord::new(x - 1000.0, y + 30.0)).unwrap();
        assert!(place.separation(there).degrees() < 1e-13);
        let back = cutout.to_pixel(place).unwrap();
        assert!(back.distance(PixelCoord::new(x - 1000.0, y + 30.0)) < 1e-9);
    }
}

/// The tables of a file's extensions of that name.
fn tables_of(bytes: &[u8], name: &str) -> Vec<(i64, LookupTable)> {
    let mut found = Vec::new();
    for (header, at) in cards::hdus(bytes) {
        if header.text("EXTNAME").as_deref() != Some(name) {
            continue;
        }
        let float = |keyword: &str| header.float(keyword).unwrap();
        let pair = |keyword: &str| [1, 2].map(|axis| float(&format!("{keyword}{axis}")));
        let (nx, ny) = (float("NAXIS1") as usize, float("NAXIS2") as usize);
        let values = bytes[at..].chunks_exact(4).take(nx * ny);
        let values = values.map(|b| f32::from_be_bytes(b.try_into().unwrap())).collect();
        let table = LookupTable::new((ny, nx), values, pair("CRPIX"), pair("CRVAL"), pair("CDELT"));
        found.push((float("EXTVER") as i64, table.unwrap()));
    }
    found
}

#[test]
fn a_hubble_exposure_with_all_its_tables_is_astropys() {
    let Some(path) = testkit::shared("data/hst/sample_svm_flc.fits") else { return };
    let bytes = fs::read(&path).unwrap();
    let file = FitsFile::open(&path).unwrap();
    let tables = LookupTables {
        wcsdvarr: tables_of(&bytes, "WCSDVARR"),
        d2imarr: tables_of(&bytes, "D2IMARR"),
    };
    assert_eq!((tables.wcsdvarr.len(), tables.d2imarr.len()), (4, 4));
    let expected = golden("sample_svm_flc.json");
    let hdus = cards::hdus(&bytes);
    let chips = hdus.iter().filter(|(header, _)| header.text("EXTNAME").as_deref() == Some("SCI"));
    for (chip, (header, _)) in chips.enumerate() {
        let wcs = Wcs::from_keywords(header, None, &tables).unwrap();
        assert_eq!(wcs.name(), Some("IDC_2731450pi-FIT_SVM_GAIAeDR3"));
        let hdu = file.find("SCI", Some(chip as i64 + 1)).unwrap();
        assert_eq!(file.wcs(hdu, None).unwrap(), wcs);
        check("sample_svm_flc", &wcs, &expected["chips"][chip]);
        check_chip("sample_svm_flc", &wcs, (2048, 4096));
        if chip == 0 {
            let alternate = Wcs::from_keywords(header, Some('A'), &tables).unwrap();
            assert_eq!(alternate.name(), Some("IDC_2731450pi"));
            check("alternate A", &alternate, &expected["alternate_a"]);
        }
    }
}

#[test]
fn a_hubble_exposure_with_sip_is_astropys() {
    let Some(path) = testkit::shared("data/hst/j8bt06nyq_sip_flt.fits") else { return };
    let bytes = fs::read(path).unwrap();
    let (header, _) = &cards::hdus(&bytes)[1];
    let wcs = Wcs::from_keywords(header, None, &LookupTables::default()).unwrap();
    check("j8bt06nyq_sip_flt", &wcs, &golden("j8bt06nyq_sip_flt.json"));
    check_chip("j8bt06nyq_sip_flt", &wcs, (1024, 1024));
}
