//! Rows that somebody wrote past the store, or a newer version did, fail none of their neighbours.

use crate::file::File;
use job_core::{
    Clock, Job, JobId, JobStatus, NewJob, Phase, Reply, Tag,
    store::{Claim, Filter, Inserted, JobStore, JobStoreExt, Order, Page, StoreError},
};
use job_store_sqlite::SqliteStore;
use job_testing::factory;

/// What can be wrong with a row, and what is said of it.
const WRONG: [(&str, &str); 10] = [
    ("tags = 'red, blue'", "expected value"),
    ("tags = '[\"red\", 7]'", "invalid type: integer `7`"),
    ("unique_key = 'k', unique_scope = 9", "there is no unique scope 9"),
    ("urgency = 40000", "out of range"),
    ("max_retries = -1", "out of range"),
    ("target = ''", "it is empty"),
    ("requester = char(7)", "control character"),
    ("args = CAST(x'22ff22' AS TEXT)", "not UTF-8"),
    ("attempt_count = -7", "out of range"),
    ("superseded_by = x'0102'", "invalid length"),
];

/// A file with a good job before and after each wrong one; and the ids of the wrong ones.
async fn mixed() -> (File, SqliteStore, Vec<JobId>) {
    let file = File::new();
    let store = file.store().await;
    let red = Tag::new("red").unwrap();
    let jobs: Vec<NewJob> = (0..=2 * WRONG.len())
        .map(|_| NewJob { tags: vec![red.clone()], ..factory::job(store.mint()) })
        .collect();
    store.insert(&jobs, Clock::Store).await.unwrap();
    let wrong: Vec<JobId> = jobs.iter().skip(1).step_by(2).map(|it| it.id).collect();
    for (id, (set, _)) in wrong.iter().zip(WRONG) {
        file.run(&format!("PRAGMA ignore_check_constraints = ON; UPDATE job SET {set} WHERE id = x'{id}'"));
    }
    (file, store, wrong)
}

#[tokio::test]
async fn a_claim_starts_unreadable_rows_too_and_gives_them_apart() {
    let (file, store, wrong) = mixed().await;
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
    assert_eq!(file.number("SELECT count(*) FROM job WHERE status = 3"), i64::try_from(WRONG.len()).unwrap());
}

#[tokio::test]
async fn a_list_shows_an_unreadable_row_in_its_place() {
    let (_file, store, wrong) = mixed().await;
    for order in [Order::Newest, Order::Oldest, Order::Claim] {
        let (mut seen, mut page) = (Vec::new(), Page::first(order, factory::limit(4)));
        loop {
            let listed = store.list(&Filter::default(), &page).await.unwrap();
            seen.extend(listed.rows);
            match listed.next {
                None => break,
                next => page.after = next,
            }
        }
        assert_eq!(seen.len(), 2 * WRONG.len() + 1, "{order:?}: each once");
        let unreadable: Vec<JobId> = seen.iter().filter_map(|it| it.as_ref().err().map(|it| it.id)).collect();
        assert_eq!(unreadable.len(), WRONG.len());
        if order == Order::Oldest {
            assert_eq!(unreadable, wrong);
        }
    }
}

#[tokio::test]
async fn filters_pass_over_tags_that_are_not_json() {
    let (_file, store, _) = mixed().await;
    let red = Filter { tag: Some(Tag::new("red").unwrap()), ..Filter::default() };
    // All but the one whose tags are no JSON at all.
    assert_eq!(store.count(&red, 100).await.unwrap().jobs, 2 * WRONG.len() as u64);
}

#[tokio::test]
async fn to_get_an_unreadable_row_is_an_error_that_names_it() {
    let (_file, store, wrong) = mixed().await;
    let error = store.get(wrong[2]).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { id, .. } if id == wrong[2]), "{error:?}");
}

#[tokio::test]
async fn an_id_whose_row_is_unreadable_is_taken() {
    let (_file, store, wrong) = mixed().await;
    let again =
        store.insert(&[factory::job(wrong[0]), factory::job(store.mint())], Clock::Store).await.unwrap();
    assert!(matches!(again[..], [Inserted::IdTaken, Inserted::Created(_)]), "{again:?}");
}

/// A rescuer gets those it can read; of the others the doctor tells.
#[tokio::test]
async fn rescue_passes_over_unreadable_rows() {
    let (_file, store, _) = mixed().await;
    let ended = Claim { lease: std::time::Duration::ZERO, ..factory::claim(Clock::Store) };
    store.claim(&ended).await.unwrap();
    let lapsed = store.lapsed(None, factory::limit(100), Clock::Store).await.unwrap();
    assert_eq!(lapsed.len(), WRONG.len() + 1);
    assert!(lapsed.iter().all(|it| it.state.status() == JobStatus::Running));
    let two = store.lapsed(None, factory::limit(2), Clock::Store).await.unwrap();
    assert_eq!(two.len(), 2, "an unreadable row counts against no limit");
}
