#![doc = include_str!("../README.md")]

pub mod aperture;
pub mod background;
pub mod calibration;
mod error;
mod flags;
mod measure;
pub mod noise;
mod source;
pub mod statistics;
pub mod stats;
mod vectors;

pub use aperture::Aperture;
pub use background::{Background, BackgroundOptions, background, background_near};

pub use error::{Error, Result};
pub use flags::Flags;
pub use measure::{
    ErrorWeight, Find, Gain, LocalSky, LocalSkyOptions, MeasureOptions, Measurement, Noise,
    NonFinite, Pixels, Plane, Quality, QualitySource, SourceNoise, local_sky, local_sky_all,
    measure, measure_all, measure_in, measure_together, measure_with_sky,
};
pub use source::{MaskSource, Pixel, PixelSource, SourceError};
