//! What all foreign readers share: statements, their places, and what is wrong with them.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::file::{Block, Item, ItemKind};
use crate::lex::{self, Kind, Token};
use crate::parse::{Fail, State, help};
use crate::{Frame, Mode, ParseOptions, Position, Region, RegionFile, SkyFrame, Text};

pub(super) type Result<T> = std::result::Result<T, Fail>;

/// The grammar of one format.
pub(super) trait Dialect {
    /// Reads one statement from the reader's token on, and leaves the reader at its end.
    fn statement(&mut self, reader: &mut Reader<'_>) -> Result<ItemKind>;

    /// What is still open at the end of the file.
    fn finish(&mut self, _: &mut Reader<'_>) {}
}

pub(super) struct Reader<'a> {
    pub(super) source: &'a [u8],
    pub(super) token: Token,
    pub(super) block: Block,
    pub(super) line: u32,
    line_start: usize,
    /// The last statement is followed by another one without a terminator between them.
    joined: bool,
    options: &'a ParseOptions,
    counts: State,
}

/// Reads a whole file.
pub(super) fn read(source: &[u8], options: &ParseOptions, mut dialect: impl Dialect) -> RegionFile {
    let mut reader = Reader {
        source,
        token: lex::next(source, 0, true),
        block: Block::default(),
        line: 1,
        line_start: 0,
        joined: false,
        options,
        counts: State::default(),
    };
    let mut start = 0;
    reader.token = reader.lex(if source.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 });
    while start < source.len() {
        start = reader.statement(&mut dialect, start);
    }
    dialect.finish(&mut reader);
    let mut file = RegionFile::default();
    file.append(reader.block, options);
    file.set_counts(&reader.counts);
    file
}

impl<'a> Reader<'a> {
    /// One statement with its terminator; gives the start of the next.
    fn statement(&mut self, dialect: &mut impl Dialect, start: usize) -> usize {
        if self.token.ends_statement() {
            self.push(ItemKind::Blank, start, self.token.start);
        } else {
            match dialect.statement(self) {
                Ok(kind) => self.push(kind, start, self.token.start),
                Err(fail) => {
                    let goes_on = self.options.mode == Mode::Recover;
                    self.diagnose(&fail, goes_on);
                    let end = if goes_on { self.line_end() } else { self.source.len() };
                    self.token = self.lex(end);
                    self.push(ItemKind::Error, start, end);
                    if self.joined && end < self.source.len() {
                        // The end of the line is also that of the statement before, which stays where this one goes.
                        self.push(ItemKind::Blank, end, end);
                    }
                }
            }
        }
        self.joined = !self.token.ends_statement();
        if self.joined { self.token.start } else { self.terminator() }
    }

    /// The token at `at`. A string ends with its line, be that one of old Macs: else what is behind it would be words of this
    /// line or the next, as far as there is another quote.
    fn lex(&self, at: usize) -> Token {
        let token = lex::next(self.source, at, true);
        let crosses = token.kind == Kind::Quoted && self.bytes(&token).contains(&b'\r');
        if crosses {
            let (start, quote) = (token.start, self.source[token.start]);
            return Token { kind: Kind::Byte(quote), end: start + 1, ..token };
        }
        token
    }

    fn terminator(&mut self) -> usize {
        let end = self.token.end;
        if let Some(item) = self.block.items.last_mut() {
            item.extend_to(end as u64);
        }
        if self.token.kind == Kind::Newline {
            self.line = self.line.saturating_add(1);
            self.line_start = end;
        }
        self.token = self.lex(end);
        end
    }

    fn push(&mut self, kind: ItemKind, start: usize, end: usize) {
        match self.block.items.last_mut() {
            Some(last) if kind == ItemKind::Blank && last.kind == ItemKind::Blank => {
                last.extend_to(end as u64);
            }
            _ => self.block.items.push(Item::new(kind, start as u64, end as u64)),
        }
    }

    pub(super) fn advance(&mut self) -> Token {
        let taken = self.token;
        self.token = self.lex(taken.end);
        taken
    }

    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.token.kind == Kind::Byte(byte);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn bytes(&self, token: &Token) -> &'a [u8] {
        &self.source[token.start..token.end]
    }

    /// Where the line that holds the token ends, before its terminator.
    pub(super) fn line_end(&self) -> usize {
        let from = self.token.start.min(self.source.len());
        memchr::memchr2(b'\n', b'\r', &self.source[from..]).map_or(self.source.len(), |n| from + n)
    }

    /// The rest of the line from the token on; the token is then the end of the line.
    pub(super) fn rest_of_line(&mut self) -> &'a [u8] {
        let (from, end) = (self.token.start.min(self.source.len()), self.line_end());
        self.token = self.lex(end);
        &self.source[from..end]
    }

    pub(super) fn is_comment(&self) -> bool {
        matches!(self.token.kind, Kind::Byte(b'#') | Kind::Color)
    }

    /// The words behind `#`, to the end of the line.
    pub(super) fn comment(&mut self) -> Option<Text> {
        self.token = self.lex(self.token.start + 1);
        let (text, _) = Text::decode(self.rest_of_line().trim_ascii());
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn unexpected(&self, code: Code, expected: &'static str) -> Fail {
        let token = &self.token;
        Fail { found: true, ..Fail::new(code, token.start, token.end, expected) }
    }

    /// Whatever a shape or frame leaves behind must be the end of the statement or a comment.
    pub(super) fn end(&self) -> Result<()> {
        if self.token.ends_statement() || self.is_comment() {
            return Ok(());
        }
        if is_value(&self.token) {
            let mut fail = self.unexpected(Code::ExtraArgument, "the end of the shape");
            fail.help = None;
            return Err(fail);
        }
        Err(self.unexpected(Code::TrailingText, "the end of the statement"))
    }

    /// A number of any kind.
    pub(super) fn value(&mut self, expected: &'static str) -> Result<Token> {
        if !is_value(&self.token) {
            return Err(self.unexpected(Code::MissingArgument, expected));
        }
        let token = self.advance();
        if !token.value.is_finite() {
            let message = "the number is too large";
            return Err(Fail::new(Code::NotANumber, token.start, token.end, message));
        }
        if token.note == Some(Code::SixtyOrMore) {
            let message = "minutes and seconds must be below 60";
            return Err(Fail::new(Code::SixtyOrMore, token.start, token.end, message));
        }
        Ok(token)
    }

    /// Adds a region that stands from `start` to the reader's token, and gives its item.
    pub(super) fn region(&mut self, mut region: Region, start: usize) -> ItemKind {
        self.place(&mut region, start);
        self.block.regions.push(region);
        self.last_region()
    }

    pub(super) fn last_region(&self) -> ItemKind {
        ItemKind::Region(u32::try_from(self.block.regions.len() - 1).unwrap_or(u32::MAX))
    }

    pub(super) fn place(&self, region: &mut Region, start: usize) {
        region.start = start as u64;
        region.length = u32::try_from(self.token.start - start).unwrap_or(u32::MAX);
        region.line = self.line;
    }

    pub(super) fn diagnose(&mut self, fail: &Fail, recovered: bool) {
        let error = fail.code.severity() == Severity::Error;
        let count = if error { &mut self.counts.errors } else { &mut self.counts.warnings };
        *count += 1;
        if *count > self.options.max_diagnostics {
            return;
        }
        let at = fail.start.min(self.source.len());
        let before = &self.source[self.line_start.min(at)..at];
        let number = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        let diagnostic = Diagnostic {
            code: fail.code,
            span: at as u64..fail.end as u64,
            line: self.line,
            column: number(String::from_utf8_lossy(before).chars().count()),
            byte_column: number(before.len()),
            message: fail.message(self.source),
            expected: fail.expected,
            help: fail.help.or_else(|| help(fail, self.source)),
            recovered,
        };
        let list = if error { &mut self.block.errors } else { &mut self.block.warnings };
        list.push(diagnostic);
    }
}

/// A number with or without a unit.
pub(super) fn is_value(token: &Token) -> bool {
    let length = matches!(
        token.kind,
        Kind::Arcmin | Kind::Arcsec | Kind::Physical | Kind::Image | Kind::Radians
    );
    token.is_number() || is_celestial(token) || length
}

/// A number that can only be a place on the sky.
pub(super) fn is_celestial(token: &Token) -> bool {
    matches!(token.kind, Kind::Degrees | Kind::Sexagesimal | Kind::Hms | Kind::Dms)
}

/// The place that two numbers mean: plain ones in `plain`, the others on the sky, where there may be such.
pub(super) fn position(
    first: &Token,
    second: &Token,
    plain: Frame,
    sky: Option<Frame>,
) -> Result<Position> {
    let fail = |code, message| Err(Fail::new(code, first.start, second.end, message));
    let (x, y) = (first.value, second.value);
    let position = if first.is_number() && second.is_number() {
        Position::new(x, y, plain)
    } else {
        let Some(sky) = sky else {
            return fail(Code::WrongUnit, "positions are plain numbers here, in pixels");
        };
        let turns = matches!(sky.sky, SkyFrame::Galactic | SkyFrame::Ecliptic);
        match (first.kind, second.kind) {
            (Kind::Degrees, Kind::Degrees) | (Kind::Dms, Kind::Dms) => Position::new(x, y, sky),
            (Kind::Hms, Kind::Dms) => Position::new(x * 15.0, y, sky),
            (Kind::Sexagesimal, Kind::Sexagesimal) if turns => Position::new(x, y, sky),
            (Kind::Sexagesimal, Kind::Sexagesimal) => Position::new(x * 15.0, y, sky),
            _ => {
                return fail(
                    Code::MixedKinds,
                    "the two coordinates of a position must be of one kind",
                );
            }
        }
    };
    if position.frame.sky_frame().is_some() && position.y.abs() > 90.0 {
        let message = "the declination or latitude lies beyond the pole";
        return Err(Fail::new(Code::BeyondPole, second.start, second.end, message));
    }
    Ok(position)
}

/// Words as the comment of a region; where DS9 would take them for properties, behind a word that it does not know.
pub(super) fn remark(words: &str) -> Option<Box<Text>> {
    use crate::keyword::{Keyword, keyword};
    let words = words.trim_ascii();
    let length = words.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let plain = words.starts_with(|c: char| c.is_ascii_alphabetic())
        && keyword(&words.as_bytes()[..length]) == Keyword::None;
    let text = if plain { Text::from(words) } else { Text::from(format!("note {words}").as_str()) };
    (!words.is_empty()).then(|| Box::new(text))
}
