//! The loops over the pixels of rows, in lanes: the order of addition depends on the places alone.
//!
//! Lanes are added up only when all rows are done. What is not asked for is compiled away. The rows are first taken to
//! hold finite pixels; where the sums say that one does not, they are taken again, each pixel looked at.

use std::ops::Range;

use super::lanes::{LANES, Lanes};
use super::rows::SkyRow;
use crate::Pixel;
use crate::aperture::Run;
use crate::vectors::{Loop, run};

/// One row of an aperture.
pub(super) struct Line<'a, P> {
    /// Its pixels, and a few more where there are some.
    pub(super) pixels: &'a [P],
    pub(super) sky: Option<SkyRow<'a>>,
    /// As the aperture writes them for blocks of rows.
    pub(super) shares: &'a [f64],
    pub(super) run: Run,
    /// What lies inside by its centres, for moments.
    pub(super) inside: Runs,
    /// The row, from the window's first.
    pub(super) y: usize,
}

/// A few runs of pixels whose centres lie inside.
pub(super) type Runs = [Range<usize>; 2];

/// Sums over pixels.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Sums {
    plain: Plain,
    more: More,
}

/// What is always found.
#[derive(Debug, Default, Clone, Copy)]
struct Plain {
    /// With the shares: light; the shares.
    sum: Lanes,
    area: Lanes,
    /// Of the pixels that lie inside wholly: light, and their number.
    whole: [Lanes; 2],
    n_whole: usize,
}

/// What is found besides.
#[derive(Debug, Default, Clone, Copy)]
struct More {
    /// Light with the squared shares; their squares.
    squared_sum: Lanes,
    squared_area: Lanes,
    /// Background and its scatter, with the shares.
    background: Lanes,
    rms: Lanes,
    /// Pixels that are not finite: their shares, their number, and the number of those with their centre inside.
    left_area: Lanes,
    n_non_finite: Lanes,
    dark: Lanes,
    /// Of the pixels whose centres lie inside: light, and its moments from the window's first pixel.
    light: Lanes,
    light_x: Lanes,
    light_y: Lanes,
    /// The highest of them, its column and its row; the first of equals.
    peak: Option<(f64, usize, usize)>,
}

/// [`Sums`], added up.
pub(super) struct Totals {
    pub(super) sum: f64,
    pub(super) squared_sum: f64,
    pub(super) area: f64,
    pub(super) squared_area: f64,
    pub(super) background: f64,
    pub(super) rms: f64,
    pub(super) left_area: f64,
    pub(super) n_non_finite: u64,
    /// Pixels that are not finite, with their centre inside.
    pub(super) dark: u64,
    pub(super) light: f64,
    pub(super) light_x: f64,
    pub(super) light_y: f64,
    pub(super) peak: Option<(f64, usize, usize)>,
}

impl Sums {
    /// Adds `lines`; without `moments` light and area alone, not their squares.
    pub(super) fn add<P: Pixel>(&mut self, lines: &[Line<'_, P>], moments: bool) {
        let before = self.plain;
        let has_sky = lines.iter().any(|line| line.sky.is_some());
        if !moments && !has_sky {
            run(Add::<P, false, false, false> { sums: self, lines });
            if !self.plain.is_finite() {
                self.plain = before;
                run(Add::<P, true, true, true> { sums: self, lines });
            }
            return;
        }
        let more = self.more;
        if has_sky {
            run(Add::<P, true, true, false> { sums: self, lines });
        } else {
            run(Add::<P, true, false, false> { sums: self, lines });
        }
        if !self.plain.is_finite() {
            *self = Self { plain: before, more };
            run(Add::<P, true, true, true> { sums: self, lines });
        }
    }

    pub(super) fn has_bad_pixels(&self) -> bool {
        self.more.n_non_finite.total() > 0.0
    }

    pub(super) fn totals(&self) -> Totals {
        let Self { plain, more } = self;
        let whole = plain.whole[0].plus(plain.whole[1]).total();
        let n_whole = plain.n_whole as f64;
        Totals {
            sum: plain.sum.total() + whole,
            squared_sum: more.squared_sum.total() + whole,
            area: plain.area.total() + n_whole,
            squared_area: more.squared_area.total() + n_whole,
            background: more.background.total(),
            rms: more.rms.total(),
            left_area: more.left_area.total(),
            n_non_finite: more.n_non_finite.total() as u64,
            dark: more.dark.total() as u64,
            light: more.light.total(),
            light_x: more.light_x.total(),
            light_y: more.light_y.total(),
            peak: more.peak,
        }
    }
}

impl Plain {
    fn is_finite(&self) -> bool {
        self.sum.plus(self.whole[0].plus(self.whole[1])).total().is_finite()
    }
}

/// Adds lines: `MOMENTS` also squares, moments and the peak, less the `SKY`, with every pixel looked at in a `CHECK`.
struct Add<'a, 'b, P, const MOMENTS: bool, const SKY: bool, const CHECK: bool> {
    sums: &'a mut Sums,
    lines: &'a [Line<'b, P>],
}

impl<P: Pixel, const MOMENTS: bool, const SKY: bool, const CHECK: bool> Loop
    for Add<'_, '_, P, MOMENTS, SKY, CHECK>
{
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let mut plain = self.sums.plain;
        for line in self.lines {
            line.add_to::<MOMENTS, SKY, CHECK>(&mut plain, &mut self.sums.more);
        }
        self.sums.plain = plain;
    }
}

/// The light of a row's pixels whose centres lie inside, its moment, and the highest.
struct Light {
    light: Lanes,
    x: Lanes,
    high: Lanes,
}

impl<P: Pixel> Line<'_, P> {
    #[inline(always)]
    fn add_to<const MOMENTS: bool, const SKY: bool, const CHECK: bool>(
        &self,
        sums: &mut Plain,
        more: &mut More,
    ) {
        let none = Lanes::default();
        let mut light = Light { light: none, x: none, high: Lanes::all(f64::NEG_INFINITY) };
        let [left, whole, right] = split(&self.run);
        self.border::<MOMENTS, SKY, CHECK>(left, sums, more, &mut light);
        if !whole.is_empty() {
            self.whole::<MOMENTS, SKY, CHECK>(whole, sums, more, &mut light);
            self.border::<MOMENTS, SKY, CHECK>(right, sums, more, &mut light);
        }
        if MOMENTS {
            more.light.add(light.light);
            more.light_x.add(light.x);
            more.light_y.add(light.light.times(Lanes::all(self.y as f64)));
            let highest = light.high.highest();
            if highest > more.peak.map_or(f64::NEG_INFINITY, |(peak, ..)| peak) {
                more.peak = self.column_of(highest).map(|x| (highest, x, self.y));
            }
        }
    }

    /// Adds pixels with their shares, in packs from the first on: the shares beyond the last are zero.
    #[inline(always)]
    fn border<const MOMENTS: bool, const SKY: bool, const CHECK: bool>(
        &self,
        part: Range<usize>,
        sums: &mut Plain,
        more: &mut More,
        row: &mut Light,
    ) {
        let mut at = part.start;
        while at < part.end {
            let Some(shares) = self.shares[at..].first_chunk() else { return };
            let (all, mut values) = (Lanes::of_pack(shares), Lanes::of(self.pixels, at));
            let sky = if SKY { self.sky_at(at) } else { None };
            if let Some([level, _]) = sky {
                values = values.minus(level);
            }
            let (mut some, mut shares) = (values, all);
            if CHECK {
                some = values.map(finite_or(0.0));
                shares = values.zip(all, |v, share| if v * 0.0 == 0.0 { share } else { 0.0 });
                more.left_area.add(all.minus(shares));
                more.n_non_finite.add(all.zip(shares, |a, b| if a > b { 1.0 } else { 0.0 }));
            }
            let weighted = shares.times(some);
            sums.sum.add(weighted);
            sums.area.add(shares);
            if let Some([level, rms]) = sky {
                more.background.add(shares.times(level));
                more.rms.add(shares.times(rms));
            }
            if MOMENTS {
                more.squared_sum.add(shares.times(weighted));
                more.squared_area.add(shares.times(shares));
                let places = Lanes::from(at as f64);
                let beyond = self.beyond(places);
                let lit = some.zip(beyond, |v, beyond| if beyond < 0.0 { v } else { 0.0 });
                row.light.add(lit);
                row.x.add(lit.times(places));
                let none = f64::NEG_INFINITY;
                let mut high = values.zip(beyond, |v, b| if b < 0.0 { v } else { none });
                if CHECK {
                    let dark = |v: f64, b: f64| if b < 0.0 && v * 0.0 != 0.0 { 1.0 } else { 0.0 };
                    more.dark.add(values.zip(beyond, dark));
                    high = high.map(finite_or(none));
                }
                row.high = high.higher(row.high);
            }
            at += LANES;
        }
    }

    /// Adds pixels that lie inside wholly, in whole packs.
    #[inline(always)]
    fn whole<const MOMENTS: bool, const SKY: bool, const CHECK: bool>(
        &self,
        part: Range<usize>,
        sums: &mut Plain,
        more: &mut More,
        row: &mut Light,
    ) {
        let none = Lanes::default();
        let (mut light, mut x) = ([none; 2], [none; 2]);
        let mut high = [Lanes::all(f64::NEG_INFINITY); 2];
        let mut places = Lanes::from(part.start as f64);
        let mut bad = none;
        let mut add = |side: usize, at: usize, pack: &[P; LANES]| {
            let mut values = Lanes::of_pack(pack);
            let sky = if SKY { self.sky_at(at) } else { None };
            if let Some([level, _]) = sky {
                values = values.minus(level);
            }
            let mut valid = Lanes::all(1.0);
            if CHECK {
                valid = values.map(|v| if v * 0.0 == 0.0 { 1.0 } else { 0.0 });
                bad.add(Lanes::all(1.0).minus(valid));
                let high_values = values.map(finite_or(f64::NEG_INFINITY));
                high[side] = high_values.higher(high[side]);
                values = values.map(finite_or(0.0));
            } else if MOMENTS {
                high[side] = values.higher(high[side]);
            }
            light[side].add(values);
            if MOMENTS {
                x[side].add(values.times(places));
                places.add(Lanes::all(LANES as f64));
            }
            if let Some([level, rms]) = sky {
                more.background.add(valid.times(level));
                more.rms.add(valid.times(rms));
            }
        };
        let (pairs, rest) = self.pixels[part.clone()].as_chunks::<{ 2 * LANES }>();
        let mut at = part.start;
        for pair in pairs {
            let (packs, _) = pair.as_chunks::<LANES>();
            add(0, at, &packs[0]);
            add(1, at + LANES, &packs[1]);
            at += 2 * LANES;
        }
        if let Some(pack) = rest.first_chunk() {
            add(0, at, pack);
        }
        sums.whole[0].add(light[0]);
        sums.whole[1].add(light[1]);
        sums.n_whole += part.len();
        if MOMENTS {
            row.light.add(light[0].plus(light[1]));
            row.x.add(x[0].plus(x[1]));
            row.high = high[0].higher(high[1].higher(row.high));
        }
        if CHECK {
            sums.n_whole -= bad.total() as usize;
            more.left_area.add(bad);
            more.n_non_finite.add(bad);
            more.dark.add(bad);
        }
    }

    #[inline(always)]
    fn sky_at(&self, at: usize) -> Option<[Lanes; 2]> {
        self.sky.map(|sky| [Lanes::of(sky.level, at), Lanes::of(sky.rms, at)])
    }

    /// Below zero where the centre lies inside.
    #[inline(always)]
    fn beyond(&self, places: Lanes) -> Lanes {
        let of = |run: &Range<usize>| {
            let half = 0.5 * run.len() as f64;
            let middle = run.start as f64 + half - 0.5;
            places.map(|at| (at - middle).abs() - half)
        };
        let [one, two] = &self.inside;
        if two.is_empty() {
            return of(one);
        }
        of(one).zip(of(two), |a, b| if a < b { a } else { b })
    }

    /// The first pixel inside that has a value.
    #[inline(never)]
    fn column_of(&self, value: f64) -> Option<usize> {
        let level = |i: usize| self.sky.map_or(0.0, |sky| sky.level[i]);
        let mut inside = self.inside.iter().flat_map(Clone::clone);
        inside.find(|&i| self.pixels[i].to_f64() - level(i) == value)
    }
}

/// A number, or `other` where it is not finite: what is not times zero is NaN.
#[inline(always)]
fn finite_or(other: f64) -> impl Fn(f64) -> f64 {
    move |v| if v * 0.0 == 0.0 { v } else { other }
}

/// The parts of a run: before what lies inside wholly, that, and after it, the first two in whole packs; a short run is
/// one part.
#[inline(always)]
fn split(run: &Run) -> [Range<usize>; 3] {
    let (touched, whole) = (run.touched.clone(), run.whole.clone());
    // The shares of what lies inside wholly are there up to this length.
    if whole.len() <= 2 * LANES {
        return [touched.clone(), touched.end..touched.end, touched.end..touched.end];
    }
    let left = touched.start + (whole.start - touched.start).next_multiple_of(LANES);
    let right = left + (whole.end - left) / LANES * LANES;
    [touched.start..left, left..right, right..touched.end]
}
