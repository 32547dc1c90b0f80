//! What a database did for each job, beside how long it took: the log, commits, calls, and rows to be cleaned away.

/// What a server has counted so far, or the difference of two such counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// Bytes of write-ahead log, of the whole server.
    pub wal: f64,
    /// Transactions that committed.
    pub commits: f64,
    /// Statements, each a round trip; unknown where the server does not count them.
    pub calls: Option<f64>,
    /// Rows that were updated or deleted, each of which leaves an old version to be cleaned away.
    pub dead: f64,
}

impl Costs {
    /// What came since `earlier`, for each of `jobs`.
    #[must_use]
    pub fn since(self, earlier: Self, jobs: u32) -> Self {
        let each = |now: f64, then: f64| (now - then) / f64::from(jobs);
        Self {
            wal: each(self.wal, earlier.wal),
            commits: each(self.commits, earlier.commits),
            calls: self.calls.zip(earlier.calls).map(|(now, then)| each(now, then)),
            dead: each(self.dead, earlier.dead),
        }
    }

    /// Each that is known, by the unit it has in the figures.
    pub(super) fn each(self) -> impl Iterator<Item = (&'static str, f64)> {
        let all = [
            ("WAL bytes/job", Some(self.wal)),
            ("commits/job", Some(self.commits)),
            ("calls/job", self.calls),
            ("dead rows/job", Some(self.dead)),
        ];
        all.into_iter().filter_map(|(unit, value)| Some((unit, value?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_what_came_since_then_for_each_job() {
        let earlier = Costs { wal: 100.0, commits: 10.0, calls: Some(20.0), dead: 1.0 };
        let later = Costs { wal: 1100.0, commits: 20.0, calls: Some(40.0), dead: 21.0 };
        let each: Vec<f64> = later.since(earlier, 10).each().map(|it| it.1).collect();
        assert_eq!(each, [100.0, 1.0, 2.0, 2.0]);
        let uncounted = Costs { calls: None, ..earlier };
        assert_eq!(later.since(uncounted, 10).each().count(), 3);
    }
}
