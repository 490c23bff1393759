//! `hst catalog` on every shape of a region file: sums and areas against the sky itself.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/sky.rs"]
#[expect(dead_code, reason = "the keywords are those of any image here")]
mod sky;

use std::f64::consts::PI;

use common::{hst, stderr, stdout};
use sky::{Catalog, Sky};

/// Bright on one side, with waves.
fn scene(x: usize, y: usize) -> f64 {
    let (x, y) = (x as f64, y as f64);
    20.0 + 0.11 * x - 0.07 * y + 4.0 * (0.21 * x).sin() * (0.13 * y).cos()
}

/// Rotated, mirrored, and with pixels that are neither square nor upright.
fn skies() -> [Sky; 3] {
    let at = |matrix| Sky { matrix, ..Sky::default() };
    [Sky::default(), at([[-0.045, 0.021], [0.018, 0.052]]), at([[0.031, 0.036], [-0.04, 0.028]])]
}

fn measure(sky: &Sky, regions: &str, options: &[&str]) -> (Catalog, Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("r.reg"), regions).expect("written");
    sky.write(&folder.path().join("a.fits"), &sky.pixels(scene), &[]);
    let mut args = vec!["catalog", "r.reg", "--images", "a.fits", "--format", "csv"];
    args.extend(["--columns", "all", "--background", "none"]);
    args.extend(options);
    let output = hst(folder.path(), &args);
    (Catalog::of_csv(&stdout(&output)), output.status.code(), stderr(&output))
}

fn ellipse(a: f64, b: f64, degrees: f64) -> impl Fn(f64, f64) -> bool + Copy {
    let (sin, cos) = f64::to_radians(degrees).sin_cos();
    move |w, n| ((w * cos + n * sin) / a).powi(2) + ((n * cos - w * sin) / b).powi(2) < 1.0
}

fn rectangle(width: f64, height: f64, degrees: f64) -> impl Fn(f64, f64) -> bool + Copy {
    let (sin, cos) = f64::to_radians(degrees).sin_cos();
    move |w, n| (w * cos + n * sin).abs() < width / 2.0 && (n * cos - w * sin).abs() < height / 2.0
}

/// Between two directions from west through north.
fn between(w: f64, n: f64, from: f64, to: f64) -> bool {
    (n.atan2(w).to_degrees() - from).rem_euclid(360.0) < to - from
}

/// Statement, what is inside (arcsec west and north of the middle), its area.
type Case = (&'static str, Vec<(&'static str, Box<dyn Fn(f64, f64) -> bool>, f64)>);

fn cases() -> Vec<Case> {
    let circle = |r: f64| ellipse(r, r, 0.0);
    vec![
        ("circle(150,-30,1.2\")", vec![("1", Box::new(circle(1.2)), PI * 1.44)]),
        (
            "ellipse(150,-30,1.8\",0.7\",25)",
            vec![("1", Box::new(ellipse(1.8, 0.7, 25.0)), PI * 1.26)],
        ),
        ("box(150,-30,2.4\",1.1\",40)", vec![("1", Box::new(rectangle(2.4, 1.1, 40.0)), 2.64)]),
        (
            "annulus(150,-30,0.5\",1\",1.5\")",
            vec![
                ("1.1", Box::new(move |w, n| circle(1.0)(w, n) && !circle(0.5)(w, n)), 0.75 * PI),
                ("1.2", Box::new(move |w, n| circle(1.5)(w, n) && !circle(1.0)(w, n)), 1.25 * PI),
            ],
        ),
        (
            "ellipse(150,-30,0.8\",0.4\",1.6\",0.8\",70)",
            vec![(
                "1",
                Box::new(|w, n| ellipse(1.6, 0.8, 70.0)(w, n) && !ellipse(0.8, 0.4, 70.0)(w, n)),
                0.96 * PI,
            )],
        ),
        (
            "box(150,-30,0.8\",0.6\",2\",1.5\",15)",
            vec![(
                "1",
                Box::new(|w, n| {
                    rectangle(2.0, 1.5, 15.0)(w, n) && !rectangle(0.8, 0.6, 15.0)(w, n)
                }),
                2.52,
            )],
        ),
        (
            "panda(150,-30,30,210,2,0.4\",1.4\",1)",
            vec![
                (
                    "1.1",
                    Box::new(move |w, n| {
                        circle(1.4)(w, n) && !circle(0.4)(w, n) && between(w, n, 30.0, 120.0)
                    }),
                    0.25 * PI * 1.8,
                ),
                (
                    "1.2",
                    Box::new(move |w, n| {
                        circle(1.4)(w, n) && !circle(0.4)(w, n) && between(w, n, 120.0, 210.0)
                    }),
                    0.25 * PI * 1.8,
                ),
            ],
        ),
        (
            "epanda(150,-30,0,90,1,0.5\",0.4\",1.5\",1.2\",1,20)",
            vec![(
                "1",
                Box::new(|w, n| {
                    ellipse(1.5, 1.2, 20.0)(w, n)
                        && !ellipse(0.5, 0.4, 20.0)(w, n)
                        && between(w, n, 20.0, 110.0)
                }),
                0.25 * PI * 1.6,
            )],
        ),
        (
            "bpanda(150,-30,0,90,1,0.5\",0.4\",2.5\",2\",1,20)",
            vec![(
                "1",
                Box::new(|w, n| {
                    rectangle(2.5, 2.0, 20.0)(w, n)
                        && !rectangle(0.5, 0.4, 20.0)(w, n)
                        && between(w, n, 20.0, 110.0)
                }),
                1.2,
            )],
        ),
    ]
}

/// A quadrilateral around the middle, by offsets west and north in arcsec.
const CORNERS: [[f64; 2]; 4] = [[-1.1, -0.9], [1.3, -0.4], [0.2, 0.1], [-0.3, 1.4]];

fn polygon(sky: &Sky) -> String {
    let [ra, dec] = sky.center;
    let corner = |[w, n]: [f64; 2]| {
        let dec_there = dec + n / 3600.0;
        let ra_there = ra - w / 3600.0 / dec_there.to_radians().cos();
        format!("{ra_there:.12},{dec_there:.12}")
    };
    format!("polygon({})", CORNERS.map(corner).join(","))
}

fn in_polygon(w: f64, n: f64) -> bool {
    let mut inside = false;
    for (i, [x0, y0]) in CORNERS.into_iter().enumerate() {
        let [x1, y1] = CORNERS[(i + 1) % 4];
        if (y0 > n) != (y1 > n) && w < x0 + (n - y0) / (y1 - y0) * (x1 - x0) {
            inside = !inside;
        }
    }
    inside
}

fn assert_near(found: f64, expected: f64, tolerance: f64, what: &str) {
    let off = (found / expected - 1.0).abs();
    assert!(off < tolerance, "{what}: {found} and not {expected} ({off:e})");
}

#[test]
fn every_shape_is_what_it_is_on_the_sky() {
    for sky in skies() {
        let pixels = sky.pixels(scene);
        for (region, expected) in cases() {
            let (table, code, messages) = measure(&sky, &format!("icrs\n{region}\n"), &[]);
            assert_eq!(code, Some(0), "{region}: {messages}");
            assert_eq!(table.rows(), expected.len(), "{region}");
            for (row, (id, inside, area)) in expected.iter().enumerate() {
                assert_eq!(table.text("id", row), *id, "{region}");
                assert_near(table.number("sum_aper_area", row), *area, 1e-6, region);
                let truth = sky.sum_inside(&pixels, inside);
                assert_near(table.number("sum", row), truth, 3e-4, region);
                assert_near(table.number("r_arcsec", row), (area / PI).sqrt(), 1e-6, region);
                assert_eq!(table.number("coverage", row), 1.0, "{region}");
            }
        }
        let region = polygon(&sky);
        let (table, ..) = measure(&sky, &format!("icrs\n{region}\n"), &[]);
        let truth = sky.sum_inside(&pixels, in_polygon);
        assert_near(table.number("sum", 0), truth, 3e-4, &region);
        let area = sky.sum_inside(&sky.pixels(|_, _| 1.0), in_polygon) * sky.pixel_area();
        assert_near(table.number("sum_aper_area", 0), area, 3e-4, &region);
    }
}

#[test]
fn excluded_regions_take_from_all_sources_and_make_no_row() {
    for sky in skies() {
        let pixels = sky.pixels(scene);
        let regions = "icrs\ncircle(150,-30,1.2\") # text={disc}\n-circle(150,-30,0.4\")\n\
             box(150,-30,2\",2\",0) # text={square}\n-circle(150,-29.9997,0.5\")\n";
        let (table, code, messages) = measure(&sky, regions, &[]);
        assert_eq!((code, table.rows()), (Some(0), 2), "{messages}");
        let holes = |w: f64, n: f64| w.hypot(n) < 0.4 || w.hypot(n - 1.08) < 0.5;
        let disc = sky.sum_inside(&pixels, |w, n| w.hypot(n) < 1.2 && !holes(w, n));
        let square = sky.sum_inside(&pixels, |w, n| rectangle(2.0, 2.0, 0.0)(w, n) && !holes(w, n));
        assert_near(table.number("sum", 0), disc, 3e-4, "disc");
        assert_near(table.number("sum", 1), square, 3e-4, "square");
        // Whole, but for what the file itself takes away.
        assert_eq!(table.number("coverage", 0), 1.0);
        assert_eq!(table.number("flags", 0), 8.0);
    }
}

#[test]
fn a_composite_is_one_source() {
    let sky = &skies()[1];
    let regions = "icrs\n# composite(150,-30,0) || composite=1 text={pair}\n\
         circle(150,-30,0.8\") ||\ncircle(150,-29.99985,0.6\") ||\n-box(150,-30,0.5\",0.5\",0)\n";
    let (table, code, messages) = measure(sky, regions, &[]);
    assert_eq!((code, table.rows()), (Some(0), 1), "{messages}");
    let inside = |w: f64, n: f64| {
        (w.hypot(n) < 0.8 || w.hypot(n - 0.54) < 0.6) && !rectangle(0.5, 0.5, 0.0)(w, n)
    };
    assert_near(table.number("sum", 0), sky.sum_inside(&sky.pixels(scene), inside), 3e-4, "pair");
    assert_eq!(table.text("id", 0), "pair");
}

#[test]
fn regions_in_pixels_are_those_of_the_image() {
    let sky = &skies()[1];
    let pixels = sky.pixels(scene);
    let regions = "image\ncircle(60,55.5,14)\nbox(61,60,30,11,33)\nphysical\ncircle(60,55.5,14)\n";
    let (table, code, messages) = measure(sky, regions, &[]);
    assert_eq!((code, table.rows()), (Some(0), 3), "{messages}");
    // FITS counts from 1.
    let circle = |x: f64, y: f64| (x - 59.0).hypot(y - 54.5) < 14.0;
    let square = |x: f64, y: f64| rectangle(30.0, 11.0, 33.0)(x - 60.0, y - 59.0);
    let in_pixels = Sky { matrix: [[-1.0, 0.0], [0.0, 1.0]], ..sky.clone() };
    let sum = |inside: &dyn Fn(f64, f64) -> bool| {
        in_pixels.sum_inside(&pixels, |w, n| inside(w + 59.5, n + 59.5))
    };
    assert_near(table.number("sum", 0), sum(&circle), 3e-4, "circle");
    assert_near(table.number("sum", 1), sum(&square), 3e-4, "box");
    assert_eq!(table.number("sum", 2), table.number("sum", 0));
    let expected = sky.offset(59.0, 54.5);
    let west = (150.0 - table.number("ra", 0)) * 3600.0 * f64::to_radians(-30.0).cos();
    assert!((west - expected[0]).abs() < 1e-4, "{west} {expected:?}");
}

#[test]
fn radii_give_a_row_each_to_points_and_all_others() {
    let sky = &skies()[2];
    let regions = "icrs\npoint(150,-30) # point=x text={p}\ncircle(150,-30,1\") # text={c}\n";
    let (table, code, messages) = measure(sky, regions, &["--radii", "0.4,1.0arcsec"]);
    assert_eq!((code, table.rows()), (Some(0), 4), "{messages}");
    for (row, (id, radius)) in [("p", 0.4), ("p", 1.0), ("c", 0.4), ("c", 1.0)].iter().enumerate() {
        assert_eq!(table.text("id", row), *id);
        assert_near(table.number("r_arcsec", row), *radius, 1e-12, "r_arcsec");
        let truth = sky.sum_inside(&sky.pixels(scene), |w, n| w.hypot(n) < *radius);
        assert_near(table.number("sum", row), truth, 6e-4, id);
    }
    let (table, code, messages) = measure(sky, regions, &[]);
    assert_eq!((code, table.rows()), (Some(3), 1));
    assert!(messages.contains("r.reg:2: point not measured") && messages.contains("--radii"));
}

#[test]
fn pixels_on_the_edge_count_as_asked() {
    let sky = Sky::default();
    let pixels = sky.pixels(scene);
    let region = "icrs\ncircle(150,-30,1.203\")\n";
    let radius = 1.203 / 0.05;
    for n in [1, 3] {
        let option = if n == 1 { "center".to_owned() } else { format!("subpixel:{n}") };
        let (table, ..) = measure(&sky, region, &["--sum", &option]);
        let place = |k: usize| (k as f64 + 0.5) / n as f64 - 0.5;
        let mut expected = 0.0;
        for (i, pixel) in pixels.iter().enumerate() {
            let (x, y) = ((i % 120) as f64 - 59.5, (i / 120) as f64 - 59.5);
            let hit = |k: &usize| (x + place(k % n)).hypot(y + place(k / n)) < radius;
            let share = (0..n * n).filter(hit).count() as f64 / (n * n) as f64;
            expected += share * f64::from(*pixel);
        }
        assert_near(table.number("sum", 0), expected, 1e-9, &option);
        assert_eq!(table.number("coverage", 0), 1.0, "{option}");
    }
}

#[test]
fn photutils_circles_keep_their_area_and_not_their_shape() {
    let sky = &skies()[1];
    let (table, ..) = measure(sky, "icrs\ncircle(150,-30,1.2\")\n", &["--sky-shape", "photutils"]);
    let radius = 1.2 / sky.pixel_area().sqrt();
    let in_pixels = Sky { matrix: [[-1.0, 0.0], [0.0, 1.0]], ..sky.clone() };
    let truth = in_pixels.sum_inside(&sky.pixels(scene), |w, n| w.hypot(n) < radius);
    assert_near(table.number("sum", 0), truth, 3e-4, "circle");
}

#[test]
fn what_has_no_area_is_named_and_the_rest_is_measured() {
    let sky = Sky::default();
    let regions = "icrs\nline(150,-30,150,-29.999)\n# text(150,-30) text={a label}\n\
         circle(150,-30,0\")\ncircle(150,-30,1\")\nline(150,-30,150,-29.999) # line=0 0\n\
         circle(150,-30,5i)\n";
    let (table, code, messages) = measure(&sky, regions, &[]);
    assert_eq!((code, table.rows()), (Some(3), 1), "{messages}");
    assert!(messages.contains("r.reg:2: line not measured: it has no area"), "{messages}");
    assert!(messages.contains("r.reg:4: circle not measured: its radius is zero"), "{messages}");
    assert!(!messages.contains("a label"), "{messages}");
    assert_eq!(table.text("id", 0), "4");
}

/// A file of another program is measured as DS9's own: told by its first line, or by `--from`.
#[test]
fn regions_of_other_formats_are_measured_alike() {
    let sky = Sky::default();
    let sums = |regions: &str, options: &[&str]| {
        let (table, code, messages) = measure(&sky, regions, options);
        assert_eq!((code, table.rows()), (Some(0), 1), "{regions}: {messages}");
        ["ra", "dec", "r_arcsec", "sum", "sum_aper_area"].map(|name| table.number(name, 0))
    };
    let own = sums("icrs\ncircle(150,-30,0.8\")\n", &[]);
    for (regions, from) in [
        ("#CRTF0\ncircle[[150deg, -30deg], 0.8arcsec], coord=ICRS\n", &[][..]),
        ("circle[[150deg, -30deg], 0.8arcsec], coord=ICRS\n", &["--from", "crtf"]),
    ] {
        let found = sums(regions, from);
        for (own, found) in own.iter().zip(found) {
            assert!((found - own).abs() <= 1e-9 * own.abs(), "{regions} {own} {found}");
        }
    }
    // CIAO's numbers without a unit are pixels of the image, from 1: the middle is at 60.5.
    for (regions, from) in [
        ("circle(60.5,60.5,16)\n", &["--from", "ciao"][..]),
        ("60.5 60.5\n", &["--from", "xy", "--radii", "0.8"]),
    ] {
        let pixels = sums(regions, from);
        assert!((pixels[3] - own[3]).abs() < 1e-6 * own[3], "{regions} {pixels:?} {own:?}");
    }
    let (_, code, messages) = measure(&sky, "circle(150,-30,0.8\")\n", &["--from", "crtf"]);
    assert_eq!(code, Some(1), "{messages}");
    assert!(messages.contains("r.reg:1:7") && !messages.contains("circle(x"), "{messages}");
}
