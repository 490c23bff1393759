//! Files on servers, read by ranges of bytes.
//!
//! A [`RangeSource`] is asked for everything that is known to be needed at once. What is not here yet becomes a plan:
//! ranges nearer to each other than a request is worth are joined (by the latency and the bandwidth measured at that
//! server), long ones split, and all fetched in parallel into a sparse file, from which every reader is served. Every
//! answer must be the range asked for of the file that was opened: validators go along with each request, and a changed
//! file is an error, never a mixture. A server without ranges sends the file from its beginning, as far as it is needed.

mod cloud;
mod extents;
mod fetch;
mod meter;
mod opened;
mod source;
mod speed;
mod store;
mod whole;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::patience::{Gate, Pace};
use crate::transport::{Encoding, Headers, Method, Request};
use crate::{Cancel, Error, Limits, MAST, Result, Retries, Token, Transport};
use opened::Opened;
use speed::Speed;

pub use meter::Traffic;
pub use source::RangeSource;
pub use store::RangeCache;

/// What is spared where both cannot be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prefer {
    /// Time: bytes between two ranges are fetched too where another request would take longer.
    #[default]
    Latency,
    /// Bytes: what is not needed is not fetched, however many requests that takes.
    Bytes,
}

/// How [`Ranges`] reads.
#[derive(Debug, Clone)]
pub struct RangeOptions {
    /// The archive's address, where `mast:` URIs are looked up and fetched from.
    pub archive_url: String,
    /// The access token; sent to the archive only.
    pub token: Option<Token>,
    /// Where the archive's public copies are; `None` asks the archive alone.
    pub cloud_url: Option<String>,
    /// What is spared.
    pub prefer: Prefer,
    /// Where bytes are kept between runs; `None` keeps them in nameless files.
    pub cache: Option<RangeCache>,
    /// Requests at a time.
    pub at_a_time: usize,
    /// Requests to the archive itself started a second; other servers are asked as fast as they answer.
    pub requests_per_second: f64,
    /// The most bytes to fetch in all.
    pub max_bytes: Option<u64>,
    /// How failed requests are repeated.
    pub retries: Retries,
    /// The longest time for one range.
    pub deadline: Duration,
    /// The longest time without a byte.
    pub idle: Duration,
    /// Stops everything.
    pub cancel: Cancel,
}

impl Default for RangeOptions {
    fn default() -> Self {
        Self {
            archive_url: MAST.to_owned(),
            token: None,
            cloud_url: Some("https://stpubdata.s3.amazonaws.com".to_owned()),
            prefer: Prefer::Latency,
            cache: None,
            at_a_time: 8,
            requests_per_second: 5.0,
            max_bytes: None,
            retries: Retries::default(),
            deadline: Duration::from_secs(600),
            idle: Duration::from_secs(60),
            cancel: Cancel::new(),
        }
    }
}

/// The door to files on servers: what they share is counted, limited and kept here.
#[derive(Debug, Clone)]
pub struct Ranges {
    hub: Arc<Hub>,
    /// Apart from the hub, which every open file holds.
    open: Arc<Mutex<Opened>>,
}

struct Hub {
    transport: Arc<dyn Transport>,
    options: RangeOptions,
    gate: Gate,
    pace: Pace,
    meter: meter::Meter,
    speeds: Mutex<HashMap<String, Speed>>,
    /// Ranges that came.
    came: AtomicU64,
    /// Where the archive says that a URI's public copy is.
    paths: Mutex<HashMap<String, Option<String>>>,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Whether another panicked makes no entry wrong.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ranges {
    /// Reads over `transport` as `options` say.
    pub fn new(transport: Arc<dyn Transport>, options: RangeOptions) -> Self {
        let archive_url = options.archive_url.trim_end_matches('/').to_owned();
        let hub = Hub {
            transport,
            gate: Gate::new(options.at_a_time),
            pace: Pace::new(options.requests_per_second),
            options: RangeOptions { archive_url, ..options },
            meter: meter::Meter::default(),
            speeds: Mutex::default(),
            came: AtomicU64::new(0),
            paths: Mutex::default(),
        };
        Self { hub: Arc::new(hub), open: Arc::default() }
    }

    /// Whether `name` is one that [`open`](Self::open) takes: an http(s) address or a `mast:` URI.
    pub fn is_remote(name: &str) -> bool {
        let scheme = name.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        matches!(scheme.as_deref(), Some("http" | "https")) && name.contains("://")
            || scheme.as_deref() == Some("mast")
    }

    /// Opens the file at an address or of a URI of the archive; of the latter the public copy in the cloud, if there is one.
    ///
    /// One request, which brings the first bytes too; none for a file that is open already, as the last ones are. The same
    /// file is one source.
    ///
    /// # Errors
    /// When the file cannot be had, or the server answers something else.
    pub fn open(&self, name: &str) -> Result<RangeSource> {
        if let Some(source) = lock(&self.open).find(name) {
            return Ok(source);
        }
        let source = self.hub.find(name)?;
        let source = lock(&self.open).keep(name, source);
        self.shrink();
        Ok(source)
    }

    /// Asks the archive where the public copies of `uris` are, 40 a request; [`open`](Self::open) then knows.
    ///
    /// What the archive cannot tell is read from the archive itself.
    pub fn look_up<'a>(&self, uris: impl IntoIterator<Item = &'a str>) {
        self.hub.look_up(uris);
    }

    /// What all files together have cost so far.
    pub fn traffic(&self) -> Traffic {
        let open = lock(&self.open).all();
        let useful: u64 = open.iter().map(|source| source.0.useful()).sum();
        let traffic = self.hub.meter.traffic();
        Traffic { useful: traffic.useful + useful, ..traffic }
    }

    fn shrink(&self) {
        if let Some(cache) = &self.hub.options.cache {
            let keep = lock(&self.open).all().iter().filter_map(RangeSource::key).collect();
            cache.shrink(&keep);
        }
    }
}

impl Hub {
    fn find(self: &Arc<Self>, name: &str) -> Result<RangeSource> {
        if ["http://", "https://"]
            .iter()
            .any(|scheme| name.to_ascii_lowercase().starts_with(scheme))
        {
            return RangeSource::open(self, name, name);
        }
        let copy = self.copy_of(name).and_then(|url| RangeSource::open(self, name, &url).ok());
        copy.map_or_else(|| RangeSource::open(self, name, &self.download_url(name)), Ok)
    }

    fn limits(&self) -> Limits {
        let options = &self.options;
        Limits::starting_now(options.deadline, options.idle, &options.cancel)
    }

    fn is_archive(&self, url: &str) -> bool {
        let rest = url.strip_prefix(&self.options.archive_url);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn request(&self, method: Method, url: &str, headers: Headers, limits: Limits) -> Request {
        let token = self.options.token.clone().filter(|_| self.is_archive(url));
        let encoding = Encoding::Identity;
        Request { method, url: url.to_owned(), headers, body: Vec::new(), token, encoding, limits }
    }

    /// Waits until the archive may be asked again.
    fn wait(&self, url: &str, limits: &Limits) -> Result<()> {
        if self.is_archive(url) { self.pace.wait(limits, url) } else { Ok(()) }
    }

    /// Refuses `more` bytes beyond the limit.
    fn check_room(&self, more: u64) -> Result<()> {
        let bytes = self.meter.traffic().bytes.saturating_add(more);
        match self.options.max_bytes {
            Some(limit) if bytes > limit => Err(Error::TooManyBytes { bytes, limit }),
            _ => Ok(()),
        }
    }
}
