use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

/// Bytes that are read by position: a file, or ranges of a remote one.
///
/// Several threads may read at once. Everything that is known to be needed is asked for at once, through
/// [`read_many`](Self::read_many): the rows of a window, the tiles of a compressed one. A source with a price per
/// request implements that one too, joins ranges that are near each other, and says with
/// [`batch`](Self::batch) how much may be asked for at once.
pub trait ByteSource: Debug + Send + Sync {
    /// Number of bytes.
    fn len(&self) -> u64;

    /// Fills `out` with the bytes from `offset` on.
    ///
    /// # Errors
    /// When they cannot all be read.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Fills every piece with the bytes from its offset on; offsets ascend, pieces do not overlap.
    ///
    /// # Errors
    /// When they cannot all be read.
    fn read_many(&self, pieces: &mut [Piece<'_>]) -> io::Result<()> {
        pieces.iter_mut().try_for_each(|piece| self.read_at(piece.offset, piece.out))
    }

    /// The bytes themselves where they lie in memory anyway, so that nobody copies them first.
    fn lend(&self, range: Range<u64>) -> Option<&[u8]> {
        let _ = range;
        None
    }

    /// Hears of everything that will be read next, before it is read piece by piece.
    ///
    /// A source with a price per request brings it at once. The default does nothing.
    ///
    /// # Errors
    /// When it cannot be had.
    fn prepare(&self, ranges: &[Range<u64>]) -> io::Result<()> {
        let _ = ranges;
        Ok(())
    }

    /// Whether [`prepare`](Self::prepare) does anything.
    fn is_costly(&self) -> bool {
        false
    }

    /// Bytes worth asking for in one call of [`read_many`](Self::read_many); this much is held in memory.
    ///
    /// The default stays in a processor's cache. Where every call costs a round trip, say some megabytes.
    fn batch(&self) -> usize {
        1 << 18
    }

    /// Bytes worth reading where a header begins; more are read until its end is there.
    fn header_guess(&self) -> usize {
        4 * 2880
    }

    /// Whether there is no byte.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where to read, and where to put it.
#[derive(Debug)]
pub struct Piece<'a> {
    /// Position of the first byte.
    pub offset: u64,
    /// What is filled.
    pub out: &'a mut [u8],
}

/// A file on disk. Positioned reads and no memory map: a map of a file on a network file system can kill the process.
#[derive(Debug)]
pub(crate) struct DiskFile {
    file: File,
    len: u64,
}

impl DiskFile {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::of(File::open(path)?)
    }

    pub(crate) fn of(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        Ok(Self { len: metadata.len(), file })
    }
}

impl ByteSource for DiskFile {
    fn len(&self) -> u64 {
        self.len
    }

    #[cfg(unix)]
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, out, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, mut offset: u64, mut out: &mut [u8]) -> io::Result<()> {
        while !out.is_empty() {
            let n = std::os::windows::fs::FileExt::seek_read(&self.file, out, offset)?;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            out = &mut out[n..];
            offset += n as u64;
        }
        Ok(())
    }
}

/// Bytes in memory.
impl ByteSource for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.saturating_add(out.len() as u64);
        out.copy_from_slice(self.lend(offset..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn lend(&self, range: Range<u64>) -> Option<&[u8]> {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        self.get(place(range.start)..place(range.end))
    }
}
