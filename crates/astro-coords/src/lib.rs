#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod angle;
mod circle;
mod cover;
mod footprint;
mod frame;
mod matrix;
mod overlap;
mod pixel;
mod polygon;
mod sexagesimal;
mod sky;
mod stcs;
mod vector;

pub use angle::Angle;
pub use circle::SkyCircle;
pub use footprint::{Coverage, Footprint, SkyShape};
pub use frame::{Frame, FrameTransform};
pub use pixel::{PixelBox, PixelCoord};
pub use polygon::SkyPolygon;
pub use sexagesimal::ParseCoordError;
pub use sky::SkyCoord;
pub use stcs::ParseFootprintError;
