//! DS9 itself, without a screen, answering through XPA.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use ds9_regions::Format;

use crate::image::Image;

/// What DS9 says about a file: the complaint, empty if there is none, and its regions in image pixels.
pub(crate) struct Answer {
    pub(crate) error: String,
    pub(crate) image: String,
}

/// A running DS9; it ends with this value.
pub(crate) struct Ds9 {
    screen: Child,
    program: Child,
    display: String,
    folder: PathBuf,
    image: PathBuf,
}

const TITLE: &str = "regions-oracle";

impl Ds9 {
    /// `None`, and a line that says so, where DS9, XPA or the screen are not installed.
    pub(crate) fn start() -> Option<Self> {
        let found = |name: &str| {
            env::split_paths(&env::var_os("PATH").unwrap_or_default())
                .any(|folder| folder.join(name).exists())
        };
        if let Some(missing) =
            ["ds9", "Xvfb", "xpaset", "xpaget"].into_iter().find(|name| !found(name))
        {
            eprintln!("skipped: {missing} is not installed");
            return None;
        }
        let folder = env::temp_dir().join(format!("{TITLE}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut screen = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "800x600x24"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut display = String::from(":");
        BufReader::new(screen.stdout.take().unwrap()).read_line(&mut display).unwrap();
        let display = display.trim().to_owned();
        let program = Self::program(&display, &folder);
        let ds9 = Self { screen, program, display, image: PathBuf::new(), folder };
        ds9.wait();
        Some(ds9)
    }

    fn program(display: &str, folder: &Path) -> Child {
        let mut command = Self::command("ds9", display, folder);
        command.args(["-title", TITLE, "-xpa", "local"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn wait(&self) {
        // On a busy machine it may take a minute.
        for _ in 0..480 {
            if self.ask(&["version"]).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(250));
        }
        panic!("DS9 does not answer");
    }

    fn command(name: &str, display: &str, folder: &Path) -> Command {
        let mut command = Command::new(name);
        command.env("DISPLAY", display).env("TMPDIR", folder).env("XPA_METHOD", "local");
        command
    }

    fn run(&self, name: &str, args: &[&str]) -> Result<String, String> {
        let mut command = Self::command(name, &self.display, &self.folder);
        let out = command.args(args).stdin(Stdio::null()).output().unwrap();
        let complaint = String::from_utf8_lossy(&out.stderr).into_owned();
        if complaint.contains("XPA$ERROR") {
            return Err(complaint);
        }
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    }

    fn ask(&self, what: &[&str]) -> Result<String, String> {
        self.run("xpaget", &[&[TITLE], what].concat())
    }

    fn tell(&self, what: &[&str]) -> Result<(), String> {
        self.run("xpaset", &[&["-p", TITLE], what].concat()).map(|_| ())
    }

    /// Opens an empty image with the header in a file, one card a line.
    pub(crate) fn show(&mut self, header: &Path) -> Image {
        self.image = self.folder.join("image.fits");
        fs::write(&self.image, fits(&fs::read_to_string(header).unwrap())).unwrap();
        Image::read(header)
    }

    /// The regions of a file in a frame of their own; `None` where DS9 ended over it twice.
    pub(crate) fn load_as(&mut self, bytes: &[u8], format: Format) -> Option<Answer> {
        let path = self.folder.join("question.reg");
        fs::write(&path, bytes).unwrap();
        self.answer(&path, format).or_else(|| {
            self.restart();
            self.answer(&path, format)
        })
    }

    fn restart(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
        self.program = Self::program(&self.display, &self.folder);
        self.wait();
    }

    fn answer(&self, path: &Path, format: Format) -> Option<Answer> {
        self.tell(&["regions", "format", format.name()]).ok()?;
        // Lists of places are in the system that asking for regions sets.
        self.tell(&["regions", "system", "physical"]).ok()?;
        self.tell(&["frame", "delete"]).ok()?;
        self.tell(&["frame", "new"]).ok()?;
        self.tell(&["fits", self.image.to_str()?]).ok()?;
        let complaint = self.tell(&["regions", "load", path.to_str()?]).err();
        let image =
            self.ask(&["regions", "-format", "ds9", "-system", "image", "-strip", "no"]).ok()?;
        let error = complaint.map_or("", |text| {
            if text.contains("mapping") { "Bad Coordinate mapping" } else { "Unable to load" }
        });
        Some(Answer { error: error.to_owned(), image })
    }
}

impl Drop for Ds9 {
    fn drop(&mut self) {
        let _ = self.tell(&["exit"]);
        for child in [&mut self.program, &mut self.screen] {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// An image of zeros, a byte a pixel.
fn fits(header: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut sides = [0usize; 2];
    for card in header.lines() {
        let value = || card[10..].split('/').next().unwrap_or_default().trim().parse().unwrap();
        match card.get(..8).map(str::trim_end) {
            Some("NAXIS1") => sides[0] = value(),
            Some("NAXIS2") => sides[1] = value(),
            _ => {}
        }
        let card = if card.starts_with("BITPIX") { "BITPIX  =                    8" } else { card };
        bytes.extend(format!("{card:<80}").into_bytes());
    }
    bytes.extend(format!("{:<80}", "END").into_bytes());
    bytes.resize(bytes.len().next_multiple_of(2880), b' ');
    bytes.resize((bytes.len() + sides[0] * sides[1]).next_multiple_of(2880), 0);
    bytes
}
