//! Simulated scenes for the benchmarks: sizes and seeds are fixed here.
