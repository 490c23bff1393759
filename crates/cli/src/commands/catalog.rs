//! `hst catalog`: the main job.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::bail;
use astro_coords::Angle;
use clap::ValueEnum;
use cutout::Extension;

use hst_fits::Spec;
use photometry::background::BackgroundOptions;

use crate::angles;
use crate::catalog::{
    self, ArchiveArgs, Catalog, Combine, Encircled, ErrorModel, ExcludeRule, Options, RingSize,
    SkyShape, Subtract, Sum, WeightType, ZeroPoint, columns,
};
use crate::console::{Console, Outcome, WrongUsage, wrong_usage};
use crate::output::{Output, write_aside};
use crate::report::{MOST_SECTIONS, Report};
use crate::table::Table;

const EXAMPLES: &str = "\
Examples:
  hst catalog m51.reg -o m51.ecsv                       (from MAST: the classic three filters)
  hst catalog m51.reg --archive DIR --spec HST-ACS-WFC-F814W --dry-run
  hst catalog m51.reg --images *_drc.fits -o m51.ecsv --report m51.html
  hst catalog m51.reg --images a_drc.fits b_drc.fits --combine none --format csv
  hst catalog stars.reg --images *_drc.fits --radii 0.15,0.5  (circles around points)
  hst catalog m51.reg --images *_drc.fits --preset notebook    (the notebook's numbers)";

/// Measure the regions of a DS9 file on Hubble images: one row per region and filter
///
/// Each region with an area is one source, whatever its shape; the rings of an annulus and the cells of a panda are
/// one each, a composite is one. `-` regions take their pixels from all sources and make no row; regions marked
/// background make none either. On every image the sources are measured with exact apertures after a background has
/// been subtracted (the sources themselves are masked from its mesh); the images of one telescope,
/// instrument, detector and filter are combined, and fluxes and AB magnitudes follow from the header's
/// PHOTFLAM and PHOTPLAM. One bad region or image never loses the others: it is named, and the exit code
/// is 3.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Region file, of DS9 or another program, in any frame; regions in pixels are those of the first of --images
    regions: PathBuf,
    /// Its format: ds9, ciao, saoimage, pros, saotng, xy, crtf or carta [default: what the first lines show]
    #[arg(long, value_name = "FORMAT")]
    from: Option<ds9_regions::Format>,
    /// Images to measure (drizzled FITS: SCI, else the first 2-D image) [default: what the archive has]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    images: Vec<PathBuf>,
    #[command(flatten)]
    archive: ArchiveArgs,
    /// Only images of this telescope-instrument-detector-filter, as HST-ACS-WFC-F814W; may be repeated
    #[arg(long, value_name = "SPEC")]
    spec: Vec<Spec>,
    /// Extension with the pixels: SCI, SCI,2 (a version) or a number [default: SCI, else the first 2-D image]
    #[arg(long, value_name = "EXT")]
    ext: Option<Extension>,
    /// Circles of these radii around every region (also points), in place of the region itself: a row for each; arcsec,
    /// or with a unit, as 0.5arcmin
    #[arg(long, value_name = "R1,R2", value_delimiter = ',', value_parser = angles::positive)]
    radii: Vec<Angle>,
    /// Share of a pixel on the edge that counts: exact, its area inside; center, all or nothing by its centre;
    /// subpixel:N, that of N x N places [default: exact]
    #[arg(long, value_name = "exact|center|subpixel:N", value_parser = sum)]
    sum: Option<Sum>,
    /// How shapes on the sky become shapes in pixels [default: affine; photutils with --preset notebook]
    #[arg(long, value_enum)]
    sky_shape: Option<SkyShape>,
    /// Unit of the pixels, where the header's BUNIT is missing or wrong
    #[arg(long, value_name = "UNIT")]
    bunit: Option<String>,
    /// Every choice as one of these has it; options given besides still count
    #[arg(long, value_enum)]
    preset: Option<Preset>,
    /// mesh: sigma-clipped boxes, median filter, spline; local: the same from the boxes near the regions only, N in
    /// each direction, which moves sums by some thousandths of their errors [N: 3]; annulus:1.5x,2x: of each region
    /// the median of a ring 1.5 to 2 times its size, annulus:2,3: of one of 2 to 3 arcsec; regions: of the regions marked
    /// background that share its tag, else of those without one; none: the pixels as they are [default: mesh]
    #[arg(long, value_name = "KIND", help_heading = "Background")]
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
    /// Which boxes are filled from their neighbours; --exclude-percentile says how much of them they may lose
    /// [default: robust; photutils-3.1 with --exclude-percentile or --preset notebook]
    #[arg(long, value_name = "RULE", value_enum, help_heading = "Background")]
    exclude: Option<ExcludeRule>,
    /// Keep the sources, grown by this factor, out of the mesh; `none` for not at all [default: 1.5]
    #[arg(long, value_name = "FACTOR|none", help_heading = "Background", value_parser = growth)]
    mask_regions: Option<Growth>,
    /// Keep out of the mesh, too, what stands out of it by so many sigma in 7 x 7 pixels, and the wings of the regions
    /// beyond their masks; `none` for neither [default: 3.5; none with --mask-regions none]
    #[arg(long, value_name = "SIGMA|none", help_heading = "Background", value_parser = detected)]
    mask_detected: Option<Sigma>,
    /// Where errors come from; the noise of the source's own electrons is added but for --wht-type err and ERR planes
    /// [default: auto; none with --preset notebook]
    #[arg(long, value_enum, help_heading = "Errors")]
    error: Option<ErrorModel>,
    /// The weight map; where it is zero, nothing was exposed [default: WHT, where there is one]
    #[arg(long, value_name = "FILE|EXT", help_heading = "Errors")]
    wht: Option<String>,
    /// What the weights are [default: exp]
    #[arg(long, value_enum, help_heading = "Errors")]
    wht_type: Option<WeightType>,
    /// The noise of each pixel in the unit of the image: of a file ERR, RMS or BKG_RMS, else its only image; ERR is
    /// taken to have the source's too, and BKG_RMS (of `hst background`) is multiplied by what drizzle hides
    #[arg(long, value_name = "FILE|EXT", help_heading = "Errors")]
    rms: Option<String>,
    /// The quality bits of each pixel, for the column dq and --dq-bad [default: DQ, where there is one]
    #[arg(long, value_name = "FILE|EXT", help_heading = "Errors")]
    dq: Option<String>,
    /// Leave out pixels with one of these quality bits, given as their sum
    #[arg(long, value_name = "BITS", default_value_t = 0, help_heading = "Errors")]
    dq_bad: u32,
    /// weighted: fluxes by exposure time; mean: the notebook's mean of sums; none: a row per image
    #[arg(long, value_enum, help_heading = "Combining")]
    combine: Option<Combine>,
    /// An image with less of the region on valid pixels leaves the average if a better one exists [default: 0.98]
    #[arg(long, value_name = "SHARE", help_heading = "Combining", value_parser = share)]
    min_coverage: Option<f64>,
    /// exact: -2.5 lg PHOTFLAM - 5 lg PHOTPLAM - 2.407948...; notebook: the same with 2.408; or a number
    #[arg(long, value_name = "exact|notebook|MAG", value_parser = str::parse::<ZeroPoint>)]
    zeropoint: Option<ZeroPoint>,
    /// Encircled energies: STScI's CSV (FILTER, wavelength, APER#radius...) or two columns, arcsec and share; adds columns
    /// for point sources and changes no other
    #[arg(long, value_name = "TABLE")]
    ee: Option<PathBuf>,
    /// Colour excess E(B-V) of the dust in front; adds columns and changes no other
    #[arg(long, value_name = "MAG", value_parser = excess)]
    ebv: Option<f64>,
    #[command(flatten)]
    output: Output,
    /// One page with the table, pictures and diagrams, to be looked at with a browser
    #[arg(long, value_name = "FILE.html", help_heading = "Output")]
    report: Option<PathBuf>,
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

#[derive(Debug, Clone, Copy, PartialEq)]
enum BackgroundKind {
    Mesh,
    /// Boxes in each direction.
    Local(usize),
    Annulus(RingSize),
    Regions,
    None,
}

/// A box's influence falls by 0.27 with each box: what lies beyond three moves the background by a fiftieth of its
/// variation, and no sum on the notebook's field by more than 0.004 of its error; beyond eight by 4e-6, for nearly
/// three times the bytes.
const REACH: usize = 3;

impl FromStr for BackgroundKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            "expected mesh, local, local:N, annulus:1.5x,2x, annulus:2,3, regions or none"
                .to_owned()
        };
        Ok(match text.split_once(':') {
            None if text == "mesh" => Self::Mesh,
            None if text == "local" => Self::Local(REACH),
            None if text == "none" => Self::None,
            Some(("local", reach)) => Self::Local(reach.parse().map_err(|_| expected())?),
            Some(("annulus", sizes)) => Self::Annulus(ring(sizes).ok_or_else(expected)?),
            None if text == "regions" => Self::Regions,
            _ => return Err(expected()),
        })
    }
}

/// Two ascending factors, or two ascending radii.
fn ring(text: &str) -> Option<RingSize> {
    let (inner, outer) = text.split_once(',')?;
    let factor = |text: &str| text.trim().strip_suffix('x')?.trim().parse::<f64>().ok();
    match (factor(inner), factor(outer)) {
        (Some(inner), Some(outer)) => (inner > 0.0 && inner < outer && outer.is_finite())
            .then_some(RingSize::Times([inner, outer])),
        (None, None) => {
            let radii = [angles::positive(inner).ok()?, angles::positive(outer).ok()?];
            (radii[0] < radii[1]).then_some(RingSize::Radii(radii))
        }
        _ => None,
    }
}

/// What stands out by so many sigma is masked; `None` masks nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sigma(Option<f64>);

/// How far a source is grown before it is masked; `None` masks nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Growth(Option<f64>);

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    args.output.check()?;
    if let Some(path) = &args.report {
        args.output.check_file(path)?;
    }
    let options = args.options()?;
    if args.layout == Layout::Wide && options.combine == Combine::None {
        wrong_usage!("--layout wide has no place for the rows of --combine none");
    }
    // Nobody waits for an hour to be told of a slip; columns of the wide layout have the names of filters yet unknown.
    if args.layout == Layout::Long && args.columns != ["all"] {
        let known = columns::table(&Catalog::default(), &options);
        args.select(&known)?;
    }
    let regions = catalog::read_sources(&args.regions, args.from, &args.images, &options)?;
    regions.report(console);
    if regions.targets.sources.is_empty() {
        bail!("{}: no region to measure", args.regions.display());
    }
    let complete = regions.is_complete();
    let images = args.archive.images(&args.images, &regions.targets.sources, &options, console)?;
    if args.archive.dry_run {
        return Ok(Outcome::Complete);
    }
    let (catalog, failed_images) = images.measure(&regions.targets, &options, console)?;
    if catalog.images.is_empty() {
        bail!("no image could be measured");
    }
    let mut table = columns::table(&catalog, &options);
    if args.columns.is_empty() {
        table = columns::usual(table);
    }
    if args.layout == Layout::Wide {
        table = catalog::wide(&catalog, &table);
    }
    if !args.columns.is_empty() && args.columns != ["all"] {
        table = args.select(&table)?;
    }
    table.meta = catalog::provenance(&args.regions, &options, &catalog);
    table.meta.extend(images.provenance().map(|value| ("archive".to_owned(), value)));
    args.output.write(&table, console)?;
    let uncovered = catalog::summarize(&catalog, console);
    if let Some(path) = &args.report {
        write_report(path, &args.regions, &catalog, &table, console)?;
    }
    let complete = complete && failed_images == 0 && uncovered == 0;
    Ok(if complete { Outcome::Complete } else { Outcome::Partial })
}

/// Writes the page and tells where it is.
pub(super) fn write_report(
    path: &Path,
    regions: &Path,
    catalog: &Catalog,
    table: &Table,
    console: &Console,
) -> anyhow::Result<()> {
    let name = regions.file_name().unwrap_or(regions.as_os_str()).to_string_lossy();
    let messages = console.said();
    let report = Report { catalog, table, regions: &name, messages: &messages };
    write_aside(path, |out| report.write(out))?;
    console.note(&format!("{}: the report", path.display()));
    Ok(())
}

impl Args {
    /// The columns that were asked for.
    fn select(&self, table: &Table) -> anyhow::Result<Table> {
        let selected = table.select(&self.columns);
        Ok(selected.map_err(|name| WrongUsage(format!("there is no column {name}")))?)
    }

    /// The preset's choices, and over them what was given.
    fn options(&self) -> anyhow::Result<Options> {
        let preset = match self.preset {
            Some(Preset::Notebook) => Options::notebook(),
            None => Options::default(),
        };
        let mask_growth = self.mask_regions.map_or(preset.mask_growth, |Growth(growth)| growth);
        let usual = mask_growth.and(Some(catalog::DETECTED));
        let asks = |what: &dyn Fn(&str) -> bool| {
            self.columns.iter().any(|name| name == "all" || what(name))
        };
        Ok(Options {
            background: self.background(&preset.background),
            mask_growth,
            mask_detected: self.mask_detected.map_or(usual, |Sigma(sigma)| sigma),
            radii: self.radii.clone(),
            sum: self.sum.unwrap_or(preset.sum),
            sky_shape: self.sky_shape.unwrap_or(preset.sky_shape),
            combine: self.combine.unwrap_or(preset.combine),
            min_coverage: self.min_coverage.unwrap_or(preset.min_coverage),
            zero_point: self.zeropoint.unwrap_or(preset.zero_point),
            ee: self.ee.as_deref().map(Encircled::read).transpose()?,
            ebv: self.ebv,
            error: self.error.unwrap_or(preset.error),
            wht: self.wht.clone(),
            wht_type: self.wht_type.unwrap_or(preset.wht_type),
            find_weights: preset.find_weights,
            rms: self.rms.clone(),
            dq: self.dq.clone(),
            quality: self.dq.is_some() || asks(&|name| name == "dq" || name.ends_with("_dq")),
            dq_bad: self.dq_bad,
            statistics: asks(&catalog::is_statistic),
            extension: self.ext.clone(),
            bunit: self.bunit.clone(),
            specs: self.spec.clone(),
            portraits: if self.report.is_some() { MOST_SECTIONS } else { 0 },
        })
    }

    fn background(&self, preset: &Subtract) -> Subtract {
        let mesh = self.mesh(preset.mesh().cloned().unwrap_or_default());
        match self.background.unwrap_or(BackgroundKind::Mesh) {
            BackgroundKind::Mesh => Subtract::Mesh(mesh),
            BackgroundKind::Local(reach) => Subtract::Local(mesh, reach),
            BackgroundKind::Annulus(size) => Subtract::Annulus(size),
            BackgroundKind::Regions => Subtract::Regions,
            BackgroundKind::None => Subtract::None,
        }
    }

    fn mesh(&self, preset: BackgroundOptions) -> BackgroundOptions {
        let square = |n: Option<u32>, default| n.map_or(default, |n| (n as usize, n as usize));
        BackgroundOptions {
            box_size: square(self.box_size, preset.box_size),
            filter_size: square(self.filter, preset.filter_size),
            exclude: catalog::exclude(self.exclude, self.exclude_percentile, preset.exclude),
            ..preset
        }
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

fn excess(text: &str) -> Result<f64, String> {
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

fn detected(text: &str) -> Result<Sigma, String> {
    if text == "none" {
        return Ok(Sigma(None));
    }
    let sigma = text.parse().ok().filter(|sigma: &f64| *sigma > 0.0 && sigma.is_finite());
    sigma
        .map(|sigma| Sigma(Some(sigma)))
        .ok_or_else(|| "expected a number above 0, or none".to_owned())
}

fn sum(text: &str) -> Result<Sum, String> {
    let samples = |n: &str| n.parse().ok().filter(|n| (1..=1000).contains(n)).map(Sum::Subpixel);
    match text.split_once(':') {
        None if text == "exact" => Some(Sum::Exact),
        None if text == "center" => Some(Sum::Center),
        Some(("subpixel", n)) => samples(n),
        _ => None,
    }
    .ok_or_else(|| "expected exact, center or subpixel:N with N to 1000".to_owned())
}
