//! From the rows of the images to those of the result.

use std::io;
use std::ops::Range;

use astro_coords::PixelBox;
use hst_fits::{Bitpix, FitsFile, Hdu, RowBytes};
use rayon::prelude::*;

use super::grid::Overlap;
use super::method::{self, Part, Stored};
use super::{Combination, CombineOptions};
use crate::Result;

/// Pixels of the result that one thread works on at once: all images of them stay in its cache.
const BAND: usize = 1 << 14;
/// The same of compressed images, of which a tile costs as much as a piece of it.
const BAND_OF_TILES: usize = 1 << 18;

/// One unit of the result, combined where its rows are written.
#[derive(Debug)]
pub(super) struct Plane<'a> {
    pub(super) combination: &'a Combination<'a>,
    pub(super) unit: usize,
}

impl RowBytes for Plane<'_> {
    fn rows(&self, rows: Range<usize>, out: &mut [u8]) -> io::Result<()> {
        self.fill_bytes(rows, out).map_err(io::Error::other)
    }
}

impl Plane<'_> {
    /// The type in which it is written: that of the images.
    pub(super) fn bitpix(&self) -> Bitpix {
        if self.combination.single(self.unit) { Bitpix::F32 } else { Bitpix::F64 }
    }

    pub(super) fn fill_bytes(&self, rows: Range<usize>, out: &mut [u8]) -> Result<()> {
        match self.bitpix() {
            Bitpix::F32 => self.fill(rows, out.as_chunks_mut().0, single),
            _ => self.fill(rows, out.as_chunks_mut().0, f64::to_be_bytes),
        }
    }

    fn fill<Out: Copy + Default + Send>(
        &self,
        rows: Range<usize>,
        out: &mut [Out],
        finish: impl Fn(f64) -> Out + Copy + Sync,
    ) -> Result<()> {
        match self.unit {
            0 => both(self.combination, rows, [out, &mut []], finish),
            _ => {
                let mut image = vec![Out::default(); out.len()];
                both(self.combination, rows, [&mut image, out], finish)
            }
        }
    }
}

/// A pixel of a file of single precision.
#[expect(clippy::cast_possible_truncation, reason = "the images have no more digits")]
pub(super) fn single(value: f64) -> [u8; 4] {
    (value as f32).to_be_bytes()
}

/// The image and the weights (which may be empty) of some rows, by all threads.
pub(super) fn both<Out: Send>(
    combination: &Combination<'_>,
    rows: Range<usize>,
    out: [&mut [Out]; 2],
    finish: impl Fn(f64) -> Out + Copy + Sync,
) -> Result<()> {
    if combination
        .inputs
        .iter()
        .all(|input| (0..combination.units.len()).all(|unit| input.exact(unit)))
    {
        each_band::<f32, Out>(combination, rows, out, finish)
    } else {
        each_band::<f64, Out>(combination, rows, out, finish)
    }
}

fn each_band<T: Stored, Out: Send>(
    combination: &Combination<'_>,
    rows: Range<usize>,
    [image, weights]: [&mut [Out]; 2],
    finish: impl Fn(f64) -> Out + Copy + Sync,
) -> Result<()> {
    let nx = combination.shape().1;
    let band = if combination.is_compressed() { BAND_OF_TILES } else { BAND };
    let step = (band / nx.max(1)).max(1);
    let bands: Vec<_> =
        rows.clone().step_by(step).map(|low| low..(low + step).min(rows.end)).collect();
    let images = image.par_chunks_mut(step * nx);
    if weights.is_empty() {
        return images
            .zip(bands)
            .try_for_each_init(Pieces::<T>::default, |pieces, (image, rows)| {
                pieces.combine(combination, &rows, [image, &mut []], finish)
            });
    }
    images.zip(weights.par_chunks_mut(step * nx)).zip(bands).try_for_each_init(
        Pieces::<T>::default,
        |pieces, ((image, weights), rows)| {
            pieces.combine(combination, &rows, [image, weights], finish)
        },
    )
}

/// What the images have in a band. The memory serves one band after the other: fresh one costs more than combining.
struct Pieces<T> {
    /// Of each image its values, then its weights.
    planes: Vec<[Vec<T>; 2]>,
    read: Vec<T>,
}

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self { planes: Vec::new(), read: Vec::new() }
    }
}

impl<T: Stored> Pieces<T> {
    fn combine<Out>(
        &mut self,
        combination: &Combination<'_>,
        rows: &Range<usize>,
        [image, weights]: [&mut [Out]; 2],
        finish: impl Fn(f64) -> Out,
    ) -> Result<()> {
        self.planes.resize_with(combination.inputs.len(), Default::default);
        let mut present = Vec::with_capacity(self.planes.len());
        for (index, planes) in self.planes.iter_mut().enumerate() {
            let Some(overlap) = combination.rows_of(index, rows) else { continue };
            let input = &combination.inputs[index];
            let place = Place { rows: rows.len(), nx: combination.shape().1, overlap };
            let [nothing, zero] = T::NOTHING_AND_ZERO;
            place.read(input.file, input.image, nothing, &mut self.read, &mut planes[0])?;
            match input.weights.filter(|_| combination.weighted()) {
                Some(hdu) => place.read(input.file, hdu, zero, &mut self.read, &mut planes[1])?,
                None => planes[1].clear(),
            }
            present.push(index);
        }
        let part = |&input: &usize| {
            let [values, weights] = &self.planes[input];
            Part { values, weights, input }
        };
        let parts: Vec<_> = present.iter().map(part).collect();
        let CombineOptions { method, relation } = combination.options;
        method::combine_as(&parts, method, relation, image, weights, finish);
        Ok(())
    }
}

/// Where an image lies in a band.
struct Place {
    /// Of the band.
    rows: usize,
    nx: usize,
    overlap: Overlap,
}

impl Place {
    /// Fills `out` with the band of `hdu`, `missing` where the image does not reach.
    fn read<T: Stored>(
        &self,
        file: &FitsFile,
        hdu: &Hdu,
        missing: T,
        buffer: &mut Vec<T>,
        out: &mut Vec<T>,
    ) -> Result<()> {
        let width = self.overlap.columns.len();
        let signed = |range: &Range<usize>| range.start.cast_signed()..range.end.cast_signed();
        let window = PixelBox::new(signed(&(0..width)), signed(&self.overlap.rows));
        let n = self.nx * self.rows;
        if width * self.overlap.rows.len() == n {
            out.resize(n, missing);
            return Ok(file.read_window(hdu, &window, out)?);
        }
        buffer.resize(width * self.overlap.rows.len(), missing);
        file.read_window(hdu, &window, buffer)?;
        out.clear();
        out.resize(n, missing);
        let lines = out.chunks_exact_mut(self.nx).skip(self.overlap.first);
        for (line, found) in lines.zip(buffer.chunks_exact(width)) {
            line[self.overlap.columns.clone()].copy_from_slice(found);
        }
        Ok(())
    }
}
