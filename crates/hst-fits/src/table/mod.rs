//! Binary tables.

mod layout;

pub(crate) use layout::{Element, Field, Layout};
