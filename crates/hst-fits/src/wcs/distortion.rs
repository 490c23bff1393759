use super::linear::{self, Matrix};
use super::lookup::LookupTable;
use super::sip::Sip;

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
    pub(super) sip: Option<Sip>,
    pub(super) residual: [Option<LookupTable>; 2],
}

impl Distortion {
    /// The undistorted pixel.
    #[inline]
    pub(super) fn apply(&self, pixel: [f64; 2]) -> [f64; 2] {
        match &self.sip {
            Some(sip) if !self.has_tables() => {
                let shift = sip.shift([pixel[0] - self.origin[0], pixel[1] - self.origin[1]]);
                [pixel[0] + shift[0], pixel[1] + shift[1]]
            }
            _ => self.apply_with_slope(pixel).0,
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
        let (shift, [[fu, fv], [gu, gv]]) = sip.shift_and_slope(offset);
        ([pixel[0] + shift[0], pixel[1] + shift[1]], [[1.0 + fu, fv], [gu, 1.0 + gv]])
    }

    fn has_tables(&self) -> bool {
        self.detector.iter().chain(&self.residual).any(Option::is_some)
    }

    /// The pixel that the distortion moves to `place`; `None` where there is none nearby.
    ///
    /// Newton's method with the exact slopes; the kinks of the tables cost a round or two.
    #[inline]
    pub(super) fn invert(&self, place: [f64; 2]) -> Option<[f64; 2]> {
        let mut pixel = place;
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
