//! One place where a name becomes an open FITS file: a path, an http(s) address or a `mast:` URI.

use std::collections::HashSet;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use clap::ValueEnum;
use hst_fits::{ByteSource, FitsFile, Hdu, Piece};
use mast_client::{
    Cancel, Https, MAST, RangeCache, RangeOptions, RangeSource, Ranges, Retries, Token, Traffic,
};

use crate::archive;

/// Bytes of remote files that are kept between runs.
const KEPT: u64 = 4 << 30;

/// What is spared when a file is read from a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Prefer {
    /// Time: bytes between rows come along where another request would take longer
    #[default]
    Latency,
    /// Bytes: none that is not needed, at the price of many requests
    Bytes,
}

/// What the command line says of remote files, before the first of them is opened.
#[derive(Debug, Default)]
pub(crate) struct Remote {
    pub(crate) prefer: Prefer,
    /// The server of URIs; the archive's own where there is none.
    pub(crate) archive_url: Option<String>,
    pub(crate) max_bytes: Option<u64>,
    pub(crate) cancel: Cancel,
}

/// The connections of the process; the file that two parts of a command open is one.
static RANGES: OnceLock<Ranges> = OnceLock::new();
/// How they are made.
static REMOTE: Mutex<Option<Remote>> = Mutex::new(None);
/// Bytes of the files that are read, where they are known.
static WHOLE: AtomicU64 = AtomicU64::new(0);
/// URIs of an archive that is no `mast:`.
static URIS: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// Changes how remote files will be read; without effect once one was opened.
pub(crate) fn configure(change: impl FnOnce(&mut Remote)) {
    let mut remote = REMOTE.lock().unwrap_or_else(PoisonError::into_inner);
    change(remote.get_or_insert_default());
}

/// Files with these URIs are the archive's; where their public copies are is asked at once.
pub(crate) fn announce(uris: &[String]) {
    let mut known = URIS.lock().unwrap_or_else(PoisonError::into_inner);
    known.get_or_insert_default().extend(uris.iter().cloned());
    drop(known);
    ranges().look_up(uris.iter().map(String::as_str));
}

/// Whether `path` names a file on a server.
pub(crate) fn is_remote(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let known = URIS.lock().unwrap_or_else(PoisonError::into_inner);
    Ranges::is_remote(&name) || known.as_ref().is_some_and(|uris| uris.contains(&*name))
}

/// The name of a file without its folder; of a URI without its scheme.
pub(crate) fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let start = if is_remote(path) { name.rfind([':', '=']).map_or(0, |at| at + 1) } else { 0 };
    name[start..].to_owned()
}

/// Opens the FITS file of that name; of one on a server only the bytes that are read are fetched.
pub(crate) fn fits(path: &Path) -> hst_fits::Result<FitsFile> {
    fits_until(path, |_| false)
}

/// The same; of one on a server only the first units, as many as are `enough` and the lookup tables of their coordinates.
pub(crate) fn fits_until(
    path: &Path,
    enough: impl Fn(&[Hdu]) -> bool,
) -> hst_fits::Result<FitsFile> {
    if !is_remote(path) {
        return FitsFile::open(path);
    }
    let refers = |hdu: &Hdu| {
        let mut kinds = ["CPDIS1", "CPDIS2", "D2IMDIS1", "D2IMDIS2"].into_iter();
        kinds.any(|keyword| hdu.header.card(keyword).is_some())
    };
    let enough = |hdus: &[Hdu]| enough(hdus) && !hdus.iter().any(refers);
    let opened = ranges().open(&path.to_string_lossy());
    let failed = |source| hst_fits::Error::Read { place: path.display().to_string(), source };
    let source = opened.map_err(|error| failed(io::Error::other(error)))?;
    FitsFile::from_source_until(Box::new(OnServer(source)), path, enough)
}

/// What remote files have cost; `None` where none was opened.
pub(crate) fn traffic() -> Option<Traffic> {
    RANGES.get().map(Ranges::traffic)
}

/// The files to be read have so many bytes in all.
pub(crate) fn files_have(bytes: u64) {
    WHOLE.store(bytes, Ordering::Relaxed);
}

/// What remote files have cost, in words.
pub(crate) fn told(traffic: &Traffic) -> String {
    let whole = match WHOLE.load(Ordering::Relaxed) {
        0 => String::new(),
        bytes => format!(" (the files have {})", archive::bytes(bytes)),
    };
    format!(
        "read by ranges: {} requests, {}, {:.1} % of them used, {:.2} s{whole}",
        traffic.requests,
        archive::bytes(traffic.bytes),
        100.0 * traffic.useful_fraction(),
        traffic.time.as_secs_f64()
    )
}

/// The same for programs.
pub(crate) fn summary(traffic: &Traffic) -> serde_json::Value {
    serde_json::json!({"requests": traffic.requests, "bytes": traffic.bytes,
        "useful_fraction": traffic.useful_fraction(), "time_s": traffic.time.as_secs_f64()})
}

fn ranges() -> &'static Ranges {
    RANGES.get_or_init(|| {
        let remote = REMOTE.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Remote { prefer, archive_url, max_bytes, cancel } = remote.unwrap_or_default();
        let url = archive_url.or_else(|| archive::Place::Mast.url()).unwrap_or_default();
        let is_mast = url == MAST;
        let default = RangeOptions::default();
        let options = RangeOptions {
            token: Token::from_env(),
            // Only the archive itself knows of copies elsewhere.
            cloud_url: default.cloud_url.filter(|_| is_mast),
            archive_url: url,
            prefer: match prefer {
                Prefer::Latency => mast_client::Prefer::Latency,
                Prefer::Bytes => mast_client::Prefer::Bytes,
            },
            cache: archive::range_cache().map(|folder| RangeCache { folder, limit: KEPT }),
            requests_per_second: if is_mast { default.requests_per_second } else { 1000.0 },
            retries: match is_mast {
                true => default.retries,
                false => Retries { base: std::time::Duration::from_millis(200), ..default.retries },
            },
            max_bytes,
            cancel,
            ..RangeOptions::default()
        };
        Ranges::new(Arc::new(Https::default()), options)
    })
}

/// A source of `mast-client` as `hst-fits` reads it.
#[derive(Debug)]
struct OnServer(RangeSource);

impl ByteSource for OnServer {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, out).map_err(io::Error::other)
    }

    fn read_many(&self, pieces: &mut [Piece<'_>]) -> io::Result<()> {
        let mut pieces: Vec<_> =
            pieces.iter_mut().map(|piece| (piece.offset, &mut *piece.out)).collect();
        self.0.read_many(&mut pieces).map_err(io::Error::other)
    }

    fn prepare(&self, ranges: &[Range<u64>]) -> io::Result<()> {
        self.0.prepare(ranges).map_err(io::Error::other)
    }

    fn is_costly(&self) -> bool {
        true
    }
}
