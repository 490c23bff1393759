//! One of many cutouts, while it is in memory.

use astro_coords::{PixelBox, SkyCoord};
use hst_fits::{Header, StoredPixels};

use super::{Batch, Changes};
use crate::Result;
use crate::cut::{self, CutUnit, Cutout, Prepared, PreparedPrimary, Window};

/// The pixels of all extensions around one place.
#[derive(Debug)]
pub struct Piece<'a> {
    pub(super) batch: &'a Batch<'a>,
    /// The place's number, from 0.
    pub index: usize,
    pub(super) window: Window,
    /// One for every extension.
    pub units: Vec<PieceUnit<'a>>,
}

/// The pixels of one extension.
#[derive(Debug)]
pub struct PieceUnit<'a> {
    /// As they are stored, big-endian, row by row.
    pub bytes: &'a [u8],
    /// Whether none has data.
    pub empty: bool,
    pub(super) fill: Option<f64>,
}

impl Piece<'_> {
    /// Which pixels of the image these are.
    pub fn window(&self) -> &PixelBox {
        &self.window.wanted
    }

    /// Whether no pixel of any extension has data.
    pub fn is_empty(&self) -> bool {
        self.units.iter().all(|unit| unit.empty)
    }

    /// The same as [`cut`](crate::cut()) gives for the place.
    ///
    /// # Errors
    /// When a lookup table cannot be read.
    pub fn cutout(&self) -> Result<Cutout> {
        let Batch { file, places, .. } = self.batch;
        let units = (0..self.units.len()).map(|i| self.unit(i)).collect::<Result<Vec<_>>>()?;
        let at = places[self.index];
        let primary = self.primary(&units, at);
        Ok(Cutout {
            source: file.path().to_owned(),
            at,
            primary,
            units,
            problems: Vec::new(),
            warnings: Vec::new(),
        })
    }

    fn unit(&self, i: usize) -> Result<CutUnit> {
        let Batch { file, options, units, headers, .. } = self.batch;
        let (located, piece) = (&units[i], &self.units[i]);
        let shape = self.window.wanted.shape();
        let read = cut::Read {
            pixels: StoredPixels::new(located.hdu.bitpix, shape, piece.bytes.to_vec())?,
            empty: piece.empty,
            fill: piece.fill,
            made: cut::Made::Stored,
        };
        let prepare = || units.iter().map(|unit| Prepared::new(file, unit, options)).collect();
        let usual = !read.empty && !read.fill.is_some_and(f64::is_finite);
        let prepared = headers.units.get_or_init(prepare)[i].as_ref().filter(|_| usual);
        let header = prepared
            .and_then(|prepared| prepared.header(located, &self.window))
            .unwrap_or_else(|| {
                let changes = Changes { window: &self.window, read: &read, options };
                cut::unit_header(file, located, &changes)
            });
        cut::unit(file, located, self.window.clone(), header, read)
    }

    fn primary(&self, units: &[CutUnit], at: SkyCoord) -> Header {
        let Batch { file, options, headers, .. } = self.batch;
        let anew = || cut::primary_header(file, units, at, options);
        let prepared = headers.primary.get_or_init(|| PreparedPrimary::new(&anew()));
        prepared.as_ref().and_then(|prepared| prepared.header(at)).unwrap_or_else(anew)
    }
}
