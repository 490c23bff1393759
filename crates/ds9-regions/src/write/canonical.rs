//! Text that reads back as the same regions.

use std::fmt::Write;
use std::sync::Arc;

use super::number::{plain, shortest};
use super::properties::property;
use super::quote::braced;
use super::{HEADER, Result, Unwritable};
use crate::{
    Conjunction, Frame, Length, Panda, Position, Properties, Property, Region, Rings, RotatedRings,
    Shape, Sign, SkyFrame, System, Unit,
};

/// Writes regions one after another and keeps what the reader of the text would know by then.
pub(super) struct Writer<'a> {
    out: &'a mut String,
    frame: Frame,
    tile: u32,
    globals: Option<Arc<Properties>>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut String) -> Self {
        out.push_str(HEADER);
        Self { out, frame: Frame::UNNAMED, tile: 1, globals: None }
    }

    pub(super) fn region(&mut self, region: &Region) -> Result {
        self.globals(region.inherited.as_ref())?;
        frame_commands(self.out, &mut self.frame, region.frame)?;
        if self.tile != region.tile {
            self.tile = region.tile;
            let _ = writeln!(self.out, "tile {}", region.tile);
        }
        match region.sign {
            Some(Sign::Include) => self.out.push('+'),
            Some(Sign::Exclude) => self.out.push('-'),
            None => {}
        }
        shape(self.out, &region.shape, region.frame)?;
        let inside = arguments_of_text(region);
        for one in region.properties.iter().take(inside) {
            self.out.push(',');
            match one {
                Property::Text(label) => braced(self.out, label)?,
                Property::TextAngle(angle) => shortest(self.out, angle.degrees())?,
                _ => {}
            }
        }
        self.out.push(')');
        match region.conjunction {
            Some(Conjunction::Or) => self.out.push_str(" ||"),
            Some(Conjunction::And) => self.out.push_str(" &&"),
            None => {}
        }
        self.tail(region, inside)?;
        self.out.push('\n');
        Ok(())
    }

    fn globals(&mut self, wanted: Option<&Arc<Properties>>) -> Result {
        let Some(wanted) = wanted else { return Ok(()) };
        let same = |old: &Arc<Properties>| Arc::ptr_eq(old, wanted) || old == wanted;
        if self.globals.as_ref().is_some_and(same) {
            return Ok(());
        }
        self.out.push_str("global");
        for one in wanted.iter() {
            self.out.push(' ');
            property(self.out, one, self.frame)?;
            if let Property::Wcs(name) = one {
                self.frame.wcs = *name;
            }
        }
        self.out.push('\n');
        self.globals = Some(Arc::clone(wanted));
        Ok(())
    }

    fn tail(&mut self, region: &Region, skip: usize) -> Result {
        let properties = || region.properties.iter().skip(skip);
        if properties().next().is_none() && region.comment.is_none() {
            return Ok(());
        }
        self.out.push_str(" #");
        for one in properties() {
            self.out.push(' ');
            property(self.out, one, region.frame)?;
        }
        let Some(comment) = &region.comment else { return Ok(()) };
        if comment.contains(['\n', '\r']) {
            return Err(Unwritable::NewLine);
        }
        if needs_comma(properties().next_back(), comment) {
            self.out.push(',');
        }
        self.out.push(' ');
        self.out.push_str(comment);
        Ok(())
    }
}

/// How many properties of `text(x, y, label, angle) # ; comment` must stay in the brackets: behind `#` they would
/// change what the comment is.
fn arguments_of_text(region: &Region) -> usize {
    let Some(comment) = &region.comment else { return 0 };
    if comment.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return 0;
    }
    let mut properties = region.properties.iter();
    match (&region.shape, properties.next(), properties.next()) {
        (Shape::Text(_), Some(Property::Text(_)), Some(Property::TextAngle(_))) => 2,
        (Shape::Text(_), Some(Property::Text(_)), _) => 1,
        _ => 0,
    }
}

/// Whether the comment would be read as part of the property before it.
fn needs_comma(before: Option<&Property>, comment: &str) -> bool {
    match before {
        None => false,
        Some(Property::Point(_, None)) => {
            comment.starts_with(|c: char| c.is_ascii_digit() || "+-.,".contains(c))
        }
        Some(_) => comment.starts_with(','),
    }
}

/// The commands that lead from one frame to another; `from` becomes what they leave.
pub(super) fn frame_commands(out: &mut String, from: &mut Frame, to: Frame) -> Result {
    if from.same_axes(to) {
        return Ok(());
    }
    if to.system != System::Wcs {
        from.system = to.system;
        out.push_str(match to.system {
            System::Image => "image\n",
            System::Detector => "detector\n",
            System::Amplifier => "amplifier\n",
            _ => "physical\n",
        });
        return Ok(());
    }
    if to.sky == SkyFrame::Unnamed && from.sky != SkyFrame::Unnamed {
        return Err(Unwritable::Frame);
    }
    if from.wcs != to.wcs || to.sky == SkyFrame::Unnamed {
        let _ = writeln!(out, "{}", to.wcs);
        (from.system, from.wcs) = (System::Wcs, to.wcs);
    }
    if !from.same_axes(to) {
        let _ = writeln!(out, "{}", to.sky.name());
    }
    *from = to;
    Ok(())
}

/// The shape up to its closing bracket.
fn shape(out: &mut String, shape: &Shape, frame: Frame) -> Result {
    if let Shape::Point { symbol: Some(symbol), .. } = shape {
        out.push_str(symbol.name());
        out.push(' ');
    }
    out.push_str(shape.name());
    let mut args = Arguments { out, frame, first: true };
    match shape {
        Shape::Circle { center, radius } => args.at(center)?.length(radius)?,
        Shape::Ellipse { center, semi_axes: pair, angle }
        | Shape::Box { center, size: pair, angle } => args.at(center)?.pair(pair)?.maybe(*angle)?,
        Shape::Polygon(vertices) | Shape::Segment(vertices) => {
            vertices.iter().try_fold(&mut args, Arguments::at)?
        }
        Shape::Line { start, end } | Shape::Ruler { start, end } => args.at(start)?.at(end)?,
        Shape::Vector { start, length, angle } => {
            args.at(start)?.length(length)?.number(angle.degrees())?
        }
        Shape::Text(center) | Shape::Point { center, .. } => args.at(center)?,
        Shape::Compass { center, length } => args.at(center)?.length(length)?,
        Shape::Projection { start, end, width } => args.at(start)?.at(end)?.length(width)?,
        Shape::Annulus { center, rings: Rings { edges, count } } => {
            args.at(center)?;
            edges.iter().try_fold(&mut args, Arguments::length)?.rings(*count)
        }
        Shape::EllipseAnnulus(rings) | Shape::BoxAnnulus(rings) => args.rotated(rings)?,
        Shape::Panda(panda) => args.panda(panda, Arguments::length)?,
        Shape::Epanda(panda) | Shape::Bpanda(panda) => args.panda(panda, Arguments::pair)?,
        Shape::Composite { center, angle } => args.at(center)?.maybe(*angle)?,
    };
    Ok(())
}

struct Arguments<'a> {
    out: &'a mut String,
    frame: Frame,
    first: bool,
}

impl Arguments<'_> {
    fn separate(&mut self) {
        self.out.push(if self.first { '(' } else { ',' });
        self.first = false;
    }

    fn number(&mut self, value: f64) -> Result<&mut Self> {
        self.separate();
        shortest(self.out, value)?;
        Ok(self)
    }

    fn at(&mut self, position: &Position) -> Result<&mut Self> {
        let here = self.frame;
        if position.frame.same_axes(here) {
            return self.number(position.x)?.number(position.y);
        }
        let unit = match position.frame.system {
            System::Image => 'i',
            System::Physical => 'p',
            _ if position.frame.same_axes(here.for_celestial_units()) => 'd',
            _ => return Err(Unwritable::Frame),
        };
        for value in [position.x, position.y] {
            self.separate();
            plain(self.out, value)?;
            self.out.push(unit);
        }
        Ok(self)
    }

    fn length(&mut self, value: &Length) -> Result<&mut Self> {
        self.separate();
        length(self.out, *value, self.frame)?;
        Ok(self)
    }

    fn pair(&mut self, pair: &[Length; 2]) -> Result<&mut Self> {
        self.length(&pair[0])?.length(&pair[1])
    }

    fn maybe(&mut self, angle: Option<astro_coords::Angle>) -> Result<&mut Self> {
        match angle {
            Some(angle) => self.number(angle.degrees()),
            None => Ok(self),
        }
    }

    fn rings(&mut self, count: Option<u32>) -> &mut Self {
        if let Some(count) = count {
            let _ = write!(self.out, ",n={count}");
        }
        self
    }

    fn count(&mut self, count: u32) -> &mut Self {
        self.separate();
        let _ = write!(self.out, "{count}");
        self
    }

    fn rotated(&mut self, all: &RotatedRings) -> Result<&mut Self> {
        self.at(&all.center)?;
        all.rings.edges.iter().try_fold(&mut *self, |args, pair| args.pair(pair))?;
        self.rings(all.rings.count).maybe(all.angle)
    }

    fn panda<L>(
        &mut self,
        panda: &Panda<L>,
        edge: impl for<'b> Fn(&'b mut Self, &L) -> Result<&'b mut Self>,
    ) -> Result<&mut Self> {
        self.at(&panda.center)?.number(panda.start.degrees())?.number(panda.stop.degrees())?;
        self.count(panda.angles);
        edge(self, &panda.inner)?;
        edge(self, &panda.outer)?;
        self.count(panda.rings).maybe(panda.angle)
    }
}

/// A length, bare where its unit is that of the frame.
pub(super) fn length(out: &mut String, length: Length, frame: Frame) -> Result {
    let suffix = match length.unit {
        unit if unit == Length::native_unit(frame) => return shortest(out, length.value),
        Unit::Arcmin => '\'',
        Unit::Arcsec => '"',
        Unit::Degree => 'd',
        Unit::Radian => 'r',
        Unit::Image => 'i',
        Unit::Physical => 'p',
        Unit::Axis => return Err(Unwritable::Frame),
    };
    plain(out, length.value)?;
    out.push(suffix);
    Ok(())
}
