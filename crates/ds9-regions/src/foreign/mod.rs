//! Region files of other programs, read into the regions of DS9.

mod crtf;
mod quantity;
mod reader;
mod rings;
mod sao;
mod terms;
mod xy;

use std::fmt;
use std::str::FromStr;

use crate::{ParseOptions, RegionFile};

/// What program a region file is for.
///
/// DS9's own format is read as strictly or leniently as [`crate::Mode`] says. The others are read the same in every
/// mode, but [`crate::Mode::Recover`] alone goes on behind an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Format {
    /// DS9's own.
    #[default]
    Ds9,
    /// Chandra's CIAO: brackets and commas, pixels physical or places FK5, `*` and `&` for what two shapes share.
    Ciao,
    /// SAOimage: pixels of the image, rings as `& !`.
    SaoImage,
    /// IRAF's PROS: `equatorial j2000; circle 13:00:24 28:03:36 10"`.
    Pros,
    /// SAOtng: `# format: degrees (fk5)` and signed shapes, sizes in pixels of the image.
    SaoTng,
    /// Two coordinates a line.
    Xy,
    /// CASA's region text: `circle[[18h12m24s, -23d11m00s], 2.3arcsec]`.
    Crtf,
    /// CARTA's: DS9's own, without a frame image pixels, and with annotations behind `#`, `# box(5, 5, 4, 3, 0)`.
    /// They are drawings on top of the regions and comments to DS9, so that no file is read so unasked.
    Carta,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Ds9,
        Self::Ciao,
        Self::SaoImage,
        Self::Pros,
        Self::SaoTng,
        Self::Xy,
        Self::Crtf,
        Self::Carta,
    ];

    /// The word for it, as DS9 has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ds9 => "ds9",
            Self::Ciao => "ciao",
            Self::SaoImage => "saoimage",
            Self::Pros => "pros",
            Self::SaoTng => "saotng",
            Self::Xy => "xy",
            Self::Crtf => "crtf",
            Self::Carta => "carta",
        }
    }

    /// The format that the first lines show; DS9's own where they show none.
    ///
    /// CIAO and CASA name themselves in the first line, SAOtng its coordinates; PROS begins with `logical` or
    /// `equatorial`, and a file whose first line is two numbers is a list of places. SAOimage files show nothing,
    /// and those of CARTA are DS9's unless the annotations are wanted.
    pub fn detect(bytes: &[u8]) -> Self {
        let start = &bytes[..bytes.len().min(LOOK)];
        let lines = start.split(|byte| matches!(byte, b'\n' | b'\r'));
        for line in lines.map(trimmed).filter(|line| !line.is_empty()) {
            if let Some(comment) = line.strip_prefix(b"#") {
                match of_comment(comment) {
                    Some(format) => return format,
                    None => continue,
                }
            }
            match of_statement(line) {
                Some(format) => return format,
                None => continue,
            }
        }
        Self::Ds9
    }
}

/// Bytes in which a file shows what it is.
const LOOK: usize = 8192;

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii()
}

fn of_comment(comment: &[u8]) -> Option<Format> {
    if comment.starts_with(b"CRTF") {
        return Some(Format::Crtf);
    }
    let text = String::from_utf8_lossy(comment).to_ascii_lowercase();
    let text = text.trim();
    if let Some(named) = text.strip_prefix("region file format:") {
        return Some(named.split_whitespace().next()?.parse().unwrap_or_default());
    }
    let kind = text.strip_prefix("format:")?.trim();
    ["pixels", "degrees", "hms"].iter().any(|word| kind.starts_with(word)).then_some(Format::SaoTng)
}

/// What a statement shows; nothing where it is a frame, which several formats share.
fn of_statement(line: &[u8]) -> Option<Format> {
    use crate::keyword::{Keyword, keyword};
    let length = line.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let (word, rest) = (&line[..length], trimmed(&line[length..]));
    if [&b"logical"[..], b"equatorial"].iter().any(|pros| word.eq_ignore_ascii_case(pros)) {
        return Some(Format::Pros);
    }
    if matches!(keyword(word), Keyword::System(_) | Keyword::Wcs(_) | Keyword::Sky(_)) {
        // `physical; circle 1 2 3` is of DS9 and of PROS; a later line tells.
        let shared = rest.is_empty() || matches!(rest[0], b'#' | b';');
        return if shared { None } else { Some(Format::Ds9) };
    }
    let number = |token: &crate::lex::Token| token.is_number() || reader::is_celestial(token);
    let first = crate::lex::next(line, 0, true);
    let comma = crate::lex::next(line, first.end, true);
    let is_comma = comma.kind == crate::lex::Kind::Byte(b',');
    let second = if is_comma { crate::lex::next(line, comma.end, true) } else { comma };
    Some(if number(&first) && number(&second) { Format::Xy } else { Format::Ds9 })
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no [`Format`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no format of regions: ds9, ciao, saoimage, pros, saotng, xy, crtf, carta")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let found = Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

impl RegionFile {
    /// Reads a file of any [`Format`]; [`Format::detect`] tells which.
    ///
    /// The regions are those of DS9's language: what another format says beyond it is in
    /// [`crate::Region::comment`], and places, lengths and angles mean what that format means by them.
    pub fn parse_format(bytes: &[u8], format: Format, options: &ParseOptions) -> Self {
        match format {
            Format::Ds9 => Self::parse_with(bytes, options),
            Format::Carta => Self::parse_annotated(bytes, options),
            Format::Xy => reader::read(bytes, options, xy::Xy::default()),
            Format::Crtf => reader::read(bytes, options, crtf::Crtf::default()),
            Format::Ciao | Format::SaoImage | Format::Pros | Format::SaoTng => {
                reader::read(bytes, options, sao::Sao::new(format))
            }
        }
    }
}

#[cfg(test)]
mod tests;
