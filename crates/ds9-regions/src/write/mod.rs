//! Regions to text: the grammar's mirror.

mod canonical;
mod ds9;
mod number;
mod properties;
mod quote;

use std::fmt;

use crate::{Region, RegionFile};

/// How [`RegionFile::to_text`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Style {
    /// Every number in its shortest exact form and everything that was said about a region: reading it gives the
    /// same regions, and writing those gives the same text.
    #[default]
    Canonical,
    /// As DS9 8.4 saves: its precision (8 digits in pixels, 1 mas on the sky), what differs from its defaults, in its
    /// order. What stands in another frame than its region's keeps its unit, `10d`, where DS9 asks the image.
    Ds9,
    /// As [`Style::Ds9`] in one line, shapes only: what DS9 writes with its `strip` option.
    OneLine,
}

/// A region that has no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("region {region}{}: {problem}", Line(*line))]
pub struct WriteError {
    /// The place of the region in the file, counted from 1.
    pub region: usize,
    /// The line it was read from; 0 where it is of no file.
    pub line: u32,
    /// What cannot be written.
    pub problem: Unwritable,
}

struct Line(u32);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 { Ok(()) } else { write!(f, " (line {})", self.0) }
    }
}

/// What has no text in the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unwritable {
    /// The format has no escapes: a text with both quotes and a closing brace cannot be quoted.
    #[error("a text holds `}}`, `\"` and `'`, so nothing is left to quote it with")]
    Quotes,
    /// A text ends with its line.
    #[error("a text holds the end of a line")]
    NewLine,
    /// Only finite numbers have a spelling.
    #[error("a number is not finite")]
    NotFinite,
    /// A position in a frame that cannot be named inside the frame of its region.
    #[error(
        "a position or length is not in the frame of its region, and no image is given to convert it"
    )]
    Frame,
    /// A property that does not belong where it stands, or a value without a spelling.
    #[error("a property has a value that the format cannot spell")]
    Property,
}

type Result<T = ()> = std::result::Result<T, Unwritable>;

const HEADER: &str = "# Region file format: DS9 version 4.1\n";

impl RegionFile {
    /// The text of its regions in a style. Comments of their own lines are not part of it.
    ///
    /// # Errors
    /// The first region without a text: only one built in a program, or one of another program whose label holds every
    /// quote there is. What was read can be written.
    pub fn to_text(&self, style: Style) -> std::result::Result<String, WriteError> {
        let mut out = String::with_capacity(self.regions().len() * 48 + 256);
        match style {
            Style::Canonical => {
                let mut writer = canonical::Writer::new(&mut out);
                self.each(|region| writer.region(region))?;
            }
            Style::Ds9 => {
                let mut writer = ds9::Writer::new(&mut out, false);
                self.each(|region| writer.region(region))?;
            }
            Style::OneLine => {
                let mut writer = ds9::Writer::new(&mut out, true);
                self.each(|region| writer.region(region))?;
                out.push('\n');
            }
        }
        Ok(out)
    }

    fn each(
        &self,
        mut write: impl FnMut(&Region) -> Result,
    ) -> std::result::Result<(), WriteError> {
        for (index, region) in self.regions().iter().enumerate() {
            write(region).map_err(|problem| WriteError {
                region: index + 1,
                line: region.line(),
                problem,
            })?;
        }
        Ok(())
    }

    /// The bytes of the statements that `keep` wants, byte for byte as they stand in `source`.
    ///
    /// `source` is what the file was read from. Keeping all gives it back.
    pub fn verbatim(&self, source: &[u8], mut keep: impl FnMut(&crate::Item) -> bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(source.len());
        for item in self.items().iter().filter(|item| keep(item)) {
            out.extend_from_slice(item.bytes(source));
        }
        out
    }
}

/// The canonical text, [`Style::Canonical`].
impl fmt::Display for RegionFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(Style::Canonical).map_err(|_| fmt::Error)?)
    }
}
