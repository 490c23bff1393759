//! What the lines without shapes say, and the comments behind shapes.

use super::super::reader::{Reader, Result, remark};
use super::Sao;
use crate::diagnostic::Code;
use crate::file::ItemKind;
use crate::foreign::Format;
use crate::keyword::{Keyword, keyword};
use crate::parse::Fail;
use crate::{Flag, Frame, Property, SkyFrame, Text};

impl Sao {
    pub(super) fn comment(&mut self, reader: &mut Reader<'_>) -> Result<ItemKind> {
        let start = reader.token.start;
        let Some(words) = reader.comment().filter(|_| self.is(Format::SaoTng)) else {
            return Ok(ItemKind::Comment);
        };
        let lower = words.to_ascii_lowercase();
        let Some(kind) = lower.strip_prefix("format:") else {
            let header = ["region file format", "filename:", "date:"];
            let header = header.iter().any(|start| lower.starts_with(start));
            if !header {
                self.label = Some(words);
            }
            return Ok(ItemKind::Comment);
        };
        let mut parts = kind.split(['(', ')']).map(str::trim);
        let (kind, frame) = (parts.next().unwrap_or_default(), parts.next());
        let frame = frame.filter(|frame| !frame.is_empty() && kind != "pixels");
        let sky = match frame.map(|frame| keyword(frame.as_bytes())) {
            None => Some(SkyFrame::Fk5),
            Some(Keyword::Sky(sky)) if sky != SkyFrame::Linear => Some(sky),
            Some(_) => None,
        };
        self.frame = match (kind, sky) {
            ("pixels", _) => Frame::IMAGE,
            ("degrees" | "hms", Some(sky)) => Frame::celestial(sky),
            _ => {
                let message =
                    "the format is pixels, degrees or hms, and a frame in brackets: degrees (fk5)";
                return Err(Fail::new(Code::WrongValue, start, reader.token.start, message));
            }
        };
        Ok(ItemKind::Frame(self.frame))
    }

    /// PROS: `physical`, `equatorial j2000`, ended by `;` or the line.
    pub(super) fn frame(&mut self, reader: &mut Reader<'_>) -> Result<Option<ItemKind>> {
        let word = reader.bytes(&reader.token);
        let equatorial = word.eq_ignore_ascii_case(b"equatorial");
        if equatorial {
            reader.advance();
        }
        let word = reader.bytes(&reader.token);
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        let frame = match keyword(word) {
            Keyword::System(system @ crate::System::Physical) => {
                Some(Frame { system, ..Frame::IMAGE })
            }
            Keyword::Sky(sky) if is(b"b1950") || is(b"j2000") => Some(Frame::celestial(sky)),
            Keyword::Sky(sky @ (SkyFrame::Galactic | SkyFrame::Ecliptic)) => {
                Some(Frame::celestial(sky))
            }
            _ if is(b"logical") => Some(Frame::IMAGE),
            _ => None,
        };
        let Some(frame) = frame else {
            if equatorial {
                return Err(reader.unexpected(Code::MissingValue, "`b1950` or `j2000`"));
            }
            return Ok(None);
        };
        reader.advance();
        reader.end()?;
        if reader.is_comment() {
            reader.rest_of_line();
        }
        self.frame = frame;
        Ok(Some(ItemKind::Frame(frame)))
    }
}

/// SAOtng: a colour, `source` or `background` before what else the comment says.
pub(super) fn colors(words: &Text, properties: &mut Vec<Property>) -> Option<Box<Text>> {
    const COLORS: [&str; 8] =
        ["black", "white", "red", "green", "blue", "cyan", "magenta", "yellow"];
    let mut rest = words.as_str();
    loop {
        let (word, after) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        let lower = word.to_ascii_lowercase();
        if COLORS.contains(&lower.as_str()) {
            properties.push(Property::Color(Text::from(lower.as_str())));
        } else if lower == "source" || lower == "background" {
            let source = lower == "source";
            properties.push(Property::Color(Text::from(if source { "green" } else { "red" })));
            properties.push(Property::Flag(Flag::Source, source));
        } else {
            return remark(rest);
        }
        rest = after.trim_start();
    }
}
