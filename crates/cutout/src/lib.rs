#![doc = include_str!("../README.md")]

pub mod combine;
mod error;
mod extensions;
pub mod mosaic;
pub mod render;
mod window;

pub use error::{Error, Result};
pub use extensions::{Extension, Extensions};
pub use window::{Length, Rounding, Size, SizePolicy, window};
