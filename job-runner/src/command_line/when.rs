//! Times and spans of time, for people.

use job_core::{JobState, Phase, Timestamp};
use std::time::Duration;

/// What matters most about a job's time: when it may start, started or ended.
pub(super) fn when(state: &JobState) -> Timestamp {
    match *state.phase() {
        Phase::Waiting | Phase::Suspended => state.scheduled_start(),
        Phase::Running(_) => state.date_started().unwrap_or(state.scheduled_start()),
        Phase::Completed { at } | Phase::Failed { at } | Phase::Cancelled { at } => at,
    }
}

/// `2026-11-24T12:00:00Z`: as exact as people need it.
pub(super) fn to_the_second(at: Timestamp) -> String {
    let exact = at.to_string();
    exact.split_once('.').map_or(exact.clone(), |(seconds, _)| format!("{seconds}Z"))
}

/// `now`, `in 24 s`, `3 min ago`.
pub(super) fn from(now: Timestamp, at: Timestamp) -> String {
    let (ahead, ago) = (at.since(now), now.since(at));
    if ahead.max(ago) < Duration::from_secs(1) {
        "now".to_owned()
    } else if ago.is_zero() {
        format!("in {}", spoken(ahead))
    } else {
        format!("{} ago", spoken(ago))
    }
}

/// The largest unit that fits: `24 s`, `3 min`, `5 h`, `12 d`.
pub(super) fn spoken(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_largest_unit_that_loses_little() {
        let spoken = |seconds| spoken(Duration::from_secs(seconds));
        assert_eq!([0, 119, 120, 7_199].map(spoken), ["0 s", "119 s", "2 min", "119 min"]);
        assert_eq!([7_200, 172_799, 172_800].map(spoken), ["2 h", "47 h", "2 d"]);
    }

    #[test]
    fn times_are_told_from_now() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        assert_eq!(from(now, now), "now");
        assert_eq!(from(now, now + Duration::from_secs(24)), "in 24 s");
        assert_eq!(from(now, now.before(Duration::from_secs(300))), "5 min ago");
        assert_eq!(to_the_second(now), "2026-11-24T12:00:00Z");
    }
}
