use astro_coords::{PixelBox, PixelCoord};

use crate::aperture::Aperture;
use crate::source::read;
use crate::{Background, Flags, Pixel, PixelSource, Result};

/// What one aperture holds, the background subtracted.
///
/// Sums and areas take each pixel times its exact share in the aperture; the centroid takes the pixels whose centre
/// lies inside, as photutils' `ApertureStats` does. Pixels that are not finite are left out and counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurement {
    /// Sum of the pixels less the background; NaN where no pixel is valid.
    pub sum: f64,
    /// Area of the valid pixels in the aperture, in pixels.
    pub area: f64,
    /// Area of the aperture itself, in pixels, on the image or not.
    pub geometric_area: f64,
    /// Centre of light; NaN without light.
    pub centroid: PixelCoord,
    /// Sum of the background under the valid pixels.
    pub background_sum: f64,
    /// Mean over the aperture of the background's scatter of one pixel; NaN without a background.
    pub background_rms: f64,
    /// Pixels of the image that the aperture touches and that are not finite.
    pub n_bad: u64,
    /// What is to be known before use.
    pub flags: Flags,
}

impl Measurement {
    fn off_the_image(geometric_area: f64) -> Self {
        Self {
            sum: f64::NAN,
            area: f64::NAN,
            geometric_area,
            centroid: PixelCoord::new(f64::NAN, f64::NAN),
            background_sum: f64::NAN,
            background_rms: f64::NAN,
            n_bad: 0,
            flags: Flags::NO_OVERLAP,
        }
    }
}

/// Measures `source` less `background` in `aperture`.
///
/// Only the rows under the aperture are read, and the background is evaluated under the aperture only; everything is
/// computed in `f64`. Off the image all numbers are NaN.
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
    let bounds = aperture.bounds();
    let image = PixelBox::of_shape(source.shape());
    let Some(window) = bounds.intersect(&image) else {
        return Ok(Measurement::off_the_image(aperture.area()));
    };
    let mut tally = Tally::default();
    let (rows, width) = window.shape();
    let mut pixels = vec![S::Pixel::default(); rows * width];
    read(source, &window, &mut pixels)?;
    let (mut level, mut rms) = (vec![0.0; width], vec![0.0; width]);
    for (y, row) in window.y.clone().zip(pixels.chunks_exact(width)) {
        if let Some(background) = background {
            background.level.row(y, window.x.start, &mut level);
            background.rms.row(y, window.x.start, &mut rms);
        }
        tally.row(aperture, y, window.x.start, Row { pixels: row, level: &level, rms: &rms });
    }
    let mut found = tally.finish(&window, aperture.area(), background.is_some());
    if window != bounds {
        found.flags |= Flags::PARTIAL_OVERLAP;
    }
    Ok(found)
}

/// One row of the window: pixels, and the background there.
struct Row<'a, P> {
    pixels: &'a [P],
    level: &'a [f64],
    rms: &'a [f64],
}

/// Sums over the pixels in the order of the rows. Moments are about the window's first pixel, where they are small.
#[derive(Default)]
struct Tally {
    sum: f64,
    area: f64,
    background_sum: f64,
    rms_sum: f64,
    light: f64,
    light_x: f64,
    light_y: f64,
    centers: u64,
    n_bad: u64,
    rows: u64,
}

impl Tally {
    fn row<P: Pixel>(&mut self, aperture: &impl Aperture, y: isize, x0: isize, row: Row<'_, P>) {
        for (i, pixel) in row.pixels.iter().enumerate() {
            let x = x0 + i.cast_signed();
            let share = aperture.overlap(x, y);
            if share <= 0.0 {
                continue;
            }
            let value = pixel.to_f64() - row.level[i];
            if !value.is_finite() {
                self.n_bad += 1;
                continue;
            }
            self.sum += share * value;
            self.area += share;
            self.background_sum += share * row.level[i];
            self.rms_sum += share * row.rms[i];
            if aperture.contains(PixelCoord::new(x as f64, y as f64)) {
                self.centers += 1;
                self.light += value;
                self.light_x += i as f64 * value;
                self.light_y += self.rows as f64 * value;
            }
        }
        self.rows += 1;
    }

    fn finish(&self, window: &PixelBox, geometric_area: f64, has_background: bool) -> Measurement {
        let mut flags = Flags::default();
        if self.n_bad > 0 {
            flags |= Flags::NON_FINITE_DATA;
        }
        if self.area <= 0.0 {
            flags |= if self.n_bad > 0 { Flags::ALL_MASKED } else { Flags::NO_PIXELS };
        } else if self.centers == 0 {
            flags |= Flags::NO_PIXELS;
        }
        let valid = |value: f64| if self.area > 0.0 { value } else { f64::NAN };
        let centroid = PixelCoord::new(
            window.x.start as f64 + self.light_x / self.light,
            window.y.start as f64 + self.light_y / self.light,
        );
        Measurement {
            sum: valid(self.sum),
            area: self.area,
            geometric_area,
            centroid: if centroid.is_finite() {
                centroid
            } else {
                PixelCoord::new(f64::NAN, f64::NAN)
            },
            background_sum: valid(self.background_sum),
            background_rms: if has_background { self.rms_sum / self.area } else { f64::NAN },
            n_bad: self.n_bad,
            flags,
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::aperture::Ellipse;

    #[test]
    fn a_star_over_the_left_edge_keeps_its_centroid() {
        // photutils 3.1 adds the unclipped box's origin here and reports x = -3.07.
        let star = |x: f64, y: f64| (-((x - 1.3).powi(2) + (y - 20.2).powi(2)) / 8.0).exp();
        let image = Array2::from_shape_fn((40, 40), |(y, x)| star(x as f64, y as f64));
        let found = measure(&image, None, &Ellipse::circle((1.3, 20.2), 6.0)).unwrap();
        assert!(
            (found.centroid.x - 1.3).abs() < 0.8 && (found.centroid.y - 20.2).abs() < 0.01,
            "{found:?}"
        );
        assert!(found.flags.contains(Flags::PARTIAL_OVERLAP));
        assert!(found.area < 0.8 * found.geometric_area);
    }

    #[test]
    fn nan_pixels_leave_sum_and_area_and_are_counted() {
        let mut image = Array2::from_elem((20, 20), 3.0_f32);
        image[(10, 10)] = f32::NAN;
        let circle = Ellipse::circle((10.0, 10.0), 4.0);
        let found = measure(&image, None, &circle).unwrap();
        assert!((found.area - (circle.area() - 1.0)).abs() < 1e-13);
        assert!((found.sum - 3.0 * found.area).abs() < 1e-12);
        assert_eq!((found.n_bad, found.flags), (1, Flags::NON_FINITE_DATA));
    }

    #[test]
    fn nothing_to_measure_is_flagged_and_nan() {
        let image = Array2::from_elem((20, 20), f32::NAN);
        let off = measure(&image, None, &Ellipse::circle((100.0, 5.0), 3.0)).unwrap();
        assert!(off.sum.is_nan() && off.flags == Flags::NO_OVERLAP);
        let blank = measure(&image, None, &Ellipse::circle((5.0, 5.0), 3.0)).unwrap();
        assert!(blank.sum.is_nan() && blank.flags.contains(Flags::ALL_MASKED));
        let image = Array2::from_elem((20, 20), 1.0_f64);
        let tiny = measure(&image, None, &Ellipse::circle((5.4, 5.4), 0.1)).unwrap();
        assert!((tiny.sum - 0.01 * std::f64::consts::PI).abs() < 1e-15);
        assert!(tiny.flags.contains(Flags::NO_PIXELS) && tiny.centroid.x.is_nan());
    }

    #[test]
    fn the_background_is_taken_off_under_the_aperture() {
        use crate::background::{BackgroundOptions, Masks, background};
        let image = Array2::from_shape_fn((200, 200), |(y, x)| {
            5.0 + 0.02 * x as f64 + ((3 * x + 7 * y) % 11) as f64
        });
        let sky = background(&image, Masks::default(), &BackgroundOptions::default()).unwrap();
        let residual = &image - &sky.level.map();
        let circle = Ellipse::circle((93.2, 121.7), 9.0);
        let direct = measure(&image, Some(&sky), &circle).unwrap();
        let subtracted = measure(&residual, None, &circle).unwrap();
        assert!((direct.sum - subtracted.sum).abs() < 1e-9);
        assert!(
            (direct.background_sum - (measure(&image, None, &circle).unwrap().sum - direct.sum))
                .abs()
                < 1e-9
        );
        assert!(direct.background_rms > 1.0);
    }
}
