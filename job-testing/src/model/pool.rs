//! Few names, keys and texts, each by its number, so that generated jobs meet.

use crate::factory::named;
use job_core::{
    About, JobId, Json, LockName, Note, NoteKind, QueueName, SectionName, Tag, Target, Timestamp, Turn,
    TypeName, UniqueKey, store::Switch,
};

/// How many types and queues there are.
pub(super) const TYPES: u8 = 3;
pub(super) const QUEUES: u8 = 2;

pub(super) fn type_name(n: u8) -> TypeName {
    named(["diff", "Heat", "mail"][usize::from(n % TYPES)])
}

/// In the order of their bytes, the second comes first.
pub(super) fn queue(n: u8) -> QueueName {
    named(["default", "Slow"][usize::from(n % QUEUES)])
}

/// They differ only in case.
pub(super) fn key(n: u8) -> UniqueKey {
    UniqueKey::stored(["key", "Key"][usize::from(n % 2)])
}

/// They differ only in case.
pub(super) fn turn(n: u8) -> Turn {
    Turn::new(["turn", "Turn"][usize::from(n % 2)])
}

pub(super) fn target(n: u8) -> Option<Target> {
    Target::new(format!("proposal {n}")).ok()
}

pub(super) fn tag(n: u8) -> Option<Tag> {
    Tag::new(format!("tag {n}")).ok()
}

pub(super) fn args(n: u8) -> Json {
    Json::stored(format!(r#"{{"n": {n}, "name": "Zoë"}}"#))
}

pub(super) fn lock(n: u8) -> LockName {
    named(["section/a", "section/b"][usize::from(n % 2)])
}

pub(super) fn switch(n: u8) -> Switch {
    let section: SectionName = named("nightly");
    match n % (TYPES + QUEUES + 1) {
        n if n < TYPES => Switch::PauseType(type_name(n)),
        n if n < TYPES + QUEUES => Switch::PauseQueue(queue(n - TYPES)),
        _ => Switch::DisableSection(section),
    }
}

/// What notes hang on: a job, if there is one, a section, or the store.
pub(super) fn about(n: u8, job: Option<JobId>) -> About {
    match (n % 4, job) {
        (0 | 1, Some(id)) => About::Job(id),
        (2, _) => About::Section(named("nightly")),
        _ => About::Store,
    }
}

pub(super) fn kind(n: u8) -> NoteKind {
    NoteKind::ALL[usize::from(n) % NoteKind::ALL.len()]
}

/// Stores do not look into the body.
pub(super) fn note(about: About, n: u8, at: Timestamp) -> Note {
    Note { about, kind: kind(n), at, body: args(n) }
}

/// The members of `all` whose bits are set.
pub(super) fn chosen<T: Clone>(bits: u8, all: impl IntoIterator<Item = T>) -> Vec<T> {
    all.into_iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).map(|(_, it)| it).collect()
}
