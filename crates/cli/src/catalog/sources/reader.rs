//! Regions one after the other: what each of them is to the catalog.

use astro_coords::{Angle, SkyCoord};
use ds9_regions::{Conjunction, Frame, ImageFrame, Region, Shape};

use super::shapes::{figures, is_on_sky, on_sky};
use super::{LocalSky, Outline, Regions};
use crate::catalog::Source;
use crate::catalog::figure::{Figure, Place};
use crate::geometry::RegionImage;

/// A region, or a composite with its members.
pub(super) struct Item<'a> {
    /// In the file, from 1.
    number: usize,
    region: &'a Region,
    members: Vec<&'a Region>,
}

/// The regions, members of composites with these.
pub(super) fn items(regions: &[Region]) -> Vec<Item<'_>> {
    let mut items: Vec<Item<'_>> = Vec::new();
    for (i, region) in regions.iter().enumerate() {
        if region.is_ignored_cell() {
            continue;
        }
        let composite = items.last_mut().filter(|item| is_composite(item.region));
        match composite {
            Some(composite) if region.in_composite => composite.members.push(region),
            _ => items.push(Item { number: i + 1, region, members: Vec::new() }),
        }
    }
    items
}

fn is_composite(region: &Region) -> bool {
    matches!(region.shape, Shape::Composite { .. })
}

/// Words and drawings beside the regions, which nobody expects to be measured.
fn is_annotation(region: &Region) -> bool {
    matches!(region.shape, Shape::Text(_) | Shape::Compass { .. } | Shape::Ruler { .. })
}

pub(super) struct Reader<'a> {
    pub(super) name: String,
    pub(super) axes: Option<&'a RegionImage>,
    pub(super) radii: &'a [Angle],
    pub(super) regions: &'a mut Regions,
}

impl Reader<'_> {
    pub(super) fn read(&mut self, item: &Item<'_>) {
        let region = item.region;
        if is_annotation(region) {
            return;
        }
        let found = self.outlines(item);
        let number = i64::try_from(item.number).unwrap_or(i64::MAX);
        let targets = &mut self.regions.targets;
        match found {
            Ok(outlines) if !region.include() => targets.excluded.extend(outlines),
            Ok(outlines) if region.is_background() => {
                let tags: Vec<_> = region.tags().map(str::to_owned).collect();
                let sky = |outline| LocalSky { tags: tags.clone(), outline };
                targets.skies.extend(outlines.into_iter().map(sky));
            }
            Ok(outlines) if self.radii.is_empty() => {
                targets.sources.extend(sources(item, &outlines));
                targets.objects.extend(outlines.into_iter().map(|outline| (number, outline)));
            }
            Ok(outlines) => {
                let around: Vec<_> =
                    self.radii.iter().map(|radius| around(item, &outlines, *radius)).collect();
                let circles = around.iter().map(|source| source.outline.clone());
                let own = outlines.into_iter().filter(|outline| outline.sky.area() > 0.0);
                targets.objects.extend(circles.chain(own).map(|outline| (number, outline)));
                targets.sources.extend(around);
            }
            Err(problem) => {
                let (shape, line) = (region.shape.name(), region.line());
                let text = format!("{}:{line}: {shape} not measured: {problem}", self.name);
                self.regions.skipped.push(text);
            }
        }
    }

    /// The figures of a region, one for each ring or cell; a point's is a circle without size.
    fn outlines(&self, item: &Item<'_>) -> Result<Vec<Outline>, String> {
        let outlines = if is_composite(item.region) {
            vec![self.composite(item)?]
        } else {
            self.single(item.region)?
        };
        let is_point = matches!(item.region.shape, Shape::Point { .. });
        if is_point && item.region.include() && self.radii.is_empty() {
            return Err("a point has no area; --radii gives it one".to_owned());
        }
        if !is_point && outlines.iter().all(|outline| outline.sky.area() <= 0.0) {
            return Err(no_area(item.region));
        }
        Ok(outlines)
    }

    fn single(&self, region: &Region) -> Result<Vec<Outline>, String> {
        if is_on_sky(region) {
            let figures = on_sky(region)?;
            return Ok(figures.into_iter().map(|sky| Outline { sky, pixels: None }).collect());
        }
        let axes = self.axes.ok_or("it is in pixels; save it in icrs or fk5, or give --images")?;
        let frame = ImageFrame::new(axes);
        let shape = region.to_pixel(&frame).map_err(|error| error.to_string())?;
        let center = Place::Pixel(shape.center().ok_or("it has no place")?);
        let corners = match &shape {
            ds9_regions::PixelShape::Polygon(corners) => {
                corners.iter().map(|corner| Place::Pixel(*corner)).collect()
            }
            _ => Vec::new(),
        };
        let pixels = figures(&shape, center, corners)?;
        let moved =
            region.in_frame(Frame::ICRS, Some(&frame)).map_err(|error| error.to_string())?;
        let pair = |(sky, pixels)| Outline { sky, pixels: Some(pixels) };
        Ok(on_sky(&moved)?.into_iter().zip(pixels).map(pair).collect())
    }

    /// One figure of all members: those joined by `||` together, less those that exclude; with `&&` only what is in both.
    fn composite(&self, item: &Item<'_>) -> Result<Outline, String> {
        let (mut held, mut excluded, mut and) = (None::<Outline>, Vec::new(), false);
        for member in item.members.iter().filter(|member| member.shape.has_area()) {
            let figures = self.single(member)?;
            let whole = joined(figures, &[]).ok_or("a member has no area")?;
            if !member.include() {
                excluded.push(whole);
            } else {
                held = Some(match held {
                    None => whole,
                    Some(held) if and => {
                        // A and B is A without what A has outside B.
                        let outside =
                            joined(vec![held.clone()], &[whole]).ok_or("it has no area")?;
                        joined(vec![held], &[outside]).ok_or("it has no area")?
                    }
                    Some(held) => joined(vec![held, whole], &[]).ok_or("it has no area")?,
                });
            }
            and = member.conjunction == Some(Conjunction::And);
        }
        let held = held.ok_or("it has no member with an area")?;
        joined(vec![held], &excluded).ok_or_else(|| "it has no area".to_owned())
    }
}

fn no_area(region: &Region) -> String {
    match region.shape {
        Shape::Circle { .. } => "its radius is zero".to_owned(),
        _ => "it has no area".to_owned(),
    }
}

/// All of `include` without `exclude`, in both kinds of places; `None` of nothing.
fn joined(include: Vec<Outline>, exclude: &[Outline]) -> Option<Outline> {
    if include.len() == 1 && exclude.is_empty() {
        return include.into_iter().next();
    }
    let join = |figure: &dyn Fn(&Outline) -> Option<Figure>| {
        let center = figure(include.first()?)?.center();
        let all = |outlines: &[Outline]| outlines.iter().map(figure).collect::<Option<Vec<_>>>();
        Some(Figure::Joined { center, include: all(&include)?, exclude: all(exclude)? })
    };
    let sky = join(&|outline| Some(outline.sky.clone()))?;
    Some(Outline { sky, pixels: join(&|outline| outline.pixels.clone()) })
}

/// One source for each figure of a region; rings and cells are numbered behind a point.
fn sources(item: &Item<'_>, outlines: &[Outline]) -> Vec<Source> {
    let of = |(i, outline): (usize, &Outline)| {
        let id = if outlines.len() > 1 { format!("{}.{}", id(item), i + 1) } else { id(item) };
        let own = match &item.region.shape {
            Shape::Circle { radius, .. } => radius.angle(),
            _ => None,
        };
        let equal_area = || Angle::from_arcsec((outline.sky.area() / std::f64::consts::PI).sqrt());
        source(item, id, outline.clone(), own.unwrap_or_else(equal_area))
    };
    outlines.iter().enumerate().map(of).collect()
}

/// The circle of `radius` around a region.
fn around(item: &Item<'_>, outlines: &[Outline], radius: Angle) -> Source {
    let center = outlines.first().map_or(Place::Pixel(Default::default()), |o| o.sky.center());
    let outline = Outline { sky: Figure::circle(center, radius.arcsec()), pixels: None };
    source(item, id(item), outline, radius)
}

fn source(item: &Item<'_>, id: String, outline: Outline, radius: Angle) -> Source {
    let center = match outline.sky.center() {
        Place::Sky(center) => center,
        Place::Pixel(_) => SkyCoord::from_degrees(f64::NAN, f64::NAN),
    };
    Source {
        region: i64::try_from(item.number).unwrap_or(i64::MAX),
        id,
        shape: item.region.shape.name(),
        center,
        radius,
        reach: Angle::from_arcsec(outline.sky.reach()),
        tags: item.region.tags().map(str::to_owned).collect(),
        outline,
    }
}

/// The region's text, else its number.
fn id(item: &Item<'_>) -> String {
    item.region.text().map_or_else(|| item.number.to_string(), str::to_owned)
}
