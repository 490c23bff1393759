//! Region files nobody wrote: made by rules, some of them broken by rules, the same ones for the same seed.

mod dice;
pub(crate) mod foreign;
mod odd;

pub(crate) use dice::Dice;
use odd::ODD;

/// Frames and a range of coordinates that the image shows in them.
const FRAMES: &[(&str, [f64; 2], [f64; 2])] = &[
    ("image", [100.0, 1900.0], [100.0, 1900.0]),
    ("physical", [200.0, 3800.0], [200.0, 3800.0]),
    ("detector", [200.0, 3800.0], [200.0, 3800.0]),
    ("amplifier", [200.0, 3800.0], [200.0, 3800.0]),
    ("fk5", [195.02, 195.18], [27.98, 28.14]),
    ("j2000", [195.02, 195.18], [27.98, 28.14]),
    ("icrs", [195.02, 195.18], [27.98, 28.14]),
    ("wcs", [195.02, 195.18], [27.98, 28.14]),
    ("fk4", [194.41, 194.57], [28.25, 28.41]),
    ("b1950", [194.41, 194.57], [28.25, 28.41]),
    ("galactic", [56.0, 59.0], [87.94, 88.0]),
    ("ecliptic", [181.55, 181.7], [31.0, 31.15]),
    (PLAIN, [400.0, 3800.0], [500.0, 3900.0]),
];

/// A WCS of the images whose axes are plain numbers.
const PLAIN: &str = "wcsp";

/// What a file is made of while it is written.
struct Writer<'a> {
    dice: &'a mut Dice,
    frame: usize,
    text: String,
}

/// A file of a few statements that DS9 should load.
pub(crate) fn whole(dice: &mut Dice) -> String {
    let mut file = Writer { dice, frame: 1, text: String::new() };
    for _ in 0..3 + file.dice.below(6) {
        file.statement();
        let end = file.dice.pick(&["\n", "\n", "\n", ";", "\r\n", "\n\n", " ; ", "\\n"]);
        file.text.push_str(end);
    }
    file.text
}

/// The same, with one to three tokens dropped, doubled, exchanged or replaced.
pub(crate) fn broken(dice: &mut Dice) -> String {
    let file = whole(dice);
    let mut tokens = split(&file);
    for _ in 0..1 + dice.below(3) {
        if tokens.len() < 2 {
            break;
        }
        let at = dice.below(tokens.len());
        match dice.below(6) {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(at, tokens[at].clone()),
            2 => {
                let other = dice.below(tokens.len());
                tokens.swap(at, other);
            }
            3 => tokens.insert(at, dice.pick(ODD).to_owned()),
            4 => tokens[at] = dice.pick(ODD).to_owned(),
            _ => {
                let mut characters: Vec<char> = tokens.remove(at).chars().collect();
                characters.remove(dice.below(characters.len()));
                if !characters.is_empty() {
                    tokens.insert(at, characters.into_iter().collect());
                }
            }
        }
    }
    tokens.concat()
}

/// Words, numbers and single other characters, so that nothing is lost.
fn split(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in text.chars() {
        let word = c.is_alphanumeric() || c == '.';
        match tokens.last_mut() {
            Some(last) if word && in_word => last.push(c),
            _ => tokens.push(c.to_string()),
        }
        in_word = word;
    }
    tokens
}

impl Writer<'_> {
    fn statement(&mut self) {
        match self.dice.below(20) {
            0..=4 => self.frame_line(),
            5 => self.global(),
            6 => {
                let comment = self.dice.pick(&[
                    "# a remark",
                    "# a remark ; circle(1,2,3)",
                    "#",
                    "# (brackets)",
                    "# color=red",
                ]);
                self.text.push_str(comment);
            }
            7 if self.dice.one_in(3) => self.composite(),
            7 if self.dice.one_in(3) => self.irregular(),
            7 => {
                let command = self.dice.pick(&["# tile 1", "tile 1", "debug off", "version", ""]);
                self.text.push_str(command);
            }
            _ => self.region(),
        }
    }

    fn frame_line(&mut self) {
        // A letter sticks to the sky frames behind it.
        if FRAMES[self.frame].0 == PLAIN {
            self.text.push_str("wcs\n");
        }
        self.frame = self.dice.below(FRAMES.len());
        let word = FRAMES[self.frame].0;
        let word = self.cased(word);
        self.text.push_str(&word);
        let after = self.dice.pick(&["", "", "", " ", " # here", "\t"]);
        self.text.push_str(after);
    }

    fn cased(&mut self, word: &str) -> String {
        if self.dice.one_in(6) { word.to_uppercase() } else { word.to_owned() }
    }

    fn global(&mut self) {
        self.text.push_str("global");
        for _ in 0..1 + self.dice.below(3) {
            let property = self.dice.pick(&[
                "color=blue",
                "width=3",
                "dash=1",
                "fill=1",
                "select=no",
                "include=1",
                "source=0",
                "dashlist=4 2",
                "font=\"times 12 bold italic\"",
                "edit=off",
                "move=0",
                "fixed=1",
                "text={all}",
                "tag={every}",
                "line=1 1",
                "vector=0",
                "point=cross 15",
            ]);
            let between = self.dice.pick(&[" ", ", ", ",", "  "]);
            self.text.push_str(if self.text.ends_with("global") { " " } else { between });
            self.text.push_str(property);
        }
    }

    fn composite(&mut self) {
        let place = self.place();
        let angle = self.dice.pick(&["", ",0", ",30", " 45"]);
        let members = 1 + self.dice.below(3);
        self.text.push_str(&format!("# composite({place}{angle}) || composite=1\n"));
        for member in 0..members {
            let end = if member + 1 == members { "" } else { self.dice.pick(&[" ||", " |", "||"]) };
            let shape = self.shape();
            self.text.push_str(&format!("{shape}{end}\n"));
        }
    }

    /// A panda whose cells are not alike: each is a line, and the first says what all are.
    fn irregular(&mut self) {
        let (place, a, b) =
            (self.place(), self.dice.between(5.0, 20.0), self.dice.between(30.0, 60.0));
        let end = self.dice.between(100.0, 350.0);
        let (name, turn, turned) =
            [("panda", "", ""), ("epanda", ",0", "(0)"), ("bpanda", ",20", "(20)")]
                [self.dice.below(3)];
        let (unit, scale) = if self.is_plain() { ("", 1.0) } else { ("\"", 0.5) };
        let band = |a: f64, b: f64| match name {
            "panda" => [format!("{:.1}{unit}", a * scale), format!("{:.1}{unit}", b * scale)],
            _ => [a, b].map(|a| format!("{:.1}{unit} {:.1}{unit}", a * scale, a * scale * 0.5)),
        };
        let [inner, outer] = band(a, b);
        let cell = |start: f64, stop: f64| {
            let (inner, outer) = (inner.replace(' ', ","), outer.replace(' ', ","));
            format!("{name}({place},{start:.1},{stop:.1},1,{inner},{outer},1{turn})")
        };
        let (first, second) = (cell(10.0, 50.0), cell(50.0, end));
        self.text.push_str(&format!(
            "{first} # {name}=(10 50 {end:.1})({inner} {outer}){turned}\n{second} # {name}=ignore"
        ));
    }

    fn region(&mut self) {
        let sign = self.dice.pick(&["", "", "", "", "-", "+", "- ", "+ "]);
        let shape = self.shape();
        let hidden = ["vector", "segment", "text", "ruler", "compass", "projection"]
            .iter()
            .any(|name| shape.to_lowercase().starts_with(name));
        let hashed = hidden && self.dice.one_in(2);
        let hash = if hashed { "# " } else { "" };
        self.text.push_str(&format!("{hash}{sign}{shape}"));
        if self.dice.one_in(2) {
            return;
        }
        self.text.push_str(if hashed { "" } else { " #" });
        for _ in 0..1 + self.dice.below(4) {
            let property = self.property();
            let first = self.text.ends_with(['#', ')']);
            let between = if first { &[" ", "\t"][..] } else { &[" ", " ", "  ", "\t", ", ", ","] };
            let between = self.dice.pick(between);
            self.text.push_str(between);
            self.text.push_str(&property);
        }
    }

    fn property(&mut self) -> String {
        let property = self.dice.pick(&[
            "color=red",
            "color=#f80",
            "color=\"dark blue\"",
            "colour=white",
            "width=2",
            "width = 4",
            "dash=1",
            "dash",
            "fill",
            "fill=yes",
            "dashlist=8 3",
            "font=\"courier 14 bold roman\"",
            "text={007}",
            "text='it is \"here\"'",
            "text=\"a {b} c\"",
            "text=word",
            "tag={one}",
            "tag={one} tag={two words}",
            "select=0",
            "highlite=false",
            "fixed=on",
            "edit=no",
            "move=0",
            "rotate=0",
            "delete=0",
            "include=1",
            "include=0",
            "source",
            "background",
            "textangle=30",
            "textrotate=0",
            "point=diamond",
            "point=boxcircle 25",
            "line=1 0",
            "vector=0",
            "ruler=pixels",
            "ruler=fk5 arcmin",
            "ruler=physical physical",
            "compass=wcs fk5 {N} {E} 1 0",
            "free words to the end",
        ]);
        self.cased_key(property)
    }

    fn cased_key(&mut self, property: &str) -> String {
        match property.split_once('=') {
            Some((key, value)) => format!("{}={value}", self.cased(key)),
            None => property.to_owned(),
        }
    }

    /// The decimals of a number, spelled in one of the ways DS9 has.
    fn spelled(&mut self, value: f64, decimals: usize) -> String {
        match self.dice.below(8) {
            0 if value > 0.0 => format!("+{value:.decimals$}"),
            1 => format!("{value:.0}."),
            2 => format!("{value:.decimals$e}"),
            3 => format!("{value:.0}"),
            _ => format!("{value:.decimals$}"),
        }
    }

    fn place(&mut self) -> String {
        let (_, [x0, x1], [y0, y1]) = FRAMES[self.frame];
        let (x, y) = (self.dice.between(x0, x1), self.dice.between(y0, y1));
        let between = self.separator();
        if self.is_plain() {
            if self.dice.one_in(8) {
                let suffix = self.dice.pick(&["i", "p"]);
                return format!("{x:.2}{suffix}{between}{y:.1}{suffix}");
            }
            let (x, y) = (self.spelled(x, 3), self.spelled(y, 2));
            return format!("{x}{between}{y}");
        }
        let equatorial = !matches!(FRAMES[self.frame].0, "galactic" | "ecliptic");
        match self.dice.below(6) {
            0 => format!("{x:.6}d{between}{y:.6}d"),
            1 => {
                let first = if equatorial { x / 15.0 } else { x };
                format!("{}{between}{}", sexagesimal(first, "::"), sexagesimal(y, "::"))
            }
            2 if equatorial => {
                format!("{}{between}{}", sexagesimal(x / 15.0, "hm"), sexagesimal(y, "dm"))
            }
            3 => format!("{}{between}{}", sexagesimal(x, "dm"), sexagesimal(y, "dm")),
            _ => format!("{x:.7}{between}{y:.7}"),
        }
    }

    /// A length of about `pixels`; `suffix` picks the unit.
    fn length(&mut self, pixels: f64, suffix: &str) -> String {
        let seconds = pixels * 0.5;
        match suffix {
            "\"" => format!("{}\"", self.spelled(seconds.max(1.0), 3)),
            "'" => format!("{:.4}'", seconds / 60.0),
            "d" => format!("{:.7}d", seconds / 3600.0),
            "i" => format!("{pixels:.2}i"),
            "p" => format!("{:.1}p", pixels * 2.0),
            _ if self.is_plain() => self.spelled(pixels.max(1.0), 2),
            _ => format!("{:.7}", seconds / 3600.0),
        }
    }

    fn is_plain(&self) -> bool {
        self.frame < 4 || FRAMES[self.frame].0 == PLAIN
    }

    fn suffix(&mut self) -> &'static str {
        if FRAMES[self.frame].0 == PLAIN {
            return self.dice.pick(&["", "", "i", "p"]);
        }
        // Seconds of arc on detector pixels are a matter of their own.
        self.dice.pick(&["", "", "", "\"", "\"", "'", "d", "i", "p"])
    }

    fn separator(&mut self) -> &'static str {
        self.dice.pick(&[",", ",", ",", ", ", " ", " , "])
    }

    fn lengths<const N: usize>(&mut self, pixels: [f64; N]) -> String {
        let suffix = self.suffix();
        let mut text = String::new();
        for size in pixels {
            text.push_str(self.separator());
            text.push_str(&self.length(size, suffix));
        }
        text
    }

    fn angle(&mut self, optional: bool) -> String {
        if optional && self.dice.one_in(4) {
            return String::new();
        }
        let (between, degrees) = (self.separator(), self.dice.between(-400.0, 400.0));
        let angle = match self.dice.below(5) {
            0 => format!("{degrees:.2}d"),
            1 => format!("{:.4}r", degrees.to_radians()),
            2 => "0".to_owned(),
            _ => self.spelled(degrees, 3),
        };
        format!("{between}{angle}")
    }

    fn shape(&mut self) -> String {
        let name = self.dice.pick(&[
            "circle",
            "circle",
            "ellipse",
            "box",
            "rotbox",
            "polygon",
            "line",
            "vector",
            "text",
            "point",
            "ruler",
            "compass",
            "projection",
            "segment",
            "annulus",
            "ellipse rings",
            "box rings",
            "panda",
            "cpanda",
            "epanda",
            "bpanda",
            "old point",
            "annulus n",
            "ellipse n",
            "box n",
            "circle3d",
            "pie",
            "field",
        ]);
        let (a, b) = (self.dice.between(2.0, 90.0), self.dice.between(2.0, 90.0));
        let arguments = self.arguments(name, a, b);
        let word = match name.split_once(' ') {
            Some(("old", _)) => {
                format!(
                    "{} point",
                    self.dice.pick(&[
                        "circle",
                        "box",
                        "diamond",
                        "cross",
                        "x",
                        "arrow",
                        "boxcircle"
                    ])
                )
            }
            Some((word, _)) => self.cased(word),
            None => self.cased(name),
        };
        match self.dice.below(10) {
            0 => format!("{word} {arguments}"),
            1 => format!("{word} ( {arguments} )"),
            2 => format!("{word}({arguments}"),
            3 => format!("{word} {arguments})"),
            _ => format!("{word}({arguments})"),
        }
    }

    fn arguments(&mut self, name: &str, a: f64, b: f64) -> String {
        let place = self.place();
        match name {
            "circle" | "circle3d" | "compass" => place + &self.lengths([a]),
            "ellipse" | "box" | "rotbox" => place + &self.lengths([a, b]) + &self.angle(true),
            "polygon" | "segment" => self.vertices(place, 1),
            "line" | "ruler" => self.vertices(place, 0),
            "projection" => self.vertices(place, 0) + &self.lengths([a]),
            "vector" => {
                let a = if self.dice.one_in(4) {
                    format!("{}-{a:.1}", self.separator())
                } else {
                    self.lengths([a])
                };
                place + &a + &self.angle(false)
            }
            "text" => place + self.dice.pick(&["", ",{label}", " \"a label\"", ", 'it'"]),
            "annulus" => {
                let mut all = place + &self.lengths([a]);
                for step in 1..2 + self.dice.below(4) {
                    all += &self.lengths([a + step as f64 * b]);
                }
                all
            }
            "annulus n" => {
                place
                    + &self.lengths([a, a + b])
                    + self.dice.pick(&[",n=3", " n=1", ", n=7", ",N=2"])
            }
            "ellipse rings" | "box rings" => {
                let rings = self.lengths([a, b, 2.0 * a, 2.0 * b, 3.0 * a, 3.0 * b]);
                let two = self.lengths([a, b, 2.0 * a, 2.0 * b]);
                place + &if self.dice.one_in(2) { rings } else { two } + &self.angle(true)
            }
            "ellipse n" | "box n" => {
                place + &self.lengths([a, b, 2.0 * a, 2.0 * b]) + ",n=3" + &self.angle(true)
            }
            "panda" | "cpanda" => {
                let head =
                    self.angle(false) + &self.angle(false) + self.dice.pick(&[",1", ",3", " 4"]);
                place + &head + &self.lengths([a, a + b]) + self.dice.pick(&[",1", ",2"])
            }
            "epanda" | "bpanda" => {
                let head =
                    self.angle(false) + &self.angle(false) + self.dice.pick(&[",1", ",3", " 4"]);
                let rings = self.lengths([a, b, 2.0 * a, 2.0 * b]);
                place + &head + &rings + self.dice.pick(&[",1", ",2"]) + &self.angle(true)
            }
            "pie" => place + &self.angle(false) + &self.angle(false),
            "field" => String::new(),
            _ => place,
        }
    }

    fn vertices(&mut self, first: String, at_least: usize) -> String {
        let more = at_least * (1 + self.dice.below(4)) + usize::from(at_least == 0);
        let mut all = first;
        for _ in 0..more {
            let between = self.separator();
            all = all + between + &self.place();
        }
        all
    }
}

/// A number in three fields, `12:30:45.123` or `12h30m45.123s`.
fn sexagesimal(value: f64, marks: &str) -> String {
    let mut marks = marks.chars();
    let (first, second) = (marks.next().unwrap(), marks.next().unwrap());
    let last = if first == ':' { "" } else { "s" };
    let thousandths = (value.abs() * 3_600_000.0).round() as u64;
    let (whole, rest) = (thousandths / 3_600_000, thousandths % 3_600_000);
    let (minutes, seconds) = (rest / 60_000, (rest % 60_000) as f64 / 1000.0);
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{whole}{first}{minutes:02}{second}{seconds:06.3}{last}")
}
