//! Combining: the reference's numbers, a known truth, real images, and what is refused.

use std::path::Path;

use astro_coords::{PixelBox, PixelCoord};
use cutout::combine::{Combination, CombineOptions, Method, Relation, Sample};
use cutout::{Rounding, SizePolicy, window};
use hst_fits::{
    Card, Checksums, FitsFile, Header, LookupTables, Pixels, Wcs, WriteOptions, images_to_bytes,
};
use ndarray::Array2;

const NAN: f32 = f32::NAN;

/// A file in memory: SCI and WHT with the reference pixel (counted as FITS does).
struct Made {
    name: &'static str,
    crpix: [f64; 2],
    sci: Array2<f32>,
    wht: Option<Array2<f32>>,
    cards: Vec<Card>,
}

impl Made {
    fn file(&self) -> FitsFile {
        let mut primary = Header::new();
        primary.set("TELESCOP", "HST", "");
        primary.set("FILENAME", self.name, "");
        self.cards.iter().for_each(|card| primary.push(card.clone()));
        let mut header = Header::new();
        header.set("EXTNAME", "SCI", "");
        for (keyword, text) in
            [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN"), ("BUNIT", "ELECTRONS/S")]
        {
            header.set(keyword, text, "");
        }
        let numbers = [
            ("CRVAL1", 150.0),
            ("CRVAL2", 2.0),
            ("CRPIX1", self.crpix[0]),
            ("CRPIX2", self.crpix[1]),
            ("CD1_1", -1.1111111111111e-5),
            ("CD2_2", 1.1111111111111e-5),
        ];
        numbers.iter().for_each(|(keyword, value)| header.set(keyword, *value, ""));
        header.set("ORIG_FLE", self.name, "parent");
        self.cards.iter().for_each(|card| {
            header.remove(&card.keyword);
            header.push(card.clone());
        });
        let mut weights = header.clone();
        weights.set("EXTNAME", "WHT", "");
        let shape = self.sci.dim();
        let mut units = vec![
            (&primary, Pixels::None),
            (&header, Pixels::F32(shape, self.sci.as_slice().unwrap())),
        ];
        if let Some(wht) = &self.wht {
            units.push((&weights, Pixels::F32(shape, wht.as_slice().unwrap())));
        }
        let bytes = images_to_bytes(&units, WriteOptions::default()).unwrap();
        FitsFile::from_source(Box::new(bytes), Path::new(self.name)).unwrap()
    }
}

fn made(name: &'static str, crpix: [f64; 2], sci: Array2<f32>) -> Made {
    let wht = Some(Array2::from_elem(sci.dim(), 2.0));
    Made { name, crpix, sci, wht, cards: Vec::new() }
}

fn options(method: Method<'_>, relation: Relation) -> CombineOptions<'_> {
    CombineOptions { method, relation }
}

fn failure(files: &[FitsFile], method: Method<'_>) -> String {
    Combination::new(files, options(method, Relation::Independent)).unwrap_err().to_string()
}

/// A scene without end.
fn truth(x: isize, y: isize) -> f32 {
    let (x, y) = (x as f64, y as f64);
    ((x * 0.37).sin() * (y * 0.21).cos() * 50.0 + x * 0.25 - y * 0.125) as f32
}

/// A cell of the truth whose first pixel is `(x, y)`.
fn cell(name: &'static str, [x, y]: [isize; 2], (ny, nx): (usize, usize)) -> Made {
    let sci =
        Array2::from_shape_fn((ny, nx), |(j, i)| truth(x + i.cast_signed(), y + j.cast_signed()));
    made(name, [1000.0 - x as f64, 2000.0 - y as f64], sci)
}

#[test]
fn overlapping_cells_give_back_the_truth_they_were_cut_from() {
    let cells = [
        cell("a.fits", [100, 50], (90, 120)),
        cell("b.fits", [180, 20], (80, 100)),
        cell("c.fits", [60, 70], (40, 60)),
    ];
    let files: Vec<_> = cells.iter().map(Made::file).collect();
    for (method, relation) in [
        (Method::Mean, Relation::SameExposures),
        (Method::Weighted, Relation::Independent),
        (Method::Median, Relation::SameExposures),
    ] {
        let combination = Combination::new(&files, options(method, relation)).unwrap();
        assert_eq!(combination.shape(), (120, 220));
        let arrays = combination.arrays().unwrap();
        let wcs =
            Wcs::from_keywords(&combination.headers()[0], None, &LookupTables::default()).unwrap();
        let theirs =
            Wcs::from_keywords(&files[0].hdus()[1].header, None, &LookupTables::default()).unwrap();
        let sky = theirs.to_sky(PixelCoord::new(0.0, 0.0)).unwrap();
        let place = wcs.to_pixel(sky).unwrap();
        assert!((place.x - 40.0).abs() < 1e-6 && (place.y - 30.0).abs() < 1e-6, "{place:?}");
        for ((j, i), value) in arrays[0].indexed_iter() {
            let (x, y) = (60 + i.cast_signed(), 20 + j.cast_signed());
            let inside = |[x0, y0]: [isize; 2], (ny, nx): (isize, isize)| {
                (x0..x0 + nx).contains(&x) && (y0..y0 + ny).contains(&y)
            };
            let covers = [
                inside([100, 50], (90, 120)),
                inside([180, 20], (80, 100)),
                inside([60, 70], (40, 60)),
            ];
            let n = covers.iter().filter(|covers| **covers).count();
            let weight = match (n, relation) {
                (0, _) => 0.0,
                (_, Relation::SameExposures) => 2.0,
                (n, _) => 2.0 * n as f64,
            };
            assert_eq!(arrays[1][[j, i]], weight);
            if n == 0 {
                assert!(value.is_nan());
            } else {
                assert!((value - f64::from(truth(x, y))).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn a_written_file_is_that_in_memory_for_any_number_of_threads() {
    let mut a = cell("a.fits", [0, 0], (700, 500));
    let b = cell("b.fits", [130, 90], (650, 480));
    a.sci[[5, 7]] = NAN;
    a.wht.as_mut().unwrap()[[300, 200]] = 0.0;
    let files = [a.file(), b.file()];
    let folder = tempfile::tempdir().unwrap();
    let write = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let path = folder.path().join(format!("{threads}.fits"));
        pool.install(|| {
            let done =
                Combination::new(&files, options(Method::Weighted, Relation::Independent)).unwrap();
            done.write(&path, WriteOptions { checksums: Checksums::Write }).unwrap();
            let written = FitsFile::open(&path).unwrap();
            for (array, hdu) in done.arrays().unwrap().iter().zip(&written.hdus()[1..]) {
                assert_eq!(hdu.bitpix, hst_fits::Bitpix::F32);
                let mut pixels = vec![0.0f64; array.len()];
                written.read_window(hdu, &PixelBox::of_shape(array.dim()), &mut pixels).unwrap();
                let same = |(a, b): (&f64, &f64)| f64::from(*a as f32).to_bits() == b.to_bits();
                assert!(array.iter().zip(&pixels).all(same));
            }
            let origins = written.find("ORIGINS", None).unwrap();
            let table = written.read_table(origins).unwrap();
            let keys = table.column("KEY").unwrap().texts().unwrap().to_vec();
            assert!(keys.contains(&"ORIG_FLE".to_owned()) && keys.contains(&"CRPIX1".to_owned()));
        });
        std::fs::read(path).unwrap()
    };
    let one = write(1);
    assert!(write(2) == one && write(7) == one);
}

#[test]
fn own_functions_and_the_record_of_differences() {
    let mut a = cell("a.fits", [0, 0], (4, 5));
    let mut b = cell("b.fits", [0, 0], (4, 5));
    a.cards = vec![Card::new("EXPTIME", 100.0, ""), Card::new("PHOTFLAM", 1e-19, "")];
    b.cards = vec![Card::new("EXPTIME", 300.0, ""), Card::new("PHOTFLAM", 2e-19, "")];
    let files = [a.file(), b.file()];
    let last = |samples: &[Sample]| samples.last().map_or(f64::NAN, |sample| 10.0 + sample.value);
    let done =
        Combination::new(&files, options(Method::Custom(&last), Relation::Independent)).unwrap();
    assert_eq!(done.arrays().unwrap()[0][[1, 2]], 10.0 + f64::from(truth(2, 1)));
    let header = &done.headers()[0];
    let text = |keyword: &str| header.get::<String>(keyword).unwrap();
    assert_eq!(
        (text("F01_K01"), text("F01_V01"), text("F02_V01")),
        ("ORIG_FLE".to_owned(), "a.fits".to_owned(), "b.fits".to_owned())
    );
    assert_eq!(header.get::<f64>("EXPTIME").unwrap(), 400.0);
    assert!(header.card("PHOTFLAM").is_none());
    assert!(done.warnings()[0].starts_with("PHOTFLAM differs"), "{:?}", done.warnings());
    let same = Combination::new(&files, options(Method::Mean, Relation::SameExposures)).unwrap();
    assert_eq!(same.headers()[0].get::<f64>("EXPTIME").unwrap(), 300.0);
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason() {
    let a = cell("a.fits", [0, 0], (40, 50));
    let changed = |change: &dyn Fn(&mut Made)| {
        let mut b = cell("b.fits", [10, 20], (40, 50));
        change(&mut b);
        [a.file(), b.file()]
    };
    let scale = changed(&|b| {
        b.cards = vec![
            Card::new("CD1_1", -3.3333333333333e-5, ""),
            Card::new("CD2_2", 3.3333333333333e-5, ""),
        ];
    });
    let text = failure(&scale, Method::Mean);
    assert!(text.contains("its pixels have 0.120000 arcsec and not 0.040000"), "{text}");
    let phase = changed(&|b| b.crpix[0] += 1.0 / 3.0);
    let text = failure(&phase, Method::Mean);
    assert!(
        text.contains(
            "SCI in b.fits is not on the grid of SCI in a.fits: it lies 9.6667 and 20.0000"
        ),
        "{text}"
    );
    let cell = changed(&|b| b.cards = vec![Card::new("CRVAL1", 150.001, "")]);
    assert!(failure(&cell, Method::Mean).contains("projected around 150.001 2 and not 150 2"));
    let unit = changed(&|b| b.cards = vec![Card::new("BUNIT", "COUNTS", "")]);
    assert!(
        failure(&unit, Method::Mean)
            .starts_with("the units differ: BUNIT is ELECTRONS/S in SCI in a.fits")
    );
    let weights = changed(&|b| b.wht = None);
    assert_eq!(failure(&weights, Method::Mean), "a.fits has a WHT extension and b.fits has none");
    let far = changed(&|b| b.crpix[0] += 90_000.0);
    assert!(failure(&far, Method::Mean).contains("too far apart"));
    assert!(
        failure(&[a.file()], Method::Mean)
            .contains("only SCI in a.fits, so there is nothing to combine")
    );
    let mut plain = [
        made("a.fits", [1.0, 1.0], Array2::zeros((3, 3))),
        made("b.fits", [1.0, 1.0], Array2::zeros((3, 3))),
    ];
    plain.iter_mut().for_each(|file| file.wht = None);
    let files = plain.each_ref().map(Made::file);
    assert_eq!(
        failure(&files, Method::Weighted),
        "there is no WHT extension to weight by: SCI in a.fits"
    );
    let done = Combination::new(&files, options(Method::Mean, Relation::Independent)).unwrap();
    assert_eq!(done.headers().len(), 1);
}

/// A cutout of SCI and WHT as astrocut makes it, without the cards that do not matter here.
fn cut(path: &Path, [x, y]: [f64; 2], [nx, ny]: [f64; 2], reference: Option<&Wcs>) -> FitsFile {
    let file = FitsFile::open(path).unwrap();
    let hdu = file.find("SCI", None).unwrap();
    let wcs = Wcs::from_keywords(&hdu.header, None, &LookupTables::default()).unwrap();
    let sky = reference.unwrap_or(&wcs).to_sky(PixelCoord::new(x, y)).unwrap();
    let center = wcs.to_pixel(sky).unwrap();
    let window = window(center, [nx, ny], SizePolicy::Compat(Rounding::Nearest)).unwrap();
    let mut planes = Vec::new();
    for name in ["SCI", "WHT"] {
        let Ok(hdu) = file.find(name, None) else { continue };
        let mut pixels = vec![0.0f32; window.shape().0 * window.shape().1];
        file.read_padded(hdu, &window, f32::NAN, &mut pixels).unwrap();
        let mut header = hdu.header.clone();
        for (keyword, start) in [("CRPIX1", window.x.start), ("CRPIX2", window.y.start)] {
            let old: f64 = header.get(keyword).unwrap();
            header.set(keyword, old - start as f64, "");
        }
        planes.push((header, pixels));
    }
    let mut units = vec![(file.primary(), Pixels::None)];
    units.extend(
        planes.iter().map(|(header, pixels)| (header, Pixels::F32(window.shape(), pixels))),
    );
    let bytes = images_to_bytes(&units, WriteOptions::default()).unwrap();
    FitsFile::from_source(Box::new(bytes), path).unwrap()
}

#[test]
fn numbers_are_those_of_astrocut() {
    let Some(reference) = testkit::shared("reference/cutout.json") else { return };
    let reference: serde_json::Value =
        serde_json::from_slice(&std::fs::read(reference).unwrap()).unwrap();
    let path = |k: u8| {
        testkit::shared(&format!(
            "reference/inputs/hst_skycell-p1253x0{k}y09_acs_wfc_f814w_all_drc.fits"
        ))
        .unwrap()
    };
    let first = FitsFile::open(&path(5)).unwrap();
    let wcs = Wcs::from_keywords(
        &first.find("SCI", None).unwrap().header,
        None,
        &LookupTables::default(),
    );
    let wcs = wcs.unwrap();
    let mut compared = 0;
    for case in reference["combined"].as_array().unwrap() {
        let number = |value: &serde_json::Value| value.as_f64().unwrap();
        let size = case["size"].as_str().unwrap();
        let sides: Vec<f64> =
            size.trim_matches(['[', ']']).split_whitespace().map(|n| n.parse().unwrap()).collect();
        let at = [number(&case["x"]), number(&case["y"])];
        let sides = [sides[0], *sides.last().unwrap()];
        let files = [5, 6].map(|k| cut(&path(k), at, sides, Some(&wcs)));
        let done = Combination::new(&files, options(Method::Mean, Relation::AsAstrocut)).unwrap();
        let arrays = done.arrays().unwrap();
        for (array, hdu) in arrays.iter().zip(&case["hdus"].as_array().unwrap()[1..]) {
            let data = &hdu["data"];
            let shape: Vec<_> =
                data["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
            assert_eq!(array.dim(), (shape[0] as usize, shape[1] as usize), "{case}");
            let list = |key: &str| data[key].as_array().unwrap().clone();
            let finite = array.iter().filter(|value| value.is_finite()).count();
            assert_eq!(finite as u64, data["nfinite"].as_u64().unwrap());
            for ((y, x), v) in list("y").iter().zip(list("x")).zip(list("v")) {
                let index = [y.as_u64().unwrap() as usize, x.as_u64().unwrap() as usize];
                match v.as_f64() {
                    Some(v) => assert_eq!(array[index], v, "{index:?} of {size} at {at:?}"),
                    None => assert!(array[index].is_nan()),
                }
                compared += 1;
            }
        }
        let header =
            hst_fits::Header::parse(&cards(case["hdus"][1]["header"].as_str().unwrap())).unwrap();
        for keyword in ["CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2", "CD1_1", "CD2_2"] {
            assert_eq!(
                done.headers()[0].get::<f64>(keyword).unwrap(),
                header.get::<f64>(keyword).unwrap()
            );
        }
    }
    assert!(compared >= 600, "{compared}");
}

fn cards(text: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        text.lines().flat_map(|line| format!("{line:<80}").into_bytes()).collect();
    bytes.extend(format!("{:<80}", "END").into_bytes());
    bytes
}
