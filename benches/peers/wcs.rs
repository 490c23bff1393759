//! World coordinates of a header for many points, for `wcs.py`; and skycells of many positions.
//!
//! A line of standard input is a command, answered by a line: `load HEADER POINTS` reads the cards of a header and pairs of
//! doubles; `sky`, `pixel` and `cells` work on them, on one thread; `save FILE` writes what came of it.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use astro_coords::{PixelCoord, SkyCoord};
use hst_fits::{Header, LookupTables, SkyCell, Wcs};

const NOWHERE: [f64; 2] = [f64::NAN; 2];

fn doubles(bytes: &[u8]) -> Vec<[f64; 2]> {
    let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    bytes.chunks_exact(16).map(|pair| [number(&pair[..8]), number(&pair[8..])]).collect()
}

fn read(header: &str) -> Wcs {
    let bytes = std::fs::read(header).expect("a header");
    let header = Header::parse(&bytes).expect("cards to END");
    Wcs::from_keywords(&header, None, &LookupTables::default()).expect("world coordinates")
}

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    let (mut wcs, mut points, mut results) = (None, Vec::new(), Vec::new());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<_> = line.split_whitespace().collect();
        let mut count = 0;
        match words[0] {
            "load" => {
                wcs = Some(read(words[1]));
                points = doubles(&std::fs::read(words[2])?);
                results = vec![NOWHERE; points.len()];
            }
            "sky" => {
                let wcs = wcs.as_ref().expect("load first");
                for (point, result) in points.iter().zip(&mut results) {
                    let place = wcs.to_sky(PixelCoord::new(point[0], point[1]));
                    *result = place.map_or(NOWHERE, |at| [at.ra.degrees(), at.dec.degrees()]);
                }
            }
            "pixel" => {
                let wcs = wcs.as_ref().expect("load first");
                for (point, result) in points.iter().zip(&mut results) {
                    let pixel = wcs.to_pixel(SkyCoord::from_degrees(point[0], point[1]));
                    *result = pixel.map_or(NOWHERE, |at| [at.x, at.y]);
                }
            }
            "cells" => {
                for point in &points {
                    count += SkyCell::at(SkyCoord::from_degrees(point[0], point[1])).count();
                }
            }
            "save" => {
                let bytes: Vec<u8> =
                    results.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
                std::fs::write(PathBuf::from(words[1]), bytes)?;
            }
            other => panic!("no such command: {other}"),
        }
        writeln!(out, "{count}")?;
        out.flush()?;
    }
    Ok(())
}
