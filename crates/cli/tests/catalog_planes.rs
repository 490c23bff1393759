//! `hst catalog` with maps of noise and weight, and without.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/measured.rs"]
#[expect(dead_code, reason = "one circle is for stars")]
mod measured;
#[path = "common/sky.rs"]
#[expect(dead_code, reason = "sums come from closed forms here")]
mod sky;

use common::{hst, stderr};
use measured::{assert_near, catalog, folder, normal, star, stored};
use sky::Sky;

#[test]
fn noise_and_weight_maps_give_the_error_they_hold() {
    let folder = folder("circle(150,-30,0.5\")");
    let sky = Sky::default();
    let pixels = stored(&star(&sky, 50.0), 1.0);
    let sigma = sky.pixels(|x, _| 0.02 + 0.0005 * x as f64);
    let ivm: Vec<_> = sigma.iter().map(|s| 1.0 / (s * s)).collect();
    sky.write(&folder.path().join("a.fits"), &pixels, &[("WHT", &ivm), ("ERR", &sigma)]);
    sky.write(&folder.path().join("rms.fits"), &sigma, &[]);
    // Shares squared, from the same places a pixel.
    let squares: Vec<_> = sigma.iter().map(|s| f64::from(*s).powi(2)).collect();
    let variance: f64 = {
        const N: usize = 40;
        let place = |k: usize| (k as f64 + 0.5) / N as f64 - 0.5;
        let share = |i: usize| {
            let (x, y) = ((i % 120) as f64 - 59.5, (i / 120) as f64 - 59.5);
            let hit = |k: &usize| (x + place(k % N)).hypot(y + place(k / N)) < 10.0;
            (0..N * N).filter(hit).count() as f64 / (N * N) as f64
        };
        squares.iter().enumerate().map(|(i, square)| share(i).powi(2) * square).sum()
    };
    let none = ["--background", "none"];
    let error = |options: &[&str]| {
        let all = [&none[..], options].concat();
        let (table, code, messages) = catalog(folder.path(), &["a.fits"], &all);
        assert_eq!(code, Some(0), "{messages}");
        (table.number("sum_err", 0), table.number("sum", 0))
    };
    let (own, sum) = error(&["--rms", "ERR"]);
    assert_near(own, variance.sqrt(), 3e-4, "--rms ERR");
    assert_near(error(&["--wht-type", "err"]).0, variance.sqrt(), 3e-4, "--wht-type err");
    // Σ f² v is a little less than Σ f v, on the edge where the star is faint.
    let with_source = (variance + sum / 1000.0).sqrt();
    assert_near(error(&["--wht-type", "ivm"]).0, with_source, 3e-3, "--wht-type ivm");
    let rms = ["--rms", "rms.fits", "--wht-type", "ivm"];
    assert_near(error(&rms).0, with_source, 3e-3, "--rms rms.fits");
    assert!(error(&["--error", "none"]).0.is_nan());
    let (.., messages) = catalog(folder.path(), &["a.fits"], &none);
    assert!(messages.contains("see --wht-type"), "{messages}");
    let (_, code, messages) = catalog(folder.path(), &["rms.fits"], &["--error", "wht"]);
    assert_eq!(code, Some(1));
    assert!(messages.contains("rms.fits") && messages.contains("no WHT"), "{messages}");
    let (_, code, messages) = catalog(folder.path(), &["a.fits"], &["--wht", "nowhere"]);
    assert_eq!(code, Some(1));
    assert!(messages.contains("nowhere is neither a file nor an extension"), "{messages}");
}

#[test]
fn the_scatter_of_hst_background_is_the_noise_it_was_measured_as() {
    let folder = folder("circle(150,-30,0.8\")");
    let mut noise = normal();
    let sky = Sky { n: 256, ..Sky::default() };
    let sky = sky.with("D001PIXF", 1.0).with("D001SCAL", 0.05).with("D001ISCL", 0.05);
    let pixels = sky.pixels(|_, _| 7.0 + 0.1 * noise());
    sky.write(&folder.path().join("a.fits"), &pixels, &[]);
    let output = hst(folder.path(), &["background", "a.fits", "-o", "maps.fits"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let row = |options: &[&str]| {
        let (table, code, messages) = catalog(folder.path(), &["a.fits"], options);
        assert_eq!(code, Some(0), "{messages}");
        ["sum_err", "noise_factor", "sum"].map(|column| table.number(column, 0))
    };
    let plain = ["--mask-regions", "none"];
    let own = row(&plain);
    let map = row(&[&plain[..], &["--rms", "maps.fits"]].concat());
    assert!(own[1] > 1.4, "{own:?}");
    // The map is stored in single precision.
    assert_near(map[0], own[0], 1e-6, "the error");
    assert_eq!(map[1..], own[1..]);
    // A map of another name is taken as it is, and several without one are refused.
    let map = sky.pixels(|_, _| 0.1);
    sky.write(&folder.path().join("noise.fits"), &map, &[]);
    let [error, factor, _] = row(&[&plain[..], &["--rms", "noise.fits"]].concat());
    assert_eq!(factor, 1.0);
    assert_near(own[0] / error, own[1], 0.02, "what drizzle adds");
    sky.write(&folder.path().join("two.fits"), &map, &[("SIGMA", &map)]);
    let (_, code, messages) = catalog(folder.path(), &["a.fits"], &["--rms", "two.fits"]);
    assert_eq!(code, Some(1));
    assert!(messages.contains("two.fits") && messages.contains("ERR, RMS, BKG_RMS"), "{messages}");
}

/// Input pixels of noise, each drizzled on 2 × 2 of the output.
#[test]
fn inverse_variances_are_those_of_input_pixels() {
    let mut regions = String::new();
    for k in 0..144 {
        let (x, y) = (f64::from(k % 12) - 5.5, f64::from(k / 12) - 5.5);
        let dec = 1.5 * y / 3600.0;
        regions += &format!("circle({:.9},{dec:.9},0.6\")\n", 150.0 - 1.5 * x / 3600.0);
    }
    let folder = folder(&regions);
    let (n, scale, sigma) = (800, 0.5, 0.02);
    let mut noise = normal();
    let input: Vec<_> = (0..n * n / 4).map(|_| sigma * noise()).collect();
    let sky =
        Sky { n, center: [150.0, 0.0], matrix: [[-0.025, 0.0], [0.0, 0.025]], ..Sky::default() };
    let sky = sky.with("D001PIXF", 1.0).with("D001SCAL", 0.025).with("D001ISCL", 0.05);
    let science = sky.pixels(|x, y| input[y / 2 * (n / 2) + x / 2] * scale * scale);
    let weights = sky.pixels(|_, _| scale * scale / (sigma * sigma));
    sky.write(&folder.path().join("a.fits"), &science, &[("WHT", &weights)]);
    for kind in ["ivm", "err"] {
        let options = ["--wht-type", kind, "--background", "none"];
        let (table, code, messages) = catalog(folder.path(), &["a.fits"], &options);
        assert_eq!((code, table.rows()), (Some(0), 144), "{messages}");
        let pull = |row| table.number("sum", row) / table.number("sum_err", row);
        let width = ((0..144).map(|row| pull(row).powi(2)).sum::<f64>() / 144.0).sqrt();
        // 144 pulls know their width to 6 %.
        assert!((width - 1.0).abs() < 0.18, "--wht-type {kind}: {width}");
    }
}

#[test]
fn a_drizzled_image_without_weights_tells_by_its_fill() {
    let inside = "circle(150,-30,0.8\") # text={in}";
    let rim = format!("circle({:.9},-30,0.8\") # text={{rim}}", 150.0 + 2.5 / 3600.0 / 0.866_025_4);
    let off = format!("circle({:.9},-30,0.8\") # text={{off}}", 150.0 + 4.5 / 3600.0 / 0.866_025_4);
    let folder = folder(&format!("{inside}\n{rim}\n{off}"));
    let mut noise = normal();
    let sky = Sky { n: 256, ..Sky::default() };
    let is_covered = |x: usize| x >= 78;
    for fill in [0.0, -5.0] {
        let sky = sky.clone().with("D001PIXF", 0.8).with("D001FVAL", fill);
        let pixels = sky.pixels(|x, _| if is_covered(x) { 3.0 + 0.1 * noise() } else { fill });
        let weights = sky.pixels(|x, _| if is_covered(x) { 1000.0 } else { 0.0 });
        sky.write(&folder.path().join("a.fits"), &pixels, &[]);
        sky.write(&folder.path().join("b.fits"), &pixels, &[("WHT", &weights)]);
        let (bare, code, messages) = catalog(folder.path(), &["a.fits"], &[]);
        assert_eq!(code, Some(3), "{messages}");
        assert!(messages.contains("there is no WHT"), "{messages}");
        assert!(messages.contains("no image covers off"), "{messages}");
        let (told, ..) = catalog(folder.path(), &["b.fits"], &[]);
        for column in ["sum", "coverage", "n_uncovered", "n_images", "flags", "bkg_rms"] {
            for row in 0..3 {
                assert_eq!(bare.text(column, row), told.text(column, row), "{column} {row}");
            }
        }
        assert!((0.3..0.7).contains(&bare.number("coverage", 1)), "{}", bare.text("coverage", 1));
        assert_ne!(bare.number("flags", 1) as u32 & 65536, 0);
        assert_eq!(bare.number("n_images", 2), 0.0);
        assert!(bare.number("sum", 0).abs() < 10.0, "{}", bare.number("sum", 0));
        let notebook = ["--preset", "notebook"];
        let (table, ..) = catalog(folder.path(), &["a.fits"], &notebook);
        assert_eq!(table.number("coverage", 1), 1.0);
    }
}
