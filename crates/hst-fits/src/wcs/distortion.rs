use super::linear::{self, Matrix};
use super::lookup::LookupTable;
use super::polynomial::Polynomial;
use super::start::Start;
use super::wide::{BLOCK, Block, each};

/// What bends the pixels before the linear step: D2IM, then SIP and CPDIS together.
///
/// # Source
/// FITS distortion paper (Calabretta et al. 2004, draft), and the order in which HST's headers mean it: the
/// detector's correction first, polynomial and CPDIS both from the corrected pixel (Hack et al. 2012, ASPC
/// 461; astropy `all_pix2world`).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Distortion {
    /// CRPIX in zero-based pixels: where the polynomial's u and v are zero.
    pub(super) origin: [f64; 2],
    pub(super) detector: [Option<LookupTable>; 2],
    pub(super) sip: Option<Polynomial>,
    /// For the inverse of the polynomial.
    pub(super) start: Option<Start>,
    pub(super) residual: [Option<LookupTable>; 2],
}

impl Distortion {
    /// The undistorted pixel.
    pub(super) fn apply(&self, pixel: [f64; 2]) -> [f64; 2] {
        match &self.sip {
            Some(sip) if !self.has_tables() => {
                let shift = sip.value([pixel[0] - self.origin[0], pixel[1] - self.origin[1]]);
                [pixel[0] + shift[0], pixel[1] + shift[1]]
            }
            _ => self.apply_with_slope(pixel).0,
        }
    }

    /// The same of many.
    #[inline(always)]
    pub(super) fn apply_each(&self, pixels: &mut Block) {
        let Some(sip) = self.sip.as_ref().filter(|_| !self.has_tables()) else {
            each!(pixels, |pixel| self.apply_with_slope(pixel).0);
            return;
        };
        let mut offsets = *pixels;
        each!(offsets, |pixel| [pixel[0] - self.origin[0], pixel[1] - self.origin[1]]);
        let shift = sip.value_each(&offsets);
        for i in 0..BLOCK {
            (pixels.x[i], pixels.y[i]) = (pixels.x[i] + shift.x[i], pixels.y[i] + shift.y[i]);
        }
    }

    /// The undistorted pixel and its derivatives by the pixel.
    #[inline]
    pub(super) fn apply_with_slope(&self, pixel: [f64; 2]) -> ([f64; 2], Matrix) {
        if !self.has_tables() {
            return self.bend(pixel);
        }
        let (on_detector, first) = add_tables(&self.detector, pixel, (pixel, linear::UNITY));
        let bent = self.bend(on_detector);
        let (place, second) = add_tables(&self.residual, on_detector, bent);
        (place, linear::multiply(&second, &first))
    }

    /// The polynomial alone.
    #[inline]
    fn bend(&self, pixel: [f64; 2]) -> ([f64; 2], Matrix) {
        let Some(sip) = &self.sip else { return (pixel, linear::UNITY) };
        let offset = [pixel[0] - self.origin[0], pixel[1] - self.origin[1]];
        let (shift, [[fu, fv], [gu, gv]]) = sip.value_and_slope(offset);
        ([pixel[0] + shift[0], pixel[1] + shift[1]], [[1.0 + fu, fv], [gu, 1.0 + gv]])
    }

    fn has_tables(&self) -> bool {
        self.detector.iter().chain(&self.residual).any(Option::is_some)
    }

    /// The pixel that the distortion moves to `place`; `None` where there is none nearby.
    pub(super) fn invert(&self, place: [f64; 2]) -> Option<[f64; 2]> {
        let sure = self.quick().map(|(sip, start)| {
            let from_origin = [place[0] - self.origin[0], place[1] - self.origin[1]];
            let pixel = start.invert(sip, from_origin);
            [pixel[0] + self.origin[0], pixel[1] + self.origin[1]]
        });
        sure.filter(|pixel| !pixel[0].is_nan()).or_else(|| self.search(place))
    }

    /// The same of many, NaN where there is none; the first `count` are looked at.
    #[inline(always)]
    pub(super) fn invert_each(&self, places: &mut Block, count: usize) {
        let wanted = *places;
        match self.quick() {
            Some((sip, start)) => {
                each!(places, |place| [place[0] - self.origin[0], place[1] - self.origin[1]]);
                start.invert_each(sip, places);
                each!(places, |pixel| [pixel[0] + self.origin[0], pixel[1] + self.origin[1]]);
            }
            None => *places = Block { x: [f64::NAN; BLOCK], y: [f64::NAN; BLOCK] },
        }
        for i in 0..count {
            if places.x[i].is_nan() {
                let found = self.search([wanted.x[i], wanted.y[i]]);
                [places.x[i], places.y[i]] = found.unwrap_or([f64::NAN; 2]);
            }
        }
    }

    /// A polynomial alone, and how it is inverted.
    fn quick(&self) -> Option<(&Polynomial, &Start)> {
        self.sip.as_ref().zip(self.start.as_ref()).filter(|_| !self.has_tables())
    }

    /// Newton's method with the exact slopes; the kinks of the tables cost a round or two.
    fn search(&self, place: [f64; 2]) -> Option<[f64; 2]> {
        let from = |place: [f64; 2], by: f64| {
            [place[0] + by * self.origin[0], place[1] + by * self.origin[1]]
        };
        let mut pixel =
            self.start.as_ref().map_or(place, |start| from(start.guess(from(place, -1.0)), 1.0));
        for _ in 0..MAX_ROUNDS {
            let (there, slope) = self.apply_with_slope(pixel);
            let miss = [there[0] - place[0], there[1] - place[1]];
            let step = linear::apply(&linear::invert(&slope)?, miss);
            pixel = [pixel[0] - step[0], pixel[1] - step[1]];
            let moved = step[0].abs() + step[1].abs();
            if moved < CONVERGED {
                return Some(pixel);
            }
            if moved.is_nan() || moved > FARTHEST {
                return None;
            }
        }
        None
    }

    pub(super) fn shift(&mut self, by: [f64; 2]) {
        self.origin = [self.origin[0] - by[0], self.origin[1] - by[1]];
        for table in self.detector.iter_mut().chain(&mut self.residual).flatten() {
            table.shift(by);
        }
    }
}

const MAX_ROUNDS: usize = 25;
/// Pixels. Steps shrink quadratically: the error after this one is far below 1e-12.
const CONVERGED: f64 = 1e-7;
/// Pixels. A step as long has left every detector.
const FARTHEST: f64 = 1e6;

/// Adds each axis' table at `pixel` to the value and the slopes.
fn add_tables(
    tables: &[Option<LookupTable>; 2],
    pixel: [f64; 2],
    (mut value, mut slope): ([f64; 2], Matrix),
) -> ([f64; 2], Matrix) {
    for (axis, table) in tables.iter().enumerate() {
        if let Some(table) = table {
            let (shift, [by_x, by_y]) = table.shift_and_slope(pixel);
            value[axis] += shift;
            slope[axis][0] += by_x;
            slope[axis][1] += by_y;
        }
    }
    (value, slope)
}
