//! One image: the background, then every source on it.

use astro_coords::{Angle, PixelBox, PixelCoord};
use photometry::Aperture;
use photometry::aperture::Ellipse;
use photometry::background::{Background, Masks, background};
use rayon::prelude::*;

use super::image::Image;
use super::mask::SourceMask;
use super::{Measurement, Options, SkyShape, Source};

/// What one image gave.
#[derive(Debug)]
pub(super) struct Measured {
    /// In the order of the sources; those off the image are not there.
    pub(super) measurements: Vec<Measurement>,
    /// Share of the mesh boxes that were filled from others.
    pub(super) excluded_share: Option<f64>,
    /// Sources wider than four boxes of the mesh, whose own light is part of it.
    pub(super) wide: Vec<usize>,
}

/// A source as this image sees it.
struct Place {
    source: usize,
    aperture: Ellipse,
    /// arcsec² per pixel
    pixel_area: f64,
}

/// Measures the sources that reach into the image. An image without any is not read.
pub(super) fn measure(
    image: &Image,
    index: usize,
    sources: &[Source],
    options: &Options,
) -> anyhow::Result<Measured> {
    let places: Vec<_> = sources
        .iter()
        .enumerate()
        .filter_map(|(i, source)| place(image, i, source, options.sky_shape))
        .collect();
    if places.is_empty() {
        return Ok(Measured { measurements: Vec::new(), excluded_share: None, wide: Vec::new() });
    }
    let sky = options.background.as_ref().map(|mesh| {
        let grown = options.mask_growth.map(|growth| source_mask(image, sources, growth));
        let masks = grown.as_ref().map_or_else(Masks::default, |mask| Masks::ignoring(mask));
        background(image, masks, mesh)
    });
    let sky = sky.transpose()?;
    let measurements = places
        .par_iter()
        .map(|place| measure_one(image, index, place, sky.as_ref()))
        .collect::<Result<_, _>>()?;
    let wide = options.background.as_ref().map_or_else(Vec::new, |mesh| {
        let limit = 4 * mesh.box_size.0.max(mesh.box_size.1);
        let too_wide = |place: &&Place| place.aperture.bounds().shape().0 > limit;
        places.iter().filter(too_wide).map(|place| place.source).collect()
    });
    Ok(Measured { measurements, excluded_share: sky.map(|sky| sky.excluded_share()), wide })
}

/// The source's aperture in the pixels of the image; `None` where it does not reach into it.
fn place(image: &Image, index: usize, source: &Source, shape: SkyShape) -> Option<Place> {
    let (center, local) = local(image, source)?;
    let local_area = (local[0][0] * local[1][1] - local[0][1] * local[1][0]).abs();
    let (matrix, pixel_area) = match shape {
        SkyShape::Affine => (local, local_area),
        SkyShape::Photutils => {
            let scale = local_area.sqrt();
            ([[scale, 0.0], [0.0, scale]], image.wcs.pixel_scales()[0].arcsec().powi(2))
        }
    };
    let aperture = Ellipse::from_map(center, matrix, source.radius.arcsec());
    aperture.bounds().intersect(&PixelBox::of_shape(image.shape))?;
    Some(Place { source: index, aperture, pixel_area })
}

/// Where a source's centre falls, and arcsec east and north per pixel in x and y there.
fn local(image: &Image, source: &Source) -> Option<(PixelCoord, [[f64; 2]; 2])> {
    let center = image.wcs.to_pixel(source.center)?;
    let degrees = image.wcs.jacobian(center)?;
    Some((center, degrees.map(|row| row.map(|d| Angle::from_degrees(d).arcsec()))))
}

/// All sources, grown, as a mask; also those whose circle ends outside but whose grown one does not.
fn source_mask(image: &Image, sources: &[Source], growth: f64) -> SourceMask {
    let grown = |source: &Source| {
        let (center, matrix) = local(image, source)?;
        Some(Ellipse::from_map(center, matrix, source.radius.arcsec() * growth))
    };
    SourceMask::new(sources.iter().filter_map(grown).collect(), image.shape)
}

fn measure_one(
    image: &Image,
    index: usize,
    place: &Place,
    sky: Option<&Background>,
) -> photometry::Result<Measurement> {
    let found = photometry::measure(image, sky, &place.aperture)?;
    Ok(Measurement {
        source: place.source,
        image: index,
        centroid: found.centroid,
        centroid_sky: if found.centroid.is_finite() {
            image.wcs.to_sky(found.centroid)
        } else {
            None
        },
        sum: found.sum,
        sum_err: f64::NAN,
        area_arcsec2: found.area * place.pixel_area,
        coverage: found.area / found.geometric_area,
        bkg_sum: found.background_sum,
        bkg_rms: found.background_rms,
        n_bad: found.n_bad,
        flags: found.flags.bits(),
    })
}
