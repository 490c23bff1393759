use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Collisions, ManifestRow};
use crate::Cause;

/// When a file that is there already is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CachePolicy {
    /// When it was verified once and not touched since; no network.
    #[default]
    Reuse,
    /// When the archive also says that it has not changed; if the archive cannot be asked, with a warning.
    Revalidate,
    /// Never.
    Force,
    /// Always like [`CachePolicy::Reuse`], and what is not there is not fetched.
    Offline,
}

/// What counts when the archive's product list and its server tell different sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sizes {
    /// The server's; the difference is a warning in the manifest.
    #[default]
    TrustServer,
    /// Both: a difference is a failure.
    Strict,
}

/// The caller's look into a complete file before it gets its name, for instance through its FITS structure.
#[derive(Clone)]
pub struct FileCheck(Arc<Check>);

type Check = dyn Fn(&Path) -> Result<(), Cause> + Send + Sync;

impl FileCheck {
    /// A check that is called with the path of a file. That of a download has a temporary name, the file's own with
    /// `.part-…` behind it.
    pub fn new(check: impl Fn(&Path) -> Result<(), Cause> + Send + Sync + 'static) -> Self {
        Self(Arc::new(check))
    }

    pub(super) fn run(&self, path: &Path) -> Result<(), Cause> {
        (self.0)(path)
    }
}

impl fmt::Debug for FileCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileCheck(..)")
    }
}

/// What happens while files are fetched; `item` counts the products from 0.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Bytes of a file begin to come.
    Started {
        /// The product.
        item: usize,
        /// Its local name.
        name: &'a str,
        /// Bytes an earlier attempt left.
        already: u64,
        /// Its size, where it is known.
        total: Option<u64>,
    },
    /// More bytes of a file came.
    Received {
        /// The product.
        item: usize,
        /// How many.
        bytes: u64,
    },
    /// An attempt failed; another one follows.
    Retrying {
        /// The product.
        item: usize,
        /// Why it failed.
        error: &'a crate::Error,
    },
    /// A product ended, well or not.
    Finished {
        /// The product.
        item: usize,
        /// What became of it.
        row: &'a ManifestRow,
    },
}

/// Who is told what happens; called from several threads.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(Event<'_>) + Send + Sync>);

impl Progress {
    /// Tells `listener`.
    pub fn new(listener: impl Fn(Event<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    pub(super) fn tell(&self, event: Event<'_>) {
        (self.0)(event);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress(..)")
    }
}

/// How files are fetched.
#[derive(Debug, Clone)]
pub struct DownloadOptions {
    /// Files at a time.
    pub jobs: usize,
    /// When a file that is there already is good enough.
    pub policy: CachePolicy,
    /// Whether what an earlier attempt left is continued; without it every answer is a whole file, as a recording
    /// needs it.
    pub resume: bool,
    /// What to do when two files would get one name.
    pub collisions: Collisions,
    /// What counts when sizes differ.
    pub sizes: Sizes,
    /// Refuse to start when the known sizes of what is missing add up to more.
    pub max_bytes: Option<u64>,
    /// The longest time for one file, all its attempts included.
    pub file_deadline: Duration,
    /// The longest wait for another process that fetches the same file.
    pub lock_wait: Duration,
    /// After how many bytes they are brought to the disk, so that a later run may continue them.
    pub sync_every: u64,
    /// Looks into a complete file before it gets its name.
    pub check: Option<FileCheck>,
    /// Looks into a file of the listed size that an earlier tool left under the name; without it, none is taken over.
    pub vouch: Option<FileCheck>,
    /// Is told what happens.
    pub progress: Option<Progress>,
}

impl Default for DownloadOptions {
    fn default() -> Self {
        Self {
            jobs: 4,
            policy: CachePolicy::default(),
            resume: true,
            collisions: Collisions::default(),
            sizes: Sizes::default(),
            max_bytes: None,
            file_deadline: Duration::from_secs(3600),
            lock_wait: Duration::from_secs(600),
            sync_every: 16 << 20,
            check: None,
            vouch: None,
            progress: None,
        }
    }
}
