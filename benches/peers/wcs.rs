//! World coordinates of a header for many points, for `wcs.py`; and skycells of many positions.
//!
//! A line of standard input is a command, answered by a line: `load HEADER POINTS` reads the cards of a header and pairs of
//! doubles; `sky` and `pixel` work on all of them, `sky-single` and `pixel-single` on one after the other, `cells` finds the
//! skycells, all on one thread; `save FILE` writes what came of it.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use astro_coords::{PixelCoord, SkyCoord};
use hst_fits::{Header, LookupTables, SkyCell, Wcs};

fn doubles(bytes: &[u8]) -> Vec<[f64; 2]> {
    let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    bytes.chunks_exact(16).map(|pair| [number(&pair[..8]), number(&pair[8..])]).collect()
}

fn read(header: &str) -> Wcs {
    let bytes = std::fs::read(header).expect("a header");
    let header = Header::parse(&bytes).expect("cards to END");
    Wcs::from_keywords(&header, None, &LookupTables::default()).expect("world coordinates")
}

/// What was asked last came out as positions, or as pixels.
enum Results {
    Places,
    Pixels,
}

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    let mut wcs = None;
    // Points are pixels or places, as the command takes them; results go to the other.
    let (mut points, mut pixels, mut places) = (Vec::new(), Vec::new(), Vec::new());
    let mut results = Results::Places;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<_> = line.split_whitespace().collect();
        let mut count = 0;
        let loaded = || wcs.as_ref().expect("load first");
        match words[0] {
            "load" => {
                wcs = Some(read(words[1]));
                points = doubles(&std::fs::read(words[2])?);
                pixels = points.iter().map(|at| PixelCoord::new(at[0], at[1])).collect();
                places = points.iter().map(|at| SkyCoord::from_degrees(at[0], at[1])).collect();
            }
            "sky" => {
                loaded().to_sky_many(&pixels, &mut places);
                results = Results::Places;
            }
            "sky-single" => {
                let nowhere = SkyCoord::from_degrees(f64::NAN, f64::NAN);
                for (pixel, place) in pixels.iter().zip(&mut places) {
                    *place = loaded().to_sky(*pixel).unwrap_or(nowhere);
                }
                results = Results::Places;
            }
            "pixel" => {
                loaded().to_pixel_many(&places, &mut pixels);
                results = Results::Pixels;
            }
            "pixel-single" => {
                let nowhere = PixelCoord::new(f64::NAN, f64::NAN);
                for (place, pixel) in places.iter().zip(&mut pixels) {
                    *pixel = loaded().to_pixel(*place).unwrap_or(nowhere);
                }
                results = Results::Pixels;
            }
            "cells" => {
                for point in &points {
                    count += SkyCell::at(SkyCoord::from_degrees(point[0], point[1])).count();
                }
            }
            "save" => {
                let pairs: Vec<[f64; 2]> = match results {
                    Results::Places => {
                        places.iter().map(|at| [at.ra.degrees(), at.dec.degrees()]).collect()
                    }
                    Results::Pixels => pixels.iter().map(|at| [at.x, at.y]).collect(),
                };
                let bytes = pairs.iter().flatten().flat_map(|number| number.to_le_bytes());
                std::fs::write(PathBuf::from(words[1]), bytes.collect::<Vec<u8>>())?;
            }
            other => panic!("no such command: {other}"),
        }
        writeln!(out, "{count}")?;
        out.flush()?;
    }
    Ok(())
}
