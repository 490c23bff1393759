//! Any bytes as tiles of a compressed image: the first three say method, type and tile.
#![no_main]

#[path = "../../crates/hst-fits/tests/damage/mod.rs"]
mod damage;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(file) = damage::compressed_file(bytes) {
        damage::read_everything(&file);
    }
});
