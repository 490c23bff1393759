//! What every file must be before it gets its name.

use crate::{Error, Result};

/// Bytes that decide what a file is.
pub(super) const MAGIC: usize = 16;

/// Refuses a file whose first bytes do not fit its name, such as a maintenance page called `.fits`.
pub(super) fn check_start(name: &str, start: &[u8]) -> Result<()> {
    let (expected, magic): (_, &[u8]) = match ending(name).as_str() {
        "fits" | "fit" => ("a FITS file", b"SIMPLE  ="),
        "gz" => ("gzip", b"\x1f\x8b"),
        "zip" => ("a zip archive", b"PK"),
        "png" => ("a PNG image", b"\x89PNG"),
        "jpg" | "jpeg" => ("a JPEG image", b"\xff\xd8"),
        "pdf" => ("a PDF document", b"%PDF"),
        _ => return Ok(()),
    };
    if start.starts_with(magic) {
        return Ok(());
    }
    let start = crate::error::beginning(start, MAGIC);
    Err(Error::WrongContent { name: name.to_owned(), expected, start })
}

/// FITS files are made of blocks of 2880 bytes (FITS 4.0, sect. 3.1).
pub(super) fn has_odd_length(name: &str, length: u64) -> bool {
    matches!(ending(name).as_str(), "fits" | "fit") && !length.is_multiple_of(2880)
}

fn ending(name: &str) -> String {
    name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_what_their_names_say() {
        assert!(check_start("a.fits", b"SIMPLE  =                    T").is_ok());
        assert!(check_start("a.fits.gz", b"\x1f\x8b\x08").is_ok());
        assert!(check_start("a.txt", b"<html>").is_ok());
        let error = check_start("a.fits", b"<html><title>Down").unwrap_err();
        assert_eq!(
            error.to_string(),
            "not a FITS file but \"<html><title>Dow\" at the start of a.fits"
        );
        assert!(check_start("a.zip", b"{\"msg\":").is_err());
        assert!(check_start("a.fits", b"").is_err());
    }
}
