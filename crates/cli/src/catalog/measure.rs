//! One image: the background, then every source on it.

use photometry::aperture::{Center, Subpixel};
use photometry::background::{Background, BackgroundOptions};
use photometry::statistics::{StatisticsOptions, aperture_statistics};
use photometry::{
    Aperture, Flags, Gain, LocalSky, LocalSkyOptions, MeasureOptions, Noise, Pixels, Quality,
    measure_in, measure_with_sky,
};
use rayon::prelude::*;

use super::detected::{Detected, RegionsAnd};
use super::empty::with_empty;
use super::exposed::Filled;
use super::image::Image;
use super::level::LevelNoise;
use super::local::PixelSet;
use super::noise::{NoiseModel, NoisePlan};
use super::planes::{Uncovered, WeightType};
use super::portrait::{FACTORS, Portrait, Sitter};
use super::sources::Targets;
use super::statistics::Statistics;
use super::view::{Others, Spot, View};
use super::{Measurement, Options, Sum};

/// What one image gave.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// In the order of the sources; those off the image are not there.
    pub(super) measurements: Vec<Measurement>,
    /// Share of the mesh boxes that were filled from others.
    pub(super) excluded_share: Option<f64>,
    /// Of the first sources, where they are asked for.
    pub(super) portraits: Vec<Portrait>,
    /// Sources wider than four boxes of the mesh, whose own light is part of it.
    pub(super) wide: Vec<usize>,
    /// Sources with a sky of their own that is taken from themselves, or from a place where others are.
    pub(super) rings_on_source: Vec<usize>,
    pub(super) rings_on_others: Vec<usize>,
}

/// Measures the sources that reach into the image. An image without any is not read.
pub(super) fn measure(
    image: &Image,
    index: usize,
    targets: &Targets,
    options: &Options,
) -> anyhow::Result<Measured> {
    let mut view = View { image, reference: targets.is_reference(image), options, fill: None };
    let spots = view.spots(targets);
    if spots.is_empty() {
        return Ok(Measured::default());
    }
    let plan = NoisePlan::new(image, options)?;
    if options.background.mesh().is_some() || plan.needs_mesh() {
        view.fill = image.told_fill()?;
    }
    let windows: Vec<_> = spots.iter().map(|spot| spot.aperture.bounds()).collect();
    let is_local = options.background.is_local();
    let others = if is_local { view.others(targets) } else { Others::default() };
    let needed = view.needed(targets, &windows, &plan);
    image.prepare(&needed, &view.beside(&windows, &needed, &plan))?;
    let mesh = view.mesh(targets, &windows, &needed, plan.needs_mesh())?;
    let depth = plan.depth(image, options, &windows)?;
    let surfaces = plan.surfaces(image, options, mesh.as_ref(), depth.as_ref());
    let sky = mesh.as_ref().filter(|_| options.background.mesh().is_some());
    let noise = surfaces.model();
    let level_noise = sky.zip(options.background.mesh()).map(|(sky, mesh)| {
        let (ny, nx) = mesh.box_size;
        LevelNoise::new(sky, mesh, image.shape, noise.factor((ny * nx) as f64))
    });
    let regions = noise.empty.then(|| {
        view.mask(targets, &vec![options.mask_growth.unwrap_or(1.0); targets.objects.len()])
    });
    let detected = match (&mesh, options.mask_detected) {
        (Some(mesh), Some(sigma)) if noise.empty => Some(
            Detected::new(view.exposed(), mesh, sigma, &needed)
                .map_err(|error| anyhow::anyhow!(error))?,
        ),
        _ => None,
    };
    let around = Around {
        targets,
        others: &others,
        sky,
        level_noise: level_noise.as_ref(),
        noise,
        // What has a sky of its own is measured above the mesh where it is empty: its own sky has only its own error.
        sky_of_empty: mesh.as_ref().filter(|_| is_local).or(sky),
        not_empty: RegionsAnd { regions: regions.as_ref(), detected: detected.as_ref() },
    };
    let measurements = spots
        .par_iter()
        .map(|spot| view.measure(index, spot, &around))
        .collect::<Result<Vec<_>, _>>()?;
    let portraits = spots
        .par_iter()
        .zip(&measurements)
        .filter(|(spot, _)| spot.source < options.portraits)
        .filter_map(|(spot, found)| view.portrait(spot, found, &around))
        .collect();
    let wide = options.background.mesh().map_or_else(Vec::new, |mesh| too_wide(&spots, mesh));
    let excluded_share = sky.map(Background::excluded_share);
    let meets = |what: &(dyn Fn(&Spot) -> bool + Sync)| -> Vec<usize> {
        let met = spots.par_iter().filter(|spot| is_local && what(spot));
        met.map(|spot| spot.source).collect()
    };
    let rings_on_source = meets(&|spot| view.sky_is_on_source(spot, targets));
    let objects = if is_local { view.objects(targets) } else { Others::default() };
    let rings_on_others = meets(&|spot| view.sky_meets_others(spot, targets, &objects));
    Ok(Measured { measurements, portraits, excluded_share, wide, rings_on_source, rings_on_others })
}

fn too_wide(spots: &[Spot], mesh: &BackgroundOptions) -> Vec<usize> {
    let limit = 4 * mesh.box_size.0.max(mesh.box_size.1);
    let is_wide = |spot: &&Spot| spot.aperture.bounds().shape().0 > limit;
    spots.iter().filter(is_wide).map(|spot| spot.source).collect()
}

/// What the sources of an image have in common.
struct Around<'a> {
    targets: &'a Targets,
    others: &'a Others,
    sky: Option<&'a Background>,
    noise: NoiseModel<'a>,
    level_noise: Option<&'a LevelNoise>,
    /// Subtracted from empty apertures.
    sky_of_empty: Option<&'a Background>,
    /// What they keep away from.
    not_empty: RegionsAnd<'a>,
}

impl View<'_> {
    fn measure(
        &self,
        index: usize,
        spot: &Spot,
        around: &Around<'_>,
    ) -> photometry::Result<Measurement> {
        let source = &around.targets.sources[spot.source];
        let (aperture, model) = (&spot.aperture, &around.noise);
        let image = self.image;
        let by_weight = image.planes.weights.as_ref().map(Uncovered);
        let by_value = image.fill.map(|fill| Filled { image, fill });
        let pixels = Pixels {
            background: around.sky,
            noise: model.noise,
            gain: model.gain,
            uncovered: match (&by_weight, &by_value) {
                (Some(by_weight), _) => Some(by_weight),
                (None, by_value) => by_value.as_ref().map(|by_value| by_value as _),
            },
            quality: self.quality(),
            ..Pixels::new(self.image)
        };
        let sky = self.local_sky(source, around.targets, around.others);
        let noise_factor = model.factor(aperture.area());
        let how = MeasureOptions { noise_factor, ..MeasureOptions::default() };
        let (found, local) = match self.options.sum {
            Sum::Exact => above(&pixels, aperture, sky.as_ref(), &how)?,
            Sum::Center => above(&pixels, &Center(aperture), sky.as_ref(), &how)?,
            Sum::Subpixel(n) => above(&pixels, &Subpixel::new(aperture, n), sky.as_ref(), &how)?,
        };
        let mut flags = found.flags;
        let statistics = self.statistics(spot, &pixels, local.map_or(0.0, |sky| sky.level))?;
        if spot.is_cut {
            flags |= Flags::MASKED_PIXELS;
        }
        let level_err = match around.level_noise {
            Some(noise) if found.area > 0.0 => noise.under(aperture, found.area),
            _ => local.map_or(f64::NAN, |sky| sky.level_err * noise_factor * found.area),
        };
        let sum_err = match (model.empty, model.noise) {
            // Empty apertures have the errors of the mesh in them.
            (true, _) => {
                let (mask, background) = (Some(&around.not_empty as _), around.sky_of_empty);
                let emptiness = Pixels { mask, background, ..pixels };
                with_empty(found.sum_err, &emptiness, &**aperture)?
            }
            // Without the noise of the sky there is no error of the sum.
            (false, Noise::Unknown) => f64::NAN,
            (false, _) if around.level_noise.is_some() => found.sum_err.hypot(level_err),
            (false, _) => found.sum_err,
        };
        Ok(Measurement {
            source: spot.source,
            image: index,
            centroid: found.centroid,
            centroid_sky: if found.centroid.is_finite() {
                self.image.wcs.to_sky(found.centroid)
            } else {
                None
            },
            sum: found.sum,
            sum_err,
            area_arcsec2: found.area * spot.pixel_area,
            coverage: coverage(&found, aperture, self.options.sum),
            depth_s: self.depth(aperture)?,
            bkg_sum: found.background_sum,
            bkg_sum_err: level_err,
            bkg_rms: local.map_or(found.background_rms, |sky| sky.rms),
            peak: found.peak,
            noise_factor,
            n_bad: found.n_bad,
            n_uncovered: found.n_uncovered,
            n_masked: found.n_masked,
            n_non_finite: found.n_non_finite,
            quality: self.image.planes.quality.as_ref().map(|_| found.quality),
            statistics,
            flags: flags.bits(),
        })
    }

    /// Mean exposure in the aperture, where weights are seconds.
    fn depth(&self, aperture: &impl Aperture) -> photometry::Result<f64> {
        let weights = self.image.planes.weights.as_ref();
        let Some(weights) = weights.filter(|_| self.options.wht_type == WeightType::Exp) else {
            return Ok(f64::NAN);
        };
        let found = measure_in(&Pixels::new(weights), aperture, &MeasureOptions::default())?;
        Ok(found.sum / found.area / self.image.drizzle_area())
    }

    /// The quality bits, and those that make a pixel unusable.
    fn quality(&self) -> Option<Quality<'_>> {
        let plane = self.image.planes.quality.as_ref()?;
        Some(Quality { source: plane, reject: self.options.dq_bad })
    }

    /// What photutils' `ApertureStats` has, where it is wanted; `local_sky` lies above the background.
    fn statistics(
        &self,
        spot: &Spot,
        pixels: &Pixels<'_, Image>,
        local_sky: f64,
    ) -> photometry::Result<Option<Box<Statistics>>> {
        if !self.options.statistics || !local_sky.is_finite() {
            return Ok(None);
        }
        let plain = Pixels { noise: Noise::Unknown, gain: Gain::Unknown, ..*pixels };
        let how = StatisticsOptions { local_sky, ..StatisticsOptions::default() };
        let found = aperture_statistics(&plain, &spot.aperture, &how)?;
        let position_angle_deg = found.shape.sky_orientation(spot.to_sky);
        let (pixel_area, bounds) = (spot.pixel_area, spot.aperture.bounds());
        Ok(Some(Box::new(Statistics { found, pixel_area, position_angle_deg, bounds })))
    }

    /// The source as a person wants to see it.
    fn portrait(&self, spot: &Spot, found: &Measurement, around: &Around<'_>) -> Option<Portrait> {
        let outline = &around.targets.sources[spot.source].outline;
        let area = found.area_arcsec2 / spot.pixel_area;
        let local = around.sky.is_none() && area > 0.0;
        let sitter = Sitter {
            source: spot.source,
            image: found.image,
            aperture: &*spot.aperture,
            grown: FACTORS.iter().map(|factor| self.grown(outline, *factor)).collect(),
            level: around.sky.map(|sky| &sky.level),
            sky: if local { found.bkg_sum / area } else { 0.0 },
            scale_arcsec: spot.pixel_area.sqrt(),
        };
        let pixels = Pixels { background: around.sky, ..Pixels::new(self.image) };
        sitter.portrait(self.image, &pixels)
    }
}

type Found = (photometry::Measurement, Option<LocalSky>);

/// Measures above the sky of the source's own, if there is one.
fn above(
    pixels: &Pixels<'_, Image>,
    aperture: &impl Aperture,
    sky: Option<&PixelSet<'_>>,
    how: &MeasureOptions,
) -> photometry::Result<Found> {
    match sky {
        None => Ok((measure_in(pixels, aperture, how)?, None)),
        Some(sky) => {
            let options = LocalSkyOptions::default();
            let (found, sky) = measure_with_sky(pixels, aperture, sky, how, &options)?;
            Ok((found, Some(sky)))
        }
    }
}

/// Area of the valid pixels over that of all, in the image or not.
fn coverage(found: &photometry::Measurement, aperture: &dyn Aperture, sum: Sum) -> f64 {
    if found.n_bad == 0 && !found.flags.contains(Flags::PARTIAL_OVERLAP) && found.area > 0.0 {
        return 1.0;
    }
    let whole = match sum {
        Sum::Exact => aperture.area(),
        Sum::Center => sampled_area(&Center(aperture)),
        Sum::Subpixel(n) => sampled_area(&Subpixel::new(aperture, n)),
    };
    (found.area / whole).min(1.0)
}

/// Area of the pixels' shares, in the image or not; of an aperture too large to count them, its own.
fn sampled_area(aperture: &impl Aperture) -> f64 {
    const MANY: usize = 1 << 26;
    let bounds = aperture.bounds();
    let (rows, width) = bounds.shape();
    if rows.saturating_mul(width) > MANY {
        return aperture.area();
    }
    let mut shares = vec![0.0; width];
    let mut row = |y| {
        let run = aperture.row(y, bounds.x.start, &mut shares);
        shares[run.touched].iter().sum::<f64>()
    };
    bounds.y.clone().map(&mut row).sum()
}
