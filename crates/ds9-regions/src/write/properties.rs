//! `key=value` in canonical form.

use std::fmt::Write;

use super::canonical::length;
use super::number::shortest;
use super::quote::{braced, word};
use super::{Result, Unwritable};
use crate::properties::{Axes, CellKind, Cells, Compass, DistanceUnit, Ruler};
use crate::{Flag, Frame, Property, SkyFrame, System, WcsName};

impl Property {
    /// The property as it is written behind a region in `frame`, `color=red`; `None` where it has no text.
    pub fn to_text(&self, frame: Frame) -> Option<String> {
        let mut out = String::new();
        property(&mut out, self, frame).ok().map(|()| out)
    }
}

/// One property as the grammar reads it back.
pub(super) fn property(out: &mut String, property: &Property, frame: Frame) -> Result {
    match property {
        Property::Flag(Flag::Source, false) => out.push_str("background"),
        Property::Flag(flag, value) => switch(out, flag.name(), *value),
        Property::Color(text) => keyed(out, "color=", text, word)?,
        Property::DashList(on, off) => {
            let _ = write!(out, "dashlist={on} {off}");
        }
        Property::Width(width) => {
            out.push_str("width=");
            shortest(out, *width)?;
        }
        Property::Font(text) => keyed(out, "font=", text, super::quote::double_quoted)?,
        Property::Text(text) => keyed(out, "text=", text, braced)?,
        Property::Tag(text) => keyed(out, "tag=", text, braced)?,
        Property::Format(text) => keyed(out, "format=", text, braced)?,
        Property::Point(symbol, size) => {
            let _ = write!(out, "point={}", symbol.name());
            if let Some(size) = size {
                let _ = write!(out, " {size}");
            }
        }
        Property::Line(start, end) => {
            let _ = write!(out, "line={} {}", u8::from(*start), u8::from(*end));
        }
        Property::Vector(value) => switch(out, "vector", *value),
        Property::Composite(value) => switch(out, "composite", *value),
        Property::TextRotate(value) => switch(out, "textrotate", *value),
        Property::TextAngle(angle) => {
            out.push_str("textangle=");
            shortest(out, angle.degrees())?;
        }
        Property::Ruler(axes) => {
            out.push_str("ruler=");
            ruler(out, axes)?;
        }
        Property::Compass(value) => compass(out, value)?,
        Property::Callback(parts) => {
            let _ = write!(out, "callback={} ", parts[0]);
            braced(out, &parts[1])?;
            out.push(' ');
            braced(out, &parts[2])?;
        }
        Property::Cells(value) => cells(out, value, frame)?,
        Property::IgnoredCell => out.push_str("panda=ignore"),
        Property::Wcs(name) => {
            let _ = write!(out, "wcs={name}");
        }
    }
    Ok(())
}

fn switch(out: &mut String, name: &str, value: bool) {
    let _ = write!(out, "{name}={}", u8::from(value));
}

fn keyed(
    out: &mut String,
    key: &str,
    text: &str,
    quote: impl Fn(&mut String, &str) -> Result,
) -> Result {
    out.push_str(key);
    quote(out, text)
}

/// The shortest of the spellings DS9 knows.
pub(super) fn ruler(out: &mut String, ruler: &Ruler) -> Result {
    let world = Axes { system: System::Wcs, wcs: WcsName::Primary, sky: SkyFrame::Unnamed };
    let Ruler { axes: ends, distance, unit } = ruler;
    let named = ends.sky != SkyFrame::Unnamed;
    if distance.sky != SkyFrame::Unnamed {
        return Err(Unwritable::Property);
    }
    let primary = Axes { sky: SkyFrame::Unnamed, ..*ends } == world;
    if *distance == world && (primary || !named) {
        out.push_str(if named { ends.sky.name() } else { "" });
        if !named {
            axes(out, ends);
        }
        let _ = write!(out, " {}", unit.name());
        return Ok(());
    }
    axes(out, ends);
    out.push(' ');
    axes(out, distance);
    match (named, unit) {
        (true, _) => {
            let _ = write!(out, " {}", unit.name());
            Ok(())
        }
        (false, DistanceUnit::Degrees) => Ok(()),
        (false, _) => Err(Unwritable::Property),
    }
}

fn axes(out: &mut String, axes: &Axes) {
    let _ = match axes.system {
        System::Image => write!(out, "image"),
        System::Physical | System::PhysicalDefault => write!(out, "physical"),
        System::Detector => write!(out, "detector"),
        System::Amplifier => write!(out, "amplifier"),
        System::Wcs => write!(out, "{}", axes.wcs),
    };
    if axes.sky != SkyFrame::Unnamed {
        out.push(' ');
        out.push_str(axes.sky.name());
    }
}

pub(super) fn compass(out: &mut String, compass: &Compass) -> Result {
    out.push_str("compass=");
    axes(out, &compass.axes);
    out.push(' ');
    braced(out, &compass.north)?;
    out.push(' ');
    braced(out, &compass.east)?;
    let _ = write!(out, " {} {}", u8::from(compass.arrows.0), u8::from(compass.arrows.1));
    Ok(())
}

fn cells(out: &mut String, cells: &Cells, frame: Frame) -> Result {
    out.push_str(match cells.kind {
        CellKind::Panda => "panda=",
        CellKind::Epanda => "epanda=",
        CellKind::Bpanda => "bpanda=",
    });
    bracketed(out, &cells.angles, |out, angle| shortest(out, angle.degrees()))?;
    bracketed(out, &cells.radii, |out, radius| length(out, *radius, frame))?;
    if let Some(angle) = cells.angle {
        bracketed(out, &[angle], |out, angle| shortest(out, angle.degrees()))?;
    }
    Ok(())
}

fn bracketed<T>(out: &mut String, all: &[T], one: impl Fn(&mut String, &T) -> Result) -> Result {
    for (index, value) in all.iter().enumerate() {
        out.push(if index == 0 { '(' } else { ' ' });
        one(out, value)?;
    }
    out.push(')');
    Ok(())
}
