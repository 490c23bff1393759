//! Where images come from when none are given: the service, a server like it, or a folder.

mod headers;
mod rows;
mod select;
mod session;
mod shapes;
mod streaming;
mod transfer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, bail};
use mast_client::{Archive, IndexOptions, LocalArchive, MAST, Project};

use crate::console::{Console, wrong_usage};

pub(crate) use headers::{described, read_image};
pub(crate) use rows::{manifest_table, products_of, products_table};
pub(crate) use select::{ProjectName, Selectors, specs, tell};
pub(crate) use session::Session;
pub(crate) use shapes::of_file as shapes_of_file;
pub(crate) use streaming::Images;
pub(crate) use transfer::{Transfer, bring, bytes};

/// `mast`, the address of a server that speaks its protocol, or a folder of FITS files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Mast,
    Server(String),
    Folder(PathBuf),
}

impl FromStr for Place {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "mast" => Self::Mast,
            _ if text.starts_with("http://") || text.starts_with("https://") => {
                Self::Server(text.trim_end_matches('/').to_owned())
            }
            _ => Self::Folder(text.into()),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mast => f.write_str(&self.url().unwrap_or_default()),
            Self::Server(url) => f.write_str(url),
            Self::Folder(folder) => folder.display().fmt(f),
        }
    }
}

impl Place {
    /// A folder or a server of the user's own holds what the user put there, whoever drizzled it.
    pub(crate) fn project(&self) -> Project {
        if *self == Self::Mast { Project::HapSvm } else { Project::Any }
    }

    /// The address of a server; of the archive itself unless `HST_MAST_URL` names another.
    pub(crate) fn url(&self) -> Option<String> {
        match self {
            Self::Mast => Some(variable("HST_MAST_URL").unwrap_or_else(|| MAST.to_owned())),
            Self::Server(url) => Some(url.clone()),
            Self::Folder(_) => None,
        }
    }

    /// Opens the archive; a folder is indexed first, or its index is brought up to date.
    pub(crate) fn open(
        &self,
        session: &Session,
        console: &Console,
    ) -> anyhow::Result<Box<dyn Archive>> {
        match (self, self.url()) {
            (Self::Folder(folder), _) if session.is_used() => {
                wrong_usage!(
                    "{} is a folder; --record and --replay are for servers",
                    folder.display()
                )
            }
            (Self::Folder(folder), _) => Ok(Box::new(index(folder, console)?)),
            (_, url) => Ok(Box::new(session.client(&url.unwrap_or_default(), console)?)),
        }
    }

    /// The folder of downloads from here, below `HST_CACHE` or the platform's cache folder: one a server, because
    /// two servers may call different files by one name.
    pub(crate) fn cache(&self) -> anyhow::Result<PathBuf> {
        let url = self.url().unwrap_or_default();
        let host = url.split("://").last().unwrap_or_default();
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        let name: String = host.chars().map(plain).collect();
        let name =
            if name.starts_with('.') || name.is_empty() { "archive".to_owned() } else { name };
        Ok(cache_root()?.join(name))
    }
}

/// Indexes a folder, telling what could not be read.
pub(crate) fn index(folder: &Path, console: &Console) -> anyhow::Result<LocalArchive> {
    if !folder.is_dir() {
        bail!("{} is no folder; --archive takes mast, an address or a folder", folder.display());
    }
    let bar = console.spinner("indexing");
    let read = |path: &Path| {
        bar.set_message(path.display().to_string());
        let found = read_image(path);
        bar.inc(1);
        found
    };
    let indexed = LocalArchive::index(folder, &read, &IndexOptions::default());
    bar.finish_and_clear();
    let (archive, report) = indexed.map_err(chained)?;
    for (path, problem) in &report.failed {
        console.warning(&format!("{} is not in the index: {problem}", path.display()));
    }
    console.detail(&format!(
        "{}: {} images; {} files read, {} unchanged, {} gone, {} of other kinds",
        folder.display(),
        archive.len(),
        report.read,
        report.unchanged,
        report.removed,
        report.other
    ));
    Ok(archive)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn cache_root() -> anyhow::Result<PathBuf> {
    let below = |name: &str, tail: &str| variable(name).map(|value| Path::new(&value).join(tail));
    let found = below("HST_CACHE", "").or_else(|| {
        if cfg!(windows) {
            below("LOCALAPPDATA", "hst")
        } else if cfg!(target_os = "macos") {
            below("HOME", "Library/Caches/hst")
        } else {
            below("XDG_CACHE_HOME", "hst").or_else(|| below("HOME", ".cache/hst"))
        }
    });
    found.context("no cache folder; name one with HST_CACHE")
}

/// The folder of what was read of remote files.
pub(crate) fn range_cache() -> Option<PathBuf> {
    Some(cache_root().ok()?.join("ranges"))
}

/// The client's errors tell their causes in `source`, which `anyhow` prints after a colon.
pub(crate) fn chained(error: mast_client::Error) -> anyhow::Error {
    anyhow::Error::new(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart_and_have_folders_of_their_own() {
        let place = |text: &str| text.parse::<Place>().unwrap();
        assert_eq!(place("mast"), Place::Mast);
        assert_eq!(place("./mast"), Place::Folder("./mast".into()));
        assert_eq!(place("http://localhost:8765/"), Place::Server("http://localhost:8765".into()));
        assert_eq!(place("mast").project(), Project::HapSvm);
        assert_eq!(place("images").project(), Project::Any);
    }
}
