use crate::observation::ProductGroupId;
use crate::row::row;

row! {
    /// One file of an observation, its columns named as MAST names them; any may be missing or null.
    Product {
        /// The observation the file belongs to.
        obsid: ProductGroupId = "obsID",
        /// The mission, such as `HST`.
        obs_collection: String = "obs_collection",
        /// `image`, `spectrum`, ...
        dataproduct_type: String = "dataproduct_type",
        /// The mission's name of the observation.
        obs_id: String = "obs_id",
        /// What the file is, in words.
        description: String = "description",
        /// `S` simple, `C` composite, `D` derived.
        kind: String = "type",
        /// The file's URI, by which it is fetched.
        data_uri: String = "dataURI",
        /// `SCIENCE`, `PREVIEW`, `AUXILIARY`, `INFO`, `CATALOG` or `THUMBNAIL`.
        product_type: String = "productType",
        /// `Minimum Recommended Products`, or null.
        product_group_description: String = "productGroupDescription",
        /// `DRC`, `DRZ`, `FLC`, `RAW`, ...
        product_sub_group_description: String = "productSubGroupDescription",
        /// A page about such files.
        product_documentation_url: String = "productDocumentationURL",
        /// The project, such as `HAP-SVM`.
        project: String = "project",
        /// The version of the pipeline.
        prvversion: String = "prvversion",
        /// The proposal.
        proposal_id: String = "proposal_id",
        /// The file's name.
        product_filename: String = "productFilename",
        /// The file's size in bytes; null where it is made on demand.
        size: i64 = "size",
        /// The observation whose list this row came from.
        parent_obsid: ProductGroupId = "parent_obsid",
        /// `PUBLIC`, `EXCLUSIVE_ACCESS` or `RESTRICTED`.
        data_rights: String = "dataRights",
        /// How far the data are reduced, -1 to 4; 3 is drizzled.
        calib_level: i64 = "calib_level",
        /// Filters, `;` between them.
        filters: String = "filters",
    }
}

impl Product {
    /// The size in bytes, where it is known.
    pub fn bytes(&self) -> Option<u64> {
        self.size.copied().and_then(|size| u64::try_from(size).ok()).filter(|size| *size > 0)
    }
}

/// One row for each file, in the order of first mention: lists name the same file many times.
pub fn unique_files(products: Vec<Product>) -> Vec<Product> {
    let mut seen = std::collections::HashSet::new();
    let is_new = |product: &Product| match product.data_uri.value() {
        Some(uri) => seen.insert(uri.clone()),
        None => true,
    };
    let mut is_new = is_new;
    products.into_iter().filter(|product| is_new(product)).collect()
}
