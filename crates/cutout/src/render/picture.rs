//! What can be drawn by rows, and how writers go through it.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::levels::Levels;
use super::source::{Rows, band_rows, bands};
use super::{Limits, RenderError, RenderOptions, RenderResult, Sample};

/// What a pixel of a picture consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// One brightness.
    Gray,
    /// Red, green and blue.
    Rgb,
}

impl Channels {
    /// Bytes a pixel.
    pub fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
        }
    }
}

/// A picture that is drawn where its rows are asked for, by several threads at once.
pub trait Picture: Sync {
    /// `(ny, nx)`.
    fn shape(&self) -> (usize, usize);

    /// What a pixel consists of.
    fn channels(&self) -> Channels;

    /// Draws the rows `rows`, counted from the lowest and the lowest first; `out` has just their length.
    ///
    /// # Errors
    /// When the image cannot be read.
    fn draw(&self, rows: Range<usize>, out: &mut [u8]) -> RenderResult<()>;
}

/// A picture of one image.
pub struct Gray<'a, T> {
    image: &'a dyn Rows<T>,
    limits: Limits,
    levels: Levels<T>,
    /// Memory for bands, each drawn by one thread: fresh memory would cost as much as reading them.
    spare: Mutex<Vec<Vec<T>>>,
}

impl<'a, T: Sample> Gray<'a, T> {
    /// Finds the limits of the image.
    ///
    /// # Errors
    /// When the image has no pixel or none is finite, cannot be read, or the options make no sense.
    pub fn new(image: &'a dyn Rows<T>, options: &RenderOptions) -> RenderResult<Self> {
        let (ny, nx) = image.shape();
        if ny == 0 || nx == 0 {
            return Err(RenderError::Empty { place: image.place() });
        }
        let limits = options.interval.limits(image)?;
        let levels = Levels::new(&limits, options.stretch, options.tone);
        Ok(Self { image, limits, levels, spare: Mutex::default() })
    }

    /// The pixel values that are black and white.
    pub fn limits(&self) -> Limits {
        self.limits
    }
}

impl<T> std::fmt::Debug for Gray<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = self.image.place();
        f.debug_struct("Gray").field("image", &place).field("limits", &self.limits).finish()
    }
}

impl<T: Sample> Picture for Gray<'_, T> {
    fn shape(&self) -> (usize, usize) {
        self.image.shape()
    }

    fn channels(&self) -> Channels {
        Channels::Gray
    }

    fn draw(&self, rows: Range<usize>, out: &mut [u8]) -> RenderResult<()> {
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pixels = spare().pop().unwrap_or_default();
        pixels.resize(out.len(), T::rounded(0.0));
        self.image.read(rows, &mut pixels)?;
        self.levels.apply(&pixels, out);
        spare().push(pixels);
        Ok(())
    }
}

/// Draws the whole picture into `out`, the lowest row first.
pub(crate) fn draw_all(picture: &dyn Picture, nx: usize, out: &mut [u8]) -> RenderResult<()> {
    let line = nx * picture.channels().count();
    let bands = bands(picture.shape());
    out.par_chunks_mut((band_rows(nx) * line).max(1))
        .zip(bands)
        .try_for_each(|(out, rows)| picture.draw(rows, out))
}

/// Gives the rows of the picture from the top to `write`, a few bands at once.
///
/// While one batch of bands is written, the next is drawn.
pub(crate) fn from_the_top(
    picture: &dyn Picture,
    mut write: impl FnMut(&[u8]) -> RenderResult<()> + Send,
) -> RenderResult<()> {
    let mut bands = bands(picture.shape());
    bands.reverse();
    let many = 2 * rayon::current_num_threads();
    let (mut drawn, mut next) = (Vec::new(), Vec::new());
    for batch in bands.chunks(many) {
        next.resize_with(batch.len(), Vec::new);
        let (written, made) = rayon::join(
            || drawn.iter().try_for_each(|band: &Vec<u8>| write(band)),
            || {
                let bands = next.par_iter_mut().zip(batch);
                bands.try_for_each(|(out, rows)| top_first(picture, rows, out))
            },
        );
        written?;
        made?;
        std::mem::swap(&mut drawn, &mut next);
    }
    drawn.iter().try_for_each(|band| write(band))
}

/// Fills `out` with the rows, the highest first.
fn top_first(picture: &dyn Picture, rows: &Range<usize>, out: &mut Vec<u8>) -> RenderResult<()> {
    let line = picture.shape().1 * picture.channels().count();
    out.resize(rows.len() * line, 0);
    picture.draw(rows.clone(), out)?;
    let (mut low, mut high) = (0, rows.len());
    while low + 1 < high {
        high -= 1;
        let (head, tail) = out.split_at_mut(high * line);
        head[low * line..(low + 1) * line].swap_with_slice(&mut tail[..line]);
        low += 1;
    }
    Ok(())
}

/// Some rows from the one that is the `y`-th from the top downwards, the highest first.
pub(crate) fn draw_top_rows(picture: &dyn Picture, y: usize) -> RenderResult<Vec<u8>> {
    let (ny, nx) = picture.shape();
    let step = band_rows(nx);
    let high = ny - y;
    let many = step * 2 * rayon::current_num_threads();
    let low = high.saturating_sub(many);
    let bands: Vec<_> = (low..high).step_by(step).map(|y| y..(y + step).min(high)).collect();
    let draw = |rows| {
        let mut out = Vec::new();
        top_first(picture, rows, &mut out).map(|()| out)
    };
    let drawn: Vec<_> = bands.par_iter().rev().map(draw).collect::<RenderResult<_>>()?;
    Ok(drawn.concat())
}
