//! Images on one grid of pixels become one.
//!
//! [`Combination::new`] checks that all images lie on one grid, shifted by whole pixels, and makes the headers;
//! pixels are read and combined where they are asked for, band by band, so that memory does not grow with the images.
//!
//! Two things differ from the combiner of astrocut: weights are not averaged, but follow from the [`Relation`] of the
//! images, and a pixel counts where it is finite *and* has a weight. [`Relation::AsAstrocut`] gives the old numbers.

mod grid;
mod header;
mod input;
mod method;
mod pixels;

use std::ops::Range;
use std::path::Path;

use hst_fits::{
    Bitpix, FitsFile, Header, Pixels, StoredPixels, Table, WriteOptions, write_images_with,
};
use ndarray::Array2;

use crate::{Error, Result};
use grid::Grid;
pub(crate) use header::plain as plain_headers;
pub(crate) use input::{Input, all_or_none_have_weights};
pub(crate) use method::{Part, combine};
use pixels::Plane;

pub use method::{Combiner, Method, Relation, Sample};

/// How images are combined.
#[derive(Debug, Clone, Copy, Default)]
pub struct CombineOptions<'a> {
    /// What becomes of the values of one pixel.
    pub method: Method<'a>,
    /// What the images have to do with each other; it decides about the weights.
    pub relation: Relation,
}

/// Images that are known to fit together.
#[derive(Debug)]
pub struct Combination<'a> {
    inputs: Vec<Input<'a>>,
    grid: Grid,
    options: CombineOptions<'a>,
    primary: Header,
    units: Vec<Header>,
    origins: Option<Table>,
    warnings: Vec<String>,
}

impl<'a> Combination<'a> {
    /// Images in the order in which they count; each gives its `SCI`, else its first image, and its `WHT` where it has
    /// one.
    ///
    /// # Errors
    /// With fewer than two images; when one of them has no image, lies on another grid (another projection or pixel
    /// size, or a fraction of a pixel apart), has another unit or no weights although the others have; when
    /// weights are asked for and there are none; when the images are so far apart that the result would be mostly empty.
    pub fn new(files: &'a [FitsFile], options: CombineOptions<'a>) -> Result<Self> {
        let inputs = files.iter().map(Input::new).collect::<Result<Vec<_>>>()?;
        if inputs.len() < 2 {
            let problem = match inputs.first() {
                Some(one) => {
                    format!("there is only {}, so there is nothing to combine", one.place())
                }
                None => "there is nothing to combine".to_owned(),
            };
            return Err(Error::CannotCombine { problem });
        }
        let weighted = all_or_none_have_weights(&inputs)?;
        if !weighted && matches!(options.method, Method::Weighted) {
            let problem = format!("there is no WHT extension to weight by: {}", inputs[0].place());
            return Err(Error::CannotCombine { problem });
        }
        let grid = Grid::new(&inputs)?;
        let merged = header::merge(&inputs, &grid, options.relation)?;
        let header::Merged { primary, units, origins, warnings } = merged;
        Ok(Self { inputs, grid, options, primary, units, origins, warnings })
    }

    /// `(ny, nx)` of the result: the box around all images.
    pub fn shape(&self) -> (usize, usize) {
        self.grid.shape
    }

    /// What a user should know, photometric keywords that differ for one.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there is no image; there never is.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// The header of the primary unit of the result, to be changed before it is written.
    pub fn primary_mut(&mut self) -> &mut Header {
        &mut self.primary
    }

    /// Headers of the units that hold pixels: the image, and the weights where there are any.
    pub fn headers(&self) -> &[Header] {
        &self.units
    }

    /// The pixels of all units in double precision, in the order of [`headers`](Self::headers).
    ///
    /// # Errors
    /// When an image cannot be read.
    pub fn arrays(&self) -> Result<Vec<Array2<f64>>> {
        let (ny, nx) = self.shape();
        let mut image = hst_fits::zeroed(ny * nx);
        let mut weights = hst_fits::zeroed(if self.units.len() > 1 { ny * nx } else { 0 });
        pixels::both(self, 0..ny, [&mut image, &mut weights], |value| value)?;
        let arrays = [image, weights].into_iter().take(self.units.len());
        Ok(arrays
            .map(|pixels| Array2::from_shape_vec((ny, nx), pixels).unwrap_or_default())
            .collect())
    }

    /// The pixels of all units as [`write`](Self::write) writes them, in the order of [`headers`](Self::headers): half
    /// the memory of [`arrays`](Self::arrays) where images are of single precision.
    ///
    /// # Errors
    /// When an image cannot be read.
    pub fn stored(&self) -> Result<Vec<StoredPixels>> {
        let (ny, nx) = self.shape();
        let planes: Vec<_> = (0..self.units.len()).map(|unit| self.plane(unit)).collect();
        let bytes = |plane: &Plane<'_>| hst_fits::zeroed(ny * nx * plane.bitpix().bytes());
        let mut made: Vec<Vec<u8>> = planes.iter().map(bytes).collect();
        match made.as_mut_slice() {
            [image, weights] if planes.iter().all(|plane| plane.bitpix() == Bitpix::F32) => {
                let both = [image, weights].map(|bytes| bytes.as_chunks_mut().0);
                pixels::both(self, 0..ny, both, pixels::single)?;
            }
            _ => {
                for (plane, bytes) in planes.iter().zip(&mut made) {
                    plane.fill_bytes(0..ny, bytes)?;
                }
            }
        }
        let stored = |(plane, bytes): (&Plane<'_>, _)| {
            Ok(StoredPixels::new(plane.bitpix(), (ny, nx), bytes)?)
        };
        planes.iter().zip(made).map(stored).collect()
    }

    /// Writes the result: `SCI`, `WHT`, and a table `ORIGINS` of the cards in which the images differ. Pixels have the
    /// type of the images.
    ///
    /// # Errors
    /// When an image cannot be read or the file cannot be written; then there is no file, or the old one.
    pub fn write(&self, path: &Path, options: WriteOptions) -> Result<()> {
        let planes: Vec<_> = (0..self.units.len()).map(|unit| self.plane(unit)).collect();
        let mut units = vec![(&self.primary, Pixels::None)];
        for (header, plane) in self.units.iter().zip(&planes) {
            units.push((header, Pixels::RowBytes(plane.bitpix(), self.shape(), plane)));
        }
        let header = header::of_origins();
        if let Some(table) = &self.origins {
            units.push((&header, Pixels::Table(table)));
        }
        Ok(write_images_with(path, &units, options)?)
    }

    fn plane(&self, unit: usize) -> Plane<'_> {
        Plane { combination: self, unit }
    }

    /// Whether single precision holds the pixels of that unit.
    fn single(&self, unit: usize) -> bool {
        self.inputs.iter().all(|input| input.single(unit))
    }

    fn is_compressed(&self) -> bool {
        self.inputs.iter().any(|input| input.image.is_compressed())
    }

    fn weighted(&self) -> bool {
        self.inputs[0].weights.is_some()
    }

    fn rows_of(&self, index: usize, rows: &Range<usize>) -> Option<grid::Overlap> {
        self.grid.overlap(index, rows)
    }
}
