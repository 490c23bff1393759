//! The main job: regions and images become rows.

mod archive;
mod by_row;
mod calibration;
pub(crate) mod columns;
mod combine;
mod detected;
mod empty;
mod exclude;
mod exposed;
mod exposures;
mod figure;
mod flags;
mod image;
mod level;
mod local;
mod mask;
mod measure;
mod mesh;
mod noise;
mod planes;
mod portrait;
mod provenance;
mod report;
mod sources;
mod statistics;
mod view;
mod vintage;
mod wide;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use astro_coords::{Angle, PixelCoord, SkyCoord};
use clap::ValueEnum;
use cutout::Extension;
use hst_fits::Spec;
use photometry::background::BackgroundOptions;
use photometry::calibration::EncircledTable;

use crate::console::Console;

use exposures::{Exposures, Shared};

pub(crate) use archive::ArchiveArgs;
pub(crate) use calibration::{Calibration, PixelUnit, ZeroPoint};
pub(crate) use combine::{Combine, Row};
pub(crate) use exclude::{ExcludeRule, exclude};
pub(crate) use exposed::{Exposed, fill, tells};
pub(crate) use flags::flag_words;
pub(crate) use image::{Image, holds, pixels};
pub(crate) use noise::ErrorModel;
pub(crate) use planes::{BKG_RMS, FilePlane, WeightType};
pub(crate) use portrait::{FACTORS, Portrait, Stamp};
pub(crate) use provenance::provenance;
pub(crate) use report::{summarize, summary};
pub(crate) use sources::{Outline, Targets, read_sources};
pub(crate) use statistics::is_statistic;
pub(crate) use wide::wide;

/// AB magnitude of one microjansky: -2.5 lg 1e-29 - 48.60.
pub(crate) const AB_MAG_OF_UJY: f64 = 23.9;

/// What stands out by so many sigma is no noise: of 7 × 7 pixels, one place in 4000 is.
pub(crate) const DETECTED: f64 = 3.5;

/// Measures every one of `count` images as it comes and joins what belongs together. A bad image is named and left out.
///
/// Returns the catalog and the number of images that failed.
pub(crate) fn measure(
    targets: &Targets,
    count: usize,
    paths: impl IntoIterator<Item = PathBuf>,
    options: &Options,
    console: &Console,
) -> (Catalog, usize) {
    let mut catalog = Catalog { sources: targets.sources.clone(), ..Catalog::default() };
    let mut measurements = Vec::new();
    let mut failed = 0;
    let bar = console.bar(count, "measuring");
    for path in paths {
        bar.set_message(path.display().to_string());
        match measure_file(&path, targets, &mut catalog, options, console) {
            Ok(found) => measurements.extend(found),
            Err(error) => {
                console.problem(&format!("{error:#}"));
                failed += 1;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    catalog.join(&measurements, options);
    report::shared(&catalog, options, console);
    (catalog, failed)
}

fn measure_file(
    path: &Path,
    targets: &Targets,
    catalog: &mut Catalog,
    options: &Options,
    console: &Console,
) -> anyhow::Result<Vec<Measurement>> {
    let image = Image::open(path, options)?;
    let spec = &image.about.spec;
    if !options.specs.is_empty() && !options.specs.contains(spec) {
        console.detail(&format!("{}: {spec} was not asked for", path.display()));
        return Ok(Vec::new());
    }
    let measured = measure::measure(&image, catalog.images.len(), targets, options)
        .with_context(|| path.display().to_string())?;
    report::image(path, &image, &measured, &catalog.sources, options, console);
    if !catalog.specs.contains(spec) {
        catalog.specs.push(spec.clone());
    }
    catalog.images.push(image.about);
    catalog.portraits.extend(measured.portraits);
    catalog.filled.extend(measured.excluded_share);
    catalog.wide.extend(measured.wide);
    catalog.rings.on_source.extend(measured.rings_on_source);
    catalog.rings.on_others.extend(measured.rings_on_others);
    Ok(measured.measurements)
}

/// One region to be measured.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Number in the file, from 1; regions that are not measured have numbers too.
    pub(crate) region: i64,
    /// The region's text, else its number; behind a point the number of the ring or cell.
    pub(crate) id: String,
    /// The word of the region format.
    pub(crate) shape: &'static str,
    /// The middle of the region; of a polygon, of its area.
    pub(crate) center: SkyCoord,
    /// Of the circle, else of a circle of the same area.
    pub(crate) radius: Angle,
    /// Of a circle around the middle that holds all of it.
    pub(crate) reach: Angle,
    pub(crate) tags: Vec<String>,
    pub(crate) outline: Outline,
}

/// What is to be done with the images.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) background: Subtract,
    /// Circles to measure around every region in place of the region itself.
    pub(crate) radii: Vec<Angle>,
    pub(crate) sum: Sum,
    /// Factor by which a source is grown before it is kept out of the mesh; `None` keeps everything in.
    pub(crate) mask_growth: Option<f64>,
    /// What stands out of a first mesh by so many sigma is kept out of the mesh too; `None` keeps it in.
    pub(crate) mask_detected: Option<f64>,
    pub(crate) sky_shape: SkyShape,
    pub(crate) combine: Combine,
    pub(crate) min_coverage: f64,
    pub(crate) zero_point: ZeroPoint,
    pub(crate) ee: Option<Encircled>,
    /// Colour excess of the dust, E(B - V).
    pub(crate) ebv: Option<f64>,
    pub(crate) error: ErrorModel,
    /// The weight map, a file or an extension.
    pub(crate) wht: Option<String>,
    pub(crate) wht_type: WeightType,
    /// Whether WHT is taken where none is named.
    pub(crate) find_weights: bool,
    /// The noise map, a file or an extension.
    pub(crate) rms: Option<String>,
    pub(crate) extension: Option<Extension>,
    pub(crate) bunit: Option<String>,
    /// The quality bits, a file or an extension; else DQ, where bits are wanted.
    pub(crate) dq: Option<String>,
    /// Whether quality bits are told.
    pub(crate) quality: bool,
    /// Pixels with one of these bits do not count.
    pub(crate) dq_bad: u32,
    /// Whether the statistics of photutils' `ApertureStats` are wanted.
    pub(crate) statistics: bool,
    /// Specifications to measure; empty for all.
    pub(crate) specs: Vec<Spec>,
    /// So many of the first sources have their portraits made.
    pub(crate) portraits: usize,
}

/// Boxes of 64 pixels, a filter of 3 boxes, and boxes kept as long as half of their pixels are good.
impl Default for Options {
    fn default() -> Self {
        Self {
            background: Subtract::Mesh(BackgroundOptions::default()),
            radii: Vec::new(),
            sum: Sum::Exact,
            mask_growth: Some(1.5),
            mask_detected: Some(DETECTED),
            sky_shape: SkyShape::Affine,
            combine: Combine::Weighted,
            min_coverage: 0.98,
            zero_point: ZeroPoint::Exact,
            ee: None,
            ebv: None,
            error: ErrorModel::Auto,
            wht: None,
            wht_type: WeightType::Exp,
            find_weights: true,
            rms: None,
            dq: None,
            quality: false,
            dq_bad: 0,
            statistics: false,
            extension: None,
            bunit: None,
            specs: Vec::new(),
            portraits: 0,
        }
    }
}

impl Options {
    /// Everything as the RegionCataloger notebook and photutils have it.
    pub(crate) fn notebook() -> Self {
        Self {
            background: Subtract::Mesh(BackgroundOptions::photutils_3_1()),
            mask_growth: None,
            mask_detected: None,
            sky_shape: SkyShape::Photutils,
            combine: Combine::Mean,
            min_coverage: 0.0,
            zero_point: ZeroPoint::Notebook,
            error: ErrorModel::None,
            find_weights: false,
            ..Self::default()
        }
    }
}

/// Encircled energies, and the file they came from.
#[derive(Debug, Clone)]
pub(crate) struct Encircled {
    pub(crate) path: PathBuf,
    pub(crate) table: EncircledTable,
}

impl Encircled {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let table = text.parse().with_context(|| path.display().to_string())?;
        Ok(Self { path: path.to_owned(), table })
    }
}

/// What is subtracted under the sources.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Subtract {
    None,
    /// A surface through a mesh of boxes over the whole image.
    Mesh(BackgroundOptions),
    /// The same from the boxes around the sources only, that many in each direction.
    Local(BackgroundOptions, usize),
    /// Of each source, the level in a ring around it.
    Annulus(RingSize),
    /// Of each source, the level in the regions marked `background` that share its tag.
    Regions,
}

/// The ring that the local sky is taken from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum RingSize {
    /// Between the region so many times as large; the inner and the outer factor.
    Times([f64; 2]),
    /// Between two circles around the region's middle.
    Radii([Angle; 2]),
}

impl Subtract {
    /// The mesh, where there is one.
    pub(crate) fn mesh(&self) -> Option<&BackgroundOptions> {
        match self {
            Self::None | Self::Annulus(_) | Self::Regions => None,
            Self::Mesh(mesh) | Self::Local(mesh, _) => Some(mesh),
        }
    }

    /// Whether each source has a sky of its own.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self, Self::Annulus(_) | Self::Regions)
    }
}

/// Which share of a pixel on the edge counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sum {
    /// The area inside.
    Exact,
    /// All or nothing, by the pixel's centre.
    Center,
    /// That of N x N places.
    Subpixel(u32),
}

/// How a shape on the sky becomes one in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SkyShape {
    /// What the local Jacobian makes of it: of a circle an ellipse, of a box a parallelogram
    Affine,
    /// The outline on the sky, within 1e-5 pixels: circles of one distance, sides along great circles
    Geodesic,
    /// As photutils 3.1.1: a circle of the same area, a rectangle; areas by the x scale squared, as the notebook
    Photutils,
    /// As photutils 3.0: circles by the mean of two scales, boxes too where there is no distortion
    #[value(name = "photutils-3.0")]
    Photutils30,
    /// As photutils 1.2 to 2.3: every shape by one scale and one angle, those of a step of 1 arcsec to the north
    #[value(name = "photutils-2.3")]
    Photutils23,
}

/// One source on one image. Sums in the unit of the image.
#[derive(Debug, Clone)]
pub(crate) struct Measurement {
    pub(crate) source: usize,
    pub(crate) image: usize,
    pub(crate) centroid: PixelCoord,
    pub(crate) centroid_sky: Option<SkyCoord>,
    pub(crate) sum: f64,
    pub(crate) sum_err: f64,
    /// Area of the valid pixels.
    pub(crate) area_arcsec2: f64,
    /// Valid over geometric area.
    pub(crate) coverage: f64,
    /// Mean over the aperture of the exposure that the weights tell; NaN where they are no seconds.
    pub(crate) depth_s: f64,
    pub(crate) bkg_sum: f64,
    /// Standard error of that, as far as the level of the sky is known.
    pub(crate) bkg_sum_err: f64,
    pub(crate) bkg_rms: f64,
    pub(crate) peak: f64,
    /// By how much the noise of the sum exceeds that of independent pixels.
    pub(crate) noise_factor: f64,
    pub(crate) n_bad: u64,
    /// Those of them that no exposure covers.
    pub(crate) n_uncovered: u64,
    /// Those of them that the quality bits reject.
    pub(crate) n_masked: u64,
    /// Those of them that are not finite.
    pub(crate) n_non_finite: u64,
    /// The quality bits of all pixels together, where they were read.
    pub(crate) quality: Option<u32>,
    pub(crate) statistics: Option<Box<statistics::Statistics>>,
    pub(crate) flags: u32,
}

/// What is known of a measured image.
#[derive(Debug, Clone)]
pub(crate) struct MeasuredImage {
    /// File name without its folder.
    pub(crate) name: String,
    pub(crate) spec: Spec,
    /// NaN where the header has none.
    pub(crate) exposure_s: f64,
    pub(crate) mjd: f64,
    pub(crate) calibration: Calibration,
    pub(crate) exposures: Exposures,
    /// The corners on the sky.
    pub(crate) footprint: Option<[SkyCoord; 4]>,
    pub(crate) provenance: serde_json::Value,
}

/// The catalog, and what could not be done.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) sources: Vec<Source>,
    pub(crate) specs: Vec<Spec>,
    pub(crate) images: Vec<MeasuredImage>,
    pub(crate) rows: Vec<Row>,
    pub(crate) portraits: Vec<Portrait>,
    /// Share of the mesh boxes of each image that were filled from others.
    filled: Vec<f64>,
    /// Sources wider than four boxes of a mesh.
    wide: BTreeSet<usize>,
    rings: Rings,
    /// Images that are left out where one with the same exposures is, and that one.
    shared: BTreeSet<[usize; 2]>,
    /// Images in which a source has the same sum to the last bit.
    alike: BTreeSet<[usize; 2]>,
}

/// Sources whose ring of sky is not all sky.
#[derive(Debug, Default)]
struct Rings {
    on_source: BTreeSet<usize>,
    on_others: BTreeSet<usize>,
}

impl Catalog {
    /// The rows, source by source in the order of the file, and in each the specifications in the order
    /// in which the images brought them.
    fn join(&mut self, measurements: &[Measurement], options: &Options) {
        let mut of = vec![Vec::new(); self.sources.len() * self.specs.len()];
        let spec_of: Vec<_> =
            self.images.iter().map(|image| self.spec_index(&image.spec)).collect();
        for m in measurements {
            of[m.source * self.specs.len() + spec_of[m.image]].push(m);
        }
        let shared = Shared::new(&self.images);
        for (cell, measured) in of.iter().enumerate() {
            let (source, spec) = (cell / self.specs.len(), cell % self.specs.len());
            let joined = combine::combine([source, spec], measured, &self.images, &shared, options);
            self.rows.extend(joined.rows);
            self.shared.extend(joined.same);
            self.alike.extend(joined.alike);
        }
    }

    fn spec_index(&self, spec: &Spec) -> usize {
        self.specs.iter().position(|known| known == spec).unwrap_or_default()
    }

    /// The unit of the sums, where all images have the same.
    fn pixel_unit(&self) -> Option<PixelUnit> {
        let unit = self.images.first()?.calibration.unit;
        self.images.iter().all(|image| image.calibration.unit == unit).then_some(unit)?
    }

    /// Mean over the images of the share of boxes that were filled from others.
    fn filled_share(&self) -> Option<f64> {
        let n = self.filled.len() as f64;
        (n > 0.0).then(|| self.filled.iter().sum::<f64>() / n)
    }

    /// The specifications from short to long pivot wavelengths; those without one come last.
    pub(crate) fn by_wavelength(&self) -> Vec<usize> {
        let pivot = |spec: usize| {
            let of_spec = |row: &&Row| row.spec == spec && row.photplam.is_finite();
            self.rows.iter().find(of_spec).map_or(f64::INFINITY, |row| row.photplam)
        };
        let mut order: Vec<_> = (0..self.specs.len()).collect();
        order.sort_by(|&a, &b| pivot(a).total_cmp(&pivot(b)));
        order
    }

    /// The sources that no image covers.
    pub(crate) fn uncovered(&self) -> Vec<&Source> {
        let mut covered = vec![false; self.sources.len()];
        for row in &self.rows {
            covered[row.source] |= !row.images.is_empty();
        }
        self.sources
            .iter()
            .zip(covered)
            .filter(|(_, covered)| !covered)
            .map(|(source, _)| source)
            .collect()
    }
}
