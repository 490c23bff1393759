//! Several threads on one file, with the result of one.
//!
//! A file is cut behind lines that leave no composite and no rings open. A quick look at the words that open
//! statements guesses the frame, tile and global properties at each cut; the pieces are read at once; then each
//! piece whose guess was wrong is read again.

use rayon::prelude::*;

use crate::file::Block;
use crate::keyword::{Keyword, Reserved, keyword};
use crate::parse::{Parser, State};
use crate::{Mode, ParseOptions, RegionFile, System};

/// Bytes of a piece; less than a cache holds, and enough for hundreds of pieces in the files this is for.
const PIECE: usize = 512 << 10;
/// Lines after the wanted place of a cut that are tried.
const TRIES: usize = 64;

impl RegionFile {
    /// As [`Self::parse_with`], with the threads of `rayon`'s pool; worth it for files of many megabytes.
    ///
    /// The result is the same for any number of threads.
    pub fn parse_parallel(bytes: &[u8], options: &ParseOptions) -> Self {
        parse_pieces(bytes, options, PIECE)
    }

    /// As [`Self::parse_parallel`], in pieces of a size of which the result does not depend.
    #[doc(hidden)]
    pub fn parse_pieces(bytes: &[u8], options: &ParseOptions, piece: usize) -> Self {
        parse_pieces(bytes, options, piece)
    }
}

struct Piece<'a> {
    bytes: &'a [u8],
    start: usize,
    guess: State,
}

fn parse_pieces(bytes: &[u8], options: &ParseOptions, size: usize) -> RegionFile {
    let pieces = pieces(bytes, options, size.max(1));
    let read: Vec<(Block, State)> =
        pieces.par_iter().map(|piece| piece.read(piece.guess.clone(), options)).collect();
    let mut file = RegionFile::default();
    let mut state = State::default();
    for (piece, (mut block, mut after)) in pieces.iter().zip(read) {
        if state.stopped || !state.reads_like(&piece.guess) {
            (block, after) = piece.read(State { errors: 0, warnings: 0, ..state.clone() }, options);
        } else {
            let lines = state.line.wrapping_sub(piece.guess.line);
            block.shift_lines(lines);
            after.line = after.line.wrapping_add(lines);
        }
        after.errors += state.errors;
        after.warnings += state.warnings;
        file.append(block, options);
        state = after;
    }
    file.set_counts(&state);
    file
}

impl Piece<'_> {
    fn read(&self, state: State, options: &ParseOptions) -> (Block, State) {
        Parser::new(self.bytes, self.start as u64, state, options).run()
    }
}

fn pieces<'a>(bytes: &'a [u8], options: &ParseOptions, size: usize) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut guess = State::default();
    let mut start = 0;
    while start < bytes.len() {
        let (end, after_cut) = cut(bytes, start.saturating_add(size), options)
            .unwrap_or((bytes.len(), State::default()));
        let piece = Piece { bytes: &bytes[start..end], start, guess: guess.clone() };
        if end < bytes.len() {
            look_over(piece.bytes, &mut guess, options);
            guess.legacy = after_cut.legacy;
            guess.told_no_frame = guess.frame.system == System::PhysicalDefault;
        }
        pieces.push(piece);
        start = end;
    }
    pieces
}

/// The end of a line at or behind `from` where a new piece can start, and the state its line leaves.
fn cut(bytes: &[u8], from: usize, options: &ParseOptions) -> Option<(usize, State)> {
    let line_end = |at: usize| {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        Some(memchr::memchr(b'\n', rest).map_or(bytes.len(), |n| at + n + 1))
    };
    let mut line = line_end(from)?;
    for _ in 0..TRIES {
        let end = line_end(line)?;
        let (block, state) = alone(&bytes[line..end], State::default(), options);
        if !block.regions.is_empty() && !state.joined {
            return Some((end, state));
        }
        line = end;
    }
    None
}

fn alone(line: &[u8], state: State, options: &ParseOptions) -> (Block, State) {
    let mode = if options.mode == Mode::Strict { Mode::Strict } else { Mode::Recover };
    let options = ParseOptions { mode, max_diagnostics: 0, ..options.clone() };
    // Not at the start of the file, so that no byte order mark is looked for.
    Parser::new(line, 1, state, &options).run()
}

/// Follows the statements that change the frame, the tile or the global properties.
fn look_over(bytes: &[u8], state: &mut State, options: &ParseOptions) {
    let mut start = 0;
    for end in memchr::memchr2_iter(b'\n', b';', bytes).chain([bytes.len()]) {
        let statement = &bytes[start..end];
        if changes_state(statement) {
            let (_, after) = alone(statement, State { joined: false, ..state.clone() }, options);
            (state.frame, state.tile) = (after.frame, after.tile);
            state.globals = match (state.globals.take(), after.globals) {
                (Some(old), Some(new)) if old == new => Some(old),
                (_, new) => new,
            };
        }
        state.line = state.line.wrapping_add(u32::from(bytes.get(end) == Some(&b'\n')));
        start = end + 1;
    }
}

fn changes_state(statement: &[u8]) -> bool {
    let statement = statement.trim_ascii_start();
    let statement = match statement {
        [b'#', rest @ ..] => rest.trim_ascii_start(),
        all => all,
    };
    let length = statement.iter().take(13).take_while(|b| b.is_ascii_alphanumeric()).count();
    matches!(
        keyword(&statement[..length]),
        Keyword::System(_)
            | Keyword::Wcs(_)
            | Keyword::Sky(_)
            | Keyword::Reserved(Reserved::Global | Reserved::Tile)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_of_an_ordinary_file_are_right() {
        let mut text = String::from("global color=red\nfk5\n");
        for n in 0..2000 {
            text.push_str(&format!("ellipse({n},2,3\",4\",5) # text={{a}}\n"));
            if n % 97 == 0 {
                text.push_str(
                    "wcsa; image\nglobal width=2\n# tile 3\ncomposite(1,2,3) ||\ncircle(1,2,3)\n",
                );
            }
        }
        let options = ParseOptions::default();
        let pieces = pieces(text.as_bytes(), &options, 1000);
        assert!(pieces.len() > 30, "{}", pieces.len());
        let mut state = State::default();
        for piece in pieces {
            assert!(state.reads_like(&piece.guess), "{state:?}\n{:?}", piece.guess);
            assert_eq!(state.line, piece.guess.line);
            state = piece.read(state, &options).1;
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same() {
        let mut text = String::from("fk5\n");
        for n in 0..60_000 {
            text.push_str(&format!("circle({n}d,2d,3\") # text={{s{n}}}\n"));
            if n % 1000 == 7 {
                text.push_str("galactic\ncircel(1,2,3)\nglobal width=2 # ...\n");
            }
        }
        for mode in [Mode::Strict, Mode::Default, Mode::Recover] {
            let options = ParseOptions { mode, ..ParseOptions::default() };
            let serial = RegionFile::parse_with(text.as_bytes(), &options);
            for threads in [1, 2, 3, 8] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let parallel =
                    pool.install(|| RegionFile::parse_parallel(text.as_bytes(), &options));
                assert!(parallel == serial, "{mode:?}, {threads} threads");
            }
        }
    }
}
