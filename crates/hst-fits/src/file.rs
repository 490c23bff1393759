use std::path::{Path, PathBuf};

use crate::header::{BLOCK, CARD};
use crate::source::{ByteSource, DiskFile};
use crate::{Error, Hdu, Header, Result, gzip};

/// Headers longer than this are an attack or a mistake; the largest of HST have some hundred blocks.
const HEADER_LIMIT: usize = 64 << 20;

/// An open FITS file: all headers, and pixels on request.
///
/// Opening reads the headers alone. Pixels are read by position, so a window costs a window, and several threads may
/// read at once. A file that was compressed as a whole (`.fits.gz`) is inflated first, large ones to a temporary file.
#[derive(Debug)]
pub struct FitsFile {
    path: PathBuf,
    source: Box<dyn ByteSource>,
    hdus: Vec<Hdu>,
    damage: Option<Error>,
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
        Self::from_source_until(source, path, |_| false)
    }

    /// Opens what `source` holds as far as the first units that are `enough`; what is behind them is not looked at, and
    /// not there for this file. On a server every unit behind the first costs a request.
    ///
    /// # Errors
    /// As [`FitsFile::open`].
    pub fn from_source_until(
        mut source: Box<dyn ByteSource>,
        path: &Path,
        enough: impl Fn(&[Hdu]) -> bool,
    ) -> Result<Self> {
        let place = path.display().to_string();
        if gzip::is_gzip(source.as_ref()) {
            source = gzip::inflate(source.as_ref())
                .map_err(|source| Error::Read { place: place.clone(), source })?;
        }
        let mut hdus: Vec<Hdu> = Vec::new();
        let (mut offset, mut damage) = (0, None);
        while offset < source.len() && (hdus.is_empty() || !enough(&hdus)) {
            match read_hdu(source.as_ref(), offset, hdus.len(), &place) {
                Ok(hdu) => {
                    offset = next_block(hdu.offset.saturating_add(hdu.bytes));
                    hdus.push(hdu);
                }
                // What could not be read may be there, and looking away would change results.
                Err(error) if !hdus.is_empty() && !matches!(error, Error::Read { .. }) => {
                    // What follows the last extension need not be FITS (sect. 3.5).
                    damage = Some(error).filter(|error| !matches!(error, Error::NotFits { .. }));
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        if hdus.is_empty() {
            return Err(Error::NotFits { place });
        }
        Ok(Self { path: path.to_owned(), source, hdus, damage })
    }

    /// What is wrong with the header behind the last unit, where the file goes on with a damaged one.
    ///
    /// A damaged header hides nothing of the units before it, and everything behind it.
    pub fn damage(&self) -> Option<&Error> {
        self.damage.as_ref()
    }

    /// The name the file was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of bytes of the file; of the inflated one if it was compressed as a whole.
    pub fn bytes(&self) -> u64 {
        self.source.len()
    }

    /// Where the last extension ends, by its header, in whole blocks: beyond [`bytes`](Self::bytes) in a file that was
    /// cut short.
    pub fn structure_bytes(&self) -> u64 {
        self.hdus.last().map_or(0, |hdu| next_block(hdu.offset.saturating_add(hdu.bytes)))
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
        self.hdus.iter().find(called).ok_or_else(|| {
            self.no(version.map_or_else(|| name.to_owned(), |version| format!("{name},{version}")))
        })
    }

    /// The unit of that number, the primary one is 0.
    ///
    /// # Errors
    /// When there is none.
    pub fn hdu(&self, index: usize) -> Result<&Hdu> {
        self.hdus.get(index).ok_or_else(|| self.no(index.to_string()))
    }

    /// Says too where a damaged header may hide what is missing.
    fn no(&self, wanted: String) -> Error {
        let mut place = self.path.display().to_string();
        if let Some(damage) = &self.damage {
            place += &format!(", which is damaged behind unit {} ({damage})", self.hdus.len() - 1);
        }
        Error::NoSuchExtension { wanted, place }
    }

    /// The first unit that holds a two-dimensional image.
    ///
    /// # Errors
    /// When there is none.
    pub fn first_image(&self) -> Result<&Hdu> {
        let found = self.hdus.iter().find(|hdu| hdu.shape().is_some());
        found.ok_or_else(|| Error::NoImage { place: self.path.display().to_string() })
    }

    pub(crate) fn source(&self) -> &dyn ByteSource {
        self.source.as_ref()
    }
}

/// Where the block ends that holds the byte before `offset`.
pub(crate) fn next_block(offset: u64) -> u64 {
    offset.div_ceil(BLOCK as u64).saturating_mul(BLOCK as u64)
}

/// Reads one header in growing pieces until its `END`.
fn read_hdu(source: &dyn ByteSource, offset: u64, index: usize, file: &str) -> Result<Hdu> {
    let mut bytes = Vec::new();
    let mut more = source.header_guess().next_multiple_of(BLOCK);
    let header = loop {
        let start = bytes.len();
        let left = source.len().saturating_sub(offset + start as u64);
        // A piece of a block at the end of a file is no header.
        let there = usize::try_from(left).unwrap_or(usize::MAX) / BLOCK * BLOCK;
        let wanted = more.min(there);
        if wanted == 0 || start >= HEADER_LIMIT {
            let expected = offset + (start + BLOCK) as u64;
            let place =
                if index == 0 { "PRIMARY".to_owned() } else { format!("extension {index}") };
            let place = format!("{place} in {file}");
            return Err(match bytes.is_empty() {
                true => Error::NotFits { place: file.to_owned() },
                false => Error::Truncated { place, expected, found: source.len() },
            });
        }
        bytes.resize(start + wanted, 0);
        source
            .read_at(offset + start as u64, &mut bytes[start..])
            .map_err(|source| Error::Read { place: file.to_owned(), source })?;
        if start == 0 && !begins(&bytes, index) {
            return Err(Error::NotFits { place: file.to_owned() });
        }
        if let Some(end) = end_of_header(&bytes, start) {
            bytes.truncate(end);
            break Header::parse(&bytes).unwrap_or_default();
        }
        more = bytes.len();
    };
    let mut hdu = Hdu::new(index, header, file)?;
    hdu.offset = offset + bytes.len() as u64;
    Ok(hdu)
}

fn begins(bytes: &[u8], index: usize) -> bool {
    bytes.starts_with(if index == 0 { b"SIMPLE  =" } else { b"XTENSION=" })
}

/// Where the block with `END` ends; it is looked for from `start` on.
fn end_of_header(bytes: &[u8], start: usize) -> Option<usize> {
    let mut cards = bytes[start..].chunks_exact(CARD);
    let end = cards.position(|card| card.starts_with(b"END     "))?;
    Some((start + end * CARD + 1).next_multiple_of(BLOCK))
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
            "cut short, 2880 of 5760 bytes are there: PRIMARY in a.fits"
        );
    }

    #[derive(Debug)]
    struct Breaks(Vec<u8>, u64);

    impl ByteSource for Breaks {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
            let is_read = offset < self.1;
            if is_read { self.0.read_at(offset, out) } else { Err(std::io::Error::other("cut")) }
        }

        fn header_guess(&self) -> usize {
            BLOCK
        }
    }

    /// A connection that ends is no end of the file.
    #[test]
    fn what_cannot_be_read_is_no_damage() {
        let one = file(16, &[], shorts());
        let two = String::from_utf8_lossy(&one).replace("SIMPLE  =", "XTENSION=").into_bytes();
        let both = [one.clone(), two].concat();
        let open = |enough: usize| {
            let source = Box::new(Breaks(both.clone(), one.len() as u64));
            FitsFile::from_source_until(source, Path::new("a.fits"), |hdus| hdus.len() >= enough)
        };
        assert_eq!(open(2).unwrap_err().to_string(), "cannot read a.fits");
        assert_eq!(open(1).unwrap().hdus().len(), 1);
    }

    #[test]
    fn a_damaged_header_hides_only_what_is_behind_it() {
        let one = file(16, &[], shorts());
        let text = String::from_utf8_lossy(&one).replace("SIMPLE  =", "XTENSION=");
        let damaged =
            text.replace("BITPIX  =                   16", "BITPIX  =                   17");
        let file = open([&one, damaged.as_bytes()].concat()).unwrap();
        assert_eq!(file.hdus().len(), 1);
        let why = "BITPIX = 17 is no type: extension 1 in a.fits";
        assert_eq!(file.damage().unwrap().to_string(), why);
        assert_eq!(
            file.find("WHT", None).unwrap_err().to_string(),
            format!("there is no extension WHT in a.fits, which is damaged behind unit 0 ({why})")
        );
        // Special records may follow, and are none of ours.
        assert!(open([one, vec![7; 5000]].concat()).unwrap().damage().is_none());
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
