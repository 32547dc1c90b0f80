//! What is counted and measured, through the `metrics` facade: nothing, unless the program installs a recorder.

use job_core::{Ask, JobStatus, Outcome, SectionName, TypeName};
use metrics::{Counter, Gauge, Histogram, Unit};
use std::{collections::BTreeMap, time::Duration};

/// The counters of a run. They are looked up once, when the run begins, so that counting costs an atomic addition, and a
/// test of a pointer where there is no recorder.
#[derive(Debug)]
pub(crate) struct Metrics {
    types: BTreeMap<TypeName, ByType>,
    running: Gauge,
    free: Gauge,
    unsettled: Gauge,
    zombies: Gauge,
}

/// What became of an attempt or a job; each has a counter by type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Event {
    Started,
    Completed,
    Failed,
    Retried,
    Snoozed,
    Suspended,
    Cancelled,
    Superseded,
    Released,
    Rescued,
    Stale,
    Gone,
    Zombie,
}

impl Event {
    /// The end of an attempt with `outcome`, after which the job has this status.
    pub(crate) fn of(outcome: &Outcome, status: JobStatus) -> Self {
        match (status, outcome) {
            (JobStatus::Completed, _) => Self::Completed,
            (JobStatus::Failed, _) => Self::Failed,
            (JobStatus::Suspended, _) => Self::Suspended,
            (JobStatus::Cancelled, _) => Self::Cancelled,
            (_, Outcome::Asked(Ask::Snooze(_), _)) => Self::Snoozed,
            _ => Self::Retried,
        }
    }
}

#[derive(Debug)]
struct ByType {
    counters: [Counter; EVENTS.len()],
    wait: Histogram,
    run: Histogram,
}

/// Each event with the name of its counter and what it counts. In the order of the enum.
const EVENTS: [(Event, &str, &str); 13] = [
    (Event::Started, "jobs_started_total", "Attempts started"),
    (Event::Completed, "jobs_completed_total", "Jobs completed"),
    (Event::Failed, "jobs_failed_total", "Jobs that failed for good"),
    (Event::Retried, "jobs_retried_total", "Attempts that failed and are to be made again"),
    (Event::Snoozed, "jobs_snoozed_total", "Attempts put off by their own job"),
    (Event::Suspended, "jobs_suspended_total", "Jobs that suspended themselves"),
    (Event::Cancelled, "jobs_cancelled_total", "Jobs that cancelled themselves"),
    (Event::Superseded, "jobs_superseded_total", "Jobs that gave way to the holder of their key"),
    (Event::Released, "jobs_released_total", "Attempts given back unfinished"),
    (Event::Rescued, "jobs_rescued_total", "Jobs taken from runners that were not heard of again"),
    (
        Event::Stale,
        "jobs_stale_total",
        "Ends of attempts that did not count, because somebody else changed the job",
    ),
    (Event::Gone, "jobs_gone_total", "Jobs deleted while they ran"),
    (Event::Zombie, "jobs_zombies_total", "Handlers given up while they ran"),
];

impl Metrics {
    /// Looks up what a run of `section` over jobs of `types` counts.
    pub(crate) fn new(section: &SectionName, types: &[TypeName]) -> Self {
        describe();
        let gauge = |name: &'static str| metrics::gauge!(name, "section" => section.to_string());
        let by_type = types.iter().map(|it| (it.clone(), ByType::new(it)));
        Self {
            types: by_type.collect(),
            running: gauge("jobs_running"),
            free: gauge("jobs_slots_free"),
            unsettled: gauge("jobs_unsettled"),
            zombies: gauge("jobs_zombies"),
        }
    }

    /// Something became of a job of this type.
    pub(crate) fn count(&self, event: Event, name: &TypeName) {
        if let Some(of) = self.types.get(name) {
            of.counters[event as usize].increment(1);
        }
    }

    /// An attempt was started, this long after it was due.
    pub(crate) fn started(&self, name: &TypeName, waited: Duration) {
        if let Some(of) = self.types.get(name) {
            of.counters[Event::Started as usize].increment(1);
            of.wait.record(waited);
        }
    }

    /// A handler ran for this long.
    pub(crate) fn ran(&self, name: &TypeName, time: Duration) {
        if let Some(of) = self.types.get(name) {
            of.run.record(time);
        }
    }

    /// How things stand: attempts under way, slots that are free, ends that wait for the store, zombies.
    pub(crate) fn stand(&self, running: usize, free: usize, unsettled: usize, zombies: usize) {
        let gauges = [(&self.running, running), (&self.free, free), (&self.unsettled, unsettled)];
        for (gauge, value) in gauges.into_iter().chain([(&self.zombies, zombies)]) {
            gauge.set(u32::try_from(value).unwrap_or(u32::MAX));
        }
    }
}

impl ByType {
    fn new(name: &TypeName) -> Self {
        let histogram = |measure: &'static str| metrics::histogram!(measure, "type" => name.to_string());
        Self {
            counters: EVENTS.map(|(_, counter, _)| metrics::counter!(counter, "type" => name.to_string())),
            wait: histogram("jobs_wait_seconds"),
            run: histogram("jobs_run_seconds"),
        }
    }
}

fn describe() {
    for (_, counter, what) in EVENTS {
        metrics::describe_counter!(counter, Unit::Count, what);
    }
    metrics::describe_histogram!("jobs_wait_seconds", Unit::Seconds, "From when a job was due to its start");
    metrics::describe_histogram!("jobs_run_seconds", Unit::Seconds, "How long handlers ran");
    metrics::describe_gauge!("jobs_running", Unit::Count, "Attempts under way");
    metrics::describe_gauge!("jobs_slots_free", Unit::Count, "Slots that are free");
    metrics::describe_gauge!("jobs_unsettled", Unit::Count, "Ends of attempts that wait for the store");
    metrics::describe_gauge!("jobs_zombies", Unit::Count, "Handlers that were given up and still run");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_its_own_counter() {
        for (index, (event, ..)) in EVENTS.iter().enumerate() {
            assert_eq!(*event as usize, index);
        }
    }
}
