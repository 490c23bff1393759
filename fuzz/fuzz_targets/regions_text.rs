//! Region files of any bytes: no panic, and everything that reading and writing promise.
#![no_main]

#[path = "../../crates/ds9-regions/tests/promises/mod.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(problem) = promises::check(bytes) {
        panic!("{problem}");
    }
});
