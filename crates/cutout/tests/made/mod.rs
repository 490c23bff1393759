//! Files made in memory: a science image with coordinates, and what stands beside it.

use std::path::Path;

use hst_fits::{
    Bitpix, FitsFile, Header, Pixels, StoredPixels, Value, WriteOptions, images_to_bytes,
};

/// A file called `made.fits`, whose FILENAME is another.
#[derive(Clone)]
pub(crate) struct Made {
    primary: Header,
    header: Header,
    bitpix: Bitpix,
    shape: (usize, usize),
    more: Vec<usize>,
    values: Option<Vec<f32>>,
    companions: Vec<(String, Option<Vec<f32>>)>,
}

pub(crate) fn memory(bytes: Vec<u8>, name: &str) -> FitsFile {
    FitsFile::from_source(Box::new(bytes), Path::new(name)).unwrap()
}

impl Made {
    /// Near 150, 2 with pixels of 0.04 arcsec, turned; the reference is the middle.
    pub(crate) fn new(bitpix: Bitpix, shape: (usize, usize)) -> Self {
        Self::bare(bitpix, shape).numbers(&[
            ("CD1_1", -1.06e-5),
            ("CD1_2", 3.2e-6),
            ("CD2_1", 3.2e-6),
            ("CD2_2", 1.06e-5),
        ])
    }

    /// Without a matrix.
    pub(crate) fn bare(bitpix: Bitpix, shape: (usize, usize)) -> Self {
        let mut primary = Header::new();
        primary.set("FILENAME", "first_name.fits", "");
        primary.set("TELESCOP", "HST", "telescope");
        primary.set("NEXTEND", 5, "");
        let mut header = Header::new();
        header.set("EXTNAME", "SCI", "");
        header.set("EXTVER", 1, "");
        let (companions, more) = (Vec::new(), Vec::new());
        let made = Self { primary, header, bitpix, shape, more, values: None, companions };
        made.texts(&[("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN"), ("BUNIT", "ELECTRONS/S")])
            .numbers(&[("CRVAL1", 150.0), ("CRVAL2", 2.0)])
            .numbers(&[
                ("CRPIX1", shape.1 as f64 / 2.0 + 0.5),
                ("CRPIX2", shape.0 as f64 / 2.0 + 0.5),
            ])
    }

    pub(crate) fn texts(mut self, cards: &[(&str, &str)]) -> Self {
        cards.iter().for_each(|(keyword, text)| self.header.set(keyword, *text, ""));
        self
    }

    /// Whole numbers are written as integers but for those that describe coordinates.
    pub(crate) fn numbers(mut self, cards: &[(&str, f64)]) -> Self {
        for (keyword, value) in cards {
            let whole = matches!(*keyword, "BLANK" | "A_ORDER" | "B_ORDER");
            let value: Value = if whole { (*value as i64).into() } else { (*value).into() };
            self.header.set(keyword, value, "");
        }
        self
    }

    pub(crate) fn planes(mut self, more: &[usize]) -> Self {
        self.more = more.to_vec();
        self
    }

    pub(crate) fn values(mut self, value: impl Fn(usize) -> f32) -> Self {
        self.values = Some((0..self.shape.0 * self.shape.1).map(value).collect());
        self
    }

    /// Another extension on the same pixels.
    pub(crate) fn companion(mut self, name: &str) -> Self {
        self.companions.push((name.to_owned(), None));
        self
    }

    pub(crate) fn companion_of(mut self, name: &str, value: impl Fn(usize) -> f32) -> Self {
        let values = (0..self.shape.0 * self.shape.1).map(value).collect();
        self.companions.push((name.to_owned(), Some(values)));
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let pixels = |values: &Option<Vec<f32>>| match values {
            Some(values) => StoredPixels::from_slice(self.shape, values).unwrap(),
            None => noise(self.bitpix, (self.shape.0 * self.planes_count(), self.shape.1)),
        };
        let science = pixels(&self.values);
        let others = self.companions.iter().map(|(name, values)| {
            let mut header = self.header.clone();
            header.set("EXTNAME", name.as_str(), "");
            (header, pixels(values))
        });
        let others: Vec<_> = others.collect();
        let mut units = vec![(&self.primary, Pixels::None)];
        units.push((&self.header, Pixels::StoredCube(&self.more, &science)));
        units.extend(
            others.iter().map(|(header, pixels)| (header, Pixels::StoredCube(&self.more, pixels))),
        );
        images_to_bytes(&units, WriteOptions::default()).unwrap()
    }

    fn planes_count(&self) -> usize {
        self.more.iter().product()
    }

    pub(crate) fn file(&self) -> FitsFile {
        memory(self.bytes(), "made.fits")
    }
}

/// Bytes without order, so that every value of every type comes up, NaN with payloads too.
fn noise(bitpix: Bitpix, shape: (usize, usize)) -> StoredPixels {
    let mut state = 1u64;
    let byte = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[1]
    };
    let bytes = (0..shape.0 * shape.1 * bitpix.bytes()).map(byte).collect();
    StoredPixels::new(bitpix, shape, bytes).unwrap()
}
