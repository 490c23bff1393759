//! Binary tables: columns of numbers, vectors and texts with their units. FITS 4.0, sect. 7.3.

mod layout;
mod read;
mod values;
mod write;

pub(crate) use layout::{Element, Field, Layout};
pub use values::{Column, Table, Values};
pub(crate) use write::{data_bytes, describing_cards};
