use std::collections::HashSet;
use std::time::Duration;

use astro_coords::{Angle, SkyCoord};
use serde_json::{Value, json};

use crate::answer::{Paging, Reply, read_reply};
use crate::mashup::INVOKE;
use crate::patience::{Gate, Pace, jitter};
use crate::transport::{Encoding, Headers, Method, Request, read_body};
use crate::{
    Answer, AnyRow, Cancel, Error, Https, Limits, MashupRequest, Observation, Product,
    ProductGroupId, Query, Result, Retries, Row, Token, Transport, unique_files,
};

/// The archive itself.
pub const MAST: &str = "https://mast.stsci.edu";

/// More metadata in one answer is an attack or a mistake.
const BODY_LIMIT: usize = 2 << 30;
/// Beyond this the service resets the connection instead of answering.
const ROWS_LIMIT: u64 = 500_000;
/// From here on a cut connection is taken for that.
const ROWS_RISKY: u64 = 400_000;
/// Observations in one question for products.
const BATCH: usize = 500;

/// How a [`MastClient`] asks. The defaults suit the archive; another server may take more.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The archive's address, without a slash at its end.
    pub base_url: String,
    /// The access token; sent to the host of `base_url` only.
    pub token: Option<Token>,
    /// Rows a page.
    pub page_size: u64,
    /// The longest time for one verb on metadata, polls, pages and repetitions included.
    pub deadline: Duration,
    /// The longest time without a byte.
    pub idle: Duration,
    /// The pause between polls of a running job, at first and at most.
    pub poll: (Duration, Duration),
    /// How failed requests are repeated.
    pub retries: Retries,
    /// Requests for metadata at a time.
    pub metadata_at_a_time: usize,
    /// Requests started a second, downloads included.
    pub requests_per_second: f64,
    /// From this radius on, and without a place, the rows are counted before they are asked for.
    pub count_first_beyond: Angle,
    /// The key that keeps the service from answering out of its cache; `None` allows that.
    pub cache_breaker: Option<String>,
    /// Stops everything this client does.
    pub cancel: Cancel,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            base_url: MAST.to_owned(),
            token: None,
            page_size: 50_000,
            deadline: Duration::from_secs(600),
            idle: Duration::from_secs(60),
            poll: (Duration::from_millis(250), Duration::from_secs(5)),
            retries: Retries::default(),
            metadata_at_a_time: 2,
            requests_per_second: 5.0,
            count_first_beyond: Angle::from_degrees(2.0),
            cache_breaker: None,
            cancel: Cancel::new(),
        }
    }
}

/// A client of the archive: resolves names, finds observations and products, and downloads files.
///
/// It may be shared between threads; its limits on the archive's load hold for all of them together.
#[derive(Debug)]
pub struct MastClient<T = Https> {
    pub(crate) transport: T,
    pub(crate) options: ClientOptions,
    pub(crate) pace: Pace,
    metadata: Gate,
}

impl Default for MastClient {
    fn default() -> Self {
        Self::new(Https::default(), ClientOptions::default())
    }
}

impl<T: Transport> MastClient<T> {
    /// A client of the archive at its usual address, over `transport`.
    pub fn with_transport(transport: T) -> Self {
        Self::new(transport, ClientOptions::default())
    }

    /// A client that asks as `options` say.
    pub fn new(transport: T, options: ClientOptions) -> Self {
        let metadata = Gate::new(options.metadata_at_a_time);
        let pace = Pace::new(options.requests_per_second);
        let base_url = options.base_url.trim_end_matches('/').to_owned();
        Self { transport, options: ClientOptions { base_url, ..options }, pace, metadata }
    }

    /// How this client asks.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// The place of the object called `name`.
    ///
    /// # Errors
    /// When no resolver knows the name, or the service cannot be asked.
    pub fn resolve(&self, name: &str) -> Result<SkyCoord> {
        let params = json!({ "input": name, "format": "json" });
        let request = MashupRequest::new("Mast.Name.Lookup", params);
        let body = self.post(&request, &self.limits())?;
        first_place(&body).ok_or_else(|| Error::UnknownName { name: name.to_owned() })
    }

    /// The observations that answer `query`: a [`Cone`](crate::Cone), [`Criteria`](crate::Criteria) or both.
    ///
    /// A cone finds every footprint that meets it. Rows are counted first where the query is wide, and all
    /// pages are fetched.
    ///
    /// # Errors
    /// When the query asks nothing or too much, or the service fails or answers less than it promised.
    pub fn observations(&self, query: impl Into<Query>) -> Result<Answer<Observation>> {
        let query = query.into();
        let limits = self.limits();
        let wide = query.cone.is_none_or(|cone| cone.radius > self.options.count_first_beyond);
        let counted = if wide { Some(self.count_within(&query, &limits)?) } else { None };
        if let Some(rows) = counted.filter(|rows| *rows > ROWS_LIMIT) {
            return Err(Error::ResultTooLarge { rows, limit: ROWS_LIMIT });
        }
        let requests = query.requests()?;
        let mut whole = Answer::default();
        for (service, params) in &requests {
            let rows = self.rows(service, params.clone(), &limits);
            whole.append(rows.map_err(|error| too_large(error, counted))?);
        }
        if requests.len() > 1 {
            let mut seen = HashSet::new();
            whole
                .rows
                .retain(|row: &Observation| row.obsid.copied().is_none_or(|id| seen.insert(id)));
        }
        Ok(whole)
    }

    /// How many observations answer `query`, counted by the service.
    ///
    /// # Errors
    /// When the query asks nothing, or the service fails.
    pub fn count(&self, query: impl Into<Query>) -> Result<u64> {
        self.count_within(&query.into(), &self.limits())
    }

    fn count_within(&self, query: &Query, limits: &Limits) -> Result<u64> {
        let mut sum = 0;
        for (service, params) in query.count_requests()? {
            let answer = self.rows::<AnyRow>(service, params, limits)?;
            let cell = answer.rows.first().and_then(|row| row.cells.first());
            let number = cell.and_then(|(_, cell)| cell.to_string().parse::<u64>().ok());
            sum += number.ok_or_else(|| Error::Service {
                service: service.to_owned(),
                message: "no number of rows in the answer to a count".to_owned(),
            })?;
        }
        Ok(sum)
    }

    /// The files of observations, one row a file however often it is listed; 500 observations a request.
    ///
    /// # Errors
    /// When the service fails or answers less than it promised.
    pub fn products(&self, of: &[ProductGroupId]) -> Result<Answer<Product>> {
        let limits = self.limits();
        let mut whole = Answer::default();
        for batch in of.chunks(BATCH) {
            let ids: Vec<_> = batch.iter().map(ToString::to_string).collect();
            let params = json!({ "obsid": ids.join(",") });
            whole.append(self.rows("Mast.Caom.Products", params, &limits)?);
        }
        whole.rows = unique_files(whole.rows);
        Ok(whole)
    }

    /// All rows that any service of the portal answers to `params`, as they come.
    ///
    /// # Errors
    /// When the service fails or answers less than it promised.
    pub fn ask(&self, service: &str, params: Value) -> Result<Answer<AnyRow>> {
        self.rows(service, params, &self.limits())
    }

    pub(crate) fn limits(&self) -> Limits {
        let options = &self.options;
        Limits::starting_now(options.deadline, options.idle, &options.cancel)
    }

    fn rows<R: Row>(&self, service: &str, params: Value, limits: &Limits) -> Result<Answer<R>> {
        let mut request = MashupRequest::new(service, params);
        request.page_size = self.options.page_size;
        let key = self.options.cache_breaker.clone();
        request.cache_breaker = key.map(|key| (key, fresh()));
        let mut whole = Answer::default();
        loop {
            let (page, paging) = self.page::<R>(&request, limits)?;
            let paging = check_page(&request, page.rows.len(), paging)?;
            whole.append(page);
            let Some(paging) = paging else { return Ok(whole) };
            if i64::try_from(request.page).is_ok_and(|page| page >= paging.pages_filtered) {
                return complete(whole, &request.service, paging);
            }
            request.page += 1;
        }
    }

    fn page<R: Row>(
        &self,
        request: &MashupRequest,
        limits: &Limits,
    ) -> Result<(Answer<R>, Option<Paging>)> {
        let (mut pause, longest) = self.options.poll;
        loop {
            let body = self.post(request, limits)?;
            match read_reply(&body, &request.service, &self.url(INVOKE))? {
                Reply::Page { answer, paging } => return Ok((answer, paging)),
                Reply::Executing => limits.sleep(jitter(pause), &self.url(INVOKE))?,
            }
            pause = pause.saturating_mul(2).min(longest);
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.options.base_url)
    }

    fn post(&self, request: &MashupRequest, limits: &Limits) -> Result<Vec<u8>> {
        let mut headers = Headers::default();
        headers.push("content-type", "application/x-www-form-urlencoded");
        headers.push("accept", "text/plain, application/json");
        let request = Request {
            method: Method::Post,
            url: self.url(INVOKE),
            headers,
            body: request.body(),
            token: self.options.token.clone(),
            encoding: Encoding::Compressed,
            limits: limits.clone(),
        };
        self.options.retries.run(limits, &request.url, || {
            let _pass = self.metadata.enter(limits, &request.url)?;
            self.pace.wait(limits, &request.url)?;
            read_body(self.transport.send(&request)?.success()?, BODY_LIMIT)
        })
    }
}

fn fresh() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    format!("{:016x}", RandomState::new().hash_one(std::time::Instant::now()))
}

/// A page must be the one asked for, with as many rows as it says.
fn check_page(
    request: &MashupRequest,
    rows: usize,
    paging: Option<Paging>,
) -> Result<Option<Paging>> {
    let Some(paging) = paging else { return Ok(None) };
    let asked = request.page;
    let page = u64::try_from(paging.page).unwrap_or_default();
    if paging.pages_filtered > 1 && page != asked {
        return Err(Error::PageStuck { service: request.service.clone(), asked, page });
    }
    let promised = u64::try_from(paging.rows).unwrap_or_default();
    let delivered = rows as u64;
    if delivered < promised {
        return Err(Error::IncompleteResult {
            service: request.service.clone(),
            delivered,
            promised,
        });
    }
    Ok(Some(paging))
}

fn complete<R>(whole: Answer<R>, service: &str, paging: Paging) -> Result<Answer<R>> {
    let promised = u64::try_from(paging.rows_filtered).unwrap_or_default();
    let delivered = whole.rows.len() as u64;
    if delivered < promised {
        return Err(Error::IncompleteResult { service: service.to_owned(), delivered, promised });
    }
    Ok(whole)
}

fn too_large(error: Error, counted: Option<u64>) -> Error {
    match (&error, counted) {
        (Error::Cut { .. } | Error::Unreachable { .. }, Some(rows)) if rows > ROWS_RISKY => {
            Error::ResultTooLarge { rows, limit: ROWS_RISKY }
        }
        _ => error,
    }
}

/// The first answer of the name service; a later resolver only repeats it.
fn first_place(body: &[u8]) -> Option<SkyCoord> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    answer.get("resolvedCoordinate")?.as_array()?.iter().find_map(|found| {
        let number = |key| match found.get(key)? {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        };
        let dec = number("decl").or_else(|| number("dec"))?;
        Some(SkyCoord::from_degrees(number("ra")?, dec))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_first_place_found() {
        let body = br#"{"resolvedCoordinate":[{"resolver":"X"},
            {"ra":124.5,"decl":"-68.25"},{"ra":1,"decl":2}]}"#;
        assert_eq!(first_place(body), Some(SkyCoord::from_degrees(124.5, -68.25)));
        assert_eq!(first_place(br#"{"resolvedCoordinate":[]}"#), None);
        assert_eq!(first_place(b"<html>"), None);
    }
}
