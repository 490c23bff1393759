use std::path::{Path, PathBuf};

use astro_coords::PixelBox;

use crate::header::{BLOCK, CARD};
use crate::pixels::{self, PixelType};
use crate::source::{ByteSource, DiskFile};
use crate::{Error, Hdu, Header, Result};

/// Headers longer than this are an attack or a mistake; the largest of HST have some hundred blocks.
const HEADER_LIMIT: usize = 64 << 20;

/// An open FITS file: all headers, and pixels on request.
///
/// Opening reads the headers alone. Pixels are read by position, so a window costs a window, and several threads may
/// read at once.
#[derive(Debug)]
pub struct FitsFile {
    path: PathBuf,
    source: Box<dyn ByteSource>,
    hdus: Vec<Hdu>,
}

impl FitsFile {
    /// Opens the file at `path`.
    ///
    /// A file that was cut short opens as far as its headers are whole; reading pixels that are not there is an error.
    ///
    /// # Errors
    /// When the file cannot be read, is no FITS file, or its first header is damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let file = DiskFile::open(path)
            .map_err(|source| Error::Read { place: path.display().to_string(), source })?;
        Self::from_source(Box::new(file), path)
    }

    /// Opens what `source` holds; `path` is its name in messages.
    ///
    /// # Errors
    /// As [`FitsFile::open`].
    pub fn from_source(source: Box<dyn ByteSource>, path: &Path) -> Result<Self> {
        let place = path.display().to_string();
        let mut hdus: Vec<Hdu> = Vec::new();
        let mut offset = 0;
        while offset < source.len() {
            match read_hdu(source.as_ref(), offset, hdus.len(), &place) {
                Ok(hdu) => {
                    offset = next_block(hdu.offset.saturating_add(hdu.bytes));
                    hdus.push(hdu);
                }
                // What follows the last extension need not be FITS (sect. 3.5), and a damaged header hides
                // nothing of the extensions before it.
                Err(_) if !hdus.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        if hdus.is_empty() {
            return Err(Error::NotFits { place });
        }
        Ok(Self { path: path.to_owned(), source, hdus })
    }

    /// The name the file was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.source.len()
    }

    /// The header and data units in their order.
    pub fn hdus(&self) -> &[Hdu] {
        &self.hdus
    }

    /// The header of the primary unit.
    pub fn primary(&self) -> &Header {
        &self.hdus[0].header
    }

    /// The extension `name` (any case), of `version` if one is given.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(&self, name: &str, version: Option<i64>) -> Result<&Hdu> {
        let called = |hdu: &&Hdu| {
            hdu.name.eq_ignore_ascii_case(name)
                && version.is_none_or(|version| hdu.version == version)
        };
        self.hdus.iter().find(called).ok_or_else(|| Error::NoSuchExtension {
            wanted: version.map_or_else(|| name.to_owned(), |version| format!("{name},{version}")),
            place: self.path.display().to_string(),
        })
    }

    /// The unit of that number, the primary one is 0.
    ///
    /// # Errors
    /// When there is none.
    pub fn hdu(&self, index: usize) -> Result<&Hdu> {
        self.hdus.get(index).ok_or_else(|| Error::NoSuchExtension {
            wanted: index.to_string(),
            place: self.path.display().to_string(),
        })
    }

    /// The first unit that holds a two-dimensional image.
    ///
    /// # Errors
    /// When there is none.
    pub fn first_image(&self) -> Result<&Hdu> {
        let found = self.hdus.iter().find(|hdu| hdu.shape().is_some());
        found.ok_or_else(|| Error::NoImage { place: self.path.display().to_string() })
    }

    /// Reads the pixels of `window`, row by row, to `out`, which has just that length.
    ///
    /// Physical values: BSCALE and BZERO applied, BLANK as NaN, NaN kept. Only the rows of the window are read.
    ///
    /// # Errors
    /// When the unit holds no 2-D image, the window is not wholly in it, or the file ends before it.
    ///
    /// # Panics
    /// When `out` has another length than the window.
    pub fn read_window<T: PixelType>(
        &self,
        hdu: &Hdu,
        window: &PixelBox,
        out: &mut [T],
    ) -> Result<()> {
        let shape = hdu.shape().ok_or_else(|| Error::NoImage { place: hdu.place().to_owned() })?;
        if !PixelBox::of_shape(shape).contains_box(window) {
            return Err(Error::OutsideImage {
                place: hdu.place().to_owned(),
                x: window.x.clone(),
                y: window.y.clone(),
                shape,
            });
        }
        let (rows, width) = window.shape();
        assert_eq!(out.len(), rows * width, "the buffer has the size of the window");
        let decoder = pixels::Decoder::new(hdu)?;
        // Full rows lie in one piece and are read in pieces that stay in the cache.
        let at_once =
            if width == shape.1 { (CHUNK / (width * hdu.bitpix.bytes()).max(1)).max(1) } else { 1 };
        let mut bytes = vec![0; at_once.min(rows) * width * hdu.bitpix.bytes()];
        for (i, piece) in out.chunks_mut((at_once * width).max(1)).enumerate() {
            let y = window.y.start.unsigned_abs() + i * at_once;
            let first = (y as u64) * (shape.1 as u64) + window.x.start.unsigned_abs() as u64;
            let bytes = &mut bytes[..piece.len() * hdu.bitpix.bytes()];
            self.read_bytes(hdu, first * hdu.bitpix.bytes() as u64, bytes)?;
            decoder.decode(bytes, piece);
        }
        Ok(())
    }

    /// Bytes of the data of `hdu`, `offset` from their beginning.
    fn read_bytes(&self, hdu: &Hdu, offset: u64, out: &mut [u8]) -> Result<()> {
        let (start, end) = (hdu.offset + offset, hdu.offset + offset + out.len() as u64);
        if end > self.source.len() {
            return Err(Error::Truncated {
                place: hdu.place().to_owned(),
                expected: hdu.offset + hdu.bytes,
                found: self.source.len(),
            });
        }
        self.source
            .read_at(start, out)
            .map_err(|source| Error::Read { place: hdu.place().to_owned(), source })
    }
}

/// Bytes read at once where rows lie in one piece.
const CHUNK: usize = 1 << 18;

fn next_block(offset: u64) -> u64 {
    offset.div_ceil(BLOCK as u64).saturating_mul(BLOCK as u64)
}

/// Reads one header, block by block until its `END`.
fn read_hdu(source: &dyn ByteSource, offset: u64, index: usize, file: &str) -> Result<Hdu> {
    let mut bytes = Vec::new();
    let header = loop {
        let at = offset + bytes.len() as u64;
        let found = source.len().saturating_sub(at).min(BLOCK as u64);
        if found < BLOCK as u64 || bytes.len() >= HEADER_LIMIT {
            return Err(header_without_end(&bytes, file, at + BLOCK as u64, source.len()));
        }
        let start = bytes.len();
        bytes.resize(start + BLOCK, 0);
        source
            .read_at(at, &mut bytes[start..])
            .map_err(|source| Error::Read { place: file.to_owned(), source })?;
        if start == 0 && !begins(&bytes, index) {
            return Err(Error::NotFits { place: file.to_owned() });
        }
        if ends(&bytes[start..]) {
            break Header::parse(&bytes).unwrap_or_default();
        }
    };
    let mut hdu = Hdu::new(index, header, file)?;
    hdu.offset = offset + bytes.len() as u64;
    Ok(hdu)
}

fn begins(bytes: &[u8], index: usize) -> bool {
    bytes.starts_with(if index == 0 { b"SIMPLE  =" } else { b"XTENSION=" })
}

fn ends(block: &[u8]) -> bool {
    block.chunks_exact(CARD).any(|card| card.starts_with(b"END     "))
}

fn header_without_end(bytes: &[u8], file: &str, expected: u64, found: u64) -> Error {
    let place = file.to_owned();
    if bytes.is_empty() {
        Error::NotFits { place }
    } else {
        Error::Truncated { place, expected, found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(text: &str) -> String {
        format!("{text:<80}")
    }

    fn block(mut bytes: Vec<u8>, fill: u8) -> Vec<u8> {
        bytes.resize(bytes.len().div_ceil(BLOCK) * BLOCK, fill);
        bytes
    }

    /// A file of one 3 x 4 image (nx = 3) whose pixels are 0, 1, 2, ... in `bitpix`.
    fn file(bitpix: i64, more: &[&str], pixels: Vec<u8>) -> Vec<u8> {
        let mut text =
            card("SIMPLE  =                    T") + &card(&format!("BITPIX  = {bitpix:20}"));
        text += &(card("NAXIS   =                    2") + &card("NAXIS1  =                    3"));
        text += &card("NAXIS2  =                    4");
        for more in more {
            text += &card(more);
        }
        text += &card("END");
        let mut bytes = block(text.into_bytes(), b' ');
        bytes.extend(pixels);
        block(bytes, 0)
    }

    fn open(bytes: Vec<u8>) -> Result<FitsFile> {
        FitsFile::from_source(Box::new(bytes), Path::new("a.fits"))
    }

    fn shorts() -> Vec<u8> {
        (0..12i16).flat_map(i16::to_be_bytes).collect()
    }

    #[test]
    fn a_window_is_read_row_by_row() {
        let file = open(file(16, &[], shorts())).unwrap();
        let mut out = [0f32; 4];
        file.read_window(&file.hdus()[0], &PixelBox::new(1..3, 2..4), &mut out).unwrap();
        assert_eq!(out, [7.0, 8.0, 10.0, 11.0]);
        let error = file
            .read_window(&file.hdus()[0], &PixelBox::new(1..4, 2..4), &mut [0f32; 6])
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "columns 1..4, rows 2..4 are not all in the image of (4, 3) (ny, nx): PRIMARY in a.fits"
        );
    }

    #[test]
    fn scaled_pixels_are_physical_and_blank_is_nan() {
        let cards = ["BSCALE  = 0.5", "BZERO   = 100.", "BLANK   = 4"];
        let file = open(file(16, &cards, shorts())).unwrap();
        let mut out = [0f64; 12];
        file.read_window(&file.hdus()[0], &PixelBox::of_shape((4, 3)), &mut out).unwrap();
        assert_eq!(out[11], 105.5);
        assert!(out[4].is_nan());
        assert_eq!(out.iter().filter(|v| v.is_nan()).count(), 1);
    }

    #[test]
    fn a_file_cut_short_keeps_what_is_whole() {
        let mut bytes = file(16, &[], shorts());
        bytes.truncate(BLOCK + 13);
        let file = open(bytes).unwrap();
        let hdu = &file.hdus()[0];
        file.read_window(hdu, &PixelBox::new(0..3, 0..2), &mut [0f32; 6]).unwrap();
        let error = file.read_window(hdu, &PixelBox::new(0..3, 2..3), &mut [0f32; 3]).unwrap_err();
        assert_eq!(error.to_string(), "cut short, 2893 of 2904 bytes are there: PRIMARY in a.fits");
    }

    #[test]
    fn what_is_not_fits_is_said() {
        for bytes in [Vec::new(), b"<html>".to_vec(), vec![0; 9000]] {
            assert_eq!(open(bytes).unwrap_err().to_string(), "not a FITS file: a.fits");
        }
        let mut bytes = file(16, &[], shorts());
        bytes.truncate(2000);
        bytes.resize(2880, b' ');
        let cut = bytes.windows(4).position(|card| card == b"END ").unwrap();
        bytes[cut..].fill(b' ');
        assert_eq!(
            open(bytes).unwrap_err().to_string(),
            "cut short, 2880 of 5760 bytes are there: a.fits"
        );
    }

    #[test]
    fn hostile_sizes_are_refused_before_anything_is_allocated() {
        let bytes = file(17, &[], shorts());
        assert_eq!(
            open(bytes).unwrap_err().to_string(),
            "BITPIX = 17 is no type: PRIMARY in a.fits"
        );
        let bytes = String::from_utf8(file(16, &[], Vec::new())).unwrap();
        let bytes =
            bytes.replace("NAXIS1  =                    3", "NAXIS1  =  9000000000000000000");
        assert_eq!(
            open(bytes.into_bytes()).unwrap_err().to_string(),
            "the axes are longer than any file: PRIMARY in a.fits"
        );
    }
}
