//! The one place where sky frames meet ICRS.

use std::sync::LazyLock;

use astro_coords::{Angle, Frame, FrameTransform, SkyCoord};

use crate::SkyFrame;

/// The rotations of the five frames, computed once.
static TRANSFORMS: LazyLock<[FrameTransform; 5]> = LazyLock::new(|| {
    [Frame::Icrs, Frame::FK5, Frame::FK4, Frame::Galactic, Frame::ECLIPTIC].map(Frame::transform)
});

/// What turns positions of `frame` into ICRS and back; `None` where the axes are not celestial.
pub(crate) fn transform(frame: SkyFrame) -> Option<&'static FrameTransform> {
    let index = match frame {
        SkyFrame::Icrs => 0,
        SkyFrame::Fk5 | SkyFrame::Unnamed => 1,
        SkyFrame::Fk4 => 2,
        SkyFrame::Galactic => 3,
        SkyFrame::Ecliptic => 4,
        SkyFrame::Linear => return None,
    };
    Some(&TRANSFORMS[index])
}

/// `longitude` and `latitude`, degrees in `frame`, as a place in ICRS.
pub(crate) fn to_icrs(frame: SkyFrame, longitude: f64, latitude: f64) -> Option<SkyCoord> {
    let (lon, lat) = (Angle::from_degrees(longitude), Angle::from_degrees(latitude));
    Some(transform(frame)?.to_icrs(lon, lat))
}
