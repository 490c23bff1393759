use std::ops::Range;

use astro_coords::PixelBox;

use super::{Gain, MeasureOptions, Noise, Pixels};
use crate::source::{read, read_mask};
use crate::vectors::prefetch;
use crate::{Error, Pixel, PixelSource, Result};

/// Why a pixel does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Left {
    #[default]
    Used,
    Masked,
    Uncovered,
}

/// One row of a window: pixels, and what is known of them. `None` where no plane is read.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a, P> {
    /// Its pixels, and a few more where there are some.
    pub(crate) pixels: &'a [P],
    /// `None` where nothing is subtracted.
    pub(crate) sky: Option<SkyRow<'a>>,
    pub(crate) planes: Option<Planes<'a>>,
}

/// Background and local sky of a row, and the background's scatter.
#[derive(Clone, Copy)]
pub(crate) struct SkyRow<'a> {
    pub(crate) level: &'a [f64],
    pub(crate) rms: &'a [f64],
}

/// Beside the pixels: use, quality bits, variance without the source, electrons per unit.
#[derive(Clone, Copy)]
pub(crate) struct Planes<'a> {
    pub(crate) left: &'a [Left],
    pub(crate) bits: &'a [u32],
    pub(crate) variance: &'a [f64],
    pub(crate) gain: &'a [f64],
}

/// Pixels beyond a row that are shown with it: what a pack may reach over.
const MORE: usize = 4;

impl<P: Pixel> Row<'_, P> {
    /// Some of its pixels.
    #[inline(always)]
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let more = self.pixels.len().min(range.end + MORE);
        Self {
            pixels: &self.pixels[range.start..more],
            sky: self.sky.map(|sky| SkyRow {
                level: &sky.level[range.clone()],
                rms: &sky.rms[range.clone()],
            }),
            planes: self.planes.map(|planes| Planes {
                left: &planes.left[range.clone()],
                bits: &planes.bits[range.clone()],
                variance: &planes.variance[range.clone()],
                gain: &planes.gain[range],
            }),
        }
    }

    /// What is subtracted from pixel `i`.
    pub(crate) fn level(&self, i: usize) -> f64 {
        self.sky.map_or(0.0, |sky| sky.level[i])
    }

    /// Scatter of the background at pixel `i`.
    pub(crate) fn rms(&self, i: usize) -> f64 {
        self.sky.map_or(0.0, |sky| sky.rms[i])
    }

    /// Whether pixel `i` is neither masked nor uncovered.
    #[inline(always)]
    pub(crate) fn is_used(&self, i: usize) -> bool {
        self.planes.is_none_or(|planes| planes.left[i] == Left::Used)
    }

    /// Pixel `i` less the background; `None` where it is left out or not finite.
    pub(crate) fn value(&self, i: usize) -> Option<f64> {
        let used = self.is_used(i);
        let value = self.pixels[i].to_f64() - self.level(i);
        (used && value.is_finite()).then_some(value)
    }
}

/// What is shown the rows of a window: a closure, or what must be compiled into the walk.
pub(crate) trait Visit<P> {
    fn visit(&mut self, y: isize, row: &Row<'_, P>);
}

impl<P, F: FnMut(isize, &Row<'_, P>)> Visit<P> for F {
    fn visit(&mut self, y: isize, row: &Row<'_, P>) {
        self(y, row);
    }
}

/// Shows every row of `window`, which lies in the image, to `visit`; `sky` is added to the background.
#[inline(always)]
pub(crate) fn walk<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    options: &MeasureOptions,
    window: &PixelBox,
    sky: f64,
    mut visit: impl Visit<S::Pixel>,
) -> Result<()> {
    let (rows, width) = window.shape();
    let band = (BAND / width.max(1)).clamp(1, rows.max(1));
    let mut buffers = Buffers::new(pixels, options, width, band, sky);
    for start in window.y.clone().step_by(band) {
        let end = window.y.end.min(start + band.cast_signed());
        let part = PixelBox::new(window.x.clone(), start..end);
        buffers.fill(pixels, &part)?;
        if buffers.pixels.is_empty() {
            part.y.clone().take(AHEAD).for_each(|y| fetch(pixels.data, y, &part.x));
        }
        buffers.show(pixels, &part, sky, &mut visit);
    }
    Ok(())
}

/// Rows that are asked for ahead.
const AHEAD: usize = 12;

/// Asks for the first pixels of a row that lies in memory; the machine follows a long row by itself.
#[inline]
fn fetch<S: PixelSource>(source: &S, y: isize, columns: &Range<isize>) {
    const PIXELS: isize = 256;
    // A pixel more on the right, for the line that a short row ends in.
    let end = (columns.end + 15).min(columns.start + PIXELS);
    if let Some(row) = source.row(y.unsigned_abs()) {
        prefetch(&row[columns.start.unsigned_abs()..end.unsigned_abs().min(row.len())]);
    }
}

/// Asks for the pixels of a window that will be read soon, if they lie in memory and the caches can hold them.
pub(super) fn ask_for<S: PixelSource>(source: &S, window: &PixelBox) {
    const MOST: usize = 1 << 14;
    let Some(window) = window.intersect(&PixelBox::of_shape(source.shape())) else { return };
    let (rows, width) = window.shape();
    if rows * width <= MOST {
        window.y.clone().for_each(|y| fetch(source, y, &window.x));
    }
}

/// Pixels read at once, if a row is not longer.
const BAND: usize = 1 << 16;

/// What a band of rows is read to.
struct Buffers<P> {
    width: usize,
    pixels: Vec<P>,
    level: Vec<f64>,
    rms: Vec<f64>,
    planes: Option<PlaneBuffers>,
}

#[derive(Default)]
struct PlaneBuffers {
    flags: Vec<bool>,
    left: Vec<Left>,
    bits: Vec<u32>,
    variance: Vec<f64>,
    gain: Vec<f64>,
}

impl<P: Pixel> Buffers<P> {
    fn new<S: PixelSource>(
        pixels: &Pixels<'_, S>,
        options: &MeasureOptions,
        width: usize,
        band: usize,
        sky: f64,
    ) -> Self {
        let in_memory = pixels.data.row(0).is_some();
        let has_sky = pixels.background.is_some() || sky != 0.0;
        let planes = (!pixels.is_plain(options)).then(|| PlaneBuffers::new(band * width));
        Self {
            width,
            pixels: vec![P::default(); if in_memory { 0 } else { band * width }],
            level: vec![sky; if has_sky { width } else { 0 }],
            rms: vec![0.0; if has_sky { width } else { 0 }],
            planes,
        }
    }

    fn fill<S: PixelSource<Pixel = P>>(
        &mut self,
        pixels: &Pixels<'_, S>,
        part: &PixelBox,
    ) -> Result<()> {
        let (rows, width) = part.shape();
        if !self.pixels.is_empty() {
            read(pixels.data, part, &mut self.pixels[..rows * width])?;
        }
        match &mut self.planes {
            Some(planes) => planes.fill(pixels, part),
            None => Ok(()),
        }
    }

    #[inline(always)]
    fn show<S: PixelSource<Pixel = P>>(
        &mut self,
        pixels: &Pixels<'_, S>,
        part: &PixelBox,
        sky: f64,
        visit: &mut impl Visit<P>,
    ) {
        let x0 = part.x.start;
        for (j, y) in part.y.clone().enumerate() {
            let next = y + AHEAD.cast_signed();
            if self.pixels.is_empty() && next < part.y.end {
                fetch(pixels.data, next, &part.x);
            }
            if let Some(background) = pixels.background {
                background.level.row(y, x0, &mut self.level);
                background.rms.row(y, x0, &mut self.rms);
                if sky != 0.0 {
                    self.level.iter_mut().for_each(|level| *level += sky);
                }
            }
            let range = j * self.width..(j + 1) * self.width;
            let columns = x0.unsigned_abs()..part.x.end.unsigned_abs();
            let whole_row =
                if self.pixels.is_empty() { pixels.data.row(y.unsigned_abs()) } else { None };
            let values = match whole_row {
                Some(row) => &row[columns.start..row.len().min(columns.end + MORE)],
                None => &self.pixels[range.start..self.pixels.len().min(range.end + MORE)],
            };
            if let (Some(planes), Noise::Background) = (&mut self.planes, pixels.noise) {
                for (variance, rms) in planes.variance[range.clone()].iter_mut().zip(&self.rms) {
                    *variance = rms * rms;
                }
            }
            let planes = self.planes.as_ref().map(|planes| planes.row(range));
            let sky = SkyRow { level: &self.level, rms: &self.rms };
            let sky = (!self.level.is_empty()).then_some(sky);
            visit.visit(y, &Row { pixels: values, sky, planes });
        }
    }
}

impl PlaneBuffers {
    fn new(length: usize) -> Self {
        Self {
            flags: vec![false; length],
            left: vec![Left::Used; length],
            bits: vec![0; length],
            variance: vec![0.0; length],
            gain: vec![0.0; length],
        }
    }

    fn row(&self, range: Range<usize>) -> Planes<'_> {
        Planes {
            left: &self.left[range.clone()],
            bits: &self.bits[range.clone()],
            variance: &self.variance[range.clone()],
            gain: &self.gain[range],
        }
    }

    /// Reads all planes under `part`. Not covered is stronger than masked.
    fn fill<S: PixelSource>(&mut self, pixels: &Pixels<'_, S>, part: &PixelBox) -> Result<()> {
        let (rows, width) = part.shape();
        let n = rows * width;
        let unread = |source| Error::Read { window: part.clone(), source };
        self.left.fill(Left::Used);
        if let Some(quality) = pixels.quality {
            quality.source.bits(part, &mut self.bits[..n]).map_err(unread)?;
            mark(&mut self.left, self.bits.iter().map(|b| b & quality.reject != 0), Left::Masked);
        }
        for (mask, reason) in [(pixels.mask, Left::Masked), (pixels.uncovered, Left::Uncovered)] {
            if let Some(mask) = mask {
                read_mask(mask, part, &mut self.flags[..n])?;
                mark(&mut self.left, self.flags[..n].iter().copied(), reason);
            }
        }
        match pixels.noise {
            Noise::Unknown | Noise::Background | Noise::LocalSky => {}
            Noise::Uniform(sigma) => self.variance.fill(sigma * sigma),
            Noise::Error(plane) => {
                plane.values(part, &mut self.variance[..n]).map_err(unread)?;
                self.variance
                    .iter_mut()
                    .for_each(|v| *v = if *v < 0.0 { f64::NAN } else { *v * *v });
            }
            Noise::InverseVariance(plane) => {
                plane.values(part, &mut self.variance[..n]).map_err(unread)?;
                mark(&mut self.left, self.variance[..n].iter().map(|w| *w <= 0.0), Left::Uncovered);
                self.variance.iter_mut().for_each(|w| *w = 1.0 / *w);
            }
        }
        match pixels.gain {
            Gain::Unknown => {}
            Gain::Uniform(gain) => self.gain.fill(gain),
            Gain::Plane(plane) => plane.values(part, &mut self.gain[..n]).map_err(unread)?,
        }
        Ok(())
    }
}

fn mark(left: &mut [Left], which: impl Iterator<Item = bool>, reason: Left) {
    for (left, marked) in left.iter_mut().zip(which) {
        if marked {
            *left = reason;
        }
    }
}
