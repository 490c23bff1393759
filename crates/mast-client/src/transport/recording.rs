use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Body, Headers, Method, Request, Response, Transport};
use crate::hash::{Sha256, sha256};
use crate::{Error, Result, disk};

/// Headers worth keeping; the rest (dates, cookies, servers' names) only makes recordings differ.
const KEPT: [&str; 7] = [
    "content-type",
    "content-length",
    "content-range",
    "etag",
    "last-modified",
    "accept-ranges",
    "retry-after",
];
/// Fields of a request that make equal requests look different.
const BREAKERS: [&str; 3] = ["cachebreaker", "cacheBreaker", "clearcache"];
const PIECE: usize = 128 << 10;

/// What was asked, without secrets: the name of an exchange in a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    method: String,
    url: String,
    request: String,
    range: String,
}

/// One answer; its body lies in `bodies` under its sum.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Answered {
    status: u16,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// All that was answered to one question, in order: `EXECUTING` and then `COMPLETE`, for instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Exchange {
    asked: Asked,
    answers: Vec<Answered>,
}

impl Asked {
    fn by(request: &Request) -> Self {
        Self {
            method: request.method.as_str().to_owned(),
            url: request.url.clone(),
            request: canonical_body(request),
            range: request.headers.value("range").unwrap_or_default().to_owned(),
        }
    }

    fn key(&self) -> String {
        sha256(
            format!("{}\n{}\n{}\n{}", self.method, self.url, self.request, self.range).as_bytes(),
        )
    }

    fn describe(&self) -> String {
        let mut text = format!("{} {}", self.method, self.url);
        for part in [&self.request, &self.range] {
            if !part.is_empty() {
                text.push(' ');
                text.push_str(part);
            }
        }
        text
    }
}

/// The JSON of a Mashup request with sorted keys and without cache breakers; other bodies as they are.
fn canonical_body(request: &Request) -> String {
    if request.method != Method::Post {
        return String::new();
    }
    let body = String::from_utf8_lossy(&request.body);
    let json = crate::mashup::decode_form(&body, "request");
    match json.as_deref().and_then(|json| serde_json::from_str(json).ok()) {
        Some(value) => canonical(&value),
        None => body.into_owned(),
    }
}

fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<_> =
                map.iter().filter(|(key, _)| !BREAKERS.contains(&key.as_str())).collect();
            fields.sort_by_key(|(key, _)| *key);
            let text = |(key, value): &(&String, &Value)| {
                format!("{}:{}", Value::String((*key).clone()), canonical(value))
            };
            format!("{{{}}}", fields.iter().map(text).collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// A transport that keeps every complete exchange of another one in a folder, for [`Replay`].
///
/// Tokens never reach the folder. Bodies are stored once each, under their SHA-256.
#[derive(Debug)]
pub struct Record<T> {
    inner: T,
    folder: PathBuf,
    // Questions of this session: the first answer to each replaces what an earlier session kept.
    seen: std::sync::Arc<Mutex<HashMap<String, Exchange>>>,
}

impl<T: Transport> Record<T> {
    /// Records what passes through `inner` below `folder`, which is created.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(inner: T, folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        for part in ["exchanges", "bodies"] {
            let path = folder.join(part);
            fs::create_dir_all(&path).map_err(Error::disk("create", path))?;
        }
        Ok(Self { inner, folder, seen: std::sync::Arc::default() })
    }
}

impl<T: Transport> Transport for Record<T> {
    fn send(&self, request: &Request) -> Result<Response> {
        let response = self.inner.send(request)?;
        let temporary = self.folder.join("bodies").join(format!(
            "{}.part-{}",
            std::process::id(),
            disk::unique()
        ));
        let file = fs::File::create(&temporary).map_err(Error::disk("create", &temporary))?;
        let headers = response.headers.0.iter();
        let kept = headers.filter(|(name, _)| KEPT.iter().any(|k| k.eq_ignore_ascii_case(name)));
        let keeper = Keeper {
            asked: Asked::by(request),
            answered: Answered {
                status: response.status,
                url: response.url.clone(),
                headers: kept.cloned().collect(),
                body: String::new(),
            },
            folder: self.folder.clone(),
            seen: self.seen.clone(),
            file,
            temporary,
            sum: Sha256::new(),
        };
        let body: Body = Box::new(Tee { body: response.body, keeper: Some(keeper) });
        Ok(Response { body, ..response })
    }
}

/// Copies a body to the recording while it passes, and keeps the exchange once it is complete.
struct Tee {
    body: Body,
    keeper: Option<Keeper>,
}

struct Keeper {
    asked: Asked,
    answered: Answered,
    folder: PathBuf,
    seen: std::sync::Arc<Mutex<HashMap<String, Exchange>>>,
    file: fs::File,
    temporary: PathBuf,
    sum: Sha256,
}

impl Iterator for Tee {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.body.next() {
            Some(Ok(piece)) => {
                let kept = self.keeper.as_mut().map_or(Ok(()), |keeper| keeper.add(&piece));
                Some(kept.map(|()| piece))
            }
            Some(Err(error)) => {
                self.keeper = None;
                Some(Err(error))
            }
            None => self.keeper.take()?.keep().err().map(Err),
        }
    }
}

impl Keeper {
    fn add(&mut self, piece: &[u8]) -> Result<()> {
        self.sum.update(piece);
        self.file.write_all(piece).map_err(Error::disk("write", &self.temporary))
    }

    fn keep(mut self) -> Result<()> {
        self.answered.body = std::mem::replace(&mut self.sum, Sha256::new()).finish();
        let body = self.folder.join("bodies").join(&self.answered.body);
        fs::rename(&self.temporary, &body).map_err(Error::disk("write", body))?;
        let key = self.asked.key();
        let path = self.folder.join("exchanges").join(format!("{key}.json"));
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let exchange = seen
            .entry(key)
            .or_insert_with(|| Exchange { asked: self.asked.clone(), answers: Vec::new() });
        exchange.answers.push(self.answered.clone());
        let json = serde_json::to_vec_pretty(exchange).unwrap_or_default();
        disk::write_atomic(&path, &json)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Gone already when the exchange was kept.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// A transport that answers from a recording, opens no socket, and fails on what was not recorded.
///
/// A question that was asked several times gets its answers in order, then the last one again.
#[derive(Debug)]
pub struct Replay {
    folder: PathBuf,
    exchanges: HashMap<String, Exchange>,
    given: Mutex<HashMap<String, usize>>,
}

impl Replay {
    /// Reads the recording in `folder`.
    ///
    /// # Errors
    /// When the folder or one of its exchanges cannot be read.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        let path = folder.join("exchanges");
        let entries = fs::read_dir(&path).map_err(Error::disk("read", &path))?;
        let mut exchanges = HashMap::new();
        for entry in entries {
            let file = entry.map_err(Error::disk("read", &path))?.path();
            if file.extension().is_some_and(|extension| extension == "json") {
                let exchange = read_exchange(&file)?;
                exchanges.insert(exchange.asked.key(), exchange);
            }
        }
        Ok(Self { folder, exchanges, given: Mutex::default() })
    }

    fn nearest(&self, asked: &Asked) -> Option<String> {
        let wanted = asked.describe();
        let likeness = |exchange: &&Exchange| {
            let text = exchange.asked.describe();
            let same = text.bytes().zip(wanted.bytes()).take_while(|(a, b)| a == b).count();
            let same_end = text.bytes().rev().zip(wanted.bytes().rev()).take_while(|(a, b)| a == b);
            (same + same_end.count(), std::cmp::Reverse(text))
        };
        self.exchanges.values().max_by_key(likeness).map(|exchange| exchange.asked.describe())
    }
}

fn read_exchange(file: &Path) -> Result<Exchange> {
    let text = fs::read(file).map_err(Error::disk("read", file))?;
    serde_json::from_slice(&text).map_err(|source| Error::BadLine {
        path: file.to_owned(),
        line: source.line(),
        source,
    })
}

impl Transport for Replay {
    fn send(&self, request: &Request) -> Result<Response> {
        let asked = Asked::by(request);
        let key = asked.key();
        let answers = self.exchanges.get(&key).map(|exchange| &exchange.answers);
        let Some(answers) = answers.filter(|answers| !answers.is_empty()) else {
            let nearest = self.nearest(&asked);
            return Err(Error::NotRecorded { request: asked.describe(), nearest });
        };
        let mut given = self.given.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let turn = given.entry(key).or_default();
        let answer = &answers[(*turn).min(answers.len() - 1)];
        *turn += 1;
        // The name of a body must not lead out of the recording.
        if !answer.body.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::UnsafeName { name: answer.body.clone() });
        }
        let path = self.folder.join("bodies").join(&answer.body);
        let file = fs::File::open(&path).map_err(Error::disk("read", &path))?;
        Ok(Response {
            status: answer.status,
            url: answer.url.clone(),
            headers: Headers(answer.headers.clone()),
            body: Box::new(disk::pieces(file, path, PIECE)),
        })
    }
}
