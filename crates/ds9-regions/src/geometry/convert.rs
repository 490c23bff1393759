//! Regions in the pixels of an image.

use astro_coords::{Angle, PixelCoord};
use thiserror::Error;

use super::cells::{self, Size};
use super::image::ImageFrame;
use super::shape::PixelShape;
use crate::{
    Axes, CellKind, Cells, Frame, Length, Panda, Position, Property, Region, RotatedRings, Shape,
};

/// Why a region has no place in an image or in a frame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// The projection does not show the place, or the numbers are of no place.
    #[error("the position does not lie on the image's projection")]
    OffProjection,
    /// The image lacks the axes the region is on, or cannot say how long a unit on them is.
    #[error("the image has no axes for `{0}`")]
    NoSuchAxes(Frame),
    /// The policy needs the centre of the image, whose size is not known.
    #[error("the policy takes the centre of the image, and its size is not known")]
    NoShape,
    /// Only an image can tell.
    #[error("only an image can turn `{from}` into `{to}`")]
    NeedsImage {
        /// Where the region is.
        from: Frame,
        /// Where it should go.
        to: Frame,
    },
}

impl Region {
    /// The region in the pixels of `image`.
    ///
    /// Circles stay circles and boxes boxes, however the projection bends; a sky angle is turned and a length is
    /// scaled as the policies of `image` say. The first line of an irregular panda gives the whole, see
    /// [`Region::is_ignored_cell`] for the others.
    ///
    /// # Errors
    /// [`ConvertError`], where a position is not on the projection or the image has no such axes.
    pub fn to_pixel(&self, image: &ImageFrame<'_>) -> Result<PixelShape, ConvertError> {
        let cells = self.properties.iter().rev().find_map(|property| match property {
            Property::Cells(cells) => Some(&**cells),
            _ => None,
        });
        let to = Converter { image, frame: self.frame };
        match (&self.shape, cells) {
            (Shape::Panda(panda), Some(cells)) => to.irregular(panda.center, cells),
            (Shape::Epanda(panda) | Shape::Bpanda(panda), Some(cells)) => {
                to.irregular(panda.center, cells)
            }
            (Shape::Compass { center, length }, _) => {
                to.compass(*center, *length, self.compass_frame())
            }
            (shape, _) => to.shape(shape),
        }
    }

    fn compass_frame(&self) -> Frame {
        let find = |all: &crate::Properties| {
            all.iter().rev().find_map(|property| match property {
                Property::Compass(compass) => Some(compass.axes),
                _ => None,
            })
        };
        let axes: Option<Axes> =
            find(&self.properties).or_else(|| self.inherited.as_deref().and_then(find));
        axes.map_or(Frame::PHYSICAL, |axes| Frame {
            system: axes.system,
            wcs: axes.wcs,
            sky: axes.sky,
        })
    }
}

struct Converter<'a> {
    image: &'a ImageFrame<'a>,
    frame: Frame,
}

impl Converter<'_> {
    fn shape(&self, shape: &Shape) -> Result<PixelShape, ConvertError> {
        Ok(match shape {
            Shape::Circle { center, radius } => {
                let (center, at) = self.at(*center)?;
                PixelShape::Circle { center, radius: at.length(*radius)? }
            }
            Shape::Ellipse { center, semi_axes, angle } => {
                let (center, at) = self.at(*center)?;
                let (semi_axes, angle) = (at.pair(*semi_axes)?, at.angle(*angle)?);
                PixelShape::Ellipse { center, semi_axes, angle }
            }
            Shape::Box { center, size, angle } => {
                let (center, at) = self.at(*center)?;
                PixelShape::Box { center, size: at.pair(*size)?, angle: at.angle(*angle)? }
            }
            Shape::Polygon(vertices) => PixelShape::Polygon(self.places(vertices)?),
            Shape::Segment(vertices) => PixelShape::Segment(self.places(vertices)?),
            Shape::Point { center, .. } => PixelShape::Point(self.image.pixel(*center)?),
            Shape::Text(center) => PixelShape::Text(self.image.pixel(*center)?),
            Shape::Line { start, end } => {
                PixelShape::Line { start: self.image.pixel(*start)?, end: self.image.pixel(*end)? }
            }
            Shape::Ruler { start, end } => {
                PixelShape::Ruler { start: self.image.pixel(*start)?, end: self.image.pixel(*end)? }
            }
            Shape::Projection { start, end, width } => {
                let (start, at) = self.at(*start)?;
                let (end, width) = (self.image.pixel(*end)?, at.length(*width)?);
                PixelShape::Projection { start, end, width }
            }
            Shape::Vector { start, length, angle } => {
                let (start, at) = self.at(*start)?;
                let (length, angle) = (at.length(*length)?, at.angle(Some(*angle))?);
                let back = if length < 0.0 { 180.0 } else { 0.0 };
                let angle = angle + Angle::from_degrees(back);
                PixelShape::Vector { start, length: length.abs(), angle }
            }
            Shape::Compass { center, length } => {
                return self.compass(*center, *length, Frame::PHYSICAL);
            }
            Shape::Annulus { center, rings } => {
                let (center, at) = self.at(*center)?;
                PixelShape::Annulus { center, radii: cells::edges(rings, |edge| at.length(edge))? }
            }
            Shape::EllipseAnnulus(rings) => {
                let (center, semi_axes, angle) = self.rings(rings)?;
                PixelShape::EllipseAnnulus { center, semi_axes, angle }
            }
            Shape::BoxAnnulus(rings) => {
                let (center, sizes, angle) = self.rings(rings)?;
                PixelShape::BoxAnnulus { center, sizes, angle }
            }
            Shape::Panda(panda) => {
                let (center, at) = self.at(panda.center)?;
                let angles = at.edges_in_angle(&cells::angles(panda))?;
                let radii = regular(panda, |edge| at.length(edge))?;
                PixelShape::Panda { center, angles, radii }
            }
            Shape::Epanda(panda) => {
                let (center, angles, semi_axes, angle) = self.rotated(panda)?;
                PixelShape::Epanda { center, angles, semi_axes, angle }
            }
            Shape::Bpanda(panda) => {
                let (center, angles, sizes, angle) = self.rotated(panda)?;
                PixelShape::Bpanda { center, angles, sizes, angle }
            }
            Shape::Composite { center, angle } => {
                let (center, at) = self.at(*center)?;
                PixelShape::Composite { center, angle: at.angle(*angle)? }
            }
        })
    }

    fn at(&self, center: Position) -> Result<(PixelCoord, At<'_>), ConvertError> {
        let pixel = self.image.pixel(center)?;
        Ok((pixel, At { image: self.image, frame: self.frame, pixel }))
    }

    fn places(&self, places: &[Position]) -> Result<Vec<PixelCoord>, ConvertError> {
        places.iter().map(|place| self.image.pixel(*place)).collect()
    }

    fn rings(
        &self,
        rings: &RotatedRings,
    ) -> Result<(PixelCoord, Vec<[f64; 2]>, Angle), ConvertError> {
        let (center, at) = self.at(rings.center)?;
        Ok((center, cells::edges(&rings.rings, |edge| at.pair(edge))?, at.angle(rings.angle)?))
    }

    #[expect(clippy::type_complexity, reason = "the fields of two shapes, taken apart at once")]
    fn rotated(
        &self,
        panda: &Panda<[Length; 2]>,
    ) -> Result<(PixelCoord, Vec<Angle>, Vec<[f64; 2]>, Angle), ConvertError> {
        let (center, at) = self.at(panda.center)?;
        let angles = at.edges_in_angle(&cells::angles(panda))?;
        Ok((center, angles, regular(panda, |edge| at.pair(edge))?, at.angle(panda.angle)?))
    }

    fn irregular(&self, center: Position, cells: &Cells) -> Result<PixelShape, ConvertError> {
        let (center, at) = self.at(center)?;
        let edges = cells::rising(&cells.angles);
        let pairs = || {
            let pair = |pair: &[Length]| at.pair([pair[0], pair[1]]);
            cells.radii.chunks_exact(2).map(pair).collect::<Result<Vec<_>, _>>()
        };
        Ok(match cells.kind {
            CellKind::Panda => {
                let radii = cells.radii.iter().map(|edge| at.length(*edge));
                let radii = radii.collect::<Result<_, _>>()?;
                PixelShape::Panda { center, angles: at.edges_in_angle(&edges)?, radii }
            }
            CellKind::Epanda => PixelShape::Epanda {
                center,
                angles: at.edges_in_angle(&edges)?,
                semi_axes: pairs()?,
                angle: at.angle(cells.angle)?,
            },
            CellKind::Bpanda => PixelShape::Bpanda {
                center,
                angles: at.edges_in_angle(&edges)?,
                sizes: pairs()?,
                angle: at.angle(cells.angle)?,
            },
        })
    }

    /// East is to the left in pixels, whichever way the sky lies.
    fn compass(
        &self,
        center: Position,
        length: Length,
        axes: Frame,
    ) -> Result<PixelShape, ConvertError> {
        let (center, at) = self.at(center)?;
        let arm = |degrees| self.image.angle_to_pixels(Angle::from_degrees(degrees), axes, center);
        let east = if axes.is_pixels() { arm(0.0)? } else { arm(180.0)? };
        Ok(PixelShape::Compass { center, length: at.length(length)?, arms: [arm(90.0)?, east] })
    }
}

fn regular<L: Copy, P: Size>(
    panda: &Panda<L>,
    pixels: impl Fn(L) -> Result<P, ConvertError>,
) -> Result<Vec<P>, ConvertError> {
    Ok(cells::divided(pixels(panda.inner)?, pixels(panda.outer)?, panda.rings))
}

/// Sizes of a region at its place.
struct At<'a> {
    image: &'a ImageFrame<'a>,
    frame: Frame,
    pixel: PixelCoord,
}

impl At<'_> {
    fn length(&self, length: Length) -> Result<f64, ConvertError> {
        self.image.pixels(length, self.frame, self.pixel)
    }

    fn pair(&self, [a, b]: [Length; 2]) -> Result<[f64; 2], ConvertError> {
        Ok([self.length(a)?, self.length(b)?])
    }

    fn angle(&self, angle: Option<Angle>) -> Result<Angle, ConvertError> {
        let angle =
            self.image.angle_to_pixels(angle.unwrap_or(Angle::ZERO), self.frame, self.pixel)?;
        Ok(if angle.degrees() < 0.0 { angle.wrapped() } else { angle })
    }

    /// Edges of cells; on an image that shows the sky mirrored they run the other way.
    ///
    /// Those of ellipses and boxes count from the first axis in the image, and still DS9 turns them with the sky.
    fn edges_in_angle(&self, edges: &[Angle]) -> Result<Vec<Angle>, ConvertError> {
        let Some(&first) = edges.first() else { return Ok(Vec::new()) };
        let start = self.angle(Some(first))?;
        let turned: Vec<_> = edges.iter().map(|edge| *edge - first).collect();
        Ok(self.turned(&turned)?.into_iter().map(|edge| start + edge).collect())
    }

    fn turned(&self, edges: &[Angle]) -> Result<Vec<Angle>, ConvertError> {
        if self.image.mirrors(self.frame, self.pixel)? {
            return Ok(edges
                .iter()
                .rev()
                .map(|edge| Angle::from_degrees(-edge.degrees()))
                .collect());
        }
        Ok(edges.to_vec())
    }
}
