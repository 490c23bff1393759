//! One file that takes part.

use hst_fits::{Bitpix, FitsFile, Hdu, Wcs};

use crate::{Error, Result};

/// The units of one file.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    pub(crate) file: &'a FitsFile,
    pub(crate) image: &'a Hdu,
    pub(crate) weights: Option<&'a Hdu>,
    /// `(ny, nx)`
    pub(crate) shape: (usize, usize),
}

impl<'a> Input<'a> {
    pub(crate) fn new(file: &'a FitsFile) -> Result<Self> {
        let images = || file.hdus().iter().filter(|hdu| hdu.shape().is_some());
        let named = |name: &str| images().find(|hdu| is(hdu, name));
        let image = match named("SCI") {
            Some(hdu) => hdu,
            None => file.first_image()?,
        };
        let place = || image.place().to_owned();
        let shape = image.shape().ok_or_else(|| hst_fits::Error::NoImage { place: place() })?;
        let weights = named("WHT").filter(|hdu| hdu.index != image.index);
        if let Some(weights) = weights.filter(|hdu| hdu.shape() != Some(shape)) {
            let problem =
                format!("the weights have another shape than the image: {}", weights.place());
            return Err(Error::CannotCombine { problem });
        }
        Ok(Self { file, image, weights, shape })
    }

    /// Where its pixels lie, lookup tables of the file included.
    pub(crate) fn wcs(&self) -> Result<Wcs> {
        self.file.wcs(self.image, None).map_err(|error| match error {
            hst_fits::Error::Wcs { place, source } => Error::Wcs { place, source },
            other => other.into(),
        })
    }

    pub(crate) fn place(&self) -> &str {
        self.image.place()
    }

    /// The unit of that number in the result: the image, then the weights.
    pub(crate) fn unit(&self, unit: usize) -> Option<&'a Hdu> {
        match unit {
            0 => Some(self.image),
            _ => self.weights,
        }
    }

    /// Whether single precision holds the pixels.
    pub(crate) fn single(&self, unit: usize) -> bool {
        let bitpix = self.unit(unit).map(|hdu| hdu.bitpix);
        matches!(bitpix, Some(Bitpix::U8 | Bitpix::I16 | Bitpix::F32))
    }

    /// Whether single precision holds the pixels without rounding them: scaled ones have digits that count before they
    /// are combined.
    pub(crate) fn exact(&self, unit: usize) -> bool {
        let number = |hdu: &Hdu, keyword| hdu.header.find::<f64>(keyword).ok().flatten();
        let plain = |hdu: &Hdu| {
            let zero = number(hdu, "BZERO").unwrap_or(0.0);
            number(hdu, "BSCALE").unwrap_or(1.0) == 1.0
                && (zero == 0.0 || zero == 32_768.0 && hdu.bitpix == Bitpix::I16)
        };
        self.single(unit) && self.unit(unit).is_some_and(plain)
    }
}

/// By its name, or by that which it had before astrocut called it CUTOUT.
fn is(hdu: &Hdu, name: &str) -> bool {
    let original = || hdu.header.find::<String>("O_EXT_NM").ok().flatten();
    hdu.name == name
        || (hdu.name == "CUTOUT"
            && original().is_some_and(|old| old.trim().eq_ignore_ascii_case(name)))
}

/// Whether there are weights.
pub(crate) fn all_or_none_have_weights(inputs: &[Input<'_>]) -> Result<bool> {
    let with = inputs.iter().find(|input| input.weights.is_some());
    let without = inputs.iter().find(|input| input.weights.is_none());
    if let (Some(with), Some(without)) = (with, without) {
        let (with, without) = (with.file.path().display(), without.file.path().display());
        let problem = format!("{with} has a WHT extension and {without} has none");
        return Err(Error::CannotCombine { problem });
    }
    Ok(with.is_some())
}
