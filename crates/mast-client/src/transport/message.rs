use std::fmt;
use std::time::Duration;

use super::Token;
use crate::{Error, Limits, Result};

/// The HTTP method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Asks for a resource.
    Get,
    /// Asks for a resource's headers.
    Head,
    /// Sends a body.
    Post,
}

impl Method {
    /// The method as HTTP spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
        }
    }
}

/// Whether the server may compress the body on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Yes: for answers that are read at once.
    Compressed,
    /// No: for files, whose length and byte ranges must be those of the file itself.
    Identity,
}

/// The headers of a request or of an answer, in order; names are compared without case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// The first value of `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Adds a header.
    pub fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// The length of the body, where it is announced.
    pub fn content_length(&self) -> Option<u64> {
        self.value("content-length")?.trim().parse().ok()
    }

    /// How long the server asks to wait: seconds, or until a date.
    pub fn retry_after(&self) -> Option<Duration> {
        let value = self.value("retry-after")?.trim();
        if let Ok(seconds) = value.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Duration::from_secs(http_date(value)?.saturating_sub(now.as_secs())))
    }
}

/// One request, with what it may take.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: String,
    /// The headers, without the token.
    pub headers: Headers,
    /// The body; empty unless the method is [`Method::Post`].
    pub body: Vec<u8>,
    /// The token for the host of `url`, and for no other.
    pub token: Option<Token>,
    /// Whether the body may be compressed on its way.
    pub encoding: Encoding,
    /// How long it may take.
    pub limits: Limits,
}

/// The body of an answer, piece by piece as it comes.
pub type Body = Box<dyn Iterator<Item = Result<Vec<u8>>> + Send>;

/// The answer to a [`Request`]: any status, its headers, and the body still to be read.
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The address that answered, after redirections.
    pub url: String,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: Body,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("url", &self.url)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

impl Response {
    /// Turns a status of 400 and above into [`Error::Refused`] with the beginning of the body.
    ///
    /// # Errors
    /// When the status is one.
    pub fn success(self) -> Result<Self> {
        if self.status < 400 {
            return Ok(self);
        }
        let mut start = Vec::new();
        for piece in self.body {
            let Ok(piece) = piece else { break };
            start.extend_from_slice(&piece);
            if start.len() >= 2048 {
                break;
            }
        }
        Err(Error::Refused {
            status: self.status,
            url: self.url,
            body: crate::error::beginning(&start, 2048),
            retry_after: self.headers.retry_after(),
        })
    }
}

/// The whole body, at most `limit` bytes.
pub(crate) fn read_body(response: Response, limit: usize) -> Result<Vec<u8>> {
    let mut whole = Vec::new();
    for piece in response.body {
        whole.extend_from_slice(&piece?);
        if whole.len() > limit {
            return Err(Error::UnexpectedContent {
                problem: format!("more than {limit} bytes"),
                start: crate::error::beginning(&whole, 512),
                url: response.url,
            });
        }
    }
    Ok(whole)
}

/// Percent-encodes `text` as one query value; letters, digits, `-._~` and the bytes of `keep` stay.
pub(crate) fn encode_query_value(text: &str, keep: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len() + text.len() / 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}

/// Seconds since 1970 of `Wed, 21 Oct 2015 07:28:00 GMT` (RFC 9110, sect. 5.6.7).
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: i64 = words.next()?.parse().ok()?;
    let name = words.next().filter(|name| name.len() == 3)?;
    let month = i64::try_from(MONTHS.find(name)? / 3).ok()? + 1;
    let year: i64 = words.next()?.parse().ok().filter(|year| (1970..10_000).contains(year))?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let seconds = clock.next()?? * 3600 + clock.next()?? * 60 + clock.next()??;
    u64::try_from(days_since_1970(year, month, day) * 86_400 + seconds).ok()
}

/// Days of the civil calendar, by counting from 1 March so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http_are_read() {
        assert_eq!(http_date("Wed, 21 Oct 2015 07:28:00 GMT"), Some(1_445_412_480));
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Thu, 29 Feb 2024 12:00:00 GMT"), Some(1_709_208_000));
        for text in ["", "soon", "Wed, 21 Foo 2015 07:28:00 GMT", "Wed, 21 Oct 2015"] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let headers = |value: &str| Headers(vec![("Retry-After".to_owned(), value.to_owned())]);
        assert_eq!(headers("7").retry_after(), Some(Duration::from_secs(7)));
        let past = headers("Wed, 21 Oct 2015 07:28:00 GMT").retry_after();
        assert_eq!(past, Some(Duration::ZERO));
        assert_eq!(headers("later").retry_after(), None);
    }

    #[test]
    fn a_uri_becomes_one_query_value() {
        let uri = "mast:HLA/url/cgi-bin/getdata.cgi?download=1&filename=a b";
        let expected = "mast:HLA/url/cgi-bin/getdata.cgi%3Fdownload%3D1%26filename%3Da%20b";
        assert_eq!(encode_query_value(uri, b":/"), expected);
    }
}
