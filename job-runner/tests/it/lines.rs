//! What is logged, as text.

use std::{cell::RefCell, io, sync::Once};
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

thread_local! {
    /// What this thread has logged, if somebody keeps it.
    static KEPT: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The lines that this thread logs, as `LEVEL message`, from INFO on.
#[derive(Debug)]
pub(crate) struct Lines(());

/// Puts every event where its thread may keep it. One subscriber for the process, and before anything is logged: what
/// a thread's own subscriber hears depends on what other threads log for the first time just then.
pub(crate) fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        tracing_subscriber::fmt()
            .with_writer(ToKept)
            .with_max_level(Level::INFO)
            .with_ansi(false)
            .with_target(false)
            .without_time()
            .init();
    });
}

impl Lines {
    /// Keeps what is logged from now on.
    pub(crate) fn keep() -> Self {
        listen();
        KEPT.set(Some(Vec::new()));
        Self(())
    }

    pub(crate) fn all(&self) -> Vec<String> {
        let text = KEPT.with_borrow(|kept| String::from_utf8(kept.clone().unwrap()).unwrap());
        text.lines().map(|it| it.trim().to_owned()).collect()
    }

    /// Those with `part` in them.
    pub(crate) fn with(&self, part: &str) -> Vec<String> {
        self.all().into_iter().filter(|it| it.contains(part)).collect()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        KEPT.set(None);
    }
}

#[derive(Clone, Copy, Debug)]
struct ToKept;

impl io::Write for ToKept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        KEPT.with_borrow_mut(|kept| kept.iter_mut().for_each(|it| it.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for ToKept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}
