//! `hst archive serve`, and something between it and a client that counts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A folder served until the end of the test.
pub(crate) struct Server(Child, pub(crate) String);

impl Server {
    pub(crate) fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hst"))
            .args(["archive", "serve"])
            .arg(folder)
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("hst runs");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let url = line.trim().split("at ").last().expect("an address").to_owned();
        Self(child, url)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Passes everything on to a server and back, and keeps what was asked and how much came.
pub(crate) struct Counter {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<u8>>>,
    came: Arc<AtomicU64>,
}

impl Counter {
    pub(crate) fn before(server: &Server) -> Self {
        Self::slowing(server, Duration::ZERO)
    }

    /// With a pause before each 64 KiB that come.
    pub(crate) fn slowing(server: &Server, pause: Duration) -> Self {
        Self::between(server, Duration::ZERO, move |_| thread::sleep(pause))
    }

    /// On a line with such a latency and bandwidth; all connections share it.
    #[allow(dead_code, reason = "each test file uses its part")]
    pub(crate) fn on_line(server: &Server, latency: Duration, bytes_per_second: f64) -> Self {
        let free = Mutex::new(Instant::now());
        Self::between(server, latency, move |bytes| {
            let now = Instant::now();
            let mut free = free.lock().expect("no panic");
            let begins = (*free).max(now);
            *free = begins + Duration::from_secs_f64(bytes as f64 / bytes_per_second);
            drop(free);
            thread::sleep(begins.saturating_duration_since(now));
        })
    }

    fn between(
        server: &Server,
        latency: Duration,
        carry: impl Fn(usize) + Send + Sync + 'static,
    ) -> Self {
        let carry = Arc::new(carry);
        let target = server.1.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let (asked, came) = (Arc::<Mutex<Vec<u8>>>::default(), Arc::<AtomicU64>::default());
        let (log, count) = (asked.clone(), came.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&target) else { return };
                let _ = (server.set_nodelay(true), client.set_nodelay(true));
                let (to, from) = (server.try_clone().expect("a copy"), client.try_clone());
                let (log, count, carry) = (log.clone(), count.clone(), carry.clone());
                thread::spawn(move || {
                    pass(client, to, |bytes| {
                        thread::sleep(latency);
                        log.lock().expect("no panic").extend_from_slice(bytes);
                    });
                });
                thread::spawn(move || {
                    pass(server, from.expect("a copy"), |bytes| {
                        carry(bytes.len());
                        count.fetch_add(bytes.len() as u64, Ordering::SeqCst);
                    });
                });
            }
        });
        Self { url, asked, came }
    }

    /// How many requests began so.
    pub(crate) fn requests(&self, start: &str) -> usize {
        let asked = self.asked.lock().expect("no panic");
        String::from_utf8_lossy(&asked).matches(start).count()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.came.load(Ordering::SeqCst)
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut see: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        see(&buffer[..length]);
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
