//! Files larger than memory: statements and regions as they come.

mod blocks;

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

pub(crate) use blocks::Blocks;

use crate::diagnostic::{Diagnostic, ParseError};
use crate::file::{Block, Item, ItemKind, join};
use crate::{Frame, Length, ParseOptions, Properties, Region};

/// The statements of a region file, each given when its end has been read.
///
/// Holds one statement or a piece of 64 KiB of the file, whichever is longer, and what that piece gave. The
/// statements are those that [`RegionFile::parse_with`](crate::RegionFile::parse_with) finds, however the reader
/// cuts the file.
///
/// ```
/// use ds9_regions::{Mode, ParseOptions, RegionStream};
///
/// let text = "fk5\ncircle(202.5, 47.2, 10\")\ncircel(1, 2, 3)\npoint(202.6, 47.3)\n";
/// let options = ParseOptions { mode: Mode::Recover, ..ParseOptions::default() };
/// let stream = RegionStream::new(text.as_bytes(), options);
/// let (mut found, mut lost) = (0, 0);
/// for region in stream.regions() {
///     match region {
///         Ok(_) => found += 1,
///         Err(error) => {
///             lost += 1;
///             assert!(error.to_string().starts_with("line 3, column 1"));
///         }
///     }
/// }
/// assert_eq!((found, lost), (2, 1));
/// ```
#[derive(Debug)]
pub struct RegionStream<R> {
    blocks: Blocks<R>,
    items: VecDeque<Item>,
    regions: VecDeque<Region>,
    globals: VecDeque<Arc<Properties>>,
    rings: VecDeque<[Length; 2]>,
    errors: VecDeque<Diagnostic>,
    warnings: VecDeque<Diagnostic>,
    ended: bool,
}

/// One statement of a stream with the blanks before it and the terminator behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Its bytes in the file. The spans of all statements, put together, are the file.
    pub span: Range<u64>,
    /// What it is.
    pub kind: StatementKind,
    /// What is wrong with it or odd about it, warnings first.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a [`Statement`] is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum StatementKind {
    /// A region.
    Region(Region),
    /// A frame command and the frame in force behind it.
    Frame(Frame),
    /// A `global` line and all global properties in force behind it.
    Global(Arc<Properties>),
    /// `tile 2`.
    Tile(u32),
    /// Legacy rings, `& !ellipse(...)`: one more ring around the region before, this wide and high.
    Rings([Length; 2]),
    /// A comment.
    Comment,
    /// One or more empty statements.
    Blank,
    /// `debug` or `version`.
    Command,
    /// `pie` or `field`, which DS9 reads without making a region.
    NoRegion,
    /// A statement that was not read.
    Error,
    /// What follows an error that ended the reading.
    Unread,
}

/// Why a stream did not give a region.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The reader failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A statement of the file is wrong.
    #[error(transparent)]
    Syntax(#[from] ParseError),
}

impl<R: Read> RegionStream<R> {
    /// The statements of what `reader` gives. No [`BufReader`](io::BufReader) is needed.
    pub fn new(reader: R, options: ParseOptions) -> Self {
        Self {
            blocks: Blocks::new(reader, options),
            items: VecDeque::new(),
            regions: VecDeque::new(),
            globals: VecDeque::new(),
            rings: VecDeque::new(),
            errors: VecDeque::new(),
            warnings: VecDeque::new(),
            ended: false,
        }
    }

    /// The regions alone, with an error in the place of each statement that was not read.
    pub fn regions(self) -> Regions<R> {
        Regions { stream: self, held: None, failed: VecDeque::new() }
    }

    fn add(&mut self, block: Block) {
        let mut items = block.items.into_iter();
        if let Some(next) = items.next()
            && !self.items.back_mut().is_some_and(|last| last.take_up(&next, block.continues))
        {
            self.items.push_back(next);
        }
        self.items.extend(items);
        self.regions.extend(block.regions);
        self.globals.extend(block.globals);
        self.rings.extend(block.merges.into_iter().map(|merge| merge.outer));
        self.errors.extend(block.errors);
        self.warnings.extend(block.warnings);
    }

    /// Whether the first item is whole: blanks may go on with the next piece of the file.
    fn is_ready(&self) -> bool {
        match self.items.front() {
            None => false,
            Some(item) => {
                let grows = matches!(item.kind, ItemKind::Blank | ItemKind::Unread);
                self.items.len() > 1 || self.ended || !grows && !self.blocks.is_skipping()
            }
        }
    }

    fn take(&mut self) -> Option<Statement> {
        let item = self.items.pop_front()?;
        let span = item.span();
        let mut diagnostics = Vec::new();
        let last = self.items.is_empty();
        for queue in [&mut self.warnings, &mut self.errors] {
            while let Some(one) = queue.pop_front_if(|one| one.span.start < span.end || last) {
                diagnostics.push(one);
            }
        }
        Some(Statement { kind: self.kind(item.kind)?, span, diagnostics })
    }

    fn kind(&mut self, kind: ItemKind) -> Option<StatementKind> {
        Some(match kind {
            ItemKind::Region(_) => StatementKind::Region(self.regions.pop_front()?),
            ItemKind::Global(_) => StatementKind::Global(self.globals.pop_front()?),
            ItemKind::Merged => StatementKind::Rings(self.rings.pop_front()?),
            ItemKind::Frame(frame) => StatementKind::Frame(frame),
            ItemKind::Tile(tile) => StatementKind::Tile(tile),
            ItemKind::Comment => StatementKind::Comment,
            ItemKind::Blank => StatementKind::Blank,
            ItemKind::Command => StatementKind::Command,
            ItemKind::NoRegion => StatementKind::NoRegion,
            ItemKind::Error => StatementKind::Error,
            ItemKind::Unread => StatementKind::Unread,
        })
    }
}

impl<R: Read> Iterator for RegionStream<R> {
    type Item = io::Result<Statement>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_ready() && !self.ended {
            match self.blocks.next() {
                Ok(Some(block)) => self.add(block),
                Ok(None) => self.ended = true,
                Err(error) => return Some(Err(error)),
            }
        }
        self.take().map(Ok)
    }
}

/// The regions of a [`RegionStream`], with legacy rings joined to the region they belong to.
///
/// One region is held back until the next one is known.
#[derive(Debug)]
pub struct Regions<R> {
    stream: RegionStream<R>,
    held: Option<Region>,
    failed: VecDeque<Diagnostic>,
}

impl<R: Read> Iterator for Regions<R> {
    type Item = Result<Region, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(error) = self.failed.pop_front() {
                return Some(Err(ParseError(error).into()));
            }
            let statement = match self.stream.next() {
                None => return self.held.take().map(Ok),
                Some(Err(error)) => return Some(Err(error.into())),
                Some(Ok(statement)) => statement,
            };
            match statement.kind {
                StatementKind::Region(region) => {
                    if let Some(before) = self.held.replace(region) {
                        return Some(Ok(before));
                    }
                }
                StatementKind::Rings(outer) => {
                    if let Some(region) = &mut self.held {
                        join(region, outer);
                    }
                }
                StatementKind::Error => {
                    let errors = statement.diagnostics.into_iter();
                    self.failed
                        .extend(errors.filter(|one| one.severity() == crate::Severity::Error));
                }
                _ => {}
            }
        }
    }
}
