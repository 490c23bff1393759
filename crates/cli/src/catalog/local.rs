//! The pixels that the local sky of a source is taken from.

use astro_coords::{PixelBox, PixelCoord};
use photometry::Aperture;

use super::view::Others;

/// Pixels whose centres lie in one of some shapes and in none of others.
#[derive(Debug)]
pub(super) struct PixelSet<'a> {
    shapes: Vec<Box<dyn Aperture>>,
    without: Vec<&'a dyn Aperture>,
    bounds: PixelBox,
}

impl<'a> PixelSet<'a> {
    /// What is in `shapes` and in none of `others` but the region `own`.
    pub(super) fn new(shapes: Vec<Box<dyn Aperture>>, others: &'a Others, own: i64) -> Self {
        let bounds = shapes.iter().map(|shape| shape.bounds()).filter(|b| !b.is_empty());
        let around = |a: PixelBox, b: PixelBox| {
            PixelBox::new(
                a.x.start.min(b.x.start)..a.x.end.max(b.x.end),
                a.y.start.min(b.y.start)..a.y.end.max(b.y.end),
            )
        };
        let bounds = bounds.reduce(around).unwrap_or_default();
        let near = others.near(&bounds).filter(|(_, (number, _))| *number != Some(own));
        let without = near.map(|(_, (_, shape))| &**shape).collect();
        Self { shapes, without, bounds }
    }
}

impl Aperture for PixelSet<'_> {
    fn bounds(&self) -> PixelBox {
        self.bounds.clone()
    }

    fn contains(&self, at: PixelCoord) -> bool {
        self.shapes.iter().any(|shape| shape.contains(at))
            && !self.without.iter().any(|shape| shape.contains(at))
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        f64::from(self.contains(PixelCoord::new(x as f64, y as f64)))
    }

    fn area(&self) -> f64 {
        self.shapes.iter().map(|shape| shape.area()).sum()
    }
}

/// A shape moved by whole pixels, so that every pixel keeps its share.
#[derive(Debug)]
pub(super) struct Moved<'a> {
    shape: &'a dyn Aperture,
    x: isize,
    y: isize,
}

impl<'a> Moved<'a> {
    /// `shape` with the middle of its box nearest to `at`.
    pub(super) fn to(shape: &'a dyn Aperture, at: PixelCoord) -> Self {
        let from = shape.center();
        #[expect(clippy::cast_possible_truncation, reason = "in an image")]
        let step = |from: f64, to: f64| (to - from).round() as isize;
        Self { shape, x: step(from.x, at.x), y: step(from.y, at.y) }
    }
}

impl Aperture for Moved<'_> {
    fn bounds(&self) -> PixelBox {
        let PixelBox { x, y } = self.shape.bounds();
        PixelBox::new(x.start + self.x..x.end + self.x, y.start + self.y..y.end + self.y)
    }

    fn contains(&self, at: PixelCoord) -> bool {
        self.shape.contains(PixelCoord::new(at.x - self.x as f64, at.y - self.y as f64))
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        self.shape.overlap(x - self.x, y - self.y)
    }

    fn area(&self) -> f64 {
        self.shape.area()
    }

    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> photometry::aperture::Run {
        self.shape.row(y - self.y, x - self.x, shares)
    }
}
