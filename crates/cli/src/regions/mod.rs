//! Region files as a person wants to hear about them, and in other shapes.

mod check;
mod convert;
mod read;
mod rows;

pub(crate) use check::check;
pub(crate) use convert::{Place, Target, convert};
pub(crate) use read::parse;
