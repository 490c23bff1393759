//! Headers that make no sense: an error that names the keyword, never a panic, never a wrong place.

use astro_coords::{PixelCoord, SkyCoord};
use hst_fits::{Header, LookupTable, LookupTables, Wcs};
use proptest::prelude::*;

const SOUND: [(&str, &str); 12] = [
    ("CTYPE1", "'RA---TAN'"),
    ("CTYPE2", "'DEC--TAN'"),
    ("CRVAL1", "150.0"),
    ("CRVAL2", "2.0"),
    ("CRPIX1", "50.0"),
    ("CRPIX2", "50.0"),
    ("CD1_1", "-1.0E-5"),
    ("CD1_2", "0.0"),
    ("CD2_1", "0.0"),
    ("CD2_2", "1.0E-5"),
    ("NAXIS1", "100"),
    ("NAXIS2", "100"),
];

/// The sound cards with some changed or added; without those that become blank.
fn header<'a>(changes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Header {
    let mut cards: Vec<_> = SOUND.to_vec();
    for (keyword, value) in changes {
        cards.retain(|card| card.0 != keyword);
        cards.push((keyword, value));
    }
    let card =
        |(keyword, value): &(&str, &str)| format!("{:<80}", format!("{keyword:<8}= {value}"));
    let text: String = cards.iter().filter(|card| !card.1.is_empty()).map(card).collect();
    Header::parse(format!("{text}{:<80}", "END").as_bytes()).unwrap()
}

fn error(changes: &[(&str, &str)]) -> String {
    let header = header(changes.iter().copied());
    let wcs = Wcs::from_keywords(&header, None, &LookupTables::default());
    wcs.map_or_else(|error| error.to_string(), |wcs| format!("no error: {wcs:?}"))
}

#[test]
fn what_is_wrong_is_named() {
    let same = "a header has one of CD and PC, or both of the same matrix";
    for (changes, expected) in [
        (&[("CD1_1", "0.0")][..], "the matrix cannot be inverted: CD or PC and CDELT"),
        (
            &[("CD1_1", "1E300"), ("CD2_2", "1E300")],
            "the matrix cannot be inverted: CD or PC and CDELT",
        ),
        (&[("CD1_1", "1E999")], "not a finite number: CD1_1 = inf"),
        (&[("CD1_1", "'wide'")], "not a number: CD1_1 = wide"),
        (&[("CRVAL1", "1E999")], "not a finite number: CRVAL1 = inf"),
        (&[("CRVAL1", "NaN")], "not a number: CRVAL1 = NaN"),
        (&[("CRVAL2", "'NaN'")], "not a number: CRVAL2 = NaN"),
        (&[("CRVAL2", "")], "the header has no CRVAL2"),
        (&[("CRVAL2", "90.5")], "a latitude lies within -90 and 90 degrees: CRVAL2 = 90.5"),
        (&[("CRPIX1", "1E300")], "so far away no pixel differs from the next: CRPIX1 = 1e300"),
        (&[("CTYPE2", "")], "the header has no CTYPE2"),
        (
            &[("CTYPE2", "'RA---TAN'")],
            "axes 1 and 2 are not a pair of sky coordinates: CTYPE1 = RA---TAN, CTYPE2 = RA---TAN",
        ),
        (
            &[("CTYPE2", "'DEC--SIN'")],
            "axes 1 and 2 are not a pair of sky coordinates: CTYPE1 = RA---TAN, CTYPE2 = DEC--SIN",
        ),
        (
            &[("CTYPE1", "'RA---XYZ'"), ("CTYPE2", "'DEC--XYZ'")],
            "the projection is not supported: XYZ",
        ),
        (
            &[("A_ORDER", "99"), ("B_ORDER", "2")],
            "an order of a SIP polynomial is 0 to 9: A_ORDER = 99",
        ),
        (
            &[("A_ORDER", "2"), ("B_ORDER", "-1")],
            "an order of a SIP polynomial is 0 to 9: B_ORDER = -1",
        ),
        (
            &[("A_ORDER", "2.5"), ("B_ORDER", "2")],
            "an order of a SIP polynomial is 0 to 9: A_ORDER = 2.5",
        ),
        (&[("A_ORDER", "'two'"), ("B_ORDER", "2")], "not a number: A_ORDER = two"),
        (&[("A_ORDER", "2")], "the header has no B_ORDER"),
        (
            &[("A_ORDER", "2"), ("B_ORDER", "2"), ("A_2_0", "1E999")],
            "not a finite number: A_2_0 = inf",
        ),
        (&[("A_ORDER", "2"), ("B_ORDER", "2"), ("A_2_0", "'big'")], "not a number: A_2_0 = big"),
        (
            &[("PC1_1", "1.0"), ("CDELT1", "-2E-5"), ("CDELT2", "2E-5")],
            &format!("{same}: PC1_1 = 1"),
        ),
        (&[("CD1_1", ""), ("CD1_2", ""), ("CD2_1", ""), ("CD2_2", "")], "the header has no CDELT1"),
        (&[("CUNIT1", "'furlong'")], "not a unit of angle: CUNIT1 = furlong"),
        (&[("RADESYS", "'MARS'")], "not a frame known here: RADESYS = MARS"),
        (&[("LONPOLE", "'north'")], "not a number: LONPOLE = north"),
        (&[("EQUINOX", "'now'")], "not a number: EQUINOX = now"),
        (&[("EQUINOX", "1E300")], "not a year of any equinox: EQUINOX = 1e300"),
        (&[("CPDIS1", "'POLYNOMIAL'")], "not a distortion known here: CPDIS1 = POLYNOMIAL"),
        (&[("CPDIS1", "'LOOKUP'")], "CPDIS1 refers to a lookup table that is not there: EXTVER 1"),
    ] {
        assert_eq!(error(changes), expected, "{changes:?}");
    }
}

#[test]
fn steps_of_zero_are_named() {
    let no_cd = [("CD1_1", ""), ("CD1_2", ""), ("CD2_1", ""), ("CD2_2", "")];
    for more in [&[][..], &[("CROTA2", "30.0")], &[("PC1_2", "0.5")]] {
        let cards = [&no_cd[..], &[("CDELT1", "0.0"), ("CDELT2", "1E-5")], more].concat();
        assert_eq!(error(&cards), "a step of zero shows nothing: CDELT1 = 0");
    }
}

#[test]
fn what_is_merely_odd_is_read() {
    for changes in [
        &[("A_ORDER", "3"), ("B_ORDER", "3")][..],
        &[("LATPOLE", "1E300")],
        &[("LONPOLE", "1E300")],
        &[("CD1_2", "")],
        &[("CRVAL1", "-3600.0")],
        &[("PC1_1", "1.0"), ("PC2_2", "1.0"), ("CDELT1", "-1.0E-5"), ("CDELT2", "1.0E-5")],
    ] {
        let header = header(changes.iter().copied());
        let wcs = Wcs::from_keywords(&header, None, &LookupTables::default()).unwrap();
        let place = wcs.to_sky(PixelCoord::new(10.0, 20.0)).unwrap();
        assert!((0.0..360.0).contains(&place.ra.degrees()), "{changes:?}: {place:?}");
        assert!(wcs.to_pixel(place).unwrap().distance(PixelCoord::new(10.0, 20.0)) < 1e-8);
    }
}

/// The square of the distance in the plane overflows: neither one call nor many give a place.
#[test]
fn what_overflows_has_no_place() {
    let header = header([("CD2_1", "1E300"), ("CRVAL2", "1E-300")]);
    let wcs = Wcs::from_keywords(&header, None, &LookupTables::default()).unwrap();
    let (pixel, mut places) = (PixelCoord::new(0.0, 0.0), [SkyCoord::default()]);
    wcs.to_sky_many(&[pixel], &mut places);
    assert_eq!(wcs.to_sky(pixel), None);
    assert!(places[0].ra.degrees().is_nan() && places[0].dec.degrees().is_nan());
}

#[test]
fn tables_of_wrong_shapes_are_none() {
    let table = |shape, n: usize, cdelt| {
        LookupTable::new(shape, vec![0.25; n], [1.0; 2], [1.0; 2], [cdelt, 1.0])
    };
    assert!(table((2, 3), 5, 1.0).is_none() && table((0, 0), 0, 1.0).is_none());
    assert!(table((usize::MAX, 2), 4, 1.0).is_none() && table((1, 2), 2, 0.0).is_none());
    assert!(table((1, 2), 2, f64::NAN).is_none());
    // A table of one entry shifts everything by it.
    let tables = LookupTables {
        d2imarr: vec![(1, table((1, 1), 1, 1e-300).unwrap())],
        ..Default::default()
    };
    let header = header([("D2IMDIS1", "'LOOKUP'"), ("D2IM1", "'EXTVER: 1'")]);
    let wcs = Wcs::from_keywords(&header, None, &tables).unwrap();
    let plain = Wcs::from_keywords(&self::header([]), None, &tables).unwrap();
    let pixel = PixelCoord::new(10.0, 20.0);
    let place = wcs.to_sky(pixel).unwrap();
    assert_eq!(Some(place), plain.to_sky(PixelCoord::new(10.25, 20.0)));
    assert!(wcs.to_pixel(place).unwrap().distance(pixel) < 1e-9);
}

const KEYWORDS: [&str; 30] = [
    "CTYPE1", "CTYPE2", "CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "CD1_1", "CD2_1", "CD2_2", "PC1_1",
    "PC1_2", "CDELT1", "CDELT2", "CROTA2", "LONPOLE", "LATPOLE", "RADESYS", "EQUINOX", "A_ORDER",
    "B_ORDER", "A_2_0", "B_1_1", "A_9_0", "PV1_1", "PV2_1", "PV1_7", "NAXIS1", "NAXIS2", "CUNIT1",
    "WCSNAME",
];
const VALUES: [&str; 26] = [
    "",
    "0.0",
    "1.0",
    "-1.0",
    "2",
    "4",
    "9",
    "90.0",
    "-90.0",
    "180.0",
    "1E-300",
    "1E300",
    "-1E300",
    "1E15",
    "9000000000000000000",
    "1E-5",
    "1950.0",
    "'FK4'",
    "'RA---SIN'",
    "'DEC--SIN'",
    "'GLON-AIT'",
    "'GLAT-AIT'",
    "'RA---TPV'",
    "'DEC--TPV'",
    "'DEC--MOL'",
    "'RA---MOL'",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_header_panics_or_hangs(
        changes in prop::collection::vec((prop::sample::select(&KEYWORDS[..]), prop::sample::select(&VALUES[..])), 0..8),
        (x, y) in (-1e4..1e4, -1e4..1e4),
    ) {
        let Ok(wcs) = Wcs::from_keywords(&header(changes), None, &LookupTables::default()) else {
            return Ok(());
        };
        let pixels = [PixelCoord::new(x, y), PixelCoord::new(0.0, 0.0), PixelCoord::new(1e300, f64::NAN)];
        let mut places = [SkyCoord::default(); 3];
        wcs.to_sky_many(&pixels, &mut places);
        let mut back = pixels;
        wcs.to_pixel_many(&places, &mut back);
        for (i, pixel) in pixels.into_iter().enumerate() {
            match wcs.to_sky(pixel) {
                Some(place) => {
                    prop_assert_eq!(place, places[i]);
                    prop_assert!((0.0..360.0).contains(&place.ra.degrees()), "{:?}", place);
                    prop_assert!(place.dec.degrees().abs() <= 90.0 + 1e-13, "{:?}", place);
                }
                None => prop_assert!(places[i].ra.degrees().is_nan()),
            }
            let _ = (wcs.jacobian(pixel), wcs.to_pixel(places[i]), wcs.pixel_scale_at(pixel));
        }
        let _ = (wcs.footprint((100, 100)), wcs.pixel_scales(), wcs.pixel_scale());
    }
}
