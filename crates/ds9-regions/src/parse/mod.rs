//! The grammar of DS9's own format: statements, their order, and what they leave behind for the next ones.

mod arguments;
mod fail;
mod properties;
mod run;
mod shape;
mod state;
mod tail;

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::file::{Block, ItemKind};
use crate::keyword::{Keyword, Reserved, ShapeName, abbreviation};
use crate::lex::{self, Kind, Token};
use crate::{Conjunction, Mode, ParseOptions, Properties, Property, Region, Sign, System};

pub(crate) use fail::{Fail, help, summary};
pub(crate) use run::LOOK_AHEAD;
pub(crate) use state::{Legacy, State};

type Result<T> = std::result::Result<T, Fail>;

/// Reads whole lines into a [`Block`], beginning with the state the lines before left.
pub(crate) struct Parser<'a> {
    source: &'a [u8],
    /// Bytes of the file before `source`.
    base: u64,
    options: &'a ParseOptions,
    lenient: bool,
    /// The longest statement that is read.
    limit: usize,
    token: Token,
    state: State,
    line_start: usize,
    /// Bytes and characters of the line that lie before `source`; nothing once a line has ended.
    before: (u64, u32),
    /// Characters counted so far on this line, so that many columns of one line cost one pass.
    counted: (usize, u32),
    properties: Vec<Property>,
    block: Block,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(
        source: &'a [u8],
        base: u64,
        state: State,
        options: &'a ParseOptions,
    ) -> Self {
        let lenient = options.mode != Mode::Strict;
        let before = state.before;
        let mut parser = Self {
            source,
            base,
            options,
            lenient,
            limit: usize::MAX,
            token: lex::next(&[], 0, false),
            state,
            line_start: 0,
            before,
            counted: (0, before.1),
            properties: Vec::new(),
            block: Block::default(),
        };
        parser.start();
        parser
    }

    /// With the limit that the options set for streams.
    pub(crate) fn limited(self) -> Self {
        Self { limit: self.options.max_statement, ..self }
    }

    fn start(&mut self) {
        let mut from = 0;
        if self.base == 0 && self.lenient && self.source.starts_with(b"\xef\xbb\xbf") {
            from = 3;
            self.warn(Code::ByteOrderMark, 0, 3);
        }
        self.token = lex::next(self.source, from, self.lenient);
    }

    fn skip_line(&mut self) {
        let end = self.line_end(self.token.start);
        self.token = lex::next(self.source, end, self.lenient);
    }

    /// Where the line that holds `from` ends, before its terminator.
    fn line_end(&self, from: usize) -> usize {
        let rest = &self.source[from..];
        if self.lenient {
            return memchr::memchr2(b'\n', b'\r', rest).map_or(self.source.len(), |n| from + n);
        }
        let end = memchr::memchr(b'\n', rest).map_or(self.source.len(), |n| from + n);
        if end > from && self.source.get(end - 1) == Some(&b'\r') && end < self.source.len() {
            end - 1
        } else {
            end
        }
    }

    /// Takes the token and looks at the next one.
    fn advance(&mut self) -> Token {
        let taken = self.token;
        if let Some(note) = taken.note {
            self.warn(note, taken.start, taken.end);
        }
        self.token = lex::next(self.source, taken.end, self.lenient);
        taken
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.token.kind == Kind::Byte(byte);
        if found {
            self.advance();
        }
        found
    }

    fn bytes(&self, token: &Token) -> &'a [u8] {
        &self.source[token.start..token.end]
    }

    fn statement(&mut self, start: usize) -> Result<ItemKind> {
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

    fn shape_statement(&mut self, sign: Option<Sign>, start: usize) -> Result<ItemKind> {
        match self.token.kind {
            Kind::Word(Keyword::Shape(name)) => {
                self.advance();
                self.shape_named(name, sign, false, start)
            }
            _ => self.abbreviated(sign, start),
        }
    }

    /// Skips a comment; the next token is the end of its line.
    fn comment_from(&mut self, from: usize) {
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

    fn end_of_statement(&self) -> Result<()> {
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

    /// Adds the region and steps the state of composites and legacy rings.
    fn finish(
        &mut self,
        shape: crate::Shape,
        head: Head,
        comment: Option<Box<crate::Text>>,
    ) -> ItemKind {
        let joined_before = std::mem::replace(&mut self.state.joined, head.conjunction.is_some());
        let opens = matches!(shape, crate::Shape::Composite { .. });
        let member = joined_before && self.state.in_composite && !opens;
        self.state.in_composite = head.conjunction.is_some() && (opens || member);
        self.state.legacy = match (&shape, head.rotbox) {
            (crate::Shape::Ellipse { .. }, _) => Legacy::Ellipse,
            (crate::Shape::Box { .. }, false) => Legacy::Box,
            _ => Legacy::None,
        };
        if self.state.frame.system == System::PhysicalDefault && !self.state.told_no_frame {
            self.state.told_no_frame = true;
            self.warn(Code::NoFrame, head.start, self.token.start);
        }
        let length = u32::try_from(self.token.start - head.start).unwrap_or(u32::MAX);
        self.block.regions.push(Region {
            shape,
            frame: self.state.frame.visible(),
            sign: head.sign,
            conjunction: head.conjunction,
            in_composite: member,
            tile: self.state.tile,
            properties: Properties::drain_from(&mut self.properties),
            inherited: self.state.globals.clone(),
            comment,
            start: self.base + head.start as u64,
            length,
            line: self.state.line,
        });
        ItemKind::Region(u32::try_from(self.block.regions.len() - 1).unwrap_or(u32::MAX))
    }

    pub(crate) fn warn(&mut self, code: Code, start: usize, end: usize) {
        // DS9 takes both; in the wider language what is above 60 is the error of its position.
        let said = match code {
            Code::SixtyOrMore => false,
            Code::ExactlySixty => self.lenient,
            _ => true,
        };
        if said {
            let fail = Fail::new(code, start, end, fail::summary(code));
            self.diagnose(&fail, true);
        }
    }

    fn diagnose(&mut self, fail: &Fail, recovered: bool) {
        let count = match fail.code.severity() {
            crate::Severity::Error => &mut self.state.errors,
            crate::Severity::Warning => &mut self.state.warnings,
        };
        *count += 1;
        if *count > self.options.max_diagnostics {
            return;
        }
        let at = fail.start.min(self.source.len());
        let diagnostic = Diagnostic {
            code: fail.code,
            span: self.base + at as u64..self.base + fail.end as u64,
            line: self.state.line,
            column: self.column(at),
            byte_column: u32::try_from(
                (at.saturating_sub(self.line_start) + 1) as u64 + self.before.0,
            )
            .unwrap_or(u32::MAX),
            message: fail.message(self.source),
            expected: fail.expected,
            help: fail.help.or_else(|| fail::help(fail, self.source)),
            recovered,
        };
        match fail.code.severity() {
            crate::Severity::Error => self.block.errors.push(diagnostic),
            crate::Severity::Warning => self.block.warnings.push(diagnostic),
        }
    }

    fn column(&mut self, at: usize) -> u32 {
        let (from, counted) = if self.counted.0 <= at && self.counted.0 >= self.line_start {
            self.counted
        } else {
            (self.line_start, self.before.1)
        };
        let text = String::from_utf8_lossy(&self.source[from.min(at)..at]);
        let counted =
            counted.saturating_add(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
        self.counted = (at, counted);
        counted.saturating_add(1)
    }
}

/// What stands around the shape itself.
#[derive(Debug, Clone, Copy)]
struct Head {
    start: usize,
    sign: Option<Sign>,
    conjunction: Option<Conjunction>,
    rotbox: bool,
}

fn hides_behind_hash(name: ShapeName) -> bool {
    matches!(
        name,
        ShapeName::Vector
            | ShapeName::Segment
            | ShapeName::Text
            | ShapeName::Ruler
            | ShapeName::Compass
            | ShapeName::Projection
            | ShapeName::Circle3d
            | ShapeName::Composite
    )
}

fn lex_is_coordinate(token: &Token) -> bool {
    matches!(
        token.kind,
        Kind::Integer
            | Kind::Real
            | Kind::Degrees
            | Kind::Image
            | Kind::Physical
            | Kind::Sexagesimal
            | Kind::Hms
            | Kind::Dms
    )
}

fn same_key(a: &Property, b: &Property) -> bool {
    match (a, b) {
        (Property::Flag(a, _), Property::Flag(b, _)) => a == b,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

/// A whole number held as `f64`.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(crate) fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9.0e15).then_some(value as i64)
}
