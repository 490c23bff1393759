use std::collections::{HashMap, HashSet};

use astro_coords::{PixelBox, PixelCoord};
use rayon::prelude::*;

use crate::stats::{mad_std, median};
use crate::{Aperture, Error, MeasureOptions, Noise, PixelSource, Pixels, Result, measure_in};

/// How empty apertures are placed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmptyApertures {
    /// Apertures wanted. The noise is known to 1.17 / √count of itself. Default 1000.
    pub count: usize,
    /// Places tried at most, for images that are mostly masked. Default 100 000.
    pub attempts: usize,
    /// Least share of an aperture on valid pixels. Below 1 a sum over a part counts by the root of the area, as noise does:
    /// large apertures in a field of stars are never wholly empty. Default 1.
    pub clear: f64,
    /// Whether apertures may overlap each other. Default `false`.
    pub overlapping: bool,
    /// Where the places start from; the same seed gives the same places. Default 1.
    pub seed: u64,
}

impl Default for EmptyApertures {
    fn default() -> Self {
        Self { count: 1000, attempts: 100_000, clear: 1.0, overlapping: false, seed: 1 }
    }
}

/// What the sums in empty apertures tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmpiricalNoise {
    /// Scatter of the sums, from their median absolute deviation, so that unseen sources count little. NaN for fewer
    /// than two apertures.
    pub noise: f64,
    /// Standard error of `noise` for normal sums, `1.1664 · noise / √n`.
    pub noise_err: f64,
    /// Median of the sums: what the background leaves.
    pub bias: f64,
    /// Apertures measured.
    pub n: usize,
    /// Places tried.
    pub attempts: usize,
}

impl EmpiricalNoise {
    /// The noise over what a sum of independent pixels has: the factor of correlated noise *at this size*, to be passed
    /// as [`MeasureOptions::noise_factor`].
    pub fn factor(&self, independent: f64) -> f64 {
        self.noise / independent
    }
}

/// Measures the noise of a sum where there is nothing: in many apertures of one shape at random places on the image, each
/// of them wholly on it and without a pixel that is masked, uncovered or not finite (or, by
/// [`clear`](EmptyApertures::clear), with few).
///
/// Whatever correlates pixels is in the scatter of the sums: drizzling, sky left over, unseen sources. Mask the known ones
/// with [`Pixels::mask`]. The places and the answer are the same for any number of threads.
///
/// # Errors
/// As [`measure_in`]; also when no place is found.
///
/// # Source
/// Labbé et al. 2003, AJ 125, 1107, sect. 3.2; photutils' `ImageDepth` does the same.
///
/// # Example
/// ```
/// use ndarray::Array2;
/// use photometry::aperture::Circle;
/// use photometry::noise::{EmptyApertures, empty_aperture_noise};
/// use photometry::Pixels;
///
/// let image = Array2::from_shape_fn((300, 300), |(y, x)| f32::from((7 * x + 13 * y + x * y) as u8 % 11));
/// let found = empty_aperture_noise(&Pixels::new(&image), |at| Circle::new(at, 4.0), &EmptyApertures::default())?;
/// assert!(found.n > 300 && found.noise > 0.0);
/// # Ok::<(), photometry::Error>(())
/// ```
pub fn empty_aperture_noise<S: PixelSource, A: Aperture>(
    pixels: &Pixels<'_, S>,
    shape: impl Fn(PixelCoord) -> A + Sync,
    options: &EmptyApertures,
) -> Result<EmpiricalNoise> {
    let noise = match pixels.noise {
        Noise::InverseVariance(_) => pixels.noise,
        _ => Noise::Unknown,
    };
    let pixels = Pixels { noise, gain: crate::Gain::Unknown, ..*pixels };
    let image = pixels.data.shape();
    let mut places = Places::new(image, &shape, options);
    let mut sums = Vec::new();
    let plain = MeasureOptions::default();
    loop {
        let batch = places.next_batch(BATCH.min(2 * (options.count - sums.len()) + 8));
        if batch.is_empty() {
            break;
        }
        let found: Vec<_> =
            batch.par_iter().map(|at| measure_in(&pixels, &shape(*at), &plain)).collect();
        for (at, found) in batch.into_iter().zip(found) {
            let found = found?;
            let valid = 1.0 - found.bad_fraction;
            let empty = if options.clear < 1.0 { valid >= options.clear } else { found.n_bad == 0 };
            let empty = empty && found.sum.is_finite();
            if empty && sums.len() < options.count && places.take(shape(at).bounds()) {
                sums.push(found.sum / valid.sqrt());
            }
        }
        if sums.len() >= options.count {
            break;
        }
    }
    if sums.is_empty() {
        return Err(Error::NoEmptyPlace { attempts: places.tried });
    }
    let noise = if sums.len() < 2 { f64::NAN } else { mad_std(&sums) };
    let n = sums.len();
    let noise_err = 1.1664 * noise / (n as f64).sqrt();
    Ok(EmpiricalNoise { noise, noise_err, bias: median(&sums), n, attempts: places.tried })
}

/// Places measured together.
const BATCH: usize = 512;

/// Random places, and the boxes that are taken.
struct Places {
    random: u64,
    /// Where centres may lie: the first, and how far they reach; `None` where the shape does not fit.
    range: Option<[(f64, f64); 2]>,
    tried: usize,
    attempts: usize,
    overlapping: bool,
    /// Boxes by cells of their own size.
    taken: HashMap<(isize, isize), Vec<PixelBox>>,
    /// Cells have this many pixels on a side.
    cell: isize,
}

impl Places {
    fn new<A: Aperture>(
        (ny, nx): (usize, usize),
        shape: &impl Fn(PixelCoord) -> A,
        options: &EmptyApertures,
    ) -> Self {
        let bounds = shape(PixelCoord::new(0.0, 0.0)).bounds();
        let axis = |range: &std::ops::Range<isize>, n: usize| {
            let (first, last) = (-range.start as f64, n as f64 - range.end as f64);
            (last >= first).then_some((first, last - first))
        };
        let range = axis(&bounds.x, nx).zip(axis(&bounds.y, ny)).map(|(x, y)| [x, y]);
        let (rows, columns) = bounds.shape();
        Self {
            random: options.seed,
            range,
            tried: 0,
            attempts: options.attempts,
            overlapping: options.overlapping,
            taken: HashMap::new(),
            cell: rows.max(columns).max(1).cast_signed() + 1,
        }
    }

    fn next_batch(&mut self, count: usize) -> Vec<PixelCoord> {
        let Some([(x, width), (y, height)]) = self.range else { return Vec::new() };
        let count = count.min(self.attempts - self.tried);
        self.tried += count;
        (0..count)
            .map(|_| PixelCoord::new(x + width * self.uniform(), y + height * self.uniform()))
            .collect()
    }

    /// Takes the box, unless it meets one that is taken.
    fn take(&mut self, bounds: PixelBox) -> bool {
        if self.overlapping {
            return true;
        }
        let (j, i) = (bounds.y.start.div_euclid(self.cell), bounds.x.start.div_euclid(self.cell));
        let near: HashSet<_> =
            (-1..=1).flat_map(|v| (-1..=1).map(move |u| (j + v, i + u))).collect();
        let meets = |other: &PixelBox| other.intersect(&bounds).is_some();
        if near.iter().filter_map(|cell| self.taken.get(cell)).flatten().any(meets) {
            return false;
        }
        self.taken.entry((j, i)).or_default().push(bounds);
        true
    }

    /// SplitMix64 (Steele, Lea & Flood 2014, OOPSLA, 453), 0 to below 1.
    fn uniform(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::aperture::Circle;

    fn flat(y: usize, x: usize) -> f64 {
        ((17 * x + 31 * y + x * y) % 101) as f64
    }

    #[test]
    fn any_number_of_threads_finds_the_same() {
        let image = Array2::from_shape_fn((200, 250), |(y, x)| flat(y, x));
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let options = EmptyApertures { count: 120, ..EmptyApertures::default() };
            pool.install(|| {
                empty_aperture_noise(&Pixels::new(&image), |at| Circle::new(at, 3.0), &options)
            })
            .unwrap()
        };
        let one = run(1);
        assert!(one == run(2) && one == run(7) && one.n == 120);
    }

    #[test]
    fn masked_pixels_and_the_edge_are_kept_clear_of() {
        let image = Array2::from_shape_fn((60, 60), |(y, x)| if x < 30 { flat(y, x) } else { 1e9 });
        let mask = Array2::from_shape_fn((60, 60), |(_, x)| x >= 30);
        let pixels = Pixels { mask: Some(&mask), ..Pixels::new(&image) };
        let options = EmptyApertures { count: 1000, attempts: 3000, ..EmptyApertures::default() };
        let found = empty_aperture_noise(&pixels, |at| Circle::new(at, 2.0), &options).unwrap();
        assert!(found.noise < 1e4 && found.attempts == 3000, "{found:?}");
        // 30 x 60 pixels hold 72 boxes of 5 x 5 at most, and random ones rather 40.
        assert!((20..72).contains(&found.n), "{found:?}");
        let overlapping = EmptyApertures { overlapping: true, ..options };
        let many = empty_aperture_noise(&pixels, |at| Circle::new(at, 2.0), &overlapping).unwrap();
        assert_eq!(many.n, 1000);
    }

    #[test]
    fn no_place_is_an_error() {
        let image = Array2::from_elem((8, 8), f32::NAN);
        let options = EmptyApertures { attempts: 50, ..EmptyApertures::default() };
        for radius in [2.0, 20.0] {
            let shape = |at| Circle::new(at, radius);
            let error = empty_aperture_noise(&Pixels::new(&image), shape, &options).unwrap_err();
            assert!(matches!(error, Error::NoEmptyPlace { .. }), "{error}");
        }
    }
}
