//! The corpus against the answers that DS9 8.4.1 gave, and the table of what differs.

use std::fs;
use std::path::Path;

use ds9_regions::{Mode, RegionFile};
use serde_json::Value;

use crate::CORPUS;
use crate::compare::{Difference, compare};
use crate::image::Image;
use crate::reasons::FRAMES;

/// Regions where DS9 is not followed.
const KNOWN: &[(&str, &str)] = &[
    ("055_global_wcs.reg:3", "seconds of arc on axes that are plain numbers: no length is right"),
    ("058_saoimage_annulus.reg:2", "the old annulus, of which DS9 keeps only the inner ellipse"),
];

/// Whether what is told of a file, `line 3: ...`, is one of these.
pub(crate) fn is_known(name: &str, told: &str) -> bool {
    let line = told.strip_prefix("line ").and_then(|rest| rest.split_once(':'));
    line.is_some_and(|(line, _)| KNOWN.iter().any(|(place, _)| *place == format!("{name}:{line}")))
}

/// What became of the corpus.
#[derive(Default)]
struct Table {
    loaded: usize,
    same_count: usize,
    regions: usize,
    refused: usize,
    refused_too: usize,
    /// Refused files that the wider language reads without an error.
    understood: usize,
    /// Files whose regions the image cannot place.
    off_image: Vec<String>,
    known: Vec<String>,
    differ: Vec<String>,
}

impl Table {
    fn add(&mut self, name: &str, bytes: &[u8], answer: &Value, image: &Image) {
        let text = |key: &str| answer[key].as_str().unwrap_or_default();
        match text("err") {
            "" => self.loaded(name, bytes, answer["n"].as_u64().unwrap(), text("image"), image),
            "Bad Coordinate mapping" => {
                let why =
                    "DS9 has no place in this image for its coordinates; Strict judges the text";
                self.off_image.push(format!("{name}: {why}"));
            }
            _ => self.refused(name, bytes),
        }
    }

    fn loaded(&mut self, name: &str, bytes: &[u8], count: u64, listed: &str, image: &Image) {
        self.loaded += 1;
        let file = RegionFile::parse(bytes, Mode::Default);
        if file.errors().is_empty() && file.regions().len() as u64 == count {
            self.same_count += 1;
        } else {
            self.differ.push(format!("{name}: {} regions for {count}", file.regions().len()));
        }
        if !RegionFile::parse(bytes, Mode::Strict).errors().is_empty() {
            self.differ.push(format!("{name}: Strict refuses what DS9 loads"));
        }
        let (regions, found) = compare(bytes, listed, image);
        self.regions += regions;
        for Difference { line, shape, what, .. } in found {
            let place = format!("{name}:{line}");
            let told = format!("{place}: {shape}: {what}");
            match KNOWN.iter().find(|(known, _)| *known == place) {
                Some((_, reason)) => self.known.push(format!("{told}\n      {reason}")),
                None => self.differ.push(told),
            }
        }
    }

    fn refused(&mut self, name: &str, bytes: &[u8]) {
        self.refused += 1;
        if RegionFile::parse(bytes, Mode::Strict).errors().is_empty() {
            self.differ.push(format!("{name}: Strict takes what DS9 refuses"));
        } else {
            self.refused_too += 1;
        }
        let wider = RegionFile::parse(bytes, Mode::Default);
        self.understood += usize::from(wider.errors().is_empty());
    }

    fn print(&self) {
        let Self { loaded, same_count, regions, refused, refused_too, understood, .. } = self;
        eprintln!(
            "DS9 8.4.1 loads {loaded} files; Default has its number of regions in {same_count}"
        );
        eprintln!(
            "DS9 8.4.1 refuses {refused} files for their text; Strict refuses {refused_too}, Default reads {understood}"
        );
        eprintln!("{} files lie off the image:", self.off_image.len());
        for line in &self.off_image {
            eprintln!("    {line}");
        }
        eprintln!("{regions} regions in image pixels, to 1e-6 pixel or 8 digits but for:");
        for (frame, seconds, degrees, reason) in FRAMES {
            let name = frame.name();
            eprintln!(
                "    {name}: within {seconds} arc seconds, {degrees} degrees: DS9's library differs, {reason}"
            );
        }
        eprintln!(
            "    sexagesimal numbers: within 3e-5 arc seconds: DS9 holds their seconds in 32 bits"
        );
        for line in &self.known {
            eprintln!("    {line}");
        }
        eprintln!("{} differ without a reason", self.differ.len());
    }
}

/// `cargo test -p ds9-regions --test oracle corpus -- --nocapture` prints the table of what still differs, and why.
#[test]
fn corpus_is_read_as_ds9_reads_it() {
    let Some(root) = testkit::shared("data/regions") else { return };
    let oracle: Value =
        serde_json::from_slice(&fs::read(root.join("oracle.json")).unwrap()).unwrap();
    let mut table = Table::default();
    for (folder, header) in CORPUS {
        let image = Image::read(&root.join(header));
        for (name, answer) in oracle[folder].as_object().unwrap() {
            let bytes = fs::read(Path::new(&root).join(folder).join(name)).unwrap();
            table.add(name, &bytes, answer, &image);
        }
    }
    table.print();
    assert!(table.regions > 3000, "{}", table.regions);
    assert!(table.differ.is_empty(), "{}", table.differ.join("\n"));
    assert_eq!(table.known.len(), KNOWN.len());
}
