//! One image, and what it has for the pixels of the mosaic.

use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord, SkyCoord};
use hst_fits::{FitsFile, Hdu, Wcs};

use super::Resampling;
use super::coverage::Coverage;
use super::target::Target;
use crate::combine::Input;
use crate::{Error, Result};

/// Steps along the sides of a tile and of an image that find out where it lies: distortions bend them little.
const STEPS: usize = 16;
/// How far from whole pixels a grid may be to be copied, as for combining.
const WHOLE: f64 = 1e-4;
/// Over so many pixels from its border on an image fades into the next one.
///
/// Resampling blurs; where a sharp image gave way to a blurred one at once, a star on the border would gain or lose up
/// to a per cent.
const FEATHER: usize = 64;

/// An image with its place on the sky.
#[derive(Debug)]
pub(super) struct Source<'a> {
    file: &'a FitsFile,
    pub(super) hdu: &'a Hdu,
    weights: Option<&'a Hdu>,
    pub(super) wcs: Wcs,
    shape: (usize, usize),
}

/// What an image has for a tile of the mosaic, row by row.
pub(super) struct Resampled {
    /// Flux in the pixel, NaN where there is none.
    pub(super) values: Vec<f64>,
    /// Mean weight; 0 where there is no flux, 1 for an image without weights.
    pub(super) weights: Vec<f64>,
    /// Which share of the pixel is covered.
    pub(super) coverage: Vec<f64>,
    /// How far within the image it lies: 0 at the border, 1 from [`FEATHER`] pixels on.
    pub(super) depth: Vec<f64>,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a FitsFile) -> Result<Self> {
        let input = Input::new(file)?;
        let wcs = input.wcs()?;
        let Input { file, image: hdu, weights, shape } = input;
        Ok(Self { file, hdu, weights, wcs, shape })
    }

    /// The file's name without its folder.
    pub(super) fn name(&self) -> String {
        self.file.path().file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub(super) fn place(&self) -> &str {
        self.hdu.place()
    }

    pub(super) fn center(&self) -> Result<SkyCoord> {
        let (ny, nx) = self.shape;
        let middle = |n: usize| (n as f64 - 1.0) / 2.0;
        self.wcs
            .to_sky(PixelCoord::new(middle(nx), middle(ny)))
            .ok_or_else(|| Error::NotOnImage { place: self.place().to_owned() })
    }

    /// Places along the outer edges of the border pixels.
    pub(super) fn border(&self) -> impl Iterator<Item = Option<SkyCoord>> + '_ {
        let (ny, nx) = self.shape;
        around([-0.5, -0.5], [nx as f64 - 0.5, ny as f64 - 0.5]).map(|place| self.wcs.to_sky(place))
    }

    /// What this image has for the pixels `tile` of the mosaic; `None` where that is nothing.
    pub(super) fn resample(
        &self,
        target: &Target,
        tile: &PixelBox,
        resampling: Resampling,
    ) -> Result<Option<Resampled>> {
        let Some(window) = self.window(target, tile) else { return Ok(None) };
        let image = PixelBox::of_shape(self.shape);
        if image.intersect(&window).is_none() {
            return Ok(None);
        }
        let margin = FEATHER.cast_signed();
        let grown = |range: &Range<isize>| range.start - margin..range.end + margin;
        let wide = PixelBox::new(grown(&window.x), grown(&window.y));
        let Some(inside) = image.intersect(&wide) else { return Ok(None) };
        let pixels = Pixels::read(self, inside)?;
        let corners = Corners::new(self, target, tile);
        Ok(Some(match corners.shift() {
            Some(shift) => pixels.shifted(tile, shift),
            None => match resampling {
                Resampling::Exact => pixels.exact(&corners),
                Resampling::Nearest => pixels.nearest(&corners),
            },
        }))
    }

    /// The pixels of this image that a tile can touch.
    fn window(&self, target: &Target, tile: &PixelBox) -> Option<PixelBox> {
        let low = [tile.x.start as f64 - 0.5, tile.y.start as f64 - 0.5];
        let high = [tile.x.end as f64 - 0.5, tile.y.end as f64 - 0.5];
        let (mut from, mut to) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for place in around(low, high) {
            let Some(here) = target.wcs.to_sky(place).and_then(|sky| self.wcs.to_pixel(sky)) else {
                continue;
            };
            for (axis, value) in [here.x, here.y].into_iter().enumerate() {
                from[axis] = from[axis].min(value);
                to[axis] = to[axis].max(value);
            }
        }
        // Sides are bent between the steps by less than a step's share of the tile.
        let range = |axis: usize| {
            let margin = 2.0 + (to[axis] - from[axis]) / (STEPS * STEPS) as f64;
            let (low, high) = (from[axis] - margin, to[axis] + margin);
            if !(low.abs() < 1e9 && high.abs() < 1e9) {
                return None;
            }
            #[expect(clippy::cast_possible_truncation, reason = "checked above")]
            let range = low.floor() as isize..high.ceil() as isize + 1;
            Some(range)
        };
        Some(PixelBox::new(range(0)?, range(1)?))
    }
}

/// Points along the sides of a box.
fn around(low: [f64; 2], high: [f64; 2]) -> impl Iterator<Item = PixelCoord> {
    (0..STEPS).flat_map(move |i| {
        let t = i as f64 / STEPS as f64;
        let (x, y) = (low[0] + t * (high[0] - low[0]), low[1] + t * (high[1] - low[1]));
        let (back_x, back_y) = (high[0] + low[0] - x, high[1] + low[1] - y);
        [
            PixelCoord::new(x, low[1]),
            PixelCoord::new(high[0], y),
            PixelCoord::new(back_x, high[1]),
            PixelCoord::new(low[0], back_y),
        ]
    })
}

/// The corners of the pixels of a tile, in pixels of the image; NaN where the image's projection has no such place.
struct Corners {
    places: Vec<[f64; 2]>,
    /// Corners a row.
    stride: usize,
    shape: (usize, usize),
    start: [f64; 2],
}

impl Corners {
    fn new(source: &Source<'_>, target: &Target, tile: &PixelBox) -> Self {
        let (ny, nx) = tile.shape();
        let start = [tile.x.start as f64, tile.y.start as f64];
        let mut places = Vec::with_capacity((ny + 1) * (nx + 1));
        for j in 0..=ny {
            for i in 0..=nx {
                let here = PixelCoord::new(start[0] + i as f64 - 0.5, start[1] + j as f64 - 0.5);
                let place = target.wcs.to_sky(here).and_then(|sky| source.wcs.to_pixel(sky));
                places.push(place.map_or([f64::NAN; 2], |place| [place.x, place.y]));
            }
        }
        Self { places, stride: nx + 1, shape: (ny, nx), start }
    }

    /// The corners of a pixel in their order around it.
    fn of(&self, j: usize, i: usize) -> [[f64; 2]; 4] {
        let at = |j: usize, i: usize| self.places[j * self.stride + i];
        [at(j, i), at(j, i + 1), at(j + 1, i + 1), at(j + 1, i)]
    }

    /// By how many whole pixels the image is shifted against the mosaic, where that is all there is to it.
    fn shift(&self) -> Option<[isize; 2]> {
        let (ny, nx) = self.shape;
        let found = |j: usize, i: usize| {
            let [x, y] = self.places[j * self.stride + i];
            [x - (self.start[0] + i as f64 - 0.5), y - (self.start[1] + j as f64 - 0.5)]
        };
        let whole = found(0, 0).map(f64::round);
        let ends = [(0, 0), (0, nx), (ny, 0), (ny, nx), (ny / 2, nx / 2)];
        let same = |[x, y]: [f64; 2]| (x - whole[0]).abs() < WHOLE && (y - whole[1]).abs() < WHOLE;
        let fits =
            ends.iter().all(|&(j, i)| same(found(j, i))) && whole.iter().all(|n| n.abs() < 1e9);
        #[expect(clippy::cast_possible_truncation, reason = "whole and checked")]
        let shift = whole.map(|n| n as isize);
        fits.then_some(shift)
    }
}

/// Some pixels of the image: fluxes and weights.
struct Pixels {
    window: PixelBox,
    values: Vec<f64>,
    /// Empty for an image without.
    weights: Vec<f64>,
    /// How far each pixel is from one without a value, as far as [`FEATHER`].
    depths: Vec<u8>,
}

/// What an image has for one pixel of the mosaic.
struct Found {
    value: f64,
    weight: f64,
    coverage: f64,
    depth: f64,
}

impl Pixels {
    fn read(source: &Source<'_>, window: PixelBox) -> Result<Self> {
        let (ny, nx) = window.shape();
        let read = |hdu: &Hdu| -> Result<Vec<f64>> {
            let mut out = vec![0.0; ny * nx];
            source.file.read_window(hdu, &window, &mut out)?;
            Ok(out)
        };
        let weights = source.weights.map(read).transpose()?.unwrap_or_default();
        let mut pixels = Self { values: read(source.hdu)?, weights, depths: Vec::new(), window };
        pixels.depths = pixels.depths(source.shape);
        Ok(pixels)
    }

    /// Distances along rows, columns or diagonals, in two sweeps. A. Rosenfeld & J. Pfaltz 1966, J. ACM 13, 471.
    fn depths(&self, (ny, nx): (usize, usize)) -> Vec<u8> {
        const MOST: u8 = FEATHER as u8;
        let (height, width) = self.window.shape();
        let index = |j: usize, i: usize| j * width + i;
        // Outside the window there is more of the image, or nothing.
        let outside = |at_edge: bool| if at_edge { 0 } else { MOST };
        let [left, bottom] = [outside(self.window.x.start == 0), outside(self.window.y.start == 0)];
        let [right, top] = [
            outside(self.window.x.end == nx.cast_signed()),
            outside(self.window.y.end == ny.cast_signed()),
        ];
        let mut depths: Vec<u8> = (0..height * width)
            .map(|index| if self.counts(index).is_some() { MOST } else { 0 })
            .collect();
        let nearer = |depths: &[u8], j: Option<usize>, i: Option<usize>, beyond: u8| match (j, i) {
            (Some(j), Some(i)) if j < height && i < width => depths[index(j, i)],
            _ => beyond,
        };
        for j in 0..height {
            for i in 0..width {
                let below = [i.checked_sub(1), Some(i), Some(i + 1)].map(|at| {
                    let beyond = if j == 0 {
                        bottom
                    } else if at.is_none() {
                        left
                    } else {
                        right
                    };
                    nearer(&depths, j.checked_sub(1), at, beyond)
                });
                let before = nearer(&depths, Some(j), i.checked_sub(1), left);
                let least = below.into_iter().fold(before, u8::min).saturating_add(1);
                let here = &mut depths[index(j, i)];
                *here = (*here).min(least);
            }
        }
        for j in (0..height).rev() {
            for i in (0..width).rev() {
                let above = [i.checked_sub(1), Some(i), Some(i + 1)].map(|at| {
                    let beyond = if j + 1 == height {
                        top
                    } else if at.is_none() {
                        left
                    } else {
                        right
                    };
                    nearer(&depths, Some(j + 1), at, beyond)
                });
                let behind = nearer(&depths, Some(j), Some(i + 1), right);
                let least = above.into_iter().fold(behind, u8::min).saturating_add(1);
                let here = &mut depths[index(j, i)];
                *here = (*here).min(least);
            }
        }
        depths
    }

    fn counts(&self, index: usize) -> Option<(f64, f64)> {
        let (value, weight) = (self.values[index], self.weights.get(index).copied().unwrap_or(1.0));
        (value.is_finite() && weight > 0.0 && weight.is_finite()).then_some((value, weight))
    }

    fn index(&self, x: isize, y: isize) -> Option<usize> {
        let inside = self.window.x.contains(&x) && self.window.y.contains(&y);
        inside.then(|| {
            y.abs_diff(self.window.y.start) * self.window.shape().1
                + x.abs_diff(self.window.x.start)
        })
    }

    /// Flux and weight of a pixel; `None` outside and where it has none.
    fn at(&self, x: isize, y: isize) -> Option<(f64, f64)> {
        self.counts(self.index(x, y)?)
    }

    /// How far within the image a pixel lies, 0 to 1, without a kink at either end.
    fn depth(&self, x: isize, y: isize) -> f64 {
        let depth = self.index(x, y).map_or(0, |index| self.depths[index]);
        let t = f64::from(depth) / FEATHER as f64;
        t * t * (3.0 - 2.0 * t)
    }

    fn collect(
        &self,
        (ny, nx): (usize, usize),
        mut pixel: impl FnMut(usize, usize) -> Option<Found>,
    ) -> Resampled {
        let n = ny * nx;
        let mut out = Resampled {
            values: vec![f64::NAN; n],
            weights: vec![0.0; n],
            coverage: vec![0.0; n],
            depth: vec![0.0; n],
        };
        for j in 0..ny {
            for i in 0..nx {
                if let Some(found) = pixel(j, i) {
                    let index = j * nx + i;
                    out.values[index] = found.value;
                    out.weights[index] = found.weight;
                    out.coverage[index] = found.coverage;
                    out.depth[index] = found.depth;
                }
            }
        }
        out
    }

    fn shifted(&self, tile: &PixelBox, [dx, dy]: [isize; 2]) -> Resampled {
        self.collect(tile.shape(), |j, i| {
            let x = tile.x.start.saturating_add_unsigned(i) + dx;
            let y = tile.y.start.saturating_add_unsigned(j) + dy;
            let (value, weight) = self.at(x, y)?;
            Some(Found { value, weight, coverage: 1.0, depth: self.depth(x, y) })
        })
    }

    /// Every pixel of the image gives each pixel of the mosaic the share of its flux that lies in it.
    fn exact(&self, corners: &Corners) -> Resampled {
        let mut covered = Coverage::default();
        self.collect(corners.shape, |j, i| {
            if !covered.of(&corners.of(j, i)) {
                return None;
            }
            let (mut area, mut valid, mut flux, mut weights, mut depth) =
                (0.0, 0.0, 0.0, 0.0, 1.0_f64);
            for (x, y, part) in covered.pixels().filter(|pixel| pixel.2 > 0.0) {
                area += part;
                if let Some((value, weight)) = self.at(x, y) {
                    valid += part;
                    flux += part * value;
                    weights += part * weight;
                    depth = depth.min(self.depth(x, y));
                }
            }
            // What is missing is taken to be as bright as the rest.
            (valid > 0.0).then(|| Found {
                value: flux * (area / valid),
                weight: weights / valid,
                coverage: valid / area,
                depth,
            })
        })
    }

    /// The pixel under the middle, times the ratio of the areas.
    fn nearest(&self, corners: &Corners) -> Resampled {
        self.collect(corners.shape, |j, i| {
            let [a, b, c, d] = corners.of(j, i);
            let middle = [0, 1].map(|axis| (a[axis] + b[axis] + c[axis] + d[axis]) / 4.0);
            let area = ((c[0] - a[0]) * (d[1] - b[1]) - (d[0] - b[0]) * (c[1] - a[1])).abs() / 2.0;
            let [x, y] = middle.map(|value| (value + 0.5).floor());
            if !(x.abs() < 1e9 && y.abs() < 1e9 && area.is_finite()) {
                return None;
            }
            #[expect(clippy::cast_possible_truncation, reason = "checked above")]
            let (x, y) = (x as isize, y as isize);
            let (value, weight) = self.at(x, y)?;
            Some(Found { value: value * area, weight, coverage: 1.0, depth: self.depth(x, y) })
        })
    }
}
