//! One attempt to bring the rest of a file.

use super::part::Part;
use super::verify::{MAGIC, check_start};
use crate::transport::{Encoding, Headers, Method, Request, Response};
use crate::{Error, Limits, Result, Token, Transport};

/// What an attempt needs to know.
pub(super) struct Source<'a, T> {
    pub transport: &'a T,
    pub url: &'a str,
    pub token: Option<&'a Token>,
    pub limits: &'a Limits,
    /// The size in the product list.
    pub listed: Option<u64>,
    pub name: &'a str,
    pub sync_every: u64,
    /// False once the server answered a range wrongly.
    pub may_resume: bool,
}

/// From where a part is continued: some bytes before its end, which must come again.
///
/// Validators alone would trust a server that says where its bytes begin and sends others.
struct Resume {
    from: u64,
    tail: Vec<u8>,
}

impl<T: Transport> Source<'_, T> {
    pub(super) fn request(&self, method: Method) -> Request {
        Request {
            method,
            url: self.url.to_owned(),
            headers: Headers::default(),
            body: Vec::new(),
            token: self.token.cloned(),
            encoding: Encoding::Identity,
            limits: self.limits.clone(),
        }
    }

    /// Appends to `part` until the file is whole; `received` hears of every piece.
    pub(super) fn attempt(&self, part: &mut Part, received: &mut dyn FnMut(u64)) -> Result<()> {
        if part.length > 0 && part.known.total == Some(part.length) {
            return Ok(());
        }
        let resume = self.resume(part)?;
        let mut request = self.request(Method::Get);
        if let Some(Resume { from, .. }) = &resume {
            request.headers.push("range", format!("bytes={from}-"));
            if let Some(validator) = part.known.validator() {
                request.headers.push("if-range", validator);
            }
        }
        let response = self.transport.send(&request)?;
        let tail = self.accept(&response, resume, part)?;
        let framed = is_framed(&response.headers);
        self.take(response.success()?, part, tail, received)?;
        self.check_length(part, framed)
    }

    /// `None` begins the file anew.
    fn resume(&self, part: &mut Part) -> Result<Option<Resume>> {
        if self.may_resume && part.can_be_continued() {
            let tail = part.tail()?;
            return Ok(Some(Resume { from: part.length - tail.len() as u64, tail }));
        }
        if part.length > 0 {
            part.restart()?;
        }
        Ok(None)
    }

    /// Whether the answer continues the part as asked, or begins the file anew; gives the bytes that must
    /// come again.
    fn accept(
        &self,
        response: &Response,
        resume: Option<Resume>,
        part: &mut Part,
    ) -> Result<Vec<u8>> {
        let headers = &response.headers;
        match (response.status, resume) {
            (200, _) => {
                part.begin_with(headers, headers.content_length())?;
                Ok(Vec::new())
            }
            (206, Some(Resume { from, tail })) => {
                let answered = headers.value("content-range").unwrap_or("no range");
                let fits = content_range(answered).is_some_and(|range| {
                    range.first == from
                        && range.last >= from
                        && range.last < range.total
                        && part.known.agrees(headers, Some(range.total))
                });
                if fits { Ok(tail) } else { self.wrong(format!("bytes={from}-"), answered, part) }
            }
            (206, None) => self.wrong("the whole file".to_owned(), "a part", part),
            (416, Some(Resume { from, .. })) => {
                self.wrong(format!("bytes={from}-"), "status 416", part)
            }
            (400.., _) => Ok(Vec::new()),
            (status, _) => Err(Error::UnexpectedContent {
                url: response.url.clone(),
                problem: format!("status {status}"),
                start: String::new(),
            }),
        }
    }

    /// The server's bytes do not continue ours: forget ours.
    fn wrong<V>(&self, asked: String, answered: &str, part: &mut Part) -> Result<V> {
        part.restart()?;
        let answered = crate::error::beginning(answered.as_bytes(), 100);
        Err(Error::WrongRange { url: self.url.to_owned(), asked, answered })
    }

    fn take(
        &self,
        response: Response,
        part: &mut Part,
        mut tail: Vec<u8>,
        received: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let mut checked = part.length >= MAGIC as u64;
        for piece in response.body {
            let mut piece = &piece?[..];
            let again = tail.len().min(piece.len());
            if tail[..again] != piece[..again] {
                return self.wrong("the last bytes again".to_owned(), "other bytes", part);
            }
            tail.drain(..again);
            piece = &piece[again..];
            self.check_room(part, piece.len() as u64)?;
            part.write(piece)?;
            received(piece.len() as u64);
            if !checked && part.length >= MAGIC as u64 {
                self.check_magic(part)?;
                checked = true;
            }
            if part.length - part.known.synced >= self.sync_every.max(1) {
                part.sync()?;
            }
        }
        if checked { Ok(()) } else { self.check_magic(part) }
    }

    fn check_room(&self, part: &Part, more: u64) -> Result<()> {
        match part.known.total {
            Some(expected) if part.length + more > expected => Err(Error::WrongLength {
                name: self.name.to_owned(),
                expected,
                found: part.length + more,
            }),
            _ => Ok(()),
        }
    }

    fn check_magic(&self, part: &mut Part) -> Result<()> {
        // Too few bytes to tell are a cut, not another kind of file.
        let whole = part.known.total.is_none_or(|total| part.length >= total);
        if part.length < MAGIC as u64 && !whole {
            return Ok(());
        }
        let start = part.start(MAGIC)?;
        check_start(self.name, &start).inspect_err(|_| {
            let _ = part.restart();
        })
    }

    fn check_length(&self, part: &mut Part, framed: bool) -> Result<()> {
        // Where the connection's end is the file's end, only the product list can tell a cut.
        let expected = part.known.total.or(if framed { None } else { self.listed });
        match expected {
            Some(expected) if part.length != expected => {
                let found = part.length;
                if part.known.total.is_none() {
                    part.restart()?;
                }
                Err(Error::WrongLength { name: self.name.to_owned(), expected, found })
            }
            _ => Ok(()),
        }
    }
}

/// Whether the end of the body can be told from a cut connection.
fn is_framed(headers: &Headers) -> bool {
    let chunked = headers.value("transfer-encoding").is_some_and(|value| value.contains("chunked"));
    chunked || headers.content_length().is_some()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) total: u64,
}

/// Reads `bytes 0-9/20` (RFC 9110, sect. 14.4); a total that is not told does not help.
pub(crate) fn content_range(text: &str) -> Option<ContentRange> {
    let (range, total) = text.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let number = |text: &str| text.trim().parse().ok();
    Some(ContentRange { first: number(first)?, last: number(last)?, total: number(total)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_or_refused() {
        let range = ContentRange { first: 0, last: 9, total: 20 };
        assert_eq!(content_range("bytes 0-9/20"), Some(range));
        for text in ["", "bytes */20", "bytes 0-9/*", "bytes 0-9", "items 0-9/20", "bytes -9/20"] {
            assert_eq!(content_range(text), None, "{text}");
        }
    }
}
