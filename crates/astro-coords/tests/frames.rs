//! Frames against astropy.

use astro_coords::{Angle, Frame, SkyCoord};
use serde_json::Value;

/// Each frame of the columns of `frames.csv`, with how far from astropy it may be, in mas.
const FRAMES: [(&str, Frame, f64); 7] = [
    ("fk5", Frame::FK5, 1e-6),
    ("fk5_1975", Frame::Fk5 { equinox: 1975.0 }, 1e-6),
    ("fk4", Frame::FK4, 1e-6),
    ("fk4_1900", Frame::Fk4 { equinox: 1900.0 }, 1e-6),
    ("galactic", Frame::Galactic, 1e-6),
    ("ecliptic", Frame::ECLIPTIC, 1e-6),
    ("ecliptic_1950", Frame::Ecliptic { equinox: 1950.0 }, 1e-6),
];

fn mas(a: SkyCoord, b: SkyCoord) -> f64 {
    a.separation(b).arcsec() * 1e3
}

fn place((lon, lat): (Angle, Angle)) -> SkyCoord {
    SkyCoord::new(lon, lat)
}

#[test]
fn positions_are_astropys_in_every_frame() {
    let table = include_str!("data/frames.csv");
    let rows = table
        .lines()
        .skip(2)
        .map(|line| line.split(',').map(|field| field.parse::<f64>().unwrap()).collect::<Vec<_>>());
    let mut worst = [[0.0f64; 2]; FRAMES.len()];
    for row in rows {
        let icrs = SkyCoord::from_degrees(row[0], row[1]);
        for (i, (name, frame, _)) in FRAMES.iter().enumerate() {
            assert!(table.contains(&format!("{name}_lon")));
            let theirs = SkyCoord::from_degrees(row[2 + 2 * i], row[3 + 2 * i]);
            worst[i][0] = worst[i][0].max(mas(place(frame.from_icrs(icrs)), theirs));
            worst[i][1] = worst[i][1].max(mas(frame.to_icrs(theirs.ra, theirs.dec), icrs));
        }
    }
    for ((name, _, bound), worst) in FRAMES.iter().zip(worst) {
        eprintln!("{name}: {:.1e} {:.1e} mas", worst[0], worst[1]);
        assert!(worst[0] < *bound, "{name}: {} mas", worst[0]);
        // Back from FK4, the published matrix is orthogonal only to 1e-12.
        let bound = if name.starts_with("fk4") { 1e-3 } else { *bound };
        assert!(worst[1] < bound, "{name}: {} mas back", worst[1]);
    }
}

#[test]
fn the_reference_positions_are_met() {
    let Some(path) = testkit::shared("reference/misc.json") else { return };
    let reference: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let column = |key: &str| -> Vec<f64> {
        reference["sky"][key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    };
    let [ra, dec] = ["ra", "dec"].map(column);
    let first = SkyCoord::from_degrees(ra[0], dec[0]);
    for (lon, lat, frame) in [
        ("gal_l", "gal_b", Frame::Galactic),
        ("fk5_ra", "fk5_dec", Frame::FK5),
        ("fk4_ra", "fk4_dec", Frame::FK4),
    ] {
        let [lon, lat] = [lon, lat].map(column);
        for i in 0..ra.len() {
            let ours = place(frame.from_icrs(SkyCoord::from_degrees(ra[i], dec[i])));
            assert!(mas(ours, SkyCoord::from_degrees(lon[i], lat[i])) < 1e-6, "{frame:?} {i}");
        }
    }
    let keys = ["sep_to_first", "pa_to_first", "offset_ra", "offset_dec"];
    let [separation, angle, offset_ra, offset_dec] = keys.map(column);
    for i in 0..ra.len() {
        let here = SkyCoord::from_degrees(ra[i], dec[i]);
        assert!((first.separation(here).degrees() - separation[i]).abs() < 1e-12);
        if i > 0 {
            let off = first.position_angle(here) - Angle::from_degrees(angle[i]);
            assert!(off.wrapped_signed().abs().degrees() < 1e-11);
        }
        let there = here.offset(Angle::from_degrees(30.0), Angle::from_arcsec(10.0));
        assert!(mas(there, SkyCoord::from_degrees(offset_ra[i], offset_dec[i])) < 1e-6);
    }
    for (i, text) in reference["sky"]["hms"].as_array().unwrap().iter().enumerate() {
        let read: SkyCoord = text.as_str().unwrap().parse().unwrap();
        assert!(mas(read, SkyCoord::from_degrees(ra[i], dec[i])) < 0.01);
    }
}

/// The reference's ecliptic is the true one of J2000: the mean one and the nutation of that day (IAU 2006).
#[test]
fn the_true_ecliptic_is_the_mean_one_and_nutation() {
    let Some(path) = testkit::shared("reference/misc.json") else { return };
    let reference: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let column = |key: &str| -> Vec<f64> {
        reference["sky"][key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    };
    let [ra, dec, lon, lat] = ["ra", "dec", "ecl_lon", "ecl_lat"].map(column);
    let nutation = Angle::from_arcsec(-13.931_9);
    for i in 0..ra.len() {
        let (mean, ours) = Frame::ECLIPTIC.from_icrs(SkyCoord::from_degrees(ra[i], dec[i]));
        let ours = SkyCoord::new(mean + nutation, ours);
        assert!(mas(ours, SkyCoord::from_degrees(lon[i], lat[i])) < 1.0, "{i}");
    }
}
