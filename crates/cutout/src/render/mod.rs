//! Pictures of images: gray and colour, PNG and JPEG.
//!
//! A picture is drawn band by band where its rows are asked for, so an image of any size takes a few megabytes, and its
//! bytes do not depend on the number of threads.

mod about;
mod bracket;
mod color;
mod deflate;
mod error;
mod filter;
mod jpeg;
mod levels;
mod limits;
mod overlay;
mod picture;
mod png;
mod sample;
mod select;
mod source;
mod stretch;
mod zscale;

use ndarray::{Array2, ArrayView2};

pub use about::About;
pub use color::{Lupton, Rgb};
pub use error::{RenderError, RenderResult};
pub use jpeg::write_jpeg;
pub use limits::{Interval, Limits};
pub use overlay::{Anchor, Mark, Marked, Style};
pub use picture::{Channels, Gray, Picture};
pub use png::write_png;
pub use sample::Sample;
pub use source::{FileRows, Rows};
pub use stretch::Stretch;

/// Whether bright pixels are bright in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Light on dark; pixels without a value are black.
    #[default]
    Positive,
    /// Dark on light; pixels without a value are white.
    Negative,
}

/// How pixels become brightnesses. The default is that of astrocut: asinh, 0.5 to 99.5 per cent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RenderOptions {
    /// How the range between the limits is spread.
    pub stretch: Stretch,
    /// How the limits are found.
    pub interval: Interval,
    /// Light on dark or dark on light.
    pub tone: Tone,
}

/// The brightnesses of an image, `[[y, x]]` as it is: the first row is the lowest.
///
/// # Errors
/// When the image has no pixel or none is finite, or the options make no sense.
///
/// # Source
/// `normalize_img` of astrocut 1.4.0, bit for bit.
pub fn render<T: Sample>(
    image: ArrayView2<'_, T>,
    options: &RenderOptions,
) -> RenderResult<Array2<u8>> {
    let picture = Gray::new(&image, options)?;
    let mut out = Array2::zeros(image.dim());
    let nx = image.dim().1;
    if let Some(out) = out.as_slice_mut() {
        picture::draw_all(&picture, nx, out)?;
    }
    Ok(out)
}

#[cfg(test)]
mod testing {
    /// Bytes of 0 to 15 in no order, the same ones each time.
    pub(super) fn noise() -> impl FnMut() -> u8 {
        let mut state = 1_u64;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 60) as u8
        }
    }
}
