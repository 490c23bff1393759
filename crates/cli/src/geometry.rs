//! An image as regions see it: every coordinate system a region file may name, from one header.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow};
use astro_coords::{PixelCoord, SkyCoord};
use ds9_regions::{Affine, Alternate, PixelAxes};
use hst_fits::{Header, Keywords, LookupTables, Wcs};

/// The coordinate systems of one image, for [`ds9_regions::ImageFrame`].
#[derive(Debug)]
pub(crate) struct RegionImage {
    sky: Sky,
    shape: Option<(usize, usize)>,
    physical: Option<Affine>,
    detector: Option<Affine>,
    amplifier: Option<Affine>,
    linear: Option<Affine>,
    alternates: BTreeMap<char, Other>,
}

#[derive(Debug)]
enum Other {
    Sky(Box<Sky>),
    Plain(Affine),
}

impl RegionImage {
    /// The image of a FITS file, SCI or else the first one, or a header as text with one card a line.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        if !crate::open::is_remote(path)
            && is_text(path).with_context(|| format!("cannot read {name}"))?
        {
            let text = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
            return Self::of_text(&text).with_context(|| format!("no image in {name}"));
        }
        let file = crate::open::fits(path)?;
        let hdu = file.find("SCI", None).or_else(|_| file.first_image())?;
        let wcs = file.wcs(hdu, None)?;
        let tables = file.lookup_tables(hdu)?;
        Ok(Self::new(wcs, &hdu.header, &tables, hdu.shape()))
    }

    fn of_text(text: &[u8]) -> anyhow::Result<Self> {
        let text = String::from_utf8_lossy(text);
        let mut cards = String::with_capacity(text.len() * 2);
        for (number, line) in text.lines().map(str::trim_end).enumerate() {
            if line == "END" {
                break;
            }
            if line.chars().count() > 80 {
                return Err(anyhow!("line {}: a card has at most 80 characters", number + 1));
            }
            cards += &format!("{line:<80}");
        }
        cards += &format!("{:<80}", "END");
        let header = Header::parse(cards.as_bytes()).ok_or_else(|| anyhow!("it has no cards"))?;
        let side = |axis| {
            let given = ["ZNAXIS", "NAXIS"].map(|name| header.float(&format!("{name}{axis}")));
            given.into_iter().flatten().next().map(|side| side as usize)
        };
        let shape = side(2).zip(side(1));
        let tables = LookupTables::default();
        Ok(Self::new(Wcs::from_keywords(&header, None, &tables)?, &header, &tables, shape))
    }

    /// `wcs` is the primary description in `header`, `shape` is `(ny, nx)`. Alternates that cannot be read
    /// are taken for absent: only a region that names one misses it.
    pub(crate) fn new(
        wcs: Wcs,
        header: &impl Keywords,
        tables: &LookupTables,
        shape: impl Into<Option<(usize, usize)>>,
    ) -> Self {
        let other = |letter: char| {
            header.float(&format!("CRVAL1{letter}"))?;
            match Wcs::from_keywords(header, Some(letter), tables) {
                Ok(wcs) => Some((letter, Other::Sky(Box::new(Sky(wcs))))),
                Err(_) => Some((letter, Other::Plain(plain_axes(header, Some(letter))?))),
            }
        };
        Self {
            sky: Sky(wcs),
            shape: shape.into(),
            physical: transform(header, "LT"),
            detector: transform(header, "DT"),
            amplifier: transform(header, "AT"),
            linear: plain_axes(header, None),
            alternates: ('A'..='Z').filter_map(other).collect(),
        }
    }
}

impl ds9_regions::Wcs for RegionImage {
    fn to_pixel(&self, place: SkyCoord) -> Option<PixelCoord> {
        self.sky.to_pixel(place)
    }

    fn to_sky(&self, pixel: PixelCoord) -> Option<SkyCoord> {
        self.sky.to_sky(pixel)
    }

    fn jacobian(&self, pixel: PixelCoord) -> Option<[[f64; 2]; 2]> {
        self.sky.jacobian(pixel)
    }

    fn shape(&self) -> Option<(usize, usize)> {
        self.shape
    }

    fn pixel_axes(&self, axes: PixelAxes) -> Option<Affine> {
        match axes {
            PixelAxes::Physical => self.physical,
            PixelAxes::Detector => self.detector,
            PixelAxes::Amplifier => self.amplifier,
        }
    }

    fn alternate(&self, letter: char) -> Option<Alternate<'_>> {
        Some(match self.alternates.get(&letter)? {
            Other::Sky(wcs) => Alternate::Sky(&**wcs),
            Other::Plain(axes) => Alternate::Plain(*axes),
        })
    }

    fn linear(&self) -> Option<Affine> {
        self.linear
    }
}

/// Whether a file has lines where a FITS file has its first two cards.
fn is_text(path: &Path) -> std::io::Result<bool> {
    let mut start = Vec::with_capacity(160);
    File::open(path)?.take(160).read_to_end(&mut start)?;
    Ok(!start.starts_with(b"\x1f\x8b") && start.contains(&b'\n'))
}

/// A celestial description alone.
#[derive(Debug)]
struct Sky(Wcs);

impl ds9_regions::Wcs for Sky {
    fn to_pixel(&self, place: SkyCoord) -> Option<PixelCoord> {
        self.0.to_pixel(place)
    }

    fn to_sky(&self, pixel: PixelCoord) -> Option<SkyCoord> {
        self.0.to_sky(pixel)
    }

    fn jacobian(&self, pixel: PixelCoord) -> Option<[[f64; 2]; 2]> {
        self.0.jacobian(pixel)
    }
}

/// IRAF's LTM and LTV and DS9's DTM, ATM: `image = M · other + V`; one card makes the rest default to identity.
fn transform(header: &impl Keywords, kind: &str) -> Option<Affine> {
    let matrix = |i: usize, j: usize| header.float(&format!("{kind}M{i}_{j}"));
    let offset = |i: usize| header.float(&format!("{kind}V{i}"));
    let given = [matrix(1, 1), matrix(1, 2), matrix(2, 1), matrix(2, 2), offset(1), offset(2)];
    given.iter().any(Option::is_some).then(|| Affine {
        matrix: [
            [given[0].unwrap_or(1.0), given[1].unwrap_or(0.0)],
            [given[2].unwrap_or(0.0), given[3].unwrap_or(1.0)],
        ],
        offset: [given[4].unwrap_or(0.0), given[5].unwrap_or(0.0)],
    })
}

/// World coordinates read as plain numbers (FITS standard 4.0, section 8.2): the way to image pixels.
fn plain_axes(header: &impl Keywords, letter: Option<char>) -> Option<Affine> {
    let suffix = letter.map(String::from).unwrap_or_default();
    let number = |keyword: String| header.float(&format!("{keyword}{suffix}"));
    let (cd, pc) = (|i, j| number(format!("CD{i}_{j}")), |i, j| number(format!("PC{i}_{j}")));
    let has_cd = [(1, 1), (1, 2), (2, 1), (2, 2)].iter().any(|&(i, j)| cd(i, j).is_some());
    let element = |i: usize, j: usize| {
        if has_cd {
            return cd(i, j).unwrap_or(0.0);
        }
        let unit = if i == j { 1.0 } else { 0.0 };
        pc(i, j).unwrap_or(unit) * number(format!("CDELT{i}")).unwrap_or(1.0)
    };
    let matrix = [[element(1, 1), element(1, 2)], [element(2, 1), element(2, 2)]];
    let at = |name: &str, axis| number(format!("{name}{axis}"));
    let pixel = [at("CRPIX", 1).unwrap_or(0.0), at("CRPIX", 2).unwrap_or(0.0)];
    let world = Affine { matrix, offset: [0.0, 0.0] }.apply(pixel);
    let world = [at("CRVAL", 1)? - world[0], at("CRVAL", 2)? - world[1]];
    Affine { matrix, offset: world }.inverse()
}

#[cfg(test)]
mod tests {
    use hst_fits::Header;

    use super::*;
    use ds9_regions::Wcs as _;

    fn image(cards: &[&str]) -> RegionImage {
        let sky = [
            "CTYPE1  = 'RA---TAN'",
            "CTYPE2  = 'DEC--TAN'",
            "CRVAL1  = 150.0",
            "CRVAL2  = 2.0",
            "CRPIX1  = 50.0",
            "CRPIX2  = 60.0",
            "CD1_1   = -1.0E-5",
            "CD2_2   = 1.0E-5",
        ];
        let text: String =
            sky.iter().chain(cards).chain(&["END"]).map(|card| format!("{card:<80}")).collect();
        let header = Header::parse(text.as_bytes()).unwrap();
        let tables = LookupTables::default();
        let wcs = Wcs::from_keywords(&header, None, &tables).unwrap();
        RegionImage::new(wcs, &header, &tables, (120, 100))
    }

    #[test]
    fn physical_axes_take_what_is_not_given_from_the_identity() {
        let cut = image(&["LTV1    = -300.0", "LTM2_2  = 0.5"]);
        let physical = cut.pixel_axes(PixelAxes::Physical).unwrap();
        assert_eq!(physical.apply([310.0, 40.0]), [10.0, 20.0]);
        assert!(cut.pixel_axes(PixelAxes::Detector).is_none());
        assert!(image(&[]).pixel_axes(PixelAxes::Physical).is_none());
    }

    #[test]
    fn alternates_are_celestial_or_plain() {
        let cards = [
            "CTYPE1A = 'GLON-TAN'",
            "CTYPE2A = 'GLAT-TAN'",
            "CRVAL1A = 10.0",
            "CRVAL2A = 20.0",
            "CRPIX1A = 50.0",
            "CRPIX2A = 60.0",
            "CDELT1A = -1.0E-5",
            "CDELT2A = 1.0E-5",
            "CTYPE1P = 'DETX'",
            "CRVAL1P = 1000.0",
            "CRVAL2P = 2000.0",
            "CRPIX1P = 1.0",
            "CDELT1P = 2.0",
        ];
        let image = image(&cards);
        let Some(Alternate::Sky(galactic)) = image.alternate('A') else { panic!() };
        let center = galactic.to_sky(PixelCoord::new(49.0, 59.0)).unwrap();
        let (l, b) = astro_coords::Frame::Galactic.from_icrs(center);
        assert!((l.degrees() - 10.0).abs() < 1e-9 && (b.degrees() - 20.0).abs() < 1e-9);
        let Some(Alternate::Plain(plain)) = image.alternate('P') else { panic!() };
        assert_eq!(plain.apply([1004.0, 2003.0]), [3.0, 3.0]);
        assert!(image.alternate('B').is_none());
    }

    #[test]
    fn the_primary_description_is_also_plain_numbers() {
        let linear = image(&[]).linear().unwrap();
        let [x, y] = linear.apply([150.0 - 1e-5, 2.0 + 2e-5]);
        assert!((x - 51.0).abs() < 1e-6 && (y - 62.0).abs() < 1e-6, "{x} {y}");
    }
}
