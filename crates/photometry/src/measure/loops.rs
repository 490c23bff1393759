//! The loops over the pixels of a row, in lanes: the order of addition depends on the places alone.
//!
//! Lanes are added up only when all rows are done. Each operation is a loop of its own over the lanes, which the compiler
//! turns into vectors.

use std::ops::Range;

use super::rows::Row;
use crate::Pixel;

pub(super) const LANES: usize = 8;

/// Values side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lanes([f64; LANES]);

impl Default for Lanes {
    fn default() -> Self {
        Self::all(0.0)
    }
}

impl Lanes {
    #[inline(always)]
    fn all(value: f64) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    fn of<P: Pixel>(pixels: &[P; LANES]) -> Self {
        let mut values = [0.0; LANES];
        for (value, pixel) in values.iter_mut().zip(pixels) {
            *value = pixel.to_f64();
        }
        Self(values)
    }

    /// `first`, `first + 1`, ...
    #[inline(always)]
    fn from(first: usize) -> Self {
        let mut values = [0.0; LANES];
        for (k, value) in values.iter_mut().enumerate() {
            *value = (first + k) as f64;
        }
        Self(values)
    }

    #[inline(always)]
    fn zip(self, other: Self, with: impl Fn(f64, f64) -> f64) -> Self {
        let mut values = [0.0; LANES];
        for (value, (a, b)) in values.iter_mut().zip(self.0.iter().zip(&other.0)) {
            *value = with(*a, *b);
        }
        Self(values)
    }

    #[inline(always)]
    fn add(&mut self, other: Self) {
        for k in 0..LANES {
            self.0[k] += other.0[k];
        }
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn finite(&self) -> bool {
        // What is not finite times zero is NaN.
        self.times(Self::all(0.0)).0 == [0.0; LANES]
    }

    pub(super) fn total(&self) -> f64 {
        let v = self.0;
        (v[0] + v[4]) + (v[1] + v[5]) + ((v[2] + v[6]) + (v[3] + v[7]))
    }

    #[inline(always)]
    fn highest(&self) -> f64 {
        self.0.into_iter().fold(f64::MIN, f64::max)
    }
}

/// Sums over pixels that were all finite.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Sums {
    /// With the shares: light, and by squared shares; the shares, and their squares; background and its scatter.
    pub(super) sum: Lanes,
    pub(super) squared_sum: Lanes,
    pub(super) area: Lanes,
    pub(super) squared_area: Lanes,
    pub(super) background: Lanes,
    pub(super) rms: Lanes,
    /// Of the pixels whose centres lie inside: light, and its moments from the window's first pixel.
    pub(super) light: Lanes,
    pub(super) light_x: Lanes,
    pub(super) light_y: Lanes,
}

/// Some pixels of a row: light, light times column, and the highest.
struct Light {
    sum: Lanes,
    x: Lanes,
    peak: Lanes,
}

impl Light {
    #[inline(always)]
    fn new() -> Self {
        Self { sum: Lanes::default(), x: Lanes::default(), peak: Lanes::all(f64::MIN) }
    }

    #[inline(always)]
    fn add(&mut self, values: Lanes, places: Lanes) {
        self.sum.add(values);
        self.x.add(values.times(places));
        self.peak = values.zip(self.peak, |v, peak| if v > peak { v } else { peak });
    }

    /// Adds the values at places in `from..to`.
    #[inline(always)]
    fn add_inside(&mut self, values: Lanes, places: Lanes, (from, to): (f64, f64)) {
        let inside = |v: f64, at: f64, other: f64| if at >= from && at < to { v } else { other };
        let some = values.zip(places, |v, at| inside(v, at, 0.0));
        self.sum.add(some);
        self.x.add(some.times(places));
        let some = values.zip(places, |v, at| inside(v, at, f64::MIN));
        self.peak = some.zip(self.peak, |v, peak| if v > peak { v } else { peak });
    }
}

/// Sums of a part of a row.
struct Part {
    sums: Sums,
    light: Light,
    /// Places whose centres lie inside.
    inside: (f64, f64),
}

impl Part {
    #[inline(always)]
    fn add<P: Pixel>(
        &mut self,
        at: usize,
        pixels: &[P; LANES],
        shares: Lanes,
        sky: Option<[Lanes; 2]>,
    ) {
        let mut values = Lanes::of(pixels);
        if let Some([level, rms]) = sky {
            values = values.zip(level, |p, l| p - l);
            self.sums.background.add(shares.times(level));
            self.sums.rms.add(shares.times(rms));
        }
        let weighted = shares.times(values);
        self.sums.sum.add(weighted);
        self.sums.squared_sum.add(shares.times(weighted));
        self.sums.area.add(shares);
        self.sums.squared_area.add(shares.times(shares));
        self.light.add_inside(values, Lanes::from(at), self.inside);
    }
}

impl Sums {
    /// Adds pixels of row `y` with their shares, and as light those in `inside`; gives the highest of these. Where a pixel
    /// is not finite it adds nothing, and gives `None`.
    #[inline(always)]
    pub(super) fn shared<P: Pixel>(
        &mut self,
        row: &Row<'_, P>,
        shares: &[f64],
        part: &Range<usize>,
        inside: &Range<usize>,
        y: f64,
    ) -> Option<f64> {
        let mut part_sums = Part {
            sums: Self::default(),
            light: Light::new(),
            inside: (inside.start as f64, inside.end as f64),
        };
        let mut at = part.start;
        while at + LANES <= part.end {
            let sky = row.sky.map(|sky| [pack(sky.level, at), pack(sky.rms, at)]);
            part_sums.add(at, at_least_a_pack(row.pixels, at), pack(shares, at), sky);
            at += LANES;
        }
        if at < part.end {
            let rest = at..part.end;
            let sky = row.sky.map(|sky| [rest_of(sky.level, &rest), rest_of(sky.rms, &rest)]);
            let pixels = filled(&row.pixels[rest.clone()], P::default());
            part_sums.add(at, &pixels, rest_of(shares, &rest), sky);
        }
        let Part { sums: found, light, .. } = part_sums;
        if !found.sum.finite() || !light.sum.finite() {
            return None;
        }
        for (sum, more) in [
            (&mut self.sum, found.sum),
            (&mut self.squared_sum, found.squared_sum),
            (&mut self.area, found.area),
            (&mut self.squared_area, found.squared_area),
        ] {
            sum.add(more);
        }
        if row.sky.is_some() {
            self.background.add(found.background);
            self.rms.add(found.rms);
        }
        Some(self.lit(&light, y))
    }

    /// Adds pixels of row `y` that lie inside wholly; gives the highest, or `None` as [`shared`](Self::shared).
    #[inline(always)]
    pub(super) fn whole<P: Pixel>(
        &mut self,
        row: &Row<'_, P>,
        part: &Range<usize>,
        y: f64,
    ) -> Option<f64> {
        let mut light = Light::new();
        let (packs, rest) = row.pixels[part.clone()].as_chunks::<LANES>();
        debug_assert!(rest.is_empty(), "whole packs only");
        let (mut background, mut rms) = (Lanes::default(), Lanes::default());
        let mut places = Lanes::from(part.start);
        match row.sky {
            None => {
                for pixels in packs {
                    light.add(Lanes::of(pixels), places);
                    places.add(Lanes::all(LANES as f64));
                }
            }
            Some(sky) => {
                let levels = sky.level[part.clone()].as_chunks::<LANES>().0;
                let scatters = sky.rms[part.clone()].as_chunks::<LANES>().0;
                for ((pixels, level), scatter) in packs.iter().zip(levels).zip(scatters) {
                    light.add(Lanes::of(pixels).zip(Lanes(*level), |p, l| p - l), places);
                    places.add(Lanes::all(LANES as f64));
                    background.add(Lanes(*level));
                    rms.add(Lanes(*scatter));
                }
            }
        }
        if !light.sum.finite() || !light.x.finite() {
            return None;
        }
        self.sum.add(light.sum);
        self.squared_sum.add(light.sum);
        self.area.add(Lanes::all(packs.len() as f64));
        self.squared_area.add(Lanes::all(packs.len() as f64));
        self.background.add(background);
        self.rms.add(rms);
        Some(self.lit(&light, y))
    }

    #[inline(always)]
    fn lit(&mut self, light: &Light, y: f64) -> f64 {
        self.light.add(light.sum);
        self.light_x.add(light.x);
        self.light_y.add(light.sum.times(Lanes::all(y)));
        light.peak.highest()
    }
}

#[inline(always)]
fn at_least_a_pack<T>(values: &[T], at: usize) -> &[T; LANES] {
    values[at..].first_chunk().expect("a pack of values is left")
}

#[inline(always)]
fn pack(values: &[f64], at: usize) -> Lanes {
    Lanes(*at_least_a_pack(values, at))
}

/// The values in `rest`, and lanes of zero.
#[inline(always)]
fn rest_of(values: &[f64], rest: &Range<usize>) -> Lanes {
    Lanes(filled(&values[rest.clone()], 0.0))
}

/// Some values and as many of `filling` as make a pack.
#[inline(always)]
fn filled<T: Copy>(values: &[T], filling: T) -> [T; LANES] {
    std::array::from_fn(|k| if k < values.len() { values[k] } else { filling })
}
