//! A million places in bounded memory. The peak is that of the process, so that this test has a file of its own.

use std::io;
use std::ops::Range;

use astro_coords::{PixelCoord, SkyCoord};
use cutout::{Batch, CutOptions, Size, Status, batch_to_npy, batch_to_tar};
use hst_fits::{FitsFile, Header, Pixels, RowSource, write_images};

const SIDE: usize = 10_000;
const LIMIT_MIB: u64 = 300;

#[derive(Debug)]
struct Waves;

impl RowSource for Waves {
    fn rows(&self, rows: Range<usize>, out: &mut [f64]) -> io::Result<()> {
        for (y, line) in rows.zip(out.chunks_exact_mut(SIDE)) {
            line.iter_mut().enumerate().for_each(|(x, pixel)| *pixel = value(x, y).into());
        }
        Ok(())
    }
}

fn value(x: usize, y: usize) -> f32 {
    ((x * 31 + y * 17) % 4093) as f32 + 1.0
}

fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? >> 10)
}

fn places(file: &FitsFile) -> Vec<SkyCoord> {
    let wcs = file.wcs(file.find("SCI", None).unwrap(), None).unwrap();
    let mut state = 7u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f64 / (1u64 << 24) as f64 * SIDE as f64
    };
    (0..1_000_000).map(|_| wcs.to_sky(PixelCoord::new(random(), random())).unwrap()).collect()
}

#[test]
#[ignore = "a minute and 2 GB of disk; .ci/full runs it"]
fn a_million_places_take_less_than_300_mib() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.fits");
    let mut header = Header::new();
    for (keyword, text) in [("EXTNAME", "SCI"), ("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN")] {
        header.set(keyword, text, "");
    }
    for (keyword, number) in [
        ("CRVAL1", 150.0),
        ("CRVAL2", 2.0),
        ("CRPIX1", 5000.0),
        ("CRPIX2", 5000.0),
        ("CD1_1", -1.1e-5),
        ("CD2_2", 1.1e-5),
    ] {
        header.set(keyword, number, "");
    }
    let pixels = Pixels::RowsF32((SIDE, SIDE), &Waves);
    write_images(&path, &[(&Header::new(), Pixels::None), (&header, pixels)]).unwrap();
    let file = FitsFile::open(&path).unwrap();
    let places = places(&file);
    let options = CutOptions::default();

    let batch = Batch::new(&file, &places, |_| Size::square(64.0), &options).unwrap();
    let mut sum = 0.0;
    let middle = |piece: &cutout::Piece<'_>| {
        let window = piece.window();
        let (x, y) = (window.x.start + 32, window.y.start + 32);
        let found = piece.units[0].bytes.as_chunks::<4>().0[32 * 64 + 32];
        let (x, y) = (usize::try_from(x).unwrap(), usize::try_from(y).unwrap());
        assert!(x >= SIDE || y >= SIDE || f32::from_be_bytes(found) == value(x, y));
        Ok(f64::from(f32::from_be_bytes(found)))
    };
    let statuses = batch.each(middle, |_, found| {
        sum += if found.is_nan() { 0.0 } else { found };
        Ok(())
    });
    let statuses = statuses.unwrap();
    assert!(sum > 1e9 && statuses.iter().filter(|s| **s == Status::Whole).count() > 950_000);
    drop((statuses, batch));
    let streamed = peak_mib();

    let batch = Batch::new(&file, &places, |_| Size::square(16.0), &options).unwrap();
    batch_to_npy(&batch, &[folder.path().join("a.npy")]).unwrap();
    let array = peak_mib();
    drop(batch);
    let some = &places[..50_000];
    let batch = Batch::new(&file, some, |_| Size::square(16.0), &options).unwrap();
    batch_to_tar(&batch, &folder.path().join("a.tar"), |i| format!("{i}.fits")).unwrap();
    eprintln!("MiB: streamed {streamed:?}, array {array:?}, archive {:?}", peak_mib());
    assert!(peak_mib().is_none_or(|peak| peak < LIMIT_MIB), "{:?} MiB", peak_mib());
}
