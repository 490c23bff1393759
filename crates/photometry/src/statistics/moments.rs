use astro_coords::{PixelBox, PixelCoord};

use super::Run;

/// Moments of the light in an aperture, `[i][j]` the sum of value · yⁱ xʲ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// About the first pixel of the aperture's box on the image.
    pub raw: [[f64; 4]; 4],
    /// About the centroid.
    pub central: [[f64; 4]; 4],
    /// Centre of light from the first pixel of the box; infinite or NaN where the light sums to zero.
    pub cutout_centroid: PixelCoord,
    /// Centre of light in the image.
    pub centroid: PixelCoord,
}

impl Moments {
    pub(super) const NONE: Self = Self {
        raw: [[f64::NAN; 4]; 4],
        central: [[f64::NAN; 4]; 4],
        cutout_centroid: PixelCoord { x: f64::NAN, y: f64::NAN },
        centroid: PixelCoord { x: f64::NAN, y: f64::NAN },
    };

    /// Of runs of values, where NaN stands for none.
    pub(super) fn of(runs: &[Run], values: &[f64], window: &PixelBox) -> Self {
        let raw = about(runs, values, (0.0, 0.0));
        let (x, y) = (raw[0][1] / raw[0][0], raw[1][0] / raw[0][0]);
        let mut central =
            if runs.is_empty() { Self::NONE.central } else { about(runs, values, (x, y)) };
        central[0][0] = raw[0][0];
        Self {
            raw,
            central,
            cutout_centroid: PixelCoord::new(x, y),
            centroid: PixelCoord::new(window.x.start as f64 + x, window.y.start as f64 + y),
        }
    }

    /// Whether the centroid is known and lies outside the pixels of `bounds`.
    pub(super) fn is_outside(&self, bounds: &PixelBox) -> bool {
        let PixelCoord { x, y } = self.centroid;
        let out = |at: f64, range: &std::ops::Range<isize>| {
            at < range.start as f64 - 0.5 || at > range.end as f64 - 0.5
        };
        out(x, &bounds.x) || out(y, &bounds.y)
    }
}

/// Row by row: the powers of x are summed over a row, and then multiplied by those of its y.
fn about(runs: &[Run], values: &[f64], (x0, y0): (f64, f64)) -> [[f64; 4]; 4] {
    let mut moments = [[0.0; 4]; 4];
    for run in runs {
        let mut row = [0.0; 4];
        let mut x = run.x - x0;
        for value in &values[run.values.clone()] {
            let value = if value.is_nan() { 0.0 } else { *value };
            row[0] += value;
            row[1] += value * x;
            row[2] += value * (x * x);
            row[3] += value * (x * x * x);
            x += 1.0;
        }
        let y = run.y - y0;
        for (powers, scale) in moments.iter_mut().zip([1.0, y, y * y, y * y * y]) {
            powers.iter_mut().zip(row).for_each(|(sum, v)| *sum += scale * v);
        }
    }
    moments
}
