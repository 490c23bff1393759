//! The text of `s_region`: STC-S as archives really write it.

use astro_coords::{Angle, SkyCoord};

use super::{FootprintError, Shape};
use crate::footprint::polygon::Polygon;

/// Frames whose positions are ICRS within the slop, in degrees.
const FRAMES: [(&str, f64); 6] = [
    ("ICRS", 0.0),
    ("J2000", 0.0),
    ("FK5", 0.0),
    ("UNKNOWNFRAME", 0.0),
    // Plates of the first Guide Star Catalog: good to an arcsecond.
    ("GSC1", 1.0 / 3600.0),
    ("GSC2", 0.5 / 3600.0),
];
const SKIPPED: [&str; 8] = [
    "TOPOCENTER",
    "BARYCENTER",
    "GEOCENTER",
    "HELIOCENTER",
    "UNKNOWNREFPOS",
    "SPHERICAL2",
    "CARTESIAN2",
    "UNION",
];
/// Frames that would need a conversion.
const OTHER_FRAMES: [&str; 6] =
    ["FK4", "B1950", "GALACTIC", "GALACTIC_II", "ECLIPTIC", "SUPERGALACTIC"];
const ELLIPSE_VERTICES: u32 = 64;

/// Shapes of a text, and the slop of its frame in degrees.
pub(super) fn parse(text: &str) -> Result<(Vec<Shape>, f64), FootprintError> {
    if text.trim_end().ends_with("...") {
        return Err(FootprintError::Truncated);
    }
    let spaced = text.replace(['(', ')', ','], " ").to_ascii_uppercase();
    let mut words = spaced.split_whitespace().peekable();
    let (mut shapes, mut slop) = (Vec::new(), 0.0_f64);
    while let Some(word) = words.next() {
        if SKIPPED.contains(&word) {
            continue;
        }
        if let Some((_, known)) = FRAMES.iter().find(|(frame, _)| *frame == word) {
            slop = slop.max(*known);
            continue;
        }
        let mut numbers = Vec::new();
        while let Some(next) = words.peek() {
            if let Some((_, known)) = FRAMES.iter().find(|(frame, _)| frame == next) {
                slop = slop.max(*known);
            } else if let Some(number) = number(next) {
                numbers.push(number);
            } else if OTHER_FRAMES.contains(next) {
                return Err(FootprintError::Unknown { word: (*next).to_owned() });
            } else if !SKIPPED.contains(next) {
                break;
            }
            words.next();
        }
        shapes.push(shape(word, &numbers)?);
    }
    if shapes.is_empty() { Err(FootprintError::Empty) } else { Ok((shapes, slop)) }
}

/// A decimal number; the words `nan` and `inf` are none.
fn number(word: &str) -> Option<f64> {
    let first = word.bytes().find(|byte| !matches!(byte, b'+' | b'-' | b'.'))?;
    if first.is_ascii_digit() { word.parse().ok().filter(|n: &f64| n.is_finite()) } else { None }
}

fn shape(word: &str, numbers: &[f64]) -> Result<Shape, FootprintError> {
    let wrong = || FootprintError::Numbers { shape: word.to_owned(), found: numbers.len() };
    match word {
        "POLYGON" => {
            if numbers.len() < 6 || !numbers.len().is_multiple_of(2) {
                return Err(wrong());
            }
            let vertices: Vec<_> =
                numbers.chunks(2).map(|pair| place(pair[0], pair[1])).collect::<Result<_, _>>()?;
            Polygon::new(&vertices).map(Shape::Polygon).ok_or(FootprintError::NoArea)
        }
        "CIRCLE" => {
            let [lon, lat, radius] = *numbers else { return Err(wrong()) };
            Ok(Shape::circle(place(lon, lat)?, radius.abs()))
        }
        "POSITION" => {
            let [lon, lat] = *numbers else { return Err(wrong()) };
            Ok(Shape::circle(place(lon, lat)?, 0.0))
        }
        "ELLIPSE" => {
            let [lon, lat, a, b, angle] = *numbers else { return Err(wrong()) };
            let step = std::f64::consts::TAU / f64::from(ELLIPSE_VERTICES);
            let vertices = (0..ELLIPSE_VERTICES).map(|at| {
                let (sin, cos) = (f64::from(at) * step).sin_cos();
                (b * sin, a * cos)
            });
            around(place(lon, lat)?, angle, vertices)
        }
        "BOX" => {
            let (&[lon, lat, width, height], angle) = match numbers.len() {
                4 => (numbers.first_chunk().ok_or_else(wrong)?, 0.0),
                5 => (numbers.first_chunk().ok_or_else(wrong)?, numbers[4]),
                _ => return Err(wrong()),
            };
            let (x, y) = (width / 2.0, height / 2.0);
            around(place(lon, lat)?, angle, [(x, y), (-x, y), (-x, -y), (x, -y)].into_iter())
        }
        _ => {
            let word = word.chars().take(40).collect();
            Err(FootprintError::Unknown { word })
        }
    }
}

fn place(lon: f64, lat: f64) -> Result<SkyCoord, FootprintError> {
    if lat.abs() > 90.0 {
        return Err(FootprintError::Latitude { degrees: lat.to_string() });
    }
    Ok(SkyCoord::from_degrees(lon, lat))
}

/// A polygon of offsets to east and north, in degrees, turned by `angle` from north through east.
fn around(
    center: SkyCoord,
    angle: f64,
    offsets: impl Iterator<Item = (f64, f64)>,
) -> Result<Shape, FootprintError> {
    let vertex = |(east, north): (f64, f64)| {
        let direction = Angle::from_radians(east.atan2(north)) + Angle::from_degrees(angle);
        center.offset(direction, Angle::from_degrees(east.hypot(north)))
    };
    let vertices: Vec<_> = offsets.map(vertex).collect();
    Polygon::new(&vertices).map(Shape::Polygon).ok_or(FootprintError::NoArea)
}
