use std::path::PathBuf;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause below an [`Error`].
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong, sorted by who can act: the network, the service, the files it sent, the disk, the caller.
///
/// No message and no field ever holds an access token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // The network.
    /// No connection, or no answer on it.
    #[error("cannot reach {url}")]
    Unreachable {
        /// The address that was asked.
        url: String,
        /// What the connection said.
        source: Cause,
    },
    /// The connection ended inside the answer.
    #[error("the connection was cut after {received} bytes of {url}")]
    Cut {
        /// The address that was asked.
        url: String,
        /// Bytes of the body that came.
        received: u64,
        /// What the connection said.
        source: Cause,
    },
    /// Nothing came for longer than the idle limit.
    #[error("nothing came for {idle_s} s from {url}")]
    Stalled {
        /// The address that was asked.
        url: String,
        /// The idle limit.
        idle_s: f64,
    },
    /// The whole of an operation took longer than it may.
    #[error("the deadline passed while waiting for {url}")]
    Deadline {
        /// The address that was asked last.
        url: String,
    },
    /// This machine has no certificates to check an https server with.
    #[error("no certificates to check {url} with")]
    NoTrustStore {
        /// The address that was asked.
        url: String,
        /// What the TLS library said.
        source: Cause,
    },
    /// The caller cancelled.
    #[error("cancelled")]
    Cancelled,

    // The service.
    /// An HTTP status that is not a success.
    #[error("status {status} from {url}: {body}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The address that answered.
        url: String,
        /// The beginning of the body, at most 2 KiB.
        body: String,
        /// How long the server asks to wait.
        retry_after: Option<std::time::Duration>,
    },
    /// A redirection that must not be followed.
    #[error("{from} redirects to {to}: {problem}")]
    Redirect {
        /// Where the redirection came from.
        from: String,
        /// Where it leads.
        to: String,
        /// Why it is not followed.
        problem: &'static str,
    },
    /// The service understood and says that it failed.
    #[error("{service} failed: {message}")]
    Service {
        /// The service's name.
        service: String,
        /// Its own words.
        message: String,
    },
    /// An answer that is not what the protocol says, such as a maintenance page.
    #[error("{problem} in the answer of {url}, which starts with \"{start}\"")]
    UnexpectedContent {
        /// The address that answered.
        url: String,
        /// What is wrong with it.
        problem: String,
        /// Its first 512 bytes.
        start: String,
    },
    /// Fewer rows came than the service promised.
    #[error("{delivered} rows of {promised} came from {service}")]
    IncompleteResult {
        /// The service's name.
        service: String,
        /// Rows that came.
        delivered: u64,
        /// Rows it promised.
        promised: u64,
    },
    /// The service gave the same page twice.
    #[error("page {page} came instead of page {asked} from {service}")]
    PageStuck {
        /// The service's name.
        service: String,
        /// The page asked for.
        asked: u64,
        /// The page that came.
        page: u64,
    },
    /// More rows than the service can deliver.
    #[error("{rows} rows are more than {limit}; ask for a smaller place or filter by more columns")]
    ResultTooLarge {
        /// Rows counted before the query.
        rows: u64,
        /// The most that may be asked for.
        limit: u64,
    },

    // The files it sent.
    /// A partial answer that is not the part asked for.
    #[error("asked {url} for {asked}, got {answered}")]
    WrongRange {
        /// The address that answered.
        url: String,
        /// The range asked for.
        asked: String,
        /// The range in the answer.
        answered: String,
    },
    /// A file that is no longer the one that was opened.
    #[error("changed while it was being read: {url}")]
    Changed {
        /// The address of the file.
        url: String,
    },
    /// A file of another length than announced.
    #[error("{found} bytes instead of {expected} in {name}")]
    WrongLength {
        /// The file's name.
        name: String,
        /// The length announced.
        expected: u64,
        /// The length that came.
        found: u64,
    },
    /// The first bytes are not those of such a file.
    #[error("not {expected} but \"{start}\" at the start of {name}")]
    WrongContent {
        /// The file's name.
        name: String,
        /// What it should be.
        expected: &'static str,
        /// Its first bytes.
        start: String,
    },
    /// The caller's own check of a file's structure failed.
    #[error("the check refused {name}")]
    Rejected {
        /// The file's name.
        name: String,
        /// What the check said.
        source: Cause,
    },
    /// A name that would not stay in the folder, or is no name at all.
    #[error("unsafe file name from the server: {name:?}")]
    UnsafeName {
        /// The name as it came.
        name: String,
    },

    // The disk.
    /// A file or folder that cannot be read or written.
    #[error("cannot {action} {}", path.display())]
    Disk {
        /// What was tried: `read`, `write`, ...
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Too little room for what is to be fetched.
    #[error("{needed} bytes needed, {free} free in {}", folder.display())]
    DiskFull {
        /// Bytes of the files to fetch.
        needed: u64,
        /// Bytes free.
        free: u64,
        /// The folder.
        folder: PathBuf,
    },
    /// Another process is fetching the same file and did not finish in time.
    #[error("another process holds {}", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A line of an index, manifest or recording that cannot be read.
    #[error("cannot understand line {line} of {}", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What the parser said.
        source: serde_json::Error,
    },

    // The caller.
    /// Neither a place nor a filter.
    #[error("a query needs a cone or at least one filter")]
    NothingAsked,
    /// Two files would get one name.
    #[error("{first} and {second} would both be saved as {name}")]
    Collision {
        /// The name.
        name: String,
        /// The first file's URI.
        first: String,
        /// The second file's URI.
        second: String,
    },
    /// More bytes than the caller allows.
    #[error("{bytes} bytes to fetch, more than {limit}")]
    TooManyBytes {
        /// Bytes of the files to fetch.
        bytes: u64,
        /// The caller's limit.
        limit: u64,
    },
    /// No such column.
    #[error("no column is called {column}{}", hint(nearest))]
    UnknownColumn {
        /// The name asked for.
        column: String,
        /// The nearest one there is.
        nearest: Option<String>,
    },
    /// A filter value that does not fit its column.
    #[error("{problem} for column {column}: \"{value}\"")]
    BadFilter {
        /// The column.
        column: String,
        /// The value as given.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Text that names no image spec.
    #[error("not TELESCOPE-INSTRUMENT-DETECTOR-FILTER: \"{text}\"")]
    BadSpec {
        /// The text.
        text: String,
    },
    /// An address that cannot be used.
    #[error("not a usable address: {url}")]
    BadUrl {
        /// The address.
        url: String,
    },
    /// A name no resolver knows.
    #[error("no resolver knows \"{name}\"")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// A replay was asked for what was not recorded.
    #[error("not recorded: {request}{}", hint(nearest))]
    NotRecorded {
        /// The request, without secrets.
        request: String,
        /// The nearest one that was recorded.
        nearest: Option<String>,
    },
    /// A file that is not in this archive, or was asked for with no network allowed.
    #[error("not available here: {uri}")]
    NotAvailable {
        /// The file's URI.
        uri: String,
    },
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!("; the nearest is {name}"))
}

impl Error {
    /// Whether asking again later may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Cut { .. }
            | Self::Stalled { .. }
            | Self::WrongLength { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            _ => false,
        }
    }

    /// This error and its causes, each on a line of its own, outermost first.
    pub fn chain(&self) -> Vec<String> {
        let mut lines = vec![self.to_string()];
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            lines.push(cause.to_string());
            next = cause.source();
        }
        lines
    }

    pub(crate) fn disk(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Disk { action, path, source }
    }
}

/// The beginning of an untrusted answer, fit for a message: printable, one line, at most `limit` bytes.
pub(crate) fn beginning(body: &[u8], limit: usize) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(limit)]);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}
