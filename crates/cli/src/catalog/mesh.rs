//! The mesh background of an image, and what is kept out of it.
//!
//! Light in the boxes counts as sky. Three kinds are kept out: the regions, grown; what else stands out of a first mesh;
//! and the wings of the regions' own light beyond their masks, which no pixel shows and a large aperture adds up.

use astro_coords::PixelBox;
use photometry::background::{Background, BackgroundOptions, Masks, background, background_near};
use photometry::stats::Location;
use photometry::{LocalSkyOptions, MaskSource, Pixels, local_sky};
use rayon::prelude::*;

use super::Subtract;
use super::detected::{Detected, RegionsAnd};
use super::figure::Figure;
use super::local::PixelSet;
use super::sources::{Outline, Targets};
use super::view::{Others, View};

/// With more boxes than this filled from others, the sky between crowded sources is better measured than guessed.
const MANY_FILLED: f64 = 0.25;
/// Wings below this share of a pixel's noise are left to the sky.
const FAINT: f64 = 0.01;
/// Regions less wide in pixels have too few pixels around them to see their wings.
const NARROW: usize = 24;
/// The largest growth of a mask for wings.
const MOST: f64 = 2.5;

/// Regions all over an image leave no box.
fn with_hint(error: photometry::Error, masked: bool) -> anyhow::Error {
    match error {
        photometry::Error::AllExcluded { .. } if masked => anyhow::anyhow!(
            "{error}; the regions are kept out of them: --mask-regions or --background helps"
        ),
        error => error.into(),
    }
}

impl View<'_> {
    /// The mesh, where it is subtracted, or `wanted` for its scatter. `needed` are the pixels that are at hand.
    pub(super) fn mesh(
        &self,
        targets: &Targets,
        windows: &[PixelBox],
        needed: &[PixelBox],
        wanted: bool,
    ) -> anyhow::Result<Option<Background>> {
        let default = BackgroundOptions::default();
        let Some(options) = self.options.background.mesh().or(wanted.then_some(&default)) else {
            return Ok(None);
        };
        let growths = self.options.mask_growth.map(|growth| vec![growth; targets.objects.len()]);
        let regions = growths.as_ref().map(|growths| self.mask(targets, growths));
        let first = self
            .measured(options, regions.as_ref().map(|mask| mask as _), windows)
            .map_err(|error| with_hint(error, regions.is_some()))?;
        let Some(sigma) = self.options.mask_detected else { return Ok(Some(first)) };
        let growths = growths.map(|_| self.growths(targets, &first)).transpose()?;
        let regions = growths.as_ref().map(|growths| self.mask(targets, growths));
        let detected = Detected::new(self.exposed(), &first, sigma, needed)
            .map_err(|error| anyhow::anyhow!(error))?;
        let both = RegionsAnd { regions: regions.as_ref(), detected: Some(&detected) };
        match self.measured(options, Some(&both), windows) {
            Ok(sky) if sky.excluded_share() <= first.excluded_share().max(MANY_FILLED) => {
                Ok(Some(sky))
            }
            Ok(_)
            | Err(
                photometry::Error::AllExcluded { .. } | photometry::Error::NoUsablePixels { .. },
            ) => Ok(Some(first)),
            Err(error) => Err(error.into()),
        }
    }

    fn measured(
        &self,
        options: &BackgroundOptions,
        ignore: Option<&dyn MaskSource>,
        windows: &[PixelBox],
    ) -> photometry::Result<Background> {
        let image = self.exposed();
        let masks = Masks { ignore, uncovered: image.uncovered() };
        match self.options.background {
            Subtract::Local(_, reach) => background_near(&image, masks, options, windows, reach),
            _ => background(&image, masks, options),
        }
    }

    /// By how much each object is grown before it is masked.
    fn growths(&self, targets: &Targets, sky: &Background) -> photometry::Result<Vec<f64>> {
        let others = self.others(targets);
        let growth =
            |(number, outline): &(i64, Outline)| self.growth(*number, outline, sky, &others);
        targets.objects.par_iter().map(growth).collect()
    }

    /// As far as the light goes on, if it falls as it does between the region and its mask.
    fn growth(
        &self,
        number: i64,
        outline: &Outline,
        sky: &Background,
        others: &Others,
    ) -> photometry::Result<f64> {
        let base = self.options.mask_growth.unwrap_or(1.0);
        let step = 0.5 * (base - 1.0);
        let image = self.exposed();
        let uncovered = image.uncovered();
        let pixels = Pixels { background: Some(sky), uncovered, ..Pixels::new(&image) };
        let light = |from: f64| {
            let ring = self.ring(outline, [from, from + step]);
            let Some(ring) = ring.filter(|ring| step > 0.0 && ring.bounds().shape().0 >= NARROW)
            else {
                return Ok((f64::NAN, f64::NAN));
            };
            let ring = PixelSet::new(vec![ring], others, number);
            let mean = LocalSkyOptions { level: Location::Mean, ..LocalSkyOptions::default() };
            local_sky(&pixels, &ring, &mean).map(|sky| (sky.level, sky.level_err))
        };
        let ((near, _), (far, far_err)) = (light(1.0)?, light(1.0 + step)?);
        let faint = FAINT * sky.rms.median();
        let falls = far / near;
        let is_light = far > 5.0 * far_err && far > faint && falls > 0.0 && falls < 0.8;
        if !is_light {
            return Ok(base);
        }
        let steps = ((faint / far).ln() / falls.ln()).ceil();
        Ok((base + steps * step).min(base.max(MOST)))
    }

    fn ring(&self, outline: &Outline, factors: [f64; 2]) -> Option<Box<dyn photometry::Aperture>> {
        let [inner, outer] = factors.map(|factor| outline.on(self.reference).grown(factor));
        let ring = Figure::Ring { outer: Box::new(outer), inner: Box::new(inner) };
        ring.aperture(&self.image.wcs, super::SkyShape::Affine)
    }
}
