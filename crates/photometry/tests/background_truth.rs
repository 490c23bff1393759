//! How much of a wide source's flux is left once the background is subtracted.
//!
//! A mesh box that lies wholly in a galaxy takes the galaxy for sky. The default masks each region, grown 1.5 times;
//! the usual call of photutils' `Background2D` masks nothing. One disc a scene, cut at the radius of its aperture, on a
//! sloping sky with normal noise, 0.04 arcsec a pixel; truth is the noiseless flux in the aperture. The noise in the
//! aperture itself is known here and left out, so that what is lost is lost to the background.

#![allow(clippy::print_stdout, reason = "the table of what is kept")]

use astro_coords::{PixelBox, PixelCoord};
use ndarray::Array2;
use photometry::aperture::Circle;
use photometry::background::{BackgroundOptions, Masks, background, background_near};
use photometry::{Aperture, MaskSource, SourceError};
use rayon::prelude::*;

mod random;
use random::Random;

const SIZE: usize = 800;
const NOISE: f64 = 0.006;
const CENTER: PixelCoord = PixelCoord { x: 411.3, y: 387.8 };
const ARCSEC: f64 = 25.0;

/// The disc alone: brightness `peak` times the noise in its centre, and `falloff` scale lengths to its edge.
fn disc(radius: f64, peak: f64, falloff: f64) -> Array2<f64> {
    Array2::from_shape_fn((SIZE, SIZE), |(y, x)| {
        let r = (x as f64 - CENTER.x).hypot(y as f64 - CENTER.y);
        if r < radius { peak * NOISE * (-falloff * r / radius).exp() } else { 0.0 }
    })
}

/// The sky of a pixel, noiseless.
fn sky(y: usize, x: usize) -> f64 {
    0.12 + 1e-5 * x as f64 - 5e-6 * y as f64
}

fn noise() -> Array2<f64> {
    let mut random = Random::new(7);
    Array2::from_shape_fn((SIZE, SIZE), |_| NOISE * random.normal())
}

struct Grown(Circle);

impl MaskSource for Grown {
    fn mask(&self, window: &PixelBox, out: &mut [bool]) -> Result<(), SourceError> {
        let places = window.y.clone().flat_map(|y| window.x.clone().map(move |x| (y, x)));
        for (masked, (y, x)) in out.iter_mut().zip(places) {
            *masked |= self.0.contains(PixelCoord::new(x as f64, y as f64));
        }
        Ok(())
    }
}

/// Shares of the truth that are left: masked by default, near the region alone, and photutils' way.
fn kept(noise: &Array2<f64>, arcsec: f64, peak: f64, falloff: f64) -> [f64; 3] {
    let radius = arcsec * ARCSEC;
    let source = disc(radius, peak, falloff);
    let taken = excess(noise, &source, radius).map(|sum| sum / source.sum());
    taken.map(|lost| 1.0 - lost)
}

/// What the backgrounds of the scene with `source` have too much in the circle of `radius`, summed over its pixels.
fn excess(noise: &Array2<f64>, source: &Array2<f64>, radius: f64) -> [f64; 3] {
    let image = Array2::from_shape_fn((SIZE, SIZE), |(y, x)| {
        (sky(y, x) + source[(y, x)] + noise[(y, x)]) as f32
    });
    let mask = Grown(Circle::new(CENTER, 1.5 * radius));
    let masked = Masks::ignoring(&mask);
    let options = BackgroundOptions::default();
    let window = Circle::new(CENTER, radius).bounds();
    let levels = [
        background(&image, masked, &options).unwrap().level,
        background_near(&image, masked, &options, std::slice::from_ref(&window), 8).unwrap().level,
        background(&image, Masks::default(), &BackgroundOptions::photutils_3_1()).unwrap().level,
    ];
    levels.map(|level| {
        let map = level.map();
        let inside = disc(radius, 1.0, 0.0);
        let inside = inside.indexed_iter().filter(|(_, v)| **v > 0.0);
        inside.map(|((y, x), _)| map[(y, x)] - sky(y, x)).sum::<f64>()
    })
}

#[test]
fn a_wide_source_keeps_its_flux() {
    let noise = noise();
    let scenes: Vec<(f64, f64, f64)> = [0.0, 3.0]
        .into_iter()
        .flat_map(|falloff| [1.0, 2.0, 3.0, 4.0].map(|arcsec| (falloff, arcsec)))
        .flat_map(|(falloff, arcsec)| [3.0, 10.0, 100.0].map(|peak| (falloff, arcsec, peak)))
        .collect();
    let found: Vec<[f64; 3]> = scenes
        .par_iter()
        .map(|(falloff, arcsec, peak)| kept(&noise, *arcsec, *peak, *falloff))
        .collect();
    println!("| profile | radius | peak / noise | masked (default) | near it | photutils' way |");
    for ((falloff, arcsec, peak), [masked, near, photutils]) in scenes.iter().zip(found) {
        let profile = if *falloff == 0.0 { "flat" } else { "exponential" };
        println!("| {profile} | {arcsec}″ | {peak} | {masked:.3} | {near:.3} | {photutils:.3} |");
        assert!(masked > 0.97 && near > 0.97, "{profile} {arcsec} {peak}: {masked} {near}");
        // What is above 1 is the noise of the level, which is there without a source too: the source adds nothing.
        let radius = arcsec * ARCSEC;
        let truth = disc(radius, *peak, *falloff).sum();
        let empty = excess(&noise, &Array2::zeros((SIZE, SIZE)), radius);
        for (with, without) in [(masked, empty[0]), (near, empty[1])] {
            let added = with - 1.0 + without / truth;
            assert!(added.abs() < 1e-6, "{profile} {arcsec} {peak}: {added:e}");
        }
        assert!(*arcsec < 4.0 || photutils < 0.9, "{profile} {arcsec} {peak}: {photutils}");
    }
}

/// The level under a masked region is off by its noise alone: no bias, and a few hundredths of the noise of a pixel.
#[test]
fn the_level_under_a_region_has_noise_and_no_bias() {
    let radius = 4.0 * ARCSEC;
    let empty = Array2::zeros((SIZE, SIZE));
    let errors: Vec<f64> = (100..116)
        .into_par_iter()
        .map(|seed| {
            let mut random = Random::new(seed);
            let noise = Array2::from_shape_fn((SIZE, SIZE), |_| NOISE * random.normal());
            let [sum, ..] = excess(&noise, &empty, radius);
            sum / (std::f64::consts::PI * radius * radius * NOISE)
        })
        .collect();
    let n = errors.len() as f64;
    let mean = errors.iter().sum::<f64>() / n;
    let scatter = (errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    println!("level under a 4″ region: {mean:.4} ± {scatter:.4} of a pixel's noise");
    assert!(mean.abs() < 4.0 * scatter / n.sqrt(), "{mean} {scatter}");
    assert!(scatter < 0.03, "{scatter}");
}
