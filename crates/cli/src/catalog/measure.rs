//! One image: the background, then every source on it.

use astro_coords::{Angle, PixelBox, PixelCoord};
use photometry::aperture::{Center, Composite, Subpixel};
use photometry::background::{Background, BackgroundOptions, Masks, background, background_near};
use photometry::noise::{EmptyApertures, empty_aperture_noise};
use photometry::{
    Aperture, Flags, LocalSky, LocalSkyOptions, MeasureOptions, Noise, Pixels, measure_in,
    measure_with_sky,
};
use rayon::prelude::*;

use super::figure::{Figure, Grid, Place};
use super::image::Image;
use super::local::{Moved, PixelSet};
use super::mask::RegionMask;
use super::noise::{NoiseModel, NoisePlan};
use super::planes::Uncovered;
use super::portrait::{FACTORS, Portrait, Sitter};
use super::sources::{Outline, Targets};
use super::{Measurement, Options, RingSize, SkyShape, Source, Subtract, Sum};

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

/// A source as this image sees it.
struct Spot {
    source: usize,
    aperture: Box<dyn Aperture>,
    /// Whether a `-` region takes a part of it.
    is_cut: bool,
    /// arcsec² per pixel
    pixel_area: f64,
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

/// An image, and how figures become apertures in it.
struct View<'a> {
    image: &'a Image,
    /// Whether pixels of the region file are those of this image.
    reference: bool,
    options: &'a Options,
}

/// A region that is no part of a local sky: its number, if it is a source, and its pixels.
type Other = (Option<i64>, (PixelBox, Box<dyn Aperture>));

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
    fn aperture(&self, outline: &Outline) -> Option<Box<dyn Aperture>> {
        outline.on(self.reference).aperture(self.image, self.options.sky_shape)
    }

    /// The sources that reach into the image, without what the `-` regions take from them.
    fn spots(&self, targets: &Targets) -> Vec<Spot> {
        let excluded: Vec<_> = targets
            .excluded
            .iter()
            .filter_map(|outline| Some((self.aperture(outline)?.bounds(), outline)))
            .collect();
        let spot = |(i, source): (usize, &Source)| self.spot(i, source, &excluded);
        targets.sources.iter().enumerate().filter_map(spot).collect()
    }

    fn spot(
        &self,
        index: usize,
        source: &Source,
        excluded: &[(PixelBox, &Outline)],
    ) -> Option<Spot> {
        let whole = self.aperture(&source.outline)?;
        let bounds = whole.bounds();
        bounds.intersect(&PixelBox::of_shape(self.image.shape))?;
        let cuts: Vec<_> = excluded
            .iter()
            .filter(|(other, _)| other.intersect(&bounds).is_some())
            .filter_map(|(_, outline)| self.aperture(outline))
            .collect();
        let (_, [[a, b], [c, d]]) = self.image.local(Place::Sky(source.center))?;
        let pixel_area = match self.options.sky_shape {
            SkyShape::Affine => (a * d - b * c).abs(),
            SkyShape::Photutils => self.image.wcs.pixel_scales()[0].arcsec().powi(2),
        };
        let area = whole.area();
        let aperture =
            if cuts.is_empty() { whole } else { Box::new(Composite::new(vec![whole], cuts)) };
        let is_cut = aperture.area() < area;
        Some(Spot { source: index, aperture, is_cut, pixel_area })
    }

    /// The pixels that will be read.
    fn needed(&self, targets: &Targets, windows: &[PixelBox], plan: &NoisePlan) -> Vec<PixelBox> {
        let everything = vec![PixelBox::of_shape(self.image.shape)];
        if plan.is_anywhere() {
            return everything;
        }
        match &self.options.background {
            Subtract::Local(mesh, reach) => {
                windows.iter().map(|window| boxes_around(window, mesh.box_size, *reach)).collect()
            }
            Subtract::Annulus(_) | Subtract::Regions => {
                let skies =
                    targets.sources.iter().flat_map(|source| self.sky_shapes(source, targets));
                windows.iter().cloned().chain(skies.map(|shape| shape.bounds())).collect()
            }
            Subtract::None if !plan.needs_mesh() => windows.to_vec(),
            Subtract::None | Subtract::Mesh(_) => everything,
        }
    }

    /// The mesh, where it is subtracted, or `wanted` for its scatter.
    fn mesh(
        &self,
        targets: &Targets,
        windows: &[PixelBox],
        wanted: bool,
    ) -> anyhow::Result<Option<Background>> {
        let default = BackgroundOptions::default();
        let Some(mesh) = self.options.background.mesh().or(wanted.then_some(&default)) else {
            return Ok(None);
        };
        let mask = self.mask(targets, self.options.mask_growth);
        let uncovered = self.image.planes.weights.as_ref().map(Uncovered);
        let masks = Masks {
            ignore: mask.as_ref().map(|mask| mask as _),
            uncovered: uncovered.as_ref().map(|uncovered| uncovered as _),
        };
        Ok(Some(match self.options.background {
            Subtract::Local(_, reach) => background_near(self.image, masks, mesh, windows, reach)?,
            _ => background(self.image, masks, mesh)?,
        }))
    }

    /// All objects, grown, and what no source has; also those that end outside but whose grown ones do not.
    fn mask(&self, targets: &Targets, growth: Option<f64>) -> Option<RegionMask> {
        let factor = growth?;
        let excluded = targets.excluded.iter().filter_map(|outline| self.aperture(outline));
        let grown = |(_, outline): &(_, Outline)| self.grown(outline, factor);
        let shapes = targets.objects.iter().filter_map(grown).chain(excluded);
        Some(RegionMask::new(shapes, self.image.shape))
    }

    fn grown(&self, outline: &Outline, factor: f64) -> Option<Box<dyn Aperture>> {
        outline.on(self.reference).grown(factor).aperture(self.image, SkyShape::Affine)
    }

    /// What local skies keep away from: the same as the mask, with the numbers of the regions.
    fn others(&self, targets: &Targets) -> Vec<Other> {
        if !self.options.background.is_local() {
            return Vec::new();
        }
        let with_bounds = |shape: Box<dyn Aperture>| (shape.bounds(), shape);
        let object = |(number, outline): &(i64, Outline)| {
            Some((Some(*number), with_bounds(self.grown(outline, self.options.mask_growth?)?)))
        };
        let excluded = |outline| Some((None, with_bounds(self.aperture(outline)?)));
        let objects = targets.objects.iter().filter_map(object);
        objects.chain(targets.excluded.iter().filter_map(excluded)).collect()
    }

    /// The pixels of the sky of a source, where it has one of its own.
    fn local_sky<'a>(&self, source: &Source, around: &Around<'a>) -> Option<PixelSet<'a>> {
        if !self.options.background.is_local() {
            return None;
        }
        let shapes = self.sky_shapes(source, around.targets);
        let others = around.others.iter().filter(|(number, _)| *number != Some(source.region));
        Some(PixelSet::new(shapes, others.map(|(_, shape)| shape)))
    }

    /// The shapes that the sky of a source's own is taken from.
    fn sky_shapes(&self, source: &Source, targets: &Targets) -> Vec<Box<dyn Aperture>> {
        match self.options.background {
            Subtract::Annulus(size) => {
                let ring = ring(&source.outline, self.reference, size);
                ring.aperture(self.image, SkyShape::Affine).into_iter().collect()
            }
            Subtract::Regions => {
                let skies = targets.skies_of(source);
                skies.filter_map(|sky| self.aperture(&sky.outline)).collect()
            }
            _ => Vec::new(),
        }
    }

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
        let sky = self.local_sky(source, around);
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
}

impl View<'_> {
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

/// The boxes of a mesh that a window touches, and `reach` more on each side.
fn boxes_around(window: &PixelBox, (ny, nx): (usize, usize), reach: usize) -> PixelBox {
    let along = |range: &std::ops::Range<isize>, side: usize| {
        let (side, reach) = (side.max(1).cast_signed(), reach.cast_signed());
        let first = range.start.div_euclid(side).saturating_sub(reach);
        let last = (range.end - 1).div_euclid(side).saturating_add(reach);
        first.saturating_mul(side)..last.saturating_add(1).saturating_mul(side)
    };
    PixelBox::new(along(&window.x, nx), along(&window.y, ny))
}

/// The ring of a source's own sky.
fn ring(outline: &Outline, reference: bool, size: RingSize) -> Figure {
    let [inner, outer] = match size {
        RingSize::Times(factors) => factors.map(|factor| outline.on(reference).grown(factor)),
        RingSize::Radii(radii) => {
            radii.map(|radius| Figure::circle(outline.sky.center(), radius.arcsec()))
        }
    };
    Figure::Ring { outer: Box::new(outer), inner: Box::new(inner) }
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

impl Grid for Image {
    fn local(&self, place: Place) -> Option<(PixelCoord, [[f64; 2]; 2])> {
        match place {
            Place::Pixel(pixel) => Some((pixel, [[1.0, 0.0], [0.0, 1.0]])),
            Place::Sky(place) => {
                let pixel = self.wcs.to_pixel(place)?;
                let [east, north] = self.wcs.jacobian(pixel)?;
                let arcsec = |degrees: f64| Angle::from_degrees(degrees).arcsec();
                Some((pixel, [east.map(|d| -arcsec(d)), north.map(arcsec)]))
            }
        }
    }
}
