//! A folder of files as a server that speaks the archive's own protocol.

mod http;
mod service;

use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::{Cancel, LocalArchive};

/// Connections at a time; more are turned away.
const CONNECTIONS: usize = 64;
/// A client that says nothing for so long is gone.
const IDLE: Duration = Duration::from_secs(60);

/// A server for the requests of archive clients: queries, product lists, and files with byte ranges.
///
/// It gives out what is in the archive's index and nothing else, and it changes nothing. There is no
/// encryption and no access control: it is meant for the own machine or a trusted network.
#[derive(Debug)]
pub struct Server {
    archive: LocalArchive,
    listener: TcpListener,
}

impl Server {
    /// Opens the port; requests wait until [`Server::run`].
    ///
    /// # Errors
    /// When the address cannot be had.
    pub fn bind(archive: LocalArchive, address: impl ToSocketAddrs) -> io::Result<Self> {
        Ok(Self { archive, listener: TcpListener::bind(address)? })
    }

    /// Where the server listens; tells the port where the system chose one.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until `cancel`.
    ///
    /// # Errors
    /// When connections can no longer be accepted.
    pub fn run(&self, cancel: &Cancel) -> io::Result<()> {
        let address = self.address()?;
        let busy = AtomicUsize::new(0);
        thread::scope(|scope| {
            scope.spawn(move || knock_when_over(address, cancel));
            loop {
                let stream = match self.listener.accept() {
                    Ok((stream, _)) => stream,
                    Err(error) if is_passing(&error) => continue,
                    Err(error) => {
                        cancel.cancel();
                        return Err(error);
                    }
                };
                if cancel.is_cancelled() {
                    return Ok(());
                }
                let busy = &busy;
                if busy.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS {
                    busy.fetch_sub(1, Ordering::Relaxed);
                    turn_away(&stream);
                    continue;
                }
                scope.spawn(move || {
                    // A connection that breaks is the client's business.
                    let _ = self.converse(&stream, cancel);
                    busy.fetch_sub(1, Ordering::Relaxed);
                });
            }
        })
    }

    /// All requests of one connection.
    fn converse(&self, stream: &TcpStream, cancel: &Cancel) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(IDLE))?;
        let mut reader = BufReader::new(stream);
        while http::wait_for_bytes(stream, &mut reader, IDLE, cancel)? {
            let request = match http::read(&mut reader) {
                Ok(request) => request,
                Err(problem) => {
                    let answer = http::Answer::text(400, &problem.to_string());
                    return answer.send(&mut &*stream, false, false);
                }
            };
            let keep = request.keeps_alive();
            let answer = service::answer(&self.archive, &request);
            answer.send(&mut &*stream, request.is_head(), keep)?;
            if !keep {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// `accept` waits for ever, so the end comes as a connection.
fn knock_when_over(address: SocketAddr, cancel: &Cancel) {
    while !cancel.is_cancelled() {
        thread::sleep(Duration::from_millis(50));
    }
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    let _ =
        TcpStream::connect_timeout(&SocketAddr::new(ip, address.port()), Duration::from_secs(1));
}

fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

fn turn_away(mut stream: &TcpStream) {
    let busy = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let _ = stream.write_all(busy.as_bytes());
}
