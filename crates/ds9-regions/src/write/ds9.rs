//! Text as DS9 8.4 saves it.

use std::fmt::Write;

use astro_coords::Angle;

use super::canonical::frame_commands;
use super::number::{fixed, general};
use super::properties::{compass, ruler};
use super::quote::{braced, double_quoted};
use super::{HEADER, Result, Unwritable};
use crate::properties::{CellKind, Cells};
use crate::{
    Conjunction, Flag, Frame, Length, Panda, Position, Properties, Property, Region, Shape, Unit,
};

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

fn position(out: &mut String, position: &Position, frame: Frame) -> Result {
    let sky = frame.sky_frame().is_some() && position.frame.same_axes(frame);
    if !position.frame.same_axes(frame) {
        return Err(Unwritable::Frame);
    }
    let number = |out: &mut String, value| {
        if sky { fixed(out, value, 7) } else { general(out, value) }
    };
    number(out, if sky { turn(position.x) } else { position.x })?;
    out.push(',');
    number(out, position.y)
}

fn length(out: &mut String, length: &Length, frame: Frame) -> Result {
    if let (true, Some(angle)) = (frame.sky_frame().is_some(), length.angle()) {
        fixed(out, angle.arcsec(), 3)?;
        out.push('"');
        return Ok(());
    }
    if length.unit != Length::native_unit(frame) || length.unit == Unit::Degree {
        return Err(Unwritable::Frame);
    }
    general(out, length.value)
}

fn lengths<'a>(out: &mut String, all: impl Iterator<Item = &'a Length>, frame: Frame) -> Result {
    for (index, one) in all.enumerate() {
        if index > 0 {
            out.push(',');
        }
        length(out, one, frame)?;
    }
    Ok(())
}

fn positions<'a>(
    out: &mut String,
    all: impl Iterator<Item = &'a Position>,
    frame: Frame,
) -> Result {
    for (index, one) in all.enumerate() {
        if index > 0 {
            out.push(',');
        }
        position(out, one, frame)?;
    }
    Ok(())
}

fn shape(out: &mut String, shape: &Shape, frame: Frame) -> Result {
    out.push_str(shape.name());
    out.push('(');
    match shape {
        Shape::Polygon(vertices) | Shape::Segment(vertices) => {
            positions(out, vertices.iter(), frame)?;
        }
        Shape::Line { start, end } | Shape::Ruler { start, end } => {
            positions(out, [start, end].into_iter(), frame)?;
        }
        Shape::Projection { start, end, width } => {
            positions(out, [start, end].into_iter(), frame)?;
            out.push(',');
            length(out, width, frame)?;
        }
        _ => {
            let center = shape.center().ok_or(Unwritable::Property)?;
            position(out, &center, frame)?;
            sizes(out, shape, frame)?;
        }
    }
    out.push(')');
    Ok(())
}

/// What follows the centre.
fn sizes(out: &mut String, shape: &Shape, frame: Frame) -> Result {
    let comma_angle = |out: &mut String, angle: Option<Angle>| {
        out.push(',');
        general(out, turn(angle.map_or(0.0, |angle| angle.degrees())))
    };
    match shape {
        Shape::Circle { radius: size, .. } | Shape::Compass { length: size, .. } => {
            out.push(',');
            length(out, size, frame)
        }
        Shape::Ellipse { semi_axes: pair, angle, .. } | Shape::Box { size: pair, angle, .. } => {
            out.push(',');
            lengths(out, pair.iter(), frame)?;
            comma_angle(out, *angle)
        }
        Shape::Vector { length: size, angle, .. } => {
            let flipped = size.value < 0.0;
            out.push(',');
            length(out, &Length::new(size.value.abs(), size.unit), frame)?;
            let degrees = angle.degrees() + if flipped { 180.0 } else { 0.0 };
            out.push(',');
            general(out, turn(degrees))
        }
        Shape::Annulus { rings, .. } => {
            out.push(',');
            let mut edges = spread(&rings.edges, rings.count, between)?;
            edges.sort_by(|a, b| size_of_length(a).total_cmp(&size_of_length(b)));
            lengths(out, edges.iter(), frame)
        }
        Shape::EllipseAnnulus(all) | Shape::BoxAnnulus(all) => {
            out.push(',');
            let pair = |a: &[Length; 2], b: &[Length; 2], t| {
                [between(&a[0], &b[0], t), between(&a[1], &b[1], t)]
            };
            let mut edges = spread(&all.rings.edges, all.rings.count, pair)?;
            edges.sort_by(|a, b| size_of_length(&a[0]).total_cmp(&size_of_length(&b[0])));
            lengths(out, edges.iter().flatten(), frame)?;
            comma_angle(out, all.angle)
        }
        Shape::Panda(panda) => self::panda(out, panda, |edge| vec![*edge], frame),
        Shape::Epanda(panda) | Shape::Bpanda(panda) => {
            self::panda(out, panda, |edge| edge.to_vec(), frame)?;
            comma_angle(out, panda.angle)
        }
        Shape::Composite { angle, .. } => comma_angle(out, *angle),
        _ => Ok(()),
    }
}

/// A length for sorting; units of one kind compare by their true size.
fn size_of_length(length: &Length) -> f64 {
    length.angle().map_or(length.value, |angle| angle.degrees())
}

fn between(a: &Length, b: &Length, t: f64) -> Length {
    Length::new(a.value + (b.value - a.value) * t, a.unit)
}

/// All edges of rings that were given by a number.
fn spread<L: Clone>(
    edges: &[L],
    count: Option<u32>,
    between: impl Fn(&L, &L, f64) -> L,
) -> Result<Vec<L>> {
    if count.is_some_and(|count| count > MOST_RINGS) {
        return Err(Unwritable::Property);
    }
    Ok(match (edges, count) {
        ([first, last], Some(count)) if count > 0 => {
            (0..=count).map(|n| between(first, last, f64::from(n) / f64::from(count))).collect()
        }
        _ => edges.to_vec(),
    })
}

fn panda<L>(
    out: &mut String,
    panda: &Panda<L>,
    parts: impl Fn(&L) -> Vec<Length>,
    frame: Frame,
) -> Result {
    out.push(',');
    span(out, panda.start, panda.stop)?;
    let _ = write!(out, ",{},", panda.angles);
    let all = [parts(&panda.inner), parts(&panda.outer)].concat();
    lengths(out, all.iter(), frame)?;
    let _ = write!(out, ",{}", panda.rings);
    Ok(())
}

/// What differs from the defaults, in DS9's order.
fn properties(out: &mut String, region: &Region) -> Result {
    special(out, region)?;
    if region.flag(Flag::Fill) {
        out.push_str(" fill=1");
    }
    if region.color() != "green" {
        let _ = write!(out, " color={}", region.color());
    }
    if let Some((on, off)) = own(region, Properties::dash_list).filter(|list| *list != (8, 3)) {
        let _ = write!(out, " dashlist={on} {off}");
    }
    if region.width() != 1.0 {
        let _ = write!(out, " width={}", region.width());
    }
    let font = own_text(region, Properties::font);
    if let Some(font) = font.filter(|font| *font != "helvetica 10 normal roman") {
        out.push_str(" font=");
        double_quoted(out, font)?;
    }
    if let Some(text) = region.text() {
        out.push_str(" text=");
        braced(out, text)?;
    }
    flags(out, region);
    for tag in region.tags() {
        out.push_str(" tag=");
        braced(out, tag)?;
    }
    if let Some(comment) = &region.comment {
        let _ = write!(out, " {comment}");
    }
    Ok(())
}

fn flags(out: &mut String, region: &Region) {
    for flag in Flag::ALL {
        let hidden = matches!(flag, Flag::Fill | Flag::Include);
        let value = region.flag(flag);
        if hidden || value == flag.default_value() {
            continue;
        }
        if flag == Flag::Source {
            out.push_str(" background");
        } else {
            let _ = write!(out, " {}={}", flag.name(), u8::from(value));
        }
    }
}

fn own<T>(region: &Region, find: impl Fn(&Properties) -> Option<T>) -> Option<T> {
    find(&region.properties).or_else(|| region.inherited.as_deref().and_then(find))
}

fn own_text<'a>(
    region: &'a Region,
    find: impl Fn(&'a Properties) -> Option<&'a str>,
) -> Option<&'a str> {
    find(&region.properties).or_else(|| region.inherited.as_deref().and_then(find))
}

/// The last property that `find` knows, of the region or else of the globals.
fn last<'a, T>(region: &'a Region, find: impl Fn(&'a Property) -> Option<T>) -> Option<T> {
    let inherited = region.inherited.as_deref().into_iter().flat_map(|all| all.iter().rev());
    region.properties.iter().rev().chain(inherited).find_map(find)
}

/// The properties that only one shape has.
fn special(out: &mut String, region: &Region) -> Result {
    match &region.shape {
        Shape::Point { .. } => {
            let (symbol, size) = region.point();
            let _ = write!(out, " point={}", symbol.name());
            if size != 11 {
                let _ = write!(out, " {size}");
            }
        }
        Shape::Line { .. } => {
            let arrows = last(region, |property| match property {
                Property::Line(start, end) => Some((*start, *end)),
                _ => None,
            });
            let (start, end) = arrows.unwrap_or_default();
            let _ = write!(out, " line={} {}", u8::from(start), u8::from(end));
        }
        Shape::Vector { .. } => {
            let head = last(region, |property| match property {
                Property::Vector(head) => Some(*head),
                _ => None,
            });
            let _ = write!(out, " vector={}", u8::from(head.unwrap_or(true)));
        }
        Shape::Composite { .. } => {
            let whole = last(region, |property| match property {
                Property::Composite(whole) => Some(*whole),
                _ => None,
            });
            let _ = write!(out, " composite={}", u8::from(whole.unwrap_or(true)));
        }
        Shape::Text(_) => text(out, region)?,
        Shape::Ruler { .. } => measure(out, region)?,
        Shape::Compass { .. } => {
            out.push(' ');
            let given = last(region, |property| match property {
                Property::Compass(compass) => Some(compass),
                _ => None,
            });
            match given {
                Some(given) => compass(out, given)?,
                None => out.push_str("compass=physical {N} {E} 1 1"),
            }
        }
        _ => {}
    }
    Ok(())
}

fn text(out: &mut String, region: &Region) -> Result {
    let angle = last(region, |property| match property {
        Property::TextAngle(angle) => Some(turn(angle.degrees())),
        _ => None,
    });
    if let Some(angle) = angle.filter(|angle| *angle != 0.0) {
        out.push_str(" textangle=");
        general(out, angle)?;
    }
    let turns = last(region, |property| match property {
        Property::TextRotate(turns) => Some(*turns),
        _ => None,
    });
    if turns == Some(false) {
        out.push_str(" textrotate=0");
    }
    Ok(())
}

fn measure(out: &mut String, region: &Region) -> Result {
    let axes = last(region, |property| match property {
        Property::Ruler(axes) => Some(axes),
        _ => None,
    });
    out.push_str(" ruler=");
    match axes {
        Some(axes) => ruler(out, axes)?,
        None => out.push_str("physical physical"),
    }
    let format = last(region, |property| match property {
        Property::Format(format) => Some(format),
        _ => None,
    });
    if let Some(format) = format.filter(|format| !format.is_empty()) {
        out.push_str(" format=");
        braced(out, format)?;
    }
    Ok(())
}
