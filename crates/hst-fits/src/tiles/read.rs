//! The tiles of a window: their rows, their bytes, their pixels.

use std::ops::Range;

use super::codec::gunzip;
use super::quantize::Scaling;
use super::{Field, Tiles};
use crate::source::{ByteSource, Piece};
use crate::stored::BigEndian;
use crate::{Bitpix, Error, Result};

/// Rows of one plane, of which pixels are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) plane: u64,
    pub(crate) x: Range<usize>,
    pub(crate) y: Range<usize>,
    /// Every so many rows.
    pub(crate) step: usize,
}

/// A tile's number, its pixels' place in the image, and where its bytes are.
struct Tile {
    number: u64,
    x: Range<u64>,
    y: Range<u64>,
    /// Pixels before the plane, and in the whole tile.
    before: u64,
    pixels: u64,
    row: Vec<u8>,
    /// Of the heap.
    bytes: Range<u64>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Compressed,
    Gzipped,
    Verbatim,
}

/// Where a table's data are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Data<'a> {
    pub(crate) source: &'a dyn ByteSource,
    /// Of the table's first row.
    pub(crate) offset: u64,
    /// For messages.
    pub(crate) place: &'a str,
}

impl Tiles {
    /// Fills `out` with the stored bytes of the wanted rows.
    pub(crate) fn fill(&self, data: Data<'_>, part: &Part, out: &mut [u8]) -> Result<()> {
        let mut tiles = self.touched(data, part)?;
        let last = tiles.iter().map(|tile| tile.bytes.end).max().unwrap_or(0);
        check_present(data, self.layout.heap + last)?;
        tiles.sort_by_key(|tile| tile.bytes.start);
        let at = |tile: &Tile| data.offset + self.layout.heap + tile.bytes.start;
        let apart = tiles.windows(2).all(|two| two[0].bytes.end <= two[1].bytes.start);
        if !apart {
            // No writer does this; one by one they take no more memory than the largest.
            for tile in &tiles {
                let mut bytes = vec![0; size(tile.bytes.end - tile.bytes.start)];
                let mut piece = [Piece { offset: at(tile), out: &mut bytes }];
                read(data, &mut piece)?;
                self.put(data, tile, &bytes, part, out)?;
            }
            return Ok(());
        }
        let mut bytes: Vec<_> =
            tiles.iter().map(|tile| vec![0; size(tile.bytes.end - tile.bytes.start)]).collect();
        let mut pieces: Vec<_> = tiles
            .iter()
            .zip(&mut bytes)
            .map(|(tile, out)| Piece { offset: at(tile), out })
            .collect();
        read(data, &mut pieces)?;
        let mut tiles = tiles.iter().zip(&bytes);
        tiles.try_for_each(|(tile, bytes)| self.put(data, tile, bytes, part, out))
    }

    /// Where the bytes of the wanted tiles are in the file.
    pub(crate) fn ranges(&self, data: Data<'_>, part: &Part) -> Result<Vec<Range<u64>>> {
        let tiles = self.touched(data, part)?;
        let last = tiles.iter().map(|tile| tile.bytes.end).max().unwrap_or(0);
        check_present(data, self.layout.heap + last)?;
        let heap = data.offset + self.layout.heap;
        Ok(tiles.iter().map(|tile| heap + tile.bytes.start..heap + tile.bytes.end).collect())
    }

    /// The tiles that hold wanted pixels, with their rows of the table.
    fn touched(&self, data: Data<'_>, part: &Part) -> Result<Vec<Tile>> {
        let side = |axis: usize| self.tile.get(axis).copied().unwrap_or(1);
        let length = |axis: usize| self.axes.get(axis).copied().unwrap_or(1);
        let across = length(0).div_ceil(side(0));
        let columns = part.x.start as u64 / side(0)..(part.x.end as u64).div_ceil(side(0));
        let mut lines: Vec<u64> =
            part.y.clone().step_by(part.step).map(|y| y as u64 / side(1)).collect();
        lines.dedup();
        let plane = self.plane(part.plane);

        let width = self.layout.row_bytes;
        let in_line = columns.end - columns.start;
        let first = |line: u64| line * across + plane.first + columns.start;
        let row = |line: u64| first(line) * width as u64;
        let last = lines.last().map_or(0, |line| row(*line) + in_line * width as u64);
        check_present(data, last)?;
        let mut rows = vec![vec![0; width * size(in_line)]; lines.len()];
        let mut pieces: Vec<_> = lines
            .iter()
            .zip(&mut rows)
            .map(|(&line, out)| Piece { offset: data.offset + row(line), out })
            .collect();
        read(data, &mut pieces)?;

        let mut tiles = Vec::new();
        for (&line, rows) in lines.iter().zip(&rows) {
            let y = line * side(1)..((line + 1) * side(1)).min(length(1));
            for (column, row) in columns.clone().zip(rows.chunks_exact(width.max(1))) {
                let x = column * side(0)..((column + 1) * side(0)).min(length(0));
                let area = (x.end - x.start) * (y.end - y.start);
                let number = first(line) + column - columns.start;
                let (kind, bytes) = self.bytes_of(data, number, row)?;
                tiles.push(Tile {
                    number,
                    x,
                    y: y.clone(),
                    before: plane.before * area,
                    pixels: plane.depth * area,
                    row: row.to_owned(),
                    bytes,
                    kind,
                });
            }
        }
        Ok(tiles)
    }

    /// Where the tiles of a plane begin, and where the plane is in them.
    fn plane(&self, mut plane: u64) -> Plane {
        let along = |axis: usize| self.axes[axis].div_ceil(self.tile[axis]);
        let mut found = Plane { first: 0, before: 0, depth: 1 };
        let mut tiles: u64 = (0..self.axes.len().min(2)).map(along).product();
        for axis in 2..self.axes.len() {
            let (length, side) = (self.axes[axis], self.tile[axis]);
            let at = plane % length;
            plane /= length;
            found.first += at / side * tiles;
            found.before += at % side * found.depth;
            found.depth *= side.min(length - at / side * side);
            tiles *= along(axis);
        }
        found
    }

    /// Which column holds the tile, and where it is in the heap.
    fn bytes_of(&self, data: Data<'_>, number: u64, row: &[u8]) -> Result<(Kind, Range<u64>)> {
        let columns = [
            (Kind::Compressed, Some(&self.compressed)),
            (Kind::Gzipped, self.gzipped.as_ref()),
            (Kind::Verbatim, self.verbatim.as_ref()),
        ];
        let span = |field: &Field| field.span(row).filter(|(count, _)| *count > 0);
        for (kind, field) in columns {
            let Some((field, (count, start))) = field.and_then(|f| Some((f, span(f)?))) else {
                continue;
            };
            let bytes = field.format.element.bytes(count);
            let end = bytes.and_then(|bytes| start.checked_add(bytes));
            let end = end.filter(|end| *end <= self.layout.heap_bytes);
            let range = end.map(|end| (kind, start..end));
            return range.ok_or_else(|| damaged(data, number, "lies outside the heap"));
        }
        Err(damaged(data, number, "has no data"))
    }

    /// Decodes a tile and copies the wanted pixels to their places.
    fn put(
        &self,
        data: Data<'_>,
        tile: &Tile,
        bytes: &[u8],
        part: &Part,
        out: &mut [u8],
    ) -> Result<()> {
        let n = usize::try_from(tile.pixels).ok();
        let pixels = n.and_then(|n| self.decode(tile, bytes, n));
        let pixels = pixels.ok_or_else(|| damaged(data, tile.number, "is damaged"))?;
        let width = self.bitpix.bytes();
        let (x0, x1) = (tile.x.start.max(part.x.start as u64), tile.x.end.min(part.x.end as u64));
        let rows = part.y.clone().step_by(part.step).enumerate();
        for (i, y) in rows.filter(|(_, y)| tile.y.contains(&(*y as u64))) {
            let first = tile.before
                + (y as u64 - tile.y.start) * (tile.x.end - tile.x.start)
                + (x0 - tile.x.start);
            let from = size(first) * width;
            let to = (i * part.x.len() + size(x0) - part.x.start) * width;
            let length = size(x1 - x0) * width;
            out[to..to + length].copy_from_slice(&pixels[from..from + length]);
        }
        Ok(())
    }

    /// The stored bytes of a whole tile of `n` pixels; `None` where it is damaged.
    fn decode(&self, tile: &Tile, bytes: &[u8], n: usize) -> Option<Vec<u8>> {
        let width = self.bitpix.bytes();
        match (tile.kind, &self.quantized) {
            // FITS 4.0, sect. 10.1.3: these two columns hold the pixels of the image itself.
            (Kind::Verbatim, _) => (bytes.len() == n.checked_mul(width)?).then(|| bytes.to_owned()),
            (Kind::Gzipped, _) => gunzip(bytes, n.checked_mul(width)?),
            (Kind::Compressed, None) => self.codec.decode(bytes, width, n),
            (Kind::Compressed, Some(quantized)) => {
                let integers = self.codec.decode(bytes, 4, n)?;
                let integers: Vec<_> = integers.chunks_exact(4).map(i32::read).collect();
                let blank = quantized.blank.of(&tile.row)?;
                #[expect(clippy::cast_possible_truncation, reason = "it came from an integer")]
                let scaling = Scaling {
                    scale: quantized.scale.of(&tile.row)?,
                    zero: quantized.zero.of(&tile.row)?,
                    blank: blank as i32,
                    dither: quantized.dither,
                    seed: quantized.seed.saturating_add(tile.number),
                };
                Some(floats(&scaling, &integers, self.bitpix))
            }
        }
    }
}

/// The tiles of one plane of a cube.
struct Plane {
    /// Number of the first one.
    first: u64,
    /// Planes before it in a tile, and in a tile at all.
    before: u64,
    depth: u64,
}

fn floats(scaling: &Scaling, integers: &[i32], bitpix: Bitpix) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(integers.len() * bitpix.bytes());
    if bitpix == Bitpix::F64 {
        scaling.each(integers, |value| value.push(&mut bytes));
    } else {
        #[expect(clippy::cast_possible_truncation, reason = "32-bit floats were compressed")]
        scaling.each(integers, |value| (value as f32).push(&mut bytes));
    }
    bytes
}

fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn damaged(data: Data<'_>, number: u64, how: &str) -> Error {
    let problem = format!("tile {} of COMPRESSED_DATA {how}", number + 1);
    Error::BadHeader { place: data.place.to_owned(), problem }
}

/// Before room is made for bytes that are not there; `end` counts from the first row.
fn check_present(data: Data<'_>, end: u64) -> Result<()> {
    let (expected, found) = (data.offset.saturating_add(end), data.source.len());
    if expected <= found {
        return Ok(());
    }
    Err(Error::Truncated { place: data.place.to_owned(), expected, found })
}

fn read(data: Data<'_>, pieces: &mut [Piece<'_>]) -> Result<()> {
    data.source
        .read_many(pieces)
        .map_err(|source| Error::Read { place: data.place.to_owned(), source })
}
