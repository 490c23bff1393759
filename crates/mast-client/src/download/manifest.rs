use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Product, Result, disk};

/// How a product ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Fetched and verified.
    Complete,
    /// There already; nothing was fetched.
    Cached,
    /// Not tried, because everything was cancelled before its turn.
    Skipped,
    /// Not fetched; the row says why.
    Failed,
}

/// Where a file came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The archive's download service.
    Mast,
    /// An earlier download in the same folder.
    Cache,
    /// A folder that is an archive itself.
    Archive,
}

/// What became of one product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestRow {
    /// The product's URI.
    pub uri: String,
    /// The local file, where there is one.
    pub path: Option<PathBuf>,
    /// How it ended.
    pub status: Status,
    /// The file's size, or the bytes that are waiting to be continued.
    pub bytes: u64,
    /// Requests that were made for it.
    pub attempts: u32,
    /// Where the file came from.
    pub source: Source,
    /// The address it was asked from.
    pub url: String,
    /// SHA-256 of the file, where it was computed.
    pub sha256: Option<String>,
    /// What went wrong, and below it the causes.
    pub error: Vec<String>,
    /// What was odd, though the file is complete.
    pub warnings: Vec<String>,
}

impl ManifestRow {
    /// Whether the file is there.
    pub fn is_there(&self) -> bool {
        matches!(self.status, Status::Complete | Status::Cached)
    }
}

/// What became of every product, in the order they were asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Manifest {
    /// A row for each product.
    pub rows: Vec<ManifestRow>,
}

impl Manifest {
    /// The rows whose files are not there.
    pub fn failures(&self) -> impl Iterator<Item = &ManifestRow> {
        self.rows.iter().filter(|row| !row.is_there())
    }

    /// Of `products`, those whose files are not there: what a second try should fetch.
    pub fn missing(&self, products: &[Product]) -> Vec<Product> {
        let there: std::collections::HashSet<&str> =
            self.rows.iter().filter(|row| row.is_there()).map(|row| row.uri.as_str()).collect();
        let is_missing = |product: &&Product| !there.contains(product.data_uri.text());
        products.iter().filter(is_missing).cloned().collect()
    }

    /// Writes the manifest as JSON, a row a line.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let line = |row| serde_json::to_string(row).unwrap_or_default() + "\n";
        disk::write_atomic(path, self.rows.iter().map(line).collect::<String>().as_bytes())
    }

    /// Reads what [`Manifest::write`] wrote.
    ///
    /// # Errors
    /// When the file cannot be read or understood.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(Error::disk("read", path))?;
        let row = |(number, line): (usize, &str)| {
            let bad = |source| Error::BadLine { path: path.to_owned(), line: number + 1, source };
            serde_json::from_str(line).map_err(bad)
        };
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        Ok(Self { rows: lines.map(row).collect::<Result<_>>()? })
    }
}
