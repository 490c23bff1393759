#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod aside;
#[cfg(feature = "cfitsio")]
mod cfitsio;
mod checksum;
mod error;
mod file;
mod gzip;
mod hdu;
mod header;
mod memory;
mod mvm;
mod pixels;
mod read;
mod skycell;
mod source;
mod spec;
mod stored;
mod table;
mod tiles;
#[doc(hidden)]
pub mod vectors;
mod verify;
mod wcs;
mod write;

pub use aside::{Aside, abandon_unfinished};
#[cfg(feature = "cfitsio")]
pub use cfitsio::{CfitsioFile, Verified};
pub use error::{Error, Result};
pub use file::FitsFile;
pub use hdu::{Bitpix, Hdu, HduKind};
pub use header::{Card, FromValue, Header, HeaderTemplate, Value};
pub use memory::zeroed;
pub use mvm::{MvmName, ParseMvmNameError};
pub use pixels::PixelType;
pub use skycell::{CellScale, ParseSkyCellError, ProjectionCell, SkyCell};
pub use source::{ByteSource, Piece};
pub use spec::{ImageSpec, Spec};
pub use stored::{StoredPixels, StoredType, StoredValue};
pub use table::{Column, Table, Values};
pub use wcs::{Keywords, LookupTable, LookupTables, Wcs, WcsError};
pub use write::{
    Checksums, Pixels, RowBytes, RowSource, WriteOptions, images_to_bytes, write_images,
    write_images_with,
};
