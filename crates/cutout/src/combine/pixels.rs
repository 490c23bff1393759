//! From the rows of the images to those of the result.

use std::io;
use std::ops::Range;

use astro_coords::PixelBox;
use hst_fits::{Hdu, RowSource};
use rayon::prelude::*;

use super::Combination;
use super::method::{self, Part};
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
        return images
            .zip(bands)
            .try_for_each(|(image, rows)| band(combination, &rows, image, &mut []));
    }
    images
        .zip(weights.par_chunks_mut(step * nx))
        .zip(bands)
        .try_for_each(|((image, weights), rows)| band(combination, &rows, image, weights))
}

/// What one image has in a band, and where.
struct Piece {
    values: Vec<f64>,
    weights: Vec<f64>,
}

fn band(
    combination: &Combination<'_>,
    rows: &Range<usize>,
    image: &mut [f64],
    weights: &mut [f64],
) -> Result<()> {
    let nx = combination.shape().1;
    let mut pieces = Vec::with_capacity(combination.inputs.len());
    for (index, input) in combination.inputs.iter().enumerate() {
        let Some(overlap) = combination.rows_of(index, rows) else { continue };
        let read = |hdu: &Hdu, missing: f64| -> Result<Vec<f64>> {
            let width = overlap.columns.len();
            let signed = |range: &Range<usize>| range.start.cast_signed()..range.end.cast_signed();
            let window = PixelBox::new(signed(&(0..width)), signed(&overlap.rows));
            let mut found = vec![0.0; width * overlap.rows.len()];
            input.file.read_window(hdu, &window, &mut found)?;
            if width == nx && overlap.rows.len() == rows.len() {
                return Ok(found);
            }
            let mut out = vec![missing; nx * rows.len()];
            let lines = out.chunks_exact_mut(nx).skip(overlap.first);
            for (line, found) in lines.zip(found.chunks_exact(width)) {
                line[overlap.columns.clone()].copy_from_slice(found);
            }
            Ok(out)
        };
        let weights = match input.weights {
            Some(hdu) if combination.weighted() => read(hdu, 0.0)?,
            _ => Vec::new(),
        };
        pieces.push((index, Piece { values: read(input.image, f64::NAN)?, weights }));
    }
    let parts: Vec<_> = pieces
        .iter()
        .map(|(input, piece)| Part {
            values: &piece.values,
            weights: &piece.weights,
            input: *input,
        })
        .collect();
    method::combine(
        &parts,
        combination.options.method,
        combination.options.relation,
        image,
        weights,
    );
    Ok(())
}
