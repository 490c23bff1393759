//! Fields of stars and discs in cells, each alone in its own, on a sloping sky with the noise of drizzled exposures.

use std::f64::consts::{PI, TAU};
use std::fmt::Write as _;
use std::path::Path;

use ndarray::Array2;
use photometry::aperture::Circle;
use photometry::measure;

use crate::sky::Sky;

/// Seconds, and electrons per second and pixel of sky.
const SECONDS: f64 = 1000.0;
const SKY: f64 = 0.1;

/// Uniform and normal numbers that are the same every time.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}

/// A circle to be measured, in pixels from 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) radius: f64,
}

/// An image without noise, and the circles on it.
pub(crate) struct Scene {
    pub(crate) n: usize,
    pub(crate) light: Array2<f64>,
    pub(crate) places: Vec<Place>,
}

impl Scene {
    /// Nothing but sky, with a circle in every cell of `cell` pixels.
    pub(crate) fn empty(n: usize, cell: usize, radius: impl Fn(f64) -> f64, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let places = cells(n, cell, &mut random)
            .into_iter()
            .map(|(x, y)| Place { x, y, radius: radius(random.uniform()) })
            .collect();
        Self { n, light: Array2::zeros((n, n)), places }
    }

    /// A star or a disc in every cell; of four, one has no circle.
    pub(crate) fn field(n: usize, cell: usize, seed: u64) -> Self {
        let mut scene = Self { n, light: Array2::zeros((n, n)), places: Vec::new() };
        let mut random = Random::new(seed);
        for (k, (x, y)) in cells(n, cell, &mut random).into_iter().enumerate() {
            // 0.3 to 100 electrons per second, as many faint as bright ones.
            let rate = 0.3 * (random.uniform() * (100.0_f64 / 0.3).ln()).exp();
            let size = 1.0 + 1.2 * random.uniform();
            let disc = random.uniform() < 0.5;
            scene.add((x, y), rate, disc, size, cell);
            let radius = if disc { 4.5 * size } else { 3.0 + 4.0 * random.uniform() };
            if k % 4 != 3 {
                scene.places.push(Place { x, y, radius });
            }
        }
        scene
    }

    fn add(&mut self, (x, y): (f64, f64), rate: f64, disc: bool, size: f64, cell: usize) {
        let brightness = |dx: f64, dy: f64| {
            let r = dx.hypot(dy);
            if disc {
                (-r / size).exp() / (TAU * size * size)
            } else {
                1.8 / (PI * 2.89) * (1.0 + r * r / 2.89).powf(-2.8)
            }
        };
        let reach = cell as f64;
        let range =
            |at: f64| (at - reach).max(0.0) as usize..((at + reach) as usize + 1).min(self.n);
        for py in range(y) {
            for px in range(x) {
                let (dx, dy) = (px as f64 - x, py as f64 - y);
                let samples = if dx.hypot(dy) < 5.0 { 5 } else { 1 };
                let step = 1.0 / f64::from(samples);
                let sub = |k: i32| (f64::from(k) + 0.5) * step - 0.5;
                let mut sum = 0.0;
                for j in 0..samples {
                    for i in 0..samples {
                        sum += brightness(dx + sub(i), dy + sub(j)) * step * step;
                    }
                }
                self.light[(py, px)] += rate * sum;
            }
        }
    }

    /// The noiseless light in every circle.
    pub(crate) fn truth(&self) -> Vec<f64> {
        let light = |p: &Place| measure(&self.light, None, &Circle::new((p.x, p.y), p.radius));
        self.places.iter().map(|place| light(place).expect("measured").sum).collect()
    }

    /// What the noise of a sum over `area` pixels is where there is no source.
    pub(crate) fn sky_noise(area: f64) -> f64 {
        (area * SKY / SECONDS).sqrt()
    }

    /// The circles as DS9 writes them in the pixels of the image.
    pub(crate) fn regions(&self) -> String {
        let mut text = "image\n".to_owned();
        for Place { x, y, radius } in &self.places {
            writeln!(text, "circle({:.9},{:.9},{radius:.9})", x + 1.0, y + 1.0).expect("text");
        }
        text
    }

    /// Takes the image: as one exposure, or of four that are drizzled on each other.
    pub(crate) fn write(&self, path: &Path, drizzled: bool, seed: u64) {
        let mut random = Random::new(seed ^ 0x5eed);
        // Their phases smooth as all phases do: R is 1.497.
        let four = [(0.125, 0.125), (0.375, 0.625), (0.625, 0.375), (0.875, 0.875)];
        let phases = if drizzled { &four[..] } else { &[(0.0, 0.0)] };
        let mut image = self.light.clone();
        for phase in phases {
            image += &(self.noise(*phase, SECONDS / phases.len() as f64, &mut random)
                / phases.len() as f64);
        }
        let sky = |x: usize, y: usize| 0.02 + 1e-5 * x as f64 - 6e-6 * y as f64;
        let pixels: Vec<f32> =
            image.indexed_iter().map(|((y, x), v)| (v + sky(x, y)) as f32).collect();
        let weights = vec![SECONDS as f32; pixels.len()];
        let mut header = Sky { n: self.n, ..Sky::default() };
        if drizzled {
            let cards = [("D001PIXF", 1.0), ("D001SCAL", 0.05), ("D001ISCL", 0.05)];
            header =
                cards.into_iter().fold(header, |sky, (keyword, value)| sky.with(keyword, value));
        }
        header.write(path, &pixels, &[("WHT", &weights)]);
    }

    /// Noise of an exposure on its own pixels, each of which is shared out to the four it overlaps.
    fn noise(&self, (a, b): (f64, f64), seconds: f64, random: &mut Random) -> Array2<f64> {
        let n = self.n;
        let light = |y: usize, x: usize| self.light[(y.min(n - 1), x.min(n - 1))];
        let own = Array2::from_shape_fn((n + 1, n + 1), |(y, x)| {
            let (up, left) = (y.saturating_sub(1), x.saturating_sub(1));
            let seen = (1.0 - b) * ((1.0 - a) * light(y, x) + a * light(y, left))
                + b * ((1.0 - a) * light(up, x) + a * light(up, left));
            ((SKY + seen) / seconds).sqrt() * random.normal()
        });
        Array2::from_shape_fn((n, n), |(y, x)| {
            let row = |y: usize| (1.0 - a) * own[(y, x)] + a * own[(y, x + 1)];
            (1.0 - b) * row(y) + b * row(y + 1)
        })
    }
}

/// A place near the middle of every cell.
fn cells(n: usize, cell: usize, random: &mut Random) -> Vec<(f64, f64)> {
    let count = n / cell;
    let mut middle = |k: usize| (k as f64 + 0.5) * cell as f64 - 0.5 + random.uniform() - 0.5;
    (0..count * count).map(|k| (middle(k % count), middle(k / count))).collect()
}
