/// Random numbers that are the same on every machine: SplitMix64 (Steele, Lea & Flood 2014, OOPSLA), and
/// normal deviates by Marsaglia's polar method with logarithms that do not depend on the C library.
#[derive(Debug, Clone)]
pub(super) struct Rng {
    state: u64,
    spare: Option<f64>,
}

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed, spare: None }
    }

    fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `low .. high`.
    pub(super) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        let unit = (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        low + (high - low) * unit
    }

    /// A normal deviate of mean 0 and variance 1.
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (u, v) = (self.uniform(-1.0, 1.0), self.uniform(-1.0, 1.0));
            let s = u * u + v * v;
            if s < 1.0 && s > 0.0 {
                let scale = (-2.0 * libm::log(s) / s).sqrt();
                self.spare = Some(v * scale);
                return u * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviates_are_normal_and_reproducible() {
        let mut rng = Rng::new(7);
        let deviates: Vec<f64> = (0..200_000).map(|_| rng.normal()).collect();
        let n = deviates.len() as f64;
        let mean = deviates.iter().sum::<f64>() / n;
        let variance = deviates.iter().map(|d| d * d).sum::<f64>() / n;
        let beyond_two = deviates.iter().filter(|d| d.abs() > 2.0).count() as f64 / n;
        assert!(mean.abs() < 0.01, "{mean}");
        assert!((variance - 1.0).abs() < 0.01, "{variance}");
        assert!((beyond_two - 0.0455).abs() < 0.002, "{beyond_two}");
        assert_eq!(Rng::new(7).normal(), deviates[0]);
    }
}
