use std::error::Error as _;
use std::io::Read;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Response as Answer};
use reqwest::{Url, redirect};

use super::{Encoding, Headers, Method, Request, Response, Transport};
use crate::limits::GLANCE;
use crate::{Error, Limits, Result};

const REDIRECTIONS: usize = 8;
const PIECE: usize = 128 << 10;
/// Pieces a fast connection may be ahead of its reader.
const AHEAD: usize = 4;

/// How [`Https`] connects.
#[derive(Debug, Clone)]
pub struct HttpsOptions {
    /// The longest time for name look-up, connection and TLS together.
    pub connect: Duration,
    /// A connection that is silent for so long ends by itself, whether or not anybody still waits; requests
    /// have their own, shorter limit.
    pub linger: Duration,
    /// What the service sees as `User-Agent`.
    pub user_agent: String,
    /// Whether to speak HTTP/2 without asking. Over https it is agreed upon anyway; plain http cannot agree.
    pub http2_only: bool,
}

impl Default for HttpsOptions {
    fn default() -> Self {
        let user_agent = concat!("mast-client/", env!("CARGO_PKG_VERSION")).to_owned();
        let (connect, linger) = (Duration::from_secs(10), Duration::from_secs(120));
        Self { connect, linger, user_agent, http2_only: false }
    }
}

/// The network: HTTP and HTTPS with rustls and the certificates of the system.
///
/// Nothing is opened before the first request. Every exchange runs in a thread of its own, so that the
/// caller can leave at its deadline however the server behaves; a thread that is left behind ends with its
/// connection. Redirections are followed, never from https to http, and never with the token to another host.
#[derive(Debug, Default)]
pub struct Https {
    options: HttpsOptions,
    compressed: OnceLock<Connector>,
    identity: OnceLock<Connector>,
}

/// A client, and why it cannot speak https where it cannot.
#[derive(Debug)]
struct Connector {
    client: Option<Client>,
    problem: Option<String>,
}

impl Https {
    /// A transport that connects as `options` say.
    pub fn new(options: HttpsOptions) -> Self {
        Self { options, ..Self::default() }
    }

    fn client(&self, encoding: Encoding, url: &Url) -> Result<Client> {
        let cell = match encoding {
            Encoding::Compressed => &self.compressed,
            Encoding::Identity => &self.identity,
        };
        let connector = cell.get_or_init(|| connector(&self.options, encoding));
        match (&connector.client, &connector.problem) {
            (Some(client), None) => Ok(client.clone()),
            (Some(client), Some(_)) if url.scheme() == "http" => Ok(client.clone()),
            (_, problem) => Err(Error::NoTrustStore {
                url: url.to_string(),
                source: problem.clone().unwrap_or_default().into(),
            }),
        }
    }
}

/// Where the system has no certificates, plain http to a server at home still works.
fn connector(options: &HttpsOptions, encoding: Encoding) -> Connector {
    // An error means that the program chose a provider before us, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let builder = Client::builder();
        let builder = if options.http2_only { builder.http2_prior_knowledge() } else { builder };
        builder
            .connect_timeout(options.connect)
            .timeout(options.linger)
            .user_agent(&options.user_agent)
            .gzip(encoding == Encoding::Compressed)
            .redirect(redirect::Policy::none())
    };
    let problem = match builder().build() {
        Ok(client) => return Connector { client: Some(client), problem: None },
        Err(error) => innermost(&error),
    };
    let no_roots = rustls::ClientConfig::builder()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = builder().tls_backend_preconfigured(no_roots).build().ok();
    Connector { client, problem: Some(problem) }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

impl Transport for Https {
    fn send(&self, request: &Request) -> Result<Response> {
        let mut url = parse(&request.url)?;
        let home = url.clone();
        let mut method = request.method;
        for _ in 0..=REDIRECTIONS {
            let response = self.exchange(request, method, &url, &home)?;
            let Some(next) = redirection(&response, &url)? else { return Ok(response) };
            // What browsers and RFC 9110, sect. 15.4 agree on: only 307 and 308 keep a POST.
            if method == Method::Post && !matches!(response.status, 307 | 308) {
                method = Method::Get;
            }
            url = next;
        }
        let problem = "too many redirections";
        Err(Error::Redirect { from: request.url.clone(), to: url.to_string(), problem })
    }
}

fn parse(url: &str) -> Result<Url> {
    let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    parsed.ok_or_else(|| Error::BadUrl { url: url.to_owned() })
}

fn redirection(response: &Response, from: &Url) -> Result<Option<Url>> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers.value("location") else { return Ok(None) };
    let refuse = |problem| Error::Redirect {
        from: from.to_string(),
        to: crate::error::beginning(location.as_bytes(), 512),
        problem,
    };
    let next = from.join(location).map_err(|_| refuse("not an address"))?;
    match (from.scheme(), next.scheme()) {
        ("https", "https") | ("http", "http" | "https") => Ok(Some(next)),
        ("https", "http") => Err(refuse("it would leave https")),
        _ => Err(refuse("not an http address")),
    }
}

fn same_host(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

enum News {
    Head(std::result::Result<(u16, Headers), reqwest::Error>),
    Piece(std::io::Result<Vec<u8>>),
    End,
}

impl Https {
    fn exchange(
        &self,
        request: &Request,
        method: Method,
        url: &Url,
        home: &Url,
    ) -> Result<Response> {
        request.limits.remaining(url.as_str())?;
        let client = self.client(request.encoding, url)?;
        let builder = build(&client, request, method, url, home);
        let (sender, news) = sync_channel(AHEAD);
        let started = thread::Builder::new()
            .name("mast-client exchange".to_owned())
            .spawn(move || run(builder, &sender));
        started
            .map_err(|source| Error::Unreachable { url: url.to_string(), source: source.into() })?;
        let mut pieces = Pieces {
            news,
            limits: request.limits.clone(),
            url: url.to_string(),
            received: 0,
            over: false,
        };
        let (status, headers) = pieces.head()?;
        Ok(Response { status, url: url.to_string(), headers, body: Box::new(pieces) })
    }
}

fn build(
    client: &Client,
    request: &Request,
    method: Method,
    url: &Url,
    home: &Url,
) -> reqwest::blocking::RequestBuilder {
    let mut builder = match method {
        Method::Get => client.get(url.clone()),
        Method::Head => client.head(url.clone()),
        Method::Post => client.post(url.clone()).body(request.body.clone()),
    };
    for (name, value) in &request.headers.0 {
        if method == Method::Post || !name.eq_ignore_ascii_case("content-type") {
            builder = builder.header(name, value);
        }
    }
    if request.encoding == Encoding::Identity {
        builder = builder.header("accept-encoding", "identity");
    }
    match &request.token {
        Some(token) if same_host(url, home) => {
            builder.header("authorization", token.authorization())
        }
        _ => builder,
    }
}

/// The exchange's own thread: passes on what comes until it ends or nobody listens.
fn run(builder: reqwest::blocking::RequestBuilder, sender: &SyncSender<News>) {
    let mut answer = match builder.send() {
        Ok(answer) => answer,
        Err(error) => {
            let _ = sender.send(News::Head(Err(error.without_url())));
            return;
        }
    };
    let head = (answer.status().as_u16(), headers(&answer));
    if sender.send(News::Head(Ok(head))).is_err() {
        return;
    }
    loop {
        let piece = next_piece(&mut answer);
        let last = !matches!(&piece, Ok(bytes) if !bytes.is_empty());
        let news = match piece {
            Ok(bytes) if bytes.is_empty() => News::End,
            piece => News::Piece(piece),
        };
        if sender.send(news).is_err() || last {
            return;
        }
    }
}

fn next_piece(answer: &mut Answer) -> std::io::Result<Vec<u8>> {
    let mut piece = vec![0; PIECE];
    let length = loop {
        match answer.read(&mut piece) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    piece.truncate(length);
    Ok(piece)
}

fn headers(answer: &Answer) -> Headers {
    let text = |value: &reqwest::header::HeaderValue| {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    };
    Headers(answer.headers().iter().map(|(n, v)| (n.as_str().to_owned(), text(v))).collect())
}

/// The listening side of an exchange, which keeps the limits.
struct Pieces {
    news: Receiver<News>,
    limits: Limits,
    url: String,
    received: u64,
    over: bool,
}

impl Pieces {
    fn head(&mut self) -> Result<(u16, Headers)> {
        match self.wait()? {
            News::Head(Ok(head)) => Ok(head),
            News::Head(Err(error)) => Err(self.no_answer(error)),
            News::Piece(_) | News::End => Err(self.died()),
        }
    }

    fn wait(&self) -> Result<News> {
        let patience = Instant::now() + self.limits.idle;
        loop {
            let left = self.limits.remaining(&self.url)?;
            let idle_left = patience.saturating_duration_since(Instant::now());
            if idle_left.is_zero() {
                return Err(self.stalled());
            }
            match self.news.recv_timeout(left.min(idle_left).min(GLANCE)) {
                Ok(news) => return Ok(news),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.died()),
            }
        }
    }

    fn stalled(&self) -> Error {
        Error::Stalled { url: self.url.clone(), idle_s: self.limits.idle.as_secs_f64() }
    }

    fn died(&self) -> Error {
        let source = "the exchange ended without an answer".into();
        Error::Unreachable { url: self.url.clone(), source }
    }

    fn no_answer(&self, error: reqwest::Error) -> Error {
        if error.is_timeout() && !error.is_connect() {
            return self.stalled();
        }
        let no_trust =
            error.source().is_some_and(|cause| innermost(cause).contains("UnknownIssuer"))
                && error.is_connect()
                && self.url.starts_with("https");
        let (url, source) = (self.url.clone(), error.into());
        if no_trust {
            Error::NoTrustStore { url, source }
        } else {
            Error::Unreachable { url, source }
        }
    }

    fn broken(&self, source: std::io::Error) -> Error {
        if source.kind() == std::io::ErrorKind::TimedOut {
            return self.stalled();
        }
        Error::Cut { url: self.url.clone(), received: self.received, source: source.into() }
    }
}

impl Iterator for Pieces {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let piece = match self.wait() {
            Ok(News::Piece(Ok(piece))) => {
                self.received += piece.len() as u64;
                return Some(Ok(piece));
            }
            Ok(News::End) => None,
            Ok(News::Piece(Err(error))) => Some(Err(self.broken(error))),
            Ok(News::Head(_)) => Some(Err(self.died())),
            Err(error) => Some(Err(error)),
        };
        self.over = true;
        piece
    }
}
