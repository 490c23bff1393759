//! `hst sky2pix` and `hst pix2sky`: single points through the whole WCS of an extension.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use astro_coords::{PixelCoord, SkyCoord};
use cutout::Extension;
use hst_fits::Wcs;
use rayon::prelude::*;
use serde_json::json;

use crate::catalog::{holds, pixels};
use crate::console::{Console, Outcome, wrong_usage};

/// Lines that are converted at once.
const CHUNK: usize = 1 << 15;

/// The image whose coordinates are used.
#[derive(Debug, clap::Args)]
struct Image {
    /// FITS file
    image: PathBuf,
    /// Extension: SCI, SCI,2 (a version) or a number [default: SCI, else the first 2-D image]
    #[arg(short, long, value_name = "EXT")]
    ext: Option<Extension>,
    /// Another description of the header, A to Z
    #[arg(long, value_name = "LETTER")]
    wcs: Option<char>,
    /// What the first pixel is counted as: 0, or 1 as FITS and DS9 do
    #[arg(long, value_name = "0|1", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=1))]
    origin: u8,
}

/// From positions on the sky to pixels
///
/// One pixel a line, x and y, in the order of the positions; `nan nan` for a position that the projection does not show
/// or that cannot be read. Distortions (SIP, lookup tables) are taken into account.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  hst sky2pix image_drc.fits \"13:29:52.7 +47:11:43\"
  hst sky2pix image_flc.fits -e SCI,2 --origin 1 202.4696 47.1953
  hst sky2pix image_drc.fits < positions.txt")]
pub(crate) struct Sky2Pix {
    #[command(flatten)]
    image: Image,
    /// Positions, "RA DEC" in degrees or sexagesimal, ICRS [default: standard input, one a line]
    #[arg(value_name = "POS", allow_negative_numbers = true)]
    points: Vec<String>,
}

/// From pixels to positions on the sky
///
/// One position a line, right ascension and declination in ICRS degrees, in the order of the pixels; `nan nan` for a
/// pixel outside the projection or one that cannot be read.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  hst pix2sky image_drc.fits 1023.5 1023.5
  hst pix2sky image_flc.fits --origin 1 1 1 4096 2048 --sexagesimal
  hst pix2sky image_drc.fits < pixels.txt")]
pub(crate) struct Pix2Sky {
    #[command(flatten)]
    image: Image,
    /// Sexagesimal instead of degrees
    #[arg(long)]
    sexagesimal: bool,
    /// Pixels, x and y in turn; negative ones too [default: standard input, one pair a line]
    #[arg(value_name = "X Y", allow_negative_numbers = true)]
    points: Vec<String>,
}

impl Image {
    fn wcs(&self, console: &Console) -> anyhow::Result<Wcs> {
        let ext = self.ext.as_ref();
        let file = crate::open::fits_until(&self.image, |hdus| holds(hdus, ext))?;
        let mut warnings = Vec::new();
        let hdu = pixels(&file, ext, &mut warnings)?;
        // The warning itself does not say of what.
        if !warnings.is_empty() {
            console.warning(&format!(
                "there is no SCI extension; these are coordinates of {}",
                hdu.place()
            ));
        }
        let letter = self.wcs.map(|letter| letter.to_ascii_uppercase());
        let no_sky = || format!("no sky coordinates for {}", hdu.place());
        file.wcs(hdu, letter).with_context(no_sky)
    }

    fn shift(&self) -> f64 {
        f64::from(self.origin)
    }
}

impl Sky2Pix {
    pub(crate) fn run(&self, console: &Console) -> anyhow::Result<Outcome> {
        let (wcs, origin) = (self.image.wcs(console)?, self.image.shift());
        convert(&pairs(&self.points, is_number), &self.image.image, console, |text| {
            let place: SkyCoord = text.parse().map_err(|error| format!("{error}"))?;
            let pixel = wcs.to_pixel(place);
            let pixel = pixel.map(|pixel| [pixel.x + origin, pixel.y + origin]);
            Ok(Answer {
                text: pixel.map(|[x, y]| format!("{x:.10} {y:.10}")),
                json: json!({"ra": place.ra.degrees(), "dec": place.dec.degrees(),
                    "x": pixel.map(|p| p[0]), "y": pixel.map(|p| p[1])}),
            })
        })
    }
}

impl Pix2Sky {
    pub(crate) fn run(&self, console: &Console) -> anyhow::Result<Outcome> {
        let (wcs, origin) = (self.image.wcs(console)?, self.image.shift());
        convert(&pairs(&self.points, |_| true), &self.image.image, console, |text| {
            let [x, y] = pixel(text).ok_or_else(|| format!("not a pixel, x and y: \"{text}\""))?;
            let place = wcs.to_sky(PixelCoord::new(x - origin, y - origin));
            let shown = place.map(|place| {
                if self.sexagesimal {
                    return place.to_sexagesimal(9);
                }
                format!("{:.12} {:.12}", place.ra.wrapped().degrees(), place.dec.degrees())
            });
            Ok(Answer {
                text: shown,
                json: json!({"x": x, "y": y, "ra": place.map(|place| place.ra.wrapped().degrees()),
                    "dec": place.map(|place| place.dec.degrees())}),
            })
        })
    }
}

/// What is printed of one point; no text where there is no answer.
struct Answer {
    text: Option<String>,
    json: serde_json::Value,
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok()
}

/// Arguments as the shell has split them: two single numbers are one point.
fn pairs(words: &[String], single: impl Fn(&str) -> bool) -> Vec<String> {
    let mut points = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.split_whitespace().count() {
            1 if single(word) => {
                let second = words.next().map(String::as_str).unwrap_or_default();
                points.push(format!("{word} {second}"));
            }
            _ => points.push(word.clone()),
        }
    }
    points
}

fn pixel(text: &str) -> Option<[f64; 2]> {
    let mut words =
        text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let pixel = [words.next()?.parse().ok()?, words.next()?.parse().ok()?];
    words.next().is_none().then_some(pixel)
}

/// Converts the points of the arguments, or the lines of standard input, in their order.
fn convert(
    points: &[String],
    image: &Path,
    console: &Console,
    answer: impl Fn(&str) -> Result<Answer, String> + Sync,
) -> anyhow::Result<Outcome> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut done = Done::default();
    if points.is_empty() {
        let input = io::stdin();
        if input.is_terminal() {
            wrong_usage!(
                "no point to convert: give them as arguments, or on standard input, one a line"
            );
        }
        let mut lines = input.lock().lines().enumerate();
        loop {
            let mut chunk = Vec::new();
            for (number, line) in lines.by_ref().take(CHUNK) {
                let line = line.context("cannot read standard input")?;
                chunk.push((format!("line {}", number + 1), line));
            }
            if chunk.is_empty() {
                break;
            }
            chunk
                .retain(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
            done.add(&chunk, console, &answer, &mut out)?;
        }
    } else {
        let named =
            points.iter().enumerate().map(|(i, point)| (format!("point {}", i + 1), point.clone()));
        done.add(&named.collect::<Vec<_>>(), console, &answer, &mut out)?;
    }
    out.flush()?;
    if done.unseen > 0 {
        let (n, image) = (done.unseen, image.display());
        console.note(&format!("{n} of {} points lie outside the projection of {image}", done.all));
    }
    Ok(match (done.good, done.all) {
        (good, all) if good == all => Outcome::Complete,
        (0, _) => Outcome::Nothing,
        _ => Outcome::Partial,
    })
}

#[derive(Default)]
struct Done {
    all: usize,
    good: usize,
    unseen: usize,
}

impl Done {
    fn add(
        &mut self,
        points: &[(String, String)],
        console: &Console,
        answer: &(impl Fn(&str) -> Result<Answer, String> + Sync),
        out: &mut impl Write,
    ) -> anyhow::Result<()> {
        let answers: Vec<_> = points.par_iter().map(|(_, text)| answer(text.trim())).collect();
        for ((place, text), answer) in points.iter().zip(answers) {
            self.all += 1;
            match answer {
                Ok(answer) => {
                    self.good += usize::from(answer.text.is_some());
                    self.unseen += usize::from(answer.text.is_none());
                    if console.json {
                        writeln!(out, "{}", answer.json)?;
                    } else {
                        writeln!(out, "{}", answer.text.as_deref().unwrap_or("nan nan"))?;
                    }
                }
                Err(problem) => {
                    console.problem(&format!("{place}: {problem}"));
                    if console.json {
                        writeln!(out, "{}", json!({"error": problem, "input": text}))?;
                    } else {
                        writeln!(out, "nan nan")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_splits_pairs() {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let points = pairs(&words(&["1", "-2.5", "13:29:52.7 +47:11:43", "3", "4"]), is_number);
        assert_eq!(points, ["1 -2.5", "13:29:52.7 +47:11:43", "3 4"]);
        assert_eq!(pairs(&words(&["7"]), |_| true), ["7 "]);
        assert_eq!(pixel("1, -2e3"), Some([1.0, -2000.0]));
        assert_eq!((pixel("1"), pixel("1 2 3"), pixel("a b")), (None, None, None));
    }
}
