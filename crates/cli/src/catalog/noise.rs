//! Where the errors of an image's sums come from.

use anyhow::bail;
use astro_coords::PixelBox;
use clap::ValueEnum;
use photometry::background::{
    Background, BackgroundOptions, Exclude, Masks, Surface, background_near,
};
use photometry::noise::drizzle_factor_of_area;
use photometry::stats::Location;
use photometry::{Gain, Noise, PixelSource};

use super::exposed::samples;
use super::image::Image;
use super::planes::{Inverse, RmsKind, Scaled, Scatter, Unclipped, WeightType};
use super::view::boxes_around;
use super::{Options, Subtract};

/// What the errors of the sums are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ErrorModel {
    /// --rms where given, else inverse variances where --wht-type says so, else the scatter of the background
    Auto,
    /// As auto, but an image without weights or --rms is an error
    Wht,
    /// The scatter of sums in 300 empty apertures of the same shape
    Empirical,
    /// No errors
    None,
}

/// Boxes on each side whose depth is asked for: farther ones weigh less than a tenth.
const DEPTH_REACH: usize = 2;

/// The noise of a pixel without its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unknown,
    /// What pixels of empty sky scatter by: a mesh, or the local sky.
    Scatter,
    Rms,
    InverseVariance,
    Empty,
}

/// The surfaces that the noise of an image needs, measured.
#[derive(Debug)]
pub(super) struct NoiseSurfaces<'a> {
    kind: Kind,
    scatter: Option<Scatter<'a>>,
    seconds: Option<Scaled<'a>>,
    /// One over the variances that the sums of pixels have.
    ivm: Option<Scaled<'a>>,
    unclipped: Option<Unclipped<'a>>,
    image: &'a Image,
    source: bool,
}

/// What is measured with.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoiseModel<'a> {
    pub(super) noise: Noise<'a>,
    pub(super) gain: Gain<'a>,
    /// Whether apertures are thrown on empty places.
    pub(super) empty: bool,
    /// Output pixel over input pixel, and drop over input pixel, where the noise is that of drizzled pixels.
    drizzle: Option<(f64, f64)>,
}

/// How one image's errors are found; decided before any pixel is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoisePlan {
    kind: Kind,
    /// Whether the source's own electrons are added.
    source: bool,
    /// Whether the scatter is that of a mesh.
    mesh: bool,
}

impl NoisePlan {
    pub(super) fn new(image: &Image, options: &Options) -> anyhow::Result<Self> {
        let (rms, weights) = (image.planes.rms.is_some(), image.planes.weights.is_some());
        if options.error == ErrorModel::Wht && !rms && !weights {
            bail!("--error wht: the image has no WHT; name it with --wht or --rms");
        }
        let (kind, source) = match (options.error, options.wht_type) {
            (ErrorModel::None, _) => (Kind::Unknown, false),
            (ErrorModel::Empirical, _) => (Kind::Empty, true),
            _ if rms => (Kind::Rms, image.planes.rms_kind != RmsKind::WithSource),
            (_, WeightType::Ivm) if weights => (Kind::InverseVariance, true),
            (_, WeightType::Err) if weights => (Kind::InverseVariance, false),
            _ => (Kind::Scatter, true),
        };
        Ok(Self { kind, source, mesh: kind == Kind::Scatter && !options.background.is_local() })
    }

    /// Whether pixels are read wherever chance leads.
    pub(super) fn is_anywhere(&self) -> bool {
        self.kind == Kind::Empty
    }

    /// Whether a mesh is measured, be it only for its scatter or to see what is empty.
    pub(super) fn needs_mesh(&self) -> bool {
        self.mesh || self.kind == Kind::Empty
    }

    /// Whether noise is carried from the depth of boxes to that of pixels.
    fn has_depth(&self, options: &Options) -> bool {
        self.mesh && options.wht_type == WeightType::Exp
    }

    /// The mean of one over the weights in the boxes of the background near `windows`, where noise is carried from them to
    /// pixels.
    pub(super) fn depth(
        &self,
        image: &Image,
        options: &Options,
        windows: &[PixelBox],
    ) -> photometry::Result<Option<Surface>> {
        let weights = image.planes.weights.as_ref().filter(|_| self.has_depth(options));
        let Some(weights) = weights else { return Ok(None) };
        let mesh = options.background.mesh().cloned().unwrap_or_default();
        let means = BackgroundOptions {
            clip: None,
            level: Location::Mean,
            exclude: Exclude::Robust { min_fraction: 0.0, min_pixels: 1 },
            ..mesh
        };
        let inverse = Inverse(weights);
        let depth_reach = depth_reach(options);
        match background_near(&inverse, Masks::default(), &means, windows, depth_reach) {
            Ok(found) => Ok(Some(found.level)),
            Err(photometry::Error::NoUsablePixels { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The pixels whose weights and noise are read for the sources in `windows`.
    pub(super) fn beside(&self, options: &Options, windows: &[PixelBox]) -> Vec<PixelBox> {
        if !self.has_depth(options) {
            return windows.to_vec();
        }
        let side = options.background.mesh().cloned().unwrap_or_default().box_size;
        windows.iter().map(|window| boxes_around(window, side, depth_reach(options))).collect()
    }

    pub(super) fn surfaces<'a>(
        &self,
        image: &'a Image,
        options: &Options,
        mesh: Option<&'a Background>,
        depth: Option<&'a Surface>,
    ) -> NoiseSurfaces<'a> {
        let weights = image.planes.weights.as_ref();
        let scatter = mesh
            .filter(|_| self.mesh)
            .map(|mesh| Scatter { rms: &mesh.rms, depth: weights.zip(depth) });
        let per_second = image.about.calibration.electrons_per_second / image.drizzle_area();
        let seconds = weights
            .filter(|_| options.wht_type == WeightType::Exp && per_second > 0.0)
            .map(|plane| Scaled { plane, factor: per_second });
        // s² input pixels make one of the output, in flux and in weight.
        let factor = image.drizzle_area().powi(2).recip();
        let ivm = weights.filter(|_| self.kind == Kind::InverseVariance);
        let ivm = ivm.map(|plane| Scaled { plane, factor });
        let rms = image.planes.rms.as_ref();
        let unclipped = rms.filter(|_| image.planes.rms_kind == RmsKind::Scatter).map(Unclipped);
        let (kind, source) = (self.kind, self.source);
        NoiseSurfaces { kind, scatter, seconds, ivm, unclipped, image, source }
    }
}

fn depth_reach(options: &Options) -> usize {
    match options.background {
        Subtract::Local(_, reach) => reach.min(DEPTH_REACH),
        _ => DEPTH_REACH,
    }
}

impl NoiseSurfaces<'_> {
    pub(super) fn model(&self) -> NoiseModel<'_> {
        let planes = &self.image.planes;
        let noise = match self.kind {
            Kind::Unknown | Kind::Empty => Noise::Unknown,
            Kind::Scatter => {
                self.scatter.as_ref().map_or(Noise::LocalSky, |scatter| Noise::Error(scatter))
            }
            Kind::Rms => match &self.unclipped {
                Some(scatter) => Noise::Error(scatter),
                None => planes.rms.as_ref().map_or(Noise::Unknown, |rms| Noise::Error(rms)),
            },
            Kind::InverseVariance => {
                self.ivm.as_ref().map_or(Noise::Unknown, |w| Noise::InverseVariance(w))
            }
        };
        let electrons = self.image.about.calibration.electrons;
        let gain = match &self.seconds {
            _ if !self.source => Gain::Unknown,
            Some(seconds) => Gain::Plane(seconds),
            None if electrons > 0.0 => Gain::Uniform(electrons),
            None => Gain::Unknown,
        };
        let from_pixels = match self.kind {
            Kind::Scatter => true,
            Kind::Rms => self.unclipped.is_some(),
            Kind::Unknown | Kind::InverseVariance | Kind::Empty => false,
        };
        NoiseModel {
            noise,
            gain,
            empty: self.kind == Kind::Empty,
            drizzle: self.image.drizzle.filter(|_| from_pixels),
        }
    }
}

impl NoiseModel<'_> {
    /// By how much the noise of a sum over `area` pixels exceeds what their scatter tells.
    pub(super) fn factor(&self, area: f64) -> f64 {
        let factor = |(scale, pixfrac)| drizzle_factor_of_area(scale, pixfrac, area.max(1.0)).ok();
        self.drizzle.and_then(factor).unwrap_or(1.0)
    }
}

impl Image {
    /// Area of an output pixel of drizzle in input pixels; weights are seconds times that.
    pub(super) fn drizzle_area(&self) -> f64 {
        self.drizzle.map_or(1.0, |(scale, _)| scale * scale)
    }

    /// What to say of errors that lack the noise of the source.
    pub(super) fn noise_warning(&self, options: &Options) -> Option<String> {
        let known = self.about.calibration.electrons > 0.0;
        let wanted =
            options.error != ErrorModel::None && self.planes.rms_kind != RmsKind::WithSource;
        (wanted && !known).then(|| {
            "errors lack the noise of the source: its electrons need BUNIT, EXPTIME or the gain"
                .into()
        })
    }

    /// The largest weight in some rows, over what the exposure time makes of it; far from 1 these are no seconds.
    pub(super) fn weight_ratio(&self) -> Option<f64> {
        let weights = self.planes.weights.as_ref()?;
        let mut pixels = vec![0.0_f32; self.shape.1];
        let mut largest = 0.0_f32;
        for row in samples(self.shape, 16) {
            weights.read(&row, &mut pixels).ok()?;
            largest = pixels.iter().copied().fold(largest, f32::max);
        }
        let expected = self.about.exposure_s * self.drizzle_area();
        (largest > 0.0 && expected > 0.0).then(|| f64::from(largest) / expected)
    }
}
