//! Lists and counts: which rows fit a filter, page by page.

use crate::{
    condition::{Condition, json},
    fields::Fields,
    row::{JobReader, place},
    statement::{Composed, number},
};
use diesel::{QueryResult, SqliteConnection};
use job_core::{
    JobStatus,
    store::{Counted, Cursor, Filter, Listed, Order, Page},
};

/// The tag is among the row's. Tags that are not JSON are an error of `json_each`, so they are looked at first.
const TAGGED: &str =
    "CASE WHEN json_valid(tags) THEN EXISTS (SELECT 1 FROM json_each(tags) WHERE value = $) END";

/// What of `ready_at` is not in the row.
const READY: &str = "NOT EXISTS (SELECT 1 FROM job_switch WHERE kind = 0 AND name = queue) \
    AND NOT EXISTS (SELECT 1 FROM job_switch WHERE kind = 1 AND name = type) \
    AND (turn IS NULL OR NOT EXISTS (SELECT 1 FROM job AS other WHERE other.running_key = job.turn))";

/// A page of the jobs that fit.
pub(crate) fn list(conn: &mut SqliteConnection, filter: &Filter, page: &Page) -> QueryResult<Listed> {
    let limit = page.limit.get() as usize;
    let mut listed = Listed::default();
    let mut last = None;
    let mut reader = JobReader::default();
    query(filter, page).each(conn, |row| {
        if listed.rows.len() == limit {
            listed.next = last.take();
            return false;
        }
        let job = reader.read(row);
        // A row without a place, whose queue has no name, cannot begin the next page; an earlier one does then.
        last = match (page.order, Fields::of(row).job_id()) {
            (Order::Claim, Some(id)) => place(row, id).or(last.take()),
            (_, id) => id.map(Cursor::Id),
        };
        listed.rows.push(job);
        true
    })?;
    Ok(listed)
}

/// The statement that gives the rows of a page, and one more.
pub(crate) fn query(filter: &Filter, page: &Page) -> Composed {
    let mut condition = condition(filter);
    let order = match page.order {
        Order::Newest => "id DESC",
        Order::Oldest => "id",
        Order::Claim => "queue, urgency, scheduled_start, id",
    };
    match (page.order, page.after.clone()) {
        (Order::Newest, Some(Cursor::Id(id))) => condition.and_compared("id", "<", id),
        (Order::Oldest, Some(Cursor::Id(id))) => condition.and_compared("id", ">", id),
        (Order::Claim, Some(Cursor::Place { queue, place: (urgency, start, id) })) => {
            let queue = condition.bind(queue.to_string());
            let (urgency, start) = (condition.bind(i64::from(urgency)), condition.bind(start));
            let id = condition.bind(id);
            condition.and(&format!("({order}) > ({queue}, {urgency}, {start}, {id})"));
        }
        // A cursor of another order is none of this one.
        _ => {}
    }
    // One more than asked for tells whether there are more.
    let limit = condition.bind(i64::from(page.limit.get()) + 1);
    let select = concat!("SELECT ", include_str!("sql/columns.sql"), "FROM job");
    condition.of(select, &format!("ORDER BY {order} LIMIT {limit}"))
}

/// How many jobs fit, counting no further than `cap`.
pub(crate) fn count(conn: &mut SqliteConnection, filter: &Filter, cap: u64) -> QueryResult<Counted> {
    let mut condition = condition(filter);
    let limit = condition.bind(i64::try_from(cap).unwrap_or(i64::MAX).saturating_add(1));
    let query = condition.of("SELECT count(*) FROM (SELECT 1 FROM job", &format!("LIMIT {limit})"));
    let mut jobs = 0;
    query.each(conn, |row| {
        jobs = number(row, 0).unsigned_abs();
        false
    })?;
    Ok(Counted { jobs: jobs.min(cap), at_least: jobs > cap })
}

fn condition(filter: &Filter) -> Condition {
    let mut condition = Condition::default();
    match filter.ids.as_deref() {
        None => {}
        Some([id]) => condition.and_equal("id", *id),
        Some(ids) => {
            let ids = condition.bind(json(ids.iter().map(ToString::to_string)));
            condition.and(&format!("id IN (SELECT unhex(value) FROM json_each({ids}))"));
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
        condition.and_equal("target", target.to_string());
    }
    if let Some(tag) = &filter.tag {
        let tag = condition.bind(tag.to_string());
        condition.and(&TAGGED.replace('$', &tag));
    }
    if let Some(at) = filter.ready_at {
        condition.and("status = 0");
        condition.and_compared("scheduled_start", "<=", at);
        condition.and(READY);
    }
    condition
}

/// Written out, so that SQLite sees which partial index has all the rows.
fn among(statuses: &[JobStatus]) -> String {
    let mut statuses: Vec<i16> = statuses.iter().map(|it| it.number()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let equal: Vec<String> = statuses.iter().map(|it| format!("status = {it}")).collect();
    if equal.is_empty() { "FALSE".to_owned() } else { equal.join(" OR ") }
}
