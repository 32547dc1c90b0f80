//! Error reports show what handlers recorded in their spans, and the events of an `EventReporter` what collectors need.

use crate::{
    play::{Act, Play},
    stage::Stage,
};
use job_core::{Attempt, Options, RunnableJob};
use job_runner::{EventReporter, Registry, SpanFields};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, error::Error, fmt, sync::Arc, time::Duration};
use tracing::{
    Event, Instrument, Level, Subscriber,
    field::{Field, Visit},
    info_span,
    subscriber::DefaultGuard,
};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt};

/// Imports files, in spans.
#[derive(Serialize, Deserialize)]
struct Import {
    hangs: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the import stopped")]
struct Stopped(#[source] std::num::ParseIntError);

impl RunnableJob<Stage> for Import {
    const TYPE: &'static str = "import";
    type Error = Stopped;
    const TIMEOUT: Duration = Duration::from_secs(1);

    async fn run(self, _: Attempt<Stage>) -> Result<(), Stopped> {
        let span = info_span!("import", file = "a.csv", line = tracing::field::Empty);
        async {
            for line in 1..=3 {
                tracing::Span::current().record("line", line);
                info_span!("row", width = 80).in_scope(|| ());
            }
            if self.hangs {
                std::future::pending().await
            } else {
                "x".parse::<u8>().map(drop).map_err(Stopped)
            }
        }
        .instrument(span)
        .await
    }
}

/// Keeps the fields of the events at ERROR.
#[derive(Clone, Default)]
struct Errors(Arc<Mutex<Vec<Fields>>>);

#[derive(Default)]
struct Fields {
    fields: BTreeMap<&'static str, String>,
    error: Vec<String>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_error(&mut self, _: &Field, value: &(dyn Error + 'static)) {
        let mut next = Some(value);
        while let Some(error) = next {
            self.error.push(error.to_string());
            next = error.source();
        }
    }
}

impl<S: Subscriber> Layer<S> for Errors {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            let mut fields = Fields::default();
            event.record(&mut fields);
            self.0.lock().push(fields);
        }
    }
}

fn listening(errors: &Errors) -> DefaultGuard {
    let layers = tracing_subscriber::registry().with(SpanFields::default()).with(errors.clone());
    tracing::subscriber::set_default(layers)
}

async fn last_import(stage: &Stage, hangs: bool) -> job_core::Job {
    let options = Options { max_retries: Some(0), ..Options::default() };
    stage.source().create_with(&Import { hangs }, &options).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_report_shows_the_last_values_of_the_fields_of_the_handlers_spans() {
    for hangs in [false, true] {
        let stage = Stage::new();
        last_import(&stage, hangs).await;
        let registry = Registry::new().register::<Import>();
        let _listening = listening(&Errors::default());
        stage.script_of(registry, Stage::settings()).run().await.unwrap();
        let report = stage.told.reports.lock()[0].clone();
        let spans: Vec<(&str, &str)> = report.spans.iter().map(|it| (it.0.as_str(), it.1.as_str())).collect();
        assert_eq!(spans, [("import.file", "a.csv"), ("import.line", "3"), ("row.width", "80")], "{hangs}");
    }
}

#[tokio::test]
async fn one_attempt_does_not_see_the_spans_of_another_nor_those_outside() {
    let stage = Stage::new();
    last_import(&stage, false).await;
    stage.create_last(Play::new("it", Act::Fail("no".to_owned()))).await;
    let registry = Stage::registry().register::<Import>();
    let _listening = listening(&Errors::default());
    let script = stage.script_of(registry, Stage::settings()).run();
    script.instrument(info_span!("outside", secret = 1)).await.unwrap();
    let reports = stage.told.reports.lock().clone();
    let other = reports.iter().find(|it| it.type_name.as_str() == "usual").unwrap();
    assert!(other.spans.is_empty(), "{:?}", other.spans);
    let import = reports.iter().find(|it| it.type_name.as_str() == "import").unwrap();
    assert!(import.spans.iter().all(|it| !it.0.contains("secret")), "{:?}", import.spans);
}

#[tokio::test]
async fn an_event_has_what_collectors_look_for() {
    let stage = Stage::new();
    let job = last_import(&stage, false).await;
    let registry = Registry::new().register::<Import>();
    let errors = Errors::default();
    let _listening = listening(&errors);
    let script = stage.script_of(registry, Stage::settings());
    script.reporter(Arc::new(EventReporter)).run().await.unwrap();
    let events = std::mem::take(&mut *errors.0.lock());
    assert_eq!(events.len(), 1);
    let field = |name| events[0].fields[name].as_str();
    assert!(field("exception.type").ends_with("::Stopped"), "{}", field("exception.type"));
    assert_eq!(field("exception.message"), "the import stopped");
    let stack = "the import stopped\nCaused by: invalid digit found in string";
    assert_eq!(field("exception.stacktrace"), stack);
    assert_eq!(events[0].error, ["the import stopped", "invalid digit found in string"]);
    assert_eq!(field("report.id"), stage.attempts(job.id).await[0].report.as_deref().unwrap());
    assert_eq!((field("job.type"), field("outcome"), field("attempt")), ("import", "error", "1"));
}

#[tokio::test]
async fn an_error_without_a_type_of_its_own_is_of_the_type_of_its_outcome() {
    for (act, kind) in [(Act::Fail("no".to_owned()), "error"), (Act::Panic("no".to_owned()), "panic")] {
        let stage = Stage::new();
        stage.create_last(Play::new("it", act)).await;
        let errors = Errors::default();
        let _listening = listening(&errors);
        stage.script().reporter(Arc::new(EventReporter)).run().await.unwrap();
        assert_eq!(errors.0.lock()[0].fields["exception.type"], kind);
    }
}
