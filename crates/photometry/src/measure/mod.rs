mod lanes;
mod loops;
mod measurement;
mod outside;
mod pixels;
mod rows;
mod sky;
mod space;
mod tally;

use astro_coords::PixelBox;
use rayon::prelude::*;

use crate::aperture::Aperture;
use crate::vectors::prefetch;
use crate::{Background, PixelSource, Result};

pub use measurement::Measurement;
pub use pixels::{
    ErrorWeight, Find, Gain, MeasureOptions, Noise, NonFinite, Pixels, Plane, Quality,
    QualitySource, SourceNoise,
};
pub use sky::{LocalSky, LocalSkyOptions, local_sky, local_sky_all, measure_with_sky};

pub(crate) use outside::reaches_outside;
pub(crate) use rows::{Row, walk};
use space::Space;
pub(crate) use tally::Sky;
use tally::Tally;

/// Measures `source` less `background` in `aperture`, without errors and masks: [`measure_in`] has those.
///
/// Off the image all numbers are NaN.
///
/// # Errors
/// When the pixels cannot be read.
///
/// # Example
/// ```
/// use ndarray::Array2;
/// use photometry::aperture::Ellipse;
/// use photometry::measure;
///
/// let image = Array2::from_elem((40, 40), 2.0_f32);
/// let star = measure(&image, None, &Ellipse::circle((20.0, 20.0), 3.0))?;
/// assert!((star.sum - 2.0 * 9.0 * std::f64::consts::PI).abs() < 1e-12);
/// # Ok::<(), photometry::Error>(())
/// ```
pub fn measure<S: PixelSource>(
    source: &S,
    background: Option<&Background>,
    aperture: &impl Aperture,
) -> Result<Measurement> {
    let pixels = Pixels { background, ..Pixels::new(source) };
    measure_in(&pixels, aperture, &MeasureOptions::default())
}

/// Measures `pixels` in every one of `apertures`, in their order, on all threads of the current pool.
///
/// Each aperture has its own answer, the same for any number of threads.
pub fn measure_all<S: PixelSource, A: Aperture>(
    pixels: &Pixels<'_, S>,
    apertures: &[A],
    options: &MeasureOptions,
) -> Vec<Result<Measurement>> {
    in_order_of_rows(pixels.data, apertures, |aperture| measure_in(pixels, aperture, options))
}

/// The answers for apertures in their order, found in the order of their rows: neighbours share what the caches hold, and
/// the pixels of the next are asked for while one is worked on.
pub(crate) fn in_order_of_rows<S: PixelSource, A: Aperture, T: Send>(
    source: &S,
    apertures: &[A],
    one: impl Fn(&A) -> T + Sync,
) -> Vec<T> {
    let place = |aperture: &A| {
        let PixelBox { x, y } = aperture.bounds();
        (y.start.div_euclid(BAND_OF_ROWS), x.start)
    };
    let mut order: Vec<(_, usize)> =
        apertures.iter().enumerate().map(|(i, aperture)| (place(aperture), i)).collect();
    order.sort_unstable();
    let ahead = |steps: usize| order.get(steps).map(|(_, i)| &apertures[*i]);
    let mut found: Vec<T> = order
        .par_iter()
        .enumerate()
        .map(|(k, (_, i))| {
            if let Some(aperture) = ahead(k + 4) {
                prefetch(std::slice::from_ref(aperture));
            }
            if let Some(aperture) = ahead(k + 1) {
                rows::ask_for(source, &aperture.bounds());
            }
            one(&apertures[*i])
        })
        .collect();
    // Each answer to its place, along the cycles of the order.
    let mut place: Vec<usize> = order.into_iter().map(|(_, i)| i).collect();
    for at in 0..place.len() {
        while place[at] != at {
            let to = place[at];
            found.swap(at, to);
            place.swap(at, to);
        }
    }
    found
}

/// Rows whose pages are found together.
const BAND_OF_ROWS: isize = 16;

/// Measures `pixels` in `aperture`, with errors, masks and quality.
///
/// Only the rows under the aperture are read, a band of them at a time, and the background is evaluated there only;
/// everything is computed in `f64`. Off the image all numbers are NaN.
///
/// # Errors
/// When pixels or planes cannot be read, a plane has another shape than the image, [`Noise::Background`] is asked for
/// without a background or [`Noise::LocalSky`] without an annulus, or a noise or gain is negative.
///
/// # Example
/// ```
/// use ndarray::Array2;
/// use photometry::aperture::Circle;
/// use photometry::{Gain, MeasureOptions, Noise, Pixels, measure_in};
///
/// let image = Array2::from_elem((40, 40), 2.0_f32);
/// let pixels = Pixels { noise: Noise::Uniform(0.5), gain: Gain::Uniform(100.0), ..Pixels::new(&image) };
/// let found = measure_in(&pixels, &Circle::new((20.0, 20.0), 3.0), &MeasureOptions::default())?;
/// assert!(found.snr > 20.0 && found.n_bad == 0);
/// # Ok::<(), photometry::Error>(())
/// ```
pub fn measure_in<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    aperture: &impl Aperture,
    options: &MeasureOptions,
) -> Result<Measurement> {
    pixels.check(options)?;
    measure_above(pixels, aperture, options, &Sky::default())
}

/// Measures `pixels` in several apertures about one place, such as circles of many radii, in one pass: each row is read,
/// and its background evaluated, once for all.
///
/// Every answer is that of [`measure_in`] to the last bit. Apertures far from each other are better measured with
/// [`measure_all`], which does not read what lies between them.
///
/// # Errors
/// As [`measure_in`].
///
/// # Example
/// ```
/// use ndarray::Array2;
/// use photometry::aperture::Circle;
/// use photometry::{MeasureOptions, Pixels, measure_together};
///
/// let image = Array2::from_elem((60, 60), 2.0_f32);
/// let radii = [2.0, 4.0, 8.0].map(|radius| Circle::new((30.2, 29.8), radius));
/// let growth = measure_together(&Pixels::new(&image), &radii, &MeasureOptions::default())?;
/// assert!((growth[2].sum / growth[0].sum - 16.0).abs() < 1e-12);
/// # Ok::<(), photometry::Error>(())
/// ```
pub fn measure_together<S: PixelSource, A: Aperture>(
    pixels: &Pixels<'_, S>,
    apertures: &[A],
    options: &MeasureOptions,
) -> Result<Vec<Measurement>> {
    pixels.check(options)?;
    together(pixels, apertures, options, &Sky::default())
}

/// As [`measure_in`], checked already, above a sky that was measured around.
pub(crate) fn measure_above<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    aperture: &impl Aperture,
    options: &MeasureOptions,
    sky: &Sky,
) -> Result<Measurement> {
    let Some(window) = window(pixels, aperture) else {
        return Ok(Measurement::off_the_image(aperture.area()));
    };
    let (mut space, mut found) = (Space::of_window(&window), Tally::default());
    add_rows(pixels, aperture, &window, (&mut space, &mut found), (options, sky))?;
    space.spare();
    Ok(finish(pixels, aperture, options, sky, &window, &found))
}

/// Adds the rows of one aperture to a tally.
fn add_rows<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    aperture: &impl Aperture,
    window: &PixelBox,
    (space, tally): (&mut Space, &mut Tally),
    how: (&MeasureOptions, &Sky),
) -> Result<()> {
    let bare = pixels.background.is_none() && how.1.is_none() && pixels.is_plain(how.0);
    if bare {
        let mut add = |tally: &mut Tally, moments| {
            *tally = Tally::default();
            tally.in_memory(pixels.data, aperture, window, space, moments)
        };
        let moments = how.0.find == Find::All || pixels.has_errors();
        let mut found = add(tally, moments);
        if !moments && tally.has_bad_pixels() {
            // Which centres are then left has not been counted.
            found = add(tally, true);
        }
        if found.is_some() {
            tally.gather();
            return Ok(());
        }
    }
    *tally = Tally::default();
    let x0 = window.x.start;
    walk(pixels, how.0, window, how.1.level, |y, row: &Row<'_, S::Pixel>| {
        tally.row(aperture, (y, x0), space, row, how);
    })?;
    tally.gather();
    Ok(())
}

fn together<S: PixelSource, A: Aperture>(
    pixels: &Pixels<'_, S>,
    apertures: &[A],
    options: &MeasureOptions,
    sky: &Sky,
) -> Result<Vec<Measurement>> {
    let windows: Vec<_> = apertures.iter().map(|aperture| window(pixels, aperture)).collect();
    let mut tallies: Vec<_> = apertures.iter().map(|_| Tally::default()).collect();
    if let Some(all) = windows.iter().flatten().cloned().reduce(|a, b| around(&a, &b)) {
        let own = |window: &Option<PixelBox>| Space::own(&window.clone().unwrap_or_default());
        let mut spaces: Vec<_> = windows.iter().map(own).collect();
        walk(pixels, options, &all, sky.level, |y, row: &Row<'_, S::Pixel>| {
            let spaces = spaces.iter_mut().zip(&windows);
            for ((aperture, tally), (space, window)) in
                apertures.iter().zip(&mut tallies).zip(spaces)
            {
                let Some(window) = window.as_ref().filter(|window| window.y.contains(&y)) else {
                    continue;
                };
                let start = (window.x.start - all.x.start).unsigned_abs();
                let width = window.shape().1;
                let part = row.part(start..start + width);
                let place = (y, window.x.start);
                tally.row(aperture, place, space, &part, (options, sky));
            }
        })?;
    }
    tallies.iter_mut().for_each(Tally::gather);
    let found = apertures.iter().zip(tallies).zip(windows);
    Ok(found
        .map(|((aperture, tally), window)| match window {
            Some(window) => finish(pixels, aperture, options, sky, &window, &tally),
            None => Measurement::off_the_image(aperture.area()),
        })
        .collect())
}

/// The pixels of the image that the aperture's box holds.
pub(crate) fn window<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    aperture: &impl Aperture,
) -> Option<PixelBox> {
    aperture.bounds().intersect(&PixelBox::of_shape(pixels.data.shape()))
}

/// The box that holds both.
fn around(a: &PixelBox, b: &PixelBox) -> PixelBox {
    let span = |a: &std::ops::Range<isize>, b: &std::ops::Range<isize>| {
        a.start.min(b.start)..a.end.max(b.end)
    };
    PixelBox::new(span(&a.x, &b.x), span(&a.y, &b.y))
}

fn finish<S: PixelSource>(
    pixels: &Pixels<'_, S>,
    aperture: &impl Aperture,
    options: &MeasureOptions,
    sky: &Sky,
    window: &PixelBox,
    tally: &Tally,
) -> Measurement {
    let outside = reaches_outside(aperture, window);
    tally.finish(window, (aperture.area(), outside), pixels, options, sky)
}

#[cfg(test)]
mod tests;
