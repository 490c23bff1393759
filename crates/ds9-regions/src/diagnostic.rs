use std::fmt::{self, Write};
use std::ops::Range;

/// How bad a [`Diagnostic`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Severity {
    /// The statement was read, but not by the letter of DS9's language, or DS9 would read it differently.
    Warning,
    /// The statement was not read.
    Error,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a [`Diagnostic`] is about. The codes are stable: `E1` tokens, `E2` arguments, `E3` properties,
        /// `E4` structure; `W5` DS9 itself would refuse this, `W6` DS9 would read it differently.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name, as in `E201`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// A character that nothing starts with.
    UnexpectedCharacter = "E101",
    /// A quote or brace that is not closed on its line.
    UnclosedString = "E102",
    /// `nan`, `inf`, or a number too large for a 64-bit float.
    NotANumber = "E103",
    /// Minutes or seconds above 60.
    SixtyOrMore = "E104",
    /// An argument is missing.
    MissingArgument = "E201",
    /// There are more arguments than the shape takes.
    ExtraArgument = "E202",
    /// The two coordinates of a position, or the two lengths of a pair, are of different kinds.
    MixedKinds = "E203",
    /// A list of vertices with an odd number of coordinates.
    OddVertices = "E204",
    /// A number of rings that is not positive.
    NoRings = "E205",
    /// A declination or latitude beyond the poles.
    BeyondPole = "E206",
    /// A unit that this argument does not take.
    WrongUnit = "E207",
    /// A property without its value.
    MissingValue = "E301",
    /// A value of the wrong kind for its property.
    WrongValue = "E302",
    /// A name that `global` does not know.
    UnknownGlobal = "E303",
    /// Something among the properties that is neither a property nor the start of a comment.
    StrayToken = "E304",
    /// Neither a shape nor a command.
    UnknownCommand = "E401",
    /// Something after a complete statement.
    TrailingText = "E402",
    /// A statement longer than the limit.
    TooLong = "E403",
    /// A table or text that is not of the format asked for.
    WrongFormat = "E404",
    /// A byte order mark.
    ByteOrderMark = "W501",
    /// A lone carriage return as the end of a line.
    LoneCarriageReturn = "W502",
    /// `!` as the sign of exclusion.
    Exclamation = "W503",
    /// Text that is not UTF-8, read as Latin-1.
    Latin1 = "W504",
    /// A no-break space, form feed or vertical tab as a blank.
    OddBlank = "W505",
    /// Curly or doubled quotes as minutes or seconds of arc.
    OddQuote = "W506",
    /// A position or length in radians.
    Radians = "W507",
    /// Two lengths of a pair with different units.
    MixedUnits = "W508",
    /// Two coordinates of different kinds.
    MixedCoordinates = "W509",
    /// A sexagesimal number of two fields.
    TwoFields = "W510",
    /// A font without quotes.
    UnquotedFont = "W511",
    /// A text value that needs quotes: a word with a hyphen, a number, or a word of the language.
    UnquotedText = "W512",
    /// A whole number written as a decimal one.
    DecimalInteger = "W513",
    /// A comment that starts like a colour, `#bad`, or with a sign, `# - -`.
    ColorLikeComment = "W514",
    /// The properties end at something that is none; the rest of the line is a comment.
    StrayComment = "W515",
    /// A short name of a shape, from CIAO.
    Abbreviation = "W516",
    /// Minutes and seconds of arc in one length, `1'30"`.
    MinutesAndSeconds = "W517",
    /// A bare pair of numbers, taken as a point.
    BarePair = "W518",
    /// A frame and a shape in one statement.
    FrameAndShape = "W519",
    /// The braces that JS9 puts behind a shape; they are dropped.
    Json = "W520",
    /// A switch without `=`, as JS9 writes `include` and `exclude`.
    BareSwitch = "W521",
    /// Seconds or minutes of exactly 60.
    ExactlySixty = "W522",
    /// The label of a text among the arguments behind `#`, where DS9 takes none.
    LabelArgument = "W523",
    /// `&&` between the members of a composite, which DS9 reads since a version after 8.4.
    And = "W524",
    /// An angle behind the label of a text, as JS9 writes it.
    AngleArgument = "W525",
    /// DS9 would take this for two lengths.
    TwoLengths = "W601",
    /// DS9 cuts or wraps this value.
    DifferentValue = "W602",
    /// Legacy `& !` rings, joined to the shape before.
    LegacyRings = "W603",
    /// Shapes are given before any frame; DS9 takes physical pixels.
    NoFrame = "W604",
    /// DS9 has room for 79 bytes of a text.
    LongText = "W605",
}

impl Code {
    /// An error or a warning.
    pub fn severity(self) -> Severity {
        if self.as_str().starts_with('E') { Severity::Error } else { Severity::Warning }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One problem of a region file and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What it is about.
    pub code: Code,
    /// The bytes it is about, from the start of the file.
    pub span: Range<u64>,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// Column in bytes, counted from 1.
    pub byte_column: u32,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What was expected here, where that is one thing; else empty.
    pub expected: &'static str,
    /// What to do about it, where that is certain.
    pub help: Option<&'static str>,
    /// Reading went on after it, with nothing lost but the statement.
    pub recovered: bool,
}

/// Source lines longer than this are shown in part.
const WIDTH: usize = 200;

impl Diagnostic {
    /// An error or a warning.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// The message with the line of `source` it is about, and a caret below the place.
    ///
    /// `source` is the whole file. A line of more than 200 characters is cut around the place.
    pub fn render(&self, source: &[u8]) -> String {
        self.render_at(source, &format!("line {}, column {}", self.line, self.column))
    }

    /// As [`Self::render`], with the place written `name:line:column` as editors and terminals follow it.
    pub fn render_named(&self, source: &[u8], name: &str) -> String {
        self.render_at(source, &format!("{name}:{}:{}", self.line, self.column))
    }

    fn render_at(&self, source: &[u8], place: &str) -> String {
        let mut out = String::new();
        let kind = if self.severity() == Severity::Error { "error" } else { "warning" };
        let _ = writeln!(out, "{kind}[{}]: {}", self.code, self.message);
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let _ = writeln!(out, "{gutter} --> {place}");
        let at = usize::try_from(self.span.start).unwrap_or(usize::MAX).min(source.len());
        let end = usize::try_from(self.span.end).unwrap_or(usize::MAX).clamp(at, source.len());
        let (text, indent, width) = excerpt(source, at, end);
        let _ = writeln!(out, "{gutter} |\n{number} | {text}");
        let _ = writeln!(out, "{gutter} | {}{}", " ".repeat(indent), "^".repeat(width.max(1)));
        if let Some(help) = self.help {
            let _ = writeln!(out, "{gutter} = help: {help}");
        }
        out
    }
}

/// The line around `at`, how many characters come before the place in it, and how many belong to it.
fn excerpt(source: &[u8], at: usize, end: usize) -> (String, usize, usize) {
    let window = WIDTH * 2;
    let is_end = |b: &u8| matches!(b, b'\n' | b'\r');
    let from = at.saturating_sub(window);
    let start = source[from..at].iter().rposition(is_end).map_or(from, |n| from + n + 1);
    let to = (at + window).min(source.len());
    let stop = source[at..to].iter().position(is_end).map_or(to, |n| at + n);
    // Where the line was cut, it is cut between characters.
    let inside = |at: usize| source.get(at).is_some_and(|byte| (0x80..0xc0).contains(byte));
    let start = (start..at).find(|at| !inside(*at)).unwrap_or(at);
    let stop = (at..=stop).rev().find(|at| !inside(*at)).unwrap_or(stop);
    let mut before = printable(&source[start..at]);
    let marked = printable(&source[at..end.min(stop)]);
    let mut after = printable(&source[end.min(stop)..stop]);
    if before.len() + marked.len() + after.len() > WIDTH {
        if before.len() > WIDTH / 2 {
            before.drain(..before.len() - WIDTH / 2);
            before.insert(0, '…');
        }
        if after.len() > WIDTH / 2 {
            after.truncate(WIDTH / 2);
            after.push('…');
        }
    }
    let shown = marked.iter().take(WIDTH).chain((marked.len() > WIDTH).then_some(&'…'));
    let text = before.iter().chain(shown).chain(&after).collect();
    (text, before.len(), marked.len().min(WIDTH))
}

/// One character of the same width for each character of the line.
fn printable(bytes: &[u8]) -> Vec<char> {
    let plain = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    // As texts are read, so that what is shown is what was understood.
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().map(plain).collect(),
        Err(_) => bytes.iter().map(|byte| plain(char::from(*byte))).collect(),
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {} [{}]", self.line, self.column, self.message, self.code)
    }
}

/// The first error of a file that was to be read whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub Diagnostic);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    fn rendered(source: &[u8]) -> String {
        let file = crate::RegionFile::parse(source, crate::Mode::Recover);
        let all = file.errors().iter().chain(file.warnings());
        all.map(|one| one.render(source)).collect()
    }

    #[test]
    fn what_is_shown_is_what_was_read() {
        let latin = rendered(b"image\ncircle(1,2,3) # text={caf\xe9} (\n");
        assert!(latin.contains("text={café}"), "{latin}");
        let carets = rendered(b"fk5\ncircle(1,2,1'30\")\n");
        assert!(carets.contains("\n2 | circle(1,2,1'30\")\n  |            ^^^^^\n"), "{carets}");
        let line = format!("image\ncircle(1,2,3) # text={{{}}} (\n", "é".repeat(400));
        let long = rendered(line.as_bytes());
        assert!(long.contains("éé} (") && !long.contains('Ã'), "{long}");
        assert!(long.contains("DS9 keeps the first 79 bytes"), "{long}");
    }
}
