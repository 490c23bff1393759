//! Loops over many points, for the registers there are.

/// Points that are worked on together: few enough to stay in the nearest cache.
pub(super) const BLOCK: usize = 64;

/// First and second coordinates of some points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) x: [f64; BLOCK],
    pub(super) y: [f64; BLOCK],
}

impl Block {
    pub(super) const ZERO: Self = Self { x: [0.0; BLOCK], y: [0.0; BLOCK] };
}

/// Replaces every point of a block by what comes of it, several at a time where that has no branches. A macro, because
/// a closure need not be inlined, and then is not compiled for wider registers.
macro_rules! each {
    ($block:expr, |$point:pat_param| $result:expr) => {
        for i in 0..$crate::wcs::wide::BLOCK {
            let $point = [$block.x[i], $block.y[i]];
            let [x, y] = $result;
            ($block.x[i], $block.y[i]) = (x, y);
        }
    };
}
pub(super) use each;
