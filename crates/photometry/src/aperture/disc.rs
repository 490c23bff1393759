//! The unit disc: its overlap with a small polygon, and its segments.

#[cfg(test)]
/// Area of the unit disc inside the parallelogram with centre `center` and half sides `a` and `b`; `a × b > 0`.
pub(super) fn overlap(center: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    let corner = |s: f64, t: f64| [s * a[0] + t * b[0], s * a[1] + t * b[1]];
    let corners = [corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
    overlap_polygon(center, &corners)
}

/// Area of the unit disc inside a convex polygon, given counter-clockwise relative to `center`.
///
/// The boundary of the overlap is walked corner by corner: chords are summed relative to `center`, which should be near,
/// and each arc adds its segment. So nothing of the size of the disc cancels, and the error is some 1e-16 of the
/// polygon's area times its distance from the disc's centre in its own sizes.
pub(super) fn overlap_polygon(center: [f64; 2], corners: &[[f64; 2]]) -> f64 {
    let mut walk = Walk { center, area: 0.0, first: None, last: None };
    for (i, corner) in corners.iter().enumerate() {
        walk.edge(*corner, corners[(i + 1) % corners.len()]);
    }
    match (walk.first, walk.last) {
        (Some(first), Some(last)) => {
            walk.area + 0.5 * cross(last, first) + segment(center, last, first)
        }
        // No edge meets the disc: one lies wholly in the other, or they are apart.
        _ if holds_origin(center, corners) => std::f64::consts::PI,
        _ => 0.0,
    }
}

fn cross(p: [f64; 2], q: [f64; 2]) -> f64 {
    p[0] * q[1] - p[1] * q[0]
}

/// Whether the disc's centre lies to the left of every edge.
fn holds_origin(center: [f64; 2], corners: &[[f64; 2]]) -> bool {
    let absolute = |i: usize| {
        let [x, y] = corners[i % corners.len()];
        [center[0] + x, center[1] + y]
    };
    corners.len() > 2 && (0..corners.len()).all(|i| cross(absolute(i), absolute(i + 1)) > 0.0)
}

/// The boundary of the overlap so far, counter-clockwise; points are relative to the parallelogram's centre.
struct Walk {
    center: [f64; 2],
    area: f64,
    first: Option<[f64; 2]>,
    last: Option<[f64; 2]>,
}

impl Walk {
    /// Follows the edge from `p` to `q`: its part inside the disc is a chord of the overlap's boundary.
    fn edge(&mut self, p: [f64; 2], q: [f64; 2]) {
        let d = [q[0] - p[0], q[1] - p[1]];
        let from = [p[0] + self.center[0], p[1] + self.center[1]];
        let length2 = d[0] * d[0] + d[1] * d[1];
        let half_b = from[0] * d[0] + from[1] * d[1];
        // |from|² - 1, without losing what is left of nearly equal numbers.
        let r = from[0].hypot(from[1]);
        let c = (r - 1.0) * (r + 1.0);
        let discriminant = half_b * half_b - length2 * c;
        if discriminant <= 0.0 {
            return;
        }
        let root = discriminant.sqrt();
        // The two roots of the quadratic, each by the form that does not cancel.
        let sum = -(half_b + root.copysign(half_b));
        let (t0, t1) = (c / sum, sum / length2);
        let (t0, t1) = if t0 < t1 { (t0, t1) } else { (t1, t0) };
        if t1 <= 0.0 || t0 >= 1.0 || t0.is_nan() || t1.is_nan() {
            return;
        }
        let at = |t: f64| [p[0] + t * d[0], p[1] + t * d[1]];
        self.arc_to(if t0 > 0.0 { at(t0) } else { p });
        self.line_to(if t1 < 1.0 { at(t1) } else { q });
    }

    /// From the last point to where the next edge enters the disc; to a shared corner that is no way at all.
    fn arc_to(&mut self, point: [f64; 2]) {
        match self.last {
            Some(last) => self.area += 0.5 * cross(last, point) + segment(self.center, last, point),
            None => self.first = Some(point),
        }
        self.last = Some(point);
    }

    fn line_to(&mut self, point: [f64; 2]) {
        if let Some(last) = self.last {
            self.area += 0.5 * cross(last, point);
        }
        self.last = Some(point);
    }
}

/// Area between the chord from `p` to `q` and the unit circle, counter-clockwise from `p`: `(θ - sin θ) / 2`.
fn segment(center: [f64; 2], p: [f64; 2], q: [f64; 2]) -> f64 {
    let chord2 = (q[0] - p[0]).powi(2) + (q[1] - p[1]).powi(2);
    let (from, to) = ([center[0] + p[0], center[1] + p[1]], [center[0] + q[0], center[1] + q[1]]);
    let sin = cross(from, to);
    // A short arc is found from its chord, where angle and sine nearly cancel; a long one from its ends, because
    // near the diameter the chord's length no longer tells the angle.
    if chord2 < SHORT_CHORD2 && sin >= 0.0 {
        return short_segment(chord2 / 4.0);
    }
    let theta = sin.atan2(from[0] * to[0] + from[1] * to[1]);
    let theta = if theta < 0.0 { theta + 2.0 * std::f64::consts::PI } else { theta };
    0.5 * (theta - sin)
}

/// Squared length of the chords for which the series is taken.
const SHORT_CHORD2: f64 = 0.32;

/// Area between a chord and its circle, for `w = chord² / 4r²` and at most a half disc, in units of `r²`.
pub(super) fn segment_of_chord(w: f64) -> f64 {
    if 4.0 * w < SHORT_CHORD2 {
        return short_segment(w);
    }
    let u = w.min(1.0).sqrt();
    u.asin() - u * ((1.0 - u) * (1.0 + u)).sqrt()
}

/// Terms of the series `asin u - u sqrt(1 - u²) = u³ (2/3 + w/5 + 3w²/28 + 5w³/72 + 35w⁴/704 + ...)`, `w = u²`:
/// those of `asin` integrated one by one.
const SERIES: [f64; 14] = {
    let mut terms = [0.0; 14];
    let (mut term, mut k) = (1.0, 0);
    while k < terms.len() {
        let n = k as f64;
        terms[k] = term * 2.0 / (2.0 * n + 3.0);
        term *= (2.0 * n + 1.0) / (2.0 * n + 2.0);
        k += 1;
    }
    terms
};

/// The first terms of the series.
#[inline(always)]
pub(super) fn series<const TERMS: usize>(w: f64) -> f64 {
    // By even and odd powers, which do not wait for each other.
    let (mut even, mut odd, square) = (0.0, 0.0, w * w);
    let mut k = TERMS;
    while k > 0 {
        k -= 1;
        if k.is_multiple_of(2) {
            even = even * square + SERIES[k];
        } else {
            odd = odd * square + SERIES[k];
        }
    }
    even + w * odd
}

/// Area of the segment over a chord of `w = chord² / 4`, by as many terms as it takes.
fn short_segment(w: f64) -> f64 {
    let sum = match w {
        w if w < 1e-3 => series::<6>(w),
        w if w < 1e-2 => series::<8>(w),
        _ => series::<{ SERIES.len() }>(w),
    };
    w * w.sqrt() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_has_the_known_coefficients() {
        for (term, expected) in
            SERIES.into_iter().zip([2.0 / 3.0, 1.0 / 5.0, 3.0 / 28.0, 5.0 / 72.0, 35.0 / 704.0])
        {
            assert!((term - expected).abs() < 1e-16);
        }
    }

    #[test]
    fn series_and_closed_form_meet() {
        let closed = |w: f64| w.sqrt().asin() - w.sqrt() * (1.0 - w).sqrt();
        assert!((short_segment(0.0799) / closed(0.0799) - 1.0).abs() < 1e-14);
        for w in [1e-3, 1e-2] {
            assert!((short_segment(w) / short_segment(w * (1.0 - 1e-16)) - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn a_half_plane_cuts_known_segments() {
        // A parallelogram wide enough to be a half plane x > 0.5 of the unit disc: area acos(.5) - .5 sqrt(.75).
        let area = overlap([5.5, 0.0], [5.0, 0.0], [0.0, 5.0]);
        assert!((area - (0.5f64.acos() - 0.5 * 0.75f64.sqrt())).abs() < 1e-14);
        let area = overlap([4.5, 0.0], [5.0, 0.0], [0.0, 5.0]);
        assert!(
            (area - (std::f64::consts::PI - (0.5f64.acos() - 0.5 * 0.75f64.sqrt()))).abs() < 1e-14
        );
    }

    #[test]
    fn one_in_the_other_or_apart() {
        assert_eq!(overlap([0.2, 0.1], [3.0, 0.0], [0.0, 3.0]), std::f64::consts::PI);
        assert!((overlap([0.2, 0.1], [0.1, 0.0], [0.0, 0.1]) - 0.04).abs() < 1e-17);
        assert_eq!(overlap([4.0, 0.0], [1.0, 0.0], [0.0, 1.0]), 0.0);
        // Tangent from outside.
        assert!(overlap([2.0, 0.0], [1.0, 0.0], [0.0, 1.0]).abs() < 1e-15);
    }
}
