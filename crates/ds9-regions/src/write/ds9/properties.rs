//! What differs from the defaults, in DS9's order.

use std::fmt::Write;

use super::super::Result;
use super::super::number::general;
use super::super::properties::{compass, ruler};
use super::super::quote::{braced, double_quoted};
use super::turn;
use crate::{Flag, Properties, Property, Region, Shape};

/// What differs from the defaults, in DS9's order.
pub(super) fn properties(out: &mut String, region: &Region) -> Result {
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
