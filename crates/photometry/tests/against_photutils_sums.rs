//! Sums and errors of eight shapes at 50 places, by four methods, with and without a mask, as photutils 3.1.1 has them.

mod reference;

use ndarray::Array2;
use photometry::aperture::{Annulus, Aperture, Center, Circle, Ellipse, Rectangle, Subpixel};
use photometry::{MeasureOptions, Noise, Pixels, measure_in};
use reference::{json, npy, numbers};

/// The shape, grown by a share of its size: holes shrink by as much.
fn shape(name: &str, at: (f64, f64), growth: f64) -> Box<dyn Aperture> {
    let (out, hole) = (1.0 + growth, 1.0 - growth);
    let circle = |r| Circle::new(at, r);
    let ellipse = |a, b, theta| Ellipse::new(at, a, b, theta);
    let rectangle = |w, h, theta| Rectangle::new(at, w, h, theta);
    match name {
        "circle_5" => Box::new(circle(5.0 * out)),
        "circle_2_7" => Box::new(circle(2.7 * out)),
        "circle_0_4" => Box::new(circle(0.4 * out)),
        "annulus_6_9" => Box::new(Annulus::new(circle(9.0 * out), circle(6.0 * hole))),
        "ellipse_6_3_06" => Box::new(ellipse(6.0 * out, 3.0 * out, 0.6)),
        "ellipannulus_4_8_6_m04" => Box::new(Annulus::new(
            ellipse(8.0 * out, 6.0 * out, -0.4),
            ellipse(4.0 * hole, 3.0 * hole, -0.4),
        )),
        "rect_10_6_06" => Box::new(rectangle(10.0 * out, 6.0 * out, 0.6)),
        "rectannulus_4_10_6_03" => Box::new(Annulus::new(
            rectangle(10.0 * out, 6.0 * out, 0.3),
            rectangle(4.0 * hole, 2.4 * hole, 0.3),
        )),
        other => panic!("{other}"),
    }
}

/// Equal to 1e-12 of `scale`, or both NaN.
fn close(ours: f64, theirs: f64, scale: f64) -> bool {
    ours.is_nan() && theirs.is_nan() || (ours - theirs).abs() <= 1e-12 * scale
}

#[test]
fn sums_and_errors_are_photutils() {
    let (Some(record), Some(data), Some(error), Some(mask)) = (
        json("apphot.json"),
        npy("inputs/sub_a.npy"),
        npy("inputs/err_a.npy"),
        npy("inputs/mask_a.npy"),
    ) else {
        return;
    };
    let sizes = data.mapv(f32::abs);
    let mask: Array2<bool> = mask.mapv(|v| v != 0.0);
    let places: Vec<(f64, f64)> = record["positions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            let p = numbers(p);
            (p[0], p[1])
        })
        .collect();
    let (mut compared, mut all_masked, mut ties) = (0, 0, 0);
    for case in record["cases"].as_array().unwrap() {
        let (sums, errors) = (numbers(&case["sum"]), numbers(&case["err"]));
        let (name, method) = (case["aperture"].as_str().unwrap(), case["method"].as_str().unwrap());
        let masked = case["mask"].as_bool().unwrap();
        let n = case["subpixels"].as_u64().unwrap();
        let mut pixels = Pixels { noise: Noise::Error(&error), ..Pixels::new(&data) };
        if masked {
            pixels.mask = Some(&mask);
        }
        for (i, &at) in places.iter().enumerate() {
            let exact = shape(name, at, 0.0);
            let aperture: Box<dyn Aperture> = match method {
                "exact" => exact,
                "center" => Box::new(Center(exact)),
                _ => Box::new(Subpixel::new(exact, u32::try_from(n).unwrap())),
            };
            let found = measure_in(&pixels, &aperture, &MeasureOptions::default()).unwrap();
            // Without a usable pixel the record has a sum of 0, ours is NaN.
            if found.area == 0.0 {
                assert!(sums[i] == 0.0 || sums[i].is_nan(), "{name} {method} {i} {}", sums[i]);
                all_masked += 1;
                continue;
            }
            // Σ f |d|
            let scale = Pixels { mask: pixels.mask, ..Pixels::new(&sizes) };
            let scale = measure_in(&scale, &aperture, &MeasureOptions::default()).unwrap().sum;
            let what = format!("{name} {method} {n} {masked} {i}: {} {}", found.sum, sums[i]);
            if method == "subpixel" && !close(found.sum, sums[i], scale) {
                // At whole centres samples such as (3, 4) lie on the edge itself, where rounding decides.
                let resized = |growth| {
                    let n = u32::try_from(n).unwrap();
                    let sampled = Subpixel::new(shape(name, at, growth), n);
                    measure_in(&pixels, &sampled, &MeasureOptions::default()).unwrap().sum_err
                };
                let (least, most) = (resized(-1e-12), resized(1e-12));
                let between = least <= errors[i] + 1e-12 && errors[i] <= most + 1e-12;
                assert!(least < most && between, "{what} {at:?}");
                ties += 1;
                continue;
            }
            assert!(close(found.sum, sums[i], scale), "{what}");
            assert!(
                close(found.sum_err, errors[i], errors[i]),
                "{what}: {} {}",
                found.sum_err,
                errors[i]
            );
            compared += 1;
        }
    }
    // Of 3200: the rest has no usable pixel, or samples on the edge.
    assert_eq!((compared, all_masked, ties), (3005, 167, 28));
}
