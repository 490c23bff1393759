//! Shapes of several rings or cells: annuli, pandas, and the old way to write rings.

use super::{Head, Legacy, Parser, Result};
use crate::diagnostic::Code;
use crate::file::{ItemKind, Merge};
use crate::keyword::{Keyword, ShapeName};
use crate::lex::Kind;
use crate::{Length, Panda, Position, Rings, RotatedRings, Shape, Unit};

impl Parser<'_> {
    /// `ellipse` and `box`: one pair of lengths, or several for rings, and an angle if one number is left.
    pub(super) fn rotated(&mut self, ellipse: bool) -> Result<Shape> {
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

    pub(super) fn annulus(&mut self) -> Result<Shape> {
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
            if !comma && (self.token.kind == Kind::Byte(b')') || !is_length(self.token.kind)) {
                break;
            }
            edges.push(self.bare_length("a radius")?);
        }
        self.note_two_lengths(&edges);
        Ok(Shape::Annulus { center, rings: Rings { edges: edges.into_boxed_slice(), count } })
    }

    /// `annulus(x, y, 1'30")` is two radii in DS9, which is seldom what was meant.
    fn note_two_lengths(&mut self, edges: &[Length]) {
        if let [Length { unit: Unit::Arcmin, .. }, Length { unit: Unit::Arcsec, .. }] = edges {
            self.warn(Code::TwoLengths, self.token.start, self.token.end);
        }
    }

    pub(super) fn panda(&mut self) -> Result<Panda<Length>> {
        let (center, start, stop, angles) = self.panda_head()?;
        let inner = self.length("an inner radius")?;
        self.comma();
        let outer = self.length("an outer radius")?;
        self.comma();
        let rings = self.count("the number of rings")?;
        Ok(Panda { center, start, stop, angles, inner, outer, rings, angle: None })
    }

    pub(super) fn elliptic_panda(&mut self) -> Result<Panda<[Length; 2]>> {
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
    pub(super) fn pie(&mut self) -> Result<()> {
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

    pub(super) fn legacy_rings_follow(&self) -> bool {
        let mut at = self.token;
        if at.kind == Kind::Byte(b')') {
            at = crate::lex::next(self.source, at.end, self.lenient);
        }
        at.kind == Kind::Byte(b'&')
            && crate::lex::next(self.source, at.end, self.lenient).kind == Kind::Byte(b'!')
    }

    /// `ellipse a & !ellipse b`: the outer edge of one more ring around the shape before.
    pub(super) fn legacy_rings(&mut self, shape: Option<Shape>, start: usize) -> Result<ItemKind> {
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
}

/// Whether a token is a number that a length may be, whatever its unit.
fn is_length(kind: Kind) -> bool {
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
}
