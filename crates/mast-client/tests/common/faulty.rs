//! A small HTTP server on loopback that misbehaves as a test wants it to.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The first byte asked for.
    pub fn from(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

pub struct Faulty {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    over: Arc<AtomicBool>,
}

impl Faulty {
    /// Answers every request, counted from 0, with `behave`; the connection closes after each.
    pub fn start(behave: impl Fn(usize, &Asked, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, over) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::<AtomicBool>::default());
        let (log, stop, behave) = (asked.clone(), over.clone(), Arc::new(behave));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(mut stream), log, behave) = (stream, log.clone(), behave.clone()) else {
                    continue;
                };
                thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    let number = {
                        let mut log = log.lock().unwrap();
                        log.push(request.clone());
                        log.len() - 1
                    };
                    behave(number, &request, &mut stream);
                });
            }
        });
        Self { url, asked, over }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut request = Asked::default();
    reader.read_line(&mut request.line).ok().filter(|length| *length > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        request.headers.push((name.to_owned(), value.to_owned()));
    }
    let length = request.header("content-length").and_then(|length| length.parse().ok());
    request.body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

pub fn head(stream: &mut TcpStream, status: &str, headers: &[(&str, String)]) {
    let mut text = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let _ = stream.write_all(format!("{text}\r\n").as_bytes());
}

pub fn send(stream: &mut TcpStream, status: &str, headers: &[(&str, String)], body: &[u8]) {
    let mut headers = headers.to_vec();
    headers.push(("content-length", body.len().to_string()));
    head(stream, status, &headers);
    let _ = stream.write_all(body);
}

/// Sends at most `most` bytes of what an honest server would send of `file`, then cuts.
pub fn send_file(stream: &mut TcpStream, asked: &Asked, file: &[u8], etag: &str, most: usize) {
    let current = asked.header("if-range").is_none_or(|known| known == etag);
    let from = asked.from().filter(|from| current && *from < file.len());
    let rest = &file[from.unwrap_or(0)..];
    let mut headers = vec![("content-length", rest.len().to_string())];
    if !etag.is_empty() {
        headers.push(("etag", etag.to_owned()));
    }
    if let Some(from) = from {
        let range = format!("bytes {from}-{}/{}", file.len() - 1, file.len());
        headers.push(("content-range", range));
    }
    head(stream, if from.is_some() { "206 Partial Content" } else { "200 OK" }, &headers);
    if asked.line.starts_with("HEAD") {
        return;
    }
    let _ = stream.write_all(&rest[..rest.len().min(most)]);
    let _ = stream.flush();
    if most < rest.len() {
        // Let the client read what came before the reset.
        thread::sleep(Duration::from_millis(20));
    }
}

/// Something that starts like a FITS file and is different everywhere.
pub fn file(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes: Vec<u8> = b"SIMPLE  =                    T".to_vec();
    bytes.resize_with(length, || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    });
    bytes
}
