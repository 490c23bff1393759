//! One image: the background, then every source on it.

use photometry::aperture::{Center, Subpixel};
use photometry::background::{Background, BackgroundOptions};
use photometry::noise::{EmptyApertures, empty_aperture_noise};
use photometry::{
    Aperture, Flags, LocalSky, LocalSkyOptions, MeasureOptions, Noise, Pixels, measure_in,
    measure_with_sky,
};
use rayon::prelude::*;

use super::image::Image;
use super::local::{Moved, PixelSet};
use super::mask::RegionMask;
use super::noise::{NoiseModel, NoisePlan};
use super::planes::Uncovered;
use super::portrait::{FACTORS, Portrait, Sitter};
use super::sources::Targets;
use super::view::{Other, Spot, View};
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
}

/// Measures the sources that reach into the image. An image without any is not read.
pub(super) fn measure(
    image: &Image,
    index: usize,
    targets: &Targets,
    options: &Options,
) -> anyhow::Result<Measured> {
    let view = View { image, reference: targets.is_reference(image), options };
    let spots = view.spots(targets);
    if spots.is_empty() {
        return Ok(Measured::default());
    }
    let plan = NoisePlan::new(image, options)?;
    let windows: Vec<_> = spots.iter().map(|spot| spot.aperture.bounds()).collect();
    let others = view.others(targets);
    image.prepare(&view.needed(targets, &windows, &plan))?;
    let mesh = view.mesh(targets, &windows, plan.needs_mesh())?;
    let depth = plan.depth(image, options, &windows)?;
    let surfaces = plan.surfaces(image, options, mesh.as_ref(), depth.as_ref());
    let sky = mesh.as_ref().filter(|_| options.background.mesh().is_some());
    let mask =
        surfaces.model().empty.then(|| view.mask(targets, options.mask_growth.or(Some(1.0))));
    let around = Around {
        targets,
        others: &others,
        sky,
        noise: surfaces.model(),
        mask: mask.as_ref().and_then(Option::as_ref),
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
    Ok(Measured { measurements, portraits, excluded_share, wide })
}

fn too_wide(spots: &[Spot], mesh: &BackgroundOptions) -> Vec<usize> {
    let limit = 4 * mesh.box_size.0.max(mesh.box_size.1);
    let is_wide = |spot: &&Spot| spot.aperture.bounds().shape().0 > limit;
    spots.iter().filter(is_wide).map(|spot| spot.source).collect()
}

/// What the sources of an image have in common.
struct Around<'a> {
    targets: &'a Targets,
    others: &'a [Other],
    sky: Option<&'a Background>,
    noise: NoiseModel<'a>,
    /// What empty apertures keep away from.
    mask: Option<&'a RegionMask>,
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
        let uncovered = self.image.planes.weights.as_ref().map(Uncovered);
        let pixels = Pixels {
            background: around.sky,
            noise: model.noise,
            gain: model.gain,
            uncovered: uncovered.as_ref().map(|uncovered| uncovered as _),
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
        if spot.is_cut {
            flags |= Flags::MASKED_PIXELS;
        }
        let sum_err = match (around.mask, model.noise) {
            (Some(mask), _) => {
                let emptiness = Pixels { mask: Some(mask), ..pixels };
                with_empty(found.sum_err, &emptiness, &**aperture)?
            }
            // Without the noise of the sky there is no error of the sum.
            (None, Noise::Unknown) => f64::NAN,
            _ => found.sum_err,
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
            bkg_sum: found.background_sum,
            bkg_rms: local.map_or(found.background_rms, |sky| sky.rms),
            peak: found.peak,
            noise_factor,
            n_bad: found.n_bad,
            n_uncovered: found.n_uncovered,
            flags: flags.bits(),
        })
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

/// The error of a sum with the noise of empty apertures like it; NaN where there are fewer than ten.
fn with_empty(
    own: f64,
    pixels: &Pixels<'_, Image>,
    aperture: &dyn Aperture,
) -> photometry::Result<f64> {
    const COUNT: usize = 300;
    const FEW: usize = 10;
    let places = EmptyApertures { count: COUNT, attempts: 4 * COUNT, ..EmptyApertures::default() };
    match empty_aperture_noise(pixels, |at| Moved::to(aperture, at), &places) {
        Ok(found) if found.n >= FEW => Ok(found.noise.hypot(if own.is_nan() { 0.0 } else { own })),
        Ok(_) | Err(photometry::Error::NoEmptyPlace { .. }) => Ok(f64::NAN),
        Err(error) => Err(error),
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
