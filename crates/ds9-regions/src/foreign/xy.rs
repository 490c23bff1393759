//! Two coordinates a line; a line may name the frame of those that follow.

use super::reader::{Dialect, Reader, Result, position};
use crate::diagnostic::Code;
use crate::file::ItemKind;
use crate::keyword::Keyword;
use crate::lex::Kind;
use crate::parse::{Fail, summary};
use crate::{Frame, Region, Shape, System};

#[derive(Default)]
pub(super) struct Xy {
    frame: Frame,
    told: bool,
}

impl Dialect for Xy {
    fn statement(&mut self, reader: &mut Reader<'_>) -> Result<ItemKind> {
        if reader.is_comment() {
            reader.rest_of_line();
            return Ok(ItemKind::Comment);
        }
        if named(reader).is_some() {
            return self.frame(reader);
        }
        let start = reader.token.start;
        reader.take(b'(');
        let first = reader.value("a frame or two coordinates").map_err(wrong_line)?;
        reader.take(b',');
        let second = reader.value("the second coordinate")?;
        let frame = self.frame.visible();
        let center = position(&first, &second, frame, Some(frame.for_celestial_units()))?;
        if self.frame.system == System::PhysicalDefault && !self.told {
            self.told = true;
            let end = second.end;
            reader.diagnose(&Fail::new(Code::NoFrame, start, end, summary(Code::NoFrame)), true);
        }
        // Whatever else a line holds, magnitudes, names, is of no meaning here.
        while !reader.token.ends_statement() {
            if reader.is_comment() {
                reader.rest_of_line();
            } else {
                reader.advance();
            }
        }
        let point = Shape::Point { center, symbol: None };
        // The frame of the file, not that of a place with units: plain numbers may follow, and only before its first
        // frame can a file leave open what they mean.
        Ok(reader.region(Region::new(point, frame), start))
    }
}

impl Xy {
    fn frame(&mut self, reader: &mut Reader<'_>) -> Result<ItemKind> {
        let mut frame = self.frame;
        while !reader.token.ends_statement() && !reader.is_comment() {
            match named(reader) {
                Some(Keyword::System(system)) => frame.system = system,
                Some(Keyword::Wcs(wcs)) => (frame.system, frame.wcs) = (System::Wcs, wcs),
                Some(Keyword::Sky(sky)) => (frame.system, frame.sky) = (System::Wcs, sky),
                _ => {
                    return Err(
                        reader.unexpected(Code::TrailingText, "the end of the line or a frame")
                    );
                }
            }
            reader.advance();
        }
        reader.rest_of_line();
        self.frame = frame;
        Ok(ItemKind::Frame(frame))
    }
}

/// The frame that the next word names; IRAF's words are known too.
fn named(reader: &Reader<'_>) -> Option<Keyword> {
    let Kind::Word(word) = reader.token.kind else { return None };
    let bytes = reader.bytes(&reader.token);
    match word {
        Keyword::System(_) | Keyword::Wcs(_) | Keyword::Sky(_) => Some(word),
        _ if bytes.eq_ignore_ascii_case(b"logical") => Some(Keyword::System(System::Image)),
        _ if bytes.eq_ignore_ascii_case(b"ccd") => Some(Keyword::System(System::Physical)),
        _ => None,
    }
}

fn wrong_line(fail: Fail) -> Fail {
    let code = if fail.code == Code::MissingArgument { Code::WrongFormat } else { fail.code };
    Fail { code, ..fail }
}
