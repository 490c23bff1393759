//! Pictures of images: which pixels, and what is drawn over them.

mod guides;
mod layer;
mod marks;

pub(crate) use guides::{compass, scale_bar};
pub(crate) use layer::Layer;
pub(crate) use marks::region_marks;

/// The side of a dot of letters where a line of width 1 is `unit` pixels thick.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
fn dot(unit: f64) -> u32 {
    (1.5 * unit).round().max(1.0) as u32
}
