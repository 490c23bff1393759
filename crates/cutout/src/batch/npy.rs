//! Cutouts of one size as one array a extension, in the format of NumPy.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hst_fits::{Aside, Bitpix, Hdu};

use super::{Batch, Piece, Status};
use crate::cut::{Mode, Scaling};
use crate::{Error, Result};

/// Writes `(places, ny, nx)` arrays, one for every extension: plain pixels in their type, scaled ones as the floats they
/// mean, little-endian. Rows follow the places; one without a cutout is NaN, in integers 0.
///
/// # Errors
/// When windows differ in size, there are not as many paths as extensions, or a file cannot be written; then there is
/// none, or the old one.
pub fn batch_to_npy(batch: &Batch<'_>, paths: &[PathBuf]) -> Result<Vec<Status>> {
    let shape = one_shape(batch)?;
    let hdus: Vec<&Hdu> = batch.units.iter().map(|unit| unit.hdu).collect();
    if paths.len() != hdus.len() {
        let what = format!("{} extensions for {} files", hdus.len(), paths.len());
        return Err(Error::Unsupported { what, place: batch.file.path().display().to_string() });
    }
    let arrays =
        paths.iter().zip(&hdus).map(|(path, hdu)| Array::new(path, hdu, batch.len(), shape));
    let arrays = arrays.collect::<Result<Vec<_>>>()?;
    let write = |piece: &Piece<'_>| -> Result<()> {
        let mut bytes = Vec::new();
        for (array, unit) in arrays.iter().zip(&piece.units) {
            array.kind.encode(unit.bytes, &mut bytes);
            array.put(piece.index, &bytes)?;
        }
        Ok(())
    };
    let statuses = batch.each(write, |_, ()| Ok(()))?;
    for (i, status) in statuses.iter().enumerate() {
        if matches!(status, Status::Off | Status::Failed(_)) {
            arrays.iter().try_for_each(|array| array.put(i, &array.nothing))?;
        }
    }
    arrays.into_iter().try_for_each(Array::finish)?;
    Ok(statuses)
}

fn one_shape(batch: &Batch<'_>) -> Result<(usize, usize)> {
    let mut shapes = batch.windows.iter().filter(|window| !window.is_empty()).map(|w| w.shape());
    let first = shapes.next().unwrap_or((0, 0));
    if batch.options.mode == Mode::Trim || shapes.any(|shape| shape != first) {
        let what = "cutouts of different sizes make no array".to_owned();
        return Err(Error::Unsupported { what, place: batch.file.path().display().to_string() });
    }
    Ok(first)
}

/// How pixels become numbers of NumPy.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// The same type, bytes turned around.
    Plain(Bitpix),
    /// What scaled or blank pixels mean.
    Physical(Scaling),
}

impl Kind {
    fn of(hdu: &Hdu) -> Self {
        let scaling = Scaling::of(hdu);
        match scaling.is_plain() && scaling.blank.is_none() {
            true => Self::Plain(hdu.bitpix),
            false => Self::Physical(scaling),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plain(Bitpix::U8) => "|u1",
            Self::Plain(Bitpix::I16) => "<i2",
            Self::Plain(Bitpix::I32) => "<i4",
            Self::Plain(Bitpix::I64) => "<i8",
            Self::Plain(Bitpix::F32) => "<f4",
            Self::Plain(Bitpix::F64) | Self::Physical(_) => "<f8",
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Plain(bitpix) => bitpix.bytes(),
            Self::Physical(_) => 8,
        }
    }

    /// A pixel that is none.
    fn nothing(self) -> Vec<u8> {
        match self {
            Self::Plain(Bitpix::F32) => f32::NAN.to_le_bytes().to_vec(),
            Self::Plain(Bitpix::F64) | Self::Physical(_) => f64::NAN.to_le_bytes().to_vec(),
            Self::Plain(bitpix) => vec![0; bitpix.bytes()],
        }
    }

    fn encode(self, stored: &[u8], out: &mut Vec<u8>) {
        out.clear();
        match self {
            Self::Plain(Bitpix::U8) => out.extend_from_slice(stored),
            Self::Plain(Bitpix::I16) => turned::<2>(stored, out),
            Self::Plain(Bitpix::I32 | Bitpix::F32) => turned::<4>(stored, out),
            Self::Plain(Bitpix::I64 | Bitpix::F64) => turned::<8>(stored, out),
            Self::Physical(scaling) => {
                scaling.each_value(stored, |value| out.extend(value.to_le_bytes()));
            }
        }
    }
}

fn turned<const N: usize>(stored: &[u8], out: &mut Vec<u8>) {
    out.resize(stored.len(), 0);
    let (from, to) = (stored.as_chunks::<N>().0, out.as_chunks_mut::<N>().0);
    for (from, to) in from.iter().zip(to) {
        *to = *from;
        to.reverse();
    }
}

/// A file that is filled in any order.
struct Array {
    path: PathBuf,
    aside: Aside,
    kind: Kind,
    start: u64,
    row: u64,
    nothing: Vec<u8>,
}

impl Array {
    fn new(path: &Path, hdu: &Hdu, places: usize, (ny, nx): (usize, usize)) -> Result<Self> {
        let kind = Kind::of(hdu);
        let fields = format!(
            "{{'descr': '{}', 'fortran_order': False, 'shape': ({places}, {ny}, {nx}), }}",
            kind.name()
        );
        // Magic, version 1.0, length; blanks so that data begin at a multiple of 64.
        let length = (10 + fields.len() + 1).next_multiple_of(64);
        let text = format!("{fields:<width$}\n", width = length - 11);
        let mut header = b"\x93NUMPY\x01\x00".to_vec();
        header.extend(u16::try_from(length - 10).unwrap_or(u16::MAX).to_le_bytes());
        header.extend(text.as_bytes());
        let row = ny * nx * kind.bytes();
        let open = || -> io::Result<Aside> {
            let aside = Aside::create(path)?;
            aside.file().write_all(&header)?;
            reserve(aside.file(), length as u64 + row as u64 * places as u64)?;
            Ok(aside)
        };
        let aside = open().map_err(|source| cannot_write(path, source))?;
        let nothing = kind.nothing().repeat(ny * nx);
        let (path, start) = (path.to_owned(), length as u64);
        Ok(Self { path, aside, kind, start, row: row as u64, nothing })
    }

    fn put(&self, index: usize, bytes: &[u8]) -> Result<()> {
        let at = self.start + self.row * index as u64;
        write_at(self.aside.file(), bytes, at).map_err(|source| cannot_write(&self.path, source))
    }

    fn finish(self) -> Result<()> {
        let Self { path, aside, .. } = self;
        aside.finish().map_err(|source| cannot_write(&path, source))
    }
}

/// Gives the file its length and its room, for blocks that are asked for one by one and in no order take the system half
/// as long again. Where it cannot be had beforehand the file has holes until they are filled.
fn reserve(file: &File, length: u64) -> io::Result<()> {
    match fs4::FileExt::allocate(file, length) {
        Err(error) if error.kind() == io::ErrorKind::StorageFull => Err(error),
        _ => file.set_len(length),
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        bytes = &bytes[n..];
        at += n as u64;
    }
    Ok(())
}

pub(super) fn cannot_write(path: &Path, source: io::Error) -> Error {
    Error::Write { place: path.display().to_string(), source }
}
