//! Counts of jobs, for people.

use job_core::store::Counted;

/// Jobs are counted no further: who has so many waits for no exact figure.
pub(super) const CAP: u64 = 10_000;

/// `12`, or `10000+`.
pub(super) fn counted(count: Counted) -> String {
    let more = if count.at_least { "+" } else { "" };
    format!("{}{more}", count.jobs)
}
