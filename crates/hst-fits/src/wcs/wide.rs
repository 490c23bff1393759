//! Loops over many points, for the registers there are.

/// Points that are worked on together: few enough to stay in the nearest cache.
pub(super) const BLOCK: usize = 64;

/// First and second coordinates of some points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) x: [f64; BLOCK],
    pub(super) y: [f64; BLOCK],
}

impl Block {
    pub(super) const ZERO: Self = Self { x: [0.0; BLOCK], y: [0.0; BLOCK] };
}

/// Replaces every point of a block by what comes of it, several at a time where that has no branches. A macro, because
/// a closure need not be inlined, and then is not compiled for wider registers.
macro_rules! each {
    ($block:expr, |$point:pat_param| $result:expr) => {
        for i in 0..$crate::wcs::wide::BLOCK {
            let $point = [$block.x[i], $block.y[i]];
            let [x, y] = $result;
            ($block.x[i], $block.y[i]) = (x, y);
        }
    };
}
pub(super) use each;

/// Work on many points. What it calls in its loops must be inlined, `#[inline(always)]`, to be compiled for the wider
/// registers too.
pub(super) trait Work {
    /// Does it.
    fn run(self);
}

/// Runs the work with the widest registers of this processor.
///
/// Wider registers change no bit of a result: Rust never fuses a product and a sum by itself, and FMA is not asked for.
/// They halve the time (`benches/RESULTS.md`), which is why this one call may be unsafe.
#[inline]
pub(super) fn run(work: impl Work) {
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
