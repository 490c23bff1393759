//! Where a region is on the sky, and its figures there.

use ds9_regions::{ImageFrame, Length, Position, Property, Region, Rings, Shape, WcsName};

use crate::catalog::figure::{Figure, Place, Tangent};

pub(super) fn figures(
    shape: &ds9_regions::PixelShape,
    center: Place,
    corners: Vec<Place>,
) -> Result<Vec<Figure>, String> {
    match shape {
        ds9_regions::PixelShape::Point(_) => Ok(vec![Figure::circle(center, 0.0)]),
        _ if !shape.has_area() => Err("it has no area".to_owned()),
        _ => Ok(Figure::of_shape(shape, center, corners)),
    }
}

/// The figures of a region whose places and lengths are on the sky.
pub(super) fn on_sky(region: &Region) -> Result<Vec<Figure>, String> {
    if lengths(region).iter().any(|length| length.angle().is_none()) {
        return Err("its size is in pixels; save it in arcsec".to_owned());
    }
    let place = |position: &Position| position.to_icrs().ok_or("its position is not on the sky");
    let center = Place::Sky(place(&region.shape.center().ok_or("it has no place")?)?);
    let plane = Tangent::at(center);
    let shape = region.to_pixel(&ImageFrame::new(&plane)).map_err(|error| error.to_string())?;
    let corners = match &region.shape {
        Shape::Polygon(corners) => corners
            .iter()
            .map(|corner| Ok(Place::Sky(place(corner)?)))
            .collect::<Result<_, &str>>()?,
        _ => Vec::new(),
    };
    figures(&shape, center, corners)
}

/// Whether no image is needed to know where the region is on the sky.
pub(super) fn is_on_sky(region: &Region) -> bool {
    let primary = region.frame.wcs == WcsName::Primary || region.frame.is_pixels();
    primary
        && region.frame.sky_frame().is_some()
        && positions(&region.shape).iter().all(|position| position.frame.sky_frame().is_some())
}

fn positions(shape: &Shape) -> Vec<Position> {
    match shape {
        Shape::Polygon(places) | Shape::Segment(places) => places.to_vec(),
        Shape::Line { start, end }
        | Shape::Ruler { start, end }
        | Shape::Projection { start, end, .. } => vec![*start, *end],
        shape => shape.center().into_iter().collect(),
    }
}

/// Every length that gives the size of an area.
fn lengths(region: &Region) -> Vec<Length> {
    let pairs = |rings: &Rings<[Length; 2]>| rings.edges.iter().flatten().copied().collect();
    let mut all: Vec<Length> = match &region.shape {
        Shape::Circle { radius, .. } => vec![*radius],
        Shape::Ellipse { semi_axes: pair, .. } | Shape::Box { size: pair, .. } => pair.to_vec(),
        Shape::Annulus { rings, .. } => rings.edges.to_vec(),
        Shape::EllipseAnnulus(rings) | Shape::BoxAnnulus(rings) => pairs(&rings.rings),
        Shape::Panda(panda) => vec![panda.inner, panda.outer],
        Shape::Epanda(panda) | Shape::Bpanda(panda) => [panda.inner, panda.outer].concat(),
        _ => Vec::new(),
    };
    for property in region.properties.iter() {
        if let Property::Cells(cells) = property {
            all.extend(cells.radii.iter().copied());
        }
    }
    all
}
