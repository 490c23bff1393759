use std::io::{self, ErrorKind, Read};

use crate::ParseOptions;
use crate::file::{Block, Item, ItemKind};
use crate::parse::{LOOK_AHEAD, Parser, State};

/// Bytes asked of the reader at a time.
const CHUNK: usize = 64 << 10;

/// Reads whole lines as they come, and of a long line the statements that are whole.
#[derive(Debug)]
pub(crate) struct Blocks<R> {
    reader: R,
    options: ParseOptions,
    state: State,
    /// Bytes of the file before the buffer.
    base: u64,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were read already, and those that hold data.
    used: usize,
    filled: usize,
    /// No line ends before this place of the buffer.
    searched: usize,
    /// An unfinished line is tried again when it is this long.
    next_try: usize,
    ended: bool,
    /// The rest of this line belongs to a statement that was too long.
    skipping: bool,
}

impl<R: Read> Blocks<R> {
    pub(crate) fn new(reader: R, options: ParseOptions) -> Self {
        Self {
            reader,
            options,
            state: State::default(),
            base: 0,
            buffer: Vec::new(),
            used: 0,
            filled: 0,
            searched: 0,
            next_try: CHUNK,
            ended: false,
            skipping: false,
        }
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Whether the last item goes on with the next block.
    pub(crate) fn is_skipping(&self) -> bool {
        self.skipping
    }

    /// What the next lines give; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> io::Result<Option<Block>> {
        loop {
            if self.used < self.filled
                && let Some(block) = self.block_at_hand()
            {
                return Ok(Some(block));
            }
            if self.ended {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    /// What the bytes at hand give without any more of them.
    fn block_at_hand(&mut self) -> Option<Block> {
        if self.state.stopped || self.skipping {
            return Some(self.pass_over());
        }
        let line_end = memchr::memrchr(b'\n', &self.buffer[self.searched..self.filled]);
        let whole = line_end.map(|at| self.searched + at + 1).or(self.ended.then_some(self.filled));
        self.searched = self.filled;
        if let Some(end) = whole {
            let (block, state) = self.parser(end).run();
            self.take(state, end - self.used);
            return Some(block);
        }
        let length = self.filled - self.used;
        let most = self.options.max_statement.saturating_add(LOOK_AHEAD);
        if length < self.next_try && length <= most {
            return None;
        }
        let (block, state, taken) = self.parser(self.filled).run_open_line();
        if taken > 0 {
            self.take(state, taken);
            self.next_try = CHUNK;
            return Some(block);
        }
        self.next_try = length.saturating_mul(2);
        if length <= most {
            return None;
        }
        let (block, state) = self.parser(self.filled).too_long();
        self.skipping = true;
        self.take(state, length);
        self.next_try = CHUNK;
        Some(block)
    }

    fn parser(&self, end: usize) -> Parser<'_> {
        let bytes = &self.buffer[self.used..end];
        Parser::new(bytes, self.base + self.used as u64, self.state.clone(), &self.options)
            .limited()
    }

    fn take(&mut self, state: State, bytes: usize) {
        self.state = state;
        self.used += bytes;
    }

    /// Bytes that belong to a statement given up, or that lie behind the error that ended the reading.
    fn pass_over(&mut self) -> Block {
        let bytes = &self.buffer[self.used..self.filled];
        let line_end = memchr::memchr(b'\n', bytes).filter(|_| self.skipping);
        let length = line_end.map_or(bytes.len(), |at| at + 1);
        let kind = if self.skipping { ItemKind::Error } else { ItemKind::Unread };
        if line_end.is_some() {
            self.skipping = false;
            self.state.line = self.state.line.saturating_add(1);
            self.state.before = (0, 0);
        }
        let start = self.base + self.used as u64;
        self.used += length;
        self.searched = self.searched.max(self.used);
        let items = vec![Item::new(kind, start, start + length as u64)];
        Block { items, continues: true, ..Block::default() }
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.used > 0 {
            self.buffer.copy_within(self.used..self.filled, 0);
            self.base += self.used as u64;
            self.filled -= self.used;
            self.searched = self.searched.saturating_sub(self.used);
            self.used = 0;
        }
        if self.buffer.len() < self.filled + CHUNK / 2 {
            self.buffer.resize((self.filled * 2).max(CHUNK), 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }
}
