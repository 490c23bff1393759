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
        if self.code == Code::UnclosedString {
            return format!("the `{}` opened here is not closed on this line", shown(bytes));
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
        Code::AngleArgument => "DS9 takes no angle here: write `textangle=30` behind the shape",
        Code::LongText => "DS9 keeps the first 79 bytes of this text",
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
        Code::ByteOrderMark => Some("save the file as UTF-8 without a byte order mark"),
        Code::LoneCarriageReturn => Some("end lines with a line feed"),
        Code::Latin1 => Some("save the file as UTF-8"),
        Code::Radians => Some("write degrees"),
        Code::MinutesAndSeconds => Some("write the length in one unit, as in 90\""),
        Code::SixtyOrMore => Some("are these decimal degrees? then write them without colons"),
        Code::StrayComment => Some("put remarks on a line of their own, behind `# `"),
        Code::Abbreviation => abbreviation_help(fail, source),
        Code::MissingArgument | Code::ExtraArgument | Code::OddVertices => usage(fail, source),
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
    if [&b"logical"[..], b"equatorial"].iter().any(|name| word.eq_ignore_ascii_case(name)) {
        return Some("this is a word of PROS: read the file in the format pros");
    }
    nearest_shape(word).or(Some(
        "shapes: circle, ellipse, box, annulus, polygon, point, line, vector, text, panda, ...; \
         frames: image, physical, fk5, icrs, galactic, ...",
    ))
}

fn abbreviation_help(fail: &Fail, source: &[u8]) -> Option<&'static str> {
    let word = source.get(fail.start..fail.end)?.to_ascii_lowercase();
    Some(match &word[..] {
        b"cir" => "write `circle`",
        b"ell" => "write `ellipse`",
        b"ann" => "write `annulus`",
        b"poly" => "write `polygon`",
        b"poi" | b"pt" => "write `point`",
        b"rect" | b"rectangle" => "write `box(x, y, width, height)`",
        _ => return None,
    })
}

/// How the shape is written whose arguments are wrong, from the start of its statement.
fn usage(fail: &Fail, source: &[u8]) -> Option<&'static str> {
    const NEAR: usize = 4096;
    let at = fail.start.min(source.len());
    let before = &source[at.saturating_sub(NEAR)..at];
    let start = before.iter().rposition(|b| matches!(b, b'\n' | b'\r' | b';'));
    let statement = &before[start.map_or(0, |n| n + 1)..];
    let letters = statement.iter().position(u8::is_ascii_alphabetic)?;
    let word = &statement[letters..];
    let length = word.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    // CASA's shapes are written in another way.
    if word[length..].starts_with(b"[[") || fail.expected.starts_with("`[`") {
        return None;
    }
    Some(match &word[..length].to_ascii_lowercase()[..] {
        b"circle" => "circle(x, y, radius)",
        b"ellipse" => "ellipse(x, y, a, b, angle), or with more pairs of semi-axes for rings",
        b"box" | b"rotbox" => {
            "box(x, y, width, height, angle), or with more pairs of sides for rings"
        }
        b"annulus" => {
            "annulus(x, y, inner, outer), or with more radii, or annulus(x, y, inner, outer, n=3)"
        }
        b"polygon" => "polygon(x1, y1, x2, y2, x3, y3, ...)",
        b"segment" => "segment(x1, y1, x2, y2, ...)",
        b"line" => "line(x1, y1, x2, y2)",
        b"ruler" => "ruler(x1, y1, x2, y2)",
        b"vector" => "vector(x, y, length, angle)",
        b"point" => "point(x, y)",
        b"text" => "text(x, y) # text={label}",
        b"compass" => "compass(x, y, length)",
        b"projection" => "projection(x1, y1, x2, y2, width)",
        b"panda" | b"cpanda" => {
            "panda(x, y, start, stop, cells in angle, inner, outer, cells in radius)"
        }
        b"epanda" | b"bpanda" => {
            "epanda and bpanda(x, y, start, stop, cells in angle, a1, b1, a2, b2, cells in radius, angle)"
        }
        b"composite" => "# composite(x, y, angle) ||",
        _ => return None,
    })
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
