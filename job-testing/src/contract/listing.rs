//! Lists: their order, and their pages.

use crate::{Fixture, contract::ids, factory};
use job_core::{
    Job, JobId, JobStatus, NewJob, NoteFilter, Start,
    store::{Claim, Cursor, Deletion, Filter, JobStoreExt, Order, Page},
};
use std::time::Duration;

async fn page(
    store: &Fixture,
    order: Order,
    limit: u32,
    after: Option<Cursor>,
) -> (Vec<Job>, Option<Cursor>) {
    let page = Page { order, limit: factory::limit(limit), after };
    let listed = store.store.list(&Filter::default(), &page).await.expect("the store lists");
    let rows: Result<Vec<_>, _> = listed.rows.into_iter().collect();
    (rows.expect("all are readable"), listed.next)
}

async fn walk(store: &Fixture, order: Order, limit: u32) -> Vec<JobId> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let (rows, next) = page(store, order, limit, after).await;
        seen.extend(ids(&rows));
        assert!(seen.len() < 1000 && !rows.is_empty(), "the list has no end");
        after = next;
        if after.is_none() {
            return seen;
        }
    }
}

/// Jobs of several queues, priorities and starts, inserted in no order.
async fn some(store: &Fixture) -> Vec<Job> {
    let queues = ["b", "B", "a/b", "a-b", "a", "a.b", "a_b", "default"];
    let new = |n: i16| NewJob {
        queue: factory::named(queues[usize::from(n.unsigned_abs()) % queues.len()]),
        priority: n % 3 - 1,
        start: Start::In(Duration::from_secs(u64::from(n.unsigned_abs()) % 2)),
        ..store.job()
    };
    let mut jobs: Vec<_> = (0..50).map(new).collect();
    jobs.rotate_left(17);
    store.insert(&jobs).await;
    jobs.iter().map(|it| it.created(store.now())).collect()
}

/// By id, lists run from the newest or from the oldest job.
pub async fn lists_by_id_run_both_ways(store: Fixture) {
    let mut jobs = some(&store).await;
    jobs.sort_by_key(|it| it.id);
    assert_eq!(store.list(&Filter::default(), Order::Oldest).await, jobs);
    jobs.reverse();
    assert_eq!(store.list(&Filter::default(), Order::Newest).await, jobs);
}

/// In the order of claims, lists run queue by queue, by name byte by byte, and within each by place.
pub async fn the_order_of_claims_runs_queue_by_queue(store: Fixture) {
    let mut jobs = some(&store).await;
    jobs.sort_by_key(|it| (it.state.queue().as_str().as_bytes().to_vec(), it.place()));
    assert_eq!(store.list(&Filter::default(), Order::Claim).await, jobs);
}

/// The order of claims is the order in which claims start what is waiting.
pub async fn the_order_of_claims_is_that_of_claims(store: Fixture) {
    some(&store).await;
    store.advance(Duration::from_secs(5));
    let listed = store.list(&Filter::default(), Order::Claim).await;
    let mut queues: Vec<_> = listed.iter().map(|it| it.state.queue().clone()).collect();
    queues.dedup();
    let mut started = Vec::new();
    for queue in queues {
        started.extend(ids(&store.start(&Claim { queue, ..store.claim() }).await));
    }
    assert_eq!(started, ids(&listed));
}

/// Pages of any size, one after the other, give the whole list, each job once.
pub async fn pages_give_the_whole_list(store: Fixture) {
    some(&store).await;
    for order in [Order::Newest, Order::Oldest, Order::Claim] {
        let whole = ids(&store.list(&Filter::default(), order).await);
        for limit in [1, 2, 7, 25, 49, 50, 51] {
            assert_eq!(walk(&store, order, limit).await, whole, "{order:?} by {limit}");
        }
    }
}

/// A page says where the next one starts, behind its last row, if and only if there is a further row.
pub async fn the_last_page_has_no_next(store: Fixture) {
    store.insert(&store.jobs(4)).await;
    for order in [Order::Newest, Order::Oldest, Order::Claim] {
        let (rows, next) = page(&store, order, 3, None).await;
        assert_eq!(next, rows.last().map(|it| order.cursor(it)));
        let (rest, end) = page(&store, order, 3, next.clone()).await;
        assert_eq!((rest.len(), end), (1, None));
        let (rest, end) = page(&store, order, 1, next).await;
        assert_eq!((rest.len(), end), (1, None), "a full page may be the last");
        assert_eq!(page(&store, order, 4, None).await.1, None);
    }
}

/// Wherever there is a limit, it may be the greatest number.
pub async fn a_limit_may_be_the_greatest_number(store: Fixture) {
    store.at(JobStatus::Completed, &store.job()).await;
    let running = store.running(&store.job()).await;
    let most = factory::limit(u32::MAX);
    for order in [Order::Newest, Order::Oldest, Order::Claim] {
        assert_eq!(page(&store, order, u32::MAX, None).await.0.len(), 2);
    }
    let now = store.advance(factory::LEASE);
    let lapsed = store.store.lapsed(None, most, store.clock()).await;
    assert_eq!(lapsed.expect("the store answers"), std::slice::from_ref(&running));
    let all_notes = store.notes.notes(&NoteFilter::default(), most).await;
    assert_eq!(all_notes.expect("the store answers"), []);
    let statuses = vec![JobStatus::Completed];
    let old = Deletion::Final { before: now, statuses, types: None, limit: most, keep_newest: Some(most) };
    assert_eq!(store.delete(&old).await, 1, "a job about nothing is not held back");
    assert_eq!(store.all().await, [running]);
}

/// A list of nothing is one empty page.
pub async fn a_list_of_nothing_is_empty(store: Fixture) {
    for order in [Order::Newest, Order::Oldest, Order::Claim] {
        assert_eq!(page(&store, order, 10, None).await, (vec![], None));
    }
    assert_eq!(store.store.get(store.job().id).await.expect("the store answers"), None);
}

/// A walk over pages by id neither skips nor repeats what was there, while jobs are added, changed and deleted.
pub async fn a_walk_by_id_is_not_shifted(store: Fixture) {
    for order in [Order::Newest, Order::Oldest] {
        let before = some(&store).await;
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let (rows, next) = page(&store, order, 7, after).await;
            seen.extend(ids(&rows));
            assert!(seen.len() < 1000, "the list has no end");
            let Some(next) = next else { break };
            after = Some(next);
            store.insert(&[store.job(), NewJob { priority: 9, ..store.job() }]).await;
            store.start(&store.claim()).await;
            store.delete(&Deletion::Ids(vec![rows[0].id, rows[6].id])).await;
        }
        let old: Vec<_> = seen.iter().filter(|id| before.iter().any(|it| it.id == **id)).collect();
        assert_eq!(old.len(), before.len(), "{order:?}: each of those that were there");
        let mut distinct = seen.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), seen.len(), "{order:?}: each once");
        let rest = ids(&store.all().await);
        store.delete(&Deletion::Ids(rest)).await;
    }
}

/// A walk over pages in the order of claims neither skips nor repeats what stays in its place, while jobs are
/// added before and behind it, and others are deleted.
pub async fn a_walk_in_the_order_of_claims_is_not_shifted(store: Fixture) {
    let before = some(&store).await;
    let whole = ids(&store.list(&Filter::default(), Order::Claim).await);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let (rows, next) = page(&store, Order::Claim, 7, after).await;
        seen.extend(ids(&rows));
        assert!(seen.len() < 1000, "the list has no end");
        let Some(next) = next else { break };
        after = Some(next);
        let urgent = |queue| NewJob { priority: 9, queue: factory::named(queue), ..store.job() };
        store.insert(&[urgent("A"), urgent("z"), urgent("a"), NewJob { priority: -9, ..urgent("a") }]).await;
        store.delete(&Deletion::Ids(vec![rows[3].id, rows[6].id])).await;
    }
    seen.retain(|id| before.iter().any(|it| it.id == *id));
    assert_eq!(seen, whole);
}
