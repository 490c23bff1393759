use super::linear::Matrix;
use super::polynomial::{self, Polynomial, Slopes};
use super::trig::sin_cos;
use super::wide::{BLOCK, Block, each};

/// The inverse of a polynomial distortion over its image: a polynomial fitted to it and one of Newton's steps.
///
/// AP and BP of a header are such a polynomial too, but good to some hundredths of a pixel where they are there at all.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Start {
    /// From the moved place, in half sizes of the image from its middle, to the shift back.
    fit: Polynomial,
    /// Of the image, in pixels from the origin of the distortion.
    middle: [f64; 2],
    /// One over half sizes.
    scale: [f64; 2],
    /// Pixels from the middle: as far as `enough` holds.
    reach: [f64; 2],
    /// A step shorter than that lands within [`EXACT`].
    enough: f64,
}

/// Order of the fitted polynomial: a ten-thousandth of a pixel for ACS/WFC, where a step may be four times as long.
const ORDER: usize = 6;
const TERMS: usize = (ORDER + 1) * (ORDER + 2) / 2;
/// Fitted on as many points along a side.
const SIDE: usize = 12;
/// How far beside the image the fit goes, in parts of its size.
const MARGIN: f64 = 0.05;
/// Pixels.
const EXACT: f64 = 1e-11;

impl Start {
    /// For an image from `low` to `high`, counted from the origin of the polynomial `shift`; `None` where that moves
    /// neighbours by half a pixel differently, which no camera does.
    pub(super) fn fit(shift: &Polynomial, low: [f64; 2], high: [f64; 2]) -> Option<Self> {
        let middle = [0, 1].map(|axis| (low[axis] + high[axis]) / 2.0);
        let half = [0, 1].map(|axis| (high[axis] - low[axis]) * (0.5 + MARGIN));
        let reach = half.map(|half| half + 1.0);
        let [slope, curvature] = shift.bounds([0, 1].map(|axis| middle[axis].abs() + reach[axis]));
        // With a slope below 1/2 the error behind a step is less than the curvature times the step's square.
        let enough = (EXACT / curvature).sqrt().min(0.1);
        let gentle = slope < 0.5 && enough.is_finite();
        let scale = half.map(|half| 1.0 / half);
        let sample = |i: usize| {
            let at = [i % SIDE, i / SIDE].map(chebyshev);
            let pixel = [0, 1].map(|axis| middle[axis] + half[axis] * at[axis]);
            let moved = shift.value(pixel);
            let place = [0, 1].map(|axis| at[axis] + moved[axis] * scale[axis]);
            (powers(place), moved.map(|moved| -moved))
        };
        let fit = gentle.then(|| least_squares((0..SIDE * SIDE).map(sample)))??;
        Some(Self { fit, middle, scale, reach, enough })
    }

    /// The pixel, from the origin of the distortion, that is moved to `place`; NaN where that does not surely land
    /// within 1e-11 of it.
    pub(super) fn invert(&self, shift: &Polynomial, place: [f64; 2]) -> [f64; 2] {
        let back = self.fit.value(self.scaled(place));
        let moved = shift.value_and_slope([place[0] + back[0], place[1] + back[1]]);
        self.step(place, back, moved)
    }

    /// The same of many.
    #[inline(always)]
    pub(super) fn invert_each(&self, shift: &Polynomial, places: &mut Block) {
        let mut at = *places;
        each!(at, |place| self.scaled(place));
        let back = self.fit.value_each(&at);
        for i in 0..BLOCK {
            (at.x[i], at.y[i]) = (places.x[i] + back.x[i], places.y[i] + back.y[i]);
        }
        let moved = shift.value_and_slope_each(&at);
        let Slopes { value, by_u, by_v } = &moved;
        for i in 0..BLOCK {
            let slope = [[by_u.x[i], by_v.x[i]], [by_u.y[i], by_v.y[i]]];
            let pixel = self.step(
                [places.x[i], places.y[i]],
                [back.x[i], back.y[i]],
                ([value.x[i], value.y[i]], slope),
            );
            (places.x[i], places.y[i]) = (pixel[0], pixel[1]);
        }
    }

    /// In half sizes of the image from its middle.
    #[inline(always)]
    fn scaled(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [(x - self.middle[0]) * self.scale[0], (y - self.middle[1]) * self.scale[1]]
    }

    /// One of Newton's steps from the shift `back`, where the distortion is `shift` and has that slope.
    #[inline(always)]
    fn step(
        &self,
        [x, y]: [f64; 2],
        back: [f64; 2],
        (shift, [[fu, fv], [gu, gv]]): ([f64; 2], Matrix),
    ) -> [f64; 2] {
        let (miss_x, miss_y) = (back[0] + shift[0], back[1] + shift[1]);
        let (a, d) = (1.0 + fu, 1.0 + gv);
        let scale = 1.0 / (a * d - fv * gu);
        let (step_x, step_y) =
            ((d * miss_x - fv * miss_y) * scale, (a * miss_y - gu * miss_x) * scale);
        let (x, y) = (x + (back[0] - step_x), y + (back[1] - step_y));
        let sure = (step_x.abs() + step_y.abs() < self.enough)
            & ((x - self.middle[0]).abs() < self.reach[0])
            & ((y - self.middle[1]).abs() < self.reach[1]);
        if sure { [x, y] } else { [f64::NAN; 2] }
    }

    /// About the pixel that is moved to `place`, a thousandth of a pixel or so within the image.
    pub(super) fn guess(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let near = |axis: usize, at: f64| (at - self.middle[axis]).abs() < self.reach[axis];
        let [back_x, back_y] = self.fit.value(self.scaled([x, y]));
        if near(0, x) && near(1, y) { [x + back_x, y + back_y] } else { [x, y] }
    }
}

/// The point `i` of [`SIDE`] between −1 and 1.
fn chebyshev(i: usize) -> f64 {
    sin_cos((i as f64 + 0.5) / SIDE as f64 * 180.0).1
}

/// The products of powers of u and v, in the order of the terms of a polynomial.
fn powers([u, v]: [f64; 2]) -> [f64; TERMS] {
    let mut powers = [0.0; TERMS];
    for (power, (p, q)) in powers.iter_mut().zip(polynomial::powers(ORDER)) {
        *power = polynomial::power(u, p) * polynomial::power(v, q);
    }
    powers
}

/// The polynomials that come nearest to the samples, by the normal equations and Cholesky's decomposition.
fn least_squares(samples: impl Iterator<Item = ([f64; TERMS], [f64; 2])>) -> Option<Polynomial> {
    let mut matrix = [[0.0; TERMS]; TERMS];
    let mut right = [[0.0; 2]; TERMS];
    for (powers, shift) in samples {
        for i in 0..TERMS {
            for j in 0..=i {
                matrix[i][j] += powers[i] * powers[j];
            }
            right[i] = [right[i][0] + powers[i] * shift[0], right[i][1] + powers[i] * shift[1]];
        }
    }
    for i in 0..TERMS {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            let rest = matrix[i][j] - dot;
            matrix[i][j] = if i == j { rest.sqrt() } else { rest / matrix[j][j] };
        }
    }
    for i in 0..TERMS {
        let done = (0..i).map(|k| (matrix[i][k], right[k]));
        right[i] = rest(right[i], done).map(|rest| rest / matrix[i][i]);
    }
    for i in (0..TERMS).rev() {
        let done = (i + 1..TERMS).map(|k| (matrix[k][i], right[k]));
        right[i] = rest(right[i], done).map(|rest| rest / matrix[i][i]);
    }
    let mut terms = right.into_iter();
    let fit = Polynomial::new(ORDER, |_, _| terms.next().ok_or(())).ok()?;
    fit.is_finite().then_some(fit)
}

/// What the known ones leave of a right side.
fn rest(right: [f64; 2], known: impl Iterator<Item = (f64, [f64; 2])>) -> [f64; 2] {
    known.fold(right, |rest, (factor, value)| {
        [rest[0] - factor * value[0], rest[1] - factor * value[1]]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// About the distortion of ACS/WFC.
    fn camera(strength: f64) -> Polynomial {
        let term = |p: usize, q: usize| match (p, q) {
            (2, 0) => [8.6e-6, 2.5e-6],
            (1, 1) => [-5.2e-6, 6.1e-6],
            (0, 2) => [2.3e-6, -7.4e-6],
            (3, 0) => [-4.7e-10, 8e-12],
            (1, 2) => [-5.2e-10, 3e-11],
            (0, 3) => [-2e-11, -4.8e-10],
            (4, 0) => [1.4e-14, 2e-14],
            _ => [0.0; 2],
        };
        let scaled = |p, q| Ok::<_, ()>(term(p, q).map(|term| term * strength));
        Polynomial::new(4, scaled).unwrap()
    }

    #[test]
    fn one_step_is_enough_all_over_the_image() {
        let shift = camera(1.0);
        let start = Start::fit(&shift, [-2048.0, -1024.0], [2048.0, 1024.0]).unwrap();
        let mut guessed = 0.0f64;
        for (x, y) in (0..=64).flat_map(|i| (0..=32).map(move |j| (i, j))) {
            let pixel = [f64::from(x) * 64.0 - 2048.0, f64::from(y) * 64.0 - 1024.0];
            let moved = shift.value(pixel);
            let place = [pixel[0] + moved[0], pixel[1] + moved[1]];
            let off = |at: [f64; 2]| (at[0] - pixel[0]).hypot(at[1] - pixel[1]);
            guessed = guessed.max(off(start.guess(place)));
            assert!(off(start.invert(&shift, place)) < 1e-11, "{pixel:?}");
        }
        assert!(guessed < start.enough / 3.0, "{guessed:e} of {:e}", start.enough);
    }

    #[test]
    fn where_a_step_may_not_be_enough_there_is_none() {
        let shift = camera(1.0);
        let start = Start::fit(&shift, [-2048.0, -1024.0], [2048.0, 1024.0]).unwrap();
        for place in [[4000.0, 0.0], [0.0, -1e5], [f64::NAN, 0.0], [1e300, 1e300]] {
            assert!(start.invert(&shift, place)[0].is_nan(), "{place:?}");
            let guess = start.guess(place);
            assert!(guess == place || guess[0].is_nan());
        }
        // Folded, flat, or no image.
        assert_eq!(Start::fit(&camera(20.0), [-2048.0; 2], [2048.0; 2]), None);
        assert_eq!(Start::fit(&camera(1e300), [-2048.0; 2], [2048.0; 2]), None);
        assert_eq!(Start::fit(&shift, [0.0; 2], [f64::NAN; 2]), None);
        assert_eq!(Start::fit(&shift, [0.0; 2], [1e300; 2]), None);
    }
}
