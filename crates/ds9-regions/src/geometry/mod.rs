//! Regions as places and sizes in the pixels of an image, and from one frame to another.

mod cells;
mod contains;
mod convert;
mod image;
mod measure;
mod outline;
mod polygon;
mod reframe;
mod selection;
mod shape;
mod similar;
mod wcs;

pub use convert::ConvertError;
pub use image::{AnglePolicy, ImageFrame, LengthPolicy};
pub use measure::Bounds;
pub use selection::{OnlyExcluded, Selection};
pub use shape::PixelShape;
pub use wcs::{Affine, Alternate, PixelAxes, Wcs};
