//! A file from a server that gives no ranges: from its beginning, as far as it is needed.

use std::time::Duration;

use super::fetch::ask;
use super::source::Remote;
use super::{lock, meter};
use crate::hash::Sha256;
use crate::transport::Body;
use crate::{Error, Limits, Result};

/// Bytes between two notes of what is there.
const NOTE: u64 = 8 << 20;
/// A body may be left alone while pixels are measured.
pub(super) const PATIENCE: Duration = Duration::from_secs(86_400);

/// A body that is read as far as somebody needs it.
#[derive(Default)]
pub(super) struct Stream {
    body: Option<Body>,
    at: u64,
    noted: u64,
    sum: Option<Sha256>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Stream {
    pub(super) fn of(body: Body) -> Self {
        Self { body: Some(body), sum: Some(Sha256::new()), ..Self::default() }
    }
}

impl Remote {
    /// Reads on until the first `end` bytes are there.
    pub(super) fn stream_to(&self, end: u64) -> Result<()> {
        let mut stream = lock(&self.stream);
        let mut failures = 0;
        while !self.store.has_all(std::slice::from_ref(&(0..end))) {
            let from = if stream.body.is_some() { stream.at } else { 0 };
            self.hub.check_room(end.saturating_sub(from))?;
            let Err(error) = self.read_on(&mut stream, end) else { continue };
            stream.body = None;
            // It begins again at the beginning, so that no progress shortens the next attempt.
            failures += 1;
            let (hub, limits) = (&self.hub, self.hub.limits());
            let more = failures < hub.options.retries.attempts;
            if !more || !hub.options.retries.wait(&error, failures, &limits, &self.url) {
                return Err(error);
            }
        }
        Ok(())
    }

    fn read_on(&self, stream: &mut Stream, end: u64) -> Result<()> {
        if stream.body.is_none() {
            let _counted: meter::UnderWay<'_> = self.hub.meter.request();
            let response = ask(&self.hub, &self.url, None, None)?;
            self.check_whole(&response)?;
            *stream = Stream::of(response.body);
        }
        let result = self.pull(stream, end);
        let noted = self.note(stream);
        result.and(noted)
    }

    fn pull(&self, stream: &mut Stream, end: u64) -> Result<()> {
        while stream.at < end {
            let piece = stream.body.as_mut().and_then(Iterator::next).transpose()?;
            let Some(piece) = piece else {
                let source = "the body is shorter than the file".into();
                return Err(Error::Cut { url: self.url.clone(), received: stream.at, source });
            };
            self.hub.meter.came(piece.len() as u64);
            // What was read before must come again.
            if stream.at + piece.len() as u64 > self.length()
                || !self.store.agrees(stream.at, &piece)?
            {
                return Err(self.changed());
            }
            self.store.write(stream.at, &piece)?;
            if let Some(sum) = &mut stream.sum {
                sum.update(&piece);
            }
            let next = stream.at + piece.len() as u64;
            lock(&self.came).insert(stream.at..next);
            stream.at = next;
            if stream.at - stream.noted >= NOTE {
                self.note(stream)?;
            }
        }
        Ok(())
    }

    fn note(&self, stream: &mut Stream) -> Result<()> {
        let sum = stream.sum.replace(Sha256::new());
        let range = stream.noted..stream.at;
        stream.noted = stream.at;
        sum.map_or(Ok(()), |sum| self.store.done(range, sum))
    }
}

/// Limits of a body that waits for its reader.
pub(super) fn patient(limits: Limits) -> Limits {
    Limits { deadline: limits.deadline + PATIENCE, ..limits }
}
