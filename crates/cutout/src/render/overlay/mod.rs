//! Lines and words over a picture.

mod line;
mod text;

use std::fmt;
use std::ops::Range;

use astro_coords::PixelCoord;

use super::{Channels, Picture, RenderResult};
use line::Track;
use text::Word;

/// How a mark looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Red, green, blue.
    pub color: [u8; 3],
    /// Thickness of lines in pixels; letters are `8 * height` pixels high with whole `height`, see [`Mark::Text`].
    pub width: f64,
    /// Lengths of dashes and gaps in pixels; solid without.
    pub dash: Option<[f64; 2]>,
    /// A dark seam around, so that the mark is seen on a bright image.
    pub seam: bool,
}

/// Which part of a word lies at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anchor {
    /// Its middle.
    #[default]
    Middle,
    /// The middle of its lower edge.
    Below,
    /// The middle of its left edge.
    Left,
}

/// Something to draw; places are pixels of the picture, the centre of the lowest left one is `(0, 0)`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Mark {
    /// A line through places; closed where it ends as it starts.
    Line {
        /// Its places.
        through: Vec<PixelCoord>,
        /// Its look.
        style: Style,
    },
    /// One line of words. Letters no font has are drawn as a box.
    Text {
        /// What it says.
        words: String,
        /// Where.
        place: PixelCoord,
        /// Which part of it lies there.
        anchor: Anchor,
        /// The side of a dot of the letters in pixels: letters are eight dots high.
        dot: u32,
        /// Its look; the width and dashes do not matter.
        style: Style,
    },
}

/// A picture with marks over it, in colour.
///
/// Marks are drawn in their order with smooth edges, where their rows are asked for.
pub struct Marked<'a> {
    picture: &'a dyn Picture,
    marks: Vec<Drawn>,
}

enum Drawn {
    Line(Track),
    Text(Word),
}

impl<'a> Marked<'a> {
    /// Marks outside the picture, or with places that are not finite, are left out.
    pub fn new(picture: &'a dyn Picture, marks: &[Mark]) -> Self {
        let (ny, nx) = picture.shape();
        let marks = marks.iter().flat_map(|mark| match mark {
            Mark::Line { through, style } => {
                Track::cut(through, *style, [nx, ny]).into_iter().map(Drawn::Line).collect()
            }
            Mark::Text { words, place, anchor, dot, style } => {
                let word = Word::new(words, *place, *anchor, *dot, *style);
                word.map(Drawn::Text).into_iter().collect::<Vec<_>>()
            }
        });
        Self { picture, marks: marks.collect() }
    }
}

impl fmt::Debug for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marked").field("marks", &self.marks.len()).finish_non_exhaustive()
    }
}

impl Picture for Marked<'_> {
    fn shape(&self) -> (usize, usize) {
        self.picture.shape()
    }

    fn channels(&self) -> Channels {
        Channels::Rgb
    }

    fn draw(&self, rows: Range<usize>, out: &mut [u8]) -> RenderResult<()> {
        match self.picture.channels() {
            Channels::Rgb => self.picture.draw(rows.clone(), out)?,
            Channels::Gray => {
                let mut gray = vec![0; out.len() / 3];
                self.picture.draw(rows.clone(), &mut gray)?;
                out.chunks_exact_mut(3).zip(gray).for_each(|(out, level)| out.fill(level));
            }
        }
        let mut canvas = Canvas { nx: self.shape().1, rows, out, cover: Vec::new() };
        for mark in &self.marks {
            match mark {
                Drawn::Line(track) => track.draw(&mut canvas),
                Drawn::Text(word) => word.draw(&mut canvas),
            }
        }
        Ok(())
    }
}

/// How dark a seam is.
const SEAM: f32 = 0.7;

/// Some rows of a picture.
struct Canvas<'a> {
    nx: usize,
    rows: Range<usize>,
    out: &'a mut [u8],
    /// Room for the cover of one mark, kept for the next.
    cover: Vec<f32>,
}

impl Canvas<'_> {
    /// The pixels of these rows that lie in the box `x`, `y` (edges outside and not finite are fine).
    fn clip(&self, x: [f64; 2], y: [f64; 2]) -> Option<(Range<usize>, Range<usize>)> {
        let range = |[low, high]: [f64; 2], all: Range<usize>| {
            let (low, high) =
                (low.floor().max(all.start as f64), high.ceil().min(all.end as f64 - 1.0));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clipped")]
            (low <= high).then(|| low as usize..high as usize + 1)
        };
        Some((range(x, 0..self.nx)?, range(y, self.rows.clone())?))
    }

    /// Lays a colour over a pixel of these rows.
    fn blend(&mut self, x: usize, y: usize, color: [u8; 3], share: f32) {
        let at = ((y - self.rows.start) * self.nx + x) * 3;
        for (out, color) in self.out[at..at + 3].iter_mut().zip(color) {
            let mixed = f32::from(*out) * (1.0 - share) + f32::from(color) * share;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
            {
                *out = mixed.round() as u8;
            }
        }
    }
}
