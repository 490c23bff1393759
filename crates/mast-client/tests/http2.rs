//! Ranges over HTTP/2: the same requests and bytes as over HTTP/1.1, on one connection.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use mast_client::{Https, HttpsOptions, Prefer, RangeOptions, Ranges};

const LENGTH: usize = 20 << 20;

fn content() -> Bytes {
    (0..LENGTH as u32 / 4).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
    bytes: AtomicUsize,
}

/// Serves `content` at every address until the process ends.
fn serve(content: Bytes, counts: Arc<Counts>) -> SocketAddr {
    let (sender, address) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                counts.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(converse(stream, content.clone(), counts.clone()));
            }
        });
    });
    address.recv().unwrap()
}

async fn converse(stream: tokio::net::TcpStream, content: Bytes, counts: Arc<Counts>) {
    let _ = stream.set_nodelay(true);
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        counts.requests.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(answer(request, respond, content.clone(), counts.clone()));
    }
}

async fn answer(
    request: http::Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
    content: Bytes,
    counts: Arc<Counts>,
) {
    tokio::time::sleep(Duration::from_millis(30)).await;
    let range = request.headers()["range"].to_str().unwrap().strip_prefix("bytes=").unwrap();
    let (first, last) = range.split_once('-').unwrap();
    let first: usize = first.parse().unwrap();
    let end = (last.parse::<usize>().unwrap() + 1).min(content.len());
    let head = http::Response::builder()
        .status(206)
        .header("etag", "\"one\"")
        .header("content-length", end - first)
        .header("content-range", format!("bytes {first}-{}/{}", end - 1, content.len()))
        .body(())
        .unwrap();
    counts.bytes.fetch_add(end - first, Ordering::SeqCst);
    let mut body = respond.send_response(head, false).unwrap();
    body.send_data(content.slice(first..end), true).unwrap();
}

#[test]
fn ranges_over_one_connection() {
    let content = content();
    for (prefer, requests, bytes) in [
        (Prefer::Latency, 2, (128 << 10) + 199 * 20_000 + 400),
        (Prefer::Bytes, 201, (128 << 10) + 200 * 400),
    ] {
        let counts = Arc::<Counts>::default();
        let address = serve(content.clone(), counts.clone());
        let https = Https::new(HttpsOptions { http2_only: true, ..HttpsOptions::default() });
        let ranges = Ranges::new(Arc::new(https), RangeOptions { prefer, ..Default::default() });
        let source = ranges.open(&format!("http://{address}/a.fits")).unwrap();
        let mut out = vec![0; 200 * 400];
        let at = |i: usize| 3_000_000 + 20_000 * i;
        let mut pieces: Vec<_> =
            out.chunks_mut(400).enumerate().map(|(i, out)| (at(i) as u64, out)).collect();
        source.read_many(&mut pieces).unwrap();
        assert!((0..200).all(|i| out[400 * i..][..400] == content[at(i)..][..400]));
        assert_eq!(counts.requests.load(Ordering::SeqCst), requests);
        assert_eq!(counts.bytes.load(Ordering::SeqCst), bytes);
        assert_eq!(counts.connections.load(Ordering::SeqCst), 1);
    }
}
