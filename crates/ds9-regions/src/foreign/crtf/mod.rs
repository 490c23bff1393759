//! CASA's region text format: `ann circle[[18h12m24s, -23d11m00s], 2.3arcsec], coord=J2000, label='A'`.

mod keys;
mod line;
mod shape;

use self::keys::say;
use self::line::{Key, Line};
use self::shape::Arguments;
use super::reader::{Dialect, Reader, Result};
use crate::diagnostic::Code;
use crate::file::ItemKind;
use crate::parse::Fail;
use crate::{Frame, Region, Sign, SkyFrame};

#[derive(Default)]
pub(super) struct Crtf {
    /// What `global` lines say.
    globals: Vec<Key>,
}

impl Dialect for Crtf {
    fn statement(&mut self, reader: &mut Reader<'_>) -> Result<ItemKind> {
        if reader.is_comment() {
            reader.rest_of_line();
            return Ok(ItemKind::Comment);
        }
        let (start, end) = (reader.token.start, reader.line_end());
        let mut line = Line { source: reader.source, at: start, end };
        let kind = self.line(&mut line, reader);
        let kind = kind.inspect(|_| {
            reader.rest_of_line();
        })?;
        Ok(match kind {
            Some(region) => reader.region(region, start),
            None => ItemKind::Command,
        })
    }
}

impl Crtf {
    fn line(&mut self, line: &mut Line<'_>, reader: &Reader<'_>) -> Result<Option<Region>> {
        let sign = match line.peek() {
            Some(b'-') => Some(Sign::Exclude),
            Some(b'+') => Some(Sign::Include),
            _ => None,
        };
        line.at += usize::from(sign.is_some());
        let mut word = line.word();
        if sign.is_none() && line.is(&word, b"global") {
            for key in line.keys()? {
                self.globals.retain(|old| old.name != key.name);
                self.globals.push(key);
            }
            self.frame()?;
            return Ok(None);
        }
        let annotation = line.is(&word, b"ann");
        if annotation {
            word = line.word();
        }
        let name = line.source[word.clone()].to_ascii_lowercase();
        if !SHAPES.contains(&&name[..]) {
            let expected = "circle, box, centerbox, rotbox, poly, annulus, ellipse, line, vector, symbol, text or global";
            let end = word.end.max((word.start + 1).min(line.end));
            let fail = Fail::new(Code::UnknownCommand, word.start, end, expected);
            return Err(Fail { found: true, ..fail });
        }
        let arguments = line.list()?;
        line.take(b',');
        let own = line.keys()?;
        let keys: Vec<&Key> = self
            .globals
            .iter()
            .filter(|global| own.iter().all(|key| key.name != global.name))
            .chain(&own)
            .collect();
        let frame = frame_of(&keys)?;
        let shape = Arguments { source: reader.source, frame, all: &arguments };
        let (shape, label) = shape.shape(&name)?;
        let frame = shape.center().map_or(frame, |center| center.frame);
        let mut region = Region::new(shape, frame);
        region.sign = sign;
        let symbol = arguments.list.as_deref().and_then(|all| all.get(1));
        let symbol = symbol.filter(|_| &name[..] == b"symbol");
        let symbol = symbol.map(|value| &reader.source[value.start..value.end]);
        say(&mut region, &keys, label, symbol, annotation)?;
        Ok(Some(region))
    }

    fn frame(&self) -> Result<Frame> {
        frame_of(&self.globals.iter().collect::<Vec<_>>())
    }
}

const SHAPES: [&[u8]; 12] = [
    b"circle",
    b"box",
    b"centerbox",
    b"rotbox",
    b"poly",
    b"polyline",
    b"annulus",
    b"ellipse",
    b"line",
    b"vector",
    b"symbol",
    b"text",
];

/// The frame of `coord=`; where the file names none CASA takes the image's own, which is FK5 or ICRS as a rule.
fn frame_of(keys: &[&Key]) -> Result<Frame> {
    let Some(key) = keys.iter().find(|key| key.name == "coord") else { return Ok(Frame::ICRS) };
    let sky = match key.value.to_ascii_lowercase().as_str() {
        "j2000" | "fk5" => SkyFrame::Fk5,
        "b1950" | "b1950_vla" | "fk4" => SkyFrame::Fk4,
        "icrs" => SkyFrame::Icrs,
        "galactic" => SkyFrame::Galactic,
        "ecliptic" | "mecliptic" => SkyFrame::Ecliptic,
        _ => {
            let message = "only coord=J2000, B1950, ICRS, GALACTIC and ECLIPTIC can be read";
            return Err(Fail::new(Code::WrongValue, key.start, key.end, message));
        }
    };
    Ok(Frame::celestial(sky))
}
