//! The simulated archive: what is on the sky, the images taken of it, and the comparison with the truth.

mod archive;
mod comparison;
mod exposure;
mod rng;
mod scene;

pub(crate) use archive::{image_count, make};
pub(crate) use comparison::compare;
