//! Loops that are compiled for the widest registers of the processor, beside those that every processor has.

/// Work on many numbers. What it calls in its loops must be inlined, `#[inline(always)]`, to be compiled for the wider
/// registers too.
pub trait Work {
    /// Does it.
    fn run(self);
}

/// Runs the work with the widest registers of this processor.
///
/// Wider registers change no bit of a result: Rust never fuses a product and a sum by itself, and FMA is not asked for.
/// They halve the time (`benches/RESULTS.md`), which is why this one call may be unsafe.
#[inline]
pub fn run(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(
            unsafe_code,
            reason = "a function for processors with AVX2, called where there is AVX2"
        )]
        // SAFETY: it was asked in the line above.
        return unsafe { with_avx2(work) };
    }
    work.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2(work: impl Work) {
    work.run();
}
