//! Where regions lie in an image, against what DS9 8.4.1 says.

mod compare;
mod corpus;
mod image;
mod live;
mod numbers;
mod reasons;
mod unseen;

use std::collections::BTreeMap;
use std::fs;

use compare::{foreign_verdict, verdict};
use ds9_regions::Format;
use image::Image;

/// The files with answers, and the image that DS9 showed.
const CORPUS: [(&str, &str); 2] = [("real", "allsky.hdr.txt"), ("synthetic", "north.hdr.txt")];

/// What was found in many files, by kind.
#[derive(Default)]
struct Table {
    files: usize,
    refused: usize,
    regions: usize,
    died: usize,
    kinds: BTreeMap<&'static str, Vec<String>>,
}

impl Table {
    /// Asks DS9 for one file and notes what differs.
    fn ask(
        &mut self,
        ds9: &mut live::Ds9,
        name: &str,
        bytes: &[u8],
        format: Format,
        image: &Image,
    ) {
        let text = String::from_utf8_lossy(bytes);
        let Some(answer) = ds9.load_as(bytes, format) else {
            self.died += 1;
            eprintln!("DS9 ended on {name}\n{text}\n--");
            return;
        };
        let (count, differ) = match format {
            Format::Ds9 => verdict(bytes, &answer, image),
            _ => foreign_verdict(bytes, format, &answer, image),
        };
        self.files += 1;
        self.regions += count;
        self.refused += usize::from(!answer.error.is_empty());
        for (kind, what) in differ {
            let kind = if corpus::is_known(name, &what) { FOLLOWED_NOT } else { kind };
            let start: String = text.chars().take(2000).collect();
            let told = format!("{name}: DS9 {:?}\n{what}\n{start}", answer.error);
            self.kinds.entry(kind).or_default().push(told);
        }
    }

    /// Prints all, and fails on what has no reason.
    fn close(&self) {
        let Self { files, refused, regions, died, kinds } = self;
        eprintln!(
            "{files} files, {refused} refused by DS9, {regions} regions compared; DS9 ended on {died} more"
        );
        let known = |kind: &str| kind.starts_with("DS9 ");
        for (kind, found) in kinds {
            eprintln!("== {kind}: {}", found.len());
            for what in found.iter().take(setting("SHOW", 20) as usize).filter(|_| !known(kind)) {
                eprintln!("{what}\n--");
            }
        }
        assert!(kinds.keys().all(|kind| known(kind)));
    }
}

/// A number of the environment.
fn setting(name: &str, or: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(or)
}

/// What [`corpus`] gives the reasons of.
const FOLLOWED_NOT: &str = "DS9 is not followed in these regions of the corpus, on purpose";

/// Another image for each part of the files, so that no rule holds for one only.
const HEADERS: [&str; 3] = ["north", "rot30", "flip"];

/// Has DS9 show one image after the other and be asked, by name, text and format, what `round` makes up with its dice.
fn on_each_image(round: impl Fn(&str, &mut unseen::Dice, &mut dyn FnMut(&str, &str, Format))) {
    let Some(root) = testkit::shared("data/regions") else { return };
    let Some(mut ds9) = live::Ds9::start() else { return };
    let mut table = Table::default();
    for (number, header) in HEADERS.into_iter().enumerate() {
        let image = ds9.show(&root.join(format!("{header}.hdr.txt")));
        let mut dice = unseen::Dice::new(setting("SEED", 1) * 3 + number as u64);
        round(header, &mut dice, &mut |name, text, format| {
            table.ask(&mut ds9, name, text.as_bytes(), format, &image);
        });
    }
    table.close();
}

/// `cargo test -p ds9-regions --test oracle -- --ignored --nocapture --test-threads 1` (there is one DS9 at a time);
/// `UNSEEN=5000 SEED=7` for more files or others.
#[test]
#[ignore = "starts DS9"]
fn ds9_itself_agrees_on_files_nobody_wrote() {
    on_each_image(|header, dice, ask| {
        for number in 0..setting("UNSEEN", 120) / 3 {
            let text = if number % 2 == 0 { unseen::whole(dice) } else { unseen::broken(dice) };
            ask(&format!("{header} {number}"), &text, Format::Ds9);
        }
    });
}

/// The same of files of other programs, which DS9 reads too.
#[test]
#[ignore = "starts DS9"]
fn ds9_itself_agrees_on_files_of_other_programs() {
    on_each_image(|header, dice, ask| {
        for number in 0..setting("UNSEEN", 120) / 15 {
            for format in unseen::foreign::FORMATS {
                let text = unseen::foreign::whole(dice, format);
                ask(&format!("{header} {format} {number}"), &text, format);
            }
        }
    });
}

/// DS9 as installed says of the corpus what was recorded, or at least nothing that we do not.
#[test]
#[ignore = "starts DS9"]
fn ds9_itself_agrees_on_the_corpus() {
    let Some(root) = testkit::shared("data/regions") else { return };
    let Some(mut ds9) = live::Ds9::start() else { return };
    let mut table = Table::default();
    for (folder, header) in CORPUS {
        let image = ds9.show(&root.join(header));
        let mut paths: Vec<_> =
            fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            table.ask(&mut ds9, &name, &fs::read(&path).unwrap(), Format::Ds9, &image);
        }
    }
    table.close();
}
