//! Three images in one picture.

use std::ops::Range;

use super::source::Rows;
use super::{Channels, Picture, RenderError, RenderResult};

/// A picture of three gray ones, each with its own limits.
///
/// # Source
/// `img_cut(colorize=True)` of astrocut 1.4.0.
pub struct Rgb<'a>([&'a dyn Picture; 3]);

impl<'a> Rgb<'a> {
    /// Red, green and blue.
    ///
    /// # Errors
    /// When they differ in size.
    ///
    /// # Panics
    /// When one of them is in colour.
    pub fn new(parts: [&'a dyn Picture; 3]) -> RenderResult<Self> {
        same_shape(parts.map(Picture::shape))?;
        assert!(parts.iter().all(|part| part.channels() == Channels::Gray), "a part is in colour");
        Ok(Self(parts))
    }
}

impl std::fmt::Debug for Rgb<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rgb").field("shape", &self.shape()).finish_non_exhaustive()
    }
}

impl Picture for Rgb<'_> {
    fn shape(&self) -> (usize, usize) {
        self.0[0].shape()
    }

    fn channels(&self) -> Channels {
        Channels::Rgb
    }

    fn draw(&self, rows: Range<usize>, out: &mut [u8]) -> RenderResult<()> {
        let mut part = vec![0; out.len() / 3];
        for (i, picture) in self.0.iter().enumerate() {
            picture.draw(rows.clone(), &mut part)?;
            out.iter_mut().skip(i).step_by(3).zip(&part).for_each(|(out, level)| *out = *level);
        }
        Ok(())
    }
}

/// How three images become one picture whose colours do not depend on the brightness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lupton {
    /// How much bright pixels are pressed.
    pub q: f64,
    /// The range of pixel values that is shown linearly.
    pub stretch: f64,
    /// What is black in red, green and blue.
    pub minimum: [f64; 3],
}

/// That of astropy.
impl Default for Lupton {
    fn default() -> Self {
        Self { q: 8.0, stretch: 5.0, minimum: [0.0; 3] }
    }
}

impl Lupton {
    /// The picture of red, green and blue.
    ///
    /// # Errors
    /// When the images differ in size or have no pixel, or a number makes no sense.
    ///
    /// # Source
    /// Lupton et al. 2004, PASP 116, 133, as `make_lupton_rgb` of astropy 8.0.2 for arrays of doubles. A pixel without a
    /// value in any of the three is black.
    pub fn picture<'a>(self, images: [&'a dyn Rows<f64>; 3]) -> RenderResult<impl Picture + 'a> {
        for (name, value) in [("Q", self.q), ("stretch", self.stretch)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(RenderError::BadParameter { name, value });
            }
        }
        let shape = same_shape(images.map(Rows::shape))?;
        if shape.0 == 0 || shape.1 == 0 {
            return Err(RenderError::Empty { place: images[0].place() });
        }
        let q = if self.q < LEAST_Q { FRACTION } else { self.q.min(MOST_Q) };
        let soften = q / self.stretch;
        let slope = FRACTION / (FRACTION * q).asinh();
        Ok(Mapped { images, minimum: self.minimum, soften, slope })
    }
}

const FRACTION: f64 = 0.1;
const LEAST_Q: f64 = 1.0 / (1 << 23) as f64;
const MOST_Q: f64 = 1e10;

struct Mapped<'a> {
    images: [&'a dyn Rows<f64>; 3],
    minimum: [f64; 3],
    soften: f64,
    slope: f64,
}

impl Mapped<'_> {
    fn pixel(&self, values: [f64; 3]) -> [u8; 3] {
        let [r, g, b] = [0, 1, 2].map(|i| values[i] - self.minimum[i]);
        let intensity = (r + g + b) / 3.0;
        let stretched = (intensity * self.soften).asinh() * self.slope;
        let factor = if intensity <= 0.0 { 0.0 } else { stretched / intensity };
        let parts = [r, g, b].map(|value| clipped(value * factor));
        let most = parts.iter().fold(0.0_f64, |most, part| most.max(*part));
        let scaled = parts.map(|part| if most > 1.0 { part / most } else { part });
        scaled.map(|part| level(part * 255.0))
    }
}

/// Not below zero; NaN stays.
fn clipped(value: f64) -> f64 {
    if value < 0.0 { 0.0 } else { value }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as the reference")]
fn level(value: f64) -> u8 {
    value as u8
}

impl Picture for Mapped<'_> {
    fn shape(&self) -> (usize, usize) {
        self.images[0].shape()
    }

    fn channels(&self) -> Channels {
        Channels::Rgb
    }

    fn draw(&self, rows: Range<usize>, out: &mut [u8]) -> RenderResult<()> {
        let mut parts = [(); 3].map(|()| vec![0.0; out.len() / 3]);
        for (image, part) in self.images.iter().zip(&mut parts) {
            image.read(rows.clone(), part)?;
        }
        for (i, out) in out.chunks_exact_mut(3).enumerate() {
            out.copy_from_slice(&self.pixel([parts[0][i], parts[1][i], parts[2][i]]));
        }
        Ok(())
    }
}

fn same_shape(shapes: [(usize, usize); 3]) -> RenderResult<(usize, usize)> {
    let [first, ..] = shapes;
    match shapes.into_iter().find(|shape| *shape != first) {
        Some(other) => Err(RenderError::DifferentShapes { first, other }),
        None => Ok(first),
    }
}
