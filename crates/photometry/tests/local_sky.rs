//! The sky in an annulus: its value, its error, and what they do to a sum.

use ndarray::Array2;
use photometry::aperture::{Annulus, Circle};
use photometry::stats::{Location, Scale, SigmaClip};
use photometry::{
    Error, Flags, LocalSkyOptions, MeasureOptions, Noise, Pixels, local_sky, measure_in,
    measure_with_sky,
};

mod random;
use random::Random;

fn ring(at: (f64, f64), inner: f64, outer: f64) -> Annulus<Circle> {
    Annulus::new(Circle::new(at, outer), Circle::new(at, inner))
}

#[test]
fn the_level_is_of_pixels_whose_centres_lie_in_the_annulus() {
    let image = Array2::from_shape_fn((41, 41), |(y, x)| (x + 100 * y) as f64);
    let sky = |level| {
        let options = LocalSkyOptions { clip: None, level, rms: Scale::Std };
        local_sky(&Pixels::new(&image), &ring((20.0, 20.0), 5.0, 8.0), &options).unwrap()
    };
    let distance = |y: usize, x: usize| (x as f64 - 20.0).hypot(y as f64 - 20.0);
    let inside = image.indexed_iter().filter(|((y, x), _)| (5.0..8.0).contains(&distance(*y, *x)));
    let values: Vec<f64> = inside.map(|(_, v)| *v).collect();
    let mean = sky(Location::Mean);
    assert_eq!(mean.n as usize, values.len());
    assert!((mean.level - values.iter().sum::<f64>() / values.len() as f64).abs() < 1e-10);
    assert!((mean.level_err - mean.rms / (values.len() as f64).sqrt()).abs() < 1e-12);
    // Symmetric about the middle.
    assert_eq!(sky(Location::Median).level, 2020.0);
}

#[test]
fn neighbours_are_clipped_and_bad_pixels_are_not_area() {
    let mut random = Random::new(3);
    let mut image = Array2::from_shape_fn((60, 60), |_| 7.0 + 0.1 * random.normal());
    for x in 38..44 {
        image[(30, x)] = 900.0;
    }
    (image[(20, 30)], image[(21, 30)]) = (f64::NAN, f64::INFINITY);
    let mut mask = Array2::from_elem((60, 60), false);
    mask[(22, 30)] = true;
    let pixels = Pixels { mask: Some(&mask), ..Pixels::new(&image) };
    let whole = local_sky(
        &Pixels::new(&Array2::from_elem((60, 60), 1.0_f32)),
        &ring((30.0, 30.0), 7.5, 12.5),
        &LocalSkyOptions { clip: None, ..LocalSkyOptions::default() },
    )
    .unwrap();
    for level in [Location::Mean, Location::Median, Location::MMM, Location::BIWEIGHT] {
        let options = LocalSkyOptions { level, ..LocalSkyOptions::default() };
        let sky = local_sky(&pixels, &ring((30.0, 30.0), 7.5, 12.5), &options).unwrap();
        assert!((sky.level - 7.0).abs() < 4.0 * sky.level_err, "{level:?} {sky:?}");
        assert_eq!((sky.n_bad, sky.n + sky.n_clipped + 3), (3, whole.n));
        assert!(sky.n_clipped >= 5 && (sky.rms - 0.1).abs() < 0.02, "{sky:?}");
    }
}

#[test]
fn the_sum_lacks_level_times_usable_area_and_has_its_error() {
    let mut random = Random::new(4);
    let mut image = Array2::from_shape_fn((50, 50), |_| 3.0 + 0.2 * random.normal());
    image[(25, 26)] = f64::NAN;
    let (circle, ring) = (Circle::new((25.2, 24.9), 5.0), ring((25.2, 24.9), 9.0, 14.0));
    let pixels = Pixels { noise: Noise::LocalSky, ..Pixels::new(&image) };
    let options = MeasureOptions { noise_factor: 1.5, ..MeasureOptions::default() };
    let (found, sky) =
        measure_with_sky(&pixels, &circle, &ring, &options, &LocalSkyOptions::default()).unwrap();
    let bare = Pixels { noise: Noise::Uniform(sky.rms), ..pixels };
    let plain = measure_in(&bare, &circle, &options).unwrap();
    assert!((found.sum - (plain.sum - sky.level * plain.area)).abs() < 1e-11);
    let expected = plain.sum_err.hypot(1.5 * plain.area * sky.level_err);
    assert!((found.sum_err - expected).abs() < 1e-12 && found.sum_err > plain.sum_err);
    assert!((found.area - (circle_area() - 1.0)).abs() < 1e-12);
    assert!((found.background_sum - sky.level * found.area).abs() < 1e-11);
}

fn circle_area() -> f64 {
    25.0 * std::f64::consts::PI
}

#[test]
fn without_an_annulus_there_is_no_sum() {
    let image = Array2::from_elem((30, 30), 2.0_f32);
    let circle = Circle::new((5.0, 5.0), 3.0);
    let far = ring((500.0, 5.0), 6.0, 9.0);
    for noise in [Noise::LocalSky, Noise::Uniform(1.0)] {
        let pixels = Pixels { noise, ..Pixels::new(&image) };
        let (found, sky) = measure_with_sky(
            &pixels,
            &circle,
            &far,
            &MeasureOptions::default(),
            &LocalSkyOptions::default(),
        )
        .unwrap();
        assert!(sky.level.is_nan() && sky.n == 0 && found.sum.is_nan());
        assert!(found.flags == Flags::NO_LOCAL_SKY && found.area > 28.0);
        assert!(found.sum_err.is_nan() && found.peak.is_nan());
    }
    let pixels = Pixels { noise: Noise::LocalSky, ..Pixels::new(&image) };
    let error = measure_in(&pixels, &circle, &MeasureOptions::default()).unwrap_err();
    assert!(matches!(error, Error::NoLocalSky));
    let clip = Some(SigmaClip { lower: -1.0, ..SigmaClip::default() });
    let options = LocalSkyOptions { clip, ..LocalSkyOptions::default() };
    assert!(local_sky(&pixels, &far, &options).is_err());
}

/// Levels of many annuli on one noisy image: they scatter as their errors say.
#[test]
fn levels_scatter_by_their_errors() {
    let mut random = Random::new(5);
    let image = Array2::from_shape_fn((1000, 1000), |_| 40.0 + 3.0 * random.normal());
    let pixels = Pixels::new(&image);
    for level in
        [Location::Mean, Location::Median, Location::MMM, Location::SExtractor, Location::BIWEIGHT]
    {
        let options = LocalSkyOptions { level, ..LocalSkyOptions::default() };
        let pulls: Vec<f64> = (0..1600)
            .map(|i| {
                let at = (12.0 + 25.0 * f64::from(i % 40), 12.0 + 25.0 * f64::from(i / 40));
                let sky = local_sky(&pixels, &ring(at, 6.0, 12.0), &options).unwrap();
                (sky.level - 40.0) / sky.level_err
            })
            .collect();
        let n = pulls.len() as f64;
        let mean = pulls.iter().sum::<f64>() / n;
        let width = (pulls.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / n).sqrt();
        assert!(mean.abs() < 0.08 && (width - 1.0).abs() < 0.06, "{level:?}: {mean} {width}");
    }
}
