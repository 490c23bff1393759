//! One remote file.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::extents::{Extents, joined, parts};
use super::fetch::{Fetched, ask, told};
use super::store::{Key, Store};
use super::whole::Stream;
use super::{Hub, Prefer, lock};
use crate::download::Known;
use crate::hash::Sha256;
use crate::transport::{Headers, Method, Response};
use crate::{Error, Result};

/// The first bytes, which come with the first answer: the primary header of HST's products and that of SCI.
const FIRST: u64 = 128 << 10;
/// What a small read brings along: a header, and the table of a compressed image behind it.
const AHEAD: u64 = 64 << 10;
/// Longer ranges are split among several requests.
const PART: u64 = 8 << 20;
/// How near ranges are joined at least and at most, whatever was measured.
const GAPS: (u64, u64) = (32 << 10, 8 << 20);
/// Where bytes count: what the heads of a request and its answer take.
const HEADS: u64 = 512;

/// A file on a server, read by ranges; clones are the same file.
///
/// Several threads may read at once. See [`Ranges::open`](super::Ranges::open).
#[derive(Debug, Clone)]
pub struct RangeSource(pub(super) Arc<Remote>);

#[derive(Debug)]
pub(super) struct Remote {
    pub(super) hub: Arc<Hub>,
    pub(super) url: String,
    pub(super) host: String,
    /// What the first answer said of the file.
    pub(super) known: Known,
    pub(super) store: Store,
    key: Option<Key>,
    /// Whether the server gives whole files only.
    is_whole: AtomicBool,
    pub(super) stream: Mutex<Stream>,
    /// One plan at a time, so that no byte is asked for twice.
    planning: Mutex<()>,
    asked: Mutex<Extents>,
    pub(super) came: Mutex<Extents>,
}

impl RangeSource {
    /// Opens the file at `url`, which is called `name` in the cache.
    pub(super) fn open(hub: &Arc<Hub>, name: &str, url: &str) -> Result<Self> {
        let cached = hub.options.cache.as_ref().is_some_and(|cache| cache.knows(name));
        if let Some(known) = cached.then(|| look(hub, name, url)).flatten() {
            return Remote::new(hub, name, url, known).map(|remote| Self(Arc::new(remote)));
        }
        let limits = hub.limits();
        let remote = hub.options.retries.run(&limits, url, || first(hub, name, url))?;
        Ok(Self(Arc::new(remote)))
    }

    /// Number of bytes of the file.
    pub fn len(&self) -> u64 {
        self.0.length()
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where it is read from, in the end.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Fills `out` with the bytes from `offset` on.
    ///
    /// # Errors
    /// When they are beyond the end, cannot be had, or the file has changed since it was opened.
    pub fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        self.read_many(&mut [(offset, out)])
    }

    /// Fills every piece with the bytes from its offset on, as few requests as that takes.
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at).
    pub fn read_many(&self, pieces: &mut [(u64, &mut [u8])]) -> Result<()> {
        let range =
            |(offset, out): &(u64, &mut [u8])| *offset..offset.saturating_add(out.len() as u64);
        let wanted: Vec<_> = pieces.iter().map(range).collect();
        self.0.ensure(&wanted)?;
        let mut asked = lock(&self.0.asked);
        wanted.into_iter().for_each(|range| asked.insert(range));
        drop(asked);
        pieces.iter_mut().try_for_each(|(offset, out)| self.0.store.read(*offset, out))
    }

    /// Brings everything that will be read, in parallel, so that reading it asks for nothing more.
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at).
    pub fn prepare(&self, wanted: &[Range<u64>]) -> Result<()> {
        self.0.ensure(wanted)
    }

    pub(super) fn key(&self) -> Option<Key> {
        self.0.key.clone()
    }
}

/// What the server says of a file of which bytes may be in the cache; nothing where it does not say enough.
fn look(hub: &Hub, name: &str, url: &str) -> Option<Known> {
    let limits = hub.limits();
    hub.wait(url, &limits).ok()?;
    let _counted = hub.meter.request();
    let request = hub.request(Method::Head, url, Headers::default(), limits);
    let response = hub.transport.send(&request).ok()?.success().ok()?;
    let known = Known::of(name, &response.headers, response.headers.content_length());
    let enough = response.status == 200 && known.total.is_some() && known.validator().is_some();
    (enough && !known.whole_only).then_some(known)
}

/// The first request: the first bytes, the length, and whether there are ranges at all.
fn first(hub: &Arc<Hub>, name: &str, url: &str) -> Result<Remote> {
    let limits = hub.limits();
    hub.wait(url, &limits)?;
    let _counted = hub.meter.request();
    let asked = 0..FIRST;
    hub.check_room(FIRST)?;
    let response = match ask(hub, url, Some(&asked), None) {
        // An empty file has no first byte.
        Err(Error::Refused { status: 416, .. }) => ask(hub, url, None, None)?,
        response => response?,
    };
    match response.status {
        206 => {
            let (range, total) = told(&response, &asked)?;
            let known = Known::of(name, &response.headers, Some(total));
            let remote = Remote::new(hub, name, url, known)?;
            // A cut is no matter here: what is missing is asked for when it is needed.
            let _ = remote.take(response, range);
            Ok(remote)
        }
        200 => begin_whole(hub, name, url, response),
        status => Err(Error::UnexpectedContent {
            url: response.url,
            problem: format!("status {status}"),
            start: String::new(),
        }),
    }
}

fn begin_whole(hub: &Arc<Hub>, name: &str, url: &str, response: Response) -> Result<Remote> {
    let mut known = Known::of(name, &response.headers, response.headers.content_length());
    if known.total.is_some() {
        let remote = Remote::new(hub, name, url, known)?;
        remote.turn_whole(response);
        return Ok(remote);
    }
    // A body without a length tells it by its end.
    let (store, mut at, mut sum) = (Store::open(None)?, 0, Sha256::new());
    for piece in response.body {
        let piece = piece?;
        hub.check_room(piece.len() as u64)?;
        hub.meter.came(piece.len() as u64);
        store.write(at, &piece)?;
        sum.update(&piece);
        at += piece.len() as u64;
    }
    store.done(0..at, sum)?;
    known.total = Some(at);
    let mut remote = Remote::new(hub, name, url, known)?;
    (remote.store, remote.key) = (store, None);
    lock(&remote.came).insert(0..at);
    Ok(remote)
}

impl Remote {
    fn new(hub: &Arc<Hub>, name: &str, url: &str, known: Known) -> Result<Self> {
        // No system has longer files, and sums of positions stay in 64 bits.
        if let Some(total) = known.total.filter(|total| i64::try_from(*total).is_err()) {
            let (url, problem) = (url.to_owned(), format!("a length of {total} bytes"));
            return Err(Error::UnexpectedContent { url, problem, start: String::new() });
        }
        let version = known.validator().map(|text| format!("{text} {:?}", known.total));
        let key = version.map(|version| Key::new(name, &version));
        let cache = hub.options.cache.as_ref().zip(key.as_ref());
        let store = Store::open(cache)?;
        let host = url.split('/').nth(2).unwrap_or_default().to_owned();
        Ok(Self {
            hub: Arc::clone(hub),
            url: url.to_owned(),
            host,
            known,
            store,
            key,
            is_whole: AtomicBool::new(false),
            stream: Mutex::default(),
            planning: Mutex::default(),
            asked: Mutex::default(),
            came: Mutex::default(),
        })
    }

    /// Bytes that came and were read.
    pub(super) fn useful(&self) -> u64 {
        lock(&self.came).common(&lock(&self.asked))
    }

    pub(super) fn length(&self) -> u64 {
        self.known.total.unwrap_or_default()
    }

    fn turn_whole(&self, response: Response) {
        if !self.is_whole.swap(true, Ordering::SeqCst) {
            *lock(&self.stream) = Stream::of(response.body);
        }
    }

    /// Brings what of `wanted` is not here.
    fn ensure(&self, wanted: &[Range<u64>]) -> Result<()> {
        if let Some(beyond) = wanted.iter().find(|range| range.end > self.length()) {
            let (expected, found) = (beyond.end, self.length());
            return Err(Error::WrongLength { name: self.url.clone(), expected, found });
        }
        if self.store.has_all(wanted) {
            return Ok(());
        }
        let _alone = lock(&self.planning);
        let missing = self.store.missing(wanted)?;
        if missing.is_empty() {
            return Ok(());
        }
        let end = missing.iter().map(|range| range.end).max().unwrap_or_default();
        if !self.is_whole.load(Ordering::SeqCst) {
            let plan = self.plan(missing);
            self.hub.check_room(plan.iter().map(|range| range.end - range.start).sum())?;
            self.fetch_all(plan)?;
        }
        if self.is_whole.load(Ordering::SeqCst) { self.stream_to(end) } else { Ok(()) }
    }

    /// The ranges that bring `missing`, before long ones are split.
    fn plan(&self, mut missing: Vec<Range<u64>>) -> Vec<Range<u64>> {
        let options = &self.hub.options;
        let latency = options.prefer == Prefer::Latency;
        if let [alone] = &mut missing[..]
            && latency
            && alone.end - alone.start < AHEAD
        {
            alone.end = alone.end.max(alone.start.saturating_add(AHEAD).min(self.length()));
        }
        let gap = if latency { self.gap() } else { HEADS };
        joined(missing, gap)
    }

    /// Bytes that are cheaper than another request, of which half of those allowed run at a time.
    fn gap(&self) -> u64 {
        let speeds = lock(&self.hub.speeds);
        let speed = speeds.get(&self.host).cloned().unwrap_or_default();
        speed.bytes_per_request(self.hub.options.at_a_time / 2).clamp(GAPS.0, GAPS.1)
    }

    /// All at once, as far as the limits allow; the first error stops the rest.
    fn fetch_all(&self, plan: Vec<Range<u64>>) -> Result<()> {
        let most = self.hub.options.at_a_time.max(1);
        // A list of the parts could be longer than memory: the length of the file is what a server says.
        let requests = || plan.iter().cloned().flat_map(|range| parts(range, PART));
        let threads = requests().take(most).count();
        let (left, failed) = (Mutex::new(requests()), Mutex::new(None::<Error>));
        let over = AtomicBool::new(false);
        let next = || lock(&left).next().filter(|_| !over.load(Ordering::Relaxed));
        let work = || {
            while let Some(range) = next() {
                match self.fetch(range) {
                    Ok(Fetched::Range) => continue,
                    Ok(Fetched::Whole(response)) => self.turn_whole(response),
                    Err(error) => {
                        lock(&failed).get_or_insert(error);
                    }
                }
                over.store(true, Ordering::Relaxed);
            }
        };
        thread::scope(|scope| {
            (1..threads).for_each(|_| {
                scope.spawn(work);
            });
            work();
        });
        match failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.hub.meter.read(self.useful());
    }
}
