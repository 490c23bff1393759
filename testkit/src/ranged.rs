//! A server of byte ranges that counts, takes its time, and misbehaves on demand.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How the server falls short; `None` in [`RangeServer::start`] is an honest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Every answer is the whole file.
    IgnoresRanges,
    /// The whole file, and no length is told.
    TellsNoLength,
    /// From the second request on the range told is another one.
    WrongRange,
    /// From the second request on the bytes are those of another place, and no fewer.
    Changes,
    /// Every answer ends after so many bytes.
    Cuts(u64),
    /// Every second request is refused with status 429.
    TooMany,
    /// After the first request ranges are no longer given.
    GivesUp,
    /// Every third request is refused with status 503 and a second to wait.
    Busy,
    /// Every second connection ends without an answer.
    Drops,
    /// As `Changes`, by a server that knows no `If-Range`: the other file's ranges come.
    ChangesUnasked,
    /// From the second request on more bytes come than the range told has.
    Surplus,
    /// The length told is the largest number there is.
    Huge,
}

/// Latency and bandwidth of the simulated line; the bandwidth is shared by all connections.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line {
    /// Between a request and its answer.
    pub latency: Duration,
    /// `None` for as fast as it goes.
    pub bytes_per_second: Option<f64>,
}

/// 30 ms and 80 MB/s.
pub const CLOUD: Line = Line { latency: Duration::from_millis(30), bytes_per_second: Some(80e6) };

/// Serves the files of a folder under their names until dropped.
#[derive(Debug)]
pub struct RangeServer {
    /// The address, without a slash at its end.
    pub url: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    folder: PathBuf,
    fault: Option<Fault>,
    line: Line,
    /// Method, path and range of each request.
    asked: Mutex<Vec<String>>,
    sent: AtomicU64,
    /// When the line is free again.
    free: Mutex<Option<Instant>>,
    over: AtomicBool,
}

impl RangeServer {
    /// Starts to serve `folder`.
    ///
    /// # Panics
    /// When there is no port.
    pub fn start(folder: &Path, line: Line, fault: Option<Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let state = Arc::new(State {
            folder: folder.to_owned(),
            fault,
            line,
            asked: Mutex::default(),
            sent: AtomicU64::new(0),
            free: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.over.load(Ordering::SeqCst) {
                    return;
                }
                let state = Arc::clone(&shared);
                thread::spawn(move || state.converse(stream));
            }
        });
        Self { url, state }
    }

    /// The requests so far: method, path and range.
    pub fn asked(&self) -> Vec<String> {
        self.state.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Bytes of bodies sent so far.
    pub fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::SeqCst)
    }

    /// Forgets what was asked and sent.
    pub fn reset(&self) {
        self.state.asked.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.state.sent.store(0, Ordering::SeqCst);
    }
}

impl Drop for RangeServer {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

#[derive(Debug, Default)]
struct Asked {
    method: String,
    path: String,
    range: Option<(u64, u64)>,
    if_range: Option<String>,
}

fn read(reader: &mut impl BufRead) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut words = line.split(' ');
    let mut asked = Asked {
        method: words.next()?.to_owned(),
        path: words.next()?.to_owned(),
        ..Asked::default()
    };
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { return Some(asked) };
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let (first, last) = value.trim().strip_prefix("bytes=")?.split_once('-')?;
                asked.range = Some((first.parse().ok()?, last.parse().unwrap_or(u64::MAX)));
            }
            "if-range" => asked.if_range = Some(value.trim().to_owned()),
            _ => {}
        }
    }
}

impl State {
    fn converse(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let Ok(copy) = stream.try_clone() else { return };
        let (mut reader, mut stream) = (BufReader::new(copy), stream);
        while let Some(asked) = read(&mut reader) {
            let number = {
                let mut log = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
                let range = asked.range.map_or(String::new(), |(a, b)| format!(" {a}-{b}"));
                log.push(format!("{} {}{range}", asked.method, asked.path));
                log.len()
            };
            thread::sleep(self.line.latency);
            if self.answer(&asked, number, &mut stream).is_none() {
                return;
            }
        }
    }

    /// `None` closes the connection.
    fn answer(&self, asked: &Asked, number: usize, stream: &mut TcpStream) -> Option<()> {
        let path = self.folder.join(asked.path.trim_start_matches('/'));
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let Ok((length, mut file)) = opened else {
            return stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").ok();
        };
        let later = number > 1;
        if let Some(refusal) = self.refusal(number) {
            return stream.write_all(refusal.as_bytes()).ok();
        }
        if self.fault == Some(Fault::Drops) && number.is_multiple_of(2) {
            return None;
        }
        let changes = matches!(self.fault, Some(Fault::Changes | Fault::ChangesUnasked)) && later;
        let etag = if changes { "\"two\"" } else { "\"one\"" };
        let asks = asked.if_range.as_ref().filter(|_| self.fault != Some(Fault::ChangesUnasked));
        let same = asks.is_none_or(|known| known == etag);
        let none = matches!(self.fault, Some(Fault::IgnoresRanges | Fault::TellsNoLength))
            || self.fault == Some(Fault::GivesUp) && later;
        let range = asked.range.filter(|(first, _)| same && !none && *first < length);
        let (first, end) = range.map_or((0, length), |(a, b)| (a, b.saturating_add(1).min(length)));
        let mut head = match range {
            None => "HTTP/1.1 200 OK\r\n".to_owned(),
            Some(_) => {
                let told = first + u64::from(self.fault == Some(Fault::WrongRange) && later);
                let total = if self.fault == Some(Fault::Huge) { u64::MAX } else { length };
                format!(
                    "HTTP/1.1 206 Partial\r\ncontent-range: bytes {told}-{}/{total}\r\n",
                    end - 1
                )
            }
        };
        let surplus = self.fault == Some(Fault::Surplus) && later;
        let closes = self.fault == Some(Fault::TellsNoLength) || surplus;
        if self.fault != Some(Fault::TellsNoLength) {
            head += &format!("etag: {etag}\r\n");
        }
        if closes {
            head += "connection: close\r\n\r\n";
        } else {
            head += &format!("content-length: {}\r\n\r\n", end - first);
        }
        stream.write_all(head.as_bytes()).ok()?;
        if asked.method == "HEAD" {
            return Some(());
        }
        let most = match self.fault {
            Some(Fault::Cuts(most)) => most,
            _ => u64::MAX,
        };
        file.seek(SeekFrom::Start(first)).ok()?;
        let more = if surplus { 100_000 } else { 0 };
        self.send(file.take((end - first).min(most) + more), stream)?;
        (!closes && end - first <= most).then_some(())
    }

    /// The answer of a server that is asked too often.
    fn refusal(&self, number: usize) -> Option<String> {
        let (status, seconds) = match self.fault {
            Some(Fault::TooMany) if number.is_multiple_of(2) => ("429 Too Many", 0),
            Some(Fault::Busy) if number.is_multiple_of(3) => ("503 Busy", 1),
            _ => return None,
        };
        let after = format!("retry-after: {seconds}\r\ncontent-length: 0");
        Some(format!("HTTP/1.1 {status}\r\n{after}\r\n\r\n"))
    }

    fn send(&self, mut body: impl Read, stream: &mut TcpStream) -> Option<()> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let n = body.read(&mut buffer).ok()?;
            if n == 0 {
                return Some(());
            }
            self.wait_for(n);
            // Counted before: who has read them all may ask for the count at once.
            self.sent.fetch_add(n as u64, Ordering::SeqCst);
            stream.write_all(&buffer[..n]).ok()?;
        }
    }

    /// Until the line has carried what was sent before.
    fn wait_for(&self, bytes: usize) {
        let Some(rate) = self.line.bytes_per_second else { return };
        let now = Instant::now();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = free.map_or(now, |free| free.max(now));
        *free = Some(begins + Duration::from_secs_f64(bytes as f64 / rate));
        drop(free);
        thread::sleep(begins.saturating_duration_since(now));
    }
}
