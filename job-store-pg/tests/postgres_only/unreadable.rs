//! Rows that somebody wrote past the store, or a newer version did, fail none of their neighbours.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::SimpleAsyncConnection;
use job_core::{
    Clock, Job, JobId, JobStatus, NewJob, Phase, QueueName, Reply,
    store::{Claim, Filter, Inserted, JobStore, JobStoreExt, Order, Page, StoreError},
};
use job_store_pg::PgStore;
use job_testing::factory;
use std::time::Duration;

/// What can be wrong with a row, and what is said of it.
const WRONG: [(&str, &str); 8] = [
    ("tags = '{\"\"}'", "it is empty"),
    ("tags = '{red,NULL}'", "null"),
    ("unique_key = 'k', unique_scope = 9", "there is no unique scope 9"),
    ("max_retries = -1", "out of range"),
    ("target = ''", "it is empty"),
    ("requester = chr(7)", "control character"),
    ("attempt_count = -7", "out of range"),
    ("crash_count = -7", "out of range"),
];

/// A good job before and after each wrong one; and the ids of the wrong ones.
async fn mixed() -> (TestSchema, PgStore, Vec<JobId>) {
    let schema = TestSchema::new().await;
    let store = schema.store().await;
    let jobs: Vec<NewJob> = (0..=2 * WRONG.len()).map(|_| factory::job(store.mint())).collect();
    store.insert(&jobs, Clock::Store).await.unwrap();
    let wrong: Vec<JobId> = jobs.iter().skip(1).step_by(2).map(|it| it.id).collect();
    for (id, (set, _)) in wrong.iter().zip(WRONG) {
        write(&schema, *id, set).await;
    }
    (schema, store, wrong)
}

async fn write(schema: &TestSchema, id: JobId, set: &str) {
    let update = format!("UPDATE {}.job SET {set} WHERE id = '{id}'", schema.name);
    server::connect().await.batch_execute(&update).await.unwrap();
}

/// All that a list gives, page by page.
async fn all(store: &PgStore, order: Order, limit: u32) -> Vec<Result<Job, JobId>> {
    let (mut seen, mut page) = (Vec::new(), Page::first(order, factory::limit(limit)));
    loop {
        let listed = store.list(&Filter::default(), &page).await.unwrap();
        seen.extend(listed.rows.into_iter().map(|it| it.map_err(|it| it.id)));
        assert!(seen.len() < 100, "{order:?}: it comes to an end");
        match listed.next {
            None => return seen,
            next => page.after = next,
        }
    }
}

#[test]
fn an_id_whose_row_is_unreadable_is_taken() {
    run(async {
        let (_schema, store, wrong) = mixed().await;
        let jobs = [factory::job(wrong[0]), factory::job(store.mint())];
        let again = store.insert(&jobs, Clock::Store).await.unwrap();
        assert!(matches!(again[..], [Inserted::IdTaken, Inserted::Created(_)]), "{again:?}");
    });
}

#[test]
fn a_claim_starts_unreadable_rows_too_and_gives_them_apart() {
    run(async {
        let (schema, store, wrong) = mixed().await;
        let claimed = store.claim(&factory::claim(Clock::Store)).await.unwrap();
        assert_eq!(claimed.jobs.len(), WRONG.len() + 1);
        assert_eq!(claimed.unreadable.len(), WRONG.len());
        let mut failed = Vec::new();
        for row in &claimed.unreadable {
            let at = wrong.iter().position(|id| *id == row.id).expect("one of the wrong rows");
            assert!(row.source.to_string().contains(WRONG[at].1), "{row}");
            let job: Job = row.stand_in().expect("its state is always given");
            assert_eq!(job.spec.type_name, factory::type_name());
            assert!(matches!(job.state.phase(), Phase::Running(lease) if lease.holder == factory::actor(1)));
            failed.push(factory::change(&job, job.fail("unreadable".into(), store.now().await.unwrap())));
        }
        // With its stand-in, the runner can end each of them.
        let replies = store.apply(&failed).await.unwrap();
        assert!(replies.iter().all(|it| *it == Reply::Applied), "{replies:?}");
        let failed = schema.number("SELECT count(*) AS n FROM {schema}.job WHERE status = 3").await;
        assert_eq!(failed, i64::try_from(WRONG.len()).unwrap());
    });
}

#[test]
fn a_list_shows_an_unreadable_row_in_its_place() {
    run(async {
        let (_schema, store, wrong) = mixed().await;
        for order in [Order::Newest, Order::Oldest, Order::Claim] {
            for limit in [1, 4] {
                let seen = all(&store, order, limit).await;
                assert_eq!(seen.len(), 2 * WRONG.len() + 1, "{order:?}: each once");
                let mut unreadable: Vec<JobId> =
                    seen.iter().filter_map(|it| it.as_ref().err().copied()).collect();
                if order == Order::Newest {
                    unreadable.reverse();
                }
                assert_eq!(unreadable, wrong);
            }
        }
    });
}

#[test]
fn a_list_in_the_order_of_claims_ends_whatever_queues_and_types_rows_are_of() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let queues = ["default", "zz", "zz", "zzz"].map(|it| it.parse::<QueueName>().unwrap());
        let jobs = queues.map(|queue| NewJob { queue, priority: 5, ..factory::job(store.mint()) });
        store.insert(&jobs, Clock::Store).await.unwrap();
        write(&schema, jobs[1].id, "queue = 'zz zz'").await;
        write(&schema, jobs[2].id, "type = ''").await;
        for limit in [1, 2, 3] {
            let ids = |seen: Vec<Result<Job, JobId>>| -> Vec<JobId> {
                seen.into_iter().map(|it| it.map_or_else(|id| id, |job| job.id)).collect()
            };
            let seen = ids(all(&store, Order::Claim, limit).await);
            assert_eq!(seen, [jobs[0].id, jobs[2].id, jobs[3].id], "what no claim can ask for has no place");
            let seen = ids(all(&store, Order::Oldest, limit).await);
            assert_eq!(seen, jobs.each_ref().map(|it| it.id), "but it is not hidden");
        }
    });
}

#[test]
fn to_get_an_unreadable_row_is_an_error_that_names_it() {
    run(async {
        let (_schema, store, wrong) = mixed().await;
        let error = store.get(wrong[2]).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { id, .. } if id == wrong[2]), "{error:?}");
    });
}

/// A rescuer gets those it can read; of the others the doctor tells.
#[test]
fn rescue_passes_over_unreadable_rows() {
    run(async {
        let (_schema, store, _) = mixed().await;
        let ended = Claim { lease: Duration::ZERO, ..factory::claim(Clock::Store) };
        store.claim(&ended).await.unwrap();
        let lapsed = store.lapsed(None, factory::limit(100), Clock::Store).await.unwrap();
        assert_eq!(lapsed.len(), WRONG.len() + 1);
        assert!(lapsed.iter().all(|it| it.state.status() == JobStatus::Running));
        let two = store.lapsed(None, factory::limit(2), Clock::Store).await.unwrap();
        assert_eq!(two.len(), 2, "an unreadable row counts against no limit");
    });
}
