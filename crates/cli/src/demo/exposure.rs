//! Simulated drizzled images: several dithered exposures of one visit on a north-up grid.
//!
//! Each exposure's noise is white on its own pixels and spread over the output as the square kernel of
//! drizzle does at `pixfrac` 1, so neighbouring output pixels are correlated as they are in the archive's.

use std::collections::BTreeMap;

use astro_coords::{Angle, PixelCoord, SkyCoord};

use super::rng::Rng;
use super::scene::{BANDS, Scene, Source, at};

/// Side of the square detector on the sky and the width of the gap between its two chips, arcsec.
const DETECTOR_SIDE: f64 = 36.0;
const CHIP_GAP: f64 = 1.4;

/// Where the exposures of a visit point, arcsec east and north of the visit's centre: sub-pixel phases and
/// a step across the gap that fills a part of it. The phases smooth the noise in the mean by as much as those of a
/// distorted camera do, which has all of them: the scatter of a pixel is 2/3 of the noise to 1 % in both pixel scales, and
/// the factor 1.5 of the headers' pixfrac and scale holds.
const DITHERS: [(f64, f64); 4] = [(0.0125, 0.1125), (0.225, 0.4), (0.3, 0.275), (0.2125, 0.3125)];

/// Exposures of a visit.
pub(super) const EXPOSURES: usize = DITHERS.len();

/// One visit: where it points, how it is rolled, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    pub(super) number: &'static str,
    pub(super) rootname: &'static str,
    /// Offset of the visit from the field's centre, arcsec.
    pub(super) east: f64,
    pub(super) north: f64,
    /// Position angle of the detector's columns.
    pub(super) roll: Angle,
    /// Start, modified Julian date.
    pub(super) mjd: f64,
    /// Seconds of each exposure.
    pub(super) exposure_s: f64,
}

impl Visit {
    pub(super) fn center(&self) -> SkyCoord {
        at(self.east, self.north)
    }

    /// `(ny, nx)` of the north-up image that holds the detector of all exposures, and some border.
    pub(super) fn shape(&self, band: usize) -> (usize, usize) {
        let (sin, cos) = (libm::sin(self.roll.radians()), libm::cos(self.roll.radians()));
        let width = DETECTOR_SIDE * (sin.abs() + cos.abs()) + 1.5;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "about a thousand"
        )]
        let n = (width / BANDS[band].pixel_scale).ceil() as usize;
        (n, n)
    }

    /// Corners of the detector on the sky, in the order of the position angle.
    pub(super) fn corners(&self) -> [SkyCoord; 4] {
        let reach = Angle::from_arcsec(DETECTOR_SIDE * std::f64::consts::FRAC_1_SQRT_2);
        [45.0, 135.0, 225.0, 315.0]
            .map(|pa| self.center().offset(self.roll + Angle::from_degrees(pa), reach))
    }

    /// Whether the place `east`, `north` arcsec of the visit's centre falls on a chip of exposure `k`.
    fn exposes(&self, k: usize, east: f64, north: f64, (sin, cos): (f64, f64)) -> bool {
        let (east, north) = (east - DITHERS[k].0, north - DITHERS[k].1);
        let (u, v) = (east * cos - north * sin, east * sin + north * cos);
        u.abs() < DETECTOR_SIDE / 2.0 && v.abs() < DETECTOR_SIDE / 2.0 && v.abs() > CHIP_GAP / 2.0
    }
}

/// The three planes of a drizzled product, row by row: science in electron / s, weight in seconds of
/// exposure, and which exposures each pixel was made of.
#[derive(Debug)]
pub(super) struct Planes {
    pub(super) science: Vec<f32>,
    pub(super) weight: Vec<f32>,
    pub(super) context: Vec<i32>,
}

/// Takes the image of `visit` in `band`; `to_pixel` is the image's own coordinate system.
pub(super) fn expose(
    visit: &Visit,
    band: usize,
    scene: &Scene,
    to_pixel: impl Fn(SkyCoord) -> Option<PixelCoord>,
) -> Planes {
    let shape = visit.shape(band);
    let mut model = vec![0.0; shape.0 * shape.1];
    for source in scene.sources() {
        if let Some(place) = to_pixel(source.position) {
            add_source(&mut model, shape, source, band, place);
        }
    }
    let seed =
        1000 * (band as u64 + 1) + visit.number.bytes().fold(0, |sum, b| 31 * sum + u64::from(b));
    let scale = BANDS[band].pixel_scale;
    let circles = scene.targets.iter();
    let circles = circles.filter_map(|t| Some((to_pixel(t.position)?, t.radius / scale)));
    stack(visit, band, &model, shape, &circles.collect::<Vec<_>>(), &mut Rng::new(seed))
}

/// Adds a source's count rate to each pixel, integrated over the pixel by a grid of samples that is finer
/// near the centre, where the profile bends.
fn add_source(
    model: &mut [f64],
    (ny, nx): (usize, usize),
    source: &Source,
    band: usize,
    place: PixelCoord,
) {
    let scale = BANDS[band].pixel_scale;
    let reach = source.profile.extent() / scale;
    let rate = source.rates[band];
    for y in pixels(place.y, reach, ny) {
        for x in pixels(place.x, reach, nx) {
            let (dx, dy) = (x as f64 - place.x, y as f64 - place.y);
            let samples = match dx.abs().max(dy.abs()) {
                d if d < 3.0 => 15,
                d if d < 8.0 => 5,
                _ => 2,
            };
            let step = 1.0 / f64::from(samples);
            let mut sum = 0.0;
            for j in 0..samples {
                for i in 0..samples {
                    let sub = |k: i32| (f64::from(k) + 0.5) * step - 0.5;
                    // East is to the left.
                    sum += source.profile.brightness(-(dx + sub(i)) * scale, (dy + sub(j)) * scale);
                }
            }
            model[y * nx + x] += rate * sum * (step * scale) * (step * scale);
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the image")]
fn pixels(center: f64, reach: f64, n: usize) -> std::ops::Range<usize> {
    let clamp = |edge: f64| edge.clamp(0.0, n as f64) as usize;
    clamp((center - reach).floor())..clamp((center + reach).ceil() + 1.0)
}

/// Averages the exposures where they see the sky; a pixel that none of them sees is NaN with weight 0.
fn stack(
    visit: &Visit,
    band: usize,
    model: &[f64],
    (ny, nx): (usize, usize),
    targets: &[(PixelCoord, f64)],
    rng: &mut Rng,
) -> Planes {
    let Planes { mut science, mut weight, mut context } = Planes {
        science: vec![f32::NAN; ny * nx],
        weight: vec![0.0; ny * nx],
        context: vec![0; ny * nx],
    };
    let scale = BANDS[band].pixel_scale;
    let sky = BANDS[band].sky * scale * scale;
    let roll = (libm::sin(visit.roll.radians()), libm::cos(visit.roll.radians()));
    let mut rays: Vec<_> =
        (0..DITHERS.len()).map(|_| cosmic_rays(rng, (ny, nx), targets)).collect();
    let mut noise: Vec<_> =
        DITHERS.iter().map(|dither| DrizzledNoise::new(*dither, scale, nx, rng)).collect();
    for y in 0..ny {
        for rows in &mut noise {
            rows.advance(rng);
        }
        for x in 0..nx {
            let at = y * nx + x;
            let (east, north) = (
                -(x as f64 - (nx as f64 - 1.0) / 2.0) * scale,
                (y as f64 - (ny as f64 - 1.0) / 2.0) * scale,
            );
            let sigma = ((sky + model[at]) / visit.exposure_s).sqrt();
            let (mut sum, mut seen) = (0.0, 0);
            for k in 0..DITHERS.len() {
                if visit.exposes(k, east, north, roll) {
                    sum += sigma * noise[k].at(x) + rays[k].remove(&at).unwrap_or(0.0);
                    seen += 1;
                    context[at] |= 1 << k;
                }
            }
            if seen > 0 {
                let n = f64::from(seen);
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "pixels are stored as 32-bit floats"
                )]
                let store = |value: f64| value as f32;
                science[at] = store(model[at] + sky_residual(sky, east, north) + sum / n);
                weight[at] = store(n * visit.exposure_s);
            }
        }
    }
    Planes { science, weight, context }
}

/// What the sky subtraction of the pipeline left: a level and a gentle slope, electron / s per pixel.
fn sky_residual(sky: f64, east: f64, north: f64) -> f64 {
    let (u, v) = (east / 25.0, north / 25.0);
    sky * (0.02 + 0.03 * u - 0.02 * v + 0.015 * u * v + 0.01 * v * v)
}

/// Two short tracks that the rejection missed, by pixel, electron / s in their exposure; none of them in a target, whose
/// light they would be for any photometry, and not for the truth.
fn cosmic_rays(
    rng: &mut Rng,
    (ny, nx): (usize, usize),
    targets: &[(PixelCoord, f64)],
) -> BTreeMap<usize, f64> {
    const TRACK: f64 = 4.0;
    let mut rays = BTreeMap::new();
    let clear = |x: f64, y: f64| {
        let far = |(at, radius): &(PixelCoord, f64)| {
            let (dx, dy) = (x - at.x, y - at.y);
            (dx * dx + dy * dy).sqrt() > radius + 2.0 * TRACK
        };
        targets.iter().all(far)
    };
    for _ in 0..2 {
        let (x, y) = loop {
            let (x, y) = (rng.uniform(0.2, 0.8) * nx as f64, rng.uniform(0.2, 0.8) * ny as f64);
            if clear(x, y) {
                break (x, y);
            }
        };
        let (dx, dy, rate) =
            (rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0), rng.uniform(1.0, 6.0));
        for step in 0..4 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "inside the image"
            )]
            let (x, y) = ((x + dx * f64::from(step)) as usize, (y + dy * f64::from(step)) as usize);
            rays.insert(y * nx + x, rate);
        }
    }
    rays
}

/// White noise of one exposure seen through output pixels that lie between its own: each output pixel
/// takes from the four it overlaps, by area.
struct DrizzledNoise {
    phase: (f64, f64),
    rows: [Vec<f64>; 2],
}

impl DrizzledNoise {
    fn new((east, north): (f64, f64), scale: f64, nx: usize, rng: &mut Rng) -> Self {
        let fraction = |offset: f64| (offset / scale).rem_euclid(1.0);
        let rows = [Vec::new(), white(nx + 1, rng)];
        Self { phase: (fraction(east), fraction(north)), rows }
    }

    fn advance(&mut self, rng: &mut Rng) {
        self.rows.swap(0, 1);
        let n = self.rows[0].len();
        self.rows[1] = white(n, rng);
    }

    fn at(&self, x: usize) -> f64 {
        let (a, b) = self.phase;
        let row = |row: &[f64]| (1.0 - a) * row[x] + a * row[x + 1];
        (1.0 - b) * row(&self.rows[0]) + b * row(&self.rows[1])
    }
}

fn white(n: usize, rng: &mut Rng) -> Vec<f64> {
    (0..n).map(|_| rng.normal()).collect()
}
