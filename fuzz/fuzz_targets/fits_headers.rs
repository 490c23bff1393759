//! Any bytes as a FITS file: its headers, its pixels, and writing what was read.
#![no_main]

#[path = "../../crates/hst-fits/tests/damage/mod.rs"]
mod damage;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    damage::read_everything(bytes);
});
