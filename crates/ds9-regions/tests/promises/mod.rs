//! What reading and writing promise for any bytes; the fuzz targets use the same file.

use std::io::{self, Read};

use ds9_regions::{
    Format, ItemKind, Mode, ParseOptions, RegionFile, RegionStream, Style, Unwritable,
};

/// Everything that holds of any bytes.
pub(crate) fn check(bytes: &[u8]) -> Result<(), String> {
    check_text(bytes)?;
    // Where the pieces end depends on the bytes, so that fuzzing finds the places that matter.
    check_pieces(bytes, &[1])?;
    check_pieces(bytes, &[2, 3, bytes.first().copied().unwrap_or(9)])?;
    Format::ALL.into_iter().try_for_each(|format| check_format(bytes, format))
}

/// What one reading of the whole promises.
pub(crate) fn check_text(bytes: &[u8]) -> Result<(), String> {
    for mode in [Mode::Strict, Mode::Default, Mode::Recover] {
        let file = RegionFile::parse(bytes, mode);
        if file.verbatim(bytes, |_| true) != bytes {
            return Err(format!("{mode:?}: verbatim differs"));
        }
        // Not all can be written so: DS9 saves all in one frame.
        let _ = (file.to_text(Style::Ds9), file.to_text(Style::OneLine));
        if mode == Mode::Strict {
            continue;
        }
        let text = file.to_text(Style::Canonical).map_err(|error| error.to_string())?;
        canonical_text_is_the_file(&file, &text)
            .map_err(|problem| format!("{mode:?}: {problem}"))?;
    }
    bad_statements_stand_alone(bytes, Format::Ds9)
}

/// What one reading of a file of any program promises.
pub(crate) fn check_format(bytes: &[u8], format: Format) -> Result<(), String> {
    for mode in [Mode::Default, Mode::Recover] {
        let told = |problem: String| format!("{format} {mode:?}: {problem}");
        let file = RegionFile::parse_format(bytes, format, &options(mode));
        items_tile_the_file(&file, bytes).map_err(told)?;
        for error in file.errors() {
            let _ = error.render(bytes);
        }
        if mode == Mode::Default && file.errors().len() > 1 {
            return Err(told("it goes on behind an error".into()));
        }
        // A label of another format may hold every kind of quote there is; nothing else may fail.
        match file.to_text(Style::Canonical) {
            Ok(text) => canonical_text_is_the_file(&file, &text).map_err(told)?,
            Err(error) if error.problem == Unwritable::Quotes => {}
            Err(error) => return Err(told(error.to_string())),
        }
    }
    bad_statements_stand_alone(bytes, format)
}

fn options(mode: Mode) -> ParseOptions {
    ParseOptions { mode, ..ParseOptions::default() }
}

fn items_tile_the_file(file: &RegionFile, bytes: &[u8]) -> Result<(), String> {
    let mut at = 0;
    for item in file.items() {
        if item.span().start != at {
            return Err(format!("an item starts at {} and not at {at}", item.span().start));
        }
        at = item.span().end;
        if let ItemKind::Region(index) = item.kind
            && file.regions().get(index as usize).is_none()
        {
            return Err(format!("an item has no region {index}"));
        }
    }
    if at != bytes.len() as u64 || file.verbatim(bytes, |_| true) != bytes {
        return Err("verbatim differs".into());
    }
    Ok(())
}

/// Canonical text reads back as the same regions, and they are written as the same text.
fn canonical_text_is_the_file(file: &RegionFile, text: &str) -> Result<(), String> {
    let again = RegionFile::parse(text.as_bytes(), Mode::Default);
    if let Some(error) = again.errors().first() {
        return Err(format!("{text}\n{}", error.render(text.as_bytes())));
    }
    for (a, b) in file.regions().iter().zip(again.regions()) {
        if !a.same_as(b) {
            return Err(format!("{a:#?}\n{b:#?}\n{text}"));
        }
    }
    if file.regions().len() != again.regions().len() {
        return Err(format!("another number of regions\n{text}"));
    }
    let twice = again.to_string();
    if twice == text { Ok(()) } else { Err(format!("no fixed point\n{text}\n{twice}")) }
}

/// Without the statements that cannot be read, the rest is what it was.
fn bad_statements_stand_alone(bytes: &[u8], format: Format) -> Result<(), String> {
    let file = RegionFile::parse_format(bytes, format, &options(Mode::Recover));
    if file.errors().is_empty() {
        return Ok(());
    }
    let good = file.verbatim(bytes, |item| item.kind != ItemKind::Error);
    let again = RegionFile::parse_format(&good, format, &options(Mode::Recover));
    let same = file.regions().len() == again.regions().len()
        && file.regions().iter().zip(again.regions()).all(|(a, b)| a.same_as(b));
    if same && again.errors().is_empty() {
        return Ok(());
    }
    Err(format!("{format}: without its errors another file: {}", good.escape_ascii()))
}

/// However the bytes come, and by however many threads they are read, the file is the same.
///
/// `sizes` are the lengths of the pieces, in turn.
pub(crate) fn check_pieces(bytes: &[u8], sizes: &[u8]) -> Result<(), String> {
    for mode in [Mode::Strict, Mode::Default, Mode::Recover] {
        for max_statement in [16 << 20, 40] {
            let options = ParseOptions { mode, max_statement, max_diagnostics: 20 };
            let whole = RegionFile::read(bytes, &options).map_err(|error| error.to_string())?;
            if max_statement > bytes.len() {
                threads_give_the_same(bytes, &options, &whole)?;
            }
            let pieces = Pieces { bytes, sizes, turn: 0 };
            let cut = RegionFile::read(pieces, &options).map_err(|error| error.to_string())?;
            if cut != whole {
                return Err(format!("{mode:?}: pieces of {sizes:?} differ\n{whole:#?}\n{cut:#?}"));
            }
            statements_make_the_file(bytes, sizes, &options, &whole)?;
        }
    }
    Ok(())
}

/// An input of the target `regions_stream`: how many sizes follow, the sizes, and the text.
pub(crate) fn sizes_and_text(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some((count, rest)) = bytes.split_first() else { return (&[], bytes) };
    rest.split_at(usize::from(count % 8).min(rest.len()))
}

fn threads_give_the_same(
    bytes: &[u8],
    options: &ParseOptions,
    whole: &RegionFile,
) -> Result<(), String> {
    if *whole != RegionFile::parse_with(bytes, options) {
        return Err(format!("{:?}: the stream differs", options.mode));
    }
    for size in [1, 20, 150] {
        if RegionFile::parse_pieces(bytes, options, size) != *whole {
            return Err(format!("{:?}: threads with pieces of {size} differ", options.mode));
        }
    }
    Ok(())
}

/// What the iterators give is what the file holds.
fn statements_make_the_file(
    bytes: &[u8],
    sizes: &[u8],
    options: &ParseOptions,
    whole: &RegionFile,
) -> Result<(), String> {
    let pieces = || Pieces { bytes, sizes, turn: 0 };
    let statements: Result<Vec<_>, _> = RegionStream::new(pieces(), options.clone()).collect();
    let statements = statements.map_err(|error| error.to_string())?;
    let spans = statements.iter().map(|one| one.span.clone());
    let regions = RegionStream::new(pieces(), options.clone()).regions();
    let regions: Vec<_> = regions.filter_map(Result::ok).collect();
    let told = statements.iter().map(|one| one.diagnostics.len()).sum::<usize>();
    if spans.eq(whole.items().iter().map(|item| item.span()))
        && regions == whole.regions()
        && told == whole.errors().len() + whole.warnings().len()
    {
        return Ok(());
    }
    Err(format!("{:?}: the statements differ\n{statements:#?}\n{whole:#?}", options.mode))
}

/// A reader that gives so many bytes at a time, and one more each time round.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: &'a [u8],
    turn: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.sizes.len().max(1);
        let size = self.sizes.get(self.turn % count).copied().unwrap_or(1);
        let size = usize::from(size).max(1) + self.turn / count;
        self.turn += 1;
        let (now, later) = self.bytes.split_at(size.min(self.bytes.len()).min(buffer.len()));
        buffer[..now.len()].copy_from_slice(now);
        self.bytes = later;
        Ok(now.len())
    }
}
