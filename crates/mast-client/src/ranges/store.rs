//! The bytes that came: a sparse file as long as the remote one, and a list of what in it is true.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::extents::Extents;
use crate::hash::{Sha256, sha256};
use crate::{Error, Result};

const BYTES: &str = "bytes";
const HAVE: &str = "have";
/// Bytes without a list are nobody's when they are as old as that.
const OLD: Duration = Duration::from_secs(3600);
/// Digits of a sum in the list.
const DIGITS: usize = 16;

/// What is known of one remote file's bytes.
///
/// The list beside the file has a line for every range with a sum of its bytes, written when they are there. It is only
/// appended to, a line a write, so that several processes share the file: they write the same bytes to the same
/// places. What an earlier process wrote counts after its sum was found right, so that a kill, a crash of the system
/// and a half removed file cost a request and never a wrong byte.
#[derive(Debug)]
pub(super) struct Store {
    file: File,
    path: PathBuf,
    list: Option<Mutex<List>>,
    have: Mutex<Extents>,
}

#[derive(Debug)]
struct List {
    file: File,
    read: u64,
    /// Ranges of other processes, with the sums they should have.
    doubtful: Vec<(Range<u64>, String)>,
}

/// Where files are kept, and how much of them.
#[derive(Debug, Clone)]
pub struct RangeCache {
    /// The folder; made when it is needed.
    pub folder: PathBuf,
    /// The most bytes to keep; the files that were not used for longest go first.
    pub limit: u64,
}

/// The name of one version of a remote file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key(String);

impl Key {
    pub(super) fn new(address: &str, version: &str) -> Self {
        Self(format!("{}-{}", of(address), &sha256(version.as_bytes())[..DIGITS]))
    }
}

fn of(address: &str) -> String {
    sha256(address.as_bytes())[..DIGITS].to_owned()
}

impl RangeCache {
    /// Whether any version of the file is here.
    pub(super) fn knows(&self, address: &str) -> bool {
        let begins = of(address);
        let Ok(entries) = fs::read_dir(&self.folder) else { return false };
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with(&begins))
    }

    fn path(&self, key: &Key, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", key.0))
    }

    /// Removes the files that were not used for longest until the limit holds, but none of `keep`.
    pub(super) fn shrink(&self, keep: &HashSet<Key>) {
        self.sweep();
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let mut kept: Vec<_> = entries.flatten().filter_map(|entry| used(&entry.path())).collect();
        kept.sort_by_key(|(_, modified, _)| *modified);
        let mut sum: u64 = kept.iter().map(|(_, _, bytes)| bytes).sum();
        for (key, _, bytes) in kept {
            if sum <= self.limit {
                return;
            }
            if keep.contains(&key) {
                continue;
            }
            // The list goes first: bytes without one are nothing, a list without bytes has wrong sums.
            if fs::remove_file(self.path(&key, HAVE)).is_ok() {
                let _ = fs::remove_file(self.path(&key, BYTES));
                sum -= bytes;
            }
        }
    }

    /// Removes bytes whose list a killed process had removed; those of a process that begins now are young.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_bytes = path.extension().is_some_and(|ending| ending == BYTES);
            let old = || fs::metadata(&path).ok()?.modified().ok()?.elapsed().ok();
            if is_bytes && !path.with_extension(HAVE).exists() && old().is_some_and(|age| age > OLD)
            {
                let _ = fs::remove_file(&path);
            }
        }
    }
}

/// Key, last use and bytes of the file whose list is `path`.
fn used(path: &Path) -> Option<(Key, std::time::SystemTime, u64)> {
    if path.extension()? != HAVE {
        return None;
    }
    let key = Key(path.file_stem()?.to_str()?.to_owned());
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    let text = fs::read_to_string(path).ok()?;
    let bytes = text.lines().filter_map(line).map(|(range, _)| range.end - range.start).sum();
    Some((key, modified, bytes))
}

fn line(text: &str) -> Option<(Range<u64>, String)> {
    let mut words = text.split(' ');
    let (start, end) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let sum = words.next().filter(|sum| sum.len() == DIGITS && start < end)?;
    Some((start..end, sum.to_owned()))
}

impl Store {
    /// In the cache under `key`, or in a nameless file that goes with the process.
    pub(super) fn open(cache: Option<(&RangeCache, &Key)>) -> Result<Self> {
        let Some((cache, key)) = cache else {
            let path = std::env::temp_dir();
            let file = tempfile::tempfile().map_err(Error::disk("create a file in", &path))?;
            return Ok(Self { file, path, list: None, have: Mutex::default() });
        };
        fs::create_dir_all(&cache.folder).map_err(Error::disk("create", &cache.folder))?;
        let path = cache.path(key, BYTES);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(Error::disk("write", &path))?;
        let list = cache.path(key, HAVE);
        let opened = OpenOptions::new().read(true).append(true).create(true).open(&list);
        let opened = opened.map_err(Error::disk("write", &list))?;
        // The time of the last use decides what goes first.
        let _ = opened.set_modified(std::time::SystemTime::now());
        let list = List { file: opened, read: 0, doubtful: Vec::new() };
        Ok(Self { file, path, list: Some(Mutex::new(list)), have: Mutex::default() })
    }

    fn have(&self) -> MutexGuard<'_, Extents> {
        self.have.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has_all(&self, wanted: &[Range<u64>]) -> bool {
        let have = self.have();
        wanted.iter().all(|range| have.covers(range))
    }

    /// What is not here; what other processes brought is looked at first.
    pub(super) fn missing(&self, wanted: &[Range<u64>]) -> Result<Vec<Range<u64>>> {
        let gaps = || -> Vec<_> {
            let have = self.have();
            wanted.iter().flat_map(|range| have.missing(range)).collect()
        };
        let mut missing = gaps();
        if let Some(list) = self.list.as_ref().filter(|_| !missing.is_empty()) {
            let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
            list.refresh().map_err(Error::disk("read", &self.path))?;
            let wanted = |range: &Range<u64>| {
                missing.iter().any(|gap| gap.start < range.end && range.start < gap.end)
            };
            for (range, sum) in list.doubtful.extract_if(.., |(range, _)| wanted(range)) {
                if self.sum(&range).is_ok_and(|found| found == sum) {
                    self.have().insert(range);
                }
            }
            missing = gaps();
        }
        Ok(missing)
    }

    fn sum(&self, range: &Range<u64>) -> io::Result<String> {
        let (mut at, mut sum, mut buffer) = (range.start, Sha256::new(), vec![0; 256 << 10]);
        while at < range.end {
            let left = usize::try_from(range.end - at).unwrap_or(usize::MAX);
            let piece = left.min(buffer.len());
            read_at(&self.file, at, &mut buffer[..piece])?;
            sum.update(&buffer[..piece]);
            at += piece as u64;
        }
        Ok(sum.finish()[..DIGITS].to_owned())
    }

    pub(super) fn write(&self, at: u64, bytes: &[u8]) -> Result<()> {
        write_at(&self.file, at, bytes).map_err(Error::disk("write", &self.path))
    }

    pub(super) fn read(&self, at: u64, out: &mut [u8]) -> Result<()> {
        read_at(&self.file, at, out).map_err(Error::disk("read", &self.path))
    }

    /// Whether `bytes` are those that are here, as far as any are.
    pub(super) fn agrees(&self, at: u64, bytes: &[u8]) -> Result<bool> {
        let range = at..at + bytes.len() as u64;
        let gaps = self.have().missing(&range);
        if gaps.first() == Some(&range) {
            return Ok(true);
        }
        let mut known = vec![0; bytes.len()];
        self.read_what_is_there(at, &mut known)?;
        let within = |at: u64| usize::try_from(at - range.start).unwrap_or(usize::MAX);
        let mut from = range.start;
        for gap in gaps.into_iter().chain(std::iter::once(range.end..range.end)) {
            let part = within(from)..within(gap.start);
            if known[part.clone()] != bytes[part] {
                return Ok(false);
            }
            from = gap.end;
        }
        Ok(true)
    }

    fn read_what_is_there(&self, at: u64, out: &mut [u8]) -> Result<()> {
        let length = self.file.metadata().map_err(Error::disk("read", &self.path))?.len();
        let there = usize::try_from(length.saturating_sub(at)).unwrap_or(usize::MAX).min(out.len());
        self.read(at, &mut out[..there])
    }

    /// The bytes of `range` are written and have this sum.
    pub(super) fn done(&self, range: Range<u64>, sum: Sha256) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        if let Some(list) = &self.list {
            let list = list.lock().unwrap_or_else(PoisonError::into_inner);
            let sum = &sum.finish()[..DIGITS];
            // A line break first, in case a killed process left half a line.
            let line = format!("\n{} {} {sum}\n", range.start, range.end);
            (&list.file)
                .write_all(line.as_bytes())
                .map_err(Error::disk("write", self.path.with_extension(HAVE)))?;
        }
        self.have().insert(range);
        Ok(())
    }
}

impl List {
    /// Reads the lines that were added since the last look.
    fn refresh(&mut self) -> io::Result<()> {
        let mut added = Vec::new();
        self.file.seek(SeekFrom::Start(self.read))?;
        self.file.read_to_end(&mut added)?;
        let whole = added.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        self.read += whole as u64;
        let text = String::from_utf8_lossy(&added[..whole]);
        self.doubtful.extend(text.lines().filter_map(line));
        Ok(())
    }
}

#[cfg(unix)]
fn read_at(file: &File, at: u64, out: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, at)
}

#[cfg(unix)]
fn write_at(file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(windows)]
fn read_at(file: &File, mut at: u64, mut out: &mut [u8]) -> io::Result<()> {
    while !out.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_read(file, out, at)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        out = &mut out[n..];
        at += n as u64;
    }
    Ok(())
}

#[cfg(windows)]
fn write_at(file: &File, mut at: u64, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        bytes = &bytes[n..];
        at += n as u64;
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "one range is meant")]
mod tests {
    use super::*;

    fn put(store: &Store, at: u64, bytes: &[u8]) {
        store.write(at, bytes).unwrap();
        let mut sum = Sha256::new();
        sum.update(bytes);
        store.done(at..at + bytes.len() as u64, sum).unwrap();
    }

    fn cache(folder: &Path, limit: u64) -> RangeCache {
        RangeCache { folder: folder.to_owned(), limit }
    }

    #[test]
    fn what_one_process_brings_another_has() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, key) = (cache(folder.path(), 1 << 30), Key::new("u", "1"));
        let [one, two] = [(); 2].map(|()| Store::open(Some((&cache, &key))).unwrap());
        put(&one, 10, b"abc");
        assert_eq!(two.missing(&[8..14]).unwrap(), [8..10, 13..14]);
        let mut found = [0; 3];
        two.read(10, &mut found).unwrap();
        assert_eq!(&found, b"abc");
        assert!(cache.knows("u") && !cache.knows("v"));
        let other = Store::open(Some((&cache, &Key::new("u", "2")))).unwrap();
        assert_eq!(other.missing(&[10..13]).unwrap(), [10..13]);
    }

    #[test]
    fn damaged_bytes_and_torn_lines_count_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, key) = (cache(folder.path(), 1 << 30), Key::new("u", "1"));
        let store = Store::open(Some((&cache, &key))).unwrap();
        put(&store, 0, b"abc");
        put(&store, 3, b"def");
        drop(store);
        let file = OpenOptions::new().write(true).open(cache.path(&key, BYTES)).unwrap();
        write_at(&file, 1, b"X").unwrap();
        let mut list = OpenOptions::new().append(true).open(cache.path(&key, HAVE)).unwrap();
        list.write_all(b"6 9 0123").unwrap();
        let store = Store::open(Some((&cache, &key))).unwrap();
        assert_eq!(store.missing(&[0..9]).unwrap(), [0..3, 6..9]);
        put(&store, 6, b"ghi");
        let store = Store::open(Some((&cache, &key))).unwrap();
        assert_eq!(store.missing(&[0..9]).unwrap(), [0..3]);
        assert!(store.agrees(2, b"?defghi").unwrap());
        assert!(!store.agrees(2, b"?defghj").unwrap());
    }

    #[test]
    fn the_oldest_go_first_and_none_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), 25);
        let keys: Vec<_> = (0..4).map(|i| Key::new(&i.to_string(), "")).collect();
        for (age, key) in keys.iter().enumerate() {
            let store = Store::open(Some((&cache, key))).unwrap();
            put(&store, 1000, b"0123456789");
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(age as u64);
            let list = OpenOptions::new().append(true).open(cache.path(key, HAVE)).unwrap();
            list.set_modified(time).unwrap();
        }
        // What a kill between the two removals leaves.
        let orphan = cache.path(&Key::new("orphan", ""), BYTES);
        let file = File::create(&orphan).unwrap();
        cache.shrink(&HashSet::from([keys[0].clone()]));
        assert!(orphan.exists(), "another process may just begin");
        file.set_modified(std::time::SystemTime::now() - 2 * OLD).unwrap();
        cache.shrink(&HashSet::from([keys[0].clone()]));
        let there = keys.iter().map(|key| cache.path(key, BYTES).exists()).collect::<Vec<_>>();
        assert_eq!(there, [true, false, false, true]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }
}
