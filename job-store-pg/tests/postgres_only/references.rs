//! Rows of the application that refer to jobs: such a job stays, as history, and spoils nothing for its neighbours.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel::{Connection, PgConnection};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use job_core::{
    Change, Completion, Job, JobId, JobStatus, Reply, Then,
    store::{Claim, Deletion, JobStore, StoreError},
};
use job_store_pg::{PgStore, sync};
use job_testing::{Fixture, factory};
use std::time::Duration;

/// The ways to refer that forbid a deletion.
const WAYS: [&str; 3] = ["", "ON DELETE RESTRICT", "DEFERRABLE INITIALLY DEFERRED"];

struct Referring {
    schema: TestSchema,
    store: PgStore,
    fixture: Fixture,
    conn: AsyncPgConnection,
}

impl Referring {
    async fn new(way: &str) -> Self {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let fixture = Fixture::from(store.opened());
        let mut conn = server::connect().await;
        let table =
            format!("CREATE TABLE {0}.parcel (job uuid NOT NULL REFERENCES {0}.job (id) {way})", schema.name);
        conn.batch_execute(&table).await.unwrap();
        Self { schema, store, fixture, conn }
    }

    async fn refer_to(&mut self, id: JobId) {
        let refer = format!("INSERT INTO {}.parcel VALUES ('{id}')", self.schema.name);
        self.conn.batch_execute(&refer).await.unwrap();
    }

    async fn running(&self, n: usize) -> Vec<Job> {
        self.fixture.insert(&self.fixture.jobs(n)).await;
        self.fixture.start(&self.fixture.claim()).await
    }

    /// Asserts that of `jobs` just the second is left, completed.
    async fn is_history(&self, jobs: &[Job]) {
        let left = self.fixture.all().await;
        assert_eq!(left.iter().map(|it| it.id).collect::<Vec<_>>(), [jobs[1].id]);
        assert_eq!(left[0].state.status(), JobStatus::Completed);
    }

    fn completions(&self, jobs: &[Job]) -> Vec<Change> {
        let complete = |it: &Job| factory::change(it, it.complete(self.fixture.now())).deleting_completed();
        jobs.iter().map(complete).collect()
    }
}

#[test]
fn a_job_that_is_referred_to_completes_and_stays() {
    run(async {
        for way in WAYS {
            let mut it = Referring::new(way).await;
            let jobs = it.running(3).await;
            it.refer_to(jobs[1].id).await;
            let changes = it.completions(&jobs);
            assert_eq!(it.fixture.apply(&changes).await, [Reply::Applied; 3], "{way}");
            it.is_history(&jobs).await;
        }
    });
}

#[test]
fn a_job_that_is_referred_to_does_not_keep_its_worker_from_claiming() {
    run(async {
        for way in WAYS {
            let mut it = Referring::new(way).await;
            let jobs = it.running(3).await;
            it.refer_to(jobs[1].id).await;
            let next = it.fixture.create(&it.fixture.job()).await;
            let claim = Claim { limit: factory::limit(1), ..it.fixture.claim() };
            let (replies, claimed) = it.store.exchange(&it.completions(&jobs), &claim).await.unwrap();
            assert_eq!(replies, [Reply::Applied; 3], "{way}");
            assert_eq!(claimed.jobs.iter().map(|it| it.id).collect::<Vec<_>>(), [next.id]);
            it.fixture.delete(&Deletion::Ids(vec![next.id])).await;
            it.is_history(&jobs).await;
        }
    });
}

#[test]
fn a_handler_completes_its_job_that_is_referred_to() {
    run(async {
        for way in WAYS {
            let mut it = Referring::new(way).await;
            let jobs = it.running(2).await;
            let by = jobs[0].state.lease().unwrap().holder;
            let completion = |n: usize| Completion::new(jobs[n].clone(), by, "postgres", Then::Delete);
            for job in &jobs {
                it.refer_to(job.id).await;
            }
            let ours = it.schema.jobs();
            let done =
                ours.complete_in(&mut it.conn, completion(0), async |_| Ok::<_, job_core::BoxError>(()));
            assert_eq!(done.await.unwrap().job(), jobs[0].id, "{way}");
            let mut conn = PgConnection::establish(server::url()).unwrap();
            let ours = sync::Jobs::from(it.schema.jobs());
            let done = conn.transaction(|conn| ours.complete_on(conn, completion(1))).unwrap();
            assert_eq!(done.job(), jobs[1].id, "{way}");
            for job in &jobs {
                assert_eq!(it.fixture.get(job.id).await.state.status(), JobStatus::Completed, "{way}");
            }
        }
    });
}

#[test]
fn deletions_pass_over_jobs_that_are_referred_to() {
    run(async {
        for way in WAYS {
            let mut it = Referring::new(way).await;
            let jobs = it.running(3).await;
            it.fixture
                .apply(
                    &jobs
                        .iter()
                        .map(|job| factory::change(job, job.complete(it.fixture.now())))
                        .collect::<Vec<_>>(),
                )
                .await;
            it.refer_to(jobs[1].id).await;
            let ids: Vec<JobId> = jobs.iter().map(|it| it.id).collect();
            assert_eq!(it.fixture.delete(&Deletion::Ids(ids.clone())).await, 2, "{way}");
            it.is_history(&jobs).await;
            // In a transaction of the application's it is the application's to know.
            let refused = it.schema.jobs().delete_on(&mut it.conn, &ids).await;
            assert!(matches!(refused, Err(StoreError::Other(_))), "{way}: {refused:?}");
            it.conn.batch_execute(&format!("DELETE FROM {}.parcel", it.schema.name)).await.unwrap();
            assert_eq!(it.fixture.delete(&Deletion::Ids(ids)).await, 1, "{way}");
        }
    });
}

/// Old jobs that have to stay do not stand before those that may go.
#[test]
fn pruning_passes_over_jobs_that_are_referred_to() {
    run(async {
        let newest = Some(factory::limit(1));
        for (way, keep_newest) in [("", None), ("", newest), ("DEFERRABLE INITIALLY DEFERRED", None)] {
            let mut it = Referring::new(way).await;
            let jobs = it.running(10).await;
            let now = it.fixture.now();
            it.fixture
                .apply(&jobs.iter().map(|it| factory::change(it, it.complete(now))).collect::<Vec<_>>())
                .await;
            for job in &jobs[..4] {
                it.refer_to(job.id).await;
            }
            let prune = Deletion::Final {
                before: now + Duration::from_secs(1),
                statuses: vec![JobStatus::Completed],
                types: None,
                limit: factory::limit(3),
                keep_newest,
            };
            for deleted in [3, 3, 0] {
                assert_eq!(it.fixture.delete(&prune).await, deleted, "{way}");
            }
            assert_eq!(it.fixture.all().await.len(), 4);
        }
    });
}

/// What an application's trigger says of one job fails the call, but not its neighbours.
#[test]
fn a_change_that_a_trigger_refuses_spoils_no_neighbour() {
    run(async {
        for says in ["no", "account 7 does not exist"] {
            let mut it = Referring::new("").await;
            let jobs = it.running(3).await;
            let trigger = format!(
                "CREATE FUNCTION {0}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{says}'; END $$;
                CREATE TRIGGER refuse BEFORE UPDATE ON {0}.job FOR EACH ROW WHEN (NEW.id = '{1}')
                    EXECUTE FUNCTION {0}.refuse()",
                it.schema.name, jobs[1].id
            );
            it.conn.batch_execute(&trigger).await.unwrap();
            let changes: Vec<Change> =
                jobs.iter().map(|job| factory::change(job, job.complete(it.fixture.now()))).collect();
            assert!(it.store.apply(&changes).await.is_err());
            let statuses: Vec<JobStatus> =
                it.fixture.all().await.iter().map(|it| it.state.status()).collect();
            assert_eq!(statuses, [JobStatus::Completed, JobStatus::Running, JobStatus::Completed], "{says}");
        }
    });
}
