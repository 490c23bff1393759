//! `key=value` behind shapes and in `global` lines.

use super::shape::{point_symbol, unquoted};
use super::{Fail, Parser, Result, whole};
use crate::diagnostic::Code;
use crate::keyword::{Keyword, PropertyName, Reserved, ShapeName};
use crate::lex::{Kind, Token};
use crate::properties::{Axes, CellKind, Cells, Compass, DistanceUnit, Ruler};
use crate::{Flag, Property, SkyFrame, System, Text, WcsName};

/// Bytes of a text that DS9 keeps.
const DS9_TEXT: usize = 79;

impl Parser<'_> {
    /// One property; the token is its name.
    pub(super) fn property(&mut self) -> Result<()> {
        let name = self.advance();
        let Kind::Word(word) = name.kind else {
            return Err(self.unexpected("a property", Code::StrayToken));
        };
        if let Keyword::Flag(flag) = word {
            return self.flag(flag, name);
        }
        if word == Keyword::Reserved(Reserved::Background) {
            self.properties.push(Property::Flag(Flag::Source, false));
            return Ok(());
        }
        self.equals()?;
        let property = self.valued(word)?;
        self.properties.push(property);
        Ok(())
    }

    /// The list of a `global` statement.
    pub(super) fn global_properties(&mut self) -> Result<()> {
        loop {
            match self.token.kind {
                Kind::Word(Keyword::Wcs(WcsName::Primary)) => {
                    self.advance();
                    self.equals()?;
                    let Kind::Word(Keyword::Wcs(name)) = self.token.kind else {
                        return Err(self.unexpected("the name of a WCS", Code::WrongValue));
                    };
                    self.advance();
                    self.properties.push(Property::Wcs(name));
                }
                Kind::Word(
                    Keyword::Property(PropertyName::Tag | PropertyName::Callback)
                    | Keyword::Shape(ShapeName::Panda | ShapeName::Epanda | ShapeName::Bpanda),
                ) => {
                    return Err(
                        self.unexpected("a property that `global` takes", Code::UnknownGlobal)
                    );
                }
                _ if self.property_starts() => self.property()?,
                _ => {
                    return Err(
                        self.unexpected("a property that `global` takes", Code::UnknownGlobal)
                    );
                }
            }
            let comma = self.take(b',');
            let ended = self.token.ends_statement()
                || matches!(self.token.kind, Kind::Byte(b'#') | Kind::Color);
            if ended && (self.lenient || !comma) {
                return Ok(());
            }
        }
    }

    fn equals(&mut self) -> Result<()> {
        if self.take(b'=') {
            return Ok(());
        }
        Err(self.unexpected("`=` and a value", Code::MissingValue))
    }

    fn flag(&mut self, flag: Flag, name: Token) -> Result<()> {
        let value = if self.token.kind == Kind::Byte(b'=') {
            self.advance();
            self.switch()?
        } else if matches!(flag, Flag::Dash | Flag::Fill | Flag::Source) {
            true
        } else if self.lenient {
            self.warn(Code::BareSwitch, name.start, name.end);
            true
        } else {
            return Err(self.unexpected("`=` and a value", Code::MissingValue));
        };
        self.properties.push(Property::Flag(flag, value));
        Ok(())
    }

    fn switch(&mut self) -> Result<bool> {
        let value = match self.token.kind {
            Kind::Integer => self.token.value != 0.0,
            Kind::Word(Keyword::Switch(value)) => value,
            Kind::Word(Keyword::N) => false,
            _ => return Err(self.wrong_value("yes or no, 1 or 0")),
        };
        self.advance();
        Ok(value)
    }

    fn wrong_value(&self, expected: &'static str) -> Fail {
        let code = if self.token.ends_statement() { Code::MissingValue } else { Code::WrongValue };
        self.unexpected(expected, code)
    }

    fn valued(&mut self, word: Keyword) -> Result<Property> {
        Ok(match word {
            Keyword::Property(PropertyName::Color) => {
                Property::Color(self.string_value("a colour")?)
            }
            Keyword::Property(PropertyName::Font) => Property::Font(self.font()?),
            Keyword::Property(PropertyName::Tag) => Property::Tag(self.string_value("a tag")?),
            Keyword::Property(PropertyName::Format) => {
                Property::Format(self.string_value("a format")?)
            }
            Keyword::Shape(ShapeName::Text) => Property::Text(self.label()?),
            Keyword::Property(PropertyName::DashList) => {
                Property::DashList(self.integer()?, self.integer()?)
            }
            Keyword::Property(PropertyName::Width) => Property::Width(self.number_value()?),
            Keyword::Property(PropertyName::TextAngle) => Property::TextAngle(
                self.angle("an angle").map_err(|fail| Fail { code: Code::WrongValue, ..fail })?,
            ),
            Keyword::Property(PropertyName::TextRotate) => {
                Property::TextRotate(self.integer()? != 0)
            }
            Keyword::Property(PropertyName::Callback) => self.callback()?,
            Keyword::Shape(ShapeName::Point) => self.point()?,
            Keyword::Shape(ShapeName::Line) => {
                Property::Line(self.integer()? != 0, self.integer()? != 0)
            }
            Keyword::Shape(ShapeName::Vector) => Property::Vector(self.integer()? != 0),
            Keyword::Shape(ShapeName::Composite) => Property::Composite(self.integer()? != 0),
            Keyword::Shape(ShapeName::Ruler) => Property::Ruler(self.ruler()?),
            Keyword::Shape(ShapeName::Compass) => self.compass()?,
            Keyword::Shape(ShapeName::Panda) => self.cells(CellKind::Panda)?,
            Keyword::Shape(ShapeName::Epanda) => self.cells(CellKind::Epanda)?,
            Keyword::Shape(ShapeName::Bpanda) => self.cells(CellKind::Bpanda)?,
            _ => return Err(self.unexpected("a property", Code::StrayToken)),
        })
    }

    /// A string; in the wider language also a number, a word of the language, or words joined by hyphens.
    pub(super) fn string_value(&mut self, expected: &'static str) -> Result<Text> {
        let token = self.token;
        let plain = self.is_string();
        let end = if token.kind == Kind::Quoted || !self.lenient {
            token.end
        } else {
            self.glued_end(token.end)
        };
        if !plain || end > token.end {
            let wide = plain
                || matches!(token.kind, Kind::Word(_))
                || (token.value != 0.0 || token.is_number());
            if !self.lenient || !wide || token.ends_statement() {
                return Err(self.wrong_value(expected));
            }
            self.warn(Code::UnquotedText, token.start, end);
            self.token = crate::lex::next(self.source, end, true);
            return Ok(self.text_of(&Token { end, kind: Kind::Integer, ..token }));
        }
        self.advance();
        Ok(self.text_of(&token))
    }

    fn label(&mut self) -> Result<Text> {
        let token = self.token;
        let text = self.string_value("a text")?;
        if text.len() > DS9_TEXT {
            self.warn(Code::LongText, token.start, token.end);
        }
        Ok(text)
    }

    /// Where a word ends that may hold `-`, `_`, `.` and the like.
    fn glued_end(&self, from: usize) -> usize {
        let more = |b: &&u8| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'+' | b':')
        };
        from + self.source[from..].iter().take_while(more).count()
    }

    fn text_of(&mut self, token: &Token) -> Text {
        let (text, latin1) = unquoted(self.bytes(token), token.kind);
        if latin1 {
            self.warn(Code::Latin1, token.start, token.end);
        }
        text
    }

    /// A font; `helvetica 10 normal roman` needs quotes in DS9.
    fn font(&mut self) -> Result<Text> {
        let first = self.token;
        let family = self.string_value("a font")?;
        if !self.lenient || first.kind == Kind::Quoted || self.token.kind != Kind::Integer {
            return Ok(family);
        }
        let mut end = self.advance().end;
        for _ in 0..2 {
            let word = self.bytes(&self.token);
            if [&b"normal"[..], b"bold", b"roman", b"italic"]
                .iter()
                .any(|name| word.eq_ignore_ascii_case(name))
            {
                end = self.advance().end;
            }
        }
        self.warn(Code::UnquotedFont, first.start, end);
        Ok(self.text_of(&Token { end, ..first }))
    }

    /// A whole number as DS9 holds it, in 32 bits.
    fn integer(&mut self) -> Result<i64> {
        let value = self.number_value()?;
        whole(value.trunc()).ok_or_else(|| self.unexpected("a smaller number", Code::WrongValue))
    }

    fn number_value(&mut self) -> Result<f64> {
        let token = self.token;
        match token.kind {
            Kind::Integer => {}
            Kind::Real if self.lenient && token.value.is_finite() => {
                self.warn(Code::DecimalInteger, token.start, token.end);
            }
            _ => return Err(self.wrong_value("a whole number")),
        }
        if token.value.abs() > f64::from(i32::MAX) {
            self.warn(Code::DifferentValue, token.start, token.end);
        }
        self.advance();
        Ok(token.value)
    }

    fn point(&mut self) -> Result<Property> {
        let symbol = match self.token.kind {
            Kind::Word(Keyword::Shape(name)) => point_symbol(name),
            _ => None,
        };
        let Some(symbol) = symbol else {
            return Err(self.wrong_value("circle, box, diamond, cross, x, arrow or boxcircle"));
        };
        self.advance();
        let sized =
            self.token.kind == Kind::Integer || self.lenient && self.token.kind == Kind::Real;
        let size = if sized { Some(self.integer()?) } else { None };
        Ok(Property::Point(symbol, size))
    }

    fn callback(&mut self) -> Result<Property> {
        let from = self.token;
        if matches!(from.kind, Kind::Word(Keyword::Reserved(Reserved::Begin | Reserved::End))) {
            self.advance();
        }
        let known = matches!(
            self.token.kind,
            Kind::Word(
                Keyword::Flag(
                    Flag::Select
                        | Flag::Highlite
                        | Flag::Move
                        | Flag::Edit
                        | Flag::Rotate
                        | Flag::Delete
                ) | Keyword::Property(
                    PropertyName::Color | PropertyName::Width | PropertyName::Font
                ) | Keyword::Shape(ShapeName::Text)
                    | Keyword::Reserved(
                        Reserved::Unselect
                            | Reserved::Unhighlite
                            | Reserved::PropertyWord
                            | Reserved::Key
                            | Reserved::Update
                    )
            )
        );
        if !known {
            return Err(self.wrong_value("the event of a callback"));
        }
        let event = self.advance();
        let event = self.text_of(&Token { start: from.start, ..event });
        let name = self.string_value("the name of a callback")?;
        let argument = self.string_value("the argument of a callback")?;
        Ok(Property::Callback(Box::new([event, name, argument])))
    }

    fn system(&mut self) -> Option<(System, WcsName)> {
        let found = match self.token.kind {
            Kind::Word(Keyword::System(system)) => (system, WcsName::Primary),
            Kind::Word(Keyword::Wcs(name)) => (System::Wcs, name),
            _ => return None,
        };
        self.advance();
        Some(found)
    }

    fn sky(&mut self) -> Option<SkyFrame> {
        let Kind::Word(Keyword::Sky(sky)) = self.token.kind else { return None };
        self.advance();
        Some(sky)
    }

    fn distance_unit(&mut self) -> Option<DistanceUnit> {
        let unit = match self.token.kind {
            Kind::Word(Keyword::Reserved(Reserved::Degrees)) => DistanceUnit::Degrees,
            Kind::Word(Keyword::Reserved(Reserved::Arcmin)) => DistanceUnit::Arcmin,
            Kind::Word(Keyword::Reserved(Reserved::Arcsec)) => DistanceUnit::Arcsec,
            _ => return None,
        };
        self.advance();
        Some(unit)
    }

    /// The nine spellings of a ruler's axes.
    fn ruler(&mut self) -> Result<Ruler> {
        let axes = |(system, wcs), sky| Axes { system, wcs, sky };
        let wcs = (System::Wcs, WcsName::Primary);
        let image = (System::Image, WcsName::Primary);
        if self.token.kind == Kind::Word(Keyword::Reserved(Reserved::Pixels)) {
            self.advance();
            let pixels = axes(image, SkyFrame::Unnamed);
            return Ok(Ruler { axes: pixels, distance: pixels, unit: DistanceUnit::Degrees });
        }
        let world = axes(wcs, SkyFrame::Unnamed);
        if let Some(unit) = self.distance_unit() {
            return Ok(Ruler { axes: axes(image, SkyFrame::Unnamed), distance: world, unit });
        }
        let system = self.system();
        let sky = self.sky();
        if system.is_none() && sky.is_none() {
            return Err(self.wrong_value("the axes of a ruler"));
        }
        let ends = axes(system.unwrap_or(wcs), sky.unwrap_or_default());
        let both = system.is_some() && sky.is_some();
        let distance = self.system();
        let unit = if distance.is_none() || both { self.distance_unit() } else { None };
        let complete = if both {
            distance.is_some() && unit.is_some()
        } else {
            distance.is_some() || unit.is_some()
        };
        if !complete {
            return Err(self.wrong_value("the axes and the unit of a ruler's length"));
        }
        let distance = distance.map_or(world, |system| axes(system, SkyFrame::Unnamed));
        Ok(Ruler { axes: ends, distance, unit: unit.unwrap_or_default() })
    }

    fn compass(&mut self) -> Result<Property> {
        let system = self.system();
        let sky = self.sky();
        if system.is_none() && sky.is_none() {
            return Err(self.wrong_value("the axes of a compass"));
        }
        let (system, wcs) = system.unwrap_or((System::Wcs, WcsName::Primary));
        let axes = Axes { system, wcs, sky: sky.unwrap_or_default() };
        let north = self.string_value("the label of north")?;
        let east = self.string_value("the label of east")?;
        let arrows = (self.integer()? != 0, self.integer()? != 0);
        Ok(Property::Compass(Box::new(Compass { axes, north, east, arrows })))
    }

    fn cells(&mut self, kind: CellKind) -> Result<Property> {
        if self.token.kind == Kind::Word(Keyword::Reserved(Reserved::Ignore)) {
            self.advance();
            return Ok(Property::IgnoredCell);
        }
        let angles = self.bracketed(|parser| parser.angle("an angle"))?;
        let radii = self.bracketed(|parser| parser.bare_length("a radius"))?;
        let angle = match kind {
            CellKind::Panda => None,
            CellKind::Epanda | CellKind::Bpanda => {
                self.bracketed(|parser| parser.angle("an angle"))?.first().copied()
            }
        };
        if kind != CellKind::Panda && radii.len() % 2 == 1 {
            return Err(self.unexpected("an even number of lengths", Code::WrongValue));
        }
        Ok(Property::Cells(Box::new(Cells { kind, angles, radii, angle })))
    }

    fn bracketed<T>(&mut self, one: impl Fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        if !self.take(b'(') {
            return Err(self.wrong_value("`(`"));
        }
        let mut all = vec![one(self)?];
        loop {
            let comma = self.take(b',');
            if !comma && self.take(b')') {
                return Ok(all);
            }
            all.push(one(self).map_err(|fail| Fail { code: Code::WrongValue, ..fail })?);
        }
    }
}
