#![doc = include_str!("../README.md")]

mod error;
mod extensions;
pub mod render;
mod window;

pub use error::{Error, Result};
pub use extensions::{Extension, Extensions};
pub use window::{Length, Rounding, Size, SizePolicy, window};
