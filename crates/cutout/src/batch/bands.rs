//! Rows of the image, each read once, and the cutouts that lie in them.

use std::ops::Range;

use astro_coords::PixelBox;
use rayon::prelude::*;

use super::piece::{Piece, PieceUnit};
use super::{Batch, Status};
use crate::Result;
use crate::cut::{Scaling, Window};

/// Bytes of rows that are held, of all extensions.
const BAND: usize = 48 << 20;

/// Bytes of cutouts that are made before they are taken.
const MADE: usize = 16 << 20;

/// A band is read as a whole where the cutouts in it are at least this part of it.
const DENSE: usize = 8;

pub(super) fn run<T: Send>(
    batch: &Batch<'_>,
    statuses: &mut [Status],
    make: impl Fn(&Piece<'_>) -> Result<T> + Sync,
    mut take: impl FnMut(usize, T) -> Result<()>,
) -> Result<()> {
    let order = order(batch);
    let mut band = Band::new(batch, &order);
    let mut rest = &order[..];
    while !rest.is_empty() {
        let (count, y) = band.next(batch, rest);
        let (now, later) = rest.split_at(count);
        rest = later;
        let dense = band.is_dense(batch, now, &y);
        if dense && let Err(error) = band.read(batch, &y) {
            let told = error.to_string();
            now.iter().for_each(|&i| statuses[i as usize] = Status::Failed(told.clone()));
            continue;
        }
        let source = if dense { Some(&band) } else { None };
        for chunk in now.chunks(chunk_length(batch, now)) {
            let made: Vec<_> = chunk
                .par_iter()
                .map_init(Vec::new, |buffers, &i| one(batch, source, i as usize, buffers, &make))
                .collect();
            for (&i, made) in chunk.iter().zip(made) {
                let (status, made) = made?;
                statuses[i as usize] = status;
                if let Some(made) = made {
                    take(i as usize, made)?;
                }
            }
        }
    }
    Ok(())
}

/// Places with a window, by row, then column, then place.
fn order(batch: &Batch<'_>) -> Vec<u32> {
    let with = |i: &usize| !batch.windows[*i].is_empty();
    let indices = (0..batch.windows.len()).filter(with);
    let mut order: Vec<u32> = indices.map(|i| u32::try_from(i).unwrap_or(u32::MAX)).collect();
    let key = |&i: &u32| {
        let window = &batch.windows[i as usize];
        (window.y.start.max(0), window.x.start, i)
    };
    order.par_sort_unstable_by_key(key);
    order
}

fn chunk_length(batch: &Batch<'_>, now: &[u32]) -> usize {
    let bytes = |&i: &u32| {
        let (ny, nx) = batch.windows[i as usize].shape();
        let pixel: usize = batch.units.iter().map(|unit| unit.hdu.bitpix.bytes()).sum();
        ny * nx * pixel
    };
    let largest = now.iter().map(bytes).max().unwrap_or(1).max(1);
    (MADE / largest).clamp(rayon::current_num_threads(), 1024)
}

/// Cuts one window and makes something of it.
fn one<T>(
    batch: &Batch<'_>,
    band: Option<&Band>,
    index: usize,
    buffers: &mut Vec<Vec<u8>>,
    make: &(impl Fn(&Piece<'_>) -> Result<T> + Sync),
) -> Result<(Status, Option<T>)> {
    let window = batch.window(index);
    buffers.resize(batch.units.len(), Vec::new());
    let mut units = Vec::with_capacity(batch.units.len());
    for (unit, buffer) in buffers.iter_mut().enumerate() {
        match fill(batch, band, unit, &window, buffer) {
            Ok(found) => units.push(found),
            Err(error) => return Ok((Status::Failed(error.to_string()), None)),
        }
    }
    let mut status = match window.coverage() {
        1.0 => Status::Whole,
        share => Status::Partial(share),
    };
    if units.iter().all(|(empty, _)| *empty) {
        status = Status::Empty;
    }
    let units = units.into_iter().zip(buffers.iter()).map(|((empty, fill), bytes)| PieceUnit {
        bytes,
        empty,
        fill,
    });
    let piece = Piece { batch, index, window, units: units.collect() };
    Ok((status, Some(make(&piece)?)))
}

/// Fills the buffer with the pixels of a unit; whether they are empty, and what stands outside the image.
fn fill(
    batch: &Batch<'_>,
    band: Option<&Band>,
    unit: usize,
    window: &Window,
    buffer: &mut Vec<u8>,
) -> Result<(bool, Option<f64>)> {
    let hdu = batch.units[unit].hdu;
    let scaling = Scaling::of(hdu);
    let n = hdu.bitpix.bytes();
    let (ny, nx) = window.wanted.shape();
    buffer.clear();
    let mut outside = None;
    if window.is_whole() {
        buffer.reserve(ny * nx * n);
    } else {
        let fill = scaling.fill(batch.options.fill, hdu.place())?;
        outside = fill.physical;
        let pixels = hst_fits::StoredPixels::filled(hdu.bitpix, (ny, nx), fill.stored)?;
        *buffer = pixels.into_bytes();
    }
    let read;
    let (source, from): (&[u8], &PixelBox) = match band {
        Some(band) => (&band.units[unit], &band.holds),
        None => {
            read = batch.file.read_stored_plane(hdu, 0, &window.inside)?;
            (read.bytes(), &window.inside)
        }
    };
    let width = from.x.len() * n;
    let left = window.inside.x.start.abs_diff(from.x.start) * n;
    let take = window.inside.x.len() * n;
    let at = window.inside.x.start.abs_diff(window.wanted.x.start) * n;
    let mut empty = true;
    for y in window.inside.y.clone() {
        let start = y.abs_diff(from.y.start) * width + left;
        let row = &source[start..start + take];
        empty = empty && scaling.no_data(row);
        if window.is_whole() {
            buffer.extend_from_slice(row);
        } else {
            let first = y.abs_diff(window.wanted.y.start) * nx * n + at;
            buffer[first..first + take].copy_from_slice(row);
        }
    }
    Ok((empty, outside))
}

/// Rows of all units.
struct Band {
    /// Columns that any window needs.
    x: Range<isize>,
    /// What is held.
    holds: PixelBox,
    units: Vec<Vec<u8>>,
}

impl Band {
    fn new(batch: &Batch<'_>, order: &[u32]) -> Self {
        let inside = |&i: &u32| batch.window(i as usize).inside.x;
        let low = order.iter().map(|i| inside(i).start).min().unwrap_or(0);
        let high = order.iter().map(|i| inside(i).end).max().unwrap_or(0);
        let units = vec![Vec::new(); batch.units.len()];
        Self { x: low..high, holds: PixelBox::new(low..high, 0..0), units }
    }

    fn row_bytes(&self, batch: &Batch<'_>) -> usize {
        let pixel: usize = batch.units.iter().map(|unit| unit.hdu.bitpix.bytes()).sum();
        (self.x.len() * pixel).max(1)
    }

    /// How many of the next windows fit a band, one at least, and their rows.
    fn next(&self, batch: &Batch<'_>, rest: &[u32]) -> (usize, Range<isize>) {
        let rows = isize::try_from(BAND / self.row_bytes(batch)).unwrap_or(isize::MAX);
        let inside = |i: u32| batch.window(i as usize).inside.y;
        let mut y = inside(rest[0]);
        let limit = y.start.saturating_add(rows);
        let mut count = 1;
        for &i in &rest[1..] {
            let end = inside(i).end.max(y.end);
            if end > limit {
                break;
            }
            y.end = end;
            count += 1;
        }
        (count, y)
    }

    /// Whether the rows are worth reading as a whole, and can be held.
    fn is_dense(&self, batch: &Batch<'_>, now: &[u32], y: &Range<isize>) -> bool {
        let area = |&i: &u32| {
            let (ny, nx) = batch.window(i as usize).inside.shape();
            ny * nx
        };
        let wanted: usize = now.iter().map(area).sum();
        let rows = y.len() * self.x.len();
        y.len() * self.row_bytes(batch) <= BAND && wanted.saturating_mul(DENSE) >= rows
            || batch.first().is_compressed()
                && y.len() * self.row_bytes(batch) <= BAND
                && now.len() > 1
    }

    /// Reads the rows that are not held yet.
    fn read(&mut self, batch: &Batch<'_>, y: &Range<isize>) -> Result<()> {
        let held = self.holds.y.clone();
        let kept =
            if held.contains(&y.start) { y.start..held.end.min(y.end) } else { y.start..y.start };
        // Nothing is held until all is read.
        self.holds.y = 0..0;
        for (located, bytes) in batch.units.iter().zip(&mut self.units) {
            let width = self.x.len() * located.hdu.bitpix.bytes();
            if kept.is_empty() {
                bytes.clear();
            } else {
                bytes.drain(..kept.start.abs_diff(held.start) * width);
                bytes.truncate(kept.len() * width);
            }
            let rows = PixelBox::new(self.x.clone(), kept.end..y.end);
            if !rows.is_empty() {
                let read = batch.file.read_stored_plane(located.hdu, 0, &rows)?;
                bytes.extend_from_slice(read.bytes());
            }
        }
        self.holds.y = y.clone();
        Ok(())
    }
}
