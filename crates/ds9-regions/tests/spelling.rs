//! What may be spelled in several ways means the same in all of them.

use ds9_regions::{Mode, Region, RegionFile};
use proptest::prelude::*;

/// Shapes with what they take: a place, a length, a pair of lengths of one unit, an angle, a count.
const SHAPES: &[(&str, &str)] = &[
    ("circle", "pl"),
    ("ellipse", "pLa"),
    ("ellipse", "pL"),
    ("box", "pLa"),
    ("rotbox", "pLa"),
    ("polygon", "ppp"),
    ("polygon", "ppppp"),
    ("segment", "ppp"),
    ("line", "pp"),
    ("vector", "pla"),
    ("text", "p"),
    ("point", "p"),
    ("ruler", "pp"),
    ("compass", "pl"),
    ("projection", "ppl"),
    ("annulus", "pll"),
    ("annulus", "plll"),
    ("ellipse", "pLLa"),
    ("box", "pLLL"),
    ("panda", "paanlln"),
    ("epanda", "paanLLna"),
    ("bpanda", "paanLLna"),
];

/// Words of properties; the value of each keeps its letters.
const PROPERTIES: &[&str] = &[
    "color=red",
    "width=2",
    "dash=1",
    "fill=yes",
    "background",
    "text={A b}",
    "tag='One'",
    "tag={two}",
    "dashlist=8 3",
    "font=\"times 12 bold roman\"",
    "select=off",
    "include=0",
    "point=cross 15",
    "line=1 0",
    "textangle=30",
];

/// One statement, before it is spelled.
#[derive(Debug, Clone)]
enum Part {
    Frame(&'static str),
    Global(Vec<&'static str>),
    Shape {
        sign: &'static str,
        name: &'static str,
        arguments: Vec<String>,
        properties: Vec<&'static str>,
    },
}

/// A way to spell statements; each letter is what `dice` says next.
#[derive(Debug, Clone)]
struct Spelling {
    dice: Vec<u8>,
    ends: &'static [&'static str],
}

struct Writer<'a> {
    spelling: &'a Spelling,
    turn: usize,
    text: String,
}

impl Writer<'_> {
    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        let dice = &self.spelling.dice;
        self.turn += 1;
        from[usize::from(dice[self.turn % dice.len()]) % from.len()]
    }

    fn put(&mut self, from: &[&'static str]) {
        let chosen = self.pick(from);
        self.text.push_str(chosen);
    }

    fn keyword(&mut self, word: &str) {
        let word = match self.pick(&["lower", "UPPER", "Title"]) {
            "lower" => word.to_owned(),
            "UPPER" => word.to_ascii_uppercase(),
            _ => word[..1].to_ascii_uppercase() + &word[1..],
        };
        self.text.push_str(&word);
    }

    fn part(&mut self, part: &Part) {
        self.put(&["", "", " ", "\t"]);
        match part {
            Part::Frame(words) => self.keyword(words),
            Part::Global(all) => {
                self.keyword("global");
                self.properties(all);
            }
            Part::Shape { sign, name, arguments, properties } => {
                self.text.push_str(sign);
                if !sign.is_empty() {
                    self.put(&["", " "]);
                }
                self.keyword(name);
                self.put(&["(", " (", "( ", " "]);
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        self.put(&[",", ", ", " ", " , ", "\t"]);
                    }
                    self.text.push_str(argument);
                }
                self.put(&[")", " )", "", ")\t"]);
                if !properties.is_empty() {
                    self.put(&[" #", "#"]);
                    self.properties(properties);
                }
            }
        }
        let end = self.pick(self.spelling.ends);
        self.text.push_str(end);
    }

    fn properties(&mut self, all: &[&'static str]) {
        for (index, property) in all.iter().enumerate() {
            self.put(if index == 0 { &[" ", "  ", "\t"] } else { &[" ", ", ", ",", "\t"] });
            match property.split_once('=') {
                Some((key, value)) => {
                    self.keyword(key);
                    self.put(&["=", " =", "= ", " = "]);
                    self.text.push_str(value);
                }
                None => self.keyword(property),
            }
        }
    }
}

fn spelled(parts: &[Part], spelling: &Spelling) -> String {
    let mut writer = Writer { spelling, turn: 0, text: String::new() };
    for part in parts {
        writer.part(part);
    }
    writer.text
}

fn argument(kind: char) -> BoxedStrategy<Vec<String>> {
    let length = || (1i32..500).prop_map(|n| f64::from(n) / 8.0);
    let unit = || proptest::sample::select(&["", "\"", "'", "d", "i", "p"][..]);
    match kind {
        'p' => prop_oneof![
            4 => (-80.0f64..80.0, -80.0f64..80.0).prop_map(|(x, y)| vec![x.to_string(), y.to_string()]),
            1 => (-80i32..80, -80i32..80).prop_map(|(x, y)| vec![format!("{x}d"), format!("{y}d")]),
            1 => (0u32..24, -80i32..80, 0u32..60).prop_map(|(h, d, m)| {
                vec![format!("{h}:{m}:1.5"), format!("{d}:{m}:59.")]
            }),
        ]
        .boxed(),
        'l' => (length(), unit()).prop_map(|(a, unit)| vec![format!("{a}{unit}")]).boxed(),
        'L' => (length(), length(), unit())
            .prop_map(|(a, b, unit)| vec![format!("{a}{unit}"), format!("{b}{unit}")])
            .boxed(),
        'a' => (-400.0f64..400.0).prop_map(|a| vec![a.to_string()]).boxed(),
        _ => (1u32..9).prop_map(|n| vec![n.to_string()]).boxed(),
    }
}

fn shape() -> impl Strategy<Value = Part> {
    let arguments = proptest::sample::select(SHAPES).prop_flat_map(|(name, kinds)| {
        let all: Vec<_> = kinds.chars().map(argument).collect();
        all.prop_map(move |all| (name, all.concat()))
    });
    let sign = proptest::sample::select(&["", "", "+", "-"][..]);
    let properties = proptest::collection::vec(proptest::sample::select(PROPERTIES), 0..4);
    (sign, arguments, properties).prop_map(|(sign, (name, arguments), properties)| Part::Shape {
        sign,
        name,
        arguments,
        properties,
    })
}

/// A file that names its frame first; `globals` hold for all that follows.
fn parts(globals: bool) -> impl Strategy<Value = Vec<Part>> {
    let words = ["image", "physical", "fk5", "icrs", "galactic", "wcs", "fk4", "detector"];
    let frame = || proptest::sample::select(words.to_vec()).prop_map(Part::Frame);
    let global = proptest::collection::vec(proptest::sample::select(&PROPERTIES[..6]), 1..3);
    let global = global.prop_map(Part::Global);
    let weight = u32::from(globals);
    let part = prop_oneof![6 => shape(), 2 => frame(), weight => global];
    (frame(), proptest::collection::vec(part, 1..8)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        rest
    })
}

fn spelling(ends: &'static [&'static str]) -> impl Strategy<Value = Spelling> {
    proptest::collection::vec(any::<u8>(), 8..40).prop_map(move |dice| Spelling { dice, ends })
}

const PLAIN: &Spelling = &Spelling { dice: Vec::new(), ends: &["\n"] };

fn read(text: &str, mode: Mode) -> Result<Vec<Region>, TestCaseError> {
    let file = RegionFile::parse(text.as_bytes(), mode);
    match file.errors().first() {
        Some(error) => Err(TestCaseError::fail(error.render(text.as_bytes()))),
        None => Ok(file.regions().to_vec()),
    }
}

fn same(a: &[Region], b: &[Region], texts: [&str; 2]) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.len(), b.len(), "{}\n--\n{}", texts[0], texts[1]);
    for (a, b) in a.iter().zip(b) {
        prop_assert!(a.same_as(b), "{:#?}\n{:#?}\n{}\n--\n{}", a, b, texts[0], texts[1]);
    }
    Ok(())
}

fn plain(parts: &[Part]) -> String {
    spelled(parts, &Spelling { dice: vec![0], ..PLAIN.clone() })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn case_commas_brackets_and_blanks_do_not_matter(
        parts in parts(true), other in spelling(&["\n", " \n", "\n\n", "\n# a remark; circle(1,2,3)\n"]),
    ) {
        let (one, two) = (plain(&parts), spelled(&parts, &other));
        for mode in [Mode::Strict, Mode::Default] {
            same(&read(&one, mode)?, &read(&two, mode)?, [&one, &two])?;
        }
    }

    #[test]
    fn the_end_of_a_statement_is_spelled_in_five_ways(
        parts in parts(true), ds9 in spelling(&["\n", "\r\n", ";", "\\n", " ; ;"]), all in spelling(&["\r", "\n", ";"]),
    ) {
        let (one, two, three) = (plain(&parts), spelled(&parts, &ds9), spelled(&parts, &all));
        let regions = read(&one, Mode::Strict)?;
        same(&regions, &read(&two, Mode::Strict)?, [&one, &two])?;
        same(&regions, &read(&two, Mode::Default)?, [&one, &two])?;
        // DS9 does not know a carriage return alone.
        same(&regions, &read(&three, Mode::Default)?, [&one, &three])?;
    }

    #[test]
    fn one_file_behind_another_adds_its_regions(a in parts(false), b in parts(false)) {
        let (one, two) = (plain(&a), plain(&b));
        // The sky frame named last sticks behind `wcs`, and behind detector pixels says what fields with colons are.
        let unnamed = |parts: &[Part]| parts.iter().any(|part| matches!(part, Part::Frame("wcs" | "detector")));
        prop_assume!(!unnamed(&b));
        let both = format!("{one}\n{two}");
        let mut expected = read(&one, Mode::Default)?;
        expected.extend(read(&two, Mode::Default)?);
        same(&expected, &read(&both, Mode::Default)?, [&both, ""])?;
    }

    #[test]
    fn a_bad_statement_takes_nothing_with_it(
        parts in parts(true),
        at in any::<prop::sample::Index>(),
        bad in proptest::sample::select(&[
            "circel(1,2,3)", "circle(1,2)", "circle(1,,2,3)", "polygon(1,2,3)", "circle(1,2,3) # text={open",
            "box(1,2,3)", "image image2", "global colour", "annulus(1,2,3,4,n=0)", "fk5 ! x", "@",
        ][..]),
    ) {
        let mut lines: Vec<String> = plain(&parts).lines().map(str::to_owned).collect();
        let good = lines.join("\n");
        lines.insert(at.index(lines.len() + 1), bad.to_owned());
        let text = lines.join("\n");
        let file = RegionFile::parse(text.as_bytes(), Mode::Recover);
        prop_assert_eq!(file.errors().len(), 1, "{}", text);
        same(&read(&good, Mode::Default)?, file.regions(), [&good, &text])?;
    }
}
