//! Cutouts as FITS files in one tar archive.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use hst_fits::Aside;

use super::npy::cannot_write;
use super::{Batch, Piece, Status};
use crate::cut::Empty;
use crate::{Error, Result};

/// Writes an archive with a FITS file for every place, called `name(place)`, in the order of the rows of the image.
/// Cutouts without data are left out where the options refuse them.
///
/// Members have no owner and the time zero, so that the bytes depend on images and places alone.
///
/// # Errors
/// When a name is longer than 100 bytes, or the archive cannot be written; then there is none, or the old one.
pub fn batch_to_tar(
    batch: &Batch<'_>,
    path: &Path,
    name: impl Fn(usize) -> String + Sync,
) -> Result<Vec<Status>> {
    let wrong = |source| cannot_write(path, source);
    let aside = Aside::create(path).map_err(wrong)?;
    let mut out = BufWriter::with_capacity(1 << 20, aside.file());
    let make = |piece: &Piece<'_>| match keeps(batch, piece) {
        true => piece.cutout()?.to_bytes().map(Some),
        false => Ok(None),
    };
    let statuses = batch.each(make, |index, bytes: Option<Vec<u8>>| match bytes {
        Some(bytes) => member(&mut out, &name(index), &bytes, path),
        None => Ok(()),
    })?;
    out.write_all(&[0; 1024]).and_then(|()| out.flush()).map_err(wrong)?;
    drop(out);
    aside.finish().map_err(wrong)?;
    Ok(statuses)
}

/// Whether a cutout is written.
pub(super) fn keeps(batch: &Batch<'_>, piece: &Piece<'_>) -> bool {
    batch.options.empty == Empty::Keep || !piece.is_empty()
}

fn member(out: &mut impl Write, name: &str, bytes: &[u8], path: &Path) -> Result<()> {
    if name.len() > 100 {
        let what = format!("the name has more than 100 bytes: {name}");
        return Err(Error::Unsupported { what, place: path.display().to_string() });
    }
    let write = |out: &mut dyn Write| -> io::Result<()> {
        out.write_all(&header(name, bytes.len()))?;
        out.write_all(bytes)?;
        out.write_all(&vec![0; bytes.len().next_multiple_of(512) - bytes.len()])
    };
    write(out).map_err(|source| cannot_write(path, source))
}

/// A header of the ustar format, POSIX.1-1988.
fn header(name: &str, length: usize) -> [u8; 512] {
    let mut header = [0; 512];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{length:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|&b| u32::from(b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}
