//! New jobs as the rows of one statement, in the shape that costs the least for them.

use crate::{
    insert::key,
    statement::{
        bind::{Bind, micros, time},
        schema::Schema,
        texts::Texts,
    },
};
use job_core::{COUNT_MAX, Clock, NewJob, Start};

/// The columns of a new row, as binds from `$2` on; `$1` is the time.
const COLUMNS: [(&str, &str); 15] = [
    ("id", "uuid"),
    ("type", "text"),
    ("args", "text"),
    ("priority", "bigint"),
    ("target", "text"),
    ("tags", "text"),
    ("unique_key", "text"),
    ("unique_scope", "bigint"),
    ("turn", "text"),
    ("max_retries", "bigint"),
    ("requester", "text"),
    ("queue", "text"),
    ("held_key", "text"),
    ("start_at", "timestamptz"),
    ("start_in", "bigint"),
];

/// What `sql/insert.sql` is made into for rows of one shape.
#[derive(Debug)]
pub(crate) struct Inserting {
    /// Gives the rows that were written, and when.
    pub(crate) insert: String,
    /// The same, waiting for locks only briefly. The setting ends with the statement's own transaction.
    pub(crate) insert_briefly: String,
    /// `sql/enqueue.sql`
    pub(crate) enqueue: String,
}

impl Inserting {
    fn of(schema: &Schema, shape: Shape) -> Self {
        let insert = shape.insert();
        let clock = "clock AS MATERIALIZED (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now";
        let written = format!("{insert}, date_created) SELECT id, date_created FROM written");
        let briefly = "set_config('lock_timeout', '25ms', TRUE)";
        Self {
            insert: schema.fill(&format!("WITH {clock}),\n{written}")),
            insert_briefly: schema.fill(&format!("WITH {clock}, {briefly}),\n{written}")),
            enqueue: schema.fill(&format!("WITH {clock}),\n{insert}{}", include_str!("../sql/enqueue.sql"))),
        }
    }

    /// For each shape.
    pub(crate) fn of_each(schema: &Schema) -> [[Self; 2]; 2] {
        let shape = |single, skips| Self::of(schema, Shape { single, skips });
        [false, true].map(|single| [false, true].map(|skips| shape(single, skips)))
    }
}

/// What rows have in common that a statement profits from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// There is one: no arrays, and no order.
    pub(crate) single: bool,
    /// A row that another one is in the way of is left out, which is no error. Only with a key is that to be expected:
    /// ON CONFLICT looks into each unique index twice, and writes each row to the log twice.
    pub(crate) skips: bool,
}

impl Shape {
    /// Of these.
    pub(crate) fn of(jobs: &[&NewJob]) -> Self {
        Self { single: jobs.len() == 1, skips: jobs.iter().any(|it| key(it).is_some()) }
    }

    /// The texts for it.
    pub(crate) fn texts(self, texts: &Texts) -> &Inserting {
        &texts.inserting[usize::from(self.single)][usize::from(self.skips)]
    }

    /// What is bound for `jobs`, which have this shape.
    pub(crate) fn binds<'a>(
        self,
        jobs: &[&'a NewJob],
        tags: &[Option<&'a str>],
        clock: Clock,
    ) -> Vec<Bind<'a>> {
        let columns = columns(jobs, tags).into_iter();
        let columns = columns.map(|column| if self.single { column.first() } else { column });
        [Bind::clock(clock)].into_iter().chain(columns).collect()
    }

    fn insert(self) -> String {
        let list = if self.single { "" } else { "[]" };
        let binds: Vec<String> =
            (2..).zip(COLUMNS).map(|(n, (_, kind))| format!("${n}::{kind}{list}")).collect();
        let binds = binds.join(", ");
        let source = if self.single { format!("(SELECT {binds})") } else { format!("unnest({binds})") };
        include_str!("../sql/insert.sql")
            .replace("{source}", &source)
            .replace("{columns}", &COLUMNS.map(|(name, _)| name).join(", "))
            .replace("{order}", if self.single { "" } else { "ORDER BY type, held_key, id" })
            .replace("{conflict}", if self.skips { "ON CONFLICT DO NOTHING" } else { "" })
    }
}

/// The tags of a job as a JSON array, if it has any.
pub(crate) fn tags(job: &NewJob) -> Option<String> {
    // Strings are always JSON.
    (!job.tags.is_empty()).then(|| serde_json::to_string(&job.tags).unwrap_or_default())
}

/// What [`COLUMNS`] are of `jobs`.
fn columns<'a>(jobs: &[&'a NewJob], tags: &[Option<&'a str>]) -> Vec<Bind<'a>> {
    fn column<'a, T>(jobs: &[&'a NewJob], value: impl Fn(&'a NewJob) -> T) -> Vec<T> {
        jobs.iter().map(|it| value(it)).collect()
    }
    let texts = |value: &dyn Fn(&'a NewJob) -> Option<&'a str>| Bind::Texts(column(jobs, value));
    vec![
        Bind::ids(jobs.iter().map(|it| it.id)),
        texts(&|it| Some(it.type_name.as_str())),
        texts(&|it| Some(it.args.as_str())),
        Bind::numbers(jobs, |it| it.priority.into()),
        texts(&|it| it.target.as_ref().map(|it| it.as_str())),
        Bind::Texts(tags.to_vec()),
        texts(&|it| it.unique.as_ref().map(|it| it.key.as_str())),
        Bind::Numbers(column(jobs, |it| it.unique.as_ref().map(|it| it.scope.number().into()))),
        texts(&|it| it.turn.as_ref().map(|it| it.as_str())),
        Bind::numbers(jobs, |it| it.max_retries.min(COUNT_MAX).into()),
        texts(&|it| it.requester.as_ref().map(|it| it.as_str())),
        texts(&|it| Some(it.queue.as_str())),
        texts(&key),
        Bind::Times(column(jobs, |it| match it.start {
            Start::At(at) => Some(time(at)),
            Start::Now | Start::In(_) => None,
        })),
        Bind::Numbers(column(jobs, |it| match it.start {
            Start::At(_) => None,
            Start::Now => Some(0),
            Start::In(delay) => Some(micros(delay)),
        })),
    ]
}
