use std::collections::HashMap;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Below the folder of the files: the index and the locks.
const HIDDEN: &str = ".mast";

/// What is known about one complete file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub name: String,
    pub uri: String,
    pub size: u64,
    /// Nanoseconds since 1970: a file touched since then is looked at again.
    pub modified_ns: u64,
    pub sha256: String,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

/// The complete files of a folder, and locks on those that are being fetched.
///
/// The index is a file of JSON lines that is only appended to, one line a write, so that several processes
/// may use the folder; of the lines for a name the last one counts, and a torn one counts for nothing.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    entries: HashMap<String, Entry>,
    read: u64,
}

impl Cache {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let hidden = folder.join(HIDDEN);
        fs::create_dir_all(&hidden).map_err(Error::disk("create", &hidden))?;
        let cache = Self { folder: folder.to_owned(), known: Mutex::default() };
        cache.refresh()?;
        Ok(cache)
    }

    fn index(&self) -> PathBuf {
        self.folder.join(HIDDEN).join("index.jsonl")
    }

    /// Reads the lines that were added since the last look.
    pub(super) fn refresh(&self) -> Result<()> {
        let path = self.index();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::disk("read", &path)(error)),
        };
        let mut added = Vec::new();
        file.seek(SeekFrom::Start(known.read))
            .and_then(|_| file.read_to_end(&mut added))
            .map_err(Error::disk("read", &path))?;
        let whole = added.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        known.read += whole as u64;
        for line in added[..whole].split(|byte| *byte == b'\n') {
            if let Ok(entry) = serde_json::from_slice::<Entry>(line) {
                known.entries.insert(entry.name.clone(), entry);
            }
        }
        Ok(())
    }

    /// What was known of `name` when it was verified as the file of `uri`.
    pub(super) fn known(&self, name: &str, uri: &str) -> Option<Entry> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entries.get(name).filter(|entry| entry.uri == uri).cloned()
    }

    /// The same, if the file is untouched since then.
    pub(super) fn valid(&self, name: &str, uri: &str) -> Option<Entry> {
        let entry = self.known(name, uri)?;
        let metadata = fs::metadata(self.folder.join(name)).ok()?;
        let same = metadata.is_file()
            && metadata.len() == entry.size
            && modified_ns(&metadata) == Some(entry.modified_ns);
        same.then_some(entry)
    }

    pub(super) fn add(&self, entry: Entry) -> Result<()> {
        let path = self.index();
        // A line break first, in case a killed process left half a line.
        let line = serde_json::to_string(&entry).unwrap_or_default();
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(format!("\n{line}\n").as_bytes()))
            .map_err(Error::disk("write", &path))?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entries.insert(entry.name.clone(), entry);
        Ok(())
    }

    /// Tries to become the only one who fetches `name`; the system frees the lock of a dead process.
    pub(super) fn lock(&self, name: &str) -> Result<Option<File>> {
        let path = self.lock_path(name);
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = open.map_err(Error::disk("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(Error::disk("lock", &path)(error)),
        }
    }

    pub(super) fn lock_path(&self, name: &str) -> PathBuf {
        self.folder.join(HIDDEN).join(format!("{name}.lock"))
    }
}

pub(super) fn modified_ns(metadata: &Metadata) -> Option<u64> {
    let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(folder: &Path, name: &str) -> Entry {
        let metadata = fs::metadata(folder.join(name)).unwrap();
        Entry {
            name: name.to_owned(),
            uri: format!("mast:{name}"),
            size: metadata.len(),
            modified_ns: modified_ns(&metadata).unwrap(),
            sha256: String::new(),
            etag: None,
            last_modified: None,
        }
    }

    #[test]
    fn entries_hold_until_the_file_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "12345").unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        cache.add(entry(folder.path(), "a")).unwrap();
        assert!(cache.valid("a", "mast:a").is_some());
        assert!(cache.valid("a", "mast:other").is_none());
        let again = Cache::open(folder.path()).unwrap();
        assert_eq!(again.valid("a", "mast:a"), cache.valid("a", "mast:a"));
        fs::write(folder.path().join("a"), "1234").unwrap();
        assert!(again.valid("a", "mast:a").is_none());
    }

    #[test]
    fn torn_lines_count_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let cache = Cache::open(folder.path()).unwrap();
        cache.add(entry(folder.path(), "a")).unwrap();
        let mut index = OpenOptions::new().append(true).open(cache.index()).unwrap();
        index.write_all(br#"{"name":"b","uri":"mast:b","si"#).unwrap();
        let other = Cache::open(folder.path()).unwrap();
        assert!(other.valid("b", "mast:b").is_none());
        other.add(entry(folder.path(), "b")).unwrap();
        cache.refresh().unwrap();
        assert!(cache.valid("a", "mast:a").is_some() && cache.valid("b", "mast:b").is_some());
    }

    #[test]
    fn one_lock_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let held = cache.lock("a").unwrap();
        assert!(held.is_some());
        assert!(cache.lock("a").unwrap().is_none());
        assert!(cache.lock("b").unwrap().is_some());
        drop(held);
        assert!(cache.lock("a").unwrap().is_some());
    }

    #[test]
    fn a_thousand_files_are_verified_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let names: Vec<_> = (0..1000).map(|number| format!("{number}.fits")).collect();
        for name in &names {
            fs::write(folder.path().join(name), name).unwrap();
            cache.add(entry(folder.path(), name)).unwrap();
        }
        let started = std::time::Instant::now();
        let cache = Cache::open(folder.path()).unwrap();
        assert!(names.iter().all(|name| cache.valid(name, &format!("mast:{name}")).is_some()));
        let taken = started.elapsed();
        assert!(taken.as_millis() < 50, "{taken:?}");
    }
}
