//! The family of SAOimage: CIAO, PROS, SAOtng and SAOimage itself.

mod arguments;
mod says;

use self::says::colors;
use super::Format;
use super::reader::{Dialect, Reader, Result, remark};
use super::rings::ring;
use super::terms::{Operator, Term};
use crate::diagnostic::Code;
use crate::file::ItemKind;
use crate::keyword::{Abbreviation, Keyword, ShapeName, abbreviation, keyword};
use crate::lex::{Kind, Token};
use crate::parse::Fail;
use crate::{Frame, Position, Property, Region, Shape, Sign, SkyFrame, Text};

pub(super) struct Sao {
    format: Format,
    /// What plain coordinates are.
    frame: Frame,
    /// SAOtng: the label of the next shape.
    label: Option<Text>,
    term: Term,
    /// The line that the last shape of CIAO stands on.
    line: u32,
}

/// A shape to read, and whether its angle is one of the image.
#[derive(Clone, Copy)]
enum Name {
    Shape(ShapeName),
    Rectangle,
    /// Read without making a region.
    Nothing,
}

impl Sao {
    pub(super) fn new(format: Format) -> Self {
        let frame = if format == Format::Ciao { Frame::PHYSICAL } else { Frame::IMAGE };
        Self { format, frame, label: None, term: Term::default(), line: 0 }
    }

    fn is(&self, format: Format) -> bool {
        self.format == format
    }
}

impl Dialect for Sao {
    fn statement(&mut self, reader: &mut Reader<'_>) -> Result<ItemKind> {
        if reader.is_comment() {
            return self.comment(reader);
        }
        if self.is(Format::Pros)
            && let Some(kind) = self.frame(reader)?
        {
            return Ok(kind);
        }
        let start = reader.token.start;
        let (operator, and) = self.operator(reader);
        let name = self.name(reader)?;
        let mut shape = self.shape(name, reader)?;
        while !self.is(Format::Ciao) && reader.token.kind == Kind::Byte(b'&') {
            shape = self.hole(shape, reader)?;
        }
        if !self.is(Format::Ciao) || !is_operator(&reader.token) {
            reader.end()?;
        }
        let Some(shape) = shape else { return Ok(ItemKind::NoRegion) };
        let mut region = self.region(shape, reader);
        if !self.is(Format::Ciao) {
            region.sign = (operator == Operator::Not).then_some(Sign::Exclude);
            return Ok(reader.region(region, start));
        }
        reader.place(&mut region, start);
        // What `-` takes away at the start of a line, it takes from all regions.
        let begins_line = self.line != reader.line;
        self.line = reader.line;
        self.term.add(reader, region, operator, and || operator == Operator::Not && !begins_line);
        Ok(Term::OPEN)
    }

    fn finish(&mut self, reader: &mut Reader<'_>) {
        self.term.close(reader);
    }
}

fn is_operator(token: &Token) -> bool {
    matches!(token.kind, Kind::Byte(b'+' | b'-' | b'!' | b'&' | b'*' | b'|'))
}

impl Sao {
    /// `+`, `-`, and of CIAO all the others; and whether it is an AND, as in `&` and `&!`.
    fn operator(&self, reader: &mut Reader<'_>) -> (Operator, bool) {
        let (mut and, mut not) = (false, false);
        let ciao = self.is(Format::Ciao);
        while let Kind::Byte(byte) = reader.token.kind {
            match byte {
                b'-' | b'!' => not = true,
                b'&' | b'*' if ciao => and = true,
                b'+' => {}
                b'|' if ciao => {}
                _ => break,
            }
            reader.advance();
        }
        let operator = match (not, and) {
            (true, _) => Operator::Not,
            (false, true) => Operator::And,
            (false, false) => Operator::Or,
        };
        (operator, and)
    }

    fn name(&self, reader: &mut Reader<'_>) -> Result<Name> {
        let word = reader.bytes(&reader.token);
        let (ciao, tng) = (self.is(Format::Ciao), self.is(Format::SaoTng));
        let known = match keyword(word) {
            Keyword::Shape(name) => match name {
                ShapeName::Circle
                | ShapeName::Ellipse
                | ShapeName::Box
                | ShapeName::RotBox
                | ShapeName::Annulus
                | ShapeName::Polygon
                | ShapeName::Point => Some(Name::Shape(name)),
                ShapeName::Line | ShapeName::Text if tng => Some(Name::Shape(name)),
                ShapeName::Pie if ciao => Some(Name::Shape(name)),
                ShapeName::Field if ciao => Some(Name::Nothing),
                _ => None,
            },
            _ if !ciao => None,
            _ => match abbreviation(word) {
                Some(Abbreviation::Rectangle) => Some(Name::Rectangle),
                Some(Abbreviation::Shape(ShapeName::Pie)) => Some(Name::Nothing),
                Some(Abbreviation::Shape(name)) => Some(Name::Shape(name)),
                None => None,
            },
        };
        let expected = match self.format {
            Format::Ciao => {
                "circle, ellipse, box, rotbox, rectangle, annulus, polygon, point or pie"
            }
            Format::SaoTng => {
                "circle, ellipse, box, annulus, polygon, line, point, text, or a comment"
            }
            Format::Pros => {
                "a shape, or `logical`, `physical`, `j2000`, `b1950`, `galactic`, `ecliptic`"
            }
            _ => "circle, ellipse, box, annulus, polygon, point, or a comment",
        };
        let name = known.ok_or_else(|| reader.unexpected(Code::UnknownCommand, expected))?;
        reader.advance();
        Ok(name)
    }

    /// `& !` and the shape that is cut out of the one before.
    fn hole(&mut self, outer: Option<Shape>, reader: &mut Reader<'_>) -> Result<Option<Shape>> {
        reader.advance();
        let from = reader.token.start;
        if !reader.take(b'!') {
            return Err(reader.unexpected(Code::TrailingText, "`!` and the shape to cut out"));
        }
        let name = self.name(reader)?;
        let inner = self.shape(name, reader)?;
        let ring = outer.as_ref().zip(inner.as_ref()).and_then(|(outer, inner)| ring(outer, inner));
        let message = "only a circle, ellipse or box of the same centre can be cut out";
        ring.map(Some)
            .ok_or_else(|| Fail::new(Code::WrongFormat, from, reader.token.start, message))
    }

    /// The region, with what its comment says. Angles are those of the image, whatever the place is in.
    fn region(&mut self, shape: Shape, reader: &mut Reader<'_>) -> Region {
        let level = matches!(
            shape,
            Shape::Circle { .. }
                | Shape::Annulus { .. }
                | Shape::Polygon(_)
                | Shape::Point { .. }
                | Shape::Line { .. }
                | Shape::Text(_)
        );
        let pixels = if self.is(Format::Ciao) { Frame::PHYSICAL } else { Frame::IMAGE };
        let (shape, frame) = match shape.center() {
            Some(center) if level => (shape, center.frame),
            Some(center) if center.frame.sky_frame().is_some() => (in_fk5(shape), pixels),
            _ => (shape, if self.is(Format::Pros) { Frame::IMAGE } else { pixels }),
        };
        let mut properties = Vec::new();
        properties.extend(self.label.take().map(Property::Text));
        let mut region = Region::new(shape, frame);
        if reader.is_comment() {
            let comment = reader.comment();
            region.comment = match (comment, self.format) {
                (Some(words), Format::SaoTng) => colors(&words, &mut properties),
                (comment, _) => comment.and_then(|words| remark(&words)),
            };
        }
        region.properties = properties.into_iter().collect();
        region
    }
}

/// Among pixels DS9's language has places of FK5 alone.
fn in_fk5(shape: Shape) -> Shape {
    let center = shape.center().filter(|center| center.frame != Frame::FK5);
    let Some(center) = center else { return shape };
    let moved = center.to_icrs().and_then(|place| {
        let (lon, lat) = crate::frames::transform(SkyFrame::Fk5)?.from_icrs(place);
        Some(Position::new(lon.degrees(), lat.degrees(), Frame::FK5))
    });
    let Some(at) = moved else { return shape };
    match shape {
        Shape::Ellipse { semi_axes, angle, .. } => Shape::Ellipse { center: at, semi_axes, angle },
        Shape::Box { size, angle, .. } => Shape::Box { center: at, size, angle },
        Shape::EllipseAnnulus(mut rings) => {
            rings.center = at;
            Shape::EllipseAnnulus(rings)
        }
        Shape::BoxAnnulus(mut rings) => {
            rings.center = at;
            Shape::BoxAnnulus(rings)
        }
        other => other,
    }
}
