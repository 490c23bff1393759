//! Our side of `peers/cutout.py`: one job, some times over, and what it took.
//!
//! `peer_cutout JOB IMAGE RA DEC SIZE RUNS FOLDER` prints one line of JSON with the mean CPU seconds, the median wall
//! seconds and the peak memory in MiB. Jobs: memory, disk, combine, png; and, with a file of positions as RA and their number
//! as DEC, batch (to one .npy), many (pixels and headers of each in memory, as the peer has them) and stamps (the pixels
//! alone).
#![allow(clippy::print_stdout, reason = "a program for a script")]

use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Instant;

use astro_coords::{Angle, SkyCoord};
use cutout::combine::{Combination, CombineOptions, Method, Relation};
use cutout::render::{About, FileRows, Gray, Interval, RenderOptions, Stretch, Tone, write_png};
use cutout::{Batch, CutOptions, Piece, Size, batch_to_npy, cut};
use hst_fits::FitsFile;

mod measure;

use measure::{cpu_seconds, numbers, status};

type Any<T> = Result<T, Box<dyn Error>>;

struct Job {
    image: PathBuf,
    at: SkyCoord,
    size: f64,
    folder: PathBuf,
    options: CutOptions,
}

impl Job {
    /// From the closed file every time, as the peer does.
    fn cut(&self) -> Any<cutout::Cutout> {
        let file = FitsFile::open(&self.image)?;
        Ok(cut(&file, self.at, Size::square(self.size), &self.options)?)
    }

    /// Replacing a file, as the peer does, means taking the old one away and writing a new one.
    fn disk(&self) -> Any<()> {
        let path = self.folder.join("ours.fits");
        self.cut()?.write(&path)?;
        Ok(std::fs::remove_file(path)?)
    }

    fn png(&self) -> Any<()> {
        let file = FitsFile::open(&self.image)?;
        let hdu = file.find("SCI", None)?;
        let wcs = file.wcs(hdu, None)?;
        let center = wcs.to_pixel(self.at).ok_or("off the image")?;
        let window = cutout::window(center, [self.size; 2], self.options.policy)?;
        let rows = FileRows::new(&file, hdu, window)?;
        let options = RenderOptions {
            stretch: Stretch::Asinh,
            interval: Interval::Percent(0.5, 99.5),
            tone: Tone::Positive,
        };
        let picture = Gray::<f32>::new(&rows, &options)?;
        let out = BufWriter::new(File::create(self.folder.join("ours.png"))?);
        Ok(write_png(&picture, &About::default(), out)?)
    }

    fn batch(&self, places: &[SkyCoord]) -> Any<()> {
        let file = FitsFile::open(&self.image)?;
        let batch = Batch::new(&file, places, |_| Size::square(self.size), &self.options)?;
        batch_to_npy(&batch, &[self.folder.join("ours.npy")])?;
        Ok(())
    }

    /// Every cutout lives until the next, for all of them would be 1.6 GB.
    fn many<T: Send>(
        &self,
        places: &[SkyCoord],
        make: impl Fn(&Piece<'_>) -> cutout::Result<T> + Sync,
    ) -> Any<()> {
        let file = FitsFile::open(&self.image)?;
        let batch = Batch::new(&file, places, |_| Size::square(self.size), &self.options)?;
        batch.each(make, |_, made| {
            black_box(made);
            Ok(())
        })?;
        Ok(())
    }
}

fn places(path: &str) -> Any<Vec<SkyCoord>> {
    let place = |pair: &[f64; 2]| SkyCoord {
        ra: Angle::from_degrees(pair[0]),
        dec: Angle::from_degrees(pair[1]),
    };
    Ok(numbers(path)?.as_chunks::<2>().0.iter().map(place).collect())
}

/// CPU time is the mean of all runs, for the clock of a thread advances in steps longer than one.
fn timed(runs: usize, mut work: impl FnMut() -> Any<()>) -> Any<()> {
    let mut walls = Vec::new();
    let used = cpu_seconds()?;
    for _ in 0..runs {
        let start = Instant::now();
        work()?;
        walls.push(start.elapsed().as_secs_f64());
    }
    let mean = (cpu_seconds()? - used) / runs as f64;
    walls.sort_by(f64::total_cmp);
    println!(
        "{{\"cpu\": {mean:.7}, \"wall\": {:.7}, \"peak_mib\": {:.1}}}",
        walls[runs / 2],
        status("VmHWM:")? / 1024.0
    );
    Ok(())
}

fn main() -> Any<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [job, image, ra, dec, size, runs, folder] = arguments.as_slice() else {
        return Err("JOB IMAGE RA DEC SIZE RUNS FOLDER".into());
    };
    let options = CutOptions {
        extensions: match job.as_str() {
            "batch" | "many" | "stamps" => "SCI".parse()?,
            _ => "SCI,WHT".parse()?,
        },
        ..CutOptions::default()
    };
    let angle = |text: &String| text.parse().map(Angle::from_degrees).unwrap_or_default();
    let at = SkyCoord { ra: angle(ra), dec: angle(dec) };
    let (image, folder) = (PathBuf::from(image), PathBuf::from(folder));
    let job_of = Job { image, at, size: size.parse()?, folder, options };
    let runs = runs.parse()?;
    match job.as_str() {
        "memory" => timed(runs, || {
            black_box(job_of.cut()?);
            Ok(())
        }),
        "disk" => timed(runs, || job_of.disk()),
        "png" => timed(runs, || job_of.png()),
        "batch" => {
            let places = places(ra)?;
            timed(runs, || job_of.batch(&places))
        }
        "many" => {
            let places = places(ra)?;
            timed(runs, || job_of.many(&places, |piece| piece.cutout()))
        }
        "stamps" => {
            let places = places(ra)?;
            timed(runs, || job_of.many(&places, |piece| Ok(piece.units[0].bytes.to_vec())))
        }
        "combine" => {
            let bytes = job_of.cut()?.to_bytes()?;
            let open = || FitsFile::from_source(Box::new(bytes.clone()), Path::new("cutout.fits"));
            let files = [open()?, open()?];
            let options = CombineOptions { method: Method::Mean, relation: Relation::AsAstrocut };
            timed(runs, || {
                black_box(Combination::new(&files, options)?.stored()?);
                Ok(())
            })
        }
        _ => Err(format!("no such job: {job}").into()),
    }
}
