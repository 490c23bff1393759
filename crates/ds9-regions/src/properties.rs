use astro_coords::Angle;

use crate::{Length, SkyFrame, System, Text, WcsName};

/// A property that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(missing_docs, reason = "the words of the format; DS9's reference manual describes them")]
pub enum Flag {
    Select,
    Highlite,
    Dash,
    Fill,
    Fixed,
    Edit,
    Move,
    Rotate,
    Delete,
    Include,
    Source,
}

impl Flag {
    /// All of them, in the order DS9 writes them after a region.
    pub const ALL: [Self; 11] = [
        Self::Fill,
        Self::Select,
        Self::Highlite,
        Self::Dash,
        Self::Fixed,
        Self::Edit,
        Self::Move,
        Self::Rotate,
        Self::Delete,
        Self::Include,
        Self::Source,
    ];

    /// The word of the format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Highlite => "highlite",
            Self::Dash => "dash",
            Self::Fill => "fill",
            Self::Fixed => "fixed",
            Self::Edit => "edit",
            Self::Move => "move",
            Self::Rotate => "rotate",
            Self::Delete => "delete",
            Self::Include => "include",
            Self::Source => "source",
        }
    }

    /// What holds where nothing is said.
    pub const fn default_value(self) -> bool {
        !matches!(self, Self::Dash | Self::Fill | Self::Fixed)
    }
}

/// The drawing of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(missing_docs, reason = "the words of the format")]
pub enum PointSymbol {
    Circle,
    Box,
    Diamond,
    Cross,
    X,
    Arrow,
    #[default]
    BoxCircle,
}

impl PointSymbol {
    /// The word of the format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Box => "box",
            Self::Diamond => "diamond",
            Self::Cross => "cross",
            Self::X => "x",
            Self::Arrow => "arrow",
            Self::BoxCircle => "boxcircle",
        }
    }
}

/// One `key=value` behind a region or in a `global` line.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Property {
    /// `select=1`, `dash`, `background`...
    Flag(Flag, bool),
    /// `color=red`, `color=#f00`.
    Color(Text),
    /// `dashlist=8 3`.
    DashList(i64, i64),
    /// `width=2`.
    Width(f64),
    /// `font="helvetica 10 normal roman"`.
    Font(Text),
    /// `text={label}`, also the string inside `text(x, y, "label")`.
    Text(Text),
    /// `tag={group}`; a region may have several.
    Tag(Text),
    /// `point=x 25`: symbol and size.
    Point(PointSymbol, Option<i64>),
    /// `line=1 0`: an arrow at the start, at the end.
    Line(bool, bool),
    /// `vector=1`: with an arrow head.
    Vector(bool),
    /// `composite=1`.
    Composite(bool),
    /// `ruler=fk5 arcsec`.
    Ruler(Ruler),
    /// `format={%6.3f}` of a ruler.
    Format(Text),
    /// `compass=fk5 {N} {E} 1 1`.
    Compass(Box<Compass>),
    /// `textangle=30`.
    TextAngle(Angle),
    /// `textrotate=0`.
    TextRotate(bool),
    /// `callback=select name argument`.
    Callback(Box<[Text; 3]>),
    /// `panda=(...)(...)`, `epanda=(...)(...)(...)`, `bpanda=...`.
    Cells(Box<Cells>),
    /// `panda=ignore`: this line is one cell of the panda before it.
    IgnoredCell,
    /// `wcs=wcsa` of a `global` line.
    Wcs(WcsName),
}

/// Axes of a ruler: those of its ends and those of its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ruler {
    /// Axes of the ends.
    pub axes: Axes,
    /// Axes the length is measured on.
    pub distance: Axes,
    /// The unit of the length, where it is celestial.
    pub unit: DistanceUnit,
}

/// A coordinate system as rulers and compasses name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Axes {
    /// Pixels of some kind or a WCS.
    pub system: System,
    /// Which WCS.
    pub wcs: WcsName,
    /// Which sky frame of it.
    pub sky: SkyFrame,
}

/// The unit of a ruler's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(missing_docs, reason = "the words of the format")]
pub enum DistanceUnit {
    #[default]
    Degrees,
    Arcmin,
    Arcsec,
}

impl DistanceUnit {
    /// The word of the format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Degrees => "degrees",
            Self::Arcmin => "arcmin",
            Self::Arcsec => "arcsec",
        }
    }
}

/// What a compass shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Compass {
    /// The axes it points along.
    pub axes: Axes,
    /// Label of the northern arm.
    pub north: Text,
    /// Label of the eastern arm.
    pub east: Text,
    /// Whether the arms have arrow heads, north and east.
    pub arrows: (bool, bool),
}

/// Edges of a panda whose cells are not evenly spaced.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cells {
    /// `panda`, `epanda` or `bpanda`.
    pub kind: CellKind,
    /// Edges in angle.
    pub angles: Vec<Angle>,
    /// Edges in radius; of `epanda` and `bpanda` two numbers each, one after the other.
    pub radii: Vec<Length>,
    /// Rotation of the whole, of `epanda` and `bpanda`.
    pub angle: Option<Angle>,
}

/// Which panda [`Cells`] belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(missing_docs, reason = "the words of the format")]
pub enum CellKind {
    Panda,
    Epanda,
    Bpanda,
}

/// The properties written behind one region or in `global` lines, in their order.
///
/// Of a property given twice the last counts; tags add up.
#[derive(Clone)]
pub struct Properties(List);

/// Most regions say one thing, a label or a tag, and need no memory of their own for it.
#[derive(Clone)]
enum List {
    One(Property),
    Many(Box<[Property]>),
}

macro_rules! last {
    ($list:expr, $pattern:pat $(if $guard:expr)? => $value:expr) => {
        $list.iter().rev().find_map(|property| match property {
            $pattern $(if $guard)? => Some($value),
            _ => None,
        })
    };
}

impl Properties {
    /// All of them in the order written.
    pub fn iter(&self) -> std::slice::Iter<'_, Property> {
        self.as_slice().iter()
    }

    /// All of them in the order written.
    pub fn as_slice(&self) -> &[Property] {
        match &self.0 {
            List::One(property) => std::slice::from_ref(property),
            List::Many(all) => all,
        }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [Property] {
        match &mut self.0 {
            List::One(property) => std::slice::from_mut(property),
            List::Many(all) => all,
        }
    }

    /// Empties `list`, whose memory stays for the next region.
    pub(crate) fn drain_from(list: &mut Vec<Property>) -> Self {
        match (list.len(), list.pop()) {
            (1, Some(property)) => Self(List::One(property)),
            (_, last) => Self(List::Many(list.drain(..).chain(last).collect())),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// The value given for a flag.
    pub fn flag(&self, flag: Flag) -> Option<bool> {
        last!(self, Property::Flag(name, value) if *name == flag => *value)
    }

    /// The colour's name or `#` digits.
    pub fn color(&self) -> Option<&str> {
        last!(self, Property::Color(text) => text.as_str())
    }

    /// The label.
    pub fn text(&self) -> Option<&str> {
        last!(self, Property::Text(text) => text.as_str())
    }

    /// The angle of a text.
    pub fn text_angle(&self) -> Option<Angle> {
        last!(self, Property::TextAngle(angle) => *angle)
    }

    /// The font.
    pub fn font(&self) -> Option<&str> {
        last!(self, Property::Font(text) => text.as_str())
    }

    /// The line width.
    pub fn width(&self) -> Option<f64> {
        last!(self, Property::Width(width) => *width)
    }

    /// The lengths of dashes and gaps.
    pub fn dash_list(&self) -> Option<(i64, i64)> {
        last!(self, Property::DashList(on, off) => (*on, *off))
    }

    /// The symbol and size of a point.
    pub fn point(&self) -> Option<(PointSymbol, Option<i64>)> {
        last!(self, Property::Point(symbol, size) => (*symbol, *size))
    }

    /// The tags in their order.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.iter().filter_map(|property| match property {
            Property::Tag(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

impl Default for Properties {
    fn default() -> Self {
        Self(List::Many(Box::default()))
    }
}

impl PartialEq for Properties {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl FromIterator<Property> for Properties {
    fn from_iter<T: IntoIterator<Item = Property>>(properties: T) -> Self {
        Self::drain_from(&mut properties.into_iter().collect())
    }
}

impl std::fmt::Debug for Properties {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Properties {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_slice().serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Properties {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from_iter)
    }
}
