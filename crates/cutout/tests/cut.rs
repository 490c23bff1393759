//! What a cutout keeps of its file: pixels to the bit, and places on the sky.

mod made;

use std::path::Path;

use astro_coords::{PixelBox, PixelCoord, SkyCoord};
use cutout::{
    CutOptions, Cutout, Empty, Error, Extensions, Integers, LeftoverSip, MatrixStyle, Mode, Names,
    Primary, Size, cut, cutouts_to_bytes,
};
use hst_fits::{Bitpix, FitsFile, Header, StoredValue};
use made::{Made, memory};

fn reopened(cutout: &Cutout) -> FitsFile {
    memory(cutout.to_bytes().unwrap(), "cutout.fits")
}

fn sky(file: &FitsFile, x: f64, y: f64) -> SkyCoord {
    let hdu = file.first_image().unwrap();
    file.wcs(hdu, None).unwrap().to_sky(PixelCoord::new(x, y)).unwrap()
}

fn all() -> CutOptions {
    CutOptions { extensions: Extensions::All, ..CutOptions::default() }
}

fn default(file: &FitsFile, x: f64, y: f64, size: f64) -> cutout::Result<Cutout> {
    cut(file, sky(file, x, y), Size::square(size), &CutOptions::default())
}

/// Every BITPIX with every kind of scaling that files have.
fn kinds() -> Vec<(Bitpix, Vec<(&'static str, f64)>)> {
    let unsigned = |zero: f64| vec![("BZERO", zero), ("BSCALE", 1.0)];
    vec![
        (Bitpix::U8, vec![]),
        (Bitpix::U8, vec![("BZERO", -128.0)]),
        (Bitpix::I16, vec![]),
        (Bitpix::I16, vec![("BLANK", -32768.0)]),
        (Bitpix::I16, unsigned(32768.0)),
        (Bitpix::I16, vec![("BSCALE", 0.01), ("BZERO", 3.7), ("BLANK", -1.0)]),
        (Bitpix::I32, unsigned(2_147_483_648.0)),
        (Bitpix::I32, vec![("BLANK", 0.0)]),
        (Bitpix::I64, unsigned(9_223_372_036_854_775_808.0)),
        (Bitpix::I64, vec![]),
        (Bitpix::F32, vec![]),
        (Bitpix::F32, vec![("BSCALE", 2.0), ("BZERO", 1.0)]),
        (Bitpix::F64, vec![]),
    ]
}

#[test]
fn pixels_of_every_type_and_scaling_are_those_of_the_file() {
    for (bitpix, scaling) in kinds() {
        let file = Made::new(bitpix, (40, 50)).numbers(&scaling).file();
        let hdu = file.first_image().unwrap();
        let inside = PixelBox::new(10..17, 20..25);
        let wanted = file.read_stored(hdu, &inside).unwrap();
        let at = sky(&file, 13.3, 22.3);
        let cutout = cut(&file, at, Size::pixels(7.0, 5.0), &CutOptions::default()).unwrap();
        assert_eq!(cutout.units[0].window, inside);
        assert_eq!(cutout.units[0].coverage, 1.0);
        let copy = reopened(&cutout);
        let found = copy.find("SCI", None).unwrap();
        let all = PixelBox::of_shape((5, 7));
        assert_eq!(copy.read_stored(found, &all).unwrap(), wanted, "{bitpix:?} {scaling:?}");
        assert_eq!(copy.datasum_is_right(found).unwrap(), Some(true));
        for (keyword, value) in &scaling {
            assert_eq!(found.header.get::<f64>(keyword).unwrap(), *value);
        }
        assert!(found.header.card("CUTFILL").is_none());
    }
}

#[test]
fn outside_the_image_stands_what_means_nothing() {
    for (bitpix, scaling) in kinds() {
        let file = Made::new(bitpix, (40, 50)).numbers(&scaling).file();
        let cutout = default(&file, 0.0, 0.0, 4.0).unwrap();
        let unit = &cutout.units[0];
        assert_eq!((unit.window.clone(), unit.coverage), (PixelBox::new(-2..2, -2..2), 0.25));
        let blank = scaling.iter().find(|(keyword, _)| *keyword == "BLANK");
        let copy = reopened(&cutout);
        let mut physical = [0.0f64; 16];
        let hdu = copy.find("SCI", None).unwrap();
        copy.read_window(hdu, &PixelBox::of_shape((4, 4)), &mut physical).unwrap();
        let fill = hdu.header.find::<f64>("CUTFILL").unwrap();
        for (i, value) in physical.iter().enumerate() {
            if i % 4 > 1 && i / 4 > 1 {
                continue;
            }
            match bitpix.is_float() || blank.is_some() {
                true => assert!(value.is_nan() && fill.is_none(), "{bitpix:?} {scaling:?}"),
                false => assert_eq!(Some(*value), fill, "{bitpix:?} {scaling:?}"),
            }
        }
        let inside = file.read_stored(file.first_image().unwrap(), &PixelBox::new(0..2, 0..2));
        let found = copy.read_stored(hdu, &PixelBox::new(2..4, 2..4)).unwrap();
        assert_eq!(found, inside.unwrap());
    }
    let short = Made::new(Bitpix::I16, (40, 50)).file();
    let at = sky(&short, 0.0, 0.0);
    let filled = |fill: f64| {
        let options = CutOptions { fill, ..CutOptions::default() };
        cut(&short, at, Size::square(4.0), &options).map(|cutout| cutout.units[0].pixels.at(0, 0))
    };
    assert_eq!(filled(-7.0).unwrap(), Some(StoredValue::Integer(-7)));
    assert_eq!(
        filled(1e6).unwrap_err().to_string(),
        "the pixels cannot hold the fill value 1000000: SCI in made.fits"
    );
}

#[test]
fn integers_become_floats_where_that_is_asked_for() {
    for (bitpix, scaling) in kinds().into_iter().filter(|(bitpix, _)| !bitpix.is_float()) {
        let file = Made::new(bitpix, (40, 50)).numbers(&scaling).file();
        let options = CutOptions { integers: Integers::Promote, ..CutOptions::default() };
        let cutout = cut(&file, sky(&file, 0.0, 0.0), Size::square(4.0), &options).unwrap();
        let copy = reopened(&cutout);
        let hdu = copy.find("SCI", None).unwrap();
        assert!(hdu.bitpix.is_float() && hdu.header.card("BZERO").is_none());
        let mut found = [0.0f64; 16];
        copy.read_window(hdu, &PixelBox::of_shape((4, 4)), &mut found).unwrap();
        let mut wanted = [0.0f64; 4];
        let source = file.first_image().unwrap();
        file.read_window(source, &PixelBox::new(0..2, 0..2), &mut wanted).unwrap();
        assert!(found[0].is_nan());
        for (found, wanted) in [found[10], found[11], found[14], found[15]].iter().zip(wanted) {
            let narrow = if hdu.bitpix == Bitpix::F32 { f64::from(wanted as f32) } else { wanted };
            assert!(*found == narrow || found.is_nan() && wanted.is_nan(), "{bitpix:?}");
        }
    }
}

#[test]
fn cubes_are_cut_plane_by_plane() {
    let file = Made::new(Bitpix::I16, (8, 9)).planes(&[3, 2]).file();
    let hdu = &file.hdus()[1];
    let at = file.wcs(hdu, None).unwrap().to_sky(PixelCoord::new(0.0, 4.0)).unwrap();
    let options = CutOptions { extensions: "SCI".parse().unwrap(), ..CutOptions::default() };
    let cutout = cut(&file, at, Size::pixels(4.0, 3.0), &options).unwrap();
    assert_eq!(cutout.units[0].more_axes, [3, 2]);
    let copy = reopened(&cutout);
    let found = &copy.hdus()[1];
    assert_eq!(found.axes, [4, 3, 3, 2]);
    for plane in 0..6 {
        let inside = file.read_stored_plane(hdu, plane, &PixelBox::new(0..2, 3..6)).unwrap();
        let part = copy.read_stored_plane(found, plane, &PixelBox::new(2..4, 0..3)).unwrap();
        assert_eq!(part, inside, "plane {plane}");
    }
}

#[test]
fn all_descriptions_of_the_sky_move_along() {
    let file = Made::new(Bitpix::F32, (60, 80))
        .texts(&[("CTYPE1A", "GLON-TAN"), ("CTYPE2A", "GLAT-TAN"), ("CTYPE1B", "DETX")])
        .numbers(&[("CRVAL1A", 10.0), ("CRVAL2A", -20.0), ("CRPIX1A", 31.25), ("CRPIX2A", 11.5)])
        .numbers(&[("CDELT1A", -1e-5), ("CDELT2A", 1e-5), ("CRVAL1B", 7.0), ("CDELT1B", 2.0)])
        .numbers(&[("LTV1", -100.0), ("LTM1_1", 0.5), ("DATAMAX", 5.0)])
        .texts(&[("S_REGION", "POLYGON 0 0 1 1 2 2")])
        .file();
    let cutout = default(&file, 30.3, 20.3, 11.0).unwrap();
    let copy = reopened(&cutout);
    let (whole, part) = (file.first_image().unwrap(), copy.first_image().unwrap());
    assert_eq!(cutout.units[0].window, PixelBox::new(25..36, 15..26));
    for letter in [None, Some('A')] {
        let (whole, part) = (file.wcs(whole, letter).unwrap(), copy.wcs(part, letter).unwrap());
        for (x, y) in [(-0.5, -0.5), (10.5, -0.5), (10.5, 10.5), (-0.5, 10.5), (3.3, 7.1)] {
            let one = whole.to_sky(PixelCoord::new(x + 25.0, y + 15.0)).unwrap();
            let other = part.to_sky(PixelCoord::new(x, y)).unwrap();
            let own = cutout.units[0].wcs.to_sky(PixelCoord::new(x, y)).unwrap();
            assert!(one.separation(other).degrees() < 1e-12);
            assert!(letter.is_some() || own.separation(other).degrees() < 1e-12);
        }
    }
    let number = |keyword: &str| part.header.get::<f64>(keyword).unwrap();
    // A description without CRPIX has it at 0, and the physical axes move as IRAF's do.
    assert_eq!((number("CRPIX1B"), number("CRPIX2B")), (-25.0, -15.0));
    assert_eq!((number("LTV1"), number("LTV2"), number("LTM1_1")), (-125.0, -15.0, 0.5));
    assert_eq!((number("CRVAL1P"), number("CRPIX1P"), number("LTM2_2")), (26.0, 1.0, 1.0));
    assert!(part.header.card("DATAMAX").is_none());
    let region: String = part.header.get("S_REGION").unwrap();
    let corner = sky(&copy, -0.5, -0.5);
    let start = format!("POLYGON ICRS {:.8} {:.8} ", corner.ra.degrees(), corner.dec.degrees());
    assert!(region.starts_with(&start), "{region}");
}

#[test]
fn a_cutout_of_a_cutout_is_the_cutout() {
    let file = Made::new(Bitpix::F32, (90, 80)).companion("WHT").file();
    let at = sky(&file, 41.3, 37.8);
    let small = cut(&file, at, Size::square(9.0), &all()).unwrap();
    let large = reopened(&cut(&file, at, Size::square(30.0), &all()).unwrap());
    let again = cut(&large, at, Size::square(9.0), &all()).unwrap();
    let text = |cutout: &Cutout| {
        let bytes = cutout.to_bytes().unwrap();
        bytes.chunks(80).map(|card| String::from_utf8_lossy(card).into_owned()).collect::<Vec<_>>()
    };
    for (again, small) in text(&again).iter().zip(text(&small)) {
        assert_eq!(*again, small);
    }
}

#[test]
fn cd_and_pc_never_stand_together() {
    // As astrocut writes it: the same matrix twice. Readers differ in which one they take, so two of them are refused.
    let twice = |pc: &[(&str, f64)]| {
        Made::new(Bitpix::F32, (40, 40))
            .numbers(pc)
            .numbers(&[("CDELT1", 1.0), ("CDELT2", 1.0)])
            .file()
    };
    let both =
        twice(&[("PC1_1", -1.06e-5), ("PC1_2", 3.2e-6), ("PC2_1", 3.2e-6), ("PC2_2", 1.06e-5)]);
    let differ = twice(&[("PC1_1", 5.0), ("PC2_2", 5.0)]);
    let refused = differ.wcs(&differ.hdus()[1], None).unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.contains("PC1_1"), "{why}");
    let old = |cards: &[(&str, f64)]| {
        Made::bare(Bitpix::F32, (40, 40))
            .numbers(cards)
            .numbers(&[("CDELT1", -1e-5), ("CDELT2", 1e-5)])
            .file()
    };
    let archaic =
        old(&[("PC001001", 0.8), ("PC001002", -0.6), ("PC002001", 0.6), ("PC002002", 0.8)]);
    for (file, kept) in [(&both, "CD1_1"), (&archaic, "PC1_1")] {
        let cutout = cut(
            file,
            file.wcs(&file.hdus()[1], None).unwrap().to_sky(PixelCoord::new(20.0, 20.0)).unwrap(),
            Size::square(5.0),
            &CutOptions::default(),
        );
        let header = cutout.unwrap().units.remove(0).header;
        assert!(header.card(kept).is_some());
        let stems = |stem: &str| header.cards().iter().any(|card| card.keyword.starts_with(stem));
        assert!(!(stems("CD1") && stems("PC1")), "{header:?}");
        assert!(header.card("PC001001").is_none());
    }
    let options = CutOptions { matrix: MatrixStyle::Pc, ..CutOptions::default() };
    let file = Made::new(Bitpix::F32, (40, 40)).file();
    let cutout = cut(&file, sky(&file, 20.3, 20.3), Size::square(5.0), &options).unwrap();
    let copy = reopened(&cutout);
    assert!(copy.hdus()[1].header.card("CD1_1").is_none());
    let (one, other) = (sky(&copy, 2.0, 2.0), sky(&file, 20.0, 20.0));
    assert!(one.separation(other).degrees() < 1e-12);
}

#[test]
fn leftover_sip_is_taken_away_with_a_warning() {
    let file = Made::new(Bitpix::F32, (60, 60))
        .numbers(&[("A_ORDER", 2.0), ("B_ORDER", 2.0), ("A_2_0", 1e-2)])
        .file();
    let plain = Made::new(Bitpix::F32, (60, 60)).file();
    let at = sky(&plain, 50.3, 30.3);
    let cutout = cut(&file, at, Size::square(5.0), &CutOptions::default()).unwrap();
    assert_eq!(cutout.units[0].window, PixelBox::new(48..53, 28..33));
    assert!(cutout.units[0].header.card("A_2_0").is_none());
    assert_eq!(
        cutout.warnings,
        ["SIP coefficients do not count, for CTYPE does not end in -SIP: they are left out of \
          SCI in made.fits"]
    );
    let options = CutOptions { leftover_sip: LeftoverSip::Keep, ..CutOptions::default() };
    let cutout = cut(&file, at, Size::square(5.0), &options).unwrap();
    assert!(cutout.warnings.is_empty() && cutout.units[0].header.card("A_2_0").is_some());
    assert_ne!(cutout.units[0].window, PixelBox::new(48..53, 28..33));
}

#[test]
fn softened_pixels_become_linear() {
    let numbers = [("BSCALE", 1e-4), ("BZERO", 0.5), ("BSOFTEN", 100.0), ("BOFFSET", 2.0)];
    let file = Made::new(Bitpix::I16, (20, 20)).numbers(&numbers).file();
    let cutout = default(&file, 10.0, 10.0, 1.0).unwrap();
    let stored = file.read_stored(file.first_image().unwrap(), &cutout.units[0].window).unwrap();
    let Some(StoredValue::Integer(stored)) = stored.at(0, 0) else { panic!() };
    let x = 0.4 * 10f64.ln() * (0.5 + 1e-4 * stored as f64);
    let wanted = 2.0 + 100.0 * (x.exp() - (-x).exp());
    let found = cutout.units[0].pixels.to_vec::<f32>().unwrap()[0];
    assert!((f64::from(found) / wanted - 1.0).abs() < 1e-6, "{found} {wanted}");
    let header = &cutout.units[0].header;
    assert!(header.card("BSOFTEN").is_none() && header.card("BSCALE").is_none());
    assert_eq!(header.all("HISTORY").count(), 1);
}

#[test]
fn lookup_tables_are_carried_along_and_numbered_anew() {
    let Some(path) = testkit::shared("data/hst/sample_svm_flc.fits") else { return };
    let file = FitsFile::open(&path).unwrap();
    let science = |version: i64| file.find("SCI", Some(version)).unwrap();
    let options = |text: &str| CutOptions {
        extensions: text.parse().unwrap(),
        empty: Empty::Keep,
        ..CutOptions::default()
    };
    let cut_of = |version: i64, text: &str| {
        let wcs = file.wcs(science(version), None).unwrap();
        let at = wcs.to_sky(PixelCoord::new(5.0, 4.0)).unwrap();
        cut(&file, at, Size::pixels(4.0, 3.0), &options(text)).unwrap()
    };
    let cutouts = [cut_of(2, "SCI,2,ERR,2,DQ,2"), cut_of(1, "SCI,1")];
    assert!(cutouts[0].units.iter().all(|unit| unit.window == cutouts[0].units[0].window));
    let bytes = cutouts_to_bytes(&[&cutouts[0], &cutouts[1]]).unwrap();
    let copy = memory(bytes, "both.fits");
    let tables = copy.hdus().iter().filter(|hdu| hdu.name == "D2IMARR" || hdu.name == "WCSDVARR");
    assert_eq!(tables.count(), 8);
    for (cutout, version) in cutouts.iter().zip([2, 1]) {
        let whole = file.wcs(science(version), None).unwrap();
        let part = copy.wcs(copy.find("SCI", Some(version)).unwrap(), None).unwrap();
        let low = &cutout.units[0].window;
        for (x, y) in [(-0.5, -0.5), (3.5, -0.5), (3.5, 2.5), (1.2, 0.7)] {
            let at = PixelCoord::new(x + low.x.start as f64, y + low.y.start as f64);
            let (one, other) =
                (whole.to_sky(at).unwrap(), part.to_sky(PixelCoord::new(x, y)).unwrap());
            assert!(one.separation(other).degrees() < 1e-11, "{version}");
        }
    }
}

#[test]
fn real_files_are_cut_where_they_say() {
    for name in
        ["j8bt06nyq_sip_flt.fits", "abell2744_cd_f105w.fits.gz", "a478_wfpc2_f814w_drz.fits"]
    {
        let Some(path) = testkit::shared(&format!("data/hst/{name}")) else { return };
        let file = FitsFile::open(&path).unwrap();
        let hdu = file.first_image().unwrap();
        let whole = file.wcs(hdu, None).unwrap();
        let at = whole.to_sky(PixelCoord::new(123.3, 45.6)).unwrap();
        let options = CutOptions { extensions: Extensions::Celestial, ..CutOptions::default() };
        let cutout = cut(&file, at, Size::square(32.0), &options).unwrap();
        let copy = reopened(&cutout);
        let part = copy.wcs(copy.first_image().unwrap(), None).unwrap();
        let low = &cutout.units[0].window;
        for (x, y) in [(-0.5, -0.5), (31.5, -0.5), (31.5, 31.5), (-0.5, 31.5)] {
            let at = PixelCoord::new(x + low.x.start as f64, y + low.y.start as f64);
            let (one, other) =
                (whole.to_sky(at).unwrap(), part.to_sky(PixelCoord::new(x, y)).unwrap());
            assert!(one.separation(other).degrees() < 1e-10, "{name}");
        }
    }
}

#[test]
fn what_is_not_there_is_said_and_loses_nothing_else() {
    let file = Made::new(Bitpix::F32, (40, 40)).companion("WHT").file();
    let message = |options: &CutOptions, x: f64| {
        cut(&file, sky(&file, x, 20.0), Size::square(4.0), options).unwrap_err().to_string()
    };
    let default = CutOptions::default();
    assert_eq!(message(&default, 100.0), "the cutout lies outside the image: SCI in made.fits");
    assert_eq!(message(&default, -2.6), "the cutout lies outside the image: SCI in made.fits");
    let strict = CutOptions { mode: Mode::Strict, ..CutOptions::default() };
    assert_eq!(message(&strict, 0.0), "the cutout is not wholly in the image: SCI in made.fits");
    let none = CutOptions { extensions: "DQ".parse().unwrap(), ..CutOptions::default() };
    assert_eq!(message(&none, 20.0), "there is no extension DQ in made.fits");
    let some = CutOptions { extensions: "SCI,DQ,WHT".parse().unwrap(), ..CutOptions::default() };
    let cutout = cut(&file, sky(&file, 20.0, 20.0), Size::square(4.0), &some).unwrap();
    assert_eq!((cutout.units.len(), cutout.problems.len()), (2, 1));
    let trim = CutOptions { mode: Mode::Trim, ..CutOptions::default() };
    let cutout = cut(&file, sky(&file, 0.0, 39.0), Size::square(6.0), &trim).unwrap();
    assert_eq!(cutout.units[0].window, PixelBox::new(0..3, 36..40));
    assert_eq!(cutout.units[0].pixels.shape(), (4, 3));
    // A place that the projection does not show.
    let behind =
        SkyCoord { ra: sky(&file, 0.0, 0.0).ra, dec: astro_coords::Angle::from_degrees(-89.0) };
    let error = cut(&file, behind, Size::square(4.0), &default).unwrap_err();
    assert!(matches!(error, Error::NotOnImage { .. }), "{error}");
    // A gigabyte of nothing.
    let huge = cut(&file, sky(&file, 20.0, 20.0), Size::square(1e6), &default).unwrap_err();
    assert_eq!(huge.to_string(), "a cutout of 3814697 MiB would be mostly empty: SCI in made.fits");
}

#[test]
fn no_data_is_refused_unless_another_extension_has_some() {
    let nothing = |values: &'static [f32]| move |i: usize| values[i % values.len()];
    let empty = Made::new(Bitpix::F32, (20, 20)).values(nothing(&[0.0, f32::NAN]));
    let both = empty.clone().companion_of("WHT", nothing(&[0.0])).file();
    let at = sky(&both, 10.0, 10.0);
    let error = cut(&both, at, Size::square(4.0), &all()).unwrap_err().to_string();
    assert_eq!(error, "the cutout contains no data: made.fits");
    let options = CutOptions { empty: Empty::Keep, ..all() };
    let kept = cut(&both, at, Size::square(4.0), &options).unwrap();
    assert!(kept.units.iter().all(|unit| unit.empty && unit.header.get("EMPTY").unwrap()));
    let one = empty.companion_of("WHT", nothing(&[2.0])).file();
    let cutout = cut(&one, at, Size::square(4.0), &all()).unwrap();
    let flags: Vec<_> = cutout.units.iter().map(|unit| unit.empty).collect();
    assert_eq!(flags, [true, false]);
    assert!(cutout.units[1].header.card("EMPTY").is_none());
}

#[test]
fn provenance_stands_in_the_headers() {
    let file = Made::new(Bitpix::F32, (40, 40)).companion("WHT").file();
    let at = sky(&file, 20.0, 20.0);
    let options = CutOptions { names: Names::Cutout, ..all() };
    let cutout = cut(&file, at, Size::square(4.0), &options).unwrap();
    let copy = reopened(&cutout);
    let text = |header: &Header, keyword: &str| header.get::<String>(keyword).unwrap();
    assert_eq!(text(copy.primary(), "TELESCOP"), "HST");
    assert_eq!(text(copy.primary(), "ORIG_FLE"), "first_name.fits");
    assert_eq!(copy.primary().get::<f64>("RA_OBJ").unwrap(), at.ra.degrees());
    assert_eq!(copy.primary().get::<i64>("NEXTEND").unwrap(), 2);
    let wht = &copy.hdus()[2].header;
    assert_eq!((text(wht, "EXTNAME"), text(wht, "O_EXT_NM")), ("CUTOUT".into(), "WHT".into()));
    assert_eq!(text(wht, "ORIG_FLE"), "first_name.fits");
    assert_eq!((wht.get::<i64>("ORIG_EXT").unwrap(), wht.get::<i64>("EXTVER").unwrap()), (2, 2));
    let minimal = CutOptions { primary: Primary::Minimal, ..all() };
    let cutout = cut(&file, at, Size::square(4.0), &minimal).unwrap();
    assert!(cutout.primary.card("TELESCOP").is_none());
    // On disk the file knows its name.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a_cutout.fits");
    cutout.write(&path).unwrap();
    let written = FitsFile::open(&path).unwrap();
    assert_eq!(text(written.primary(), "FILENAME"), "a_cutout.fits");
    assert!(cutout.write(Path::new("/no/such/folder/a.fits")).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_same_field_is_cut_whatever_the_frame_of_the_image() {
    // 150, 2 in ICRS; the image is Galactic.
    let place = SkyCoord {
        ra: astro_coords::Angle::from_degrees(150.0),
        dec: astro_coords::Angle::from_degrees(2.0),
    };
    let (l, b) = astro_coords::Frame::Galactic.from_icrs(place);
    let file = Made::bare(Bitpix::F32, (40, 40))
        .texts(&[("CTYPE1", "GLON-TAN"), ("CTYPE2", "GLAT-TAN")])
        .numbers(&[("CRVAL1", l.degrees()), ("CRVAL2", b.degrees())])
        .numbers(&[("CD1_1", -1e-5), ("CD2_2", 1e-5)])
        .file();
    let cutout = cut(&file, place, Size::square(3.0), &CutOptions::default()).unwrap();
    // CRPIX is 20.5, 20.5, so the place lies between the pixels 19 and 20.
    let low = cutout.unit("SCI").unwrap().window.x.start;
    assert!(low == 18 || low == 19, "{low}");
}
