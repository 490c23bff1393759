//! Region files in pieces of any lengths, and read by threads: the same as in one piece.
#![no_main]

#[path = "../../crates/ds9-regions/tests/promises/mod.rs"]
#[allow(dead_code, reason = "each target takes what it is about")]
mod promises;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (sizes, text) = promises::sizes_and_text(bytes);
    if let Err(problem) = promises::check_pieces(text, sizes) {
        panic!("{problem}");
    }
});
