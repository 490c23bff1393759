/// The lookup tables a header's CPDIS and D2IMDIS refer to, one for each pixel axis where there is one.
///
/// They are images of other HDUs: `WCSDVARR` for CPDIS (in HST files the NPOL correction) and `D2IMARR` for
/// D2IMDIS (the detector's columns), found by the EXTVER that `DP1.EXTVER` or `D2IM1.EXTVER` names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LookupTables {
    /// Tables of extension `WCSDVARR`, each with its EXTVER.
    pub wcsdvarr: Vec<(i64, LookupTable)>,
    /// Tables of extension `D2IMARR`, each with its EXTVER.
    pub d2imarr: Vec<(i64, LookupTable)>,
}

/// A regular grid of shifts in pixels, interpolated linearly and held constant outside.
#[derive(Debug, Clone, PartialEq)]
pub struct LookupTable {
    shape: (usize, usize),
    crpix: [f64; 2],
    crval: [f64; 2],
    cdelt: [f64; 2],
    values: Vec<f32>,
}

impl LookupTable {
    /// A table of `shape` `(ny, nx)`, its `values` row by row, with the CRPIX, CRVAL and CDELT of its own
    /// header: entry CRPIX lies at pixel CRVAL (both counted from one, as FITS does), entries CDELT apart.
    ///
    /// `None` where the values do not fill the shape, or a number is not finite, or CDELT is zero.
    pub fn new(
        shape: (usize, usize),
        values: Vec<f32>,
        crpix: [f64; 2],
        crval: [f64; 2],
        cdelt: [f64; 2],
    ) -> Option<Self> {
        let filled = shape.0.checked_mul(shape.1) == Some(values.len()) && !values.is_empty();
        let finite = crpix.iter().chain(&crval).chain(&cdelt).all(|number| number.is_finite());
        let sound = filled && finite && !cdelt.contains(&0.0);
        sound.then_some(Self { shape, crpix, crval, cdelt, values })
    }

    /// Moves the table along with a cutout whose first pixel is `by`.
    pub(super) fn shift(&mut self, by: [f64; 2]) {
        self.crval = [self.crval[0] - by[0], self.crval[1] - by[1]];
    }

    /// The shift at the zero-based pixel, and its slope along x and y.
    pub(super) fn shift_and_slope(&self, pixel: [f64; 2]) -> (f64, [f64; 2]) {
        let (x, wx, dx) = self.place(0, pixel[0], self.shape.1);
        let (y, wy, dy) = self.place(1, pixel[1], self.shape.0);
        let right = (x + 1).min(self.shape.1 - 1);
        let above = (y + 1).min(self.shape.0 - 1);
        let at = |x: usize, y: usize| f64::from(self.values[y * self.shape.1 + x]);
        let corners = [[at(x, y), at(right, y)], [at(x, above), at(right, above)]];
        let row = |row: [f64; 2]| row[0] * (1.0 - wx) + row[1] * wx;
        let (low, high) = (row(corners[0]), row(corners[1]));
        let tilt = |row: [f64; 2]| row[1] - row[0];
        let along = tilt(corners[0]) * (1.0 - wy) + tilt(corners[1]) * wy;
        (low * (1.0 - wy) + high * wy, [along * dx, (high - low) * dy])
    }

    /// Entry below, weight of the next one, and entries a pixel (zero where the table is held constant).
    fn place(&self, axis: usize, pixel: f64, size: usize) -> (usize, f64, f64) {
        let entry = (pixel + 1.0 - self.crval[axis]) / self.cdelt[axis] + self.crpix[axis] - 1.0;
        let last = (size - 1) as f64;
        let held = if entry.is_finite() { entry.clamp(0.0, last) } else { f64::NAN };
        let below = held.floor();
        let slope = if held == entry { 1.0 / self.cdelt[axis] } else { 0.0 };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the table; NaN becomes 0 and stays NaN in the weight"
        )]
        (below as usize, held - below, slope)
    }
}
