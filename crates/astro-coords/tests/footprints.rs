//! Footprints as archives write them, and what they cover.

use astro_coords::{
    Angle, Coverage, Footprint, ParseFootprintError, SkyCircle, SkyCoord, SkyPolygon, SkyShape,
};
use proptest::prelude::*;

fn at(ra: f64, dec: f64) -> SkyCoord {
    SkyCoord::from_degrees(ra, dec)
}

fn circle(ra: f64, dec: f64, arcsec: f64) -> SkyCircle {
    SkyCircle::new(at(ra, dec), Angle::from_arcsec(arcsec))
}

fn parse(text: &str) -> Footprint {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn polygon(corners: &[(f64, f64)]) -> SkyPolygon {
    let corners: Vec<_> = corners.iter().map(|&(ra, dec)| at(ra, dec)).collect();
    SkyPolygon::new(&corners).unwrap()
}

#[test]
fn every_recorded_form_is_read_or_refused_for_its_reason() {
    let Some(path) = testkit::shared("data/mast/s_region_samples.txt") else { return };
    let samples = std::fs::read_to_string(path).unwrap();
    let mut seen = Vec::new();
    for line in samples.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (Some(kind), Some(text)) = (fields.next(), fields.next()) else { continue };
        let parsed = text.parse::<Footprint>();
        let expected: &[usize] = match kind {
            "gsc1" | "noframe-neg" => &[4],
            "noframe-neg-multi" | "icrs-multi" => &[4, 4],
            "circle-icrs" => &[0],
            "mixedcase" => &[3],
            "truncated" => {
                assert_eq!(parsed, Err(ParseFootprintError::Truncated));
                continue;
            }
            "j2000" => {
                assert_eq!(parsed, Err(ParseFootprintError::TooFewCorners(2)));
                continue;
            }
            "empty" | "null" => {
                assert_eq!(parsed, Err(ParseFootprintError::Empty));
                continue;
            }
            _ => panic!("a form that the test does not know: {kind}"),
        };
        let footprint = parsed.unwrap_or_else(|error| panic!("{kind}: {error}"));
        let corners = footprint.shapes().iter().map(|shape| match shape {
            SkyShape::Polygon(polygon) => polygon.vertices().len(),
            SkyShape::Circle(_) => 0,
        });
        assert_eq!(corners.collect::<Vec<_>>(), expected, "{kind}");
        seen.push(kind.to_owned());
    }
    assert_eq!(seen.len(), 6);
}

#[test]
fn negative_longitudes_and_repeated_corners_are_the_same_polygon() {
    let plain = parse("POLYGON ICRS 269.6 66.6 269.5 66.6 269.5 66.7");
    let odd = parse("polygon  -90.4 66.6 -90.5 66.6 -90.5 66.7 -90.4 66.6 -90.4 66.6 ");
    assert!((plain.area() / odd.area() - 1.0).abs() < 1e-9);
    assert!(odd.contains(at(269.52, 66.62)));
    assert!(!odd.contains(at(269.58, 66.68)));
}

#[test]
fn unions_and_frames_are_read() {
    let union = parse("Union ICRS TOPOCENTER (Circle 10 20 0.5 Polygon FK5 12 20 13 20 13 21)");
    assert_eq!(union.shapes().len(), 2);
    assert!(union.contains(at(10.0, 20.4)) && union.contains(at(12.9, 20.2)));
    assert!(!union.contains(at(11.0, 20.0)));
    let center = parse("CIRCLE GALACTIC 0 0 1");
    assert!(center.distance(at(266.405, -28.936)) < Angle::from_arcsec(1.0));
    let field = parse("BOX ICRS 10 80 2 1");
    assert!((field.area() / 2.0 - 1.0).abs() < 1e-3);
    assert_eq!(parse("POLYGON GSC1 1 1 2 1 2 2").tolerance(), Angle::from_arcsec(1.0));
    assert!(parse("POSITION ICRS 5 6").contains(at(5.0, 6.0)));
}

#[test]
fn what_is_not_a_footprint_says_why() {
    for (text, expected) in [
        ("", "the footprint is empty"),
        (" NULL ", "the footprint is empty"),
        ("POLYGON 1 2 3 4 5 ...", "the footprint is cut short: it ends in ..."),
        ("POLYGON 1 2 3 4 5", "POLYGON does not go with 5 numbers"),
        ("POLYGON ICRS", "POLYGON does not go with 0 numbers"),
        ("CIRCLE 1 2", "CIRCLE does not go with 2 numbers"),
        ("CIRCLE 1 2 -3", "neither a latitude nor a radius: -3"),
        ("POLYGON 1 2 3 94 5 6", "neither a latitude nor a radius: 94"),
        ("POLYGON 1 2 1 2 3 4", "a polygon has at least three different corners, not 2"),
        ("POLYGON 1 2 3 nan 5 6", "not a shape, a frame or a number: nan"),
        ("HEXAGON 1 2", "not a shape, a frame or a number: HEXAGON"),
        ("1 2 3", "not a shape, a frame or a number: 1"),
        ("NOT (CIRCLE 1 2 3)", "not supported in a footprint: NOT"),
        ("UNION ICRS (CIRCLE 1 2 3", "the parentheses of the footprint do not match"),
        ("CIRCLE 1 2 3)", "the parentheses of the footprint do not match"),
    ] {
        assert_eq!(text.parse::<Footprint>().unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn the_wrap_at_zero_and_the_poles_are_ordinary_places() {
    let wrap = polygon(&[(359.9, -0.1), (0.1, -0.1), (0.1, 0.1), (359.9, 0.1)]);
    assert!(wrap.contains(at(0.0, 0.0)) && wrap.contains(at(359.95, 0.05)));
    assert!(!wrap.contains(at(180.0, 0.0)) && !wrap.contains(at(0.2, 0.0)));
    for sign in [1.0, -1.0] {
        let pole = polygon(&[(0.0, sign * 89.9), (120.0, sign * 89.9), (240.0, sign * 89.9)]);
        assert!(pole.contains(at(77.0, sign * 90.0)) && pole.contains(at(60.0, sign * 89.96)));
        assert!(!pole.contains(at(60.0, sign * 89.94)) && !pole.contains(at(0.0, -sign * 90.0)));
    }
}

#[test]
fn polygons_wider_than_a_hemisphere_have_their_smaller_side_inside() {
    let octant = polygon(&[(0.0, 0.0), (90.0, 0.0), (0.0, 90.0)]);
    assert!((octant.area() - 41_252.961_249_419_27 / 8.0).abs() < 1e-8);
    assert!(octant.contains(at(45.0, 30.0)) && !octant.contains(at(225.0, -30.0)));
    let band: Vec<_> = (0..12).map(|i| (f64::from(i) * 30.0, -10.0)).collect();
    let cap = polygon(&band);
    assert!(cap.contains(at(10.0, -40.0)) && cap.contains(at(0.0, -90.0)));
    assert!(!cap.contains(at(10.0, 40.0)) && !cap.contains(at(0.0, 90.0)));
    assert!(cap.area() < 41253.0 / 2.0);
}

#[test]
fn the_area_of_a_square_is_its_sides() {
    let side = 0.1f64;
    let half = (side / 2.0).to_radians().tan().atan().to_degrees();
    let square = polygon(&[(-half, -half), (half, -half), (half, half), (-half, half)]);
    assert!((square.area() / (side * side) - 1.0).abs() < 1e-5);
    let clockwise = polygon(&[(-half, half), (half, half), (half, -half), (-half, -half)]);
    assert!((square.area() / clockwise.area() - 1.0).abs() < 1e-12);
}

#[test]
fn regions_are_covered_straddled_or_missed() {
    let field = parse("POLYGON ICRS 10 -0.05 10.1 -0.05 10.1 0.05 10 0.05");
    assert_eq!(field.coverage(&circle(10.05, 0.0, 30.0)), Coverage::Yes);
    assert_eq!(field.coverage(&circle(10.2, 0.0, 30.0)), Coverage::No);
    assert_eq!(field.coverage(&circle(190.0, 0.0, 30.0)), Coverage::No);
    // Half on the western edge, a quarter on a corner.
    let Coverage::Maybe(half) = field.coverage(&circle(10.0, 0.0, 30.0)) else { panic!() };
    assert!((half - 0.5).abs() < 1e-6, "{half}");
    let Coverage::Maybe(quarter) = field.coverage(&circle(10.0, 0.05, 30.0)) else { panic!() };
    assert!((quarter - 0.25).abs() < 1e-4, "{quarter}");
    // Larger than the field.
    let Coverage::Maybe(part) = field.coverage(&circle(10.05, 0.0, 3600.0)) else { panic!() };
    assert!((part - 0.01 / std::f64::consts::PI).abs() < 1e-5, "{part}");
    // Within the tolerance of the edge.
    let edge = at(10.0, 0.0).offset(Angle::from_degrees(270.0), Angle::from_arcsec(0.05));
    assert_eq!(field.coverage(&SkyCircle::new(edge, Angle::ZERO)), Coverage::Yes);
    let strict = field.with_tolerance(Angle::ZERO);
    assert_eq!(strict.coverage(&SkyCircle::new(edge, Angle::ZERO)), Coverage::No);
}

#[test]
fn two_chips_cover_together() {
    let chips =
        parse("POLYGON 10 0 10.1 0 10.1 0.05 10 0.05 POLYGON 10 0.05 10.1 0.05 10.1 0.1 10 0.1");
    let Coverage::Maybe(all) = chips.coverage(&circle(10.05, 0.05, 20.0)) else { panic!() };
    assert!(all > 0.98, "{all}");
    assert_eq!(chips.coverage(&circle(10.05, 0.025, 20.0)), Coverage::Yes);
}

#[test]
fn polygons_that_cross_without_a_corner_inside_intersect() {
    let wide = polygon(&[(-1.0, -0.1), (1.0, -0.1), (1.0, 0.1), (-1.0, 0.1)]);
    let tall = polygon(&[(-0.1, -1.0), (0.1, -1.0), (0.1, 1.0), (-0.1, 1.0)]);
    let far = polygon(&[(3.0, 0.0), (4.0, 0.0), (4.0, 1.0)]);
    let tiny = polygon(&[(0.0, 0.0), (0.01, 0.0), (0.01, 0.01)]);
    assert!(wide.intersects(&tall) && tall.intersects(&wide));
    assert!(wide.intersects(&tiny) && tiny.intersects(&wide));
    assert!(!wide.intersects(&far) && !far.intersects(&wide));
}

#[test]
fn distances_are_to_edges_and_corners() {
    let field = polygon(&[(10.0, -1.0), (12.0, -1.0), (12.0, 1.0), (10.0, 1.0)]);
    assert_eq!(field.distance(at(11.0, 0.0)), Angle::ZERO);
    assert!((field.distance_to_boundary(at(11.0, 0.0)).degrees() - 1.0).abs() < 1e-3);
    assert!((field.distance(at(9.0, 0.0)).degrees() - 1.0).abs() < 1e-12);
    let corner = field.distance(at(9.0, 2.0));
    assert!((corner - at(9.0, 2.0).separation(at(10.0, 1.0))).abs() < Angle::from_arcsec(1e-9));
    assert!(field.intersects_circle(&circle(9.0, 0.0, 3601.0)));
    assert!(!field.intersects_circle(&circle(9.0, 0.0, 3599.0)));
}

/// A star-shaped polygon around a place: one corner every `360 / radii.len()` degrees.
fn star(center: SkyCoord, radii: &[f64], clockwise: bool) -> SkyPolygon {
    let step = 360.0 / radii.len() as f64;
    let mut corners: Vec<_> = radii
        .iter()
        .enumerate()
        .map(|(i, &r)| center.offset(Angle::from_degrees(i as f64 * step), Angle::from_degrees(r)))
        .collect();
    if clockwise {
        corners.reverse();
    }
    SkyPolygon::new(&corners).unwrap()
}

proptest! {
    #[test]
    fn stars_contain_what_lies_within_their_corners(
        ra in 0.0..360.0, dec in -90.0..=90.0, size in 1e-3..60.0f64, clockwise in any::<bool>(),
        radii in prop::collection::vec(0.5..1.0f64, 5..12),
    ) {
        let center = at(ra, dec);
        let radii: Vec<f64> = radii.iter().map(|r| r * size).collect();
        let polygon = star(center, &radii, clockwise);
        let step = 360.0 / radii.len() as f64;
        prop_assert!(polygon.contains(center));
        for (i, &r) in radii.iter().enumerate() {
            let toward = |r: f64| center.offset(Angle::from_degrees(i as f64 * step), Angle::from_degrees(r));
            prop_assert!(polygon.contains(toward(r * 0.999)));
            prop_assert!(!polygon.contains(toward(r * 1.001)));
            prop_assert!(polygon.distance_to_boundary(toward(r)).degrees() < 1e-12 + 1e-9 * size);
        }
        let antipode = center.offset(Angle::ZERO, Angle::from_degrees(180.0));
        prop_assert!(!polygon.contains(antipode));
    }

    #[test]
    fn the_exact_fraction_is_the_sampled_one(
        ra in 0.0..360.0, dec in -90.0..=90.0, toward in 0.0..360.0, off in 0.0..1.2f64,
        radii in prop::collection::vec(0.5..1.0f64, 4..9),
    ) {
        let center = at(ra, dec);
        let polygon = star(center, &radii, false);
        let region = SkyCircle::new(
            center.offset(Angle::from_degrees(toward), Angle::from_degrees(off)),
            Angle::from_degrees(0.4),
        );
        let exact = match Footprint::from(polygon.clone()).coverage(&region) {
            Coverage::Yes => 1.0,
            Coverage::Maybe(fraction) => fraction,
            Coverage::No => 0.0,
        };
        let (n, mut inside) = (40, 0);
        for i in 0..n * n {
            let r = 0.4 * ((f64::from(i / n) + 0.5) / f64::from(n)).sqrt();
            let angle = f64::from(i % n) * 360.0 / f64::from(n) + f64::from(i / n);
            let place = region.center().offset(Angle::from_degrees(angle), Angle::from_degrees(r));
            inside += u32::from(polygon.contains(place));
        }
        let sampled = f64::from(inside) / f64::from(n * n);
        prop_assert!((exact - sampled).abs() < 0.03, "{exact} {sampled}");
    }

    #[test]
    fn a_quick_no_is_a_slow_no(
        ra in 0.0..360.0, dec in -90.0..=90.0, off in 0.0..3.0f64, pa in 0.0..360.0, r in 0.0..1.0f64,
    ) {
        let polygon = star(at(ra, dec), &[1.0, 0.7, 0.9, 0.6, 0.8], true);
        let place = at(ra, dec).offset(Angle::from_degrees(pa), Angle::from_degrees(off));
        let region = SkyCircle::new(place, Angle::from_degrees(r));
        let near = polygon.distance(place).degrees() < r;
        prop_assert_eq!(polygon.intersects_circle(&region), near);
        let covered = Footprint::from(polygon).with_tolerance(Angle::ZERO).coverage(&region);
        prop_assert_eq!(covered != Coverage::No, near);
    }

    #[test]
    fn no_text_panics(text in "(polygon|CIRCLE|union|icrs|\\(|\\)|[-0-9. ]{0,12}|\\PC| ){0,12}") {
        let _ = text.parse::<Footprint>();
    }
}

/// A rectangle of half sides `w` and `h` (arcsec), turned, as a region.
fn rectangle(center: SkyCoord, (w, h): (f64, f64), turn: f64) -> SkyPolygon {
    let corner = |(x, y): (f64, f64)| {
        let direction = Angle::from_degrees(turn) + Angle::from_radians(x.atan2(y));
        center.offset(direction, Angle::from_arcsec(x.hypot(y)))
    };
    SkyPolygon::new(&[(w, h), (-w, h), (-w, -h), (w, -h)].map(corner)).unwrap()
}

#[test]
fn a_rectangle_at_an_edge_is_covered_by_its_share() {
    // 6 arcmin of a side, seen from right ascension 0 and near the pole too.
    for (ra, dec) in [(10.0, 20.0), (0.0, -30.0), (123.0, 89.99)] {
        let center = at(ra, dec);
        let image = Footprint::from(rectangle(center, (180.0, 180.0), 0.0));
        let shifted = |north: f64| center.offset(Angle::ZERO, Angle::from_arcsec(north));
        let covered = |north: f64, w: f64, h: f64| {
            image.coverage_of(&SkyShape::Polygon(rectangle(shifted(north), (w, h), 0.0)))
        };
        assert_eq!(covered(0.0, 100.0, 100.0), Coverage::Yes);
        assert_eq!(
            covered(80.0, 100.0, 100.05),
            Coverage::Yes,
            "within the tolerance of 0.1 arcsec"
        );
        assert!(matches!(covered(80.0, 100.0, 100.2), Coverage::Maybe(share) if share > 0.998));
        for (north, share) in [(130.0, 0.75), (180.0, 0.5), (230.0, 0.25)] {
            let found = covered(north, 100.0, 100.0);
            assert!(matches!(found, Coverage::Maybe(s) if (s - share).abs() < 1e-4), "{found:?}");
        }
        assert_eq!(covered(280.5, 100.0, 100.0), Coverage::No);
        // What the circle around it would have cut lies inside: the corners alone reach the edge.
        let turned = rectangle(center, (120.0, 120.0), 45.0);
        assert_eq!(image.coverage_of(&turned.clone().into()), Coverage::Yes);
        assert!(matches!(
            image.coverage(rectangle(center, (150.0, 150.0), 0.0).bounding_circle()),
            Coverage::Maybe(_)
        ));
        assert_eq!(covered(0.0, 150.0, 150.0), Coverage::Yes);
        // All around the image, and much smaller than the tolerance.
        assert!(
            matches!(covered(0.0, 360.0, 360.0), Coverage::Maybe(s) if (s - 0.25).abs() < 1e-4)
        );
        assert_eq!(covered(179.99, 0.01, 0.05), Coverage::Yes);
    }
}

#[test]
fn a_hole_or_a_notch_is_no_cover() {
    let center = at(10.0, 20.0);
    // A polygon with a notch of 2 arcsec that reaches its middle from the north.
    let outline = [
        (180.0, 180.0),
        (1.0, 180.0),
        (1.0, 0.0),
        (-1.0, 0.0),
        (-1.0, 180.0),
        (-180.0, 180.0),
        (-180.0, -180.0),
        (180.0, -180.0),
    ];
    let corner = |(x, y): (f64, f64)| {
        center.offset(Angle::from_radians(x.atan2(y)), Angle::from_arcsec(x.hypot(y)))
    };
    let notched = Footprint::from(SkyPolygon::new(&outline.map(corner)).unwrap());
    let found = notched.coverage_of(&rectangle(center, (50.0, 50.0), 0.0).into());
    assert!(matches!(found, Coverage::Maybe(share) if (share - 0.99).abs() < 1e-6), "{found:?}");
    // The notch itself as a region, and a region that is not convex in an image that is.
    let image = Footprint::from(rectangle(center, (200.0, 200.0), 0.0));
    let region = SkyShape::Polygon(SkyPolygon::new(&outline.map(corner)).unwrap());
    assert_eq!(image.coverage_of(&region), Coverage::Yes);
    let half = Footprint::from(rectangle(corner((0.0, 200.0)), (200.0, 200.0), 0.0));
    let found = half.coverage_of(&region);
    let share = (360.0 * 180.0 - 2.0 * 180.0) / (360.0 * 360.0 - 2.0 * 180.0);
    assert!(matches!(found, Coverage::Maybe(s) if (s - share).abs() < 1e-4), "{found:?} {share}");
    let circle = Footprint::from(circle(10.0, 20.0, 80.0));
    let inside = rectangle(center, (56.0, 56.0), 30.0);
    assert_eq!(circle.coverage_of(&inside.into()), Coverage::Yes);
    let around = rectangle(center, (80.0, 80.0), 30.0);
    let found = circle.coverage_of(&around.into());
    let share = std::f64::consts::FRAC_PI_4;
    assert!(matches!(found, Coverage::Maybe(s) if (s - share).abs() < 0.01), "{found:?}");
}

proptest! {
    #[test]
    fn rectangles_are_covered_as_their_points_are(
        ra in 0.0..360.0, dec in -90.0..=90.0, sides in (5.0..400.0, 5.0..400.0), turn in 0.0..360.0,
        shift in (0.0..360.0, 0.0..400.0), radii in proptest::collection::vec(0.3..1.0, 3..8),
        two: bool, reverse: bool,
    ) {
        let center = at(ra, dec);
        let step = 360.0 / radii.len() as f64;
        let star = |center: SkyCoord| {
            let corner = |(n, r): (usize, &f64)| {
                center.offset(Angle::from_degrees(step * n as f64), Angle::from_arcsec(300.0 * r))
            };
            let mut corners: Vec<_> = radii.iter().enumerate().map(corner).collect();
            if reverse {
                corners.reverse();
            }
            SkyShape::Polygon(SkyPolygon::new(&corners).unwrap())
        };
        let mut shapes = vec![star(center)];
        if two {
            shapes.push(star(center.offset(Angle::from_degrees(70.0), Angle::from_arcsec(350.0))));
        }
        let footprint = Footprint::new(shapes).unwrap();
        let middle = center.offset(Angle::from_degrees(shift.0), Angle::from_arcsec(shift.1));
        let region = rectangle(middle, sides, turn);
        let points: Vec<_> = (0..1600)
            .map(|n| {
                let place = |k: i32, side: f64| ((f64::from(k) + 0.5) / 20.0 - 1.0) * side;
                let (x, y) = (place(n % 40, sides.0), place(n / 40, sides.1));
                let direction = Angle::from_degrees(turn) + Angle::from_radians(x.atan2(y));
                middle.offset(direction, Angle::from_arcsec(x.hypot(y)))
            })
            .collect();
        let inside = points.iter().filter(|point| footprint.contains(**point)).count();
        let share = inside as f64 / 1600.0;
        match footprint.coverage_of(&region.into()) {
            Coverage::Yes => {
                let farthest = points.iter().map(|point| footprint.distance(*point).arcsec());
                prop_assert!(farthest.fold(0.0, f64::max) <= 0.11);
            }
            Coverage::No => prop_assert_eq!(inside, 0),
            Coverage::Maybe(found) => prop_assert!((found - share).abs() < 0.05, "{} {}", found, share),
        }
    }
}
