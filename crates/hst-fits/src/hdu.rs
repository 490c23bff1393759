use std::sync::Arc;

use crate::tiles::{self, Tiles};
use crate::{Error, Header, Result};

/// The stored type of pixels, `BITPIX`. FITS 4.0, sect. 4.4.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bitpix {
    /// 8-bit unsigned integers.
    U8,
    /// 16-bit integers.
    I16,
    /// 32-bit integers.
    I32,
    /// 64-bit integers.
    I64,
    /// 32-bit floats.
    F32,
    /// 64-bit floats.
    F64,
}

impl Bitpix {
    pub(crate) fn of(code: i64) -> Option<Self> {
        Some(match code {
            8 => Self::U8,
            16 => Self::I16,
            32 => Self::I32,
            64 => Self::I64,
            -32 => Self::F32,
            -64 => Self::F64,
            _ => return None,
        })
    }

    /// The number in the header.
    pub fn code(self) -> i64 {
        match self {
            Self::U8 => 8,
            Self::I16 => 16,
            Self::I32 => 32,
            Self::I64 => 64,
            Self::F32 => -32,
            Self::F64 => -64,
        }
    }

    /// Bytes of a pixel.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    /// Whether pixels are floats, which hold NaN themselves.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }
}

/// What an extension holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HduKind {
    /// No data at all.
    Empty,
    /// An image or cube of any number of axes.
    Image,
    /// A binary or text table.
    Table,
    /// Anything else, random groups for one.
    Other,
}

/// One header and data unit: its header, and where its data lie.
#[derive(Debug, Clone)]
pub struct Hdu {
    /// Position in the file, from 0.
    pub index: usize,
    /// The cards; those of the image where it is compressed to a table.
    pub header: Header,
    /// `EXTNAME`, upper case; `PRIMARY` for a first one without a name.
    pub name: String,
    /// `EXTVER`, 1 where it is missing.
    pub version: i64,
    /// What is in it.
    pub kind: HduKind,
    /// The stored type.
    pub bitpix: Bitpix,
    /// Lengths of the axes in FITS order, `NAXIS1` first.
    pub axes: Vec<u64>,
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
    /// For a compressed image, the cards of its table.
    pub(crate) table: Option<Arc<Header>>,
    pub(crate) tiles: Option<Arc<Tiles>>,
}

impl Hdu {
    /// Reads the keywords that say how large the data are; `place` is for messages.
    pub(crate) fn new(index: usize, header: Header, file: &str) -> Result<Self> {
        let name = header.find::<String>("EXTNAME").ok().flatten().unwrap_or_default();
        let name = if name.is_empty() && index == 0 {
            "PRIMARY".into()
        } else {
            name.to_ascii_uppercase()
        };
        let place = match name.as_str() {
            "" => format!("extension {index} in {file}"),
            _ => format!("{name} in {file}"),
        };
        let header = header.at(place);
        let version = header.find("EXTVER").ok().flatten().unwrap_or(1);
        let code: i64 = header.get("BITPIX")?;
        let bitpix =
            Bitpix::of(code).ok_or_else(|| bad(&header, format!("BITPIX = {code} is no type")))?;
        let axes = axes(&header)?;
        let bytes = data_bytes(&header, bitpix, &axes)?;
        let kind = kind(&header, index, &axes);
        let (table, tiles) = (None, None);
        let hdu = Self {
            index,
            header,
            name,
            version,
            kind,
            bitpix,
            axes,
            offset: 0,
            bytes,
            table,
            tiles,
        };
        Ok(if tiles::is_compressed(&hdu.header) { hdu.uncompressed() } else { hdu })
    }

    /// Takes the place of the table that a compressed image lies in. Where its keywords are wrong the unit stays a
    /// table, and reading pixels says what is wrong.
    fn uncompressed(mut self) -> Self {
        let image = tiles::image_header(&self.header);
        let table = Arc::new(self.header.clone());
        if let Ok((bitpix, axes, tiles)) = image_of(&image, &table) {
            self.kind = if axes.is_empty() { HduKind::Empty } else { HduKind::Image };
            self.header = image;
            (self.bitpix, self.axes, self.tiles) = (bitpix, axes, Some(Arc::new(tiles)));
        }
        self.table = Some(table);
        self
    }

    /// Whether the image is compressed, as tiles in the rows of a table.
    pub fn is_compressed(&self) -> bool {
        self.table.is_some()
    }

    /// The cards as they stand in the file: those of the table where the image is compressed to one.
    pub fn stored_header(&self) -> &Header {
        self.table.as_deref().unwrap_or(&self.header)
    }

    /// What is wrong with a compressed image that is none.
    pub(crate) fn check_compressed(&self) -> Result<()> {
        match (&self.table, &self.tiles) {
            (Some(table), None) => image_of(&tiles::image_header(table), table).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// `(ny, nx)` of a two-dimensional image; further axes of length 1 do not count.
    pub fn shape(&self) -> Option<(usize, usize)> {
        let [nx, ny, rest @ ..] = self.axes.as_slice() else { return None };
        let image =
            self.kind == HduKind::Image && rest.iter().all(|&n| n == 1) && *nx > 0 && *ny > 0;
        if image { Some((usize::try_from(*ny).ok()?, usize::try_from(*nx).ok()?)) } else { None }
    }

    /// `(ny, nx)` of the planes of an image of one or more axes; a row of one axis is a plane of one row.
    pub fn plane_shape(&self) -> Option<(usize, usize)> {
        let nx = *self.axes.first()?;
        let ny = self.axes.get(1).copied().unwrap_or(1);
        let image = self.kind == HduKind::Image && self.axes.iter().all(|&n| n > 0);
        if image { Some((usize::try_from(ny).ok()?, usize::try_from(nx).ok()?)) } else { None }
    }

    /// How many planes an image has: the product of its axes behind the second.
    pub fn planes(&self) -> u64 {
        self.axes.iter().skip(2).product()
    }

    /// Extension and file, for messages.
    pub fn place(&self) -> &str {
        self.header.place()
    }
}

/// Type, axes and tiles of a compressed image.
fn image_of(image: &Header, table: &Header) -> Result<(Bitpix, Vec<u64>, Tiles)> {
    let code: i64 = table.get("ZBITPIX")?;
    let bitpix =
        Bitpix::of(code).ok_or_else(|| bad(table, format!("ZBITPIX = {code} is no type")))?;
    table.get::<i64>("ZNAXIS")?;
    let axes = axes(image)?;
    data_bytes(image, bitpix, &axes)?;
    let tiles = Tiles::read(table, bitpix, &axes)?;
    Ok((bitpix, axes, tiles))
}

fn bad(header: &Header, problem: String) -> Error {
    Error::BadHeader { place: header.place().to_owned(), problem }
}

fn axes(header: &Header) -> Result<Vec<u64>> {
    let naxis: i64 = header.get("NAXIS")?;
    if !(0..=999).contains(&naxis) {
        return Err(bad(header, format!("NAXIS = {naxis} is not within 0 and 999")));
    }
    let axis = |i| {
        let keyword = format!("NAXIS{i}");
        let n: i64 = header.get(&keyword)?;
        u64::try_from(n).map_err(|_| bad(header, format!("{keyword} = {n} is negative")))
    };
    (1..=naxis).map(axis).collect()
}

/// FITS 4.0, eq. 2: `|BITPIX| / 8 * GCOUNT * (PCOUNT + NAXIS1 * ... * NAXISm)`; with random groups NAXIS1 is 0.
fn data_bytes(header: &Header, bitpix: Bitpix, axes: &[u64]) -> Result<u64> {
    if axes.is_empty() {
        return Ok(0);
    }
    let groups = header.find::<bool>("GROUPS").ok().flatten().unwrap_or(false) && axes[0] == 0;
    let counted = if groups { &axes[1..] } else { axes };
    let number = |keyword: &str, default| {
        let n: i64 = header.find(keyword)?.unwrap_or(default);
        u64::try_from(n).map_err(|_| bad(header, format!("{keyword} = {n} is negative")))
    };
    let (pcount, gcount) = (number("PCOUNT", 0)?, number("GCOUNT", 1)?);
    let product = counted.iter().try_fold(1u64, |product, &n| product.checked_mul(n));
    let total = product
        .and_then(|n| n.checked_add(pcount))
        .and_then(|n| n.checked_mul(gcount))
        .and_then(|n| n.checked_mul(bitpix.bytes() as u64))
        .filter(|&n| n < 1 << 62);
    total.ok_or_else(|| bad(header, "the axes are longer than any file".to_owned()))
}

fn kind(header: &Header, index: usize, axes: &[u64]) -> HduKind {
    let xtension = header.find::<String>("XTENSION").ok().flatten().unwrap_or_default();
    match (index, xtension.as_str()) {
        (_, "BINTABLE" | "TABLE" | "A3DTABLE") => HduKind::Table,
        (0, _) | (_, "IMAGE" | "IUEIMAGE") if axes.is_empty() => HduKind::Empty,
        (0, _) if axes[0] == 0 => HduKind::Other,
        (0, _) | (_, "IMAGE" | "IUEIMAGE") => HduKind::Image,
        _ => HduKind::Other,
    }
}
