use std::io::{self, Read};
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, ParseError};
use crate::parse::{Parser, State};
use crate::stream::Blocks;
use crate::{Frame, Length, Mode, ParseOptions, Properties, Region, Rings, RotatedRings, Shape};

/// A region file: its statements in their order, the regions among them, and what was odd or wrong.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RegionFile {
    items: Vec<Item>,
    regions: Vec<Region>,
    globals: Vec<Arc<Properties>>,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    error_count: usize,
    warning_count: usize,
}

/// One statement of a file with the blanks before it and the terminator behind it.
///
/// The spans of all items, put together, are the file.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Item {
    start: u64,
    length: u32,
    /// What it is.
    pub kind: ItemKind,
}

/// What an [`Item`] is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ItemKind {
    /// A region, by its place in [`RegionFile::regions`].
    Region(u32),
    /// A frame command and the frame in force behind it.
    Frame(Frame),
    /// A `global` line, by its place in [`RegionFile::globals`].
    Global(u32),
    /// `tile 2`.
    Tile(u32),
    /// A comment.
    Comment,
    /// One or more empty statements.
    Blank,
    /// `debug` or `version`.
    Command,
    /// Legacy rings that are part of the region before.
    Merged,
    /// `pie` or `field`, which DS9 reads without making a region.
    NoRegion,
    /// A statement that was not read; see [`RegionFile::errors`].
    Error,
    /// What follows an error that ended the reading.
    Unread,
}

impl Item {
    pub(crate) fn new(kind: ItemKind, start: u64, end: u64) -> Self {
        let mut item = Self { start, length: 0, kind };
        item.extend_to(end);
        item
    }

    pub(crate) fn extend_to(&mut self, end: u64) {
        self.length = u32::try_from(end.saturating_sub(self.start)).unwrap_or(u32::MAX);
    }

    /// The bytes of the file it covers.
    pub fn span(&self) -> Range<u64> {
        self.start..self.start + u64::from(self.length)
    }

    /// Its bytes in `source`, which is the whole file.
    pub fn bytes<'a>(&self, source: &'a [u8]) -> &'a [u8] {
        let end = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(source.len());
        &source[end(self.start)..end(self.span().end)]
    }
}

/// A file of regions that were read elsewhere or made by a program; it has no items.
impl FromIterator<Region> for RegionFile {
    fn from_iter<T: IntoIterator<Item = Region>>(regions: T) -> Self {
        Self { regions: regions.into_iter().collect(), ..Self::default() }
    }
}

/// Legacy rings to be joined to the region before them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Merge {
    /// Number of regions of the block before this statement.
    pub(crate) after: usize,
    pub(crate) outer: [Length; 2],
}

/// What reading some whole lines gave.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) items: Vec<Item>,
    pub(crate) regions: Vec<Region>,
    pub(crate) globals: Vec<Arc<Properties>>,
    pub(crate) errors: Vec<Diagnostic>,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) merges: Vec<Merge>,
    /// The first item is the rest of the one before.
    pub(crate) continues: bool,
}

impl Block {
    /// Counts the lines from another one.
    #[cfg(feature = "rayon")]
    pub(crate) fn shift_lines(&mut self, by: u32) {
        let regions = self.regions.iter_mut().map(|region| &mut region.line);
        let problems = self.errors.iter_mut().chain(&mut self.warnings);
        for line in regions.chain(problems.map(|one| &mut one.line)).filter(|_| by != 0) {
            *line = line.wrapping_add(by);
        }
    }

    pub(crate) fn reserve(&mut self, lines: usize) {
        self.items.reserve(lines);
        self.regions.reserve(lines);
    }
}

impl RegionFile {
    /// Reads a file; what cannot be read is in [`Self::errors`], and nothing is lost silently.
    ///
    /// Under [`Mode::Recover`] every bad statement is skipped and the rest is read. The other modes stop at the
    /// first error, as DS9 does, and keep the regions before it.
    pub fn parse(bytes: &[u8], mode: Mode) -> Self {
        Self::parse_with(bytes, &ParseOptions { mode, ..ParseOptions::default() })
    }

    /// Reads a file with every choice given.
    pub fn parse_with(bytes: &[u8], options: &ParseOptions) -> Self {
        let mut file = Self::default();
        let (block, state) = Parser::new(bytes, 0, State::default(), options).run();
        file.append(block, options);
        file.set_counts(&state);
        file
    }

    /// Reads a file of CARTA with what it draws on top.
    pub(crate) fn parse_annotated(bytes: &[u8], options: &ParseOptions) -> Self {
        let mut file = Self::default();
        let state = State { frame: Frame::IMAGE, ..State::default() };
        let (block, state) = Parser::new(bytes, 0, state, options).annotated().run();
        file.append(block, options);
        file.set_counts(&state);
        file
    }

    /// Reads a file that need not fit into memory as text; only its regions must.
    ///
    /// The result is that of [`Self::parse_with`]. [`RegionStream`](crate::RegionStream) gives the regions one by one instead.
    ///
    /// # Errors
    /// Those of `reader`.
    pub fn read(reader: impl Read, options: &ParseOptions) -> io::Result<Self> {
        let mut file = Self::default();
        let mut blocks = Blocks::new(reader, options.clone());
        while let Some(block) = blocks.next()? {
            file.append(block, options);
        }
        file.set_counts(blocks.state());
        Ok(file)
    }

    /// The regions in the order of the file. A multi-annulus is one, a composite and its members are one each.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Every statement of the file; their spans together are the file.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The merged properties in force behind each `global` line.
    pub fn globals(&self) -> &[Arc<Properties>] {
        &self.globals
    }

    /// What was not read, in the order of the file; at most as many as the options allow.
    pub fn errors(&self) -> &[Diagnostic] {
        &self.errors
    }

    /// What was read although DS9 would not, or differently.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The number of all errors, also of those beyond the limit of the options.
    pub fn error_count(&self) -> usize {
        self.error_count
    }

    /// The number of all warnings, also of those beyond the limit of the options.
    pub fn warning_count(&self) -> usize {
        self.warning_count
    }

    pub(crate) fn set_counts(&mut self, state: &State) {
        (self.error_count, self.warning_count) = (state.errors, state.warnings);
    }

    pub(crate) fn append(&mut self, block: Block, options: &ParseOptions) {
        let (regions, globals) = (count(self.regions.len()), count(self.globals.len()));
        let first = self.regions.len();
        if self.items.is_empty() && self.regions.is_empty() {
            self.items = block.items;
            self.regions = block.regions;
        } else {
            let mut items = block.items.into_iter().map(|item| item.shifted(regions, globals));
            if let (Some(last), Some(next)) = (self.items.last_mut(), items.next())
                && !last.take_up(&next, block.continues)
            {
                self.items.push(next);
            }
            self.items.extend(items);
            self.regions.extend(block.regions);
        }
        for merge in block.merges {
            if let Some(region) =
                (first + merge.after).checked_sub(1).and_then(|n| self.regions.get_mut(n))
            {
                join(region, merge.outer);
            }
        }
        self.globals.extend(block.globals);
        let room = |kept: usize| options.max_diagnostics.saturating_sub(kept);
        self.errors.extend(block.errors.into_iter().take(room(self.errors.len())));
        self.warnings.extend(block.warnings.into_iter().take(room(self.warnings.len())));
    }
}

impl Item {
    /// Adds `next` to this one where both are blanks, or parts of what was not read.
    pub(crate) fn take_up(&mut self, next: &Self, continues: bool) -> bool {
        let one = self.kind == next.kind
            && (continues || matches!(self.kind, ItemKind::Blank | ItemKind::Unread))
            && next.span().end - self.start <= u64::from(u32::MAX);
        if one {
            self.extend_to(next.span().end);
        }
        one
    }

    fn shifted(mut self, regions: u32, globals: u32) -> Self {
        match &mut self.kind {
            ItemKind::Region(index) => *index += regions,
            ItemKind::Global(index) => *index += globals,
            _ => {}
        }
        self
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Puts one more ring around an ellipse or box.
pub(crate) fn join(region: &mut Region, outer: [Length; 2]) {
    let rings = |center, first, angle| {
        let rings = Rings { edges: Box::new([first, outer]), count: None };
        Box::new(RotatedRings { center, rings, angle })
    };
    match &mut region.shape {
        Shape::Ellipse { center, semi_axes, angle } => {
            region.shape = Shape::EllipseAnnulus(rings(*center, *semi_axes, *angle));
        }
        Shape::Box { center, size, angle } => {
            region.shape = Shape::BoxAnnulus(rings(*center, *size, *angle));
        }
        Shape::EllipseAnnulus(all) | Shape::BoxAnnulus(all) => {
            let edges = all.rings.edges.iter().copied().chain([outer]).collect();
            all.rings.edges = edges;
        }
        _ => {}
    }
}

/// As the sequence of its regions.
#[cfg(feature = "serde")]
impl serde::Serialize for RegionFile {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.regions.serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for RegionFile {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Region>::deserialize(deserializer).map(Self::from_iter)
    }
}

/// Reads a file in [`Mode::Default`]; the first error is the error.
impl FromStr for RegionFile {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut file = Self::parse(text.as_bytes(), Mode::Default);
        if file.errors.is_empty() { Ok(file) } else { Err(ParseError(file.errors.swap_remove(0))) }
    }
}
