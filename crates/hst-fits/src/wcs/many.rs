use astro_coords::{Frame, PixelCoord, SkyCoord};

use super::wide::{BLOCK, Block, each};
use super::{Projection, Wcs};
use crate::vectors::{self, Work};

impl Wcs {
    /// The places of many pixels, to the bit those of [`to_sky`](Self::to_sky), several at a time; NaN where there is
    /// none. Nothing is allocated.
    ///
    /// # Panics
    /// When the two are not equally many.
    pub fn to_sky_many(&self, pixels: &[PixelCoord], places: &mut [SkyCoord]) {
        assert_eq!(pixels.len(), places.len(), "a place for every pixel");
        vectors::run(ToSky { wcs: self, pixels, places });
    }

    /// The pixels of many places, to the bit those of [`to_pixel`](Self::to_pixel), several at a time; NaN where there
    /// is none. Nothing is allocated.
    ///
    /// # Panics
    /// When the two are not equally many.
    pub fn to_pixel_many(&self, places: &[SkyCoord], pixels: &mut [PixelCoord]) {
        assert_eq!(pixels.len(), places.len(), "a pixel for every place");
        vectors::run(ToPixel { wcs: self, places, pixels });
    }

    /// Pixels to longitudes and latitudes in the header's own frame.
    #[inline(always)]
    fn to_world_each(&self, points: &mut Block) {
        if let Some(distortion) = &self.distortion {
            distortion.apply_each(points);
        }
        match &self.projection {
            Projection::Zenithal(zenithal) if self.tpv.is_none() => {
                let (linear, zenithal) = (self.linear, *zenithal);
                each!(points, |pixel| {
                    let [x, y] = linear.to_plane(pixel);
                    [x.to_radians(), y.to_radians()]
                });
                zenithal.to_sky_each(points);
            }
            _ => each!(points, |pixel| self.undistorted_to_world(pixel).unwrap_or([f64::NAN; 2])),
        }
    }

    /// The reverse; the first `count` are looked at.
    #[inline(always)]
    fn to_image_each(&self, points: &mut Block, count: usize) {
        match &self.projection {
            Projection::Zenithal(zenithal) if self.tpv.is_none() => {
                let (linear, zenithal) = (self.linear, *zenithal);
                zenithal.to_plane_each(points);
                each!(points, |[x, y]| linear.to_pixel([x.to_degrees(), y.to_degrees()]));
            }
            _ => each!(points, |world| self.to_undistorted(world).unwrap_or([f64::NAN; 2])),
        }
        if let Some(distortion) = &self.distortion {
            distortion.invert_each(points, count);
        }
    }
}

struct ToSky<'a> {
    wcs: &'a Wcs,
    pixels: &'a [PixelCoord],
    places: &'a mut [SkyCoord],
}

impl Work for ToSky<'_> {
    #[inline(always)]
    fn run(self) {
        let is_icrs = self.wcs.frame.frame() == Frame::Icrs;
        let mut points = Block::ZERO;
        for (pixels, places) in self.pixels.chunks(BLOCK).zip(self.places.chunks_mut(BLOCK)) {
            for (i, pixel) in pixels.iter().enumerate() {
                (points.x[i], points.y[i]) = (pixel.x, pixel.y);
            }
            self.wcs.to_world_each(&mut points);
            for (i, place) in places.iter_mut().enumerate() {
                *place = SkyCoord::from_degrees(points.x[i], points.y[i]);
            }
            if !is_icrs {
                places.iter_mut().for_each(|at| *at = self.wcs.frame.to_icrs(at.ra, at.dec));
            }
        }
    }
}

struct ToPixel<'a> {
    wcs: &'a Wcs,
    places: &'a [SkyCoord],
    pixels: &'a mut [PixelCoord],
}

impl Work for ToPixel<'_> {
    #[inline(always)]
    fn run(self) {
        let mut points = Block::ZERO;
        for (places, pixels) in self.places.chunks(BLOCK).zip(self.pixels.chunks_mut(BLOCK)) {
            for (i, place) in places.iter().enumerate() {
                let (lon, lat) = self.wcs.frame.from_icrs(*place);
                (points.x[i], points.y[i]) = (lon.degrees(), lat.degrees());
            }
            self.wcs.to_image_each(&mut points, places.len());
            for (i, pixel) in pixels.iter_mut().enumerate() {
                *pixel = PixelCoord::new(points.x[i], points.y[i]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Header, LookupTables};

    fn wcs(more: &[&str]) -> Wcs {
        let cards = [
            "CRVAL1  = 150.25",
            "CRVAL2  = -33.5",
            "CRPIX1  = 2048.0",
            "CRPIX2  = 1024.0",
            "CD1_1   = -1.2E-5",
            "CD1_2   = 3.1E-6",
            "CD2_1   = 2.9E-6",
            "CD2_2   = 1.3E-5",
            "NAXIS1  = 4096",
            "NAXIS2  = 2048",
        ];
        let text: String = cards.iter().chain(more).map(|card| format!("{card:<80}")).collect();
        let header = Header::parse(format!("{text}{:<80}", "END").as_bytes()).unwrap();
        Wcs::from_keywords(&header, None, &LookupTables::default()).unwrap()
    }

    fn kinds() -> Vec<Wcs> {
        let sip = ["A_ORDER = 3", "B_ORDER = 4", "A_2_0   = 8.7E-6", "A_1_1   = -5.1E-6"];
        let sip_rest =
            ["A_0_3   = -4E-11", "B_0_2   = -7.2E-6", "B_1_1   = 6.0E-6", "B_4_0   = 1E-14"];
        let tan = ["CTYPE1  = 'RA---TAN'", "CTYPE2  = 'DEC--TAN'"];
        let both = |a: &[&str], b: &[&str]| wcs(&[a, b].concat());
        vec![
            both(&tan, &[]),
            both(&tan, &["RADESYS = 'FK4'"]),
            both(&tan, &[sip, sip_rest].concat()),
            both(&tan, &["PV1_5   = 0.001", "PV2_6   = 0.002", "PV1_1   = 1.0"]),
            both(&["CTYPE1  = 'GLON-SIN'", "CTYPE2  = 'GLAT-SIN'"], &[]),
            both(&["CTYPE1  = 'RA---ARC'", "CTYPE2  = 'DEC--ARC'"], &[]),
            both(&["CTYPE1  = 'RA---AIT'", "CTYPE2  = 'DEC--AIT'"], &[]),
        ]
    }

    /// On the image, far beside it, and none at all; not a multiple of a block.
    fn pixels() -> Vec<PixelCoord> {
        let place = |i: usize| {
            let far = if i.is_multiple_of(17) { 300.0 } else { 1.0 };
            PixelCoord::new((i * 97 % 4096) as f64 * far + 0.3, (i * 61 % 2048) as f64 * far - 0.2)
        };
        let odd = [f64::NAN, f64::INFINITY, 1e300, -1e160].map(|x| PixelCoord::new(x, 3.0));
        (0..1000).map(place).chain(odd).collect()
    }

    fn bits(numbers: impl Iterator<Item = [f64; 2]>) -> Vec<[u64; 2]> {
        numbers.map(|pair| pair.map(|x| if x.is_nan() { 0 } else { x.to_bits() })).collect()
    }

    #[test]
    fn many_are_to_the_bit_what_each_is_alone() {
        for wcs in kinds() {
            let pixels = pixels();
            let mut places = vec![SkyCoord::default(); pixels.len()];
            wcs.to_sky_many(&pixels, &mut places);
            let pair = |at: &SkyCoord| [at.ra.degrees(), at.dec.degrees()];
            let nowhere = SkyCoord::from_degrees(f64::NAN, f64::NAN);
            let alone = pixels.iter().map(|at| wcs.to_sky(*at).unwrap_or(nowhere));
            assert_eq!(bits(places.iter().map(pair)), bits(alone.map(|at| pair(&at))), "{wcs:?}");

            let mut back = vec![PixelCoord::default(); pixels.len()];
            wcs.to_pixel_many(&places, &mut back);
            let nothing = PixelCoord::new(f64::NAN, f64::NAN);
            let alone = places.iter().map(|at| wcs.to_pixel(*at).unwrap_or(nothing));
            let found = bits(back.iter().map(|at| [at.x, at.y]));
            assert_eq!(found, bits(alone.map(|at| [at.x, at.y])), "{wcs:?}");
            assert!(found.iter().filter(|at| **at != [0; 2]).count() > 900);
        }
    }

    #[test]
    fn wider_registers_change_no_bit() {
        for wcs in kinds() {
            let pixels = pixels();
            let [mut wide, mut plain] = [(); 2].map(|()| vec![SkyCoord::default(); pixels.len()]);
            wcs.to_sky_many(&pixels, &mut wide);
            ToSky { wcs: &wcs, pixels: &pixels, places: &mut plain }.run();
            let pair = |at: &SkyCoord| [at.ra.degrees(), at.dec.degrees()];
            assert_eq!(bits(wide.iter().map(pair)), bits(plain.iter().map(pair)));
            let [mut back, mut plainly] =
                [(); 2].map(|()| vec![PixelCoord::default(); pixels.len()]);
            wcs.to_pixel_many(&wide, &mut back);
            ToPixel { wcs: &wcs, places: &wide, pixels: &mut plainly }.run();
            let pair = |at: &PixelCoord| [at.x, at.y];
            assert_eq!(bits(back.iter().map(pair)), bits(plainly.iter().map(pair)));
        }
    }
}
