//! `hst catalog` against physics: units, errors, depths, gaps, local skies, limits.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/measured.rs"]
mod measured;
#[path = "common/sky.rs"]
#[expect(dead_code, reason = "sums come from closed forms here")]
mod sky;

use std::f64::consts::PI;

use measured::{CIRCLE, assert_near, catalog, folder, normal, star, stored};
use photometry::noise::drizzle_factor_of_area;
use sky::Sky;

#[test]
fn every_unit_gives_the_same_star() {
    let folder = folder(CIRCLE);
    let sky = Sky::default().with("CCDGAIN", 7.0);
    let mut noise = normal();
    let pixels: Vec<_> = star(&sky, 200.0).iter().map(|v| v + 0.02 * noise()).collect();
    for (name, unit, factor, photflam) in [
        ("a.fits", "ELECTRONS/S", 1.0, 7.0486e-20),
        ("b.fits", "ELECTRONS", 1000.0, 7.0486e-20),
        // PHOTFLAM refers to the image's own unit.
        ("c.fits", "COUNTS/S", 1.0 / 7.0, 7.0 * 7.0486e-20),
        ("d.fits", "COUNTS", 1000.0 / 7.0, 7.0 * 7.0486e-20),
    ] {
        let sky = sky.clone().with("BUNIT", unit).with("PHOTFLAM", photflam);
        sky.write(&folder.path().join(name), &stored(&pixels, factor), &[]);
    }
    let rows: Vec<_> = ["a.fits", "b.fits", "c.fits", "d.fits"]
        .iter()
        .map(|name| {
            let (table, code, messages) = catalog(folder.path(), &[name], &[]);
            assert_eq!(code, Some(0), "{messages}");
            table
        })
        .collect();
    let columns = ["flux", "flux_err", "flux_ujy", "flux_ujy_err", "snr", "mag_ab", "mag_ab_err"];
    for (row, unit) in rows.iter().zip(["electron / s", "electron", "ct / s", "ct"]) {
        for column in columns.iter().chain(&["mag_ab_lim", "mag_st"]) {
            let expected = rows[0].number(column, 0);
            assert_near(row.number(column, 0), expected, 2e-6, &format!("{column} in {unit}"));
        }
        assert_eq!(row.text("sum_unit", 0), unit);
    }
    let sum = rows[0].number("sum", 0);
    assert_near(rows[1].number("sum", 0), 1000.0 * sum, 1e-6, "sum in electrons");
    assert_near(rows[0].number("flux", 0), sum, 1e-12, "flux");
    // The star's own electrons, and the sky's in the circle.
    let area = PI * 256.0;
    let level = rows[0].number("bkg_sum_err", 0);
    let expected = (sum / 1000.0 + area * 0.0004 + level * level).sqrt();
    // Four boxes know the level no better than 2.14 σ / √n each.
    assert!((0.1..1.0).contains(&level), "{level}");
    assert_near(rows[0].number("sum_err", 0), expected, 0.03, "sum_err");
    let st = -2.5 * (sum * 7.0486e-20).log10() - 21.1;
    assert!((rows[0].number("mag_st", 0) - st).abs() < 1e-9);
}

#[test]
fn errors_cover_the_scatter_of_empty_sky() {
    let sky = Sky { n: 420, ..Sky::default() };
    let mut noise = normal();
    let pixels = sky.pixels(|_, _| 3.0 + 0.1 * noise());
    let mut regions = String::new();
    for k in 0..144 {
        let [west, north] =
            sky.offset(f64::from(k % 12) * 33.0 + 28.3, f64::from(k / 12) * 33.0 + 28.7);
        let dec = -30.0 + north / 3600.0;
        let ra = 150.0 - west / 3600.0 / dec.to_radians().cos();
        regions += &format!("circle({ra:.10},{dec:.10},0.35\")\n");
    }
    let folder = folder(&regions);
    let weights = sky.pixels(|_, _| 1000.0);
    sky.write(&folder.path().join("a.fits"), &pixels, &[("WHT", &weights)]);
    let table = |options: &[&str]| catalog(folder.path(), &["a.fits"], options).0;
    for options in [
        vec![],
        vec!["--background", "local:2", "--mask-regions", "none"],
        vec!["--background", "annulus:1.2x,2.3x"],
        vec!["--background", "annulus:0.45,0.8"],
    ] {
        let table = table(&options);
        assert_eq!(table.rows(), 144);
        let pulls: Vec<_> =
            (0..144).map(|row| table.number("sum", row) / table.number("sum_err", row)).collect();
        let mean = pulls.iter().sum::<f64>() / 144.0;
        let width = (pulls.iter().map(|p| p * p).sum::<f64>() / 144.0 - mean * mean).sqrt();
        // Of 144 pulls the mean is known to 0.083 and the width to 0.059; the mesh takes from the sky what it sees.
        assert!(mean.abs() < 0.3 && (width - 1.0).abs() < 0.18, "{options:?}: {mean} {width}");
    }
    // Empty apertures between the others find what is known.
    std::fs::write(folder.path().join("r.reg"), "icrs\ncircle(150,-30,0.35\")\n").expect("written");
    let empirical = table(&["--error", "empirical"]);
    let white = table(&["--error", "wht"]);
    assert_near(empirical.number("sum_err", 0), white.number("sum_err", 0), 0.2, "empirical");
    std::fs::write(folder.path().join("r.reg"), format!("icrs\n{regions}\n")).expect("written");
    // A ring's level costs A² s² π / 2n.
    let ring = table(&["--background", "annulus:1.2x,2.3x"]);
    let mesh = table(&[]);
    let mut ratio = 0.0;
    for row in 0..144 {
        ratio += ring.number("sum_err", row) / mesh.number("sum_err", row) / 144.0;
    }
    let expected = (1.0 + 0.5 * PI / (2.3 * 2.3 - 1.2 * 1.2)).sqrt();
    assert_near(ratio, expected, 0.05, "the error of the level");
}

#[test]
fn drizzled_noise_counts_for_what_it_is() {
    let folder = folder("circle(150,-30,0.8\")");
    let mut noise = normal();
    let plain = Sky::default();
    let pixels = plain.pixels(|_, _| 0.1 * noise());
    plain.write(&folder.path().join("plain.fits"), &pixels, &[]);
    for (name, pixfrac, scale, input) in
        [("a.fits", 1.0, 0.05, 0.05), ("b.fits", 0.8, 0.05, 0.05), ("c.fits", 1.0, 0.04, 0.05)]
    {
        plain
            .clone()
            .with("D001PIXF", pixfrac)
            .with("D001SCAL", scale)
            .with("D001ISCL", input)
            .write(&folder.path().join(name), &pixels, &[]);
        let options = ["--background", "annulus:1.5x,2.5x"];
        let (own, ..) = catalog(folder.path(), &[name], &options);
        let (white, ..) = catalog(folder.path(), &["plain.fits"], &options);
        let factor = drizzle_factor_of_area(scale / input, pixfrac, PI * 256.0).expect("a factor");
        assert_near(own.number("noise_factor", 0), factor, 1e-9, name);
        assert_eq!(white.number("noise_factor", 0), 1.0);
        // The star's noise is not multiplied, and there is nearly none.
        let ratio = own.number("sum_err", 0) / white.number("sum_err", 0);
        assert_near(ratio, factor, 2e-3, name);
    }
}

#[test]
fn a_gap_has_its_flag_and_leaves_the_average() {
    let folder = folder(CIRCLE);
    let sky = Sky::default();
    let pixels = star(&sky, 100.0);
    let gap = |x: usize| (62..70).contains(&x);
    let cut: Vec<_> =
        pixels.iter().enumerate().map(|(i, v)| if gap(i % 120) { 0.0 } else { *v }).collect();
    let weights = sky.pixels(|x, _| if gap(x) { 0.0 } else { 1000.0 });
    let whole = sky.pixels(|_, _| 1000.0);
    sky.write(&folder.path().join("gap.fits"), &stored(&cut, 1.0), &[("WHT", &weights)]);
    sky.write(&folder.path().join("whole.fits"), &stored(&pixels, 1.0), &[("WHT", &whole)]);
    let options = ["--background", "none"];
    let (gap_only, code, messages) = catalog(folder.path(), &["gap.fits"], &options);
    assert_eq!(code, Some(0), "{messages}");
    // A strip of 8 columns, 2.5 to 10.5 from the middle of a circle of 16.
    let half = |x: f64| x * (256.0 - x * x).sqrt() + 256.0 * (x / 16.0).asin();
    let lost = half(10.0) - half(2.0);
    let area = PI * 256.0;
    assert_near(gap_only.number("coverage", 0), 1.0 - lost / area, 1e-6, "coverage");
    assert_near(gap_only.number("sum_aper_area", 0), (area - lost) * 0.0025, 1e-6, "area");
    assert_eq!(gap_only.number("flags", 0), 65536.0);
    assert_eq!(gap_only.number("n_bad", 0), gap_only.number("n_uncovered", 0));
    assert!(gap_only.number("n_uncovered", 0) > 200.0);
    let (whole_only, ..) = catalog(folder.path(), &["whole.fits"], &options);
    assert_eq!(whole_only.number("flags", 0), 0.0);
    let (both, ..) = catalog(folder.path(), &["gap.fits", "whole.fits"], &options);
    assert_eq!((both.number("n_images", 0), both.text("images", 0)), (1.0, "whole.fits"));
    assert_eq!(both.number("sum", 0), whole_only.number("sum", 0));
    assert_eq!(both.number("flags", 0), 0.0);
    let all = [&options[..], &["--min-coverage", "0"]].concat();
    let (both, ..) = catalog(folder.path(), &["gap.fits", "whole.fits"], &all);
    assert_eq!(both.number("n_images", 0), 2.0);
    assert_eq!(both.number("flags", 0), 65536.0);
    // By the exposure in the aperture, of which the gap has none.
    let share = gap_only.number("coverage", 0);
    let mean = (share * gap_only.number("sum", 0) + whole_only.number("sum", 0)) / (share + 1.0);
    assert_near(both.number("sum", 0), mean, 1e-9, "the mean of both");
}

/// The sky of a drizzled image is the same whether its values tell what was not exposed, or its weights do.
#[test]
fn values_tell_what_was_not_exposed_as_weights_do() {
    let folder = folder(CIRCLE);
    let noise = |x: usize, y: usize| ((7919 * x + 104_729 * y + x * y) % 101) as f64 / 100.0;
    let uncovered = |x: usize, y: usize| x + y < 70 || (80..84).contains(&x);
    for (fill, written, detector) in [
        (0.0, "INDEF".into(), "WFC"),
        // Something was subtracted from all since.
        (-0.012, "INDEF".into(), "WFC"),
        (f64::NAN, "INDEF".into(), "WFC"),
        (-999.5, hst_fits::Value::from(-999.5), "WFC"),
        // Here three pixels of ten without a count were exposed.
        (0.0, "INDEF".into(), "SBC"),
    ] {
        let sky = Sky::default()
            .with("D001PIXF", 1.0)
            .with("D001FVAL", written)
            .with("DETECTOR", detector);
        let level = |x, y| match detector {
            "SBC" => (noise(x, y) - 0.3).max(0.0),
            _ => 1.0 + 0.01 * x as f64 + noise(x, y),
        };
        let pixels = sky.pixels(|x, y| if uncovered(x, y) { fill } else { level(x, y) });
        let weights = sky.pixels(|x, y| if uncovered(x, y) { 0.0 } else { 1000.0 });
        sky.write(&folder.path().join("a.fits"), &pixels, &[("WHT", &weights)]);
        let found = |more: &[&str]| {
            let options = [&["--box", "24", "--filter", "1"], more].concat();
            let (table, code, messages) = catalog(folder.path(), &["a.fits"], &options);
            assert_eq!(code, Some(0), "{messages}");
            ["sum", "sum_err", "bkg_sum", "bkg_sum_err", "bkg_rms"]
                .map(|name| table.number(name, 0))
        };
        let by_values = found(&[]);
        assert!(by_values.iter().all(|value| value.is_finite()), "{by_values:?}");
        assert_eq!(by_values, found(&["--wht", "WHT"]), "{fill} {detector}");
    }
}

#[test]
fn a_source_over_the_edge_is_flagged_and_not_rescaled() {
    let folder = folder("circle(150,-29.99917,0.8\")");
    let sky = Sky::default();
    sky.write(&folder.path().join("a.fits"), &sky.pixels(|_, _| 2.0), &[]);
    let (table, code, messages) = catalog(folder.path(), &["a.fits"], &["--background", "none"]);
    assert_eq!(code, Some(0), "{messages}");
    // 2.988 arcsec north of the middle; the image ends at 3.
    let (radius, over) = (0.8_f64, 3.0 - (30.0 - 29.99917) * 3600.0);
    let segment =
        radius * radius * (over / radius).acos() - over * (radius * radius - over * over).sqrt();
    let area = PI * radius * radius;
    assert_near(table.number("coverage", 0), 1.0 - segment / area, 1e-5, "coverage");
    assert_near(table.number("sum", 0), 2.0 * (area - segment) / 0.0025, 1e-5, "sum");
    assert_eq!(table.number("flags", 0), 2.0);
}

#[test]
fn noise_follows_the_depth_from_pixel_to_pixel() {
    // Half of the exposures above the middle row; sources close to it on both sides.
    let sky = Sky { n: 300, ..Sky::default() };
    let folder = folder("circle(150,-29.99972,0.5\")\ncircle(150,-30.00028,0.5\")");
    let seconds = |y: usize| if y >= 150 { 500.0 } else { 2000.0 };
    let mut noise = normal();
    let pixels = sky.pixels(|_, y| (20.0_f64 / seconds(y)).sqrt() * noise());
    let weights = sky.pixels(|_, y| seconds(y));
    let sky = sky.with("EXPTIME", 2000.0);
    sky.write(&folder.path().join("a.fits"), &pixels, &[("WHT", &weights)]);
    let (table, code, messages) = catalog(folder.path(), &["a.fits"], &[]);
    assert_eq!(code, Some(0), "{messages}");
    let expected = |seconds: f64| (PI * 100.0 * 20.0 / seconds).sqrt();
    assert_near(table.number("sum_err", 0), expected(500.0), 0.12, "the shallow half");
    assert_near(table.number("sum_err", 1), expected(2000.0), 0.12, "the deep half");
}

#[test]
fn the_local_sky_is_that_of_the_rings_and_regions_asked_for() {
    let regions = "circle(150,-30,0.4\") # text={a} tag={one}\ncircle(150.0003,-30,0.4\") # text={b} tag={two}\n\
         box(150,-29.9995,2\",0.4\",0) # background tag={one}\nbox(150,-30.0005,2\",0.4\",0) # background";
    let folder = folder(regions);
    let sky = Sky::default();
    // 5 in the upper third, 3 in the lower one, 7 between.
    let level = |y: usize| {
        if y > 80 {
            5.0
        } else if y < 40 {
            3.0
        } else {
            7.0
        }
    };
    sky.write(&folder.path().join("a.fits"), &sky.pixels(|_, y| level(y)), &[]);
    let area = PI * 64.0;
    let (table, code, messages) = catalog(folder.path(), &["a.fits"], &["--background", "regions"]);
    assert_eq!((code, table.rows()), (Some(0), 2), "{messages}");
    for (row, sky) in [(0, 5.0), (1, 3.0)] {
        assert_near(table.number("sum", row), (7.0 - sky) * area, 1e-9, "sum");
        assert_near(table.number("bkg_sum", row), sky * area, 1e-9, "bkg_sum");
    }
    // The neighbour is 0.94 arcsec away and kept out, with all that is less than 1.5 times its size from it.
    for ring in ["annulus:1.5x,2x", "annulus:0.6,0.8"] {
        let (table, code, messages) = catalog(folder.path(), &["a.fits"], &["--background", ring]);
        assert_eq!(code, Some(0), "{messages}");
        assert!(table.number("sum", 0).abs() < 1e-9, "{ring}");
        assert_near(table.number("bkg_sum", 0), 7.0 * area, 1e-9, ring);
    }
    // No region's tag fits, and none is without.
    std::fs::write(
        folder.path().join("r.reg"),
        "icrs\ncircle(150,-30,0.4\") # tag={one}\ncircle(150,-30,0.3\")\nbox(150,-29.9995,2\",0.4\",0) # background tag={one}\n",
    )
    .expect("written");
    let (table, code, messages) = catalog(folder.path(), &["a.fits"], &["--background", "regions"]);
    assert_eq!((code, table.rows()), (Some(3), 1));
    assert!(messages.contains("circle 2 not measured: no region marked background"), "{messages}");
}

#[test]
fn faint_sources_have_a_limit_and_no_magnitude() {
    let folder = folder("circle(150,-30,0.4\") # text={none}");
    let sky = Sky::default();
    let mut noise = normal();
    sky.write(&folder.path().join("a.fits"), &sky.pixels(|_, _| 0.1 * noise()), &[]);
    let (table, ..) = catalog(folder.path(), &["a.fits"], &["--background", "annulus:1.5x,4x"]);
    assert!(table.number("snr", 0).abs() < 3.0);
    assert!(table.number("mag_ab", 0).is_nan() && table.number("mag_st", 0).is_nan());
    let limit = 23.9 - 2.5 * (3.0 * table.number("flux_ujy_err", 0)).log10();
    assert!((table.number("mag_ab_lim", 0) - limit).abs() < 1e-9);
}

#[test]
fn corrections_are_columns_of_their_own() {
    let folder = folder("circle(150,-30,0.12\")\nellipse(150,-30,1\",0.5\",0)");
    let sky = Sky::default();
    sky.write(&folder.path().join("a.fits"), &stored(&star(&sky, 100.0), 1.0), &[]);
    std::fs::write(
        folder.path().join("ee.csv"),
        "FILTER,WAVELENGTH,APER#0.04,APER#0.12,APER#6.0\nF814W,8024,0.3,0.7,1\nF435W,4330,0.4,0.8,1\n",
    )
    .expect("written");
    let none = ["--background", "none"];
    let options = [&none[..], &["--ee", "ee.csv", "--ebv", "0.1"]].concat();
    let (plain, ..) = catalog(folder.path(), &["a.fits"], &none);
    let (table, code, messages) = catalog(folder.path(), &["a.fits"], &options);
    assert_eq!(code, Some(0), "{messages}");
    for column in ["sum", "flux_ujy", "mag_ab"] {
        assert_eq!(table.text(column, 0), plain.text(column, 0));
    }
    let mag = table.number("mag_ab", 0);
    assert_eq!(table.number("ee", 0), 0.7);
    assert!((table.number("mag_ab_ee", 0) - (mag + 2.5 * 0.7_f64.log10())).abs() < 1e-12);
    assert_near(table.number("flux_ujy_ee", 0), table.number("flux_ujy", 0) / 0.7, 1e-12, "flux");
    // No point source fills an ellipse in the table.
    assert!(table.number("ee", 1).is_nan());
    // A(F814W) is 1.7 to 1.9 E(B - V) (Schlafly & Finkbeiner 2011 have 1.526 for their scale, 0.86 of this).
    let dimming = table.number("a_lambda", 0);
    assert!((0.17..0.19).contains(&dimming), "{dimming}");
    assert!((table.number("mag_ab_0", 0) - (mag - dimming)).abs() < 1e-12);
    std::fs::write(folder.path().join("ee.csv"), "0.1 0.5\n0.2 x\n").expect("written");
    let (.., code, messages) = catalog(folder.path(), &["a.fits"], &["--ee", "ee.csv"]);
    assert_eq!(code, Some(1));
    assert!(messages.contains("ee.csv") && messages.contains("line 2"), "{messages}");
}

#[test]
fn the_notebook_knows_no_weights_and_no_errors() {
    let folder = folder(CIRCLE);
    let sky = Sky::default();
    let weights = sky.pixels(|x, _| if x > 60 { 0.0 } else { 1000.0 });
    sky.write(
        &folder.path().join("a.fits"),
        &stored(&star(&sky, 100.0), 1.0),
        &[("WHT", &weights)],
    );
    let options = ["--preset", "notebook", "--background", "none"];
    let (table, code, messages) = catalog(folder.path(), &["a.fits"], &options);
    assert_eq!(code, Some(0), "{messages}");
    assert_eq!((table.number("coverage", 0), table.number("flags", 0)), (1.0, 0.0));
    assert!(table.number("sum_err", 0).is_nan() && table.number("mag_ab", 0).is_finite());
}
