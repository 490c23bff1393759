use astro_coords::PixelBox;
use ndarray::{ArrayBase, Data, Ix2, s};

use crate::{Error, Result};

/// Whatever a source of pixels reports when it cannot read.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// A pixel's number: `f32` or `f64`. All arithmetic is in `f64`.
pub trait Pixel: kernel::Ordered {
    /// The number in `f64`, exactly.
    fn to_f64(self) -> f64;
    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;
}

/// Pixels that are read window by window: an array, or a file through an adapter.
///
/// Whoever measures asks for the rows in use only, so a source that reads from a file never has the whole
/// image in memory. Several threads may read at once.
pub trait PixelSource: Sync {
    /// The number a pixel holds.
    type Pixel: Pixel;

    /// Shape of the image, `(ny, nx)`.
    fn shape(&self) -> (usize, usize);

    /// Copies the pixels of `window`, row by row, to `out`, which has just that length.
    ///
    /// # Errors
    /// When the window is not wholly in the image, or cannot be read.
    fn read(&self, window: &PixelBox, out: &mut [Self::Pixel]) -> Result<(), SourceError>;

    /// Row `y`, where it lies in memory in one piece already; spares the copy.
    fn row(&self, y: usize) -> Option<&[Self::Pixel]> {
        let _ = y;
        None
    }
}

/// Pixels to leave out, asked for window by window.
pub trait MaskSource: Sync {
    /// Sets `out` to true where a pixel of `window` is masked, row by row, and leaves the rest as it is.
    ///
    /// # Errors
    /// When the window is not wholly in the image, or cannot be read.
    fn mask(&self, window: &PixelBox, out: &mut [bool]) -> Result<(), SourceError>;

    /// Shape `(ny, nx)`, if the mask has one: it must then be the image's.
    fn shape(&self) -> Option<(usize, usize)> {
        None
    }
}

impl<P: Pixel, S: Data<Elem = P> + Sync> PixelSource for ArrayBase<S, Ix2> {
    type Pixel = P;

    fn shape(&self) -> (usize, usize) {
        self.dim()
    }

    fn read(&self, window: &PixelBox, out: &mut [P]) -> Result<(), SourceError> {
        for (to, from) in out.iter_mut().zip(part(self, window)?) {
            *to = *from;
        }
        Ok(())
    }

    fn row(&self, y: usize) -> Option<&[P]> {
        let (ny, nx) = self.dim();
        let all = self.as_slice().filter(|_| y < ny)?;
        all.get(y * nx..(y + 1) * nx)
    }
}

impl<S: Data<Elem = bool> + Sync> MaskSource for ArrayBase<S, Ix2> {
    fn mask(&self, window: &PixelBox, out: &mut [bool]) -> Result<(), SourceError> {
        for (to, from) in out.iter_mut().zip(part(self, window)?) {
            *to |= *from;
        }
        Ok(())
    }

    fn shape(&self) -> Option<(usize, usize)> {
        Some(self.dim())
    }
}

/// The pixels of `window`, row by row.
fn part<'a, A, S: Data<Elem = A>>(
    array: &'a ArrayBase<S, Ix2>,
    window: &PixelBox,
) -> Result<impl Iterator<Item = &'a A>, SourceError> {
    let shape = array.dim();
    if !PixelBox::of_shape(shape).contains_box(window) {
        return Err(format!("the window reaches outside the array of shape {shape:?}").into());
    }
    Ok(array.slice(s![window.y.clone(), window.x.clone()]).into_iter())
}

/// Reads a window and says which, if it cannot.
pub(crate) fn read<S: PixelSource>(
    source: &S,
    window: &PixelBox,
    out: &mut [S::Pixel],
) -> Result<()> {
    source.read(window, out).map_err(|source| Error::Read { window: window.clone(), source })
}

/// Clears `out` and sets it where `mask` masks a pixel of `window`.
pub(crate) fn read_mask(mask: &dyn MaskSource, window: &PixelBox, out: &mut [bool]) -> Result<()> {
    out.fill(false);
    mask.mask(window, out).map_err(|source| Error::Read { window: window.clone(), source })
}

pub(crate) mod kernel {
    use std::cmp::Ordering;
    use std::fmt::Debug;

    /// What selection needs of a number; sealed.
    pub trait Ordered: Copy + Debug + Default + PartialOrd + Send + Sync + 'static {
        const LOWEST: Self;
        const HIGHEST: Self;
        fn finite(self) -> bool;
        fn order(&self, other: &Self) -> Ordering;
        /// Puts finite numbers in ascending order.
        fn sort(values: &mut [Self]);
        /// The least number that is not below `bound`.
        fn at_least(bound: f64) -> Self;
        /// The greatest number that is not above `bound`.
        fn at_most(bound: f64) -> Self;
    }

    impl Ordered for f64 {
        const LOWEST: Self = Self::NEG_INFINITY;
        const HIGHEST: Self = Self::INFINITY;
        fn finite(self) -> bool {
            self.is_finite()
        }
        fn order(&self, other: &Self) -> Ordering {
            self.total_cmp(other)
        }
        fn sort(values: &mut [Self]) {
            // As whole numbers in the order of the values, which compare in one step.
            let key = |v: &Self| {
                let bits = v.to_bits().cast_signed();
                bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
            };
            let mut keys: Vec<i64> = values.iter().map(key).collect();
            keys.sort_unstable();
            for (value, key) in values.iter_mut().zip(keys) {
                let bits = key ^ ((key >> 63).cast_unsigned() >> 1).cast_signed();
                *value = Self::from_bits(bits.cast_unsigned());
            }
        }
        fn at_least(bound: f64) -> Self {
            bound
        }
        fn at_most(bound: f64) -> Self {
            bound
        }
    }

    impl Ordered for f32 {
        const LOWEST: Self = Self::NEG_INFINITY;
        const HIGHEST: Self = Self::INFINITY;
        fn finite(self) -> bool {
            self.is_finite()
        }
        fn order(&self, other: &Self) -> Ordering {
            self.total_cmp(other)
        }
        fn sort(values: &mut [Self]) {
            let key = |v: &Self| {
                let bits = v.to_bits().cast_signed();
                bits ^ ((bits >> 31).cast_unsigned() >> 1).cast_signed()
            };
            let mut keys: Vec<i32> = values.iter().map(key).collect();
            keys.sort_unstable();
            for (value, key) in values.iter_mut().zip(keys) {
                let bits = key ^ ((key >> 31).cast_unsigned() >> 1).cast_signed();
                *value = Self::from_bits(bits.cast_unsigned());
            }
        }
        fn at_least(bound: f64) -> Self {
            let near = bound as Self;
            if f64::from(near) < bound { near.next_up() } else { near }
        }
        fn at_most(bound: f64) -> Self {
            let near = bound as Self;
            if f64::from(near) > bound { near.next_down() } else { near }
        }
    }
}

impl Pixel for f32 {
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn from_f64(value: f64) -> Self {
        value as Self
    }
}

impl Pixel for f64 {
    fn to_f64(self) -> f64 {
        self
    }
    fn from_f64(value: f64) -> Self {
        value
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::kernel::Ordered;
    use super::*;

    #[test]
    fn a_window_of_an_array_is_read_row_by_row() {
        let image: Array2<f32> = array![[0., 1., 2.], [3., 4., 5.], [6., 7., 8.]];
        let mut out = [0.0_f32; 4];
        image.read(&PixelBox::new(1..3, 1..3), &mut out).unwrap();
        assert_eq!(out, [4., 5., 7., 8.]);
        assert_eq!(PixelSource::row(&image, 2), Some(&[6.0_f32, 7., 8.][..]));
        assert_eq!(PixelSource::row(&image.t(), 0), None);
        assert!(image.read(&PixelBox::new(1..4, 0..2), &mut out).is_err());
    }

    #[test]
    fn numbers_are_sorted_as_by_their_total_order() {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888);
            ((state >> 33) as f64 - 1e9) * 1e-3
        };
        let mut values: Vec<f64> = (0..999).map(|_| next()).chain([0.0, -0.0, f64::MAX]).collect();
        let mut single: Vec<f32> = values.iter().map(|v| *v as f32).collect();
        let (mut expected, mut same) = (values.clone(), single.clone());
        expected.sort_by(f64::total_cmp);
        same.sort_by(f32::total_cmp);
        f64::sort(&mut values);
        f32::sort(&mut single);
        assert!(values.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert!(single.iter().zip(&same).all(|(a, b)| a.to_bits() == b.to_bits()));
    }

    #[test]
    fn bounds_round_inwards() {
        let between = f64::from(1.0_f32) + 1e-12;
        assert_eq!(f32::at_most(between), 1.0);
        assert_eq!(f32::at_least(between), 1.0_f32.next_up());
        assert_eq!(f32::at_most(1e300), f32::MAX);
        assert_eq!(f32::at_least(f64::NEG_INFINITY), f32::NEG_INFINITY);
    }
}
