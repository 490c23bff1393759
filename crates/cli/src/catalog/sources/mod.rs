//! A region file becomes the sources to be measured, and what is said of the sky around them.

mod reader;
mod shapes;

use std::path::{Path, PathBuf};

use anyhow::Context;
use ds9_regions::Format;

use super::figure::Figure;
use super::image::Image;
use super::{Options, Source, Subtract};
use crate::console::Console;
use reader::{Reader, items};
use shapes::is_on_sky;

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
