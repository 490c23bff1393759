//! One request, one answer: the only door to the network.

mod https;
mod message;
mod recording;
mod token;

pub use https::{Https, HttpsOptions};
pub use message::{Body, Encoding, Headers, Method, Request, Response};
pub use recording::{Record, Replay};
pub use token::Token;

pub(crate) use message::{encode_query_value, read_body};

use crate::Result;

/// Carries a request to a server and brings the answer back; replace it to test or to replay.
///
/// An implementation honours the request's limits while headers and body come, follows redirections, and
/// gives every HTTP status back as a response: only a failed exchange is an error.
pub trait Transport: Send + Sync {
    /// Sends one request.
    ///
    /// # Errors
    /// When there is no complete answer within the request's limits.
    fn send(&self, request: &Request) -> Result<Response>;
}

impl<T: Transport + ?Sized> Transport for &T {
    fn send(&self, request: &Request) -> Result<Response> {
        (**self).send(request)
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn send(&self, request: &Request) -> Result<Response> {
        (**self).send(request)
    }
}

impl<T: Transport + ?Sized> Transport for std::sync::Arc<T> {
    fn send(&self, request: &Request) -> Result<Response> {
        (**self).send(request)
    }
}
