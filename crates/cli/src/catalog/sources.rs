//! A region file becomes the sources to be measured, and what is said of the sky around them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use astro_coords::{Angle, SkyCoord};
use ds9_regions::{
    Conjunction, Format, Frame, ImageFrame, Length, Position, Property, Region, Rings, Shape,
    WcsName,
};

use super::figure::{Figure, Place, Tangent};
use super::image::Image;
use super::{Options, Source, Subtract};
use crate::console::Console;
use crate::geometry::RegionImage;

/// A figure on the sky, and as the file gives it where that is in the pixels of an image.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    pub(super) sky: Figure,
    pixels: Option<Figure>,
}

impl Outline {
    pub(super) fn is_circle(&self) -> bool {
        matches!(self.sky, Figure::Ellipse { semi_axes: [a, b], .. } if a == b)
    }

    /// The figure for an image; `reference` is whether the file's pixels are those of the image.
    pub(super) fn on(&self, reference: bool) -> &Figure {
        self.pixels.as_ref().filter(|_| reference).unwrap_or(&self.sky)
    }
}

/// What a region file asks to be measured, and its surroundings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Targets {
    pub(crate) sources: Vec<Source>,
    /// The `-` regions: no source has them.
    pub(super) excluded: Vec<Outline>,
    /// What is kept out of the background: the regions of the sources, with their numbers.
    pub(super) objects: Vec<(i64, Outline)>,
    /// The regions marked `background`.
    pub(super) skies: Vec<LocalSky>,
    /// The image whose pixels the file's are, if any of them are pixels.
    pub(super) reference: Option<PathBuf>,
}

impl Targets {
    /// The regions of the sky of a source: those that share a tag with it; if there are none, those without a tag.
    pub(super) fn skies_of<'a>(&'a self, source: &'a Source) -> impl Iterator<Item = &'a LocalSky> {
        let shares = |sky: &LocalSky| sky.tags.iter().any(|tag| source.tags.contains(tag));
        let any = self.skies.iter().any(shares);
        self.skies.iter().filter(move |sky| if any { shares(sky) } else { sky.tags.is_empty() })
    }

    /// Whether the pixels of the file are those of `image`.
    pub(super) fn is_reference(&self, image: &Image) -> bool {
        self.reference.as_ref() == Some(&image.path)
    }
}

/// A region of the sky for the sources that share a tag with it.
#[derive(Debug, Clone)]
pub(super) struct LocalSky {
    pub(super) tags: Vec<String>,
    pub(super) outline: Outline,
}

/// The sources of a region file, and what was wrong with the rest of it.
#[derive(Debug, Default)]
pub(crate) struct Regions {
    pub(crate) targets: Targets,
    /// One text for each statement that is not a region DS9 would load, with its line and a caret.
    errors: Vec<String>,
    /// One text for each region that cannot be measured.
    skipped: Vec<String>,
    warnings: Vec<String>,
}

impl Regions {
    /// Whether everything in the file is measured.
    pub(crate) fn is_complete(&self) -> bool {
        self.errors.is_empty() && self.skipped.is_empty()
    }

    /// Leaves out the sources for which no region is marked as their background.
    fn drop_without_sky(&mut self, path: &Path) {
        let targets = &mut self.targets;
        let (kept, dropped): (Vec<_>, Vec<_>) = std::mem::take(&mut targets.sources)
            .into_iter()
            .partition(|source| targets.skies_of(source).next().is_some());
        targets.sources = kept;
        let problem = "no region marked background shares a tag with it, and none has no tag";
        for Source { id, shape, .. } in dropped {
            let text = format!("{}: {shape} {id} not measured: {problem}", path.display());
            self.skipped.push(text);
        }
    }

    /// Tells the user what is left out and why.
    pub(crate) fn report(&self, console: &Console) {
        for text in self.errors.iter().chain(&self.skipped) {
            console.problem(text);
        }
        for text in &self.warnings {
            console.warning(text);
        }
    }
}

/// Reads a region file; a bad line is reported and the others are kept.
///
/// Regions in pixels are those of the first of `images`.
pub(crate) fn read_sources(
    path: &Path,
    from: Option<Format>,
    images: &[PathBuf],
    options: &Options,
) -> anyhow::Result<Regions> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file = crate::regions::parse(&bytes, from);
    let name = path.display().to_string();
    let mut regions = Regions {
        errors: file.errors().iter().map(|e| located(path, e, &bytes)).collect(),
        warnings: file.warnings().iter().map(|w| format!("{name}:{w}")).collect(),
        ..Regions::default()
    };
    let needs_image = file.regions().iter().any(|region| !is_on_sky(region));
    let reference = images.first().filter(|_| needs_image);
    let opened = reference.and_then(|path| Image::open(path, options).ok());
    let axes = opened.as_ref().map(Image::axes);
    regions.targets.reference = opened.as_ref().and(reference.cloned());
    let mut reader =
        Reader { name, axes: axes.as_ref(), radii: &options.radii, regions: &mut regions };
    for item in items(file.regions()) {
        reader.read(&item);
    }
    if options.background == Subtract::Regions {
        regions.drop_without_sky(path);
    }
    Ok(regions)
}

/// `FILE:LINE:COLUMN`, then the message with its source line and caret.
fn located(path: &Path, error: &ds9_regions::Diagnostic, bytes: &[u8]) -> String {
    let rendered = error.render(bytes);
    format!("{}:{}:{}\n{}", path.display(), error.line, error.column, rendered.trim_end())
}

/// A region, or a composite with its members.
struct Item<'a> {
    /// In the file, from 1.
    number: usize,
    region: &'a Region,
    members: Vec<&'a Region>,
}

/// The regions, members of composites with these.
fn items(regions: &[Region]) -> Vec<Item<'_>> {
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

struct Reader<'a> {
    name: String,
    axes: Option<&'a RegionImage>,
    radii: &'a [Angle],
    regions: &'a mut Regions,
}

impl Reader<'_> {
    fn read(&mut self, item: &Item<'_>) {
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

fn figures(
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
fn on_sky(region: &Region) -> Result<Vec<Figure>, String> {
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
fn is_on_sky(region: &Region) -> bool {
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
