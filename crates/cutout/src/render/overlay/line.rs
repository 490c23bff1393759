//! A line with smooth edges.

use astro_coords::PixelCoord;

use super::{Canvas, SEAM, Style};

/// How far a seam reaches beyond the line.
const REACH: f64 = 1.0;

/// One unbroken piece of a line. Where its segments meet, nothing is drawn twice.
pub(super) struct Track {
    places: Vec<[f64; 2]>,
    style: Style,
    low: [f64; 2],
    high: [f64; 2],
}

impl Track {
    /// The pieces of a line that may be seen in a picture of `size` (x, y).
    pub(super) fn cut(through: &[PixelCoord], style: Style, size: [usize; 2]) -> Vec<Self> {
        let places: Vec<_> = through.iter().map(|place| [place.x, place.y]).collect();
        if places.iter().flatten().any(|value| !value.is_finite())
            || style.width.is_nan()
            || style.width <= 0.0
        {
            return Vec::new();
        }
        let margin = style.width + REACH + 1.0;
        let pieces = match style.dash {
            Some([dash, gap]) if dash >= 0.5 && gap >= 0.5 => {
                dashes(&places, [dash, gap], size, margin)
            }
            _ => vec![places],
        };
        let tracks = pieces.into_iter().filter_map(|places| Self::new(places, style));
        tracks.filter(|track| track.is_seen(size, margin)).collect()
    }

    fn new(places: Vec<[f64; 2]>, style: Style) -> Option<Self> {
        let first = *places.first()?;
        let (mut low, mut high) = (first, first);
        for place in &places {
            for axis in 0..2 {
                low[axis] = low[axis].min(place[axis]);
                high[axis] = high[axis].max(place[axis]);
            }
        }
        Some(Self { places, style, low, high })
    }

    fn is_seen(&self, size: [usize; 2], margin: f64) -> bool {
        (0..2).all(|axis| self.high[axis] > -margin && self.low[axis] < size[axis] as f64 + margin)
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) {
        if self.style.seam {
            self.stroke(canvas, self.style.width / 2.0 + REACH, [0; 3], SEAM);
        }
        self.stroke(canvas, self.style.width / 2.0, self.style.color, 1.0);
    }

    /// Draws all within `half` of the line.
    fn stroke(&self, canvas: &mut Canvas<'_>, half: f64, color: [u8; 3], share: f32) {
        // A pixel whose centre is this far away is touched just not at all.
        let reach = half + 0.5;
        let around = |axis: usize| [self.low[axis] - reach, self.high[axis] + reach];
        let Some((xs, ys)) = canvas.clip(around(0), around(1)) else { return };
        let mut cover = std::mem::take(&mut canvas.cover);
        cover.clear();
        cover.resize(xs.len() * ys.len(), 0.0);
        let segments = self.places.windows(2).map(|pair| (pair[0], pair[1]));
        let alone = (self.places.len() == 1).then(|| (self.places[0], self.places[0]));
        for (from, to) in segments.chain(alone) {
            for y in ys.clone() {
                let Some([low, high]) = row_span(from, to, y as f64, reach) else { continue };
                let first = (low.floor() as isize).max(xs.start.cast_signed());
                let last = (high.ceil() as isize).min(xs.end.cast_signed() - 1);
                for x in first..=last {
                    let away = distance(from, to, [x as f64, y as f64]);
                    #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
                    let new = (reach - away).clamp(0.0, 1.0) as f32;
                    let at = (y - ys.start) * xs.len() + x.cast_unsigned() - xs.start;
                    cover[at] = cover[at].max(new);
                }
            }
        }
        for (line, y) in cover.chunks_exact(xs.len()).zip(ys) {
            for (cover, x) in line.iter().zip(xs.clone()).filter(|(cover, _)| **cover > 0.0) {
                canvas.blend(x, y, color, cover * share);
            }
        }
        canvas.cover = cover;
    }
}

/// The part of row `y` that may lie within `reach` of a segment.
fn row_span(from: [f64; 2], to: [f64; 2], y: f64, reach: f64) -> Option<[f64; 2]> {
    if y < from[1].min(to[1]) - reach || y > from[1].max(to[1]) + reach {
        return None;
    }
    let ends = [from[0].min(to[0]) - reach, from[0].max(to[0]) + reach];
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    if dy.abs() < 1e-9 {
        return Some(ends);
    }
    let (middle, half) = (from[0] + (y - from[1]) * dx / dy, reach * dx.hypot(dy) / dy.abs());
    Some([ends[0].max(middle - half), ends[1].min(middle + half)])
}

fn distance(from: [f64; 2], to: [f64; 2], place: [f64; 2]) -> f64 {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let (px, py) = (place[0] - from[0], place[1] - from[1]);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { ((px * dx + py * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    (px - along * dx).hypot(py - along * dy)
}

/// The dashes of a line; what lies outside the picture is passed over in one step, however long it is.
fn dashes(
    places: &[[f64; 2]],
    [dash, gap]: [f64; 2],
    size: [usize; 2],
    margin: f64,
) -> Vec<Vec<[f64; 2]>> {
    let period = dash + gap;
    let (mut pieces, mut piece, mut phase) = (Vec::new(), Vec::new(), 0.0);
    for pair in places.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        let at = |t: f64| [0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * t / length);
        let outside = (0..2).any(|axis| {
            from[axis].max(to[axis]) < -margin
                || from[axis].min(to[axis]) > size[axis] as f64 + margin
        });
        if outside || length > 1e6 || length == 0.0 {
            pieces.extend((!piece.is_empty()).then(|| std::mem::take(&mut piece)));
            phase = (phase + length) % period;
            continue;
        }
        let mut t = 0.0;
        if phase < dash && piece.is_empty() {
            piece.push(from);
        }
        while t < length {
            let next = if phase < dash { dash - phase } else { period - phase };
            if t + next > length {
                phase += length - t;
                if phase < dash {
                    piece.push(to);
                }
                break;
            }
            t += next;
            if phase < dash {
                piece.push(at(t));
                pieces.push(std::mem::take(&mut piece));
                phase = dash;
            } else {
                piece.push(at(t));
                phase = 0.0;
            }
        }
    }
    pieces.extend((!piece.is_empty()).then_some(piece));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_around_corners_and_add_up() {
        let line = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]];
        let pieces = dashes(&line, [8.0, 4.0], [100, 100], 3.0);
        let lengths: Vec<f64> = pieces
            .iter()
            .map(|piece| {
                piece.windows(2).map(|p| (p[1][0] - p[0][0]).hypot(p[1][1] - p[0][1])).sum()
            })
            .collect();
        assert_eq!(lengths, [8.0, 8.0]);
        assert_eq!(pieces[1], [[10.0, 2.0], [10.0, 10.0]]);
    }

    #[test]
    fn a_line_that_leaves_the_picture_by_light_years_costs_nothing() {
        let style = Style { color: [255; 3], width: 1.0, dash: Some([8.0, 3.0]), seam: false };
        let far = [PixelCoord::new(5.0, 5.0), PixelCoord::new(1e300, 5.0)];
        assert!(Track::cut(&far, style, [10, 10]).is_empty());
        let nowhere = [PixelCoord::new(f64::NAN, 5.0), PixelCoord::new(3.0, 5.0)];
        assert!(Track::cut(&nowhere, style, [10, 10]).is_empty());
    }
}
