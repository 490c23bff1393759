use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// How often a waiting thread looks whether it was cancelled.
pub(crate) const GLANCE: Duration = Duration::from_millis(25);

/// A flag that stops everything which shares it; clones are the same flag.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the flag; requests and downloads that share it end within a fraction of a second.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the flag is set.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long a request may take: they hold while headers and body come, not only between requests.
#[derive(Debug, Clone)]
pub struct Limits {
    /// When the whole operation must be over.
    pub deadline: Instant,
    /// The longest time without a single byte.
    pub idle: Duration,
    /// Stops the request from another thread.
    pub cancel: Cancel,
}

impl Limits {
    /// Limits of an operation that starts now.
    pub fn starting_now(total: Duration, idle: Duration, cancel: &Cancel) -> Self {
        let now = Instant::now();
        let deadline = now.checked_add(total).unwrap_or(now + Duration::from_secs(86_400 * 365));
        Self { deadline, idle, cancel: cancel.clone() }
    }

    /// Time left.
    ///
    /// # Errors
    /// [`Error::Deadline`], which names `url`, when there is none; [`Error::Cancelled`] when the operation was.
    pub fn remaining(&self, url: &str) -> Result<Duration> {
        if self.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Error::Deadline { url: url.to_owned() }) } else { Ok(left) }
    }

    /// Sleeps for `delay`, waking early with an error when time is up.
    pub(crate) fn sleep(&self, delay: Duration, url: &str) -> Result<()> {
        let end = Instant::now() + delay;
        loop {
            let left = self.remaining(url)?;
            let nap = end.saturating_duration_since(Instant::now());
            if nap.is_zero() {
                return Ok(());
            }
            thread::sleep(nap.min(left).min(GLANCE));
        }
    }
}
