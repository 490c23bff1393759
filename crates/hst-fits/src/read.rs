//! Windows of images: whole or strided, padded on request, as physical values or as stored.

use std::cell::Cell;
use std::ops::Range;

use astro_coords::PixelBox;
use rayon::prelude::*;

use crate::pixels::{Decoder, PixelType};
use crate::source::Piece;
use crate::tiles::{Data, Part};
use crate::{Error, FitsFile, Hdu, Result, StoredPixels, StoredValue};

/// Windows with more bytes than this are read by all threads.
const PARALLEL: usize = 8 << 20;

/// Bytes that a thread keeps for its next read.
const KEPT: usize = 1 << 20;

thread_local! {
    /// Bytes on their way to numbers. Whoever reads an image band by band would clear fresh memory for each of them.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl FitsFile {
    /// Reads the pixels of `window`, row by row, to `out`, which has just that length.
    ///
    /// Physical values: BSCALE and BZERO applied, BLANK as NaN, NaN kept. Only the rows of the window are read, of a
    /// compressed image only the tiles that it touches.
    ///
    /// # Errors
    /// When the unit holds no 2-D image, the window is not wholly in it, or the file ends before it.
    ///
    /// # Panics
    /// When `out` has another length than the window.
    pub fn read_window<T: PixelType>(
        &self,
        hdu: &Hdu,
        window: &PixelBox,
        out: &mut [T],
    ) -> Result<()> {
        image_shape(hdu)?;
        self.read_plane(hdu, 0, window, out)
    }

    /// As [`read_window`](Self::read_window), of the plane of that number (from 0) of an image of any number of axes.
    ///
    /// # Errors
    /// As `read_window`; and when there is no such plane.
    ///
    /// # Panics
    /// When `out` has another length than the window.
    pub fn read_plane<T: PixelType>(
        &self,
        hdu: &Hdu,
        plane: u64,
        window: &PixelBox,
        out: &mut [T],
    ) -> Result<()> {
        let rows = Rows::new(hdu, plane, window, (1, 1))?;
        self.read_physical(&rows, out)
    }

    /// Reads every `step.0`-th row and `step.1`-th column of `window` to `out`, from its first pixel on.
    ///
    /// `out` has the shape `(ny / step.0, nx / step.1)`, rounded up. Rows between are not read.
    ///
    /// # Errors
    /// As [`read_window`](Self::read_window).
    ///
    /// # Panics
    /// When a step is 0, or `out` has another length.
    pub fn read_strided<T: PixelType>(
        &self,
        hdu: &Hdu,
        window: &PixelBox,
        step: (usize, usize),
        out: &mut [T],
    ) -> Result<()> {
        image_shape(hdu)?;
        let rows = Rows::new(hdu, 0, window, step)?;
        self.read_physical(&rows, out)
    }

    /// As [`read_window`](Self::read_window), with `fill` where the window reaches outside the image.
    ///
    /// # Errors
    /// When the unit holds no 2-D image, or the file ends before the window does.
    ///
    /// # Panics
    /// When `out` has another length than the window.
    pub fn read_padded<T: PixelType>(
        &self,
        hdu: &Hdu,
        window: &PixelBox,
        fill: T,
        out: &mut [T],
    ) -> Result<()> {
        let (ny, nx) = window.shape();
        assert_eq!(out.len(), ny * nx, "the buffer has the size of the window");
        out.fill(fill);
        let Some(inside) = PixelBox::of_shape(image_shape(hdu)?).intersect(window) else {
            return Ok(());
        };
        let mut pixels = vec![fill; inside.shape().0 * inside.shape().1];
        self.read_window(hdu, &inside, &mut pixels)?;
        let x = offset(&inside.x, &window.x);
        let rows = out.chunks_exact_mut(nx).skip(inside.y.start.abs_diff(window.y.start));
        for (row, pixels) in rows.zip(pixels.chunks_exact(inside.shape().1)) {
            row[x.clone()].copy_from_slice(pixels);
        }
        Ok(())
    }

    /// The pixels of `window` as they are stored, bit for bit.
    ///
    /// # Errors
    /// As [`read_window`](Self::read_window).
    pub fn read_stored(&self, hdu: &Hdu, window: &PixelBox) -> Result<StoredPixels> {
        image_shape(hdu)?;
        self.read_stored_plane(hdu, 0, window)
    }

    /// As [`read_stored`](Self::read_stored), of the plane of that number (from 0) of an image of any number of axes.
    ///
    /// # Errors
    /// As `read_stored`; and when there is no such plane.
    pub fn read_stored_plane(
        &self,
        hdu: &Hdu,
        plane: u64,
        window: &PixelBox,
    ) -> Result<StoredPixels> {
        let rows = Rows::new(hdu, plane, window, (1, 1))?;
        // A file that was cut short must not cost the memory of what it promises.
        self.check_present(&rows)?;
        let mut bytes = crate::zeroed(rows.pixels() * hdu.bitpix.bytes());
        self.read_bytes_of(&rows, &mut bytes)?;
        StoredPixels::new(hdu.bitpix, rows.out_shape(), bytes)
    }

    /// As [`read_stored`](Self::read_stored), with `fill` where the window reaches outside the image.
    ///
    /// # Errors
    /// When the unit holds no 2-D image, the file ends before the window does, or its type cannot hold `fill`.
    pub fn read_stored_padded(
        &self,
        hdu: &Hdu,
        window: &PixelBox,
        fill: StoredValue,
    ) -> Result<StoredPixels> {
        let inside = PixelBox::of_shape(image_shape(hdu)?).intersect(window);
        if inside.as_ref() == Some(window) {
            return self.read_stored(hdu, window);
        }
        let mut padded = StoredPixels::filled(hdu.bitpix, window.shape(), fill)?;
        let Some(inside) = inside else { return Ok(padded) };
        let pixels = self.read_stored(hdu, &inside)?;
        let n = hdu.bitpix.bytes();
        let x = offset(&inside.x, &window.x);
        let rows = padded.rows_mut().skip(inside.y.start.abs_diff(window.y.start));
        for (row, pixels) in rows.zip(pixels.bytes().chunks_exact(inside.shape().1 * n)) {
            row[x.start * n..x.end * n].copy_from_slice(pixels);
        }
        Ok(padded)
    }

    /// Tells the source that the pixels of `windows` will be read, as far as they are in the image: a file on a server is
    /// then asked for all of them at once. For a file on disk nothing happens.
    ///
    /// # Errors
    /// When the unit holds no 2-D image, or the pixels cannot be had.
    pub fn prepare(&self, hdu: &Hdu, windows: &[PixelBox]) -> Result<()> {
        if !self.source().is_costly() {
            return Ok(());
        }
        let whole = PixelBox::of_shape(image_shape(hdu)?);
        let inside = windows.iter().filter_map(|window| window.intersect(&whole));
        let mut ranges = Vec::new();
        for window in inside {
            ranges.extend(self.ranges_of(&Rows::new(hdu, 0, &window, (1, 1))?)?);
        }
        self.prepare_ranges(hdu, &ranges)
    }

    fn prepare_rows(&self, rows: &Rows<'_>) -> Result<()> {
        if !self.source().is_costly() {
            return Ok(());
        }
        self.prepare_ranges(rows.hdu, &self.ranges_of(rows)?)
    }

    fn prepare_ranges(&self, hdu: &Hdu, ranges: &[Range<u64>]) -> Result<()> {
        self.source()
            .prepare(ranges)
            .map_err(|source| Error::Read { place: hdu.place().to_owned(), source })
    }

    /// Where the pixels of `rows` are in the file; what lies behind its end is left to the reading.
    fn ranges_of(&self, rows: &Rows<'_>) -> Result<Vec<Range<u64>>> {
        if rows.x.is_empty() || rows.y.is_empty() {
            return Ok(Vec::new());
        }
        self.check_present(rows)?;
        if let Some(tiles) = &rows.hdu.tiles {
            let data =
                Data { source: self.source(), offset: rows.hdu.offset, place: rows.hdu.place() };
            let (x, y, step) = (rows.x.clone(), rows.y.clone(), rows.step.0);
            return tiles.ranges(data, &Part { plane: rows.plane, x, y, step });
        }
        let width = (rows.x.len() * rows.hdu.bitpix.bytes()) as u64;
        if let Some(range) = rows.range() {
            return Ok(vec![range]);
        }
        let starts = rows.y.clone().step_by(rows.step.0).map(|y| rows.offset(y));
        Ok(starts.map(|start| start..start + width).collect())
    }

    fn read_physical<T: PixelType>(&self, rows: &Rows<'_>, out: &mut [T]) -> Result<()> {
        assert_eq!(out.len(), rows.pixels_out(), "the buffer has the size of the window");
        let decoder = Decoder::new(rows.hdu)?;
        self.prepare_rows(rows)?;
        let width = rows.out_shape().1;
        let read = |buffer: &mut Vec<u8>, (batch, out): (Rows<'_>, &mut [T])| {
            if let Some(bytes) = batch.range().and_then(|range| self.source().lend(range)) {
                decoder.decode(bytes, batch.x.len(), batch.step.1, out);
                return Ok(());
            }
            buffer.resize(batch.pixels() * batch.hdu.bitpix.bytes(), 0);
            self.read_batch(&batch, buffer)?;
            decoder.decode(buffer, batch.x.len(), batch.step.1, out);
            Ok(())
        };
        let batches = rows.batches(self.source().batch());
        if rows.pixels() * rows.hdu.bitpix.bytes() < PARALLEL {
            // Taken out while it is in use: of two reads of one thread, one within the other, the inner has its own.
            let mut buffer = BUFFER.take();
            let done = pieces(out, batches, width).try_for_each(|piece| read(&mut buffer, piece));
            if buffer.capacity() <= KEPT {
                BUFFER.set(buffer);
            }
            return done;
        }
        let pieces: Vec<_> = pieces(out, batches, width).collect();
        pieces.into_par_iter().map_init(Vec::new, read).collect()
    }

    fn read_bytes_of(&self, rows: &Rows<'_>, out: &mut [u8]) -> Result<()> {
        self.prepare_rows(rows)?;
        let width = rows.x.len() * rows.hdu.bitpix.bytes();
        let batches = rows.batches(self.source().batch());
        let mut pieces = pieces(out, batches, width);
        if rows.pixels() * rows.hdu.bitpix.bytes() < PARALLEL {
            return pieces.try_for_each(|(batch, out)| self.read_batch(&batch, out));
        }
        let pieces: Vec<_> = pieces.collect();
        pieces.into_par_iter().map(|(batch, out)| self.read_batch(&batch, out)).collect()
    }

    /// The stored bytes of the rows, in one call of the source.
    fn read_batch(&self, rows: &Rows<'_>, out: &mut [u8]) -> Result<()> {
        if out.is_empty() {
            return Ok(());
        }
        if let Some(tiles) = &rows.hdu.tiles {
            let data =
                Data { source: self.source(), offset: rows.hdu.offset, place: rows.hdu.place() };
            let (x, y, step) = (rows.x.clone(), rows.y.clone(), rows.step.0);
            return tiles.fill(data, &Part { plane: rows.plane, x, y, step }, out);
        }
        self.check_present(rows)?;
        let width = rows.x.len() * rows.hdu.bitpix.bytes();
        let read = if let Some(range) = rows.range() {
            self.source().read_at(range.start, out)
        } else {
            let starts = rows.y.clone().step_by(rows.step.0).map(|y| rows.offset(y));
            let pieces = starts.zip(out.chunks_exact_mut(width));
            let mut pieces: Vec<_> = pieces.map(|(offset, out)| Piece { offset, out }).collect();
            self.source().read_many(&mut pieces)
        };
        read.map_err(|source| Error::Read { place: rows.hdu.place().to_owned(), source })
    }

    fn check_present(&self, rows: &Rows<'_>) -> Result<()> {
        if rows.hdu.is_compressed() {
            return rows.check_compressed();
        }
        let Some(last) = rows.y.clone().step_by(rows.step.0).next_back() else { return Ok(()) };
        let end = rows.offset(last) + (rows.x.len() * rows.hdu.bitpix.bytes()) as u64;
        if end <= self.bytes() {
            return Ok(());
        }
        Err(Error::Truncated {
            place: rows.hdu.place().to_owned(),
            expected: rows.hdu.offset + rows.hdu.bytes,
            found: self.bytes(),
        })
    }
}

fn image_shape(hdu: &Hdu) -> Result<(usize, usize)> {
    hdu.check_compressed()?;
    hdu.shape().ok_or_else(|| Error::NoImage { place: hdu.place().to_owned() })
}

/// Where `inside` begins and ends, counted from the start of `window`.
fn offset(inside: &Range<isize>, window: &Range<isize>) -> Range<usize> {
    inside.start.abs_diff(window.start)..inside.end.abs_diff(window.start)
}

/// Every batch with its part of `out`, in which a row takes `width`.
fn pieces<'a, 'h, T>(
    mut out: &'a mut [T],
    batches: impl Iterator<Item = Rows<'h>>,
    width: usize,
) -> impl Iterator<Item = (Rows<'h>, &'a mut [T])> {
    batches.map(move |batch| {
        let (piece, rest) = std::mem::take(&mut out).split_at_mut(batch.out_shape().0 * width);
        out = rest;
        (batch, piece)
    })
}

/// Rows of one plane of an image that lie wholly in it.
#[derive(Debug, Clone)]
pub(crate) struct Rows<'a> {
    pub(crate) hdu: &'a Hdu,
    plane: u64,
    /// Of the plane, `(ny, nx)`.
    shape: (usize, usize),
    x: Range<usize>,
    y: Range<usize>,
    step: (usize, usize),
}

impl<'a> Rows<'a> {
    fn new(hdu: &'a Hdu, plane: u64, window: &PixelBox, step: (usize, usize)) -> Result<Self> {
        assert!(step.0 > 0 && step.1 > 0, "a step is at least one pixel");
        hdu.check_compressed()?;
        let no_image = || Error::NoImage { place: hdu.place().to_owned() };
        let shape = hdu.plane_shape().ok_or_else(no_image)?;
        if plane >= hdu.planes() {
            let wanted = format!("plane {plane}");
            return Err(Error::NoSuchExtension { wanted, place: hdu.place().to_owned() });
        }
        if !PixelBox::of_shape(shape).contains_box(window) {
            return Err(Error::OutsideImage {
                place: hdu.place().to_owned(),
                x: window.x.clone(),
                y: window.y.clone(),
                shape,
            });
        }
        let part = |range: &Range<isize>| match window.is_empty() {
            true => 0..0,
            false => range.start.unsigned_abs()..range.end.unsigned_abs(),
        };
        Ok(Self { hdu, plane, shape, x: part(&window.x), y: part(&window.y), step })
    }

    /// Pixels read: those of whole rows.
    fn pixels(&self) -> usize {
        self.out_shape().0 * self.x.len()
    }

    fn pixels_out(&self) -> usize {
        self.out_shape().0 * self.out_shape().1
    }

    /// `(ny, nx)` of what is asked for.
    fn out_shape(&self) -> (usize, usize) {
        (self.y.len().div_ceil(self.step.0), self.x.len().div_ceil(self.step.1))
    }

    /// Where they lie in the file, if they lie there as they are and without gaps.
    fn range(&self) -> Option<Range<u64>> {
        if self.hdu.is_compressed() || self.step.0 != 1 || self.x.len() != self.shape.1 {
            return None;
        }
        let start = self.offset(self.y.start);
        Some(start..start + self.pixels() as u64 * self.hdu.bitpix.bytes() as u64)
    }

    /// Position in the file of the first pixel of a row.
    fn offset(&self, y: usize) -> u64 {
        let (ny, nx) = (self.shape.0 as u64, self.shape.1 as u64);
        let pixel = (self.plane * ny + y as u64) * nx + self.x.start as u64;
        self.hdu.offset + pixel * self.hdu.bitpix.bytes() as u64
    }

    /// Compressed pixels that no file of this size can hold are not worth their memory.
    fn check_compressed(&self) -> Result<()> {
        let bytes = self.pixels() as u64 * self.hdu.bitpix.bytes() as u64;
        if bytes >> 14 <= self.hdu.bytes {
            return Ok(());
        }
        let problem = "ZNAXISn promise more pixels than the table can hold".to_owned();
        Err(Error::BadHeader { place: self.hdu.place().to_owned(), problem })
    }

    /// The same rows in pieces of about `bytes`, of a compressed image in whole tiles.
    fn batches(&self, bytes: usize) -> impl Iterator<Item = Self> {
        let row = (self.x.len() * self.hdu.bitpix.bytes()).max(1);
        let rows = (bytes / row).max(1).saturating_mul(self.step.0);
        let height = self.hdu.tiles.as_ref().map_or(1, |tiles| tiles.height());
        let mut y = self.y.start;
        std::iter::from_fn(move || {
            if y >= self.y.end {
                return None;
            }
            let end = y.saturating_add(rows).div_ceil(height).saturating_mul(height);
            let part = y..end.min(self.y.end);
            y += part.len().next_multiple_of(self.step.0);
            Some(Self { y: part, ..self.clone() })
        })
    }
}
