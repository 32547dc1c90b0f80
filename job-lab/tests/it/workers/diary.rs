//! What handlers of several processes did, in the order in which they did it.

use job_core::{Attempt, JobId};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A file that all processes append to. The order of its lines is a clock that they share: what stands first happened
/// first.
#[derive(Clone, Debug)]
pub(crate) struct Diary {
    path: PathBuf,
    file: Arc<File>,
}

/// A line.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Entry {
    pub(crate) what: What,
    pub(crate) job: JobId,
    pub(crate) attempt: u32,
    pub(crate) process: u32,
    /// Since the epoch.
    pub(crate) at: Duration,
}

/// What a handler did.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum What {
    Begun,
    /// Saw that it should stop.
    Told,
    /// Ran to its end, and is gone.
    Done,
    /// Stopped before that, and is gone.
    Left,
}

impl Diary {
    pub(crate) fn open(path: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        Self { path: path.to_owned(), file: Arc::new(file) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Enters what `attempt` has just done.
    pub(super) fn enter<C>(&self, attempt: &Attempt<C>, what: What) {
        let (job, process) = (attempt.id(), process::id());
        let entry = Entry { what, job, attempt: attempt.number(), process, at: now() };
        let line = serde_json::to_string(&entry).unwrap() + "\n";
        // One call: lines of others come before or after it.
        assert_eq!((&*self.file).write(line.as_bytes()).unwrap(), line.len());
    }

    /// All lines.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let text = std::fs::read_to_string(&self.path).unwrap();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
    }
}

/// Since the epoch.
pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// The entries of that kind.
pub(crate) fn all(entries: &[Entry], what: What) -> Vec<&Entry> {
    entries.iter().filter(|it| it.what == what).collect()
}

/// No two handlers of one job lived at once, and none began after another had run to its end.
pub(crate) fn assert_no_overlap(entries: &[Entry]) {
    let mut last: BTreeMap<JobId, What> = BTreeMap::new();
    for entry in entries.iter().filter(|it| it.what != What::Told) {
        let before = last.insert(entry.job, entry.what);
        match entry.what {
            What::Begun => assert!(matches!(before, None | Some(What::Left)), "after {before:?}: {entry:?}"),
            _ => assert_eq!(before, Some(What::Begun), "{entry:?}"),
        }
    }
}
