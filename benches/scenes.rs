//! Simulated scenes for the benchmarks: sizes and seeds are fixed here.

use std::fmt::Write;

use ndarray::Array2;

/// Noise of a pixel of [`sky`].
pub const SKY_NOISE: f64 = 0.006;

/// An image of `(ny, nx)` pixels in electrons a second: sloping sky, normal noise, and a star for every 2500 pixels.
pub fn sky(ny: usize, nx: usize) -> Array2<f32> {
    let mut random = Random(20);
    let mut image = Array2::from_shape_fn((ny, nx), |(y, x)| {
        sky_level(y, x, (ny, nx)) + SKY_NOISE * random.normal()
    });
    for _ in 0..ny * nx / 2500 {
        let (x, y) = (random.uniform() * nx as f64, random.uniform() * ny as f64);
        let flux = 10.0_f64.powf(3.0 * random.uniform() - 0.7);
        add_star(&mut image, (x, y), flux);
    }
    image.mapv(|v| v as f32)
}

/// The sky of [`sky`] at a pixel.
pub fn sky_level(y: usize, x: usize, (ny, nx): (usize, usize)) -> f64 {
    let (y, x) = (y as f64 / ny as f64, x as f64 / nx as f64);
    0.1 + 0.03 * (1.2 * x + 0.8 * y) / 2.0 + 0.01 * x * y
}

/// A Gaussian star with a sigma of one pixel, out to six.
fn add_star(image: &mut Array2<f64>, (x0, y0): (f64, f64), flux: f64) {
    let near = |at: f64| (at - 6.0).max(0.0) as usize..(at + 7.0) as usize;
    for y in near(y0) {
        for x in near(x0) {
            if let Some(pixel) = image.get_mut((y, x)) {
                let r2 = (x as f64 - x0).powi(2) + (y as f64 - y0).powi(2);
                *pixel += flux * (-0.5 * r2).exp() / std::f64::consts::TAU;
            }
        }
    }
}

/// A small linear congruential generator.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Box and Muller's normal deviate.
    fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

/// A region file of circles on the sky with a radius in arcsec and a label each, 52 bytes a line.
pub fn circles(count: usize) -> String {
    let mut text = String::from("fk5\n");
    for n in 0..count {
        let (ra, dec) = (195.0 + n as f64 * 1e-6, 28.0 - (n % 9973) as f64 * 1e-5);
        let radius = 0.5 + (n % 97) as f64 * 0.01;
        let _ = writeln!(text, "circle({ra:.7},{dec:.7},{radius:.3}\") # text={{{n}}}");
    }
    text
}

/// A region file of `count` polygons with `vertices` each, in image pixels.
pub fn polygons(count: usize, vertices: usize) -> String {
    let mut text = String::from("image\n");
    for n in 0..count {
        text.push_str("polygon(");
        for v in 0..vertices {
            let comma = if v == 0 { "" } else { "," };
            let (x, y) = (n as f64 + v as f64 * 0.37, 900.0 - v as f64 * 0.000_19);
            let _ = write!(text, "{comma}{x:.4},{y:.4}");
        }
        text.push_str(")\n");
    }
    text
}
