//! A server of byte ranges over HTTP/2 and TLS, on a line of 30 ms and 80 MB/s, that counts.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::server::SendResponse;
use http::{Method, Request, Response};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

const LATENCY: Duration = Duration::from_millis(30);
const BYTES_PER_SECOND: f64 = 80e6;
const PIECE: usize = 64 << 10;

/// Serves a folder until the process ends.
pub(crate) struct Http2 {
    pub(crate) url: String,
    /// What the client has to trust: a file for `SSL_CERT_FILE`.
    pub(crate) certificate: PathBuf,
    state: Arc<State>,
}

struct State {
    folder: PathBuf,
    asked: Mutex<Vec<String>>,
    sent: AtomicU64,
    connections: AtomicUsize,
    free: Mutex<Instant>,
}

impl Http2 {
    /// Serves `folder`; the certificate is written into `aside`.
    pub(crate) fn start(folder: &Path, aside: &Path) -> Self {
        let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a key");
        let certificate = aside.join("server.pem");
        std::fs::write(&certificate, key.cert.pem()).expect("a certificate");
        let private =
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.signing_key.serialize_der()));
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![key.cert.der().clone()], private)
            .expect("a key that fits");
        config.alpn_protocols = vec![b"h2".to_vec()];
        let state = Arc::new(State {
            folder: folder.to_owned(),
            asked: Mutex::default(),
            sent: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
            free: Mutex::new(Instant::now()),
        });
        let (sender, address) = mpsc::channel();
        let (shared, acceptor) = (state.clone(), TlsAcceptor::from(Arc::new(config)));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                sender.send(listener.local_addr().expect("an address")).expect("a reader");
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(converse(stream, acceptor.clone(), shared.clone()));
                }
            });
        });
        let url = format!("https://{}", address.recv().expect("an address"));
        Self { url, certificate, state }
    }

    /// Method, path and range of each request so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.asked.lock().expect("no panic").clone()
    }

    pub(crate) fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::SeqCst)
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn reset(&self) {
        self.state.asked.lock().expect("no panic").clear();
        self.state.sent.store(0, Ordering::SeqCst);
        self.state.connections.store(0, Ordering::SeqCst);
    }
}

async fn converse(stream: tokio::net::TcpStream, acceptor: TlsAcceptor, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    state.connections.fetch_add(1, Ordering::SeqCst);
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(answer(request, respond, state.clone()));
    }
}

async fn answer(
    request: Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
    state: Arc<State>,
) {
    let range = request.headers().get("range").and_then(|range| range.to_str().ok());
    let range = range.map(str::to_owned);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let asked = range.as_deref().unwrap_or("the whole");
    state.asked.lock().expect("no panic").push(format!("{method} {path} {asked}"));
    tokio::time::sleep(LATENCY).await;
    let Ok(mut file) = std::fs::File::open(state.folder.join(path.trim_start_matches('/'))) else {
        let missing = Response::builder().status(404).body(()).expect("an answer");
        let _ = respond.send_response(missing, true);
        return;
    };
    let length = file.metadata().expect("a length").len();
    let parsed = range.as_deref().and_then(|range| {
        let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
        Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?))
    });
    let (first, end) = parsed.map_or((0, length), |(a, b)| (a, (b + 1).min(length)));
    let mut head = Response::builder()
        .status(if parsed.is_some() { 206 } else { 200 })
        .header("etag", "\"one\"")
        .header("content-length", end - first);
    if parsed.is_some() {
        head = head.header("content-range", format!("bytes {first}-{}/{length}", end - 1));
    }
    let is_head = method == Method::HEAD;
    let head = head.body(()).expect("an answer");
    let Ok(mut body) = respond.send_response(head, is_head) else { return };
    if is_head {
        return;
    }
    file.seek(SeekFrom::Start(first)).expect("a place");
    let mut left = end - first;
    while left > 0 {
        let mut piece = vec![0; PIECE.min(usize::try_from(left).expect("a length"))];
        file.read_exact(&mut piece).expect("bytes");
        left -= piece.len() as u64;
        state.carry(piece.len()).await;
        state.sent.fetch_add(piece.len() as u64, Ordering::SeqCst);
        if body.send_data(piece.into(), left == 0).is_err() {
            return;
        }
    }
}

impl State {
    /// Until the line has carried what was sent before.
    async fn carry(&self, bytes: usize) {
        let now = Instant::now();
        let begins = {
            let mut free = self.free.lock().expect("no panic");
            let begins = (*free).max(now);
            *free = begins + Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND);
            begins
        };
        tokio::time::sleep(begins.saturating_duration_since(now)).await;
    }
}
