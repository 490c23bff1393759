#![doc = include_str!("../README.md")]

pub mod background;
mod error;
mod source;
pub mod stats;
mod vectors;

pub use background::{Background, BackgroundOptions, background, background_near};
pub use error::{Error, Result};
pub use source::{MaskSource, Pixel, PixelSource, SourceError};
