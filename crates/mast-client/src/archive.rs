use std::path::Path;

use crate::{
    Answer, DownloadOptions, LocalArchive, Manifest, MastClient, Observation, Product,
    ProductGroupId, Query, Result, Transport,
};

/// Where images come from: the service, a replay of it, or a folder. All give the same rows.
pub trait Archive: Send + Sync {
    /// The observations that answer `query`.
    ///
    /// # Errors
    /// When the archive cannot answer.
    fn find(&self, query: &Query) -> Result<Answer<Observation>>;

    /// The files of observations.
    ///
    /// # Errors
    /// When the archive cannot answer.
    fn list(&self, of: &[ProductGroupId]) -> Result<Answer<Product>>;

    /// Makes `products` local files, in `folder` unless they are on this machine already, and tells what
    /// became of each.
    ///
    /// # Errors
    /// When nothing can be begun; a single failure is a row of the manifest.
    fn fetch(
        &self,
        products: &[Product],
        folder: &Path,
        options: &DownloadOptions,
    ) -> Result<Manifest>;
}

impl<T: Transport> Archive for MastClient<T> {
    fn find(&self, query: &Query) -> Result<Answer<Observation>> {
        self.observations(query.clone())
    }

    fn list(&self, of: &[ProductGroupId]) -> Result<Answer<Product>> {
        self.products(of)
    }

    fn fetch(
        &self,
        products: &[Product],
        folder: &Path,
        options: &DownloadOptions,
    ) -> Result<Manifest> {
        self.download(products, folder, options)
    }
}

impl Archive for LocalArchive {
    fn find(&self, query: &Query) -> Result<Answer<Observation>> {
        self.observations(query.clone())
    }

    fn list(&self, of: &[ProductGroupId]) -> Result<Answer<Product>> {
        Ok(self.products(of))
    }

    fn fetch(&self, products: &[Product], _: &Path, _: &DownloadOptions) -> Result<Manifest> {
        Ok(self.locate(products))
    }
}
