#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod mvm;
mod skycell;
mod wcs;

pub use mvm::{MvmName, ParseMvmNameError};
pub use skycell::{CellScale, ParseSkyCellError, ProjectionCell, SkyCell};
pub use wcs::{Keywords, LookupTable, LookupTables, Wcs, WcsError};
