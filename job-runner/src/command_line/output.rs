//! Standard output: where it leads, and what is written there.

use super::error::CommandError;
use serde::Serialize;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

/// No terminal is taken to be narrower.
const NARROWEST: usize = 80;

/// Standard output, written in large pieces. Not locked in between: jobs that print wait for nobody.
#[derive(Debug)]
pub(super) struct Output {
    to: BufWriter<Stdout>,
    width: Option<usize>,
}

impl Output {
    pub(super) fn new() -> Self {
        let stdout = io::stdout();
        let width = stdout.is_terminal().then(|| {
            terminal_size::terminal_size().map_or(NARROWEST, |(width, _)| usize::from(width.0).max(NARROWEST))
        });
        Self { to: BufWriter::new(stdout), width }
    }

    /// The columns of the terminal; `None` if it is none.
    pub(super) const fn width(&self) -> Option<usize> {
        self.width
    }

    pub(super) fn line(&mut self, text: &str) -> Result<(), CommandError> {
        Ok(writeln!(self.to, "{text}")?)
    }

    /// One object on a line of its own.
    pub(super) fn json(&mut self, object: &impl Serialize) -> Result<(), CommandError> {
        serde_json::to_writer(&mut self.to, object).map_err(io::Error::from)?;
        self.line("")
    }

    /// Writes what there is, for a command that is about to wait.
    pub(super) fn flush(&mut self) -> Result<(), CommandError> {
        Ok(self.to.flush()?)
    }

    /// Writes what is left. To be called at the end, or an error goes unseen.
    pub(super) fn finish(mut self) -> Result<(), CommandError> {
        Ok(self.to.flush()?)
    }
}
