//! What the archive has of the multi-visit mosaics around a place.

mod found;

pub(crate) use found::{Found, Wanted, search};
