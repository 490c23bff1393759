//! One image: the background, then every source on it.

use astro_coords::{Angle, PixelBox, PixelCoord};
use photometry::aperture::{Center, Composite, Subpixel};
use photometry::background::{Background, BackgroundOptions, Masks, background, background_near};
use photometry::{Aperture, Flags, MeasureOptions, Pixels, measure_in};
use rayon::prelude::*;

use super::figure::{Grid, Place};
use super::image::Image;
use super::mask::RegionMask;
use super::sources::{Outline, Targets};
use super::{Measurement, Options, SkyShape, Source, Subtract, Sum};

/// What one image gave.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// In the order of the sources; those off the image are not there.
    pub(super) measurements: Vec<Measurement>,
    /// Share of the mesh boxes that were filled from others.
    pub(super) excluded_share: Option<f64>,
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
    let view = View { image, reference: targets.is_reference(image), shape: options.sky_shape };
    let spots = view.spots(targets);
    if spots.is_empty() {
        return Ok(Measured::default());
    }
    let sky = view.background(targets, &spots, options)?;
    let measurements = spots
        .par_iter()
        .map(|spot| view.measure(index, spot, sky.as_ref(), options))
        .collect::<Result<_, _>>()?;
    let wide = options.background.mesh().map_or_else(Vec::new, |mesh| too_wide(&spots, mesh));
    Ok(Measured { measurements, excluded_share: sky.map(|sky| sky.excluded_share()), wide })
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
    shape: SkyShape,
}

impl View<'_> {
    fn aperture(&self, outline: &Outline) -> Option<Box<dyn Aperture>> {
        outline.on(self.reference).aperture(self.image, self.shape)
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
        let pixel_area = match self.shape {
            SkyShape::Affine => (a * d - b * c).abs(),
            SkyShape::Photutils => self.image.wcs.pixel_scales()[0].arcsec().powi(2),
        };
        let area = whole.area();
        let aperture =
            if cuts.is_empty() { whole } else { Box::new(Composite::new(vec![whole], cuts)) };
        let is_cut = aperture.area() < area;
        Some(Spot { source: index, aperture, is_cut, pixel_area })
    }

    fn background(
        &self,
        targets: &Targets,
        spots: &[Spot],
        options: &Options,
    ) -> anyhow::Result<Option<Background>> {
        let Some(mesh) = options.background.mesh() else { return Ok(None) };
        let mask = self.mask(targets, options.mask_growth);
        let masks = mask.as_ref().map_or_else(Masks::default, |mask| Masks::ignoring(mask));
        Ok(Some(match options.background {
            Subtract::Local(_, reach) => {
                let windows: Vec<_> = spots.iter().map(|spot| spot.aperture.bounds()).collect();
                background_near(self.image, masks, mesh, &windows, reach)?
            }
            _ => background(self.image, masks, mesh)?,
        }))
    }

    /// All objects, grown, and what no source has; also those that end outside but whose grown ones do not.
    fn mask(&self, targets: &Targets, growth: Option<f64>) -> Option<RegionMask> {
        let factor = growth?;
        let grown = |outline: &Outline| {
            outline.on(self.reference).grown(factor).aperture(self.image, SkyShape::Affine)
        };
        let excluded = targets.excluded.iter().filter_map(|outline| self.aperture(outline));
        let shapes = targets.objects.iter().filter_map(grown).chain(excluded);
        Some(RegionMask::new(shapes, self.image.shape))
    }

    fn measure(
        &self,
        index: usize,
        spot: &Spot,
        sky: Option<&Background>,
        options: &Options,
    ) -> photometry::Result<Measurement> {
        let pixels = Pixels { background: sky, ..Pixels::new(self.image) };
        let how = MeasureOptions::default();
        let aperture = &spot.aperture;
        let found = match options.sum {
            Sum::Exact => measure_in(&pixels, aperture, &how)?,
            Sum::Center => measure_in(&pixels, &Center(aperture), &how)?,
            Sum::Subpixel(n) => measure_in(&pixels, &Subpixel::new(aperture, n), &how)?,
        };
        let mut flags = found.flags;
        if spot.is_cut {
            flags |= Flags::MASKED_PIXELS;
        }
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
            sum_err: f64::NAN,
            area_arcsec2: found.area * spot.pixel_area,
            coverage: coverage(&found, aperture, options.sum),
            bkg_sum: found.background_sum,
            bkg_rms: found.background_rms,
            n_bad: found.n_bad,
            flags: flags.bits(),
        })
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
