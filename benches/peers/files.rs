//! Opens a FITS file and reads a window or a plane of SCI, in every way there is, for `files.py`.
//!
//! `hst-fits-kept` reads to an array that is there already, the others to a new one.
//!
//! A line of standard input is a command: the way, and for every window `X Y SIZE` (for the plane nothing). The answer is a
//! line too: for every read its wall time in nanoseconds, and two sums of the bits of the pixels.

use std::io::{self, BufRead, Write};
use std::path::Path;
use std::time::Instant;

use astro_coords::PixelBox;
use hst_fits::FitsFile;

fn ours(path: &Path, window: Option<&PixelBox>, mut pixels: Vec<f32>) -> Vec<f32> {
    let file = FitsFile::open(path).expect("a FITS file");
    let sci = file.find("SCI", Some(1)).expect("SCI");
    let whole = PixelBox::of_shape(sci.shape().expect("an image"));
    let window = window.unwrap_or(&whole);
    let n = window.shape().0 * window.shape().1;
    if pixels.len() != n {
        pixels = hst_fits::zeroed(n);
    }
    file.read_window(sci, window, &mut pixels).expect("pixels");
    pixels
}

/// The safe interface of the crate `fitsio`.
#[cfg(feature = "cfitsio")]
fn fitsio(path: &Path, window: Option<&PixelBox>, _: Vec<f32>) -> Vec<f32> {
    let mut file = fitsio::FitsFile::open(path).expect("a FITS file");
    let sci = file.hdu("SCI").expect("SCI");
    match window {
        None => sci.read_image(&mut file).expect("pixels"),
        Some(window) => {
            let range = |range: &std::ops::Range<isize>| {
                range.start.unsigned_abs()..range.end.unsigned_abs()
            };
            let (x, y) = (range(&window.x), range(&window.y));
            sci.read_region(&mut file, &[&x, &y]).expect("pixels")
        }
    }
}

/// The C functions themselves, as our second reader calls them.
#[cfg(feature = "cfitsio")]
fn cfitsio(path: &Path, window: Option<&PixelBox>, _: Vec<f32>) -> Vec<f32> {
    let mut file = hst_fits::CfitsioFile::open(path).expect("a FITS file");
    let (_, axes) = file.image(1).expect("SCI").expect("an image");
    let whole = PixelBox::of_shape((axes[1] as usize, axes[0] as usize));
    file.read_plane(1, 0, window.unwrap_or(&whole)).expect("pixels")
}

fn main() -> io::Result<()> {
    let path = std::env::args().nth(1).expect("a FITS file");
    let path = Path::new(&path);
    let mut out = io::stdout();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<_> = line.split_whitespace().collect();
        let read = match words[0] {
            "hst-fits" | "hst-fits-kept" => ours,
            #[cfg(feature = "cfitsio")]
            "fitsio" => fitsio,
            #[cfg(feature = "cfitsio")]
            "cfitsio" => cfitsio,
            other => panic!("{other} is not built in"),
        };
        let numbers: Vec<isize> = words[1..].iter().filter_map(|word| word.parse().ok()).collect();
        let windows: Vec<_> = match numbers.as_slice() {
            [] => vec![None],
            numbers => numbers
                .chunks_exact(3)
                .map(|w| Some(PixelBox::new(w[0]..w[0] + w[2], w[1]..w[1] + w[2])))
                .collect(),
        };
        let mut answer = String::new();
        let mut kept = Vec::new();
        for window in windows {
            if words[0] == "hst-fits-kept" && kept.is_empty() {
                kept = read(path, window.as_ref(), kept);
            }
            let start = Instant::now();
            let pixels = read(path, window.as_ref(), std::mem::take(&mut kept));
            let wall = start.elapsed().as_nanos();
            let bits = pixels.iter().map(|pixel| pixel.to_bits());
            let sum: u64 = bits.clone().map(u64::from).sum();
            let xor = bits.fold(0, |all, bits| all ^ bits);
            answer += &format!("{wall} {sum} {xor} ");
            if words[0] == "hst-fits-kept" {
                kept = pixels;
            }
        }
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
