//! The inside of polygons by the even-odd rule, edges included.

use astro_coords::PixelCoord;

/// What an edge says of a place.
enum Side {
    /// The place is on it.
    On,
    /// A ray to the right of the place crosses it.
    Crossed,
    Beside,
}

fn side(place: PixelCoord, from: PixelCoord, to: PixelCoord) -> Side {
    if (from.y > place.y) == (to.y > place.y) {
        let level = from.y == place.y && to.y == place.y && between(place.x, from.x, to.x);
        return if level || to == place { Side::On } else { Side::Beside };
    }
    // On which side of the edge, seen upwards; exact zero is on it.
    let side = (to.x - from.x) * (place.y - from.y) - (place.x - from.x) * (to.y - from.y);
    if side == 0.0 {
        Side::On
    } else if (side > 0.0) == (to.y > from.y) {
        Side::Crossed
    } else {
        Side::Beside
    }
}

fn between(x: f64, a: f64, b: f64) -> bool {
    a.min(b) <= x && x <= a.max(b)
}

/// Whether the place lies in the polygon or on its edge.
pub(super) fn contains(place: PixelCoord, vertices: &[PixelCoord]) -> bool {
    place.is_finite() && even_odd(place, edges(vertices))
}

/// Every edge is looked at once, in any order.
fn even_odd(place: PixelCoord, edges: impl Iterator<Item = [PixelCoord; 2]>) -> bool {
    let mut inside = false;
    for [from, to] in edges {
        match side(place, from, to) {
            Side::On => return true,
            Side::Crossed => inside = !inside,
            Side::Beside => {}
        }
    }
    inside
}

/// The edges of a polygon in strips of equal height; an edge is in every strip it passes.
pub(super) struct EdgesByHeight {
    lowest: f64,
    strips_per_pixel: f64,
    /// Where each strip begins in `edges`, and the end of the last.
    starts: Vec<usize>,
    edges: Vec<[PixelCoord; 2]>,
}

impl EdgesByHeight {
    /// `None` where there is no height to divide.
    pub(super) fn new(vertices: &[PixelCoord]) -> Option<Self> {
        let lowest = vertices.iter().map(|v| v.y).fold(f64::INFINITY, f64::min);
        let highest = vertices.iter().map(|v| v.y).fold(f64::NEG_INFINITY, f64::max);
        let height = highest - lowest;
        if !vertices.iter().all(|v| v.is_finite()) || height <= 0.0 || !height.is_finite() {
            return None;
        }
        let mut strips = vertices.len().min(1 << 20);
        // A polygon of long edges has few strips, so that no more than 8 entries an edge are held.
        while strips > 1 {
            let all = Self { lowest, strips_per_pixel: strips as f64 / height, ..Self::empty() };
            let entries: usize = edges(vertices).map(|edge| all.strips_of(edge).count()).sum();
            if entries <= 8 * vertices.len() {
                break;
            }
            strips /= 2;
        }
        let all = Self { lowest, strips_per_pixel: strips as f64 / height, ..Self::empty() };
        all.strips_per_pixel.is_finite().then(|| all.filled(vertices))
    }

    fn empty() -> Self {
        Self { lowest: 0.0, strips_per_pixel: 0.0, starts: Vec::new(), edges: Vec::new() }
    }

    /// Grows with `y`, so that a place is in a strip of each edge it is level with.
    fn strip(&self, y: f64) -> usize {
        ((y - self.lowest) * self.strips_per_pixel) as usize
    }

    fn strips_of(&self, [from, to]: [PixelCoord; 2]) -> std::ops::RangeInclusive<usize> {
        self.strip(from.y.min(to.y))..=self.strip(from.y.max(to.y))
    }

    fn filled(mut self, vertices: &[PixelCoord]) -> Self {
        let top = edges(vertices).map(|edge| *self.strips_of(edge).end()).max().unwrap_or(0);
        let mut starts = vec![0; top + 2];
        edges(vertices).flat_map(|edge| self.strips_of(edge)).for_each(|n| starts[n + 1] += 1);
        for n in 0..=top {
            starts[n + 1] += starts[n];
        }
        let mut next = starts.clone();
        self.edges = vec![[PixelCoord::default(); 2]; starts[top + 1]];
        for edge in edges(vertices) {
            for strip in self.strips_of(edge) {
                self.edges[next[strip]] = edge;
                next[strip] += 1;
            }
        }
        self.starts = starts;
        self
    }

    pub(super) fn contain(&self, place: PixelCoord) -> bool {
        // What is below the lowest vertex would fall into the first strip.
        if !place.is_finite() || place.y < self.lowest {
            return false;
        }
        let strip = self.strip(place.y);
        let (Some(start), Some(end)) =
            (self.starts.get(strip), self.starts.get(strip.saturating_add(1)))
        else {
            return false;
        };
        even_odd(place, self.edges[*start..*end].iter().copied())
    }
}

fn edges(vertices: &[PixelCoord]) -> impl Iterator<Item = [PixelCoord; 2]> {
    let before = vertices.last().into_iter().chain(vertices);
    before.zip(vertices).map(|(from, to)| [*from, *to])
}
