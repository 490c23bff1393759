use astro_coords::PixelCoord;
use ndarray::Array2;

use super::*;
use crate::Flags;
use crate::aperture::Ellipse;

#[test]
fn a_star_over_the_left_edge_keeps_its_centroid() {
    // photutils 3.1 adds the unclipped box's origin here and reports x = -3.07.
    let star = |x: f64, y: f64| (-((x - 1.3).powi(2) + (y - 20.2).powi(2)) / 8.0).exp();
    let image = Array2::from_shape_fn((40, 40), |(y, x)| star(x as f64, y as f64));
    let found = measure(&image, None, &Ellipse::circle((1.3, 20.2), 6.0)).unwrap();
    assert!(
        (found.centroid.x - 1.3).abs() < 0.8 && (found.centroid.y - 20.2).abs() < 0.01,
        "{found:?}"
    );
    assert!(found.flags.contains(Flags::PARTIAL_OVERLAP));
    assert!(found.area < 0.8 * found.geometric_area);
}

#[test]
fn the_error_of_a_circle_takes_squared_shares() {
    // photutils 3.1, and 3.0 with linear shares: r = 3.3 about a pixel's centre, unit noise.
    let image = Array2::from_elem((41, 41), 0.0_f64);
    let circle = crate::aperture::Circle::new((20.0, 20.0), 3.3);
    let ones = Array2::from_elem((41, 41), 1.0_f32);
    for noise in [Noise::Uniform(1.0), Noise::Error(&ones), Noise::InverseVariance(&ones)] {
        let pixels = Pixels { noise, ..Pixels::new(&image) };
        let error = |error_weight, noise_factor| {
            let options = MeasureOptions { error_weight, noise_factor, ..Default::default() };
            measure_in(&pixels, &circle, &options).unwrap().sum_err
        };
        assert!((error(ErrorWeight::Squared, 1.0) - 5.514_462_218_903_408).abs() < 1e-12);
        assert!((error(ErrorWeight::Linear, 1.0) - 5.849_097_707_988_203).abs() < 1e-12);
        assert!((error(ErrorWeight::Squared, 1.5) - 8.271_693_328_355_112).abs() < 1e-12);
    }
}

#[test]
fn the_source_adds_its_own_noise_once() {
    let image = Array2::from_elem((41, 41), 4.0_f32);
    let square = crate::aperture::Rectangle::new((20.0, 20.0), 5.0, 5.0, 0.0);
    let times = Array2::from_elem((41, 41), 10.0_f32);
    for gain in [Gain::Uniform(10.0), Gain::Plane(&times)] {
        let pixels = Pixels { gain, noise: Noise::Uniform(0.2), ..Pixels::new(&image) };
        let options = MeasureOptions { noise_factor: 1.5, ..Default::default() };
        let found = measure_in(&pixels, &square, &options).unwrap();
        let expected = (2.25 * 25.0 * 0.04 + 100.0 / 10.0_f64).sqrt();
        assert!((found.sum_err - expected).abs() < 1e-13, "{found:?}");
        assert!((found.snr - 100.0 / expected).abs() < 1e-12);
    }
}

#[test]
fn pixels_left_out_are_counted_by_reason() {
    let mut image = Array2::from_elem((20, 20), 3.0_f32);
    image[(10, 10)] = f32::INFINITY;
    image[(8, 11)] = 7.0;
    let mut mask = Array2::from_elem((20, 20), false);
    (mask[(9, 10)], mask[(9, 11)]) = (true, true);
    let mut weight = Array2::from_elem((20, 20), 4.0_f32);
    (weight[(9, 11)], weight[(11, 9)]) = (0.0, 0.0);
    let mut quality = Array2::from_elem((20, 20), 0_i16);
    (quality[(11, 11)], quality[(10, 9)]) = (16, 64);
    let pixels = Pixels {
        mask: Some(&mask),
        noise: Noise::InverseVariance(&weight),
        quality: Some(Quality { source: &quality, reject: 16 }),
        ..Pixels::new(&image)
    };
    let square = crate::aperture::Rectangle::new((10.0, 10.0), 5.0, 5.0, 0.0);
    let found = measure_in(&pixels, &square, &MeasureOptions::default()).unwrap();
    assert_eq!((found.n_bad, found.n_non_finite), (5, 1));
    assert_eq!((found.n_masked, found.n_uncovered), (2, 2));
    assert_eq!((found.area, found.sum, found.quality), (20.0, 64.0, 80));
    assert_eq!((found.peak, found.peak_at), (7.0, PixelCoord::new(11.0, 8.0)));
    assert!((found.bad_fraction - 0.2).abs() < 1e-15);
    assert!((found.sum_err - 5.0_f64.sqrt()).abs() < 1e-14);
    let expected = Flags::NON_FINITE_DATA | Flags::MASKED_PIXELS | Flags::UNCOVERED_PIXELS;
    assert_eq!(found.flags, expected);
    let policy = |non_finite| {
        let options = MeasureOptions { non_finite, ..Default::default() };
        measure_in(&pixels, &square, &options).unwrap().sum
    };
    assert!((policy(NonFinite::Rescale) - 80.0).abs() < 1e-13);
    assert!(policy(NonFinite::Propagate).is_nan());
}

#[test]
fn planes_that_make_no_sense_are_named() {
    let image = Array2::from_elem((20, 20), 3.0_f32);
    let small = Array2::from_elem((20, 19), 1.0_f32);
    let circle = crate::aperture::Circle::new((9.0, 9.0), 3.0);
    let error = |noise| {
        let pixels = Pixels { noise, ..Pixels::new(&image) };
        measure_in(&pixels, &circle, &MeasureOptions::default()).unwrap_err().to_string()
    };
    assert!(error(Noise::Error(&small)).contains("the noise must have the image's shape"));
    assert!(error(Noise::Uniform(-1.0)).contains("the noise must be zero or more"));
    assert!(error(Noise::Background).contains("needs a background"));
    let mut bad = Array2::from_elem((20, 20), 1.0_f32);
    bad[(9, 9)] = f32::NAN;
    let pixels = Pixels { noise: Noise::Error(&bad), ..Pixels::new(&image) };
    let found = measure_in(&pixels, &circle, &MeasureOptions::default()).unwrap();
    assert!(found.sum_err.is_nan() && found.sum.is_finite());
    assert_eq!(found.flags, Flags::NON_FINITE_ERROR);
}

#[test]
fn rows_read_in_bands_and_by_threads_give_the_same_bits() {
    let image = Array2::from_shape_fn((900, 900), |(y, x)| ((37 * x + 91 * y) % 101) as f32);
    let double = image.mapv(f64::from);
    let columns = image.t();
    let apertures: Vec<_> = (0..40)
        .map(|i| {
            let place = 20.3 * f64::from(i);
            crate::aperture::Circle::new((place, 500.0), 3.0 + 9.0 * f64::from(i))
        })
        .collect();
    let pixels = Pixels::new(&double);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let all = pool.install(|| measure_all(&pixels, &apertures, &MeasureOptions::default()));
        all.into_iter().map(|m| m.unwrap().sum.to_bits()).collect::<Vec<_>>()
    };
    let serial = run(1);
    assert_eq!(serial, run(2));
    assert_eq!(serial, run(7));
    let turned = columns.to_owned().reversed_axes();
    for (aperture, bits) in apertures.iter().zip(serial) {
        assert_eq!(measure(&image, None, aperture).unwrap().sum.to_bits(), bits);
        assert_eq!(measure(&turned, None, aperture).unwrap().sum.to_bits(), bits);
    }
}

#[test]
fn nan_pixels_leave_sum_and_area_and_are_counted() {
    let mut image = Array2::from_elem((20, 20), 3.0_f32);
    image[(10, 10)] = f32::NAN;
    let circle = Ellipse::circle((10.0, 10.0), 4.0);
    let found = measure(&image, None, &circle).unwrap();
    assert!((found.area - (circle.area() - 1.0)).abs() < 1e-13);
    assert!((found.sum - 3.0 * found.area).abs() < 1e-12);
    assert_eq!((found.n_bad, found.flags), (1, Flags::NON_FINITE_DATA));
}

#[test]
fn nothing_to_measure_is_flagged_and_nan() {
    let image = Array2::from_elem((20, 20), f32::NAN);
    let off = measure(&image, None, &Ellipse::circle((100.0, 5.0), 3.0)).unwrap();
    assert!(off.sum.is_nan() && off.flags == Flags::NO_OVERLAP | Flags::NO_PIXELS);
    let blank = measure(&image, None, &Ellipse::circle((5.0, 5.0), 3.0)).unwrap();
    assert!(blank.sum.is_nan() && blank.flags.contains(Flags::ALL_MASKED));
    let image = Array2::from_elem((20, 20), 1.0_f64);
    let tiny = measure(&image, None, &Ellipse::circle((5.4, 5.4), 0.1)).unwrap();
    assert!((tiny.sum - 0.01 * std::f64::consts::PI).abs() < 1e-15);
    assert!(tiny.flags.contains(Flags::NO_PIXELS) && tiny.centroid.x.is_nan());
}

#[test]
fn the_background_is_taken_off_under_the_aperture() {
    use crate::background::{BackgroundOptions, Masks, background};
    let image = Array2::from_shape_fn((200, 200), |(y, x)| {
        5.0 + 0.02 * x as f64 + ((3 * x + 7 * y) % 11) as f64
    });
    let sky = background(&image, Masks::default(), &BackgroundOptions::default()).unwrap();
    let residual = &image - &sky.level.map();
    let circle = Ellipse::circle((93.2, 121.7), 9.0);
    let direct = measure(&image, Some(&sky), &circle).unwrap();
    let subtracted = measure(&residual, None, &circle).unwrap();
    assert!((direct.sum - subtracted.sum).abs() < 1e-9);
    assert!(
        (direct.background_sum - (measure(&image, None, &circle).unwrap().sum - direct.sum)).abs()
            < 1e-9
    );
    assert!(direct.background_rms > 1.0);
}

#[test]
fn many_radii_in_one_pass_are_those_one_by_one() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    struct Counted<'a>(&'a Array2<f32>, AtomicUsize);
    impl PixelSource for Counted<'_> {
        type Pixel = f32;
        fn shape(&self) -> (usize, usize) {
            self.0.dim()
        }
        fn read(&self, window: &PixelBox, out: &mut [f32]) -> Result<(), crate::SourceError> {
            self.1.fetch_add(out.len(), Ordering::Relaxed);
            PixelSource::read(self.0, window, out)
        }
    }
    let mut image = Array2::from_shape_fn((200, 300), |(y, x)| ((37 * x + 91 * y) % 101) as f32);
    image[(60, 70)] = f32::NAN;
    let noise = image.mapv(|v| 1.0 + v / 50.0);
    let source = Counted(&image, AtomicUsize::new(0));
    let pixels =
        Pixels { noise: Noise::Error(&noise), gain: Gain::Uniform(3.0), ..Pixels::new(&source) };
    let circles: Vec<_> = (1..40)
        .map(|i| crate::aperture::Circle::new((70.3, 60.8), 2.5 * f64::from(i)))
        .chain([crate::aperture::Circle::new((-50.0, 60.0), 3.0)])
        .collect();
    let options = MeasureOptions::default();
    let together = measure_together(&pixels, &circles, &options).unwrap();
    assert!(source.1.load(Ordering::Relaxed) <= image.len(), "each pixel is read once");
    for (circle, found) in circles.iter().zip(together) {
        let alone = measure_in(&pixels, circle, &options).unwrap();
        assert_eq!(format!("{found:?}"), format!("{alone:?}"));
    }
    assert!(measure_together(&pixels, &circles[..0], &options).unwrap().is_empty());
}

#[test]
fn a_box_that_overlaps_is_not_an_aperture_that_does() {
    // The circle's box holds pixel (0, 0), and a sliver of it: photutils has 9.0609e-4.
    let image = Array2::from_elem((20, 20), 1.0_f64);
    let found = measure(&image, None, &crate::aperture::Circle::new((-2.6, -2.6), 3.0)).unwrap();
    assert!((found.sum - 9.0609e-4).abs() < 1e-8, "{found:?}");
    assert!(
        found.flags.contains(Flags::PARTIAL_OVERLAP) && !found.flags.contains(Flags::NO_OVERLAP)
    );
    let beside = measure(&image, None, &crate::aperture::Circle::new((-2.7, -2.7), 3.0)).unwrap();
    assert!(beside.sum.is_nan() && beside.flags == Flags::NO_OVERLAP | Flags::NO_PIXELS);
}

#[test]
fn sums_alone_are_the_same_numbers() {
    let mut image =
        Array2::from_shape_fn((160, 160), |(y, x)| ((37 * x + 91 * y) % 101) as f32 / 7.0);
    for (y, x) in [(70, 70), (71, 75), (72, 159), (30, 100), (159, 3)] {
        image[(y, x)] = [f32::NAN, f32::INFINITY][x % 2];
    }
    // No pixel whose centre lies in the third circle is left, but shares of some are.
    let place = |i: usize| (3.1 * i as f64, 157.0 - 2.7 * i as f64);
    let (x, y) = (place(2).0.round() as usize, place(2).1.round() as usize);
    image.slice_mut(ndarray::s![y - 2..=y + 2, x - 2..=x + 2]).fill(f32::NAN);
    let all = MeasureOptions::default();
    let sums = MeasureOptions { find: Find::Sums, ..all };
    for (k, noise) in [(0, Noise::Unknown), (1, Noise::Uniform(0.3)), (2, Noise::Error(&image))] {
        let pixels = Pixels { noise, ..Pixels::new(&image) };
        for i in 0..60 {
            let radius = if i == 2 { 2.2 } else { 0.4 + 0.7 * i as f64 };
            let circle = crate::aperture::Circle::new(place(i), radius);
            let expected = measure_in(&pixels, &circle, &all).unwrap();
            let found = measure_in(&pixels, &circle, &sums).unwrap();
            assert!(found.centroid.x.is_nan() && found.peak.is_nan());
            assert!(i != 2 || found.flags.contains(Flags::NO_PIXELS) && found.area > 0.0);
            let Measurement { centroid, peak, peak_at, .. } = expected;
            let found = Measurement { centroid, peak, peak_at, ..found };
            // Debug tells NaN from numbers, and all their bits.
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{k} {i}");
            let together = measure_together(&pixels, &[circle], &all).unwrap();
            assert_eq!(format!("{:?}", together[0]), format!("{expected:?}"), "{k} {i}");
        }
    }
}

/// Rows are found in blocks, most of which begin inside a large circle.
#[test]
fn large_circles_lose_no_pixel() {
    let ones = Array2::from_elem((1300, 1300), 1.0_f32);
    for radius in [60.0, 97.3, 150.0, 233.3, 512.0, 600.0] {
        for (x, y) in [(650.0, 650.0), (649.37, 650.81), (651.5, 648.25)] {
            let circle = crate::aperture::Circle::new((x, y), radius);
            let found = measure(&ones, None, &circle).unwrap();
            let area = std::f64::consts::PI * radius * radius;
            for value in [found.sum, found.area] {
                assert!((value - area).abs() < 1e-12 * area, "{radius} {x} {y}: {value} {area}");
            }
        }
    }
}
