//! Names of cutouts.

use std::path::Path;
use std::str::FromStr;

use astro_coords::SkyCoord;
use cutout::Size;

/// What files are called when nobody says.
pub(crate) const DEFAULT_NAME: &str = "{stem}_{ra}_{dec}_{nx}x{ny}_cutout.fits";
/// What those of many positions are called, for they have names of their own.
pub(crate) const NAME_OF_MANY: &str = "{stem}_{id}_cutout.fits";
/// The same within an archive of one image.
pub(crate) const NAME_IN_ARCHIVE: &str = "{id}.fits";

const FIELDS: &str = "stem, id, ra, dec, nx, ny, size, ext";

/// What a name may speak of.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) source: &'a Path,
    pub(crate) at: SkyCoord,
    /// `(ny, nx)`
    pub(crate) shape: (usize, usize),
    /// As it was asked for.
    pub(crate) size: Size,
    /// Names of the extensions.
    pub(crate) extensions: &'a [&'a str],
    /// Of a row in a table.
    pub(crate) id: &'a str,
}

/// A name with gaps.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    Stem,
    Id,
    Nx,
    Ny,
    Size,
    Extensions,
    /// With that many decimals.
    Ra(usize),
    Dec(usize),
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains(['/', '\\']) || text.trim().is_empty() {
            return Err("a name is no path; -d names the folder".to_owned());
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (field, after) = behind
                .split_once('}')
                .ok_or_else(|| format!("there is no }} behind {{{behind}"))?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::of(field)?);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }
}

impl Piece {
    fn of(field: &str) -> Result<Self, String> {
        let (name, decimals) = field.split_once(':').unwrap_or((field, "7"));
        let decimals = decimals.trim_start_matches('.').parse::<usize>().ok().filter(|&n| n <= 15);
        match (name, decimals) {
            ("ra", Some(n)) => Ok(Self::Ra(n)),
            ("dec", Some(n)) => Ok(Self::Dec(n)),
            _ => match field {
                "stem" => Ok(Self::Stem),
                "id" => Ok(Self::Id),
                "nx" => Ok(Self::Nx),
                "ny" => Ok(Self::Ny),
                "size" => Ok(Self::Size),
                "ext" => Ok(Self::Extensions),
                _ => Err(format!("there is no {{{field}}}; there are {FIELDS}")),
            },
        }
    }
}

impl Template {
    /// One of the names above, all of which the tests read.
    pub(crate) fn default_of(text: &str) -> Self {
        text.parse().unwrap_or_else(|_| Self(vec![Piece::Text(text.to_owned())]))
    }

    /// The `n`-th name of those properties, counted from 1: `_2` and so on stand before the ending.
    pub(crate) fn name(&self, fields: &Fields<'_>, n: usize) -> String {
        let mut name = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => name += text,
                Piece::Stem => name += &stem(fields.source),
                Piece::Id => name += &harmless(fields.id),
                Piece::Nx => name += &fields.shape.1.to_string(),
                Piece::Ny => name += &fields.shape.0.to_string(),
                Piece::Size => name += &fields.size.to_string(),
                Piece::Extensions => name += &harmless(&fields.extensions.join("-")),
                Piece::Ra(decimals) => {
                    name += &format!("{:.decimals$}", fields.at.ra.wrapped().degrees());
                }
                Piece::Dec(decimals) => name += &format!("{:.decimals$}", fields.at.dec.degrees()),
            }
        }
        if n < 2 {
            return name;
        }
        let dot = name.rfind('.').unwrap_or(name.len());
        name.insert_str(dot, &format!("_{n}"));
        name
    }
}

/// The name of a file without the endings of FITS and of compression.
pub(super) fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut stem = &*name;
    for ending in [".gz", ".fz", ".fits", ".fit", ".fts"] {
        stem = stem.strip_suffix(ending).unwrap_or(stem);
    }
    harmless(stem)
}

/// Without what leads to other folders.
pub(crate) fn harmless(text: &str) -> String {
    text.replace(['/', '\\', '\0'], "_")
}

#[cfg(test)]
mod tests {
    use astro_coords::Angle;

    use super::*;

    fn name(template: &str, source: &str, n: usize) -> String {
        let at = SkyCoord { ra: Angle::from_degrees(-0.5), dec: Angle::from_degrees(-2.25) };
        let fields = Fields {
            source: Path::new(source),
            at,
            shape: (3, 200),
            size: "8x0.12arcsec".parse().unwrap(),
            extensions: &["SCI", "WHT"],
            id: "../a",
        };
        template.parse::<Template>().unwrap().name(&fields, n)
    }

    #[test]
    fn names_say_place_and_size() {
        assert_eq!(
            name(DEFAULT_NAME, "x/a_drc.fits.gz", 1),
            "a_drc_359.5000000_-2.2500000_200x3_cutout.fits"
        );
        assert_eq!(name("{id}_{ra:.2}_{dec:0}.fits", "a.fits", 3), ".._a_359.50_-2_3.fits");
        assert_eq!(name(NAME_OF_MANY, "a.fits", 1), "a_.._a_cutout.fits");
        assert_eq!(name(NAME_IN_ARCHIVE, "a.fits", 1), ".._a.fits");
        assert_eq!(name("{ext}_{size}.fits", "a.fits", 1), "SCI-WHT_8x0.12arcsec.fits");
        assert_eq!(name("{stem}.fits", "rubbish.sif.fits", 1), "rubbish.sif.fits");
    }

    #[test]
    fn templates_that_are_none_are_refused() {
        for (text, error) in [
            ("{stem", "there is no } behind {stem"),
            ("{what}.fits", "there is no {what}; there are stem, id, ra, dec, nx, ny, size, ext"),
            ("{ra:99}", "there is no {ra:99}; there are stem, id, ra, dec, nx, ny, size, ext"),
            ("../{stem}.fits", "a name is no path; -d names the folder"),
        ] {
            assert_eq!(text.parse::<Template>().unwrap_err(), error);
        }
    }
}
