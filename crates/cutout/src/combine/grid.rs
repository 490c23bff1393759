//! Whether images lie on one grid, and where.

use std::ops::Range;

use astro_coords::PixelCoord;
use hst_fits::Wcs;

use super::input::Input;
use crate::{Error, Result};

/// How far from a whole pixel a shift may be: what is left of header values with 14 digits.
const WHOLE: f64 = 1e-4;
/// The box around all images has at most so many times their pixels.
const MOSTLY_EMPTY: usize = 16;

/// The box around all images, in pixels of the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grid {
    /// `(ny, nx)`
    pub(super) shape: (usize, usize),
    /// Where the first pixel of each image lies, x then y.
    offsets: Vec<[usize; 2]>,
    sizes: Vec<[usize; 2]>,
}

/// The part of an image in some rows of the grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Overlap {
    /// Rows of the image.
    pub(super) rows: Range<usize>,
    /// Where the first of them lies within the rows asked for.
    pub(super) first: usize,
    /// Columns of the grid.
    pub(super) columns: Range<usize>,
}

impl Grid {
    pub(super) fn new(inputs: &[Input<'_>]) -> Result<Self> {
        let first = Reference::new(&inputs[0])?;
        let mut shifts = vec![[0, 0]];
        for input in &inputs[1..] {
            shifts.push(first.shift(input)?);
        }
        let low = [0, 1].map(|axis| shifts.iter().map(|shift| shift[axis]).min().unwrap_or(0));
        let place = |shift: &[isize; 2]| [0, 1].map(|axis| shift[axis].abs_diff(low[axis]));
        let offsets: Vec<_> = shifts.iter().map(place).collect();
        let sizes: Vec<_> = inputs.iter().map(|input| [input.shape.1, input.shape.0]).collect();
        let side = |axis: usize| {
            let ends = offsets.iter().zip(&sizes).map(|(offset, size)| offset[axis] + size[axis]);
            ends.max().unwrap_or(0)
        };
        let shape = (side(1), side(0));
        let all: usize = sizes.iter().map(|[nx, ny]| nx.saturating_mul(*ny)).sum();
        if shape.0.saturating_mul(shape.1) > all.saturating_mul(MOSTLY_EMPTY) {
            let problem = format!(
                "the images are too far apart: the box around them has {} x {} pixels",
                shape.1, shape.0
            );
            return Err(Error::CannotCombine { problem });
        }
        Ok(Self { shape, offsets, sizes })
    }

    /// Where the first pixel of the first image lies, x then y.
    pub(super) fn origin(&self) -> [usize; 2] {
        self.offsets[0]
    }

    /// What image `index` has in the rows `rows`.
    pub(super) fn overlap(&self, index: usize, rows: &Range<usize>) -> Option<Overlap> {
        let ([x, y], [nx, ny]) = (self.offsets[index], self.sizes[index]);
        let (low, high) = (rows.start.max(y), rows.end.min(y + ny));
        (low < high).then(|| Overlap {
            rows: low - y..high - y,
            first: low - rows.start,
            columns: x..x + nx,
        })
    }
}

/// The image the others are held against.
struct Reference<'a> {
    input: &'a Input<'a>,
    wcs: Wcs,
}

impl<'a> Reference<'a> {
    fn new(input: &'a Input<'a>) -> Result<Self> {
        Ok(Self { input, wcs: input.wcs()? })
    }

    /// The pixel of the first image that the first pixel of `other` is.
    fn shift(&self, other: &Input<'_>) -> Result<[isize; 2]> {
        let theirs = other.wcs()?;
        let refuse = |reason: String| Error::DifferentGrids {
            first: self.input.place().to_owned(),
            other: other.place().to_owned(),
            reason,
        };
        let scales = [&self.wcs, &theirs].map(|wcs| wcs.pixel_scale().arcsec());
        // A pixel over the widest image there is.
        if (scales[0] / scales[1] - 1.0).abs() > 1e-6 {
            return Err(refuse(format!(
                "its pixels have {:.6} arcsec and not {:.6}; a mosaic can take both",
                scales[1], scales[0]
            )));
        }
        let (ny, nx) = other.shape;
        let [right, top] = [nx, ny].map(|n| n.saturating_sub(1) as f64);
        let places = [[0.0, 0.0], [right, 0.0], [0.0, top], [right, top], [right / 2.0, top / 2.0]];
        let mut shift = None;
        for [x, y] in places {
            let sky = theirs.to_sky(PixelCoord::new(x, y));
            let here = sky.and_then(|sky| self.wcs.to_pixel(sky)).ok_or_else(|| {
                refuse("it lies where the projection of the first shows nothing".to_owned())
            })?;
            let found = [here.x - x, here.y - y];
            let apart = |a: f64, b: f64| (a - b).abs() > WHOLE;
            let expected = *shift.get_or_insert(found.map(f64::round));
            if apart(found[0], expected[0]) || apart(found[1], expected[1]) {
                return Err(refuse(self.reason(other, found)));
            }
        }
        let [x, y] = shift.unwrap_or_default();
        if x.abs() > 1e9 || y.abs() > 1e9 {
            return Err(refuse(format!("it lies {x} and {y} pixels away")));
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole and checked")]
        let shift = [x as isize, y as isize];
        Ok(shift)
    }

    fn reason(&self, other: &Input<'_>, [x, y]: [f64; 2]) -> String {
        let [ours, theirs] = [self.input, other].map(|input| {
            let value = |keyword| input.image.header.find::<f64>(keyword).ok().flatten();
            [value("CRVAL1").unwrap_or(f64::NAN), value("CRVAL2").unwrap_or(f64::NAN)]
        });
        let far = ours.iter().zip(theirs).any(|(a, b)| (a - b).abs() > 1e-9);
        let how = if far {
            let ([a, b], [c, d]) = (theirs, ours);
            format!("it is projected around {a} {b} and not {c} {d}, as in another projection cell")
        } else {
            format!("it lies {x:.4} and {y:.4} pixels away, which are not whole")
        };
        format!("{how}; a mosaic can take both")
    }
}
