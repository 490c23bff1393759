//! What an ellipse cuts from pixels that it does not hold wholly.
//!
//! A row of pixels is crossed by a right arc and a left one; the left one is the right one after half a turn. What lies
//! left of the right arc in a pixel is a rectangle, while the arc runs beyond the pixel; a trapezoid under the chord,
//! while it runs through; and the segment above the chord, which is one of the unit circle. Nothing of the size of the
//! ellipse cancels, and rows and pixels that are neighbours meet the arc in the same places.

use super::disc::segment_of_chord;

/// An ellipse around the origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Arcs {
    /// The right arc above the rightmost place, and, turned upside down, the one below.
    upper: Quarter,
    lower: Quarter,
}

/// A line of constant height: where it enters and leaves the ellipse; of one above or below all, the tip.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) y: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    /// Whether the line meets the ellipse.
    pub(super) meets: bool,
}

/// The arc from the rightmost place of an ellipse to its tip, along which x falls.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Quarter {
    /// To the plane where the ellipse is the unit circle.
    map: [[f64; 2]; 2],
    /// Of a unit of area in that plane, in pixels.
    area: f64,
    /// Half the width and half the height of the box around the ellipse.
    reach: [f64; 2],
    /// Half of the chords through the centre, along x and along y.
    half: [f64; 2],
    /// The middle of a chord along x by its y, and of one along y by its x.
    slope: [f64; 2],
}

impl Arcs {
    pub(super) fn new(map: [[f64; 2]; 2]) -> Self {
        let upper = Quarter::new(map);
        Self { upper, lower: upper.upside_down() }
    }

    pub(super) fn map(&self) -> &[[f64; 2]; 2] {
        &self.upper.map
    }

    /// Half the width and half the height of the box around the ellipse.
    pub(super) fn reach(&self) -> [f64; 2] {
        self.upper.reach
    }

    /// The height of the rightmost place; of the leftmost one it is the negative.
    pub(super) fn height(&self) -> f64 {
        self.upper.slope[1] * self.upper.reach[0]
    }

    /// The line at the height `y`.
    pub(super) fn edge(&self, y: f64) -> Edge {
        let Quarter { reach: [_, tip], slope: [slope, _], .. } = self.upper;
        if y.abs() < tip {
            let (left, right) = (-self.upper.right(-y), self.upper.right(y));
            return Edge { y, left, right, meets: true };
        }
        let y = tip.copysign(y);
        Edge { y, left: slope * y, right: slope * y, meets: false }
    }

    /// The share of the pixel between two lines and the columns `from` and `to`.
    pub(super) fn share(&self, low: &Edge, high: &Edge, from: f64, to: f64) -> f64 {
        let inside = |edge: &Edge| edge.meets && edge.left <= from && to <= edge.right;
        if inside(low) && inside(high) {
            return 1.0;
        }
        let utmost = self.upper.reach[0];
        let (from, to) = (from.max(-utmost), to.min(utmost));
        let (width, height) = (to - from, high.y - low.y);
        if !(width > 0.0 && height > 0.0) {
            return 0.0;
        }
        let right = self.left_of_right([low.right, low.y], [high.right, high.y], from, to);
        let left = self.left_of_right([-high.left, -high.y], [-low.left, -low.y], -to, -from);
        (right + left - width * height).clamp(0.0, 1.0)
    }

    /// Area left of the right arc from `low` to `high`, between two columns.
    fn left_of_right(&self, low: [f64; 2], high: [f64; 2], from: f64, to: f64) -> f64 {
        let rightmost = self.height();
        let down = |[x, y]: [f64; 2]| [x, -y];
        if low[1] >= rightmost {
            self.upper.left_of(low, high, from, to)
        } else if high[1] <= rightmost {
            self.lower.left_of(down(high), down(low), from, to)
        } else {
            let middle = [self.upper.reach[0], rightmost];
            self.upper.left_of(middle, high, from, to)
                + self.lower.left_of(down(middle), down(low), from, to)
        }
    }
}

impl Quarter {
    fn new(map: [[f64; 2]; 2]) -> Self {
        let [[a, b], [c, d]] = map;
        let det = (a * d - b * c).abs();
        let (along_x, along_y) = (a.hypot(c), b.hypot(d));
        let lean = -(a * b + c * d);
        Self {
            map,
            area: det.recip(),
            reach: [along_y / det, along_x / det],
            half: [along_x.recip(), along_y.recip()],
            slope: [lean / (along_x * along_x), lean / (along_y * along_y)],
        }
    }

    fn upside_down(&self) -> Self {
        let map = self.map.map(|[x, y]| [x, -y]);
        Self { map, slope: self.slope.map(|slope| -slope), ..*self }
    }

    /// Where the arc is at the height `y`.
    #[inline]
    fn right(&self, y: f64) -> f64 {
        let t = y / self.reach[1];
        let half = self.half[0] * ((1.0 - t) * (1.0 + t)).max(0.0).sqrt();
        let x = self.slope[0] * y + half;
        let [p, q] = self.unit([x, y]);
        let [[a, _], [c, _]] = self.map;
        x - step(p * p + q * q - 1.0, p * a + q * c, half)
    }

    /// The height of the arc in the column `x`.
    #[inline]
    fn top(&self, x: f64) -> f64 {
        let t = x / self.reach[0];
        let half = self.half[1] * ((1.0 - t) * (1.0 + t)).max(0.0).sqrt();
        let y = self.slope[1] * x + half;
        let [p, q] = self.unit([x, y]);
        let [[_, b], [_, d]] = self.map;
        y - step(p * p + q * q - 1.0, p * b + q * d, half)
    }

    #[inline]
    fn unit(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        self.map.map(|[of_x, of_y]| of_x * x + of_y * y)
    }

    /// Area left of the arc from `low` up to `high`, between two columns.
    #[inline]
    fn left_of(&self, low: [f64; 2], high: [f64; 2], from: f64, to: f64) -> f64 {
        if from >= low[0] {
            return 0.0;
        }
        if to <= high[0] {
            return (to - from) * (high[1] - low[1]);
        }
        let enters = if to < low[0] { [to, self.top(to).max(low[1]).min(high[1])] } else { low };
        let leaves =
            if from > high[0] { [from, self.top(from).max(enters[1]).min(high[1])] } else { high };
        let [p, q] = self.unit([leaves[0] - enters[0], leaves[1] - enters[1]]);
        let beyond = (to - from) * (enters[1] - low[1]);
        let trapezoid = 0.5 * ((enters[0] - from) + (leaves[0] - from)) * (leaves[1] - enters[1]);
        beyond + trapezoid + self.area * segment_of_chord(0.25 * (p * p + q * q))
    }
}

/// The way of Newton's method to a place on the circle: the slopes above are rounded, and ever more so the longer the
/// ellipse. None near a tip, where the line is a tangent and its place on the arc does not matter.
#[inline]
fn step(off: f64, half_slope: f64, half: f64) -> f64 {
    let step = off / (2.0 * half_slope);
    if step.abs() <= 1e-6 * half { step } else { 0.0 }
}
