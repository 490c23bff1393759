/// Why a header does not give world coordinates; `Display` ends with the keyword or the code at fault.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WcsError {
    /// A keyword without which no position can be given.
    #[error("the header has no {0}")]
    MissingKeyword(String),
    /// A keyword whose value cannot be used.
    #[error("{problem}: {keyword} = {value}")]
    BadValue {
        /// The keyword.
        keyword: String,
        /// Its value as text.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The first two axes are not a longitude and a latitude.
    #[error("axes 1 and 2 are not a pair of sky coordinates: CTYPE1 = {0}, CTYPE2 = {1}")]
    NotCelestial(String, String),
    /// A projection that is not computed here, rather than computed wrongly.
    #[error("the projection is not supported: {0}")]
    UnsupportedProjection(String),
    /// The linear part maps the image to a line or a point.
    #[error("the matrix cannot be inverted: {0}")]
    SingularMatrix(&'static str),
    /// The header refers to a lookup table that was not given.
    #[error("{keyword} refers to a lookup table that is not there: EXTVER {version}")]
    MissingTable {
        /// `CPDIS1`, `CPDIS2`, `D2IMDIS1` or `D2IMDIS2`.
        keyword: String,
        /// The version of the table extension.
        version: i64,
    },
}

impl WcsError {
    pub(super) fn bad(keyword: &str, value: impl ToString, problem: &'static str) -> Self {
        let text = value.to_string();
        let value = match text.parse::<f64>() {
            // 1e300 rather than all its zeros.
            Ok(number) if text.len() > 30 => format!("{number:e}"),
            _ => text,
        };
        Self::BadValue { keyword: keyword.to_owned(), value, problem }
    }
}

pub(super) type Result<T, E = WcsError> = std::result::Result<T, E>;
