//! Region files of other programs, of any bytes: no panic, nothing lost, and regions that DS9's language can say.
#![no_main]

use ds9_regions::Format;

#[path = "../../crates/ds9-regions/tests/promises/mod.rs"]
#[allow(dead_code, reason = "each target takes what it is about")]
mod promises;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Format::detect(bytes);
    let Some((first, bytes)) = bytes.split_first() else { return };
    let format = Format::ALL[1 + usize::from(*first) % (Format::ALL.len() - 1)];
    if let Err(problem) = promises::check_format(bytes, format) {
        panic!("{problem}");
    }
});
