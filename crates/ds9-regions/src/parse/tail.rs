//! What stands behind a shape: properties, then perhaps a comment.

use super::{Parser, Result};
use crate::Text;
use crate::diagnostic::Code;
use crate::keyword::{Keyword, Reserved, ShapeName};
use crate::lex::Kind;

impl Parser<'_> {
    /// Nothing, or `#` with properties and a comment.
    pub(super) fn shape_tail(&mut self) -> Result<Option<Box<Text>>> {
        if self.token.kind == Kind::Color && self.lenient {
            self.warn(Code::ColorLikeComment, self.token.start, self.token.end);
            self.token = crate::lex::next(self.source, self.token.start + 1, true);
        } else if !self.take(b'#') {
            return Ok(None);
        }
        // Directly behind the sign DS9 takes anything that is no property for a comment.
        if !self.property_starts() {
            return Ok(self.comment_text(self.token.start));
        }
        self.properties_and_comment()
    }

    /// What stands behind a shape that is itself behind `#`.
    pub(super) fn hash_tail(&mut self) -> Result<Option<Box<Text>>> {
        if self.token.ends_statement() {
            return Ok(None);
        }
        if self.lenient && self.token.kind == Kind::Byte(b'#') {
            self.warn(Code::StrayComment, self.token.start, self.token.end);
            return self.shape_tail();
        }
        if self.property_starts() {
            return self.properties_and_comment();
        }
        self.free_comment()
    }

    fn properties_and_comment(&mut self) -> Result<Option<Box<Text>>> {
        loop {
            if let Some(from) = self.bare_word_ends_properties() {
                return Ok(self.comment_text(from));
            }
            self.property()?;
            let comma = self.take(b',');
            if self.property_starts() {
                continue;
            }
            if self.lenient && comma && self.json_switch() {
                if self.token.ends_statement() {
                    return Ok(None);
                }
                continue;
            }
            if comma && !self.lenient {
                return Err(self.unexpected("a property after the comma", Code::StrayToken));
            }
            if self.token.ends_statement() {
                return Ok(None);
            }
            return self.free_comment();
        }
    }

    /// In the wider language the name of a property without its `=` begins a comment: `# text above the arc`.
    fn bare_word_ends_properties(&mut self) -> Option<usize> {
        let may_be_bare = matches!(
            self.token.kind,
            Kind::Word(Keyword::Flag(_) | Keyword::Reserved(Reserved::Background))
        );
        if !self.lenient || may_be_bare {
            return None;
        }
        let after = crate::lex::next(self.source, self.token.end, true);
        if after.kind == Kind::Byte(b'=') {
            return None;
        }
        self.warn(Code::StrayComment, self.token.start, self.token.end);
        Some(self.token.start)
    }

    /// `include` and `exclude` as JS9 writes them, `# source,exclude`.
    fn json_switch(&mut self) -> bool {
        let mut found = false;
        while self.bytes(&self.token).eq_ignore_ascii_case(b"exclude") {
            let token = self.advance();
            self.warn(Code::BareSwitch, token.start, token.end);
            self.properties.push(crate::Property::Flag(crate::Flag::Include, false));
            found = true;
            self.take(b',');
        }
        found && (self.token.ends_statement() || self.property_starts())
    }

    /// The first unknown word ends the properties and starts a comment.
    fn free_comment(&mut self) -> Result<Option<Box<Text>>> {
        // A string may hold a lone carriage return, but a comment ends there.
        let cut = self.lenient && self.bytes(&self.token).contains(&b'\r');
        if self.is_string() && !cut {
            return Ok(self.comment_text(self.token.start));
        }
        let unclosed = cut || matches!(self.token.kind, Kind::Byte(b'"' | b'\'' | b'{'));
        if self.lenient && !unclosed {
            self.warn(Code::StrayComment, self.token.start, self.token.end);
            return Ok(self.comment_text(self.token.start));
        }
        Err(self.unexpected("a property, a comment or the end of the statement", Code::StrayToken))
    }

    fn comment_text(&mut self, from: usize) -> Option<Box<Text>> {
        let from = from.min(self.source.len());
        let end = self.line_end(from);
        let (text, latin1) = Text::decode(self.source[from..end].trim_ascii());
        if latin1 {
            self.warn(Code::Latin1, from, end);
        }
        self.comment_from(from);
        (!text.is_empty()).then(|| Box::new(text))
    }

    pub(super) fn property_starts(&self) -> bool {
        matches!(
            self.token.kind,
            Kind::Word(
                Keyword::Flag(_)
                    | Keyword::Property(_)
                    | Keyword::Reserved(Reserved::Background)
                    | Keyword::Shape(
                        ShapeName::Text
                            | ShapeName::Point
                            | ShapeName::Line
                            | ShapeName::Vector
                            | ShapeName::Composite
                            | ShapeName::Ruler
                            | ShapeName::Compass
                            | ShapeName::Panda
                            | ShapeName::Epanda
                            | ShapeName::Bpanda
                    )
            )
        )
    }
}
