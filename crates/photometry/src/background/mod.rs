//! The background of an image from a mesh of boxes: measure each box, fill, filter, interpolate.
//!
//! [`background`] reads the image in bands of boxes and returns the two meshes as [`Surface`]s, which are evaluated
//! where they are wanted; no map of the image's size is ever made unless asked for.

mod fill;
mod filter;
mod mesh;
mod options;
mod spline;
mod surface;

use ndarray::Array2;

pub use mesh::BoxStatistics;
pub use options::{BackgroundOptions, Exclude, Ties};
pub use surface::Surface;

use crate::{Error, MaskSource, PixelSource, Result};
use mesh::Grid;

/// Pixels that do not count. Those that are not finite never do.
#[derive(Clone, Copy, Default)]
pub struct Masks<'a> {
    /// Pixels to leave out of the statistics, such as those of sources.
    pub ignore: Option<&'a dyn MaskSource>,
    /// Pixels that were never exposed. They do not count as missing under [`Exclude::Robust`].
    pub uncovered: Option<&'a dyn MaskSource>,
}

impl std::fmt::Debug for Masks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { ignore, uncovered } = self;
        f.debug_struct("Masks")
            .field("ignore", &ignore.is_some())
            .field("uncovered", &uncovered.is_some())
            .finish()
    }
}

impl<'a> Masks<'a> {
    /// Leaves out what `mask` masks.
    pub fn ignoring(mask: &'a dyn MaskSource) -> Self {
        Self { ignore: Some(mask), uncovered: None }
    }

    fn check(&self, shape: (usize, usize)) -> Result<()> {
        check_mask(self.ignore, shape, "the mask")?;
        check_mask(self.uncovered, shape, "the coverage mask")
    }
}

fn check_mask(
    mask: Option<&dyn MaskSource>,
    image: (usize, usize),
    what: &'static str,
) -> Result<()> {
    match mask.and_then(MaskSource::shape) {
        Some(found) if found != image => Err(Error::Shape { what, image, found }),
        _ => Ok(()),
    }
}

/// The background of an image and its pixel-to-pixel noise.
#[derive(Debug, Clone)]
pub struct Background {
    /// The level, filled and filtered.
    pub level: Surface,
    /// The spread of the pixels about the level, filled and filtered.
    pub rms: Surface,
    /// What was found in each box, before filling and filtering.
    pub boxes: Array2<BoxStatistics>,
}

impl Background {
    /// Share of the boxes that were excluded and filled from others, 0 to 1.
    pub fn excluded_share(&self) -> f64 {
        self.boxes.iter().filter(|b| b.excluded).count() as f64 / self.boxes.len() as f64
    }
}

/// Measures the background of `source` in a mesh of boxes.
///
/// In each box the finite, unmasked pixels are sigma clipped and give a level and a spread; excluded boxes are filled
/// from the nearest others; both meshes are median filtered. All in `f64`: an `f32` image gives the same numbers as
/// its copy in `f64`, and any number of threads the same bits. Each thread holds one band of boxes.
///
/// # Errors
/// When an option is out of range, a mask does not fit, a window cannot be read, no pixel is usable, or every box is
/// excluded.
///
/// # Example
/// ```
/// use ndarray::Array2;
/// use photometry::background::{BackgroundOptions, Masks, background};
///
/// let mut image = Array2::from_shape_fn((200, 300), |(y, x)| 5.0 + 0.01 * x as f32 + ((7 * x + 3 * y) % 5) as f32);
/// let sky = background(&image, Masks::default(), &BackgroundOptions::default())?;
/// assert_eq!(sky.level.mesh().dim(), (4, 5));
/// sky.level.subtract_from(image.view_mut())?;
/// # Ok::<(), photometry::Error>(())
/// ```
///
/// # Source
/// The stages are those of SExtractor (Bertin & Arnouts 1996, A&AS 117, 393, sect. 4.1) as photutils' `Background2D`
/// carries them out.
pub fn background<S: PixelSource>(
    source: &S,
    masks: Masks<'_>,
    options: &BackgroundOptions,
) -> Result<Background> {
    options.check()?;
    let shape = source.shape();
    if shape.0 == 0 || shape.1 == 0 {
        return Err(Error::Empty { shape });
    }
    masks.check(shape)?;
    let grid = Grid::new(shape, options.box_size);
    let boxes = mesh::measure(source, &masks, options, &grid)?;
    finish(boxes, grid, options)
}

/// Fills, filters and draws the meshes.
fn finish(
    boxes: Vec<BoxStatistics>,
    grid: Grid,
    options: &BackgroundOptions,
) -> Result<Background> {
    check_usable(&boxes, grid.shape, options)?;
    let count = grid.count;
    let boxes = Array2::from_shape_fn(count, |(j, i)| boxes[j * count.1 + i]);
    let mut level = boxes.map(|b| if b.excluded { f64::NAN } else { b.level });
    let mut rms = boxes.map(|b| if b.excluded { f64::NAN } else { b.rms });
    let lowest = level.iter().copied().fold(f64::INFINITY, f64::min);
    fill::fill(&mut level, options.ties);
    fill::fill(&mut rms, options.ties);
    let (level, rms) = filter(&level, &rms, lowest, options);
    Ok(Background { level: Surface::new(level, grid), rms: Surface::new(rms, grid), boxes })
}

fn check_usable(
    boxes: &[BoxStatistics],
    shape: (usize, usize),
    options: &BackgroundOptions,
) -> Result<()> {
    if boxes.iter().all(|b| b.good == 0) {
        return Err(Error::NoUsablePixels { shape });
    }
    if boxes.iter().all(|b| b.excluded) {
        return Err(Error::AllExcluded { boxes: boxes.len(), rule: options.exclude.to_string() });
    }
    Ok(())
}

/// Both meshes, median filtered; `lowest` is the lowest level before filling.
fn filter(
    level: &Array2<f64>,
    rms: &Array2<f64>,
    lowest: f64,
    options: &BackgroundOptions,
) -> (Array2<f64>, Array2<f64>) {
    let size = options.filter_size;
    match options.filter_threshold {
        Some(threshold) if threshold >= lowest => {
            let above = level.map(|v| *v > threshold);
            (
                filter::median_filter_where(level, size, &above),
                filter::median_filter_where(rms, size, &above),
            )
        }
        _ => (filter::median_filter(level, size), filter::median_filter(rms, size)),
    }
}
