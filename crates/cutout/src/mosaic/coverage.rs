//! How much of each pixel a polygon covers.

/// Covered areas of the pixels around a polygon, exact but for rounding. Pixel `(x, y)` is the unit square around it.
///
/// # Source
/// Green's theorem edge by edge, as scan converters of fonts do (R. Levien, font-rs): every edge adds the area to its
/// right, pixel by pixel along its way, and a sum along each row turns that into areas.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    cells: Vec<f64>,
    /// Columns of `cells`, one more than pixels.
    stride: usize,
    low: [isize; 2],
    size: [usize; 2],
}

/// The most pixels along one side; a polygon wider than that is no pixel of anything.
const WIDEST: f64 = 4096.0;

impl Coverage {
    /// Fills in the areas; false where the polygon has no finite corners or is absurdly large.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "finite and not larger than WIDEST"
    )]
    pub(super) fn of(&mut self, corners: &[[f64; 2]]) -> bool {
        let bound = |axis: usize, pick: fn(f64, f64) -> f64, start: f64| {
            corners.iter().fold(start, |bound, corner| pick(bound, corner[axis]))
        };
        let low = [0, 1].map(|axis| (bound(axis, f64::min, f64::INFINITY) + 0.5).floor());
        let high = [0, 1].map(|axis| (bound(axis, f64::max, f64::NEG_INFINITY) + 0.5).ceil());
        let finite = corners.iter().flatten().all(|value| value.abs() < 1e15);
        if !finite || high[0] - low[0] > WIDEST || high[1] - low[1] > WIDEST {
            return false;
        }
        self.low = low.map(|value| value as isize);
        self.size = [0, 1].map(|axis| ((high[axis] - low[axis]) as usize).max(1));
        self.stride = self.size[0] + 1;
        self.cells.clear();
        self.cells.resize(self.stride * self.size[1], 0.0);
        let local = |corner: [f64; 2]| [corner[0] + 0.5 - low[0], corner[1] + 0.5 - low[1]];
        for (i, corner) in corners.iter().enumerate() {
            self.edge(local(*corner), local(corners[(i + 1) % corners.len()]));
        }
        for row in self.cells.chunks_exact_mut(self.stride) {
            let mut sum = 0.0;
            for cell in row {
                sum += *cell;
                *cell = sum;
            }
        }
        true
    }

    /// Adds the area to the right of an edge.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside the cells")]
    fn edge(&mut self, from: [f64; 2], to: [f64; 2]) {
        if from[1] == to[1] {
            return;
        }
        let (sign, [x0, y0], [x1, y1]) =
            if from[1] < to[1] { (1.0, from, to) } else { (-1.0, to, from) };
        let slope = (x1 - x0) / (y1 - y0);
        let at = |y: f64| (x0 + slope * (y - y0)).clamp(x0.min(x1), x0.max(x1));
        let rows = y0.floor() as usize..(y1.ceil() as usize).min(self.size[1]);
        for row in rows {
            let (low, high) = (y0.max(row as f64), y1.min(row as f64 + 1.0));
            if high <= low {
                continue;
            }
            let (a, b) = (at(low), at(high));
            let (left, right) = if a < b { (a, b) } else { (b, a) };
            let cells = &mut self.cells[row * self.stride..(row + 1) * self.stride];
            add(cells, left, right, sign * (high - low));
        }
    }

    /// The pixels with their areas, row by row; the areas have one sign.
    pub(super) fn pixels(&self) -> impl Iterator<Item = (isize, isize, f64)> + '_ {
        let rows = self.cells.chunks_exact(self.stride.max(1)).enumerate();
        rows.flat_map(move |(j, row)| {
            let y = self.low[1].saturating_add_unsigned(j);
            row[..self.size[0]]
                .iter()
                .enumerate()
                .map(move |(i, area)| (self.low[0].saturating_add_unsigned(i), y, area.abs()))
        })
    }
}

/// Spreads an edge of the height `height` that runs from `left` to `right` in one row of pixels.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside the cells")]
fn add(cells: &mut [f64], left: f64, right: f64, height: f64) {
    let last = cells.len() - 1;
    let first = (left.floor() as usize).min(last);
    let end = (right.ceil() as usize).clamp(first + 1, last + 1);
    if end == first + 1 {
        // Within one pixel: the part right of the middle of the edge is its own, the rest the next one's.
        let covered = height * (first as f64 + 1.0 - left.midpoint(right));
        cells[first] += covered;
        if let Some(next) = cells.get_mut(first + 1) {
            *next += height - covered;
        }
        return;
    }
    let per_pixel = height / (right - left);
    // The area right of the edge, summed over the pixels passed so far.
    let mut before = 0.0;
    for (cell, out) in cells.iter_mut().enumerate().take(end).skip(first) {
        let (from, to) = (left.max(cell as f64), right.min(cell as f64 + 1.0));
        let rise = per_pixel * (to - from);
        // Of this pixel: what the edge has risen before it fills it whole, what it rises in it in part.
        let passed = per_pixel * (from - left);
        let area = passed + rise * (cell as f64 + 1.0 - from.midpoint(to));
        *out += area - before;
        before = area;
    }
    if let Some(next) = cells.get_mut(end) {
        *next += height - before;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The area of a polygon within a pixel, by clipping at its four sides.
    fn clipped(corners: &[[f64; 2]], x: f64, y: f64) -> f64 {
        let mut polygon = corners.to_vec();
        for (axis, limit, sign) in
            [(0, x - 0.5, 1.0), (0, x + 0.5, -1.0), (1, y - 0.5, 1.0), (1, y + 0.5, -1.0)]
        {
            let inside = |p: &[f64; 2]| sign * (p[axis] - limit) >= 0.0;
            let mut out = Vec::new();
            for (i, a) in polygon.iter().enumerate() {
                let b = polygon[(i + 1) % polygon.len()];
                if inside(a) {
                    out.push(*a);
                }
                if inside(a) != inside(&b) {
                    let t = (limit - a[axis]) / (b[axis] - a[axis]);
                    out.push([a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]);
                }
            }
            polygon = out;
        }
        area(&polygon)
    }

    fn area(polygon: &[[f64; 2]]) -> f64 {
        let n = polygon.len();
        let cross = |i: usize| {
            let (a, b) = (polygon[i], polygon[(i + 1) % n]);
            a[0] * b[1] - a[1] * b[0]
        };
        (0..n).map(cross).sum::<f64>().abs() / 2.0
    }

    proptest! {
        #[test]
        fn areas_are_those_of_clipping(
            center in prop::array::uniform2(-20.0..20.0f64),
            a in prop::array::uniform2(-3.0..3.0f64),
            b in prop::array::uniform2(-3.0..3.0f64),
            flip in any::<bool>(),
        ) {
            let corner = |s: f64, t: f64| [center[0] + s * a[0] + t * b[0], center[1] + s * a[1] + t * b[1]];
            let mut corners = [corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
            if flip {
                corners.reverse();
            }
            let mut coverage = Coverage::default();
            prop_assert!(coverage.of(&corners));
            let mut total = 0.0;
            for (x, y, covered) in coverage.pixels() {
                let expected = clipped(&corners, x as f64, y as f64);
                prop_assert!((covered - expected).abs() < 1e-11, "{x} {y}: {covered} {expected}");
                total += covered;
            }
            prop_assert!((total - area(&corners)).abs() < 1e-10);
        }
    }

    #[test]
    fn pixels_themselves_and_what_is_no_polygon() {
        let mut coverage = Coverage::default();
        assert!(coverage.of(&[[2.5, -1.5], [3.5, -1.5], [3.5, -0.5], [2.5, -0.5]]));
        let found: Vec<_> = coverage.pixels().filter(|pixel| pixel.2 > 0.0).collect();
        assert_eq!(found, [(3, -1, 1.0)]);
        assert!(!coverage.of(&[[f64::NAN, 0.0], [1.0, 0.0], [1.0, 1.0]]));
        assert!(!coverage.of(&[[0.0, 0.0], [1e7, 0.0], [1.0, 1.0]]));
    }
}
