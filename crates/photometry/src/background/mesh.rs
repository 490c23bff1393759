use std::ops::Range;

use astro_coords::PixelBox;
use ndarray::{Array2, s};
use rayon::prelude::*;

use super::{BackgroundOptions, Masks};
use crate::source::{read, read_mask};
use crate::stats::Workspace;
use crate::{MaskSource, Pixel, PixelSource, Result};

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

    /// Boxes within `reach` boxes of the pixels of `windows` that lie in the image.
    pub(crate) fn around(&self, windows: &[PixelBox], reach: usize) -> Array2<bool> {
        let mut wanted = Array2::from_elem(self.count, false);
        for inside in windows.iter().filter_map(|w| w.intersect(&PixelBox::of_shape(self.shape))) {
            let boxes = |pixels: Range<isize>, size: usize, count: usize| {
                let first = pixels.start.unsigned_abs() / size;
                let last = (pixels.end - 1).unsigned_abs() / size;
                first.saturating_sub(reach)..last.saturating_add(reach + 1).min(count)
            };
            let rows = boxes(inside.y, self.box_size.0, self.count.0);
            let columns = boxes(inside.x, self.box_size.1, self.count.1);
            wanted.slice_mut(s![rows, columns]).fill(true);
        }
        wanted
    }

    fn rows(&self, j: usize) -> Range<usize> {
        j * self.box_size.0..((j + 1) * self.box_size.0).min(self.shape.0)
    }

    fn columns(&self, i: usize) -> Range<usize> {
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
    /// Whether the box was looked at; false only far from the windows of [`background_near`](super::background_near).
    pub measured: bool,
}

impl BoxStatistics {
    const UNSEEN: Self = Self {
        level: f64::NAN,
        rms: f64::NAN,
        good: 0,
        available: 0,
        excluded: true,
        measured: false,
    };
}

/// Turns the pixels of a box into its statistics.
pub(crate) trait Judge<P>:
    Fn(&Gathered<P>, &mut Workspace<P>) -> BoxStatistics + Sync
{
}

impl<P, F: Fn(&Gathered<P>, &mut Workspace<P>) -> BoxStatistics + Sync> Judge<P> for F {}

/// Statistics of the `wanted` boxes, or of all; one band of boxes is in memory for each thread.
pub(crate) fn measure<S: PixelSource>(
    source: &S,
    masks: &Masks<'_>,
    grid: &Grid,
    wanted: Option<&Array2<bool>>,
    judge: impl Judge<S::Pixel>,
) -> Result<Array2<BoxStatistics>> {
    let count = grid.count;
    let row_of_boxes = |band: &mut Band<S::Pixel>, j: usize| {
        let mut row = vec![BoxStatistics::UNSEEN; count.1];
        for columns in runs(count.1, |i| wanted.is_none_or(|w| w[(j, i)])) {
            let found = band.measure(source, masks, grid, j, columns.clone(), &judge)?;
            row[columns].copy_from_slice(&found);
        }
        Ok(row)
    };
    let rows: Vec<_> = (0..count.0)
        .into_par_iter()
        .map_init(Band::default, row_of_boxes)
        .collect::<Result<_>>()?;
    Ok(Array2::from_shape_fn(count, |(j, i)| rows[j][i]))
}

/// The runs of columns that are wanted.
fn runs(count: usize, wanted: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = vec![];
    for i in (0..count).filter(|i| wanted(*i)) {
        match runs.last_mut() {
            Some(run) if run.end == i => run.end += 1,
            _ => runs.push(i..i + 1),
        }
    }
    runs
}

/// The pixels of one row of boxes, kept between bands to spare the allocation.
#[derive(Debug)]
struct Band<P> {
    pixels: Vec<P>,
    ignored: Vec<bool>,
    uncovered: Vec<bool>,
    boxes: Vec<Gathered<P>>,
    workspace: Workspace<P>,
}

impl<P: Pixel> Default for Band<P> {
    fn default() -> Self {
        Self {
            pixels: vec![],
            ignored: vec![],
            uncovered: vec![],
            boxes: vec![],
            workspace: Workspace::default(),
        }
    }
}

/// Columns of the image that are sorted into their boxes together: long enough a run of memory to be read fast, and
/// short enough that the boxes stay in the second cache.
const RUN: usize = 4096;

impl<P: Pixel> Band<P> {
    /// Statistics of the boxes `columns` of mesh row `j`.
    fn measure<S: PixelSource<Pixel = P>>(
        &mut self,
        source: &S,
        masks: &Masks<'_>,
        grid: &Grid,
        j: usize,
        columns: Range<usize>,
        judge: &impl Judge<P>,
    ) -> Result<Vec<BoxStatistics>> {
        let view = self.load(source, masks, grid, j, &columns)?;
        self.workspace.forget();
        let at_once = (RUN / grid.box_size.1).max(1);
        let mut found = Vec::with_capacity(columns.len());
        let mut boxes = std::mem::take(&mut self.boxes);
        boxes.resize_with(at_once, Gathered::default);
        for first in columns.clone().step_by(at_once) {
            let some = first..columns.end.min(first + at_once);
            let boxes = &mut boxes[..some.len()];
            self.gather(source, grid, &view, some, boxes);
            found.extend(boxes.iter().map(|gathered| judge(gathered, &mut self.workspace)));
        }
        self.boxes = boxes;
        Ok(found)
    }

    /// Reads what is not in memory of the boxes `columns` of mesh row `j`.
    fn load<S: PixelSource<Pixel = P>>(
        &mut self,
        source: &S,
        masks: &Masks<'_>,
        grid: &Grid,
        j: usize,
        columns: &Range<usize>,
    ) -> Result<View> {
        let rows = grid.rows(j);
        let across = grid.columns(columns.start).start..grid.columns(columns.end - 1).end;
        let in_memory =
            rows.clone().all(|y| source.row(y).is_some_and(|row| row.len() == grid.shape.1));
        let window = window(&rows, &across);
        let area = rows.len() * across.len();
        if !in_memory {
            self.pixels.resize(area, P::default());
            read(source, &window, &mut self.pixels)?;
        }
        load_mask(masks.ignore, &window, area, &mut self.ignored)?;
        load_mask(masks.uncovered, &window, area, &mut self.uncovered)?;
        Ok(View { rows, across, in_memory })
    }

    /// Sorts the pixels of `view` into the boxes `columns`, row after row.
    fn gather<S: PixelSource<Pixel = P>>(
        &self,
        source: &S,
        grid: &Grid,
        view: &View,
        columns: Range<usize>,
        boxes: &mut [Gathered<P>],
    ) {
        boxes.iter_mut().for_each(Gathered::clear);
        for (r, y) in view.rows.clone().enumerate() {
            let row = source.row(y).filter(|_| view.in_memory);
            let start = r * view.across.len();
            for (i, gathered) in columns.clone().zip(boxes.iter_mut()) {
                let columns = grid.columns(i);
                let place = start + columns.start - view.across.start
                    ..start + columns.end - view.across.start;
                let pixels = row.map_or_else(|| &self.pixels[place.clone()], |row| &row[columns]);
                gathered.add(pixels, self.ignored.get(place.clone()), self.uncovered.get(place));
            }
        }
        boxes.iter_mut().for_each(Gathered::drop_not_finite);
    }
}

/// Where the pixels of a band lie.
struct View {
    rows: Range<usize>,
    across: Range<usize>,
    in_memory: bool,
}

fn window(rows: &Range<usize>, columns: &Range<usize>) -> PixelBox {
    PixelBox::new(
        columns.start.cast_signed()..columns.end.cast_signed(),
        rows.start.cast_signed()..rows.end.cast_signed(),
    )
}

/// Reads a mask of `area` pixels; leaves `out` empty without a mask, or where it masks nothing here.
fn load_mask(
    mask: Option<&dyn MaskSource>,
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

/// The usable pixels of one box, in the order of the image.
#[derive(Debug)]
pub(crate) struct Gathered<P> {
    pub(crate) values: Vec<P>,
    /// Pixels of the box that lie in the image.
    pub(crate) area: usize,
    /// Pixels that are masked, but finite and covered.
    masked: usize,
}

impl<P> Default for Gathered<P> {
    fn default() -> Self {
        Self { values: vec![], area: 0, masked: 0 }
    }
}

impl<P: Pixel> Gathered<P> {
    fn clear(&mut self) {
        self.values.clear();
        (self.area, self.masked) = (0, 0);
    }

    pub(crate) fn available(&self) -> usize {
        self.values.len() + self.masked
    }

    #[inline]
    fn add(&mut self, pixels: &[P], ignored: Option<&[bool]>, uncovered: Option<&[bool]>) {
        self.area += pixels.len();
        if ignored.is_none() && uncovered.is_none() {
            return self.values.extend_from_slice(pixels);
        }
        for (k, &pixel) in pixels.iter().enumerate() {
            if uncovered.is_some_and(|m| m[k]) {
                continue;
            }
            if ignored.is_some_and(|m| m[k]) {
                self.masked += usize::from(pixel.finite());
            } else {
                self.values.push(pixel);
            }
        }
    }

    fn drop_not_finite(&mut self) {
        if !self.values.iter().fold(true, |all, v| all & v.finite()) {
            self.values.retain(|v| v.finite());
        }
    }
}

/// Clips the pixels of a box, estimates level and spread, and decides on the box.
pub(crate) fn judge<P: Pixel>(
    gathered: &Gathered<P>,
    workspace: &mut Workspace<P>,
    options: &BackgroundOptions,
    grid: &Grid,
) -> BoxStatistics {
    let clipped = workspace.clip(&gathered.values, options.clip.as_ref());
    let known = (options.level.known_from(&clipped), options.rms.known_from(&clipped));
    let (level, rms) = match known {
        (Some(level), Some(rms)) => (level, rms),
        _ => {
            let values = gathered.values.iter().map(|v| v.to_f64());
            let kept: Vec<f64> = values.filter(|v| clipped.contains(*v)).collect();
            (
                known.0.unwrap_or_else(|| options.level.of(&kept)),
                known.1.unwrap_or_else(|| options.rms.of(&kept)),
            )
        }
    };
    let (good, available) = (clipped.n, gathered.available());
    let countable = level.is_finite() && rms.is_finite();
    let excluded = !countable || options.exclude.excludes(good, available, grid.whole());
    BoxStatistics { level, rms, good, available, excluded, measured: true }
}
