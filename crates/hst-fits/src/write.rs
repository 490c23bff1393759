//! Writing files: images with their headers, whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::header::{BLOCK, CARD};
use crate::{Bitpix, Card, Error, Header, Result, Value};

/// Pixels to write, row by row; the shape is `(ny, nx)`.
#[derive(Debug, Clone, Copy)]
pub enum Pixels<'a> {
    /// No data: a primary unit with keywords only.
    None,
    /// 32-bit floats.
    F32((usize, usize), &'a [f32]),
    /// 32-bit integers.
    I32((usize, usize), &'a [i32]),
}

/// Writes a file of image units: the primary one, then extensions.
///
/// The keywords that describe the data (`SIMPLE`, `BITPIX`, `NAXISn` and so on) are made here; the same keywords in a
/// header are ignored. The file is written under another name and renamed, so that the old one stays until the new one
/// is whole. The bytes depend on the arguments alone.
///
/// # Errors
/// When a card or an array cannot be said in FITS, or the file cannot be written.
pub fn write_images(path: &Path, units: &[(&Header, Pixels<'_>)]) -> Result<()> {
    let place = path.display().to_string();
    let headers: Vec<_> = units
        .iter()
        .enumerate()
        .map(|(i, (header, pixels))| header_bytes(header, *pixels, i == 0))
        .collect::<Result<_>>()?;
    let name = path.file_name().ok_or_else(|| unwritable(format!("not a file name: {place}")))?;
    let aside =
        path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
    let written = (|| {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&aside)?);
        for (header, (_, pixels)) in headers.iter().zip(units) {
            out.write_all(header)?;
            write_pixels(*pixels, &mut out)?;
        }
        out.flush()?;
        out.get_ref().sync_all()?;
        fs::rename(&aside, path)
    })();
    written.map_err(|source| {
        // The reason is in `source`; a file that is not there cannot be removed either.
        let _ = fs::remove_file(&aside);
        Error::Write { place, source }
    })
}

fn unwritable(problem: String) -> Error {
    Error::Unwritable { problem }
}

impl Pixels<'_> {
    fn describe(self) -> (Bitpix, Option<(usize, usize)>, usize) {
        match self {
            Self::None => (Bitpix::U8, None, 0),
            Self::F32(shape, pixels) => (Bitpix::F32, Some(shape), pixels.len()),
            Self::I32(shape, pixels) => (Bitpix::I32, Some(shape), pixels.len()),
        }
    }
}

/// The mandatory keywords in their order (FITS 4.0, sect. 4.4.1), then the cards, then `END`.
fn header_bytes(header: &Header, pixels: Pixels<'_>, primary: bool) -> Result<Vec<u8>> {
    let (bitpix, shape, len) = pixels.describe();
    if shape.is_some_and(|(ny, nx)| ny.checked_mul(nx) != Some(len)) {
        return Err(unwritable(format!(
            "an image of (ny, nx) = {shape:?} does not have {len} pixels"
        )));
    }
    let mut text = String::new();
    let axes = shape.map_or_else(Vec::new, |(ny, nx)| vec![nx, ny]);
    let first =
        if primary { ("SIMPLE", Value::from(true)) } else { ("XTENSION", Value::from("IMAGE")) };
    let int = |n: usize| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    let mut mandatory =
        vec![(first.0.to_owned(), first.1), ("BITPIX".into(), bitpix.code().into())];
    mandatory.push(("NAXIS".into(), int(axes.len())));
    mandatory.extend(axes.iter().enumerate().map(|(i, &n)| (format!("NAXIS{}", i + 1), int(n))));
    if primary {
        mandatory.push(("EXTEND".into(), true.into()));
    } else {
        mandatory.extend([("PCOUNT".into(), int(0)), ("GCOUNT".into(), int(1))]);
    }
    for (keyword, value) in mandatory {
        write_card(&Card { keyword, value, comment: String::new() }, &mut text)?;
    }
    for card in header.cards().iter().filter(|card| !describes_data(&card.keyword)) {
        write_card(card, &mut text)?;
    }
    text += &format!("{:<CARD$}", "END");
    let mut bytes = text.into_bytes();
    bytes.resize(bytes.len().div_ceil(BLOCK) * BLOCK, b' ');
    Ok(bytes)
}

fn describes_data(keyword: &str) -> bool {
    matches!(
        keyword,
        "SIMPLE" | "XTENSION" | "BITPIX" | "EXTEND" | "PCOUNT" | "GCOUNT" | "BSCALE" | "BZERO"
    ) || matches!(keyword, "BLANK" | "CHECKSUM" | "DATASUM" | "GROUPS")
        || keyword
            .strip_prefix("NAXIS")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

/// One card, or several for a long text (`CONTINUE`, FITS 4.0, sect. 4.2.1.2).
fn write_card(card: &Card, out: &mut String) -> Result<()> {
    let legal = |text: &str| text.bytes().all(|b| (0x20..0x7f).contains(&b));
    let keyword = &card.keyword;
    let in_set = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let standard = keyword.len() <= 8 && keyword.bytes().all(in_set);
    let value = card.value.to_string();
    if !legal(&value) || !legal(&card.comment) || !legal(keyword) {
        return Err(unwritable(format!("only printable ASCII can stand in a header: {keyword}")));
    }
    if matches!(card.value, Value::Float(value) if !value.is_finite()) {
        return Err(unwritable(format!("{value} cannot stand in a header: {keyword}")));
    }
    let start = out.len();
    let line = match &card.value {
        Value::Commentary(text) => format!("{keyword:<8}{text}"),
        Value::Text(_) if standard => format!("{keyword:<8}= {value:<20}"),
        _ if standard => format!("{keyword:<8}= {value:>20}"),
        _ => format!("HIERARCH {keyword} = {value}"),
    };
    if line.len() > CARD {
        match &card.value {
            Value::Text(text) if standard => return write_long_text(keyword, text, out),
            _ => return Err(unwritable(format!("the value does not fit its card: {keyword}"))),
        }
    }
    out.push_str(&line);
    if !card.comment.is_empty() {
        let room = CARD - line.len();
        out.extend(format!(" / {}", card.comment).chars().take(room));
    }
    let used = out.len() - start;
    out.extend(std::iter::repeat_n(' ', CARD - used));
    Ok(())
}

fn write_long_text(keyword: &str, text: &str, out: &mut String) -> Result<()> {
    // Quotes are doubled, so that half of a card's room always suffices.
    let pieces: Vec<_> = text.as_bytes().chunks(33).collect();
    for (i, piece) in pieces.iter().enumerate() {
        let more = if i + 1 < pieces.len() { "&" } else { "" };
        let quoted = String::from_utf8_lossy(piece).replace('\'', "''");
        let start = if i == 0 { format!("{keyword:<8}= ") } else { "CONTINUE  ".to_owned() };
        out.push_str(&format!("{:<CARD$}", format!("{start}'{quoted}{more}'")));
    }
    Ok(())
}

fn write_pixels(pixels: Pixels<'_>, out: &mut impl Write) -> io::Result<()> {
    let written = match pixels {
        Pixels::None => 0,
        Pixels::F32(_, pixels) => write_words(pixels, |pixel| pixel.to_be_bytes(), out)?,
        Pixels::I32(_, pixels) => write_words(pixels, |pixel| pixel.to_be_bytes(), out)?,
    };
    out.write_all(&vec![0; written.next_multiple_of(BLOCK) - written])
}

fn write_words<T: Copy>(
    pixels: &[T],
    bytes: impl Fn(T) -> [u8; 4],
    out: &mut impl Write,
) -> io::Result<usize> {
    let mut buffer = Vec::with_capacity(1 << 16);
    for piece in pixels.chunks(1 << 14) {
        buffer.clear();
        buffer.extend(piece.iter().flat_map(|&pixel| bytes(pixel)));
        out.write_all(&buffer)?;
    }
    Ok(4 * pixels.len())
}
