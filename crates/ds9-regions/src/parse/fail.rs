use crate::diagnostic::Code;

/// Why a statement was not read, or what was odd about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fail {
    pub(crate) code: Code,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// What should stand here, or the whole message where `found` is false.
    pub(crate) expected: &'static str,
    pub(crate) found: bool,
    pub(crate) help: Option<&'static str>,
}

impl Fail {
    pub(crate) fn new(code: Code, start: usize, end: usize, message: &'static str) -> Self {
        Self { code, start, end, expected: message, found: false, help: None }
    }

    pub(crate) fn with_help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }

    pub(crate) fn message(&self, source: &[u8]) -> String {
        let bytes = &source[self.start.min(source.len())..self.end.min(source.len())];
        if !self.found {
            return self.expected.to_owned();
        }
        match bytes.first() {
            None | Some(b'\n' | b'\r' | b';') => {
                format!("expected {}, found the end of the statement", self.expected)
            }
            Some(b'\\') => format!("expected {}, found the end of the statement", self.expected),
            _ => format!("expected {}, found `{}`", self.expected, shown(bytes)),
        }
    }
}

fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(160)]);
    let mut shown: String =
        text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(40).collect();
    if text.chars().count() > 40 {
        shown.push('…');
    }
    shown
}

/// The sentence of a warning.
pub(crate) fn summary(code: Code) -> &'static str {
    match code {
        Code::ByteOrderMark => "the file starts with a byte order mark; DS9 fails on it",
        Code::LoneCarriageReturn => "a lone carriage return ends the line; DS9 fails on it",
        Code::Exclamation => "`!` is taken as exclusion; DS9 wants `-`",
        Code::Latin1 => "the text is not UTF-8 and is read as Latin-1",
        Code::OddBlank => "a no-break space or form feed is taken as a blank; DS9 fails on it",
        Code::OddQuote => "these quotes are taken as minutes or seconds of arc; DS9 wants ' or \"",
        Code::Radians => "a position or length in radians is documented by DS9 but refused by it",
        Code::MixedUnits => "the two lengths have different units; DS9 wants the same one",
        Code::MixedCoordinates => "the two coordinates are spelled differently; DS9 wants one kind",
        Code::TwoFields => "a sexagesimal number of two fields; DS9 wants three",
        Code::UnquotedFont => "a font of several words needs quotes in DS9",
        Code::UnquotedText => "this value needs quotes or braces in DS9",
        Code::DecimalInteger => "DS9 wants a whole number here",
        Code::ColorLikeComment => {
            "DS9 does not take this for a comment; a blank and a plain word after `#` would do"
        }
        Code::StrayComment => {
            "the properties end here and the rest of the line is a comment; DS9 fails on it"
        }
        Code::Abbreviation => "a short name of CIAO; DS9 wants the full name",
        Code::MinutesAndSeconds => {
            "minutes and seconds in one length; DS9 takes the minutes and fails on the rest"
        }
        Code::BarePair => {
            "a bare pair of numbers is taken as a point; in DS9 this is the XY format"
        }
        Code::FrameAndShape => "DS9 wants the frame and what follows in statements of their own",
        Code::Json => "the notation of JS9 behind a shape is dropped; DS9 fails on it",
        Code::BareSwitch => "a switch without a value, as JS9 writes it; DS9 fails on it",
        Code::LabelArgument => "DS9 takes no label here: write `text={...}` behind the shape",
        Code::And => "DS9 up to 8.4 refuses a file with `&&`",
        Code::ExactlySixty => "60 minutes or seconds are taken as the next whole one",
        Code::TwoLengths => {
            "two lengths, as DS9 reads it: put a comma between them if so, or write one unit"
        }
        Code::DifferentValue => "DS9 holds this value in 32 bits and would change it",
        Code::LegacyRings => {
            "legacy rings, joined to the shape before; write `ellipse` or `box` with several radii"
        }
        Code::NoFrame => "no frame is named before the first shape; DS9 takes physical pixels",
        _ => "",
    }
}

/// A hint that is certain enough to give.
pub(crate) fn help(fail: &Fail, source: &[u8]) -> Option<&'static str> {
    match fail.code {
        Code::MixedUnits => Some("write both lengths with one unit, as in 10\",60\""),
        Code::Exclamation => Some("write `-` in place of `!`"),
        Code::TwoFields => Some("write hours or degrees, minutes and seconds: 13:00:24"),
        Code::UnquotedText | Code::UnquotedFont => Some("put the value in braces or quotes"),
        Code::NoFrame => Some("put `image`, `fk5`, `icrs`... on a line before the shapes"),
        Code::FrameAndShape => Some("put a `;` or a new line after the frame"),
        Code::UnclosedString => Some("a string ends on the line it starts; braces do not nest"),
        Code::UnknownCommand => command_help(fail, source),
        Code::NotANumber => Some("coordinates are finite decimal or sexagesimal numbers"),
        _ => None,
    }
}

fn command_help(fail: &Fail, source: &[u8]) -> Option<&'static str> {
    let word = &source[fail.start.min(source.len())..fail.end.min(source.len())];
    let rest = &source[fail.end.min(source.len())..];
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len()).min(200)];
    if !line.contains(&b'(') && line.ends_with(b".reg") {
        return Some("this looks like the name of a region file: a symbolic link saved as a file?");
    }
    nearest_shape(word)
}

/// The shape that `word` misspells by one letter or ends with.
fn nearest_shape(word: &[u8]) -> Option<&'static str> {
    const SHAPES: [(&[u8], &str); 9] = [
        (b"circle", "did you mean `circle`?"),
        (b"ellipse", "did you mean `ellipse`?"),
        (b"polygon", "did you mean `polygon`?"),
        (b"annulus", "did you mean `annulus`?"),
        (b"point", "did you mean `point`?"),
        (b"vector", "did you mean `vector`?"),
        (b"segment", "did you mean `segment`?"),
        (b"global", "did you mean `global`?"),
        (b"image", "did you mean `image`?"),
    ];
    if word.len() > 20 {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    SHAPES
        .iter()
        .find(|(name, _)| lower.ends_with(name) || one_edit(&lower, name))
        .map(|(_, help)| *help)
}

/// Whether one letter added, dropped, changed or swapped with its neighbour turns one into the other.
fn one_edit(a: &[u8], b: &[u8]) -> bool {
    let same_start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same_start..], &b[same_start..]);
    let tail = |x: &[u8], n: usize| x.get(n..).map(<[u8]>::to_vec);
    tail(a, 1) == tail(b, 1) && !a.is_empty() && !b.is_empty()
        || tail(a, 1).as_deref() == Some(b)
        || tail(b, 1).as_deref() == Some(a)
        || (a.len() >= 2 && b.len() >= 2 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..])
}
