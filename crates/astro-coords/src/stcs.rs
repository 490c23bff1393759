use std::fmt;
use std::str::FromStr;

use crate::circle::SkyCircle;
use crate::footprint::{Footprint, SkyShape};
use crate::polygon::SkyPolygon;
use crate::{Angle, Frame, FrameTransform, SkyCoord};

/// Why a text is not a footprint.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ParseFootprintError {
    /// Nothing, or the word `null`.
    Empty,
    /// The text ends in `...`: what is left of it must not be used.
    Truncated,
    /// A word where a shape, a frame or a number was expected.
    UnexpectedWord(String),
    /// A shape or an operation of STC-S that is not computed here.
    Unsupported(String),
    /// A shape with too few or too many numbers.
    WrongCount {
        /// `POLYGON`, `CIRCLE`, `BOX` or `POSITION`.
        shape: &'static str,
        /// How many numbers there were.
        numbers: usize,
    },
    /// A polygon with fewer than three different corners.
    TooFewCorners(usize),
    /// A number that cannot be a latitude or a radius.
    OutOfRange(f64),
    /// A parenthesis that is not closed, or one too many.
    Unbalanced,
}

impl fmt::Display for ParseFootprintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the footprint is empty"),
            Self::Truncated => write!(f, "the footprint is cut short: it ends in ..."),
            Self::UnexpectedWord(word) => write!(f, "not a shape, a frame or a number: {word}"),
            Self::Unsupported(word) => write!(f, "not supported in a footprint: {word}"),
            Self::WrongCount { shape, numbers } => {
                write!(f, "{shape} does not go with {numbers} numbers")
            }
            Self::TooFewCorners(count) => {
                write!(f, "a polygon has at least three different corners, not {count}")
            }
            Self::OutOfRange(number) => write!(f, "neither a latitude nor a radius: {number}"),
            Self::Unbalanced => write!(f, "the parentheses of the footprint do not match"),
        }
    }
}

impl std::error::Error for ParseFootprintError {}

/// Reads STC-S as archives write it: `POLYGON`, `CIRCLE`, `BOX` and `POSITION`, one after the other or in
/// `UNION ( ... )`, with or without a frame, in any case; degrees.
///
/// Without a frame, and with `GSC1`, `GSC2` and `UNKNOWNFRAME`, positions are taken as ICRS. Longitudes may be
/// negative, corners repeated.
impl FromStr for Footprint {
    type Err = ParseFootprintError;

    fn from_str(text: &str) -> Result<Self, ParseFootprintError> {
        if text.trim_end().ends_with("...") {
            return Err(ParseFootprintError::Truncated);
        }
        let mut reader = Reader::new(text);
        reader.read(text)?;
        let loose = reader.loose;
        let footprint = Self::new(reader.shapes).ok_or(ParseFootprintError::Empty)?;
        Ok(if loose { footprint.with_tolerance(Angle::from_arcsec(1.0)) } else { footprint })
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Polygon,
    Circle,
    Box,
    Position,
}

impl Kind {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "POLYGON" => Self::Polygon,
            "CIRCLE" => Self::Circle,
            "BOX" => Self::Box,
            "POSITION" => Self::Position,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Polygon => "POLYGON",
            Self::Circle => "CIRCLE",
            Self::Box => "BOX",
            Self::Position => "POSITION",
        }
    }
}

/// Goes through the words; a shape ends where the next word is not a number.
struct Reader {
    kind: Option<Kind>,
    frame: FrameTransform,
    /// The frame of the `UNION` around the shapes.
    outer: FrameTransform,
    numbers: Vec<f64>,
    depth: usize,
    shapes: Vec<SkyShape>,
    /// A frame that is known to an arcsecond only.
    loose: bool,
}

impl Reader {
    fn new(text: &str) -> Self {
        let icrs = Frame::Icrs.transform();
        Self {
            kind: None,
            frame: icrs,
            outer: icrs,
            numbers: Vec::with_capacity(text.len() / 12),
            depth: 0,
            shapes: Vec::new(),
            loose: false,
        }
    }

    fn read(&mut self, text: &str) -> Result<(), ParseFootprintError> {
        let blank = |c: char| c.is_whitespace() || c == ',';
        for word in text.split(blank).flat_map(parts).filter(|word| !word.is_empty()) {
            match number(word) {
                Some(number) if self.kind.is_some() => self.numbers.push(number),
                Some(_) => return Err(unexpected(word)),
                None => self.word(word)?,
            }
        }
        self.finish()?;
        if self.depth == 0 { Ok(()) } else { Err(ParseFootprintError::Unbalanced) }
    }

    fn word(&mut self, word: &str) -> Result<(), ParseFootprintError> {
        let upper = word.to_ascii_uppercase();
        let after_numbers = !self.numbers.is_empty();
        if let Some(kind) = Kind::of(&upper) {
            self.finish()?;
            self.kind = Some(kind);
            self.frame = self.outer;
            return Ok(());
        }
        match upper.as_str() {
            "(" => self.depth += 1,
            ")" => {
                self.finish()?;
                self.depth = self.depth.checked_sub(1).ok_or(ParseFootprintError::Unbalanced)?;
            }
            "UNION" => self.finish()?,
            "INTERSECTION" | "NOT" | "DIFFERENCE" | "ELLIPSE" | "ALLSKY" => {
                return Err(ParseFootprintError::Unsupported(upper));
            }
            "NULL" if self.shapes.is_empty() && self.kind.is_none() => {
                return Err(ParseFootprintError::Empty);
            }
            "UNIT" | "DEG" => {}
            _ if after_numbers => return Err(unexpected(word)),
            _ => self.frame_word(&upper).ok_or_else(|| unexpected(word))?,
        }
        Ok(())
    }

    /// Takes the name of a frame, or of an origin or flavour that changes nothing here.
    fn frame_word(&mut self, word: &str) -> Option<()> {
        let frame = match word {
            "ICRS" | "UNKNOWNFRAME" => Frame::Icrs,
            "J2000" | "FK5" => Frame::FK5,
            "FK4" | "B1950" => Frame::FK4,
            "GALACTIC" => Frame::Galactic,
            "ECLIPTIC" => Frame::ECLIPTIC,
            "GSC1" | "GSC2" => {
                self.loose = true;
                Frame::Icrs
            }
            "TOPOCENTER" | "GEOCENTER" | "BARYCENTER" | "HELIOCENTER" | "UNKNOWNREFPOS"
            | "RELOCATABLE" | "SPHERICAL2" | "CARTESIAN2" => return Some(()),
            _ => return None,
        };
        self.frame = frame.transform();
        if self.kind.is_none() {
            self.outer = self.frame;
        }
        Some(())
    }

    /// Makes the shape whose numbers have been read.
    fn finish(&mut self) -> Result<(), ParseFootprintError> {
        let Some(kind) = self.kind.take() else { return Ok(()) };
        let numbers = std::mem::take(&mut self.numbers);
        let wrong = ParseFootprintError::WrongCount { shape: kind.name(), numbers: numbers.len() };
        let shape = match (kind, numbers.as_slice()) {
            (Kind::Circle, &[lon, lat, radius]) => {
                SkyShape::Circle(SkyCircle::new(self.place(lon, lat)?, size(radius)?))
            }
            (Kind::Position, &[lon, lat]) => {
                SkyShape::Circle(SkyCircle::new(self.place(lon, lat)?, Angle::ZERO))
            }
            (Kind::Box, &[lon, lat, width, height]) => {
                self.polygon(&box_corners(lon, lat, size(width)?, size(height)?))?
            }
            (Kind::Polygon, numbers) if numbers.len().is_multiple_of(2) && !numbers.is_empty() => {
                self.polygon(numbers)?
            }
            _ => return Err(wrong),
        };
        self.shapes.push(shape);
        Ok(())
    }

    fn place(&self, lon: f64, lat: f64) -> Result<SkyCoord, ParseFootprintError> {
        if lat.abs() > 90.0 {
            return Err(ParseFootprintError::OutOfRange(lat));
        }
        Ok(self.frame.to_icrs(Angle::from_degrees(lon), Angle::from_degrees(lat)))
    }

    fn polygon(&self, numbers: &[f64]) -> Result<SkyShape, ParseFootprintError> {
        let corners: Vec<SkyCoord> = numbers
            .chunks_exact(2)
            .map(|pair| self.place(pair[0], pair[1]))
            .collect::<Result<_, _>>()?;
        let mut different: Vec<SkyCoord> = Vec::with_capacity(corners.len());
        for corner in &corners {
            if !different.contains(corner) {
                different.push(*corner);
            }
        }
        let polygon = SkyPolygon::new(&corners);
        polygon.map(SkyShape::Polygon).ok_or(ParseFootprintError::TooFewCorners(different.len()))
    }
}

/// Cuts parentheses off a word.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    word.split_inclusive(['(', ')']).flat_map(|part| match part.char_indices().next_back() {
        Some((at, '(' | ')')) => [&part[..at], &part[at..]],
        _ => [part, ""],
    })
}

fn unexpected(word: &str) -> ParseFootprintError {
    ParseFootprintError::UnexpectedWord(word.chars().take(40).collect())
}

/// A decimal number; `nan` and `inf` are words.
fn number(word: &str) -> Option<f64> {
    let decimal = word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let value: f64 = decimal.then(|| word.parse().ok())??;
    value.is_finite().then_some(value)
}

fn size(degrees: f64) -> Result<Angle, ParseFootprintError> {
    let sound = (0.0..=360.0).contains(&degrees);
    sound.then_some(Angle::from_degrees(degrees)).ok_or(ParseFootprintError::OutOfRange(degrees))
}

/// Corners of a box whose sides run along the tangents at its centre, `width` and `height` in all.
fn box_corners(lon: f64, lat: f64, width: Angle, height: Angle) -> [f64; 8] {
    let center = SkyCoord::from_degrees(lon, lat);
    let (x, y) = ((width.radians() / 2.0).tan(), (height.radians() / 2.0).tan());
    let corner = |x: f64, y: f64| {
        let angle = Angle::from_radians(x.atan2(y));
        let there = center.offset(angle, Angle::from_radians(x.hypot(y).atan()));
        [there.ra.degrees(), there.dec.degrees()]
    };
    let [a, b, c, d] = [corner(-x, -y), corner(x, -y), corner(x, y), corner(-x, y)];
    [a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]]
}
