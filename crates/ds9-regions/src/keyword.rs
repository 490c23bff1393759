/// A bare word that the grammar of DS9 knows; any other is a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    /// A word with no meaning of its own.
    None,
    /// Words that only make sense in one place and are kept from being strings: `arcmin`, `begin`, `ignore`...
    Reserved(Reserved),
    /// A shape, or the word that opens one.
    Shape(ShapeName),
    /// A property that is yes or no.
    Flag(crate::Flag),
    /// Any other property.
    Property(PropertyName),
    /// `yes`, `y`, `on`, `true` and their opposites.
    Switch(bool),
    /// `n`: a switch, and the number of rings in `n=3`.
    N,
    /// A coordinate system, as in `image`.
    System(crate::System),
    /// `wcs`, `wcsa`...
    Wcs(crate::WcsName),
    /// A sky frame or `linear`.
    Sky(crate::SkyFrame),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reserved {
    Global,
    Tile,
    Debug,
    Version,
    Background,
    Pixels,
    Degrees,
    Arcmin,
    Arcsec,
    Ignore,
    Begin,
    End,
    Unselect,
    Unhighlite,
    PropertyWord,
    Key,
    Update,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShapeName {
    Circle,
    Circle3d,
    Ellipse,
    Box,
    RotBox,
    Polygon,
    Line,
    Vector,
    Text,
    Point,
    Ruler,
    Compass,
    Projection,
    Segment,
    Annulus,
    Panda,
    Epanda,
    Bpanda,
    Composite,
    Pie,
    Field,
    // symbols of points that are not shapes
    Diamond,
    Cross,
    X,
    Arrow,
    BoxCircle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PropertyName {
    Color,
    DashList,
    Width,
    Font,
    Tag,
    Format,
    TextAngle,
    TextRotate,
    Callback,
}

const LONGEST: usize = 12;

/// The meaning of `word`, in any case.
pub(crate) fn keyword(word: &[u8]) -> Keyword {
    use crate::{Flag, SkyFrame, System, WcsName};
    use Keyword as K;
    if word.len() > LONGEST {
        return K::None;
    }
    let mut lower = [0; LONGEST];
    for (to, from) in lower.iter_mut().zip(word) {
        *to = from.to_ascii_lowercase();
    }
    match &lower[..word.len()] {
        b"circle" => K::Shape(ShapeName::Circle),
        b"circle3d" => K::Shape(ShapeName::Circle3d),
        b"ellipse" => K::Shape(ShapeName::Ellipse),
        b"box" => K::Shape(ShapeName::Box),
        b"rotbox" => K::Shape(ShapeName::RotBox),
        b"polygon" => K::Shape(ShapeName::Polygon),
        b"line" => K::Shape(ShapeName::Line),
        b"vector" => K::Shape(ShapeName::Vector),
        b"text" => K::Shape(ShapeName::Text),
        b"point" => K::Shape(ShapeName::Point),
        b"ruler" => K::Shape(ShapeName::Ruler),
        b"compass" => K::Shape(ShapeName::Compass),
        b"projection" => K::Shape(ShapeName::Projection),
        b"segment" => K::Shape(ShapeName::Segment),
        b"annulus" => K::Shape(ShapeName::Annulus),
        b"panda" | b"cpanda" => K::Shape(ShapeName::Panda),
        b"epanda" => K::Shape(ShapeName::Epanda),
        b"bpanda" => K::Shape(ShapeName::Bpanda),
        b"composite" => K::Shape(ShapeName::Composite),
        b"pie" => K::Shape(ShapeName::Pie),
        b"field" => K::Shape(ShapeName::Field),
        b"diamond" => K::Shape(ShapeName::Diamond),
        b"cross" => K::Shape(ShapeName::Cross),
        b"x" => K::Shape(ShapeName::X),
        b"arrow" => K::Shape(ShapeName::Arrow),
        b"boxcircle" => K::Shape(ShapeName::BoxCircle),
        b"select" => K::Flag(Flag::Select),
        b"highlite" => K::Flag(Flag::Highlite),
        b"dash" => K::Flag(Flag::Dash),
        b"fill" => K::Flag(Flag::Fill),
        b"fixed" => K::Flag(Flag::Fixed),
        b"edit" => K::Flag(Flag::Edit),
        b"move" => K::Flag(Flag::Move),
        b"rotate" => K::Flag(Flag::Rotate),
        b"delete" => K::Flag(Flag::Delete),
        b"include" => K::Flag(Flag::Include),
        b"source" => K::Flag(Flag::Source),
        b"color" | b"colour" => K::Property(PropertyName::Color),
        b"dashlist" => K::Property(PropertyName::DashList),
        b"width" => K::Property(PropertyName::Width),
        b"font" => K::Property(PropertyName::Font),
        b"tag" => K::Property(PropertyName::Tag),
        b"format" => K::Property(PropertyName::Format),
        b"textangle" => K::Property(PropertyName::TextAngle),
        b"textrotate" => K::Property(PropertyName::TextRotate),
        b"callback" => K::Property(PropertyName::Callback),
        b"yes" | b"y" | b"on" | b"true" => K::Switch(true),
        b"no" | b"off" | b"false" => K::Switch(false),
        b"n" => K::N,
        b"image" => K::System(System::Image),
        b"physical" => K::System(System::Physical),
        b"detector" => K::System(System::Detector),
        b"amplifier" => K::System(System::Amplifier),
        b"wcs" => K::Wcs(WcsName::Primary),
        b"wcs0" => K::Wcs(WcsName::Offset),
        [b'w', b'c', b's', letter @ b'a'..=b'z'] => {
            K::Wcs(WcsName::Letter(char::from(letter.to_ascii_uppercase())))
        }
        b"fk4" | b"b1950" => K::Sky(SkyFrame::Fk4),
        b"fk5" | b"j2000" => K::Sky(SkyFrame::Fk5),
        b"icrs" => K::Sky(SkyFrame::Icrs),
        b"galactic" => K::Sky(SkyFrame::Galactic),
        b"ecliptic" => K::Sky(SkyFrame::Ecliptic),
        b"linear" => K::Sky(SkyFrame::Linear),
        b"global" => K::Reserved(Reserved::Global),
        b"tile" => K::Reserved(Reserved::Tile),
        b"debug" => K::Reserved(Reserved::Debug),
        b"version" => K::Reserved(Reserved::Version),
        b"background" => K::Reserved(Reserved::Background),
        b"pixels" => K::Reserved(Reserved::Pixels),
        b"degrees" => K::Reserved(Reserved::Degrees),
        b"arcmin" => K::Reserved(Reserved::Arcmin),
        b"arcsec" => K::Reserved(Reserved::Arcsec),
        b"ignore" => K::Reserved(Reserved::Ignore),
        b"begin" => K::Reserved(Reserved::Begin),
        b"end" => K::Reserved(Reserved::End),
        b"unselect" => K::Reserved(Reserved::Unselect),
        b"unhighlite" => K::Reserved(Reserved::Unhighlite),
        b"property" => K::Reserved(Reserved::PropertyWord),
        b"key" => K::Reserved(Reserved::Key),
        b"update" => K::Reserved(Reserved::Update),
        _ => K::None,
    }
}

/// A name for a shape that DS9 does not know in its own format but other programs write.
pub(crate) fn abbreviation(word: &[u8]) -> Option<Abbreviation> {
    const NAMES: [(&[u8], Abbreviation); 9] = [
        (b"cir", Abbreviation::Shape(ShapeName::Circle)),
        (b"ell", Abbreviation::Shape(ShapeName::Ellipse)),
        (b"ann", Abbreviation::Shape(ShapeName::Annulus)),
        (b"poly", Abbreviation::Shape(ShapeName::Polygon)),
        (b"poi", Abbreviation::Shape(ShapeName::Point)),
        (b"pt", Abbreviation::Shape(ShapeName::Point)),
        (b"rect", Abbreviation::Rectangle),
        (b"rectangle", Abbreviation::Rectangle),
        (b"sector", Abbreviation::Shape(ShapeName::Pie)),
    ];
    NAMES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, meaning)| *meaning)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Abbreviation {
    Shape(ShapeName),
    /// Two opposite corners.
    Rectangle,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_case() {
        assert_eq!(keyword(b"CiRcLe"), Keyword::Shape(ShapeName::Circle));
        assert_eq!(keyword(b"WCSp"), Keyword::Wcs(crate::WcsName::Letter('P')));
        assert_eq!(keyword(b"cir"), Keyword::None);
        assert_eq!(keyword(b""), Keyword::None);
        assert_eq!(keyword(b"averyveryverylongword"), Keyword::None);
    }
}
