use std::sync::Arc;

use crate::{Frame, Properties};

/// What earlier statements mean for later ones. Two blocks of a file may be read apart if this is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) frame: Frame,
    pub(crate) tile: u32,
    pub(crate) globals: Option<Arc<Properties>>,
    /// The last shape ended in a conjunction, so a composite goes on.
    pub(crate) joined: bool,
    pub(crate) in_composite: bool,
    /// The shape that legacy rings would join.
    pub(crate) legacy: Legacy,
    pub(crate) told_no_frame: bool,
    pub(crate) line: u32,
    /// Bytes and characters of the line that were read already.
    pub(crate) before: (u64, u32),
    /// An error has ended the reading.
    pub(crate) stopped: bool,
    /// Problems met so far, kept or not.
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
}

/// Whether the last statement can take up `& !` rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Legacy {
    None,
    Ellipse,
    Box,
}

impl Default for State {
    fn default() -> Self {
        Self {
            frame: Frame::UNNAMED,
            tile: 1,
            globals: None,
            joined: false,
            in_composite: false,
            legacy: Legacy::None,
            told_no_frame: false,
            line: 1,
            before: (0, 0),
            stopped: false,
            errors: 0,
            warnings: 0,
        }
    }
}

#[cfg(feature = "rayon")]
impl State {
    /// Whether the statements behind both are read alike, but for the numbers of their lines.
    pub(crate) fn reads_like(&self, other: &Self) -> bool {
        let told = |state: &Self| {
            state.told_no_frame || state.frame.system != crate::System::PhysicalDefault
        };
        let rest = |state: &Self| {
            (state.frame, state.tile, state.joined, state.in_composite, state.legacy, state.before)
        };
        rest(self) == rest(other)
            && told(self) == told(other)
            && self.globals == other.globals
            && self.stopped == other.stopped
    }
}
