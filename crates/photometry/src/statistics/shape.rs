use crate::Flags;

/// The shape of the Gaussian that has the second moments of the light. Lengths are in pixels.
///
/// Light that is narrower than a pixel along an axis is given the variance of one, 1/12, along it, as by photutils 3.1.1
/// and nearly so by SExtractor. Moments that are no shape's, which negative pixels bring about, give NaN.
///
/// # Source
/// Bertin & Arnouts 1996, A&AS 117, 393, sect. 8; SExtractor's manual for cxx, cyy and cxy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Covariance, `[[xx, xy], [xy, yy]]`, of the raw moments, widened to a pixel.
    pub covariance: [[f64; 2]; 2],
    /// Standard deviation along the longer axis.
    pub semimajor: f64,
    /// Standard deviation along the shorter axis.
    pub semiminor: f64,
    /// Full width at half maximum of a round Gaussian as wide: 2 √(ln 2 (a² + b²)).
    pub fwhm: f64,
    /// Angle of the longer axis from x towards y, in degrees, above −90 to 90.
    pub orientation: f64,
    /// √(1 − b²/a²).
    pub eccentricity: f64,
    /// a / b.
    pub elongation: f64,
    /// 1 − b/a.
    pub ellipticity: f64,
    /// SExtractor's coefficient of x² in the equation of the ellipse.
    pub cxx: f64,
    /// The coefficient of y².
    pub cyy: f64,
    /// The coefficient of xy.
    pub cxy: f64,
    /// [`Flags::UNDEFINED_SHAPE`] or [`Flags::SINGULAR_COVARIANCE`].
    pub(super) flags: Flags,
}

/// Variance of light spread evenly over a pixel.
const PIXEL: f64 = 1.0 / 12.0;
/// Share of the squared trace below zero that a determinant's rounding explains.
const ROUNDING: f64 = 1000.0 * f64::EPSILON;

impl Shape {
    pub(super) const NONE: Self = Self {
        covariance: [[f64::NAN; 2]; 2],
        semimajor: f64::NAN,
        semiminor: f64::NAN,
        fwhm: f64::NAN,
        orientation: f64::NAN,
        eccentricity: f64::NAN,
        elongation: f64::NAN,
        ellipticity: f64::NAN,
        cxx: f64::NAN,
        cyy: f64::NAN,
        cxy: f64::NAN,
        flags: Flags::NONE,
    };

    /// Of moments about the centroid.
    pub(super) fn of(central: &[[f64; 4]; 4]) -> Self {
        let light = central[0][0];
        let raw = Covariance {
            xx: central[0][2] / light,
            xy: central[1][1] / light,
            yy: central[2][0] / light,
        };
        if raw.is_no_shape() {
            return Self { flags: Flags::UNDEFINED_SHAPE, ..Self::NONE };
        }
        let flags = Flags::SINGULAR_COVARIANCE.when(raw.least() < PIXEL);
        Self { flags, ..raw.widened().shape() }
    }

    /// Position angle of the longer axis, in degrees from north through east, above −90 to 90.
    ///
    /// `local` is `[[east, north] per x, [east, north] per y]` transposed: row 0 how far east, row 1 how far north, a
    /// pixel's step in x and in y leads, in any unit.
    pub fn sky_orientation(&self, local: [[f64; 2]; 2]) -> f64 {
        let [[xx, xy], [_, yy]] = self.covariance;
        let along = |a: [f64; 2], b: [f64; 2]| {
            a[0] * (xx * b[0] + xy * b[1]) + a[1] * (xy * b[0] + yy * b[1])
        };
        let [east, north] = local;
        axis_angle(along(north, north), along(east, east), along(east, north))
    }
}

/// Angle of the longer axis from the first axis towards the second, in degrees.
fn axis_angle(first: f64, second: f64, between: f64) -> f64 {
    // Adding zero turns -0 into 0, and so -90 degrees into 90.
    (0.5 * (2.0 * between + 0.0).atan2(first - second)).to_degrees()
}

#[derive(Clone, Copy)]
struct Covariance {
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Covariance {
    fn determinant(self) -> f64 {
        self.xx * self.yy - self.xy * self.xy
    }

    fn half_difference(self) -> f64 {
        (0.5 * (self.xx - self.yy)).hypot(self.xy)
    }

    fn most(self) -> f64 {
        0.5 * (self.xx + self.yy) + self.half_difference()
    }

    /// The lesser eigenvalue, by the form that does not cancel.
    fn least(self) -> f64 {
        let middle = 0.5 * (self.xx + self.yy);
        if middle > 0.0 {
            self.determinant() / (middle + self.half_difference())
        } else {
            middle - self.half_difference()
        }
    }

    fn is_no_shape(self) -> bool {
        let trace = self.xx + self.yy;
        self.determinant() < -ROUNDING * trace * trace || trace < 0.0
    }

    /// Eigenvalues below a pixel's raised to it, the axes kept.
    fn widened(self) -> Self {
        let (least, most) = (self.least(), self.most());
        if most < PIXEL {
            return Self { xx: PIXEL, xy: 0.0, yy: PIXEL };
        }
        if least < PIXEL && most.is_finite() {
            // The projector on the shorter axis is (most - C) / (most - least).
            let factor = (PIXEL - least) / (most - least);
            return Self {
                xx: self.xx + factor * (most - self.xx),
                xy: self.xy - factor * self.xy,
                yy: self.yy + factor * (most - self.yy),
            };
        }
        self
    }

    fn shape(self) -> Shape {
        let variances = (self.most(), self.least());
        let valid = variances.0.is_finite() && variances.1 >= 0.0;
        let (most, least) = if valid { variances } else { (f64::NAN, f64::NAN) };
        let (a, b) = (most.sqrt(), least.sqrt());
        let orientation = axis_angle(self.xx, self.yy, self.xy);
        let (sin, cos) = orientation.to_radians().sin_cos();
        Shape {
            covariance: [[self.xx, self.xy], [self.xy, self.yy]],
            semimajor: a,
            semiminor: b,
            fwhm: 2.0 * (std::f64::consts::LN_2 * (most + least)).sqrt(),
            orientation,
            eccentricity: (1.0 - least / most).sqrt(),
            elongation: a / b,
            ellipticity: 1.0 - b / a,
            cxx: cos * cos / most + sin * sin / least,
            cyy: sin * sin / most + cos * cos / least,
            cxy: 2.0 * cos * sin * (1.0 / most - 1.0 / least),
            flags: Flags::NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(xx: f64, xy: f64, yy: f64) -> Shape {
        let mut central = [[0.0; 4]; 4];
        (central[0][0], central[0][2], central[1][1], central[2][0]) =
            (2.0, 2.0 * xx, 2.0 * xy, 2.0 * yy);
        Shape::of(&central)
    }

    #[test]
    fn an_ellipse_at_45_degrees() {
        let shape = of(5.0, 3.0, 5.0);
        assert!((shape.semimajor - 8.0_f64.sqrt()).abs() < 1e-14);
        assert!((shape.semiminor - 2.0_f64.sqrt()).abs() < 1e-14);
        assert!((shape.orientation - 45.0).abs() < 1e-12 && shape.flags == Flags::default());
        // On the ellipse of one standard deviation the equation gives 1.
        let (x, y) = (2.0, 2.0);
        let on = shape.cxx * x * x + shape.cyy * y * y + shape.cxy * x * y;
        assert!((on - 1.0).abs() < 1e-14);
        // North up, east to the left: the position angle counts from y towards -x.
        assert!((shape.sky_orientation([[-0.05, 0.0], [0.0, 0.05]]) + 45.0).abs() < 1e-12);
    }

    #[test]
    fn a_point_is_as_wide_as_a_pixel() {
        let point = of(0.0, 0.0, 0.0);
        assert_eq!((point.covariance[0][0], point.orientation), (PIXEL, 0.0));
        assert_eq!(point.flags, Flags::SINGULAR_COVARIANCE);
        let line = of(4.0, 0.0, 0.0);
        assert_eq!((line.semimajor, line.flags), (2.0, Flags::SINGULAR_COVARIANCE));
        assert!((line.semiminor - PIXEL.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn moments_that_are_no_shape_are_flagged() {
        for (xx, xy, yy) in [(-1.0, 0.0, 3.0), (1.0, 2.0, 1.0), (-2.0, 0.0, -1.0)] {
            let shape = of(xx, xy, yy);
            assert!(shape.semimajor.is_nan() && shape.flags == Flags::UNDEFINED_SHAPE);
        }
        assert!(Shape::of(&[[0.0; 4]; 4]).fwhm.is_nan());
    }
}
