//! The one place where sky frames meet ICRS.

use astro_coords::{Angle, SkyCoord};

use crate::SkyFrame;

/// `longitude` and `latitude`, degrees in `frame`, as a place in ICRS.
pub(crate) fn to_icrs(frame: SkyFrame, longitude: f64, latitude: f64) -> Option<SkyCoord> {
    let given = SkyCoord::new(Angle::from_degrees(longitude), Angle::from_degrees(latitude));
    match frame {
        // FK5 differs from ICRS by a rotation of 23 mas.
        SkyFrame::Icrs | SkyFrame::Fk5 => Some(given),
        SkyFrame::Galactic => {
            Some(SkyCoord::from_vector(turn(&GALACTIC_TO_ICRS, given.to_vector())))
        }
        SkyFrame::Fk4 | SkyFrame::Ecliptic | SkyFrame::Unnamed | SkyFrame::Linear => None,
    }
}

/// Hipparcos catalogue, vol. 1, eq. 1.5.13, transposed.
const GALACTIC_TO_ICRS: [[f64; 3]; 3] = [
    [-0.054_875_560_4, 0.494_109_427_9, -0.867_666_149_0],
    [-0.873_437_090_2, -0.444_829_630_0, -0.198_076_373_4],
    [-0.483_835_015_5, 0.746_982_244_5, 0.455_983_776_2],
];

fn turn(m: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}
