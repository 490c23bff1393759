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
        if let Kind::Word(Keyword::System(_) | Keyword::Wcs(_) | Keyword::Sky(_)) =
            reader.token.kind
        {
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
            match reader.token.kind {
                Kind::Word(Keyword::System(system)) => frame = Frame { system, ..frame },
                Kind::Word(Keyword::Wcs(wcs)) => {
                    frame = Frame { system: System::Wcs, wcs, ..frame };
                }
                Kind::Word(Keyword::Sky(sky)) => {
                    frame = Frame { system: System::Wcs, sky, ..frame };
                }
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

fn wrong_line(fail: Fail) -> Fail {
    let code = if fail.code == Code::MissingArgument { Code::WrongFormat } else { fail.code };
    Fail { code, ..fail }
}
