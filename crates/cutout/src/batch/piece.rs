//! One of many cutouts, while it is in memory.

use astro_coords::PixelBox;
use hst_fits::StoredPixels;

use super::{Batch, Changes};
use crate::Result;
use crate::cut::{self, CutUnit, Cutout, Window};

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
        let Batch { file, options, places, .. } = self.batch;
        let unit = |(located, piece): (&cut::Located<'_>, &PieceUnit<'_>)| -> Result<CutUnit> {
            let (hdu, shape) = (located.hdu, self.window.wanted.shape());
            let read = cut::Read {
                pixels: StoredPixels::new(hdu.bitpix, shape, piece.bytes.to_vec())?,
                empty: piece.empty,
                fill: piece.fill,
                made: cut::Made::Stored,
            };
            let changes = Changes { window: &self.window, read: &read, options };
            let header = cut::unit_header(file, located, &changes);
            cut::unit(file, located, self.window.clone(), header, read)
        };
        let units =
            self.batch.units.iter().zip(&self.units).map(unit).collect::<Result<Vec<_>>>()?;
        let at = places[self.index];
        let primary = cut::primary_header(file, &units, at, options);
        Ok(Cutout {
            source: file.path().to_owned(),
            at,
            primary,
            units,
            problems: Vec::new(),
            warnings: Vec::new(),
        })
    }
}
