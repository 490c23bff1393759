//! Where to look: regions and places as circles and polygons on the sky.

use std::path::Path;

use anyhow::{Context, bail};
use astro_coords::{Angle, SkyCircle, SkyCoord, SkyPolygon, SkyShape};
use ds9_regions::{Length, Position, Region, Shape, SkyFrame};
use mast_client::Cone;

use crate::console::Console;

/// The include regions of a file on the sky; what has no place there is named. Circles, boxes and polygons are exact,
/// of other shapes it is the circle around them.
///
/// Returns them and how many regions were left out.
pub(crate) fn of_file(path: &Path, console: &Console) -> anyhow::Result<(Vec<SkyShape>, usize)> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file = crate::regions::parse(&bytes, None);
    let name = path.display();
    for error in file.errors() {
        let text = error.render(&bytes);
        console.problem(&format!("{name}:{}:{}\n{}", error.line, error.column, text.trim_end()));
    }
    let mut left_out = file.error_count();
    let mut shapes = Vec::new();
    for region in file.regions().iter().filter(|region| region.include()) {
        match on_the_sky(&region.shape) {
            Some(shape) => shapes.push(shape),
            None => {
                left_out += 1;
                console.problem(&unplaced(path, region));
            }
        }
    }
    if shapes.is_empty() {
        bail!("{name}: no region with a place on the sky");
    }
    Ok((shapes, left_out))
}

fn unplaced(path: &Path, region: &Region) -> String {
    let (name, line, shape) = (path.display(), region.line(), region.shape.name());
    format!(
        "{name}:{line}: {shape} left out: it is in pixels; save the file in icrs or fk5 with sizes in arcsec"
    )
}

/// `None` for a shape in pixels.
fn on_the_sky(shape: &Shape) -> Option<SkyShape> {
    match shape {
        Shape::Box { center, size: [width, height], angle } if has_north_of_icrs(center) => {
            let size = (width.angle()?.abs(), height.angle()?.abs());
            Some(rectangle(center.to_icrs()?, size, angle.unwrap_or(Angle::ZERO)))
        }
        Shape::Polygon(places) => {
            let corners = places.iter().map(Position::to_icrs).collect::<Option<Vec<_>>>()?;
            let polygon = SkyPolygon::new(&corners).map(SkyShape::from);
            polygon.or_else(|| Some(SkyCircle::from(around(shape)?).into()))
        }
        _ => Some(SkyCircle::from(around(shape)?).into()),
    }
}

/// FK5 is turned by milliarcseconds, other frames by any angle.
fn has_north_of_icrs(place: &Position) -> bool {
    matches!(place.frame.sky_frame(), Some(SkyFrame::Icrs | SkyFrame::Fk5))
}

/// The circle around a shape; `None` for one in pixels.
fn around(shape: &Shape) -> Option<Cone> {
    let widest = |lengths: &[Length]| {
        let sizes = lengths.iter().map(|length| length.angle());
        sizes
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .max_by(|a, b| a.degrees().total_cmp(&b.degrees()))
    };
    let diagonal = |sides: &[[Length; 2]]| {
        let half =
            |[w, h]: &[Length; 2]| Some(w.angle()?.degrees().hypot(h.angle()?.degrees()) / 2.0);
        let sizes = sides.iter().map(half).collect::<Option<Vec<_>>>()?;
        sizes.into_iter().reduce(f64::max).map(Angle::from_degrees)
    };
    let (center, radius) = match shape {
        Shape::Circle { center, radius } => (*center, radius.angle()?),
        Shape::Ellipse { center, semi_axes, .. } => (*center, widest(semi_axes)?),
        Shape::Box { center, size, .. } => (*center, diagonal(&[*size])?),
        Shape::Annulus { center, rings } => (*center, widest(&rings.edges)?),
        Shape::EllipseAnnulus(shape) => (shape.center, widest(&shape.rings.edges.concat())?),
        Shape::BoxAnnulus(shape) => (shape.center, diagonal(&shape.rings.edges)?),
        Shape::Panda(shape) => (shape.center, shape.outer.angle()?),
        Shape::Epanda(shape) => (shape.center, widest(&shape.outer)?),
        Shape::Bpanda(shape) => (shape.center, diagonal(&[shape.outer])?),
        Shape::Compass { center, length } => (*center, length.angle()?),
        Shape::Vector { start, length, .. } => (*start, length.angle()?),
        Shape::Projection { start, end, width } => {
            let line = around_all(&[*start, *end])?;
            let radius = Angle::from_degrees(line.radius.degrees() + width.angle()?.degrees());
            return Some(Cone { radius, ..line });
        }
        Shape::Polygon(places) | Shape::Segment(places) => return around_all(places),
        Shape::Line { start, end } | Shape::Ruler { start, end } => {
            return around_all(&[*start, *end]);
        }
        Shape::Text(center) | Shape::Point { center, .. } | Shape::Composite { center, .. } => {
            (*center, Angle::ZERO)
        }
        _ => return None,
    };
    let radius = radius.abs();
    radius.degrees().is_finite().then_some(Cone { center: center.to_icrs()?, radius })
}

fn around_all(places: &[Position]) -> Option<Cone> {
    let cone = |place: &Position| Some(Cone { center: place.to_icrs()?, radius: Angle::ZERO });
    Cone::around(&places.iter().map(cone).collect::<Option<Vec<_>>>()?)
}

/// A rectangle of `size` (width and height), its sides along the meridian and the parallel and then turned by `angle`
/// from west to north; a circle where it is too narrow to have an area.
pub(super) fn rectangle(
    center: SkyCoord,
    (width, height): (Angle, Angle),
    angle: Angle,
) -> SkyShape {
    let (w, h) = (width.degrees() / 2.0, height.degrees() / 2.0);
    let (sin, cos) = angle.radians().sin_cos();
    let corner = |(x, y): (f64, f64)| {
        let (west, north) = (x * cos - y * sin, x * sin + y * cos);
        let direction = Angle::from_radians((-west).atan2(north));
        center.offset(direction, Angle::from_degrees(x.hypot(y)))
    };
    let polygon = SkyPolygon::new(&[(w, h), (-w, h), (-w, -h), (w, -h)].map(corner));
    let around = || SkyCircle::new(center, Angle::from_degrees(w.hypot(h))).into();
    polygon.map_or_else(around, SkyShape::from)
}

#[cfg(test)]
mod tests {
    use ds9_regions::{Mode, RegionFile};

    use super::*;

    fn cone(text: &str) -> Option<Cone> {
        let file = RegionFile::parse(text.as_bytes(), Mode::Recover);
        around(&file.regions()[0].shape)
    }

    #[test]
    fn every_shape_lies_within_its_circle() {
        for (text, arcsec) in [
            ("icrs; circle(10,20,3\")", 3.0),
            ("icrs; ellipse(10,20,3\",5\",30)", 5.0),
            ("icrs; box(10,20,6\",8\",30)", 5.0),
            ("icrs; annulus(10,20,1\",2\",4\")", 4.0),
            ("icrs; point(10,20)", 0.0),
            ("icrs; panda(10,20,0,90,1,1\",2\",1)", 2.0),
        ] {
            let cone = cone(text).unwrap();
            assert!((cone.radius.arcsec() - arcsec).abs() < 1e-9, "{text}: {cone:?}");
            assert!(cone.center.separation(SkyCoord::from_degrees(10.0, 20.0)).arcsec() < 1e-6);
        }
        let polygon = cone("icrs; polygon(359.999,0,0.001,0,0.001,0.001)").unwrap();
        assert!((3.6..8.0).contains(&polygon.radius.arcsec()), "{polygon:?}");
        assert_eq!(cone("image; circle(10,20,3)"), None);
    }

    #[test]
    fn boxes_and_polygons_are_themselves() {
        let shape = |text: &str| {
            let file = RegionFile::parse(text.as_bytes(), Mode::Recover);
            on_the_sky(&file.regions()[0].shape).unwrap()
        };
        let center = SkyCoord::from_degrees(10.0, 20.0);
        let turned = shape("icrs; box(10,20,6\",8\",30)");
        // DS9 turns the width from west to north.
        for (direction, inside, outside) in
            [(300.0, 2.99, 3.01), (120.0, 2.99, 3.01), (30.0, 3.99, 4.01), (210.0, 3.99, 4.01)]
        {
            let at = |arcsec: f64| {
                center.offset(Angle::from_degrees(direction), Angle::from_arcsec(arcsec))
            };
            assert!(turned.contains(at(inside)) && !turned.contains(at(outside)), "{direction}");
        }
        assert!(matches!(shape("icrs; polygon(10,20,10.01,20,10,20.01)"), SkyShape::Polygon(_)));
        // No area, and a frame whose north is another one.
        for text in ["icrs; box(10,20,6\",0\",30)", "galactic; box(10,20,6\",8\",30)"] {
            assert!(matches!(shape(text), SkyShape::Circle(_)), "{text}");
        }
    }
}
