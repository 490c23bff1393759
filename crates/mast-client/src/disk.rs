//! The few ways in which this crate touches the disk.

use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, Result};

/// A number no other call in this process gets.
pub(crate) fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Writes `bytes` aside and renames, so that readers see the old file or the new one.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".part-{}-{}", std::process::id(), unique()));
    write_by_way_of(&path.with_file_name(name), path, bytes)
}

/// Writes `bytes` to `aside` and renames it to `path`.
pub(crate) fn write_by_way_of(aside: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = File::create(aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(aside, path)
    };
    write().map_err(|source| {
        let _ = fs::remove_file(aside);
        Error::Disk { action: "write", path: path.to_owned(), source }
    })
}

/// The bytes of an open file, in pieces of `size`.
pub(crate) fn pieces(
    mut file: File,
    path: PathBuf,
    size: usize,
) -> impl Iterator<Item = Result<Vec<u8>>> + Send {
    let mut over = false;
    std::iter::from_fn(move || {
        if over {
            return None;
        }
        let mut piece = Vec::with_capacity(size);
        let read = Read::by_ref(&mut file).take(size as u64).read_to_end(&mut piece);
        over = read.as_ref().map_or(true, |length| *length < size);
        match read {
            Ok(0) => None,
            Ok(_) => Some(Ok(piece)),
            Err(source) => Some(Err(Error::Disk { action: "read", path: path.clone(), source })),
        }
    })
}
