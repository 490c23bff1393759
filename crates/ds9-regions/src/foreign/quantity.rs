//! Numbers with the units of CASA, and shapes given by corners.

use crate::number::decimal;
use crate::{Length, Position, Shape, Unit};

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// None.
    Plain,
    Degree,
    Radian,
    Arcmin,
    Arcsec,
    Pixel,
    /// Three fields that are hours where they are a right ascension, `12:30:00`; the value is in the first one's unit.
    Colons,
    /// Hours, `12h30m00s`.
    Hours,
}

/// A finite number and what is behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quantity {
    pub(super) value: f64,
    pub(super) kind: Kind,
}

/// Why a word is no [`Quantity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    Number,
    Unit,
    Sixty,
}

pub(super) fn quantity(word: &[u8]) -> Result<Quantity, Bad> {
    if let Some(found) = sexagesimal(word) {
        return found;
    }
    let number = decimal(word).ok_or(Bad::Number)?;
    let unit = word[number.length..].trim_ascii().to_ascii_lowercase();
    let kind = match &unit[..] {
        b"" => Kind::Plain,
        b"deg" | b"d" => Kind::Degree,
        b"rad" => Kind::Radian,
        b"arcmin" | b"'" => Kind::Arcmin,
        b"arcsec" | b"\"" => Kind::Arcsec,
        b"pix" | b"pixel" | b"pixels" => Kind::Pixel,
        _ => return Err(Bad::Unit),
    };
    if number.value.is_finite() {
        Ok(Quantity { value: number.value, kind })
    } else {
        Err(Bad::Number)
    }
}

/// `18h12m24.1s`, `-23d11m00s`, `18:12:24.1`, `-23.11.00.0`; `None` where the word has no three fields.
fn sexagesimal(word: &[u8]) -> Option<Result<Quantity, Bad>> {
    let negative = word.first() == Some(&b'-');
    let rest = word.strip_prefix(b"-").or(word.strip_prefix(b"+")).unwrap_or(word);
    let (first, rest) = whole(rest)?;
    let (mark, rest) = rest.split_first()?;
    let (kind, second, end) = match mark.to_ascii_lowercase() {
        b'h' => (Kind::Hours, b'm', true),
        b'd' => (Kind::Degree, b'm', true),
        b':' => (Kind::Colons, b':', false),
        b'.' => (Kind::Degree, b'.', false),
        _ => return None,
    };
    let (minutes, rest) = whole(rest)?;
    let rest = match rest.split_first()? {
        (mark, rest) if mark.eq_ignore_ascii_case(&second) => rest,
        _ => return None,
    };
    let seconds = decimal(rest).filter(|_| rest[0].is_ascii_digit())?;
    let tail = &rest[seconds.length..];
    if !(tail.is_empty() && !end || tail.eq_ignore_ascii_case(b"s") && end) {
        return None;
    }
    if minutes > 60.0 || seconds.value > 60.0 {
        return Some(Err(Bad::Sixty));
    }
    let size = (first * 3600.0 + minutes * 60.0 + seconds.value) / 3600.0;
    let value = if negative { -size } else { size };
    Some(if value.is_finite() { Ok(Quantity { value, kind }) } else { Err(Bad::Number) })
}

fn whole(bytes: &[u8]) -> Option<(f64, &[u8])> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = decimal(&bytes[..digits])?.value;
    Some((value, &bytes[digits..]))
}

impl Quantity {
    /// As a longitude (`first`) or latitude in degrees; `equatorial` where fields with colons are hours.
    pub(super) fn degrees(self, first: bool, equatorial: bool) -> Option<f64> {
        match self.kind {
            Kind::Plain | Kind::Degree => Some(self.value),
            Kind::Radian => Some(self.value.to_degrees()),
            Kind::Arcmin => Some(self.value / 60.0),
            Kind::Arcsec => Some(self.value / 3600.0),
            Kind::Hours => first.then_some(self.value * 15.0),
            Kind::Colons if first && equatorial => Some(self.value * 15.0),
            Kind::Colons => Some(self.value),
            Kind::Pixel => None,
        }
    }

    /// As a length on the sky or in pixels.
    pub(super) fn length(self) -> Option<Length> {
        let unit = match self.kind {
            Kind::Degree => Unit::Degree,
            Kind::Radian => Unit::Radian,
            Kind::Arcmin => Unit::Arcmin,
            Kind::Arcsec => Unit::Arcsec,
            Kind::Pixel => Unit::Image,
            Kind::Plain | Kind::Hours | Kind::Colons => return None,
        };
        Some(Length::new(self.value, unit))
    }
}

/// The rectangle between two opposite corners: a box among pixels, on the sky the four corners on the grid.
pub(super) fn between_corners(one: Position, two: Position) -> Shape {
    if one.frame.is_pixels() {
        let unit = Length::native_unit(one.frame);
        let size =
            [Length::new((two.x - one.x).abs(), unit), Length::new((two.y - one.y).abs(), unit)];
        let middle = |a: f64, b: f64| a / 2.0 + b / 2.0;
        let center = Position::new(middle(one.x, two.x), middle(one.y, two.y), one.frame);
        return Shape::Box { center, size, angle: None };
    }
    let corner = |x, y| Position::new(x, y, one.frame);
    Shape::Polygon(Box::new([one, corner(two.x, one.y), two, corner(one.x, two.y)]))
}
