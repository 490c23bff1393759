use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What reading by ranges has cost so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Traffic {
    /// Requests sent, repetitions and questions for paths included.
    pub requests: u64,
    /// Bytes of bodies that came.
    pub bytes: u64,
    /// Those of them that were read.
    pub useful: u64,
    /// Time during which at least one request was under way.
    pub time: Duration,
}

impl Traffic {
    /// Share of the bytes that came which were read; 1 where none came.
    pub fn useful_fraction(&self) -> f64 {
        if self.bytes == 0 { 1.0 } else { self.useful as f64 / self.bytes as f64 }
    }
}

#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    traffic: Traffic,
    under_way: usize,
    since: Option<Instant>,
}

/// A request under way; counted until dropped.
pub(super) struct UnderWay<'a>(&'a Meter);

impl Meter {
    pub(super) fn request(&self) -> UnderWay<'_> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.traffic.requests += 1;
        state.under_way += 1;
        state.since.get_or_insert_with(Instant::now);
        UnderWay(self)
    }

    pub(super) fn came(&self, bytes: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).traffic.bytes += bytes;
    }

    /// Of a file that is closed, so many bytes that came were read.
    pub(super) fn read(&self, bytes: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).traffic.useful += bytes;
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).traffic
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.under_way -= 1;
        if state.under_way == 0 {
            let since = state.since.take();
            state.traffic.time += since.map_or(Duration::ZERO, |since| since.elapsed());
        }
    }
}
