use astro_coords::PixelBox;
use rayon::prelude::*;

use super::{BackgroundOptions, Masks};
use crate::source::{read, read_mask};
use crate::stats::{Clipped, clip_finite};
use crate::{PixelSource, Result};

/// The boxes of an image: `count` boxes of `box_size` pixels, the last ones cut by the edge. All `(ny, nx)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) shape: (usize, usize),
    pub(crate) box_size: (usize, usize),
    pub(crate) count: (usize, usize),
}

impl Grid {
    /// The grid over a non-empty image; a box is at most the image.
    pub(crate) fn new(shape: (usize, usize), box_size: (usize, usize)) -> Self {
        let box_size = (box_size.0.min(shape.0), box_size.1.min(shape.1));
        let count = (shape.0.div_ceil(box_size.0), shape.1.div_ceil(box_size.1));
        Self { shape, box_size, count }
    }

    /// Pixels in a whole box.
    pub(crate) fn whole(&self) -> usize {
        self.box_size.0.saturating_mul(self.box_size.1)
    }

    fn rows(&self, j: usize) -> std::ops::Range<usize> {
        j * self.box_size.0..((j + 1) * self.box_size.0).min(self.shape.0)
    }

    fn columns(&self, i: usize) -> std::ops::Range<usize> {
        i * self.box_size.1..((i + 1) * self.box_size.1).min(self.shape.1)
    }
}

/// What was found in one mesh box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoxStatistics {
    /// Level of the good pixels; NaN without any.
    pub level: f64,
    /// Pixel-to-pixel spread of the good pixels; NaN without any.
    pub rms: f64,
    /// Pixels left after masks and clipping.
    pub good: usize,
    /// Pixels in the image, finite and covered, whether masked or not.
    pub available: usize,
    /// Whether the box is excluded, and its mesh values come from other boxes.
    pub excluded: bool,
}

/// Statistics of all boxes, row by row; one band of boxes is in memory for each thread.
pub(crate) fn measure<S: PixelSource>(
    source: &S,
    masks: &Masks<'_>,
    options: &BackgroundOptions,
    grid: &Grid,
) -> Result<Vec<BoxStatistics>> {
    let bands: Vec<_> = (0..grid.count.0)
        .into_par_iter()
        .map_init(Band::default, |band, j| {
            band.measure(source, masks, options, grid, j, 0..grid.count.1)
        })
        .collect::<Result<_>>()?;
    Ok(bands.into_iter().flatten().collect())
}

/// The pixels of one row of boxes, kept between bands to spare the allocation.
#[derive(Debug)]
pub(crate) struct Band<P> {
    pixels: Vec<P>,
    ignored: Vec<bool>,
    uncovered: Vec<bool>,
    values: Vec<P>,
    scratch: Vec<P>,
}

impl<P> Default for Band<P> {
    fn default() -> Self {
        Self { pixels: vec![], ignored: vec![], uncovered: vec![], values: vec![], scratch: vec![] }
    }
}

impl<P: crate::Pixel> Band<P> {
    /// Statistics of the boxes `columns` of mesh row `j`.
    pub(crate) fn measure<S: PixelSource<Pixel = P>>(
        &mut self,
        source: &S,
        masks: &Masks<'_>,
        options: &BackgroundOptions,
        grid: &Grid,
        j: usize,
        columns: std::ops::Range<usize>,
    ) -> Result<Vec<BoxStatistics>> {
        let rows = grid.rows(j);
        let across = grid.columns(columns.start).start..grid.columns(columns.end - 1).end;
        let window = window(&rows, &across);
        let area = rows.len() * across.len();
        let in_memory =
            rows.clone().all(|y| source.row(y).is_some_and(|row| row.len() == grid.shape.1));
        if !in_memory {
            self.pixels.resize(area, P::default());
            read(source, &window, &mut self.pixels)?;
        }
        load_mask(masks.ignore, &window, area, &mut self.ignored)?;
        load_mask(masks.uncovered, &window, area, &mut self.uncovered)?;
        let mut found = Vec::with_capacity(columns.len());
        for i in columns {
            let columns = grid.columns(i);
            let mut available = 0;
            self.values.clear();
            for (r, y) in rows.clone().enumerate() {
                let start = r * across.len();
                let place =
                    start + columns.start - across.start..start + columns.end - across.start;
                let pixels = match source.row(y).filter(|_| in_memory) {
                    Some(row) => &row[columns.clone()],
                    None => &self.pixels[place.clone()],
                };
                let ignored = self.ignored.get(place.clone());
                let uncovered = self.uncovered.get(place);
                available += gather(pixels, ignored, uncovered, &mut self.values);
            }
            let clipped = clip_finite(&self.values, options.clip.as_ref(), &mut self.scratch);
            found.push(finish(&self.values, &clipped, available, options, grid));
        }
        Ok(found)
    }
}

fn window(rows: &std::ops::Range<usize>, columns: &std::ops::Range<usize>) -> PixelBox {
    PixelBox::new(
        columns.start as isize..columns.end as isize,
        rows.start as isize..rows.end as isize,
    )
}

/// Reads a mask of `area` pixels; leaves `out` empty without a mask, or where it masks nothing here.
fn load_mask(
    mask: Option<&dyn crate::MaskSource>,
    window: &PixelBox,
    area: usize,
    out: &mut Vec<bool>,
) -> Result<()> {
    out.clear();
    let Some(mask) = mask else { return Ok(()) };
    out.resize(area, false);
    read_mask(mask, window, out)?;
    if !out.contains(&true) {
        out.clear();
    }
    Ok(())
}

/// Appends the usable ones of `pixels` and counts those that are finite and covered.
fn gather<P: crate::Pixel>(
    pixels: &[P],
    ignored: Option<&[bool]>,
    uncovered: Option<&[bool]>,
    values: &mut Vec<P>,
) -> usize {
    let mut available = 0;
    if ignored.is_none() && uncovered.is_none() {
        let before = values.len();
        values.extend_from_slice(pixels);
        if !pixels.iter().fold(true, |all, p| all & p.finite()) {
            values.truncate(before);
            values.extend(pixels.iter().filter(|p| p.finite()));
        }
        return values.len() - before;
    }
    for (k, &pixel) in pixels.iter().enumerate() {
        if pixel.finite() && !uncovered.is_some_and(|m| m[k]) {
            available += 1;
            if !ignored.is_some_and(|m| m[k]) {
                values.push(pixel);
            }
        }
    }
    available
}

/// Level and spread of the good ones of `values`, and the verdict on the box.
fn finish<P: crate::Pixel>(
    values: &[P],
    clipped: &Clipped,
    available: usize,
    options: &BackgroundOptions,
    grid: &Grid,
) -> BoxStatistics {
    let known = (options.level.known_from(clipped), options.rms.known_from(clipped));
    let (level, rms) = match known {
        (Some(level), Some(rms)) => (level, rms),
        _ => {
            let kept: Vec<f64> =
                values.iter().map(|v| v.to_f64()).filter(|v| clipped.contains(*v)).collect();
            (
                known.0.unwrap_or_else(|| options.level.of(&kept)),
                known.1.unwrap_or_else(|| options.rms.of(&kept)),
            )
        }
    };
    let countable = level.is_finite() && rms.is_finite();
    let excluded = !countable || options.exclude.excludes(clipped.n, available, grid.whole());
    BoxStatistics { level, rms, good: clipped.n, available, excluded }
}
