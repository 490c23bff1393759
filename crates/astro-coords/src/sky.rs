use std::str::FromStr;

use crate::Angle;
use crate::sexagesimal::{self, ParseCoordError, Sexagesimal};

/// A place on the sky, ICRS.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SkyCoord {
    /// Right ascension.
    pub ra: Angle,
    /// Declination.
    pub dec: Angle,
}

impl SkyCoord {
    /// The place at right ascension `ra` and declination `dec`.
    pub const fn new(ra: Angle, dec: Angle) -> Self {
        Self { ra, dec }
    }

    /// The place at `ra` and `dec` degrees.
    pub const fn from_degrees(ra: f64, dec: f64) -> Self {
        Self { ra: Angle::from_degrees(ra), dec: Angle::from_degrees(dec) }
    }

    /// The place in the direction of the vector `[x, y, z]`, of any length; right ascension in 0° .. 360°.
    pub fn from_vector([x, y, z]: [f64; 3]) -> Self {
        let ra = Angle::from_radians(y.atan2(x)).wrapped();
        Self { ra, dec: Angle::from_radians(z.atan2(x.hypot(y))) }
    }

    /// The unit vector `[x, y, z]` to this place: x to RA 0°, y to RA 90°, z to the north pole.
    pub fn to_vector(self) -> [f64; 3] {
        let (sin_ra, cos_ra) = self.ra.radians().sin_cos();
        let (sin_dec, cos_dec) = self.dec.radians().sin_cos();
        [cos_dec * cos_ra, cos_dec * sin_ra, sin_dec]
    }

    /// Great-circle distance to `other`, exact for tiny and for antipodal distances alike.
    ///
    /// # Source
    /// Vincenty 1975, Survey Review 23, 88, on a sphere.
    pub fn separation(self, other: Self) -> Angle {
        let (sin_d, cos_d) = (other.ra - self.ra).radians().sin_cos();
        let (sin_1, cos_1) = self.dec.radians().sin_cos();
        let (sin_2, cos_2) = other.dec.radians().sin_cos();
        let across = (cos_2 * sin_d).hypot(cos_1 * sin_2 - sin_1 * cos_2 * cos_d);
        Angle::from_radians(across.atan2(sin_1 * sin_2 + cos_1 * cos_2 * cos_d))
    }

    /// Direction from here to `other`, from north through east, 0° .. 360°.
    pub fn position_angle(self, other: Self) -> Angle {
        let (sin_d, cos_d) = (other.ra - self.ra).radians().sin_cos();
        let (sin_1, cos_1) = self.dec.radians().sin_cos();
        let (sin_2, cos_2) = other.dec.radians().sin_cos();
        Angle::from_radians((cos_2 * sin_d).atan2(cos_1 * sin_2 - sin_1 * cos_2 * cos_d)).wrapped()
    }

    /// The place at `distance` from here in the direction `position_angle` (north through east).
    pub fn offset(self, position_angle: Angle, distance: Angle) -> Self {
        let (sin_pa, cos_pa) = position_angle.radians().sin_cos();
        let (sin_r, cos_r) = distance.radians().sin_cos();
        let (sin_1, cos_1) = self.dec.radians().sin_cos();
        let (sin_ra, cos_ra) = self.ra.radians().sin_cos();
        // cos r along the place itself, sin r along the tangent: north for cos pa, east for sin pa.
        let along = cos_r * cos_1 - sin_r * cos_pa * sin_1;
        let east = sin_r * sin_pa;
        Self::from_vector([
            along * cos_ra - east * sin_ra,
            along * sin_ra + east * cos_ra,
            cos_r * sin_1 + sin_r * cos_pa * cos_1,
        ])
    }

    /// `hh:mm:ss.sss ±dd:mm:ss.ss` with `decimals` places of the seconds of declination and one more for
    /// the seconds of time.
    ///
    /// A position that is not finite gives `nan nan`.
    pub fn to_sexagesimal(self, decimals: usize) -> String {
        if !(self.ra.degrees().is_finite() && self.dec.degrees().is_finite()) {
            return "nan nan".to_owned();
        }
        let (hours, minutes, seconds) =
            sexagesimal::format(self.ra.wrapped().hours(), decimals + 1);
        let sign = if self.dec.degrees() < 0.0 { '-' } else { '+' };
        let (degrees, arcmin, arcsec) = sexagesimal::format(self.dec.degrees(), decimals);
        let hours = hours % 24;
        format!("{hours:02}:{minutes:02}:{seconds} {sign}{degrees:02}:{arcmin:02}:{arcsec}")
    }
}

impl SkyCoord {
    /// `ddd:mm:ss.ss dd:mm:ss.ss` with `decimals` places of the seconds: the right ascension in degrees too, without zeros
    /// in front and without a plus, as astropy's `to_string(decimal=False, sep=':')` has it.
    ///
    /// A position that is not finite gives `nan nan`. [`FromStr`] does not read it back: there, colons mean hours.
    pub fn to_sexagesimal_degrees(self, decimals: usize) -> String {
        if !(self.ra.degrees().is_finite() && self.dec.degrees().is_finite()) {
            return "nan nan".to_owned();
        }
        let (degrees, minutes, seconds) =
            sexagesimal::format(self.ra.wrapped().degrees(), decimals);
        let sign = if self.dec.degrees() < 0.0 { "-" } else { "" };
        let (dec, arcmin, arcsec) = sexagesimal::format(self.dec.degrees(), decimals);
        let degrees = degrees % 360;
        format!("{degrees}:{minutes:02}:{seconds} {sign}{dec}:{arcmin:02}:{arcsec}")
    }
}

/// Reads `RA DEC` in degrees (`202.47 47.195`) or sexagesimal (`13:29:52.7 +47:11:43`,
/// `13h29m52.7s 47d11m43s`, `13 29 52.7 +47 11 43`), separated by blanks, a comma or both.
///
/// Colons and blanks of a right ascension mean hours. A right ascension reads back as it is written, −360° to 360°.
impl FromStr for SkyCoord {
    type Err = ParseCoordError;

    fn from_str(text: &str) -> Result<Self, ParseCoordError> {
        let error = |problem| ParseCoordError::new(text, problem);
        let (ra, dec) =
            halves(text).ok_or_else(|| error("a position is two numbers, RA and Dec"))?;
        let ra = match sexagesimal::parse(&ra)? {
            Sexagesimal::Degrees(degrees) => Angle::from_degrees(degrees),
            Sexagesimal::Hours(hours) | Sexagesimal::Colons(hours) => Angle::from_hours(hours),
        };
        if ra.abs().degrees() > 360.0 {
            return Err(error("a right ascension lies within 0 and 360 degrees, or 24 hours"));
        }
        let dec = match sexagesimal::parse(&dec)? {
            Sexagesimal::Degrees(degrees) | Sexagesimal::Colons(degrees) => degrees,
            Sexagesimal::Hours(_) => return Err(error("a declination is not in hours")),
        };
        if dec.abs() > 90.0 {
            return Err(error("a declination lies within -90 and 90 degrees"));
        }
        Ok(Self { ra, dec: Angle::from_degrees(dec) })
    }
}

/// The texts of the right ascension and the declination: parted by a comma, by the sign of the second, or halfway
/// through the words.
fn halves(text: &str) -> Option<(String, String)> {
    if let Some((ra, dec)) = text.split_once(',') {
        let both = !ra.trim().is_empty() && !dec.trim().is_empty() && !dec.contains(',');
        return both.then(|| (ra.trim().to_owned(), dec.trim().to_owned()));
    }
    let words: Vec<&str> = text.split_whitespace().take(8).collect();
    let signed = words.iter().skip(1).position(|word| word.starts_with(['+', '-', '−']));
    let at = match signed {
        Some(before) => before + 1,
        None if words.len().is_multiple_of(2) => words.len() / 2,
        None => return None,
    };
    let sound = (1..=3).contains(&at) && (1..=3).contains(&(words.len() - at));
    sound.then(|| (words[..at].join(" "), words[at..].join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn separations_hold_at_every_scale() {
        let pole = SkyCoord::from_degrees(0.0, 90.0);
        assert!(
            (pole.separation(SkyCoord::from_degrees(123.0, -90.0)).degrees() - 180.0).abs() < 1e-12
        );
        let here = SkyCoord::from_degrees(0.0, 0.0);
        assert_eq!(here.separation(here), Angle::ZERO);
        let near = SkyCoord::from_degrees(359.999_999_999, 0.0);
        assert!((here.separation(near).degrees() / 1e-9 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn position_angles_run_from_north_through_east() {
        let here = SkyCoord::from_degrees(10.0, 20.0);
        assert!(here.position_angle(SkyCoord::from_degrees(10.0, 21.0)).degrees() < 1e-12);
        let east = here.position_angle(SkyCoord::from_degrees(10.001, 20.0)).degrees();
        assert!((east - 90.0).abs() < 1e-3, "{east}");
    }

    /// By `SkyCoord.to_string(decimal=False, sep=':', precision=8)` of astropy 8.0.
    #[test]
    fn degrees_are_written_as_astropy_does() {
        for (ra, dec, text) in [
            (195.135_940_338, -1.2, "195:08:09.38521680 -1:12:00.00000000"),
            (5.1, 0.000_001, "5:06:00.00000000 0:00:00.00360000"),
            (359.999_999_999_99, -89.5, "359:59:59.99999996 -89:30:00.00000000"),
            (0.05, 12.345_678_901_2, "0:03:00.00000000 12:20:44.44404432"),
        ] {
            assert_eq!(SkyCoord::from_degrees(ra, dec).to_sexagesimal_degrees(8), text);
        }
        assert_eq!(SkyCoord::from_degrees(f64::NAN, 0.0).to_sexagesimal_degrees(8), "nan nan");
    }

    #[test]
    fn both_ways_of_writing_are_read() {
        let expected = SkyCoord::from_degrees(202.5, -47.25);
        for text in [
            "202.5 -47.25",
            "202.5,-47.25",
            "13:30:00 -47:15:00",
            "13h30m00s, -47d15m00s",
            "  202.5\t-47.25d ",
            "13 30 00 -47 15 00",
            "13h 30m 00s -47d 15m",
            "13h30m -47°15′",
            "13.5h −47.25",
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in [
            "",
            "1",
            "1 2 3",
            "10 91",
            "10 1h0m0s",
            "a b",
            "1,",
            ",1",
            "1,2,3",
            "361 0",
            "25:00:00 0",
            "1 2 3 4 5 6 7 8",
            "10 nan",
        ] {
            assert!(text.parse::<SkyCoord>().is_err(), "{text}");
        }
    }

    #[test]
    fn errors_say_what_was_found() {
        let error = "10 91".parse::<SkyCoord>().unwrap_err();
        assert_eq!(error.to_string(), "a declination lies within -90 and 90 degrees: \"10 91\"");
    }

    #[test]
    fn sexagesimal_text_carries_over() {
        let place = SkyCoord::from_degrees(359.999_999_999_9, -0.5);
        assert_eq!(place.to_sexagesimal(2), "00:00:00.000 -00:30:00.00");
        let place = SkyCoord::from_degrees(1e-9, -89.999_999_999);
        assert_eq!(place.to_sexagesimal(2), "00:00:00.000 -90:00:00.00");
        let place = SkyCoord::from_degrees(14.999_999, -1e-9);
        assert_eq!(place.to_sexagesimal(0), "01:00:00.0 -00:00:00");
        assert_eq!(SkyCoord::from_degrees(f64::NAN, 0.0).to_sexagesimal(0), "nan nan");
        assert_eq!(SkyCoord::from_degrees(202.5, 47.25).to_sexagesimal(0), "13:30:00.0 +47:15:00");
    }

    proptest! {
        #[test]
        fn offset_is_the_inverse_of_separation_and_position_angle(
            ra in 0.0..360.0, dec in -89.0..89.0, pa in 0.0..360.0, r in 1e-6..170.0
        ) {
            let here = SkyCoord::from_degrees(ra, dec);
            let there = here.offset(Angle::from_degrees(pa), Angle::from_degrees(r));
            prop_assert!((here.separation(there).degrees() - r).abs() < 1e-11);
            let back = here.position_angle(there) - Angle::from_degrees(pa);
            prop_assert!(back.wrapped_signed().degrees().abs() * r.to_radians().sin() < 1e-10);
        }

        #[test]
        fn text_reads_back(ra in 0.0..360.0, dec in -90.0..=90.0) {
            let here = SkyCoord::from_degrees(ra, dec);
            let there: SkyCoord = here.to_sexagesimal(6).parse().unwrap();
            prop_assert!(here.separation(there).arcsec() < 1e-5);
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = text.parse::<SkyCoord>();
        }
    }
}
