//! How the regions of a file stand beside those that DS9 lists.

use ds9_regions::{
    Code, Diagnostic, Flag, Format, Frame, ImageFrame, Mode, ParseOptions, PixelShape, Region,
    RegionFile, Shape,
};

use crate::image::Image;
use crate::live::Answer;
use crate::numbers::{Numbers, unclosed};
use crate::reasons::{lone_return, reason, slack};

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

/// The regions of another program's file as DS9 lists them: each for itself, whatever joins them.
fn alone(bytes: &[u8], format: Format) -> Vec<Region> {
    let file = RegionFile::parse_format(bytes, format, &ParseOptions::default());
    let drawn = |region: &&Region| !matches!(region.shape, Shape::Composite { .. });
    file.regions().iter().filter(drawn).cloned().collect()
}

/// What differs between a region and what DS9 made of it: its line, its shape, what, and the reason if known.
pub(crate) struct Difference {
    pub(crate) line: u32,
    pub(crate) shape: &'static str,
    pub(crate) what: String,
    pub(crate) reason: Option<&'static str>,
}

/// Where our regions of a file that DS9 loads are not those of its answer; how many there are.
pub(crate) fn compare(bytes: &[u8], answer: &str, image: &Image) -> (usize, Vec<Difference>) {
    compare_regions(counted(bytes), bytes, answer, image)
}

fn compare_regions(
    ours: Vec<Region>,
    bytes: &[u8],
    answer: &str,
    image: &Image,
) -> (usize, Vec<Difference>) {
    // A text whose colour has a blank comes back without its words, but it does come back.
    let theirs = RegionFile::parse(answer.as_bytes(), Mode::Default).regions().to_vec();
    let theirs: Vec<_> = theirs.into_iter().filter(|one| !one.is_ignored_cell()).collect();
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
        if let Some(what) = said_differently(region, their_region)
            .or_else(|| text_turned(region, their_region, image))
        {
            add(what, None);
        }
    }
    (ours.len(), differ)
}

/// Whether a text stands at another angle in the image.
fn text_turned(ours: &Region, theirs: &Region, image: &Image) -> Option<String> {
    if !matches!(ours.shape, Shape::Text(_)) {
        return None;
    }
    let frame = ImageFrame::as_ds9(image);
    let our = ours.in_frame(Frame::IMAGE, Some(&frame)).ok()?.text_angle().unwrap_or_default();
    let their = theirs.text_angle().unwrap_or_default();
    // As far as the frames may turn.
    let far = (our - their).wrapped_signed().degrees().abs() > 2e-3;
    far.then(|| format!("text at {our:?} for {their:?}"))
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
        let tags: Vec<_> = region.tags().map(str::to_owned).collect();
        let flags = Flag::ALL.map(|flag| region.flag(flag));
        let point = matches!(region.shape, Shape::Point { .. }).then(|| region.point());
        (text, region.color().to_owned(), region.width(), tags, flags, point)
    };
    let (a, b) = (said(ours), said(theirs));
    (a != b).then(|| format!("{a:?} for {b:?}"))
}

/// `circle(1e400,5,9)` becomes a circle at `nan` in DS9, of which nobody has anything. The words `nan` and `inf` have the
/// same code and no such reason.
fn too_large(error: &Diagnostic) -> Option<&'static str> {
    let beyond = error.code == Code::NotANumber && error.message == "the number is too large";
    beyond.then_some("DS9 takes numbers that no float holds")
}

/// How one file fared: regions compared, and what differs, by kind.
pub(crate) fn verdict(
    bytes: &[u8],
    answer: &Answer,
    image: &Image,
) -> (usize, Vec<(&'static str, String)>) {
    let mut differ = Vec::new();
    let strict = RegionFile::parse(bytes, Mode::Strict);
    let first = strict.errors().first();
    let said = first.map(|error| error.render(bytes)).unwrap_or_default();
    match answer.error.as_str() {
        "" if !said.is_empty() => {
            let reason = first.and_then(too_large);
            differ.push((reason.unwrap_or("Strict refuses what DS9 loads"), said));
        }
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
        let reason = match error.code {
            Code::BeyondPole => Some("DS9 takes declinations beyond the pole"),
            Code::NoRings => Some("DS9 takes a number of rings that is not positive"),
            Code::SixtyOrMore => Some("DS9 takes minutes and seconds above 60"),
            _ => too_large(error),
        };
        let kind = reason.or_else(|| lone_return(bytes));
        differ.push((kind.unwrap_or("Default refuses what DS9 loads"), error.render(bytes)));
        return (0, differ);
    }
    let (count, found) = compare(bytes, &answer.image, image);
    differ.extend(found.into_iter().map(told));
    (count, differ)
}

/// The same of a file of another program.
pub(crate) fn foreign_verdict(
    bytes: &[u8],
    format: Format,
    answer: &Answer,
    image: &Image,
) -> (usize, Vec<(&'static str, String)>) {
    if !answer.error.is_empty() {
        return (0, Vec::new());
    }
    let file = RegionFile::parse_format(bytes, format, &ParseOptions::default());
    if let Some(error) = file.errors().first() {
        return (0, vec![("we refuse what DS9 loads", error.render(bytes))]);
    }
    let (count, found) = compare_regions(alone(bytes, format), bytes, &answer.image, image);
    (count, found.into_iter().map(told).collect())
}

fn told(difference: Difference) -> (&'static str, String) {
    let Difference { line, shape, what, reason } = difference;
    (reason.unwrap_or("regions differ"), format!("line {line}: {shape}: {what}"))
}
