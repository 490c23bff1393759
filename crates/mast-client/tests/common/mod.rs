//! What the tests of this crate share.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::sync::Mutex;
use std::time::Duration;

use mast_client::{
    ClientOptions, Headers, MastClient, Request, Response, Result, Retries, Transport,
};

/// A transport that gives prepared bodies and remembers what it was asked.
#[derive(Debug, Default)]
pub struct Canned {
    bodies: Mutex<Vec<Vec<u8>>>,
    pub asked: Mutex<Vec<Request>>,
}

impl Canned {
    pub fn always(body: impl Into<Vec<u8>>) -> Self {
        Self::in_turn([body.into()])
    }

    /// Gives `bodies` in turn, then the last one again.
    pub fn in_turn<B: Into<Vec<u8>>>(bodies: impl IntoIterator<Item = B>) -> Self {
        let mut bodies: Vec<Vec<u8>> = bodies.into_iter().map(Into::into).collect();
        bodies.reverse();
        Self { bodies: Mutex::new(bodies), asked: Mutex::default() }
    }

    pub fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Transport for Canned {
    fn send(&self, request: &Request) -> Result<Response> {
        self.asked.lock().unwrap().push(request.clone());
        let mut bodies = self.bodies.lock().unwrap();
        let body = if bodies.len() > 1 { bodies.pop().unwrap() } else { bodies[0].clone() };
        let pieces: Vec<_> = body.chunks(1000).map(|piece| Ok(piece.to_vec())).collect();
        let (url, headers) = (request.url.clone(), Headers::default());
        Ok(Response { status: 200, url, headers, body: Box::new(pieces.into_iter()) })
    }
}

/// Options for a server that need not be spared.
pub fn hasty(base_url: &str) -> ClientOptions {
    ClientOptions {
        base_url: base_url.to_owned(),
        deadline: Duration::from_secs(10),
        idle: Duration::from_secs(2),
        poll: (Duration::from_millis(1), Duration::from_millis(4)),
        retries: Retries {
            attempts: 4,
            base: Duration::from_millis(5),
            cap: Duration::from_millis(40),
        },
        requests_per_second: 10_000.0,
        ..ClientOptions::default()
    }
}

pub fn client<T: Transport>(transport: T) -> MastClient<T> {
    MastClient::new(transport, hasty("http://archive.invalid"))
}
