//! What the tests of several crates need: the folder of reference data beside the checkout, and a server of byte ranges.

mod ranged;

pub use ranged::{CLOUD, Fault, Line, RangeServer};

use std::path::PathBuf;

/// A file or folder below the `shared` folder that lies beside the checkout; `None` where there is none.
///
/// The workspace builds and passes without that folder, so a test that uses it returns early on `None`,
/// and a line on standard error says so. With `HST_REQUIRE_SHARED=1` in the environment a missing file
/// fails the test instead, so that nothing is skipped unseen.
///
/// # Panics
/// When the file is missing and `HST_REQUIRE_SHARED` is `1`.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let file = PathBuf::from(root).join(path);
    if file.exists() {
        return Some(file);
    }
    let required = std::env::var_os("HST_REQUIRE_SHARED").is_some_and(|v| v == "1");
    assert!(!required, "{} is missing and HST_REQUIRE_SHARED is 1", file.display());
    eprintln!("skipped: {} is not there", file.display());
    None
}
