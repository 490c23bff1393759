/// How strictly a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// Exactly what DS9 8.4 loads; the first error ends the reading.
    Strict,
    /// What DS9 loads and what can safely be understood beyond it, each with a warning; the first error ends the
    /// reading.
    #[default]
    Default,
    /// As [`Mode::Default`], but a bad statement is skipped and noted, and the rest is read.
    Recover,
}

/// The choices of reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseOptions {
    /// How strictly.
    pub mode: Mode,
    /// Errors, and as many warnings, that are kept; all are counted.
    pub max_diagnostics: usize,
    /// The longest statement that a stream holds, in bytes; a longer one is an error of the file. What lies in
    /// memory already is not limited.
    pub max_statement: usize,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self { mode: Mode::Default, max_diagnostics: 1000, max_statement: 16 << 20 }
    }
}
