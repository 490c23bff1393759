use serde::Serialize;
use serde_json::Value;

use crate::transport::encode_query_value;

/// Address of the portal's services below the base URL.
pub(crate) const INVOKE: &str = "/api/v0/invoke";

/// A request to a Mashup service of the portal, serialised anew for every page.
#[derive(Debug, Clone, PartialEq)]
pub struct MashupRequest {
    /// The service, such as `Mast.Caom.Cone`.
    pub service: String,
    /// Its parameters, an object.
    pub params: Value,
    /// The page, from 1.
    pub page: u64,
    /// Rows a page.
    pub page_size: u64,
    /// Seconds the server works before it answers `EXECUTING`.
    pub timeout_s: u64,
    /// Key and value that keep the server from answering out of its cache; the same for all polls of a job.
    pub cache_breaker: Option<(String, String)>,
}

#[derive(Serialize)]
struct Wire<'a> {
    service: &'a str,
    params: &'a Value,
    format: &'static str,
    pagesize: u64,
    page: u64,
    timeout: String,
    #[serde(flatten)]
    cache_breaker: std::collections::BTreeMap<&'a str, &'a str>,
}

impl MashupRequest {
    /// A request for the first page of `service`.
    pub fn new(service: impl Into<String>, params: Value) -> Self {
        let service = service.into();
        Self { service, params, page: 1, page_size: 50_000, timeout_s: 20, cache_breaker: None }
    }

    /// The JSON object of the request.
    pub fn json(&self) -> String {
        let breaker = self.cache_breaker.iter();
        let wire = Wire {
            service: &self.service,
            params: &self.params,
            format: "json",
            pagesize: self.page_size,
            page: self.page,
            timeout: self.timeout_s.to_string(),
            cache_breaker: breaker.map(|(key, value)| (key.as_str(), value.as_str())).collect(),
        };
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// The body of the POST: one form field.
    pub fn body(&self) -> Vec<u8> {
        format!("request={}", encode_query_value(&self.json(), b"")).into_bytes()
    }
}

/// The value of `field` in a form body.
pub(crate) fn decode_form(body: &str, field: &str) -> Option<String> {
    let value = body.split('&').find_map(|pair| pair.strip_prefix(field)?.strip_prefix('='))?;
    percent_decode(value)
}

/// Undoes percent-encoding and `+` for blanks; `None` when the result is no UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let hex = hex.and_then(|pair| std::str::from_utf8(pair).ok());
        if let Some(byte) = hex.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            decoded.push(byte);
            at += 3;
        } else {
            decoded.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
            at += 1;
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_form_field() {
        let mut request =
            MashupRequest::new("Mast.Caom.Products", serde_json::json!({ "obsid": "1,2" }));
        request.page = 3;
        request.cache_breaker = Some(("cachebreaker".to_owned(), "x&y".to_owned()));
        let body = String::from_utf8(request.body()).unwrap();
        assert!(
            body.starts_with("request=%7B%22service%22%3A%22Mast.Caom.Products%22%2C"),
            "{body}"
        );
        assert!(!body[8..].contains(['&', '=', '+', ' ', '"']), "{body}");
        assert_eq!(
            decode_form(&body, "request").unwrap(),
            r#"{"service":"Mast.Caom.Products","params":{"obsid":"1,2"},"format":"json","pagesize":50000,"page":3,"timeout":"20","cachebreaker":"x&y"}"#
        );
    }

    #[test]
    fn forms_decode_as_browsers_send_them() {
        assert_eq!(decode_form("a=1&request=%7b+%7D&b=2", "request").as_deref(), Some("{ }"));
        assert_eq!(decode_form("a=1", "request"), None);
        assert_eq!(percent_decode("100%"), Some("100%".to_owned()));
        assert_eq!(percent_decode("%ff"), None);
    }
}
