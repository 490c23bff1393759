use std::fmt;

/// An access token; it shows itself to nobody but the server it is for.
///
/// It is kept apart from a request's headers, so that neither logs, recordings, cache keys nor errors can
/// hold it, and a transport attaches it only while the host is the one first asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token as the archive issued it.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into().trim().to_owned())
    }

    /// The token of the environment variable `MAST_API_TOKEN`, where it is set and not empty.
    pub fn from_env() -> Option<Self> {
        std::env::var("MAST_API_TOKEN").ok().map(Self::new).filter(|token| !token.0.is_empty())
    }

    pub(crate) fn authorization(&self) -> String {
        format!("token {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(...)")
    }
}
