//! Numbers, positions, lengths and angles between the brackets of a shape.

use astro_coords::Angle;

use super::{Fail, Parser, Result};
use crate::diagnostic::Code;
use crate::lex::{Kind, Token};
use crate::{Frame, Length, Position, SkyFrame, System, Unit};

impl Parser<'_> {
    /// The error of a token that does not fit; what it is decides the code.
    pub(super) fn unexpected(&self, expected: &'static str, code: Code) -> Fail {
        let token = &self.token;
        let word = self.bytes(token);
        let code = match token.kind {
            Kind::Byte(b'"' | b'\'' | b'{') => Code::UnclosedString,
            Kind::Word(_) if is_not_finite(word) => Code::NotANumber,
            Kind::Byte(b'!'..=b'~') => code,
            Kind::Byte(_) => Code::UnexpectedCharacter,
            _ => code,
        };
        let mut end = token.end;
        // A character of several bytes is shown whole.
        while token.end > token.start
            && self.source[token.start] >= 0xc0
            && self.source.get(end).is_some_and(|b| (0x80..0xc0).contains(b))
        {
            end += 1;
        }
        Fail { code, start: token.start, end, expected, found: true, help: None }
    }

    pub(super) fn missing(&self, expected: &'static str) -> Fail {
        let code = match self.token.kind {
            Kind::Degrees
            | Kind::Radians
            | Kind::Physical
            | Kind::Image
            | Kind::Arcmin
            | Kind::Arcsec => Code::WrongUnit,
            _ => Code::MissingArgument,
        };
        self.unexpected(expected, code)
    }

    /// The optional comma between arguments.
    pub(super) fn comma(&mut self) {
        self.take(b',');
    }

    fn finite(&self, token: &Token) -> Result<f64> {
        if token.value.is_finite() {
            return Ok(token.value);
        }
        Err(too_large(token.start, token.end))
    }

    pub(super) fn position(&mut self) -> Result<Position> {
        if !is_coordinate(self.token.kind, self.lenient) {
            return Err(self.missing("a position"));
        }
        let first = self.advance();
        self.comma();
        if !is_coordinate(self.token.kind, self.lenient) {
            return Err(self.missing("the second coordinate"));
        }
        let second = self.advance();
        self.pair(first, second)
    }

    /// Two coordinates of one kind, in the frame that kind selects.
    fn pair(&mut self, first: Token, second: Token) -> Result<Position> {
        let here = self.state.frame;
        let (x, y) = (self.finite(&first)?, self.finite(&second)?);
        let celestial = here.for_celestial_units();
        let mut position = match (first.kind, second.kind) {
            (Kind::Integer | Kind::Real, Kind::Integer | Kind::Real) => Position::new(x, y, here),
            (Kind::Image, Kind::Image) => {
                Position::new(x, y, Frame { system: System::Image, ..here })
            }
            (Kind::Physical, Kind::Physical) => {
                Position::new(x, y, Frame { system: System::Physical, ..here })
            }
            (Kind::Degrees, Kind::Degrees) | (Kind::Dms, Kind::Dms) => {
                Position::new(x, y, celestial)
            }
            (Kind::Sexagesimal, Kind::Sexagesimal) => {
                Position::new(hours_if_equatorial(x, celestial), y, celestial)
            }
            (Kind::Hms, Kind::Dms) => Position::new(x * 15.0, y, celestial),
            _ => self.mixed(first, second)?,
        };
        if self.lenient && position.y.abs() > 90.0 && position.frame.sky_frame().is_some() {
            let message = "the declination or latitude lies beyond the pole";
            return Err(Fail::new(Code::BeyondPole, second.start, second.end, message));
        }
        for token in [first, second] {
            if self.lenient && token.note == Some(Code::SixtyOrMore) {
                return Err(Fail::new(
                    Code::SixtyOrMore,
                    token.start,
                    token.end,
                    "minutes and seconds must be below 60",
                ));
            }
        }
        position.frame = position.frame.visible();
        if !position.x.is_finite() || !position.y.is_finite() {
            return Err(too_large(first.start, second.end));
        }
        Ok(position)
    }

    /// Celestial coordinates spelled in two ways, or in radians.
    fn mixed(&mut self, first: Token, second: Token) -> Result<Position> {
        let frame = self.state.frame.for_celestial_units();
        let plain_is_celestial = self.state.frame.sky_frame().is_some();
        let degrees = |token: &Token, is_first: bool| match token.kind {
            Kind::Integer | Kind::Real if plain_is_celestial => Some(token.value),
            Kind::Degrees | Kind::Dms => Some(token.value),
            Kind::Radians => Some(token.value.to_degrees()),
            Kind::Hms => is_first.then_some(token.value * 15.0),
            Kind::Sexagesimal if is_first => Some(hours_if_equatorial(token.value, frame)),
            Kind::Sexagesimal => Some(token.value),
            _ => None,
        };
        let (Some(x), Some(y), true) =
            (degrees(&first, true), degrees(&second, false), self.lenient)
        else {
            let message = "the two coordinates of a position must be of one kind";
            return Err(Fail::new(Code::MixedKinds, first.start, second.end, message));
        };
        let radians = first.kind == Kind::Radians && second.kind == Kind::Radians;
        let code = if radians { Code::Radians } else { Code::MixedCoordinates };
        self.warn(code, first.start, second.end);
        Ok(Position::new(x, y, frame))
    }

    /// A length; `1'30"` is one where DS9 could not read two.
    pub(super) fn length(&mut self, expected: &'static str) -> Result<Length> {
        let from = self.token.start;
        let length = self.bare_length(expected)?;
        if self.lenient
            && length.unit == Unit::Arcmin
            && self.token.kind == Kind::Arcsec
            && self.adjacent()
        {
            let seconds = self.advance();
            self.warn(Code::MinutesAndSeconds, from, seconds.end);
            let total = length.value * 60.0 + seconds.value;
            if !total.is_finite() {
                return Err(too_large(seconds.start, seconds.end));
            }
            return Ok(Length::new(total, Unit::Arcsec));
        }
        Ok(length)
    }

    /// Whether the token follows the one before it without a blank.
    fn adjacent(&self) -> bool {
        let before = self.token.start.checked_sub(1).and_then(|at| self.source.get(at));
        !matches!(before, Some(b' ' | b'\t' | b','))
    }

    pub(super) fn bare_length(&mut self, expected: &'static str) -> Result<Length> {
        let unit = match self.token.kind {
            Kind::Integer | Kind::Real => Length::native_unit(self.state.frame),
            Kind::Degrees => Unit::Degree,
            Kind::Arcmin => Unit::Arcmin,
            Kind::Arcsec => Unit::Arcsec,
            Kind::Image => Unit::Image,
            Kind::Physical => Unit::Physical,
            Kind::Radians if self.lenient => Unit::Radian,
            _ => return Err(self.missing(expected)),
        };
        let token = self.advance();
        if unit == Unit::Radian {
            self.warn(Code::Radians, token.start, token.end);
        }
        Ok(Length::new(self.finite(&token)?, unit))
    }

    /// Two lengths of one unit.
    pub(super) fn length_pair(&mut self, expected: &'static str) -> Result<[Length; 2]> {
        let from = self.token.start;
        let first_kind = self.token.kind;
        let first = self.length(expected)?;
        self.comma();
        let (second_kind, end) = (self.token.kind, self.token.end);
        let second = self.length("the second of two lengths")?;
        if !same_kind(first_kind, second_kind) {
            if !self.lenient {
                let message = "two lengths that belong together must have the same unit";
                return Err(Fail::new(Code::MixedKinds, from, end, message));
            }
            self.warn(Code::MixedUnits, from, end);
        }
        Ok([first, second])
    }

    pub(super) fn angle(&mut self, expected: &'static str) -> Result<Angle> {
        let radians = match self.token.kind {
            Kind::Integer | Kind::Real | Kind::Degrees => false,
            Kind::Radians => true,
            _ => return Err(self.missing(expected)),
        };
        let token = self.advance();
        let value = self.finite(&token)?;
        let angle = if radians { Angle::from_radians(value) } else { Angle::from_degrees(value) };
        if angle.degrees().is_finite() {
            return Ok(angle);
        }
        Err(too_large(token.start, token.end))
    }

    pub(super) fn optional_angle(&mut self) -> Result<Option<Angle>> {
        match self.token.kind {
            Kind::Integer | Kind::Real | Kind::Degrees | Kind::Radians => {
                self.angle("an angle").map(Some)
            }
            _ => Ok(None),
        }
    }

    /// A whole number that is not negative.
    pub(super) fn count(&mut self, expected: &'static str) -> Result<u32> {
        if self.token.kind != Kind::Integer {
            return Err(self.missing(expected));
        }
        let token = self.advance();
        let count = super::whole(token.value).and_then(|n| u32::try_from(n).ok());
        match count {
            Some(0) if self.lenient => {
                Err(Fail::new(Code::NoRings, token.start, token.end, "the number must be positive"))
            }
            Some(count) => Ok(count),
            None => Err(Fail::new(
                Code::NoRings,
                token.start,
                token.end,
                "the number must be positive and fit 32 bits",
            )),
        }
    }
}

fn too_large(start: usize, end: usize) -> Fail {
    Fail::new(Code::NotANumber, start, end, "the number is too large")
}

fn is_coordinate(kind: Kind, lenient: bool) -> bool {
    match kind {
        Kind::Integer
        | Kind::Real
        | Kind::Degrees
        | Kind::Image
        | Kind::Physical
        | Kind::Sexagesimal
        | Kind::Hms
        | Kind::Dms => true,
        Kind::Radians => lenient,
        _ => false,
    }
}

fn same_kind(a: Kind, b: Kind) -> bool {
    let plain = |kind| matches!(kind, Kind::Integer | Kind::Real);
    a == b || plain(a) && plain(b)
}

fn hours_if_equatorial(value: f64, frame: Frame) -> f64 {
    if matches!(frame.sky, SkyFrame::Galactic | SkyFrame::Ecliptic) { value } else { value * 15.0 }
}

fn is_not_finite(word: &[u8]) -> bool {
    [&b"nan"[..], b"inf", b"infinity"].iter().any(|name| word.eq_ignore_ascii_case(name))
}
