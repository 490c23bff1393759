//! `hst render`: images as pictures.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, bail};
use astro_coords::SkyCoord;
use clap::ValueEnum;
use cutout::mosaic::{Mosaic, MosaicOptions};
use cutout::render::{
    About, FileRows, Gray, Interval, Lupton, Mark, Marked, Picture, RenderOptions, Rgb, Rows,
    Stretch, Tone, write_jpeg, write_png,
};
use cutout::{Extension, Extensions, Size};
use serde_json::json;

use crate::console::{Console, Outcome, wrong_usage};
use crate::cutting::harmless;
use crate::output::write_aside;
use crate::picture::{Layer, compass, region_marks, scale_bar};

const EXAMPLES: &str = "\
Examples:
  hst render image_drc.fits                                     (image_drc.png)
  hst render image_drc.fits --at \"13:29:52.7 +47:11:43\" --size 20arcsec --regions m51.reg --guides
  hst render f814w_drc.fits f475w_drc.fits f336w_drc.fits --rgb --align -o color.jpg
  hst render image_drc.fits --zscale --invert --stretch linear -o paper.png";

/// Draw images as PNG or JPEG
///
/// One picture an image, gray, or one in colour of three with --rgb. Values below the lower limit are black, above the
/// upper one white, and the stretch spreads what lies between. The first row of the image is at the bottom, as DS9 shows
/// it. Pixels without a value are black (white with --invert).
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// FITS images; for --rgb the red, the green and the blue one
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Middle of the picture, "RA DEC" in degrees or sexagesimal [default: the whole image]
    #[arg(long, value_name = "POS", requires = "size", allow_hyphen_values = true)]
    at: Option<SkyCoord>,
    /// Size of the picture: 200, 200x300 (pixels, x first), 10arcsec, 5x4arcsec
    #[arg(long, value_name = "SIZE", requires = "at")]
    size: Option<Size>,
    /// Extension with the pixels: SCI, SCI,2 (a version) or a number; of several, SCI,WHT for one, a picture each, named
    /// IMAGE_SCI and IMAGE_WHT [default: SCI, else the first 2-D image]
    #[arg(long, value_name = "EXT")]
    ext: Option<Shown>,
    /// How values between the limits are spread: asinh, log, sqrt, linear, sinh
    #[arg(long, default_value = "asinh")]
    stretch: Stretch,
    /// Limits as percentiles of the pixels shown [default: 0.5,99.5]
    #[arg(long, value_name = "LOW,HIGH", value_parser = pair, group = "limits")]
    percent: Option<[f64; 2]>,
    /// Limits as values
    #[arg(long, value_name = "LOW,HIGH", value_parser = pair, group = "limits", allow_hyphen_values = true)]
    range: Option<[f64; 2]>,
    /// Limits by IRAF's zscale
    #[arg(long, group = "limits")]
    zscale: bool,
    /// The faintest and the brightest pixel as limits
    #[arg(long, group = "limits")]
    minmax: bool,
    /// Dark on light
    #[arg(long)]
    invert: bool,
    /// One picture in colour of three images, each with its own limits
    #[arg(long)]
    rgb: bool,
    /// With --rgb: resample the second and the third image onto the pixels of the first
    #[arg(long, requires = "rgb")]
    align: bool,
    /// With --rgb: colours that do not depend on brightness (Lupton et al. 2004), as Q,STRETCH of them, 8,5 for example
    #[arg(long, value_name = "Q,STRETCH", value_parser = pair, requires = "rgb", conflicts_with_all = ["limits", "invert"])]
    lupton: Option<[f64; 2]>,
    /// Regions to draw, with their colours and names
    #[arg(long, value_name = "FILE")]
    regions: Vec<PathBuf>,
    /// Regions without their names
    #[arg(long, requires = "regions")]
    no_labels: bool,
    /// A scale bar and arrows to north and east
    #[arg(long)]
    guides: bool,
    /// File to write, .png or .jpg [default: here, IMAGE.png]
    #[arg(short, long, value_name = "FILE", conflicts_with = "dir")]
    out: Option<PathBuf>,
    /// Folder to write to; it is made if need be
    #[arg(short, long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Format of the pictures, whatever the file is called [default: png]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Replace existing files
    #[arg(long)]
    overwrite: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Without loss
    Png,
    /// Smaller, with loss
    Jpg,
}

/// The extensions that become pictures.
#[derive(Debug, Clone)]
struct Shown(Vec<Extension>);

impl FromStr for Shown {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse().map_err(|error: cutout::Error| error.to_string())? {
            Extensions::List(list) => Ok(Self(list)),
            _ => Err("name the extensions, as in SCI,WHT".to_owned()),
        }
    }
}

fn pair(text: &str) -> Result<[f64; 2], String> {
    let wrong = || "two numbers with a comma between, as 0.5,99.5".to_owned();
    let (low, high) = text.split_once(',').ok_or_else(wrong)?;
    match (low.trim().parse(), high.trim().parse()) {
        (Ok(low), Ok(high)) => Ok([low, high]),
        _ => Err(wrong()),
    }
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    args.check()?;
    if args.rgb {
        let files: Vec<&Path> = args.files.iter().map(PathBuf::as_path).collect();
        let [red, green, blue] = files[..] else {
            wrong_usage!("--rgb takes three images (red, green, blue), not {}", files.len());
        };
        color(args, [red, green, blue], console)?;
        return Ok(Outcome::Complete);
    }
    let jobs = args.pictures();
    let mut done = 0;
    for (path, ext) in &jobs {
        match gray(args, path, *ext, console) {
            Ok(()) => done += 1,
            Err(error) if jobs.len() == 1 => return Err(error),
            Err(error) => console.problem_of(path, &error),
        }
    }
    Ok(match done {
        0 => Outcome::Nothing,
        n if n < jobs.len() => Outcome::Partial,
        _ => Outcome::Complete,
    })
}

fn gray(
    args: &Args,
    path: &Path,
    ext: Option<&Extension>,
    console: &Console,
) -> anyhow::Result<()> {
    let layer = Layer::open(path, ext, args.at.zip(args.size))?;
    layer.warnings.iter().for_each(|text| console.warning(text));
    let ending = match ext {
        Some(ext) if args.extensions().len() > 1 => match ext {
            Extension::Name(name, None) => format!("_{}", harmless(name)),
            Extension::Name(name, Some(version)) => format!("_{}{version}", harmless(name)),
            Extension::Number(number) => format!("_{number}"),
        },
        _ => String::new(),
    };
    let out = args.out(path, &ending);
    args.free(&out)?;
    let rows = FileRows::new(&layer.file, layer.hdu(), layer.window.clone())?;
    if layer.is_single() {
        let picture = Gray::<f32>::new(&rows, &args.options())?;
        args.finish(&picture, &layer, vec![layer.name()], &out, console)
    } else {
        let picture = Gray::<f64>::new(&rows, &args.options())?;
        args.finish(&picture, &layer, vec![layer.name()], &out, console)
    }
}

fn color(args: &Args, paths: [&Path; 3], console: &Console) -> anyhow::Result<()> {
    let around = args.at.zip(args.size);
    let first = Layer::open(paths[0], args.extensions().first(), around)?;
    first.warnings.iter().for_each(|text| console.warning(text));
    let out = args.out(paths[0], "_rgb");
    args.free(&out)?;
    let names = paths.map(|path| path.file_name().unwrap_or_default().to_string_lossy().into());
    if args.align {
        let files = [1, 2].map(|i| crate::open::fits(paths[i]).map(|file| [file]));
        let [green, blue] = files;
        let (green, blue) = (green?, blue?);
        let red = FileRows::new(&first.file, first.hdu(), first.window.clone())?;
        let onto = |files| {
            let options =
                MosaicOptions { method: cutout::combine::Method::Mean, ..MosaicOptions::default() };
            Mosaic::onto(files, first.hdu(), &first.window, options)
        };
        let (green, blue) = (onto(&green)?, onto(&blue)?);
        return args.blend([&red, &green, &blue], &first, names.to_vec(), &out, console);
    }
    let mut layers = vec![first];
    for path in &paths[1..] {
        let layer = Layer::open(path, args.extensions().first(), around)?;
        match layers[0].offset_of(&layer) {
            Some(away) if away > 0.5 => console.warning(&format!(
                "{} lies up to {away:.1} pixels beside {}; --align puts it in its place",
                layer.name(),
                layers[0].name()
            )),
            _ => (),
        }
        layers.push(layer);
    }
    let rows = layers
        .iter()
        .map(|layer| Ok(FileRows::new(&layer.file, layer.hdu(), layer.window.clone())?))
        .collect::<anyhow::Result<Vec<_>>>()?;
    if args.lupton.is_none() && layers.iter().all(Layer::is_single) {
        let parts = rows
            .iter()
            .map(|rows| Ok(Gray::<f32>::new(rows, &args.options())?))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let picture = aligned(Rgb::new([&parts[0], &parts[1], &parts[2]]))?;
        return args.finish(&picture, &layers[0], names.to_vec(), &out, console);
    }
    args.blend([&rows[0], &rows[1], &rows[2]], &layers[0], names.to_vec(), &out, console)
}

/// Tells what helps when images are not of the same size.
fn aligned<T>(made: cutout::render::RenderResult<T>) -> anyhow::Result<T> {
    made.map_err(|error| match error {
        cutout::render::RenderError::DifferentShapes { .. } => {
            anyhow::Error::from(error).context("add --align")
        }
        other => other.into(),
    })
}

impl Args {
    /// The extensions asked for.
    fn extensions(&self) -> &[Extension] {
        self.ext.as_ref().map_or(&[], |Shown(list)| list)
    }

    /// Every extension asked for of every image; none is the default one.
    fn pictures(&self) -> Vec<(&Path, Option<&Extension>)> {
        let mut extensions: Vec<_> = self.extensions().iter().map(Some).collect();
        if extensions.is_empty() {
            extensions.push(None);
        }
        let of_file = |path| extensions.iter().map(move |ext| (path, *ext));
        self.files.iter().map(PathBuf::as_path).flat_map(of_file).collect()
    }

    fn check(&self) -> anyhow::Result<()> {
        let pictures = self.pictures().len();
        if self.out.is_some() && !self.rgb && pictures > 1 {
            wrong_usage!("--out names one picture, and there are {pictures} images; use --dir");
        }
        if self.rgb && self.extensions().len() > 1 {
            wrong_usage!("--rgb takes one extension, the same of all three images");
        }
        if let Some(out) = &self.out
            && self.format.is_none()
            && format_of(out).is_none()
        {
            wrong_usage!("{}: the ending is neither .png nor .jpg; add --format", out.display());
        }
        if let Err(error) = self.options().interval.check() {
            wrong_usage!("{error}");
        }
        match &self.dir {
            Some(dir) => std::fs::create_dir_all(dir)
                .with_context(|| format!("cannot make the folder {}", dir.display())),
            None => Ok(()),
        }
    }

    fn options(&self) -> RenderOptions {
        let interval = match (self.percent, self.range) {
            (Some([low, high]), _) => Interval::Percent(low, high),
            (_, Some([low, high])) => Interval::Range(low, high),
            _ if self.zscale => Interval::ZScale,
            _ if self.minmax => Interval::MinMax,
            _ => Interval::default(),
        };
        let tone = if self.invert { Tone::Negative } else { Tone::Positive };
        RenderOptions { stretch: self.stretch, interval, tone }
    }

    fn format(&self) -> Format {
        let named = self.out.as_deref().and_then(format_of);
        self.format.or(named).unwrap_or(Format::Png)
    }

    fn out(&self, image: &Path, ending: &str) -> PathBuf {
        if let Some(out) = &self.out {
            return out.clone();
        }
        let kind = if self.format() == Format::Png { "png" } else { "jpg" };
        let name = format!("{}{ending}.{kind}", super::background::stem(image));
        self.dir.as_ref().map_or_else(|| PathBuf::from(&name), |dir| dir.join(&name))
    }

    fn free(&self, out: &Path) -> anyhow::Result<()> {
        if out.exists() && !self.overwrite {
            bail!("{} exists; add --overwrite to replace it", out.display());
        }
        Ok(())
    }

    /// A picture in colour of three images on the same pixels, in double precision.
    fn blend(
        &self,
        rows: [&dyn Rows<f64>; 3],
        layer: &Layer,
        names: Vec<String>,
        out: &Path,
        console: &Console,
    ) -> anyhow::Result<()> {
        if let Some([q, stretch]) = self.lupton {
            let picture = aligned(Lupton { q, stretch, ..Lupton::default() }.picture(rows))?;
            return self.finish(&picture, layer, names, out, console);
        }
        let parts = rows
            .iter()
            .map(|rows| Ok(Gray::<f64>::new(*rows, &self.options())?))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let picture = aligned(Rgb::new([&parts[0], &parts[1], &parts[2]]))?;
        self.finish(&picture, layer, names, out, console)
    }

    /// Draws marks over the picture where any are asked for, and writes it.
    fn finish(
        &self,
        picture: &dyn Picture,
        layer: &Layer,
        inputs: Vec<String>,
        out: &Path,
        console: &Console,
    ) -> anyhow::Result<()> {
        let (ny, nx) = picture.shape();
        let marks = self.marks(layer, console)?;
        let wcs = layer.wcs.as_ref().ok();
        let about = About {
            inputs,
            center: self.at.or_else(|| wcs?.to_sky(layer.middle())),
            scale: wcs.map(hst_fits::Wcs::pixel_scale),
        };
        let marked = Marked::new(picture, &marks);
        let picture = if marks.is_empty() { picture } else { &marked };
        let mut written = Ok(());
        let file = write_aside(out, |file| {
            written = match self.format() {
                Format::Png => write_png(picture, &about, &mut *file),
                Format::Jpg => write_jpeg(picture, &about, &mut *file),
            };
            // The reason comes below, with its kind.
            written.as_ref().map(|_| ()).map_err(|_| io::Error::other("no picture"))
        });
        written.with_context(|| format!("cannot draw {}", out.display()))?;
        file?;
        console.note(&format!("{}: {nx} x {ny} pixels", out.display()));
        if console.json {
            let line = json!({"file": out.display().to_string(), "nx": nx, "ny": ny,
                "images": about.inputs, "ra": about.center.map(|c| c.ra.degrees()),
                "dec": about.center.map(|c| c.dec.degrees()),
                "pixel_scale_arcsec": about.scale.map(|s| s.degrees() * 3600.0)});
            writeln!(io::stdout().lock(), "{line}")?;
        }
        Ok(())
    }

    fn marks(&self, layer: &Layer, console: &Console) -> anyhow::Result<Vec<Mark>> {
        let (ny, nx) = layer.window.shape();
        // Lines and letters that are seen when the whole picture is on a screen.
        let unit = (nx.min(ny) as f64 / 700.0).floor().max(1.0);
        let mut marks = Vec::new();
        for path in &self.regions {
            marks.extend(region_marks(path, layer, unit, !self.no_labels, console)?);
        }
        if self.guides {
            marks.extend(scale_bar(layer, unit));
            marks.extend(compass(layer, unit));
        }
        Ok(marks)
    }
}

fn format_of(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "png" => Some(Format::Png),
        "jpg" | "jpeg" => Some(Format::Jpg),
        _ => None,
    }
}
