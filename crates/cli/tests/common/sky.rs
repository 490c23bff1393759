//! Small images of known skies, written as drizzled products are, and what a perfect measurement of them gives.

use std::path::Path;

use hst_fits::{Header, Pixels, write_images};

/// An image of `n` × `n` pixels around a place.
#[derive(Debug, Clone)]
pub(crate) struct Sky {
    pub(crate) n: usize,
    pub(crate) center: [f64; 2],
    /// arcsec east and north (rows) per pixel in x and y (columns)
    pub(crate) matrix: [[f64; 2]; 2],
    pub(crate) cards: Vec<(&'static str, hst_fits::Value)>,
}

impl Default for Sky {
    /// North is up, pixels of 0.05 arcsec.
    fn default() -> Self {
        let cards = [
            ("TELESCOP", "HST".into()),
            ("INSTRUME", "ACS".into()),
            ("DETECTOR", "WFC".into()),
            ("FILTER1", "CLEAR1L".into()),
            ("FILTER2", "F814W".into()),
            ("BUNIT", "ELECTRONS/S".into()),
            ("EXPTIME", 1000.0.into()),
            ("PHOTFLAM", 7.0486e-20.into()),
            ("PHOTPLAM", 8045.45.into()),
            ("EXPSTART", 58000.0.into()),
        ];
        Self {
            n: 120,
            center: [150.0, -30.0],
            matrix: [[-0.05, 0.0], [0.0, 0.05]],
            cards: cards.into(),
        }
    }
}

impl Sky {
    /// The same with one keyword changed or added.
    pub(crate) fn with(mut self, keyword: &'static str, value: impl Into<hst_fits::Value>) -> Self {
        self.cards.retain(|(known, _)| *known != keyword);
        self.cards.push((keyword, value.into()));
        self
    }

    /// arcsec² a pixel
    pub(crate) fn pixel_area(&self) -> f64 {
        let [[a, b], [c, d]] = self.matrix;
        (a * d - b * c).abs()
    }

    /// arcsec west and north of the middle, at a place in pixels from 0.
    pub(crate) fn offset(&self, x: f64, y: f64) -> [f64; 2] {
        let middle = 0.5 * (self.n as f64 - 1.0);
        let (dx, dy) = (x - middle, y - middle);
        let [east, north] = self.matrix.map(|[a, b]| a * dx + b * dy);
        [-east, north]
    }

    /// The pixels of a function of x and y.
    pub(crate) fn pixels(&self, mut value: impl FnMut(usize, usize) -> f64) -> Vec<f32> {
        (0..self.n * self.n).map(|i| value(i % self.n, i / self.n) as f32).collect()
    }

    /// The exact sum of `pixels` inside a shape given by offsets west and north of the middle, from 20 × 20 places a pixel.
    pub(crate) fn sum_inside(&self, pixels: &[f32], inside: impl Fn(f64, f64) -> bool) -> f64 {
        const N: usize = 20;
        let place = |k: usize| (k as f64 + 0.5) / N as f64 - 0.5;
        let share = |x: f64, y: f64| {
            let hit = |k: &usize| {
                let [west, north] = self.offset(x + place(k % N), y + place(k / N));
                inside(west, north)
            };
            (0..N * N).filter(hit).count() as f64 / (N * N) as f64
        };
        let term = |(i, pixel): (usize, &f32)| {
            f64::from(*pixel) * share((i % self.n) as f64, (i / self.n) as f64)
        };
        pixels.iter().enumerate().map(term).sum()
    }

    /// Writes a drizzled product: an empty primary unit, SCI, and the planes given besides.
    pub(crate) fn write(&self, path: &Path, science: &[f32], planes: &[(&str, &[f32])]) {
        let shape = (self.n, self.n);
        let mut primary = Header::new();
        for (keyword, value) in &self.cards {
            if *keyword != "BUNIT" {
                primary.set(keyword, value.clone(), "");
            }
        }
        let headers: Vec<_> = std::iter::once("SCI")
            .chain(planes.iter().map(|(name, _)| *name))
            .map(|name| self.header(name))
            .collect();
        let mut units = vec![(&primary, Pixels::None)];
        let all = std::iter::once(science).chain(planes.iter().map(|(_, plane)| *plane));
        units.extend(headers.iter().zip(all).map(|(h, plane)| (h, Pixels::F32(shape, plane))));
        write_images(path, &units).expect("written");
    }

    /// The same with the science header given, and without other planes.
    pub(crate) fn write_with(&self, path: &Path, science: Header, pixels: &[f32]) {
        let mut primary = Header::new();
        for (keyword, value) in &self.cards {
            primary.set(keyword, value.clone(), "");
        }
        let pixels = Pixels::F32((self.n, self.n), pixels);
        write_images(path, &[(&primary, Pixels::None), (&science, pixels)]).expect("written");
    }

    pub(crate) fn header(&self, name: &str) -> Header {
        let mut header = Header::new();
        header.set("EXTNAME", name, "");
        let middle = 0.5 * (self.n as f64 + 1.0);
        let [[a, b], [c, d]] = self.matrix.map(|row| row.map(|arcsec| arcsec / 3600.0));
        for (keyword, value) in [
            ("CRPIX1", middle),
            ("CRPIX2", middle),
            ("CRVAL1", self.center[0]),
            ("CRVAL2", self.center[1]),
            ("CD1_1", a),
            ("CD1_2", b),
            ("CD2_1", c),
            ("CD2_2", d),
        ] {
            header.set(keyword, value, "");
        }
        header.set("CTYPE1", "RA---TAN", "");
        header.set("CTYPE2", "DEC--TAN", "");
        header.set("RADESYS", "ICRS", "");
        if name == "SCI"
            && let Some((_, unit)) = self.cards.iter().find(|(keyword, _)| *keyword == "BUNIT")
        {
            header.set("BUNIT", unit.clone(), "");
        }
        header
    }
}

/// A table in CSV by column.
#[derive(Debug)]
pub(crate) struct Catalog(Vec<Vec<String>>);

impl Catalog {
    pub(crate) fn of_csv(text: &str) -> Self {
        let cells =
            |line: &str| line.split(',').map(|cell| cell.trim_matches('"').to_owned()).collect();
        Self(text.lines().map(cells).collect())
    }

    pub(crate) fn rows(&self) -> usize {
        self.0.len() - 1
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0[0].iter().any(|found| found == name)
    }

    pub(crate) fn text(&self, name: &str, row: usize) -> &str {
        let column = self.0[0].iter().position(|found| found == name);
        &self.0[row + 1][column.unwrap_or_else(|| panic!("no column {name}"))]
    }

    /// NaN where the cell is empty.
    pub(crate) fn number(&self, name: &str, row: usize) -> f64 {
        self.text(name, row).parse().unwrap_or(f64::NAN)
    }
}
