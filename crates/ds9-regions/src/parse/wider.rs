//! What other programs write into region files, and DS9 does not read.

use super::{Fail, Parser, Result};
use crate::diagnostic::Code;
use crate::file::ItemKind;
use crate::keyword::{Abbreviation, Keyword, ShapeName, abbreviation};
use crate::lex::Kind;
use crate::{Length, Position, Shape, Sign, Text};

impl Parser<'_> {
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

    /// The shape that CARTA draws here, as in `# box(...)` and `# polyline(...)`.
    pub(super) fn annotation(&self) -> Option<ShapeName> {
        let Kind::Word(word) = self.token.kind else { return None };
        let bytes = self.bytes(&self.token);
        let name = match word {
            Keyword::Shape(
                name @ (ShapeName::Point
                | ShapeName::Line
                | ShapeName::Box
                | ShapeName::Ellipse
                | ShapeName::Circle
                | ShapeName::Polygon),
            ) => name,
            _ if bytes.eq_ignore_ascii_case(b"polyline") => ShapeName::Segment,
            _ if bytes.eq_ignore_ascii_case(b"textbox") => ShapeName::Box,
            _ => return None,
        };
        let after = crate::lex::next(self.source, self.token.end, self.lenient);
        (self.annotated && after.kind == Kind::Byte(b'(')).then_some(name)
    }

    /// An annotation; the first word of its comment says so.
    pub(super) fn annotated_shape(&mut self, name: ShapeName, start: usize) -> Result<ItemKind> {
        self.advance();
        let kind = self.shape_named(name, None, true, start)?;
        if let (ItemKind::Region(_), Some(region)) = (kind, self.block.regions.last_mut()) {
            let words = region.comment.as_deref().map_or("", Text::as_str);
            let words = format!("ann {words}");
            region.comment = Some(Box::new(Text::from(words.trim_end())));
        }
        Ok(kind)
    }

    /// The JSON of JS9, which may hold strings with braces in them.
    pub(super) fn skip_json(&mut self) -> Result<()> {
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
}
