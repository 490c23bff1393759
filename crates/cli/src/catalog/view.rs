//! The regions as one image sees them: apertures, what is masked, the skies of sources, the pixels that are read.

use astro_coords::{PixelBox, PixelCoord};
use photometry::Aperture;
use photometry::aperture::Composite;

use super::by_row::ByRow;
use super::detected::{AROUND, grown};
use super::exposed::Exposed;
use super::figure::{Figure, Grid, Place};
use super::image::Image;
use super::local::PixelSet;
use super::mask::RegionMask;
use super::noise::NoisePlan;
use super::sources::{Outline, Targets};
use super::{Options, RingSize, SkyShape, Source, Subtract};

/// A source as this image sees it.
pub(super) struct Spot {
    pub(super) source: usize,
    pub(super) aperture: Box<dyn Aperture>,
    /// Whether a `-` region takes a part of it.
    pub(super) is_cut: bool,
    /// arcsec² per pixel
    pub(super) pixel_area: f64,
    /// How far east (row 0) and north (row 1) a pixel's step in x and in y leads, arcsec.
    pub(super) to_sky: [[f64; 2]; 2],
}

/// An image, and how figures become apertures in it.
pub(super) struct View<'a> {
    pub(super) image: &'a Image,
    /// Whether pixels of the region file are those of this image.
    pub(super) reference: bool,
    pub(super) options: &'a Options,
    /// The value that tells what no exposure covers; without it the weights do.
    pub(super) fill: Option<f64>,
}

/// Regions that are no part of a local sky, with their numbers if they are sources.
pub(super) type Others = ByRow<Numbered<Box<dyn Aperture>>>;

type Numbered<T> = (Option<i64>, T);

impl View<'_> {
    fn aperture(&self, outline: &Outline) -> Option<Box<dyn Aperture>> {
        outline.on(self.reference).aperture(&self.image.wcs, self.options.sky_shape)
    }

    /// The sources that reach into the image, without what the `-` regions take from them.
    pub(super) fn spots(&self, targets: &Targets) -> Vec<Spot> {
        let with_bounds = |outline| Some((self.aperture(outline)?.bounds(), outline));
        let excluded: ByRow<&Outline> = targets.excluded.iter().filter_map(with_bounds).collect();
        let spot = |(i, source): (usize, &Source)| self.spot(i, source, &excluded);
        targets.sources.iter().enumerate().filter_map(spot).collect()
    }

    fn spot(&self, index: usize, source: &Source, excluded: &ByRow<&Outline>) -> Option<Spot> {
        let whole = self.aperture(&source.outline)?;
        let bounds = whole.bounds();
        bounds.intersect(&PixelBox::of_shape(self.image.shape))?;
        let cuts: Vec<_> =
            excluded.near(&bounds).filter_map(|(_, outline)| self.aperture(outline)).collect();
        let (_, [[a, b], [c, d]]) = self.image.wcs.local(Place::Sky(source.center))?;
        let pixel_area = match self.options.sky_shape {
            SkyShape::Affine | SkyShape::Geodesic => (a * d - b * c).abs(),
            _ => self.image.wcs.pixel_scales()[0].arcsec().powi(2),
        };
        let area = whole.area();
        let aperture =
            if cuts.is_empty() { whole } else { Box::new(Composite::new(vec![whole], cuts)) };
        let is_cut = aperture.area() < area;
        let to_sky = [[-a, -b], [c, d]];
        Some(Spot { source: index, aperture, is_cut, pixel_area, to_sky })
    }

    /// The image as its background sees it.
    pub(super) fn exposed(&self) -> Exposed<'_, Image> {
        Exposed::new(self.image, self.fill, self.image.planes.weights.as_ref())
    }

    /// The pixels that will be read.
    pub(super) fn needed(
        &self,
        targets: &Targets,
        windows: &[PixelBox],
        plan: &NoisePlan,
    ) -> Vec<PixelBox> {
        let everything = vec![PixelBox::of_shape(self.image.shape)];
        if plan.is_anywhere() {
            return everything;
        }
        match &self.options.background {
            Subtract::Local(mesh, reach) => {
                let around = if self.options.mask_detected.is_some() { AROUND } else { 0 };
                let boxes = |window| grown(&boxes_around(window, mesh.box_size, *reach), around);
                windows.iter().map(boxes).collect()
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

    /// The pixels of which weights, noise and quality are read; `needed` are those of the image.
    pub(super) fn beside(
        &self,
        windows: &[PixelBox],
        needed: &[PixelBox],
        plan: &NoisePlan,
    ) -> Vec<PixelBox> {
        let exposure_from_weights = self.fill.is_none() || self.options.background.is_local();
        if exposure_from_weights || plan.is_anywhere() {
            needed.to_vec()
        } else {
            plan.beside(self.options, windows)
        }
    }

    /// All objects, each grown by its own factor, and what no source has; also those that end outside but whose grown
    /// ones do not.
    pub(super) fn mask(&self, targets: &Targets, growths: &[f64]) -> RegionMask {
        let excluded = targets.excluded.iter().filter_map(|outline| self.aperture(outline));
        let objects = targets.objects.iter().zip(growths);
        let grown = objects.filter_map(|((_, outline), factor)| self.grown(outline, *factor));
        RegionMask::new(grown.chain(excluded), self.image.shape)
    }

    pub(super) fn grown(&self, outline: &Outline, factor: f64) -> Option<Box<dyn Aperture>> {
        outline.on(self.reference).grown(factor).aperture(&self.image.wcs, SkyShape::Affine)
    }

    /// What local skies keep away from: the same as the mask, with the numbers of the regions.
    pub(super) fn others(&self, targets: &Targets) -> Others {
        let grown = |outline: &Outline| self.grown(outline, self.options.mask_growth?);
        let excluded = targets.excluded.iter().map(|outline| (None, self.aperture(outline)));
        objects(targets, grown).chain(excluded).filter_map(placed).collect()
    }

    /// The objects as they are, with the numbers of the regions.
    pub(super) fn objects(&self, targets: &Targets) -> Others {
        objects(targets, |outline| self.aperture(outline)).filter_map(placed).collect()
    }

    /// The pixels of the sky of a source, where it has one of its own.
    pub(super) fn local_sky<'a>(
        &self,
        source: &Source,
        targets: &Targets,
        others: &'a Others,
    ) -> Option<PixelSet<'a>> {
        if !self.options.background.is_local() {
            return None;
        }
        let shapes = self.sky_shapes(source, targets);
        Some(PixelSet::new(shapes, others, source.region))
    }

    /// Whether a pixel of the source is one of its own sky.
    pub(super) fn sky_is_on_source(&self, spot: &Spot, targets: &Targets) -> bool {
        let shapes = self.sky_shapes(&targets.sources[spot.source], targets);
        shapes.iter().any(|shape| meet(shape, &spot.aperture))
    }

    /// Whether another region lies where the sky of the source is taken from.
    pub(super) fn sky_meets_others(
        &self,
        spot: &Spot,
        targets: &Targets,
        objects: &Others,
    ) -> bool {
        let source = &targets.sources[spot.source];
        let shapes = self.sky_shapes(source, targets);
        shapes.iter().any(|shape| {
            let bounds = shape.bounds();
            let mut others =
                objects.near(&bounds).filter(|(_, (number, _))| *number != Some(source.region));
            others.any(|(_, (_, other))| meet(shape, other))
        })
    }

    /// The shapes that the sky of a source's own is taken from.
    fn sky_shapes(&self, source: &Source, targets: &Targets) -> Vec<Box<dyn Aperture>> {
        match self.options.background {
            Subtract::Annulus(size) => {
                let ring = ring(&source.outline, self.reference, size);
                ring.aperture(&self.image.wcs, SkyShape::Affine).into_iter().collect()
            }
            Subtract::Regions => {
                let skies = targets.skies_of(source);
                skies.filter_map(|sky| self.aperture(&sky.outline)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The regions of the sources with their numbers, as `shape` makes them.
fn objects<'a>(
    targets: &'a Targets,
    shape: impl Fn(&Outline) -> Option<Box<dyn Aperture>> + 'a,
) -> impl Iterator<Item = Numbered<Option<Box<dyn Aperture>>>> + 'a {
    targets.objects.iter().map(move |(number, outline)| (Some(*number), shape(outline)))
}

/// A shape by its box, if there is one.
fn placed(
    (number, shape): Numbered<Option<Box<dyn Aperture>>>,
) -> Option<(PixelBox, Numbered<Box<dyn Aperture>>)> {
    let shape = shape?;
    Some((shape.bounds(), (number, shape)))
}

/// Whether a pixel's centre lies in both.
fn meet(a: &dyn Aperture, b: &dyn Aperture) -> bool {
    let Some(both) = a.bounds().intersect(&b.bounds()) else { return false };
    let mut places = both.y.clone().flat_map(|y| both.x.clone().map(move |x| (x as f64, y as f64)));
    places.any(|(x, y)| a.contains(PixelCoord::new(x, y)) && b.contains(PixelCoord::new(x, y)))
}

/// The boxes of a mesh that a window touches, and `reach` more on each side.
pub(super) fn boxes_around(window: &PixelBox, (ny, nx): (usize, usize), reach: usize) -> PixelBox {
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
