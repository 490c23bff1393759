//! The shapes of CASA from what stands in their brackets.

use astro_coords::Angle;

use super::super::quantity::{Bad, Kind, Quantity, between_corners, quantity};
use super::super::reader::Result;
use super::line::Value;
use crate::diagnostic::Code;
use crate::parse::Fail;
use crate::{Frame, Length, Position, Rings, Shape, SkyFrame, Text};

/// What stands in the brackets of a shape.
pub(super) struct Arguments<'a> {
    pub(super) source: &'a [u8],
    pub(super) frame: Frame,
    pub(super) all: &'a Value,
}

impl Arguments<'_> {
    pub(super) fn shape(&self, name: &[u8]) -> Result<(Shape, Option<Text>)> {
        let most = match name {
            b"poly" | b"polyline" => usize::MAX,
            b"rotbox" | b"ellipse" => 3,
            _ => 2,
        };
        if let Some(extra) = self.items(self.all).get(most) {
            let message = "the shape takes no further argument";
            return Err(Fail::new(Code::ExtraArgument, extra.start, extra.end, message));
        }
        let shape = match name {
            b"circle" => Shape::Circle {
                center: self.position(0)?,
                radius: self.length(self.item(1, "a radius")?)?,
            },
            b"box" => {
                let (one, two) = (self.position(0)?, self.position(1)?);
                if one.frame != two.frame {
                    return Err(self.fail(
                        self.all,
                        Code::MixedKinds,
                        "the corners are of two kinds",
                    ));
                }
                between_corners(one, two)
            }
            b"centerbox" => {
                Shape::Box { center: self.position(0)?, size: self.pair(1)?, angle: None }
            }
            b"rotbox" => Shape::Box {
                center: self.position(0)?,
                size: self.pair(1)?,
                angle: Some(self.angle(2)?),
            },
            b"ellipse" => Shape::Ellipse {
                center: self.position(0)?,
                semi_axes: self.pair(1)?,
                // CASA's position angle turns from north, ours from the x axis.
                angle: Some(self.angle(2)? + Angle::from_degrees(90.0)),
            },
            b"annulus" => {
                let rings = Rings { edges: Box::new(self.pair(1)?), count: None };
                Shape::Annulus { center: self.position(0)?, rings }
            }
            b"poly" | b"polyline" => {
                let vertices = (0..self.items(self.all).len()).map(|at| self.position(at));
                let vertices: Box<[Position]> = vertices.collect::<Result<_>>()?;
                if vertices.is_empty() {
                    self.item(0, "a vertex")?;
                }
                if name == b"poly" { Shape::Polygon(vertices) } else { Shape::Segment(vertices) }
            }
            b"text" => {
                let words = self.item(1, "the words of the text")?;
                return Ok((Shape::Text(self.position(0)?), Some(self.words(words))));
            }
            b"symbol" => {
                self.item(1, "a symbol")?;
                Shape::Point { center: self.position(0)?, symbol: None }
            }
            // DS9's vector has a length and an angle, which only an image could tell.
            _ => Shape::Line { start: self.position(0)?, end: self.position(1)? },
        };
        Ok((shape, None))
    }

    pub(super) fn fail(&self, at: &Value, code: Code, message: &'static str) -> Fail {
        Fail::new(code, at.start, at.end, message)
    }

    pub(super) fn items<'a>(&self, value: &'a Value) -> &'a [Value] {
        value.list.as_deref().unwrap_or_default()
    }

    pub(super) fn item(&self, at: usize, expected: &'static str) -> Result<&Value> {
        self.items(self.all).get(at).ok_or_else(|| {
            let end = self.all.end;
            let fail = Fail::new(Code::MissingArgument, end - 1, end, expected);
            Fail { found: true, ..fail }
        })
    }

    pub(super) fn words(&self, value: &Value) -> Text {
        let bytes = &self.source[value.start..value.end];
        let quoted =
            bytes.len() > 1 && matches!(bytes[0], b'\'' | b'"') && bytes.last() == bytes.first();
        Text::decode(if quoted { &bytes[1..bytes.len() - 1] } else { bytes }).0
    }

    pub(super) fn quantity(&self, value: &Value) -> Result<Quantity> {
        if value.list.is_some() {
            return Err(self.fail(value, Code::WrongValue, "a number is wanted here, not a list"));
        }
        let bad = |bad| {
            let (code, message) = match bad {
                Bad::Number => (Code::NotANumber, "no number with a unit, as in 2.3arcsec"),
                Bad::Unit => (Code::WrongUnit, "the units are deg, rad, arcmin, arcsec and pix"),
                Bad::Sixty => (Code::SixtyOrMore, "minutes and seconds must be below 60"),
            };
            self.fail(value, code, message)
        };
        quantity(&self.source[value.start..value.end]).map_err(bad)
    }

    pub(super) fn two(&self, at: usize, expected: &'static str) -> Result<(&Value, [Quantity; 2])> {
        let value = self.item(at, expected)?;
        match value.list.as_deref() {
            Some([one, two]) => Ok((value, [self.quantity(one)?, self.quantity(two)?])),
            _ => Err(Fail { found: true, ..self.fail(value, Code::MissingArgument, expected) }),
        }
    }

    pub(super) fn position(&self, at: usize) -> Result<Position> {
        let (value, [x, y]) = self.two(at, "a position `[x, y]`")?;
        if x.kind == Kind::Pixel && y.kind == Kind::Pixel {
            // CASA counts pixels from 0.
            return Ok(Position::new(x.value + 1.0, y.value + 1.0, Frame::IMAGE));
        }
        let equatorial = !matches!(self.frame.sky, SkyFrame::Galactic | SkyFrame::Ecliptic);
        let degrees = x.degrees(true, equatorial).zip(y.degrees(false, equatorial));
        let Some((x, y)) = degrees else {
            let message = "the two coordinates of a position must be of one kind";
            return Err(self.fail(value, Code::MixedKinds, message));
        };
        if y.abs() > 90.0 {
            let message = "the declination or latitude lies beyond the pole";
            return Err(self.fail(value, Code::BeyondPole, message));
        }
        if !x.is_finite() {
            return Err(self.fail(value, Code::NotANumber, "the number is too large"));
        }
        Ok(Position::new(x, y, self.frame))
    }

    pub(super) fn length(&self, value: &Value) -> Result<Length> {
        self.quantity(value)?.length().ok_or_else(|| {
            self.fail(value, Code::WrongUnit, "a length needs a unit, as in 2.3arcsec or 5pix")
        })
    }

    pub(super) fn pair(&self, at: usize) -> Result<[Length; 2]> {
        let value = self.item(at, "two lengths `[a, b]`")?;
        match value.list.as_deref() {
            Some([one, two]) => Ok([self.length(one)?, self.length(two)?]),
            _ => {
                let fail = self.fail(value, Code::MissingArgument, "two lengths `[a, b]`");
                Err(Fail { found: true, ..fail })
            }
        }
    }

    pub(super) fn angle(&self, at: usize) -> Result<Angle> {
        let value = self.item(at, "an angle with its unit")?;
        match self.quantity(value)? {
            Quantity { kind: Kind::Pixel | Kind::Plain | Kind::Hours | Kind::Colons, .. } => {
                Err(self.fail(value, Code::WrongUnit, "an angle needs a unit, as in 30deg"))
            }
            angle => Ok(Angle::from_degrees(angle.degrees(false, false).unwrap_or_default())),
        }
    }
}
