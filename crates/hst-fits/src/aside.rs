//! Files that get their name when they are whole.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The files of this process that have no name yet.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that is filled beside its place, as `.NAME.PROCESS.part`, and gets its name when it is whole; dropped before
/// that, it goes, and what had the name stays.
#[derive(Debug)]
pub struct Aside {
    path: PathBuf,
    aside: PathBuf,
    file: File,
}

impl Aside {
    /// An empty file beside `path`.
    ///
    /// # Errors
    /// When `path` is no file name, or the file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let no_name = || io::Error::new(io::ErrorKind::InvalidInput, "not a file name");
        let name = path.file_name().ok_or_else(no_name)?.to_string_lossy();
        let aside = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let mut unfinished = unfinished();
        let file = File::create(&aside)?;
        unfinished.insert(aside.clone());
        Ok(Self { path: path.to_owned(), aside, file })
    }

    /// Writes `path` in one go: `fill` is given the file beside it, which then gets the name.
    ///
    /// # Errors
    /// What `fill` says, and as [`create`](Self::create) and [`finish`](Self::finish); then the file goes.
    pub fn write(
        path: &Path,
        fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
    ) -> io::Result<()> {
        let aside = Self::create(path)?;
        let mut out = BufWriter::with_capacity(1 << 20, aside.file());
        fill(&mut out)?;
        out.flush()?;
        drop(out);
        aside.finish()
    }

    /// The file to fill.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file its name.
    ///
    /// Where it replaces an old one its bytes are forced to the disk first, so that also after a power failure one of the
    /// two is there. A new file has nothing to lose but work that can be done again, and forcing it would take most of the
    /// time of a small one.
    ///
    /// # Errors
    /// When the bytes or the name cannot be written; then the file goes.
    pub fn finish(self) -> io::Result<()> {
        if self.path.symlink_metadata().is_ok() {
            self.file.sync_all()?;
        }
        self.finish_unsynced()
    }

    /// Gives the file its name, and leaves it to the system when its bytes come to the disk: for thousands of small
    /// files that can be made again.
    ///
    /// # Errors
    /// When the name cannot be given; then the file goes.
    pub fn finish_unsynced(self) -> io::Result<()> {
        fs::rename(&self.aside, &self.path)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // What was finished has another name by now, and is not there to be removed.
        let _ = fs::remove_file(&self.aside);
        unfinished().remove(&self.aside);
    }
}

/// Removes every file of this process that has no name yet, and lets none be begun any more: for a program that is told
/// to end, just before it does.
pub fn abandon_unfinished() {
    let unfinished = unfinished();
    for path in unfinished.iter() {
        let _ = fs::remove_file(path);
    }
    std::mem::forget(unfinished);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gets_its_name_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.fits");
        fs::write(&path, "old").unwrap();
        let names = || fs::read_dir(folder.path()).unwrap().count();
        let aside = Aside::create(&path).unwrap();
        aside.file().write_all(b"half").unwrap();
        assert!(unfinished().contains(&aside.aside) && names() == 2);
        drop(aside);
        assert_eq!((fs::read(&path).unwrap(), names()), (b"old".to_vec(), 1));
        let aside = Aside::create(&path).unwrap();
        let place = aside.aside.clone();
        aside.file().write_all(b"new").unwrap();
        aside.finish().unwrap();
        assert_eq!((fs::read(&path).unwrap(), names()), (b"new".to_vec(), 1));
        assert!(!unfinished().contains(&place));
        assert!(Aside::create(Path::new("..")).is_err());
    }
}
