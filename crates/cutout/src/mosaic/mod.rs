//! Images on different grids become one image on one grid.
//!
//! The grid is gnomonic (TAN). Images that lie on it, shifted by whole pixels, are copied; others are resampled so that
//! flux is conserved: a pixel of the mosaic gets from each pixel of an image the share of its flux that lies in it, so
//! it does not matter how large the pixels of the two are on the sky.

mod coverage;
mod source;
mod target;

use std::io;
use std::ops::Range;
use std::path::Path;

use astro_coords::PixelBox;
use hst_fits::{
    Bitpix, Card, FitsFile, Hdu, Header, Pixels, RowBytes, RowSource, Wcs, WriteOptions,
    write_images_with,
};
use ndarray::Array2;
use rayon::prelude::*;

use crate::combine::{self, Method, Part, Relation};
use crate::{Error, Result};
use source::{Resampled, Source};
use target::Target;

pub use target::MosaicGrid;

/// How an image gets onto another grid. One that fits by whole pixels is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Resampling {
    /// Areas of polygons: flux is conserved exactly, noise becomes correlated.
    #[default]
    Exact,
    /// The nearest pixel, times the ratio of areas: values and noise stay, positions move by up to half a pixel.
    Nearest,
}

/// How a mosaic is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct MosaicOptions<'a> {
    /// Its pixels.
    pub grid: MosaicGrid,
    /// How images get onto them.
    pub resampling: Resampling,
    /// What becomes of the values that several images have for one pixel.
    pub method: Method<'a>,
    /// Of the same exposures the first image that covers a pixel counts, and fades into the next near its border;
    /// independent ones are combined.
    pub relation: Relation,
    /// Whether a unit `ORIGIN` is written that tells for every pixel which image it is from, see [`Mosaic::origins`].
    pub origin: bool,
}

/// A pixel that is covered less than this has no value.
const LEAST: f64 = 0.5;
/// The side of the pieces of a mosaic that one thread works on at once.
const TILE: usize = 256;

/// Images and the grid they go to. Pixels are read and resampled where they are asked for.
#[derive(Debug)]
pub struct Mosaic<'a> {
    sources: Vec<Source<'a>>,
    target: Target,
    options: MosaicOptions<'a>,
    primary: Header,
    units: Vec<Header>,
    warnings: Vec<String>,
}

impl<'a> Mosaic<'a> {
    /// Images in the order in which they count; each gives its `SCI`, else its first image, and its `WHT` where it has
    /// one.
    ///
    /// # Errors
    /// Without any image; when one of them has no image or no world coordinates, or another unit; when weights are
    /// asked for and there are none; when the grid makes no sense or would be absurdly large.
    pub fn new(files: &'a [FitsFile], options: MosaicOptions<'a>) -> Result<Self> {
        Self::made(files, options, |sources| Target::new(&options.grid, sources))
    }

    /// Images on the pixels `window` of the image `reference`, in it or outside; `options.grid` does not matter.
    ///
    /// # Errors
    /// As [`new`](Self::new), and where the grid of `reference` is not gnomonic or has distortion.
    pub fn onto(
        files: &'a [FitsFile],
        reference: &Hdu,
        window: &PixelBox,
        options: MosaicOptions<'a>,
    ) -> Result<Self> {
        Self::made(files, options, |_| Target::of(reference, window))
    }

    fn made(
        files: &'a [FitsFile],
        options: MosaicOptions<'a>,
        target: impl FnOnce(&[Source<'_>]) -> Result<Target>,
    ) -> Result<Self> {
        if files.is_empty() {
            return Err(Error::CannotCombine { problem: "there is no image".to_owned() });
        }
        let sources = files.iter().map(Source::new).collect::<Result<Vec<_>>>()?;
        let inputs = files.iter().map(combine::Input::new).collect::<Result<Vec<_>>>()?;
        let weighted = combine::all_or_none_have_weights(&inputs)?;
        if !weighted && matches!(options.method, Method::Weighted) {
            let problem = format!("there is no WHT extension to weight by: {}", sources[0].place());
            return Err(Error::CannotCombine { problem });
        }
        let target = target(&sources)?;
        let (primary, mut units, warnings) = combine::plain_headers(&inputs)?;
        units.truncate(if weighted { 2 } else { 1 });
        let mut mosaic = Self { sources, target, options, primary, units, warnings };
        mosaic.describe(files);
        Ok(mosaic)
    }

    fn describe(&mut self, files: &[FitsFile]) {
        for header in &mut self.units {
            for (keyword, text) in [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN")] {
                header.set(keyword, text, "");
            }
            for (keyword, value) in &self.target.cards {
                header.set(keyword, *value, "");
            }
            header.set("RADESYS", "ICRS", "");
        }
        let how = match self.options.resampling {
            Resampling::Exact => "exact overlap",
            Resampling::Nearest => "nearest pixel",
        };
        let (version, n) = (env!("CARGO_PKG_VERSION"), self.sources.len());
        let text =
            format!("hst {version} mosaic: {n} images, {how}, {}", self.options.method.name());
        self.primary.push(Card::commentary("HISTORY", &text));
        for file in files {
            let name = file.path().file_name().unwrap_or_default().to_string_lossy();
            self.primary.push(Card::commentary("HISTORY", &format!("of {name}")));
        }
    }

    /// The grid, and which number stands for which image.
    fn origin_header(&self) -> Header {
        let mut header = Header::new();
        header.set("EXTNAME", "ORIGIN", "number of the image a pixel is from");
        for (keyword, text) in [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN")] {
            header.set(keyword, text, "");
        }
        for (keyword, value) in &self.target.cards {
            header.set(keyword, *value, "");
        }
        header.set("RADESYS", "ICRS", "");
        for (n, source) in self.sources.iter().enumerate().take(9999) {
            header.set(&format!("FILE{}", n + 1), source.name(), "");
        }
        header
    }

    /// `(ny, nx)`.
    pub fn shape(&self) -> (usize, usize) {
        self.target.shape
    }

    /// What a user should know, photometric keywords that differ for one.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Where its pixels lie.
    pub fn wcs(&self) -> &Wcs {
        &self.target.wcs
    }

    /// The header of the primary unit, to be changed before it is written.
    pub fn primary_mut(&mut self) -> &mut Header {
        &mut self.primary
    }

    /// Headers of the units that hold pixels: the image, and the weights where there are any.
    pub fn headers(&self) -> &[Header] {
        &self.units
    }

    /// Fluxes and weights of some rows. `weights` may be empty.
    ///
    /// # Errors
    /// When an image cannot be read.
    ///
    /// # Panics
    /// When a buffer has another length than the rows.
    pub fn read(&self, rows: Range<usize>, image: &mut [f64], weights: &mut [f64]) -> Result<()> {
        let nx = self.shape().1;
        assert_eq!(image.len(), rows.len() * nx, "the buffer has the size of the rows");
        assert!(weights.is_empty() || weights.len() == image.len(), "and so has that of weights");
        self.by_tiles(
            rows,
            |tile| self.tile(tile),
            |(values, found), from, out| {
                image[out.clone()].copy_from_slice(&values[from.clone()]);
                if !weights.is_empty() {
                    weights[out].copy_from_slice(&found[from]);
                }
            },
        )
    }

    /// Which image the pixels of some rows are from, by its number in the list of images, from 1; 0 where there is none.
    /// Where several are mixed, the one with the largest part in it.
    ///
    /// # Errors
    /// When an image cannot be read.
    ///
    /// # Panics
    /// When the buffer has another length than the rows.
    pub fn origins(&self, rows: Range<usize>, out: &mut [i16]) -> Result<()> {
        assert_eq!(out.len(), rows.len() * self.shape().1, "the buffer has the size of the rows");
        self.by_tiles(
            rows,
            |tile| self.origin(tile),
            |found, from, to| out[to].copy_from_slice(&found[from]),
        )
    }

    /// Makes the tiles of some rows, and hands each piece of a row on with its place in the tile and in the rows.
    fn by_tiles<T: Send>(
        &self,
        rows: Range<usize>,
        make: impl Fn(&PixelBox) -> Result<T> + Sync,
        mut place: impl FnMut(&T, Range<usize>, Range<usize>),
    ) -> Result<()> {
        let nx = self.shape().1;
        let tiles: Vec<_> = rows
            .clone()
            .step_by(TILE)
            .flat_map(|y| {
                let y = y..(y + TILE).min(rows.end);
                (0..nx).step_by(TILE).map(move |x| (x..(x + TILE).min(nx), y.clone()))
            })
            .collect();
        let signed = |range: &Range<usize>| range.start.cast_signed()..range.end.cast_signed();
        // A batch of tiles at once, so that memory does not grow with the mosaic.
        for batch in tiles.chunks(4 * rayon::current_num_threads()) {
            let made: Vec<_> = batch
                .par_iter()
                .map(|(x, y)| make(&PixelBox::new(signed(x), signed(y))))
                .collect::<Result<_>>()?;
            for ((x, y), made) in batch.iter().zip(made) {
                for (j, y) in y.clone().enumerate() {
                    let (from, to) = (j * x.len(), (y - rows.start) * nx);
                    place(&made, from..from + x.len(), to + x.start..to + x.end);
                }
            }
        }
        Ok(())
    }

    /// What the images have for a tile, those that have something.
    fn layers(&self, tile: &PixelBox) -> Result<Vec<(usize, Resampled)>> {
        let mut layers = Vec::new();
        for (input, source) in self.sources.iter().enumerate() {
            if let Some(mut layer) = source.resample(&self.target, tile, self.options.resampling)? {
                if self.options.relation == Relation::Independent {
                    layer.drop_borders();
                }
                layers.push((input, layer));
            }
        }
        Ok(layers)
    }

    fn origin(&self, tile: &PixelBox) -> Result<Vec<i16>> {
        let (rows, columns) = tile.shape();
        let layers = self.layers(tile)?;
        let independent = self.options.relation == Relation::Independent;
        let of = |i: usize| {
            let share =
                |layer: &Resampled| if independent { layer.weights[i] } else { layer.depth[i] };
            let (mut left, mut best) = (1.0, None::<(f64, usize)>);
            for (input, layer) in &layers {
                if layer.coverage[i] < LEAST || layer.values[i].is_nan() {
                    continue;
                }
                let part = left * share(layer);
                if best.is_none_or(|(most, _)| part > most) {
                    best = Some((part, *input));
                }
                if !independent {
                    left -= part;
                }
            }
            best.map_or(0, |(_, input)| i16::try_from(input + 1).unwrap_or(i16::MAX))
        };
        Ok((0..rows * columns).map(of).collect())
    }

    fn tile(&self, tile: &PixelBox) -> Result<(Vec<f64>, Vec<f64>)> {
        let n = tile.shape().0 * tile.shape().1;
        let (mut image, mut weights) = (vec![f64::NAN; n], vec![0.0; n]);
        let layers = self.layers(tile)?;
        if layers.is_empty() {
            return Ok((image, weights));
        }
        match self.options.relation {
            Relation::Independent => {
                let parts: Vec<_> = layers
                    .iter()
                    .map(|(input, layer)| Part {
                        values: &layer.values,
                        weights: &layer.weights,
                        input: *input,
                    })
                    .collect();
                let Self { options, .. } = self;
                combine::combine(
                    &parts,
                    options.method,
                    options.relation,
                    &mut image,
                    &mut weights,
                );
            }
            Relation::SameExposures | Relation::AsAstrocut => {
                fading(&layers, &mut image, &mut weights);
            }
        }
        Ok((image, weights))
    }

    /// All pixels: fluxes and weights (1 where images have none).
    ///
    /// # Errors
    /// When an image cannot be read.
    pub fn arrays(&self) -> Result<[Array2<f64>; 2]> {
        let (ny, nx) = self.shape();
        let (mut image, mut weights) = (hst_fits::zeroed(ny * nx), hst_fits::zeroed(ny * nx));
        self.read(0..ny, &mut image, &mut weights)?;
        Ok([image, weights]
            .map(|pixels| Array2::from_shape_vec((ny, nx), pixels).unwrap_or_default()))
    }

    /// Writes the mosaic: `SCI`, and `WHT` where images have weights, in single precision; with
    /// [`MosaicOptions::origin`] `ORIGIN` in 16-bit integers.
    ///
    /// # Errors
    /// When an image cannot be read or the file cannot be written; then there is no file, or the old one.
    pub fn write(&self, path: &Path, options: WriteOptions) -> Result<()> {
        let planes: Vec<_> =
            (0..self.units.len()).map(|unit| Plane { mosaic: self, unit }).collect();
        let mut units = vec![(&self.primary, Pixels::None)];
        for (header, plane) in self.units.iter().zip(&planes) {
            units.push((header, Pixels::RowsF32(self.shape(), plane)));
        }
        let (origins, header) = (Origins(self), self.origin_header());
        if self.options.origin {
            units.push((&header, Pixels::RowBytes(Bitpix::I16, self.shape(), &origins)));
        }
        Ok(write_images_with(path, &units, options)?)
    }
}

impl Resampled {
    /// Pixels that are mostly outside count for nothing.
    fn drop_borders(&mut self) {
        for ((value, weight), coverage) in
            self.values.iter_mut().zip(&mut self.weights).zip(&self.coverage)
        {
            if *coverage < LEAST {
                (*value, *weight) = (f64::NAN, 0.0);
            }
        }
    }
}

/// Of images of the same exposures, the first that covers the pixel; near its border it fades into the next.
fn fading(layers: &[(usize, Resampled)], image: &mut [f64], weights: &mut [f64]) {
    for (i, (image, weight)) in image.iter_mut().zip(weights).enumerate() {
        let (mut left, mut value, mut mean, mut least) = (1.0, 0.0, 0.0, None);
        for (_, layer) in layers.iter().filter(|(_, layer)| layer.coverage[i] >= LEAST) {
            let share = left * layer.depth[i];
            value += share * layer.values[i];
            mean += share * layer.weights[i];
            left -= share;
            least.get_or_insert((layer.values[i], layer.weights[i]));
        }
        if left < 1.0 {
            (*image, *weight) = (value / (1.0 - left), mean / (1.0 - left));
        } else if let Some(only) = least {
            (*image, *weight) = only;
        }
    }
}

/// Which image each pixel is from, as it is written.
#[derive(Debug)]
struct Origins<'a>(&'a Mosaic<'a>);

impl RowBytes for Origins<'_> {
    fn rows(&self, rows: Range<usize>, out: &mut [u8]) -> io::Result<()> {
        let mut numbers = vec![0; out.len() / 2];
        self.0.origins(rows, &mut numbers).map_err(io::Error::other)?;
        for (bytes, number) in out.as_chunks_mut().0.iter_mut().zip(numbers) {
            *bytes = number.to_be_bytes();
        }
        Ok(())
    }
}

/// One unit of the mosaic, made where its rows are written.
#[derive(Debug)]
struct Plane<'a> {
    mosaic: &'a Mosaic<'a>,
    unit: usize,
}

impl RowSource for Plane<'_> {
    fn rows(&self, rows: Range<usize>, out: &mut [f64]) -> io::Result<()> {
        let done = match self.unit {
            0 => self.mosaic.read(rows, out, &mut []),
            _ => {
                let mut image = vec![0.0; out.len()];
                self.mosaic.read(rows, &mut image, out)
            }
        };
        done.map_err(io::Error::other)
    }
}
