//! Inputs that break other tools, and what happens to them here. Observed in astrocut 1.4.0 and drizzlepac 3.10:
//!
//! | what it does | what we do | held by |
//! | --- | --- | --- |
//! | skycells have 0.2 deg, or 18 000 px, and overlap on every side, its documents say | 21 x 21 cells of 21 954 px every 21 442, the overlap on the high sides | `hst-fits/tests/skycells.rs`: `the_rings_are_drizzlepacs`, `neighbours_share_pixels` |
//! | BZERO, BSCALE or BLANK: ValueError | stored pixels stay to the bit | `cut.rs`: `pixels_of_every_type_and_scaling_are_those_of_the_file` |
//! | lookup tables (CPDIS, D2IM; every FLC): ValueError | the sky through the tables; they are carried along | `cut.rs`: `lookup_tables_are_carried_along_and_numbered_anew`; here: `all_extensions_of_an_exposure_are_cut_beside_its_tables` |
//! | `extension="all"` with an image that has no sky: fails | that image is named and left out | here: `all_extensions_of_an_exposure_are_cut_beside_its_tables` |
//! | images of three axes: fail | every plane is cut | `cut.rs`: `cubes_are_cut_plane_by_plane` |
//! | integers at the border, filled with NaN: fail | BLANK, else 0 and `CUTFILL` | `cut.rs`: `outside_the_image_stands_what_means_nothing` |
//! | a `pathlib.Path`: TypeError | a path is a path | every test that opens one |
//! | pictures of several extensions: the wrong image under the wrong name | a picture each, named by its extension | `cli/tests/render.rs`: `several_extensions_are_several_pictures` |
//! | all pixels 0, or all NaN: empty | also 0 and NaN together, and blank integers | here: `zero_nan_and_blank_are_no_data` |
//! | an empty extension beside a full one: kept, `EMPTY` = T | the same | here: `zero_nan_and_blank_are_no_data` |
//! | all extensions of a file empty: a warning, skipped | an error that names the file; the others are cut | here, and `cli/tests/cutout.rs`: `files_without_data_are_named_and_the_others_are_cut` |
//! | every file skipped: InvalidQueryError | exit code 1 | `cli/tests/cutout.rs`: the same |
//! | `allow_empty` keeps them, where they overlap | `--keep-empty` | `cli/tests/cutout.rs`: the same |
//! | OSError while an extension is read: a warning, counts as empty | that extension is named as cut short; the others are cut | here: `an_extension_that_was_cut_short_loses_nothing_else` |
//! | PV and WAT cards of TPV, TNX, ZPN are copied | so they are of TPV and of SCAMP's TAN; TNX, ZPN and the cones, which `hst-fits` does not know, are refused by name | here: `polynomials_of_the_sky_stay_true_and_unknown_distortions_are_named` |
//! | one file off the place: raised for all (0.11.1) | it is named, the others are cut | `cli/tests/cutout.rs`: the same |

#[expect(dead_code, reason = "a part is enough here")]
mod made;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use astro_coords::{PixelBox, PixelCoord, SkyCoord};
use cutout::{CutOptions, Cutout, Empty, Error, Extensions, Size, cut};
use hst_fits::{Bitpix, FitsFile, Header, Pixels, WriteOptions, images_to_bytes};
use made::{Made, memory};

fn sky(file: &FitsFile, x: f64, y: f64) -> SkyCoord {
    let wcs = file.wcs(file.first_image().unwrap(), None).unwrap();
    wcs.to_sky(PixelCoord::new(x, y)).unwrap()
}

fn all() -> CutOptions {
    CutOptions { extensions: Extensions::All, ..CutOptions::default() }
}

/// Corners of the cutout lie where those pixels of the image lie.
fn check_sky(file: &FitsFile, cutout: &Cutout, limit_deg: f64) {
    let copy = memory(cutout.to_bytes().unwrap(), "cutout.fits");
    let unit = &cutout.units[0];
    let whole = file.wcs(&file.hdus()[unit.index], None).unwrap();
    let part = copy.wcs(&copy.hdus()[1], None).unwrap();
    let (low, (ny, nx)) = (&unit.window, unit.shape());
    let (right, top) = (nx as f64 - 0.5, ny as f64 - 0.5);
    for (x, y) in [(-0.5, -0.5), (right, -0.5), (right, top), (-0.5, top), (1.3, 2.6)] {
        let at = PixelCoord::new(x + low.x.start as f64, y + low.y.start as f64);
        let (one, other) = (whole.to_sky(at).unwrap(), part.to_sky(PixelCoord::new(x, y)).unwrap());
        let apart = one.separation(other).degrees();
        assert!(apart < limit_deg, "{x} {y}: {apart:e}");
    }
}

/// An exposure of one chip with both kinds of tables, as drizzlepac leaves it.
fn exposure() -> FitsFile {
    let mut science = Header::new();
    for (keyword, text) in [
        ("EXTNAME", "SCI"),
        ("CTYPE1", "RA---TAN"),
        ("CTYPE2", "DEC--TAN"),
        ("CPDIS1", "LOOKUP"),
        ("CPDIS2", "LOOKUP"),
        ("DP1", "EXTVER: 1"),
        ("DP2", "EXTVER: 2"),
        ("D2IMDIS1", "LOOKUP"),
        ("D2IM1", "EXTVER: 1"),
    ] {
        science.set(keyword, text, "");
    }
    for (keyword, number) in [
        ("CRVAL1", 150.0),
        ("CRVAL2", 2.0),
        ("CRPIX1", 100.5),
        ("CRPIX2", 80.5),
        ("CD1_1", -1.1e-5),
        ("CD1_2", 2e-6),
        ("CD2_1", 2e-6),
        ("CD2_2", 1.1e-5),
    ] {
        science.set(keyword, number, "");
    }
    let table = |name: &str, version: i64, [step_x, step_y]: [f64; 2]| {
        let mut header = Header::new();
        header.set("EXTNAME", name, "");
        header.set("EXTVER", version, "");
        let numbers = [
            ("CRPIX1", 1.0),
            ("CRPIX2", 1.0),
            ("CRVAL1", 1.0),
            ("CRVAL2", 1.0),
            ("CDELT1", step_x),
        ];
        for (keyword, number) in numbers.into_iter().chain([("CDELT2", step_y)]) {
            header.set(keyword, number, "");
        }
        header
    };
    let bend = |nx: usize, ny: usize| -> Vec<f32> {
        (0..nx * ny).map(|i| ((i * 37 % 101) as f32 - 50.0) / 200.0).collect()
    };
    let (bent, column) = (bend(11, 9), bend(26, 2));
    let pixels: Vec<f32> = (0..200 * 160).map(|i| i as f32 + 1.0).collect();
    let (first, second) = (table("WCSDVARR", 1, [20.0, 20.0]), table("WCSDVARR", 2, [20.0, 20.0]));
    let detector = table("D2IMARR", 1, [8.0, 160.0]);
    let units = [
        (&Header::new(), Pixels::None),
        (&science, Pixels::F32((160, 200), &pixels)),
        (&first, Pixels::F32((9, 11), &bent)),
        (&second, Pixels::F32((9, 11), &bent)),
        (&detector, Pixels::F32((2, 26), &column)),
    ];
    memory(images_to_bytes(&units, WriteOptions::default()).unwrap(), "x_flc.fits")
}

#[test]
fn all_extensions_of_an_exposure_are_cut_beside_its_tables() {
    let file = exposure();
    // Without its tables the place would lie elsewhere.
    let bare = {
        let hdu = file.first_image().unwrap();
        let mut header = hdu.header.clone();
        header.retain(|card| !card.keyword.starts_with("CPDIS") && !card.keyword.starts_with("D2"));
        hst_fits::Wcs::from_keywords(&header, None, &hst_fits::LookupTables::default()).unwrap()
    };
    let at = sky(&file, 153.2, 21.7);
    assert!(bare.to_pixel(at).unwrap().distance(PixelCoord::new(153.2, 21.7)) > 0.05);
    let cutout = cut(&file, at, Size::pixels(40.0, 30.0), &all()).unwrap();
    assert_eq!(cutout.units.len(), 1);
    assert_eq!(cutout.units[0].window, PixelBox::new(133..173, 7..37));
    let told: Vec<_> = cutout.problems.iter().map(ToString::to_string).collect();
    let no_sky = |name| format!("no celestial coordinates: {name} in x_flc.fits");
    assert_eq!(told, ["WCSDVARR", "WCSDVARR", "D2IMARR"].map(no_sky));
    check_sky(&file, &cutout, 1e-12);
    let copy = memory(cutout.to_bytes().unwrap(), "cutout.fits");
    let names: Vec<_> = copy.hdus().iter().map(|hdu| hdu.name.as_str()).collect();
    assert_eq!(names.iter().filter(|name| **name == "WCSDVARR").count(), 2, "{names:?}");
    // The cutout has all that a cutout of it needs.
    let again = cut(&copy, at, Size::square(11.0), &CutOptions::default()).unwrap();
    let once = cut(&file, at, Size::square(11.0), &CutOptions::default()).unwrap();
    assert_eq!(again.units[0].pixels, once.units[0].pixels);
    check_sky(&copy, &again, 1e-12);
}

#[test]
fn zero_nan_and_blank_are_no_data() {
    let nothings: [&'static [f32]; 3] = [&[0.0], &[f32::NAN], &[0.0, f32::NAN, -0.0]];
    for nothing in nothings {
        let made = Made::new(Bitpix::F32, (20, 20)).values(move |i| nothing[i % nothing.len()]);
        let file = made.clone().companion_of("WHT", |_| 0.0).file();
        let at = sky(&file, 10.0, 10.0);
        let error = cut(&file, at, Size::square(4.0), &all()).unwrap_err();
        assert_eq!(error.to_string(), "the cutout contains no data: made.fits", "{nothing:?}");
        let kept = CutOptions { empty: Empty::Keep, ..all() };
        let cutout = cut(&file, at, Size::square(4.0), &kept).unwrap();
        assert!(cutout.units.iter().all(|unit| unit.header.get("EMPTY").unwrap()));
        // Kept, but only where there is an image.
        let off = cut(&file, sky(&file, 90.0, 10.0), Size::square(4.0), &kept).unwrap_err();
        assert!(matches!(off, Error::NoOverlap { .. }), "{off}");
        let beside = made.companion_of("WHT", |_| 3.0).file();
        let cutout = cut(&beside, at, Size::square(4.0), &all()).unwrap();
        assert_eq!(cutout.units.len(), 2);
        assert!(cutout.units[0].header.get::<bool>("EMPTY").unwrap());
        assert!(cutout.units[1].header.card("EMPTY").is_none());
    }
    let blank = |value: f64| {
        let pixels = [7i16; 400];
        let made = Made::new(Bitpix::I16, (20, 20)).numbers(&[("BLANK", value)]);
        let file = made.file();
        let mut header = file.first_image().unwrap().header.clone();
        header.set("BLANK", value as i64, "");
        let stored = hst_fits::StoredPixels::from_slice((20, 20), &pixels).unwrap();
        let units = [(&Header::new(), Pixels::None), (&header, Pixels::Stored(&stored))];
        let file = memory(images_to_bytes(&units, WriteOptions::default()).unwrap(), "blank.fits");
        cut(&file, sky(&file, 10.0, 10.0), Size::square(4.0), &CutOptions::default())
    };
    assert_eq!(blank(7.0).unwrap_err().to_string(), "the cutout contains no data: blank.fits");
    assert!(blank(8.0).is_ok());
}

#[test]
fn an_extension_that_was_cut_short_loses_nothing_else() {
    let mut bytes = Made::new(Bitpix::F32, (60, 60)).companion("WHT").bytes();
    bytes.truncate(bytes.len() - 8000);
    let file = memory(bytes, "short.fits");
    let at = |x, y| sky(&file, x, y);
    let cutout = cut(&file, at(30.0, 50.0), Size::square(8.0), &all()).unwrap();
    assert_eq!(cutout.units.iter().map(|unit| &unit.name[..]).collect::<Vec<_>>(), ["SCI"]);
    let told: Vec<_> = cutout.problems.iter().map(ToString::to_string).collect();
    assert!(told.len() == 1 && told[0].contains("WHT in short.fits"), "{told:?}");
    // Rows before the end are there.
    let cutout = cut(&file, at(30.0, 5.0), Size::square(8.0), &all()).unwrap();
    assert_eq!((cutout.units.len(), cutout.problems.len()), (2, 0));
    // Where the other one has no data, or was not asked for, there is no cutout, and the error says why.
    let mut bytes = Made::new(Bitpix::F32, (60, 60)).values(|_| 0.0).companion("WHT").bytes();
    bytes.truncate(bytes.len() - 8000);
    let empty = memory(bytes, "short.fits");
    let alone = CutOptions { extensions: "WHT".parse().unwrap(), ..all() };
    let error = |file: &FitsFile, options: CutOptions| {
        cut(file, at(30.0, 50.0), Size::square(8.0), &options).unwrap_err()
    };
    assert_eq!(error(&empty, all()).to_string(), "the cutout contains no data: short.fits");
    assert_eq!(
        error(&file, alone).to_string(),
        "cut short, 29440 of 37440 bytes are there: WHT in short.fits"
    );
}

#[test]
fn polynomials_of_the_sky_stay_true_and_unknown_distortions_are_named() {
    let bent = |code: &str, cards: &[(&str, f64)]| {
        Made::new(Bitpix::F32, (300, 400))
            .texts(&[("CTYPE1", &format!("RA---{code}")), ("CTYPE2", &format!("DEC--{code}"))])
            .numbers(&[("CD1_1", -5e-5), ("CD1_2", 7e-6), ("CD2_1", 6e-6), ("CD2_2", 5.1e-5)])
            .numbers(cards)
            .file()
    };
    let terms = [
        ("PV1_0", 2e-5),
        ("PV1_1", 1.001),
        ("PV1_2", -3e-4),
        ("PV1_4", 0.4),
        ("PV1_7", 9.0),
        ("PV2_1", 0.998),
        ("PV2_5", -0.3),
        ("PV2_10", 20.0),
    ];
    // TPV as it is registered, and as SCAMP writes it under the name of TAN.
    for code in ["TPV", "TAN"] {
        let (file, plain) = (bent(code, &terms), bent(code, &[]));
        for (x, y) in [(380.3, 280.9), (11.2, 17.4), (2.2, 298.2)] {
            let at = sky(&file, x, y);
            let there = plain.wcs(&plain.hdus()[1], None).unwrap().to_pixel(at).unwrap();
            assert!(there.distance(PixelCoord::new(x, y)) > 0.3, "{code} bends nothing");
            let cutout = cut(&file, at, Size::pixels(30.0, 21.0), &CutOptions::default()).unwrap();
            let low = &cutout.units[0].window;
            assert_eq!(
                (low.x.start, low.y.start),
                ((x - 14.5).floor() as isize, (y - 10.0).floor() as isize)
            );
            check_sky(&file, &cutout, 1e-12);
        }
    }
    for code in ["ZPN", "TNX", "COE"] {
        let header = bent(code, &[]);
        let error = cut(&header, sky(&bent("TAN", &[]), 9.0, 9.0), Size::square(4.0), &all());
        let text = chain(&error.unwrap_err());
        assert!(text.contains(code) && text.contains("SCI in made.fits"), "{text}");
    }
    let tpd =
        Made::new(Bitpix::F32, (30, 40)).texts(&[("CPDIS1", "TPD"), ("CPDIS2", "TPD")]).file();
    let place = sky(&Made::new(Bitpix::F32, (30, 40)).file(), 9.0, 9.0);
    let text = chain(&cut(&tpd, place, Size::square(4.0), &CutOptions::default()).unwrap_err());
    assert!(text.contains("TPD") && text.contains("SCI in made.fits"), "{text}");
}

fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

/// The file of every method of tile compression with coordinates in every unit.
fn compressed() -> FitsFile {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hst-fits/tests/data");
    let packed = std::fs::read(path.join("compressed.fits.gz")).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    let starts = (0..bytes.len()).step_by(2880).filter(|&at| bytes[at..].starts_with(b"XTENSION"));
    let mut starts: Vec<_> = starts.collect();
    let mut out = bytes[..starts[0]].to_vec();
    starts.push(bytes.len());
    for unit in starts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]) {
        let end = (0..).step_by(80).find(|&at| unit[at..].starts_with(b"END     ")).unwrap();
        out.extend(&unit[..end]);
        for card in [
            "CTYPE1  = 'RA---TAN'",
            "CTYPE2  = 'DEC--TAN'",
            "CRVAL1  =                150.0",
            "CRVAL2  =                  2.0",
            "CRPIX1  =                 19.0",
            "CRPIX2  =                 15.0",
            "CD1_1   =              -1.1E-5",
            "CD2_2   =               1.1E-5",
            "END",
        ] {
            out.extend(format!("{card:<80}").bytes());
        }
        out.resize(out.len().next_multiple_of(2880), b' ');
        out.extend(&unit[(end + 80).next_multiple_of(2880)..]);
    }
    memory(out, "compressed.fits")
}

#[test]
fn compressed_images_of_every_method_are_cut_as_plain_ones() {
    let file = compressed();
    let mut methods = std::collections::BTreeSet::new();
    for hdu in &file.hdus()[1..] {
        assert!(hdu.is_compressed(), "{}", hdu.name);
        let method = hdu.name.split('_').next().unwrap().to_owned();
        methods.insert(method);
        let options = CutOptions {
            extensions: hdu.name.parse().unwrap(),
            empty: Empty::Keep,
            ..CutOptions::default()
        };
        let wcs = file.wcs(hdu, None).unwrap();
        for (x, y) in [(17.3, 12.4), (35.0, 27.0)] {
            let at = wcs.to_sky(PixelCoord::new(x, y)).unwrap();
            let cutout = cut(&file, at, Size::pixels(13.0, 9.0), &options).unwrap();
            let unit = &cutout.units[0];
            let copy = memory(cutout.to_bytes().unwrap(), "cutout.fits");
            let found = &copy.hdus()[1];
            assert!(!found.is_compressed() && found.header.card("ZCMPTYPE").is_none());
            assert_eq!(found.bitpix, hdu.bitpix, "{}", hdu.name);
            let inside =
                PixelBox::of_shape(hdu.plane_shape().unwrap()).intersect(&unit.window).unwrap();
            let moved =
                |range: &std::ops::Range<isize>, low: isize| range.start - low..range.end - low;
            let low = (unit.window.x.start, unit.window.y.start);
            let there = PixelBox::new(moved(&inside.x, low.0), moved(&inside.y, low.1));
            for plane in 0..hdu.planes() {
                let (one, other) = (
                    file.read_stored_plane(hdu, plane, &inside).unwrap(),
                    copy.read_stored_plane(found, plane, &there).unwrap(),
                );
                assert_eq!(one, other, "{} {x} {y}", hdu.name);
            }
            check_sky(&file, &cutout, 1e-12);
        }
    }
    for method in
        ["RICE", "GZIP", "HCOMPRESS", "PLIO", "NOCOMPRESS", "LOSSLESS", "FALLBACK", "CUBE"]
    {
        assert!(methods.contains(method), "{method} is not among {methods:?}");
    }
}

/// More than 2^31 pixels and 2^33 bytes: a file that is holes but for its last rows.
#[test]
#[cfg(unix)]
fn the_far_end_of_a_huge_image_is_cut() {
    const SIDE: usize = 46_400;
    const { assert!(SIDE * SIDE > 1 << 31) };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.fits");
    let mut bytes = Made::new(Bitpix::F32, (1, 1)).bytes();
    bytes.truncate(bytes.len() - 2880);
    for (keyword, value) in [
        ("NAXIS1", SIDE as f64),
        ("NAXIS2", SIDE as f64),
        ("CRPIX1", SIDE as f64 - 100.0),
        ("CRPIX2", SIDE as f64 - 100.0),
    ] {
        let start = format!("{keyword:<8}=");
        let at = (0..bytes.len()).step_by(80).find(|&at| bytes[at..].starts_with(start.as_bytes()));
        let card = format!("{start}{value:>21}");
        bytes[at.unwrap()..][..80].copy_from_slice(format!("{card:<80}").as_bytes());
    }
    let data = bytes.len() as u64;
    let mut file = File::create(&path).unwrap();
    file.write_all(&bytes).unwrap();
    file.set_len((data + (SIDE * SIDE * 4) as u64).next_multiple_of(2880)).unwrap();
    let value = |x: usize, y: usize| (x * 7 + y) as f32;
    for y in SIDE - 20..SIDE {
        let row: Vec<u8> = (SIDE - 20..SIDE).flat_map(|x| value(x, y).to_be_bytes()).collect();
        file.seek(SeekFrom::Start(data + ((y * SIDE + SIDE - 20) * 4) as u64)).unwrap();
        file.write_all(&row).unwrap();
    }
    drop(file);
    let file = FitsFile::open(&path).unwrap();
    let (x, y) = (SIDE as f64 - 10.8, SIDE as f64 - 8.8);
    let cutout =
        cut(&file, sky(&file, x, y), Size::pixels(7.0, 5.0), &CutOptions::default()).unwrap();
    let unit = &cutout.units[0];
    let found = unit.pixels.to_vec::<f32>().unwrap();
    assert_eq!(unit.window.x.start as usize, SIDE - 14);
    for (i, found) in found.into_iter().enumerate() {
        assert_eq!(found, value(SIDE - 14 + i % 7, SIDE - 11 + i / 7));
    }
    check_sky(&file, &cutout, 1e-12);
    // The corner of a batch, too.
    let places = [sky(&file, x, y), sky(&file, 5.0, 5.0)];
    let options = CutOptions { empty: Empty::Keep, ..CutOptions::default() };
    let batch = cutout::Batch::new(&file, &places, |_| Size::pixels(7.0, 5.0), &options).unwrap();
    let mut seen = 0;
    batch
        .each(
            |piece| Ok((piece.index, piece.units[0].bytes.to_vec())),
            |_, (index, bytes)| {
                assert_eq!(index == 0, bytes == unit.pixels.bytes());
                seen += 1;
                Ok(())
            },
        )
        .unwrap();
    assert_eq!(seen, 2);
}

/// Over the wrap of right ascension, at a pole, mirrored, turned, and of a single pixel; also compressed as a whole.
#[test]
fn odd_places_on_the_sky_are_cut_as_others() {
    let shape = (60, 80);
    let pixels: Vec<f32> = (0..60 * 80).map(|i| i as f32 + 1.0).collect();
    let image = |[ra, dec]: [f64; 2], cd: [[f64; 2]; 2]| {
        let mut header = Header::new();
        for (keyword, text) in [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN")] {
            header.set(keyword, text, "");
        }
        for (keyword, number) in [
            ("CRVAL1", ra),
            ("CRVAL2", dec),
            ("CRPIX1", 40.2),
            ("CRPIX2", 30.7),
            ("CD1_1", cd[0][0]),
            ("CD1_2", cd[0][1]),
            ("CD2_1", cd[1][0]),
            ("CD2_2", cd[1][1]),
        ] {
            header.set(keyword, number, "");
        }
        images_to_bytes(&[(&header, Pixels::F32(shape, &pixels))], WriteOptions::default()).unwrap()
    };
    let (upright, mirrored) = ([[-1e-5, 2e-6], [2e-6, 1e-5]], [[1e-5, 2e-6], [2e-6, 1e-5]]);
    for place in [[0.0, 1.0], [359.9999, -33.0], [12.0, 90.0], [200.0, -89.9999]] {
        for cd in [upright, mirrored] {
            let bytes = image(place, cd);
            let file = memory(bytes.clone(), "odd.fits");
            for ((x, y), window) in [
                ((40.3, 29.8), PixelBox::new(36..45, 27..33)),
                ((2.1, 57.9), PixelBox::new(-2..7, 55..61)),
            ] {
                let at = sky(&file, x, y);
                let cutout =
                    cut(&file, at, Size::pixels(9.0, 6.0), &CutOptions::default()).unwrap();
                assert_eq!(cutout.units[0].window, window, "{place:?} {cd:?}");
                check_sky(&file, &cutout, 1e-10);
                let copy = memory(cutout.to_bytes().unwrap(), "cutout.fits");
                let mut found = vec![0.0_f32; 54];
                let all = PixelBox::new(0..9, 0..6);
                copy.read_window(&copy.hdus()[1], &all, &mut found).unwrap();
                for (i, value) in found.iter().enumerate() {
                    let (x, y) = (window.x.start + i as isize % 9, window.y.start + i as isize / 9);
                    let inside = (0..80).contains(&x) && (0..60).contains(&y);
                    let expected = if inside { (y * 80 + x + 1) as f32 } else { f32::NAN };
                    assert_eq!(value.to_bits(), expected.to_bits(), "{x} {y}");
                }
            }
            // The same file, compressed as a whole.
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("odd.fits.gz");
            let file = File::create(&path).unwrap();
            let mut writer = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            writer.write_all(&bytes).unwrap();
            writer.finish().unwrap();
            let plain = memory(bytes, "odd.fits");
            let at = sky(&plain, 11.0, 12.0);
            let options = CutOptions::default();
            let both = [&plain, &FitsFile::open(&path).unwrap()]
                .map(|file| cut(file, at, Size::square(8.0), &options).unwrap().units.remove(0));
            assert_eq!(both[0].window, both[1].window);
        }
    }
    // A single pixel is an image, and a cutout.
    let mut header = Header::new();
    for (keyword, text) in [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN")] {
        header.set(keyword, text, "");
    }
    for (keyword, number) in [
        ("CRVAL1", 5.0),
        ("CRVAL2", 6.0),
        ("CRPIX1", 1.0),
        ("CRPIX2", 1.0),
        ("CD1_1", -1e-5),
        ("CD2_2", 1e-5),
    ] {
        header.set(keyword, number, "");
    }
    let units = [(&header, Pixels::F32((1, 1), &[7.0_f32][..]))];
    let file = memory(images_to_bytes(&units, WriteOptions::default()).unwrap(), "one.fits");
    let at = SkyCoord::from_degrees(5.0, 6.0);
    for (n, window) in [(1.0, PixelBox::new(0..1, 0..1)), (3.0, PixelBox::new(-1..2, -1..2))] {
        let cutout = cut(&file, at, Size::square(n), &CutOptions::default()).unwrap();
        assert_eq!(cutout.units[0].window, window);
        check_sky(&file, &cutout, 1e-12);
    }
}
