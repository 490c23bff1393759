//! Tile-compressed images: a binary table with a tile in every row. FITS 4.0, sect. 10.
//!
//! A window costs the descriptors and the heap bytes of the tiles that it touches.

mod codec;
mod hcompress;
mod header;
mod plio;
mod quantize;
mod read;
mod rice;

use crate::table::{Element, Field, Layout};
use crate::{Bitpix, Error, Header, Result};
use codec::Codec;
pub(crate) use header::image_header;
use quantize::Dither;
pub(crate) use read::{Data, Part};

/// Larger tiles are refused where a few bytes can stand for any number of pixels.
const MOST_PIXELS: usize = 1 << 26;

/// How an image lies in its table.
#[derive(Debug, Clone)]
pub(crate) struct Tiles {
    layout: Layout,
    bitpix: Bitpix,
    /// Lengths of the axes and of a tile, `NAXIS1` first.
    axes: Vec<u64>,
    tile: Vec<u64>,
    codec: Codec,
    /// The columns that may hold a tile.
    compressed: Field,
    gzipped: Option<Field>,
    verbatim: Option<Field>,
    quantized: Option<Quantized>,
}

/// Floats stored as integers.
#[derive(Debug, Clone)]
struct Quantized {
    dither: Dither,
    seed: u64,
    scale: Source,
    zero: Source,
    blank: Source,
}

/// A number of every tile.
#[derive(Debug, Clone)]
enum Source {
    Column(Field),
    Keyword(f64),
}

/// Whether a header is that of a table of tiles.
pub(crate) fn is_compressed(header: &Header) -> bool {
    header.find::<bool>("ZIMAGE").ok().flatten().unwrap_or(false)
}

impl Tiles {
    /// Reads the header of the table; `axes` and `bitpix` are those of the image.
    ///
    /// # Errors
    /// When a keyword is missing or wrong, or names a method that FITS does not have.
    pub(crate) fn read(table: &Header, bitpix: Bitpix, axes: &[u64]) -> Result<Self> {
        let bad = |problem: String| Error::BadHeader { place: table.place().to_owned(), problem };
        let layout = Layout::read(table)?;
        let tile = tile(table, axes)?;
        let column = |name| layout.field(name).filter(|field| field.format.descriptor.is_some());
        let compressed = column("COMPRESSED_DATA").cloned();
        let compressed = compressed.ok_or_else(|| {
            bad("there is no column COMPRESSED_DATA of variable arrays".to_owned())
        })?;
        let quantized = Quantized::read(table, &layout, bitpix)?;
        let codec = Codec::read(table, bitpix, quantized.is_some())?;
        let tiles = axes.iter().zip(&tile).map(|(axis, tile)| axis.div_ceil(*tile));
        let tiles = tiles.fold(1_u64, u64::saturating_mul);
        if layout.rows < tiles {
            let rows = layout.rows;
            return Err(bad(format!("NAXIS2 = {rows} rows do not hold {tiles} tiles")));
        }
        Ok(Self {
            gzipped: column("GZIP_COMPRESSED_DATA").cloned(),
            verbatim: column("UNCOMPRESSED_DATA").cloned(),
            axes: axes.to_vec(),
            layout,
            bitpix,
            tile,
            codec,
            compressed,
            quantized,
        })
    }

    /// Rows of a tile.
    pub(crate) fn height(&self) -> usize {
        self.tile.get(1).map_or(1, |&height| usize::try_from(height).unwrap_or(usize::MAX))
    }
}

/// `ZTILEn`: a row of the image where it is missing.
fn tile(table: &Header, axes: &[u64]) -> Result<Vec<u64>> {
    let side = |(i, &axis): (usize, &u64)| {
        let keyword = format!("ZTILE{}", i + 1);
        let default = if i == 0 { axis.max(1) } else { 1 };
        let Some(side) = table.find::<i64>(&keyword)? else { return Ok(default) };
        u64::try_from(side)
            .ok()
            .filter(|side| *side > 0)
            .map(|side| side.min(axis).max(1))
            .ok_or_else(|| Error::BadHeader {
                place: table.place().to_owned(),
                problem: format!("{keyword} = {side} is no length"),
            })
    };
    axes.iter().enumerate().map(side).collect()
}

impl Quantized {
    /// `None` for integers, and for floats that were compressed without loss.
    fn read(table: &Header, layout: &Layout, bitpix: Bitpix) -> Result<Option<Self>> {
        let method = table.find::<String>("ZQUANTIZ")?.unwrap_or_default();
        let dither = match method.trim() {
            "NONE" => return Ok(None),
            "" | "NO_DITHER" => Dither::None,
            "SUBTRACTIVE_DITHER_1" => Dither::Subtractive,
            "SUBTRACTIVE_DITHER_2" => Dither::SubtractiveWithZero,
            other => {
                let problem = format!("ZQUANTIZ = '{other}' is no method");
                return Err(Error::BadHeader { place: table.place().to_owned(), problem });
            }
        };
        let Some(scale) = Source::read(table, layout, "ZSCALE")?.filter(|_| bitpix.is_float())
        else {
            return Ok(None);
        };
        let zero = Source::read(table, layout, "ZZERO")?.unwrap_or(Source::Keyword(0.0));
        let blank = Source::read(table, layout, "ZBLANK")?;
        let seed = table.find::<i64>("ZDITHER0")?.unwrap_or(1);
        Ok(Some(Self {
            dither,
            seed: u64::try_from(seed).unwrap_or(1),
            scale,
            zero,
            // What cfitsio writes, whether it says so or not.
            blank: blank.unwrap_or(Source::Keyword(f64::from(i32::MIN + 1))),
        }))
    }
}

impl Source {
    /// The column where there is one, else the keyword. FITS 4.0, sect. 10.2.2.
    fn read(table: &Header, layout: &Layout, name: &str) -> Result<Option<Self>> {
        Ok(match layout.field(name) {
            Some(field) => Some(Self::Column(field.clone())),
            None => table.find::<f64>(name)?.map(Self::Keyword),
        })
    }

    /// The number in a row of the table; `None` where the column holds none.
    fn of(&self, row: &[u8]) -> Option<f64> {
        let field = match self {
            Self::Keyword(value) => return Some(*value),
            Self::Column(field) => field,
        };
        let cell = field.cell(row);
        if field.format.descriptor.is_some() {
            return None;
        }
        Some(match field.format.element {
            Element::F64 => f64::from_be_bytes(*cell.first_chunk()?),
            Element::F32 => f32::from_be_bytes(*cell.first_chunk()?).into(),
            Element::I64 => i64::from_be_bytes(*cell.first_chunk()?) as f64,
            Element::I32 => i32::from_be_bytes(*cell.first_chunk()?).into(),
            Element::I16 => i16::from_be_bytes(*cell.first_chunk()?).into(),
            Element::U8 => (*cell.first()?).into(),
            _ => return None,
        })
    }
}
