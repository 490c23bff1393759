//! Regions as rows of a table.

use std::borrow::Cow;

use astro_coords::Angle;
use ds9_regions::{Length, Panda, Position, Property, Region, RegionFile, Shape, Unit};

use crate::table::{Column, Table, Values};

/// One row a region: `index, line, include, shape, frame, x, y, sizes, angle, text, tags, properties`.
pub(super) fn table(file: &RegionFile) -> Table {
    let regions = file.regions();
    let number = |value: usize| i64::try_from(value).ok();
    let int = |name, description, value: &dyn Fn(usize, &Region) -> Option<i64>| {
        let values = regions.iter().enumerate().map(|(n, region)| value(n, region)).collect();
        column(name, description, Values::Int(values))
    };
    let float = |name, description, value: &dyn Fn(&Region) -> Option<f64>| {
        let values = regions.iter().map(|region| value(region).unwrap_or(f64::NAN)).collect();
        column(name, description, Values::Float(values))
    };
    let text = |name, description, value: &dyn Fn(&Region) -> String| {
        column(name, description, Values::Text(regions.iter().map(value).collect()))
    };
    let columns = vec![
        int("index", "place in the file, counted from 1", &|n, _| number(n + 1)),
        int("line", "line in the file", &|_, region| Some(region.line().into())),
        int("include", "0 where the region excludes", &|_, region| Some(region.include().into())),
        text("shape", "DS9's word", &|region| region.shape.name().to_owned()),
        text("frame", "what x and y mean", &frame),
        float("x", "degrees on the sky, else pixels, the first at 1", &|region| {
            region.shape.center().map(|center| center.x)
        }),
        float("y", "degrees on the sky, else pixels, the first at 1", &|region| {
            region.shape.center().map(|center| center.y)
        }),
        text("sizes", "lengths with their units, or the other points", &sizes),
        float("angle", "degrees from the x axis, on the sky from west through north", &|region| {
            angle(&region.shape).map(Angle::degrees)
        }),
        text("text", "the label", &|region| region.text().unwrap_or_default().to_owned()),
        text("tags", "separated by commas", &|region| region.tags().collect::<Vec<_>>().join(",")),
        text("properties", "everything else behind the region", &properties),
    ];
    Table { columns, ..Table::default() }
}

fn column(name: &'static str, description: &'static str, values: Values) -> Column {
    Column { name: Cow::Borrowed(name), unit: None, description, values }
}

/// The frame of the centre, which its spelling may choose; DS9 takes physical pixels where none is named.
fn frame(region: &Region) -> String {
    let frame = region.shape.center().map_or(region.frame, |center| center.frame);
    let text = frame.to_string();
    if text.is_empty() { "physical".to_owned() } else { text }
}

fn properties(region: &Region) -> String {
    let others = region
        .properties
        .iter()
        .filter(|property| !matches!(property, Property::Text(_) | Property::Tag(_)));
    others.filter_map(|property| property.to_text(region.frame)).collect::<Vec<_>>().join(" ")
}

fn angle(shape: &Shape) -> Option<Angle> {
    match shape {
        Shape::Ellipse { angle, .. } | Shape::Box { angle, .. } => {
            Some(angle.unwrap_or(Angle::from_degrees(0.0)))
        }
        Shape::EllipseAnnulus(rings) | Shape::BoxAnnulus(rings) => {
            Some(rings.angle.unwrap_or(Angle::from_degrees(0.0)))
        }
        Shape::Vector { angle, .. } => Some(*angle),
        Shape::Epanda(panda) | Shape::Bpanda(panda) => panda.angle,
        Shape::Composite { angle, .. } => *angle,
        _ => None,
    }
}

fn sizes(region: &Region) -> String {
    let words: Vec<String> = match &region.shape {
        Shape::Circle { radius: one, .. }
        | Shape::Vector { length: one, .. }
        | Shape::Compass { length: one, .. } => vec![length(one)],
        Shape::Ellipse { semi_axes: pair, .. } | Shape::Box { size: pair, .. } => {
            pair.iter().map(length).collect()
        }
        Shape::Polygon(vertices) | Shape::Segment(vertices) => {
            vertices.iter().skip(1).map(point).collect()
        }
        Shape::Line { end, .. } | Shape::Ruler { end, .. } => vec![point(end)],
        Shape::Projection { end, width, .. } => vec![point(end), length(width)],
        Shape::Annulus { rings, .. } => {
            rings.edges.iter().map(length).chain(rings.count.map(|n| format!("n={n}"))).collect()
        }
        Shape::EllipseAnnulus(all) | Shape::BoxAnnulus(all) => {
            let edges = all.rings.edges.iter().flatten().map(length);
            edges.chain(all.rings.count.map(|n| format!("n={n}"))).collect()
        }
        Shape::Panda(all) => panda(all, &[all.inner, all.outer]),
        Shape::Epanda(all) | Shape::Bpanda(all) => panda(all, &[all.inner, all.outer].concat()),
        _ => Vec::new(),
    };
    words.join(" ")
}

fn panda<L>(panda: &Panda<L>, edges: &[Length]) -> Vec<String> {
    let (start, stop) = (panda.start.degrees(), panda.stop.degrees());
    let mut words =
        vec![format!("{start}deg"), format!("{stop}deg"), format!("n={}", panda.angles)];
    words.extend(edges.iter().map(length));
    words.push(format!("n={}", panda.rings));
    words
}

fn point(position: &Position) -> String {
    format!("{} {}", position.x, position.y)
}

fn length(length: &Length) -> String {
    let unit = match length.unit {
        Unit::Degree => "deg",
        Unit::Arcmin => "arcmin",
        Unit::Arcsec => "arcsec",
        Unit::Radian => "rad",
        Unit::Image => "px",
        Unit::Physical => "physical",
        Unit::Axis => "",
    };
    format!("{}{unit}", length.value)
}
