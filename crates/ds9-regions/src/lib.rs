#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod diagnostic;
mod file;
mod foreign;
mod frame;
mod frames;
mod geometry;
mod keyword;
mod lex;
mod number;
mod options;
#[cfg(feature = "rayon")]
mod parallel;
mod parse;
mod position;
mod properties;
mod region;
mod shape;
mod stream;
mod text;
mod write;

pub use diagnostic::{Code, Diagnostic, ParseError, Severity};
pub use file::{Item, ItemKind, RegionFile};
pub use foreign::{Format, UnknownFormat};
pub use frame::{Frame, SkyFrame, System, UnknownFrame, WcsName};
pub use geometry::{
    Affine, Alternate, AnglePolicy, Bounds, ConvertError, ImageFrame, LengthPolicy, OnlyExcluded,
    PixelAxes, PixelShape, Selection, Wcs,
};
pub use options::{Mode, ParseOptions};
pub use position::{Length, Position, Unit};
pub use properties::{
    Axes, CellKind, Cells, Compass, DistanceUnit, Flag, PointSymbol, Properties, Property, Ruler,
};
pub use region::{Conjunction, Region, Sign};
pub use shape::{Panda, Rings, RotatedRings, Shape};
pub use stream::{ReadError, RegionStream, Regions, Statement, StatementKind};
pub use text::Text;
pub use write::{Style, Unwritable, WriteError};
