//! How much of a wide source's flux is left once the background is subtracted.
//!
//! A mesh box that lies wholly in a galaxy takes the galaxy for sky. The default masks each region, grown 1.5 times;
//! the usual call of photutils' `Background2D` masks nothing. One exponential disc a scene, cut at the radius of its
//! aperture, on a sloping sky with normal noise, 0.04 arcsec a pixel; truth is the noiseless flux in the aperture.

#![allow(clippy::print_stdout, reason = "the table of what is kept")]

use astro_coords::{PixelBox, PixelCoord};
use ndarray::Array2;
use photometry::aperture::Circle;
use photometry::background::{BackgroundOptions, Masks, background, background_near};
use photometry::{Aperture, MaskSource, SourceError};

const SIZE: usize = 800;
const NOISE: f64 = 0.006;
const CENTER: PixelCoord = PixelCoord { x: 411.3, y: 387.8 };
const ARCSEC: f64 = 25.0;

/// The deviates of a small generator, always the same.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// The disc alone: brightness `peak` times the noise in its centre, and `falloff` scale lengths to its edge.
fn disc(radius: f64, peak: f64, falloff: f64) -> Array2<f64> {
    Array2::from_shape_fn((SIZE, SIZE), |(y, x)| {
        let r = (x as f64 - CENTER.x).hypot(y as f64 - CENTER.y);
        if r < radius { peak * NOISE * (-falloff * r / radius).exp() } else { 0.0 }
    })
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
fn kept(arcsec: f64, peak: f64, falloff: f64) -> [f64; 3] {
    let radius = arcsec * ARCSEC;
    let source = disc(radius, peak, falloff);
    let mut random = Random(7);
    let image = Array2::from_shape_fn((SIZE, SIZE), |(y, x)| {
        let sky = 0.12 + 1e-5 * x as f64 - 5e-6 * y as f64;
        (sky + source[(y, x)] + NOISE * random.normal()) as f32
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
        let inside = source.indexed_iter().filter(|(_, v)| **v > 0.0);
        let left = inside.map(|(at, _)| f64::from(image[at]) - map[at]).sum::<f64>();
        left / source.sum()
    })
}

#[test]
fn a_wide_source_keeps_its_flux() {
    println!("profile, radius, peak / noise: masked, near it, photutils' way");
    for (profile, falloff) in [("flat", 0.0), ("exponential", 3.0)] {
        for arcsec in [1.0, 2.0, 3.0, 4.0] {
            for peak in [10.0, 100.0] {
                let [masked, near, photutils] = kept(arcsec, peak, falloff);
                println!("{profile} {arcsec} {peak}: {masked:.4} {near:.4} {photutils:.4}");
                assert!((0.97..1.03).contains(&masked), "{profile} {arcsec} {peak}: {masked}");
                assert!((0.97..1.03).contains(&near), "{profile} {arcsec} {peak}: {near}");
                assert!(arcsec < 4.0 || photutils < 0.9, "{profile} {arcsec} {peak}: {photutils}");
            }
        }
    }
}
