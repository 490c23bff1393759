//! Headers of many cutouts of one image: made once, and but for a few values copied.

use astro_coords::{PixelBox, SkyCoord};
use hst_fits::{Card, FitsFile, Header, HeaderTemplate, StoredPixels, Value};

use super::header::{self, Changes};
use super::pixels::{Made, Read};
use super::{CutOptions, Located, Window};

/// What the headers of all cutouts of an extension share.
#[derive(Debug)]
pub(crate) struct Prepared {
    template: HeaderTemplate,
    moved: Vec<Moved>,
    /// Which card is the outline.
    outline: Option<usize>,
}

/// A number that follows the first pixel of the window.
#[derive(Debug)]
struct Moved {
    /// Which card it is.
    index: usize,
    /// As it is where the window begins at the first pixel of the image.
    number: f64,
    /// x or y.
    axis: usize,
    /// How it changes from pixel to pixel, 1 or -1.
    step: f64,
}

impl Prepared {
    /// Finds out what changes from the headers of three windows; `None` where that is more than numbers and outlines.
    pub(crate) fn new(
        file: &FitsFile,
        located: &Located<'_>,
        options: &CutOptions,
    ) -> Option<Self> {
        let pixels = StoredPixels::new(located.hdu.bitpix, (0, 0), Vec::new()).ok()?;
        let read = Read { pixels, empty: false, fill: None, made: Made::Stored };
        let [corner, right, above] = [(0, 0), (1, 0), (0, 1)].map(|(x, y)| {
            let wanted = PixelBox::new(x..x + 2, y..y + 2);
            let window = Window { inside: wanted.clone(), wanted };
            header::cut(file, located, &Changes { window: &window, read: &read, options })
        });
        let n = corner.cards().len();
        if right.cards().len() != n || above.cards().len() != n {
            return None;
        }
        let template = HeaderTemplate::new(&corner).ok()?;
        let mut prepared = Self { template, moved: Vec::new(), outline: None };
        let others = right.cards().iter().zip(above.cards());
        for (index, (card, (right, above))) in corner.cards().iter().zip(others).enumerate() {
            if card.keyword != right.keyword || card.keyword != above.keyword {
                return None;
            }
            if card == right && card == above {
                continue;
            }
            if card.keyword == "S_REGION" {
                prepared.outline = Some(index);
                continue;
            }
            prepared.moved.push(Moved::new(index, card, [right, above])?);
        }
        Some(prepared)
    }

    /// The header of a cutout that is not empty and has no fill value; `None` where it must be made anew.
    pub(crate) fn header(&self, located: &Located<'_>, window: &Window) -> Option<Header> {
        let low = [window.wanted.x.start, window.wanted.y.start].map(|low| low as f64);
        let outline = match self.outline {
            None => None,
            Some(index) => Some((index, header::outline(located, window)?.into())),
        };
        let moved = self.moved.iter().filter_map(|moved| moved.to(low));
        self.template.with(moved.chain(outline)).ok()
    }
}

impl Moved {
    fn new(index: usize, card: &Card, others: [&Card; 2]) -> Option<Self> {
        let number = header::number(card)?;
        let mut found = None;
        for (axis, other) in others.into_iter().enumerate() {
            let step = header::number(other)? - number;
            if step != 0.0 && (step.abs() != 1.0 || found.replace((axis, step)).is_some()) {
                return None;
            }
        }
        let (axis, step) = found?;
        Some(Self { index, number, axis, step })
    }

    /// The value for a window that begins at `low`; `None` where the card stays as it is.
    fn to(&self, low: [f64; 2]) -> Option<(usize, Value)> {
        let value = self.number + self.step * low[self.axis];
        (value != self.number).then(|| (self.index, value.into()))
    }
}

/// What the primary headers of all cutouts of a file share.
#[derive(Debug)]
pub(crate) struct PreparedPrimary {
    template: HeaderTemplate,
    /// Which cards say where.
    place: [usize; 2],
}

impl PreparedPrimary {
    /// From that of one of them.
    pub(crate) fn new(header: &Header) -> Option<Self> {
        let template = HeaderTemplate::new(header).ok()?;
        let find = |keyword| template.cards().iter().position(|card| card.keyword == keyword);
        let place = [find("RA_OBJ")?, find("DEC_OBJ")?];
        Some(Self { template, place })
    }

    pub(crate) fn header(&self, at: SkyCoord) -> Option<Header> {
        let degrees = [at.ra.wrapped().degrees(), at.dec.degrees()];
        self.template.with(self.place.into_iter().zip(degrees.map(Value::from))).ok()
    }
}
