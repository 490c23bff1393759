//! Our side of `peers/apertures.py`: one job on a raw image, its answers, and the CPU and wall seconds of each run after a
//! first one that is not counted.
//!
//! `peer_apertures IMAGE.f32 NY NX PLACES.f64 JOB THREADS RUNS ANSWERS.f64 [WCS.fits]`; places are x, y pairs.
#![allow(clippy::print_stdout, reason = "a program for a script")]

use std::error::Error;
use std::path::Path;

use astro_coords::{PixelCoord, SkyCoord};
use hst_fits::{FitsFile, Wcs};
use ndarray::Array2;
use photometry::aperture::{Annulus, Circle, Ellipse, FillRule, Polygon, Rectangle};
use photometry::statistics::{ApertureStatistics, StatisticsOptions, aperture_statistics_all};
use photometry::{
    Aperture, Find, LocalSkyOptions, MeasureOptions, Pixels, local_sky_all, measure, measure_all,
};

mod measure;

use measure::{Best, numbers, read, write};

type Numbers = Result<Vec<f64>, Box<dyn Error + Send + Sync>>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [image, ny, nx, places, job, threads, runs, answers, wcs @ ..] = arguments.as_slice()
    else {
        return Err("IMAGE.f32 NY NX PLACES.f64 JOB THREADS RUNS ANSWERS.f64 [WCS.fits]".into());
    };
    let image = read(image, (ny.parse()?, nx.parse()?))?;
    let places = numbers(places)?;
    let places: Vec<PixelCoord> =
        places.as_chunks::<2>().0.iter().map(|[x, y]| PixelCoord::new(*x, *y)).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build()?;
    let sky = match wcs {
        [file] => Some(on_the_sky(Path::new(file), &places)?),
        _ => None,
    };
    let mut found = Vec::new();
    let (mut cpu, mut wall) = (Vec::new(), Vec::new());
    // Separate calls are too short for the clock of the processor's time.
    let times = if sky.is_some() { CALLS } else { 1 };
    for run_number in 0..=runs.parse::<usize>()? {
        let mut taken = Best::default();
        found = taken.time(|| {
            let mut found = Ok(Vec::new());
            for _ in 0..times {
                found = pool.install(|| match &sky {
                    Some((wcs, places)) => calls(&image, wcs, places),
                    None => run(job, &image, &places),
                });
            }
            found.map_err(|error| -> Box<dyn Error> { error })
        })?;
        if run_number > 0 {
            cpu.push(taken.cpu / f64::from(times));
            wall.push(taken.wall / f64::from(times));
        }
    }
    write(answers, &found)?;
    println!("{{\"cpu\": {cpu:?}, \"wall\": {wall:?}}}");
    Ok(())
}

/// Times that all separate calls are made in a run.
const CALLS: u32 = 200;

fn on_the_sky(file: &Path, places: &[PixelCoord]) -> Result<(Wcs, Vec<SkyCoord>), Box<dyn Error>> {
    let file = FitsFile::open(file)?;
    let wcs = file.wcs(file.find("SCI", None)?, None)?;
    let sky =
        places.iter().map(|at| wcs.to_sky(*at).ok_or("off the sky")).collect::<Result<_, _>>()?;
    Ok((wcs, sky))
}

/// A call for each place: its pixels, its shape, its sum. Circles of 0.25 arcsec.
fn calls(image: &Array2<f32>, wcs: &Wcs, places: &[SkyCoord]) -> Numbers {
    let one = |place: &SkyCoord| {
        let center = wcs.to_pixel(*place).ok_or("off the image")?;
        let map = wcs.jacobian(center).ok_or("no scale")?.map(|row| row.map(|d| d * 3600.0));
        Ok(measure(image, None, &Ellipse::from_map(center, map, 0.25))?.sum)
    };
    places.iter().map(one).collect()
}

fn run(job: &str, image: &Array2<f32>, places: &[PixelCoord]) -> Numbers {
    match job {
        "circle 5" => sums(image, places, |at| Circle::new(at, 5.0)),
        "circle 50" => sums(image, places, |at| Circle::new(at, 50.0)),
        "annulus 8 12" => sums(image, places, ring),
        "ellipse 8 4" => sums(image, places, |at| Ellipse::new(at, 8.0, 4.0, 0.4)),
        "rectangle 10 6" => sums(image, places, |at| Rectangle::new(at, 10.0, 6.0, 0.4)),
        "hexagon 10" => polygons(image, places, &ring_of(6, 10.0, 0.0)),
        "polygon 60 10" => polygons(image, places, &ring_of(60, 10.0, 0.25)),
        "polygon 200 10" => polygons(image, places, &ring_of(200, 10.0, 0.25)),
        "polygon 200 50" => polygons(image, places, &ring_of(200, 50.0, 0.25)),
        "clipped annulus" => skies(image, places),
        "statistics" => statistics(image, places),
        other => Err(format!("no job {other}").into()),
    }
}

fn ring(at: PixelCoord) -> Annulus<Circle> {
    Annulus::new(Circle::new(at, 12.0), Circle::new(at, 8.0))
}

fn sums<A: Aperture>(
    image: &Array2<f32>,
    places: &[PixelCoord],
    shape: impl Fn(PixelCoord) -> A,
) -> Numbers {
    let apertures: Vec<A> = places.iter().map(|at| shape(*at)).collect();
    // As the peers, without centroid and peak.
    let options = MeasureOptions { find: Find::Sums, ..MeasureOptions::default() };
    let found = measure_all(&Pixels::new(image), &apertures, &options);
    found.into_iter().map(|m| Ok(m?.sum)).collect()
}

/// Corners of a star with rounded, `depth` deep lobes.
fn ring_of(corners: u32, radius: f64, depth: f64) -> Vec<[f64; 2]> {
    let corner = |k: u32| {
        let angle = std::f64::consts::TAU * f64::from(k) / f64::from(corners);
        let r = radius * (1.0 - depth + depth * (7.0 * angle).cos());
        [r * angle.cos(), r * angle.sin()]
    };
    (0..corners).map(corner).collect()
}

fn polygons(image: &Array2<f32>, places: &[PixelCoord], ring: &Vec<[f64; 2]>) -> Numbers {
    let rings = std::slice::from_ref(ring);
    // One shape at many places, as for the peer.
    let shape = Polygon::around(PixelCoord::new(0.0, 0.0), rings, FillRule::EvenOdd);
    sums(image, places, |at| shape.moved(at.x, at.y))
}

fn skies(image: &Array2<f32>, places: &[PixelCoord]) -> Numbers {
    let (pixels, options) = (Pixels::new(image), LocalSkyOptions::default());
    let rings: Vec<_> = places.iter().map(|at| ring(*at)).collect();
    local_sky_all(&pixels, &rings, &options).into_iter().map(|sky| Ok(sky?.level)).collect()
}

/// The columns of photutils' default table that are numbers.
fn statistics(image: &Array2<f32>, places: &[PixelCoord]) -> Numbers {
    let circles: Vec<_> = places.iter().map(|at| Circle::new(*at, 5.0)).collect();
    let found =
        aperture_statistics_all(&Pixels::new(image), &circles, &StatisticsOptions::default());
    let mut answers = Vec::with_capacity(20 * places.len());
    for one in found {
        answers.extend(columns(&one?));
    }
    Ok(answers)
}

fn columns(s: &ApertureStatistics) -> [f64; 21] {
    let (v, m, shape) = (&s.values, &s.moments, &s.shape);
    [
        m.centroid.x,
        m.centroid.y,
        s.sums.sum,
        s.sums.area,
        v.n as f64,
        v.min,
        v.max,
        v.mean,
        v.median,
        v.mode,
        v.std,
        v.mad_std,
        v.var,
        v.biweight_location,
        v.biweight_midvariance,
        shape.fwhm,
        shape.semimajor,
        shape.semiminor,
        shape.orientation,
        shape.eccentricity,
        f64::from(s.sums.flags.bits()),
    ]
}
