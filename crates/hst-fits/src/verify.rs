//! Whether the data of a unit are those that were written.

use crate::checksum;
use crate::file::next_block;
use crate::{Error, FitsFile, Hdu, Result};

impl FitsFile {
    /// Whether the data of `hdu` sum to its `DATASUM`; `None` where it has none. Reads all of them, a mebibyte at a
    /// time.
    ///
    /// # Errors
    /// When the data cannot be read, a cut file for one.
    ///
    /// # Source
    /// FITS 4.0, sect. 4.4.2.7 and appendix J.
    pub fn datasum_is_right(&self, hdu: &Hdu) -> Result<Option<bool>> {
        let header = hdu.stored_header();
        let text = header.find::<String>("DATASUM").ok().flatten();
        let number = || header.find::<i64>("DATASUM").ok().flatten().map(|sum| sum.to_string());
        let Some(written) = text.or_else(number) else { return Ok(None) };
        let Ok(written) = written.trim().parse::<u32>() else { return Ok(None) };
        let end = next_block(hdu.offset.saturating_add(hdu.bytes));
        let (mut sum, mut at) = (0, hdu.offset);
        let mut buffer = vec![0; 1 << 20];
        while at < end {
            let length = usize::try_from(end - at).unwrap_or(usize::MAX).min(buffer.len());
            let piece = &mut buffer[..length];
            let place = || hdu.place().to_owned();
            self.source()
                .read_at(at, piece)
                .map_err(|source| Error::Read { place: place(), source })?;
            sum = checksum::add(sum, piece);
            at += length as u64;
        }
        Ok(Some(sum == written))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::{Checksums, FitsFile, Header, Pixels, WriteOptions, write_images_with};

    #[test]
    fn one_bit_is_noticed_and_no_sum_is_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.fits");
        let pixels: Vec<f32> = (0..3000_u16).map(f32::from).collect();
        let units = [(&Header::new(), Pixels::F32((50, 60), &pixels[..]))];
        for checksums in [Checksums::Write, Checksums::Omit] {
            let options = WriteOptions { checksums };
            write_images_with(&path, &units, options).unwrap();
            let right = |path| {
                let file = FitsFile::open(path).unwrap();
                file.datasum_is_right(&file.hdus()[0]).unwrap()
            };
            let has = checksums == Checksums::Write;
            assert_eq!(right(&path), has.then_some(true));
            let mut bytes = fs::read(&path).unwrap();
            let last = bytes.len() - 2880;
            bytes[last] ^= 1;
            fs::write(&path, bytes).unwrap();
            assert_eq!(right(&path), has.then_some(false));
        }
    }
}
