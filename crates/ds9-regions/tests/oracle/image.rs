//! An image as DS9 had it open when it answered, from the header alone.

use std::collections::BTreeMap;
use std::path::Path;

use astro_coords::{PixelCoord, SkyCoord};
use ds9_regions::{Affine, Alternate, PixelAxes, Wcs};
use hst_fits::{Header, LookupTables};

pub(crate) struct Image {
    wcs: hst_fits::Wcs,
    shape: (usize, usize),
    physical: Option<Affine>,
    plain: BTreeMap<char, Affine>,
}

impl Image {
    pub(crate) fn read(path: &Path) -> Self {
        let mut cards = Vec::new();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            cards.extend(format!("{line:<80}").into_bytes());
        }
        cards.extend(format!("{:<80}", "END").into_bytes());
        let header = Header::parse(&cards).unwrap();
        let number = |keyword: &str| header.find::<f64>(keyword).ok().flatten();
        let side = |keyword: &str| number(keyword).unwrap() as usize;
        let wcs = hst_fits::Wcs::from_keywords(&header, None, &LookupTables::default()).unwrap();
        let physical = number("LTM1_1").map(|ltm| Affine {
            matrix: [[ltm, 0.0], [0.0, number("LTM2_2").unwrap()]],
            offset: [number("LTV1").unwrap(), number("LTV2").unwrap()],
        });
        let plain = ('A'..='Z').filter_map(|letter| {
            let key = |name: &str, axis| number(&format!("{name}{axis}{letter}"));
            let scale = [1, 2].map(|axis| key("CDELT", axis));
            let [x, y] = [scale[0]?, scale[1]?];
            let image = Affine {
                matrix: [[1.0 / x, 0.0], [0.0, 1.0 / y]],
                offset: [
                    key("CRPIX", 1)? - key("CRVAL", 1)? / x,
                    key("CRPIX", 2)? - key("CRVAL", 2)? / y,
                ],
            };
            Some((letter, image))
        });
        let plain = plain.collect();
        Self { wcs, shape: (side("NAXIS2"), side("NAXIS1")), physical, plain }
    }

    /// Whether the image shows the sky as from behind.
    pub(crate) fn mirrored(&self) -> bool {
        let [[a, b], [c, d]] = self.wcs.jacobian(PixelCoord::new(1000.0, 1000.0)).unwrap();
        a * d - b * c > 0.0
    }

    /// Arc seconds a pixel.
    pub(crate) fn pixel_seconds(&self) -> f64 {
        self.wcs.pixel_scale().arcsec()
    }
}

impl Wcs for Image {
    fn to_pixel(&self, place: SkyCoord) -> Option<PixelCoord> {
        self.wcs.to_pixel(place)
    }

    fn to_sky(&self, pixel: PixelCoord) -> Option<SkyCoord> {
        self.wcs.to_sky(pixel)
    }

    fn jacobian(&self, pixel: PixelCoord) -> Option<[[f64; 2]; 2]> {
        self.wcs.jacobian(pixel)
    }

    fn shape(&self) -> Option<(usize, usize)> {
        Some(self.shape)
    }

    fn pixel_axes(&self, axes: PixelAxes) -> Option<Affine> {
        self.physical.filter(|_| axes == PixelAxes::Physical)
    }

    fn alternate(&self, letter: char) -> Option<Alternate<'_>> {
        self.plain.get(&letter).copied().map(Alternate::Plain)
    }
}
