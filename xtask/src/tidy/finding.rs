//! What tidy has to say about one line.

use std::fmt;

/// A place and what to do there; sorts by place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    advice: String,
}

impl Finding {
    /// `line` counts from 1.
    pub(crate) fn new(path: &str, line: usize, advice: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, advice: advice.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.advice)
    }
}

/// The findings as a user sees them, for tests.
#[cfg(test)]
pub(crate) fn printed(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(Finding::to_string).collect()
}
