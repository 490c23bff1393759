#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod angle;
mod pixel;
mod sexagesimal;
mod sky;

pub use angle::Angle;
pub use pixel::{PixelBox, PixelCoord};
pub use sexagesimal::ParseCoordError;
pub use sky::SkyCoord;
