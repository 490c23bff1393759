use std::ops::Range;

/// A place in an image, counted from zero at the centre of the first pixel: `x` along a row, `y` up the rows.
///
/// The pixel that an array calls `[y, x]` covers `x - 0.5 .. x + 0.5` and `y - 0.5 .. y + 0.5`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PixelCoord {
    /// Position along a row, FITS axis 1.
    pub x: f64,
    /// Position across the rows, FITS axis 2.
    pub y: f64,
}

impl PixelCoord {
    /// A place given by its zero-based coordinates.
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// A place given as FITS and DS9 count, where the centre of the first pixel is (1, 1).
    pub fn from_fits(x: f64, y: f64) -> Self {
        Self { x: x - 1.0, y: y - 1.0 }
    }

    /// The place as FITS and DS9 count it, `(x, y)`.
    pub fn to_fits(self) -> (f64, f64) {
        (self.x + 1.0, self.y + 1.0)
    }

    /// Distance to `other`, in pixels.
    pub fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// Whether both coordinates are finite numbers.
    pub fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }
}

impl From<(f64, f64)> for PixelCoord {
    fn from((x, y): (f64, f64)) -> Self {
        Self { x, y }
    }
}

/// A box of whole pixels, upper ends excluded; it may reach outside an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PixelBox {
    /// Columns, `x.start <= x < x.end`.
    pub x: Range<isize>,
    /// Rows, `y.start <= y < y.end`.
    pub y: Range<isize>,
}

impl PixelBox {
    /// The box of the columns `x` and the rows `y`.
    pub const fn new(x: Range<isize>, y: Range<isize>) -> Self {
        Self { x, y }
    }

    /// The box that covers an image of `shape` `(ny, nx)`.
    pub fn of_shape(shape: (usize, usize)) -> Self {
        let end = |n: usize| isize::try_from(n).unwrap_or(isize::MAX);
        Self { x: 0..end(shape.1), y: 0..end(shape.0) }
    }

    /// Size as arrays count it, `(ny, nx)`; an inverted range counts as empty.
    pub fn shape(&self) -> (usize, usize) {
        (length(&self.y), length(&self.x))
    }

    /// Whether no pixel is in the box.
    pub fn is_empty(&self) -> bool {
        self.x.is_empty() || self.y.is_empty()
    }

    /// The pixels in both boxes; `None` where there are none.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let both = Self { x: overlap(&self.x, &other.x), y: overlap(&self.y, &other.y) };
        (!both.is_empty()).then_some(both)
    }

    /// Whether every pixel of `other` is in this box; an empty box is in every box.
    pub fn contains_box(&self, other: &Self) -> bool {
        other.is_empty() || self.intersect(other).as_ref() == Some(other)
    }
}

fn length(range: &Range<isize>) -> usize {
    if range.is_empty() { 0 } else { range.end.abs_diff(range.start) }
}

fn overlap(a: &Range<isize>, b: &Range<isize>) -> Range<isize> {
    a.start.max(b.start)..a.end.min(b.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pixel_is_one_in_fits() {
        assert_eq!(PixelCoord::from_fits(1.0, 1.0), PixelCoord::new(0.0, 0.0));
        assert_eq!(PixelCoord::new(4.5, -2.0).to_fits(), (5.5, -1.0));
    }

    #[test]
    fn boxes_intersect() {
        let image = PixelBox::of_shape((10, 20));
        assert_eq!(image.shape(), (10, 20));
        let over_the_edge = PixelBox::new(-5..3, 8..15);
        assert_eq!(image.intersect(&over_the_edge), Some(PixelBox::new(0..3, 8..10)));
        assert_eq!(image.intersect(&PixelBox::new(20..25, 0..5)), None);
        assert!(image.contains_box(&PixelBox::new(0..20, 0..10)));
        assert!(!image.contains_box(&over_the_edge));
    }

    #[test]
    #[expect(clippy::reversed_empty_ranges, reason = "an inverted box is what is tested")]
    fn an_inverted_box_is_empty() {
        let inverted = PixelBox::new(5..2, 0..3);
        assert!(inverted.is_empty());
        assert_eq!(inverted.shape(), (3, 0));
    }
}
