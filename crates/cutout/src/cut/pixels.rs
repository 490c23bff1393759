//! The pixels of a window: as they are stored, or as floats where that was asked for.

use astro_coords::PixelBox;
use hst_fits::{Bitpix, FitsFile, Hdu, Keywords, StoredPixels, StoredValue};

use super::scaling::{Fill, Scaling};
use super::{CutOptions, Integers, Located, Softened};
use crate::{Error, Result};

/// A cutout larger than this, in bytes, must lie in the image for a quarter at least.
const MOSTLY_EMPTY: usize = 1 << 30;

/// What is cut, and what of it is in the image.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window {
    pub(crate) wanted: PixelBox,
    pub(crate) inside: PixelBox,
}

impl Window {
    /// The share of the window that lies in the image.
    pub(crate) fn coverage(&self) -> f64 {
        let area = |(ny, nx): (usize, usize)| ny as f64 * nx as f64;
        area(self.inside.shape()) / area(self.wanted.shape())
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.wanted == self.inside
    }
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) pixels: StoredPixels,
    /// No pixel of the image has data there.
    pub(crate) empty: bool,
    /// What `CUTFILL` says.
    pub(crate) fill: Option<f64>,
    /// Whether pixels are no longer as they were stored, and why.
    pub(crate) made: Made,
}

/// Whether BSCALE, BZERO and BLANK still apply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Made {
    /// As stored.
    Stored,
    /// Floats of integers.
    Promoted,
    /// Floats of BSOFTEN and BOFFSET.
    Linear(Softening),
}

/// Pan-STARRS: value = BOFFSET + BSOFTEN (eˣ − e⁻ˣ), x = 0.4 ln 10 v.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Softening {
    offset: f64,
    soften: f64,
}

impl Softening {
    fn of(hdu: &Hdu) -> Option<Self> {
        let number = |keyword: &str| hdu.header.float(keyword);
        Some(Self { offset: number("BOFFSET")?, soften: number("BSOFTEN")? })
    }

    fn linear(self, value: f64) -> f64 {
        let x = value * 0.4 * std::f64::consts::LN_10;
        self.offset + self.soften * (x.exp() - (-x).exp())
    }
}

/// Whether pixels are softened as those of Pan-STARRS.
pub(crate) fn softened(hdu: &Hdu) -> bool {
    Softening::of(hdu).is_some()
}

/// Reads the window of all planes.
pub(crate) fn read(
    file: &FitsFile,
    located: &Located<'_>,
    window: &Window,
    options: &CutOptions,
) -> Result<Read> {
    let hdu = located.hdu;
    check_size(hdu, window)?;
    let softening = Softening::of(hdu).filter(|_| options.softened == Softened::Linear);
    let scaling = Scaling::of(hdu);
    match softening {
        Some(softening) => {
            let made = Made::Linear(softening);
            floats(file, hdu, window, options, Bitpix::F32, made, |v| softening.linear(v))
        }
        None if options.integers == Integers::Promote && !hdu.bitpix.is_float() => {
            let narrow = matches!(hdu.bitpix, Bitpix::U8 | Bitpix::I16);
            let bitpix = if narrow { Bitpix::F32 } else { Bitpix::F64 };
            floats(file, hdu, window, options, bitpix, Made::Promoted, |v| v)
        }
        None => stored(file, hdu, window, options, scaling),
    }
}

fn stored(
    file: &FitsFile,
    hdu: &Hdu,
    window: &Window,
    options: &CutOptions,
    scaling: Scaling,
) -> Result<Read> {
    // A fill value that nobody needs may be one that does not fit.
    let fill = (!window.is_whole()).then(|| scaling.fill(options.fill, hdu.place())).transpose()?;
    if hdu.planes() == 1 && fill.is_none() {
        let pixels = file.read_stored_plane(hdu, 0, &window.inside)?;
        let empty = scaling.no_data(pixels.bytes());
        return Ok(Read { pixels, empty, fill: None, made: Made::Stored });
    }
    let mut planes = Planes::new(hdu.bitpix, hdu.planes(), window, fill)?;
    let mut empty = true;
    for plane in 0..hdu.planes() {
        let pixels = file.read_stored_plane(hdu, plane, &window.inside)?;
        empty &= scaling.no_data(pixels.bytes());
        planes.put(plane, pixels.bytes());
    }
    let fill = fill.and_then(|fill| fill.physical);
    Ok(Read { pixels: planes.finish()?, empty, fill, made: Made::Stored })
}

/// Physical values as floats of `bitpix`.
fn floats(
    file: &FitsFile,
    hdu: &Hdu,
    window: &Window,
    options: &CutOptions,
    bitpix: Bitpix,
    made: Made,
    change: impl Fn(f64) -> f64,
) -> Result<Read> {
    let fill = Fill {
        stored: StoredValue::Float(options.fill),
        physical: (!options.fill.is_nan() && !window.is_whole()).then_some(options.fill),
    };
    let mut planes = Planes::new(bitpix, hdu.planes(), window, Some(fill))?;
    let (ny, nx) = window.inside.shape();
    let mut values = vec![0.0f64; ny * nx];
    let mut bytes = Vec::with_capacity(ny * nx * bitpix.bytes());
    let mut empty = true;
    for plane in 0..hdu.planes() {
        file.read_plane(hdu, plane, &window.inside, &mut values)?;
        empty &= values.iter().all(|&value| value == 0.0 || value.is_nan());
        bytes.clear();
        let made = values.iter().map(|&value| change(value));
        match bitpix {
            Bitpix::F32 => made.for_each(|v| bytes.extend((v as f32).to_be_bytes())),
            _ => made.for_each(|v| bytes.extend(v.to_be_bytes())),
        }
        planes.put(plane, &bytes);
    }
    Ok(Read { pixels: planes.finish()?, empty, fill: fill.physical, made })
}

/// The planes of a cutout while they are filled.
struct Planes<'a> {
    window: &'a Window,
    bitpix: Bitpix,
    shape: (usize, usize),
    bytes: Vec<u8>,
}

impl<'a> Planes<'a> {
    fn new(bitpix: Bitpix, planes: u64, window: &'a Window, fill: Option<Fill>) -> Result<Self> {
        let (ny, nx) = window.wanted.shape();
        let shape = (ny * usize::try_from(planes).unwrap_or(usize::MAX), nx);
        let value = fill.map_or(StoredValue::nothing(bitpix), |fill| fill.stored);
        let bytes = StoredPixels::filled(bitpix, shape, value)?.into_bytes();
        Ok(Self { window, bitpix, shape, bytes })
    }

    /// Puts the bytes of the part inside the image to their place.
    fn put(&mut self, plane: u64, inside: &[u8]) {
        let n = self.bitpix.bytes();
        let Window { wanted, inside: part } = self.window;
        let ((ny, nx), width) = (wanted.shape(), part.shape().1 * n);
        let first =
            usize::try_from(plane).unwrap_or(0) * ny + part.y.start.abs_diff(wanted.y.start);
        let left = part.x.start.abs_diff(wanted.x.start) * n;
        let rows = self.bytes.chunks_exact_mut(nx * n).skip(first);
        for (row, pixels) in rows.zip(inside.chunks_exact(width)) {
            row[left..left + width].copy_from_slice(pixels);
        }
    }

    fn finish(self) -> Result<StoredPixels> {
        Ok(StoredPixels::new(self.bitpix, self.shape, self.bytes)?)
    }
}

/// Refuses what would fill the memory with nothing.
fn check_size(hdu: &Hdu, window: &Window) -> Result<()> {
    let bytes = |(ny, nx): (usize, usize)| {
        let planes = usize::try_from(hdu.planes()).unwrap_or(usize::MAX);
        ny.saturating_mul(nx).saturating_mul(planes).saturating_mul(hdu.bitpix.bytes().max(4))
    };
    let (wanted, inside) = (bytes(window.wanted.shape()), bytes(window.inside.shape()));
    if wanted > MOSTLY_EMPTY && wanted / 4 > inside {
        let what = format!("a cutout of {} MiB would be mostly empty", wanted >> 20);
        return Err(Error::Unsupported { what, place: hdu.place().to_owned() });
    }
    Ok(())
}
