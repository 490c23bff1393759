use astro_coords::{PixelBox, PixelCoord};

use super::{Aperture, Run, rings};

/// What lies in any of some shapes and in none of others, as DS9 joins the regions of a composite.
///
/// A pixel that only one outline crosses has its exact share. Where outlines of several shapes meet in a pixel, the length
/// of what is inside is integrated over the pixel's height to 1e-10 of its area; shapes that cannot tell their
/// [`crossings`](Aperture::crossings) are sampled there at 32 × 32 places.
#[derive(Debug)]
pub struct Composite {
    include: Vec<Box<dyn Aperture>>,
    exclude: Vec<Box<dyn Aperture>>,
    bounds: PixelBox,
    area: f64,
}

impl Composite {
    /// What lies in any of `include` and in none of `exclude`.
    pub fn new(include: Vec<Box<dyn Aperture>>, exclude: Vec<Box<dyn Aperture>>) -> Self {
        let bounds = include.iter().map(|shape| shape.bounds()).filter(|b| !b.is_empty());
        let bounds = bounds.reduce(|a, b| around(&a, &b)).unwrap_or_default();
        let mut composite = Self { include, exclude, bounds, area: 0.0 };
        composite.area = composite.total();
        composite
    }

    /// The shapes that are in.
    pub fn include(&self) -> &[Box<dyn Aperture>] {
        &self.include
    }

    /// The shapes that are left out.
    pub fn exclude(&self) -> &[Box<dyn Aperture>] {
        &self.exclude
    }

    /// Area, by the shapes alone where they do not touch, and pixel by pixel else.
    fn total(&self) -> f64 {
        let apart = |shapes: &[Box<dyn Aperture>]| {
            shapes.iter().enumerate().all(|(i, a)| {
                shapes[i + 1..].iter().all(|b| a.bounds().intersect(&b.bounds()).is_none())
            })
        };
        let untouched = self
            .exclude
            .iter()
            .all(|b| self.include.iter().all(|a| a.bounds().intersect(&b.bounds()).is_none()));
        if apart(&self.include) && untouched {
            return self.include.iter().map(|shape| shape.area()).sum();
        }
        let (_, width) = self.bounds.shape();
        let mut shares = vec![0.0; width];
        let row = |y| {
            self.row(y, self.bounds.x.start, &mut shares);
            shares.iter().sum::<f64>()
        };
        self.bounds.y.clone().map(row).sum()
    }

    /// The share of a pixel that outlines of several shapes cross.
    fn meeting(&self, x: isize, y: isize) -> f64 {
        let mut places = Places::default();
        let (x, y) = (x as f64, y as f64);
        if !self.inside(y, &mut places) {
            return self.sampled(x, y);
        }
        let mut line = |y: f64| {
            self.inside(y, &mut places);
            let length = rings::length(&places.all, x - 0.5, x + 0.5);
            Line { length, order: places.order(x) }
        };
        integral(&mut line, y - 0.5, y + 0.5).clamp(0.0, 1.0)
    }

    /// Where the line of height `y` is inside; `false` if a shape cannot tell.
    fn inside(&self, y: f64, places: &mut Places) -> bool {
        places.all.clear();
        places.outlines.clear();
        for (shapes, join) in [
            (&self.include, rings::unite as fn(&[f64], &[f64], &mut Vec<f64>)),
            (&self.exclude, rings::subtract),
        ] {
            for shape in shapes {
                places.one.clear();
                if !shape.crossings(y, &mut places.one) {
                    return false;
                }
                places.outlines.extend_from_slice(&places.one);
                places.joined.clear();
                join(&places.all, &places.one, &mut places.joined);
                std::mem::swap(&mut places.all, &mut places.joined);
            }
        }
        true
    }

    fn sampled(&self, x: f64, y: f64) -> f64 {
        const N: u32 = 32;
        let place = |i: u32| (f64::from(i) + 0.5) / f64::from(N) - 0.5;
        let inside = |k: &u32| self.contains(PixelCoord::new(x + place(k % N), y + place(k / N)));
        (0..N * N).filter(inside).count() as f64 / f64::from(N * N)
    }
}

/// Places along a line.
#[derive(Default)]
struct Places {
    all: Vec<f64>,
    one: Vec<f64>,
    joined: Vec<f64>,
    /// The crossings of every shape, shape by shape.
    outlines: Vec<f64>,
    ranks: Vec<usize>,
}

impl Places {
    /// A number for the order in which the outlines and the sides of the pixel at `x` follow along the line.
    fn order(&mut self, x: f64) -> u64 {
        self.outlines.extend([x - 0.5, x + 0.5]);
        self.ranks.clear();
        self.ranks.extend(0..self.outlines.len());
        let outlines = &self.outlines;
        self.ranks.sort_by(|a, b| outlines[*a].total_cmp(&outlines[*b]));
        self.ranks.iter().fold(0xcbf2_9ce4_8422_2325, |hash, rank| {
            (hash ^ (*rank as u64 + 1)).wrapping_mul(0x0100_0000_01b3)
        })
    }
}

fn around(a: &PixelBox, b: &PixelBox) -> PixelBox {
    PixelBox::new(
        a.x.start.min(b.x.start)..a.x.end.max(b.x.end),
        a.y.start.min(b.y.start)..a.y.end.max(b.y.end),
    )
}

/// What one height tells: the length inside, and the order of the outlines.
#[derive(Clone, Copy)]
struct Line {
    length: f64,
    order: u64,
}

/// Integral of the length from `a` to `b` by Gauss and Legendre's rule of five points, halved until both halves agree
/// with the whole. The length has corners only where the order changes: there it is halved to the end.
fn integral(line: &mut impl FnMut(f64) -> Line, a: f64, b: f64) -> f64 {
    let whole = gauss(line, a, b);
    refine(line, (a, b), whole, 50)
}

fn refine(
    line: &mut impl FnMut(f64) -> Line,
    (a, b): (f64, f64),
    whole: (f64, Option<u64>),
    depth: u32,
) -> f64 {
    const TOLERANCE: f64 = 1e-13;
    let middle = 0.5 * (a + b);
    if depth == 0 || middle <= a || middle >= b {
        return whole.0;
    }
    let (low, high) = (gauss(line, a, middle), gauss(line, middle, b));
    let sum = low.0 + high.0;
    let same_order = whole.1.is_some() && whole.1 == low.1 && whole.1 == high.1;
    if same_order && (sum - whole.0).abs() <= TOLERANCE {
        return sum;
    }
    refine(line, (a, middle), low, depth - 1) + refine(line, (middle, b), high, depth - 1)
}

/// The rule's integral, and the order if it is the same all the way, the ends included.
fn gauss(line: &mut impl FnMut(f64) -> Line, a: f64, b: f64) -> (f64, Option<u64>) {
    const POINTS: [(f64, f64); 5] = [
        (-0.906_179_845_938_664, 0.236_926_885_056_189_1),
        (-0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
        (0.0, 0.568_888_888_888_888_9),
        (0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
        (0.906_179_845_938_664, 0.236_926_885_056_189_1),
    ];
    let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
    let order = line(a).order;
    let mut same = order == line(b).order;
    let mut sum = 0.0;
    for (t, w) in POINTS {
        let at = line(middle + half * t);
        sum += w * at.length;
        same &= at.order == order;
    }
    (half * sum, same.then_some(order))
}

/// The share of a pixel, if at most one outline crosses it.
#[derive(Clone, Copy)]
enum Share {
    Known { inside: f64 },
    Meeting,
}

impl Aperture for Composite {
    fn bounds(&self) -> PixelBox {
        self.bounds.clone()
    }

    fn contains(&self, at: PixelCoord) -> bool {
        self.include.iter().any(|shape| shape.contains(at))
            && !self.exclude.iter().any(|shape| shape.contains(at))
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        let mut share = Share::Known { inside: 0.0 };
        for shape in &self.include {
            share = include(share, shape.overlap(x, y));
        }
        for shape in &self.exclude {
            share = exclude(share, shape.overlap(x, y));
        }
        match share {
            Share::Known { inside } => inside,
            Share::Meeting => self.meeting(x, y),
        }
    }

    fn area(&self) -> f64 {
        self.area
    }

    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        let mut all = vec![Share::Known { inside: 0.0 }; shares.len()];
        for (shapes, join) in
            [(&self.include, include as fn(Share, f64) -> Share), (&self.exclude, exclude)]
        {
            for shape in shapes.iter().filter(|shape| shape.bounds().y.contains(&y)) {
                let run = shape.row(y, x, shares);
                for i in run.touched {
                    all[i] = join(all[i], shares[i]);
                }
            }
        }
        for ((share, known), x) in shares.iter_mut().zip(all).zip(x..) {
            *share = match known {
                Share::Known { inside } => inside,
                Share::Meeting => self.meeting(x, y),
            };
        }
        Run { touched: 0..shares.len(), whole: 0..0 }
    }

    fn crossings(&self, y: f64, out: &mut Vec<f64>) -> bool {
        let mut places = Places::default();
        let known = self.inside(y, &mut places);
        out.append(&mut places.all);
        known
    }
}

fn include(share: Share, other: f64) -> Share {
    match share {
        _ if other >= 1.0 => Share::Known { inside: 1.0 },
        _ if other <= 0.0 => share,
        Share::Known { inside } if inside >= 1.0 => share,
        Share::Known { inside } if inside <= 0.0 => Share::Known { inside: other },
        _ => Share::Meeting,
    }
}

fn exclude(share: Share, other: f64) -> Share {
    match share {
        _ if other >= 1.0 => Share::Known { inside: 0.0 },
        _ if other <= 0.0 => share,
        Share::Known { inside } if inside <= 0.0 => share,
        Share::Known { inside } if inside >= 1.0 => Share::Known { inside: 1.0 - other },
        _ => Share::Meeting,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{rows_are_overlaps, total};
    use super::super::{Annulus, Circle, Ellipse, Rectangle};
    use super::*;

    fn boxed(shape: impl Aperture + 'static) -> Box<dyn Aperture> {
        Box::new(shape)
    }

    /// Area common to two circles of radius `r` whose centres are `d` apart.
    fn lens(r: f64, d: f64) -> f64 {
        2.0 * r * r * (d / (2.0 * r)).acos() - 0.5 * d * (4.0 * r * r - d * d).sqrt()
    }

    #[test]
    fn two_circles_overlap_by_a_lens() {
        let (a, b) = (Circle::new((10.2, 10.1), 5.0), Circle::new((16.2, 10.1), 5.0));
        let disc = 25.0 * std::f64::consts::PI;
        let union = Composite::new(vec![boxed(a), boxed(b)], vec![]);
        assert!((total(&union) - (2.0 * disc - lens(5.0, 6.0))).abs() < 1e-9);
        assert!((union.area() - total(&union)).abs() < 1e-12);
        rows_are_overlaps(&union, 4e-16);
        let rest = Composite::new(vec![boxed(a)], vec![boxed(b)]);
        assert!((total(&rest) - (disc - lens(5.0, 6.0))).abs() < 1e-9);
        let same = Composite::new(vec![boxed(a), boxed(a)], vec![]);
        assert!((total(&same) - disc).abs() < 1e-9);
        let nothing = Composite::new(vec![boxed(a)], vec![boxed(a)]);
        assert!(total(&nothing) < 1e-9);
    }

    #[test]
    fn shapes_of_all_kinds_join() {
        let square = Rectangle::new((20.0, 20.0), 10.0, 10.0, 0.0);
        let hole = Circle::new((20.3, 20.1), 3.0);
        let shape = Composite::new(vec![boxed(square.clone())], vec![boxed(hole)]);
        assert!((shape.area() - (100.0 - hole.area())).abs() < 1e-12);
        // Half the ring lies in the box's half plane.
        let ring =
            Annulus::new(Ellipse::circle((25.0, 20.0), 3.0), Ellipse::circle((25.0, 20.0), 2.0));
        let ring_area = ring.area();
        let shape = Composite::new(vec![boxed(square), boxed(ring)], vec![]);
        assert!((shape.area() - (100.0 + 0.5 * ring_area)).abs() < 1e-9, "{}", shape.area());
        let apart = Composite::new(vec![boxed(hole), boxed(Circle::new((90.0, 1.0), 2.0))], vec![]);
        assert_eq!(apart.area(), hole.area() + 4.0 * std::f64::consts::PI);
        assert!(Composite::new(vec![], vec![boxed(hole)]).bounds().is_empty());
    }
}
