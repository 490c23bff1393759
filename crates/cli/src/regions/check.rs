use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use ds9_regions::{Code, Diagnostic, Format, Mode, ParseOptions, RegionFile};
use serde_json::{Value, json};

use crate::console::{Console, Outcome};

/// All problems are wanted, but not the memory of a file that is nothing else.
const MOST: usize = 100_000;
/// Further places of a warning that are named.
const PLACES: usize = 8;

/// Reads the files and tells what is wrong with them.
pub(crate) fn check(
    files: &[PathBuf],
    from: Option<Format>,
    strict: bool,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut read, mut bad) = (0, 0);
    for path in files {
        let checked = match Checked::read(path, from, strict) {
            Ok(checked) => checked,
            Err(error) => {
                console.problem(&format!("{error:#}"));
                continue;
            }
        };
        if console.json {
            writeln!(out, "{}", checked.to_json())?;
        } else {
            out.write_all(checked.to_text().as_bytes())?;
        }
        read += 1;
        bad += usize::from(checked.is_bad());
    }
    out.flush()?;
    drop(out);
    if files.len() > 1 && !console.json {
        let unread = files.len() - read;
        let unread = if unread == 0 { String::new() } else { format!(", {unread} not read") };
        console.note(&format!("{} checked, {bad} with errors{unread}", counted(read, "file")));
    }
    Ok(match (read, bad) {
        (0, _) => Outcome::Nothing,
        (_, 0) if read == files.len() => Outcome::Complete,
        _ => Outcome::Partial,
    })
}

struct Checked {
    name: String,
    bytes: Vec<u8>,
    format: Format,
    file: RegionFile,
    loads_in_ds9: bool,
    /// What CARTA would draw on top of the regions.
    annotations: usize,
}

impl Checked {
    fn read(path: &Path, from: Option<Format>, strict: bool) -> anyhow::Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let format = from.unwrap_or_else(|| Format::detect(&bytes));
        let parse = |mode, format| {
            let options = ParseOptions { mode, max_diagnostics: MOST, ..ParseOptions::default() };
            RegionFile::parse_format(&bytes, format, &options)
        };
        let as_ds9 = parse(Mode::Strict, Format::Ds9);
        let loads_in_ds9 = as_ds9.errors().is_empty();
        let file = if strict { as_ds9 } else { parse(Mode::Recover, format) };
        let count = |format| parse(Mode::Recover, format).regions().len();
        let carta = format == Format::Ds9 && bytes.starts_with(b"# Region file format: DS9 CARTA");
        let annotations =
            if carta { count(Format::Carta).saturating_sub(count(Format::Ds9)) } else { 0 };
        let name = path.display().to_string();
        Ok(Self { name, bytes, format, file, loads_in_ds9, annotations })
    }

    fn is_bad(&self) -> bool {
        self.file.error_count() > 0
    }

    /// One line about the file, then its problems.
    fn to_text(&self) -> String {
        let mut out = format!("{}: {}", self.name, counted(self.file.regions().len(), "region"));
        if self.format != Format::Ds9 {
            let _ = write!(out, " in the format {}", self.format);
        }
        for (count, word) in
            [(self.file.error_count(), "error"), (self.file.warning_count(), "warning")]
        {
            if count > 0 {
                let _ = write!(out, ", {}", counted(count, word));
            }
        }
        out.push_str(match (self.loads_in_ds9, self.format) {
            (true, _) => "; DS9 loads it\n",
            (false, Format::Ds9) => "; DS9 does not load it\n",
            (false, _) => "; DS9 does not load it as a file of its own\n",
        });
        for (first, others) in self.problems() {
            out.push('\n');
            out.push_str(&first.render_named(&self.bytes, &self.name));
            if let Some(others) = also(&others) {
                let gutter = " ".repeat(first.line.to_string().len());
                let _ = writeln!(out, "{gutter} = also: {others}");
            }
        }
        if self.file.error_count() + self.file.warning_count() > 0 {
            out.push('\n');
        }
        if self.annotations > 0 {
            let annotations = counted(self.annotations, "annotation");
            let _ = writeln!(
                out,
                "  {annotations} of CARTA, comments to DS9, not among them; `--from carta` reads them too"
            );
        }
        out
    }

    /// Every error, and the first warning of each kind with the others like it, in the order of the file.
    fn problems(&self) -> Vec<(&Diagnostic, Vec<&Diagnostic>)> {
        let errors = self.file.errors().iter().map(|error| (error, Vec::new()));
        let mut all: Vec<_> = errors.collect();
        let mut kinds: Vec<(Code, usize)> = Vec::new();
        for warning in self.file.warnings() {
            match kinds.iter().find(|(code, _)| *code == warning.code) {
                Some((_, at)) => all[*at].1.push(warning),
                None => {
                    kinds.push((warning.code, all.len()));
                    all.push((warning, Vec::new()));
                }
            }
        }
        all.sort_by_key(|(first, _)| first.span.start);
        all
    }

    fn to_json(&self) -> Value {
        let list = |all: &[Diagnostic]| all.iter().map(problem).collect::<Vec<_>>();
        let mut value = json!({
            "file": self.name,
            "regions": self.file.regions().len(),
            "loads_in_ds9": self.loads_in_ds9,
            "errors": list(self.file.errors()),
            "warnings": list(self.file.warnings()),
        });
        if self.format != Format::Ds9 {
            value["format"] = json!(self.format.name());
        }
        value
    }
}

fn problem(one: &Diagnostic) -> Value {
    let mut value = json!({
        "line": one.line,
        "column": one.column,
        "code": one.code.as_str(),
        "message": one.message,
    });
    if let Some(help) = one.help {
        value["help"] = json!(help);
    }
    value
}

/// Where else, `4:1, 5:1 and 12 more`.
fn also(others: &[&Diagnostic]) -> Option<String> {
    let places: Vec<_> =
        others.iter().take(PLACES).map(|one| format!("{}:{}", one.line, one.column)).collect();
    let more = others.len().saturating_sub(PLACES);
    match (places.is_empty(), more) {
        (true, _) => None,
        (_, 0) => Some(places.join(", ")),
        _ => Some(format!("{} and {more} more", places.join(", "))),
    }
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
