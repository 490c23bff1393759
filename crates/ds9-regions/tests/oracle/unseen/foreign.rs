//! Files of other programs that nobody wrote.

use ds9_regions::Format;

use super::{Dice, sexagesimal};

/// The formats that DS9 reads beside its own.
pub(crate) const FORMATS: [Format; 5] =
    [Format::Ciao, Format::Pros, Format::SaoImage, Format::SaoTng, Format::Xy];

/// A file of a few statements that DS9 should load.
pub(crate) fn whole(dice: &mut Dice, format: Format) -> String {
    let mut file = Writer { dice, format, place: Places::start(format), text: String::new() };
    for _ in 0..3 + file.dice.below(6) {
        match format {
            Format::Ciao => file.ciao(),
            Format::Pros => file.pros(),
            Format::SaoTng => file.saotng(),
            Format::Xy => file.xy(),
            _ => file.shape_line(),
        }
    }
    file.text
}

/// What the plain coordinates of the next shape are.
#[derive(Clone, Copy, PartialEq)]
enum Places {
    Image,
    Physical,
    Fk4,
    Fk5,
    Icrs,
    Galactic,
    Ecliptic,
}

impl Places {
    fn start(format: Format) -> Self {
        match format {
            Format::Ciao | Format::Xy => Self::Physical,
            _ => Self::Image,
        }
    }

    /// Where the image shows something in them.
    fn range(self) -> [f64; 4] {
        match self {
            Self::Image => [100.0, 1900.0, 100.0, 1900.0],
            Self::Physical => [200.0, 3800.0, 200.0, 3800.0],
            Self::Fk4 => [194.41, 194.57, 28.25, 28.41],
            Self::Fk5 | Self::Icrs => [195.02, 195.18, 27.98, 28.14],
            Self::Galactic => [56.0, 59.0, 87.94, 88.0],
            Self::Ecliptic => [181.55, 181.7, 31.0, 31.15],
        }
    }

    fn are_pixels(self) -> bool {
        matches!(self, Self::Image | Self::Physical)
    }
}

struct Writer<'a> {
    dice: &'a mut Dice,
    format: Format,
    place: Places,
    text: String,
}

impl Writer<'_> {
    fn ciao(&mut self) {
        let first = self.dice.pick(&["", "", "", "+", "-", "!"]);
        let shape = self.shape();
        self.text.push_str(&format!("{first}{shape}"));
        while self.dice.one_in(4) {
            let join = self.dice.pick(&["*", "&", "|", "+", "-", "!", "!*"]);
            let shape = self.shape();
            self.text.push_str(&format!("{join}{shape}"));
        }
        let end = self.dice.pick(&["\n", "\n", " # a remark\n", "\r\n", "\n\n# a remark\n"]);
        self.text.push_str(end);
    }

    fn pros(&mut self) {
        if self.dice.one_in(3) {
            let (word, place) = [
                ("logical", Places::Image),
                ("physical", Places::Physical),
                ("equatorial j2000", Places::Fk5),
                ("J2000", Places::Fk5),
                ("equatorial B1950", Places::Fk4),
                ("b1950", Places::Fk4),
                ("galactic", Places::Galactic),
                ("Ecliptic", Places::Ecliptic),
            ][self.dice.below(8)];
            self.place = place;
            let end = self.dice.pick(&["; ", ";", "\n", " # here\n"]);
            self.text.push_str(&format!("{word}{end}"));
        }
        self.shape_line();
    }

    fn saotng(&mut self) {
        match self.dice.below(6) {
            0 => {
                let (frame, place) = [
                    ("", Places::Fk5),
                    (" (fk5)", Places::Fk5),
                    (" (j2000)", Places::Fk5),
                    (" (fk4)", Places::Fk4),
                    (" (b1950)", Places::Fk4),
                    (" (icrs)", Places::Icrs),
                    (" (galactic)", Places::Galactic),
                    (" (ecliptic)", Places::Ecliptic),
                ][self.dice.below(8)];
                let kind = self.dice.pick(&["degrees", "hms", "pixels"]);
                self.place = if kind == "pixels" { Places::Image } else { place };
                let frame = if kind == "pixels" { "" } else { frame };
                self.text.push_str(&format!("# format: {kind}{frame}\n"));
            }
            1 => self.text.push_str("# a label\n"),
            2 => self.text.push_str("# filename: image.fits\n"),
            _ => {}
        }
        self.shape_line();
    }

    fn xy(&mut self) {
        if self.dice.one_in(4) {
            let (word, place) = [
                ("image", Places::Image),
                ("logical", Places::Image),
                ("physical", Places::Physical),
                ("ccd", Places::Physical),
                ("wcs fk5", Places::Fk5),
                ("wcs j2000", Places::Fk5),
                ("wcs icrs", Places::Icrs),
                ("wcs fk4", Places::Fk4),
                ("wcs galactic", Places::Galactic),
                ("wcs ecliptic", Places::Ecliptic),
            ][self.dice.below(10)];
            self.place = place;
            self.text.push_str(&format!("{word}\n"));
        }
        let place = self.position();
        let after = self.dice.pick(&["", "", " 19.5", " 19.5 3", " # a star", "\t7"]);
        let end = self.dice.pick(&["\n", "\n", ";", "\r\n"]);
        let end = if after.contains('#') { "\n" } else { end };
        self.text.push_str(&format!("{place}{after}{end}"));
    }

    /// A signed shape with the comment that its format has.
    fn shape_line(&mut self) {
        let sign = self.dice.pick(&["", "", "", "+", "-"]);
        let shape = self.shape();
        let comment = match self.format {
            Format::SaoTng => self.dice.pick(&[
                "",
                "",
                " # red",
                " # yellow",
                " # source",
                " # background",
                " # some words",
            ]),
            _ => self.dice.pick(&["", "", " # some words"]),
        };
        let end = self.dice.pick(&["\n", "\n", "\n", ";", "\r\n", "\n# a remark\n"]);
        let end = if comment.is_empty() { end } else { "\n" };
        self.text.push_str(&format!("{sign}{shape}{comment}{end}"));
    }

    fn shape(&mut self) -> String {
        let names: &[&str] = match self.format {
            Format::Ciao => &[
                "circle",
                "cir",
                "ellipse",
                "ell",
                "box",
                "rotbox",
                "annulus",
                "point",
                "poi",
                "polygon",
                "poly",
                "pie",
                "rectangle",
                "rect",
                "sector",
                "field",
            ],
            Format::Pros | Format::SaoImage => {
                &["circle", "ellipse", "box", "rotbox", "annulus", "annulus n", "point", "polygon"]
            }
            _ => &["circle", "ellipse", "box", "line", "text", "point", "polygon"],
        };
        let name = self.dice.pick(names);
        let arguments = self.arguments(name);
        let word = name.split(' ').next().unwrap_or_default();
        let word = if self.dice.one_in(6) { word.to_uppercase() } else { word.to_owned() };
        if self.format == Format::Ciao {
            return format!("{word}({arguments})");
        }
        match self.dice.below(6) {
            0 => format!("{word} {arguments}"),
            1 => format!("{word} ( {arguments} )"),
            _ => format!("{word}({arguments})"),
        }
    }

    fn arguments(&mut self, name: &str) -> String {
        let (a, b) = (self.dice.between(4.0, 90.0), self.dice.between(4.0, 90.0));
        let place = if name.starts_with("rect") { self.pixels() } else { self.position() };
        match name {
            "circle" | "cir" => place + &self.lengths(&[a]),
            // CIAO wants the angle of an ellipse, and none of a box that does not turn.
            "ellipse" | "ell" | "rotbox" => place + &self.lengths(&[a, b]) + &self.angle(false),
            "box" => place + &self.lengths(&[a, b]) + &self.angle(true),
            "annulus" if self.format == Format::Ciao || self.dice.one_in(2) => {
                place + &self.lengths(&[a, a + b])
            }
            "annulus" => place + &self.lengths(&[a, a + b, a + 2.0 * b]),
            "annulus n" => {
                place + &self.lengths(&[a, a + b]) + self.dice.pick(&[",n=3", " n=2", ", N=1"])
            }
            "polygon" | "poly" => self.vertices(place, 2),
            "line" => self.vertices(place, 1),
            "pie" => place + &self.lengths(&[a, a + b]) + &self.angle(false) + &self.angle(false),
            "rectangle" | "rect" => {
                let other = self.pixels();
                place + self.separator() + &other
            }
            "sector" => place + &self.angle(false) + &self.angle(false),
            "field" => String::new(),
            "text" => place + self.dice.pick(&[",\"a label\"", " 'it'", ", {so}", ",word"]),
            _ => place,
        }
    }

    fn vertices(&mut self, first: String, least: usize) -> String {
        let more = if least == 1 { 1 } else { least + self.dice.below(3) };
        (0..more).fold(first, |all, _| all + self.separator() + &self.position())
    }

    fn separator(&mut self) -> &'static str {
        match self.format {
            Format::Ciao => self.dice.pick(&[",", ",", ", "]),
            _ => self.dice.pick(&[",", ",", ", ", " "]),
        }
    }

    fn pixels(&mut self) -> String {
        let place = if self.place.are_pixels() { self.place } else { Places::Image };
        let [x0, x1, y0, y1] = place.range();
        let (x, y) = (self.dice.between(x0, x1), self.dice.between(y0, y1));
        format!("{x:.2}{}{y:.2}", self.separator())
    }

    /// A place; SAOimage knows pixels only, and XY takes every number for one of its frame.
    fn position(&mut self) -> String {
        let units = self.format != Format::SaoImage && self.format != Format::Xy;
        if self.place.are_pixels() && (!units || !self.dice.one_in(3)) {
            return self.pixels();
        }
        let frame = if self.place.are_pixels() { Places::Fk5 } else { self.place };
        let [x0, x1, y0, y1] = frame.range();
        let (x, y) = (self.dice.between(x0, x1), self.dice.between(y0, y1));
        let between = self.separator();
        let turns = matches!(frame, Places::Galactic | Places::Ecliptic);
        let hours = if turns { x } else { x / 15.0 };
        let plain = !self.place.are_pixels();
        match self.dice.below(4) {
            0 if plain => format!("{x:.6}{between}{y:.6}"),
            0 | 1 if self.format != Format::Xy => format!("{x:.6}d{between}{y:.6}d"),
            2 if self.format != Format::SaoTng && !turns => {
                format!("{}{between}{}", sexagesimal(hours, "hm"), sexagesimal(y, "dm"))
            }
            _ => format!("{}{between}{}", sexagesimal(hours, "::"), sexagesimal(y, "::")),
        }
    }

    fn lengths(&mut self, pixels: &[f64]) -> String {
        let arcs = matches!(self.format, Format::Ciao | Format::Pros);
        let unit = if arcs { self.dice.pick(&["", "", "\"", "'", "d", "''"]) } else { "" };
        let unit = if unit == "''" && self.format != Format::Ciao { "\"" } else { unit };
        pixels.iter().fold(String::new(), |all, pixels| {
            let value = match unit {
                "" => format!("{pixels:.2}"),
                "d" => format!("{:.7}", pixels / 7200.0),
                "'" => format!("{:.4}", pixels / 120.0),
                _ => format!("{:.2}", pixels / 2.0),
            };
            all + self.separator() + &value + unit
        })
    }

    fn angle(&mut self, optional: bool) -> String {
        if optional && self.dice.one_in(3) {
            return String::new();
        }
        let (between, degrees) = (self.separator(), self.dice.between(-400.0, 400.0));
        match (self.dice.below(5), self.format) {
            (0, Format::Pros | Format::SaoTng) => format!("{between}{degrees:.2}d"),
            (1, Format::Pros) => format!("{between}{:.4}r", degrees.to_radians()),
            _ => format!("{between}{degrees:.2}"),
        }
    }
}
