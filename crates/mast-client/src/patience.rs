//! How often and how fast the archive is asked.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::limits::GLANCE;
use crate::{Error, Limits, Result};

/// How failed requests are asked again.
#[derive(Debug, Clone, PartialEq)]
pub struct Retries {
    /// The most attempts, the first included.
    pub attempts: u32,
    /// The pause after the first failure; it doubles with each further one.
    pub base: Duration,
    /// The longest pause.
    pub cap: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 5, base: Duration::from_secs(1), cap: Duration::from_secs(60) }
    }
}

impl Retries {
    /// Does `operation` until it succeeds, fails for good, or was tried often enough.
    pub(crate) fn run<T>(
        &self,
        limits: &Limits,
        url: &str,
        mut operation: impl FnMut() -> Result<T>,
    ) -> Result<T> {
        let mut failures = 0;
        loop {
            let error = match operation() {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            failures += 1;
            if failures >= self.attempts || !self.wait(&error, failures, limits, url) {
                return Err(error);
            }
        }
    }

    /// Waits before the attempt that follows `failures` failures; false when there is no point in it.
    pub(crate) fn wait(&self, error: &Error, failures: u32, limits: &Limits, url: &str) -> bool {
        let pause = self.pause(error, failures);
        let in_time = limits.remaining(url).is_ok_and(|left| pause < left);
        error.is_retryable() && in_time && limits.sleep(pause, url).is_ok()
    }

    fn pause(&self, error: &Error, failures: u32) -> Duration {
        // Who says that we may come again at once was asked too often all the same.
        if let Error::Refused { retry_after: Some(pause), .. } = error
            && !pause.is_zero()
        {
            return *pause;
        }
        let doubled = self.base.saturating_mul(1 << failures.saturating_sub(1).min(20));
        jitter(doubled.min(self.cap))
    }
}

/// `pause` ± 20 %, so that clients which failed together do not return together.
pub(crate) fn jitter(pause: Duration) -> Duration {
    let random = RandomState::new().hash_one(Instant::now()) % 4001;
    #[expect(clippy::cast_precision_loss, reason = "below 4001")]
    let factor = 0.8 + random as f64 / 10_000.0;
    pause.mul_f64(factor)
}

/// Lets a number of holders through at a time, and starts no more than so many a second.
#[derive(Debug)]
pub(crate) struct Gate {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Gate {
    pub(crate) fn new(width: usize) -> Self {
        Self { free: Mutex::new(width.max(1)), freed: Condvar::new() }
    }

    pub(crate) fn enter(&self, limits: &Limits, url: &str) -> Result<Pass<'_>> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            limits.remaining(url)?;
            let waited = self.freed.wait_timeout(free, GLANCE);
            free = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *free -= 1;
        Ok(Pass(self))
    }
}

/// A place in a [`Gate`], given back when dropped.
pub(crate) struct Pass<'a>(&'a Gate);

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

/// Spaces the starts of requests.
#[derive(Debug)]
pub(crate) struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub(crate) fn new(per_second: f64) -> Self {
        let gap = Duration::try_from_secs_f64(1.0 / per_second).unwrap_or_default();
        Self { gap: gap.min(Duration::from_secs(3600)), next: Mutex::new(None) }
    }

    pub(crate) fn wait(&self, limits: &Limits, url: &str) -> Result<()> {
        let now = Instant::now();
        let start = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let start = next.map_or(now, |next| next.max(now));
            *next = Some(start + self.gap);
            start
        };
        limits.sleep(start.saturating_duration_since(now), url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;

    fn limits(total: Duration) -> Limits {
        Limits::starting_now(total, total, &Cancel::new())
    }

    fn failure(retry_after: Option<Duration>) -> Error {
        Error::Refused { status: 503, url: "u".to_owned(), body: String::new(), retry_after }
    }

    #[test]
    fn attempts_are_bounded_and_pauses_grow() {
        let retries =
            Retries { attempts: 3, base: Duration::from_millis(10), ..Retries::default() };
        let mut attempts = 0;
        let started = Instant::now();
        let result: Result<()> = retries.run(&limits(Duration::from_secs(5)), "u", || {
            attempts += 1;
            Err(failure(None))
        });
        assert!(result.is_err() && attempts == 3);
        assert!(started.elapsed() >= Duration::from_millis(24), "{:?}", started.elapsed());
    }

    #[test]
    fn a_longer_pause_than_there_is_time_is_not_begun() {
        let started = Instant::now();
        let mut attempts = 0;
        let result: Result<()> =
            Retries::default().run(&limits(Duration::from_secs(2)), "u", || {
                attempts += 1;
                Err(failure(Some(Duration::from_secs(30))))
            });
        assert!(result.is_err() && attempts == 1);
        assert!(started.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn requests_start_with_gaps_between_them() {
        let pace = Pace::new(50.0);
        let started = Instant::now();
        (0..4).for_each(|_| pace.wait(&limits(Duration::from_secs(5)), "u").unwrap());
        assert!(started.elapsed() >= Duration::from_millis(60));
    }

    #[test]
    fn a_gate_keeps_to_its_width() {
        let gate = Gate::new(1);
        let held = gate.enter(&limits(Duration::from_secs(1)), "u").unwrap();
        let refused = gate.enter(&limits(Duration::from_millis(60)), "u");
        assert!(matches!(refused, Err(Error::Deadline { .. })));
        drop(held);
        assert!(gate.enter(&limits(Duration::from_secs(1)), "u").is_ok());
    }
}
