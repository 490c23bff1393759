//! From a file and a place to boxes of pixels that keep their meaning.
//!
//! [`cut`] finds the window of every chosen extension, reads its pixels as they are stored, and moves every
//! description of coordinates in its header along, so that the world coordinates of a pixel stay what they were to the
//! bit of CRPIX. A cutout of a cutout is the cutout that would have been cut at once.

mod header;
mod pixels;
mod place;
mod prepared;
mod primary;
mod scaling;
mod tables;
mod write;

use std::path::{Path, PathBuf};

use astro_coords::{PixelBox, SkyCoord};
use hst_fits::{FitsFile, Hdu, Header, StoredPixels, Wcs};

use crate::{Error, Extensions, Result, Rounding, Size, SizePolicy};

pub(crate) use header::{Changes, cut as unit_header};
pub(crate) use pixels::{Made, Read, Window, softened};
pub(crate) use place::Located;
pub(crate) use prepared::{Prepared, PreparedPrimary};
pub(crate) use primary::header as primary_header;
pub(crate) use scaling::Scaling;
pub use write::{cutouts_to_bytes, write_cutouts};

/// How to cut. The default keeps everything; [`CutOptions::astrocut`] does as astrocut 1.4.0 where that is legal FITS.
#[derive(Debug, Clone, PartialEq)]
pub struct CutOptions {
    /// Which extensions.
    pub extensions: Extensions,
    /// What happens to sizes and edges that are no whole pixels.
    pub policy: SizePolicy,
    /// What happens where the window reaches outside the image.
    pub mode: Mode,
    /// The physical value outside the image. NaN stands in integers as BLANK, else as 0, which `CUTFILL` then says.
    pub fill: f64,
    /// What becomes of integers.
    pub integers: Integers,
    /// Whether a cutout is kept of which no pixel has data: all are zero, blank or NaN.
    pub empty: Empty,
    /// What the primary header holds.
    pub primary: Primary,
    /// What extensions are called.
    pub names: Names,
    /// How the linear part of the coordinates is written.
    pub matrix: MatrixStyle,
    /// What becomes of SIP coefficients where CTYPE does not end in `-SIP`.
    pub leftover_sip: LeftoverSip,
    /// What becomes of pixels that BSOFTEN and BOFFSET of Pan-STARRS stacks describe.
    pub softened: Softened,
}

/// What happens where a window reaches outside the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The cutout keeps its size and is filled.
    #[default]
    Partial,
    /// The cutout ends where the image ends.
    Trim,
    /// It is an error.
    Strict,
}

/// What becomes of integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Integers {
    /// They stay, with their scaling, bit for bit.
    #[default]
    Keep,
    /// They become floats (of 64 bits where 32 do not hold them), which know NaN.
    Promote,
}

/// Whether cutouts without data are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Empty {
    /// A file of which no extension has data there is an error; one without data beside others is kept.
    #[default]
    Refuse,
    /// They are kept.
    Keep,
}

/// What the primary header of a cutout holds besides the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Primary {
    /// What that of the file says, so that telescope, filter and exposure stay known; of a file whose first unit is
    /// itself an image, nothing.
    #[default]
    Copy,
    /// Nothing.
    Minimal,
}

/// What the extensions of a cutout are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// As in the file.
    #[default]
    Keep,
    /// `CUTOUT`, and the old name is in `O_EXT_NM`.
    Cutout,
}

/// How the linear part of the coordinates is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatrixStyle {
    /// As in the file.
    #[default]
    Keep,
    /// As PC with CDELT = 1 instead of CD.
    Pc,
}

/// What becomes of SIP coefficients where CTYPE does not end in `-SIP`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeftoverSip {
    /// CTYPE counts: they do not, and are taken away so that no reader applies them.
    #[default]
    Remove,
    /// They count, as astropy reads them, and stay.
    Keep,
}

/// What becomes of pixels that BSOFTEN and BOFFSET describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Softened {
    /// They become linear, as 32-bit floats.
    #[default]
    Linear,
    /// They stay as they are stored, with the keywords.
    Raw,
}

impl Default for CutOptions {
    fn default() -> Self {
        Self {
            extensions: Extensions::default(),
            policy: SizePolicy::default(),
            mode: Mode::default(),
            fill: f64::NAN,
            integers: Integers::default(),
            empty: Empty::default(),
            primary: Primary::default(),
            names: Names::default(),
            matrix: MatrixStyle::default(),
            leftover_sip: LeftoverSip::default(),
            softened: Softened::default(),
        }
    }
}

impl CutOptions {
    /// What astrocut 1.4.0 does, but for what is illegal there: CD does not stand beside PC, and nobody claims to be
    /// the archive in ORIGIN.
    pub fn astrocut() -> Self {
        Self {
            extensions: Extensions::First,
            policy: SizePolicy::Compat(Rounding::Nearest),
            primary: Primary::Minimal,
            names: Names::Cutout,
            matrix: MatrixStyle::Pc,
            ..Self::default()
        }
    }
}

/// A piece of a file.
#[derive(Debug)]
pub struct Cutout {
    /// The file it was cut from.
    pub source: PathBuf,
    /// Where.
    pub at: SkyCoord,
    /// The primary header, to be changed before it is written.
    pub primary: Header,
    /// A unit for every extension, in the order of the file; there is at least one.
    pub units: Vec<CutUnit>,
    /// Why other extensions that were asked for are not among them.
    pub problems: Vec<Error>,
    /// What a user should know.
    pub warnings: Vec<String>,
}

/// A piece of an extension.
#[derive(Debug)]
pub struct CutUnit {
    /// EXTNAME in the file.
    pub name: String,
    /// Number of the extension in the file.
    pub index: usize,
    /// The header, moved along.
    pub header: Header,
    /// The pixels as they are stored; of an image of more than two axes the planes one after the other.
    pub pixels: StoredPixels,
    /// Lengths of the axes behind the second.
    pub more_axes: Vec<usize>,
    /// Pixel to sky of the cutout, lookup tables included; of an extension without coordinates those of the science.
    pub wcs: Wcs,
    /// Which pixels of the extension these are.
    pub window: PixelBox,
    /// The share of the window that lies in the image.
    pub coverage: f64,
    /// Whether no pixel has data.
    pub empty: bool,
    pub(crate) tables: Vec<tables::Carried>,
}

impl CutUnit {
    /// `(ny, nx)` of a plane.
    pub fn shape(&self) -> (usize, usize) {
        self.window.shape()
    }
}

impl Cutout {
    /// The unit of that name, the first of them.
    pub fn unit(&self, name: &str) -> Option<&CutUnit> {
        self.units.iter().find(|unit| unit.name.eq_ignore_ascii_case(name))
    }

    /// Writes the cutout as one file, with checksums; an old one stays until the new one is whole.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_cutouts(&[self], path)
    }

    /// The bytes of the file that [`write`](Self::write) writes, without its name in them.
    ///
    /// # Errors
    /// When a header cannot be said in FITS.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        cutouts_to_bytes(&[self])
    }
}

/// Cuts the box of `size` around the place `at` out of the chosen extensions of `file`.
///
/// Pixels are bit for bit those of the file, also scaled, unsigned and compressed ones; memory is that of the window.
/// Extensions of the exposure that the science belongs to (`ERR`, `DQ`, `WHT` of its version and shape) are cut to the
/// science's pixels, for they have no distortion of their own in their headers.
///
/// # Errors
/// When no extension gives a cutout: the reason of the first one that was asked for. It is [`Error::NoOverlap`] where
/// the place is not on the image, and [`Error::NoData`] where no extension has data there.
pub fn cut(file: &FitsFile, at: SkyCoord, size: Size, options: &CutOptions) -> Result<Cutout> {
    let (chosen, mut problems) = options.extensions.of(file);
    let mut warnings = Vec::new();
    let mut units = Vec::new();
    for hdu in chosen {
        let located = Located::new(file, hdu, options);
        match located.and_then(|located| cut_unit(file, &located, at, size, options)) {
            Ok((unit, warning)) => {
                units.push(unit);
                warnings.extend(warning);
            }
            Err(error) => problems.push(error),
        }
    }
    let place = || file.path().display().to_string();
    if units.is_empty() {
        let none = || hst_fits::Error::NoImage { place: place() }.into();
        return Err(worst(problems).unwrap_or_else(none));
    }
    if options.empty == Empty::Refuse && units.iter().all(|unit| unit.empty) {
        return Err(Error::NoData { place: place() });
    }
    let primary = primary_header(file, &units, at, options);
    Ok(Cutout { source: file.path().to_owned(), at, primary, units, problems, warnings })
}

/// The reason to give when there are several: one about an extension that is there, else about one that is missing.
fn worst(mut problems: Vec<Error>) -> Option<Error> {
    let missing = |error: &Error| {
        matches!(error, Error::Fits(hst_fits::Error::NoSuchExtension { .. }))
            || matches!(error, Error::Unsupported { .. })
    };
    let i = problems.iter().position(|error| !missing(error)).unwrap_or(0);
    if problems.is_empty() { None } else { Some(problems.swap_remove(i)) }
}

fn cut_unit(
    file: &FitsFile,
    located: &Located<'_>,
    at: SkyCoord,
    size: Size,
    options: &CutOptions,
) -> Result<(CutUnit, Option<String>)> {
    let window = located.window(at, size, options)?;
    let read = pixels::read(file, located, &window, options)?;
    let changes = Changes { window: &window, read: &read, options };
    let header = unit_header(file, located, &changes);
    Ok((unit(file, located, window, header, read)?, located.warning.clone()))
}

/// Pixels and header together, with the lookup tables that the header refers to.
pub(crate) fn unit(
    file: &FitsFile,
    located: &Located<'_>,
    window: Window,
    header: Header,
    read: Read,
) -> Result<CutUnit> {
    let hdu = located.hdu;
    Ok(CutUnit {
        name: hdu.name.clone(),
        index: hdu.index,
        header,
        more_axes: more_axes(hdu),
        wcs: located.wcs.shifted(window.wanted.x.start, window.wanted.y.start),
        coverage: window.coverage(),
        empty: read.empty,
        pixels: read.pixels,
        tables: tables::carried(file, hdu, &window)?,
        window: window.wanted,
    })
}

fn more_axes(hdu: &Hdu) -> Vec<usize> {
    hdu.axes.iter().skip(2).map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect()
}
