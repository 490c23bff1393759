#![doc = include_str!("../README.md")]

mod batch;
pub mod combine;
mod cut;
mod error;
mod extensions;
pub mod mosaic;
pub mod mvm;
pub mod render;
mod window;

pub use batch::{Batch, Piece, PieceUnit, Status, batch_to_files, batch_to_npy, batch_to_tar};
pub use cut::{
    CutOptions, CutUnit, Cutout, Empty, Integers, LeftoverSip, MatrixStyle, Mode, Names, Primary,
    Softened, cut, cutouts_to_bytes, write_cutouts,
};
pub use error::{Error, Result};
pub use extensions::{Extension, Extensions};
pub use window::{Length, Rounding, Size, SizePolicy, window};
