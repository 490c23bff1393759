//! `hst catalog`: columns that are asked for, quality bits, rings of sky that are not all sky, rules of exclusion.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/sky.rs"]
#[expect(dead_code, reason = "sums come from closed forms here")]
mod sky;

use std::path::Path;

use common::{hst, stderr, stdout};
use sky::{Catalog, Sky};

fn folder(regions: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("r.reg"), format!("icrs\n{regions}\n")).expect("written");
    folder
}

fn catalog(folder: &Path, options: &[&str]) -> (Catalog, Option<i32>, String) {
    let mut args = vec!["catalog", "r.reg", "--images", "a.fits", "--format", "csv"];
    args.extend(options);
    let output = hst(folder, &args);
    (Catalog::of_csv(&stdout(&output)), output.status.code(), stderr(&output))
}

fn assert_near(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found} and not {expected}");
}

/// An elliptical Gaussian of 4 by 2 pixels along the position angle 30°, in an image whose north is not up.
#[test]
fn statistics_are_columns_when_they_are_asked_for() {
    let (sin, cos) = 20_f64.to_radians().sin_cos();
    let matrix = [[-0.05 * cos, 0.05 * sin], [0.05 * sin, 0.05 * cos]];
    let sky = Sky { matrix, ..Sky::default() };
    let folder = folder("circle(150,-30,1.4\")");
    let (along_w, along_n) = (-30_f64.to_radians().sin(), 30_f64.to_radians().cos());
    let value = |x: usize, y: usize| {
        let [west, north] = sky.offset(x as f64, y as f64);
        let (u, v) = (west * along_w + north * along_n, west * along_n - north * along_w);
        10.0 * (-0.5 * ((u / 0.2).powi(2) + (v / 0.1).powi(2))).exp()
    };
    let pixels = sky.pixels(value);
    sky.write(&folder.path().join("a.fits"), &pixels, &[]);
    let none = ["--background", "none", "--columns"];
    let names = "fwhm,semimajor_axis,semiminor_axis,position_angle,elongation,max,mean,center_aper_area,bbox_xmin,bbox_ymax";
    let (table, code, messages) = catalog(folder.path(), &[&none[..], &[names]].concat());
    assert_eq!((code, table.rows()), (Some(0), 1), "{messages}");
    let number = |name| table.number(name, 0);
    assert_near(number("semimajor_axis"), 4.0, 1e-3, "a");
    assert_near(number("semiminor_axis"), 2.0, 1e-3, "b");
    assert_near(number("fwhm"), 2.0 * (20.0 * 2_f64.ln()).sqrt(), 1e-3, "fwhm");
    assert_near(number("elongation"), 2.0, 1e-3, "elongation");
    assert_near(number("position_angle"), 30.0, 1e-2, "position angle");
    let inside: Vec<f64> = (0..sky.n * sky.n)
        .filter(|i| {
            let [west, north] = sky.offset((i % sky.n) as f64, (i / sky.n) as f64);
            west.hypot(north) < 1.4
        })
        .map(|i| f64::from(pixels[i]))
        .collect();
    let n = inside.len() as f64;
    assert_near(number("center_aper_area"), n * 0.0025, 1e-9, "area");
    assert_near(number("mean"), inside.iter().sum::<f64>() / n, 1e-9, "mean");
    assert_near(number("max"), inside.iter().copied().fold(0.0, f64::max), 1e-9, "max");
    assert_eq!((number("bbox_xmin"), number("bbox_ymax")), (32.0, 87.0));
    let (table, ..) = catalog(folder.path(), &["--background", "none"]);
    assert!(!table.has("fwhm") && table.has("sum"));
    let (table, ..) = catalog(folder.path(), &[&none[..], &["all"]].concat());
    assert!(table.has("fwhm") && table.has("gini") && table.has("dq") && table.has("bkg_sum_err"));
    let wide = [&none[..], &["F814W_fwhm", "--layout", "wide"]].concat();
    let (table, code, messages) = catalog(folder.path(), &wide);
    assert_eq!(code, Some(0), "{messages}");
    assert_near(table.number("F814W_fwhm", 0), number("fwhm"), 1e-12, "wide");
}

#[test]
fn quality_bits_are_told_and_reject_pixels_when_asked() {
    let folder = folder("circle(150,-30,0.5\")\ncircle(150,-29.9996,0.3\")");
    let sky = Sky::default();
    let bits = sky.pixels(|x, y| match (x, y) {
        (60, 60) => 256.0,
        (62, 58) => 16.0 + 4.0,
        _ => 0.0,
    });
    sky.write(&folder.path().join("a.fits"), &sky.pixels(|_, _| 2.0), &[("DQ", &bits)]);
    let ask = ["--background", "none", "--columns", "sum,dq,n_bad,n_masked,flags,coverage"];
    let (table, code, messages) = catalog(folder.path(), &ask);
    assert_eq!(code, Some(0), "{messages}");
    assert_eq!((table.number("dq", 0), table.number("dq", 1)), (276.0, 0.0));
    assert_eq!((table.number("n_bad", 0), table.number("flags", 0)), (0.0, 0.0));
    let whole = table.number("sum", 0);
    let (table, ..) = catalog(folder.path(), &[&ask[..], &["--dq-bad", "260"]].concat());
    assert_near(table.number("sum", 0), whole - 4.0, 1e-9, "without two pixels");
    assert_eq!((table.number("n_bad", 0), table.number("n_masked", 0)), (2.0, 2.0));
    assert_eq!((table.number("flags", 0), table.number("flags", 1)), (8.0, 0.0));
    assert!(table.number("coverage", 0) < 1.0);
    let (table, ..) = catalog(folder.path(), &[&ask[..], &["--dq-bad", "16"]].concat());
    assert_eq!(table.number("n_masked", 0), 1.0);
    // A plane that is not there has no bits.
    sky.write(&folder.path().join("a.fits"), &sky.pixels(|_, _| 2.0), &[]);
    let (table, code, _) = catalog(folder.path(), &ask);
    assert_eq!((code, table.text("dq", 0)), (Some(0), ""));
}

#[test]
fn a_ring_that_is_not_all_sky_is_warned_of() {
    let folder = folder(
        "circle(150,-30,0.5\") # text={near}\ncircle(150.0003,-30,0.3\") # text={neighbour}\n\
         circle(150,-29.9994,0.2\") # text={alone}",
    );
    let sky = Sky::default();
    sky.write(&folder.path().join("a.fits"), &sky.pixels(|_, _| 2.0), &[]);
    let said = |ring: &str| {
        let (_, code, messages) = catalog(folder.path(), &["--background", ring]);
        assert_eq!(code, Some(0), "{messages}");
        messages
    };
    let own = said("annulus:0.4,0.55");
    assert!(
        own.contains(
            "the ring of the sky lies on its own source, whose light counts as sky: near\n"
        ),
        "{own}"
    );
    let other = said("annulus:0.6,0.9");
    assert!(!other.contains("own source"), "{other}");
    assert!(
        other.contains(
            "the ring of the sky meets other regions, which are left out of it: near, neighbour\n"
        ),
        "{other}"
    );
    let clear = said("annulus:1.1x,1.2x");
    assert!(!clear.contains("ring of the sky"), "{clear}");
}

#[test]
fn rules_of_exclusion_are_those_of_the_library() {
    let folder = folder("circle(150,-30,0.5\")");
    // Boxes of 40 pixels on 120: 12.5 % of one's pixels are not there, and just 10 % of another's.
    let sky = Sky::default();
    let hole = |x: usize, y: usize| (x < 40 && y < 5) || (x >= 80 && y < 4);
    let pixels =
        sky.pixels(|x, y| if hole(x, y) { f64::NAN } else { ((7 * x + 13 * y) % 11) as f64 });
    sky.write(&folder.path().join("a.fits"), &pixels, &[]);
    let boxes = ["--box", "40", "--mask-regions", "none"];
    let filled = |options: &[&str]| {
        let (_, code, messages) = catalog(folder.path(), &[&boxes[..], options].concat());
        assert_eq!(code, Some(0), "{messages}");
        let (before, _) = messages.split_once(" % of the background's boxes filled").expect("told");
        before.rsplit_once(' ').expect("a number").1.parse::<f64>().expect("a number")
    };
    for (options, share) in [
        (vec![], 0.0),
        (vec!["--exclude", "robust"], 0.0),
        (vec!["--exclude", "photutils-3.1"], 11.1),
        (vec!["--exclude", "photutils-3.0"], 22.2),
        (vec!["--exclude-percentile", "10"], 11.1),
        (vec!["--exclude", "photutils-3.0", "--exclude-percentile", "15"], 0.0),
        (vec!["--preset", "notebook"], 11.1),
    ] {
        assert_eq!(filled(&options), share, "{options:?}");
    }
    let output =
        hst(folder.path(), &["catalog", "r.reg", "--images", "a.fits", "--json", "--box", "40"]);
    let told: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let summary = &told["meta"]["summary"];
    assert_eq!(
        (summary["measured"].as_i64(), summary["filled_share"].as_f64()),
        (Some(1), Some(0.0))
    );
}

#[test]
fn centroids_are_printed_in_degrees_and_in_hours() {
    let folder = folder("circle(150,-30,0.8\")");
    let sky = Sky::default();
    let pixels =
        sky.pixels(|x, y| f64::from(u8::from((59..61).contains(&x) && (59..61).contains(&y))));
    sky.write(&folder.path().join("a.fits"), &pixels, &[]);
    let options = ["--background", "none", "--columns", "sky_centroid,sky_centroid_hms"];
    let (table, code, messages) = catalog(folder.path(), &options);
    assert_eq!(code, Some(0), "{messages}");
    assert_eq!(table.text("sky_centroid", 0), "150:00:00.00000000 -30:00:00.00000000");
    assert_eq!(table.text("sky_centroid_hms", 0), "10:00:00.000000 -30:00:00.00000");
    let (table, ..) = catalog(folder.path(), &["--background", "none"]);
    assert!(!table.has("sky_centroid"));
}

/// The notebook asks for the mean right ascension, which for these two is 180°.
#[test]
fn regions_on_both_sides_of_ra_0_are_on_one_image() {
    let folder = folder("circle(359.9998,0,0.5\")\ncircle(0.0002,0,0.5\")");
    let sky = Sky { center: [0.0, 0.0], ..Sky::default() };
    sky.write(&folder.path().join("a.fits"), &sky.pixels(|_, _| 1.0), &[]);
    for options in [vec![], vec!["--sky-shape", "geodesic"], vec!["--preset", "notebook"]] {
        let options = [&options[..], &["--background", "none"]].concat();
        let (table, code, messages) = catalog(folder.path(), &options);
        assert_eq!((code, table.rows()), (Some(0), 2), "{messages}");
        for row in 0..2 {
            assert_near(table.number("coverage", row), 1.0, 1e-12, "coverage");
            assert_near(table.number("sum", row), 100.0 * std::f64::consts::PI, 1e-3, "sum");
        }
    }
}

#[test]
fn photflam_may_be_in_either_header() {
    let folder = folder("circle(150,-30,0.8\")");
    let path = folder.path().join("a.fits");
    let sky = Sky::default();
    let pixels = sky.pixels(|_, _| 1.0);
    sky.write(&path, &pixels, &[]);
    let options = ["--background", "none", "--columns", "ab_zeropoint,photflam"];
    let zero_point = |table: &Catalog| table.number("ab_zeropoint", 0);
    let (table, ..) = catalog(folder.path(), &options);
    let expected = zero_point(&table);
    assert!((20.0..30.0).contains(&expected), "{expected}");
    // The image's own comes first, the primary header's where it has none.
    let mut header = sky.header("SCI");
    header.set("PHOTFLAM", 2.0 * 7.0486e-20, "");
    header.set("PHOTPLAM", 8045.45, "");
    sky.write_with(&path, header, &pixels);
    let (table, ..) = catalog(folder.path(), &options);
    assert_near(zero_point(&table), expected - 2.5 * 2.0_f64.log10(), 1e-9, "zero point");
}

#[test]
fn what_old_pipelines_left_is_warned_of() {
    let folder = folder("circle(150,-30,0.8\")");
    let path = folder.path().join("a.fits");
    let messages = |sky: &Sky| {
        sky.write(&path, &sky.pixels(|_, _| 1.0), &[]);
        catalog(folder.path(), &["--background", "none"]).2
    };
    let sky = Sky::default();
    let good = sky.clone().with("PCTECORR", "COMPLETE").with("CAL_VER", "10.3.5 (03-Jun-2022)");
    let silent = messages(&good);
    assert!(!silent.contains("charge") && !silent.contains("calibrated"), "{silent}");
    let old = sky.with("PCTECORR", "OMIT").with("CAL_VER", "8.3.5 (18-Sep-2015)");
    let warned = messages(&old);
    assert!(warned.contains("PCTECORR is OMIT"), "{warned}");
    assert!(warned.contains("calibrated by 8.3.5"), "{warned}");
}
