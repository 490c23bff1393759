//! Loops over pixels that are worth compiling for wider vectors.
//!
//! A loop is compiled twice: as it is, and for the vectors of AVX2, where the machine has them. Both add in the same
//! order and never fuse a product with a sum, so that the bits are the same on every machine.

/// A loop, with everything it needs; its body must be inlined.
pub(crate) trait Loop {
    /// What it gives.
    type Output;

    /// Runs it.
    fn call(self) -> Self::Output;
}

/// Runs a loop with the widest vectors there are.
#[inline]
pub(crate) fn run<L: Loop>(work: L) -> L::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(found) = wide::supported() {
        return wide::run(work, found);
    }
    work.call()
}

/// Asks for a run of values that will be read soon, so that the memory answers while others are worked on.
#[inline]
pub(crate) fn prefetch<T>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    wide::prefetch(values);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}

#[cfg(target_arch = "x86_64")]
mod wide {
    #![allow(
        unsafe_code,
        reason = "calls a function compiled for AVX2, when the machine has it, and prefetches"
    )]

    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

    use super::Loop;

    /// Proof that this machine has AVX2.
    #[derive(Clone, Copy)]
    pub(super) struct Avx2(());

    #[inline]
    pub(super) fn supported() -> Option<Avx2> {
        std::arch::is_x86_feature_detected!("avx2").then_some(Avx2(()))
    }

    #[inline]
    pub(super) fn run<L: Loop>(work: L, _: Avx2) -> L::Output {
        // SAFETY: the token is only made where AVX2 was detected.
        unsafe { call(work) }
    }

    #[target_feature(enable = "avx2")]
    fn call<L: Loop>(work: L) -> L::Output {
        work.call()
    }

    #[inline]
    pub(super) fn prefetch<T>(values: &[T]) {
        const LINE: usize = 64;
        let step = (LINE / size_of::<T>().max(1)).max(1);
        for line in values.chunks(step) {
            // SAFETY: prefetching reads nothing, whatever the address, and this one is a value's.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
        }
    }
}
