//! Regions from one frame to another.

use astro_coords::Angle;

use super::convert::ConvertError;
use super::image::ImageFrame;
use crate::frames;
use crate::{
    Cells, Frame, Length, Panda, Position, Property, Region, Rings, RotatedRings, Shape, Unit,
};

impl Region {
    /// The same region written in `frame`: positions and angles are carried over, lengths keep their unit where
    /// the new frame can have it, and nothing else changes.
    ///
    /// Between sky frames no image is needed, and an angle is turned by how the two norths differ at the region's
    /// centre. To and from pixels, `image` and its policies say how; with an image, `5i` under `fk5` becomes an arc.
    ///
    /// # Errors
    /// [`ConvertError::NeedsImage`] where one of the frames is not on the sky and no image is given, and the
    /// errors of [`ImageFrame::pixel`].
    pub fn in_frame(
        &self,
        frame: Frame,
        image: Option<&ImageFrame<'_>>,
    ) -> Result<Self, ConvertError> {
        let to = Reframe { from: self.frame, to: frame, image };
        let center = self.shape.center();
        let mut moved = self.clone();
        moved.shape = to.shape(&self.shape, center)?;
        moved.frame = frame;
        if let Some(center) = center {
            to.properties(&mut moved, center)?;
        }
        Ok(moved)
    }
}

struct Reframe<'a> {
    from: Frame,
    to: Frame,
    image: Option<&'a ImageFrame<'a>>,
}

impl Reframe<'_> {
    /// The properties that say where something points.
    fn properties(&self, region: &mut Region, at: Position) -> Result<(), ConvertError> {
        let text = matches!(region.shape, Shape::Text(_));
        for property in region.properties.as_mut_slice() {
            match property {
                Property::Cells(cells) => **cells = self.cells(cells, at)?,
                Property::TextAngle(angle) if text => *angle = self.angle(*angle, at)?,
                _ => {}
            }
        }
        // An angle for all texts is another one for each place in another frame.
        let own = region.properties.text_angle();
        let angle = region.text_angle().filter(|_| text && own.is_none());
        if let Some(angle) = angle.filter(|_| !self.from.same_axes(self.to)) {
            let angle = Property::TextAngle(self.angle(angle, at)?);
            region.properties = region.properties.iter().cloned().chain([angle]).collect();
        }
        Ok(())
    }

    fn shape(&self, shape: &Shape, center: Option<Position>) -> Result<Shape, ConvertError> {
        let places = |all: &[Position]| {
            all.iter().map(|p| self.position(*p)).collect::<Result<_, ConvertError>>()
        };
        let Some(at) = center else { return Ok(shape.clone()) };
        let angle = |angle: Option<Angle>| self.optional(angle, at);
        let length = |length: Length| self.length(length, at);
        let pair = |[a, b]: [Length; 2]| Ok::<_, ConvertError>([length(a)?, length(b)?]);
        let center = self.position(at)?;
        Ok(match shape {
            Shape::Circle { radius, .. } => Shape::Circle { center, radius: length(*radius)? },
            Shape::Ellipse { semi_axes, angle: a, .. } => {
                Shape::Ellipse { center, semi_axes: pair(*semi_axes)?, angle: angle(*a)? }
            }
            Shape::Box { size, angle: a, .. } => {
                Shape::Box { center, size: pair(*size)?, angle: angle(*a)? }
            }
            Shape::Polygon(vertices) => Shape::Polygon(places(vertices)?),
            Shape::Segment(vertices) => Shape::Segment(places(vertices)?),
            Shape::Line { end, .. } => Shape::Line { start: center, end: self.position(*end)? },
            Shape::Ruler { end, .. } => Shape::Ruler { start: center, end: self.position(*end)? },
            Shape::Projection { end, width, .. } => Shape::Projection {
                start: center,
                end: self.position(*end)?,
                width: length(*width)?,
            },
            Shape::Vector { length: far, angle, .. } => Shape::Vector {
                start: center,
                length: length(*far)?,
                angle: self.angle(*angle, at)?,
            },
            Shape::Text(_) => Shape::Text(center),
            Shape::Point { symbol, .. } => Shape::Point { center, symbol: *symbol },
            Shape::Compass { length: far, .. } => Shape::Compass { center, length: length(*far)? },
            Shape::Annulus { rings, .. } => {
                Shape::Annulus { center, rings: ringed(rings, length)? }
            }
            Shape::EllipseAnnulus(rings) => {
                Shape::EllipseAnnulus(Box::new(self.rings(rings, center)?))
            }
            Shape::BoxAnnulus(rings) => Shape::BoxAnnulus(Box::new(self.rings(rings, center)?)),
            Shape::Panda(panda) => {
                let [start, stop] = self.cell_edges(panda, at)?;
                let (inner, outer) = (length(panda.inner)?, length(panda.outer)?);
                Shape::Panda(Box::new(Panda { center, start, stop, inner, outer, ..**panda }))
            }
            Shape::Epanda(panda) => Shape::Epanda(Box::new(self.rotated(panda, at)?)),
            Shape::Bpanda(panda) => Shape::Bpanda(Box::new(self.rotated(panda, at)?)),
            Shape::Composite { angle: a, .. } => Shape::Composite { center, angle: angle(*a)? },
        })
    }

    fn position(&self, position: Position) -> Result<Position, ConvertError> {
        if position.frame.same_axes(self.to) {
            return Ok(Position { frame: self.to, ..position });
        }
        let (Some(_), Some(sky)) = (position.frame.sky_frame(), self.to.sky_frame()) else {
            let image = self.image()?;
            return image.position(image.pixel(position)?, self.to);
        };
        let place = position.to_icrs().ok_or(ConvertError::OffProjection)?;
        let transform = frames::transform(sky).ok_or(ConvertError::NoSuchAxes(self.to))?;
        let (lon, lat) = transform.from_icrs(place);
        Ok(Position::new(lon.degrees(), lat.degrees(), self.to))
    }

    fn image(&self) -> Result<&ImageFrame<'_>, ConvertError> {
        self.image.ok_or(ConvertError::NeedsImage { from: self.from, to: self.to })
    }

    fn optional(&self, angle: Option<Angle>, at: Position) -> Result<Option<Angle>, ConvertError> {
        let moved = self.angle(angle.unwrap_or(Angle::ZERO), at)?;
        Ok((angle.is_some() || moved.degrees() != 0.0).then_some(moved))
    }

    fn angle(&self, angle: Angle, at: Position) -> Result<Angle, ConvertError> {
        if self.from.same_axes(self.to) {
            return Ok(angle);
        }
        let (Some(old), Some(new)) = (self.from.sky_frame(), self.to.sky_frame()) else {
            let image = self.image()?;
            let pixel = image.pixel(at)?;
            let turned = image.angle_to_pixels(angle, self.from, pixel)?;
            return Ok(image.angle_from_pixels(turned, self.to, pixel)?.wrapped());
        };
        let place = at.to_icrs().ok_or(ConvertError::OffProjection)?;
        let north = |sky| {
            let transform = frames::transform(sky)?;
            let (lon, lat) = transform.from_icrs(place);
            Some(transform.north(lon, lat))
        };
        let (old, new) = north(old).zip(north(new)).ok_or(ConvertError::NoSuchAxes(self.to))?;
        Ok((angle + old - new).wrapped())
    }

    /// Arcs are the same in all sky frames; others are measured in the image.
    fn length(&self, length: Length, at: Position) -> Result<Length, ConvertError> {
        let unit = Length::native_unit(self.to);
        if length.angle().is_some() && unit == Unit::Degree
            || length.unit == unit && unit != Unit::Axis
        {
            return Ok(length);
        }
        if self.from.same_axes(self.to) && self.image.is_none() {
            return Ok(length);
        }
        let image = self.image()?;
        let pixel = image.pixel(at)?;
        let pixels = image.pixels(length, self.from, pixel)?;
        let one = image.pixels(Length::new(1.0, unit), self.to, pixel)?;
        Ok(Length::new(pixels / one, unit))
    }

    fn rings(&self, rings: &RotatedRings, center: Position) -> Result<RotatedRings, ConvertError> {
        let at = rings.center;
        let pair = |[a, b]: [Length; 2]| Ok([self.length(a, at)?, self.length(b, at)?]);
        let angle = self.optional(rings.angle, at)?;
        Ok(RotatedRings { center, rings: ringed(&rings.rings, pair)?, angle })
    }

    fn rotated(
        &self,
        panda: &Panda<[Length; 2]>,
        at: Position,
    ) -> Result<Panda<[Length; 2]>, ConvertError> {
        let pair =
            |[a, b]: [Length; 2]| Ok::<_, ConvertError>([self.length(a, at)?, self.length(b, at)?]);
        let [start, stop] = self.cell_edges(panda, at)?;
        Ok(Panda {
            center: self.position(at)?,
            start,
            stop,
            inner: pair(panda.inner)?,
            outer: pair(panda.outer)?,
            angle: self.optional(panda.angle, at)?,
            ..*panda
        })
    }

    fn cell_edges<L>(&self, panda: &Panda<L>, at: Position) -> Result<[Angle; 2], ConvertError> {
        let (start, stop) = (self.angle(panda.start, at)?, self.angle(panda.stop, at)?);
        if (panda.stop - panda.start).wrapped().degrees() == 0.0 {
            return Ok([start, start + Angle::from_degrees(360.0)]);
        }
        Ok(if self.mirrors(at)? { [stop, start] } else { [start, stop] })
    }

    fn cells(&self, cells: &Cells, at: Position) -> Result<Cells, ConvertError> {
        let mirrors = self.mirrors(at)?;
        let mut angles = cells.angles.clone();
        for angle in &mut angles {
            *angle = self.angle(*angle, at)?;
        }
        if mirrors {
            angles.reverse();
        }
        let radii = cells.radii.iter().map(|edge| self.length(*edge, at));
        Ok(Cells {
            kind: cells.kind,
            angles,
            radii: radii.collect::<Result<_, _>>()?,
            angle: self.optional(cells.angle, at)?,
        })
    }

    /// Whether one frame turns the other way as the other.
    fn mirrors(&self, at: Position) -> Result<bool, ConvertError> {
        if self.from.sky_frame().is_some() && self.to.sky_frame().is_some() {
            return Ok(false);
        }
        if self.from.same_axes(self.to) {
            return Ok(false);
        }
        let image = self.image()?;
        let pixel = image.pixel(at)?;
        Ok(image.mirrors(self.from, pixel)? != image.mirrors(self.to, pixel)?)
    }
}

fn ringed<L: Copy>(
    rings: &Rings<L>,
    length: impl Fn(L) -> Result<L, ConvertError>,
) -> Result<Rings<L>, ConvertError> {
    let edges = rings.edges.iter().map(|edge| length(*edge)).collect::<Result<_, _>>()?;
    Ok(Rings { edges, count: rings.count })
}
