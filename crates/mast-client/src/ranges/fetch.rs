//! One range of a remote file, whole and of the right version.

use std::ops::Range;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::source::Remote;
use super::whole::patient;
use super::{Hub, lock};
use crate::download::{Known, content_range};
use crate::hash::Sha256;
use crate::transport::{Headers, Method, Response};
use crate::{Error, Result};

/// What became of a range.
pub(super) enum Fetched {
    /// It is in the store.
    Range,
    /// The server sends the whole file instead.
    Whole(Response),
}

/// Asks for `range`, or for the whole file.
pub(super) fn ask(
    hub: &Hub,
    url: &str,
    range: Option<&Range<u64>>,
    known: Option<&Known>,
) -> Result<Response> {
    let mut headers = Headers::default();
    if let Some(range) = range {
        headers.push("range", format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        if let Some(validator) = known.and_then(Known::validator) {
            headers.push("if-range", validator);
        }
    }
    let limits = if range.is_some() { hub.limits() } else { patient(hub.limits()) };
    let request = hub.request(Method::Get, url, headers, limits);
    let response = hub.transport.send(&request)?.success()?;
    let encoding = response.headers.value("content-encoding").unwrap_or("identity").trim();
    if encoding.eq_ignore_ascii_case("identity") || encoding.is_empty() {
        return Ok(response);
    }
    let problem = format!("a body encoded as {encoding}, which has no ranges,");
    Err(Error::UnexpectedContent { url: response.url, problem, start: String::new() })
}

fn is_too_often(error: &Error) -> bool {
    matches!(error, Error::Refused { status: 429 | 503, .. })
}

/// The range and the total that a partial answer tells, which must begin with `asked` and reach no further.
pub(super) fn told(response: &Response, asked: &Range<u64>) -> Result<(Range<u64>, u64)> {
    let text = response.headers.value("content-range").unwrap_or("no range");
    let fits = content_range(text).filter(|range| {
        range.first == asked.start
            && (range.first..asked.end).contains(&range.last)
            && range.last < range.total
    });
    match fits {
        Some(range) => Ok((range.first..range.last + 1, range.total)),
        None => Err(Error::WrongRange {
            url: response.url.clone(),
            asked: format!("bytes={}-{}", asked.start, asked.end.saturating_sub(1)),
            answered: crate::error::beginning(text.as_bytes(), 100),
        }),
    }
}

/// As much must come before a cut that it makes up for failures: a server that drips would be asked for ever.
const PROGRESS: u64 = 64 << 10;

impl Remote {
    /// Brings `range` into the store; what came before a cut is kept, and the rest asked for again.
    pub(super) fn fetch(&self, range: Range<u64>) -> Result<Fetched> {
        let came = || self.hub.came.load(Ordering::Relaxed);
        let (mut at, mut failures, mut seen) = (range.start, 0, came());
        while at < range.end {
            let before = at;
            let error = match self.exchange(at..range.end, &mut at) {
                Ok(Fetched::Range) => continue,
                Ok(whole) => return Ok(whole),
                Err(error) => error,
            };
            // A server that cuts every answer still brings the file, and one that is asked too often gives to others.
            let others = is_too_often(&error) && came() > std::mem::replace(&mut seen, came());
            failures = if at - before >= PROGRESS || others { 1 } else { failures + 1 };
            let (hub, limits) = (&self.hub, self.hub.limits());
            let patient = failures < hub.options.retries.attempts;
            if !patient || !hub.options.retries.wait(&error, failures, &limits, &self.url) {
                return Err(error);
            }
        }
        Ok(Fetched::Range)
    }

    fn exchange(&self, asked: Range<u64>, at: &mut u64) -> Result<Fetched> {
        let hub = &self.hub;
        // Waiting for others takes nothing of the time that this range has.
        let _pass = hub.gate.enter(&patient(hub.limits()), &self.url)?;
        hub.wait(&self.url, &hub.limits())?;
        let _counted = hub.meter.request();
        let begun = Instant::now();
        let response = match ask(hub, &self.url, Some(&asked), Some(&self.known)) {
            // The file ends before what was there.
            Err(Error::Refused { status: 412 | 416, .. }) => return Err(self.changed()),
            response => response?,
        };
        let latency = begun.elapsed();
        if response.status != 206 {
            return self.check_whole(&response).map(|()| Fetched::Whole(response));
        }
        let (range, total) = told(&response, &asked)?;
        if !self.known.agrees(&response.headers, Some(total)) {
            return Err(self.changed());
        }
        let (came, ended) = self.take(response, range);
        *at += came;
        hub.came.fetch_add(u64::from(ended.is_ok()), Ordering::Relaxed);
        lock(&hub.speeds).entry(self.host.clone()).or_default().note(
            latency,
            came,
            begun.elapsed().saturating_sub(latency),
        );
        ended.map(|()| Fetched::Range)
    }

    /// Stores the body as `range`; tells how much came, whether or not it was all.
    pub(super) fn take(&self, response: Response, range: Range<u64>) -> (u64, Result<()>) {
        let (mut at, mut sum) = (range.start, Sha256::new());
        let store = || -> Result<()> {
            for piece in response.body {
                let piece = piece?;
                self.hub.meter.came(piece.len() as u64);
                if piece.len() as u64 > range.end - at {
                    return Err(self.longer(&range));
                }
                // Between two ranges that were joined some bytes may be here already: they must be the same.
                if !self.store.agrees(at, &piece)? {
                    return Err(self.changed());
                }
                self.store.write(at, &piece)?;
                sum.update(&piece);
                at += piece.len() as u64;
            }
            Ok(())
        };
        let mut ended = store();
        let received = at - range.start;
        if ended.is_ok() && at < range.end {
            let source = "the body is shorter than announced".into();
            ended = Err(Error::Cut { url: self.url.clone(), received, source });
        }
        lock(&self.came).insert(range.start..at);
        let noted = self.store.done(range.start..at, sum);
        (received, noted.and(ended))
    }

    /// A whole file in place of a range must be the one that was opened.
    pub(super) fn check_whole(&self, response: &Response) -> Result<()> {
        let total = response.headers.content_length().or(self.known.total);
        let agrees = response.status == 200 && self.known.agrees(&response.headers, total);
        if agrees { Ok(()) } else { Err(self.changed()) }
    }

    fn longer(&self, range: &Range<u64>) -> Error {
        let asked = format!("bytes={}-{}", range.start, range.end - 1);
        Error::WrongRange { url: self.url.clone(), asked, answered: "more bytes".to_owned() }
    }

    pub(super) fn changed(&self) -> Error {
        Error::Changed { url: self.url.clone() }
    }
}
