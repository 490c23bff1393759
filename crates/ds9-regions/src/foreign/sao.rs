//! The family of SAOimage: CIAO, PROS, SAOtng and SAOimage itself.

use astro_coords::Angle;

use super::Format;
use super::reader::{Dialect, Reader, Result, is_value, position, remark};
use super::rings::ring;
use super::terms::{Operator, Term};
use crate::diagnostic::Code;
use crate::file::ItemKind;
use crate::keyword::{Abbreviation, Keyword, ShapeName, abbreviation, keyword};
use crate::lex::{Kind, Token};
use crate::parse::Fail;
use crate::{
    Flag, Frame, Length, Panda, Position, Property, Region, Rings, Shape, Sign, SkyFrame, Text,
    Unit,
};

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

    fn shape(&mut self, name: Name, reader: &mut Reader<'_>) -> Result<Option<Shape>> {
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
            ShapeName::Annulus => {
                let mut edges = self.pair(reader, "a radius of the annulus")?.to_vec();
                while self.more(reader) {
                    edges.push(self.plain_length(reader, "a radius of the annulus")?);
                }
                let rings = Rings { edges: edges.into(), count: None };
                Shape::Annulus { center, rings }
            }
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
        Ok(super::quantity::between_corners(one, two))
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
            Format::Ciao => Some(Frame::FK5),
            _ => self.frame.sky_frame().is_some().then_some(self.frame),
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
        Err(Fail::new(Code::WrongUnit, token.start, token.end, "angles are in degrees"))
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

    fn comment(&mut self, reader: &mut Reader<'_>) -> Result<ItemKind> {
        let start = reader.token.start;
        let Some(words) = reader.comment().filter(|_| self.is(Format::SaoTng)) else {
            return Ok(ItemKind::Comment);
        };
        let lower = words.to_ascii_lowercase();
        let Some(kind) = lower.strip_prefix("format:") else {
            let header = lower.starts_with("region file format");
            self.label = (!header).then_some(words);
            return Ok(ItemKind::Comment);
        };
        let mut parts = kind.split(['(', ')']).map(str::trim);
        let (kind, frame) = (parts.next().unwrap_or_default(), parts.next());
        let frame = frame.filter(|frame| !frame.is_empty() && kind != "pixels");
        let sky = match frame.map(|frame| keyword(frame.as_bytes())) {
            None => Some(SkyFrame::Fk5),
            Some(Keyword::Sky(sky)) if sky != SkyFrame::Linear => Some(sky),
            Some(_) => None,
        };
        self.frame = match (kind, sky) {
            ("pixels", _) => Frame::IMAGE,
            ("degrees" | "hms", Some(sky)) => Frame::celestial(sky),
            _ => {
                let message =
                    "the format is pixels, degrees or hms, and a frame in brackets: degrees (fk5)";
                return Err(Fail::new(Code::WrongValue, start, reader.token.start, message));
            }
        };
        Ok(ItemKind::Frame(self.frame))
    }

    /// PROS: `physical`, `equatorial j2000`, ended by `;` or the line.
    fn frame(&mut self, reader: &mut Reader<'_>) -> Result<Option<ItemKind>> {
        let word = reader.bytes(&reader.token);
        let equatorial = word.eq_ignore_ascii_case(b"equatorial");
        if equatorial {
            reader.advance();
        }
        let word = reader.bytes(&reader.token);
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        let frame = match keyword(word) {
            Keyword::System(system @ crate::System::Physical) => {
                Some(Frame { system, ..Frame::IMAGE })
            }
            Keyword::Sky(sky) if is(b"b1950") || is(b"j2000") => Some(Frame::celestial(sky)),
            Keyword::Sky(sky @ (SkyFrame::Galactic | SkyFrame::Ecliptic)) => {
                Some(Frame::celestial(sky))
            }
            _ if is(b"logical") => Some(Frame::IMAGE),
            _ => None,
        };
        let Some(frame) = frame else {
            if equatorial {
                return Err(reader.unexpected(Code::MissingValue, "`b1950` or `j2000`"));
            }
            return Ok(None);
        };
        reader.advance();
        reader.end()?;
        if reader.is_comment() {
            reader.rest_of_line();
        }
        self.frame = frame;
        Ok(Some(ItemKind::Frame(frame)))
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

/// SAOtng: a colour, `source` or `background` before what else the comment says.
fn colors(words: &Text, properties: &mut Vec<Property>) -> Option<Box<Text>> {
    const COLORS: [&str; 8] =
        ["black", "white", "red", "green", "blue", "cyan", "magenta", "yellow"];
    let mut rest = words.as_str();
    loop {
        let (word, after) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        let lower = word.to_ascii_lowercase();
        if COLORS.contains(&lower.as_str()) {
            properties.push(Property::Color(Text::from(lower.as_str())));
        } else if lower == "source" || lower == "background" {
            properties.push(Property::Flag(Flag::Source, lower == "source"));
        } else {
            return remark(rest);
        }
        rest = after.trim_start();
    }
}
