//! Angles and sizes as commands take them, the same everywhere.

use astro_coords::Angle;
use cutout::{Length, Size};

/// `30arcsec`, `0.5arcmin`, `0.01deg` or another unit of [`Angle`]; a bare number is in arcseconds. Not below zero.
pub(crate) fn angle(text: &str) -> Result<Angle, String> {
    let read = match text.trim().parse::<f64>() {
        Ok(arcsec) => Some(Angle::from_arcsec(arcsec)),
        Err(_) => text.parse::<Angle>().ok(),
    };
    read.filter(|angle| angle.degrees() >= 0.0 && angle.degrees().is_finite())
        .ok_or_else(|| format!("not an angle such as 30arcsec, 0.5arcmin or 0.01deg: {text}"))
}

/// The same, above zero.
pub(crate) fn positive(text: &str) -> Result<Angle, String> {
    let angle = angle(text)?;
    (angle > Angle::ZERO).then_some(angle).ok_or_else(|| format!("not above zero: {text}"))
}

/// `10arcsec` or `5x4arcsec`: width and height, of a place without an image.
pub(crate) fn sky_size(text: &str) -> Result<(Angle, Angle), String> {
    on_the_sky(&text.parse().map_err(|error: cutout::Error| error.to_string())?)
}

/// Width and height of a size that is not in pixels.
pub(crate) fn on_the_sky(size: &Size) -> Result<(Angle, Angle), String> {
    match (size.x, size.y) {
        (Length::Sky(width), Length::Sky(height)) => Ok((width, height)),
        _ => Err("a size in pixels needs an image; write 10arcsec or 5x4arcsec".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_and_sizes_carry_their_units() {
        for (text, expected) in [
            ("30", Angle::from_arcsec(30.0)),
            (" 1e-1 ", Angle::from_arcsec(0.1)),
            ("30\"", Angle::from_arcsec(30.0)),
            ("0.5arcmin", Angle::from_arcmin(0.5)),
            ("0.5'", Angle::from_arcmin(0.5)),
            ("0.01deg", Angle::from_degrees(0.01)),
            ("0.01d", Angle::from_degrees(0.01)),
            ("250mas", Angle::from_arcsec(0.25)),
            ("0", Angle::ZERO),
        ] {
            assert_eq!(angle(text), Ok(expected), "{text}");
        }
        for text in ["3 parsec", "-1", "-1arcmin", "nan", "inf", "1e999", ""] {
            let problem = "not an angle such as 30arcsec, 0.5arcmin or 0.01deg";
            assert_eq!(angle(text), Err(format!("{problem}: {text}")));
        }
        assert_eq!(positive("0"), Err("not above zero: 0".to_owned()));
        assert_eq!(positive("0.04"), Ok(Angle::from_arcsec(0.04)));
    }

    #[test]
    fn sizes_on_the_sky_are_no_pixels() {
        let near = |size: Result<(Angle, Angle), String>, width: f64, height: f64| {
            let (w, h) = size.unwrap();
            assert!((w.arcsec() - width).abs() < 1e-12 && (h.arcsec() - height).abs() < 1e-12);
        };
        near(sky_size("5x4arcsec"), 5.0, 4.0);
        near(sky_size("5arcsecx4arcsec"), 5.0, 4.0);
        near(sky_size("10arcsec"), 10.0, 10.0);
        let pixels = "a size in pixels needs an image; write 10arcsec or 5x4arcsec";
        for text in ["200", "200x300", "5.5", "5arcsecx4px"] {
            assert_eq!(sky_size(text), Err(pixels.to_owned()), "{text}");
        }
        assert!(sky_size("5 parsec").is_err() && sky_size("0x4arcsec").is_err());
    }
}
