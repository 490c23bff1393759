use std::fmt;
use std::str::FromStr;

use astro_coords::{Footprint, PixelCoord, SkyCoord, SkyPolygon};

use crate::wcs::Wcs;
use crate::wcs::zenithal::{Kind, Zenithal};

/// A tangent plane of 5° around one of 2644 centres; the sky tessellation of HST's multi-visit mosaics.
///
/// Its pixels are 0.04″, north up, and its centre lies at the zero-based pixel 225143 both ways. 46 rings of
/// cells run from the south pole, 4° apart.
///
/// # Validation
/// `tests/skycells.rs`: all rings of drizzlepac 3.11's `allsky_cells.fits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectionCell {
    id: u16,
}

/// One of 21 × 21 overlapping cutouts of a projection cell, the frame of a mosaic: `p2381x06y10`.
///
/// `x` grows toward smaller right ascension and `y` northward, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SkyCell {
    /// Number of the projection cell.
    pub projection: ProjectionCell,
    /// Column, 1 to 21.
    pub x: u8,
    /// Row, 1 to 21.
    pub y: u8,
}

/// The two pixel sizes mosaics are made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CellScale {
    /// 0.04″, all instruments.
    #[default]
    Fine,
    /// 0.12″, WFC3/IR.
    Coarse,
}

/// Skycells a side of a projection cell.
const PER_SIDE: u8 = 21;
/// Pixels a side of a projection cell: 5° of the tangent plane at 0.04″.
const CELL_SIZE: f64 = 450_287.0;
/// Zero-based pixel of the projection cell's centre, both ways.
const CENTER: f64 = 225_143.0;
/// Pixels from one skycell to the next.
const PITCH: f64 = 21_442.0;
/// Pixels a side of a skycell: the pitch and 512 of overlap, all on the high side.
const SIZE: f64 = 21_954.0;
/// Degrees a pixel.
const SCALE: f64 = 0.04 / 3600.0;
/// Degrees from a projection cell's centre to its corners, rounded up.
const HALF_DIAGONAL: f64 = 3.54;

/// Cells in the rings from the south pole to the equator: floor(90 cos(|δ| − 2°)) but for the pole's one.
const RING_SIZES: [u16; 23] =
    [1, 9, 15, 21, 27, 33, 39, 45, 50, 55, 60, 64, 68, 72, 76, 79, 82, 84, 86, 88, 89, 89, 90];
const RINGS: usize = 2 * RING_SIZES.len();
/// The number of the first cell of every ring, and the number of cells.
const FIRST: [u16; RINGS + 1] = first_ids();

const fn first_ids() -> [u16; RINGS + 1] {
    let mut first = [0; RINGS + 1];
    let mut ring = 0;
    while ring < RINGS {
        first[ring + 1] = first[ring] + ring_size(ring);
        ring += 1;
    }
    first
}

const fn ring_size(ring: usize) -> u16 {
    RING_SIZES[if ring < RING_SIZES.len() { ring } else { RINGS - 1 - ring }]
}

/// Declination of the ring's centres.
fn ring_dec(ring: usize) -> f64 {
    match ring {
        0 => -89.999_999_999_997,
        r if r == RINGS - 1 => 89.999_999_999_997,
        r => 4.0 * r as f64 - 90.0,
    }
}

/// The rings with centres within `reach` degrees of the declination.
fn rings_near(dec: f64, reach: f64) -> std::ops::RangeInclusive<usize> {
    let ring = |dec: f64| ((dec + 90.0) / 4.0).clamp(0.0, (RINGS - 1) as f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let (low, high) = (ring(dec - reach).ceil() as usize, ring(dec + reach).floor() as usize);
    low..=high
}

impl ProjectionCell {
    /// How many there are; numbers run from 0 at the south pole.
    pub const COUNT: u16 = FIRST[RINGS];

    /// The cell of that number; `None` from [`ProjectionCell::COUNT`] on.
    pub fn new(id: u16) -> Option<Self> {
        (id < Self::COUNT).then_some(Self { id })
    }

    /// The number, 0 to 2643.
    pub fn id(self) -> u16 {
        self.id
    }

    /// The cell whose centre is nearest on the sky, the one with the smaller number of two.
    pub fn nearest(place: SkyCoord) -> Option<Self> {
        Self::candidates(place, HALF_DIAGONAL).min_by(|a, b| {
            let distance = |cell: &Self| place.separation(cell.center()).degrees();
            distance(a).total_cmp(&distance(b)).then(a.cmp(b))
        })
    }

    /// Where the plane touches the sky.
    pub fn center(self) -> SkyCoord {
        let ring = self.ring();
        let step = 360.0 / f64::from(ring_size(ring));
        SkyCoord::from_degrees(f64::from(self.id - FIRST[ring]) * step, ring_dec(ring))
    }

    /// The zero-based pixel of the whole projection cell that shows the place; it may lie outside.
    pub fn to_pixel(self, place: SkyCoord) -> Option<PixelCoord> {
        let plane = self.plane().to_plane([place.ra.degrees(), place.dec.degrees()])?;
        let [x, y] = plane.map(|radians| radians.to_degrees() / SCALE);
        Some(PixelCoord::new(CENTER - x, CENTER + y))
    }

    /// The world coordinates of the whole projection cell.
    pub fn wcs(self) -> Wcs {
        wcs(self.center(), PixelCoord::new(CENTER, CENTER), SCALE)
    }

    fn ring(self) -> usize {
        FIRST.partition_point(|&first| first <= self.id) - 1
    }

    fn plane(self) -> Zenithal {
        let center = self.center();
        Zenithal::new(Kind::Tan, [center.ra.degrees(), center.dec.degrees()])
    }

    /// The cells that may reach within `reach` degrees of the place, and some more.
    fn candidates(place: SkyCoord, reach: f64) -> impl Iterator<Item = Self> {
        let ra = place.ra.wrapped().degrees();
        let dec = place.dec.degrees();
        rings_near(dec, reach + 0.2).flat_map(move |ring| {
            let size = i32::from(ring_size(ring));
            // Beside the pole's own cell a place has many neighbours; elsewhere one to either side, more
            // where the reach is more than a point's.
            let around =
                if !(3..RINGS - 3).contains(&ring) || reach > HALF_DIAGONAL { size } else { 1 };
            #[expect(clippy::cast_possible_truncation, reason = "0 to 90")]
            let nearest = (ra * f64::from(size) / 360.0).round() as i32;
            let all = if 2 * around + 1 >= size {
                0..size
            } else {
                nearest - around..nearest + around + 1
            };
            all.map(move |k| {
                #[expect(clippy::cast_possible_truncation, reason = "0 to 89")]
                let k = k.rem_euclid(size) as u16;
                Self { id: FIRST[ring] + k }
            })
        })
    }
}

impl CellScale {
    /// Fine pixels in one of this scale, along a side.
    pub fn factor(self) -> f64 {
        match self {
            Self::Fine => 1.0,
            Self::Coarse => 3.0,
        }
    }
}

impl SkyCell {
    /// The skycell in column `x` and row `y`, 1 to 21; `None` where there is none.
    pub fn new(projection: ProjectionCell, x: u8, y: u8) -> Option<Self> {
        let sound = |index: u8| (1..=PER_SIDE).contains(&index);
        (sound(x) && sound(y)).then_some(Self { projection, x, y })
    }

    /// All skycells that show the place, each with its zero-based pixel in the whole fine skycell.
    ///
    /// One to seven of them, by projection cell from the south and to the east; mosaics are trimmed to the
    /// exposed part. The last column and row count only where they lie in their projection cell, beyond which
    /// they reach by 507 pixels.
    pub fn at(place: SkyCoord) -> impl Iterator<Item = (Self, PixelCoord)> {
        let finite = place.ra.degrees().is_finite() && place.dec.degrees().abs() <= 90.0;
        let cells = finite.then(|| ProjectionCell::candidates(place, HALF_DIAGONAL));
        cells.into_iter().flatten().flat_map(move |projection| {
            let pixel = projection.to_pixel(place).filter(|at| in_cell(at.x) && in_cell(at.y));
            pixel.into_iter().flat_map(move |at| {
                columns(at.x).flat_map(move |x| {
                    columns(at.y).map(move |y| {
                        let cell = Self { projection, x, y };
                        let [left, bottom] = cell.corner();
                        (cell, PixelCoord::new(at.x - left, at.y - bottom))
                    })
                })
            })
        })
    }

    /// The one skycell that shows the place best: of the projection cell whose centre is nearest, the skycell
    /// in which the place is farthest from the edges.
    pub fn owner(place: SkyCoord) -> Option<Self> {
        let projection = ProjectionCell::nearest(place)?;
        let at = projection.to_pixel(place)?;
        let index = |at: f64| {
            let index = ((at - 256.0) / PITCH).floor() + 1.0;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
            let index = index.clamp(1.0, f64::from(PER_SIDE)) as u8;
            index
        };
        Some(Self { projection, x: index(at.x), y: index(at.y) })
    }

    /// All skycells that have a point in common with a region of the sky, in the order of their numbers; the
    /// last column and row with all they show.
    pub fn touching(region: &Footprint) -> Vec<Self> {
        let bounds = region.bounding_circle();
        let reach = HALF_DIAGONAL + bounds.radius().degrees();
        let mut found = Vec::new();
        let mut projections: Vec<_> = ProjectionCell::candidates(bounds.center(), reach).collect();
        projections.sort_unstable();
        for projection in projections {
            let apart = projection.center().separation(bounds.center()).degrees();
            if apart <= reach {
                let (columns, rows) =
                    projection.range(bounds.center(), apart, bounds.radius().degrees());
                for x in columns {
                    for y in rows.clone() {
                        let cell = Self { projection, x, y };
                        if cell.footprint().is_some_and(|cell| region.intersects_polygon(&cell)) {
                            found.push(cell);
                        }
                    }
                }
            }
        }
        found
    }

    /// Shape of the whole skycell in pixels, `(ny, nx)`.
    pub fn shape(scale: CellScale) -> (usize, usize) {
        match scale {
            CellScale::Fine => (21_954, 21_954),
            CellScale::Coarse => (7_318, 7_318),
        }
    }

    /// The world coordinates of the whole skycell; a delivered mosaic's header tells what was trimmed.
    pub fn wcs(self, scale: CellScale) -> Wcs {
        let [left, bottom] = self.corner();
        let factor = scale.factor();
        // FITS' CRPIX is scaled, without a half-pixel correction: coarse pixel i is centred on fine pixel 3i.
        let scaled = |corner: f64| (CENTER + 1.0 - corner) / factor;
        let origin = PixelCoord::from_fits(scaled(left), scaled(bottom));
        wcs(self.projection.center(), origin, SCALE * factor)
    }

    /// The zero-based pixel of the whole skycell that shows the place, which may lie outside.
    pub fn to_pixel(self, place: SkyCoord, scale: CellScale) -> Option<PixelCoord> {
        self.wcs(scale).to_pixel(place)
    }

    /// The outline on the sky.
    pub fn footprint(self) -> Option<SkyPolygon> {
        SkyPolygon::new(&self.wcs(CellScale::Fine).footprint(Self::shape(CellScale::Fine))?)
    }

    /// Zero-based pixel of the projection cell that is the skycell's first, x and y.
    fn corner(self) -> [f64; 2] {
        [self.x, self.y].map(|index| (f64::from(index) - 1.0) * PITCH)
    }
}

impl ProjectionCell {
    /// Columns and rows that may show a circle `apart` degrees from the centre.
    fn range(
        self,
        center: SkyCoord,
        apart: f64,
        radius: f64,
    ) -> (std::ops::RangeInclusive<u8>, std::ops::RangeInclusive<u8>) {
        let all = 1..=PER_SIDE;
        let far = (apart + radius).to_radians();
        let (Some(at), true) = (self.to_pixel(center), far < 0.5) else {
            return (all.clone(), all);
        };
        // A step of the sky is at most this much longer in the tangent plane.
        let room = radius / SCALE / far.cos().powi(2) + SIZE;
        let range = |at: f64| {
            let index = |at: f64| (at / PITCH).clamp(0.0, f64::from(PER_SIDE - 1));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
            let range = index(at - room) as u8 + 1..=index(at + room) as u8 + 1;
            range
        };
        (range(at.x), range(at.y))
    }
}

/// North up, east left, square pixels of `scale` degrees.
fn wcs(center: SkyCoord, origin: PixelCoord, scale: f64) -> Wcs {
    let cd = [[-scale, 0.0], [0.0, scale]];
    let reference = [center.ra.degrees(), center.dec.degrees()];
    Wcs::gnomonic(reference, origin, cd, [[-1.0 / scale, 0.0], [0.0, 1.0 / scale]])
}

/// Whether a projection cell has that pixel.
fn in_cell(at: f64) -> bool {
    (-0.5..CELL_SIZE - 0.5).contains(&at)
}

/// The columns (or rows) of skycells that show a pixel of the projection cell.
fn columns(at: f64) -> std::ops::RangeInclusive<u8> {
    let edge = at + 0.5;
    // The first whose end lies beyond, and the last that begins before.
    let first = ((edge - SIZE) / PITCH).floor() + 2.0;
    let last = (edge / PITCH).floor() + 1.0;
    let clamp = |index: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let index = index.clamp(1.0, f64::from(PER_SIDE)) as u8;
        index
    };
    clamp(first)..=clamp(last)
}

/// `p2381x06y10`.
impl fmt::Display for SkyCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{:04}x{:02}y{:02}", self.projection.id, self.x, self.y)
    }
}

/// Why a text is not the name of a skycell; `Display` ends with the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseSkyCellError {
    /// The text does not have the form `p2381x06y10`.
    #[error("not the name of a skycell (p2381x06y10): \"{0}\"")]
    Form(String),
    /// A number beyond the last cell.
    #[error("projection cells run from 0 to 2643, skycells from 1 to 21: \"{0}\"")]
    Range(String),
}

/// Reads `p2381x06y10`, `skycell-p2381x06y10` and `hst_skycell-p2381x06y10`, in any case; `x00` and `y00` are
/// read as 1, as drizzlepac does.
impl FromStr for SkyCell {
    type Err = ParseSkyCellError;

    fn from_str(text: &str) -> Result<Self, ParseSkyCellError> {
        let shown = || text.chars().take(60).collect::<String>();
        let lower = text.trim().to_ascii_lowercase();
        let name = lower.strip_prefix("hst_").unwrap_or(&lower);
        let name = name.strip_prefix("skycell-").unwrap_or(name);
        let [projection, x, y] = numbers(name).ok_or_else(|| ParseSkyCellError::Form(shown()))?;
        let index = |number: u16| u8::try_from(number.max(1)).ok();
        let cell = ProjectionCell::new(projection)
            .and_then(|projection| Self::new(projection, index(x)?, index(y)?));
        cell.ok_or_else(|| ParseSkyCellError::Range(shown()))
    }
}

/// The three numbers of `p2381x06y10`, of four, two and two digits.
fn numbers(name: &str) -> Option<[u16; 3]> {
    let digits = |range: std::ops::Range<usize>, letter: u8| {
        let field = name.get(range)?;
        let (first, number) = field.as_bytes().split_first()?;
        let sound = *first == letter && number.iter().all(u8::is_ascii_digit);
        sound.then(|| field[1..].parse().ok())?
    };
    let whole = name.len() == 11;
    whole.then_some(())?;
    Some([digits(0..5, b'p')?, digits(5..8, b'x')?, digits(8..11, b'y')?])
}
