//! Writing files: images with their headers, whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Cursor, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use crate::header::{self, BLOCK, CARD};
use crate::{
    Aside, Bitpix, Card, Error, Header, Result, StoredPixels, Table, Value, checksum, table,
};

/// What a unit holds: pixels, row by row, with the shape `(ny, nx)`; or a table.
///
/// Numbers are physical values, so that `BSCALE`, `BZERO` and `BLANK` of the header are left out; with
/// [`StoredPixels`] they stay.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Pixels<'a> {
    /// No data: a primary unit with keywords only.
    None,
    /// 8-bit unsigned integers.
    U8((usize, usize), &'a [u8]),
    /// 16-bit integers.
    I16((usize, usize), &'a [i16]),
    /// 32-bit integers.
    I32((usize, usize), &'a [i32]),
    /// 64-bit integers.
    I64((usize, usize), &'a [i64]),
    /// 32-bit floats.
    F32((usize, usize), &'a [f32]),
    /// 64-bit floats.
    F64((usize, usize), &'a [f64]),
    /// 32-bit floats that are made while they are written, each rounded once.
    RowsF32((usize, usize), &'a dyn RowSource),
    /// 64-bit floats that are made while they are written.
    RowsF64((usize, usize), &'a dyn RowSource),
    /// Numbers of that type that are made while they are written, as the bytes that are written.
    RowBytes(Bitpix, (usize, usize), &'a dyn RowBytes),
    /// Pixels as they are stored, before any scaling.
    Stored(&'a StoredPixels),
    /// The planes of an image of more than two axes, one after the other, as they are stored: the lengths of the axes
    /// behind the second, and the planes as one array of the shape `(planes * ny, nx)`.
    StoredCube(&'a [usize], &'a StoredPixels),
    /// A binary table, which cannot be the primary unit.
    Table(&'a Table),
}

/// Pixels that are made or read where they are written, so that an image is never held as a whole.
pub trait RowSource: std::fmt::Debug {
    /// Fills `out` with the rows `rows`, one after the other.
    ///
    /// # Errors
    /// When they cannot be made; then no file is written.
    fn rows(&self, rows: Range<usize>, out: &mut [f64]) -> io::Result<()>;
}

/// As [`RowSource`], for who makes the big-endian bytes at once.
pub trait RowBytes: std::fmt::Debug {
    /// Fills `out` with the big-endian numbers of the rows `rows`, one after the other.
    ///
    /// # Errors
    /// When they cannot be made; then no file is written.
    fn rows(&self, rows: Range<usize>, out: &mut [u8]) -> io::Result<()>;
}

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// What stands in `CHECKSUM` and `DATASUM`.
    pub checksums: Checksums,
}

/// Whether units carry checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Checksums {
    /// None: those of a copied header are taken away, for they would be wrong.
    #[default]
    Omit,
    /// Computed for every unit. FITS 4.0, sect. 4.4.2.7.
    Write,
}

/// Writes a file of image units: the primary one, then extensions.
///
/// The keywords that describe the data (`SIMPLE`, `BITPIX`, `NAXISn` and so on) are made here; of the same keywords
/// in a header only the comment counts. All other cards stand in their order, unchanged ones to the byte. The file is
/// written under another name and renamed, so that the old one stays until the new one is whole. The bytes depend on
/// the arguments alone.
///
/// # Errors
/// When a card or an array cannot be said in FITS, or the file cannot be written.
pub fn write_images(path: &Path, units: &[(&Header, Pixels<'_>)]) -> Result<()> {
    write_images_with(path, units, WriteOptions::default())
}

/// As [`write_images`], with options.
///
/// # Errors
/// As [`write_images`].
pub fn write_images_with(
    path: &Path,
    units: &[(&Header, Pixels<'_>)],
    options: WriteOptions,
) -> Result<()> {
    let heads = heads(units, options)?;
    write_aside(path, |out| {
        let mut units = heads.iter().zip(units);
        units.try_for_each(|(head, (_, pixels))| write_unit(head, *pixels, out))
    })
}

/// The bytes of the file that [`write_images_with`] writes.
///
/// # Errors
/// When a card or an array cannot be said in FITS.
pub fn images_to_bytes(units: &[(&Header, Pixels<'_>)], options: WriteOptions) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    for (head, (_, pixels)) in heads(units, options)?.iter().zip(units) {
        write_unit(head, *pixels, &mut bytes).map_err(in_memory)?;
    }
    Ok(bytes.into_inner())
}

fn in_memory(source: io::Error) -> Error {
    Error::Write { place: "memory".to_owned(), source }
}

fn heads(units: &[(&Header, Pixels<'_>)], options: WriteOptions) -> Result<Vec<Head>> {
    let head = |(i, (header, pixels)): (usize, &(&Header, Pixels<'_>))| {
        Head::new(header, *pixels, i == 0, options)
    };
    units.iter().enumerate().map(head).collect()
}

/// Fills a file beside `path` and gives it that name when it is whole.
pub(crate) fn write_aside(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<()> {
    let wrong = |source| Error::Write { place: path.display().to_string(), source };
    Aside::write(path, fill).map_err(wrong)
}

fn unwritable(problem: String) -> Error {
    Error::Unwritable { problem }
}

impl Pixels<'_> {
    fn describe(self) -> (Bitpix, Option<(usize, usize)>, usize) {
        match self {
            Self::None => (Bitpix::U8, None, 0),
            Self::U8(shape, pixels) => (Bitpix::U8, Some(shape), pixels.len()),
            Self::I16(shape, pixels) => (Bitpix::I16, Some(shape), pixels.len()),
            Self::I32(shape, pixels) => (Bitpix::I32, Some(shape), pixels.len()),
            Self::I64(shape, pixels) => (Bitpix::I64, Some(shape), pixels.len()),
            Self::F32(shape, pixels) => (Bitpix::F32, Some(shape), pixels.len()),
            Self::F64(shape, pixels) => (Bitpix::F64, Some(shape), pixels.len()),
            Self::RowsF32(shape, _) => (Bitpix::F32, Some(shape), shape.0.saturating_mul(shape.1)),
            Self::RowsF64(shape, _) => (Bitpix::F64, Some(shape), shape.0.saturating_mul(shape.1)),
            Self::RowBytes(bitpix, shape, _) => {
                (bitpix, Some(shape), shape.0.saturating_mul(shape.1))
            }
            Self::Stored(pixels) | Self::StoredCube(_, pixels) => {
                let (ny, nx) = pixels.shape();
                (pixels.bitpix(), Some((ny, nx)), ny * nx)
            }
            Self::Table(_) => (Bitpix::U8, None, 0),
        }
    }

    /// Lengths of the axes, `NAXIS1` first.
    fn axes(self) -> Result<Vec<usize>> {
        let (_, shape, _) = self.describe();
        let Some((ny, nx)) = shape else { return Ok(Vec::new()) };
        let Self::StoredCube(more, _) = self else { return Ok(vec![nx, ny]) };
        let planes = more.iter().try_fold(1usize, |planes, &n| planes.checked_mul(n));
        match planes {
            Some(planes) if planes > 0 && ny % planes == 0 => {
                Ok([&[nx, ny / planes], more].concat())
            }
            _ => Err(unwritable(format!("{ny} rows are not planes of the axes {more:?}"))),
        }
    }

    /// Whether they are made while they are written, which costs too much to be done once more for their sum.
    fn made(self) -> bool {
        matches!(self, Self::RowsF32(..) | Self::RowsF64(..) | Self::RowBytes(..))
    }

    /// Gives the big-endian bytes to `take`, piece by piece; every piece but the last is a multiple of four.
    fn each_piece(self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::None => Ok(()),
            Self::U8(_, pixels) => take(pixels),
            Self::I16(_, pixels) => numbers(pixels, i16::to_be_bytes, take),
            Self::I32(_, pixels) => numbers(pixels, i32::to_be_bytes, take),
            Self::I64(_, pixels) => numbers(pixels, i64::to_be_bytes, take),
            Self::F32(_, pixels) => numbers(pixels, f32::to_be_bytes, take),
            Self::F64(_, pixels) => numbers(pixels, f64::to_be_bytes, take),
            Self::RowsF32(shape, source) => {
                streamed(source, shape, |pixel| (pixel as f32).to_be_bytes(), take)
            }
            Self::RowsF64(shape, source) => streamed(source, shape, f64::to_be_bytes, take),
            Self::RowBytes(bitpix, shape, source) => {
                let mut bytes = Vec::new();
                batches(shape).try_for_each(|rows| {
                    bytes.resize(rows.len() * shape.1 * bitpix.bytes(), 0);
                    source.rows(rows, &mut bytes)?;
                    take(&bytes)
                })
            }
            Self::Stored(pixels) | Self::StoredCube(_, pixels) => take(pixels.bytes()),
            Self::Table(table) => table::data_bytes(table, take),
        }
    }
}

fn numbers<T: Copy, const N: usize>(
    pixels: &[T],
    bytes: impl Fn(T) -> [u8; N],
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(N << 14);
    for piece in pixels.chunks(1 << 14) {
        buffer.clear();
        buffer.extend(piece.iter().flat_map(|&pixel| bytes(pixel)));
        take(&buffer)?;
    }
    Ok(())
}

/// Rows that are made at once, about a million pixels.
fn batches((ny, nx): (usize, usize)) -> impl Iterator<Item = Range<usize>> {
    // Four rows of any type are a multiple of four bytes.
    let height = ((1 << 20) / nx.max(1)).clamp(1, ny.max(1)).next_multiple_of(4);
    (0..ny).step_by(height).map(move |first| first..(first + height).min(ny))
}

/// As [`numbers`], of rows as they are made.
fn streamed<const N: usize>(
    source: &dyn RowSource,
    shape: (usize, usize),
    bytes: impl Fn(f64) -> [u8; N] + Copy,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut pixels = Vec::new();
    batches(shape).try_for_each(|rows| {
        pixels.resize(rows.len() * shape.1, 0.0);
        source.rows(rows, &mut pixels)?;
        numbers(&pixels, bytes, &mut take)
    })
}

/// A header as it is written.
struct Head {
    bytes: Vec<u8>,
    /// Its cards, where the checksums follow when the data are written.
    unsigned: Option<String>,
}

impl Head {
    fn new(
        header: &Header,
        pixels: Pixels<'_>,
        primary: bool,
        options: WriteOptions,
    ) -> Result<Self> {
        let text = cards(header, pixels, primary)?;
        if options.checksums == Checksums::Omit {
            return Ok(Self { bytes: finished(text), unsigned: None });
        }
        if pixels.made() {
            return Ok(Self { bytes: signed(&text, 0)?, unsigned: Some(text) });
        }
        let mut sum = 0;
        let add = |bytes: &[u8]| {
            sum = checksum::add(sum, bytes);
            Ok(())
        };
        pixels.each_piece(add).map_err(in_memory)?;
        Ok(Self { bytes: signed(&text, sum)?, unsigned: None })
    }
}

/// The mandatory keywords in their order (FITS 4.0, sect. 4.4.1), then the others.
fn cards(header: &Header, pixels: Pixels<'_>, primary: bool) -> Result<String> {
    let (bitpix, shape, len) = pixels.describe();
    if shape.is_some_and(|(ny, nx)| ny.checked_mul(nx) != Some(len)) {
        return Err(unwritable(format!(
            "an image of (ny, nx) = {shape:?} does not have {len} pixels"
        )));
    }
    let mut text = String::new();
    let mandatory = match pixels {
        Pixels::Table(_) if primary => {
            return Err(unwritable("a table cannot be the primary unit".to_owned()));
        }
        Pixels::Table(table) => mandatory_of_table(table)?,
        // A unit without data keeps the type that its header names.
        Pixels::None => {
            let named = header.find("BITPIX").ok().flatten().and_then(Bitpix::of);
            mandatory(named.unwrap_or(bitpix), &[], primary)
        }
        _ => mandatory(bitpix, &pixels.axes()?, primary),
    };
    for card in mandatory {
        header::write_decided(header, card, &mut text)?;
    }
    let stored = matches!(pixels, Pixels::Stored(_) | Pixels::StoredCube(..));
    let table = matches!(pixels, Pixels::Table(_));
    text += &header::write_cards(header, |card| match card.keyword.as_str() {
        "BSCALE" | "BZERO" | "BLANK" => stored,
        keyword => !(describes_data(keyword) || table && describes_columns(keyword)),
    })?;
    Ok(text)
}

fn mandatory(bitpix: Bitpix, axes: &[usize], primary: bool) -> Vec<Card> {
    let int = |n: usize| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    let mut cards = vec![
        if primary { Card::new("SIMPLE", true, "") } else { Card::new("XTENSION", "IMAGE", "") },
        Card::new("BITPIX", bitpix.code(), ""),
        Card::new("NAXIS", int(axes.len()), ""),
    ];
    let axis = |(i, &n): (usize, &usize)| Card::new(&format!("NAXIS{}", i + 1), int(n), "");
    cards.extend(axes.iter().enumerate().map(axis));
    if primary {
        cards.push(Card::new("EXTEND", true, ""));
    } else {
        cards.extend([Card::new("PCOUNT", 0, ""), Card::new("GCOUNT", 1, "")]);
    }
    cards
}

fn mandatory_of_table(table: &Table) -> Result<Vec<Card>> {
    let int = |n: usize| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    let (columns, width) = table::describing_cards(table)?;
    let mut cards = vec![
        Card::new("XTENSION", "BINTABLE", "binary table"),
        Card::new("BITPIX", 8, ""),
        Card::new("NAXIS", 2, ""),
        Card::new("NAXIS1", int(width), "bytes of a row"),
        Card::new("NAXIS2", int(table.rows), "rows"),
        Card::new("PCOUNT", 0, ""),
        Card::new("GCOUNT", 1, ""),
        Card::new("TFIELDS", int(table.columns.len()), "columns"),
    ];
    cards.extend(columns);
    Ok(cards)
}

fn describes_columns(keyword: &str) -> bool {
    const STEMS: [&str; 9] =
        ["TTYPE", "TFORM", "TUNIT", "TDIM", "TNULL", "TSCAL", "TZERO", "TDISP", "TBCOL"];
    let numbered =
        |stem: &&str| keyword.strip_prefix(*stem).is_some_and(|n| n.parse::<u16>().is_ok());
    matches!(keyword, "TFIELDS" | "THEAP") || STEMS.iter().any(numbered)
}

fn describes_data(keyword: &str) -> bool {
    matches!(keyword, "SIMPLE" | "XTENSION" | "BITPIX" | "EXTEND" | "PCOUNT" | "GCOUNT")
        || matches!(keyword, "CHECKSUM" | "DATASUM" | "GROUPS")
        || keyword
            .strip_prefix("NAXIS")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

/// `END`, and blanks up to the end of the block.
pub(crate) fn finished(mut text: String) -> Vec<u8> {
    text += &format!("{:<CARD$}", "END");
    let mut bytes = text.into_bytes();
    bytes.resize(bytes.len().next_multiple_of(BLOCK), b' ');
    bytes
}

/// The cards with the checksums of a unit whose data have the sum `data`, to the end of the block.
fn signed(cards: &str, data: u32) -> Result<Vec<u8>> {
    let finish = |checksum: &str| -> Result<Vec<u8>> {
        let mut text = cards.to_owned();
        let card = Card::new("CHECKSUM", checksum, "makes the sum of the unit zero");
        header::write_card(&card, &mut text)?;
        let card = Card::new("DATASUM", data.to_string(), "sum of the data");
        header::write_card(&card, &mut text)?;
        Ok(finished(text))
    };
    let zeros = finish(&"0".repeat(16))?;
    finish(&checksum::encode(checksum::add(data, &zeros)))
}

fn write_unit(head: &Head, pixels: Pixels<'_>, out: &mut (impl Write + Seek)) -> io::Result<()> {
    out.write_all(&head.bytes)?;
    let (mut written, mut sum) = (0, 0);
    pixels.each_piece(|bytes| {
        written += bytes.len();
        if head.unsigned.is_some() {
            sum = checksum::add(sum, bytes);
        }
        out.write_all(bytes)
    })?;
    let rest = written.next_multiple_of(BLOCK) - written;
    out.write_all(&vec![0; rest])?;
    let Some(cards) = &head.unsigned else { return Ok(()) };
    let signed = signed(cards, sum).map_err(io::Error::other)?;
    let end = out.stream_position()?;
    out.seek(SeekFrom::Start(end - (head.bytes.len() + written + rest) as u64))?;
    out.write_all(&signed)?;
    out.seek(SeekFrom::Start(end))?;
    Ok(())
}
