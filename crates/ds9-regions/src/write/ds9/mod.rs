//! Text as DS9 8.4 saves it.

mod properties;
mod shape;

use std::fmt::Write;

use astro_coords::Angle;

use self::properties::properties;
use self::shape::{length, lengths, position, shape};
use super::canonical::frame_commands;
use super::number::general;
use super::{HEADER, Result, Unwritable};
use crate::properties::{CellKind, Cells};
use crate::{Conjunction, Frame, Length, Property, Region, Shape};

/// DS9 has room for no more.
const MOST_RINGS: u32 = 512;

const GLOBAL: &str = "global color=green dashlist=8 3 width=1 font=\"helvetica 10 normal roman\" \
    select=1 highlite=1 dash=0 fixed=0 edit=1 move=1 delete=1 include=1 source=1\n";

/// Writes regions one after another.
pub(super) struct Writer<'a> {
    out: &'a mut String,
    frame: Frame,
    tile: u32,
    strip: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut String, strip: bool) -> Self {
        if !strip {
            out.push_str(HEADER);
            out.push_str(GLOBAL);
        }
        Self { out, frame: Frame::UNNAMED, tile: 1, strip }
    }

    pub(super) fn region(&mut self, region: &Region) -> Result {
        let hashed = is_hashed(&region.shape);
        let unseen = matches!(region.shape, Shape::Text(_)) && region.text().is_none();
        if region.is_ignored_cell() || self.strip && hashed || unseen {
            return Ok(());
        }
        self.head(region)?;
        let cells = region.properties.iter().find_map(|property| match property {
            Property::Cells(cells) => Some(cells),
            _ => None,
        });
        match cells {
            Some(cells) if has_cells(&region.shape) => self.cells(region, cells),
            _ => {
                self.start(region, hashed);
                shape(self.out, &region.shape, region.frame)?;
                self.finish(region, hashed, "")
            }
        }
    }

    fn head(&mut self, region: &Region) -> Result {
        let wanted = if region.frame == Frame::UNNAMED { Frame::PHYSICAL } else { region.frame };
        let before = self.out.len();
        frame_commands(self.out, &mut self.frame, wanted)?;
        if self.tile != region.tile {
            self.tile = region.tile;
            let _ = writeln!(self.out, "{}tile {}", if self.strip { "" } else { "# " }, self.tile);
        }
        if self.strip {
            let commands = self.out.split_off(before);
            self.out.push_str(&commands.replace('\n', ";"));
        }
        Ok(())
    }

    fn start(&mut self, region: &Region, hashed: bool) {
        if hashed {
            self.out.push_str("# ");
        }
        if !region.include() {
            self.out.push('-');
        }
    }

    fn finish(&mut self, region: &Region, hashed: bool, special: &str) -> Result {
        self.conjunction(region);
        if self.strip {
            self.out.push(';');
            return Ok(());
        }
        self.tail(region, hashed, special)
    }

    fn conjunction(&mut self, region: &Region) {
        match region.conjunction {
            Some(Conjunction::Or) => self.out.push_str(" ||"),
            Some(Conjunction::And) => self.out.push_str(" &&"),
            None => {}
        }
    }

    /// The properties and the end of the line.
    fn tail(&mut self, region: &Region, hashed: bool, special: &str) -> Result {
        let start = self.out.len();
        self.out.push_str(special);
        properties(self.out, region)?;
        if self.out.len() > start && !hashed {
            self.out.insert_str(start, " #");
        }
        self.out.push('\n');
        Ok(())
    }

    /// Each cell of an irregular panda on a line of its own; the first says what all are.
    fn cells(&mut self, region: &Region, cells: &Cells) -> Result {
        let Some(center) = region.shape.center() else { return Err(Unwritable::Property) };
        let step = if cells.kind == CellKind::Panda { 1 } else { 2 };
        let edges: Vec<&[Length]> = cells.radii.chunks(step).collect();
        let name = region.shape.name();
        let (mut special, mut first) = (String::new(), true);
        irregular(&mut special, name, cells, region.frame)?;
        for angles in cells.angles.windows(2) {
            for band in edges.windows(2) {
                self.start(region, false);
                self.out.push_str(name);
                self.out.push('(');
                position(self.out, &center, region.frame)?;
                self.out.push(',');
                span(self.out, angles[0], angles[1])?;
                self.out.push_str(",1,");
                lengths(self.out, band[0].iter().chain(band[1]), region.frame)?;
                self.out.push_str(",1");
                if let Some(angle) = cells.angle {
                    self.out.push(',');
                    general(self.out, turn(angle.degrees()))?;
                }
                self.out.push(')');
                self.conjunction(region);
                if self.strip {
                    self.out.push(';');
                } else if first {
                    self.tail(region, false, &special)?;
                } else {
                    let _ = writeln!(self.out, " # {name}=ignore");
                }
                first = false;
            }
        }
        Ok(())
    }
}

/// Two angles; the second is the larger one.
fn span(out: &mut String, start: Angle, stop: Angle) -> Result {
    let (start, stop) = (turn(start.degrees()), turn(stop.degrees()));
    general(out, start)?;
    out.push(',');
    general(out, if stop <= start { stop + 360.0 } else { stop })
}

fn irregular(out: &mut String, name: &str, cells: &Cells, frame: Frame) -> Result {
    let _ = write!(out, " {name}=");
    for (index, angle) in cells.angles.iter().enumerate() {
        out.push(if index == 0 { '(' } else { ' ' });
        general(out, turn(angle.degrees()))?;
    }
    out.push(')');
    for (index, radius) in cells.radii.iter().enumerate() {
        out.push(if index == 0 { '(' } else { ' ' });
        length(out, radius, frame)?;
    }
    out.push(')');
    if let Some(angle) = cells.angle {
        out.push('(');
        general(out, turn(angle.degrees()))?;
        out.push(')');
    }
    Ok(())
}

fn has_cells(shape: &Shape) -> bool {
    matches!(shape, Shape::Panda(_) | Shape::Epanda(_) | Shape::Bpanda(_))
}

fn is_hashed(shape: &Shape) -> bool {
    matches!(
        shape,
        Shape::Vector { .. }
            | Shape::Text(_)
            | Shape::Ruler { .. }
            | Shape::Compass { .. }
            | Shape::Projection { .. }
            | Shape::Segment(_)
            | Shape::Composite { .. }
    )
}

/// An angle in 0..360.
fn turn(degrees: f64) -> f64 {
    degrees.rem_euclid(360.0)
}
