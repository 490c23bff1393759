//! Where pixels come from: an array, or the rows of a file.

use std::ops::Range;

use astro_coords::PixelBox;
use hst_fits::{FitsFile, Hdu};
use ndarray::{ArrayView2, s};

use super::{RenderError, RenderResult, Sample};
use crate::mosaic::Mosaic;

/// An image that gives its pixels by whole rows, to several threads at once.
pub trait Rows<T>: Sync {
    /// `(ny, nx)`.
    fn shape(&self) -> (usize, usize);

    /// Its name in messages.
    fn place(&self) -> String {
        "the image".to_owned()
    }

    /// Copies the rows `rows`, bottom first, to `out`, which has just that length.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read(&self, rows: Range<usize>, out: &mut [T]) -> RenderResult<()>;
}

impl<T: Sample> Rows<T> for ArrayView2<'_, T> {
    fn shape(&self) -> (usize, usize) {
        self.dim()
    }

    fn read(&self, rows: Range<usize>, out: &mut [T]) -> RenderResult<()> {
        let rows = self.slice(s![rows, ..]);
        match rows.as_slice() {
            Some(pixels) => out.copy_from_slice(pixels),
            None => out.iter_mut().zip(rows).for_each(|(out, pixel)| *out = *pixel),
        }
        Ok(())
    }
}

/// A window of an image in a file, NaN where it reaches outside; rows are read when they are asked for.
#[derive(Debug)]
pub struct FileRows<'a> {
    file: &'a FitsFile,
    hdu: &'a Hdu,
    window: PixelBox,
}

impl<'a> FileRows<'a> {
    /// The pixels of `window`, in the image or outside, of the image `hdu`.
    ///
    /// # Errors
    /// [`RenderError::Empty`] where the window and the image have no pixel in common, and
    /// [`hst_fits::Error::NoImage`] where `hdu` is no image.
    pub fn new(file: &'a FitsFile, hdu: &'a Hdu, window: PixelBox) -> RenderResult<Self> {
        let place = || hdu.place().to_owned();
        let shape = hdu.shape().ok_or_else(|| hst_fits::Error::NoImage { place: place() })?;
        if PixelBox::of_shape(shape).intersect(&window).is_none() {
            return Err(RenderError::Empty { place: place() });
        }
        Ok(Self { file, hdu, window })
    }
}

impl<T: Sample> Rows<T> for FileRows<'_> {
    fn shape(&self) -> (usize, usize) {
        self.window.shape()
    }

    fn place(&self) -> String {
        self.hdu.place().to_owned()
    }

    fn read(&self, rows: Range<usize>, out: &mut [T]) -> RenderResult<()> {
        let at = |row: usize| self.window.y.start.saturating_add_unsigned(row);
        let band = PixelBox::new(self.window.x.clone(), at(rows.start)..at(rows.end));
        let shape = self.hdu.shape().unwrap_or_default();
        if PixelBox::of_shape(shape).contains_box(&band) {
            self.file.read_window(self.hdu, &band, out)?;
        } else {
            self.file.read_padded(self.hdu, &band, not_a_number(), out)?;
        }
        Ok(())
    }
}

/// The fluxes; rows are resampled when they are asked for.
impl Rows<f64> for Mosaic<'_> {
    fn shape(&self) -> (usize, usize) {
        self.shape()
    }

    fn place(&self) -> String {
        "the mosaic".to_owned()
    }

    fn read(&self, rows: Range<usize>, out: &mut [f64]) -> RenderResult<()> {
        self.read(rows, out, &mut []).map_err(|error| RenderError::Mosaic(Box::new(error)))
    }
}

fn not_a_number<T: Sample>() -> T {
    <T as super::sample::sealed::Sealed>::rounded(f64::NAN)
}

/// Pixels that one thread works on at once.
const BAND: usize = 1 << 18;

/// Rows of a picture `nx` wide that make a band.
pub(crate) fn band_rows(nx: usize) -> usize {
    (BAND / nx.max(1)).max(1)
}

/// The rows of an image of `shape`, band by band from the bottom.
pub(crate) fn bands((ny, nx): (usize, usize)) -> Vec<Range<usize>> {
    let step = band_rows(nx);
    (0..ny).step_by(step).map(|y| y..(y + step).min(ny)).collect()
}
