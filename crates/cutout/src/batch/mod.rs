//! Many cutouts of one image: rows are read once, band by band, and memory does not grow with the number of cutouts.

mod bands;
mod files;
mod npy;
mod piece;
mod tar;

use std::sync::OnceLock;

use astro_coords::{PixelBox, SkyCoord};
use hst_fits::{FitsFile, Hdu};
use rayon::prelude::*;

use crate::cut::{
    Changes, CutOptions, Integers, Located, Prepared, PreparedPrimary, Softened, Window, softened,
};
use crate::{Error, Result, Size};

pub use files::batch_to_files;
pub use npy::batch_to_npy;
pub use piece::{Piece, PieceUnit};
pub use tar::batch_to_tar;

/// What became of one place.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// The window lies wholly in the image.
    Whole,
    /// That share of it does.
    Partial(f64),
    /// No pixel has data.
    Empty,
    /// The image does not show the place.
    Off,
    /// Something else, in words.
    Failed(String),
}

impl Status {
    /// In a word: `ok`, `partial`, `empty`, `off`, `error`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Whole => "ok",
            Self::Partial(_) => "partial",
            Self::Empty => "empty",
            Self::Off => "off",
            Self::Failed(_) => "error",
        }
    }

    /// The share of the window in the image; that of an empty one is not known any more.
    pub fn coverage(&self) -> Option<f64> {
        match self {
            Self::Whole => Some(1.0),
            Self::Partial(share) => Some(*share),
            Self::Off => Some(0.0),
            Self::Empty | Self::Failed(_) => None,
        }
    }
}

/// Cutouts of one image around many places, in all its chosen extensions at once.
#[derive(Debug)]
pub struct Batch<'a> {
    file: &'a FitsFile,
    units: Vec<Located<'a>>,
    options: &'a CutOptions,
    places: &'a [SkyCoord],
    /// The window of every place; an empty box where there is none.
    windows: Vec<PixelBox>,
    /// Why there is none, by place.
    failed: Vec<(usize, Status)>,
    image: PixelBox,
    headers: Headers,
}

/// What the headers of all cutouts share, found out when the first of them is made.
#[derive(Debug, Default)]
struct Headers {
    units: OnceLock<Vec<Option<Prepared>>>,
    primary: OnceLock<Option<PreparedPrimary>>,
}

impl<'a> Batch<'a> {
    /// Finds the windows of the size `size(i)` around every place.
    ///
    /// # Errors
    /// When an extension has no image in two axes or no coordinates, lies on other pixels than the first (cut those one
    /// by one), or its pixels are to be changed: integers to floats, or softened ones to linear.
    pub fn new(
        file: &'a FitsFile,
        places: &'a [SkyCoord],
        size: impl Fn(usize) -> Size + Sync,
        options: &'a CutOptions,
    ) -> Result<Self> {
        let (chosen, problems) = options.extensions.of(file);
        if let Some(problem) = problems.into_iter().next() {
            return Err(problem);
        }
        let located = |hdu| Located::new(file, hdu, options);
        let units = chosen.into_iter().map(located).collect::<Result<Vec<_>>>()?;
        let place = || file.path().display().to_string();
        let Some(first) = units.first() else {
            return Err(hst_fits::Error::NoImage { place: place() }.into());
        };
        units.iter().try_for_each(|unit| suits(unit, first, options))?;
        let image = PixelBox::of_shape(first.hdu.plane_shape().unwrap_or_default());
        let mut batch = Self {
            file,
            options,
            places,
            windows: Vec::new(),
            failed: Vec::new(),
            image,
            units,
            headers: Headers::default(),
        };
        let found: Vec<_> = places
            .par_iter()
            .enumerate()
            .map(|(i, at)| batch.units[0].window(*at, size(i), options))
            .collect();
        batch.windows.reserve_exact(found.len());
        for (i, window) in found.into_iter().enumerate() {
            batch.windows.push(match window {
                Ok(window) => window.wanted,
                Err(error) => {
                    batch.failed.push((i, status_of(&error)));
                    PixelBox::default()
                }
            });
        }
        Ok(batch)
    }

    /// Number of places.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no place.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Names of the extensions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.units.iter().map(|unit| unit.hdu.name.as_str())
    }

    /// The window of a place; `None` where it has none.
    pub fn window_of(&self, index: usize) -> Option<&PixelBox> {
        self.windows.get(index).filter(|window| !window.is_empty())
    }

    /// Makes something of every cutout and gives it to `take`, with the index of its place, in the order of the rows of
    /// the image (then columns, then places). `make` runs on all threads.
    ///
    /// Returns what became of every place, in their order. A band of rows that cannot be read fails its places only.
    ///
    /// # Errors
    /// The first of `make` or `take`, which ends the work.
    pub fn each<T: Send>(
        &self,
        make: impl Fn(&Piece<'_>) -> Result<T> + Sync,
        take: impl FnMut(usize, T) -> Result<()>,
    ) -> Result<Vec<Status>> {
        let mut statuses = vec![Status::Whole; self.len()];
        for (i, status) in &self.failed {
            statuses[*i] = status.clone();
        }
        bands::run(self, &mut statuses, make, take)?;
        Ok(statuses)
    }

    fn window(&self, index: usize) -> Window {
        let wanted = self.windows[index].clone();
        let inside = self.image.intersect(&wanted).unwrap_or_default();
        Window { wanted, inside }
    }

    fn first(&self) -> &Hdu {
        self.units[0].hdu
    }
}

fn status_of(error: &Error) -> Status {
    match error {
        Error::NoOverlap { .. } | Error::NotOnImage { .. } => Status::Off,
        error => Status::Failed(error.to_string()),
    }
}

/// Whether a unit can be cut along with the first.
fn suits(unit: &Located<'_>, first: &Located<'_>, options: &CutOptions) -> Result<()> {
    let unsupported = |what: &str| {
        Err(Error::Unsupported { what: what.to_owned(), place: unit.hdu.place().to_owned() })
    };
    let promoted = options.integers == Integers::Promote && !unit.hdu.bitpix.is_float();
    let linear = options.softened == Softened::Linear && softened(unit.hdu);
    match unit.hdu.plane_shape() {
        _ if unit.hdu.planes() != 1 => {
            unsupported("many cutouts of an image with more than two axes")
        }
        _ if promoted || linear => unsupported("many cutouts of pixels that are to be changed"),
        shape if shape != first.hdu.plane_shape() || unit.wcs != first.wcs => {
            unsupported("other pixels than those of the first extension")
        }
        _ => Ok(()),
    }
}
