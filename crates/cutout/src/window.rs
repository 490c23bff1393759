//! From a place and a size to a box of pixels.

use std::fmt;
use std::str::FromStr;

use astro_coords::{Angle, PixelBox, PixelCoord};

use crate::{Error, Result};

/// The longest side of a cutout in pixels.
const LONGEST: usize = 1_000_000;

/// How large a cutout is: along x (`NAXIS1`), then along y.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Along the rows.
    pub x: Length,
    /// Across the rows.
    pub y: Length,
}

/// A side of a cutout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// A number of pixels, whole or not.
    Pixels(f64),
    /// An angle, divided by the pixel's size along the axis at the reference point.
    Sky(Angle),
}

/// As it is read: `200`, `200x300`, `10arcsec`, `5x4arcsec`, `20pxx2arcsec`.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Through degrees and back an arcsecond is off in its last digits.
        let arcsec = |angle: Angle| (angle.arcsec() * 1e9).round() / 1e9;
        match (self.x, self.y) {
            (Length::Pixels(x), Length::Pixels(y)) if x == y => write!(f, "{x}"),
            (Length::Pixels(x), Length::Pixels(y)) => write!(f, "{x}x{y}"),
            (Length::Sky(x), Length::Sky(y)) if x == y => write!(f, "{}arcsec", arcsec(x)),
            (Length::Sky(x), Length::Sky(y)) => write!(f, "{}x{}arcsec", arcsec(x), arcsec(y)),
            (Length::Pixels(x), Length::Sky(y)) => write!(f, "{x}pxx{}arcsec", arcsec(y)),
            (Length::Sky(x), Length::Pixels(y)) => write!(f, "{}arcsecx{y}px", arcsec(x)),
        }
    }
}

/// What happens to sizes and edges that are no whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SizePolicy {
    /// The size is rounded (halves up) and always kept; the window begins where astrocut's does but for ties, so that
    /// its middle is less than one pixel below the centre and never above.
    #[default]
    Exact,
    /// Both edges are rounded each for itself, as astrocut 1.4.0 does: with the phase of the centre in its pixel the
    /// size may change by one.
    Compat(Rounding),
}

/// How astrocut rounds an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// To the nearest, halves to the even one.
    #[default]
    Nearest,
    /// Up.
    Up,
    /// Down.
    Down,
}

impl Size {
    /// A square of `n` pixels.
    pub fn square(n: f64) -> Self {
        Self::pixels(n, n)
    }

    /// A number of pixels along x and along y.
    pub fn pixels(nx: f64, ny: f64) -> Self {
        Self { x: Length::Pixels(nx), y: Length::Pixels(ny) }
    }

    /// Angles along x and along y.
    pub fn sky(x: Angle, y: Angle) -> Self {
        Self { x: Length::Sky(x), y: Length::Sky(y) }
    }

    /// The sides in pixels of the sizes `scales` (along x, along y).
    pub fn in_pixels(self, scales: [Angle; 2]) -> [f64; 2] {
        let side = |length, scale: Angle| match length {
            Length::Pixels(n) => n,
            Length::Sky(angle) => angle.degrees() / scale.degrees(),
        };
        [side(self.x, scales[0]), side(self.y, scales[1])]
    }
}

/// The window of the sides `size` (pixels) around `center`, in the image or outside.
///
/// # Errors
/// When a side is not a number above zero, or longer than a million pixels.
///
/// # Source
/// `Compat`: astrocut 1.4.0, `Cutout._get_cutout_limits`, with its sizes first x, then y.
pub fn window(center: PixelCoord, size: [f64; 2], policy: SizePolicy) -> Result<PixelBox> {
    let sound = |n: f64| n > 0.0 && n <= LONGEST as f64;
    let bad = || Error::BadSize { size: format!("{} x {}", size[0], size[1]), limit: LONGEST };
    if !sound(size[0]) || !sound(size[1]) {
        return Err(bad());
    }
    let far = |c: f64| c.is_nan() || c.abs() > 1e15;
    if far(center.x) || far(center.y) {
        return Err(Error::NotOnImage { place: format!("({}, {})", center.x, center.y) });
    }
    Ok(PixelBox::new(range(center.x, size[0], policy), range(center.y, size[1], policy)))
}

#[expect(clippy::cast_possible_truncation, reason = "the caller has checked the sizes")]
fn range(center: f64, size: f64, policy: SizePolicy) -> std::ops::Range<isize> {
    match policy {
        SizePolicy::Exact => {
            let n = (size + 0.5).floor().max(1.0);
            let low = (center - n / 2.0 + 0.5).floor() as isize;
            low..low + n as isize
        }
        SizePolicy::Compat(rounding) => {
            let round = |edge: f64| match rounding {
                Rounding::Nearest => edge.round_ties_even(),
                Rounding::Up => edge.ceil(),
                Rounding::Down => edge.floor(),
            };
            let half = size / 2.0;
            let (low, high) = (round(center - half) as isize, round(center + half) as isize);
            if low == high {
                let low = center.floor() as isize;
                return low..low + 1;
            }
            low..high
        }
    }
}

/// Reads `200`, `200x300` (pixels, first x, then y), `10arcsec`, `5x4arcsec`, `1arcminx30arcsec`.
impl FromStr for Size {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse(text.trim()).ok_or_else(|| Error::ParseSize { text: text.chars().take(80).collect() })
    }
}

fn parse(text: &str) -> Option<Size> {
    let (first, unit, rest) = side(text)?;
    let (x, y) = match rest.strip_prefix('x') {
        None if rest.is_empty() => (length(first, unit), length(first, unit)),
        None => return None,
        Some(rest) => {
            let (second, last, rest) = side(rest)?;
            if !rest.is_empty() {
                return None;
            }
            (length(first, unit.or(last)), length(second, last))
        }
    };
    let sound = |length: &Length| match length {
        Length::Pixels(n) => *n > 0.0 && n.is_finite(),
        Length::Sky(angle) => angle.degrees() > 0.0 && angle.degrees().is_finite(),
    };
    Some(Size { x, y }).filter(|size| sound(&size.x) && sound(&size.y))
}

/// Degrees of a unit; `None` stands for pixels.
type Unit = Option<f64>;

/// A number, its unit if there is one, and what follows.
fn side(text: &str) -> Option<(f64, Option<Unit>, &str)> {
    const UNITS: [(&str, Unit); 9] = [
        ("arcsec", Some(1.0 / 3600.0)),
        ("arcmin", Some(1.0 / 60.0)),
        ("deg", Some(1.0)),
        ("\"", Some(1.0 / 3600.0)),
        ("'", Some(1.0 / 60.0)),
        ("d", Some(1.0)),
        ("pixels", None),
        ("pix", None),
        ("px", None),
    ];
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number = text[..end].parse().ok()?;
    let rest = text[end..].trim_start();
    for (name, unit) in UNITS {
        if let Some(rest) = rest.strip_prefix(name) {
            return Some((number, Some(unit), rest.trim_start()));
        }
    }
    Some((number, None, rest))
}

fn length(number: f64, unit: Option<Unit>) -> Length {
    match unit.flatten() {
        Some(degrees) => Length::Sky(Angle::from_degrees(number * degrees)),
        None => Length::Pixels(number),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMPAT: SizePolicy = SizePolicy::Compat(Rounding::Nearest);

    fn x(center: f64, size: f64, policy: SizePolicy) -> std::ops::Range<isize> {
        window(PixelCoord::new(center, 0.0), [size, 1.0], policy).unwrap().x
    }

    #[test]
    fn halves_change_the_size_in_compat_only() {
        // Observed in astrocut 1.4.0.
        assert_eq!(x(5.0, 5.0, COMPAT), 2..8);
        assert_eq!(x(6.0, 5.0, COMPAT), 4..8);
        assert_eq!(x(5.0, 5.0, SizePolicy::Exact), 3..8);
        assert_eq!(x(6.0, 5.0, SizePolicy::Exact), 4..9);
        let sizes = |policy| [5.1, 5.4].map(|c| x(c, 12.5, policy).len());
        assert_eq!(sizes(COMPAT), [12, 13]);
        assert_eq!(sizes(SizePolicy::Exact), [13, 13]);
    }

    #[test]
    fn tiny_sizes_are_one_pixel() {
        for policy in [COMPAT, SizePolicy::Exact] {
            assert_eq!(x(7.0, 0.025, policy), 7..8);
        }
        // Edges 6.9875 and 7.0125: rounded down or up they differ, and astrocut keeps what lies between.
        assert_eq!(x(7.0, 0.025, SizePolicy::Compat(Rounding::Down)), 6..7);
        assert_eq!(x(7.0, 0.025, SizePolicy::Compat(Rounding::Up)), 7..8);
        assert_eq!(x(7.5, 0.025, SizePolicy::Compat(Rounding::Down)), 7..8);
    }

    #[test]
    fn sizes_that_are_none_are_refused() {
        for size in [0.0, -3.0, f64::NAN, f64::INFINITY, 2e6] {
            let error = window(PixelCoord::default(), [size, 5.0], COMPAT).unwrap_err();
            assert!(error.to_string().starts_with("a size is larger than zero"), "{error}");
        }
        assert!(window(PixelCoord::new(f64::NAN, 0.0), [1.0, 1.0], COMPAT).is_err());
    }

    #[test]
    fn sizes_are_read_first_x_then_y() {
        let arcsec = Angle::from_arcsec;
        for (text, size) in [
            ("200", Size::square(200.0)),
            ("200x300", Size::pixels(200.0, 300.0)),
            ("10x20px", Size::pixels(10.0, 20.0)),
            ("10px x 20px", Size::pixels(10.0, 20.0)),
            ("5x4arcsec", Size::sky(arcsec(5.0), arcsec(4.0))),
            ("0.01deg", Size::sky(Angle::from_degrees(0.01), Angle::from_degrees(0.01))),
            ("20pix x 2arcsec", Size { x: Length::Pixels(20.0), y: Length::Sky(arcsec(2.0)) }),
        ] {
            assert_eq!(text.parse::<Size>().unwrap(), size, "{text}");
        }
        for text in ["200", "2.5x300", "10arcsec", "5x4.1arcsec", "20pxx2arcsec", "2arcsecx20px"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
        for text in ["", "x", "200x", "5 parsec", "-3", "0", "1x2x3", "5arcsecs", "nan", "é"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn exact_windows_have_the_size_and_lie_less_than_a_pixel_low(c in -1e5..1e5, n in 1usize..3000) {
            let range = x(c, n as f64, SizePolicy::Exact);
            prop_assert_eq!(range.len(), n);
            let middle = (range.start + range.end - 1) as f64 / 2.0;
            prop_assert!(middle - c > -1.0 - 1e-9 && middle - c <= 1e-9, "{}", middle - c);
            // Away from ties the policies agree.
            let low = c - n as f64 / 2.0;
            if (low - low.floor() - 0.5).abs() > 1e-6 {
                prop_assert_eq!(x(c, n as f64, COMPAT), range);
            }
        }
    }
}
