//! Cutouts as a FITS file each.

use std::io::Write as _;
use std::path::PathBuf;

use hst_fits::Aside;

use super::npy::cannot_write;
use super::tar::keeps;
use super::{Batch, Piece, Status};
use crate::Result;

/// Writes a FITS file `path(place)` for every place; those without data are left out where the options refuse them.
///
/// Each is written aside and renamed, an old one replaced. They are not forced to the disk one by one.
///
/// # Errors
/// When one cannot be written; those before it are there.
pub fn batch_to_files(
    batch: &Batch<'_>,
    path: impl Fn(usize) -> PathBuf + Sync,
) -> Result<Vec<Status>> {
    let write = |piece: &Piece<'_>| -> Result<()> {
        if !keeps(batch, piece) {
            return Ok(());
        }
        let path = path(piece.index);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut cutout = piece.cutout()?;
        cutout.primary.set("FILENAME", name.as_str(), "name of the file");
        let bytes = cutout.to_bytes()?;
        let write = || {
            let aside = Aside::create(&path)?;
            aside.file().write_all(&bytes)?;
            aside.finish_unsynced()
        };
        write().map_err(|source| cannot_write(&path, source))
    };
    batch.each(write, |_, ()| Ok(()))
}
