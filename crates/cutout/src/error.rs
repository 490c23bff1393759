use hst_fits::WcsError;

/// A `Result` of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong: the place asked for, what was asked of it, the images, the files.
///
/// `place` names the file and, where there is one, the extension: `SCI in a_drc.fits`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The window has no pixel of the image.
    #[error("the cutout lies outside the image: {place}")]
    NoOverlap {
        /// Extension and file.
        place: String,
    },
    /// The window reaches outside the image, and that was not wanted.
    #[error("the cutout is not wholly in the image: {place}")]
    Partial {
        /// Extension and file.
        place: String,
    },
    /// The projection of the image does not show the place, or its distortion cannot be inverted there.
    #[error("the position is not on the projection of the image: {place}")]
    NotOnImage {
        /// Extension and file.
        place: String,
    },
    /// All pixels of all extensions of the cutout are zero, blank or NaN.
    #[error("the cutout contains no data: {place}")]
    NoData {
        /// The file.
        place: String,
    },
    /// A size that is no size.
    #[error("a size is larger than zero and at most {limit} pixels: {size}")]
    BadSize {
        /// What was asked for.
        size: String,
        /// The most that is allowed.
        limit: usize,
    },
    /// A text that names no size.
    #[error("not a size: \"{text}\" (200, 200x300, 10arcsec, 5x4arcsec)")]
    ParseSize {
        /// The text.
        text: String,
    },
    /// A text that names no extensions.
    #[error("not a choice of extensions: \"{text}\" (SCI, SCI,2, SCI,WHT, 1, all, celestial)")]
    ParseExtensions {
        /// The text.
        text: String,
    },
    /// A fill value that the stored type cannot hold.
    #[error("the pixels cannot hold the fill value {fill}: {place}")]
    BadFill {
        /// The value.
        fill: f64,
        /// Extension and file.
        place: String,
    },
    /// Something this crate does not do.
    #[error("{what}: {place}")]
    Unsupported {
        /// What it is.
        what: String,
        /// Extension and file.
        place: String,
    },
    /// Images that do not lie on one grid of pixels.
    #[error("{other} is not on the grid of {first}: {reason}")]
    DifferentGrids {
        /// The image the others are held against.
        first: String,
        /// The one that differs.
        other: String,
        /// How.
        reason: String,
    },
    /// Images that cannot be combined for another reason than their grid.
    #[error("{problem}")]
    CannotCombine {
        /// Why.
        problem: String,
    },
    /// A file that is no layer of a skycell, by its names.
    #[error("{place}: \"{name}\" is no name of a skycell or of a cutout of one")]
    NotASkycell {
        /// The file.
        place: String,
        /// What it is called.
        name: String,
    },
    /// The world coordinates of a unit cannot be used.
    #[error("no world coordinates in the header of {place}")]
    Wcs {
        /// Extension and file.
        place: String,
        /// Why.
        source: WcsError,
    },
    /// Reading or writing FITS failed.
    #[error(transparent)]
    Fits(#[from] hst_fits::Error),
    /// A file cannot be written; nothing under its name was changed.
    #[error("cannot write {place}")]
    Write {
        /// The file.
        place: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that is already there, and that nobody allowed to be replaced.
    #[error("{place} exists")]
    Exists {
        /// The file.
        place: String,
    },
}
