//! Public copies of the archive's files, by the archive's own path service.

use serde_json::Value;

use super::{Hub, lock};
use crate::download::DOWNLOAD;
use crate::transport::{Headers, Method, encode_query_value, read_body};
use crate::{Error, Result};

const LOOK_UP: &str = "/api/v0.1/path_lookup/";
/// The service refuses more.
const AT_ONCE: usize = 40;
const BODY_LIMIT: usize = 1 << 20;

impl Hub {
    pub(super) fn download_url(&self, uri: &str) -> String {
        let uri = encode_query_value(uri, b":/");
        format!("{}{DOWNLOAD}?uri={uri}", self.options.archive_url)
    }

    /// Address of the public copy of `uri`.
    pub(super) fn copy_of(&self, uri: &str) -> Option<String> {
        let cloud = self.options.cloud_url.as_ref()?;
        self.look_up([uri]);
        let path = lock(&self.paths).get(uri).cloned().flatten()?;
        let key = encode_query_value(path.trim_start_matches('/'), b"/");
        Some(format!("{}/{key}", cloud.trim_end_matches('/')))
    }

    pub(super) fn look_up<'a>(&self, uris: impl IntoIterator<Item = &'a str>) {
        if self.options.cloud_url.is_none() {
            return;
        }
        let known = lock(&self.paths).clone();
        let uris: Vec<_> = uris.into_iter().filter(|uri| !known.contains_key(*uri)).collect();
        for uris in uris.chunks(AT_ONCE) {
            let found = self.paths_of(uris).unwrap_or_default();
            let path = |uri: &str| found[uri]["path"].as_str().map(str::to_owned);
            let all = uris.iter().map(|uri| ((*uri).to_owned(), path(uri)));
            lock(&self.paths).extend(all);
        }
    }

    fn paths_of(&self, uris: &[&str]) -> Result<Value> {
        let asked: String =
            uris.iter().map(|uri| format!("uri={}&", encode_query_value(uri, b":/"))).collect();
        let url = format!("{}{LOOK_UP}?{asked}use_cloud_path=true", self.options.archive_url);
        let limits = self.limits();
        let body = self.options.retries.run(&limits, &url, || {
            self.wait(&url, &limits)?;
            let _counted = self.meter.request();
            let request = self.request(Method::Get, &url, Headers::default(), limits.clone());
            let body = read_body(self.transport.send(&request)?.success()?, BODY_LIMIT)?;
            self.meter.came(body.len() as u64);
            Ok(body)
        })?;
        serde_json::from_slice(&body).map_err(|error| Error::UnexpectedContent {
            problem: error.to_string(),
            start: crate::error::beginning(&body, 512),
            url,
        })
    }
}
