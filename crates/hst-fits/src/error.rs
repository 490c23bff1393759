use std::io;

use crate::WcsError;

/// A `Result` of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong: reading, the file itself, what was asked of it, writing.
///
/// `place` names the file and, where there is one, the extension: `SCI in a_drc.fits`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened or read.
    #[error("cannot read {place}")]
    Read {
        /// File, or extension and file.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not begin as FITS files do.
    #[error("not a FITS file: {place}")]
    NotFits {
        /// The file.
        place: String,
    },
    /// The file ends before its header or its pixels do.
    #[error("cut short, {found} of {expected} bytes are there: {place}")]
    Truncated {
        /// File, or extension and file.
        place: String,
        /// Bytes that the headers promise.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// A header that breaks the rules of the standard.
    #[error("{problem}: {place}")]
    BadHeader {
        /// File, or extension and file.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// A keyword that must be there is not.
    #[error("{keyword} is missing from the header of {place}")]
    MissingKeyword {
        /// The keyword.
        keyword: String,
        /// Extension and file.
        place: String,
    },
    /// A keyword is there with a value of another kind.
    #[error("{keyword} = {found} is not {expected} in the header of {place}")]
    WrongKind {
        /// The keyword.
        keyword: String,
        /// The kind asked for, in words.
        expected: &'static str,
        /// The value as text.
        found: String,
        /// Extension and file.
        place: String,
    },
    /// The header's world coordinates cannot be used.
    #[error("no world coordinates in the header of {place}")]
    Wcs {
        /// Extension and file.
        place: String,
        /// Why.
        source: WcsError,
    },
    /// No extension of that name, version or number.
    #[error("there is no extension {wanted} in {place}")]
    NoSuchExtension {
        /// What was asked for.
        wanted: String,
        /// The file.
        place: String,
    },
    /// The extension holds no two-dimensional image.
    #[error("there is no 2-D image in {place}")]
    NoImage {
        /// File, or extension and file.
        place: String,
    },
    /// The extension is no binary table.
    #[error("there is no binary table in {place}")]
    NoTable {
        /// Extension and file.
        place: String,
    },
    /// A window reaches outside the image.
    #[error("columns {x:?}, rows {y:?} are not all in the image of {shape:?} (ny, nx): {place}")]
    OutsideImage {
        /// Extension and file.
        place: String,
        /// Columns asked for.
        x: std::ops::Range<isize>,
        /// Rows asked for.
        y: std::ops::Range<isize>,
        /// The image, `(ny, nx)`.
        shape: (usize, usize),
    },
    /// What was to be written cannot be said in FITS.
    #[error("{problem}")]
    Unwritable {
        /// What is wrong.
        problem: String,
    },
    /// The file cannot be written; nothing under its name was changed.
    #[error("cannot write {place}")]
    Write {
        /// The file.
        place: String,
        /// What the system said.
        source: io::Error,
    },
}
