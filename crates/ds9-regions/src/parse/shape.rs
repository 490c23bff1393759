//! One function for each family of shapes.

use super::{Fail, Head, Parser, Result};
use crate::diagnostic::Code;
use crate::file::ItemKind;
use crate::keyword::{Keyword, ShapeName};
use crate::lex::Kind;
use crate::number::decimal;
use crate::{Conjunction, PointSymbol, Position, Property, Shape, Sign, Text};

impl Parser<'_> {
    /// The shape whose name has been taken, to the end of its statement.
    pub(super) fn shape_named(
        &mut self,
        name: ShapeName,
        sign: Option<Sign>,
        hashed: bool,
        start: usize,
    ) -> Result<ItemKind> {
        self.properties.clear();
        let opened_legacy_point = symbol(name)
            .filter(|_| self.token.kind == Kind::Word(Keyword::Shape(ShapeName::Point)));
        if let Some(symbol) = opened_legacy_point {
            self.advance();
            self.open();
            let center = self.position()?;
            return self.close(
                Some(Shape::Point { center, symbol: Some(symbol) }),
                name,
                sign,
                hashed,
                start,
            );
        }
        self.open();
        let shape = self.arguments(name, hashed)?;
        if matches!(name, ShapeName::Ellipse | ShapeName::Box) && self.legacy_rings_follow() {
            return self.legacy_rings(shape, start);
        }
        self.close(shape, name, sign, hashed, start)
    }

    pub(super) fn open(&mut self) {
        self.take(b'(');
    }

    /// The arguments between the brackets; `None` for the shapes DS9 reads and forgets.
    fn arguments(&mut self, name: ShapeName, hashed: bool) -> Result<Option<Shape>> {
        Ok(Some(match name {
            ShapeName::Circle | ShapeName::Circle3d => {
                let center = self.position()?;
                self.comma();
                Shape::Circle { center, radius: self.length("a radius")? }
            }
            ShapeName::Ellipse | ShapeName::Box => self.rotated(name == ShapeName::Ellipse)?,
            ShapeName::RotBox => {
                let center = self.position()?;
                self.comma();
                let size = self.length_pair("a width and a height")?;
                self.comma();
                Shape::Box { center, size, angle: self.optional_angle()? }
            }
            ShapeName::Polygon => Shape::Polygon(self.vertices()?),
            ShapeName::Segment => Shape::Segment(self.vertices()?),
            ShapeName::Line => {
                let (start, end) = self.two_positions()?;
                Shape::Line { start, end }
            }
            ShapeName::Ruler => {
                let (start, end) = self.two_positions()?;
                Shape::Ruler { start, end }
            }
            ShapeName::Projection => {
                let (start, end) = self.two_positions()?;
                self.comma();
                Shape::Projection { start, end, width: self.length("a width")? }
            }
            ShapeName::Vector => {
                let start = self.position()?;
                self.comma();
                let length = self.length("a length")?;
                self.comma();
                Shape::Vector { start, length, angle: self.angle("an angle")? }
            }
            ShapeName::Compass => {
                let center = self.position()?;
                self.comma();
                Shape::Compass { center, length: self.length("a length")? }
            }
            ShapeName::Text if hashed => self.hashed_text()?,
            ShapeName::Text => self.text()?,
            ShapeName::Point => Shape::Point { center: self.position()?, symbol: None },
            ShapeName::Annulus => self.annulus()?,
            ShapeName::Panda => Shape::Panda(Box::new(self.panda()?)),
            ShapeName::Epanda => Shape::Epanda(Box::new(self.elliptic_panda()?)),
            ShapeName::Bpanda => Shape::Bpanda(Box::new(self.elliptic_panda()?)),
            ShapeName::Composite => {
                let center = self.position()?;
                self.comma();
                Shape::Composite { center, angle: self.optional_angle()? }
            }
            ShapeName::Pie => return self.pie().map(|()| None),
            ShapeName::Field => return Ok(None),
            ShapeName::Diamond
            | ShapeName::Cross
            | ShapeName::X
            | ShapeName::Arrow
            | ShapeName::BoxCircle => {
                return Err(self.missing("`point` after its symbol"));
            }
        }))
    }

    /// Everything after the arguments.
    pub(super) fn close(
        &mut self,
        shape: Option<Shape>,
        name: ShapeName,
        sign: Option<Sign>,
        hashed: bool,
        start: usize,
    ) -> Result<ItemKind> {
        let closed = self.take(b')');
        self.no_more_arguments(closed)?;
        let conjunction = self.conjunction()?;
        if self.lenient
            && matches!(self.token.kind, Kind::Quoted | Kind::Byte(b'{'))
            && self.source[self.token.start] == b'{'
        {
            self.skip_json()?;
        }
        let comment = if hashed { self.hash_tail()? } else { self.shape_tail()? };
        self.end_of_statement()?;
        let Some(shape) = shape else {
            return Ok(ItemKind::NoRegion);
        };
        let head = Head { start, sign, conjunction, rotbox: name == ShapeName::RotBox };
        Ok(self.finish(shape, head, comment))
    }

    fn no_more_arguments(&self, closed: bool) -> Result<()> {
        let numeric = matches!(
            self.token.kind,
            Kind::Integer
                | Kind::Real
                | Kind::Degrees
                | Kind::Radians
                | Kind::Physical
                | Kind::Image
                | Kind::Arcmin
                | Kind::Arcsec
                | Kind::Sexagesimal
                | Kind::Hms
                | Kind::Dms
        );
        if !closed && (numeric || self.token.kind == Kind::Byte(b',')) {
            return Err(self.unexpected("`)` after the last argument", Code::ExtraArgument));
        }
        Ok(())
    }

    fn conjunction(&mut self) -> Result<Option<Conjunction>> {
        if self.take(b'|') {
            self.take(b'|');
            return Ok(Some(Conjunction::Or));
        }
        let from = self.token.start;
        if self.take(b'&') {
            if !self.lenient {
                let message = "DS9 8.4 does not know `&&`";
                return Err(Fail::new(Code::TrailingText, from, self.token.start, message));
            }
            if !self.take(b'&') {
                let fail = self.unexpected("a second `&`", Code::TrailingText);
                return Err(fail.with_help("`&` between shapes is CIAO's: read the file as CIAO"));
            }
            self.warn(Code::And, from, self.token.start);
            return Ok(Some(Conjunction::And));
        }
        Ok(None)
    }

    pub(super) fn two_positions(&mut self) -> Result<(Position, Position)> {
        let start = self.position()?;
        self.comma();
        Ok((start, self.position()?))
    }

    fn vertices(&mut self) -> Result<Box<[Position]>> {
        let mut vertices = Vec::with_capacity(8);
        loop {
            let plain = matches!(self.token.kind, Kind::Integer | Kind::Real);
            let comma = if plain && self.plain_vertices(&mut vertices) {
                false
            } else {
                vertices.push(self.vertex(vertices.is_empty())?);
                self.take(b',')
            };
            if !comma
                && (self.token.kind == Kind::Byte(b')')
                    || !super::lex_is_coordinate(&self.token) && self.token.kind != Kind::Radians)
            {
                return Ok(vertices.into_boxed_slice());
            }
        }
    }

    /// Vertices like `1.5,2.5,3,4` without a token for each sign of them. Whether the bracket follows; if not, the
    /// next vertex is of another kind, or wrong.
    fn plain_vertices(&mut self, vertices: &mut Vec<Position>) -> bool {
        let frame = self.state.frame.visible();
        let highest =
            if self.lenient && frame.sky_frame().is_some() { 90.0 } else { f64::INFINITY };
        let mut at = self.token.start;
        let mut closed = false;
        while let Some((x, b',', next)) = plain_number(self.source, at)
            && let Some((y, mark, next)) = plain_number(self.source, next)
            && y.abs() <= highest
        {
            vertices.push(Position::new(x, y, frame));
            closed = mark == b')';
            at = next;
            if closed {
                at -= 1;
                break;
            }
        }
        if at > self.token.start {
            self.token = crate::lex::next(self.source, at, self.lenient);
        }
        closed
    }

    fn vertex(&mut self, first: bool) -> Result<Position> {
        let from = self.token.start;
        self.position().map_err(|fail| {
            let ended = self.token.kind == Kind::Byte(b')') || self.token.ends_statement();
            if first || !ended || fail.start == from {
                return fail;
            }
            Fail::new(
                Code::OddVertices,
                from,
                self.token.start,
                "the last vertex has one coordinate only",
            )
        })
    }

    /// Behind `#` a text takes no label; DS9 makes a string there the start of a comment.
    fn hashed_text(&mut self) -> Result<Shape> {
        let position = self.position()?;
        let from = self.token.start;
        if self.lenient && self.take(b',') {
            let text = self.string_value("a text in quotes or braces")?;
            self.warn(Code::LabelArgument, from, self.token.start);
            self.properties.push(Property::Text(text));
        }
        Ok(Shape::Text(position))
    }

    fn text(&mut self) -> Result<Shape> {
        let position = self.position()?;
        let comma = self.take(b',');
        if comma || self.is_string() {
            let text = self.string_value("a text in quotes or braces")?;
            self.properties.push(Property::Text(text));
            if self.lenient && self.take(b',') {
                let token = self.token;
                let angle = self.angle("an angle")?;
                self.warn(Code::AngleArgument, token.start, token.end);
                self.properties.push(Property::TextAngle(angle));
            }
        }
        Ok(Shape::Text(position))
    }

    pub(super) fn is_string(&self) -> bool {
        matches!(self.token.kind, Kind::Quoted | Kind::Color | Kind::Word(Keyword::None))
    }
}

/// A finite number that a comma or bracket follows: its value, that byte and the place behind it.
#[inline]
fn plain_number(source: &[u8], at: usize) -> Option<(f64, u8, usize)> {
    let number = decimal(&source[at..])?;
    let end = at + number.length;
    let mark = *source.get(end)?;
    if !matches!(mark, b',' | b')') || !number.value.is_finite() {
        return None;
    }
    let mut next = end + 1;
    while mark == b',' && source.get(next) == Some(&b' ') {
        next += 1;
    }
    Some((number.value, mark, next))
}

fn symbol(name: ShapeName) -> Option<PointSymbol> {
    Some(match name {
        ShapeName::Circle => PointSymbol::Circle,
        ShapeName::Box => PointSymbol::Box,
        ShapeName::Diamond => PointSymbol::Diamond,
        ShapeName::Cross => PointSymbol::Cross,
        ShapeName::X => PointSymbol::X,
        ShapeName::Arrow => PointSymbol::Arrow,
        ShapeName::BoxCircle => PointSymbol::BoxCircle,
        _ => return None,
    })
}

pub(super) fn point_symbol(name: ShapeName) -> Option<PointSymbol> {
    symbol(name)
}

/// Text of a token that is a string, without its quotes.
pub(super) fn unquoted(bytes: &[u8], kind: Kind) -> (Text, bool) {
    let inner = if kind == Kind::Quoted { &bytes[1..bytes.len() - 1] } else { bytes };
    Text::decode(inner)
}
