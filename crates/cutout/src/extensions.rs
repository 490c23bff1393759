//! Which extensions of a file are cut.

use std::str::FromStr;

use hst_fits::{FitsFile, Hdu};

use crate::{Error, Result};

/// A choice of image extensions. Units without an image or without pixels are never chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Extensions {
    /// `SCI` (of every version), else the first image.
    #[default]
    Science,
    /// The first image, as astrocut does.
    First,
    /// Every image.
    All,
    /// Every image with celestial coordinates.
    Celestial,
    /// Those named, in the order of the file.
    List(Vec<Extension>),
}

/// One extension of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extension {
    /// By its number; the primary unit is 0.
    Number(usize),
    /// By EXTNAME in any case; of one EXTVER, or of every one.
    Name(String, Option<i64>),
}

/// Reads `SCI`, `SCI,WHT`, `SCI,2` (version 2), `1,2` (by number), `all`, `celestial`; brackets may stand around.
impl FromStr for Extensions {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::ParseExtensions { text: text.chars().take(80).collect() };
        let list = text.trim().trim_start_matches('[').trim_end_matches(']');
        match list.to_ascii_lowercase().as_str() {
            "all" => return Ok(Self::All),
            "celestial" => return Ok(Self::Celestial),
            "first" => return Ok(Self::First),
            _ => {}
        }
        let mut found = Vec::new();
        for word in list.split(',').map(str::trim) {
            match (word.parse(), found.last_mut()) {
                (Ok(number), Some(Extension::Name(_, version @ None))) => *version = Some(number),
                (Ok(number), _) => {
                    found.push(Extension::Number(usize::try_from(number).map_err(|_| bad())?));
                }
                (Err(_), _) if word.is_empty() => return Err(bad()),
                (Err(_), _) => found.push(Extension::Name(word.to_ascii_uppercase(), None)),
            }
        }
        Ok(Self::List(found))
    }
}

impl Extensions {
    /// The chosen units in the order of the file, and an error for each one named that is not there.
    pub fn of<'a>(&self, file: &'a FitsFile) -> (Vec<&'a Hdu>, Vec<Error>) {
        let images = || file.hdus().iter().filter(|hdu| hdu.plane_shape().is_some());
        let chosen: Vec<_> = match self {
            Self::First => images().take(1).collect(),
            Self::All | Self::Celestial => images().filter(|hdu| celestial(hdu)).collect(),
            Self::Science => match images().any(|hdu| hdu.name == "SCI") {
                true => images().filter(|hdu| hdu.name == "SCI").collect(),
                false => images().take(1).collect(),
            },
            Self::List(list) => {
                images().filter(|hdu| list.iter().any(|wanted| wanted.is(hdu))).collect()
            }
        };
        let mut missing = Vec::new();
        if let Self::List(list) = self {
            let absent = list.iter().filter(|wanted| !chosen.iter().any(|hdu| wanted.is(hdu)));
            missing.extend(absent.map(|wanted| wanted.missing(file)));
        }
        if *self == Self::All {
            let plain = images().filter(|hdu| !celestial(hdu));
            missing.extend(plain.map(|hdu| Error::Unsupported {
                what: "no celestial coordinates".to_owned(),
                place: hdu.place().to_owned(),
            }));
        }
        (chosen, missing)
    }
}

/// Reads `SCI`, `SCI,2` (version 2) or `3` (by number).
impl FromStr for Extension {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::ParseExtensions { text: text.chars().take(80).collect() };
        let (name, version) = match text.split_once(',') {
            Some((name, version)) => (name, Some(version.trim().parse().map_err(|_| bad())?)),
            None => (text, None),
        };
        match (name.trim(), name.trim().parse::<usize>(), version) {
            ("", ..) | (_, Ok(_), Some(_)) => Err(bad()),
            (_, Ok(number), None) => Ok(Self::Number(number)),
            (name, Err(_), version) => Ok(Self::Name(name.to_ascii_uppercase(), version)),
        }
    }
}

impl Extension {
    /// The first unit of that number or name.
    ///
    /// # Errors
    /// When there is none.
    pub fn find<'a>(&self, file: &'a FitsFile) -> Result<&'a Hdu> {
        Ok(match self {
            Self::Number(number) => file.hdu(*number)?,
            Self::Name(name, version) => file.find(name, *version)?,
        })
    }

    /// Whether the unit is one that is meant.
    pub fn is(&self, hdu: &Hdu) -> bool {
        match self {
            Self::Number(number) => hdu.index == *number,
            Self::Name(name, version) => {
                hdu.name.eq_ignore_ascii_case(name) && version.is_none_or(|v| hdu.version == v)
            }
        }
    }

    fn missing(&self, file: &FitsFile) -> Error {
        let wanted = match self {
            Self::Number(number) => number.to_string(),
            Self::Name(name, None) => name.clone(),
            Self::Name(name, Some(version)) => format!("{name},{version}"),
        };
        let place = file.path().display().to_string();
        hst_fits::Error::NoSuchExtension { wanted, place }.into()
    }
}

/// Whether the first two axes are longitude and latitude.
fn celestial(hdu: &Hdu) -> bool {
    let kind = |keyword: &str| {
        let ctype = hdu.header.find::<String>(keyword).ok().flatten().unwrap_or_default();
        let name = ctype.split('-').next().unwrap_or_default().to_owned();
        let latitude = name == "DEC" || name.ends_with("LAT");
        let longitude = name == "RA" || name.ends_with("LON");
        (longitude, latitude)
    };
    matches!((kind("CTYPE1"), kind("CTYPE2")), ((true, _), (_, true)) | ((_, true), (true, _)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_read() {
        for (text, expected) in [
            ("sci", Extension::Name("SCI".to_owned(), None)),
            ("SCI, 2", Extension::Name("SCI".to_owned(), Some(2))),
            (" 3", Extension::Number(3)),
        ] {
            assert_eq!(text.parse::<Extension>().unwrap(), expected, "{text}");
        }
        for text in ["", ",2", "3,2", "SCI,WHT", "SCI,1,2"] {
            assert!(text.parse::<Extension>().is_err(), "{text}");
        }
    }

    #[test]
    fn choices_are_read() {
        let name = |name: &str, version| Extension::Name(name.to_owned(), version);
        for (text, list) in [
            ("sci", vec![name("SCI", None)]),
            ("SCI,WHT", vec![name("SCI", None), name("WHT", None)]),
            ("[SCI,2,WHT]", vec![name("SCI", Some(2)), name("WHT", None)]),
            ("1, 2", vec![Extension::Number(1), Extension::Number(2)]),
            ("SCI,1,3", vec![name("SCI", Some(1)), Extension::Number(3)]),
        ] {
            assert_eq!(text.parse::<Extensions>().unwrap(), Extensions::List(list), "{text}");
        }
        assert_eq!("ALL".parse::<Extensions>().unwrap(), Extensions::All);
        for text in ["", "SCI,,WHT", "-1"] {
            assert!(text.parse::<Extensions>().is_err(), "{text}");
        }
    }
}
