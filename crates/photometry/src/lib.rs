#![doc = include_str!("../README.md")]

pub mod aperture;
pub mod background;
mod error;
mod flags;
mod measure;
pub mod noise;
mod source;
pub mod stats;
mod vectors;

pub use aperture::Aperture;
pub use background::{Background, BackgroundOptions, background, background_near};

pub use error::{Error, Result};
pub use flags::Flags;
pub use measure::{
    ErrorWeight, Gain, MeasureOptions, Measurement, Noise, NonFinite, Pixels, Plane, Quality,
    QualitySource, SourceNoise, measure, measure_all, measure_in,
};
pub use source::{MaskSource, Pixel, PixelSource, SourceError};
