//! A second reader, through the C library cfitsio: the oracle that our own is held against.
//!
//! It calls the C functions themselves, because the safe wrapper of them is neither: it wraps windows around the edge
//! of an image and shows blank pixels as numbers. Names are taken as they are (no extended file names), windows are
//! checked before they are read, blank pixels become NaN, and the library's own messages are dropped after every error.
//! Damaged compressed files can still kill the process: never give it a file that nobody trusts.

#![allow(unsafe_code, reason = "the library is C; every call is wrapped here")]

use std::ffi::{CStr, CString, c_char, c_int, c_long, c_void};
use std::io;
use std::path::Path;
use std::ptr::{self, NonNull};

use astro_coords::PixelBox;
use fitsio::sys;

use crate::{Bitpix, Error, Header, PixelType, Result, StoredPixels};

/// The codes of `fitsio.h`.
const TYPE_DOUBLE: c_int = 82;
const TYPE_TEXT: c_int = 16;
const IMAGE: c_int = 0;

/// A file opened by cfitsio for reading. It belongs to one thread.
#[derive(Debug)]
pub struct CfitsioFile {
    file: NonNull<sys::fitsfile>,
    place: String,
}

/// Whether a unit's sums are right; `None` where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Of the data, `DATASUM`.
    pub data: Option<bool>,
    /// Of the whole unit, `CHECKSUM`.
    pub unit: Option<bool>,
}

impl CfitsioFile {
    /// Opens the file of just this name.
    ///
    /// # Errors
    /// When cfitsio cannot open it.
    pub fn open(path: &Path) -> Result<Self> {
        let place = path.display().to_string();
        let name = CString::new(path.as_os_str().as_encoded_bytes())
            .map_err(|error| Error::Read { place: place.clone(), source: error.into() })?;
        let (mut file, mut status) = (ptr::null_mut(), 0);
        // SAFETY: the name ends with NUL, and both places outlive the call.
        unsafe { sys::ffdkopn(&raw mut file, name.as_ptr(), 0, &raw mut status) };
        check(&place, status)?;
        let no_file = || Error::NotFits { place: place.clone() };
        Ok(Self { file: NonNull::new(file).ok_or_else(no_file)?, place })
    }

    /// How many units there are.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn units(&mut self) -> Result<usize> {
        let mut count = 0;
        self.call(|file, status| {
            // SAFETY: an open file, and a place for the number.
            unsafe { sys::ffthdu(file, &raw mut count, status) }
        })?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// The cards of a unit (from 0) as they stand in the file: of a compressed image those of its table.
    ///
    /// # Errors
    /// When there is no such unit, or it is damaged.
    pub fn header(&mut self, unit: usize) -> Result<Header> {
        self.go_to(unit)?;
        let (mut text, mut cards) = (ptr::null_mut::<c_char>(), 0);
        self.call(|file, status| {
            // SAFETY: no list of exceptions, and places for the text and the number of cards.
            unsafe {
                let (text, cards) = (&raw mut text, &raw mut cards);
                sys::ffhdr2str(file, 0, ptr::null_mut(), 0, text, cards, status)
            }
        })?;
        // SAFETY: the call succeeded, so that the text ends with NUL; it is copied, and freed by its owner.
        let bytes = unsafe {
            let bytes = CStr::from_ptr(text).to_bytes().to_vec();
            sys::fffree(text.cast(), &mut 0);
            bytes
        };
        let damaged = || Error::BadHeader { place: self.place.clone(), problem: "no END".into() };
        Header::parse(&bytes).ok_or_else(damaged)
    }

    /// Stored type and axes (`NAXIS1` first) of an image; `None` for a table.
    ///
    /// # Errors
    /// When there is no such unit, or it is damaged.
    pub fn image(&mut self, unit: usize) -> Result<Option<(Bitpix, Vec<u64>)>> {
        self.go_to(unit)?;
        let (mut kind, mut code, mut count) = (0, 0, 0);
        // SAFETY, of all three: an open file, and a place for one number.
        self.call(|file, status| unsafe { sys::ffghdt(file, &raw mut kind, status) })?;
        if kind != IMAGE {
            return Ok(None);
        }
        self.call(|file, status| unsafe { sys::ffgidt(file, &raw mut code, status) })?;
        self.call(|file, status| unsafe { sys::ffgidm(file, &raw mut count, status) })?;
        let mut axes = vec![0; usize::try_from(count).unwrap_or(0)];
        self.call(|file, status| {
            // SAFETY: there is room for `count` lengths.
            unsafe { sys::ffgiszll(file, count, axes.as_mut_ptr(), status) }
        })?;
        let bitpix = Bitpix::of(code.into()).ok_or_else(|| Error::BadHeader {
            place: self.place.clone(),
            problem: format!("BITPIX = {code} is no type"),
        })?;
        Ok(Some((bitpix, axes.into_iter().map(|n| u64::try_from(n).unwrap_or(0)).collect())))
    }

    /// The physical pixels of a window of a plane (from 0), row by row, BLANK as NaN.
    ///
    /// # Errors
    /// When the unit holds no image, or the window is not wholly in it.
    pub fn read_plane<T: PixelType>(
        &mut self,
        unit: usize,
        plane: u64,
        window: &PixelBox,
    ) -> Result<Vec<T>> {
        let corners = self.corners(unit, plane, window)?;
        let mut pixels = vec![T::NOTHING; window.shape().0 * window.shape().1];
        let mut nothing = T::NOTHING;
        if !pixels.is_empty() {
            self.read(&corners, T::CFITSIO, (&raw mut nothing).cast(), pixels.as_mut_ptr().cast())?;
        }
        Ok(pixels)
    }

    /// The pixels of a window of a plane (from 0) as they are stored.
    ///
    /// # Errors
    /// As [`read_plane`](Self::read_plane).
    pub fn read_stored_plane(
        &mut self,
        unit: usize,
        plane: u64,
        window: &PixelBox,
    ) -> Result<StoredPixels> {
        let corners = self.corners(unit, plane, window)?;
        let mut pixels = vec![0; window.shape().0 * window.shape().1 * corners.bitpix.bytes()];
        let code = match corners.bitpix {
            Bitpix::U8 => 11,
            Bitpix::I16 => 21,
            Bitpix::I32 => 31,
            Bitpix::I64 => 81,
            Bitpix::F32 => 42,
            Bitpix::F64 => TYPE_DOUBLE,
        };
        let header = self.header(unit)?;
        self.scale(1.0, 0.0)?;
        let read = match pixels.is_empty() {
            true => Ok(()),
            false => self.read(&corners, code, ptr::null_mut(), pixels.as_mut_ptr().cast()),
        };
        self.scale(header.find("BSCALE")?.unwrap_or(1.0), header.find("BZERO")?.unwrap_or(0.0))?;
        read?;
        if cfg!(target_endian = "little") {
            pixels.chunks_exact_mut(corners.bitpix.bytes()).for_each(<[u8]>::reverse);
        }
        StoredPixels::new(corners.bitpix, window.shape(), pixels)
    }

    /// Whether the checksums of a unit are right.
    ///
    /// # Errors
    /// When there is no such unit, or it cannot be read.
    pub fn verify(&mut self, unit: usize) -> Result<Verified> {
        self.go_to(unit)?;
        let (mut data, mut whole) = (0, 0);
        self.call(|file, status| {
            // SAFETY: an open file, and places for two numbers.
            unsafe { sys::ffvcks(file, &raw mut data, &raw mut whole, status) }
        })?;
        let said = |code: c_int| (code != 0).then_some(code == 1);
        Ok(Verified { data: said(data), unit: said(whole) })
    }

    /// The physical numbers of a column (from 0), all rows one after the other, nothing as NaN.
    ///
    /// # Errors
    /// When the unit holds no table of that many columns, or the column no numbers.
    pub fn numbers(&mut self, unit: usize, column: usize) -> Result<Vec<f64>> {
        self.go_to(unit)?;
        let (code, repeat, _) = self.format(column)?;
        let rows = self.rows()?;
        if code > 0 {
            return self.cells(column, 1, repeat * rows);
        }
        let mut numbers = Vec::new();
        for row in 1..=rows {
            let (mut length, mut start) = (0, 0);
            self.call(|file, status| {
                // SAFETY: an open file, and places for two numbers.
                unsafe {
                    let (length, start) = (&raw mut length, &raw mut start);
                    sys::ffgdesll(file, number(column), row, length, start, status)
                }
            })?;
            numbers.extend(self.cells(column, row, length)?);
        }
        Ok(numbers)
    }

    /// The texts of a column (from 0), without trailing blanks.
    ///
    /// # Errors
    /// When the unit holds no table of that many columns, or the column no texts.
    pub fn texts(&mut self, unit: usize, column: usize) -> Result<Vec<String>> {
        self.go_to(unit)?;
        let (code, repeat, width) = self.format(column)?;
        if code != TYPE_TEXT {
            let problem = format!("column {} holds no texts", column + 1);
            return Err(Error::BadHeader { place: self.place.clone(), problem });
        }
        let each = usize::try_from(width).unwrap_or(0);
        let count = repeat.checked_div(width).unwrap_or(0) * self.rows()?;
        let mut bytes = vec![0_u8; (each + 1) * usize::try_from(count).unwrap_or(0)];
        let mut places: Vec<_> =
            bytes.chunks_exact_mut(each + 1).map(|text| text.as_mut_ptr().cast()).collect();
        let mut any = 0;
        if !places.is_empty() {
            self.call(|file, status| {
                // SAFETY: every place has room for a text of the column's width and its NUL.
                unsafe {
                    let (places, any) = (places.as_mut_ptr(), &raw mut any);
                    let nothing = ptr::null_mut();
                    sys::ffgcvs(file, number(column), 1, 1, count, nothing, places, any, status)
                }
            })?;
        }
        let text = |bytes: &[u8]| {
            let bytes = bytes.split(|b| *b == 0).next().unwrap_or_default();
            String::from_utf8_lossy(bytes).trim_end_matches(' ').to_owned()
        };
        Ok(bytes.chunks_exact(each + 1).map(text).collect())
    }

    /// What stored numbers are multiplied with, and what is added.
    fn scale(&mut self, scale: f64, zero: f64) -> Result<()> {
        // SAFETY: an open file.
        self.call(|file, status| unsafe { sys::ffpscl(file, scale, zero, status) })
    }

    fn rows(&mut self) -> Result<i64> {
        let mut rows = 0;
        // SAFETY: an open file, and a place for the number.
        self.call(|file, status| unsafe { sys::ffgnrwll(file, &raw mut rows, status) })?;
        Ok(rows)
    }

    /// Type (negative for arrays in the heap), repeat count, and bytes of an element.
    fn format(&mut self, column: usize) -> Result<(c_int, i64, i64)> {
        let (mut code, mut repeat, mut width) = (0, 0, 0);
        self.call(|file, status| {
            // SAFETY: an open file, and places for three numbers.
            unsafe {
                let (code, repeat, width) = (&raw mut code, &raw mut repeat, &raw mut width);
                sys::ffgtclll(file, number(column), code, repeat, width, status)
            }
        })?;
        Ok((code, repeat, width))
    }

    fn cells(&mut self, column: usize, row: i64, count: i64) -> Result<Vec<f64>> {
        let mut cells = vec![0.0_f64; usize::try_from(count).unwrap_or(0)];
        let (mut nothing, mut any) = (f64::NAN, 0);
        if cells.is_empty() {
            return Ok(cells);
        }
        self.call(|file, status| {
            // SAFETY: there is room for `count` numbers, and `nothing` is one.
            unsafe {
                let (nothing, any) = ((&raw mut nothing).cast(), &raw mut any);
                let (column, cells) = (number(column), cells.as_mut_ptr().cast());
                sys::ffgcv(file, TYPE_DOUBLE, column, row, 1, count, nothing, cells, any, status)
            }
        })?;
        Ok(cells)
    }

    /// The window as cfitsio counts: all axes, from 1, both ends included.
    fn corners(&mut self, unit: usize, plane: u64, window: &PixelBox) -> Result<Corners> {
        let no_image = |place: &str| Error::NoImage { place: place.to_owned() };
        let (bitpix, axes) = self.image(unit)?.ok_or_else(|| no_image(&self.place))?;
        let (&nx, rest) = axes.split_first().ok_or_else(|| no_image(&self.place))?;
        let ny = rest.first().copied().unwrap_or(1);
        let shape = (usize::try_from(ny).unwrap_or(0), usize::try_from(nx).unwrap_or(0));
        if !PixelBox::of_shape(shape).contains_box(window) {
            let (place, x, y) = (self.place.clone(), window.x.clone(), window.y.clone());
            return Err(Error::OutsideImage { place, x, y, shape });
        }
        if plane >= axes.iter().skip(2).product() {
            let wanted = format!("plane {plane}");
            return Err(Error::NoSuchExtension { wanted, place: self.place.clone() });
        }
        let long = |n: isize| c_long::try_from(n).unwrap_or(c_long::MAX);
        let mut first = vec![long(window.x.start) + 1, long(window.y.start) + 1];
        let mut last = vec![long(window.x.end), long(window.y.end)];
        let mut plane = plane;
        for n in axes.iter().skip(2) {
            let at = c_long::try_from(plane % n).unwrap_or(c_long::MAX - 1) + 1;
            first.push(at);
            last.push(at);
            plane /= n;
        }
        first.truncate(axes.len());
        last.truncate(axes.len());
        Ok(Corners { bitpix, first, last })
    }

    fn read(
        &mut self,
        corners: &Corners,
        code: c_int,
        nothing: *mut c_void,
        out: *mut c_void,
    ) -> Result<()> {
        let (mut first, mut last) = (corners.first.clone(), corners.last.clone());
        let mut step = vec![1; first.len()];
        let mut any = 0;
        self.call(|file, status| {
            // SAFETY: the corners have a number for every axis and lie in the image; the callers give room for every
            // pixel between them, in the type that `code` names.
            unsafe {
                let (first, last, step) =
                    (first.as_mut_ptr(), last.as_mut_ptr(), step.as_mut_ptr());
                sys::ffgsv(file, code, first, last, step, nothing, out, &raw mut any, status)
            }
        })
    }

    fn go_to(&mut self, unit: usize) -> Result<()> {
        let number = number(unit);
        self.call(|file, status| {
            // SAFETY: an open file; nobody asks for the type.
            unsafe { sys::ffmahd(file, number, ptr::null_mut(), status) }
        })
    }

    fn call(&mut self, f: impl FnOnce(*mut sys::fitsfile, *mut c_int) -> c_int) -> Result<()> {
        let mut status = 0;
        f(self.file.as_ptr(), &raw mut status);
        check(&self.place, status)
    }
}

impl Drop for CfitsioFile {
    fn drop(&mut self) {
        // SAFETY: the file is open, and nobody uses it afterwards. Nothing was written, so that nothing is lost.
        unsafe { sys::ffclos(self.file.as_ptr(), &mut 0) };
    }
}

struct Corners {
    bitpix: Bitpix,
    first: Vec<c_long>,
    last: Vec<c_long>,
}

/// As cfitsio counts units and columns.
fn number(index: usize) -> c_int {
    c_int::try_from(index).unwrap_or(c_int::MAX - 1) + 1
}

/// What a status means, in the library's words; its stack of messages is emptied.
fn check(place: &str, status: c_int) -> Result<()> {
    if status == 0 {
        return Ok(());
    }
    let mut text = [0 as c_char; 81];
    // SAFETY: the text has at most 30 characters and its NUL.
    let text = unsafe {
        sys::ffgerr(status, text.as_mut_ptr());
        sys::ffcmsg();
        CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned()
    };
    let source = io::Error::other(format!("cfitsio: {text} ({status})"));
    Err(Error::Read { place: place.to_owned(), source })
}
