//! From the rows of the images to those of the result.

use std::io;
use std::ops::Range;

use astro_coords::PixelBox;
use hst_fits::{FitsFile, Hdu, RowSource};
use rayon::prelude::*;

use super::grid::Overlap;
use super::method::{self, Part};
use super::{Combination, CombineOptions};
use crate::Result;

/// Pixels of the result that one thread works on at once.
const BAND: usize = 1 << 16;

/// One unit of the result, combined where its rows are written.
#[derive(Debug)]
pub(super) struct Plane<'a> {
    pub(super) combination: &'a Combination<'a>,
    pub(super) unit: usize,
}

impl RowSource for Plane<'_> {
    fn rows(&self, rows: Range<usize>, out: &mut [f64]) -> io::Result<()> {
        let done = match self.unit {
            0 => both(self.combination, rows, out, &mut []),
            _ => {
                let mut image = vec![0.0; out.len()];
                both(self.combination, rows, &mut image, out)
            }
        };
        done.map_err(io::Error::other)
    }
}

/// The image and the weights (which may be empty) of some rows, by all threads.
pub(super) fn both(
    combination: &Combination<'_>,
    rows: Range<usize>,
    image: &mut [f64],
    weights: &mut [f64],
) -> Result<()> {
    let nx = combination.shape().1;
    let step = (BAND / nx.max(1)).max(1);
    let bands: Vec<_> =
        rows.clone().step_by(step).map(|low| low..(low + step).min(rows.end)).collect();
    let images = image.par_chunks_mut(step * nx);
    if weights.is_empty() {
        return images.zip(bands).try_for_each_init(Pieces::default, |pieces, (image, rows)| {
            pieces.combine(combination, &rows, image, &mut [])
        });
    }
    images
        .zip(weights.par_chunks_mut(step * nx))
        .zip(bands)
        .try_for_each_init(Pieces::default, |pieces, ((image, weights), rows)| {
            pieces.combine(combination, &rows, image, weights)
        })
}

/// What the images have in a band. The memory serves one band after the other: fresh one costs more than combining.
#[derive(Default)]
struct Pieces {
    /// Of each image its values, then its weights.
    planes: Vec<[Vec<f64>; 2]>,
    read: Vec<f64>,
}

impl Pieces {
    fn combine(
        &mut self,
        combination: &Combination<'_>,
        rows: &Range<usize>,
        image: &mut [f64],
        weights: &mut [f64],
    ) -> Result<()> {
        self.planes.resize_with(combination.inputs.len(), Default::default);
        let mut present = Vec::with_capacity(self.planes.len());
        for (index, planes) in self.planes.iter_mut().enumerate() {
            let Some(overlap) = combination.rows_of(index, rows) else { continue };
            let input = &combination.inputs[index];
            let place = Place { rows: rows.len(), nx: combination.shape().1, overlap };
            place.read(input.file, input.image, f64::NAN, &mut self.read, &mut planes[0])?;
            match input.weights.filter(|_| combination.weighted()) {
                Some(hdu) => place.read(input.file, hdu, 0.0, &mut self.read, &mut planes[1])?,
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
        method::combine(&parts, method, relation, image, weights);
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
    fn read(
        &self,
        file: &FitsFile,
        hdu: &Hdu,
        missing: f64,
        buffer: &mut Vec<f64>,
        out: &mut Vec<f64>,
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
