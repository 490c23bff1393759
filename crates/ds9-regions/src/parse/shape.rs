//! One function for each family of shapes.

use super::{Fail, Head, Legacy, Parser, Result};
use crate::diagnostic::Code;
use crate::file::{ItemKind, Merge};
use crate::keyword::{Abbreviation, Keyword, ShapeName, abbreviation};
use crate::lex::Kind;
use crate::number::decimal;
use crate::{
    Conjunction, Length, Panda, PointSymbol, Position, Property, Rings, RotatedRings, Shape, Sign,
    Text, Unit,
};

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

    fn open(&mut self) {
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
    fn close(
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

    fn two_positions(&mut self) -> Result<(Position, Position)> {
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
                let from = self.token.start;
                let angle = self.angle("an angle")?;
                self.warn(Code::Json, from, self.token.start);
                self.properties.push(Property::TextAngle(angle));
            }
        }
        Ok(Shape::Text(position))
    }

    /// `ellipse` and `box`: one pair of lengths, or several for rings, and an angle if one number is left.
    fn rotated(&mut self, ellipse: bool) -> Result<Shape> {
        let expected = if ellipse { "two semi-axes" } else { "a width and a height" };
        let center = self.position()?;
        self.comma();
        let first = self.length_pair(expected)?;
        self.comma();
        // One number before the end is an angle; two are the next ring.
        if !self.two_lengths_follow() {
            let angle = self.optional_angle()?;
            return Ok(if ellipse {
                Shape::Ellipse { center, semi_axes: first, angle }
            } else {
                Shape::Box { center, size: first, angle }
            });
        }
        let mut edges = vec![first, self.length_pair(expected)?];
        self.comma();
        let mut count = None;
        if self.token.kind == Kind::Word(Keyword::N) {
            count = Some(self.number_of()?);
            self.comma();
        } else {
            while self.two_lengths_follow() {
                let first = self.bare_length(expected)?;
                self.comma();
                edges.push([first, self.bare_length(expected)?]);
                self.comma();
            }
        }
        let angle = self.optional_angle()?;
        let rings = Rings { edges: edges.into_boxed_slice(), count };
        let rings = Box::new(RotatedRings { center, rings, angle });
        Ok(if ellipse { Shape::EllipseAnnulus(rings) } else { Shape::BoxAnnulus(rings) })
    }

    /// Whether a length is followed by a comma or another length, so that it cannot be the angle.
    fn two_lengths_follow(&self) -> bool {
        let is_length = |kind| {
            matches!(
                kind,
                Kind::Integer
                    | Kind::Real
                    | Kind::Degrees
                    | Kind::Arcmin
                    | Kind::Arcsec
                    | Kind::Image
                    | Kind::Physical
                    | Kind::Radians
            )
        };
        if !is_length(self.token.kind) {
            return false;
        }
        let mut after = crate::lex::next(self.source, self.token.end, self.lenient);
        if after.kind == Kind::Byte(b',') {
            after = crate::lex::next(self.source, after.end, self.lenient);
        }
        is_length(after.kind)
    }

    fn number_of(&mut self) -> Result<u32> {
        self.advance();
        if !self.take(b'=') {
            return Err(self.missing("`=` after `n`"));
        }
        self.count("the number of rings")
    }

    fn annulus(&mut self) -> Result<Shape> {
        let center = self.position()?;
        self.comma();
        let first = self.bare_length("an inner radius")?;
        self.comma();
        let mut edges = vec![first, self.bare_length("an outer radius")?];
        let mut count = None;
        loop {
            let comma = self.take(b',');
            if self.token.kind == Kind::Word(Keyword::N) && edges.len() == 2 {
                count = Some(self.number_of()?);
                break;
            }
            if !comma && (self.token.kind == Kind::Byte(b')') || !self.is_length()) {
                break;
            }
            edges.push(self.bare_length("a radius")?);
        }
        self.note_two_lengths(&edges);
        Ok(Shape::Annulus { center, rings: Rings { edges: edges.into_boxed_slice(), count } })
    }

    fn is_length(&self) -> bool {
        matches!(
            self.token.kind,
            Kind::Integer
                | Kind::Real
                | Kind::Degrees
                | Kind::Arcmin
                | Kind::Arcsec
                | Kind::Image
                | Kind::Physical
                | Kind::Radians
        )
    }

    /// `annulus(x, y, 1'30")` is two radii in DS9, which is seldom what was meant.
    fn note_two_lengths(&mut self, edges: &[Length]) {
        if let [Length { unit: Unit::Arcmin, .. }, Length { unit: Unit::Arcsec, .. }] = edges {
            self.warn(Code::TwoLengths, self.token.start, self.token.end);
        }
    }

    fn panda(&mut self) -> Result<Panda<Length>> {
        let (center, start, stop, angles) = self.panda_head()?;
        let inner = self.length("an inner radius")?;
        self.comma();
        let outer = self.length("an outer radius")?;
        self.comma();
        let rings = self.count("the number of rings")?;
        Ok(Panda { center, start, stop, angles, inner, outer, rings, angle: None })
    }

    fn elliptic_panda(&mut self) -> Result<Panda<[Length; 2]>> {
        let (center, start, stop, angles) = self.panda_head()?;
        let inner = self.length_pair("two inner lengths")?;
        self.comma();
        let outer = self.length_pair("two outer lengths")?;
        self.comma();
        let rings = self.count("the number of rings")?;
        self.comma();
        let angle = self.optional_angle()?;
        Ok(Panda { center, start, stop, angles, inner, outer, rings, angle })
    }

    fn panda_head(&mut self) -> Result<(Position, astro_coords::Angle, astro_coords::Angle, u32)> {
        let center = self.position()?;
        self.comma();
        let start = self.angle("a start angle")?;
        self.comma();
        let stop = self.angle("a stop angle")?;
        self.comma();
        let angles = self.count("the number of angles")?;
        self.comma();
        Ok((center, start, stop, angles))
    }

    /// DS9's `pie` takes angles only and makes no region.
    fn pie(&mut self) -> Result<()> {
        self.position()?;
        self.comma();
        self.angle("a start angle")?;
        self.comma();
        self.angle("a stop angle")?;
        loop {
            let comma = self.take(b',');
            if self.token.kind == Kind::Word(Keyword::N) {
                self.number_of()?;
                return Ok(());
            }
            if !comma
                && !matches!(
                    self.token.kind,
                    Kind::Integer | Kind::Real | Kind::Degrees | Kind::Radians
                )
            {
                return Ok(());
            }
            self.angle("an angle")?;
        }
    }

    fn legacy_rings_follow(&self) -> bool {
        let mut at = self.token;
        if at.kind == Kind::Byte(b')') {
            at = crate::lex::next(self.source, at.end, self.lenient);
        }
        at.kind == Kind::Byte(b'&')
            && crate::lex::next(self.source, at.end, self.lenient).kind == Kind::Byte(b'!')
    }

    /// `ellipse a & !ellipse b`: the outer edge of one more ring around the shape before.
    fn legacy_rings(&mut self, shape: Option<Shape>, start: usize) -> Result<ItemKind> {
        self.take(b')');
        self.take(b'&');
        self.take(b'!');
        let name = match &shape {
            Some(Shape::Ellipse { .. }) => ShapeName::Ellipse,
            Some(Shape::Box { .. }) => ShapeName::Box,
            _ => return Err(self.unexpected("a simple shape before `&`", Code::TrailingText)),
        };
        if self.token.kind != Kind::Word(Keyword::Shape(name)) {
            return Err(self.unexpected("the same shape after `& !`", Code::UnknownCommand));
        }
        self.advance();
        self.open();
        let hole = self.rotated(name == ShapeName::Ellipse)?;
        self.take(b')');
        self.end_of_statement()?;
        let (center, outer, angle, inner) = match (shape, hole) {
            (
                Some(Shape::Ellipse { center, semi_axes, angle }),
                Shape::Ellipse { semi_axes: inner, .. },
            ) => (center, semi_axes, angle, inner),
            (Some(Shape::Box { center, size, angle }), Shape::Box { size: inner, .. }) => {
                (center, size, angle, inner)
            }
            _ => return Err(self.unexpected("a simple shape after `& !`", Code::TrailingText)),
        };
        self.warn(Code::LegacyRings, start, self.token.start);
        let fits = matches!(
            (self.state.legacy, name),
            (Legacy::Ellipse, ShapeName::Ellipse) | (Legacy::Box, ShapeName::Box)
        );
        if fits {
            self.block.merges.push(Merge { after: self.block.regions.len(), outer });
            return Ok(ItemKind::Merged);
        }
        let rings = Rings { edges: Box::new([inner, outer]), count: None };
        let rings = Box::new(RotatedRings { center, rings, angle });
        let shape = if name == ShapeName::Ellipse {
            Shape::EllipseAnnulus(rings)
        } else {
            Shape::BoxAnnulus(rings)
        };
        let head = Head { start, sign: None, conjunction: None, rotbox: false };
        Ok(self.finish(shape, head, None))
    }

    /// `cir`, `ell`, `poly`... and CIAO's rectangle of two corners.
    pub(super) fn abbreviated(&mut self, sign: Option<Sign>, start: usize) -> Result<ItemKind> {
        let token = self.advance();
        self.warn(Code::Abbreviation, token.start, token.end);
        match abbreviation(&self.source[token.start..token.end]) {
            Some(Abbreviation::Shape(name)) => self.shape_named(name, sign, false, start),
            _ => {
                self.properties.clear();
                self.open();
                let (one, other) = self.two_positions()?;
                let shape = self.rectangle(one, other, token.start)?;
                self.close(Some(shape), ShapeName::Box, sign, false, start)
            }
        }
    }

    fn rectangle(&self, one: Position, other: Position, start: usize) -> Result<Shape> {
        if one.frame != other.frame || !one.frame.is_pixels() {
            let message = "the corners of a rectangle must both be in the same pixels";
            return Err(Fail::new(Code::MixedKinds, start, self.token.start, message));
        }
        let unit = Length::native_unit(one.frame);
        let size = [
            Length::new((other.x - one.x).abs(), unit),
            Length::new((other.y - one.y).abs(), unit),
        ];
        let center = Position::new((one.x + other.x) / 2.0, (one.y + other.y) / 2.0, one.frame);
        Ok(Shape::Box { center, size, angle: None })
    }

    /// `x y` on a line of its own.
    pub(super) fn bare_pair(&mut self, start: usize) -> Result<ItemKind> {
        self.properties.clear();
        let from = self.token.start;
        let center = self.position().map_err(|fail| Fail { code: Code::UnknownCommand, ..fail })?;
        self.warn(Code::BarePair, from, self.token.start);
        self.close(
            Some(Shape::Point { center, symbol: None }),
            ShapeName::Point,
            None,
            false,
            start,
        )
    }

    /// The JSON of JS9, which may hold strings with braces in them.
    fn skip_json(&mut self) -> Result<()> {
        let from = self.token.start;
        let end = self.line_end(from);
        let mut depth = 0usize;
        let mut quoted = false;
        let mut at = from;
        loop {
            if at >= end {
                let message = "the braces are not closed on this line";
                return Err(Fail::new(Code::UnclosedString, from, from + 1, message));
            }
            match (self.source[at], quoted) {
                (b'\\', true) => at += 1,
                (b'"', _) => quoted = !quoted,
                (b'{', false) => depth += 1,
                (b'}', false) => {
                    depth -= 1;
                    if depth == 0 {
                        at += 1;
                        break;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        self.warn(Code::Json, from, at);
        self.token = crate::lex::next(self.source, at, self.lenient);
        Ok(())
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
