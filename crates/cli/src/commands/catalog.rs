//! `hst catalog`: the main job.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::ValueEnum;

use hst_fits::Spec;
use photometry::background::{BackgroundOptions, Exclude};

use crate::catalog::{self, ArchiveArgs, Combine, Extension, Options, ZeroPoint, columns};
use crate::console::{Console, Outcome};
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  hst catalog m51.reg -o m51.ecsv                       (from MAST: the classic three filters)
  hst catalog m51.reg --archive DIR --spec HST-ACS-WFC-F814W --dry-run
  hst catalog m51.reg --images *_drc.fits -o m51.ecsv
  hst catalog m51.reg --images a_drc.fits b_drc.fits --combine none --format csv
  hst catalog m51.reg --images *_drc.fits --preset notebook    (the notebook's numbers)";

/// Measure the regions of a DS9 file on Hubble images: one row per region and filter
///
/// Each circle of REGIONS is one source. On every image it is measured with exact apertures after a mesh
/// background has been subtracted (the sources themselves are masked from it); the images of one telescope,
/// instrument, detector and filter are combined, and fluxes and AB magnitudes follow from the header's
/// PHOTFLAM and PHOTPLAM. One bad region or image never loses the others: it is named, and the exit code
/// is 3.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// DS9 region file; circles in icrs or fk5, degrees or sexagesimal, radii in ", ' or d
    regions: PathBuf,
    /// Images to measure (drizzled FITS: SCI, else the first 2-D image) [default: what the archive has]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    images: Vec<PathBuf>,
    #[command(flatten)]
    archive: ArchiveArgs,
    /// Only images of this telescope-instrument-detector-filter, as HST-ACS-WFC-F814W; may be repeated
    #[arg(long, value_name = "SPEC")]
    spec: Vec<Spec>,
    /// Extension with the pixels, by name or number [default: SCI, else the first 2-D image]
    #[arg(long, value_name = "NAME|N")]
    ext: Option<Extension>,
    /// Unit of the pixels, where the header's BUNIT is missing or wrong
    #[arg(long, value_name = "UNIT")]
    bunit: Option<String>,
    /// Every choice as one of these has it; options given besides still count
    #[arg(long, value_enum)]
    preset: Option<Preset>,
    /// mesh: sigma-clipped boxes, median filter, spline; none: the pixels as they are
    #[arg(long, value_enum, help_heading = "Background")]
    background: Option<BackgroundKind>,
    /// Side of a mesh box in pixels [default: 64]
    #[arg(long = "box", value_name = "N", help_heading = "Background", value_parser = clap::value_parser!(u32).range(1..))]
    box_size: Option<u32>,
    /// Size of the median filter in boxes, odd [default: 3]
    #[arg(long, value_name = "N", help_heading = "Background", value_parser = odd)]
    filter: Option<u32>,
    /// Fill a box from its neighbours when it has lost more than this share of its pixels, as photutils does
    /// [default: half of those that were exposed; 10 with --preset notebook]
    #[arg(long, value_name = "PERCENT", help_heading = "Background", value_parser = percentage)]
    exclude_percentile: Option<f64>,
    /// Keep the sources, grown by this factor, out of the mesh; `none` for not at all [default: 1.5]
    #[arg(long, value_name = "FACTOR|none", help_heading = "Background", value_parser = growth)]
    mask_regions: Option<Growth>,
    /// weighted: fluxes by exposure time; mean: the notebook's mean of sums; none: a row per image
    #[arg(long, value_enum, help_heading = "Combining")]
    combine: Option<Combine>,
    /// An image with less of the region on valid pixels leaves the average if a better one exists [default: 0.98]
    #[arg(long, value_name = "SHARE", help_heading = "Combining", value_parser = share)]
    min_coverage: Option<f64>,
    /// exact: -2.5 lg PHOTFLAM - 5 lg PHOTPLAM - 2.407948...; notebook: the same with 2.408; or a number
    #[arg(long, value_name = "exact|notebook|MAG", value_parser = str::parse::<ZeroPoint>)]
    zeropoint: Option<ZeroPoint>,
    #[command(flatten)]
    output: Output,
    /// Columns to write, separated by commas, or `all`
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Output")]
    columns: Vec<String>,
    /// long: a row for each region and filter; wide: a row for each region, with colours
    #[arg(long, value_enum, default_value_t = Layout::Long, help_heading = "Output")]
    layout: Layout,
}

/// What a row of the catalog is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Layout {
    Long,
    Wide,
}

/// Sets of choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// As the RegionCataloger notebook and photutils do it
    Notebook,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BackgroundKind {
    Mesh,
    None,
}

/// How far a source is grown before it is masked; `None` masks nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Growth(Option<f64>);

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    args.output.check()?;
    let options = args.options()?;
    if args.layout == Layout::Wide && options.combine == Combine::None {
        bail!("--layout wide has no place for the rows of --combine none");
    }
    let regions = catalog::read_sources(&args.regions)?;
    regions.report(console);
    if regions.sources.is_empty() {
        bail!("{}: no region to measure", args.regions.display());
    }
    let complete = regions.is_complete();
    let images = args.archive.images(&args.images, &regions.sources, &options, console)?;
    if args.archive.dry_run {
        return Ok(Outcome::Complete);
    }
    let (catalog, failed_images) = images.measure(regions.sources, &options, console)?;
    if catalog.images.is_empty() {
        bail!("no image could be measured");
    }
    let mut table = columns::table(&catalog);
    if args.layout == Layout::Wide {
        table = catalog::wide(&catalog, &table);
    }
    if !args.columns.is_empty() && args.columns != ["all"] {
        table = table.select(&args.columns).map_err(|name| anyhow!("there is no column {name}"))?;
    }
    table.meta = catalog::provenance(&args.regions, &options, &catalog);
    table.meta.extend(images.provenance().map(|value| ("archive".to_owned(), value)));
    args.output.write(&table, console)?;
    let uncovered = catalog::summarize(&catalog, console);
    let complete = complete && failed_images == 0 && uncovered == 0;
    Ok(if complete { Outcome::Complete } else { Outcome::Partial })
}

impl Args {
    /// The preset's choices, and over them what was given.
    fn options(&self) -> anyhow::Result<Options> {
        let preset = match self.preset {
            Some(Preset::Notebook) => Options::notebook(),
            None => Options::default(),
        };
        let mask_growth = self.mask_regions.map_or(preset.mask_growth, |Growth(growth)| growth);
        Ok(Options {
            background: self.background(preset.background.unwrap_or_default()),
            mask_growth,
            combine: self.combine.unwrap_or(preset.combine),
            min_coverage: self.min_coverage.unwrap_or(preset.min_coverage),
            zero_point: self.zeropoint.unwrap_or(preset.zero_point),
            extension: self.ext.clone(),
            bunit: self.bunit.clone(),
            specs: self.spec.clone(),
            ..preset
        })
    }

    fn background(&self, preset: BackgroundOptions) -> Option<BackgroundOptions> {
        if self.background == Some(BackgroundKind::None) {
            return None;
        }
        let square = |n: Option<u32>, default| n.map_or(default, |n| (n as usize, n as usize));
        let percentile = self.exclude_percentile;
        Some(BackgroundOptions {
            box_size: square(self.box_size, preset.box_size),
            filter_size: square(self.filter, preset.filter_size),
            exclude: percentile
                .map_or(preset.exclude, |percentile| Exclude::Photutils31 { percentile }),
            ..preset
        })
    }
}

pub(super) fn odd(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|n| n % 2 == 1).ok_or_else(|| "expected an odd number".to_owned())
}

fn number_within(text: &str, low: f64, high: f64) -> Result<f64, String> {
    let number = text.parse().ok().filter(|value| (low..=high).contains(value));
    number.ok_or_else(|| format!("expected a number within {low} and {high}"))
}

pub(super) fn percentage(text: &str) -> Result<f64, String> {
    number_within(text, 0.0, 100.0)
}

fn share(text: &str) -> Result<f64, String> {
    number_within(text, 0.0, 1.0)
}

fn growth(text: &str) -> Result<Growth, String> {
    if text == "none" {
        Ok(Growth(None))
    } else {
        Ok(Growth(Some(number_within(text, 0.0, 100.0)?)))
    }
}
