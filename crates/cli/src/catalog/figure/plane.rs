//! The plane that touches the sky at a place, in which figures have their lengths and angles.

use astro_coords::{Angle, PixelCoord, SkyCoord};

use super::{Grid, Place};

/// The plane that touches the sky at a place, whose pixels are arcsec to the west and north; or the image itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tangent {
    center: Place,
}

impl Tangent {
    pub(crate) fn at(center: Place) -> Self {
        Self { center }
    }

    /// Unit vectors to the west and the north, and to the centre.
    fn axes(center: SkyCoord) -> [[f64; 3]; 3] {
        let (sin_ra, cos_ra) = center.ra.radians().sin_cos();
        let (sin_dec, cos_dec) = center.dec.radians().sin_cos();
        [
            [sin_ra, -cos_ra, 0.0],
            [-sin_dec * cos_ra, -sin_dec * sin_ra, cos_dec],
            [cos_dec * cos_ra, cos_dec * sin_ra, sin_dec],
        ]
    }

    pub(super) fn place(&self, point: PixelCoord) -> Place {
        match self.center {
            Place::Pixel(center) => {
                Place::Pixel(PixelCoord::new(center.x + point.x, center.y + point.y))
            }
            Place::Sky(center) => {
                let [west, north, up] = Self::axes(center);
                let [u, v] = [point.x, point.y].map(|arcsec| Angle::from_arcsec(arcsec).radians());
                let vector = [0, 1, 2].map(|i| up[i] + u * west[i] + v * north[i]);
                Place::Sky(SkyCoord::from_vector(vector))
            }
        }
    }
}

impl Grid for Tangent {
    fn local(&self, place: Place) -> Option<(PixelCoord, [[f64; 2]; 2])> {
        let point = match (self.center, place) {
            (Place::Pixel(center), Place::Pixel(p)) => {
                PixelCoord::new(p.x - center.x, p.y - center.y)
            }
            (Place::Sky(center), Place::Sky(p)) => {
                let vector = p.to_vector();
                let [x, y, z] = Self::axes(center)
                    .map(|axis| axis.iter().zip(vector).map(|(a, b)| a * b).sum::<f64>());
                if z <= 0.0 {
                    return None;
                }
                PixelCoord::new(
                    Angle::from_radians(x / z).arcsec(),
                    Angle::from_radians(y / z).arcsec(),
                )
            }
            _ => return None,
        };
        Some((point, [[1.0, 0.0], [0.0, 1.0]]))
    }

    fn sky(&self, pixel: PixelCoord) -> Option<SkyCoord> {
        match self.place(pixel) {
            Place::Sky(place) => Some(place),
            Place::Pixel(_) => None,
        }
    }
}

/// The same plane as an image, for [`ds9_regions::ImageFrame`]: a region in it has its lengths in arcsec and its angles
/// from west.
impl ds9_regions::Wcs for Tangent {
    fn to_pixel(&self, place: SkyCoord) -> Option<PixelCoord> {
        if self.center == Place::Sky(place) {
            return Some(PixelCoord::new(0.0, 0.0));
        }
        Some(self.local(Place::Sky(place))?.0)
    }

    fn to_sky(&self, pixel: PixelCoord) -> Option<SkyCoord> {
        self.sky(pixel)
    }

    fn jacobian(&self, _: PixelCoord) -> Option<[[f64; 2]; 2]> {
        let step = Angle::from_arcsec(1.0).degrees();
        Some([[-step, 0.0], [0.0, step]])
    }
}

/// The centre of a polygon's area; without one, the mean of its corners.
pub(super) fn polygon_center(corners: &[Place]) -> Place {
    let plane =
        Tangent::at(corners.first().copied().unwrap_or(Place::Pixel(PixelCoord::default())));
    let points: Option<Vec<_>> = corners.iter().map(|p| Some(plane.local(*p)?.0)).collect();
    let Some(points) = points.filter(|points| !points.is_empty()) else { return plane.center };
    let (mut twice, mut x, mut y) = (0.0, 0.0, 0.0);
    for (i, p) in points.iter().enumerate() {
        let q = points[(i + 1) % points.len()];
        let cross = p.x * q.y - q.x * p.y;
        twice += cross;
        x += cross * (p.x + q.x);
        y += cross * (p.y + q.y);
    }
    let n = points.len() as f64;
    let mean = PixelCoord::new(
        points.iter().map(|p| p.x).sum::<f64>() / n,
        points.iter().map(|p| p.y).sum::<f64>() / n,
    );
    let center = PixelCoord::new(x / (3.0 * twice), y / (3.0 * twice));
    plane.place(if center.is_finite() { center } else { mean })
}
