//! From statement to statement: their ends, and what is done about bad ones.

use super::{Fail, Parser, State};
use crate::Mode;
use crate::diagnostic::Code;
use crate::file::{Block, Item, ItemKind};
use crate::lex::{self, Kind};

/// A statement is not judged by more bytes behind its end than this, unless its line ends before.
pub(crate) const LOOK_AHEAD: usize = 1024;

/// How far a parser had come, so that it can come back.
struct Mark {
    state: State,
    sizes: [usize; 6],
    last: Option<Item>,
    line: (usize, (u64, u32), (usize, u32)),
}

impl Parser<'_> {
    /// Reads to the end of the source, which is the end of a line or of the file.
    pub(crate) fn run(mut self) -> (Block, State) {
        let lines = memchr::memchr_iter(b'\n', self.source).count();
        self.block.reserve(lines.min(self.source.len() / 8) + 1);
        let mut start = 0;
        while !self.state.stopped && start < self.source.len() {
            start = self.statement_from(start);
        }
        if start < self.source.len() {
            self.push(ItemKind::Unread, start, self.source.len());
        }
        self.state.before = (0, 0);
        (self.block, self.state)
    }

    /// Reads a line whose end is not here yet: the statements that are whole, and how many bytes they take.
    pub(crate) fn run_open_line(mut self) -> (Block, State, usize) {
        let mut start = 0;
        while !self.state.stopped {
            let mark = self.mark();
            let next = self.statement_from(start);
            if next + LOOK_AHEAD > self.source.len() {
                self.go_back(mark);
                break;
            }
            start = next;
        }
        // Only a lone carriage return has ended a line here.
        let bytes = (start - self.line_start) as u64 + self.before.0;
        let characters = self.column(start) - 1;
        self.state.before = (bytes, characters);
        (self.block, self.state, start)
    }

    /// Gives up a statement that is longer than a stream may hold; the source is its beginning.
    pub(crate) fn too_long(mut self) -> (Block, State) {
        self.give_up(0);
        (self.block, self.state)
    }

    /// One statement with its terminator; the place behind it.
    fn statement_from(&mut self, start: usize) -> usize {
        let mark = (self.source.len() > self.limit).then(|| self.mark());
        self.statement_at(start);
        let end = self.terminator();
        match mark {
            Some(mark) if end - start > self.limit => {
                self.go_back(mark);
                self.token = lex::next(self.source, start, self.lenient);
                self.give_up(start)
            }
            _ => end,
        }
    }

    /// Notes that the statement is too long and steps over the rest of its line.
    fn give_up(&mut self, start: usize) -> usize {
        let message = "the statement is longer than the limit";
        let goes_on = self.options.mode == Mode::Recover;
        let from = self.token.start;
        self.diagnose(&Fail::new(Code::TooLong, from, from + 1, message), goes_on);
        self.state.stopped = !goes_on;
        let rest = &self.source[start..];
        let end = memchr::memchr(b'\n', rest).map_or(self.source.len(), |at| start + at);
        self.token = lex::next(self.source, end, self.lenient);
        self.push(ItemKind::Error, start, end);
        self.terminator()
    }

    fn mark(&self) -> Mark {
        let block = &self.block;
        Mark {
            state: self.state.clone(),
            sizes: [
                block.items.len(),
                block.regions.len(),
                block.globals.len(),
                block.errors.len(),
                block.warnings.len(),
                block.merges.len(),
            ],
            last: block.items.last().copied(),
            line: (self.line_start, self.before, self.counted),
        }
    }

    fn go_back(&mut self, mark: Mark) {
        let block = &mut self.block;
        let [items, regions, globals, errors, warnings, merges] = mark.sizes;
        block.items.truncate(items);
        block.regions.truncate(regions);
        block.globals.truncate(globals);
        block.errors.truncate(errors);
        block.warnings.truncate(warnings);
        block.merges.truncate(merges);
        if let (Some(to), Some(from)) = (block.items.last_mut(), mark.last) {
            *to = from;
        }
        self.state = mark.state;
        (self.line_start, self.before, self.counted) = mark.line;
    }

    /// Steps over the terminator and gives the place behind it, which is where the next statement starts.
    fn terminator(&mut self) -> usize {
        let end = self.token.end;
        if let Some(note) = self.token.note {
            self.warn(note, self.token.start, end);
        }
        if let Some(item) = self.block.items.last_mut() {
            item.extend_to(self.base + end as u64);
        }
        if self.token.kind == Kind::Newline {
            self.state.line = self.state.line.saturating_add(1);
            self.line_start = end;
            self.before = (0, 0);
            self.counted = (end, 0);
        }
        self.token = lex::next(self.source, end, self.lenient);
        end
    }

    fn statement_at(&mut self, start: usize) {
        let before = (
            self.state.frame,
            self.state.tile,
            self.state.joined,
            self.state.in_composite,
            self.state.legacy,
        );
        match self.statement(start) {
            Ok(kind) => self.push(kind, start, self.token.start),
            Err(fail) => {
                (
                    self.state.frame,
                    self.state.tile,
                    self.state.joined,
                    self.state.in_composite,
                    self.state.legacy,
                ) = before;
                self.recover(fail, start);
            }
        }
    }

    /// Notes the error and moves to the end of the statement.
    fn recover(&mut self, fail: Fail, start: usize) {
        let unclosed = fail.code == Code::UnclosedString;
        let goes_on = self.options.mode == Mode::Recover;
        self.diagnose(&fail, goes_on);
        self.state.stopped = !goes_on;
        if unclosed {
            self.skip_line();
        }
        while !self.token.ends_statement() {
            if matches!(self.token.kind, Kind::Byte(b'"' | b'\'' | b'{' | b'#')) {
                self.skip_line();
            } else {
                self.token = lex::next(self.source, self.token.end, self.lenient);
            }
        }
        self.push(ItemKind::Error, start, self.token.start);
    }

    fn push(&mut self, kind: ItemKind, start: usize, end: usize) {
        let (from, to) = (self.base + start as u64, self.base + end as u64);
        match self.block.items.last_mut() {
            Some(last) if kind == ItemKind::Blank && last.kind == ItemKind::Blank => {
                last.extend_to(to);
            }
            _ => self.block.items.push(Item::new(kind, from, to)),
        }
    }
}
