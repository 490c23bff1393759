//! Footprints against regions: right across RA 0° and around the poles, whichever way the corners run.

use astro_coords::{Angle, Coverage, Footprint, SkyCircle, SkyCoord, SkyPolygon, SkyShape};
use mast_client::{Cone, Held, covering, polygon_text};
use proptest::prelude::*;

fn place(ra: f64, dec: f64) -> SkyCoord {
    SkyCoord::from_degrees(ra, dec)
}

fn cone(center: SkyCoord, arcsec: f64) -> Cone {
    Cone { center, radius: Angle::from_arcsec(arcsec) }
}

#[test]
fn every_form_met_in_the_wild_is_read_or_named() {
    let Some(path) = testkit::shared("data/mast/s_region_samples.txt") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<_> = line.split('\t').collect();
        let read = fields[1].parse::<Footprint>();
        match fields[0] {
            // Cut, nothing, nothing, and two corners a polygon.
            "truncated" | "empty" | "null" | "j2000" => assert!(read.is_err(), "{line}"),
            name => assert!(read.is_ok(), "{name}: {read:?}"),
        }
    }
}

/// `distance` of the recorded answer: from the place asked for to the nearest edge of the footprint.
#[test]
fn distances_are_the_archives() {
    let Some(path) = testkit::shared("data/mast/caom.json") else { return };
    let answer: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut compared = 0;
    for row in answer["data"].as_array().unwrap() {
        let text = row["s_region"].as_str().unwrap_or_default();
        let Ok(footprint) = text.parse::<Footprint>() else { continue };
        let ours = footprint.distance(place(23.34086, 60.658)).arcsec();
        let theirs = row["distance"].as_f64().unwrap();
        assert!((ours - theirs).abs() < 0.4, "{ours} {theirs} {text}");
        compared += 1;
    }
    assert_eq!(compared, 19);
}

/// Inside, by the angles under which the corners are seen: the plain definition.
fn winds_around(corners: &[SkyCoord], place: SkyCoord) -> bool {
    let angles: Vec<_> = corners.iter().map(|corner| place.position_angle(*corner)).collect();
    let turn = |at: usize| (angles[(at + 1) % angles.len()] - angles[at]).wrapped_signed();
    (0..angles.len()).map(|at| turn(at).degrees()).sum::<f64>().abs() > 180.0
}

proptest! {
    #[test]
    fn verdicts_are_those_of_the_plain_definition(
        ra in 0.0..360.0, dec in -90.0..=90.0, size in 0.01..5.0, reverse: bool,
        radii in proptest::collection::vec(0.3..1.0, 3..9),
        probes in proptest::collection::vec((0.0..360.0, 0.0..1.2), 20),
        extent in 0.001..0.4,
    ) {
        let at = |turn: f64, distance: f64| {
            place(ra, dec).offset(Angle::from_degrees(turn), Angle::from_degrees(size * distance))
        };
        let step = 360.0 / radii.len() as f64;
        let mut corners: Vec<_> =
            radii.iter().enumerate().map(|(n, r)| at(step * n as f64 + 7.0, *r)).collect();
        if reverse {
            corners.reverse();
        }
        let footprint: Footprint = polygon_text(&corners).parse().unwrap();
        let polygon = SkyPolygon::new(&corners).unwrap();
        for (turn, distance) in probes {
            let probe = at(turn, distance);
            let edge = polygon.distance_to_boundary(probe).arcsec();
            if edge < 0.2 {
                continue;
            }
            let inside = winds_around(&corners, probe);
            prop_assert_eq!(footprint.contains(probe), inside);
            // The rim of the region all around, and the verdict on the region.
            let radius = Angle::from_degrees(size * extent);
            if (edge - radius.arcsec()).abs() < 0.2 {
                continue;
            }
            let rim: Vec<_> = (0..72)
                .map(|n| probe.offset(Angle::from_degrees(f64::from(n) * 5.0), radius))
                .map(|place| winds_around(&corners, place))
                .collect();
            match footprint.coverage(&SkyCircle::new(probe, radius)) {
                Coverage::Yes => prop_assert!(inside && rim.iter().all(|inside| *inside)),
                Coverage::No => prop_assert!(!inside && rim.iter().all(|inside| !inside)),
                Coverage::Maybe(share) => prop_assert!((0.0..=1.0).contains(&share)),
            }
            if inside != rim[0] {
                let verdict = footprint.coverage(&SkyCircle::new(probe, radius));
                prop_assert!(matches!(verdict, Coverage::Maybe(_)));
            }
        }
    }
}

fn square_or_circle((at, cone): (usize, Cone)) -> SkyShape {
    let corner =
        |k: f64| cone.center.offset(Angle::from_degrees(90.0 * k + at as f64), cone.radius);
    let polygon = SkyPolygon::new(&[0.0, 1.0, 2.0, 3.0].map(corner)).filter(|_| at % 3 == 0);
    polygon.map_or(cone.into(), SkyShape::from)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_matrix_is_every_single_verdict(seed in 0u64..1000) {
        let random = |n: u64| {
            let x = (seed * 7919 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (x ^ (x >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9) as f64 / u64::MAX as f64
        };
        let near = |n: u64| place(359.9 + 0.2 * random(n), 60.0 + 0.1 * random(n + 1));
        let footprints: Vec<Footprint> = (0..400)
            .map(|n| {
                let mut corners: Vec<_> = (0..4).map(|k| near(n * 100 + k * 2)).collect();
                if n % 2 == 0 {
                    // As footprints mostly are: a square, in either sense, sometimes two of them.
                    let corner = |k: f64| corners[0].offset(
                        Angle::from_degrees(90.0 * k + n as f64), Angle::from_arcsec(140.0));
                    corners = [0.0, 1.0, 2.0, 3.0].map(corner).to_vec();
                    if n % 4 == 0 {
                        corners.reverse();
                    }
                }
                let text = polygon_text(&corners);
                let more = if n % 8 == 0 { polygon_text(&[near(n), near(n + 5), near(n + 9)]) } else { String::new() };
                format!("{text} {more}").parse().unwrap()
            })
            .collect();
        // Enough pairs for several threads.
        let regions: Vec<_> =
            (0..600).map(|n| cone(near(90_000 + n * 3), 100.0 * random(n))).collect();
        // Every third is a square instead of the circle around it.
        let regions: Vec<SkyShape> = regions.into_iter().enumerate().map(square_or_circle).collect();
        let matrix = covering(&footprints, &regions);
        for (f, footprint) in footprints.iter().enumerate().step_by(7) {
            for (r, region) in regions.iter().enumerate().step_by(11) {
                let expected = footprint.coverage_of(region);
                prop_assert_eq!(matrix.cell(f, r), Held::from(expected));
            }
        }
    }
}
