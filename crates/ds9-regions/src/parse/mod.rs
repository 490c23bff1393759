//! The grammar of DS9's own format: statements, their order, and what they leave behind for the next ones.

mod arguments;
mod fail;
mod properties;
mod rings;
mod run;
mod shape;
mod state;
mod statement;
mod tail;
mod wider;

use crate::diagnostic::{Code, Diagnostic};
use crate::file::{Block, ItemKind};
use crate::keyword::ShapeName;
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
    /// Shapes behind `#` are annotations of CARTA.
    annotated: bool,
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
            annotated: false,
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

    /// With the annotations of CARTA.
    pub(crate) fn annotated(self) -> Self {
        Self { annotated: true, ..self }
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
