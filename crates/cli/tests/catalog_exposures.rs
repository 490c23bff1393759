//! `hst catalog` on several images: what each counts for, and that no exposure counts twice.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/measured.rs"]
mod measured;
#[path = "common/sky.rs"]
#[expect(dead_code, reason = "sums come from closed forms here")]
mod sky;

use measured::{CIRCLE, assert_near, catalog, folder, normal, star, stored};
use sky::Sky;

#[test]
fn images_count_by_their_exposure_and_calibration() {
    let folder = folder(CIRCLE);
    let sky = Sky::default();
    let write = |name: &str, sky: &Sky, light: f64, factor: f64| {
        sky.write(&folder.path().join(name), &stored(&star(sky, light), factor), &[]);
    };
    // The same star by a zero point twice as bright, exposed three times as long, 10 % brighter; in electrons.
    let other = sky.clone().with("EXPTIME", 3000.0).with("PHOTFLAM", 2.0 * 7.0486e-20);
    write("a.fits", &sky, 100.0, 1.0);
    write("b.fits", &other, 55.0, 1.0);
    write("c.fits", &other.clone().with("BUNIT", "ELECTRONS"), 55.0, 3000.0);
    let options = ["--background", "none", "--error", "none"];
    let (alone, ..) = catalog(folder.path(), &["a.fits"], &options);
    let one = alone.number("flux_ujy", 0);
    for images in [["a.fits", "b.fits"], ["a.fits", "c.fits"]] {
        let (both, code, messages) = catalog(folder.path(), &images, &options);
        assert_eq!((code, both.rows()), (Some(0), 1), "{messages}");
        let expected = one * (1.0 + 3.0 * 1.1) / 4.0;
        assert_near(both.number("flux_ujy", 0), expected, 1e-6, "flux_ujy");
        let mag = 23.9 - 2.5 * expected.log10();
        assert!((both.number("mag_ab", 0) - mag).abs() < 1e-6);
        assert_eq!(both.number("exptime", 0), 4000.0);
        assert_eq!(both.number("n_images", 0), 2.0);
        // Sums in different units have no mean; count rates have.
        let mixed = images[1] == "c.fits";
        assert_eq!(both.number("sum", 0).is_nan(), mixed);
        assert_eq!(both.text("sum_unit", 0).is_empty(), mixed);
        let (sum_a, sum_b) = (alone.number("sum", 0), 0.55 * alone.number("sum", 0));
        assert_near(both.number("flux", 0), (sum_a + 3.0 * sum_b) / 4.0, 1e-6, "flux");
    }
    let (each, ..) = catalog(
        folder.path(),
        &["a.fits", "b.fits"],
        &[&options[..], &["--combine", "none"]].concat(),
    );
    assert_eq!(each.rows(), 2);
    assert_near(each.number("flux_ujy", 1), 1.1 * one, 1e-6, "the second image");
    let (mean, ..) = catalog(
        folder.path(),
        &["a.fits", "b.fits"],
        &[&options[..], &["--combine", "mean"]].concat(),
    );
    assert_near(mean.number("flux_ujy", 0), 1.05 * one, 1e-6, "the plain mean");
}

#[test]
fn errors_of_several_images_shrink_by_their_exposures() {
    let folder = folder("circle(150,-30,0.5\")");
    let mut noise = normal();
    for (name, seconds) in [("a.fits", 1000.0), ("b.fits", 4000.0)] {
        let sky = Sky::default().with("EXPTIME", seconds);
        let sigma = (10.0_f64 / seconds).sqrt();
        sky.write(&folder.path().join(name), &sky.pixels(|_, _| sigma * noise()), &[]);
    }
    let options = ["--background", "annulus:1.5x,3x"];
    let error =
        |images: &[&str]| catalog(folder.path(), images, &options).0.number("flux_ujy_err", 0);
    let (a, b, both) = (error(&["a.fits"]), error(&["b.fits"]), error(&["a.fits", "b.fits"]));
    assert_near(a / b, 2.0, 0.05, "one over the other");
    assert_near(both, (a * a + 16.0 * b * b).sqrt() / 5.0, 1e-9, "together");
    // Weights by exposure are those of least error here: as one image of 5000 s.
    assert_near(both, b * (4.0_f64 / 5.0).sqrt(), 0.05, "as one image");
}

#[test]
fn the_same_exposures_are_measured_once() {
    let folder = folder(CIRCLE);
    let sky =
        Sky::default().with("ROOTNAME", "jabc01").with("EXPSTART", 58000.5).with("EXPEND", 58000.6);
    for name in ["a.fits", "b.fits"] {
        sky.write(&folder.path().join(name), &stored(&star(&sky, 100.0), 1.0), &[]);
    }
    for images in [["a.fits", "a.fits"], ["a.fits", "b.fits"]] {
        let (table, code, messages) = catalog(folder.path(), &images, &["--background", "none"]);
        assert_eq!((code, table.rows()), (Some(0), 1), "{messages}");
        assert_eq!(table.number("n_images", 0), 1.0, "{messages}");
        assert!(messages.contains("its exposures are in"), "{messages}");
    }
}

#[test]
fn the_same_exposures_count_once_under_any_header() {
    let folder = folder(CIRCLE);
    let mut noise = normal();
    let base = Sky::default().with("EXPSTART", 58000.5).with("EXPEND", 58000.6);
    let pixels: Vec<_> = star(&base, 100.0).iter().map(|v| v + 0.02 * noise()).collect();
    let pixels = stored(&pixels, 1.0);
    let n_images = |one: &Sky, other: &Sky, options: &[&str]| {
        one.write(&folder.path().join("a.fits"), &pixels, &[]);
        let mut more = pixels.clone();
        more.iter_mut().for_each(|pixel| *pixel *= 1.01);
        other.write(&folder.path().join("b.fits"), &more, &[]);
        let options = [&["--background", "none"], options].concat();
        let (table, code, messages) = catalog(folder.path(), &["a.fits", "b.fits"], &options);
        assert_eq!(code, Some(0), "{messages}");
        (table.number("n_images", 0), table.text("images", 0).to_owned(), messages)
    };
    let of = |inputs: &[&'static str], seconds: f64| {
        let keywords = ["D001DATA", "D002DATA", "D003DATA"];
        let sky = base.clone().with("EXPTIME", seconds).with("D001PIXF", 1.0);
        inputs.iter().zip(keywords).fold(sky, |sky, (name, keyword)| sky.with(keyword, *name))
    };
    let renamed = base.clone().with("ROOTNAME", "other").with("EXPTIME", 1001.0);
    let named = base.clone().with("ROOTNAME", "jabc01");
    let three =
        ["jabc01abq_flc.fits[sci,1]", "jabc01acq_flc.fits[sci,1]", "jabc01adq_flc.fits[sci,1]"];
    let one = ["hst_1_01_acs_wfc_f814w_jabc01ac_flc.fits[sci,1]"];
    let other = ["jabc01aeq_flc.fits[sci,1]"];
    let apart = base.clone().with("EXPSTART", 58001.5).with("EXPEND", 58001.6);
    for (one, other, expected, stays) in [
        // No name at all, and other names and times that say the same.
        (base.clone(), base.clone(), 1.0, "a.fits"),
        (renamed.clone(), named, 1.0, "a.fits"),
        // One of three exposures; the longer stays wherever it is.
        (of(&one, 500.0), of(&three, 1500.0), 1.0, "b.fits"),
        (of(&three, 1500.0), of(&one, 500.0), 1.0, "a.fits"),
        // Another exposure of the series, and another series.
        (of(&three, 1500.0), of(&other, 500.0), 2.0, "b.fits"),
        (base.clone(), apart, 2.0, "b.fits"),
    ] {
        let (n, images, messages) = n_images(&one, &other, &[]);
        assert_eq!(n, expected, "{messages}");
        assert!(images.contains(stays), "{images} and not {stays}");
        assert_eq!(messages.contains("its exposures are in both"), n == 1.0, "{messages}");
    }
    let (n, _, messages) = n_images(&base, &base, &["--combine", "mean"]);
    assert_eq!(n, 2.0);
    assert!(messages.contains("as if they were independent"), "{messages}");
}

#[test]
fn copies_under_other_headers_are_warned_of() {
    let folder = folder(CIRCLE);
    for (name, start) in [("a.fits", 58000.5), ("b.fits", 58001.5)] {
        let sky = Sky::default().with("EXPSTART", start).with("EXPEND", start + 0.1);
        sky.write(&folder.path().join(name), &stored(&star(&sky, 100.0), 1.0), &[]);
    }
    let options = ["--background", "none"];
    let (.., messages) = catalog(folder.path(), &["a.fits", "b.fits"], &options);
    assert!(messages.contains("the same sums to the last bit"), "{messages}");
}

/// Of two images of one exposure time the second has a ninth of it where the star is.
#[test]
fn weights_tell_the_exposure_in_the_aperture() {
    let folder = folder(CIRCLE);
    let mut noise = normal();
    let sky = Sky { n: 256, ..Sky::default() };
    let mut images = Vec::new();
    for (name, seconds, light, start) in
        [("a.fits", 900.0, 100.0, 1.0), ("b.fits", 100.0, 110.0, 2.0)]
    {
        let sigma = (10.0_f64 / seconds).sqrt();
        let star = star(&sky, light);
        let science: Vec<_> = star.iter().map(|v| (v + sigma * noise()) as f32).collect();
        // A pixel of the output is a quarter of one of the input.
        let sky = sky.clone().with("EXPTIME", 900.0).with("EXPSTART", 58000.0 + start);
        let sky = sky.with("D001PIXF", 1.0).with("D001SCAL", 0.05).with("D001ISCL", 0.1);
        let weights = sky.pixels(|_, _| 0.25 * seconds);
        sky.write(&folder.path().join(name), &science, &[("WHT", &weights)]);
        images.push(name);
    }
    let row = |images: &[&str]| {
        let (table, code, messages) = catalog(folder.path(), images, &["--background", "none"]);
        assert_eq!(code, Some(0), "{messages}");
        ["flux", "flux_err", "exptime_aper", "exptime"].map(|column| table.number(column, 0))
    };
    let (a, b, both) = (row(&images[..1]), row(&images[1..]), row(&images));
    assert_near(a[2], 900.0, 1e-6, "exposure in the aperture");
    assert_near(b[2], 100.0, 1e-6, "exposure in the aperture");
    assert_near(both[0], (9.0 * a[0] + b[0]) / 10.0, 1e-6, "flux");
    assert_eq!(both[2..], [1000.0, 1800.0]);
    assert!(both[1] < a[1], "{} {}", both[1], a[1]);
}
