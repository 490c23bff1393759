//! The grid of pixels a mosaic is made on.

use astro_coords::{Angle, PixelBox, PixelCoord, SkyCoord};
use hst_fits::{Hdu, Header, Wcs};

use super::source::Source;
use crate::{Error, Result, Size, SizePolicy, window};

/// The longest side of a mosaic in pixels.
const LONGEST: usize = 1_000_000;

/// Where a mosaic lies and how large its pixels are.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MosaicGrid {
    /// The place in the middle and the size around it; by default the box around all images.
    pub around: Option<(SkyCoord, Size)>,
    /// The side of a pixel; then north is up. By default pixels are those of the first image, where it has no
    /// distortion: its own are copied and not resampled.
    pub scale: Option<Angle>,
}

/// A gnomonic (TAN) grid.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    pub(super) wcs: Wcs,
    pub(super) shape: (usize, usize),
    /// The cards that say it.
    pub(super) cards: Vec<(String, f64)>,
}

/// A gnomonic grid before it is known which part is wanted.
struct Plane {
    wcs: Wcs,
    reference: [f64; 2],
    /// `CRPIX`
    origin: [f64; 2],
    cd: [[f64; 2]; 2],
}

impl Target {
    pub(super) fn new(grid: &MosaicGrid, sources: &[Source<'_>]) -> Result<Self> {
        let first = &sources[0];
        let own = match grid.scale {
            None => Plane::of(&first.hdu.header),
            Some(_) => None,
        };
        let plane = match own {
            Some(plane) => plane,
            None => {
                let center = match grid.around {
                    Some((center, _)) => center,
                    None => first.center()?,
                };
                let scale = grid.scale.unwrap_or_else(|| first.wcs.pixel_scale());
                Plane::north_up(center, scale)?
            }
        };
        let window = match grid.around {
            Some((center, size)) => {
                let center = plane.wcs.to_pixel(center).ok_or_else(|| Error::NotOnImage {
                    place: "the mosaic, which is projected around another place".to_owned(),
                })?;
                window(center, size.in_pixels(plane.wcs.pixel_scales()), SizePolicy::Exact)?
            }
            None => plane.around(sources)?,
        };
        plane.target(&window)
    }

    /// Some pixels of an image.
    pub(super) fn of(reference: &Hdu, window: &PixelBox) -> Result<Self> {
        let plane = Plane::of(&reference.header).ok_or_else(|| {
            let problem =
                format!("the grid of {} is not gnomonic or has distortion", reference.place());
            Error::CannotCombine { problem }
        })?;
        plane.target(window)
    }
}

impl Plane {
    /// That of a header, where it is gnomonic and nothing else.
    fn of(header: &Header) -> Option<Self> {
        let number = |keyword: &str| header.find::<f64>(keyword).ok().flatten();
        let kind = |keyword: &str| header.find::<String>(keyword).ok().flatten();
        let distorted = ["A_ORDER", "CPDIS1", "CPDIS2", "D2IMDIS1", "D2IMDIS2"];
        if kind("CTYPE1").as_deref() != Some("RA---TAN")
            || kind("CTYPE2").as_deref() != Some("DEC--TAN")
            || distorted.iter().any(|keyword| header.card(keyword).is_some())
            || number("LONPOLE").is_some_and(|value| value != 180.0)
            || kind("RADESYS").is_some_and(|frame| !matches!(frame.trim(), "ICRS"))
        {
            return None;
        }
        let cd = |i: usize, j: usize| number(&format!("CD{i}_{j}"));
        let matrix = if [(1, 1), (1, 2), (2, 1), (2, 2)].iter().any(|&(i, j)| cd(i, j).is_some()) {
            [[cd(1, 1), cd(1, 2)], [cd(2, 1), cd(2, 2)]]
                .map(|row| row.map(Option::unwrap_or_default))
        } else {
            let pc = |i: usize, j: usize| {
                let unit = if i == j { 1.0 } else { 0.0 };
                Some(number(&format!("PC{i}_{j}")).unwrap_or(unit) * number(&format!("CDELT{i}"))?)
            };
            [[pc(1, 1)?, pc(1, 2)?], [pc(2, 1)?, pc(2, 2)?]]
        };
        let reference = [number("CRVAL1")?, number("CRVAL2")?];
        Self::new(reference, [number("CRPIX1")?, number("CRPIX2")?], matrix).ok()
    }

    fn north_up(center: SkyCoord, scale: Angle) -> Result<Self> {
        let side = scale.degrees();
        if !(side.is_finite() && side > 1e-9 && side < 1.0) {
            let problem = format!("a pixel of {} arcsec is no pixel", scale.arcsec());
            return Err(Error::CannotCombine { problem });
        }
        let reference = [center.ra.degrees(), center.dec.degrees()];
        Self::new(reference, [1.0, 1.0], [[-side, 0.0], [0.0, side]])
    }

    fn new(reference: [f64; 2], origin: [f64; 2], cd: [[f64; 2]; 2]) -> Result<Self> {
        let [x, y] = origin;
        let wcs = Wcs::tangent(
            SkyCoord::from_degrees(reference[0], reference[1]),
            PixelCoord::from_fits(x, y),
            cd,
        );
        let wcs = wcs.map_err(|source| Error::Wcs { place: "the mosaic".to_owned(), source })?;
        Ok(Self { wcs, reference, origin, cd })
    }

    /// The box around all images.
    fn around(&self, sources: &[Source<'_>]) -> Result<PixelBox> {
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for source in sources {
            for place in source.border() {
                let here = place.and_then(|place| self.wcs.to_pixel(place)).ok_or_else(|| {
                    Error::NotOnImage {
                        place: format!("{}, far from the first image", source.place()),
                    }
                })?;
                for (axis, value) in [here.x, here.y].into_iter().enumerate() {
                    low[axis] = low[axis].min(value);
                    high[axis] = high[axis].max(value);
                }
            }
        }
        // Borders lie on edges of pixels; what is left of rounding is no row more.
        let side = |axis: usize| {
            let (low, high) = ((low[axis] + 0.5 + 1e-6).floor(), (high[axis] + 0.5 - 1e-6).ceil());
            (low, high)
        };
        let [(x0, x1), (y0, y1)] = [side(0), side(1)];
        if !(x1 - x0 <= LONGEST as f64 && y1 - y0 <= LONGEST as f64) {
            let problem = format!("the mosaic would have {} x {} pixels", x1 - x0, y1 - y0);
            return Err(Error::CannotCombine { problem });
        }
        #[expect(clippy::cast_possible_truncation, reason = "on a grid of pixels")]
        let whole = |value: f64| value as isize;
        Ok(PixelBox::new(whole(x0)..whole(x1), whole(y0)..whole(y1)))
    }

    fn target(self, window: &PixelBox) -> Result<Target> {
        let Self { reference, origin, cd, .. } = self;
        #[expect(clippy::cast_precision_loss, reason = "on a grid of pixels")]
        let origin = [origin[0] - window.x.start as f64, origin[1] - window.y.start as f64];
        let Self { wcs, .. } = Self::new(reference, origin, cd)?;
        let named = |keyword: &str, value: f64| (keyword.to_owned(), value);
        let cards = vec![
            named("CRPIX1", origin[0]),
            named("CRPIX2", origin[1]),
            named("CRVAL1", reference[0]),
            named("CRVAL2", reference[1]),
            named("CD1_1", cd[0][0]),
            named("CD1_2", cd[0][1]),
            named("CD2_1", cd[1][0]),
            named("CD2_2", cd[1][1]),
        ];
        Ok(Target { wcs, shape: window.shape(), cards })
    }
}
