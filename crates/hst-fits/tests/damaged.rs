//! Damaged files: no panic, no hang, no memory that the file does not warrant, errors that name the place.

mod damage;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Copies with a damage each.
const COPIES: usize = 2000;
/// Virtual memory that the whole test may take. A tile may have 2^26 pixels, whatever its bytes.
const MEMORY: u64 = 1 << 30;
const SMALL: u64 = 300_000;

/// Splitmix64, so that every run damages alike.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().contains(".fits"));
    paths.sort();
    paths
}

/// The blocks from `SIMPLE` or `XTENSION` to `END`.
fn header_blocks(bytes: &[u8]) -> Vec<usize> {
    let mut inside = false;
    let mut blocks = Vec::new();
    for (i, block) in bytes.chunks(2880).enumerate() {
        inside |= block.starts_with(b"SIMPLE  =") || block.starts_with(b"XTENSION=");
        if inside {
            blocks.push(i * 2880);
            inside = !block.chunks(80).any(|card| card.starts_with(b"END     "));
        }
    }
    blocks
}

/// 1 to 8 bytes changed, cut short, or grown; says which.
fn damage_one(bytes: &mut Vec<u8>, headers: &[usize], dice: &mut Dice) -> String {
    let length = bytes.len();
    match dice.below(8) {
        0 => {
            let keep = dice.below(length);
            bytes.truncate(keep);
            format!("cut to {keep} of {length}")
        }
        1 => {
            let (at, more) = (dice.below(length + 1), 1 + dice.below(6000));
            let filler: Vec<u8> = (0..more).map(|_| dice.below(256) as u8).collect();
            bytes.splice(at..at, filler);
            format!("{more} bytes more at {at} of {length}")
        }
        _ => {
            let changes = 1 + dice.below(8);
            let mut where_to = Vec::new();
            for _ in 0..changes {
                // Half of them in headers, and half of those still look like one.
                let in_header = !headers.is_empty() && dice.below(2) == 0;
                let at = match in_header {
                    true => headers[dice.below(headers.len())] + dice.below(2880),
                    false => dice.below(length),
                };
                let plausible = b"0123456789-+.E'TF= /PQAXZ";
                let new = match dice.below(2) {
                    0 => plausible[dice.below(plausible.len())],
                    _ => dice.below(256) as u8,
                };
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = new;
                    where_to.push((at, new));
                }
            }
            format!("{where_to:?}")
        }
    }
}

/// Of `/proc/self`, where there is one: the most virtual memory so far, bytes; and the CPU time so far.
fn virtual_peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

fn cpu_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11..13)?.iter().map(|n| n.parse::<u64>().unwrap_or(0)).sum();
    Some(Duration::from_millis(10 * ticks))
}

/// Opens and reads all, within a second of work, and looks at every message.
fn endure(bytes: &[u8], what: &str) -> usize {
    let (start, before) = (Instant::now(), cpu_time());
    let errors = damage::read_everything(bytes);
    if start.elapsed() > Duration::from_secs(1) {
        // Another program may have taken the time.
        let spent = cpu_time().zip(before).map_or(start.elapsed(), |(now, before)| now - before);
        assert!(spent < Duration::from_secs(1), "{spent:?}: {what}");
    }
    for error in &errors {
        let whole_file = ["not a FITS file: damaged.fits", "cannot read damaged.fits"];
        let named = error.contains(" in damaged.fits") || whole_file.contains(&error.as_str());
        assert!(named, "{error}: {what}");
    }
    errors.len()
}

fn sources() -> Option<Vec<PathBuf>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/compressed.fits.gz");
    let mut paths = vec![own];
    for folder in ["data/fits_corpus", "data/hst", "data/tess", "data/ps1"] {
        paths.extend(files_in(&testkit::shared(folder)?));
    }
    Some(paths)
}

/// The bytes of a file, inflated in half of the copies where it is compressed as a whole.
fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes), &mut out) {
        Ok(_) => out,
        Err(_) => bytes.to_vec(),
    }
}

#[test]
fn two_thousand_damaged_copies_of_real_files_are_endured() {
    let Some(paths) = sources() else { return };
    let base = virtual_peak();
    let size = |path: &PathBuf| fs::metadata(path).unwrap().len();
    let (small, large): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| size(path) < SMALL);
    let mut dice = Dice(1);
    let (mut copies, mut complaints) = (0, 0);
    // Large files take their time, so that they get a tenth of the copies.
    for (paths, share) in [(small, COPIES * 9 / 10), (large, COPIES / 10)] {
        for (i, path) in paths.iter().enumerate() {
            let original = fs::read(path).unwrap();
            let plain = inflated(&original);
            let (headers, none) = (header_blocks(&plain), Vec::new());
            let times = share * (i + 1) / paths.len() - share * i / paths.len();
            for time in 0..times {
                let packed = original.len() != plain.len() && time % 8 == 0;
                let (mut bytes, headers) = match packed {
                    true => (original.clone(), &none),
                    false => (plain.clone(), &headers),
                };
                let what = damage_one(&mut bytes, headers, &mut dice);
                let what = format!("{} {what}", path.display());
                complaints += usize::from(endure(&bytes, &what) > 0);
                copies += 1;
                if let (Some(base), Some(peak)) = (base, virtual_peak()) {
                    assert!(peak - base < MEMORY, "{} MiB: {what}", (peak - base) >> 20);
                }
            }
        }
    }
    eprintln!("{copies} damaged copies, {complaints} with errors");
    assert_eq!(copies, COPIES);
    assert!(complaints > COPIES / 8, "{complaints}");
}

#[test]
fn what_fuzzing_found_stays_found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let mut seen = 0;
    for path in files_in(&folder.join("headers")) {
        endure(&fs::read(&path).unwrap(), &path.display().to_string());
        seen += 1;
    }
    for path in files_in(&folder.join("compressed")) {
        let bytes = damage::compressed_file(&fs::read(&path).unwrap()).unwrap();
        endure(&bytes, &path.display().to_string());
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn rows_that_cost_nothing_are_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions/headers");
    let errors = |name: &str| damage::read_everything(&fs::read(folder.join(name)).unwrap());
    assert_eq!(
        errors("rows_without_bytes.fits"),
        ["NAXIS2 = 1000000000000000000 rows do not have a byte: extension 1 in damaged.fits"]
    );
    assert_eq!(
        errors("shared_arrays.fits"),
        ["TTYPE1 = '' row 300 and others hold more than the heap: extension 1 in damaged.fits"]
    );
}
