//! Calls whose reply was lost, which the store makes again by itself: what was done once is not done or judged anew.

use crate::{
    run,
    server::{self, TestSchema},
};
use job_core::{About, ActionNote, Job, Note, Reply};
use job_store_pg::PgStore;
use job_testing::{
    Fixture, factory,
    proxy::{Cut, Proxy, Side, Write},
};

struct Behind {
    schema: TestSchema,
    proxy: Proxy,
    fixture: Fixture,
}

impl Behind {
    /// A store behind a proxy.
    async fn new() -> Self {
        let schema = TestSchema::new().await;
        schema.store().await;
        let proxy = Proxy::before(server::url()).unwrap();
        let options = schema.options_at(proxy.url()).notify(false).connections(1.try_into().unwrap());
        let fixture = Fixture::from(PgStore::connect(&options).await.unwrap().opened());
        Self { schema, proxy, fixture }
    }

    /// The next statement commits, and its reply is lost.
    fn lose_the_next_reply(&self) {
        self.proxy.cut_at(Cut { write: Write::Statement, side: Side::After, skip: 0 });
    }

    async fn running(&self, n: usize) -> Vec<Job> {
        self.fixture.insert(&self.fixture.jobs(n)).await;
        self.fixture.start(&self.fixture.claim()).await
    }
}

#[test]
fn a_job_that_a_lost_call_completed_and_deleted_was_not_deleted_by_others() {
    run(async {
        let it = Behind::new().await;
        let jobs = it.running(3).await;
        let complete = |job: &Job| factory::change(job, job.complete(it.fixture.now())).deleting_completed();
        let changes: Vec<_> = jobs[..2].iter().map(complete).collect();
        it.lose_the_next_reply();
        assert_eq!(it.fixture.apply(&changes).await, [Reply::AlreadyApplied; 2]);
        assert!(!it.proxy.is_armed(), "the reply was lost");
        assert_eq!(
            it.fixture.apply(&changes).await,
            [Reply::Gone; 2],
            "whoever else asks is told that they are gone"
        );
        let kept = factory::change(&jobs[2], jobs[2].complete(it.fixture.now()));
        it.lose_the_next_reply();
        assert_eq!(it.fixture.apply(&[kept]).await, [Reply::AlreadyApplied]);
    });
}

#[test]
fn notes_are_kept_once_though_the_reply_was_lost() {
    run(async {
        let it = Behind::new().await;
        let job = it.fixture.create(&it.fixture.job()).await;
        let body = ActionNote { action: "looked".into(), who: "the test".into(), reason: None };
        // Equal ones are two all the same.
        let note = Note::action(About::Job(job.id), it.fixture.now(), &body);
        let notes = [note.clone(), note];
        for side in [Side::Before, Side::After] {
            it.proxy.cut_at(Cut { write: Write::Statement, side, skip: 0 });
            it.fixture.append(&notes).await;
            assert!(!it.proxy.is_armed(), "the reply was lost");
        }
        assert_eq!(it.schema.number("SELECT count(*) AS n FROM {schema}.note").await, 4);
    });
}
