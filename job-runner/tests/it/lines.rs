//! What is logged, as text.

use parking_lot::Mutex;
use std::{io, sync::Arc};
use tracing::{Level, subscriber::DefaultGuard};
use tracing_subscriber::fmt::MakeWriter;

/// The lines that this thread logs, as `LEVEL message`, from INFO on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Keeps what is logged until the guard is dropped.
    pub(crate) fn keep() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(lines.clone())
            .with_max_level(Level::INFO)
            .with_ansi(false)
            .with_target(false)
            .without_time()
            .finish();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn all(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().clone()).unwrap();
        text.lines().map(|it| it.trim().to_owned()).collect()
    }

    /// Those with `part` in them.
    pub(crate) fn with(&self, part: &str) -> Vec<String> {
        self.all().into_iter().filter(|it| it.contains(part)).collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
