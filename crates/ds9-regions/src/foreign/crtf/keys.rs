//! What CASA says behind a shape, as DS9 says it.

use super::super::reader::{Result, remark};
use super::line::Key;
use crate::{Flag, PointSymbol, Property, Region, Text};

/// The keys as properties of DS9; what it has none for becomes the comment.
pub(super) fn say(
    region: &mut Region,
    keys: &[&Key],
    label: Option<Text>,
    symbol: Option<&[u8]>,
    annotation: bool,
) -> Result<()> {
    let mut properties: Vec<Property> = label.map(Property::Text).into_iter().collect();
    let mut comment = String::from(if annotation { "ann" } else { "" });
    let mut font = [None, None, None];
    let mut size = None;
    for key in keys {
        let value = key.value.as_str();
        let number = crate::number::decimal(value.as_bytes());
        let number =
            number.filter(|number| number.length == value.len() && number.value.is_finite());
        match (key.name.as_str(), number) {
            ("coord", _) => {}
            ("label", _) if properties.is_empty() && !value.is_empty() => {
                properties.push(Property::Text(key.value.clone()));
            }
            ("color" | "colour", _) => properties.push(Property::Color(color(value))),
            ("linewidth", Some(width)) => properties.push(Property::Width(width.value)),
            ("linestyle", _) => {
                if !matches!(value, "-" | "solid") {
                    properties.push(Property::Flag(Flag::Dash, true));
                }
            }
            ("symsize", Some(number)) if symbol.is_some() => {
                size = crate::parse::whole(number.value);
            }
            ("font", _) => font[0] = Some(value),
            ("fontsize", _) => font[1] = Some(value),
            ("fontstyle", _) => font[2] = Some(value),
            _ => {
                let space = if comment.is_empty() { "" } else { " " };
                comment = format!("{comment}{space}{}={value}", key.name);
            }
        }
    }
    if let Some(symbol) = symbol {
        properties.push(Property::Point(point(symbol), size));
    }
    if font.iter().any(Option::is_some) {
        properties.push(Property::Font(font_of(font)));
    }
    region.properties = properties.into_iter().collect();
    region.comment = remark(&comment);
    Ok(())
}

/// Six digits need their `#` in DS9.
fn color(value: &str) -> Text {
    let digits = matches!(value.len(), 6 | 12) && value.bytes().all(|b| b.is_ascii_hexdigit());
    Text::from(if digits { format!("#{value}") } else { value.to_owned() }.as_str())
}

/// `helvetica 10 bold italic`.
fn font_of([family, size, style]: [Option<&str>; 3]) -> Text {
    let style = style.unwrap_or_default();
    let weight = if style.contains("bold") { "bold" } else { "normal" };
    let slant = if style.contains("italic") { "italic" } else { "roman" };
    let family = family.unwrap_or("helvetica").to_ascii_lowercase();
    Text::from(format!("{family} {} {weight} {slant}", size.unwrap_or("10")).as_str())
}

/// The nearest of DS9's symbols to one of matplotlib's.
fn point(symbol: &[u8]) -> PointSymbol {
    match symbol.trim_ascii() {
        b"o" | b"." | b"," => PointSymbol::Circle,
        b"s" | b"p" | b"h" | b"H" | b"8" => PointSymbol::Box,
        b"D" | b"d" => PointSymbol::Diamond,
        b"x" | b"X" => PointSymbol::X,
        b"+" | b"*" | b"|" | b"_" => PointSymbol::Cross,
        b"^" | b"v" | b"<" | b">" => PointSymbol::Arrow,
        _ => PointSymbol::BoxCircle,
    }
}
