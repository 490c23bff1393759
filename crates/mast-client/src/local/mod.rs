//! A folder of FITS files that answers like the archive.

mod index;
mod rows;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

pub use index::{IndexOptions, IndexReport, ReadImage};

use astro_coords::Footprint;

use crate::download::{Manifest, ManifestRow, Source, Status};
use crate::{Answer, Error, Observation, Product, ProductGroupId, Query, Result};
use index::Entry;

/// A folder of FITS files and what is known of each: the same questions as to the archive, no network.
///
/// The knowledge lies in the folder as one file of JSON lines, `.mast/archive.jsonl`, and is built by
/// [`LocalArchive::index`] from what the caller reads in each file, because this crate knows no FITS. Every
/// file is one observation with one product, whose URI is `file:` and the path below the folder.
#[derive(Debug)]
pub struct LocalArchive {
    root: PathBuf,
    entries: Vec<Entry>,
    footprints: Vec<Option<Footprint>>,
    by_uri: HashMap<String, usize>,
}

impl LocalArchive {
    /// Opens a folder that was indexed before.
    ///
    /// # Errors
    /// When there is no index, or it cannot be read.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        let entries = index::read(&root)?;
        Ok(Self::new(root, entries))
    }

    /// Indexes a folder, or brings its index up to date: only new and changed files are read, by `read`.
    ///
    /// A file that cannot be read is in the report and not in the archive.
    ///
    /// # Errors
    /// When the folder cannot be listed, or the index cannot be written.
    pub fn index(
        root: impl Into<PathBuf>,
        read: &ReadImage<'_>,
        options: &IndexOptions,
    ) -> Result<(Self, IndexReport)> {
        let root = root.into();
        let (entries, report) = index::refresh(&root, read, options)?;
        Ok((Self::new(root, entries), report))
    }

    fn new(root: PathBuf, entries: Vec<Entry>) -> Self {
        let footprints = entries.iter().map(|entry| entry.observation.footprint().ok()).collect();
        let uri = |(place, entry): (usize, &Entry)| (rows::uri(&entry.path), place);
        let by_uri = entries.iter().enumerate().map(uri).collect();
        Self { root, entries, footprints, by_uri }
    }

    /// How many images are in the archive.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no image is in the archive.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The observations that answer `query`, in the order of their paths, with `distance` where a place was
    /// asked for.
    ///
    /// # Errors
    /// When the query asks nothing.
    pub fn observations(&self, query: impl Into<Query>) -> Result<Answer<Observation>> {
        let query = query.into();
        if query.cone.is_none() && query.criteria.is_empty() {
            return Err(Error::NothingAsked);
        }
        let rows = self.entries.iter().zip(&self.footprints);
        let answer = |(entry, footprint): (&Entry, &Option<Footprint>)| {
            let mut observation =
                query.criteria.matches(&entry.observation).then(|| entry.row())?;
            if let Some(cone) = query.cone {
                let distance = footprint.as_ref()?.distance(cone.center);
                if distance > cone.radius {
                    return None;
                }
                observation.distance = distance.arcsec().into();
            }
            Some(observation)
        };
        Ok(Answer { rows: rows.filter_map(answer).collect(), ..Answer::default() })
    }

    /// The files of observations, in the order of `of`.
    pub fn products(&self, of: &[ProductGroupId]) -> Answer<Product> {
        let by_id: HashMap<_, _> =
            self.entries.iter().map(|entry| (rows::id(&entry.path), entry)).collect();
        let rows = of.iter().filter_map(|id| by_id.get(id)).map(|entry| entry.product()).collect();
        Answer { rows: crate::unique_files(rows), ..Answer::default() }
    }

    /// The file of a URI, if it is in the archive.
    pub fn path(&self, uri: &str) -> Option<PathBuf> {
        let entry = &self.entries[*self.by_uri.get(uri)?];
        Some(self.root.join(&entry.path))
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Tells where each product lies; nothing is copied.
    pub fn locate(&self, products: &[Product]) -> Manifest {
        Manifest { rows: products.iter().map(|product| self.locate_one(product)).collect() }
    }

    fn locate_one(&self, product: &Product) -> ManifestRow {
        let uri = product.data_uri.text();
        let found = self.path(uri).ok_or_else(|| Error::NotAvailable { uri: uri.to_owned() });
        let found = found.and_then(|path| match fs::metadata(&path) {
            Ok(metadata) => Ok((path, metadata.len())),
            Err(error) => Err(Error::disk("read", path)(error)),
        });
        let (status, path, bytes, error) = match found {
            Ok((path, bytes)) => (Status::Cached, Some(path), bytes, Vec::new()),
            Err(error) => (Status::Failed, None, 0, error.chain()),
        };
        ManifestRow {
            uri: uri.to_owned(),
            path,
            status,
            bytes,
            attempts: 0,
            source: Source::Archive,
            url: String::new(),
            sha256: None,
            error,
            warnings: Vec::new(),
        }
    }
}
