//! The part of an image that a picture shows.

use std::path::{Path, PathBuf};

use anyhow::Context;
use astro_coords::{PixelBox, PixelCoord, SkyCoord};
use cutout::{Extension, Size, SizePolicy, window};
use hst_fits::{Bitpix, FitsFile, Hdu, Wcs};

use crate::catalog::{holds, pixels};

/// An open image and a window of it.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) path: PathBuf,
    pub(crate) file: FitsFile,
    hdu: usize,
    /// In it or reaching outside.
    pub(crate) window: PixelBox,
    /// Why there are no coordinates, where there are none.
    pub(crate) wcs: anyhow::Result<Wcs>,
    pub(crate) warnings: Vec<String>,
}

impl Layer {
    /// The whole image, or the place and size `around` of it.
    pub(crate) fn open(
        path: &Path,
        extension: Option<&Extension>,
        around: Option<(SkyCoord, Size)>,
    ) -> anyhow::Result<Self> {
        let file = crate::open::fits_until(path, |hdus| holds(hdus, extension))?;
        let mut warnings = Vec::new();
        let hdu = pixels(&file, extension, &mut warnings)?;
        let shape =
            hdu.shape().with_context(|| format!("there is no 2-D image in {}", hdu.place()))?;
        let wcs = file.wcs(hdu, None).map_err(anyhow::Error::from);
        let all = PixelBox::of_shape(shape);
        let window = match (around, &wcs) {
            (None, _) => all,
            (Some(_), Err(error)) => {
                anyhow::bail!("no place can be found in {}: {error:#}", hdu.place())
            }
            (Some((center, size)), Ok(wcs)) => {
                let middle = wcs
                    .to_pixel(center)
                    .with_context(|| format!("the place is not on {}", hdu.place()))?;
                let window = window(middle, size.in_pixels(wcs.pixel_scales()), SizePolicy::Exact)?;
                window
                    .intersect(&all)
                    .with_context(|| format!("the place is outside {}", hdu.place()))?;
                window
            }
        };
        let hdu = hdu.index;
        Ok(Self { path: path.to_owned(), file, hdu, window, wcs, warnings })
    }

    pub(crate) fn hdu(&self) -> &Hdu {
        &self.file.hdus()[self.hdu]
    }

    /// Whether single precision holds its pixels, as the reference takes them.
    pub(crate) fn is_single(&self) -> bool {
        self.hdu().bitpix == Bitpix::F32
    }

    /// The file's name without folders.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The middle of the window in pixels of the image.
    pub(crate) fn middle(&self) -> PixelCoord {
        let of = |range: &std::ops::Range<isize>| (range.start + range.end - 1) as f64 / 2.0;
        PixelCoord::new(of(&self.window.x), of(&self.window.y))
    }

    /// A place of the image as a pixel of the picture.
    pub(crate) fn in_picture(&self, place: PixelCoord) -> PixelCoord {
        PixelCoord::new(place.x - self.window.x.start as f64, place.y - self.window.y.start as f64)
    }

    /// How far the corners of another window lie from the same places of this one, in its pixels; none where one of
    /// them has no coordinates.
    pub(crate) fn offset_of(&self, other: &Self) -> Option<f64> {
        let (Ok(here), Ok(there)) = (&self.wcs, &other.wcs) else { return None };
        let edges = |range: &std::ops::Range<isize>| [range.start as f64, range.end as f64 - 1.0];
        let corners = |window: &PixelBox| {
            let (x, y) = (edges(&window.x), edges(&window.y));
            [[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]]]
        };
        let pairs = corners(&self.window).into_iter().zip(corners(&other.window));
        pairs
            .map(|([x, y], [ox, oy])| {
                let same = here.to_pixel(there.to_sky(PixelCoord::new(ox, oy))?)?;
                Some((same.x - x).hypot(same.y - y))
            })
            .try_fold(0.0, |most: f64, away| Some(most.max(away?)))
    }
}
