//! Loops over pixels that are worth compiling for wider vectors.

/// A loop, with everything it needs; its body must be inlined.
pub(crate) trait Loop {
    /// What it gives.
    type Output;

    /// Runs it.
    fn call(self) -> Self::Output;
}

/// Runs a loop.
#[inline]
pub(crate) fn run<L: Loop>(work: L) -> L::Output {
    work.call()
}
