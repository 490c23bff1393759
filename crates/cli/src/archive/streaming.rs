//! Images one by one, each as soon as it and those before it are there, while the next ones come.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use anyhow::anyhow;
use mast_client::{Archive, DownloadOptions, Error, ManifestRow, Product};

use super::transfer::{self, Transfer};
use super::{Session, chained};
use crate::console::Console;

/// The images of an archive that are to be measured.
pub(crate) struct Images<'a> {
    pub(crate) archive: &'a dyn Archive,
    pub(crate) session: &'a Session,
    pub(crate) products: &'a [Product],
    pub(crate) folder: &'a Path,
}

impl Images<'_> {
    /// Gives `work` the files in the order of the products; one that cannot be had is named and left out.
    ///
    /// Returns what `work` made of them, and how many are missing; after Ctrl-C neither.
    pub(crate) fn each<R>(
        &self,
        transfer: &Transfer,
        console: &Console,
        work: impl FnOnce(&mut dyn Iterator<Item = PathBuf>) -> R,
    ) -> anyhow::Result<(R, usize)> {
        let (sender, rows) = channel();
        let bar = transfer::bar(self.products, console);
        let options = transfer.options(self.session, &bar, Some(sender.clone()));
        let fetch = move |options: DownloadOptions| {
            let manifest = self.archive.fetch(self.products, self.folder, &options)?;
            // A folder tells nothing while it looks; who has heard of a file already hears it again.
            for row in manifest.rows.into_iter().enumerate() {
                let _ = sender.send(row);
            }
            Ok(())
        };
        let mut files = InOrder { rows, waiting: BTreeMap::new(), next: 0, missing: 0, console };
        let (made, fetched) = thread::scope(|scope| {
            let fetching = scope.spawn(move || fetch(options));
            let made = work(&mut files);
            (made, fetching.join())
        });
        bar.finish_and_clear();
        fetched.map_err(|_| anyhow!("the download ended unexpectedly"))?.map_err(chained)?;
        if console.is_interrupted() {
            return Err(chained(Error::Cancelled));
        }
        Ok((made, files.missing))
    }
}

/// Rows come as they are finished and leave in order, so that the catalog does not depend on the network.
struct InOrder<'a> {
    rows: Receiver<(usize, ManifestRow)>,
    waiting: BTreeMap<usize, ManifestRow>,
    next: usize,
    missing: usize,
    console: &'a Console,
}

impl Iterator for InOrder<'_> {
    type Item = PathBuf;

    fn next(&mut self) -> Option<PathBuf> {
        loop {
            let row = self.take().filter(|_| !self.console.is_interrupted())?;
            for warning in &row.warnings {
                self.console.warning(&format!("{}: {warning}", row.uri));
            }
            match row.path {
                Some(path) => return Some(path),
                None => {
                    self.missing += 1;
                    self.console.problem(&format!("{}: {}", row.uri, row.error.join(": ")));
                }
            }
        }
    }
}

impl InOrder<'_> {
    fn take(&mut self) -> Option<ManifestRow> {
        loop {
            if let Some(row) = self.waiting.remove(&self.next) {
                self.next += 1;
                return Some(row);
            }
            let (item, row) = self.rows.recv().ok()?;
            if item >= self.next {
                self.waiting.insert(item, row);
            }
        }
    }
}
