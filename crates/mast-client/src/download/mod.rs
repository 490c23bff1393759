//! From products to verified files in a folder.

mod cache;
mod manifest;
mod names;
mod options;
mod part;
mod transfer;
mod verify;

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

pub use manifest::{Manifest, ManifestRow, Source, Status};
pub use names::{Collisions, local_name};
pub use options::{CachePolicy, DownloadOptions, Event, FileCheck, Progress, Sizes};

use crate::hash::Sha256;
use crate::transport::{Method, encode_query_value};
use crate::{Error, Limits, MastClient, Product, Result, Transport, disk};
use cache::{Cache, Entry, modified_ns};
pub(crate) use part::Known;
use part::Part;
pub(crate) use transfer::content_range;
use verify::{MAGIC, check_start, has_odd_length};

/// What is said of a file that was there and is not known to be the archive's, byte for byte.
const ADOPTED: &str =
    "left by another program; size and structure fit, the bytes were not compared";

/// Address of the files below the base URL.
pub(crate) const DOWNLOAD: &str = "/api/v0.1/Download/file";

impl<T: Transport> MastClient<T> {
    /// Brings `products` into `folder` and tells what became of each, in their order.
    ///
    /// Files that are there and untouched since they were verified open no connection. What is fetched is
    /// written aside, continued after cuts and by later runs where the server proves that the file is the
    /// same, checked (length, first bytes, the caller's [`FileCheck`]), and then renamed: a file under its
    /// own name is complete. One failure stops no other file.
    ///
    /// # Errors
    /// Before anything is fetched: when two products would get one name, when the known sizes exceed
    /// `max_bytes` or the free space, or when the folder cannot be used.
    pub fn download(
        &self,
        products: &[Product],
        folder: &Path,
        options: &DownloadOptions,
    ) -> Result<Manifest> {
        fs::create_dir_all(folder).map_err(Error::disk("create", folder))?;
        let session = Session { client: self, options, folder, cache: Cache::open(folder)? };
        session.run(products)
    }

    /// Address of a file of the archive.
    pub fn download_url(&self, uri: &str) -> String {
        format!("{}?uri={}", self.url(DOWNLOAD), encode_query_value(uri, b":/"))
    }
}

/// One call of [`MastClient::download`].
struct Session<'a, T> {
    client: &'a MastClient<T>,
    options: &'a DownloadOptions,
    folder: &'a Path,
    cache: Cache,
}

/// One file to bring.
struct Job<'a> {
    item: usize,
    uri: &'a str,
    name: &'a str,
    size: Option<u64>,
}

impl<T: Transport> Session<'_, T> {
    fn run(&self, products: &[Product]) -> Result<Manifest> {
        let names = names::local_names(products, self.options.collisions)?;
        let mut rows: Vec<_> = products.iter().map(|product| self.row(product)).collect();
        let mut jobs = Vec::new();
        let mut first = HashMap::new();
        for (item, (product, name)) in products.iter().zip(&names).enumerate() {
            match name {
                Err(error) => rows[item].error = error.chain(),
                Ok(name) if *first.entry(name.as_str()).or_insert(item) == item => {
                    let (uri, size) = (product.data_uri.text(), product.bytes());
                    jobs.push(Job { item, uri, name, size });
                }
                Ok(_) => {}
            }
        }
        self.check_sizes(&jobs)?;
        self.bring(&jobs, &mut rows);
        for (item, name) in names.iter().enumerate() {
            let original = name.as_ref().ok().and_then(|name| first.get(name.as_str()));
            if let Some(original) = original.filter(|original| **original != item) {
                rows[item] = rows[*original].clone();
            }
        }
        Ok(Manifest { rows })
    }

    fn row(&self, product: &Product) -> ManifestRow {
        ManifestRow {
            uri: product.data_uri.text().to_owned(),
            path: None,
            status: Status::Failed,
            bytes: 0,
            attempts: 0,
            source: Source::Mast,
            url: self.client.download_url(product.data_uri.text()),
            sha256: None,
            error: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// What is missing must fit into the caller's limit and onto the disk.
    fn check_sizes(&self, jobs: &[Job<'_>]) -> Result<()> {
        let reuse = matches!(self.options.policy, CachePolicy::Reuse | CachePolicy::Revalidate);
        let missing = |job: &&Job<'_>| !(reuse && self.cache.valid(job.name, job.uri).is_some());
        if self.options.policy == CachePolicy::Offline {
            return Ok(());
        }
        let bytes = jobs.iter().filter(missing).filter_map(|job| job.size).sum();
        match self.options.max_bytes {
            Some(limit) if bytes > limit => return Err(Error::TooManyBytes { bytes, limit }),
            _ => {}
        }
        let free = fs4::available_space(self.folder).map_err(Error::disk("read", self.folder))?;
        if bytes > free {
            let folder = self.folder.to_owned();
            return Err(Error::DiskFull { needed: bytes, free, folder });
        }
        Ok(())
    }

    /// Works through the jobs, several at a time.
    fn bring(&self, jobs: &[Job<'_>], rows: &mut [ManifestRow]) {
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::with_capacity(jobs.len()));
        let template = &*rows;
        let work = || {
            while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let row = self.finish(job, template[job.item].clone());
                let mut results = results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                results.push((job.item, row));
            }
        };
        thread::scope(|scope| {
            let helpers = self.options.jobs.clamp(1, 64).min(jobs.len()).saturating_sub(1);
            (0..helpers).for_each(|_| {
                scope.spawn(work);
            });
            work();
        });
        for (item, row) in results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            rows[item] = row;
        }
    }

    fn finish(&self, job: &Job<'_>, mut row: ManifestRow) -> ManifestRow {
        if let Err(error) = self.fetch(job, &mut row) {
            let untouched = matches!(error, Error::Cancelled) && row.attempts == 0;
            row.status = if untouched { Status::Skipped } else { Status::Failed };
            row.path = None;
            row.error = error.chain();
        }
        self.tell(Event::Finished { item: job.item, row: &row });
        row
    }

    fn tell(&self, event: Event<'_>) {
        if let Some(progress) = &self.options.progress {
            progress.tell(event);
        }
    }

    fn fetch(&self, job: &Job<'_>, row: &mut ManifestRow) -> Result<()> {
        let client = &self.client.options;
        let limits = Limits::starting_now(self.options.file_deadline, client.idle, &client.cancel);
        limits.remaining(&row.url)?;
        if self.options.policy != CachePolicy::Force
            && let Some(entry) = self.cache.valid(job.name, job.uri)
            && (self.options.policy != CachePolicy::Revalidate
                || self.still_valid(job, &entry, &limits, row))
        {
            self.use_cached(job, entry, row);
            return Ok(());
        }
        if self.options.policy == CachePolicy::Offline {
            return Err(Error::NotAvailable { uri: job.uri.to_owned() });
        }
        let _lock = self.wait_for_lock(job, &limits, &row.url)?;
        // Another process may have brought the file while we waited.
        self.cache.refresh()?;
        if self.options.policy == CachePolicy::Reuse {
            let there = self.cache.valid(job.name, job.uri);
            if let Some(entry) = there.or_else(|| self.adopt(job, row)) {
                self.use_cached(job, entry, row);
                return Ok(());
            }
        }
        self.transfer(job, &limits, row)
    }

    fn use_cached(&self, job: &Job<'_>, entry: Entry, row: &mut ManifestRow) {
        row.status = Status::Cached;
        row.source = Source::Cache;
        row.path = Some(self.folder.join(job.name));
        row.bytes = entry.size;
        row.sha256 = Some(entry.sha256);
    }

    /// Asks the archive whether it still has the same file.
    fn still_valid(
        &self,
        job: &Job<'_>,
        entry: &Entry,
        limits: &Limits,
        row: &mut ManifestRow,
    ) -> bool {
        let source = self.source(job, limits, &row.url, true);
        let asked =
            self.client.pace.wait(limits, &row.url).and_then(|()| {
                self.client.transport.send(&source.request(Method::Head))?.success()
            });
        row.attempts += 1;
        match asked {
            Ok(response) => {
                let headers = &response.headers;
                let same = |known: &Option<String>, name| match (known, headers.value(name)) {
                    (Some(known), Some(now)) => known == now,
                    _ => true,
                };
                headers.content_length().is_none_or(|length| length == entry.size)
                    && same(&entry.etag, "etag")
                    && same(&entry.last_modified, "last-modified")
            }
            Err(error) => {
                row.warnings.push(format!("not revalidated: {error}"));
                true
            }
        }
    }

    /// A file that was touched counts when its sum is still that of the verified one, and one that an earlier tool
    /// left when its size and the caller vouch for it.
    fn adopt(&self, job: &Job<'_>, row: &mut ManifestRow) -> Option<Entry> {
        let path = self.folder.join(job.name);
        let metadata = fs::metadata(&path).ok().filter(|metadata| metadata.is_file())?;
        let known = self.cache.known(job.name, job.uri);
        if known.as_ref().is_some_and(|known| known.size != metadata.len()) {
            return None;
        }
        if known.is_none() {
            self.vouch(job, &path, metadata.len())?;
        }
        let sha256 = sum_of(&path).ok()?;
        let (etag, last_modified) = match known {
            Some(known) if known.sha256 != sha256 => return None,
            Some(known) => (known.etag, known.last_modified),
            None => {
                row.warnings.push(ADOPTED.to_owned());
                (None, None)
            }
        };
        let entry = self.entry(job, sha256, etag, last_modified).ok()?;
        self.cache.add(entry.clone()).ok()?;
        part::clean(self.folder, job.name, job.uri);
        Some(entry)
    }

    fn vouch(&self, job: &Job<'_>, path: &Path, length: u64) -> Option<()> {
        let vouch = self.options.vouch.as_ref().filter(|_| Some(length) == job.size)?;
        let mut start = vec![0; MAGIC];
        std::io::Read::read_exact(&mut File::open(path).ok()?, &mut start).ok()?;
        check_start(job.name, &start).ok()?;
        vouch.run(path).ok()
    }

    fn entry(
        &self,
        job: &Job<'_>,
        sha256: String,
        etag: Option<String>,
        last_modified: Option<String>,
    ) -> Result<Entry> {
        let path = self.folder.join(job.name);
        let metadata = fs::metadata(&path).map_err(Error::disk("read", &path))?;
        Ok(Entry {
            name: job.name.to_owned(),
            uri: job.uri.to_owned(),
            size: metadata.len(),
            modified_ns: modified_ns(&metadata).unwrap_or_default(),
            sha256,
            etag,
            last_modified,
        })
    }

    fn wait_for_lock(&self, job: &Job<'_>, limits: &Limits, url: &str) -> Result<File> {
        let started = std::time::Instant::now();
        loop {
            if let Some(lock) = self.cache.lock(job.name)? {
                return Ok(lock);
            }
            if started.elapsed() >= self.options.lock_wait {
                return Err(Error::Locked { path: self.cache.lock_path(job.name) });
            }
            limits.sleep(Duration::from_millis(50), url)?;
        }
    }

    fn source<'a>(
        &'a self,
        job: &'a Job<'_>,
        limits: &'a Limits,
        url: &'a str,
        may_resume: bool,
    ) -> transfer::Source<'a, T> {
        transfer::Source {
            transport: &self.client.transport,
            url,
            token: self.client.options.token.as_ref(),
            limits,
            listed: job.size,
            name: job.name,
            sync_every: self.options.sync_every,
            may_resume,
        }
    }

    fn transfer(&self, job: &Job<'_>, limits: &Limits, row: &mut ManifestRow) -> Result<()> {
        let mut part = Part::open(self.folder, job.name, job.uri)?;
        if !self.options.resume && part.length > 0 {
            part.restart()?;
        }
        let url = row.url.clone();
        let mut tries =
            Tries { may_resume: self.options.resume, best: part.length, ..Tries::default() };
        loop {
            let continued = part.length > 0;
            let total = part.known.total.or(job.size);
            let (item, already) = (job.item, part.length);
            self.tell(Event::Started { item, name: job.name, already, total });
            let outcome = self.attempt(job, &mut part, limits, &url, tries.may_resume, row);
            let came = outcome.is_ok();
            let error = match outcome.and_then(|()| self.check(job, &mut part, row)) {
                Ok(()) => return self.keep(job, part, row),
                Err(error) => error,
            };
            row.bytes = part.length;
            if came || matches!(error, Error::WrongContent { .. }) {
                // What was continued may be a mixture of two files: once more from the first byte.
                if !(continued && tries.may_resume) {
                    part.discard();
                    row.bytes = 0;
                    return Err(error);
                }
                part.restart()?;
                tries.may_resume = false;
                continue;
            }
            // Should this fail too, the attempt's own error says more.
            let _ = part.sync();
            if !tries.again(&error, part.length, &self.client.options.retries, limits, &url) {
                if !(tries.may_resume && part.can_be_continued()) {
                    part.discard();
                    row.bytes = 0;
                }
                return Err(error);
            }
            self.tell(Event::Retrying { item, error: &error });
        }
    }

    fn attempt(
        &self,
        job: &Job<'_>,
        part: &mut Part,
        limits: &Limits,
        url: &str,
        may_resume: bool,
        row: &mut ManifestRow,
    ) -> Result<()> {
        row.attempts += 1;
        self.client.pace.wait(limits, url)?;
        let item = job.item;
        let mut received = |bytes| self.tell(Event::Received { item, bytes });
        self.source(job, limits, url, may_resume).attempt(part, &mut received)
    }

    /// The whole file, before it gets its name.
    fn check(&self, job: &Job<'_>, part: &mut Part, row: &mut ManifestRow) -> Result<()> {
        let found = part.length;
        row.warnings.clear();
        match job.size {
            Some(expected) if expected != found => {
                if self.options.sizes == Sizes::Strict {
                    return Err(Error::WrongLength { name: job.name.to_owned(), expected, found });
                }
                row.warnings.push(format!("the product list says {expected} bytes, not {found}"));
            }
            _ => {}
        }
        if has_odd_length(job.name, found) {
            row.warnings.push(format!("{found} bytes are no whole FITS blocks"));
        }
        let Some(check) = &self.options.check else { return Ok(()) };
        let rejected = |source| Error::Rejected { name: job.name.to_owned(), source };
        check.run(&part.path).map_err(rejected)
    }

    fn keep(&self, job: &Job<'_>, part: Part, row: &mut ManifestRow) -> Result<()> {
        let path = self.folder.join(job.name);
        let (etag, last_modified) = (part.known.etag.clone(), part.known.last_modified.clone());
        row.bytes = part.length;
        let sha256 = part.finish(&path)?;
        self.cache.add(self.entry(job, sha256.clone(), etag, last_modified)?)?;
        row.status = Status::Complete;
        row.path = Some(path);
        row.sha256 = Some(sha256);
        Ok(())
    }
}

/// How often one file was tried.
#[derive(Debug, Default)]
struct Tries {
    may_resume: bool,
    best: u64,
    failures: u32,
    all: u32,
}

impl Tries {
    /// More attempts than this bring a file nowhere, whatever they bring.
    const MOST: u32 = 1000;

    /// Whether to try again, after the pause that `error` asks for; progress makes up for failures.
    fn again(
        &mut self,
        error: &Error,
        length: u64,
        retries: &crate::Retries,
        limits: &Limits,
        url: &str,
    ) -> bool {
        self.all += 1;
        self.failures = if length > self.best { 1 } else { self.failures + 1 };
        self.best = self.best.max(length);
        if self.failures >= retries.attempts || self.all >= Self::MOST {
            return false;
        }
        if matches!(error, Error::WrongRange { .. }) {
            self.may_resume = false;
            return limits.remaining(url).is_ok();
        }
        retries.wait(error, self.failures, limits, url)
    }
}

fn sum_of(path: &Path) -> Result<String> {
    let file = File::open(path).map_err(Error::disk("read", path))?;
    let mut sum = Sha256::new();
    for piece in disk::pieces(file, path.to_owned(), 256 << 10) {
        sum.update(&piece?);
    }
    Ok(sum.finish())
}

/// The known bytes of `products`, each file once, and how many files have no known size.
pub fn total_size(products: &[Product]) -> (u64, usize) {
    let mut seen = HashSet::new();
    let unique = products.iter().filter(|product| seen.insert(product.data_uri.text()));
    unique.fold((0, 0), |(bytes, unknown), product| match product.bytes() {
        Some(size) => (bytes + size, unknown),
        None => (bytes, unknown + 1),
    })
}
