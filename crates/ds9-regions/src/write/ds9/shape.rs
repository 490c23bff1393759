//! Shapes with DS9's precision.

use std::fmt::Write;

use astro_coords::Angle;

use super::super::number::{fixed, general, plain};
use super::super::{Result, Unwritable};
use super::{MOST_RINGS, span, turn};
use crate::{Frame, Length, Panda, Position, Shape, System, Unit};

/// A place, in the frame of its region as DS9 saves it, else with the unit that names its own.
pub(super) fn position(out: &mut String, position: &Position, frame: Frame) -> Result {
    let Position { x, y, frame: own } = *position;
    let celestial = own.sky_frame().is_some();
    let unit = match own.system {
        _ if own.same_axes(frame) => "",
        System::Image => "i",
        System::Physical => "p",
        _ if own.same_axes(frame.for_celestial_units()) => "d",
        _ => return Err(Unwritable::Frame),
    };
    for (value, end) in [(if celestial { turn(x) } else { x }, ","), (y, "")] {
        match (celestial, unit) {
            (true, _) => fixed(out, value, 7)?,
            (false, "") => general(out, value)?,
            // `1e9i` is none.
            (false, _) => plain(out, value)?,
        }
        out.push_str(unit);
        out.push_str(end);
    }
    Ok(())
}

/// A length; an arc in seconds, others bare where they are in the unit of the frame.
pub(super) fn length(out: &mut String, length: &Length, frame: Frame) -> Result {
    if let Some(angle) = length.angle() {
        fixed(out, angle.arcsec(), 3)?;
        out.push('"');
        return Ok(());
    }
    let unit = match length.unit {
        unit if unit == Length::native_unit(frame) => return general(out, length.value),
        Unit::Image => 'i',
        Unit::Physical => 'p',
        _ => return Err(Unwritable::Frame),
    };
    plain(out, length.value)?;
    out.push(unit);
    Ok(())
}

pub(super) fn lengths<'a>(
    out: &mut String,
    all: impl Iterator<Item = &'a Length>,
    frame: Frame,
) -> Result {
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

pub(super) fn shape(out: &mut String, shape: &Shape, frame: Frame) -> Result {
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
            if comparable(edges.iter()) {
                edges.sort_by(|a, b| size_of_length(a).total_cmp(&size_of_length(b)));
            }
            lengths(out, edges.iter(), frame)
        }
        Shape::EllipseAnnulus(all) | Shape::BoxAnnulus(all) => {
            out.push(',');
            let pair = |a: &[Length; 2], b: &[Length; 2], t| {
                [between(&a[0], &b[0], t), between(&a[1], &b[1], t)]
            };
            let mut edges = spread(&all.rings.edges, all.rings.count, pair)?;
            if comparable(edges.iter().flatten()) {
                edges.sort_by(|a, b| size_of_length(&a[0]).total_cmp(&size_of_length(&b[0])));
            }
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

/// Whether lengths can be sorted without an image: all arcs, or all in one kind of pixels.
fn comparable<'a>(all: impl Iterator<Item = &'a Length>) -> bool {
    let mut kinds = all.map(|one| one.angle().is_none().then_some(one.unit));
    kinds.next().is_none_or(|first| kinds.all(|kind| kind == first))
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
