//! Shapes in pixels against closed forms and against counting, and conversions at the edges of the sky.

use astro_coords::{Angle, PixelCoord, SkyCoord};
use ds9_regions::{
    ConvertError, Frame, ImageFrame, Mode, OnlyExcluded, PixelShape, Region, RegionFile, Selection,
    Wcs,
};
use proptest::prelude::*;

/// A plain TAN image, written out here; `east` is the sign of the right ascension along x.
struct Tan {
    center: SkyCoord,
    degrees: f64,
    east: f64,
}

impl Wcs for Tan {
    fn to_pixel(&self, place: SkyCoord) -> Option<PixelCoord> {
        let (d, d0) = (place.dec.radians(), self.center.dec.radians());
        let a = (place.ra - self.center.ra).radians();
        let depth = d.sin() * d0.sin() + d.cos() * d0.cos() * a.cos();
        if depth <= 0.0 {
            return None;
        }
        let east = d.cos() * a.sin() / depth;
        let north = (d.sin() * d0.cos() - d.cos() * d0.sin() * a.cos()) / depth;
        let pixels = |plane: f64| plane.to_degrees() / self.degrees;
        Some(PixelCoord::new(500.0 + self.east * pixels(east), 500.0 + pixels(north)))
    }

    fn to_sky(&self, pixel: PixelCoord) -> Option<SkyCoord> {
        let east = (self.east * (pixel.x - 500.0) * self.degrees).to_radians();
        let north = ((pixel.y - 500.0) * self.degrees).to_radians();
        let distance = Angle::from_radians(east.hypot(north).atan());
        Some(self.center.offset(Angle::from_radians(east.atan2(north)), distance))
    }

    fn shape(&self) -> Option<(usize, usize)> {
        Some((1001, 1001))
    }
}

fn at(ra: f64, dec: f64) -> Tan {
    Tan { center: SkyCoord::from_degrees(ra, dec), degrees: 1e-3, east: -1.0 }
}

fn regions(text: &str) -> Vec<Region> {
    let file = RegionFile::parse(text.as_bytes(), Mode::Default);
    assert!(file.errors().is_empty(), "{text}");
    file.regions().to_vec()
}

fn pixel(text: &str, wcs: &Tan) -> PixelShape {
    regions(text)[0].to_pixel(&ImageFrame::new(wcs)).unwrap()
}

/// The share of a fine grid over the bounds that lies inside, as an area.
fn counted(shape: &PixelShape) -> f64 {
    let bounds = shape.bounding_box().unwrap();
    let (w, h) = (bounds.max.x - bounds.min.x, bounds.max.y - bounds.min.y);
    let side = 1500;
    let mut inside = 0u32;
    for row in 0..side {
        for column in 0..side {
            let [u, v] = [column, row].map(|i| (f64::from(i) + 0.5) / f64::from(side));
            inside += u32::from(
                shape.contains(PixelCoord::new(bounds.min.x + u * w, bounds.min.y + v * h)),
            );
        }
    }
    f64::from(inside) / f64::from(side * side) * w * h
}

#[test]
fn area_is_what_contains_counts() {
    for text in [
        "circle(50,60,20)",
        "ellipse(50,60,20,7,33)",
        "box(50,60,30,11,71)",
        "polygon(0,0,30,2,17,11,25,40,3,30)",
        "annulus(50,60,5,10,20)",
        "ellipse(50,60,10,5,20,10,40,20,15)",
        "box(50,60,10,5,20,10,40)",
        "panda(50,60,300,60,3,5,20,2)",
        "panda(50,60,0,360,4,5,20,2)",
        "epanda(50,60,30,200,3,10,5,30,15,2,45)",
        "epanda(50,60,190,170,3,10,5,30,15,2,45)",
        "bpanda(50,60,20,100,3,10,5,30,15,2,45)",
        "bpanda(50,60,200,40,3,10,5,30,15,2,10)",
    ] {
        let shape = pixel(&format!("image;{text}"), &at(10.0, 20.0));
        let (area, counted) = (shape.area(), counted(&shape));
        assert!((area - counted).abs() < 2e-3 * area, "{text}: {area} and {counted}");
    }
}

#[test]
fn areas_in_closed_form() {
    let area = |text: &str| pixel(&format!("image;{text}"), &at(10.0, 20.0)).area();
    let pi = std::f64::consts::PI;
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9 * b.abs().max(1.0), "{a} {b}");
    close(area("circle(5,5,3)"), 9.0 * pi);
    close(area("ellipse(5,5,3,2,77)"), 6.0 * pi);
    close(area("box(5,5,3,2,77)"), 6.0);
    close(area("annulus(5,5,1,2,n=7)"), 3.0 * pi);
    close(area("panda(5,5,30,120,9,1,2,3)"), 0.75 * pi);
    close(area("epanda(5,5,0,90,1,0,0,4,2,1,13)"), 2.0 * pi);
    close(area("bpanda(5,5,0,90,1,0,0,4,2,1,13)"), 2.0);
    close(area("polygon(1e6,1e6,1000003,1e6,1000003,1000004)"), 6.0);
    for none in ["circle(5,5,0)", "circle(5,5,-3)", "box(5,5,0,2)", "line(1,1,5,5)", "point(1,1)"] {
        close(area(none), 0.0);
    }
}

#[test]
fn edges_belong_where_ds9_says() {
    let holds = |text: &str, x: f64, y: f64| {
        pixel(&format!("image;{text}"), &at(10.0, 20.0)).contains(PixelCoord::from_fits(x, y))
    };
    assert!(holds("circle(5,5,3)", 8.0, 5.0));
    assert!(holds("box(5,5,4,2)", 3.0, 5.0) && !holds("box(5,5,4,2)", 7.0, 5.0));
    assert!(holds("box(5,5,4,2)", 5.0, 6.0) && !holds("box(5,5,4,2)", 5.0, 4.0));
    for (x, y) in [(1.0, 1.0), (4.0, 1.0), (4.0, 5.0), (2.5, 3.0), (2.0, 1.0)] {
        assert!(holds("polygon(1,1,4,1,4,5)", x, y), "{x} {y}");
    }
    assert!(!holds("annulus(5,5,2,4)", 7.0, 5.0) && holds("annulus(5,5,2,4)", 9.0, 5.0));
    assert!(holds("panda(5,5,0,90,1,0,4,1)", 7.0, 5.0));
    assert!(!holds("panda(5,5,0,90,1,0,4,1)", 5.0, 7.0));
    for zero in ["circle(5,5,0)", "circle(5,5,-2)", "ellipse(5,5,0,2)", "box(5,5,0,0)"] {
        assert!(!holds(zero, 5.0, 5.0), "{zero}");
    }
    for shape in
        ["circle(5,5,3)", "box(5,5,3,3)", "polygon(1,1,4,1,4,5)", "panda(5,5,0,360,1,0,4,1)"]
    {
        assert!(!holds(shape, f64::NAN, 5.0) && !holds(shape, 5.0, f64::NAN), "{shape}");
    }
}

#[test]
fn outlines_keep_to_their_tolerance_and_bounds() {
    for text in ["circle(5,5,300)", "ellipse(5,5,300,20,30)", "panda(5,5,20,340,3,20,300,2)"] {
        let shape = pixel(&format!("image;{text}"), &at(10.0, 20.0));
        let bounds = shape.bounding_box().unwrap();
        for line in shape.outline(0.05) {
            assert!(line.len() < 400, "{text}: {}", line.len());
            for place in line {
                let near = PixelCoord::new(
                    place.x.clamp(bounds.min.x, bounds.max.x),
                    place.y.clamp(bounds.min.y, bounds.max.y),
                );
                assert!(near.distance(place) < 1e-9, "{text}");
            }
        }
    }
    let circle = pixel("image;circle(5,5,300)", &at(10.0, 20.0));
    let line = &circle.outline(0.05)[0];
    let middle = PixelCoord::new((line[0].x + line[1].x) / 2.0, (line[0].y + line[1].y) / 2.0);
    let sag = 300.0 - middle.distance(PixelCoord::from_fits(5.0, 5.0));
    assert!((0.0..=0.05).contains(&sag), "{sag}");
    assert_eq!(line.first(), line.last());
}

#[test]
fn sky_angles_hold_for_both_parities() {
    for east in [-1.0, 1.0] {
        let wcs = Tan { east, ..at(10.0, 0.0) };
        let PixelShape::Box { angle, size, .. } = pixel("icrs;box(10,0,20\",10\",30)", &wcs) else {
            panic!()
        };
        let expected = if east < 0.0 { 30.0 } else { 150.0 };
        assert!((angle.degrees() - expected).abs() < 1e-6, "{east} {angle:?}");
        assert!((size[0] - 20.0 / 3.6).abs() < 1e-6);
        // The first cell starts west and ends north: on the right, or mirrored on the left.
        let panda = pixel("icrs;panda(10,0,0,90,1,0\",20\",1)", &wcs);
        let toward = PixelCoord::new(500.0 - 2.0 * east, 502.0);
        assert!(panda.contains(toward) && (panda.area() - 24.24).abs() < 0.1, "{panda:?}");
    }
}

#[test]
fn policies_differ_as_told() {
    let wcs = Tan { degrees: 1e-4, ..at(195.1, 28.06) };
    let region = &regions("icrs;box(195.2,28.06,20\",10\",30)")[0];
    let turn = |frame: ImageFrame<'_>| match region.to_pixel(&frame).unwrap() {
        PixelShape::Box { angle, .. } => angle.degrees(),
        other => panic!("{other:?}"),
    };
    let (local, center) = (turn(ImageFrame::new(&wcs)), turn(ImageFrame::as_ds9(&wcs)));
    assert!((center - 30.0).abs() < 1e-4, "{center}");
    assert!((local - 30.0 + 0.1 * 28.06f64.to_radians().sin()).abs() < 1e-4, "{local}");
}

#[test]
fn poles_wrap_and_other_side() {
    let pole = at(0.0, 90.0);
    let center = pixel("icrs;circle(123,90,3.6\")", &pole);
    let PixelShape::Circle { center, radius } = center else { panic!() };
    assert!(center.distance(PixelCoord::new(500.0, 500.0)) < 1e-9 && (radius - 1.0).abs() < 1e-6);
    let wrap = at(0.0, 0.0);
    let PixelShape::Polygon(corners) = pixel("icrs;polygon(359.9,0,0.1,0,0,0.1)", &wrap) else {
        panic!()
    };
    assert!((corners[0].x - 600.0).abs() < 1e-3 && (corners[1].x - 400.0).abs() < 1e-3);
    let all = regions("icrs;circle(0,0,1\");circle(180,0,1\");circle(0.1,0,1\")");
    let (chosen, errors) = Selection::new(&all, &ImageFrame::new(&wrap), OnlyExcluded::default());
    assert_eq!(errors, [(1, ConvertError::OffProjection)]);
    assert!(chosen.contains(PixelCoord::new(500.0, 500.0)));
    assert!(chosen.contains(PixelCoord::new(400.0, 500.0)));
}

#[test]
fn selections_are_set_operations() {
    let wcs = at(10.0, 20.0);
    let frame = ImageFrame::new(&wcs);
    let choose = |text: &str, only| Selection::new(&regions(text), &frame, only).0;
    let holds = |selection: &Selection, x: f64| selection.contains(PixelCoord::from_fits(x, 0.0));
    let ring = choose("image;circle(0,0,5);-circle(0,0,2)", OnlyExcluded::Nothing);
    assert!(holds(&ring, 4.0) && !holds(&ring, 1.0) && !holds(&ring, 6.0));
    let rest = "image;-circle(0,0,2);point(9,0)";
    assert!(!holds(&choose(rest, OnlyExcluded::Nothing), 4.0));
    let rest = choose(rest, OnlyExcluded::EverythingElse);
    assert!(holds(&rest, 4.0) && !holds(&rest, 1.0));
    let or = "image;# composite(0,0,0) ||\ncircle(0,0,3) ||\ncircle(4,0,3)\ncircle(20,0,1)";
    let or = choose(or, OnlyExcluded::Nothing);
    assert!(holds(&or, -2.0) && holds(&or, 6.0) && holds(&or, 20.0) && !holds(&or, 10.0));
    let and = "image;# composite(0,0,0) ||\ncircle(0,0,3) &&\ncircle(4,0,3)\ncircle(20,0,1)";
    let and = choose(and, OnlyExcluded::Nothing);
    assert!(holds(&and, 2.0) && !holds(&and, -2.0) && !holds(&and, 6.0) && holds(&and, 20.0));
}

#[test]
fn frames_carry_angles_and_come_back() {
    let wcs = at(195.1, 28.06);
    let frame = ImageFrame::new(&wcs);
    for text in [
        "fk5;box(195.11,28.07,20\",10\",30)",
        "fk5;ellipse(195.11,28.07,20\",10\",300)",
        "fk5;vector(195.11,28.07,20\",80)",
        "fk5;panda(195.11,28.07,30,110,3,2\",20\",2)",
        "fk5;polygon(195.11,28.07,195.12,28.07,195.12,28.08)",
    ] {
        let region = &regions(text)[0];
        let before = format!("{:.5?}", region.to_pixel(&frame).unwrap());
        for to in [Frame::GALACTIC, Frame::ICRS, Frame::FK5] {
            let moved = region.in_frame(to, None).unwrap();
            assert_eq!(format!("{:.5?}", moved.to_pixel(&frame).unwrap()), before, "{to}");
        }
        let image = region.in_frame(Frame::IMAGE, Some(&frame)).unwrap();
        assert_eq!(format!("{:.5?}", image.to_pixel(&frame).unwrap()), before);
        let back = image.in_frame(Frame::FK5, Some(&frame)).unwrap();
        assert_eq!(format!("{:.5?}", back.to_pixel(&frame).unwrap()), before);
        let error = region.in_frame(Frame::IMAGE, None).unwrap_err();
        assert!(matches!(error, ConvertError::NeedsImage { .. }));
    }
}

/// A text turns with its frame as a box there does; one that names no angle stays level.
#[test]
fn the_angle_of_a_text_is_carried() {
    let wcs = at(195.1, 28.06);
    let frame = ImageFrame::new(&wcs);
    let both = regions(
        "global textangle=30\nfk5;box(195.11,28.07,20\",10\",30)\ntext(195.11,28.07)\n\
         text(195.11,28.07) # textangle=30 text={a}",
    );
    for to in [Frame::GALACTIC, Frame::ICRS, Frame::IMAGE] {
        let moved: Vec<_> =
            both.iter().map(|one| one.in_frame(to, Some(&frame)).unwrap()).collect();
        let ds9_regions::Shape::Box { angle: Some(angle), .. } = moved[0].shape else { panic!() };
        for text in &moved[1..] {
            let turned = text.text_angle().unwrap() - angle;
            assert!(turned.wrapped_signed().degrees().abs() < 1e-9, "{to}: {text:?}");
        }
    }
    let level = &regions("fk5;text(195.11,28.07) # text={a}")[0];
    assert_eq!(level.in_frame(Frame::GALACTIC, None).unwrap().text_angle(), None);
}

#[test]
fn a_large_polygon_takes_linear_time() {
    let count = 1_000_000;
    let vertices = (0..count).map(|i| {
        let (sin, cos) = (std::f64::consts::TAU * f64::from(i) / f64::from(count)).sin_cos();
        PixelCoord::new(1e3 * cos, 1e3 * sin)
    });
    let shape = PixelShape::Polygon(vertices.collect());
    assert!((shape.area() - std::f64::consts::PI * 1e6).abs() < 1e-2);
    assert!(shape.contains(PixelCoord::new(999.9, 0.1)));
    assert!(!shape.contains(PixelCoord::new(800.0, 800.0)));
}

fn place() -> impl Strategy<Value = PixelCoord> + Clone {
    (-20.0..20.0, -20.0..20.0).prop_map(|(x, y)| PixelCoord::new(x, y))
}

fn any_shape(vertex: impl Strategy<Value = PixelCoord>) -> impl Strategy<Value = PixelShape> {
    let angle = prop_oneof![Just(0.0), -400.0..400.0].prop_map(Angle::from_degrees);
    let pair = || (-1.0..20.0, 0.0..20.0).prop_map(|(a, b)| [a, b]);
    let pairs = (pair(), pair()).prop_map(|(a, b)| vec![a, [a[0] + b[0], a[1] + b[1]]]);
    let edges = (0.0..360.0, 1.0..360.0)
        .prop_map(|(start, span)| [start, start + span].map(Angle::from_degrees).to_vec());
    prop_oneof![
        2 => proptest::collection::vec(vertex, 0..40).prop_map(PixelShape::Polygon),
        1 => (place(), -1.0..20.0).prop_map(|(center, radius)| PixelShape::Circle { center, radius }),
        5 => (0..6, place(), pair(), pairs, edges, angle).prop_map(
            |(kind, center, size, pairs, angles, angle)| match kind {
                0 => PixelShape::Ellipse { center, semi_axes: size, angle },
                1 => PixelShape::Box { center, size, angle },
                2 => PixelShape::Annulus { center, radii: pairs.iter().map(|p| p[0]).collect() },
                3 => PixelShape::BoxAnnulus { center, sizes: pairs, angle },
                4 => PixelShape::Epanda { center, angles, semi_axes: pairs, angle },
                _ => PixelShape::Panda { center, angles, radii: pairs.iter().map(|p| p[0]).collect() },
            },
        ),
    ]
}

fn places() -> Vec<PixelCoord> {
    let grid = (-21..21).flat_map(|y| (-21..21).map(move |x| (f64::from(x), f64::from(y))));
    let odd = [(f64::NAN, 0.0), (0.0, f64::NAN), (f64::INFINITY, 1.0), (1.0, -f64::INFINITY)];
    let between = (0..200).map(|n| (f64::from(n) * 0.173 - 17.0, f64::from(n * n) * 0.001 - 19.0));
    grid.chain(odd).chain(between).map(|(x, y)| PixelCoord::new(x, y)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn many_places_are_asked_as_one_is(
        shape in any_shape(prop_oneof![
            place(),
            // So that places lie on edges and vertices.
            (-9..9, -9..9).prop_map(|(x, y)| PixelCoord::new(f64::from(x), f64::from(y))),
        ]),
    ) {
        let places = places();
        let many = shape.contains_many(&places);
        for (place, inside) in places.iter().zip(many) {
            prop_assert_eq!(shape.contains(*place), inside, "{:?}", place);
            prop_assert!(place.is_finite() || !inside, "{:?}", place);
        }
    }

    #[test]
    fn what_is_inside_stays_inside_when_moved(
        shape in any_shape(place()),
        (x, y, turn, scale) in (-9.0..9.0, -9.0..9.0, -400.0..400.0, 0.1..5.0),
    ) {
        let (pivot, angle) = (PixelCoord::new(x, y), Angle::from_degrees(turn));
        let move_it =
            |shape: &PixelShape| shape.translated(x, y).rotated(pivot, angle).scaled(pivot, scale);
        let moved = move_it(&shape);
        let area = shape.area() * scale * scale;
        prop_assert!((moved.area() - area).abs() <= 1e-9 * (1.0 + area));
        for place in places().into_iter().step_by(11).filter(|place| place.is_finite()) {
            let there = move_it(&PixelShape::Point(place)).center().unwrap();
            prop_assert_eq!(moved.contains(there), shape.contains(place), "{:?}", place);
        }
    }
}

#[test]
fn strips_of_a_comb_stay_few() {
    // Every edge is as high as the whole: one strip for each edge would take 1e10 entries.
    let comb: Vec<_> =
        (0..100_000).map(|n| PixelCoord::new(f64::from(n), f64::from(n % 2) * 10.0)).collect();
    let shape = PixelShape::Polygon(comb);
    let places: Vec<_> = (0..20).map(|n| PixelCoord::new(f64::from(n) * 1000.5, 4.5)).collect();
    let one: Vec<_> = places.iter().map(|place| shape.contains(*place)).collect();
    assert_eq!(shape.contains_many(&places), one);
}
