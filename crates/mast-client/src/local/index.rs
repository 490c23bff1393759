use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::{Cancel, Cause, Error, Observation, Result, disk};

/// What the caller finds in a file: the columns of its observation that the file tells, above all
/// `instrument_name`, `filters` and `s_region`; `None` for a file that is no image of the sky.
pub type ReadImage<'a> = dyn Fn(&Path) -> Result<Option<Observation>, Cause> + Sync + 'a;

/// How a folder is indexed.
#[derive(Debug, Clone)]
pub struct IndexOptions {
    /// Files read at a time.
    pub jobs: usize,
    /// Endings of the files to read.
    pub endings: Vec<String>,
    /// Stops the indexing; nothing is written then.
    pub cancel: Cancel,
}

impl Default for IndexOptions {
    fn default() -> Self {
        let jobs = thread::available_parallelism().map_or(2, usize::from);
        let endings = [".fits", ".fits.gz", ".fits.fz", ".fit"].map(str::to_owned).to_vec();
        Self { jobs, endings, cancel: Cancel::new() }
    }
}

/// What an indexing did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexReport {
    /// Files that were read.
    pub read: usize,
    /// Files that had not changed.
    pub unchanged: usize,
    /// Files that are gone.
    pub removed: usize,
    /// Files that are no images of the sky.
    pub other: usize,
    /// Files that could not be read, and why.
    pub failed: Vec<(PathBuf, String)>,
}

/// A line of the index: a file as it was when it was read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Below the folder, `/` between the parts.
    pub path: String,
    pub size: u64,
    pub modified_ns: u64,
    /// Whether the file is an image of the sky; others are remembered so as not to be read again.
    pub is_image: bool,
    pub observation: Observation,
}

fn place(root: &Path) -> PathBuf {
    root.join(".mast").join("archive.jsonl")
}

/// The images of an index.
pub(super) fn read(root: &Path) -> Result<Vec<Entry>> {
    let mut entries = read_all(root)?;
    entries.retain(|entry| entry.is_image);
    Ok(entries)
}

fn read_all(root: &Path) -> Result<Vec<Entry>> {
    let path = place(root);
    let text = fs::read_to_string(&path).map_err(Error::disk("read", &path))?;
    let entry = |(number, line): (usize, &str)| {
        let bad = |source| Error::BadLine { path: path.clone(), line: number + 1, source };
        serde_json::from_str(line).map_err(bad)
    };
    text.lines().enumerate().map(entry).collect()
}

/// Reads what is new or changed, forgets what is gone, and writes the index.
pub(super) fn refresh(
    root: &Path,
    read: &ReadImage<'_>,
    options: &IndexOptions,
) -> Result<(Vec<Entry>, IndexReport)> {
    // An index that cannot be read is built again.
    let known = read_all(root).unwrap_or_default();
    let mut known: HashMap<_, _> = known.into_iter().map(|e| (e.path.clone(), e)).collect();
    let mut files = Vec::new();
    list(root, root, options, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut report = IndexReport::default();
    let (mut entries, mut fresh) = (Vec::new(), Vec::new());
    for file in files {
        match known.remove(&file.path) {
            Some(old) if (old.size, old.modified_ns) == (file.size, file.modified_ns) => {
                report.unchanged += 1;
                entries.push(old);
            }
            _ => fresh.push(file),
        }
    }
    report.removed = known.len();
    for (entry, found) in read_files(root, fresh, read, options)? {
        report.read += 1;
        match found {
            Ok(observation) => {
                let is_image = observation.is_some();
                let mut entry = Entry { is_image, ..entry };
                entry.observation = observation.unwrap_or_default();
                if is_image {
                    let mut row = std::mem::take(&mut entry.observation);
                    entry.complete(&mut row);
                    entry.observation = row;
                }
                entries.push(entry);
            }
            Err(problem) => report.failed.push((root.join(&entry.path), problem)),
        }
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    write(root, &entries)?;
    report.other = entries.iter().filter(|entry| !entry.is_image).count();
    entries.retain(|entry| entry.is_image);
    Ok((entries, report))
}

fn write(root: &Path, entries: &[Entry]) -> Result<()> {
    let path = place(root);
    let folder = root.join(".mast");
    fs::create_dir_all(&folder).map_err(Error::disk("create", folder))?;
    let line = |entry| serde_json::to_string(entry).unwrap_or_default() + "\n";
    disk::write_atomic(&path, entries.iter().map(line).collect::<String>().as_bytes())
}

/// All files below `folder` with the right endings; what is hidden stays so, and links are not followed
/// into folders.
fn list(root: &Path, folder: &Path, options: &IndexOptions, files: &mut Vec<Entry>) -> Result<()> {
    let error = |error| Error::disk("read", folder)(error);
    for item in fs::read_dir(folder).map_err(error)? {
        let item = item.map_err(error)?;
        let name = item.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = item.path();
        if item.file_type().map_err(error)?.is_dir() {
            list(root, &path, options, files)?;
        } else if options.endings.iter().any(|end| name.to_lowercase().ends_with(end)) {
            // A file that vanished meanwhile is as if it had never been there.
            files.extend(entry(root, &path));
        }
    }
    Ok(())
}

fn entry(root: &Path, path: &Path) -> Option<Entry> {
    let metadata = fs::metadata(path).ok().filter(|metadata| metadata.is_file())?;
    let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let below = path.strip_prefix(root).ok()?;
    let parts: Option<Vec<_>> = below.components().map(|part| part.as_os_str().to_str()).collect();
    Some(Entry {
        path: parts?.join("/"),
        size: metadata.len(),
        modified_ns: u64::try_from(since.as_nanos()).ok()?,
        ..Entry::default()
    })
}

type Found = (Entry, Result<Option<Observation>, String>);

fn read_files(
    root: &Path,
    files: Vec<Entry>,
    read: &ReadImage<'_>,
    options: &IndexOptions,
) -> Result<Vec<Found>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(files.len()));
    let work = || {
        while let Some(entry) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            if options.cancel.is_cancelled() {
                return;
            }
            let found = read(&root.join(&entry.path)).map_err(|cause| chain(cause.as_ref()));
            let mut results = results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            results.push((entry.clone(), found));
        }
    };
    thread::scope(|scope| {
        let helpers = options.jobs.clamp(1, 64).min(files.len()).saturating_sub(1);
        (0..helpers).for_each(|_| {
            scope.spawn(work);
        });
        work();
    });
    if options.cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    Ok(results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn chain(cause: &(dyn std::error::Error + 'static)) -> String {
    let mut text = cause.to_string();
    let mut next = cause.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
