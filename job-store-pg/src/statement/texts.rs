//! The text of every statement, filled in for one schema.

use crate::{
    change::form::Form, claim::exchange::shifted, insert::new_rows::Inserting, statement::schema::Schema,
};
use std::fmt;

const STARTED: &str = include_str!("../sql/started.sql");

/// What applies changes of one form.
#[derive(Debug)]
pub(crate) struct Applying {
    /// `sql/apply.sql`
    pub(crate) apply: String,
    /// The same, then `sql/due.sql` and `sql/start.sql`.
    pub(crate) exchange: String,
    /// The same with `sql/scattered.sql`.
    pub(crate) exchange_scattered: String,
}

impl Applying {
    fn of(schema: &Schema, form: Form, notes: bool) -> Self {
        let (apply, binds) = form.apply(notes);
        Self {
            exchange: schema.fill(&exchange(&apply, binds, include_str!("../sql/due.sql"))),
            exchange_scattered: schema.fill(&exchange(&apply, binds, &scattered())),
            apply: schema.fill(&format!("{apply}SELECT id FROM applied")),
        }
    }
}

/// Applies, which takes `binds`, and claims in the same statement. A row has the ids that were changed, or a job.
fn exchange(apply: &str, binds: u32, due: &str) -> String {
    let due = shifted(due, binds);
    let start = shifted(include_str!("../sql/start.sql"), binds);
    // The claimed rows come as they are given back: to add a column to each would read and write each once more.
    format!(
        "{apply},
         {due},
         claimed AS ({start} NULL::uuid[] AS ids, {STARTED}, (SELECT count(*) FROM due) AS seen)
         SELECT * FROM claimed
         UNION ALL
         SELECT all_of_them.ids, nothing.*
         FROM (SELECT coalesce(array_agg(id), '{{}}') AS ids FROM applied) AS all_of_them
         LEFT JOIN (SELECT {STARTED}, seen FROM claimed) AS nothing ON FALSE"
    )
}

/// `sql/scattered.sql`
fn scattered() -> String {
    include_str!("../sql/scattered.sql").replace("{startable}", include_str!("../sql/startable.sql"))
}

/// Starts what `due` finds, and gives how much that was behind the columns.
fn claim(due: &str) -> String {
    let start = include_str!("../sql/start.sql");
    format!("WITH {due} {start} {STARTED}, (SELECT count(*) FROM due)")
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $($part:expr),+;)*) => {
        /// One text for each statement. Diesel keeps each prepared, by its text.
        pub(crate) struct Texts {
            $($(#[$doc])* pub(crate) $name: String,)*
            /// `sql/due.sql` and `sql/start.sql`
            pub(crate) claim: String,
            /// `sql/scattered.sql` and `sql/start.sql`
            pub(crate) claim_scattered: String,
            /// `sql/patient.sql` and `sql/start.sql`
            pub(crate) patient: String,
            /// For new rows of each [`Shape`](crate::insert::new_rows::Shape).
            pub(crate) inserting: [[Inserting; 2]; 2],
            /// For each form, without notes and with them.
            applying: [[Applying; 2]; 3],
        }

        impl Texts {
            /// Those of `schema`.
            pub(crate) fn of(schema: &Schema) -> Self {
                Self {
                    $($name: schema.fill(concat!($($part, "\n"),+)),)*
                    claim: schema.fill(&claim(include_str!("../sql/due.sql"))),
                    claim_scattered: schema.fill(&claim(&scattered())),
                    patient: schema.fill(&claim(include_str!("../sql/patient.sql"))),
                    inserting: Inserting::of_each(schema),
                    applying: Form::ALL.map(|form| [false, true].map(|notes| Applying::of(schema, form, notes))),
                }
            }

            /// What applies changes of this form, with `notes` or without.
            pub(crate) fn applying(&self, form: Form, notes: bool) -> &Applying {
                &self.applying[form as usize][usize::from(notes)]
            }
        }
    };
}

impl fmt::Debug for Texts {
    /// Without the texts: what holds a store shows it, and they are long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Texts").finish_non_exhaustive()
    }
}

texts! {
    /// `sql/existing.sql`
    existing = include_str!("../sql/existing.sql");
    /// `sql/by_id.sql`
    by_id = "SELECT ", include_str!("../sql/columns.sql"), include_str!("../sql/by_id.sql");
    /// `sql/holders.sql`
    holders = include_str!("../sql/holders.sql");
    /// `sql/overdue.sql`
    overdue = include_str!("../sql/overdue.sql");
    /// The gate before the row of a job, which `sql/existing.sql` passes, for who waits for the row alone.
    gate = "SELECT pg_advisory_xact_lock(hashtext('job-store-pg gate'), hashtext($1::uuid::text) & 63)";
    /// `sql/renew.sql`
    renew = include_str!("../sql/renew.sql");
    /// `sql/lapsed.sql`
    lapsed = "SELECT ", include_str!("../sql/columns.sql"), include_str!("../sql/lapsed.sql");
    /// What lists select from, before their condition.
    list = "SELECT ", include_str!("../sql/columns.sql"), "FROM {schema}.job";
    /// What counts select from, before their condition.
    count = "SELECT count(*) FROM (SELECT FROM {schema}.job";
    /// What of a filter's `ready_at` is not in the row.
    ready = "NOT EXISTS (SELECT FROM {schema}.switch WHERE kind = 0 AND name = queue)
        AND NOT EXISTS (SELECT FROM {schema}.switch WHERE kind = 1 AND name = type)
        AND (turn IS NULL OR NOT EXISTS (SELECT FROM {schema}.job AS other WHERE other.running_key = job.turn))";
    /// `sql/delete.sql`
    delete = include_str!("../sql/delete.sql");
    /// `sql/delete_unless_referred_to.sql`
    delete_unless_referred_to = include_str!("../sql/delete_unless_referred_to.sql");
    /// `sql/walk.sql` and `sql/prune.sql`
    prune = "WITH", include_str!("../sql/walk.sql"), include_str!("../sql/prune.sql");
    /// `sql/walk_but_newest.sql` and `sql/prune.sql`
    prune_but_newest = "WITH", include_str!("../sql/walk_but_newest.sql"), include_str!("../sql/prune.sql");
    /// `sql/hold.sql`
    hold = include_str!("../sql/hold.sql");
    /// `sql/lock.sql`
    lock = include_str!("../sql/lock.sql");
    /// `sql/unlock.sql`
    unlock = include_str!("../sql/unlock.sql");
    /// `sql/append.sql`
    append = include_str!("../sql/append.sql");
    /// What notes are selected from, before their condition.
    notes = "SELECT number, job, section, kind, at, body FROM {schema}.note";
    /// On.
    switch_on = "INSERT INTO {schema}.switch (kind, name) VALUES ($1::bigint, $2::text) ON CONFLICT DO NOTHING";
    /// Off.
    switch_off = "DELETE FROM {schema}.switch WHERE kind = $1::bigint AND name = $2::text";
    /// All that are on.
    switches = "SELECT kind, name FROM {schema}.switch";
    /// What rings for runners. It has a transaction id, and so a commit, whose flush would hold the lock that is common to all
    /// notifications; one that a crash loses is made up for by polling.
    ring = "SELECT set_config('synchronous_commit', 'off', TRUE), count(pg_notify(channel, ''))
        FROM unnest($1::text[]) AS channel";
    /// The store's clock.
    now = "SELECT clock_timestamp()";
}
