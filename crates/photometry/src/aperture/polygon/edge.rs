//! The edges of a polygon, sorted by their lower ends.

/// An edge from its lower to its upper end, relative to the origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edge {
    pub(super) low: [f64; 2],
    pub(super) high: [f64; 2],
    /// +1 where the inside lies to the right of the edge, as seen from its left; -1 where it ends.
    pub(super) sign: f64,
    /// Columns a row.
    slope: f64,
}

impl Edge {
    fn new(low: [f64; 2], high: [f64; 2], sign: f64) -> Self {
        Self { low, high, sign, slope: (high[0] - low[0]) / (high[1] - low[1]) }
    }

    #[inline(always)]
    pub(super) fn at(&self, y: f64) -> f64 {
        let [x0, y0] = self.low;
        let [x1, y1] = self.high;
        if y <= y0 {
            x0
        } else if y >= y1 {
            x1
        } else if y - y0 < y1 - y {
            x0 + self.slope * (y - y0)
        } else {
            x1 - self.slope * (y1 - y)
        }
    }

    /// The edge elsewhere.
    #[inline(always)]
    pub(super) fn moved(&self, by: [f64; 2]) -> Self {
        let there = |end: [f64; 2]| [end[0] + by[0], end[1] + by[1]];
        Self { low: there(self.low), high: there(self.high), ..*self }
    }
}

/// An edge of a counter-clockwise ring has its inside on the left: it enters when it runs down.
pub(super) fn edge(from: [f64; 2], to: [f64; 2]) -> Option<Edge> {
    match from[1].partial_cmp(&to[1]) {
        Some(std::cmp::Ordering::Equal) => None,
        Some(std::cmp::Ordering::Less) => Some(Edge::new(from, to, -1.0)),
        _ => Some(Edge::new(to, from, 1.0)),
    }
}

pub(super) fn signed_area(ring: &[[f64; 2]]) -> f64 {
    let Some([x0, y0]) = ring.first() else { return 0.0 };
    let cross = |i: usize| {
        let ([ax, ay], [bx, by]) = (ring[i], ring[(i + 1) % ring.len()]);
        (ax - x0) * (by - y0) - (bx - x0) * (ay - y0)
    };
    0.5 * (0..ring.len()).map(cross).sum::<f64>()
}

/// The highest end of the edges up to each.
pub(super) fn reach(edges: &[Edge]) -> Vec<f64> {
    let mut highest = f64::NEG_INFINITY;
    let mut up_to = |edge: &Edge| {
        highest = highest.max(edge.high[1]);
        highest
    };
    edges.iter().map(&mut up_to).collect()
}

/// Heights where two of `edges`, which are sorted by their lower ends, cross or lie on each other.
pub(super) fn crossings(edges: &[Edge]) -> Vec<f64> {
    let mut heights = Vec::new();
    for (i, a) in edges.iter().enumerate() {
        for b in edges[i + 1..].iter().take_while(|b| b.low[1] < a.high[1]) {
            let (low, high) = (b.low[1], a.high[1].min(b.high[1]));
            let (start, end) = (a.at(low) - b.at(low), a.at(high) - b.at(high));
            if start * end < 0.0 {
                heights.push(low + (high - low) * (start / (start - end)));
            } else if start == 0.0 && end == 0.0 {
                heights.extend([low, high]);
            }
        }
    }
    heights.sort_unstable_by(f64::total_cmp);
    heights
}
