//! The field of seven galaxies in the Coma cluster that the notebook measured, as an archive of small images:
//! true places, outlines and shares of the bytes, with pixels twenty times as wide.

use std::path::{Path, PathBuf};

use hst_fits::{Header, Pixels, write_images};

/// How much wider a pixel is than the true one, where nothing else is said.
const COARSER: f64 = 20.0;
/// Where the images lie, RA and Dec in degrees.
const PLACE: (f64, f64) = (195.127, 28.0676);

/// RA and Dec in degrees, radius in arcsec, text, and the area the notebook printed, arcsec².
pub(crate) const REGIONS: [(f64, f64, f64, &str, f64); 7] = [
    (195.1359275, 28.0587217, 7.267, "A", 165.905291),
    (195.1289479, 28.0535667, 2.581, "C", 20.927913),
    (195.1149117, 28.0566078, 4.844, "E", 73.715389),
    (195.1082671, 28.0624211, 4.620, "F", 67.055412),
    (195.1121000, 28.0808456, 3.335, "G", 34.941506),
    (195.1437250, 28.0800333, 2.337, "B", 17.158030),
    (195.1243850, 28.0669169, 3.058, "D", 29.378177),
];

/// The images the notebook fetched: name, true bytes, and how far from the place of those it used, in arcsec east
/// and north. One UVIS image cuts region G.
pub(crate) const IMAGES: [(&str, u64, (f64, f64)); 12] = [
    ("hst_14182_15_wfc3_uvis_f336w_icwr15", 282_726_720, (300.0, 0.0)),
    ("hst_14182_16_wfc3_uvis_f336w_icwr16", 282_726_720, (0.0, 157.0)),
    ("hst_14182_19_wfc3_uvis_f336w_icwr19", 282_726_720, (-300.0, 60.0)),
    ("hst_14182_20_wfc3_uvis_f336w_icwr20", 282_726_720, (0.0, 0.0)),
    ("hst_10861_02_acs_wfc_f475w_j9ty02", 306_984_960, (0.0, 0.0)),
    ("hst_10861_03_acs_wfc_f475w_j9ty03", 312_134_400, (360.0, 60.0)),
    ("hst_10861_09_acs_wfc_f475w_j9ty09", 307_105_920, (-360.0, -60.0)),
    ("hst_14182_16_acs_wfc_f475w_jcwr16", 445_901_760, (60.0, 390.0)),
    ("hst_10861_02_acs_wfc_f814w_j9ty02", 306_984_960, (0.0, 0.0)),
    ("hst_10861_03_acs_wfc_f814w_j9ty03", 312_134_400, (360.0, 60.0)),
    ("hst_10861_09_acs_wfc_f814w_j9ty09", 307_105_920, (-360.0, -60.0)),
    ("hst_14182_16_acs_wfc_f814w_jcwr16", 445_887_360, (60.0, 390.0)),
];

/// The three images that the notebook used.
pub(crate) const USED: [&str; 3] = [
    "hst_14182_20_wfc3_uvis_f336w_icwr20_drc.fits",
    "hst_10861_02_acs_wfc_f475w_j9ty02_drc.fits",
    "hst_10861_02_acs_wfc_f814w_j9ty02_drc.fits",
];

/// Writes the images and `coma.reg` into `folder`; gives the paths of the images.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) fn write(folder: &Path) -> Vec<PathBuf> {
    write_with(folder, COARSER, &IMAGES)
}

/// As [`write`], of these images with pixels so much wider.
pub(crate) fn write_with(
    folder: &Path,
    coarser: f64,
    images: &[(&str, u64, (f64, f64))],
) -> Vec<PathBuf> {
    let region = |(ra, dec, radius, text, _): &(f64, f64, f64, &str, f64)| {
        format!("circle({ra},{dec},{radius}\") # text={{{text}}}\n")
    };
    let text: String = REGIONS.iter().map(region).collect();
    std::fs::write(folder.join("coma.reg"), format!("icrs\n{text}")).expect("a region file");
    let image = |(number, image): (usize, &(&str, u64, (f64, f64)))| {
        let path = folder.join(format!("{}_drc.fits", image.0));
        write_image(&path, number, *image, coarser);
        path
    };
    images.iter().enumerate().map(image).collect()
}

/// A DRC-like file: science, weight and context planes of one shape.
fn write_image(
    path: &Path,
    number: usize,
    (name, bytes, shift): (&str, u64, (f64, f64)),
    coarser: f64,
) {
    let geometry = Geometry::of(name, bytes, shift, coarser);
    let words: Vec<_> = name.split('_').collect();
    let filter = words[5].to_uppercase();
    let mut primary = Header::new();
    primary.set("TELESCOP", "HST", "");
    primary.set("INSTRUME", words[3].to_uppercase(), "");
    primary.set("DETECTOR", words[4].to_uppercase(), "");
    if words[3] == "acs" {
        primary.set("FILTER1", if filter == "F475W" { "F475W" } else { "CLEAR1L" }, "");
        primary.set("FILTER2", if filter == "F475W" { "CLEAR2L" } else { "F814W" }, "");
    } else {
        primary.set("FILTER", filter.as_str(), "");
    }
    let start = 54_000.0 + number as f64;
    primary.set("ROOTNAME", words[6], "");
    primary.set("EXPSTART", start, "");
    primary.set("EXPEND", start + 0.02, "");
    primary.set("EXPTIME", 1000.0 + number as f64, "");
    primary.set("D001PIXF", 1.0, "");
    primary.set("D001FVAL", "INDEF", "");
    let shape = geometry.shape;
    let science = geometry.pixels(number as u64);
    let (weight, context) = (vec![1000.0_f32; science.len()], vec![1_i32; science.len()]);
    write_images(
        path,
        &[
            (&primary, Pixels::None),
            (&geometry.header("SCI"), Pixels::F32(shape, &science)),
            (&geometry.header("WHT"), Pixels::F32(shape, &weight)),
            (&geometry.header("CTX"), Pixels::I32(shape, &context)),
        ],
    )
    .expect("an image");
}

/// Plain TAN, north up, as fitted to the positions that the notebook printed.
struct Geometry {
    /// arcsec
    scale: f64,
    crpix: (f64, f64),
    /// `(ny, nx)`
    shape: (usize, usize),
}

impl Geometry {
    fn of(name: &str, bytes: u64, (east, north): (f64, f64), coarser: f64) -> Self {
        let (scale, crpix, nx) = if name.contains("uvis") {
            (0.03962, (1619.9968, 2753.8137), 4855.0)
        } else {
            (0.05, (2775.7843, 1521.2656), 5200.0)
        };
        // Three planes of four bytes a pixel.
        let ny = bytes as f64 / 12.0 / nx;
        let crpix = (crpix.0 + east / scale, crpix.1 - north / scale);
        let coarse = |pixel: f64| (pixel - 0.5) / coarser + 0.5;
        Self {
            scale: scale * coarser,
            crpix: (coarse(crpix.0), coarse(crpix.1)),
            shape: ((ny / coarser) as usize, (nx / coarser) as usize),
        }
    }

    fn header(&self, name: &str) -> Header {
        let degrees = self.scale / 3600.0;
        let mut header = Header::new();
        header.set("EXTNAME", name, "");
        header.set("EXTVER", 1, "");
        for (keyword, value) in [
            ("CRPIX1", self.crpix.0),
            ("CRPIX2", self.crpix.1),
            ("CRVAL1", PLACE.0),
            ("CRVAL2", PLACE.1),
            ("CD1_1", -degrees),
            ("CD1_2", 0.0),
            ("CD2_1", 0.0),
            ("CD2_2", degrees),
            ("PHOTFLAM", 1.3e-18),
            ("PHOTPLAM", 3354.0),
        ] {
            header.set(keyword, value, "");
        }
        header.set("CTYPE1", "RA---TAN", "");
        header.set("CTYPE2", "DEC--TAN", "");
        header.set("RADESYS", "ICRS", "");
        header.set("BUNIT", "ELECTRONS/S", "");
        header
    }

    /// Noise, and a galaxy in every region that lies in the image.
    fn pixels(&self, seed: u64) -> Vec<f32> {
        let (ny, nx) = self.shape;
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut noise = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f64 / (1u64 << 24) as f64 - 0.5
        };
        let galaxies: Vec<_> = REGIONS.iter().map(|region| self.galaxy(region)).collect();
        let pixel = |at: usize| {
            let (x, y) = ((at % nx) as f64 + 1.0, (at / nx) as f64 + 1.0);
            let light = galaxies
                .iter()
                .map(|(x0, y0, r)| 20.0 * (-((x - x0).powi(2) + (y - y0).powi(2)) / (r * r)).exp());
            (0.3 + 0.1 * noise() + light.sum::<f64>()) as f32
        };
        (0..ny * nx).map(pixel).collect()
    }

    /// Place and size of a galaxy in pixels; near enough to flat here.
    fn galaxy(&self, &(ra, dec, radius, ..): &(f64, f64, f64, &str, f64)) -> (f64, f64, f64) {
        let east = (ra - PLACE.0) * PLACE.1.to_radians().cos() * 3600.0;
        let north = (dec - PLACE.1) * 3600.0;
        let (x, y) = (self.crpix.0 - east / self.scale, self.crpix.1 + north / self.scale);
        (x, y, radius / 2.0 / self.scale)
    }
}
