//! Shapes in the image: which pixels they touch, and the share of each pixel that lies inside.

mod disc;
mod ellipse;

use astro_coords::{PixelBox, PixelCoord};

pub use ellipse::Ellipse;

/// A shape in the image; gives each pixel its weight.
///
/// Positions are zero-based, pixel `(x, y)` covers `x ± 0.5`, `y ± 0.5`. A new shape is one file with these functions.
pub trait Aperture: Sync {
    /// The pixels that the shape touches; it may reach outside an image.
    fn bounds(&self) -> PixelBox;

    /// Whether the place is inside; the edge is not (photutils' `center` method).
    fn contains(&self, at: PixelCoord) -> bool;

    /// Area of pixel `(x, y)` inside the shape, 0 to 1, exact up to rounding.
    fn overlap(&self, x: isize, y: isize) -> f64;

    /// Area of the whole shape, in pixels.
    fn area(&self) -> f64;
}

/// The box of pixels that covers `center ± half`; far outside any image it stops.
pub(crate) fn bounds(center: PixelCoord, half_x: f64, half_y: f64) -> PixelBox {
    let range = |center: f64, half: f64| {
        index((center - half + 0.5).floor())..index((center + half + 0.5).ceil())
    };
    PixelBox::new(range(center.x, half_x), range(center.y, half_y))
}

fn index(value: f64) -> isize {
    /// No image reaches so far, and sums of two of these still fit.
    const FAR: f64 = 1e15;
    #[expect(clippy::cast_possible_truncation, reason = "clamped, and NaN becomes 0")]
    let index = value.clamp(-FAR, FAR) as isize;
    index
}
