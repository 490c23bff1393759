//! One statement: what its first token starts.

use std::sync::Arc;

use super::{Parser, Result, hides_behind_hash, lex_is_coordinate, same_key, whole};
use crate::diagnostic::Code;
use crate::file::ItemKind;
use crate::keyword::{Keyword, Reserved, ShapeName, abbreviation};
use crate::lex::{self, Kind, Token};
use crate::{Properties, Property, Sign, System};

impl Parser<'_> {
    pub(super) fn statement(&mut self, start: usize) -> Result<ItemKind> {
        if self.token.note == Some(Code::ByteOrderMark) {
            self.token.note = None;
        }
        match self.token.kind {
            Kind::Semicolon | Kind::Newline | Kind::FakeNewline | Kind::End => Ok(ItemKind::Blank),
            Kind::Byte(b'#') => self.hash(start),
            Kind::Color if self.lenient => {
                self.warn(Code::ColorLikeComment, self.token.start, self.token.end);
                self.comment_from(self.token.start);
                Ok(ItemKind::Comment)
            }
            Kind::Byte(b'+' | b'-') => self.signed(start),
            Kind::Byte(b'!') if self.lenient => self.signed(start),
            Kind::Word(word) => self.word(word, start),
            Kind::Integer | Kind::Real | Kind::Sexagesimal | Kind::Hms | Kind::Degrees
                if self.lenient =>
            {
                self.bare_pair(start)
            }
            _ => Err(self.unexpected("a shape or a command", Code::UnknownCommand)),
        }
    }

    fn word(&mut self, word: Keyword, start: usize) -> Result<ItemKind> {
        match word {
            Keyword::Shape(_) => self.shape_statement(None, start),
            Keyword::System(_) | Keyword::Wcs(_) | Keyword::Sky(_) => self.frame_command(start),
            Keyword::Reserved(Reserved::Global) => self.global(),
            Keyword::Reserved(Reserved::Tile) => {
                self.advance();
                self.tile()
            }
            Keyword::Reserved(Reserved::Version) => {
                self.advance();
                self.end_of_statement()?;
                Ok(ItemKind::Command)
            }
            Keyword::Reserved(Reserved::Debug) => {
                self.advance();
                match self.token.kind {
                    Kind::Word(Keyword::Switch(_)) => self.advance(),
                    _ => return Err(self.unexpected("on or off", Code::MissingValue)),
                };
                self.end_of_statement()?;
                Ok(ItemKind::Command)
            }
            _ if self.lenient && abbreviation(self.bytes(&self.token)).is_some() => {
                self.shape_statement(None, start)
            }
            _ => Err(self.unexpected("a shape or a command", Code::UnknownCommand)),
        }
    }

    fn signed(&mut self, start: usize) -> Result<ItemKind> {
        let token = self.advance();
        let sign = match token.kind {
            Kind::Byte(b'+') => Sign::Include,
            Kind::Byte(b'!') => {
                self.warn(Code::Exclamation, token.start, token.end);
                Sign::Exclude
            }
            _ => Sign::Exclude,
        };
        match self.token.kind {
            Kind::Word(Keyword::Shape(_)) => self.shape_statement(Some(sign), start),
            Kind::Word(_) if self.lenient && abbreviation(self.bytes(&self.token)).is_some() => {
                self.shape_statement(Some(sign), start)
            }
            _ => Err(self.unexpected("a shape after the sign", Code::UnknownCommand)),
        }
    }

    /// `#`: a shape that DS9 hides behind it, a tile, or a comment.
    fn hash(&mut self, start: usize) -> Result<ItemKind> {
        let hash = self.advance();
        if let Some(name) = self.annotation() {
            return self.annotated_shape(name, start);
        }
        let sign = match self.token.kind {
            Kind::Byte(b'+') => Some(Sign::Include),
            Kind::Byte(b'-') => Some(Sign::Exclude),
            _ => None,
        };
        if sign.is_some() {
            let after = lex::next(self.source, self.token.end, self.lenient);
            if !matches!(after.kind, Kind::Word(Keyword::Shape(name)) if hides_behind_hash(name)) {
                if !self.lenient {
                    self.advance();
                    return Err(
                        self.unexpected("a shape after `#` and a sign", Code::UnknownCommand)
                    );
                }
                self.warn(Code::ColorLikeComment, hash.start, self.token.end);
                self.comment_from(hash.start);
                return Ok(ItemKind::Comment);
            }
            self.advance();
        }
        match self.token.kind {
            Kind::Word(Keyword::Shape(name)) if hides_behind_hash(name) => {
                self.hash_shape(name, sign, start, hash)
            }
            Kind::Word(Keyword::Reserved(Reserved::Tile)) => {
                self.advance();
                if self.lenient && self.token.kind != Kind::Integer {
                    self.comment_from(hash.start);
                    return Ok(ItemKind::Comment);
                }
                self.tile()
            }
            _ => {
                self.comment_from(hash.start);
                Ok(ItemKind::Comment)
            }
        }
    }

    /// `# text(...)` is a shape, `# text about it` is not: DS9 takes both for shapes and fails on the second.
    fn hash_shape(
        &mut self,
        name: ShapeName,
        sign: Option<Sign>,
        start: usize,
        hash: Token,
    ) -> Result<ItemKind> {
        let after = lex::next(self.source, self.token.end, self.lenient);
        let opens = after.kind == Kind::Byte(b'(') || lex_is_coordinate(&after);
        if self.lenient && !opens {
            self.warn(Code::ColorLikeComment, hash.start, self.token.end);
            self.comment_from(hash.start);
            return Ok(ItemKind::Comment);
        }
        self.advance();
        self.shape_named(name, sign, true, start)
    }

    pub(super) fn shape_statement(&mut self, sign: Option<Sign>, start: usize) -> Result<ItemKind> {
        match self.token.kind {
            Kind::Word(Keyword::Shape(name)) => {
                self.advance();
                self.shape_named(name, sign, false, start)
            }
            _ => self.abbreviated(sign, start),
        }
    }

    /// Skips a comment; the next token is the end of its line.
    pub(super) fn comment_from(&mut self, from: usize) {
        let end = self.line_end(from);
        self.token = lex::next(self.source, end, self.lenient);
    }

    fn frame_command(&mut self, start: usize) -> Result<ItemKind> {
        let token = self.advance();
        let frame = &mut self.state.frame;
        match token.kind {
            Kind::Word(Keyword::System(system)) => frame.system = system,
            Kind::Word(Keyword::Wcs(name)) => {
                frame.system = System::Wcs;
                frame.wcs = name;
            }
            Kind::Word(Keyword::Sky(sky)) => {
                frame.system = System::Wcs;
                frame.sky = sky;
            }
            _ => {}
        }
        let frame = *frame;
        if self.lenient && !self.token.ends_statement() && self.token.kind != Kind::Byte(b'#') {
            return self.after_frame(token, start);
        }
        self.trailing_comment()?;
        Ok(ItemKind::Frame(frame))
    }

    /// `fk5 circle(...)` and `wcsa fk5`: what DS9 wants apart.
    fn after_frame(&mut self, frame: Token, start: usize) -> Result<ItemKind> {
        match self.token.kind {
            Kind::Word(Keyword::Shape(_)) | Kind::Byte(b'+' | b'-' | b'!') => {
                self.warn(Code::FrameAndShape, frame.start, frame.end);
                self.statement(start)
            }
            Kind::Word(Keyword::Sky(_) | Keyword::System(_) | Keyword::Wcs(_)) => {
                self.warn(Code::FrameAndShape, frame.start, frame.end);
                self.frame_command(start)
            }
            _ => Err(self.unexpected("the end of the statement", Code::TrailingText)),
        }
    }

    /// `# ...` behind a complete command, or nothing.
    fn trailing_comment(&mut self) -> Result<()> {
        if self.token.kind == Kind::Byte(b'#') {
            self.comment_from(self.token.start);
        } else if self.lenient && self.token.kind == Kind::Color {
            self.warn(Code::ColorLikeComment, self.token.start, self.token.end);
            self.comment_from(self.token.start);
        }
        self.end_of_statement()
    }

    pub(super) fn end_of_statement(&self) -> Result<()> {
        if self.token.ends_statement() {
            return Ok(());
        }
        Err(self.unexpected("the end of the statement", Code::TrailingText))
    }

    fn tile(&mut self) -> Result<ItemKind> {
        if self.token.kind != Kind::Integer {
            return Err(self.unexpected("the number of a tile", Code::MissingValue));
        }
        let token = self.advance();
        let tile = whole(token.value).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        if self.lenient {
            self.trailing_comment()?;
        } else {
            self.end_of_statement()?;
        }
        self.state.tile = tile;
        Ok(ItemKind::Tile(tile))
    }

    fn global(&mut self) -> Result<ItemKind> {
        self.advance();
        self.properties.clear();
        self.global_properties()?;
        self.trailing_comment()?;
        let mut all: Vec<Property> =
            self.state.globals.as_deref().map(|old| old.as_slice().to_vec()).unwrap_or_default();
        for property in self.properties.drain(..) {
            if let Property::Wcs(name) = property {
                self.state.frame.wcs = name;
            }
            all.retain(|old| !same_key(old, &property));
            all.push(property);
        }
        let all = Arc::new(Properties::from_iter(all));
        self.state.globals = Some(Arc::clone(&all));
        self.block.globals.push(all);
        Ok(ItemKind::Global(u32::try_from(self.block.globals.len() - 1).unwrap_or(u32::MAX)))
    }
}
