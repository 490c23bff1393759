//! `hst background`: the mesh background of an image, or the image without it.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use astro_coords::PixelBox;
use cutout::Extension;
use hst_fits::{
    Bitpix, Card, FitsFile, Hdu, Header, ImageSpec, PixelType, Pixels, RowSource, write_images,
};
use indicatif::ProgressBar;
use photometry::background::{Background, BackgroundOptions, Masks, Surface, background};
use photometry::{Pixel, PixelSource, SourceError};
use rayon::prelude::*;
use serde_json::json;

use super::catalog::{odd, percentage};
use crate::catalog::{BKG_RMS, ExcludeRule, Exposed, FilePlane, exclude, fill, pixels, tells};
use crate::console::{Console, Outcome};

const EXAMPLES: &str = "\
Examples:
  hst background image_drc.fits                            (image_drc_bkg.fits: BKG and BKG_RMS)
  hst background image_drc.fits --subtract -o flat.fits    (the image, its background subtracted)
  hst background image_drc.fits --box 128 --filter 5 --exclude-percentile 10";

/// Warned of when more boxes than this share were filled from others.
const MANY_EXCLUDED: f64 = 0.25;

/// Write the background of an image and its noise as FITS maps, or the image without its background
///
/// The background is that of `hst catalog --mask-regions none`: the pixels of each mesh box are sigma clipped and give a
/// level and a noise; boxes with too few good pixels are filled from their neighbours, both meshes are median filtered and
/// drawn as cubic splines. Sources much wider than a box, and crowded ones, raise it: take larger boxes, or `hst catalog`,
/// which masks the regions and what is detected. What no exposure covers does not count: where WHT is 0; in a drizzled
/// image that is where it is NaN or D001FVAL (else 0), which is then looked at in its place. The image is read and the maps
/// are written a few rows at a time. Headers are kept.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// FITS image (SCI, else the first 2-D image)
    image: PathBuf,
    /// File to write [default: here, IMAGE_bkg.fits, or IMAGE_sub.fits with --subtract]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    overwrite: bool,
    /// Write the image less its background instead of the maps; its other extensions are left out
    #[arg(long)]
    subtract: bool,
    /// Extension with the pixels: SCI, SCI,2 (a version) or a number [default: SCI, else the first 2-D image]
    #[arg(long, value_name = "EXT")]
    ext: Option<Extension>,
    /// Side of a mesh box in pixels
    #[arg(long = "box", value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    box_size: u32,
    /// Size of the median filter in boxes, odd
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = odd)]
    filter: u32,
    /// Fill a box from its neighbours when it has lost more than this share of its pixels, as photutils does
    /// [default: half of those that were exposed]
    #[arg(long, value_name = "PERCENT", value_parser = percentage)]
    exclude_percentile: Option<f64>,
    /// Which boxes are filled from their neighbours; --exclude-percentile says how much of them they may lose
    /// [default: robust; photutils-3.1 with --exclude-percentile]
    #[arg(long, value_name = "RULE", value_enum)]
    exclude: Option<ExcludeRule>,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    let out = args.out();
    if out.exists() && !args.overwrite {
        bail!("{} exists; add --overwrite to replace it", out.display());
    }
    let file = Arc::new(crate::open::fits(&args.image)?);
    let mut warnings = Vec::new();
    let hdu = pixels(&file, args.ext.as_ref(), &mut warnings)?;
    let shape = hdu.shape().with_context(|| format!("there is no 2-D image in {}", hdu.place()))?;
    warnings.iter().for_each(|text| console.warning(text));
    let job = Job { args, file: &file, hdu, shape, bar: console.bar(2 * shape.0, "background") };
    let found = match hdu.bitpix {
        Bitpix::U8 | Bitpix::I16 | Bitpix::F32 => job.write::<f32>(&out)?,
        Bitpix::I32 | Bitpix::I64 | Bitpix::F64 => job.write::<f64>(&out)?,
    };
    job.bar.finish_and_clear();
    report(&out, &found, console)?;
    Ok(Outcome::Complete)
}

impl Args {
    fn out(&self) -> PathBuf {
        let ending = if self.subtract { "sub" } else { "bkg" };
        self.out.clone().unwrap_or_else(|| format!("{}_{ending}.fits", stem(&self.image)).into())
    }

    fn options(&self) -> BackgroundOptions {
        let square = |n: u32| (n as usize, n as usize);
        let default = BackgroundOptions::default();
        BackgroundOptions {
            box_size: square(self.box_size),
            filter_size: square(self.filter),
            exclude: exclude(self.exclude, self.exclude_percentile, default.exclude),
            ..default
        }
    }
}

/// The file's name without the endings of FITS.
pub(super) fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let name = name.trim_end_matches(".gz").trim_end_matches(".fz");
    [".fits", ".fit", ".fts"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name).into()
}

struct Job<'a> {
    args: &'a Args,
    file: &'a Arc<FitsFile>,
    hdu: &'a Hdu,
    shape: (usize, usize),
    bar: ProgressBar,
}

impl Job<'_> {
    /// Measures in numbers of type `T`, which holds every pixel exactly, and writes the file in it.
    fn write<T: Pixel + PixelType + Default>(&self, out: &Path) -> anyhow::Result<Background> {
        let options = self.args.options();
        let image = Image::<T>::new(self);
        let weights = FilePlane::beside(self.file, "WHT", self.shape);
        let weights = weights.as_ref().filter(|weights| !weights.is(self.hdu));
        let fill = fill(self.file, self.hdu, &ImageSpec::of(self.file, self.hdu));
        let told = match fill.zip(weights) {
            Some((fill, weights)) => tells(&image, weights, fill),
            None => Ok(weights.is_none()),
        };
        let told = told.map_err(|error| anyhow::anyhow!(error))?;
        let exposed = Exposed::new(&image, fill.filter(|_| told), weights);
        let masks = Masks { ignore: None, uncovered: exposed.uncovered() };
        let found = background(&exposed, masks, &options)
            .with_context(|| format!("no background for {}", self.hdu.place()))?;
        let done = history(&options, &found);
        if self.args.subtract {
            let header = with_history(&self.hdu.header, &done);
            let subtracted = Subtracted { image, level: &found.level };
            self.write_units(out, &[(header, &subtracted)])?;
        } else {
            let units = [("BKG", &found.level), (BKG_RMS, &found.rms)].map(|(name, surface)| {
                let mut header = with_history(&self.hdu.header, &done);
                header.set("EXTNAME", name, "mesh background, or its pixel-to-pixel noise");
                (header, Map { surface, nx: self.shape.1, bar: &self.bar })
            });
            self.bar.inc_length(self.shape.0 as u64);
            let units =
                units.each_ref().map(|(header, map)| (header.clone(), map as &dyn RowSource));
            self.write_units(out, &units)?;
        }
        Ok(found)
    }

    /// The units behind the primary header, which keeps its cards; or from the first on where the image is primary.
    fn write_units(&self, out: &Path, units: &[(Header, &dyn RowSource)]) -> anyhow::Result<()> {
        let pixels = |rows| match self.hdu.bitpix {
            Bitpix::U8 | Bitpix::I16 | Bitpix::F32 => Pixels::RowsF32(self.shape, rows),
            Bitpix::I32 | Bitpix::I64 | Bitpix::F64 => Pixels::RowsF64(self.shape, rows),
        };
        let mut all = Vec::new();
        if self.hdu.index > 0 {
            all.push((self.file.primary(), Pixels::None));
        }
        all.extend(units.iter().map(|(header, rows)| (header, pixels(*rows))));
        Ok(write_images(out, &all)?)
    }
}

/// The image's cards and, behind them, what was done.
fn with_history(header: &Header, done: &[String]) -> Header {
    let mut header = header.clone();
    done.iter().for_each(|text| header.push(Card::commentary("HISTORY", text)));
    header
}

fn history(options: &BackgroundOptions, found: &Background) -> [String; 4] {
    let (side, filter) = (options.box_size.0, options.filter_size.0);
    [
        concat!(
            "hst ",
            env!("CARGO_PKG_VERSION"),
            " background: SExtractor mode, std, clip 3 sigma"
        )
        .to_owned(),
        format!("boxes of {side} pixels, median filter of {filter} boxes"),
        format!("boxes kept with {}", options.exclude),
        format!("boxes filled from others: {:.2} %", 100.0 * found.excluded_share()),
    ]
}

fn report(out: &Path, found: &Background, console: &Console) -> anyhow::Result<()> {
    let share = found.excluded_share();
    if share > MANY_EXCLUDED {
        let percent = 100.0 * share;
        console.warning(&format!(
            "{percent:.0} % of the boxes had too few good pixels and were filled from others"
        ));
    }
    let (level, rms) = (found.level.median(), found.rms.median());
    let (rows, columns) = found.boxes.dim();
    console.note(&format!(
        "{}: {columns} x {rows} boxes, {:.1} % filled; median level {level:.6}, noise {rms:.6}",
        out.display(),
        100.0 * share
    ));
    if console.json {
        let summary = json!({"file": out.display().to_string(), "boxes": [columns, rows],
            "excluded_share": share, "median_level": level, "median_rms": rms});
        use io::Write;
        writeln!(io::stdout().lock(), "{summary}")?;
    }
    Ok(())
}

/// The pixels of the file, read where they are asked for.
#[derive(Debug)]
struct Image<'a, T> {
    file: &'a FitsFile,
    hdu: &'a Hdu,
    shape: (usize, usize),
    bar: &'a ProgressBar,
    pixel: std::marker::PhantomData<fn() -> T>,
}

impl<'a, T> Image<'a, T> {
    fn new(job: &'a Job<'_>) -> Self {
        let Job { file, hdu, shape, ref bar, .. } = *job;
        Self { file, hdu, shape, bar, pixel: std::marker::PhantomData }
    }
}

impl<T: Pixel + PixelType> PixelSource for Image<'_, T> {
    type Pixel = T;

    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn read(&self, window: &PixelBox, out: &mut [T]) -> Result<(), SourceError> {
        self.file.read_window(self.hdu, window, out)?;
        self.bar.inc(window.shape().0 as u64);
        Ok(())
    }
}

/// The rows of a surface.
#[derive(Debug)]
struct Map<'a> {
    surface: &'a Surface,
    nx: usize,
    bar: &'a ProgressBar,
}

impl RowSource for Map<'_> {
    fn rows(&self, rows: Range<usize>, out: &mut [f64]) -> io::Result<()> {
        out.par_chunks_exact_mut(self.nx)
            .zip(rows.clone())
            .for_each(|(row, y)| self.surface.row(y.cast_signed(), 0, row));
        self.bar.inc(rows.len() as u64);
        Ok(())
    }
}

/// The rows of an image less a surface, in `f64`.
#[derive(Debug)]
struct Subtracted<'a, T> {
    image: Image<'a, T>,
    level: &'a Surface,
}

impl<T: Pixel + PixelType + Default> RowSource for Subtracted<'_, T> {
    fn rows(&self, rows: Range<usize>, out: &mut [f64]) -> io::Result<()> {
        let nx = self.image.shape.1;
        let window =
            PixelBox::new(0..nx.cast_signed(), rows.start.cast_signed()..rows.end.cast_signed());
        let mut pixels = vec![T::default(); out.len()];
        self.image.read(&window, &mut pixels).map_err(io::Error::other)?;
        let lines = out.par_chunks_exact_mut(nx).zip(pixels.par_chunks_exact(nx)).zip(rows);
        lines.for_each(|((line, pixels), y)| {
            self.level.row(y.cast_signed(), 0, line);
            line.iter_mut().zip(pixels).for_each(|(v, pixel)| *v = pixel.to_f64() - *v);
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_name_has_no_endings_of_fits() {
        for name in ["x/a_drc.fits", "a_drc.fits.gz", "a_drc.fits.fz", "a_drc.fit", "a_drc"] {
            assert_eq!(stem(Path::new(name)), "a_drc");
        }
        assert_eq!(stem(Path::new("a.b.fits")), "a.b");
    }
}
