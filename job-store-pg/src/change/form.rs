//! The forms of `sql/apply.sql`. A column that is alike in all changes of a batch is said once: then the server carries it
//! through no array, sort and join, and the completions of a runner are alike in most columns.

use crate::claim::exchange::shifted;

/// How a batch of changes is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    /// All columns for each change.
    Each,
    /// The columns of [`ALIKE`] once.
    Alike,
    /// The rows are deleted.
    Gone,
}

/// What a change is guarded by: its job, the revision, and the end of the lease.
const GUARD: [(&str, &str); 3] =
    [("change_id", "uuid"), ("expected", "bigint"), ("lapsed_by", "timestamptz")];

/// Columns that mostly differ.
const EACH: [(&str, &str); 6] = [
    ("attempt_count", "bigint"),
    ("crash_count", "bigint"),
    ("scheduled_start", "timestamptz"),
    ("date_started", "timestamptz"),
    ("date_finished", "timestamptz"),
    ("revision", "bigint"),
];

/// Columns that mostly are alike.
const ALIKE: [(&str, &str); 11] = [
    ("status", "bigint"),
    ("queue", "text"),
    ("lease_holder", "uuid"),
    ("lease_expires", "timestamptz"),
    ("progress", "text"),
    ("last_error", "text"),
    ("reason", "text"),
    ("held_key", "text"),
    ("running_key", "text"),
    ("superseded_by", "uuid"),
    ("changed_by", "uuid"),
];

/// How many binds `sql/apply_notes.sql` has.
const NOTE_BINDS: u32 = 6;

impl Form {
    /// All forms, in the order of the texts made of them.
    pub(crate) const ALL: [Self; 3] = [Self::Each, Self::Alike, Self::Gone];

    /// `sql/apply.sql` in this form, and how many binds it has; with `notes`, keeping notes.
    pub(crate) fn apply(self, notes: bool) -> (String, u32) {
        let state = EACH.iter().chain(&ALIKE).filter(|_| self != Self::Gone);
        let is_alike = |name: &str| {
            self == Self::Alike && (name == "lapsed_by" || ALIKE.iter().any(|(alike, _)| *alike == name))
        };
        let (mut arrays, mut names, mut sets) = (Vec::new(), Vec::new(), Vec::new());
        let (mut lapsed_by, mut binds) = (String::new(), 0);
        for (name, kind) in GUARD.iter().chain(state) {
            binds += 1;
            let value = if is_alike(name) {
                format!("${binds}::{kind}")
            } else {
                arrays.push(format!("${binds}::{kind}[]"));
                names.push(*name);
                format!("change.{name}")
            };
            match *name {
                "change_id" | "expected" => {}
                "lapsed_by" => lapsed_by = value,
                "progress" => sets.push(format!("progress = {value}::json")),
                _ => sets.push(format!("{name} = {value}")),
            }
        }
        let write = match self {
            Self::Gone => "DELETE FROM {schema}.job USING change".to_owned(),
            Self::Each | Self::Alike => format!("UPDATE {{schema}}.job SET {} FROM change", sets.join(", ")),
        };
        let mut text = include_str!("../sql/apply.sql")
            .replace("{arrays}", &arrays.join(", "))
            .replace("{names}", &names.join(", "))
            .replace("{write}", &write)
            .replace("{lapsed_by}", &lapsed_by);
        if notes {
            text.push_str(&shifted(include_str!("../sql/apply_notes.sql"), binds));
            binds += NOTE_BINDS;
        }
        (text, binds)
    }
}
