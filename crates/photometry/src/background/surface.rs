use astro_coords::{PixelBox, PixelCoord};
use ndarray::{Array2, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis};
use rayon::prelude::*;

use super::mesh::Grid;
use super::sextractor_spline::SExtractorSpline;
use super::spline::{coefficients, reflect, weights};
use crate::stats::median_in_place;
use crate::vectors::{Loop, run};
use crate::{Error, MaskSource, Pixel, Result};

/// A mesh drawn over the pixels of an image: at a point, along a row, in a window, or as a full map, in `f64`.
///
/// Between the centres of the boxes runs a cubic B-spline, kept between the mesh's lowest and highest value, as
/// `scipy.ndimage.zoom` draws it in grid mode. A box at the upper edge is centred as if it were whole.
#[derive(Debug, Clone)]
pub struct Surface {
    mesh: Array2<f64>,
    grid: Grid,
    curve: Curve,
}

#[derive(Debug, Clone)]
enum Curve {
    Flat(f64),
    SExtractor(SExtractorSpline),
    Spline { coefficients: Array2<f64>, phases: Phases, lowest: f64, highest: f64 },
}

/// Columns that are evaluated at once; their numbers stay in the first cache.
const PIECE: usize = 512;

impl Surface {
    pub(crate) fn new(mesh: Array2<f64>, grid: Grid) -> Self {
        let lowest = mesh.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = mesh.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let curve = if lowest == highest {
            Curve::Flat(lowest)
        } else {
            let phases = Phases::new(grid.box_size.1);
            Curve::Spline { coefficients: coefficients(&mesh), phases, lowest, highest }
        };
        Self { mesh, grid, curve }
    }

    /// The surface of SExtractor.
    pub(crate) fn sextractor(mesh: Array2<f64>, grid: Grid) -> Self {
        let curve = Curve::SExtractor(SExtractorSpline::new(mesh.clone()));
        Self { mesh, grid, curve }
    }

    /// A surface that may leave the range of its mesh.
    pub(crate) fn unbounded(mesh: Array2<f64>, grid: Grid) -> Self {
        let mut surface = Self::new(mesh, grid);
        if let Curve::Spline { lowest, highest, .. } = &mut surface.curve {
            (*lowest, *highest) = (f64::NEG_INFINITY, f64::INFINITY);
        }
        surface
    }

    /// Values at the centres of the boxes, `[row of boxes, column of boxes]`.
    pub fn mesh(&self) -> ArrayView2<'_, f64> {
        self.mesh.view()
    }

    /// Shape of the image, `(ny, nx)`.
    pub fn shape(&self) -> (usize, usize) {
        self.grid.shape
    }

    /// Size of a box in pixels, `(ny, nx)`.
    pub fn box_size(&self) -> (usize, usize) {
        self.grid.box_size
    }

    /// Median of the mesh.
    pub fn median(&self) -> f64 {
        median_in_place(&mut self.mesh.iter().copied().collect::<Vec<_>>())
    }

    /// Value at a place, also between pixel centres; beyond the image the surface is mirrored.
    pub fn at(&self, place: PixelCoord) -> f64 {
        match &self.curve {
            Curve::Flat(value) => *value,
            Curve::SExtractor(spline) => self.sextractor_at(spline, place.y, place.x),
            Curve::Spline { coefficients, lowest, highest, .. } => {
                let (my, mx) = coefficients.dim();
                let (ky, wy) = knot(place.y, self.grid.box_size.0);
                let (kx, wx) = knot(place.x, self.grid.box_size.1);
                let along = |row: usize| -> f64 {
                    (0..4)
                        .map(|b| wx[b] * coefficients[(row, reflect(kx - 1 + b.cast_signed(), mx))])
                        .sum()
                };
                let value: f64 =
                    (0..4).map(|a| wy[a] * along(reflect(ky - 1 + a.cast_signed(), my))).sum();
                clamp(value, *lowest, *highest)
            }
        }
    }

    /// Values of the pixels `x .. x + out.len()` of row `y`; only those four columns of boxes around them are touched.
    pub fn row(&self, y: isize, x: isize, out: &mut [f64]) {
        self.draw(y, x, out);
    }

    #[inline(always)]
    fn draw(&self, y: isize, x: isize, out: &mut [f64]) {
        match &self.curve {
            Curve::Flat(value) => out.fill(*value),
            Curve::SExtractor(spline) => {
                let columns = (0..).map(|k: isize| (x + k) as f64);
                out.iter_mut()
                    .zip(columns)
                    .for_each(|(v, x)| *v = self.sextractor_at(spline, y as f64, x));
            }
            Curve::Spline { coefficients, phases, lowest, highest } => {
                let across = Across::new(coefficients, self.grid.box_size.0, y);
                phases.draw(&across, x, out);
                out.iter_mut().for_each(|v| *v = clamp(*v, *lowest, *highest));
            }
        }
    }

    /// Values of the pixels of `window`, `[y, x]` from its first corner.
    pub fn window(&self, window: &PixelBox) -> Array2<f64> {
        let mut out = Array2::zeros(window.shape());
        for (mut row, y) in out.rows_mut().into_iter().zip(window.y.clone()) {
            if let Some(row) = row.as_slice_mut() {
                self.row(y, window.x.start, row);
            }
        }
        out
    }

    /// Values of all pixels. 8 bytes a pixel: prefer [`window`](Self::window), [`at`](Self::at) or
    /// [`subtract_from`](Self::subtract_from) on large images.
    pub fn map(&self) -> Array2<f64> {
        let mut out = Array2::zeros(self.grid.shape);
        self.each_piece(out.view_mut(), |pixels, values| pixels.copy_from_slice(values));
        out
    }

    /// Values of all pixels, with `fill` where `uncovered` masks one, as photutils' `coverage_mask` does.
    ///
    /// # Errors
    /// When the mask has another shape than the image, or cannot be read.
    pub fn map_covered(&self, uncovered: &dyn MaskSource, fill: f64) -> Result<Array2<f64>> {
        super::check_mask(Some(uncovered), self.grid.shape, "the coverage mask")?;
        let mut out = self.map();
        let (_, nx) = self.grid.shape;
        let mut masked = vec![false; nx];
        for (mut row, y) in out.rows_mut().into_iter().zip(0_isize..) {
            let window = PixelBox::new(0..nx.cast_signed(), y..y + 1);
            crate::source::read_mask(uncovered, &window, &mut masked)?;
            row.iter_mut().zip(&masked).filter(|(_, m)| **m).for_each(|(v, _)| *v = fill);
        }
        Ok(out)
    }

    /// Writes the map to `out`, rounded once to its number type.
    ///
    /// # Errors
    /// When `out` has another shape than the image.
    pub fn write_to<P: Pixel>(&self, out: ArrayViewMut2<'_, P>) -> Result<()> {
        self.check_shape(&out)?;
        self.each_piece(out, |pixels, values| {
            pixels.iter_mut().zip(values).for_each(|(p, v)| *p = P::from_f64(*v));
        });
        Ok(())
    }

    /// Subtracts the surface from `image` in place: in `f64`, then rounded once. NaN stays NaN.
    ///
    /// # Errors
    /// When `image` has another shape than the surface.
    pub fn subtract_from<P: Pixel>(&self, image: ArrayViewMut2<'_, P>) -> Result<()> {
        self.check_shape(&image)?;
        self.each_piece(
            image,
            #[inline(always)]
            |pixels: &mut [P], values: &[f64]| {
                pixels.iter_mut().zip(values).for_each(|(p, v)| *p = P::from_f64(p.to_f64() - v));
            },
        );
        Ok(())
    }

    /// SExtractor counts rows from their lower edge and columns from their centre.
    fn sextractor_at(&self, spline: &SExtractorSpline, y: f64, x: f64) -> f64 {
        let (by, bx) = self.grid.box_size;
        spline.at(y / by as f64 - 0.5, (x + 0.5) / bx as f64 - 0.5)
    }

    fn check_shape<P>(&self, array: &ArrayViewMut2<'_, P>) -> Result<()> {
        let (image, found) = (self.grid.shape, array.dim());
        if image == found { Ok(()) } else { Err(Error::Shape { what: "the array", image, found }) }
    }

    /// Calls `apply` with runs of pixels and their values, rows in parallel.
    fn each_piece<P: Pixel>(
        &self,
        mut pixels: ArrayViewMut2<'_, P>,
        apply: impl Fn(&mut [P], &[f64]) + Sync,
    ) {
        let mut rows: Vec<_> = pixels.axis_iter_mut(Axis(0)).collect();
        let pieces = |(y, row): (usize, &mut ArrayViewMut1<'_, P>)| {
            run(Pieces { surface: self, y: y.cast_signed(), row, apply: &apply });
        };
        rows.par_iter_mut().enumerate().for_each(pieces);
    }
}

/// The pieces of one row, compiled for the vectors of the machine it runs on.
struct Pieces<'a, 'b, P, F> {
    surface: &'a Surface,
    y: isize,
    row: &'a mut ArrayViewMut1<'b, P>,
    apply: &'a F,
}

impl<P: Pixel, F: Fn(&mut [P], &[f64])> Loop for Pieces<'_, '_, P, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { surface, y, row, apply } = self;
        let mut values = [0.0; PIECE];
        let mut spare = [P::default(); PIECE];
        for (mut piece, x) in row.axis_chunks_iter_mut(Axis(0), PIECE).zip((0..).step_by(PIECE)) {
            let values = &mut values[..piece.len()];
            surface.draw(y, x, values);
            if let Some(pixels) = piece.as_slice_mut() {
                apply(pixels, values);
            } else {
                let spare = &mut spare[..piece.len()];
                spare.iter_mut().zip(&piece).for_each(|(s, p)| *s = *p);
                apply(spare, values);
                piece.iter_mut().zip(spare).for_each(|(p, s)| *p = *s);
            }
        }
    }
}

#[inline(always)]
fn clamp(value: f64, lowest: f64, highest: f64) -> f64 {
    let value = if value < lowest { lowest } else { value };
    if value > highest { highest } else { value }
}

/// The second of the four coefficients around pixel coordinate `p`, and the weights of the four.
fn knot(p: f64, box_size: usize) -> (isize, [f64; 4]) {
    let x = (p + 0.5) / box_size as f64 - 0.5;
    (x.floor() as isize, weights(x - x.floor()))
}

/// The coefficients across one row of pixels: four rows of the mesh, weighed and summed.
struct Across<'a> {
    rows: [ndarray::ArrayView1<'a, f64>; 4],
    weights: [f64; 4],
}

impl<'a> Across<'a> {
    #[inline(always)]
    fn new(coefficients: &'a Array2<f64>, box_size: usize, y: isize) -> Self {
        let (k, weights) = knot(y as f64, box_size);
        let row = |a: isize| coefficients.row(reflect(k - 1 + a, coefficients.nrows()));
        Self { rows: [row(0), row(1), row(2), row(3)], weights }
    }

    #[inline(always)]
    fn get(&self, k: isize) -> f64 {
        let i = reflect(k, self.rows[0].len());
        let [a, b, c, d] = self.weights;
        a * self.rows[0][i] + b * self.rows[1][i] + c * self.rows[2][i] + d * self.rows[3][i]
    }
}

/// The weights along a row, which repeat with every box: `table[tap][pixel of the box]`.
#[derive(Debug, Clone)]
struct Phases {
    table: [Vec<f64>; 4],
}

impl Phases {
    fn new(box_size: usize) -> Self {
        let at = |tap: usize| (0..box_size).map(move |q| knot(q as f64, box_size).1[tap]).collect();
        Self { table: [at(0), at(1), at(2), at(3)] }
    }

    /// Values from column `x` on. Within each half of a box the same four coefficients serve.
    #[inline(always)]
    fn draw(&self, across: &Across<'_>, x: isize, out: &mut [f64]) {
        let size = self.table[0].len();
        let half = size / 2;
        let mut m = x.div_euclid(size.cast_signed());
        let mut q = x.rem_euclid(size.cast_signed()).unsigned_abs();
        let mut rest = out;
        while !rest.is_empty() {
            let (end, first) = if q < half { (half, m - 2) } else { (size, m - 1) };
            let (now, later) = rest.split_at_mut(rest.len().min(end - q));
            let c = [
                across.get(first),
                across.get(first + 1),
                across.get(first + 2),
                across.get(first + 3),
            ];
            self.combine(&c, q, now);
            q += now.len();
            if q == size {
                (q, m) = (0, m + 1);
            }
            rest = later;
        }
    }

    #[inline(always)]
    fn combine(&self, c: &[f64; 4], q: usize, out: &mut [f64]) {
        let [a, b, d, e] = &self.table;
        let (a, b) = (&a[q..q + out.len()], &b[q..q + out.len()]);
        let (d, e) = (&d[q..q + out.len()], &e[q..q + out.len()]);
        for (i, v) in out.iter_mut().enumerate() {
            *v = c[0] * a[i] + c[1] * b[i] + c[2] * d[i] + c[3] * e[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surface(shape: (usize, usize), box_size: (usize, usize)) -> Surface {
        let grid = Grid::new(shape, box_size);
        let mesh =
            Array2::from_shape_fn(grid.count, |(j, i)| ((3 * j + 5 * i) as f64).sin() + j as f64);
        Surface::new(mesh, grid)
    }

    #[test]
    fn a_row_a_point_a_window_and_the_map_agree() {
        let surface = surface((50, 71), (16, 7));
        let map = surface.map();
        let window = PixelBox::new(3..60, 11..40);
        let part = surface.window(&window);
        for ((y, x), value) in part.indexed_iter() {
            assert_eq!(*value, map[(y + 11, x + 3)]);
            let at = surface.at(PixelCoord::new((x + 3) as f64, (y + 11) as f64));
            assert!((at - value).abs() < 1e-13, "{x} {y}: {at} {value}");
        }
    }

    #[test]
    fn the_surface_passes_through_the_centres_of_the_boxes() {
        let surface = surface((45, 63), (9, 7));
        for ((j, i), value) in surface.mesh().indexed_iter() {
            let at = PixelCoord::new((i * 7 + 3) as f64, (j * 9 + 4) as f64);
            assert!((surface.at(at) - value).abs() < 1e-13);
        }
    }

    #[test]
    fn beyond_the_image_the_surface_is_mirrored() {
        let surface = surface((32, 32), (8, 8));
        let (mut out, mut inside) = ([0.0; 4], [0.0; 4]);
        surface.row(-2, -4, &mut out);
        surface.row(1, 0, &mut inside);
        inside.reverse();
        for (a, b) in out.iter().zip(inside) {
            assert!((a - b).abs() < 1e-14);
        }
    }

    #[test]
    fn subtraction_rounds_once() {
        let surface = surface((20, 30), (4, 5));
        let mut image = Array2::<f32>::from_elem((20, 30), 1000.0);
        image[(3, 4)] = f32::NAN;
        surface.subtract_from(image.view_mut()).unwrap();
        for ((at, value), level) in image.indexed_iter().zip(&surface.map()) {
            assert!(at == (3, 4) || *value == (1000.0 - level) as f32);
        }
        assert!(image[(3, 4)].is_nan());
        let mut turned = Array2::<f32>::from_elem((30, 20), 1000.0);
        surface.subtract_from(turned.view_mut().reversed_axes()).unwrap();
        assert_eq!(turned[(7, 6)], image[(6, 7)]);
        assert!(surface.subtract_from(turned.view_mut()).is_err());
    }
}
