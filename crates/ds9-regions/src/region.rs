use std::ops::Range;
use std::sync::Arc;

use astro_coords::Angle;

use crate::{Flag, Frame, PointSymbol, Properties, Property, Shape, Text};

/// The sign before a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Sign {
    /// `+`, which is also what no sign means.
    Include,
    /// `-`.
    Exclude,
}

/// How a member of a composite joins the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Conjunction {
    /// `||` or `|`.
    Or,
    /// `&&`, of DS9 newer than 8.4.1.
    And,
}

/// One region: a shape, what was said about it, and where in the file it stands.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Region {
    /// The shape.
    pub shape: Shape,
    /// The frame in force where the region stands. Positions carry their own, which can differ.
    pub frame: Frame,
    /// The sign before the shape.
    pub sign: Option<Sign>,
    /// How it joins the next member of a composite.
    pub conjunction: Option<Conjunction>,
    /// Whether it is a member of the composite before it.
    pub in_composite: bool,
    /// The tile of a mosaic it belongs to; 1 where none was named.
    pub tile: u32,
    /// What is written behind it, in order.
    pub properties: Properties,
    /// The `global` properties in force where it stands.
    pub inherited: Option<Arc<Properties>>,
    /// Words behind the properties.
    pub comment: Option<Box<Text>>,
    pub(crate) start: u64,
    pub(crate) length: u32,
    pub(crate) line: u32,
}

impl Region {
    /// A region of `shape` in `frame` that says nothing else and is of no file.
    pub fn new(shape: Shape, frame: Frame) -> Self {
        Self {
            shape,
            frame,
            sign: None,
            conjunction: None,
            in_composite: false,
            tile: 1,
            properties: Properties::default(),
            inherited: None,
            comment: None,
            start: 0,
            length: 0,
            line: 0,
        }
    }

    /// The line it stands on, counted from 1; 0 where it is of no file.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The bytes of its statement in the file.
    pub fn span(&self) -> Range<u64> {
        self.start..self.start + u64::from(self.length)
    }

    /// Whether both say the same, wherever they stand in their files.
    pub fn same_as(&self, other: &Self) -> bool {
        let said = |region: &Self| {
            (region.frame, region.sign, region.conjunction, region.in_composite, region.tile)
        };
        said(self) == said(other)
            && self.shape == other.shape
            && self.properties == other.properties
            && self.inherited == other.inherited
            && self.comment == other.comment
    }

    fn own_or_inherited<T>(&self, find: impl Fn(&Properties) -> Option<T>) -> Option<T> {
        find(&self.properties).or_else(|| self.inherited.as_deref().and_then(find))
    }

    /// The value of a flag that holds here: its own, the global one, or the default.
    ///
    /// For [`Flag::Include`] the sign stands between the first two.
    pub fn flag(&self, flag: Flag) -> bool {
        let sign = match (flag, self.sign) {
            (Flag::Include, Some(sign)) => Some(sign == Sign::Include),
            _ => None,
        };
        let global = || self.inherited.as_deref().and_then(|all| all.flag(flag));
        self.properties.flag(flag).or(sign).or_else(global).unwrap_or(flag.default_value())
    }

    /// Whether it includes; `-` before the shape or `include=0` exclude.
    pub fn include(&self) -> bool {
        self.flag(Flag::Include)
    }

    /// Whether it is marked `background` (which is `source=0`).
    pub fn is_background(&self) -> bool {
        !self.flag(Flag::Source)
    }

    /// The label, its own or the global one. Always text: `007` stays `007`.
    pub fn text(&self) -> Option<&str> {
        let text =
            self.properties.text().or_else(|| self.inherited.as_deref().and_then(Properties::text));
        text.filter(|text| !text.is_empty())
    }

    /// The angle of a text in its frame; one without stands level on the screen.
    pub fn text_angle(&self) -> Option<Angle> {
        self.own_or_inherited(Properties::text_angle)
    }

    /// The tags in the order written.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.properties.tags()
    }

    /// The colour; DS9's default is green.
    pub fn color(&self) -> &str {
        let own = self.properties.color();
        own.or_else(|| self.inherited.as_deref().and_then(Properties::color)).unwrap_or("green")
    }

    /// The width of the line.
    pub fn width(&self) -> f64 {
        self.own_or_inherited(Properties::width).unwrap_or(1.0)
    }

    /// The symbol and size of a point.
    pub fn point(&self) -> (PointSymbol, i64) {
        let set = self.own_or_inherited(Properties::point).unwrap_or_default();
        let old = match &self.shape {
            Shape::Point { symbol, .. } => *symbol,
            _ => None,
        };
        (old.unwrap_or(set.0), set.1.unwrap_or(11))
    }

    /// Whether the line only repeats one cell of an irregular panda that an earlier line defines whole.
    pub fn is_ignored_cell(&self) -> bool {
        self.properties.iter().any(|property| matches!(property, Property::IgnoredCell))
    }
}
