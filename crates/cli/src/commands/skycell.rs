//! `hst skycell`: the sky tessellation of multi-visit mosaics, by arithmetic.

use std::io::{self, Write};
use std::path::PathBuf;

use astro_coords::{Footprint, PixelCoord, SkyCoord};
use clap::ValueEnum;
use hst_fits::{CellScale, MvmName, ProjectionCell, SkyCell, Wcs};
use serde_json::{Value, json};

use crate::archive::shapes_of_file;
use crate::console::{Console, Outcome, wrong_usage};
use crate::output::Output;
use crate::table::{Column, Table, Values};

/// Projection cells and skycells of HST's multi-visit mosaics
///
/// 2644 tangent planes of 5 degrees, each with 21 x 21 overlapping skycells. Everything is computed; nothing is asked
/// of the archive, so it is not known which skycells hold data.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    At(At),
    In(In),
    Show(Show),
}

/// The skycells that show a place, each with the pixel there
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "Examples:\n  hst skycell at \"84.9208 -69.1467\"\n  hst skycell at \"05:39:41 -69:08:48\" --scale coarse"
)]
struct At {
    /// Position, "RA DEC" in degrees or sexagesimal, ICRS
    #[arg(value_name = "POS", required = true, num_args = 1.., allow_negative_numbers = true)]
    place: Vec<String>,
    /// Pixels of 0.04 or of 0.12 arcsec
    #[arg(long, value_enum, default_value_t)]
    scale: Scale,
    #[command(flatten)]
    output: Output,
}

/// The skycells that have a part of any region of a file (of a shape that is no circle, of the circle around it)
#[derive(Debug, clap::Args)]
#[command(name = "in", after_long_help = "Example:\n  hst skycell in m51.reg -o cells.ecsv")]
struct In {
    /// DS9 region file
    regions: PathBuf,
    #[command(flatten)]
    output: Output,
}

/// The world coordinates of a skycell or a projection cell, as header cards
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "Examples:\n  hst skycell show p1889x07y19\n  hst skycell show p1889 --json\n  hst skycell show hst_skycell-p0081x14y14_wfc3_ir_f160w_coarse-all_drz.fits"
)]
struct Show {
    /// p1889x07y19, p1889, skycell-p1889x07y19, or the name of a mosaic's file
    name: String,
    /// Pixels of 0.04 or of 0.12 arcsec [default: what the name says, else fine]
    #[arg(long, value_enum)]
    scale: Option<Scale>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Scale {
    /// 0.04 arcsec
    #[default]
    Fine,
    /// 0.12 arcsec (WFC3/IR)
    Coarse,
}

impl From<Scale> for CellScale {
    fn from(scale: Scale) -> Self {
        match scale {
            Scale::Fine => Self::Fine,
            Scale::Coarse => Self::Coarse,
        }
    }
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<Outcome> {
    match &args.command {
        Command::At(args) => at(args, console),
        Command::In(args) => within(args, console),
        Command::Show(args) => show(args, console),
    }
}

fn at(args: &At, console: &Console) -> anyhow::Result<Outcome> {
    args.output.check()?;
    let place: SkyCoord = match args.place.join(" ").parse() {
        Ok(place) => place,
        Err(problem) => wrong_usage!("{problem}"),
    };
    let cells: Vec<_> = SkyCell::at(place).map(|(cell, _)| cell).collect();
    let owner = SkyCell::owner(place);
    let pixel = |cell: &SkyCell| cell.to_pixel(place, args.scale.into());
    let pixels: Vec<_> = cells
        .iter()
        .map(|cell| pixel(cell).unwrap_or(PixelCoord::new(f64::NAN, f64::NAN)))
        .collect();
    let mut table = cells_table(&cells);
    let floats = |values: Vec<f64>| Values::Float(values);
    table.columns.extend([
        column(
            "x",
            Some("pixel"),
            "pixel of the whole skycell, from 0; delivered mosaics are trimmed",
            floats(pixels.iter().map(|p| p.x).collect()),
        ),
        column("y", Some("pixel"), "as x", floats(pixels.iter().map(|p| p.y).collect())),
        column(
            "best",
            None,
            "1 for the cell in which the place is farthest from the edges",
            Values::Int(cells.iter().map(|cell| Some(i64::from(owner == Some(*cell)))).collect()),
        ),
    ]);
    args.output.write(&table, console)?;
    Ok(if cells.is_empty() { Outcome::Nothing } else { Outcome::Complete })
}

fn within(args: &In, console: &Console) -> anyhow::Result<Outcome> {
    args.output.check()?;
    let (shapes, left_out) = shapes_of_file(&args.regions, console)?;
    let footprints = shapes.into_iter().filter_map(|shape| Footprint::new(vec![shape]));
    let mut cells: Vec<SkyCell> =
        footprints.flat_map(|footprint| SkyCell::touching(&footprint)).collect();
    cells.sort_unstable();
    cells.dedup();
    args.output.write(&cells_table(&cells), console)?;
    Ok(match (cells.len(), left_out) {
        (0, _) => Outcome::Nothing,
        (_, 0) => Outcome::Complete,
        _ => Outcome::Partial,
    })
}

fn column(
    name: &'static str,
    unit: Option<&'static str>,
    description: &'static str,
    values: Values,
) -> Column {
    Column { name: name.into(), unit, description, values }
}

fn cells_table(cells: &[SkyCell]) -> Table {
    let number = |value: fn(&SkyCell) -> i64| {
        Values::Int(cells.iter().map(|cell| Some(value(cell))).collect())
    };
    let center = |axis: fn(SkyCoord) -> f64| {
        let value = |cell: &SkyCell| middle(*cell).map_or(f64::NAN, axis);
        Values::Float(cells.iter().map(value).collect())
    };
    let names = cells.iter().map(|cell| format!("skycell-{cell}")).collect();
    let mut table = Table {
        columns: vec![
            column("skycell", None, "name of the skycell", Values::Text(names)),
            column(
                "projcell",
                None,
                "projection cell, 0 to 2643",
                number(|cell| cell.projection.id().into()),
            ),
            column(
                "xcell",
                None,
                "column in it, 1 to 21, to smaller right ascension",
                number(|cell| cell.x.into()),
            ),
            column("ycell", None, "row in it, 1 to 21, northward", number(|cell| cell.y.into())),
            column(
                "ra",
                Some("deg"),
                "ICRS right ascension of the middle",
                center(|place| place.ra.wrapped().degrees()),
            ),
            column(
                "dec",
                Some("deg"),
                "ICRS declination of the middle",
                center(|place| place.dec.degrees()),
            ),
        ],
        ..Table::default()
    };
    table.meta.insert("software".into(), json!(concat!("hst ", env!("CARGO_PKG_VERSION"))));
    table.meta.insert("command".into(), json!(std::env::args().collect::<Vec<_>>()));
    table
}

fn middle(cell: SkyCell) -> Option<SkyCoord> {
    let (ny, nx) = SkyCell::shape(CellScale::Fine);
    let middle = |n: usize| (n as f64 - 1.0) / 2.0;
    cell.wcs(CellScale::Fine).to_sky(PixelCoord::new(middle(nx), middle(ny)))
}

/// What a name stands for.
struct Grid {
    name: String,
    wcs: Wcs,
    center: SkyCoord,
    shape: (usize, usize),
    scale: f64,
}

fn show(args: &Show, console: &Console) -> anyhow::Result<Outcome> {
    let grid = grid(&args.name, args.scale.map(CellScale::from))?;
    let reference = grid.wcs.to_pixel(grid.center).unwrap_or(PixelCoord::new(f64::NAN, f64::NAN));
    let (x, y) = reference.to_fits();
    let cards: [(&str, Value); 14] = [
        ("NAXIS1", grid.shape.1.into()),
        ("NAXIS2", grid.shape.0.into()),
        ("CTYPE1", "RA---TAN".into()),
        ("CTYPE2", "DEC--TAN".into()),
        ("CRPIX1", rounded(x).into()),
        ("CRPIX2", rounded(y).into()),
        ("CRVAL1", grid.center.ra.wrapped().degrees().into()),
        ("CRVAL2", grid.center.dec.degrees().into()),
        ("CD1_1", (-grid.scale).into()),
        ("CD1_2", 0.0.into()),
        ("CD2_1", 0.0.into()),
        ("CD2_2", grid.scale.into()),
        ("LONPOLE", 180.0.into()),
        ("RADESYS", "ICRS".into()),
    ];
    let corners = grid.wcs.footprint(grid.shape);
    let mut out = io::BufWriter::new(io::stdout().lock());
    if console.json {
        let mut object = serde_json::Map::new();
        object.insert("name".into(), grid.name.into());
        cards.into_iter().for_each(|(keyword, value)| {
            object.insert(keyword.into(), value);
        });
        let corner = |place: &SkyCoord| json!([place.ra.wrapped().degrees(), place.dec.degrees()]);
        object.insert(
            "footprint".into(),
            corners.map(|corners| corners.iter().map(corner).collect::<Vec<_>>()).into(),
        );
        writeln!(out, "{}", Value::Object(object))?;
    } else {
        writeln!(out, "COMMENT {}", grid.name)?;
        for (keyword, value) in cards {
            match value {
                Value::String(text) => writeln!(out, "{keyword:<8}= '{text:<8}'")?,
                value => writeln!(out, "{keyword:<8}= {:>20}", value.to_string())?,
            }
        }
        let text = |place: &SkyCoord| {
            format!("{:.9} {:.9}", place.ra.wrapped().degrees(), place.dec.degrees())
        };
        if let Some(corners) = corners {
            let corners: Vec<_> = corners.iter().map(text).collect();
            writeln!(out, "COMMENT POLYGON ICRS {}", corners.join(" "))?;
        }
    }
    out.flush()?;
    Ok(Outcome::Complete)
}

/// What rounding leaves of a pixel that is a whole third.
fn rounded(pixel: f64) -> f64 {
    let thirds = (pixel * 3.0).round() / 3.0;
    if (pixel - thirds).abs() < 1e-6 { thirds } else { pixel }
}

fn grid(name: &str, wanted: Option<CellScale>) -> anyhow::Result<Grid> {
    let base = name.rsplit('/').next().unwrap_or(name);
    let degrees = |scale: CellScale| 0.04 / 3600.0 * scale.factor();
    let of_cell = |cell: SkyCell, scale: CellScale| Grid {
        name: format!("skycell-{cell}"),
        wcs: cell.wcs(scale),
        center: cell.projection.center(),
        shape: SkyCell::shape(scale),
        scale: degrees(scale),
    };
    if let Ok(file) = base.parse::<MvmName>() {
        return Ok(of_cell(file.cell, wanted.unwrap_or(file.scale)));
    }
    let problem = match base.parse::<SkyCell>() {
        Ok(cell) => return Ok(of_cell(cell, wanted.unwrap_or_default())),
        Err(problem) => problem,
    };
    let digits = base.strip_prefix(['p', 'P']).filter(|digits| digits.len() <= 4);
    let Some(id) = digits.and_then(|digits| digits.parse::<u16>().ok()) else {
        wrong_usage!("{problem}");
    };
    let Some(cell) = ProjectionCell::new(id) else {
        wrong_usage!("projection cells are p0000 to p{}: {base}", ProjectionCell::COUNT - 1);
    };
    if wanted == Some(CellScale::Coarse) {
        wrong_usage!("a projection cell has fine pixels; coarse skycells do not lie on one grid");
    }
    Ok(Grid {
        name: format!("projection cell {id}"),
        wcs: cell.wcs(),
        center: cell.center(),
        shape: (450_287, 450_287),
        scale: degrees(CellScale::Fine),
    })
}
