use crate::matrix::{self, Matrix};
use crate::vector::dot;
use crate::{Angle, SkyCoord};

/// A frame in which a longitude and a latitude may be written.
///
/// # Example
/// ```
/// use astro_coords::{Angle, Frame, SkyCoord};
/// let center = Frame::Galactic.to_icrs(Angle::ZERO, Angle::ZERO);
/// assert_eq!(center.to_sexagesimal(0), "17:45:37.2 -28:56:10");
/// ```
///
/// # Validation
/// `tests/frames.rs`: astropy 8.0 on 80 positions, every frame within 1e-6 mas. Back from FK4 is back within
/// 2e-4 mas: the published matrix is no closer to a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Frame {
    /// The International Celestial Reference System, what [`SkyCoord`] means.
    #[default]
    Icrs,
    /// FK5 at a Julian equinox; 2000 differs from ICRS by some 20 mas.
    Fk5 {
        /// Julian year of the mean equator and equinox.
        equinox: f64,
    },
    /// FK4 at a Besselian equinox, with the E-terms of aberration, observed at that equinox.
    Fk4 {
        /// Besselian year of the mean equator and equinox.
        equinox: f64,
    },
    /// Galactic longitude and latitude, defined through FK5 as astropy and DS9 do.
    Galactic,
    /// Mean ecliptic longitude and latitude (IAU 2006 precession, no nutation).
    Ecliptic {
        /// Julian year of the mean ecliptic and equinox.
        equinox: f64,
    },
}

impl Frame {
    /// FK5 at J2000.
    pub const FK5: Self = Self::Fk5 { equinox: 2000.0 };
    /// FK4 at B1950.
    pub const FK4: Self = Self::Fk4 { equinox: 1950.0 };
    /// The mean ecliptic of J2000.
    pub const ECLIPTIC: Self = Self::Ecliptic { equinox: 2000.0 };

    /// The place at longitude `lon` and latitude `lat` of this frame.
    ///
    /// For many positions, take [`Frame::transform`] once.
    pub fn to_icrs(self, lon: Angle, lat: Angle) -> SkyCoord {
        self.transform().to_icrs(lon, lat)
    }

    /// Longitude (0° .. 360°) and latitude of a place in this frame.
    pub fn from_icrs(self, place: SkyCoord) -> (Angle, Angle) {
        self.transform().from_icrs(place)
    }

    /// The same with everything computed that does not depend on the position.
    pub fn transform(self) -> FrameTransform {
        let rotation = match self {
            Self::Icrs => matrix::IDENTITY,
            Self::Fk5 { equinox } => matrix::multiply(&precession_fk5(equinox), &ICRS_TO_FK5),
            Self::Galactic => matrix::multiply(&fk5_to_galactic(), &ICRS_TO_FK5),
            Self::Ecliptic { equinox } => {
                let century = (equinox - 2000.0) / 100.0;
                matrix::multiply(
                    &matrix::about_x(obliquity_2006(century)),
                    &bias_precession(century),
                )
            }
            Self::Fk4 { equinox } => fk4_rotation(equinox),
        };
        let e_terms = match self {
            Self::Fk4 { equinox } => Some(e_terms(equinox)),
            _ => None,
        };
        FrameTransform { frame: self, rotation, e_terms }
    }
}

/// A [`Frame`] with its rotation computed, for many positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrameTransform {
    frame: Frame,
    /// From ICRS to the frame (for FK4 without its E-terms).
    rotation: Matrix,
    e_terms: Option<[f64; 3]>,
}

impl FrameTransform {
    /// The frame this belongs to.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// The place at longitude `lon` and latitude `lat` of the frame.
    pub fn to_icrs(&self, lon: Angle, lat: Angle) -> SkyCoord {
        let place = SkyCoord::new(lon, lat);
        if self.frame == Frame::Icrs {
            return place;
        }
        let v = self.e_terms.map_or(place.to_vector(), |e| remove_e_terms(e, place.to_vector()));
        SkyCoord::from_vector(matrix::apply_transposed(&self.rotation, v))
    }

    /// Longitude (0° .. 360°) and latitude of a place in the frame.
    pub fn from_icrs(&self, place: SkyCoord) -> (Angle, Angle) {
        if self.frame == Frame::Icrs {
            return (place.ra.wrapped(), place.dec);
        }
        let v = matrix::apply(&self.rotation, place.to_vector());
        let here = SkyCoord::from_vector(self.e_terms.map_or(v, |e| add_e_terms(e, v)));
        (here.ra, here.dec)
    }

    /// The position angle in ICRS of the direction that the frame's own north and east call
    /// `position_angle`, at longitude `lon` and latitude `lat` of the frame; 0° .. 360°.
    pub fn position_angle_to_icrs(&self, lon: Angle, lat: Angle, position_angle: Angle) -> Angle {
        (position_angle + self.north(lon, lat)).wrapped()
    }

    /// The reverse of [`FrameTransform::position_angle_to_icrs`], at the same place of the frame.
    pub fn position_angle_from_icrs(&self, lon: Angle, lat: Angle, position_angle: Angle) -> Angle {
        (position_angle - self.north(lon, lat)).wrapped()
    }

    /// Position angle in ICRS of the frame's north, at a place of the frame.
    pub fn north(&self, lon: Angle, lat: Angle) -> Angle {
        if self.frame == Frame::Icrs {
            return Angle::ZERO;
        }
        let mut place = SkyCoord::new(lon, lat).to_vector();
        let (sin_lon, cos_lon) = lon.radians().sin_cos();
        let (sin_lat, cos_lat) = lat.radians().sin_cos();
        let mut north = [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat];
        if let Some(e) = self.e_terms {
            let (along, tilt) = (1.0 + dot(e, place), dot(e, north));
            north = [0, 1, 2].map(|i| along * north[i] + tilt * place[i]);
            place = remove_e_terms(e, place);
        }
        let [x, y, z] = matrix::apply_transposed(&self.rotation, place);
        let [dx, dy, dz] = matrix::apply_transposed(&self.rotation, north);
        // East of ICRS there is (−y, x, 0), and north is perpendicular to it and to the place.
        let eastward = x * dy - y * dx;
        let northward = dz * (x * x + y * y) - z * (x * dx + y * dy);
        Angle::from_radians(eastward.atan2(northward)).wrapped_signed()
    }
}

/// The frame bias of FK5 J2000 against the ICRS (Hilton et al. 2006; η0 −19.9, ξ0 9.1, dα0 −22.9 mas).
#[expect(clippy::excessive_precision, reason = "all digits of the published matrix product")]
const ICRS_TO_FK5: Matrix = [
    [9.999_999_999_999_927_8e-1, -1.110_223_329_740_834_0e-7, -4.411_804_498_096_776_1e-8],
    [1.110_223_372_305_003_1e-7, 9.999_999_999_999_891_2e-1, 9.647_792_254_079_740_4e-8],
    [4.411_803_426_976_324_1e-8, -9.647_792_743_888_517_0e-8, 9.999_999_999_999_943_4e-1],
];

/// The galactic pole and origin of longitude in FK5 J2000 that follow from those defined in FK4 B1950
/// (192.25°, 27.4°, 123°: Blaauw et al. 1960), as astropy and, within a microarcsecond, AST have them.
fn fk5_to_galactic() -> Matrix {
    let (pole_ra, pole_dec, lon_of_pole) =
        (192.859_481_206_534_8_f64, 27.128_251_180_856_22_f64, 122.931_918_568_002_6_f64);
    let tilted = matrix::multiply(
        &matrix::about_y((90.0 - pole_dec).to_radians()),
        &matrix::about_z(pole_ra.to_radians()),
    );
    matrix::multiply(&matrix::about_z((180.0 - lon_of_pole).to_radians()), &tilted)
}

fn arcsec(seconds: f64) -> f64 {
    (seconds / 3600.0).to_radians()
}

/// c0 + c1 t + c2 t² ...
fn polynomial(t: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * t + coefficient)
}

/// Mean obliquity, IAU 2006, at `t` Julian centuries from J2000 (Capitaine et al. 2003, A&A 412, 567).
fn obliquity_2006(t: f64) -> f64 {
    arcsec(polynomial(
        t,
        &[84381.406, -46.836769, -0.0001831, 0.00200340, -0.000000576, -0.0000000434],
    ))
}

/// Frame bias and precession from the ICRS, IAU 2006, at `t` Julian centuries from J2000.
///
/// # Source
/// The Fukushima-Williams angles of Hilton et al. 2006, Celest. Mech. 94, 351.
fn bias_precession(t: f64) -> Matrix {
    let gamma = [-0.052928, 10.556378, 0.4932044, -0.00031238, -0.000002788, 0.0000000260];
    let phi = [84381.412819, -46.811016, 0.0511268, 0.00053289, -0.000000440, -0.0000000176];
    let psi = [-0.041775, 5038.481484, 1.5584175, -0.00018522, -0.000026452, -0.0000000148];
    let angle = |coefficients: &[f64]| arcsec(polynomial(t, coefficients));
    let pole = matrix::multiply(&matrix::about_x(angle(&phi)), &matrix::about_z(angle(&gamma)));
    let turned = matrix::multiply(&matrix::about_z(-angle(&psi)), &pole);
    matrix::multiply(&matrix::about_x(-obliquity_2006(t)), &turned)
}

/// Precession of FK5 from J2000 to a Julian equinox: IAU 2006 without its frame bias, as astropy has it.
fn precession_fk5(equinox: f64) -> Matrix {
    if equinox == 2000.0 {
        return matrix::IDENTITY;
    }
    let bias = bias_precession(0.0);
    matrix::multiply(&bias_precession((equinox - 2000.0) / 100.0), &matrix::transpose(&bias))
}

/// FK4 without E-terms at B1950 to FK5 J2000 (Murray 1989, A&A 218, 325, eq. 28).
const B1950_TO_J2000: Matrix = [
    [0.999_925_679_495_687_7, -0.011_181_483_220_466_2, -0.004_859_003_815_359_2],
    [0.011_181_483_239_171_7, 0.999_937_484_893_313_5, -0.000_027_162_594_714_2],
    [0.004_859_003_772_314_3, -0.000_027_170_293_744_0, 0.999_988_194_602_374_2],
];

/// The slow turn of FK4 against FK5, a Julian century (the same, eq. 29), in 1e-6.
const FK4_TURN: Matrix = [
    [-0.0026455262, -1.1539918689, 2.1111346190],
    [1.1540628161, -0.0129042997, 0.0236021478],
    [-2.1112979048, -0.0056024448, 0.0102587734],
];

fn fk4_rotation(equinox: f64) -> Matrix {
    let century = (julian_year(equinox) - 1950.0) / 100.0;
    let at_epoch = |i: usize, j: usize| B1950_TO_J2000[i][j] + FK4_TURN[i][j] * 1e-6 * century;
    let to_b1950 = [0, 1, 2].map(|i| [0, 1, 2].map(|j| at_epoch(j, i)));
    let rotation = matrix::multiply(&to_b1950, &ICRS_TO_FK5);
    if equinox == 1950.0 {
        rotation
    } else {
        matrix::multiply(&newcomb(1950.0, equinox), &rotation)
    }
}

/// Precession of FK4 between Besselian equinoxes.
///
/// # Source
/// Newcomb's angles with Andoyer's terms: Explanatory Supplement 1992, sect. 3.214.
fn newcomb(from: f64, to: f64) -> Matrix {
    let t = (from - 1850.0) / 1000.0;
    let dt = (to - 1850.0) / 1000.0 - t;
    let rate = 23035.545 + (139.720 + 0.060 * t) * t;
    let zeta = ((17.995 * dt + 30.240 - 0.27 * t) * dt + rate) * dt;
    let z = ((18.325 * dt + 109.480 + 0.39 * t) * dt + rate) * dt;
    let theta = ((-41.8 * dt - 42.65 - 0.37 * t) * dt + 20051.12 + (-85.29 - 0.37 * t) * t) * dt;
    let tilted = matrix::multiply(&matrix::about_y(arcsec(theta)), &matrix::about_z(-arcsec(zeta)));
    matrix::multiply(&matrix::about_z(-arcsec(z)), &tilted)
}

fn julian_date(besselian: f64) -> f64 {
    2_415_020.313_52 + (besselian - 1900.0) * 365.242_198_781
}

fn julian_year(besselian: f64) -> f64 {
    2000.0 + (julian_date(besselian) - 2_451_545.0) / 365.25
}

/// The E-terms of aberration that FK4 positions contain (Explanatory Supplement 1992, sect. 3.53).
fn e_terms(equinox: f64) -> [f64; 3] {
    let t = (julian_date(equinox) - julian_date(1950.0)) / 36525.0;
    let eccentricity = polynomial(t, &[0.01673011, -0.00004193, -0.000000126]);
    let perigee = arcsec(polynomial(t, &[1015489.951, 6190.67, 1.65, 0.012]));
    let century = (julian_date(equinox) - 2_451_545.0) / 36525.0;
    let obliquity = arcsec(polynomial(century, &[84381.448, -46.8150, -0.00059, 0.001813]));
    let size = 0.0056932_f64.to_radians() * eccentricity;
    let across = -size * perigee.cos();
    [size * perigee.sin(), across * obliquity.cos(), across * obliquity.sin()]
}

fn remove_e_terms(e: [f64; 3], v: [f64; 3]) -> [f64; 3] {
    let along = 1.0 + dot(e, v);
    [0, 1, 2].map(|i| along * v[i] - e[i])
}

/// Solves [`remove_e_terms`] for its argument; each round adds five digits.
fn add_e_terms(e: [f64; 3], v: [f64; 3]) -> [f64; 3] {
    let length = dot(v, v).sqrt();
    let unit = v.map(|component| component / length);
    let mut place = unit;
    for _ in 0..10 {
        let along = 1.0 + dot(e, place);
        place = [0, 1, 2].map(|i| (unit[i] + e[i]) / along);
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_bias_matrix_is_its_three_angles() {
        let mas = |value: f64| arcsec(value / 1000.0);
        let tilted = matrix::multiply(&matrix::about_y(mas(9.1)), &matrix::about_z(mas(-22.9)));
        let product = matrix::multiply(&matrix::about_x(-mas(-19.9)), &tilted);
        for (row, expected) in product.iter().zip(&ICRS_TO_FK5) {
            for (a, b) in row.iter().zip(expected) {
                assert!((a - b).abs() < 1e-16);
            }
        }
    }

    const FRAMES: [Frame; 7] = [
        Frame::Icrs,
        Frame::FK5,
        Frame::Fk5 { equinox: 1975.0 },
        Frame::FK4,
        Frame::Fk4 { equinox: 1900.0 },
        Frame::Galactic,
        Frame::ECLIPTIC,
    ];

    proptest! {
        #[test]
        fn there_and_back_is_the_same_place(ra in 0.0..360.0, dec in -90.0..=90.0, i in 0..7usize) {
            let place = SkyCoord::from_degrees(ra, dec);
            let (lon, lat) = FRAMES[i].from_icrs(place);
            let back = FRAMES[i].to_icrs(lon, lat);
            let bound = if matches!(FRAMES[i], Frame::Fk4 { .. }) { 1e-3 } else { 1e-9 };
            prop_assert!(place.separation(back).arcsec() < bound);
        }

        #[test]
        fn directions_are_carried_as_a_small_step_is(
            ra in 0.0..360.0, dec in -89.0..89.0, pa in 0.0..360.0, i in 0..7usize
        ) {
            let transform = FRAMES[i].transform();
            let here = SkyCoord::from_degrees(ra, dec);
            let there = here.offset(Angle::from_degrees(pa), Angle::from_arcsec(10.0));
            let step = transform
                .to_icrs(here.ra, here.dec)
                .position_angle(transform.to_icrs(there.ra, there.dec));
            let carried =
                transform.position_angle_to_icrs(here.ra, here.dec, Angle::from_degrees(pa));
            prop_assert!((step - carried).wrapped_signed().abs().degrees() < 2e-4);
            let back = transform.position_angle_from_icrs(here.ra, here.dec, carried);
            prop_assert!((back - Angle::from_degrees(pa)).wrapped_signed().abs().degrees() < 1e-9);
        }
    }
}
