//! What a circle of at least 2.5 pixels cuts from pixels that it does not hold wholly, four at a time.
//!
//! A pixel in one quadrant is met by one arc. From its corner nearest to the centre there are four ways to the circle,
//! along its near sides and along its far ones, each kept to the pixel: a half chord less the corner's distance. They give
//! the chord of the arc, the area under that, and the segment above. The half chords at the sides of rows and columns
//! serve all pixels of a circle.

use std::ops::Range;

use super::disc::series;
use crate::vectors::{Loop, run};

/// A circle around a place that is less than a pixel from a whole one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Arcs {
    pub(super) radius: f64,
    /// The centre from the nearest whole pixel.
    pub(super) rest: [f64; 2],
    /// r² rounded, and what the rounding lost.
    pub(super) square: f64,
    pub(super) lost: f64,
    /// 1 / 4r².
    of_chords: f64,
}

/// Pixels worked out together.
const LANES: usize = 4;

/// The square of half a chord that is as good as none.
const TINY: f64 = 1e-30;
/// Half chords up to this are none.
pub(super) const NONE: f64 = 2e-15;

/// Half a chord, in two parts; as good as 0 outside the circle.
#[derive(Debug, Clone, Copy, Default)]
struct Half {
    high: f64,
    low: f64,
}

/// A part of a row of pixels in one half of the circle: its nearer side as `n` less `rest`, and the half chords there and
/// at its farther side.
#[derive(Debug, Clone, Copy, Default)]
struct Strip {
    n: f64,
    rest: f64,
    height: f64,
    near: Half,
    far: Half,
}

/// A row of pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// The row, from the whole pixel of the centre.
    pub(super) n: f64,
    /// Half the width of what the row touches, and of what it holds over its whole height.
    pub(super) outer: f64,
    pub(super) inner: f64,
    /// The row; of one that the centre lies in its parts above and below.
    strips: [Strip; 2],
    count: usize,
}

/// [`Arcs::beside`] in the row that the centre lies in: once a circle, and so not in line.
struct Across<'a, 'b, const TERMS: usize> {
    arcs: &'a Arcs,
    line: &'a Line,
    m0: f64,
    which: Range<usize>,
    table: &'a Table<'b>,
    shares: &'a mut [f64],
}

impl<const TERMS: usize> Loop for Across<'_, '_, TERMS> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { arcs, line, m0, which, table, shares } = self;
        arcs.some::<TERMS, 2>(line, m0, which, table, shares);
    }
}

impl Line {
    /// Whether the centre lies in another row.
    #[inline(always)]
    pub(super) fn is_beside(&self) -> bool {
        self.count == 1
    }
}

/// Half chords at the sides of some columns or rows, in two parts.
#[derive(Debug)]
pub(super) struct Table<'a> {
    /// The first side, from the whole pixel of the centre.
    first: f64,
    high: &'a mut [f64],
    low: &'a mut [f64],
}

impl Arcs {
    pub(super) fn new(radius: f64, rest: [f64; 2]) -> Self {
        let square = radius * radius;
        Self {
            radius,
            rest,
            square,
            lost: rounding_of_square(radius, square),
            of_chords: 0.25 / square,
        }
    }

    /// Half the chords along the lines at `m` less `rest` from the centre; `m` half integers.
    #[inline(always)]
    fn halves<const N: usize>(&self, m: [f64; N], rest: f64) -> Halves<N> {
        // r² - (m - rest)², in two parts: what the difference of the large ones loses belongs to the small one. A loop for
        // every step, which become vectors.
        let (mut large, mut small) = ([0.0; N], [0.0; N]);
        let (mut high, mut low) = ([0.0; N], [0.0; N]);
        for k in 0..N {
            let square = m[k] * m[k];
            large[k] = self.square - square;
            let back = large[k] - self.square;
            let lost = (self.square - (large[k] - back)) - (square + back);
            small[k] = (self.lost - rest * (rest - 2.0 * m[k])) + lost;
        }
        // Outside the circle 1e-15 or half of it, so that no branch keeps the lanes apart.
        for k in 0..N {
            high[k] = most(large[k] + small[k], TINY);
        }
        for high in &mut high {
            *high = high.sqrt();
        }
        for k in 0..N {
            let p = high[k] * high[k];
            let rest = ((large[k] - p) - rounding_of_square(high[k], p)) + small[k];
            low[k] = most(rest, -p);
        }
        for k in 0..N {
            low[k] /= 2.0 * high[k];
        }
        (high, low)
    }

    /// Row `n` from the whole pixel of the centre.
    #[inline(always)]
    pub(super) fn line(&self, n: f64) -> Line {
        let (high, low) = self.halves([n - 0.5, n + 0.5], self.rest[1]);
        let half = |k: usize| Half { high: high[k], low: low[k] };
        self.line_between(n, half(0), half(1))
    }

    /// Row `n` between the half chords at its lower and its upper side.
    #[inline(always)]
    fn line_between(&self, n: f64, below: Half, above: Half) -> Line {
        let rest = self.rest[1];
        let (low, high) = (n - 0.5, n + 0.5);
        let widest = Half { high: self.radius, low: 0.0 };
        let up = Strip { n: low, rest, height: 1.0, near: below, far: above };
        let down = Strip { n: -high, rest: -rest, height: 1.0, near: above, far: below };
        if low < rest && rest < high {
            // Across the centre: a part above and one below, both as wide as the circle.
            let strip = Strip { n: 0.0, rest: 0.0, height: high - rest, near: widest, far: above };
            let below = Strip { n: 0.0, rest: 0.0, height: rest - low, near: widest, far: below };
            let inner = least(strip.far.high, below.far.high);
            return Line { n, outer: self.radius, inner, strips: [strip, below], count: 2 };
        }
        let strip = if n >= rest { up } else { down };
        Line { n, outer: strip.near.high, inner: strip.far.high, strips: [strip; 2], count: 1 }
    }

    /// Writes the shares of the pixels `which` of a row of pixels that begins at column `m0`, whose sides are in `table`;
    /// those up to three places on are overwritten.
    #[inline(always)]
    pub(super) fn beside<const TERMS: usize>(
        &self,
        line: &Line,
        m0: f64,
        which: Range<usize>,
        table: &Table<'_>,
        shares: &mut [f64],
    ) {
        if line.count > 1 {
            run(Across::<TERMS> { arcs: self, line, m0, which, table, shares });
        } else {
            self.some::<TERMS, 1>(line, m0, which, table, shares);
        }
    }

    /// The shares of two pixels of the left half, from `left` on, and of two of the right one, in a row above or
    /// below the centre.
    #[inline(always)]
    pub(super) fn two_and_two<const TERMS: usize>(
        &self,
        line: &Line,
        m0: f64,
        (left, right): (usize, usize),
        table: &Table<'_>,
    ) -> [f64; 4] {
        let rest = self.rest[0];
        let side = |i: usize| m0 - 0.5 + i as f64;
        let m = [-side(left + 1), -side(left + 2), side(right), side(right + 1)];
        let halves = |left: usize, right: usize| {
            let four = |of: &[f64]| [of[left], of[left + 1], of[right], of[right + 1]];
            (four(table.high), four(table.low))
        };
        let (near, far) = (halves(left + 1, right), halves(left, right + 1));
        let rest = [-rest, -rest, rest, rest];
        self.parts::<TERMS, LANES>(&line.strips[0], (m, rest), (near, far), [1.0; 4])
    }

    #[inline(always)]
    fn some<const TERMS: usize, const STRIPS: usize>(
        &self,
        line: &Line,
        m0: f64,
        which: Range<usize>,
        table: &Table<'_>,
        shares: &mut [f64],
    ) {
        let rest = self.rest[0];
        let left = |i: usize| m0 - 0.5 + i as f64;
        // Pixels to the left of the centre, at most one that it lies in or above, and those to the right.
        let place = |m: f64| ((m - (m0 - 0.5)).max(0.0) as usize).clamp(which.start, which.end);
        let (middle, right) = (place(side_below(rest)), place(side_above(rest)));
        let mut at = which.start;
        while at < middle {
            let m = std::array::from_fn(|k| -left(at + 1 + k));
            let (near, far) = (table.at(at + 1), table.at(at));
            store(self.cells::<TERMS, STRIPS>(line, (m, -rest), (near, far)), &mut shares[at..]);
            at += LANES;
        }
        let mut at = right;
        while at < which.end {
            let m = std::array::from_fn(|k| left(at + k));
            let (near, far) = (table.at(at), table.at(at + 1));
            store(self.cells::<TERMS, STRIPS>(line, (m, rest), (near, far)), &mut shares[at..]);
            at += LANES;
        }
        if middle < right {
            let halves = (table.at(middle), table.at(middle + 1));
            shares[middle] = self.middle::<TERMS>(line, left(middle), halves);
        }
    }

    /// The pixel with its left side at `m` that has the centre in its column: a part on either side.
    #[inline(always)]
    fn middle<const TERMS: usize>(
        &self,
        line: &Line,
        m: f64,
        (left, right): (Halves<LANES>, Halves<LANES>),
    ) -> f64 {
        let rest = self.rest[0];
        let far = ([left.0[0], right.0[0]], [left.1[0], right.1[0]]);
        let near = ([self.radius; 2], [0.0; 2]);
        let widths = [rest - m, (m + 1.0) - rest];
        let mut area = 0.0;
        for strip in &line.strips[..line.count] {
            let m = ([0.0; 2], [0.0; 2]);
            let parts = self.parts::<TERMS, 2>(strip, m, (near, far), widths);
            area += parts[0] + parts[1];
        }
        if area < 1.0 { area } else { 1.0 }
    }

    #[inline(always)]
    fn cells<const TERMS: usize, const STRIPS: usize>(
        &self,
        line: &Line,
        (m, rest): ([f64; LANES], f64),
        halves: (Halves<LANES>, Halves<LANES>),
    ) -> [f64; LANES] {
        let of = |strip: &Strip| {
            self.parts::<TERMS, LANES>(strip, (m, [rest; LANES]), halves, [1.0; LANES])
        };
        let [one, two] = &line.strips;
        let mut shares = of(one);
        if STRIPS > 1 {
            for (share, part) in shares.iter_mut().zip(of(two)) {
                *share = least(*share + part, 1.0);
            }
        }
        shares
    }

    /// Areas of the parts of pixels in one quadrant whose nearer sides are at `m` less `rest` and whose widths are given.
    #[inline(always)]
    fn parts<const TERMS: usize, const N: usize>(
        &self,
        strip: &Strip,
        (m, rest): ([f64; N], [f64; N]),
        (near, far): (Halves<N>, Halves<N>),
        widths: [f64; N],
    ) -> [f64; N] {
        let within = |way: f64, most: f64| least(if way > 0.0 { way } else { 0.0 }, most);
        let mut areas = [0.0; N];
        for k in 0..N {
            // A half chord less the corner's distance: the large parts differ exactly.
            let along_x = |half: Half| within((half.high - m[k]) + (half.low + rest[k]), widths[k]);
            let along_y =
                |high: f64, low: f64| within((high - strip.n) + (low + strip.rest), strip.height);
            let (x0, x1) = (along_x(strip.far), along_x(strip.near));
            let (y0, y1) = (along_y(near.0[k], near.1[k]), along_y(far.0[k], far.1[k]));
            let (run, fall) = (x1 - x0, y0 - y1);
            let w = self.of_chords * (run * run + fall * fall);
            let segment = self.square * (w * w.sqrt() * series::<TERMS>(w));
            let area = x0 * y0 + 0.5 * run * (y0 + y1) + segment;
            areas[k] = least(area, widths[k] * strip.height);
        }
        areas
    }
}

/// Half chords side by side, in two parts.
type Halves<const N: usize> = ([f64; N], [f64; N]);

impl<'a> Table<'a> {
    /// Places that a table of `count` columns or rows takes: both parts of its sides, and what packs reach over.
    pub(super) const fn room(count: usize) -> usize {
        2 * (count + 1 + 2 * LANES)
    }

    /// A table from the column or row `m0` on, in a space of its [`room`](Self::room).
    pub(super) fn new(m0: f64, space: &'a mut [f64]) -> Self {
        let (high, low) = space.split_at_mut(space.len() / 2);
        Self { first: m0 - 0.5, high, low }
    }

    /// Finds the half chords at the sides of the columns (`axis` 0) or rows (1) `which`.
    #[inline(always)]
    pub(super) fn fill(&mut self, arcs: &Arcs, axis: usize, which: Range<usize>) {
        let rest = arcs.rest[axis];
        let sides = which.start..which.end + 1;
        let highs = self.high[sides.start..].as_chunks_mut::<LANES>().0;
        let lows = self.low[sides.start..].as_chunks_mut::<LANES>().0;
        let first = self.first + sides.start as f64;
        let packs = highs.iter_mut().zip(lows).take(sides.len().div_ceil(LANES));
        for (pack, (high, low)) in packs.enumerate() {
            let first = first + (pack * LANES) as f64;
            (*high, *low) = arcs.halves([first, first + 1.0, first + 2.0, first + 3.0], rest);
        }
    }

    /// Half chords at side `i` and the next ones.
    #[inline(always)]
    fn at(&self, i: usize) -> Halves<LANES> {
        let four = |of: &[f64]| *of[i..].first_chunk().expect("sides beyond the last");
        (four(self.high), four(self.low))
    }

    /// Row `j` of those that this was made for.
    #[inline(always)]
    pub(super) fn line(&self, arcs: &Arcs, j: usize) -> Line {
        let half = |j: usize| Half { high: self.high[j], low: self.low[j] };
        arcs.line_between(self.first + 0.5 + j as f64, half(j), half(j + 1))
    }
}

/// The side of a pixel at or below a place.
#[inline(always)]
fn side_below(x: f64) -> f64 {
    (x + 0.5).floor() - 0.5
}

/// The side of a pixel at or above a place.
#[inline(always)]
fn side_above(x: f64) -> f64 {
    (x + 0.5).ceil() - 0.5
}

#[inline(always)]
fn most(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[inline(always)]
fn least(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// Writes as many of the four as there is room for.
#[inline(always)]
fn store(found: [f64; LANES], shares: &mut [f64]) {
    match shares.first_chunk_mut() {
        Some(four) => *four = found,
        None => shares.iter_mut().zip(found).for_each(|(share, found)| *share = found),
    }
}

/// What `square`, which is `x * x` rounded, lacks of it (Dekker 1971, Numer. Math. 18, 224).
#[inline(always)]
fn rounding_of_square(x: f64, square: f64) -> f64 {
    let big = 134_217_729.0 * x;
    let high = big - (big - x);
    let low = x - high;
    ((high * high - square) + 2.0 * high * low) + low * low
}
