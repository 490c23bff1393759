//! Errors against what they claim: sums on simulated noise, whose truth is known.
//!
//! A standard error covers 68.3 % of the deviations, if they are normal and it is right. Counts of 100 000 apertures are
//! sure to 0.15 %.

#![allow(clippy::print_stdout, reason = "the shares that are covered")]

use ndarray::Array2;
use photometry::aperture::{Annulus, Circle};
use photometry::background::{BackgroundOptions, Masks, background};
use photometry::noise::{
    EmptyApertures, drizzle_factor, drizzle_factor_of_area, empty_aperture_noise,
};
use photometry::{
    Aperture, Gain, LocalSkyOptions, MeasureOptions, Measurement, Noise, Pixels, measure_all,
    measure_in, measure_with_sky,
};

mod random;
use random::Random;

/// A circle in every cell of a grid, its centre anywhere in the middle pixel.
fn circles(count: usize, cell: usize, radius: impl Fn(usize) -> f64, seed: u64) -> Vec<Circle> {
    let mut random = Random::new(seed);
    let mut middle = |i: usize| (i as f64 + 0.5) * cell as f64 - 0.5 + random.uniform() - 0.5;
    let place = |k: usize| (middle(k % count), middle(k / count));
    let places: Vec<(f64, f64)> = (0..count * count).map(place).collect();
    places.into_iter().enumerate().map(|(k, at)| Circle::new(at, radius(k))).collect()
}

fn white(size: usize, seed: u64) -> Array2<f32> {
    let mut random = Random::new(seed);
    Array2::from_shape_fn((size, size), |_| random.normal() as f32)
}

fn measured(pixels: &Pixels<'_, Array2<f32>>, circles: &[Circle], factor: f64) -> Vec<Measurement> {
    let options = MeasureOptions { noise_factor: factor, ..MeasureOptions::default() };
    measure_all(pixels, circles, &options).into_iter().map(Result::unwrap).collect()
}

/// Share of the sums within one error of zero, in percent.
fn covered<'a>(found: impl IntoIterator<Item = &'a Measurement>) -> f64 {
    let inside: Vec<bool> = found.into_iter().map(|m| m.sum.abs() < m.sum_err).collect();
    100.0 * inside.iter().filter(|i| **i).count() as f64 / inside.len() as f64
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
}

#[test]
fn errors_cover_white_noise() {
    let (count, cell) = (320, 7);
    let mut image = white(count * cell, 11);
    let circles = circles(count, cell, |k| 0.6 + 0.27 * (k % 10) as f64, 12);
    let uniform = Pixels { noise: Noise::Uniform(1.0), ..Pixels::new(&image) };
    let share = covered(&measured(&uniform, &circles, 1.0));
    println!("white noise: {share:.2} %");
    assert!((share - 68.27).abs() < 0.5, "{share} % of {} sums", circles.len());
    // Noise that changes over the image, told by a plane.
    let sigma = Array2::from_shape_fn(image.dim(), |(y, x)| {
        0.5 + (x + 2 * y) as f32 / image.ncols() as f32
    });
    image *= &sigma;
    let planes = Pixels { noise: Noise::Error(&sigma), ..Pixels::new(&image) };
    let share = covered(&measured(&planes, &circles, 1.0));
    println!("white noise: {share:.2} %");
    assert!((share - 68.27).abs() < 0.5, "{share} % by an error plane");
    let weight = sigma.mapv(|s| 1.0 / (s * s));
    let planes = Pixels { noise: Noise::InverseVariance(&weight), ..Pixels::new(&image) };
    let share = covered(&measured(&planes, &circles, 1.0));
    println!("white noise: {share:.2} %");
    assert!((share - 68.27).abs() < 0.5, "{share} % by weights");
}

#[test]
fn errors_cover_sums_above_a_local_sky() {
    let (count, cell) = (160, 17);
    let (plain, sky) = (MeasureOptions::default(), LocalSkyOptions::default());
    let mut found = Vec::new();
    for seed in [21, 31, 41, 51] {
        let image = white(count * cell, seed) + 1000.0;
        let pixels = Pixels { noise: Noise::LocalSky, ..Pixels::new(&image) };
        found.extend(circles(count, cell, |_| 3.5, seed + 1).iter().map(|circle| {
            let around = |radius| Circle::new(circle.center(), radius);
            let ring = Annulus::new(around(7.5), around(5.0));
            measure_with_sky(&pixels, circle, &ring, &plain, &sky).unwrap().0
        }));
    }
    // 102 400 sums are sure to 0.15 %; without the annulus's share of the error it were 60 %.
    let share = covered(&found);
    println!("white noise: {share:.2} %");
    assert!((share - 68.27).abs() < 0.5, "{share} %");
}

/// White noise of `frames` exposures dithered over a pixel along both axes, drizzled on a grid of `size` with the kernel `square`:
/// output pixels are `scale` input pixels wide, drops `pixfrac`.
fn drizzled(size: usize, scale: f64, pixfrac: f64, frames: usize, seed: u64) -> Array2<f32> {
    let mut random = Random::new(seed);
    let (mut sum, mut weight) =
        (Array2::<f64>::zeros((size, size)), Array2::<f64>::zeros((size, size)));
    let inputs = (size as f64 * scale) as usize + 2;
    for frame in 0..frames {
        // Shares of every drop in the output pixels along an axis.
        let shares = |offset: f64| -> Vec<Vec<(usize, f64)>> {
            (0..inputs)
                .map(|i| {
                    let low = (i as f64 - offset + 0.5 - 0.5 * pixfrac) / scale;
                    let high = low + pixfrac / scale;
                    (low.floor().max(0.0) as usize..(high.ceil().max(0.0) as usize).min(size))
                        .map(|o| (o, (high.min(o as f64 + 1.0) - low.max(o as f64)).max(0.0)))
                        .collect()
                })
                .collect()
        };
        // Even steps along x, and along y the same in another order.
        let step = |k: usize, random: &mut Random| (k as f64 + random.uniform()) / frames as f64;
        let along_x = shares(step(frame, &mut random));
        let along_y = shares(step(3 * frame % frames, &mut random));
        for rows in &along_y {
            for columns in &along_x {
                let value = random.normal();
                for (y, wy) in rows {
                    for (x, wx) in columns {
                        sum[(*y, *x)] += wy * wx * value;
                        weight[(*y, *x)] += wy * wx;
                    }
                }
            }
        }
    }
    Array2::from_shape_fn((size, size), |at| (sum[at] / weight[at].max(1e-9)) as f32)
}

/// The pipelines' two, and fine pixels under wide drops: pixel noise is measured, as from a background mesh.
#[test]
fn errors_cover_drizzled_noise_with_the_factor() {
    for (scale, pixfrac) in [(1.0, 1.0), (1.0, 0.8), (0.6, 1.0)] {
        let (count, cell) = (50, 26);
        let image = drizzled(count * cell, scale, pixfrac, 8, 31);
        let rms = moments(&image.iter().map(|v| f64::from(*v)).collect::<Vec<_>>()).1;
        let pixels = Pixels { noise: Noise::Uniform(rms), ..Pixels::new(&image) };
        let circles = circles(count, cell, |_| 9.0, 32);
        let factor = drizzle_factor(scale, pixfrac).unwrap();
        let with = covered(&measured(&pixels, &circles, factor));
        let without = covered(&measured(&pixels, &circles, 1.0));
        println!(
            "drizzled, s = {scale}, p = {pixfrac}: {with:.2} %, {without:.2} % without the factor"
        );
        assert!((with - 68.3).abs() < 3.0, "{scale} {pixfrac}: {with} %");
        assert!(without < 59.0, "{scale} {pixfrac}: {without} % without the factor");
        // The factor of the area: closer, and right for small apertures too.
        for radius in [2.0, 5.0, 9.0] {
            let small = self::circles(count, cell, |_| radius, 33);
            let area = small[0].area();
            let factor = drizzle_factor_of_area(scale, pixfrac, area).unwrap();
            let share = covered(&measured(&pixels, &small, factor));
            println!("white noise: {share:.2} %");
            assert!((share - 68.3).abs() < 3.0, "{scale} {pixfrac} {radius}: {share} %");
        }
    }
}

#[test]
fn empty_apertures_show_the_noise_of_sums() {
    let image = drizzled(900, 1.0, 1.0, 8, 41);
    let rms = moments(&image.iter().map(|v| f64::from(*v)).collect::<Vec<_>>()).1;
    for radius in [3.0, 6.0] {
        let pixels = Pixels { noise: Noise::Uniform(rms), ..Pixels::new(&image) };
        let shape = |at| Circle::new(at, radius);
        let found = empty_aperture_noise(&pixels, shape, &EmptyApertures::default()).unwrap();
        let plain = measure_in(&pixels, &shape((450.2, 450.4).into()), &MeasureOptions::default());
        let factor = found.factor(plain.unwrap().sum_err);
        let area = std::f64::consts::PI * radius * radius;
        let expected = drizzle_factor_of_area(1.0, 1.0, area).unwrap();
        let unsure = 3.0 * factor * found.noise_err / found.noise;
        assert!((factor - expected).abs() < unsure, "{radius}: {factor} {expected} {found:?}");
        assert!(factor > 1.2 && found.bias.abs() < 4.0 * found.noise / (found.n as f64).sqrt());
    }
}

/// A field of 4225 sources, each alone in its cell, on a sloping sky with the noise of its electrons.
struct Scene {
    image: Array2<f32>,
    truth: Array2<f32>,
    circles: Vec<Circle>,
}

const EXPOSURE: f64 = 800.0;

impl Scene {
    /// Widths from 1 to 2.2 pixels, fluxes from well below the noise to a hundred times the sky's in the aperture.
    fn new() -> Self {
        let (count, cell) = (65, 30);
        let circles = circles(count, cell, |k| [2.5, 4.0, 6.0][k % 3], 51);
        let size = count * cell;
        let mut truth = Array2::<f32>::zeros((size, size));
        let mut random = Random::new(52);
        for (k, circle) in circles.iter().enumerate() {
            let flux = 10.0_f64.powf(-1.0 + 3.0 * random.uniform());
            let sigma = 1.0 + 0.3 * (k % 5) as f64;
            let at = circle.center();
            let (x0, y0) = (k % count * cell, k / count * cell);
            for y in y0..y0 + cell {
                for x in x0..x0 + cell {
                    let r2 = (x as f64 - at.x).powi(2) + (y as f64 - at.y).powi(2);
                    let v = flux * (-0.5 * r2 / (sigma * sigma)).exp();
                    truth[(y, x)] += (v / (std::f64::consts::TAU * sigma * sigma)) as f32;
                }
            }
        }
        let image = Array2::from_shape_fn((size, size), |(y, x)| {
            let sky = 0.12 + 2e-5 * x as f64 - 1e-5 * y as f64;
            let electrons = (sky + f64::from(truth[(y, x)])) * EXPOSURE;
            // Read noise of 8 electrons.
            ((random.poisson(electrons) + 8.0 * random.normal()) / EXPOSURE) as f32
        });
        Self { image, truth, circles }
    }
}

struct Sources<'a>(&'a [Circle]);

impl photometry::MaskSource for Sources<'_> {
    fn mask(
        &self,
        window: &astro_coords::PixelBox,
        out: &mut [bool],
    ) -> Result<(), photometry::SourceError> {
        let width = window.shape().1;
        for circle in self.0 {
            let grown = Circle::new(circle.center(), 1.5 * circle.radius().max(5.0));
            let Some(part) = grown.bounds().intersect(window) else { continue };
            for y in part.y.clone() {
                for x in part.x.clone() {
                    let j = (y - window.y.start).unsigned_abs();
                    let i = (x - window.x.start).unsigned_abs();
                    out[j * width + i] |= grown.contains((x as f64, y as f64).into());
                }
            }
        }
        Ok(())
    }
}

#[test]
fn pulls_of_isolated_sources_are_normal() {
    let scene = Scene::new();
    let mask = Sources(&scene.circles);
    let sky =
        background(&scene.image, Masks::ignoring(&mask), &BackgroundOptions::default()).unwrap();
    let pixels = Pixels {
        background: Some(&sky),
        noise: Noise::Background,
        gain: Gain::Uniform(EXPOSURE),
        ..Pixels::new(&scene.image)
    };
    let found = measured(&pixels, &scene.circles, 1.0);
    let truth = measured(&Pixels::new(&scene.truth), &scene.circles, 1.0);
    let pulls: Vec<f64> =
        found.iter().zip(&truth).map(|(f, t)| (f.sum - t.sum) / f.sum_err).collect();
    let (mean, width) = moments(&pulls);
    println!("pulls of {}: mean {mean:.4}, width {width:.4}", pulls.len());
    assert!(pulls.len() >= 4000);
    assert!(mean.abs() < 0.05 && (width - 1.0).abs() < 0.1, "{mean} {width}");
    // Bright and faint ones alike.
    for bright in [false, true] {
        let chosen = pulls.iter().zip(&truth).filter(|(_, t)| (t.sum > 2.0) == bright);
        let some: Vec<f64> = chosen.map(|(p, _)| *p).collect();
        let (mean, width) = moments(&some);
        assert!(some.len() > 1000 && mean.abs() < 0.1, "{bright}: {mean} of {}", some.len());
        assert!((width - 1.0).abs() < 0.1, "{bright}: {width}");
    }
}
