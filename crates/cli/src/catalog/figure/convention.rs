//! How older releases of photutils took lengths and angles on the sky to pixels.

use astro_coords::{Angle, PixelCoord, SkyCoord};

use super::aperture::determinant;
use super::{Figure, Grid, Place};
use crate::catalog::SkyShape;

type Matrix = [[f64; 2]; 2];

impl Figure {
    /// The pixel of `center`, and arcsec west and north per pixel as `shape` has them for this figure.
    pub(super) fn frame(
        &self,
        grid: &dyn Grid,
        shape: SkyShape,
        center: Place,
    ) -> Option<(PixelCoord, Matrix)> {
        let local = grid.local(center)?;
        let Place::Sky(place) = center else { return Some(local) };
        let map = match (shape, self) {
            (SkyShape::Affine | SkyShape::Geodesic, _) => local.1,
            (SkyShape::Photutils, Self::Ellipse { semi_axes: [a, b], .. }) if a == b => {
                similar(determinant(local.1).abs().sqrt().recip(), 90.0)
            }
            (SkyShape::Photutils30, Self::Ellipse { semi_axes: [a, b], .. }) if a == b => {
                similar(mean_scale(grid, local)?, 90.0)
            }
            (SkyShape::Photutils30, Self::Box { .. }) if !grid.is_distorted() => {
                let (_, north) = step_north(grid, place, local.0)?;
                similar(mean_scale(grid, local)?, north)
            }
            (SkyShape::Photutils | SkyShape::Photutils30, _) => local.1,
            (SkyShape::Photutils23, _) => {
                let (scale, north) = step_north(grid, place, local.0)?;
                similar(scale, north)
            }
        };
        Some((local.0, map))
    }
}

/// `scale` pixels per arcsec, north at an angle in degrees from x through y, and the sky not mirrored.
fn similar(scale: f64, north: f64) -> Matrix {
    let (sin, cos) = (north - 90.0).to_radians().sin_cos();
    [[cos / scale, sin / scale], [-sin / scale, cos / scale]]
}

/// Pixels per arcsec, and the direction in degrees from x through y, of a step of 1″ to the north.
fn step_north(grid: &dyn Grid, place: SkyCoord, at: PixelCoord) -> Option<(f64, f64)> {
    let north = grid.pixel(place.offset(Angle::ZERO, Angle::from_arcsec(1.0)))?;
    let (dx, dy) = (north.x - at.x, north.y - at.y);
    Some((dx.hypot(dy), dy.atan2(dx).to_degrees()))
}

/// Pixels per arcsec: over the root of the product of the distances to the next pixels in x and y; on a distorted image
/// the mean of the two scales of an ellipse.
fn mean_scale(grid: &dyn Grid, (at, map): (PixelCoord, Matrix)) -> Option<f64> {
    if grid.is_distorted() {
        let (squares, area) =
            (map.iter().flatten().map(|m| m * m).sum::<f64>(), determinant(map).abs());
        // Σ 1/s over the singular values s, of which Σ s² and s₁ s₂ are known.
        return Some(0.5 * (squares + 2.0 * area).sqrt() / area);
    }
    let here = grid.sky(at)?;
    let step =
        |x, y| Some(grid.sky(PixelCoord::new(at.x + x, at.y + y))?.separation(here).arcsec());
    Some((step(1.0, 0.0)? * step(0.0, 1.0)?).sqrt().recip())
}

#[cfg(test)]
mod tests {
    use hst_fits::{Header, LookupTables, Wcs};

    use super::*;

    fn wcs(cd: Matrix, has_sip: bool) -> Wcs {
        let mut header = Header::new();
        let suffix = if has_sip { "-SIP" } else { "" };
        header.set("CTYPE1", format!("RA---TAN{suffix}"), "");
        header.set("CTYPE2", format!("DEC--TAN{suffix}"), "");
        let [[a, b], [c, d]] = cd.map(|row| row.map(|arcsec| arcsec / 3600.0));
        for (keyword, value) in [
            ("CRPIX1", 60.5),
            ("CRPIX2", 60.5),
            ("CRVAL1", 150.0),
            ("CRVAL2", -30.0),
            ("CD1_1", a),
            ("CD1_2", b),
            ("CD2_1", c),
            ("CD2_2", d),
        ] {
            header.set(keyword, value, "");
        }
        if has_sip {
            header.set("A_ORDER", 2, "");
            header.set("B_ORDER", 2, "");
            for (keyword, value) in
                [("A_2_0", 1e-4), ("A_1_1", -2e-4), ("B_0_2", 1.5e-4), ("B_1_1", 5e-5)]
            {
                header.set(keyword, value, "");
            }
        }
        Wcs::from_keywords(&header, None, &LookupTables::default()).expect("a system")
    }

    const SQUARE: Matrix = [[-0.05, 0.0], [0.0, 0.05]];
    const OBLONG: Matrix = [[-0.0505, 0.0], [0.0, 0.05]];
    const SHEARED: Matrix = [[-0.05, 0.01], [0.004, 0.06]];

    fn extent(figure: &Figure, image: &Wcs, shape: SkyShape) -> [f64; 3] {
        let (_, map) = figure.frame(image, shape, figure.center()).expect("on the projection");
        let scale = determinant(map).abs().sqrt().recip();
        let angle = (-map[1][0]).atan2(map[0][0]).to_degrees();
        match figure {
            Figure::Ellipse { semi_axes: [a, b], .. } => [a * scale, b * scale, angle],
            Figure::Box { size: [w, h], .. } => [w * scale, h * scale, angle],
            _ => unreachable!("only those"),
        }
    }

    /// `SkyCircularAperture(0.8"), SkyEllipticalAperture(0.9", 0.4", 25°), SkyRectangularAperture(1.1", 0.5", 25°)` at
    /// (150.0003, -30.0002), to pixels; theta counts from x and position angles from north, 90° apart.
    #[test]
    fn older_photutils_have_their_sizes() {
        let center = Place::Sky(SkyCoord::from_degrees(150.0003, -30.0002));
        // Position angle 25° is 115° from west through north.
        let angle = Angle::from_degrees(115.0);
        let circle = Figure::circle(center, 0.8);
        let ellipse = Figure::Ellipse { center, semi_axes: [0.9, 0.4], angle };
        let rectangle = Figure::Box { center, size: [1.1, 0.5], angle };
        let near = |found: f64, expected: f64, what: &str| {
            // Their separations are known to some 5e-10.
            assert!((found / expected - 1.0).abs() < 1e-9, "{what}: {found} {expected}");
        };
        for (cd, radius, ellipse_axes, sides, theta) in [
            (
                SQUARE,
                15.999_999_999_970_289,
                [17.999_999_999_966_573, 7.999_999_999_985_144],
                [21.999_999_999_959_147, 9.999_999_999_981_43],
                115.000_150_000_046_77,
            ),
            (
                OBLONG,
                15.999_999_999_969_209,
                [17.999_999_999_965_36, 7.999_999_999_984_604],
                [21.999_999_999_957_662, 9.999_999_999_980_755],
                115.000_148_514_897_77,
            ),
            (
                SHEARED,
                13.418_466_999_646_65,
                [15.095_775_374_602_48, 6.709_233_499_823_325],
                [18.450_392_124_514_142, 8.386_541_874_779_155],
                103.690_242_910_720_49,
            ),
        ] {
            let image = wcs(cd, false);
            let shape = SkyShape::Photutils23;
            near(extent(&circle, &image, shape)[0], radius, "photutils 2.3.0 r");
            for (figure, [a, b]) in [(&ellipse, ellipse_axes), (&rectangle, sides)] {
                let found = extent(figure, &image, shape);
                near(found[0], a, "photutils 2.3.0 a");
                near(found[1], b, "photutils 2.3.0 b");
                // Their north is a step of 1", whose place they know to 1e-8 of it.
                assert!((found[2] + 115.0 - theta).abs() < 1e-6, "{} {theta}", found[2]);
            }
        }
        let image = wcs(SHEARED, true);
        near(
            extent(&circle, &image, SkyShape::Photutils23)[0],
            13.432_351_543_875_852,
            "2.3.0 SIP",
        );
        for (cd, radius, sides, theta) in [
            (
                SQUARE,
                15.999_999_995_484_21,
                [21.999_999_993_790_787, 9.999_999_997_177_63],
                115.000_150_011_609_89,
            ),
            (
                OBLONG,
                15.920_595_048_364_405,
                [21.890_818_191_501_058, 9.950_371_905_227_753],
                115.000_148_549_236_78,
            ),
            (
                SHEARED,
                14.483_112_246_883_998,
                [19.914_279_339_465_498, 9.051_945_154_302_498],
                103.690_242_949_427_27,
            ),
        ] {
            let image = wcs(cd, false);
            let shape = SkyShape::Photutils30;
            near(extent(&circle, &image, shape)[0], radius, "photutils 3.0.0 r");
            let found = extent(&rectangle, &image, shape);
            near(found[0], sides[0], "photutils 3.0.0 w");
            near(found[1], sides[1], "photutils 3.0.0 h");
            assert!((found[2] + 115.0 - theta).abs() < 1e-6, "{} {theta}", found[2]);
        }
        // One pixel to the next, where the distortion bends: theirs is a difference, ours the derivative.
        let found = extent(&circle, &wcs(SHEARED, true), SkyShape::Photutils30)[0];
        assert!((found / 14.631_870_409_632_269 - 1.0).abs() < 3e-4, "{found}");
    }

    /// Pixels 1 % longer in x than in y, and the radius of the notebook's first region.
    #[test]
    fn a_radius_grows_away_from_the_tangent_point() {
        let circle = |place| Figure::circle(Place::Sky(place), 7.267);
        let center = SkyCoord::from_degrees(150.0, -30.0);
        let radius = |place, cd| extent(&circle(place), &wcs(cd, false), SkyShape::Photutils30)[0];
        let here = radius(center, SQUARE);
        assert!((here / 145.34 - 1.0).abs() < 1e-9, "{here}");
        for (arcsec, growth) in [(140.0, 3.5e-7), (1400.0, 3.5e-5)] {
            let there = center.offset(Angle::from_degrees(90.0), Angle::from_arcsec(arcsec));
            let found = radius(there, SQUARE) / here - 1.0;
            assert!((found / growth - 1.0).abs() < 0.03, "{found:e} {growth:e}");
        }
        // By photutils 3.0.0.
        let oblong = radius(center, OBLONG);
        assert!((oblong / 144.618_705_281_688_53 - 1.0).abs() < 1e-9, "{oblong}");
    }
}
