use std::collections::VecDeque;
use std::time::Duration;

/// What is assumed of a server before it was asked: 30 ms and 80 MB/s, a cloud on the same continent.
const LATENCY_S: f64 = 0.03;
const BYTES_PER_S: f64 = 80e6;
/// Answers the memory goes back.
const MEMORY: usize = 16;
/// A shorter body tells nothing of the bandwidth.
const LONG: u64 = 1 << 20;

/// How fast a server answers, from its last answers.
///
/// The shortest latency and the highest rate count: what is slower was busy, and that passes. A longer latency than is
/// assumed counts once the rate was measured too: a slow answer alone says nothing of a fast line.
#[derive(Debug, Clone, Default)]
pub(super) struct Speed {
    latencies_s: VecDeque<f64>,
    rates: VecDeque<f64>,
}

impl Speed {
    /// An answer began after `latency` and brought `bytes` in `body` more.
    pub(super) fn note(&mut self, latency: Duration, bytes: u64, body: Duration) {
        remember(&mut self.latencies_s, latency.as_secs_f64());
        if bytes >= LONG && !body.is_zero() {
            remember(&mut self.rates, bytes as f64 / body.as_secs_f64());
        }
    }

    /// As many bytes as come in the time that a request costs when `at_a_time` are under way.
    pub(super) fn bytes_per_request(&self, at_a_time: usize) -> u64 {
        let latency = self.latencies_s.iter().copied().reduce(f64::min).unwrap_or(LATENCY_S);
        let most = if self.rates.is_empty() { LATENCY_S } else { f64::INFINITY };
        let latency = latency.min(most);
        let rate = self.rates.iter().copied().reduce(f64::max).unwrap_or(BYTES_PER_S);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive")]
        let bytes = (latency * rate / at_a_time.max(1) as f64) as u64;
        bytes
    }
}

fn remember(values: &mut VecDeque<f64>, value: f64) {
    if values.len() == MEMORY {
        values.pop_front();
    }
    values.push_back(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_worth_what_comes_meanwhile() {
        let mut speed = Speed::default();
        assert_eq!(speed.bytes_per_request(4), 600_000);
        let ms = Duration::from_millis;
        speed.note(ms(100), 1000, ms(1));
        assert_eq!(speed.bytes_per_request(4), 600_000);
        speed.note(ms(200), 10_000_000, ms(1000));
        assert_eq!(speed.bytes_per_request(4), 250_000);
    }
}
