#![doc = include_str!("../README.md")]

pub mod background;
mod error;
mod source;
pub mod stats;

pub use background::{Background, BackgroundOptions, background};
pub use error::{Error, Result};
pub use source::{MaskSource, Pixel, PixelSource, SourceError};
