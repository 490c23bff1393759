//! What stands between the brackets of a shape.

use astro_coords::Angle;

use super::super::quantity::between_corners;
use super::super::reader::{Reader, Result, is_value, position};
use super::{Name, Sao};
use crate::diagnostic::Code;
use crate::foreign::Format;
use crate::keyword::{Keyword, ShapeName};
use crate::lex::Kind;
use crate::parse::Fail;
use crate::{Frame, Length, Panda, Position, Rings, Shape, Text, Unit};

impl Sao {
    pub(super) fn shape(&mut self, name: Name, reader: &mut Reader<'_>) -> Result<Option<Shape>> {
        let opened = reader.take(b'(');
        if self.is(Format::Ciao) && !opened {
            return Err(reader.unexpected(Code::MissingArgument, "`(` behind the name of a shape"));
        }
        let shape = match name {
            Name::Nothing => {
                while !matches!(reader.token.kind, Kind::Byte(b')') | Kind::Byte(b'#'))
                    && !reader.token.ends_statement()
                {
                    reader.advance();
                }
                None
            }
            Name::Rectangle => Some(self.rectangle(reader)?),
            Name::Shape(name) => Some(self.arguments(name, reader)?),
        };
        if !reader.take(b')') && self.is(Format::Ciao) {
            let code =
                if is_value(&reader.token) { Code::MissingArgument } else { Code::ExtraArgument };
            return Err(reader.unexpected(code, "`)` behind the arguments"));
        }
        Ok(shape)
    }

    fn arguments(&mut self, name: ShapeName, reader: &mut Reader<'_>) -> Result<Shape> {
        let center = self.position(reader)?;
        Ok(match name {
            ShapeName::Circle => Shape::Circle { center, radius: self.length(reader, "a radius")? },
            ShapeName::Ellipse => {
                let semi_axes = self.pair(reader, "a semi-axis")?;
                Shape::Ellipse { center, semi_axes, angle: self.optional_angle(reader)? }
            }
            ShapeName::Box | ShapeName::RotBox => {
                let size = self.pair(reader, "a side of the box")?;
                Shape::Box { center, size, angle: self.optional_angle(reader)? }
            }
            ShapeName::Annulus => Shape::Annulus { center, rings: self.rings(reader)? },
            ShapeName::Polygon => {
                let mut vertices = vec![center];
                while self.more(reader) {
                    vertices.push(self.position(reader)?);
                }
                Shape::Polygon(vertices.into())
            }
            ShapeName::Line => {
                self.separator(reader)?;
                Shape::Line { start: center, end: self.position(reader)? }
            }
            ShapeName::Text => {
                self.label = self.words(reader)?;
                Shape::Text(center)
            }
            ShapeName::Pie => {
                let [inner, outer] = self.pair(reader, "a radius of the pie")?;
                let (start, stop) = (self.angle(reader)?, self.angle(reader)?);
                Shape::Panda(Box::new(Panda {
                    center,
                    start,
                    stop,
                    angles: 1,
                    inner,
                    outer,
                    rings: 1,
                    angle: None,
                }))
            }
            _ => Shape::Point { center, symbol: None },
        })
    }

    /// Two radii, or more; or two and `n=3` where the format has that.
    fn rings(&self, reader: &mut Reader<'_>) -> Result<Rings<Length>> {
        let expected = "a radius of the annulus";
        let mut edges = self.pair(reader, expected)?.to_vec();
        let counted = matches!(self.format, Format::Pros | Format::SaoImage);
        while self.more(reader) {
            if counted && is_count(reader) {
                break;
            }
            edges.push(self.plain_length(reader, expected)?);
        }
        let count = if counted && edges.len() == 2 && is_count(reader) {
            Some(count(reader)?)
        } else {
            None
        };
        Ok(Rings { edges: edges.into(), count })
    }

    /// Two opposite corners; on the sky their sides follow the grid.
    fn rectangle(&self, reader: &mut Reader<'_>) -> Result<Shape> {
        let one = self.position(reader)?;
        self.separator(reader)?;
        let from = reader.token.start;
        let two = self.position(reader)?;
        if one.frame != two.frame {
            let message = "the two corners must be of one kind";
            return Err(Fail::new(Code::MixedKinds, from, reader.token.start, message));
        }
        Ok(between_corners(one, two))
    }

    fn separator(&self, reader: &mut Reader<'_>) -> Result<()> {
        if !reader.take(b',') && self.is(Format::Ciao) {
            return Err(reader.unexpected(Code::MissingArgument, "a comma and another argument"));
        }
        Ok(())
    }

    /// Whether another argument follows; the comma before it is taken.
    fn more(&self, reader: &mut Reader<'_>) -> bool {
        let comma = reader.take(b',');
        if self.is(Format::Ciao) { comma } else { comma || is_value(&reader.token) }
    }

    fn position(&self, reader: &mut Reader<'_>) -> Result<Position> {
        let first = reader.value("a position")?;
        if matches!(reader.token.kind, Kind::Byte(b')')) || reader.token.ends_statement() {
            return Err(
                reader.unexpected(Code::OddVertices, "the other coordinate of the position")
            );
        }
        self.separator(reader)?;
        let second = reader.value("the other coordinate of the position")?;
        let sky = match self.format {
            Format::SaoImage => None,
            _ if self.frame.sky_frame().is_some() => Some(self.frame),
            _ => Some(Frame::FK5),
        };
        position(&first, &second, self.frame, sky)
    }

    fn pair(&self, reader: &mut Reader<'_>, expected: &'static str) -> Result<[Length; 2]> {
        Ok([self.length(reader, expected)?, self.length(reader, expected)?])
    }

    fn length(&self, reader: &mut Reader<'_>, expected: &'static str) -> Result<Length> {
        self.separator(reader)?;
        self.plain_length(reader, expected)
    }

    fn plain_length(&self, reader: &mut Reader<'_>, expected: &'static str) -> Result<Length> {
        let token = reader.value(expected)?;
        let arcs = matches!(self.format, Format::Ciao | Format::Pros);
        let unit = match token.kind {
            Kind::Integer | Kind::Real if self.is(Format::Ciao) => Unit::Physical,
            Kind::Integer | Kind::Real => Unit::Image,
            Kind::Arcsec if arcs => Unit::Arcsec,
            Kind::Arcmin if arcs => Unit::Arcmin,
            Kind::Degrees if arcs => Unit::Degree,
            _ => {
                let message = if arcs {
                    "lengths are in pixels, or in arcs written with ', \" or d"
                } else {
                    "lengths are plain numbers here, in pixels of the image"
                };
                return Err(Fail::new(Code::WrongUnit, token.start, token.end, message));
            }
        };
        Ok(Length::new(token.value, unit))
    }

    fn optional_angle(&self, reader: &mut Reader<'_>) -> Result<Option<Angle>> {
        if self.more(reader) { self.plain_angle(reader).map(Some) } else { Ok(None) }
    }

    fn angle(&self, reader: &mut Reader<'_>) -> Result<Angle> {
        self.separator(reader)?;
        self.plain_angle(reader)
    }

    fn plain_angle(&self, reader: &mut Reader<'_>) -> Result<Angle> {
        let token = reader.value("an angle in degrees")?;
        if token.is_number() || token.kind == Kind::Degrees {
            return Ok(Angle::from_degrees(token.value));
        }
        if token.kind == Kind::Radians && self.is(Format::Pros) {
            return Ok(Angle::from_radians(token.value));
        }
        Err(Fail::new(Code::WrongUnit, token.start, token.end, "angles are in degrees"))
    }

    /// The words of a text, in quotes or one bare.
    fn words(&self, reader: &mut Reader<'_>) -> Result<Option<Text>> {
        self.separator(reader)?;
        let bytes = reader.bytes(&reader.token);
        let bytes = match reader.token.kind {
            Kind::Quoted => &bytes[1..bytes.len() - 1],
            Kind::Word(_) => bytes,
            Kind::Byte(b')') | Kind::Newline | Kind::Semicolon | Kind::End => return Ok(None),
            _ => return Err(reader.unexpected(Code::WrongValue, "the words of the text")),
        };
        reader.advance();
        let (text, _) = Text::decode(bytes);
        Ok((!text.is_empty()).then_some(text))
    }
}

fn is_count(reader: &Reader<'_>) -> bool {
    reader.token.kind == Kind::Word(Keyword::N)
}

/// `n=3`.
fn count(reader: &mut Reader<'_>) -> Result<u32> {
    reader.advance();
    if !reader.take(b'=') {
        return Err(reader.unexpected(Code::MissingArgument, "`=` after `n`"));
    }
    let token = reader.value("the number of rings")?;
    let count = crate::parse::whole(token.value).filter(|_| token.kind == Kind::Integer);
    count.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0).ok_or_else(|| {
        let message = "the number of rings is a positive whole number";
        Fail::new(Code::NoRings, token.start, token.end, message)
    })
}
