//! The edges of all rings, and which of them bound the inside.

use super::FillRule;
use super::deltas::add;
use super::edge::{Edge, crossings, edge, reach, signed_area};

/// The rings of a polygon, relative to a place that lies where a polygon wants it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outline {
    /// By their lower ends.
    edges: Vec<Edge>,
    /// `reach[i]`: the highest end of the edges up to `i`.
    reach: Vec<f64>,
    /// Heights at which edges cross each other; then the rule decides between them.
    crossings: Vec<f64>,
    rule: FillRule,
    /// Lowest and highest place along both axes; `None` without an edge.
    pub(super) extent: Option<[[f64; 2]; 2]>,
    pub(super) area: f64,
}

impl Outline {
    pub(super) fn new(rings: &[Vec<[f64; 2]>], rule: FillRule) -> Self {
        let mut edges = Vec::with_capacity(rings.iter().map(Vec::len).sum());
        let mut area = 0.0;
        for ring in rings.iter().filter(|ring| ring.len() > 2) {
            area += signed_area(ring).abs();
            edges.extend((0..ring.len()).filter_map(|i| edge(ring[i], ring[(i + 1) % ring.len()])));
        }
        if !edges.iter().all(|e| e.low.iter().chain(&e.high).all(|v| v.is_finite())) {
            edges.clear();
        }
        edges.sort_unstable_by(|a, b| a.low[1].total_cmp(&b.low[1]));
        let (reach, crossings) = (reach(&edges), crossings(&edges));
        let simple = crossings.is_empty() && rings.len() == 1;
        let extent = extent(&edges);
        let mut outline = Self { edges, reach, crossings, rule, extent, area };
        if simple {
            let clockwise = rings.iter().all(|ring| signed_area(ring) < 0.0);
            if clockwise {
                outline.edges.iter_mut().for_each(|edge| edge.sign = -edge.sign);
            }
        } else {
            if outline.crossings.is_empty() {
                outline.orient();
            }
            outline.area = outline.exact_area();
        }
        outline
    }

    /// Whether edges cross.
    pub(super) fn crosses(&self) -> bool {
        !self.crossings.is_empty()
    }

    /// Gives the edges of rings that do not cross the sign of what lies to their right.
    fn orient(&mut self) {
        let signs: Vec<f64> = self.edges.iter().map(|edge| self.side(edge)).collect();
        self.edges.iter_mut().zip(signs).for_each(|(edge, sign)| edge.sign = sign);
        self.edges.retain(|edge| edge.sign != 0.0);
        self.reach = reach(&self.edges);
    }

    /// +1 where crossing `edge` to the right enters the inside, -1 where it leaves it, 0 where neither.
    fn side(&self, edge: &Edge) -> f64 {
        let y = 0.5 * (edge.low[1] + edge.high[1]);
        let x = edge.at(y);
        let (mut winding, mut count) = (0.0, 0_usize);
        let meets = |other: &Edge| other.low[1] <= y && y < other.high[1];
        for other in self.between([0.0; 2], y, y).filter(meets) {
            if other != *edge && other.at(y) < x {
                winding += other.sign;
                count += 1;
            }
        }
        self.step(winding, count, edge.sign)
    }

    fn step(&self, winding: f64, count: usize, sign: f64) -> f64 {
        let inside = |winding: f64, count: usize| match self.rule {
            FillRule::EvenOdd => count % 2 == 1,
            FillRule::NonZero => winding != 0.0,
        };
        f64::from(inside(winding + sign, count + 1)) - f64::from(inside(winding, count))
    }

    /// The edges that may have a part between two heights, moved by `rest`.
    #[inline(always)]
    pub(super) fn between(
        &self,
        rest: [f64; 2],
        low: f64,
        high: f64,
    ) -> impl Iterator<Item = Edge> {
        let start = self.reach.partition_point(|reach| reach + rest[1] < low);
        self.edges[start..]
            .iter()
            .take_while(move |edge| edge.low[1] + rest[1] <= high)
            .filter(move |edge| edge.high[1] + rest[1] >= low)
            .map(move |edge| edge.moved(rest))
    }

    /// Adds a strip of the shape, moved by `rest`, to a row of deltas that begins at `left`; heights are within one row
    /// of pixels.
    #[inline(always)]
    pub(super) fn strip(
        &self,
        rest: [f64; 2],
        (low, high): (f64, f64),
        left: f64,
        deltas: &mut [f64],
    ) {
        if self.crosses() {
            self.crossed_strip(rest, (low, high), left, deltas);
            return;
        }
        for edge in self.between(rest, low, high) {
            let (from, to) = (low.max(edge.low[1]), high.min(edge.high[1]));
            add(deltas, to - from, (edge.at(from) - left, edge.at(to) - left), edge.sign);
        }
    }

    /// As [`strip`](Self::strip), where edges cross.
    fn crossed_strip(
        &self,
        rest: [f64; 2],
        (low, high): (f64, f64),
        left: f64,
        deltas: &mut [f64],
    ) {
        // Between the heights where edges end or cross, their order is the same, and the rule tells which count.
        let mut active: Vec<Edge> = self.between(rest, low, high).collect();
        let mut heights: Vec<f64> = active
            .iter()
            .flat_map(|edge| [edge.low[1], edge.high[1]])
            .chain(self.crossings.iter().map(|y| y + rest[1]))
            .filter(|y| low < *y && *y < high)
            .chain([low, high])
            .collect();
        heights.sort_unstable_by(f64::total_cmp);
        heights.dedup();
        for (from, to) in heights.iter().zip(&heights[1..]) {
            let middle = 0.5 * (from + to);
            active.sort_by(|a, b| a.at(middle).total_cmp(&b.at(middle)));
            let (mut winding, mut count) = (0.0, 0);
            for edge in active.iter().filter(|e| e.low[1] < middle && middle < e.high[1]) {
                let sign = self.step(winding, count, edge.sign);
                (winding, count) = (winding + edge.sign, count + 1);
                if sign != 0.0 {
                    add(deltas, to - from, (edge.at(*from) - left, edge.at(*to) - left), sign);
                }
            }
        }
    }

    /// Area by the rule, for rings that overlap: a strip a height, as one wide pixel.
    fn exact_area(&self) -> f64 {
        let mut heights: Vec<f64> = self
            .edges
            .iter()
            .flat_map(|edge| [edge.low[1], edge.high[1]])
            .chain(self.crossings.clone())
            .collect();
        heights.sort_unstable_by(f64::total_cmp);
        heights.dedup();
        let mut area = 0.0;
        for (from, to) in heights.iter().zip(heights.iter().skip(1)) {
            let middle = 0.5 * (from + to);
            let mut places = Vec::new();
            self.places([0.0; 2], middle, &mut places);
            let length = super::super::rings::length(&places, f64::NEG_INFINITY, f64::INFINITY);
            area += (to - from) * length;
        }
        area
    }

    /// Where a line enters and leaves the shape moved by `rest`.
    pub(super) fn places(&self, rest: [f64; 2], y: f64, out: &mut Vec<f64>) {
        let mut met: Vec<(f64, f64)> = self
            .between(rest, y, y)
            .filter(|edge| edge.low[1] <= y && y < edge.high[1])
            .map(|edge| (edge.at(y), edge.sign))
            .collect();
        met.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (mut winding, mut count) = (0.0, 0);
        for (x, sign) in met {
            let step = if self.crosses() { self.step(winding, count, sign) } else { sign };
            (winding, count) = (winding + sign, count + 1);
            if step != 0.0 {
                out.push(x);
            }
        }
    }
}

/// Lowest and highest place along both axes.
fn extent(edges: &[Edge]) -> Option<[[f64; 2]; 2]> {
    let range = |axis: usize| {
        let ends = || edges.iter().flat_map(|edge| [edge.low[axis], edge.high[axis]]);
        [ends().fold(f64::INFINITY, f64::min), ends().fold(f64::NEG_INFINITY, f64::max)]
    };
    (!edges.is_empty()).then(|| [range(0), range(1)])
}
