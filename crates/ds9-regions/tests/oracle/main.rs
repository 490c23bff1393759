//! Where regions lie in an image, against what DS9 8.4.1 says.

mod image;
mod live;
mod numbers;
mod reasons;
mod unseen;

use std::collections::BTreeMap;
use std::fs;

use ds9_regions::{Code, ImageFrame, Mode, PixelShape, Region, RegionFile, Shape};
use image::Image;
use numbers::{Numbers, unclosed};
use reasons::{FRAMES, lone_return, reason, slack};
use serde_json::Value;

/// Regions where DS9 is not followed.
const KNOWN: &[(&str, &str)] = &[
    ("055_global_wcs.reg:3", "seconds of arc on axes that are plain numbers: no length is right"),
    ("058_saoimage_annulus.reg:2", "the old annulus, of which DS9 keeps only the inner ellipse"),
];

fn shapes(regions: &[Region], image: &Image) -> Vec<Result<PixelShape, String>> {
    let frame = ImageFrame::as_ds9(image);
    regions
        .iter()
        .map(|region| region.to_pixel(&frame).map_err(|error| error.to_string()))
        .collect()
}

/// The regions of a file as DS9 lists them: the lines of an irregular panda are one, texts without words none.
fn counted(bytes: &[u8]) -> Vec<Region> {
    let file = RegionFile::parse(bytes, Mode::Default);
    let saved = |region: &&Region| {
        let empty = matches!(region.shape, Shape::Text(_)) && region.text().is_none();
        !empty && !region.is_ignored_cell()
    };
    file.regions().iter().filter(saved).cloned().collect()
}

/// What differs between a region and what DS9 made of it: its line, its shape, what, and the reason if known.
struct Difference {
    line: u32,
    shape: &'static str,
    what: String,
    reason: Option<&'static str>,
}

/// Where our regions of a file that DS9 loads are not those of its answer; how many there are.
fn compare(bytes: &[u8], answer: &str, image: &Image) -> (usize, Vec<Difference>) {
    let (ours, theirs) = (counted(bytes), counted(answer.as_bytes()));
    if ours.len() != theirs.len() {
        let what = format!("{} for {}", ours.len(), theirs.len());
        let reason = if theirs.is_empty()
            && String::from_utf8_lossy(bytes).to_lowercase().contains("font")
        {
            Some("DS9 lists no region once it failed on a font")
        } else {
            lone_return(bytes)
        };
        return (0, vec![Difference { line: 0, shape: "count", what, reason }]);
    }
    let (seconds, mirrored) = (image.pixel_seconds(), image.mirrored());
    let pairs = shapes(&ours, image).into_iter().zip(shapes(&theirs, image));
    let mut differ = Vec::new();
    for ((region, their_region), (our, their)) in ours.iter().zip(&theirs).zip(pairs) {
        let mut add = |what, reason| {
            differ.push(Difference {
                line: region.line(),
                shape: region.shape.name(),
                what,
                reason,
            });
        };
        match (our, their) {
            (Ok(a), Ok(b)) => {
                let slack = slack(region, bytes, seconds);
                if let Some(what) =
                    Numbers::of(&unclosed(a.clone())).differs(&Numbers::of(&b), slack)
                {
                    add(what, reason(region, &a, &b, mirrored));
                }
            }
            (a, b) => {
                let off = a.is_err().then_some("DS9 puts what is not on the projection at (0, 0)");
                add(format!("{a:?} for {b:?}"), off);
            }
        }
        if let Some(what) = said_differently(region, their_region) {
            add(what, None);
        }
    }
    (ours.len(), differ)
}

/// What a region says beside its shape, as DS9 keeps it; not what DS9 cannot write back.
fn said_differently(ours: &Region, theirs: &Region) -> Option<String> {
    let text = ours.text().unwrap_or_default();
    if text.contains('}') || !text.is_ascii() || ours.color().contains(' ') {
        return None;
    }
    let said = |region: &Region| {
        let mut text = region.text().unwrap_or_default().to_owned();
        while text.len() > 79 {
            text.pop();
        }
        (region.include(), region.is_background(), text, region.color().to_owned(), region.width())
    };
    let (a, b) = (said(ours), said(theirs));
    (a != b).then(|| format!("{a:?} for {b:?}"))
}

#[test]
fn image_pixels_are_those_of_ds9() {
    let Some(root) = testkit::shared("data/regions") else { return };
    let oracle: Value =
        serde_json::from_slice(&fs::read(root.join("oracle.json")).unwrap()).unwrap();
    let (mut count, mut differ, mut known) = (0, Vec::new(), 0);
    for (folder, header) in [("real", "allsky.hdr.txt"), ("synthetic", "north.hdr.txt")] {
        let image = Image::read(&root.join(header));
        for (name, answer) in oracle[folder].as_object().unwrap() {
            if answer["err"] != "" {
                continue;
            }
            let bytes = fs::read(root.join(folder).join(name)).unwrap();
            let (regions, found) = compare(&bytes, answer["image"].as_str().unwrap(), &image);
            count += regions;
            for Difference { line, shape, what, .. } in found {
                let place = format!("{name}:{line}");
                let line = format!("{place}: {shape}: {what}");
                if let Some((_, reason)) = KNOWN.iter().find(|(known, _)| *known == place) {
                    eprintln!("{line}\n    {reason}");
                    known += 1;
                } else {
                    differ.push(line);
                }
            }
        }
    }
    eprintln!("{count} regions, {known} known to differ, {} not", differ.len());
    for (frame, seconds, degrees, reason) in FRAMES {
        eprintln!("{}: within {seconds} arc seconds, {degrees} degrees: {reason}", frame.name());
    }
    assert!(count > 3000, "{count}");
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert_eq!(known, KNOWN.len());
}

/// How one file fared: regions compared, and what differs, by kind.
fn verdict(
    bytes: &[u8],
    answer: &live::Answer,
    image: &Image,
) -> (usize, Vec<(&'static str, String)>) {
    let mut differ = Vec::new();
    let strict = RegionFile::parse(bytes, Mode::Strict);
    let said = strict.errors().first().map(|error| error.render(bytes)).unwrap_or_default();
    match answer.error.as_str() {
        "" if !said.is_empty() => differ.push(("Strict refuses what DS9 loads", said)),
        "Unable to load" if said.is_empty() => {
            differ.push(("Strict takes what DS9 refuses", String::new()));
        }
        _ => {}
    }
    if !answer.error.is_empty() {
        return (0, differ);
    }
    let file = RegionFile::parse(bytes, Mode::Default);
    if let Some(error) = file.errors().first() {
        let beyond = error.code == Code::BeyondPole;
        let reason = beyond.then_some("DS9 takes declinations beyond the pole");
        let kind = reason.or_else(|| lone_return(bytes));
        differ.push((kind.unwrap_or("Default refuses what DS9 loads"), error.render(bytes)));
        return (0, differ);
    }
    let (count, found) = compare(bytes, &answer.image, image);
    for Difference { line, shape, what, reason } in found {
        let kind = reason.unwrap_or("regions differ");
        differ.push((kind, format!("line {line}: {shape}: {what}")));
    }
    (count, differ)
}

/// `cargo test -p ds9-regions --test oracle -- --ignored --nocapture`; `UNSEEN=5000 SEED=7` for more files or others.
#[test]
#[ignore = "starts DS9"]
fn ds9_itself_agrees_on_files_nobody_wrote() {
    let Some(root) = testkit::shared("data/regions") else { return };
    let Some(mut ds9) = live::Ds9::start() else { return };
    let setting = |name: &str, or: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(or)
    };
    let (total, seed) = (setting("UNSEEN", 120), setting("SEED", 1));
    let (mut files, mut regions, mut refused, mut died) = (0, 0, 0, 0);
    let mut table: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (round, header) in ["north", "rot30", "flip"].into_iter().enumerate() {
        let path = root.join(format!("{header}.hdr.txt"));
        let image = Image::read(&path);
        ds9.open(&fs::read_to_string(&path).unwrap());
        let mut dice = unseen::Dice::new(seed * 3 + round as u64);
        for number in 0..total / 3 {
            let text =
                if number % 2 == 0 { unseen::whole(&mut dice) } else { unseen::broken(&mut dice) };
            let Some(answer) = ds9.load(text.as_bytes()) else {
                died += 1;
                eprintln!("DS9 ended on\n{text}\n--");
                continue;
            };
            let (count, differ) = verdict(text.as_bytes(), &answer, &image);
            (files, regions, refused) =
                (files + 1, regions + count, refused + usize::from(!answer.error.is_empty()));
            for (kind, what) in differ {
                table
                    .entry(kind)
                    .or_default()
                    .push(format!("{header} {number}: DS9 {:?}\n{what}\n{text}", answer.error));
            }
        }
    }
    eprintln!(
        "{files} files, {refused} refused by DS9, {regions} regions compared; DS9 ended on {died} more"
    );
    let known = |kind: &str| kind.starts_with("DS9 ");
    for (kind, found) in &table {
        eprintln!("== {kind}: {}", found.len());
        if known(kind) {
            continue;
        }
        for what in found.iter().take(setting("SHOW", 20) as usize) {
            eprintln!("{what}\n--");
        }
    }
    assert!(table.keys().all(|kind| known(kind)));
}
