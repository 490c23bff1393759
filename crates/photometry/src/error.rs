use astro_coords::PixelBox;

use crate::SourceError;

/// A `Result` of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong: first what the caller asked for, then what the image holds, then its reading.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A mesh box needs at least one pixel on each axis.
    #[error("a mesh box needs a pixel on each axis: (ny, nx) = {size:?}")]
    BoxSize {
        /// The size asked for, `(ny, nx)`.
        size: (usize, usize),
    },
    /// The window of the median filter has no centre.
    #[error("the window of the median filter must be odd on each axis: (ny, nx) = {size:?}")]
    FilterSize {
        /// The size asked for, `(ny, nx)`.
        size: (usize, usize),
    },
    /// A number of the options lies outside its range.
    #[error("{name} must be {allowed}: {value}")]
    OutOfRange {
        /// The option.
        name: &'static str,
        /// The values it may take, in words.
        allowed: &'static str,
        /// The value given.
        value: f64,
    },
    /// A mask or an output array has another shape than the image.
    #[error("{what} must have the image's shape {image:?}: {found:?}")]
    Shape {
        /// What does not fit.
        what: &'static str,
        /// The image, `(ny, nx)`.
        image: (usize, usize),
        /// The other, `(ny, nx)`.
        found: (usize, usize),
    },
    /// There is no pixel to measure.
    #[error("the image has no pixels: (ny, nx) = {shape:?}")]
    Empty {
        /// The image, `(ny, nx)`.
        shape: (usize, usize),
    },
    /// Every pixel is NaN or infinite, or masked.
    #[error("no pixel of {shape:?} is finite and unmasked")]
    NoUsablePixels {
        /// The image, `(ny, nx)`.
        shape: (usize, usize),
    },
    /// The exclusion rule left no mesh box.
    #[error("every one of the {boxes} mesh boxes was excluded by the rule {rule}")]
    AllExcluded {
        /// Boxes in the mesh.
        boxes: usize,
        /// The rule in words.
        rule: String,
    },
    /// The noise was to be that of the background, and there is none.
    #[error("noise from the background needs a background")]
    NoBackground,
    /// The noise was to be that of a local sky, and there is none.
    #[error("noise from the local sky needs an annulus")]
    NoLocalSky,
    /// Random places for empty apertures were all masked, off the image or taken.
    #[error("no empty place for the aperture in {attempts} attempts")]
    NoEmptyPlace {
        /// Places tried; 0 where the shape is larger than the image.
        attempts: usize,
    },
    /// The source of pixels or of a mask could not give a window.
    #[error("cannot read columns {:?}, rows {:?}", window.x, window.y)]
    Read {
        /// The pixels asked for.
        window: PixelBox,
        /// What the source said.
        source: SourceError,
    },
}
