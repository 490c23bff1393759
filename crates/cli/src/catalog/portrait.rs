//! A source as people want to see it: its pixels with the aperture drawn, the background there, and its growth curve.

use astro_coords::PixelBox;
use cutout::render::{About, Channels, Picture, RenderOptions, RenderResult, render, write_jpeg};
use cutout::render::{Interval, Stretch};
use ndarray::Array2;
use photometry::background::Surface;
use photometry::{Aperture, MeasureOptions, PixelSource, Pixels, measure_together};

use super::image::Image;

/// A stamp is at least so many dots wide, and less than twice that.
const DOTS: usize = 180;
/// Half of a stamp over half of the aperture's box.
const MARGIN: f64 = 1.7;
/// Pixels around an aperture at least.
const LEAST: f64 = 12.0;
/// The aperture's edge, amber on gray.
const EDGE: [u8; 3] = [255, 176, 0];

/// Sizes at which the growth curve is measured, over the aperture's own.
pub(crate) const FACTORS: [f64; 18] =
    [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.85, 2.0];

/// One source on one image.
#[derive(Debug, Clone)]
pub(crate) struct Portrait {
    pub(crate) source: usize,
    pub(crate) image: usize,
    /// The pixels with the aperture.
    pub(crate) stamp: Stamp,
    /// What was subtracted.
    pub(crate) background: Option<Stamp>,
    /// Side of the stamps.
    pub(crate) side_arcsec: f64,
    /// The sum above the background at each of [`FACTORS`], in the unit of the image.
    pub(crate) growth: Vec<f64>,
}

/// A small JPEG and the values between which it runs from black to white.
#[derive(Debug, Clone)]
pub(crate) struct Stamp {
    pub(crate) jpeg: Vec<u8>,
    pub(crate) side: usize,
    pub(crate) limits: [f64; 2],
}

/// What a portrait is made of.
pub(super) struct Sitter<'a> {
    pub(super) source: usize,
    pub(super) image: usize,
    pub(super) aperture: &'a dyn Aperture,
    /// The aperture at each of [`FACTORS`].
    pub(super) grown: Vec<Option<Box<dyn Aperture>>>,
    /// The mesh background, where it is subtracted.
    pub(super) level: Option<&'a Surface>,
    /// Else what is subtracted from every pixel.
    pub(super) sky: f64,
    /// Side of a pixel.
    pub(super) scale_arcsec: f64,
}

impl Sitter<'_> {
    pub(super) fn portrait(&self, image: &Image, pixels: &Pixels<'_, Image>) -> Option<Portrait> {
        let window = self.window()?;
        let binning = Binning::of(window.shape().0);
        let seen = binning.image(image, &window)?;
        let stamp = binning.stamp(&seen, Stretch::Asinh, Some((self.aperture, &window)))?;
        let background = self.level.and_then(|level| {
            binning.stamp(&binning.surface(level, &window), Stretch::Linear, None)
        });
        Some(Portrait {
            source: self.source,
            image: self.image,
            stamp,
            background,
            side_arcsec: window.shape().0 as f64 * self.scale_arcsec,
            growth: self.growth(pixels),
        })
    }

    /// A square around the aperture, in the image or outside.
    fn window(&self) -> Option<PixelBox> {
        let bounds = self.aperture.bounds();
        let (ny, nx) = bounds.shape();
        let half = (nx.max(ny) as f64 / 2.0 * MARGIN).max(LEAST);
        // An aperture of a whole image needs no more than that image around it.
        if half.is_nan() || half >= 2e4 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked")]
        let half = half.ceil() as isize;
        let middle = |range: &std::ops::Range<isize>| range.start + (range.end - range.start) / 2;
        let (x, y) = (middle(&bounds.x), middle(&bounds.y));
        Some(PixelBox::new(x - half..x + half + 1, y - half..y + half + 1))
    }

    fn growth(&self, pixels: &Pixels<'_, Image>) -> Vec<f64> {
        let present: Vec<_> = self.grown.iter().flatten().collect();
        let found = measure_together(pixels, &present, &MeasureOptions::default());
        let mut found = found.unwrap_or_default().into_iter();
        self.grown
            .iter()
            .map(|grown| {
                let of = |m: photometry::Measurement| m.sum - self.sky * m.area;
                grown.as_ref().and_then(|_| found.next()).map_or(f64::NAN, of)
            })
            .collect()
    }
}

/// How pixels become dots: several pixels one dot, or a pixel several dots.
struct Binning {
    pixels: usize,
    dots: usize,
}

impl Binning {
    fn of(side: usize) -> Self {
        let pixels = side.div_ceil(2 * DOTS);
        Self { pixels, dots: if pixels > 1 { 1 } else { DOTS.div_ceil(side.max(1)) } }
    }

    /// Means of squares of pixels; NaN where none is finite.
    fn image(&self, image: &Image, window: &PixelBox) -> Option<Array2<f64>> {
        let (ny, nx) = window.shape();
        let (cy, cx) = (ny.div_ceil(self.pixels), nx.div_ceil(self.pixels));
        let (mut sums, mut counts) = (Array2::zeros((cy, cx)), Array2::<f64>::zeros((cy, cx)));
        let here = window.intersect(&PixelBox::of_shape(image.shape))?;
        let mut row = vec![0.0_f32; here.shape().1];
        for y in here.y.clone() {
            image.read(&PixelBox::new(here.x.clone(), y..y + 1), &mut row).ok()?;
            let j = (y - window.y.start).cast_unsigned() / self.pixels;
            for (value, x) in row.iter().zip(here.x.clone()).filter(|(value, _)| value.is_finite())
            {
                let i = (x - window.x.start).cast_unsigned() / self.pixels;
                sums[(j, i)] += f64::from(*value);
                counts[(j, i)] += 1.0;
            }
        }
        Some(sums / counts)
    }

    fn surface(&self, level: &Surface, window: &PixelBox) -> Array2<f64> {
        let (ny, nx) = window.shape();
        let at = |start: isize, i: usize| start as f64 + (i * self.pixels) as f64;
        Array2::from_shape_fn((ny.div_ceil(self.pixels), nx.div_ceil(self.pixels)), |(j, i)| {
            level.at(astro_coords::PixelCoord::new(at(window.x.start, i), at(window.y.start, j)))
        })
    }

    /// The picture of `cells`, with the edge of the aperture. `None` where no value is finite.
    fn stamp(
        &self,
        cells: &Array2<f64>,
        stretch: Stretch,
        edge: Option<(&dyn Aperture, &PixelBox)>,
    ) -> Option<Stamp> {
        let interval = if edge.is_some() { Interval::Percent(1.0, 99.7) } else { Interval::MinMax };
        let limits = interval.limits(&cells.view()).ok()?;
        let levels =
            render(cells.view(), &RenderOptions { stretch, interval, ..Default::default() })
                .ok()?;
        let (ny, nx) = (cells.dim().0 * self.dots, cells.dim().1 * self.dots);
        let mut dots = Vec::with_capacity(nx * ny * 3);
        for y in 0..ny {
            dots.extend((0..nx).flat_map(|x| [levels[(y / self.dots, x / self.dots)]; 3]));
        }
        if let Some((aperture, window)) = edge {
            self.draw_edge(aperture, window, (ny, nx), &mut dots);
        }
        let mut jpeg = Vec::new();
        write_jpeg(&Dots { shape: (ny, nx), dots }, &About::default(), &mut jpeg).ok()?;
        Some(Stamp { jpeg, side: nx, limits: [limits.low, limits.high] })
    }

    /// Dots where the aperture ends.
    fn draw_edge(
        &self,
        aperture: &dyn Aperture,
        window: &PixelBox,
        (ny, nx): (usize, usize),
        dots: &mut [u8],
    ) {
        let step = self.pixels as f64 / self.dots as f64;
        let at = |start: isize, i: usize| start as f64 - 0.5 + (i as f64 + 0.5) * step;
        let inside: Vec<bool> = (0..ny)
            .flat_map(|y| (0..nx).map(move |x| (x, y)))
            .map(|(x, y)| {
                let (x, y) = (at(window.x.start, x), at(window.y.start, y));
                aperture.contains(astro_coords::PixelCoord::new(x, y))
            })
            .collect();
        for y in 1..ny {
            for x in 1..nx {
                let here = inside[y * nx + x];
                if here != inside[y * nx + x - 1] || here != inside[(y - 1) * nx + x] {
                    // Two dots wide, so that it is seen on a small screen.
                    for at in [y * nx + x, y * nx + x - 1, (y - 1) * nx + x] {
                        dots[at * 3..][..3].copy_from_slice(&EDGE);
                    }
                }
            }
        }
    }
}

/// Coloured dots as a picture, the lowest row first.
struct Dots {
    shape: (usize, usize),
    dots: Vec<u8>,
}

impl Picture for Dots {
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn channels(&self) -> Channels {
        Channels::Rgb
    }

    fn draw(&self, rows: std::ops::Range<usize>, out: &mut [u8]) -> RenderResult<()> {
        let line = self.shape.1 * 3;
        out.copy_from_slice(&self.dots[rows.start * line..rows.end * line]);
        Ok(())
    }
}
