#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod angle;
mod frame;
mod matrix;
mod pixel;
mod sexagesimal;
mod sky;

pub use angle::Angle;
pub use frame::{Frame, FrameTransform};
pub use pixel::{PixelBox, PixelCoord};
pub use sexagesimal::ParseCoordError;
pub use sky::SkyCoord;
