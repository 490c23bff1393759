//! The loops over the pixels of a row, in lanes: the order of addition depends on the places alone.

use crate::Pixel;

const LANES: usize = 8;

/// Sums of pixels with their shares.
pub(super) struct Shares<'a, P> {
    pub(super) pixels: &'a [P],
    pub(super) shares: &'a [f64],
    /// Level, subtracted, and scatter.
    pub(super) sky: Option<(&'a [f64], &'a [f64])>,
}

/// What [`Shares`] gives.
#[derive(Default)]
pub(super) struct SharedSums {
    pub(super) sum: f64,
    pub(super) squared_sum: f64,
    pub(super) area: f64,
    pub(super) squared_area: f64,
    pub(super) background_sum: f64,
    pub(super) rms_sum: f64,
}

impl<P: Pixel> Shares<'_, P> {
    #[inline(always)]
    pub(super) fn call(self) -> SharedSums {
        match self.sky {
            None => self.plain(),
            Some((level, rms)) => self.above(level, rms),
        }
    }
}

impl<P: Pixel> Shares<'_, P> {
    #[inline(always)]
    fn plain(&self) -> SharedSums {
        let mut lanes = [[0.0; LANES]; 4];
        let (packs, pixels) = self.pixels.as_chunks::<LANES>();
        let (shared, shares) = self.shares.as_chunks::<LANES>();
        for (pixels, shares) in packs.iter().zip(shared) {
            for k in 0..LANES {
                add(&mut lanes, k, pixels[k].to_f64(), shares[k]);
            }
        }
        let (pixels, shares) = (padded(pixels, P::default()), padded(shares, 0.0));
        for k in 0..LANES {
            add(&mut lanes, k, pixels[k].to_f64(), shares[k]);
        }
        let [sum, squared_sum, area, squared_area] = lanes.map(total);
        SharedSums { sum, squared_sum, area, squared_area, ..SharedSums::default() }
    }

    #[inline(always)]
    fn above(&self, level: &[f64], rms: &[f64]) -> SharedSums {
        let mut lanes = [[0.0; LANES]; 4];
        let mut under = [[0.0; LANES]; 2];
        for (i, ((pixel, share), (level, rms))) in
            self.pixels.iter().zip(self.shares).zip(level.iter().zip(rms)).enumerate()
        {
            let k = i % LANES;
            add(&mut lanes, k, pixel.to_f64() - level, *share);
            under[0][k] += share * level;
            under[1][k] += share * rms;
        }
        let [sum, squared_sum, area, squared_area] = lanes.map(total);
        let [background_sum, rms_sum] = under.map(total);
        SharedSums { sum, squared_sum, area, squared_area, background_sum, rms_sum }
    }
}

/// Some values and as many of `filling` as make a pack.
#[inline(always)]
fn padded<T: Copy>(values: &[T], filling: T) -> [T; LANES] {
    std::array::from_fn(|k| values.get(k).copied().unwrap_or(filling))
}

#[inline(always)]
fn add(lanes: &mut [[f64; LANES]; 4], k: usize, value: f64, share: f64) {
    let light = share * value;
    lanes[0][k] += light;
    lanes[1][k] += share * light;
    lanes[2][k] += share;
    lanes[3][k] += share * share;
}

#[inline(always)]
fn total(v: [f64; LANES]) -> f64 {
    (v[0] + v[4]) + (v[1] + v[5]) + ((v[2] + v[6]) + (v[3] + v[7]))
}

/// Sum, first moment from the first pixel, and highest of pixels less their level.
pub(super) struct Light<'a, P> {
    pub(super) pixels: &'a [P],
    pub(super) level: Option<&'a [f64]>,
}

impl<P: Pixel> Light<'_, P> {
    #[inline(always)]
    pub(super) fn call(self) -> (f64, f64, f64) {
        match self.level {
            None => light(self.pixels, |_, pixel| pixel.to_f64()),
            Some(level) => {
                let level = &level[..self.pixels.len()];
                light(self.pixels, |i, pixel| pixel.to_f64() - level[i])
            }
        }
    }
}

#[inline(always)]
fn light<P: Pixel>(pixels: &[P], value: impl Fn(usize, P) -> f64) -> (f64, f64, f64) {
    let (mut sums, mut moments, mut peaks) = ([0.0; LANES], [0.0; LANES], [f64::MIN; LANES]);
    let mut places: [f64; LANES] = std::array::from_fn(|k| k as f64);
    let (packs, last) = pixels.as_chunks::<LANES>();
    for (j, pack) in packs.iter().enumerate() {
        for k in 0..LANES {
            let value = value(j * LANES + k, pack[k]);
            sums[k] += value;
            moments[k] += places[k] * value;
            peaks[k] = if value > peaks[k] { value } else { peaks[k] };
            places[k] += LANES as f64;
        }
    }
    // The rest, and lanes without a pixel that change nothing.
    let mut values = [0.0; LANES];
    for (k, pixel) in last.iter().enumerate() {
        values[k] = value(packs.len() * LANES + k, *pixel);
    }
    for k in 0..LANES {
        sums[k] += values[k];
        moments[k] += places[k] * values[k];
        let higher = k < last.len() && values[k] > peaks[k];
        peaks[k] = if higher { values[k] } else { peaks[k] };
    }
    (total(sums), total(moments), peaks.into_iter().fold(f64::MIN, f64::max))
}
