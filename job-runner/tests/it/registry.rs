//! What is wrong with a registry or a section is said before anything runs.

use crate::{
    play::{Brief, Usual},
    stage::Stage,
};
use job_core::{Attempt, BoxError, JsonError, RunnableJob, TransactionalJob, UniqueKey, UniqueScope};
use job_runner::{BuildError, Registry, Script, SectionSettings, Worker};
use job_testing::factory::named;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Serialize, Deserialize)]
struct Namesake;

impl TransactionalJob<Stage> for Namesake {
    const TYPE: &'static str = "usual";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>, _: job_core::Completion) -> Result<job_core::Completed, BoxError> {
        Err("never run".into())
    }
}

#[derive(Serialize, Deserialize)]
struct Misnamed;

impl RunnableJob<Stage> for Misnamed {
    const TYPE: &'static str = "no name";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct Daily;

impl RunnableJob<Stage> for Daily {
    const TYPE: &'static str = "daily";
    const SCOPE: UniqueScope = UniqueScope::Kept;
    const PERIOD: Option<Duration> = Some(Duration::from_secs(86_400));
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Ok(())
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
        UniqueKey::by("daily")
    }
}

#[derive(Serialize, Deserialize)]
struct Timeless;

impl RunnableJob<Stage> for Timeless {
    const TYPE: &'static str = "timeless";
    const TIMEOUT: Duration = Duration::ZERO;
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct Circling;

impl RunnableJob<Stage> for Circling {
    const TYPE: &'static str = "circling";
    const QUEUE: &'static str = "round";
    const SLOW_QUEUE: Option<&'static str> = Some("round");
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Ok(())
    }
}

fn mistake(registry: Registry<Stage>, settings: SectionSettings) -> BuildError {
    let stage = Stage::new();
    Script::new(stage.opened.clone(), registry, stage, settings).unwrap_err()
}

#[test]
fn a_type_is_registered_once_whatever_its_kind() {
    let twice = Registry::new().register::<Usual>().register::<Usual>();
    assert_eq!(twice.check().unwrap_err(), BuildError::DuplicateType { name: named("usual") });
    let namesakes = Registry::new().register::<Usual>().register_transactional::<Namesake>();
    let error = mistake(namesakes, Stage::settings());
    assert_eq!(error, BuildError::DuplicateType { name: named("usual") });
    assert_eq!(error.to_string(), "two job types are named `usual`; give one of them another TYPE");
}

#[test]
fn a_name_that_cannot_be_one_is_refused() {
    let error = mistake(Registry::new().register::<Misnamed>(), Stage::settings());
    assert!(matches!(error, BuildError::Name(_)), "{error}");
}

#[test]
fn a_slow_queue_that_leads_back_is_refused() {
    let error = mistake(Registry::new().register::<Circling>(), Stage::settings());
    assert_eq!(error, BuildError::SlowLane { name: named("circling"), queue: named("round") });
    assert!(error.to_string().contains("round -> round"), "{error}");
}

#[test]
fn a_section_that_would_never_pause_is_refused() {
    for settings in [
        SectionSettings { poll: Duration::ZERO, ..Stage::settings() },
        SectionSettings { scan: Duration::ZERO, ..Stage::settings() },
    ] {
        let error = mistake(Stage::registry(), settings);
        assert!(matches!(error, BuildError::NoPause { .. }), "{error}");
    }
}

#[test]
fn a_section_names_types_that_are_registered() {
    let registry = || Registry::new().register::<Usual>().register::<Brief>();
    assert_eq!(registry().type_names(), [named("brief"), named("usual")]);
    let settings = SectionSettings { types: vec![named("usul")], ..Stage::settings() };
    let error = mistake(registry(), settings);
    assert_eq!(error.to_string(), "no job type `usul` is registered; those that are: brief, usual");
    let error = mistake(Registry::new(), Stage::settings());
    assert_eq!(error, BuildError::NoTypes);
}

#[test]
fn rows_that_hold_a_key_for_a_period_are_kept_for_as_long() {
    let settings = |hours: u64| SectionSettings {
        retention: Some(Duration::from_secs(hours * 3600)),
        ..Stage::settings()
    };
    let registry = || Registry::new().register::<Daily>();
    let error = mistake(registry(), settings(23));
    assert!(matches!(error, BuildError::RetentionTooShort { .. }), "{error}");
    let stage = Stage::new();
    assert!(Script::new(stage.opened.clone(), registry(), stage, settings(24)).is_ok());
}

#[test]
fn a_beat_leaves_room_for_a_second_one_within_the_lease() {
    let settings = |beat| SectionSettings { beat: Duration::from_secs(beat), ..Stage::settings() };
    for beat in [0, 16] {
        let error = mistake(Stage::registry(), settings(beat));
        assert!(matches!(error, BuildError::Beat { .. }), "{error}");
    }
    let stage = Stage::new();
    assert!(Script::new(stage.opened.clone(), Stage::registry(), stage, settings(15)).is_ok());
}

#[test]
fn attempts_need_some_time_and_sections_times_that_end() {
    let stage = Stage::new();
    let error = Registry::<Stage>::new().register::<Timeless>().check().unwrap_err();
    assert!(matches!(error, BuildError::NoTime { .. }), "{error}");
    let (usual, longest) = (Stage::settings(), Duration::MAX);
    let too_long = [
        SectionSettings { poll: longest, ..usual.clone() },
        SectionSettings { scan: longest, ..usual.clone() },
        SectionSettings { lease: longest, ..usual.clone() },
        SectionSettings { grace: longest, ..usual.clone() },
        SectionSettings { retention: Some(longest), ..usual },
    ];
    for settings in too_long {
        let error =
            Worker::new(stage.opened.clone(), Stage::registry(), stage.clone(), settings).unwrap_err();
        assert!(matches!(error, BuildError::TooLong { .. }), "{error}");
    }
}
