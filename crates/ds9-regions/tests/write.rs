//! What the writers promise, on the corpus and on files made of pieces of the grammar.

mod promises;

use std::fs;

use ds9_regions::{Format, Mode, RegionFile, Style};
use promises::{check, check_format, check_pieces};
use proptest::prelude::*;
use serde_json::Value;

#[test]
fn corpus_files_come_back() {
    let Some(root) = testkit::shared("data/regions") else { return };
    for folder in ["real", "synthetic"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            check(&fs::read(&path).unwrap())
                .unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        }
    }
}

/// Words and signs of the format, so that random files reach deep into the grammar.
const TOKENS: &[&str] = &[
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
    "panda",
    "epanda",
    "bpanda",
    "composite",
    "pie",
    "field",
    "diamond",
    "x",
    "cir",
    "rect",
    "global",
    "tile",
    "image",
    "physical",
    "detector",
    "wcs",
    "wcsa",
    "wcsp",
    "wcs0",
    "fk4",
    "fk5",
    "icrs",
    "galactic",
    "linear",
    "color",
    "width",
    "font",
    "tag",
    "dash",
    "fill",
    "select",
    "include",
    "source",
    "background",
    "textangle",
    "callback",
    "edit",
    "begin",
    "format",
    "degrees",
    "arcsec",
    "pixels",
    "ignore",
    "n",
    "exclude",
    "helvetica",
    "bold",
    "red",
    "(",
    ")",
    ",",
    "=",
    "#",
    "+",
    "-",
    "!",
    "|",
    "||",
    "&&",
    "&",
    ";",
    "\\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "{a b}",
    "{}",
    "\"q\"",
    "'s'",
    "{",
    "}",
    "\"",
    "'",
    "1",
    "2",
    "100",
    "3.5",
    "-0",
    ".5",
    "1e3",
    "1e400",
    "1e300",
    "10d",
    "10i",
    "10p",
    "1r",
    "5'",
    "5\"",
    "1'30\"",
    "13:00:24.5",
    "-28:3:36",
    "13h0m2s",
    "28d3m36s",
    "12:60:00",
    "#fff",
    "#background",
    "\u{a0}",
    "é",
    "\u{201d}",
    "circle(1,2,3)",
    "circle(1,2,3) # text={a}",
    "ellipse(1,2,3,4)",
    "ellipse(1,2,3,4,5)",
    "box 1 2 3 4 & !box 1 2 5 6",
    "# text(1,2)",
    "composite(1,2,3) ||",
    "circle(1,2,3) ||",
    "annulus(1,2,3,4,n=3)",
    "panda(1,2,0,90,3,4,5,6)",
    "panda=(0 1)(2 3)",
    "ruler=fk5 arcsec",
    "compass=wcs {N} {E} 1 0",
    "dashlist=8 3",
    "point=x",
    "line=1 0",
    "global wcs=wcsb",
    "global color=red",
    "text={007}",
    "tag={a}",
    "tag=a-b",
    "width=2.5",
    "logical",
    "equatorial j2000",
    "rectangle(1,2,3,4)",
    "pie(1,2,3,4,5,6)",
    "circle(13:00:24,28:03:36,5'')",
    "*circle(1,2,3)",
    "&!box(1,2,3,4)",
    "ellipse 1 2 3 4 & !ellipse 1 2 5 6",
    "# format: degrees (galactic)",
    "# format: hms",
    "10d 20d",
    "300 400 name",
    "circle[[1deg,2deg],3arcsec]",
    "box[[1pix,2pix],[3pix,4pix]]",
    "symbol[[13:00:24,28.03.36],o]",
    "global coord=B1950",
    "coord=J2000",
    "label='a'",
    "corr=[I, Q]",
    "[",
    "]",
];

fn token_stream() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        30 => proptest::sample::select(TOKENS).prop_map(|token| token.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 1..3),
    ];
    proptest::collection::vec((token, any::<bool>()), 0..60).prop_map(|parts| {
        let mut bytes = Vec::new();
        for (token, blank) in parts {
            bytes.extend(token);
            if blank {
                bytes.push(b' ');
            }
        }
        bytes
    })
}

/// Whole statements, most of them good.
fn statements() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![
        (-1000i32..1000).prop_map(|n| n.to_string()),
        (-80.0f64..80.0).prop_map(|n| n.to_string()),
        (0.0f64..80.0, "[ip'\"dr]").prop_map(|(n, unit)| format!("{n}{unit}")),
    ];
    let name = proptest::sample::select(&TOKENS[..26]);
    let shape = (name, proptest::collection::vec(number, 1..9), token_stream()).prop_map(
        |(name, numbers, tail)| {
            let mut line = format!("{name}({})", numbers.join(",")).into_bytes();
            if tail.len() % 3 > 0 {
                line.extend(b" # ");
                line.extend(tail.iter().filter(|b| **b != b'\n'));
            }
            line
        },
    );
    let command = proptest::sample::select(&TOKENS[26..38]).prop_map(|word| word.into());
    proptest::collection::vec(prop_oneof![4 => shape, 1 => command], 0..8)
        .prop_map(|lines: Vec<Vec<u8>>| lines.join(&b'\n'))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes).map_err(|problem| TestCaseError::fail(format!("{problem}\n{}", bytes.escape_ascii())))?;
    }

    #[test]
    fn any_tokens_come_back(bytes in token_stream()) {
        check(&bytes).map_err(|problem| TestCaseError::fail(format!("{problem}\n{}", bytes.escape_ascii())))?;
    }

    #[test]
    fn any_statements_come_back(bytes in statements()) {
        check(&bytes).map_err(|problem| TestCaseError::fail(format!("{problem}\n{}", bytes.escape_ascii())))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn any_split_gives_the_same(
        bytes in prop_oneof![token_stream(), statements()],
        sizes in proptest::collection::vec(any::<u8>(), 1..8),
    ) {
        check_pieces(&bytes, &sizes)
            .map_err(|problem| TestCaseError::fail(format!("{problem}\n{}", bytes.escape_ascii())))?;
    }
}

/// Units that are not the frame's stay, where no image says what they are in it; DS9 reads them as the same.
#[test]
fn ds9_style_keeps_units_of_another_frame() {
    let text = "image\ncircle(13:00:24,28:03:36,0.1')\nbox(1,2,3p,4p)\nannulus(1,2,3,1d)\n\
                polygon(1d,2d,3i,4i,5p,6p)\nfk5\ncircle(1,2,2p)\nannulus(1,2,4',3\")\n";
    let file = RegionFile::parse(text.as_bytes(), Mode::Strict);
    let saved = file.to_text(Style::Ds9).unwrap();
    let expected = [
        "image",
        "circle(195.1000000d,28.0600000d,6.000\")",
        "box(1,2,3p,4p,0)",
        "annulus(1,2,3,3600.000\")",
        "polygon(1.0000000d,2.0000000d,3,4,5p,6p)",
        "fk5",
        "circle(1.0000000,2.0000000,2p)",
        "annulus(1.0000000,2.0000000,3.000\",240.000\")",
    ];
    assert_eq!(saved.lines().skip(2).collect::<Vec<_>>(), expected);
    assert!(RegionFile::parse(saved.as_bytes(), Mode::Strict).errors().is_empty());
}

/// The answers of DS9 to files whose every number is already in image pixels.
#[test]
fn ds9_style_is_byte_for_byte_that_of_ds9() {
    let Some(root) = testkit::shared("data/regions") else { return };
    let oracle: Value =
        serde_json::from_slice(&fs::read(root.join("oracle.json")).unwrap()).unwrap();
    let (mut checked, mut differ) = (0, Vec::new());
    for (name, answer) in
        ["real", "synthetic"].iter().flat_map(|folder| oracle[folder].as_object().unwrap())
    {
        let saved = answer["image"].as_str().unwrap_or_default();
        let file = RegionFile::parse(saved.as_bytes(), Mode::Default);
        if saved.is_empty() || !file.errors().is_empty() {
            continue;
        }
        checked += 1;
        match file.to_text(Style::Ds9) {
            Ok(text) if text == saved => {}
            Ok(text) => {
                let line = saved.lines().zip(text.lines()).find(|(a, b)| a != b);
                differ.push(format!("{name}: {line:?}"));
            }
            Err(error) => differ.push(format!("{name}: {error}")),
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(checked > 150, "{checked}");
}

#[test]
fn quadratic_inputs_take_linear_time() {
    let word = [b"# ".to_vec(), vec![b'a'; 1 << 20]].concat();
    let tail = [b"circle(1,2,3) # color=red ".to_vec(), vec![b'a'; 1 << 20]].concat();
    let vertices = "1,2,".repeat(1_000_000);
    let polygon = format!("image;polygon({}3,4)", vertices);
    let braces = "{".repeat(100_000);
    let tags = format!("image;circle(1,2,3) #{}", " tag={a}".repeat(1_000_000));
    for (name, bytes) in [
        ("a word of 1 MB", word),
        ("a comment of 1 MB behind a region", tail),
        ("1e5 semicolons", vec![b';'; 100_000]),
        ("1e5 braces", braces.clone().into_bytes()),
        ("1e5 braces behind a region", format!("circle(1,2,3) # text={braces}").into_bytes()),
        ("1e5 quotes", "\"".repeat(100_001).into_bytes()),
        ("1e5 odd blanks", "\u{a0}".repeat(100_000).into_bytes()),
        ("1e5 odd positions", "circle(13:00,28:03,1r);".repeat(20_000).into_bytes()),
        ("1e6 vertices", polygon.into_bytes()),
        ("1e6 tags", tags.into_bytes()),
    ] {
        let before = std::time::Instant::now();
        let file = RegionFile::parse(&bytes, Mode::Recover);
        let took = before.elapsed();
        assert_eq!(file.verbatim(&bytes, |_| true), bytes, "{name}");
        // 50 ms or less when optimised; quadratic work would take minutes.
        assert!(took.as_secs_f64() < 5.0, "{name}: {took:?}");
    }
}

#[test]
fn what_fuzzing_found_stays_fixed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let bytes = fs::read(&path).unwrap();
        let (sizes, text) = promises::sizes_and_text(&bytes);
        // The first byte chose the format.
        let behind = bytes.get(1..).unwrap_or_default();
        let formats = || Format::ALL.into_iter().try_for_each(|one| check_format(behind, one));
        check(&bytes)
            .and_then(|()| check_pieces(text, sizes))
            .and_then(|()| formats())
            .unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
    }
}

/// A label of up to 22 bytes needs no memory beside.
#[test]
fn a_region_with_its_item_is_small() {
    let bytes = size_of::<ds9_regions::Region>() + size_of::<ds9_regions::Item>();
    assert!(bytes <= 184, "{bytes} bytes");
}
