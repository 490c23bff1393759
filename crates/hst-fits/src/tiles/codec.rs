//! The methods of `ZCMPTYPE`: a tile's bytes become its pixels as they would be stored.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::{hcompress, plio, rice};
use crate::{Bitpix, Error, Header, Result};

/// How tiles are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Rice {
        word: rice::Word,
        block: usize,
    },
    Gzip,
    /// All first bytes of the pixels, then all second ones, and so on.
    ShuffledGzip,
    Plio,
    Hcompress {
        smooth: bool,
    },
    None,
}

impl Codec {
    /// Reads `ZCMPTYPE`, `ZNAMEn` and `ZVALn`.
    pub(super) fn read(table: &Header, bitpix: Bitpix, quantized: bool) -> Result<Self> {
        let bad = |problem: String| Error::BadHeader { place: table.place().to_owned(), problem };
        let name: String = table.get("ZCMPTYPE")?;
        let lossless_float = bitpix.is_float() && !quantized;
        let codec = match name.trim() {
            "RICE_1" | "RICE_ONE" => rice(table)?,
            "GZIP_1" => Self::Gzip,
            "GZIP_2" => Self::ShuffledGzip,
            "PLIO_1" => Self::Plio,
            "HCOMPRESS_1" => Self::Hcompress { smooth: parameter(table, "SMOOTH")? == Some(1) },
            "NOCOMPRESS" => Self::None,
            other => return Err(bad(format!("ZCMPTYPE = '{other}' is no method"))),
        };
        match codec {
            Self::Rice { .. } | Self::Plio | Self::Hcompress { .. } if lossless_float => {
                Err(bad(format!("ZCMPTYPE = '{name}' without ZSCALE cannot hold floats")))
            }
            Self::Rice { .. } | Self::Plio if bitpix == Bitpix::I64 => {
                Err(bad(format!("ZCMPTYPE = '{name}' cannot hold 64-bit integers")))
            }
            _ => Ok(codec),
        }
    }

    /// The `n` pixels of a tile as big-endian bytes of `width` each; `None` where `bytes` are damaged.
    pub(super) fn decode(self, bytes: &[u8], width: usize, n: usize) -> Option<Vec<u8>> {
        match self {
            Self::Rice { word, block } => {
                rice::decode(bytes, word, block, n).map(|pixels| narrow(&pixels, width))
            }
            Self::Plio => plio::decode(bytes, n).map(|pixels| narrow(&pixels, width)),
            Self::Hcompress { smooth } => {
                hcompress::decode(bytes, smooth, n).map(|pixels| narrow(&pixels, width))
            }
            Self::Gzip => gunzip(bytes, width.checked_mul(n)?),
            Self::ShuffledGzip => {
                gunzip(bytes, width.checked_mul(n)?).map(|b| unshuffle(&b, width))
            }
            Self::None => (bytes.len() == width.checked_mul(n)?).then(|| bytes.to_vec()),
        }
    }
}

fn rice(table: &Header) -> Result<Codec> {
    let bad = |problem: String| Error::BadHeader { place: table.place().to_owned(), problem };
    let block = parameter(table, "BLOCKSIZE")?.unwrap_or(32);
    let block = usize::try_from(block).ok().filter(|block| *block > 0 && *block < 1 << 20);
    let block = block.ok_or_else(|| bad("the BLOCKSIZE of RICE_1 is no length".to_owned()))?;
    // Without BYTEPIX cfitsio decodes 32 bits.
    let word = match parameter(table, "BYTEPIX")?.unwrap_or(4) {
        1 => rice::Word::U8,
        2 => rice::Word::I16,
        4 => rice::Word::I32,
        other => return Err(bad(format!("BYTEPIX = {other} is not 1, 2 or 4 for RICE_1"))),
    };
    Ok(Codec::Rice { word, block })
}

/// The value of the parameter called `name`.
fn parameter(table: &Header, name: &str) -> Result<Option<i64>> {
    for i in 1..=table.cards().len() {
        let Some(found) = table.find::<String>(&format!("ZNAME{i}"))? else { break };
        if found.trim() == name {
            return table.get(&format!("ZVAL{i}")).map(Some);
        }
    }
    Ok(None)
}

/// Exactly `length` bytes; more is as wrong as fewer.
pub(super) fn gunzip(bytes: &[u8], length: usize) -> Option<Vec<u8>> {
    // Grows with what is there: a promise costs no memory.
    let mut out = Vec::with_capacity(length.min(bytes.len().saturating_mul(8)));
    MultiGzDecoder::new(bytes).take(length as u64 + 1).read_to_end(&mut out).ok()?;
    (out.len() == length).then_some(out)
}

fn unshuffle(bytes: &[u8], width: usize) -> Vec<u8> {
    let n = bytes.len() / width;
    (0..n).flat_map(|i| (0..width).map(move |plane| bytes[plane * n + i])).collect()
}

/// The low bytes of every number.
fn narrow<T: Copy + Into<i64>>(pixels: &[T], width: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(pixels.len() * width);
    for &pixel in pixels {
        let pixel: i64 = pixel.into();
        bytes.extend_from_slice(&pixel.to_be_bytes()[8 - width..]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_put_back_together() {
        assert_eq!(unshuffle(&[1, 2, 3, 4, 5, 6], 2), [1, 4, 2, 5, 3, 6]);
        assert_eq!(narrow(&[-2_i32, 258], 2), [0xff, 0xfe, 1, 2]);
    }

    #[test]
    fn a_tile_of_another_size_is_damaged() {
        assert_eq!(Codec::None.decode(&[1, 2, 3], 2, 2), None);
        assert_eq!(Codec::Gzip.decode(b"no gzip", 2, 2), None);
    }
}
