use std::ops::Range;

use astro_coords::{PixelBox, PixelCoord};

use super::{Aperture, Run};

/// A shape whose pixels count wholly or not at all, by their centres: photutils' `center` method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Center<A>(pub A);

impl<A: Aperture> Aperture for Center<A> {
    fn bounds(&self) -> PixelBox {
        self.0.bounds()
    }

    fn contains(&self, at: PixelCoord) -> bool {
        self.0.contains(at)
    }

    fn centers(&self, y: isize, columns: Range<isize>, out: &mut Vec<Range<isize>>) {
        self.0.centers(y, columns, out);
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        f64::from(self.0.contains(PixelCoord::new(x as f64, y as f64)))
    }

    fn area(&self) -> f64 {
        self.0.area()
    }

    fn center(&self) -> PixelCoord {
        self.0.center()
    }
}

/// A shape that is sampled at `samples` × `samples` places in each pixel: photutils' `subpixel` method, SEP's `subpix`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Subpixel<A> {
    /// The shape.
    pub shape: A,
    /// Places along each side of a pixel; 0 counts as 1.
    pub samples: u32,
}

impl<A> Subpixel<A> {
    /// `shape`, sampled at `samples` × `samples` places a pixel.
    pub fn new(shape: A, samples: u32) -> Self {
        Self { shape, samples }
    }
}

impl<A: Aperture> Aperture for Subpixel<A> {
    fn bounds(&self) -> PixelBox {
        self.shape.bounds()
    }

    fn contains(&self, at: PixelCoord) -> bool {
        self.shape.contains(at)
    }

    fn centers(&self, y: isize, columns: Range<isize>, out: &mut Vec<Range<isize>>) {
        self.shape.centers(y, columns, out);
    }

    fn overlap(&self, x: isize, y: isize) -> f64 {
        let n = self.samples.max(1);
        let place = |i: u32| (f64::from(i) + 0.5) / f64::from(n) - 0.5;
        let column = |j: u32| {
            let y = y as f64 + place(j);
            (0..n).filter(|&i| self.shape.contains(PixelCoord::new(x as f64 + place(i), y))).count()
        };
        (0..n).map(column).sum::<usize>() as f64 / (f64::from(n) * f64::from(n))
    }

    fn area(&self) -> f64 {
        self.shape.area()
    }

    fn center(&self) -> PixelCoord {
        self.shape.center()
    }

    fn row(&self, y: isize, x: isize, shares: &mut [f64]) -> Run {
        // The exact row tells where no sampling is needed.
        let run = self.shape.row(y, x, shares);
        for i in (run.touched.start..run.whole.start).chain(run.whole.end..run.touched.end) {
            shares[i] = self.overlap(x + i.cast_signed(), y);
        }
        run
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{rows_are_overlaps, total};
    use super::super::{Annulus, Circle};
    use super::*;

    #[test]
    fn fine_samples_come_near_the_area() {
        let circle = Circle::new((10.2, 10.7), 4.3);
        assert!((total(&Subpixel::new(circle, 100)) / circle.area() - 1.0).abs() < 1e-4);
        rows_are_overlaps(&Subpixel::new(circle, 5), 0.0);
        rows_are_overlaps(&Center(Annulus::new(circle, Circle::new((10.2, 10.7), 2.0))), 0.0);
    }

    #[test]
    fn centers_on_the_edge_are_outside() {
        assert_eq!(total(&Center(Circle::new((20.0, 20.0), 3.0))), 25.0);
        assert_eq!(total(&Subpixel::new(Circle::new((20.0, 20.0), 3.0), 1)), 25.0);
    }
}
