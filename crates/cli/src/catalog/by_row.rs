//! Shapes on an image, found by where they are: with many regions not each of them is held against each other one.

use astro_coords::PixelBox;

/// Things with their boxes of pixels, ordered by the lowest row.
#[derive(Debug)]
pub(super) struct ByRow<T> {
    all: Vec<(PixelBox, T)>,
    /// Rows of the tallest box.
    tallest: isize,
}

impl<T> Default for ByRow<T> {
    fn default() -> Self {
        Self { all: Vec::new(), tallest: 0 }
    }
}

impl<T> FromIterator<(PixelBox, T)> for ByRow<T> {
    /// Empty boxes are left out.
    fn from_iter<I: IntoIterator<Item = (PixelBox, T)>>(all: I) -> Self {
        let mut all: Vec<_> = all.into_iter().filter(|(pixels, _)| !pixels.is_empty()).collect();
        all.sort_by_key(|(pixels, _)| pixels.y.start);
        let tallest = all.iter().map(|(pixels, _)| pixels.y.end - pixels.y.start).max();
        Self { all, tallest: tallest.unwrap_or(0) }
    }
}

impl<T> ByRow<T> {
    /// Those whose boxes have pixels in `window`, and which these are.
    pub(super) fn near(&self, window: &PixelBox) -> impl Iterator<Item = (PixelBox, &T)> {
        let from = window.y.start.saturating_sub(self.tallest);
        let first = self.all.partition_point(|(pixels, _)| pixels.y.start <= from);
        self.all[first..]
            .iter()
            .take_while(|(pixels, _)| pixels.y.start < window.y.end)
            .filter_map(|(pixels, thing)| Some((pixels.intersect(window)?, thing)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_meet_are_found() {
        let boxes: Vec<_> = (0..200_isize)
            .map(|i| {
                let (x, y, side) = (37 * i % 101, 53 * i % 97, 17 * i % 13);
                PixelBox::new(x - 5..x - 5 + side, y - 5..y - 5 + side)
            })
            .collect();
        let by_row: ByRow<usize> = boxes.iter().cloned().zip(0..).collect();
        for window in
            [PixelBox::new(3..9, 4..6), PixelBox::new(-9..200, 0..1), PixelBox::new(0..0, 0..9)]
        {
            let mut found: Vec<_> = by_row.near(&window).map(|(both, i)| (*i, both)).collect();
            found.sort_by_key(|(i, _)| *i);
            let all = boxes.iter().enumerate();
            let wanted: Vec<_> =
                all.filter_map(|(i, pixels)| Some((i, pixels.intersect(&window)?))).collect();
            assert_eq!(found, wanted, "{window:?}");
        }
    }
}
