//! As much of HTTP/1.1 as the archive's clients speak (RFC 9110, RFC 9112).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _, SeekFrom, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::Cancel;
use crate::mashup::percent_decode;
use crate::transport::Headers;

const HEAD_LIMIT: u64 = 64 << 10;
const BODY_LIMIT: u64 = 64 << 20;

/// A request, read to its end.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Headers,
    pub body: Vec<u8>,
    http_1_0: bool,
}

impl Asked {
    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    pub(super) fn keeps_alive(&self) -> bool {
        let connection = self.headers.value("connection").unwrap_or_default().to_lowercase();
        if self.http_1_0 {
            connection.contains("keep-alive")
        } else {
            !connection.contains("close")
        }
    }

    /// The first value of a query field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Waits for the next request; false when the client is gone or the server ends.
pub(super) fn wait_for_bytes(
    stream: &TcpStream,
    reader: &mut BufReader<&TcpStream>,
    idle: Duration,
    cancel: &Cancel,
) -> io::Result<bool> {
    stream.set_read_timeout(Some(Duration::from_millis(100)))?;
    let started = Instant::now();
    let there = loop {
        match reader.fill_buf() {
            Ok(bytes) => break !bytes.is_empty(),
            Err(error) if is_timeout(&error) => {
                if cancel.is_cancelled() || started.elapsed() > idle {
                    break false;
                }
            }
            Err(error) => return Err(error),
        }
    };
    stream.set_read_timeout(Some(idle))?;
    Ok(there)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn bad(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem.to_owned())
}

/// Reads one request.
pub(super) fn read(reader: &mut BufReader<&TcpStream>) -> io::Result<Asked> {
    let mut head = Read::by_ref(reader).take(HEAD_LIMIT);
    let line = line(&mut head)?;
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next())
    else {
        return Err(bad("no request line"));
    };
    let mut asked =
        Asked { method: method.to_owned(), http_1_0: version == "HTTP/1.0", ..Asked::default() };
    // A proxy's absolute form: the host does not matter here.
    let target = target.find("://").map_or(target, |at| {
        let rest = &target[at + 3..];
        rest.find('/').map_or("/", |slash| &rest[slash..])
    });
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    asked.path = percent_decode(path).ok_or_else(|| bad("the path is no UTF-8"))?;
    asked.query = pairs(query);
    loop {
        let line = self::line(&mut head)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| bad("a header without a colon"))?;
        asked.headers.push(name, value.trim());
    }
    if asked.headers.value("transfer-encoding").is_some() {
        return Err(bad("a body in chunks is not understood"));
    }
    let length = asked.headers.content_length().unwrap_or(0);
    if length > BODY_LIMIT {
        return Err(bad("the body is too long"));
    }
    reader.take(length).read_to_end(&mut asked.body)?;
    if asked.body.len() as u64 == length { Ok(asked) } else { Err(bad("the body is cut")) }
}

fn line(head: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    head.read_line(&mut line)?;
    if line.ends_with('\n') {
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(line)
    } else {
        Err(bad("the head is cut or too long"))
    }
}

/// Fields of a query or a form.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((percent_decode(name)?, percent_decode(value)?))
    };
    text.split('&').filter(|text| !text.is_empty()).filter_map(pair).collect()
}

/// What is sent back.
pub(super) struct Answer {
    pub status: u16,
    pub headers: Headers,
    pub content: Content,
}

pub(super) enum Content {
    Bytes(Vec<u8>),
    /// A part of a file; only this much is in memory at a time.
    File {
        file: File,
        range: Range<u64>,
    },
}

impl Answer {
    pub(super) fn json(value: &serde_json::Value) -> Self {
        let mut headers = Headers::default();
        headers.push("content-type", "application/json");
        let content = Content::Bytes(value.to_string().into_bytes());
        Self { status: 200, headers, content }
    }

    pub(super) fn text(status: u16, text: &str) -> Self {
        let mut headers = Headers::default();
        headers.push("content-type", "text/plain; charset=utf-8");
        Self { status, headers, content: Content::Bytes(text.as_bytes().to_vec()) }
    }

    pub(super) fn send(
        self,
        stream: &mut impl Write,
        head_only: bool,
        keep: bool,
    ) -> io::Result<()> {
        let length = match &self.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File { range, .. } => range.end - range.start,
        };
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers.0 {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let connection = if keep { "keep-alive" } else { "close" };
        head.push_str(&format!("content-length: {length}\r\nconnection: {connection}\r\n\r\n"));
        stream.write_all(head.as_bytes())?;
        match self.content {
            _ if head_only => Ok(()),
            Content::Bytes(bytes) => stream.write_all(&bytes),
            Content::File { file, range } => send_file(stream, file, range),
        }
    }
}

/// A file that shrinks meanwhile ends the connection early, which the client sees.
fn send_file(stream: &mut impl Write, mut file: File, range: Range<u64>) -> io::Result<()> {
    file.seek(SeekFrom::Start(range.start))?;
    let length = range.end - range.start;
    let sent = io::copy(&mut file.take(length), stream)?;
    if sent == length { Ok(()) } else { Err(bad("the file is shorter than it was")) }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        304 => "Not Modified",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        416 => "Range Not Satisfiable",
        _ => "Error",
    }
}

/// The bytes a `Range` header asks for of a file of `length` bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Whole,
    Part(Range<u64>),
    Nothing,
}

/// Reads `bytes=0-9`, `bytes=10-`, `bytes=-10`; several ranges, or other units, give the whole file.
pub(super) fn wanted(range: Option<&str>, length: u64) -> Wanted {
    let Some(range) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    let Some((first, last)) = range.split_once('-').filter(|_| !range.contains(',')) else {
        return Wanted::Whole;
    };
    let part = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..length,
        (Err(_), Ok(count)) if first.trim().is_empty() => length.saturating_sub(count)..length,
        _ => return Wanted::Whole,
    };
    if part.start < part.end { Wanted::Part(part) } else { Wanted::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_parts_of_the_file() {
        for (range, expected) in [
            (None, Wanted::Whole),
            (Some("bytes=0-9"), Wanted::Part(0..10)),
            (Some("bytes=10-"), Wanted::Part(10..100)),
            (Some("bytes=-10"), Wanted::Part(90..100)),
            (Some("bytes=-1000"), Wanted::Part(0..100)),
            (Some("bytes=90-1000"), Wanted::Part(90..100)),
            (Some("bytes=100-"), Wanted::Nothing),
            (Some("bytes=-0"), Wanted::Nothing),
            (Some("bytes=9-0"), Wanted::Whole),
            (Some("bytes=0-1,5-6"), Wanted::Whole),
            (Some("lines=0-1"), Wanted::Whole),
            (Some("bytes=x"), Wanted::Whole),
        ] {
            assert_eq!(wanted(range, 100), expected, "{range:?}");
        }
    }

    #[test]
    fn forms_are_pairs() {
        let expected = [("uri", "mast:a/b c"), ("x", "")];
        let expected = expected.map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(pairs("uri=mast%3Aa/b+c&&x"), expected);
    }
}
