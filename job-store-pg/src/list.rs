//! Lists and counts: which rows fit a filter, page by page.

use crate::{
    call::Call,
    connection::session::Session,
    error::CallError,
    statement::{FromRow, bind::Bind, condition::Condition, fields::Fields, row::JobRow},
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{
    JobStatus,
    store::{Counted, Cursor, Filter, Listed, Order, Page},
};

/// The order of claims, as the index has it.
const PLACE: &str = "queue, (-priority::integer), scheduled_start, id";

/// A row whose queue has no such name has no place in that order, for no claim asks for it, and no page could begin behind
/// it. Lists in the order of ids have it.
const NAMED: &str = "queue ~ '^[A-Za-z0-9_./-]{1,100}$'";

/// Lists a page.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) filter: Filter,
    pub(crate) page: Page,
}

impl Call for List {
    type Answer = Listed;
    const IS_QUICK: bool = false;

    async fn run(&self, session: &mut Session<'_>) -> Result<Listed, CallError> {
        let mut condition = condition(&self.filter, &session.texts.ready);
        let order = match self.page.order {
            Order::Newest => "id DESC",
            Order::Oldest => "id",
            Order::Claim => PLACE,
        };
        match (self.page.order, &self.page.after) {
            (Order::Newest, Some(Cursor::Id(id))) => condition.and_compared("id", "<", *id),
            (Order::Oldest, Some(Cursor::Id(id))) => condition.and_compared("id", ">", *id),
            (Order::Claim, Some(Cursor::Place { queue, place: (urgency, start, id) })) => {
                let queue = condition.bind(queue.as_str());
                let (urgency, start) = (condition.bind(i64::from(*urgency)), condition.bind(*start));
                let id = condition.bind(*id);
                condition.and(&format!("({PLACE}) > ({queue} COLLATE \"C\", {urgency}, {start}, {id})"));
            }
            // A cursor of another order is none of this one.
            _ => {}
        }
        if self.page.order == Order::Claim {
            condition.and(NAMED);
        }
        // One more than asked for tells whether there are more.
        let limit = condition.bind(i64::from(self.page.limit.get()) + 1);
        let rest = format!("ORDER BY {order} LIMIT {limit}");
        let select = &session.texts.list;
        let mut rows: Vec<JobRow> = condition.rows(session, select, &rest).await?;
        let more = rows.len() > usize::try_from(self.page.limit.get()).unwrap_or(usize::MAX);
        if more {
            rows.pop();
        }
        let cursor = |it: &JobRow| match self.page.order {
            Order::Newest | Order::Oldest => Some(Cursor::Id(it.id)),
            Order::Claim => it.queue.clone().map(|queue| Cursor::Place { queue, place: it.place }),
        };
        let next = rows.last().filter(|_| more).and_then(cursor);
        Ok(Listed { rows: rows.into_iter().map(|it| it.job).collect(), next })
    }
}

/// Counts, no further than a cap.
#[derive(Debug)]
pub(crate) struct Count {
    pub(crate) filter: Filter,
    pub(crate) cap: u64,
}

impl Call for Count {
    type Answer = Counted;
    const IS_QUICK: bool = false;

    async fn run(&self, session: &mut Session<'_>) -> Result<Counted, CallError> {
        let mut condition = condition(&self.filter, &session.texts.ready);
        let limit = condition.bind(i64::try_from(self.cap).unwrap_or(i64::MAX).saturating_add(1));
        let select = &session.texts.count;
        let rest = format!("LIMIT {limit}) AS fitting");
        let counts: Vec<Number> = condition.rows(session, select, &rest).await?;
        let jobs = counts.first().map_or(0, |it| it.0.unsigned_abs());
        Ok(Counted { jobs: jobs.min(self.cap), at_least: jobs > self.cap })
    }
}

fn condition<'a>(filter: &'a Filter, ready: &str) -> Condition<'a> {
    let mut condition = Condition::default();
    match filter.ids.as_deref() {
        None => {}
        Some([id]) => condition.and_compared("id", "=", *id),
        Some(ids) => {
            let ids = condition.bind(Bind::ids(ids.iter().copied()));
            condition.and(&format!("id = ANY({ids})"));
        }
    }
    if let Some(range) = &filter.id_range {
        condition.and_compared("id", ">=", *range.start());
        condition.and_compared("id", "<=", *range.end());
    }
    if let Some(types) = &filter.types {
        condition.and_among("type", types.iter().map(|it| it.as_str()));
    }
    if let Some(queues) = &filter.queues {
        condition.and_among("queue", queues.iter().map(|it| it.as_str()));
    }
    if let Some(statuses) = &filter.statuses {
        condition.and(&among(statuses));
    }
    if let Some(target) = &filter.target {
        condition.and_compared("target", "=", target.as_str());
    }
    if let Some(tag) = &filter.tag {
        let tag = condition.bind(tag.as_str());
        condition.and(&format!("{tag} = ANY(tags)"));
    }
    if let Some(at) = filter.ready_at {
        condition.and("status = 0");
        condition.and_compared("scheduled_start", "<=", at);
        condition.and(ready);
    }
    condition
}

/// Written out, so that the planner sees which partial index has all the rows.
fn among(statuses: &[JobStatus]) -> String {
    let mut statuses: Vec<i16> = statuses.iter().map(|it| it.number()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    match statuses.as_slice() {
        [] => "FALSE".to_owned(),
        [one] => format!("status = {one}"),
        some => {
            let some: Vec<String> = some.iter().map(ToString::to_string).collect();
            format!("status IN ({})", some.join(", "))
        }
    }
}

/// A number alone in its row.
pub(crate) struct Number(pub(crate) i64);

impl FromRow for Number {
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self> {
        Ok(Self(Fields::of(row).number().unwrap_or_default()))
    }
}
