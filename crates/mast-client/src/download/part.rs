use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::hash::{Sha256, sha256};
use crate::transport::Headers;
use crate::{Error, Result, disk};

/// How much is asked for again, so that the bytes themselves show where the rest belongs: a little where a validator
/// tells that the file is the same, more where only they can tell.
const OVERLAP: (u64, u64) = (4 << 10, 64 << 10);

/// What is known of a file that is not complete; it lies beside the part as JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) uri: String,
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    pub(crate) total: Option<u64>,
    /// Whether the server said that it gives no parts of files.
    #[serde(default)]
    pub(crate) whole_only: bool,
    /// Bytes that were safely on the disk when this was written: only they are continued.
    pub(crate) synced: u64,
}

impl Known {
    pub(crate) fn of(uri: &str, headers: &Headers, total: Option<u64>) -> Self {
        let header = |name| headers.value(name).map(str::to_owned);
        let (etag, last_modified) = (header("etag"), header("last-modified"));
        let whole_only = headers.value("accept-ranges").is_some_and(|v| v.trim() == "none");
        Self { uri: uri.to_owned(), etag, last_modified, total, whole_only, synced: 0 }
    }

    /// What `If-Range` may hold: a strong entity tag, else the date (RFC 9110, sect. 13.1.5).
    pub(crate) fn validator(&self) -> Option<&str> {
        let strong = self.etag.as_deref().filter(|etag| !etag.starts_with("W/"));
        strong.or(self.last_modified.as_deref())
    }

    /// Whether anything can prove that more bytes belong to those that are there.
    fn can_be_continued(&self) -> bool {
        !self.whole_only && (self.validator().is_some() || self.total.is_some())
    }

    /// Whether an answer's headers belong to the file this part was begun with.
    pub(crate) fn agrees(&self, headers: &Headers, total: Option<u64>) -> bool {
        let same = |known: &Option<String>, name| match (known, headers.value(name)) {
            (Some(known), Some(now)) => known == now,
            _ => true,
        };
        same(&self.etag, "etag")
            && same(&self.last_modified, "last-modified")
            && self.total == total
    }
}

/// A file on its way: `NAME.part-…` and what is known of it, beside the place where it will be.
pub(super) struct Part {
    pub path: PathBuf,
    pub known: Known,
    /// Bytes written, and those that have passed through the sum.
    pub length: u64,
    side: PathBuf,
    file: File,
    sum: Sha256,
}

impl Part {
    /// Continues what an earlier attempt left, or begins.
    pub(super) fn open(folder: &Path, name: &str, uri: &str) -> Result<Self> {
        let (path, side) = paths(folder, name, uri);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(Error::disk("write", &path))?;
        let known = Known { uri: uri.to_owned(), ..Known::default() };
        let mut part = Self { path, known, length: 0, side, file, sum: Sha256::new() };
        match part.left_over(uri) {
            Some(known) => part.take_up(known)?,
            None => part.restart()?,
        }
        Ok(part)
    }

    fn left_over(&self, uri: &str) -> Option<Known> {
        let known: Known = serde_json::from_slice(&fs::read(&self.side).ok()?).ok()?;
        let length = self.file.metadata().ok()?.len();
        (known.uri == uri && known.synced > 0 && known.synced <= length).then_some(known)
    }

    /// Keeps the bytes that are safe, and sums them again.
    fn take_up(&mut self, known: Known) -> Result<()> {
        let error = |error| Error::disk("read", &self.path)(error);
        self.file.set_len(known.synced).map_err(error)?;
        self.file.seek(SeekFrom::Start(0)).map_err(error)?;
        let mut buffer = vec![0; 256 << 10];
        loop {
            let read = self.file.read(&mut buffer).map_err(error)?;
            if read == 0 {
                break;
            }
            self.sum.update(&buffer[..read]);
        }
        self.length = known.synced;
        self.known = known;
        Ok(())
    }

    /// Forgets everything but the URI.
    pub(super) fn restart(&mut self) -> Result<()> {
        let known = Known { uri: self.known.uri.clone(), ..Known::default() };
        self.begin(known)
    }

    /// Begins a file that `headers` announce with `total` bytes.
    pub(super) fn begin_with(&mut self, headers: &Headers, total: Option<u64>) -> Result<()> {
        let known = Known::of(&self.known.uri, headers, total);
        self.begin(known)
    }

    fn begin(&mut self, known: Known) -> Result<()> {
        // The note goes first: a part without one is never continued.
        if self.side.exists() {
            fs::remove_file(&self.side).map_err(Error::disk("remove", &self.side))?;
        }
        self.file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .map_err(Error::disk("write", &self.path))?;
        (self.known, self.length, self.sum) = (known, 0, Sha256::new());
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(Error::disk("write", &self.path))?;
        self.sum.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Brings all bytes to the disk and notes that they may be continued.
    pub(super) fn sync(&mut self) -> Result<()> {
        if self.length == self.known.synced {
            return Ok(());
        }
        self.file.sync_data().map_err(Error::disk("write", &self.path))?;
        self.known.synced = self.length;
        let note = serde_json::to_vec(&self.known).unwrap_or_default();
        disk::write_by_way_of(&new_note(&self.side), &self.side, &note)
    }

    /// Whether a later attempt may have a use for what is there.
    pub(super) fn can_be_continued(&self) -> bool {
        self.length > 0 && self.known.can_be_continued()
    }

    /// The last bytes written, as many as must come again.
    pub(super) fn tail(&mut self) -> Result<Vec<u8>> {
        let (guarded, alone) = OVERLAP;
        let most = if self.known.validator().is_some() { guarded } else { alone };
        let length = self.length.min(most);
        let mut tail = Vec::new();
        self.file
            .seek(SeekFrom::Start(self.length - length))
            .and_then(|_| self.file.read_to_end(&mut tail))
            .map_err(Error::disk("read", &self.path))?;
        Ok(tail)
    }

    pub(super) fn start(&mut self, bytes: usize) -> Result<Vec<u8>> {
        let mut start = Vec::new();
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| (&self.file).take(bytes as u64).read_to_end(&mut start))
            .and_then(|_| self.file.seek(SeekFrom::End(0)))
            .map_err(Error::disk("read", &self.path))?;
        Ok(start)
    }

    /// Gives the complete file its name; from here on it is there, also after a power cut.
    pub(super) fn finish(self, name: &Path) -> Result<String> {
        let write = || -> std::io::Result<()> {
            self.file.sync_all()?;
            fs::rename(&self.path, name)?;
            sync_folder(name.parent())
        };
        write().map_err(Error::disk("write", name))?;
        remove_notes(&self.side);
        Ok(self.sum.finish())
    }

    /// Removes part and note.
    pub(super) fn discard(self) {
        remove_notes(&self.side);
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes what a killed process left of the file `name` from `uri`.
pub(super) fn clean(folder: &Path, name: &str, uri: &str) {
    let (path, side) = paths(folder, name, uri);
    remove_notes(&side);
    let _ = fs::remove_file(path);
}

fn paths(folder: &Path, name: &str, uri: &str) -> (PathBuf, PathBuf) {
    let part = format!("{name}.part-{}", &sha256(uri.as_bytes())[..16]);
    (folder.join(&part), folder.join(format!("{part}.json")))
}

/// A note on its way; only the holder of the file's lock writes it.
fn new_note(side: &Path) -> PathBuf {
    side.with_extension("json.new")
}

fn remove_notes(side: &Path) {
    let _ = fs::remove_file(side);
    let _ = fs::remove_file(new_note(side));
}

#[cfg(unix)]
fn sync_folder(folder: Option<&Path>) -> std::io::Result<()> {
    folder.map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(not(unix))]
fn sync_folder(_: Option<&Path>) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        Headers(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn only_synced_bytes_are_continued() {
        let folder = tempfile::tempdir().unwrap();
        let mut part = Part::open(folder.path(), "a.fits", "mast:a").unwrap();
        part.begin_with(&headers(&[("ETag", "\"1\"")]), Some(10)).unwrap();
        part.write(b"0123").unwrap();
        part.sync().unwrap();
        part.write(b"456").unwrap();
        drop(part);
        let mut part = Part::open(folder.path(), "a.fits", "mast:a").unwrap();
        assert_eq!((part.length, part.known.validator()), (4, Some("\"1\"")));
        assert_eq!(part.tail().unwrap(), b"0123");
        assert_eq!(part.start(2).unwrap(), b"01");
        part.write(b"456789").unwrap();
        let sum = part.finish(&folder.path().join("a.fits")).unwrap();
        assert_eq!(sum, sha256(b"0123456789"));
        assert_eq!(fs::read(folder.path().join("a.fits")).unwrap(), b"0123456789");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_part_without_its_note_begins_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut part = Part::open(folder.path(), "a", "mast:a").unwrap();
        part.write(b"0123").unwrap();
        drop(part);
        assert_eq!(Part::open(folder.path(), "a", "mast:a").unwrap().length, 0);
    }

    #[test]
    fn validators_are_strong_or_dates() {
        let known = |pairs| Known::of("u", &headers(pairs), Some(1));
        assert_eq!(known(&[("etag", "\"x\""), ("last-modified", "d")]).validator(), Some("\"x\""));
        assert_eq!(known(&[("etag", "W/\"x\""), ("last-modified", "d")]).validator(), Some("d"));
        assert_eq!(known(&[("etag", "W/\"x\"")]).validator(), None);
        let begun = known(&[("etag", "\"x\"")]);
        assert!(begun.agrees(&headers(&[("etag", "\"x\"")]), Some(1)));
        assert!(begun.agrees(&headers(&[]), Some(1)));
        assert!(!begun.agrees(&headers(&[("etag", "\"y\"")]), Some(1)));
        assert!(!begun.agrees(&headers(&[("etag", "\"x\"")]), Some(2)));
    }
}
