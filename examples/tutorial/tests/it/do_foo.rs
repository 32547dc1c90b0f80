//! What the jobs of the tutorial promise.

use crate::stores;
use async_trait::async_trait;
use job_core::{Acquired, BoxError, JobSource, JobStatus, Notice};
use job_runner::{
    Drain, ErrorReport, Perform, Place, Registry, Reporter, Script, SectionSettings, config::Config,
};
use job_testing::{Fixture, assert_enqueued, refute_enqueued};
use parking_lot::Mutex;
use std::{path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use tutorial::{DoFoo, Foos};

job_testing::over_stores! {
    memory: stores::memory,
    sqlite: stores::sqlite,
    postgres: stores::postgres;
    a_foo_is_asked_for_once,
    a_run_does_the_foo,
    a_foo_that_is_not_there_is_the_users_business,
    a_report_names_the_foo,
    the_script_of_the_section_does_what_is_due,
    what_runs_is_what_was_stored,
}

/// A folder with foo 42 to do, and no other.
fn foo_42() -> (TempDir, Foos) {
    let folder = tempfile::tempdir().unwrap();
    let foos = Foos::in_folder(folder.path());
    foos.write(42, "to do").unwrap();
    (folder, foos)
}

fn registry() -> Registry<Foos> {
    Registry::new().register::<DoFoo>()
}

async fn a_foo_is_asked_for_once(jobs: Fixture) {
    let source = jobs.source::<DoFoo, _>();
    let first = source.acquire(&DoFoo { foo: 42 }).await.unwrap().into_job();
    let second = source.acquire(&DoFoo { foo: 42 }).await.unwrap();
    assert_eq!(second, Acquired::Existing(first));
    assert_enqueued!(jobs.store, DoFoo { foo: 42 }, target: "foo 42", count: 1);
    refute_enqueued!(jobs.store, DoFoo { foo: 43 });
}

async fn a_run_does_the_foo(jobs: Fixture) {
    let (_folder, foos) = foo_42();
    let perform = Perform::new(jobs.driven(), registry(), foos.clone()).unwrap();
    let done = perform.job(&DoFoo { foo: 42 }).await.unwrap();
    assert_eq!(done.status(), JobStatus::Completed);
    assert_eq!(foos.word(42).unwrap().as_deref(), Some("done"));
}

async fn a_foo_that_is_not_there_is_the_users_business(jobs: Fixture) {
    let (_folder, foos) = foo_42();
    let perform = Perform::new(jobs.driven(), registry(), foos).unwrap();
    let told = perform.job(&DoFoo { foo: 43 }).await.unwrap();
    assert_eq!((told.status(), told.notice), (JobStatus::Failed, Notice::User));
    assert_eq!(told.error().unwrap().as_str(), "there is no foo 43");
}

/// Keeps error reports.
#[derive(Clone, Debug, Default)]
struct Drawer(Arc<Mutex<Vec<ErrorReport>>>);

#[async_trait]
impl Reporter for Drawer {
    async fn report(&self, report: &ErrorReport) -> Result<(), BoxError> {
        self.0.lock().push(report.clone());
        Ok(())
    }
}

async fn a_report_names_the_foo(jobs: Fixture) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let foos = Foos::in_folder(file.path()); // in a file there are no files
    let job = jobs.source::<DoFoo, _>().create(&DoFoo { foo: 42 }).await.unwrap();
    let drawer = Drawer::default();
    let reporter = Arc::new(drawer.clone());

    let drain = Drain::new(jobs.driven(), registry(), foos).unwrap();
    let day = Duration::from_secs(24 * 3600);
    drain.ahead(day).each(move |it| it.reporter(reporter.clone())).run().await.unwrap();

    let reports = drawer.0.lock();
    assert_eq!(reports.len(), 1, "after the last retry, and not before");
    assert_eq!((reports[0].job, reports[0].type_name.as_str()), (job.id, "do-foo"));
    assert_eq!(reports[0].operation, "doing foo 42");
    assert_eq!(reports[0].vars, [("foo_id".to_owned(), "42".to_owned())]);
}

/// The settings of the section, as they stand in the configuration.
fn section() -> SectionSettings {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs.toml");
    Config::read(&file).unwrap().section("do-foo").unwrap().settings()
}

async fn the_script_of_the_section_does_what_is_due(jobs: Fixture) {
    let (_folder, foos) = foo_42();
    let job = jobs.source::<DoFoo, _>().create(&DoFoo { foo: 42 }).await.unwrap();

    let script = Script::new(jobs.driven(), registry(), foos.clone(), section()).unwrap();
    let report = script.place(Place::Here).run().await.unwrap();

    assert_eq!(report.completed, [(job.spec.type_name, 1)].into());
    assert_eq!(jobs.get(job.id).await.state.status(), JobStatus::Completed);
    assert_eq!(foos.word(42).unwrap().as_deref(), Some("done"));
}

async fn what_runs_is_what_was_stored(jobs: Fixture) {
    let (_folder, foos) = foo_42();
    foos.write(43, "to do").unwrap();
    let mut mine = DoFoo { foo: 42 };
    JobSource::<DoFoo>::new(jobs.driven().store).create(&mine).await.unwrap();
    mine.foo = 43;
    Drain::new(jobs.driven(), registry(), foos.clone()).unwrap().run().await.unwrap();
    let words = [42, 43].map(|foo| foos.word(foo).unwrap().unwrap());
    assert_eq!(words, ["done", "to do"], "not what {mine:?} says by now");
}
