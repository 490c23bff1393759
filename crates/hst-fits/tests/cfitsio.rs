//! Our reader against cfitsio, on everything there is; and cfitsio on what we write. Needs the feature `cfitsio`.
#![cfg(feature = "cfitsio")]

mod written;

use std::io::Read;
use std::path::{Path, PathBuf};

use astro_coords::PixelBox;
use hst_fits::{Bitpix, Card, CfitsioFile, FitsFile, Hdu, HduKind, Header, Table, Verified};
use written::{Data, Unit};

fn files() -> Option<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in ["data/fits_corpus", "data/hst", "data/tess", "data/ps1"] {
        for entry in std::fs::read_dir(testkit::shared(folder)?).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains(".fits") {
                files.push(path);
            }
        }
    }
    files.sort();
    Some(files)
}

/// The file itself, or what is in it: both sides then read the same bytes.
fn inflated(path: &Path, folder: &Path) -> PathBuf {
    if path.extension().is_none_or(|ending| ending != "gz") {
        return path.to_owned();
    }
    let mut bytes = Vec::new();
    let packed = std::fs::File::open(path).unwrap();
    flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    let plain = folder.join(path.file_stem().unwrap());
    std::fs::write(&plain, bytes).unwrap();
    plain
}

/// What was compared.
#[derive(Debug, Default)]
struct Compared {
    units: usize,
    cards: usize,
    pixels: usize,
    numbers: usize,
    texts: usize,
}

/// cfitsio takes blank lines at the end for room to write in.
fn cards(header: &Header) -> &[Card] {
    let blank = |card: &Card| *card == Card::commentary("", "");
    let cards = header.cards();
    &cards[..cards.iter().rposition(|card| !blank(card)).map_or(0, |last| last + 1)]
}

/// The same value, every NaN alike.
fn same(left: &[f64], right: &[f64]) -> bool {
    let bits = |value: &f64| if value.is_nan() { 1 } else { value.to_bits() };
    left.len() == right.len() && left.iter().map(bits).eq(right.iter().map(bits))
}

/// Where cfitsio looks for NaN it takes subnormal floats and -0 for 0.
fn flushed(hdu: &Hdu, pixels: &mut [f64]) {
    let least = match hdu.bitpix {
        Bitpix::F32 => f64::from(f32::MIN_POSITIVE),
        Bitpix::F64 => f64::MIN_POSITIVE,
        _ => return,
    };
    pixels.iter_mut().filter(|value| value.abs() < least).for_each(|value| *value = 0.0);
}

/// What cfitsio 4.2 reads wrongly; astropy reads it as we do. It gives the bits of compressed 64-bit integers as if they
/// were those of floats, refuses `NOCOMPRESS`, and shows the quantized tiles behind one that was not (`FALLBACK`) as
/// their integers.
fn beyond_cfitsio(hdu: &Hdu) -> bool {
    let named = ["NOCOMPRESS", "FALLBACK"].contains(&hdu.name.as_str());
    hdu.is_compressed() && (hdu.bitpix == Bitpix::I64 || named)
}

fn compare_windows(file: &FitsFile, hdu: &Hdu, other: &mut CfitsioFile, done: &mut Compared) {
    let (ny, nx) = hdu.plane_shape().unwrap();
    let (w, h) = (nx as isize, ny as isize);
    let windows = [
        PixelBox::of_shape((ny, nx)),
        PixelBox::new(w / 3..w / 3 + (w / 2).max(1), h / 2..h / 2 + (h / 3).max(1)),
        PixelBox::new(w - 1..w, h - 1..h),
    ];
    for plane in [0, hdu.planes() / 2, hdu.planes() - 1] {
        for window in &windows {
            let place = format!("{} {window:?} of plane {plane}", hdu.place());
            let n = window.shape().0 * window.shape().1;
            // It widens floats before it scales them, we (and astropy) after.
            if !(hdu.is_compressed() && hdu.bitpix == Bitpix::F32) {
                let mut ours = vec![0_f64; n];
                file.read_plane(hdu, plane, window, &mut ours).unwrap();
                let theirs: Vec<f64> = other.read_plane(hdu.index, plane, window).unwrap();
                flushed(hdu, &mut ours);
                assert!(same(&ours, &theirs), "{place}");
            }
            let mut ours = vec![0_f32; n];
            file.read_plane(hdu, plane, window, &mut ours).unwrap();
            let theirs: Vec<f32> = other.read_plane(hdu.index, plane, window).unwrap();
            let mut ours: Vec<f64> = ours.into_iter().map(f64::from).collect();
            flushed(hdu, &mut ours);
            let theirs: Vec<f64> = theirs.into_iter().map(f64::from).collect();
            assert!(same(&ours, &theirs), "{place} as f32");
            if !(hdu.is_compressed() && hdu.bitpix.is_float()) {
                let ours = file.read_stored_plane(hdu, plane, window).unwrap();
                let theirs = other.read_stored_plane(hdu.index, plane, window).unwrap();
                assert!(ours == theirs, "{place} as stored");
            }
            done.pixels += n;
        }
    }
    let outside = PixelBox::new(0..w + 1, 0..1);
    let ours = file.read_stored_plane(hdu, 0, &outside).unwrap_err().to_string();
    let theirs = other.read_stored_plane(hdu.index, 0, &outside).unwrap_err().to_string();
    assert_eq!(ours.split_once(": ").unwrap().0, theirs.split_once(": ").unwrap().0);
}

fn compare_table(file: &FitsFile, hdu: &Hdu, other: &mut CfitsioFile, done: &mut Compared) {
    let table = file.read_table(hdu).unwrap();
    for (i, column) in table.columns.iter().enumerate() {
        let place = format!("{} column {}", hdu.place(), column.name);
        if let Some(ours) = column.numbers() {
            assert!(same(&ours, &other.numbers(hdu.index, i).unwrap()), "{place}");
            done.numbers += ours.len();
        } else if let (Some(ours), None) = (column.texts(), &column.lengths) {
            assert_eq!(ours, other.texts(hdu.index, i).unwrap(), "{place}");
            done.texts += ours.len();
        }
    }
}

fn compare(path: &Path, done: &mut Compared) {
    let file = FitsFile::open(path).unwrap();
    let mut other = CfitsioFile::open(path).unwrap();
    assert_eq!(other.units().unwrap(), file.hdus().len(), "{}", path.display());
    for hdu in file.hdus() {
        let theirs = other.header(hdu.index).unwrap();
        let (ours, theirs) = (cards(hdu.stored_header()), cards(&theirs));
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert_eq!(ours, theirs, "{}", hdu.place());
        }
        assert_eq!(ours.len(), theirs.len(), "{}", hdu.place());
        done.cards += ours.len();
        done.units += 1;
        if let Some((bitpix, axes)) = other.image(hdu.index).unwrap() {
            assert_eq!((bitpix, &axes), (hdu.bitpix, &hdu.axes), "{}", hdu.place());
        }
        if hdu.plane_shape().is_some() && !beyond_cfitsio(hdu) {
            compare_windows(&file, hdu, &mut other, done);
        } else if hdu.kind == HduKind::Table {
            compare_table(&file, hdu, &mut other, done);
        }
    }
}

#[test]
fn cfitsio_reads_every_file_as_we_do() {
    let Some(files) = files() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut done = Compared::default();
    for path in &files {
        compare(&inflated(path, folder.path()), &mut done);
    }
    eprintln!("{} files: {done:?}", files.len());
    assert!(files.len() > 25 && done.pixels > 10_000_000 && done.numbers > 10_000, "{done:?}");
}

#[test]
fn cfitsio_reads_every_method_of_compression_as_we_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/compressed.fits.gz");
    let mut done = Compared::default();
    compare(&inflated(&path, folder.path()), &mut done);
    eprintln!("{done:?}");
    assert!(done.units > 20 && done.pixels > 50_000, "{done:?}");
}

fn columns(file: &mut CfitsioFile, unit: usize, table: &Table) {
    for (i, column) in table.columns.iter().enumerate() {
        let place = format!("unit {unit}, column {}", column.name);
        if let Some(numbers) = column.numbers() {
            assert!(same(&numbers, &file.numbers(unit, i).unwrap()), "{place}");
        } else if let Some(texts) = column.texts() {
            assert_eq!(texts, file.texts(unit, i).unwrap(), "{place}");
        }
    }
}

#[test]
fn cfitsio_reads_what_we_write_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = written::all(folder.path()) else { return };
    for (path, units) in &files {
        let mut file = CfitsioFile::open(path).unwrap();
        assert_eq!(file.units().unwrap(), units.len(), "{}", path.display());
        for (i, Unit { header, data }) in units.iter().enumerate() {
            let place = format!("{} {i}", path.display());
            let right = Verified { data: Some(true), unit: Some(true) };
            assert_eq!(file.verify(i).unwrap(), right, "{place}");
            let found = written::given(&file.header(i).unwrap());
            let given = written::given(header);
            for (found, given) in found.iter().zip(&given) {
                assert_eq!(found, given, "{place}");
            }
            assert_eq!(found.len(), given.len(), "{place}");
            match data {
                Data::None => {}
                Data::Pixels(pixels) => {
                    let window = PixelBox::of_shape(pixels.shape());
                    let found = file.read_stored_plane(i, 0, &window).unwrap();
                    assert!(found == *pixels, "{place}");
                }
                Data::Table(table) => columns(&mut file, i, table),
            }
        }
    }
}

#[test]
fn a_wrong_sum_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("types.fits");
    written::every_type(&path);
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 2880;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let mut file = CfitsioFile::open(&path).unwrap();
    let last = file.units().unwrap() - 1;
    assert_eq!(file.verify(last).unwrap(), Verified { data: Some(false), unit: Some(false) });
    let error = CfitsioFile::open(Path::new("no[1].fits")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read no[1].fits");
}
