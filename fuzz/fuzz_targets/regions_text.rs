//! Region files of any bytes: no panic, and everything that reading and writing promise.
#![no_main]

#[path = "../../crates/ds9-regions/tests/promises/mod.rs"]
#[allow(dead_code, reason = "each target takes what it is about")]
mod promises;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(problem) = promises::check_text(bytes) {
        panic!("{problem}");
    }
});
