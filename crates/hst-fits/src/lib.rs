#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod wcs;

pub use wcs::{Keywords, LookupTable, LookupTables, Wcs, WcsError};
