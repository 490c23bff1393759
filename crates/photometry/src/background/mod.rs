//! The background of an image from a mesh of boxes: measure each box, fill, filter, interpolate.
//!
//! [`background`] reads the image in bands of boxes and returns the two meshes as [`Surface`]s, which are evaluated
//! where they are wanted; no map of the image's size is ever made unless asked for.

mod fill;
mod filter;
mod mesh;
mod options;
mod sextractor;
mod sextractor_spline;
mod spline;
mod surface;

use astro_coords::PixelBox;
use ndarray::Array2;

pub use mesh::BoxStatistics;
pub use options::{BackgroundOptions, Exclude, Ties};
pub use sextractor::{SExtractorOptions, sextractor_background};
pub use surface::Surface;

use crate::{Error, MaskSource, PixelSource, Result};
use mesh::{Grid, judge, measure};

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

    /// The boxes of an image that the masks fit.
    fn grid<S: PixelSource>(&self, source: &S, box_size: (usize, usize)) -> Result<Grid> {
        let shape = source.shape();
        if shape.0 == 0 || shape.1 == 0 {
            return Err(Error::Empty { shape });
        }
        check_mask(self.ignore, shape, "the mask")?;
        check_mask(self.uncovered, shape, "the coverage mask")?;
        Ok(Grid::new(shape, box_size))
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
    /// Share of the boxes with exposed pixels that were excluded and filled from others, 0 to 1.
    pub fn excluded_share(&self) -> f64 {
        let measured = self.boxes.iter().filter(|b| b.measured && b.available > 0);
        measured.clone().filter(|b| b.excluded).count() as f64 / measured.count() as f64
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
    let grid = masks.grid(source, options.box_size)?;
    let boxes = measure(source, &masks, &grid, None, |pixels: &_, space: &mut _| {
        judge(pixels, space, options, &grid)
    })?;
    finish(boxes, grid, options, None)
}

/// As [`background`], from the boxes within `reach` boxes of some `windows` only.
///
/// The influence of a box falls by 0.268 with every box of distance, so `reach` 8 leaves 3e-5 of what the farther boxes
/// differ by. Valid in the windows only, and not kept between the lowest and the highest level, which are not known.
///
/// # Errors
/// As [`background`]; also where no window touches the image.
pub fn background_near<S: PixelSource>(
    source: &S,
    masks: Masks<'_>,
    options: &BackgroundOptions,
    windows: &[PixelBox],
    reach: usize,
) -> Result<Background> {
    options.check()?;
    let grid = masks.grid(source, options.box_size)?;
    let wanted = grid.around(windows, reach);
    let judge = |pixels: &_, space: &mut _| judge(pixels, space, options, &grid);
    let boxes = measure(source, &masks, &grid, Some(&wanted), judge)?;
    finish(boxes, grid, options, Some(&wanted))
}

/// Fills, filters and draws the meshes.
fn finish(
    boxes: Array2<BoxStatistics>,
    grid: Grid,
    options: &BackgroundOptions,
    wanted: Option<&Array2<bool>>,
) -> Result<Background> {
    check_usable(&boxes, grid.shape, &options.exclude)?;
    let mut level = boxes.map(|b| if b.excluded { f64::NAN } else { b.level });
    let mut rms = boxes.map(|b| if b.excluded { f64::NAN } else { b.rms });
    let lowest = level.iter().copied().fold(f64::INFINITY, f64::min);
    fill::fill(&mut level, options.ties, wanted);
    fill::fill(&mut rms, options.ties, wanted);
    let (level, rms) = filter(&level, &rms, lowest, options);
    let draw = |mesh| {
        if wanted.is_some() { Surface::unbounded(mesh, grid) } else { Surface::new(mesh, grid) }
    };
    Ok(Background { level: draw(level), rms: draw(rms), boxes })
}

fn check_usable(
    boxes: &Array2<BoxStatistics>,
    shape: (usize, usize),
    rule: &impl ToString,
) -> Result<()> {
    if boxes.iter().all(|b| b.good == 0) {
        return Err(Error::NoUsablePixels { shape });
    }
    if boxes.iter().all(|b| b.excluded) {
        let boxes = boxes.iter().filter(|b| b.measured).count();
        return Err(Error::AllExcluded { boxes, rule: rule.to_string() });
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
