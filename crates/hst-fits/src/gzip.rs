//! Files that were compressed as a whole, `.fits.gz`.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};

use flate2::bufread::MultiGzDecoder;

use crate::source::{ByteSource, DiskFile};

/// What is inflated beyond this goes to a nameless file on disk.
const IN_MEMORY: usize = 32 << 20;

/// Whether the bytes begin as gzip does. RFC 1952, sect. 2.3.1.
pub(crate) fn is_gzip(source: &dyn ByteSource) -> bool {
    let mut magic = [0; 2];
    source.len() >= 18 && source.read_at(0, &mut magic).is_ok() && magic == [0x1f, 0x8b]
}

/// Inflates the whole source: deflate has no places to begin at. Memory stays below [`IN_MEMORY`] bytes.
///
/// # Errors
/// When the stream is damaged or cut short, its checksum is wrong, or the disk is full.
pub(crate) fn inflate(source: &dyn ByteSource) -> io::Result<Box<dyn ByteSource>> {
    inflate_with(source, IN_MEMORY)
}

fn inflate_with(source: &dyn ByteSource, in_memory: usize) -> io::Result<Box<dyn ByteSource>> {
    source.prepare(std::slice::from_ref(&(0..source.len())))?;
    let bytes = BufReader::with_capacity(source.batch(), Sequential { source, offset: 0 });
    let mut inflated = MultiGzDecoder::new(bytes);
    let mut memory = Vec::new();
    inflated.by_ref().take(in_memory as u64).read_to_end(&mut memory)?;
    if memory.len() < in_memory {
        return Ok(Box::new(memory));
    }
    let mut file = BufWriter::with_capacity(1 << 18, tempfile::tempfile()?);
    file.write_all(&memory)?;
    drop(memory);
    io::copy(&mut inflated, &mut file)?;
    let file: File = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(Box::new(DiskFile::of(file)?))
}

/// A source from its beginning to its end.
struct Sequential<'a> {
    source: &'a dyn ByteSource,
    offset: u64,
}

impl Read for Sequential<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.source.len() - self.offset).unwrap_or(usize::MAX);
        let n = out.len().min(left);
        self.source.read_at(self.offset, &mut out[..n])?;
        self.offset += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn all(source: &dyn ByteSource) -> Vec<u8> {
        let mut bytes = vec![0; source.len() as usize];
        source.read_at(0, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn memory_and_disk_hold_the_same() {
        let bytes: Vec<u8> = (0..400_000_u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
        // Two members, as `cat a.gz b.gz` makes.
        let packed = [packed(&bytes[..250_000]), packed(&bytes[250_000..])].concat();
        assert!(is_gzip(&packed));
        for in_memory in [1000, 400_000, 400_001, 1 << 30] {
            let inflated = inflate_with(&packed, in_memory).unwrap();
            assert!(all(inflated.as_ref()) == bytes, "{in_memory}");
        }
    }

    #[test]
    fn damage_is_an_error() {
        let whole = packed(&[7; 5000]);
        let mut flipped = whole.clone();
        flipped[whole.len() - 8] ^= 1;
        assert!(inflate(&whole[..whole.len() - 9].to_vec()).is_err());
        assert!(inflate(&flipped).is_err());
        assert!(!is_gzip(&b"SIMPLE  = T and so on".to_vec()));
    }
}
