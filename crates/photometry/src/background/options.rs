use std::fmt;

use crate::stats::{Location, Scale, SigmaClip};
use crate::{Error, Result};

/// How the background is measured: boxes, clipping, estimators, exclusion, filter.
///
/// The default is SExtractor's estimator in boxes of 64 × 64 pixels with our [`Exclude::Robust`] rule;
/// [`photutils_3_1`](Self::photutils_3_1) gives the numbers of photutils' `Background2D` with its own defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct BackgroundOptions {
    /// Size of a mesh box in pixels, `(ny, nx)`; more than the image means the whole axis. Default 64 × 64.
    pub box_size: (usize, usize),
    /// Rejection of the pixels of sources in each box; `None` keeps all. Default 3 σ, 10 rounds.
    pub clip: Option<SigmaClip>,
    /// Level of a box. Default [`Location::SExtractor`].
    pub level: Location,
    /// Pixel-to-pixel spread in a box. Default [`Scale::Std`].
    pub rms: Scale,
    /// Which boxes have too few good pixels. Default [`Exclude::ROBUST`].
    pub exclude: Exclude,
    /// What an excluded box takes from good boxes at the same distance. Default [`Ties::Shared`].
    pub ties: Ties,
    /// Window of the median filter in boxes, `(ny, nx)`, both odd; `(1, 1)` filters nothing. Default 3 × 3.
    pub filter_size: (usize, usize),
    /// Filter only boxes whose level lies above this. Default `None`: all.
    pub filter_threshold: Option<f64>,
}

impl Default for BackgroundOptions {
    fn default() -> Self {
        Self {
            box_size: (64, 64),
            clip: Some(SigmaClip::default()),
            level: Location::SExtractor,
            rms: Scale::Std,
            exclude: Exclude::ROBUST,
            ties: Ties::Shared,
            filter_size: (3, 3),
            filter_threshold: None,
        }
    }
}

impl BackgroundOptions {
    /// As `Background2D` of photutils 3.0 and earlier, with its defaults.
    pub fn photutils_3_0() -> Self {
        Self { exclude: Exclude::Photutils30 { percentile: 10.0 }, ..Self::default() }
    }

    /// As `Background2D` of photutils 3.1, with its defaults.
    pub fn photutils_3_1() -> Self {
        Self { exclude: Exclude::Photutils31 { percentile: 10.0 }, ..Self::default() }
    }

    pub(crate) fn check(&self) -> Result<()> {
        let (by, bx) = self.box_size;
        if by == 0 || bx == 0 {
            return Err(Error::BoxSize { size: self.box_size });
        }
        let (fy, fx) = self.filter_size;
        if fy % 2 == 0 || fx % 2 == 0 {
            return Err(Error::FilterSize { size: self.filter_size });
        }
        self.clip.as_ref().map_or(Ok(()), SigmaClip::check)?;
        self.exclude.check()
    }
}

/// When a mesh box has too few good pixels and takes its value from its neighbours.
///
/// Good pixels are those left after masks and clipping.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Exclude {
    /// Fewer good pixels than `min_pixels`, or than `min_fraction` of the box's pixels that lie in the image, are
    /// finite and covered.
    ///
    /// So a box over the edge of the image counts by what it has, and a crowded box is measured rather than replaced
    /// by far ones, as long as half its pixels agree. With photutils' rules a box with a tenth of its pixels
    /// clipped is dropped: 99 of 100 boxes on 47 Tuc.
    Robust {
        /// Least share of good pixels, 0 to 1.
        min_fraction: f64,
        /// Least number of good pixels.
        min_pixels: usize,
    },
    /// Good pixels ≤ (1 − percentile / 100) of a *whole* box, also where the box reaches over the edge.
    Photutils30 {
        /// `exclude_percentile`, 0 to 100.
        percentile: f64,
    },
    /// Good pixels < (1 − percentile / 100) of a *whole* box, or none.
    Photutils31 {
        /// `exclude_percentile`, 0 to 100.
        percentile: f64,
    },
}

impl Exclude {
    /// At least half of the pixels there are, and at least 32.
    pub const ROBUST: Self = Self::Robust { min_fraction: 0.5, min_pixels: 32 };

    /// Whether a box with `good` of `available` pixels is excluded; `whole` is the number in a full box.
    pub fn excludes(self, good: usize, available: usize, whole: usize) -> bool {
        let n = good as f64;
        let share = |percentile: f64| (1.0 - percentile / 100.0) * whole as f64;
        let too_few = match self {
            Self::Robust { min_fraction, min_pixels } => {
                good < min_pixels || n < min_fraction * available as f64
            }
            Self::Photutils30 { percentile } => n <= share(percentile),
            Self::Photutils31 { percentile } => n < share(percentile),
        };
        too_few || good == 0
    }

    fn check(self) -> Result<()> {
        let (name, allowed, value, most) = match self {
            Self::Robust { min_fraction, .. } => {
                ("min_fraction", "between 0 and 1", min_fraction, 1.0)
            }
            Self::Photutils30 { percentile } | Self::Photutils31 { percentile } => {
                ("exclude percentile", "between 0 and 100", percentile, 100.0)
            }
        };
        if (0.0..=most).contains(&value) {
            Ok(())
        } else {
            Err(Error::OutOfRange { name, allowed, value })
        }
    }
}

impl fmt::Display for Exclude {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Robust { min_fraction, min_pixels } => {
                write!(
                    f,
                    "at least {min_pixels} good pixels and {:.0} % of those present",
                    min_fraction * 100.0
                )
            }
            Self::Photutils30 { percentile } => {
                write!(f, "more than {} % good pixels (photutils 3.0)", 100.0 - percentile)
            }
            Self::Photutils31 { percentile } => {
                write!(f, "at least {} % good pixels (photutils 3.1)", 100.0 - percentile)
            }
        }
    }
}

/// Which good boxes fill an excluded one, where several lie at the distance of the tenth.
///
/// On a grid the tenth neighbour nearly always has equals. photutils takes those that its k-d tree meets first, which
/// follows from the tree's layout and not from the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ties {
    /// All of them, with the weights that are left shared equally: the answer has the symmetry of the grid.
    Shared,
    /// The first by row, then by column.
    RowMajor,
}
